//! The `fabricsim` program: see [`fabricsim::cli`].

fn main() {}
