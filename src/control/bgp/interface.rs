//! What speakers are told, and what they want done.

use std::sync::Arc;

use crate::ids::{DestinationId, SessionId};
use crate::message::{BgpMessage, BgpSegment, ControlPlane, NotificationReason};
use crate::network::{Maintenance, RoutePolicy};
use crate::units::Time;

/// What a speaker is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The path to the peer works.
    TransportUp(SessionId),
    /// The path to the peer is gone, or counts as gone.
    TransportDown(SessionId, Lost),
    /// A segment arrived for this router.
    Segment(BgpSegment),
    /// A timer fired.
    Timer(SessionId, TimerKind),
    /// The operator keeps a session down, or lets it begin again.
    Administrative(SessionId, Wanted),
    /// The operator gives a session other policies; what is not given stays. The peer is asked for its routes again.
    Policies {
        /// The session.
        session: SessionId,
        /// For routes from the peer.
        import: Option<Arc<RoutePolicy>>,
        /// For routes to the peer.
        export: Option<Arc<RoutePolicy>>,
    },
    /// The operator shuts this router down gracefully (RFC 8326), or the work is over.
    GracefulShutdown(Maintenance),
    /// The BGP process of this router is gone; a new one has nothing but its configuration.
    ProcessGone,
    /// Interior routing has so many links to the peer of an internal session now.
    InteriorCost(SessionId, u32),
    /// The time of [`Action::DecideAt`] has come.
    Decide,
    /// This router's own forwarding table can, or cannot, forward to the destinations from now on.
    Forwarding {
        /// The destinations.
        destinations: Vec<DestinationId>,
        /// Whether it can.
        installed: Installed,
    },
}

impl Input {
    /// Whether it only says that a peer is there.
    #[must_use]
    pub fn only_repeats(&self) -> bool {
        match self {
            Self::Segment(segment) => matches!(segment.message, None | Some(BgpMessage::Keepalive)),
            Self::Timer(_, kind) => *kind == TimerKind::Keepalive,
            Self::TransportUp(_)
            | Self::TransportDown(..)
            | Self::Administrative(..)
            | Self::Policies { .. }
            | Self::GracefulShutdown(_)
            | Self::ProcessGone
            | Self::InteriorCost(..)
            | Self::Decide
            | Self::Forwarding { .. } => false,
        }
    }
}

/// What a speaker wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Put a segment on the way to the peer.
    Send {
        /// The session.
        session: SessionId,
        /// The segment; its size is that of the IP packet.
        segment: BgpSegment,
    },
    /// Arm the one timer of this kind, or move it.
    SetTimer {
        /// The session.
        session: SessionId,
        /// Which of its timers.
        kind: TimerKind,
        /// When it fires.
        at: Time,
    },
    /// Disarm a timer, if it is armed.
    CancelTimer {
        /// The session.
        session: SessionId,
        /// Which of its timers.
        kind: TimerKind,
    },
    /// Say [`Input::Decide`] at this time; what is said at another one means nothing.
    DecideAt(Time),
    /// [`super::Speaker::best`] has changed for this destination.
    RouteChanged(DestinationId),
    /// A session changed its state.
    SessionChanged {
        /// The session.
        session: SessionId,
        /// Before.
        from: State,
        /// Now.
        to: State,
        /// Why.
        cause: SessionCause,
    },
}

/// States of a session (RFC 4271 8.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// No path, no session.
    Idle,
    /// About to open a connection.
    Connect,
    /// Waiting for the peer to open one.
    Active,
    /// OPEN sent.
    OpenSent,
    /// OPEN received, KEEPALIVE sent.
    OpenConfirm,
    /// Routes are exchanged.
    Established,
}

/// Timers of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerKind {
    /// When to open a connection (again).
    ConnectRetry,
    /// When the peer counts as dead.
    Hold,
    /// When the next KEEPALIVE is due.
    Keepalive,
    /// When unacknowledged messages are sent again.
    Retransmit,
    /// When routes may be announced again (MinRouteAdvertisementIntervalTimer).
    Advertisement,
    /// When routes that were kept for a restarting peer are given up (RFC 4724 4.2).
    Stale,
    /// When a route that flapped too often may be used again (RFC 2439).
    Reuse,
}

impl TimerKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::ConnectRetry,
        Self::Hold,
        Self::Keepalive,
        Self::Retransmit,
        Self::Advertisement,
        Self::Stale,
        Self::Reuse,
    ];
}

/// Why the path of a session counts as gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The link's light is gone.
    Carrier,
    /// BFD went down, which the peer runs so; a NOTIFICATION is tried (RFC 9384).
    BfdDown(ControlPlane),
    /// The peer is unreachable inside the provider.
    Interior,
    /// This router lost power.
    RouterRestart,
    /// This router's BGP process is gone; its connections are reset.
    ProcessGone,
}

/// Whether a forwarding table has a working entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installed {
    /// It can forward.
    Yes,
    /// It cannot.
    No,
}

/// What the operator wants of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// It is ended, and does not begin again.
    Down,
    /// It may begin again.
    Up,
}

/// Why a session changed its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionCause {
    /// The path to the peer works.
    Start,
    /// Another try after a loss, or the time to try has come.
    Retry,
    /// A connection or an OPEN came in.
    Opened,
    /// The peer confirmed.
    Established,
    /// Loss of light.
    Carrier,
    /// BFD.
    Bfd,
    /// Interior routing lost the peer.
    Interior,
    /// This router lost power.
    RouterRestart,
    /// Nothing was heard for the hold time.
    HoldTimer,
    /// The peer announced more prefixes than are allowed.
    MaximumPrefixes,
    /// The operator of this router keeps it down.
    AdministrativeShutdown,
    /// The peer ended it.
    Notification(NotificationReason),
    /// The peer does not have this connection.
    ConnectionReset,
    /// The peer opened another connection.
    NewConnection,
    /// The peer sent what the state does not allow.
    FiniteStateMachineError,
}
