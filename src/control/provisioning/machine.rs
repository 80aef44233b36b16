//! The states that a customer reads of a connection (AWS's `interconnect` API), and what moves them.

/// `Connection.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not created yet.
    Absent,
    /// Created on one side; its activation key is out.
    Requested,
    /// Known to both sides; features are negotiated, routers configured, paths verified.
    Pending,
    /// It carries traffic.
    Available,
    /// It would carry traffic, and has no usable path: no session of its logical links is up.
    Down,
    /// Its bandwidth changes; it carries traffic.
    Updating,
    /// It is deleted on one side.
    Deleting,
    /// It is gone on both.
    Deleted,
    /// Too few features can be negotiated, or not in time.
    Failed,
}

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The customer creates it.
    Create,
    /// The other side has confirmed the activation key and created its own connection.
    Accept,
    /// Both sides are verified.
    Verified,
    /// The last session of its logical links went down.
    PathsLost,
    /// One of them is up again.
    PathFound,
    /// Fewer features than needed can become final.
    TooFew,
    /// The provider to which it was deferred has not finished it in time.
    TimedOut,
    /// The customer wants another bandwidth.
    Update,
    /// Both sides have it.
    Updated,
    /// The customer deletes it.
    Delete,
    /// The other side has deleted it too.
    Removed,
    /// The time for finalising it, or for deleting it on both sides, is over.
    CleanUp,
}

/// What comes of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Another state.
    To(State),
    /// 409: it is not in a state for that.
    Conflict,
    /// 404: it is not there.
    NotFound,
}

impl State {
    /// All, in the order of a life.
    pub const ALL: [Self; 9] = [
        Self::Absent,
        Self::Requested,
        Self::Pending,
        Self::Available,
        Self::Down,
        Self::Updating,
        Self::Deleting,
        Self::Deleted,
        Self::Failed,
    ];

    /// The one transition table.
    #[must_use]
    pub const fn on(self, input: Input) -> Answer {
        match (self, input) {
            (Self::Absent, Input::Create) => Answer::To(Self::Requested),
            (Self::Absent | Self::Deleted, _) => Answer::NotFound,
            (Self::Requested, Input::Accept) => Answer::To(Self::Pending),
            (Self::Pending, Input::Verified) | (Self::Updating, Input::Updated) | (Self::Down, Input::PathFound) => {
                Answer::To(Self::Available)
            }
            (Self::Available, Input::PathsLost) => Answer::To(Self::Down),
            (Self::Pending, Input::TooFew | Input::TimedOut) => Answer::To(Self::Failed),
            (Self::Available, Input::Update) => Answer::To(Self::Updating),
            // Nobody else knows of it yet.
            (Self::Requested, Input::Delete)
            | (Self::Deleting | Self::Failed, Input::Removed)
            | (Self::Requested | Self::Pending | Self::Deleting | Self::Failed, Input::CleanUp) => {
                Answer::To(Self::Deleted)
            }
            // Not declined in the middle of an update either (specification, "Delete Connection Workflow").
            (Self::Pending | Self::Available | Self::Down | Self::Updating | Self::Failed, Input::Delete) => {
                Answer::To(Self::Deleting)
            }
            (
                Self::Requested
                | Self::Pending
                | Self::Available
                | Self::Down
                | Self::Updating
                | Self::Deleting
                | Self::Failed,
                Input::Create
                | Input::Accept
                | Input::Verified
                | Input::PathsLost
                | Input::PathFound
                | Input::TooFew
                | Input::TimedOut
                | Input::Update
                | Input::Updated
                | Input::Delete
                | Input::Removed
                | Input::CleanUp,
            ) => Answer::Conflict,
        }
    }

    /// Whether the customer has it: rules judge it, traffic is carried or should be.
    #[must_use]
    pub const fn is_in_service(self) -> bool {
        match self {
            Self::Available | Self::Down | Self::Updating => true,
            Self::Absent | Self::Requested | Self::Pending | Self::Deleting | Self::Deleted | Self::Failed => false,
        }
    }

    /// Its word in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Requested => "requested",
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Down => "down",
            Self::Updating => "updating",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
            Self::Failed => "failed",
        }
    }
}

impl Input {
    /// All, in the order of a life.
    pub const ALL: [Self; 12] = [
        Self::Create,
        Self::Accept,
        Self::Verified,
        Self::PathsLost,
        Self::PathFound,
        Self::TooFew,
        Self::TimedOut,
        Self::Update,
        Self::Updated,
        Self::Delete,
        Self::Removed,
        Self::CleanUp,
    ];
}
