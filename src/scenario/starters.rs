//! Commented scenarios to start from, for `fabricsim new`.

/// A scenario to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Starter {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line that tells what it is.
    pub summary: &'static str,
    /// The scenario.
    pub text: &'static str,
}

/// All starters.
#[must_use]
pub fn starters() -> &'static [Starter] {
    &[]
}
