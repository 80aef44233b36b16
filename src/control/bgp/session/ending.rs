//! How sessions end, what becomes of their routes, and what keeps one from beginning again.

use super::{Event, IDLE_HOLD, Path, Session, Start};
use crate::control::bgp::graceful::{keeps_routes, lost_for_good};
use crate::control::bgp::session::Outcome;
use crate::control::bgp::{Action, Lost, SessionCause, State, TimerKind};
use crate::message::{BgpMessage, BgpSegment, NotificationReason};
use crate::network::GracefulRestart;
use crate::units::{Span, Time};

/// Why a session does not begin again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shut {
    /// It does.
    No,
    /// The peer announced too many prefixes; until the path has been down.
    Prefixes,
    /// The operator wants it so.
    Administrative,
}

impl Session {
    /// The path to the peer is gone.
    pub(in crate::control::bgp) fn path_down(&mut self, now: Time, lost: Lost, out: &mut Vec<Action>) {
        self.path = Path::Down;
        if self.shut == Shut::Prefixes {
            self.shut = Shut::No;
        }
        if self.start == Start::Spreading {
            self.start = Start::Done;
        }
        let (cause, notice) = match lost {
            Lost::Carrier => (SessionCause::Carrier, None),
            // RFC 9384: Cease with subcode BFD Down.
            Lost::BfdDown(peer) => {
                self.peer_bfd = peer;
                (SessionCause::Bfd, Some(NotificationReason::BfdDown))
            }
            Lost::Interior => (SessionCause::Interior, None),
            Lost::RouterRestart => (SessionCause::RouterRestart, None),
            Lost::ProcessGone => {
                self.transport.abort(out);
                (SessionCause::RouterRestart, None)
            }
        };
        self.end(now, Event::Ended, cause, notice, out);
        if self.graceful != GracefulRestart::Off && lost_for_good(self.graceful, lost) {
            // Whatever was kept, its way is gone.
            out.push(Action::CancelTimer { session: self.id, kind: TimerKind::Stale });
            self.outcomes.push(Outcome::StaleLost);
        }
    }

    /// Ends what runs, tells the peer where that can be tried, and begins again when the path is still there.
    pub(super) fn end(
        &mut self,
        now: Time,
        event: Event,
        cause: SessionCause,
        notice: Option<NotificationReason>,
        out: &mut Vec<Action>,
    ) {
        if let Some(reason) = notice
            && self.transport.is_open()
        {
            self.send(now, BgpMessage::Notification(reason), out);
        }
        self.apply(now, event, cause, out);
        if self.path == Path::Up && self.state == State::Idle && self.shut == Shut::No {
            self.apply(now, Event::Start, SessionCause::Retry, out);
            if self.state == State::Connect {
                self.arm_retry(now, IDLE_HOLD, out);
            }
        }
    }

    /// Ends the session because the peer announced too many prefixes, and does not begin again while the path lasts.
    pub(in crate::control::bgp) fn refuse_more(&mut self, now: Time, out: &mut Vec<Action>) {
        self.shut = Shut::Prefixes;
        let notice = Some(NotificationReason::MaximumPrefixes);
        self.end(now, Event::Ended, SessionCause::MaximumPrefixes, notice, out);
    }

    /// The operator ends the session and keeps it down (RFC 4486: Administrative Shutdown).
    pub(in crate::control::bgp) fn close(&mut self, now: Time, out: &mut Vec<Action>) {
        self.shut = Shut::Administrative;
        let notice = Some(NotificationReason::AdministrativeShutdown);
        self.end(now, Event::Ended, SessionCause::AdministrativeShutdown, notice, out);
    }

    /// The operator lets it begin again.
    pub(in crate::control::bgp) fn reopen(&mut self, now: Time, out: &mut Vec<Action>) {
        if self.shut == Shut::Administrative {
            self.shut = Shut::No;
            if self.path == Path::Up {
                self.path_up(now, out);
            }
        }
    }

    /// A connection that comes in while the session is kept down is ended at once.
    pub(super) fn turn_away(&self, segment: &BgpSegment, out: &mut Vec<Action>) {
        let reason = match self.shut {
            Shut::No => return,
            Shut::Prefixes => NotificationReason::MaximumPrefixes,
            Shut::Administrative => NotificationReason::AdministrativeShutdown,
        };
        if matches!(segment.message, Some(BgpMessage::Open { .. })) {
            let message = BgpMessage::Notification(reason);
            let size = self.prefixes.size(&message);
            self.transport.answer(segment, message, size, out);
        }
    }

    /// An Established session has ended.
    pub(super) fn leave(&mut self, now: Time, cause: SessionCause, out: &mut Vec<Action>) {
        if self.peer_restart > Span::ZERO && keeps_routes(self.graceful, cause, self.peer_bfd) {
            self.set(TimerKind::Stale, now + self.peer_restart, out);
            self.outcomes.push(Outcome::Stale);
        } else {
            out.push(Action::CancelTimer { session: self.id, kind: TimerKind::Stale });
            self.outcomes.push(Outcome::Lost);
        }
    }
}
