//! What one provider asks the other one to mend: an `Issue` of the specification (`schemas/issues/`).

use crate::ids::LinkId;

/// `Issue.state`, with the specification's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueState {
    /// It waits for triage.
    Open,
    /// The other provider works on it.
    InProgress,
    /// The provider that opened it has to do something.
    ActionRequired,
    /// It is resolved.
    Closed,
}

/// What happens to an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueInput {
    /// The other provider takes it up.
    TakenUp,
    /// The other provider has done its part: who opened it is to try again.
    Answered,
    /// That was tried, and did not help.
    TriedInVain,
    /// What was wrong is not any more, or not wanted any more.
    Mended,
}

/// `Issue.priority`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Highest: the customer has no path.
    P0,
    /// High: the connection cannot be finished.
    P1,
    /// Medium: it lacks a path, and has others. The specification has two lower ones, which nothing here is.
    P2,
}

/// One, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue {
    /// In order of opening, from 1.
    pub number: u32,
    /// What is wrong.
    pub subject: Subject,
    /// How far it is.
    pub state: IssueState,
    /// How urgent it is.
    pub priority: Priority,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// No feature can be agreed on for this channel.
    NoCommonGround(LinkId),
    /// The local check of this side is not passed.
    Verification(usize),
    /// The logical link on this channel has been down for long.
    ChannelDown(LinkId),
}

impl IssueState {
    /// All, in the order of the specification.
    pub const ALL: [Self; 4] = [Self::Open, Self::InProgress, Self::ActionRequired, Self::Closed];

    /// The one transition table; `None` where an input does nothing.
    #[must_use]
    pub const fn on(self, input: IssueInput) -> Option<Self> {
        match (self, input) {
            (Self::Open, IssueInput::TakenUp) | (Self::ActionRequired, IssueInput::TriedInVain) => {
                Some(Self::InProgress)
            }
            (Self::Open | Self::InProgress, IssueInput::Answered) => Some(Self::ActionRequired),
            (Self::Open | Self::InProgress | Self::ActionRequired, IssueInput::Mended) => Some(Self::Closed),
            (Self::Open | Self::InProgress, IssueInput::TriedInVain)
            | (Self::InProgress | Self::ActionRequired, IssueInput::TakenUp)
            | (Self::ActionRequired, IssueInput::Answered)
            | (
                Self::Closed,
                IssueInput::TakenUp | IssueInput::Answered | IssueInput::TriedInVain | IssueInput::Mended,
            ) => None,
        }
    }

    /// Its word in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "STATE_OPEN",
            Self::InProgress => "STATE_IN_PROGRESS",
            Self::ActionRequired => "STATE_ACTION_REQUIRED",
            Self::Closed => "STATE_CLOSED",
        }
    }
}

impl IssueInput {
    /// All.
    pub const ALL: [Self; 4] = [Self::TakenUp, Self::Answered, Self::TriedInVain, Self::Mended];
}

impl Priority {
    /// Its word in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::P0 => "PRIORITY_P0",
            Self::P1 => "PRIORITY_P1",
            Self::P2 => "PRIORITY_P2",
        }
    }
}
