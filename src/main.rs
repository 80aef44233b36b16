//! The `fabricsim` program: see [`fabricsim::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    fabricsim::cli::main()
}
