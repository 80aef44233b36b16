//! The finite state machine of RFC 4271 8.2.2 as a table.

use super::State;

/// Who opens the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Opener,
    Acceptor,
}

/// What moves the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The path is there (AutomaticStart).
    Start,
    /// Time to open a connection, or to open another one when nobody answered.
    ConnectRetryExpires,
    /// The peer opened a connection.
    ConnectionAccepted,
    /// An OPEN.
    Open,
    /// A KEEPALIVE.
    Keepalive,
    /// An UPDATE or End-of-RIB.
    Update,
    /// Nothing heard for the hold time.
    HoldTimerExpires,
    /// A NOTIFICATION, a reset or the loss of the path.
    Ended,
}

/// What an event does to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing changes.
    Stay,
    /// Enter a state, possibly the same one again.
    Enter(State),
    /// The state does not allow the event.
    Violation,
}

/// The transition table.
pub(super) const fn next(state: State, event: Event, role: Role) -> Step {
    use State::{Active, Connect, Established, Idle, OpenConfirm, OpenSent};
    match (event, state) {
        (Event::Start, Idle) => match role {
            Role::Opener => Step::Enter(Connect),
            Role::Acceptor => Step::Enter(Active),
        },
        (Event::ConnectRetryExpires, Connect | OpenSent) | (Event::ConnectionAccepted, Active) => Step::Enter(OpenSent),
        (Event::Open, OpenSent) => Step::Enter(OpenConfirm),
        (Event::Keepalive, OpenConfirm) => Step::Enter(Established),
        (Event::HoldTimerExpires, OpenConfirm | Established) => Step::Enter(Idle),
        (Event::Ended, Connect | Active | OpenSent | OpenConfirm | Established) => Step::Enter(Idle),
        // RFC 4271 6.6: messages that the state does not expect.
        (Event::Open, OpenConfirm | Established)
        | (Event::Keepalive, OpenSent)
        | (Event::Update, OpenSent | OpenConfirm) => Step::Violation,
        (Event::Keepalive | Event::Update, Established) => Step::Stay,
        (Event::Start, Connect | Active | OpenSent | OpenConfirm | Established)
        | (Event::ConnectRetryExpires, Idle | Active | OpenConfirm | Established)
        | (Event::ConnectionAccepted, Idle | Connect | OpenSent | OpenConfirm | Established)
        | (Event::Open | Event::Keepalive | Event::Update, Idle | Connect | Active)
        | (Event::HoldTimerExpires, Idle | Connect | Active | OpenSent)
        | (Event::Ended, Idle) => Step::Stay,
    }
}
