//! Graceful restart (RFC 4724): which ends of a session leave its routes standing.

use super::{Lost, SessionCause};
use crate::message::{ControlPlane, NotificationReason};
use crate::network::{GracefulRestart, OnBfdDown};
use crate::units::Span;

/// Whether routes stay when a session ends so: the peer may be restarting, and nothing says that the path is dead.
pub(super) fn keeps_routes(graceful: GracefulRestart, cause: SessionCause, peer_bfd: ControlPlane) -> bool {
    let GracefulRestart::On { on_bfd_down, .. } = graceful else { return false };
    match cause {
        // A hold timer, too, by RFC 8538 section 3.
        SessionCause::ConnectionReset
        | SessionCause::NewConnection
        | SessionCause::HoldTimer
        | SessionCause::Notification(NotificationReason::HoldTimerExpired) => true,
        SessionCause::Bfd => outlives_bfd(on_bfd_down, peer_bfd),
        // Of this end's own BFD nothing is known yet.
        SessionCause::Notification(NotificationReason::BfdDown) => on_bfd_down == OnBfdDown::KeepRoutes,
        SessionCause::Notification(
            NotificationReason::FiniteStateMachineError
            | NotificationReason::AdministrativeShutdown
            | NotificationReason::MaximumPrefixes,
        )
        | SessionCause::MaximumPrefixes
        | SessionCause::AdministrativeShutdown
        | SessionCause::Carrier
        | SessionCause::Interior
        | SessionCause::RouterRestart
        | SessionCause::FiniteStateMachineError
        | SessionCause::Start
        | SessionCause::Retry
        | SessionCause::Opened
        | SessionCause::Established => false,
    }
}

/// RFC 5882 4.3.2: BFD that shares the fate of the peer's control plane may have gone with it alone.
fn outlives_bfd(on_bfd_down: OnBfdDown, peer: ControlPlane) -> bool {
    match (on_bfd_down, peer) {
        (OnBfdDown::KeepRoutes, _) | (OnBfdDown::AsPeerSays, ControlPlane::Shared) => true,
        (OnBfdDown::DropRoutes, _) | (OnBfdDown::AsPeerSays, ControlPlane::Independent) => false,
    }
}

/// Whether routes that were kept go when the path is lost so, whatever became of the session before.
pub(super) fn lost_for_good(graceful: GracefulRestart, lost: Lost) -> bool {
    match (lost, graceful) {
        (Lost::BfdDown(peer), GracefulRestart::On { on_bfd_down, .. }) => !outlives_bfd(on_bfd_down, peer),
        (Lost::BfdDown(_) | Lost::Carrier | Lost::Interior | Lost::RouterRestart | Lost::ProcessGone, _) => true,
    }
}

/// How long the peer is asked to keep the routes of this end while it is away; zero without graceful restart.
pub(super) fn restart_time(graceful: GracefulRestart) -> Span {
    match graceful {
        GracefulRestart::Off => Span::ZERO,
        GracefulRestart::On { restart_time, .. } => restart_time,
    }
}
