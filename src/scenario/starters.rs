//! Commented scenarios to start from, for `fabricsim new`.

/// A scenario to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Starter {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line that tells what it is.
    pub summary: &'static str,
    /// The scenario, with comments.
    pub text: &'static str,
}

const STARTERS: [Starter; 4] = [
    Starter {
        name: "quickstart",
        summary: "the quickstart of the README: one connection, a fibre cut, a facility outage",
        text: include_str!("../../scenarios/quickstart.toml"),
    },
    Starter {
        name: "managed",
        summary: "an AWS Interconnect with Google from a template, with a fibre cut",
        text: include_str!("starters/managed.toml"),
    },
    Starter {
        name: "custom",
        summary: "two providers and two channels, every component written out",
        text: include_str!("starters/custom.toml"),
    },
    Starter {
        name: "queue",
        summary: "one queue between two attachments, without routing protocols",
        text: include_str!("starters/queue.toml"),
    },
];

/// All starters.
#[must_use]
pub fn starters() -> &'static [Starter] {
    &STARTERS
}
