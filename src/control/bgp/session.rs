//! One end of a BGP session: the finite state machine of RFC 4271 8.2.2 over its transport.
//!
//! Simplification: the end with the lower index opens the connection and the other one waits, so connections never
//! collide (RFC 4271 6.8). The OPEN is the first segment of a connection; TCP's own handshake is not modelled apart.

mod ending;
mod quiet;

use std::sync::Arc;

use super::graceful::restart_time;
use super::machine::{Event, Role, Step, next};
use super::message::{Prefixes, headers};
use super::pace::{Gate, Pace, Sent};
use super::transport::Transport;
use super::{Action, SessionCause, State, TimerKind};
use crate::ids::{DestinationId, SessionId};
use crate::message::{BgpMessage, BgpSegment, ControlPlane, NotificationReason, PathAttributes, RestartState};
use crate::network::{BgpTiming, GracefulRestart, Jitter, LoopAvoidance, Network};
use crate::rng::{RunSeed, Stream};
use crate::units::{Span, Time};
use ending::Shut;

/// What a session tells the RIBs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Established: the table may be sent.
    Established,
    /// No longer Established: all routes are gone.
    Lost,
    /// No longer Established, but the peer may be restarting: routes stay as stale ones.
    Stale,
    /// Stale routes are gone.
    StaleLost,
    /// The peer wants to hear everything again (RFC 2918).
    Refresh,
    /// An UPDATE arrived.
    Update(Vec<DestinationId>, Option<(Arc<PathAttributes>, Vec<DestinationId>)>),
}

/// From the end of a session whose path still works until its opener tries again (IdleHoldTime, RFC 4271 8.1.1, which
/// gives no value: an estimate). Shortened by up to a quarter at random, like ConnectRetryTime.
const IDLE_HOLD: Span = Span::from_s(1);

/// Whether messages can reach the peer, as this end was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    Down,
    Up,
}

/// Whether the session was ever started in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Not yet: the first connection waits a random time, so that keepalives of many sessions are spread.
    First,
    /// That time runs.
    Spreading,
    /// Later ones connect at once.
    Done,
}

/// One end of a session.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) id: SessionId,
    role: Role,
    asn: u32,
    peer_asn: u32,
    timing: BgpTiming,
    state: State,
    path: Path,
    start: Start,
    transport: Transport,
    pace: Pace,
    pub(super) loop_avoidance: LoopAvoidance,
    /// Whether the peer has sent its whole table in this connection.
    synchronised: bool,
    graceful: GracefulRestart,
    /// How long the peer asked to keep its routes when it is away; zero when it cannot restart gracefully.
    peer_restart: Span,
    /// What this end says of itself in its OPEN, and what the peer said (RFC 4724 section 3).
    pub(super) restart_state: RestartState,
    peer_restart_state: RestartState,
    /// Whether BFD of the peer lives without its control plane, as it last said.
    peer_bfd: ControlPlane,
    /// Why it does not begin again.
    shut: Shut,
    /// The lower of both hold times, once the peer's OPEN is here; zero means no timers (RFC 4271 4.2).
    hold: Span,
    prefixes: Arc<Prefixes>,
    start_delay: Stream,
    keepalive_jitter: Stream,
    retry_jitter: Stream,
    outcomes: Vec<Outcome>,
}

impl Session {
    pub(super) fn new(network: &Network, id: SessionId, end: usize, prefixes: Arc<Prefixes>, seed: RunSeed) -> Self {
        let session = &network.sessions[id];
        let (own, peer) = (&session.ends[end], &session.ends[1 - end]);
        let component = format!("{} {}", session.name, network.routers[own.router].name);
        Self {
            id,
            role: if end == 0 { Role::Opener } else { Role::Acceptor },
            asn: own.asn,
            peer_asn: peer.asn,
            timing: own.timing,
            state: State::Idle,
            path: Path::Down,
            start: Start::First,
            transport: Transport::new(id, end, headers(own.address)),
            pace: Pace::new(own.timing, seed.stream(&component, "advertisement")),
            loop_avoidance: own.loop_avoidance,
            synchronised: false,
            graceful: own.graceful_restart,
            peer_restart: Span::ZERO,
            restart_state: RestartState::Running,
            peer_restart_state: RestartState::Running,
            peer_bfd: ControlPlane::Independent,
            shut: Shut::No,
            hold: own.timing.hold,
            prefixes,
            start_delay: seed.stream(&component, "start"),
            keepalive_jitter: seed.stream(&component, "keepalive"),
            retry_jitter: seed.stream(&component, "connect-retry"),
            outcomes: Vec::new(),
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Whether the session is Established and the peer's End-of-RIB has come.
    pub(super) fn is_synchronised(&self) -> bool {
        self.state == State::Established && self.synchronised
    }

    /// Whether a restarted speaker need not wait for this peer: it has told everything, or restarted itself and waits
    /// for others, too (RFC 4724 4.1).
    pub(super) fn needs_no_waiting_for(&self) -> bool {
        self.state == State::Established && (self.synchronised || self.peer_restart_state == RestartState::Restarted)
    }

    /// Asks the peer to tell everything again.
    pub(super) fn ask_again(&mut self, now: Time, out: &mut Vec<Action>) {
        if self.state == State::Established {
            self.send_update(now, BgpMessage::RouteRefresh, out);
        }
    }

    /// Whether the path to the peer works.
    pub(super) fn has_path(&self) -> bool {
        self.path == Path::Up
    }

    /// Whether this end told its peer that it may restart.
    pub(super) fn restarts_gracefully(&self) -> bool {
        self.graceful != GracefulRestart::Off
    }

    /// How long the peer keeps the routes of this end when it is away.
    pub(super) fn restart_time(&self) -> Span {
        restart_time(self.graceful)
    }

    /// What happened for the RIBs since the last call.
    pub(super) fn take_outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// Which routes may be sent now.
    pub(super) fn gate(&self, now: Time) -> Gate {
        if self.state == State::Established && self.transport.has_room() { self.pace.gate(now) } else { Gate::Shut }
    }

    /// Routes wait that could not be sent.
    pub(super) fn routes_wait(&mut self, now: Time, out: &mut Vec<Action>) {
        let at = if self.state == State::Established { self.pace.wait(now) } else { None };
        self.arm_advertisement(at, out);
    }

    /// Routes were sent.
    pub(super) fn routes_sent(&mut self, now: Time, sent: Sent, out: &mut Vec<Action>) {
        let at = self.pace.sent(now, sent);
        self.arm_advertisement(at, out);
    }

    fn arm_advertisement(&self, at: Option<Time>, out: &mut Vec<Action>) {
        if let Some(at) = at {
            self.set(TimerKind::Advertisement, at, out);
        }
    }

    /// The path to the peer works.
    pub(super) fn path_up(&mut self, now: Time, out: &mut Vec<Action>) {
        self.path = Path::Up;
        if self.shut != Shut::No {
            return;
        }
        self.apply(now, Event::Start, SessionCause::Start, out);
        if self.state != State::Connect {
            return;
        }
        match self.start {
            Start::First => {
                self.start = Start::Spreading;
                let delay = Span::from_ps(self.start_delay.below(self.timing.keepalive.as_ps()));
                self.set(TimerKind::ConnectRetry, now + delay, out);
            }
            Start::Spreading => {}
            Start::Done => self.apply(now, Event::ConnectRetryExpires, SessionCause::Start, out),
        }
    }

    /// A timer fired.
    pub(super) fn timer(&mut self, now: Time, kind: TimerKind, out: &mut Vec<Action>) {
        match kind {
            TimerKind::ConnectRetry => {
                self.start = Start::Done;
                self.apply(now, Event::ConnectRetryExpires, SessionCause::Retry, out);
            }
            TimerKind::Hold => {
                let notice = Some(NotificationReason::HoldTimerExpired);
                self.end(now, Event::HoldTimerExpires, SessionCause::HoldTimer, notice, out);
            }
            TimerKind::Keepalive => {
                if matches!(self.state, State::OpenConfirm | State::Established) {
                    self.keepalive(now, out);
                }
            }
            TimerKind::Retransmit => self.transport.retransmit(now, out),
            TimerKind::Advertisement => self.pace.release(),
            TimerKind::Stale => self.outcomes.push(Outcome::StaleLost),
            TimerKind::Reuse => unreachable!("the speaker keeps it"),
        }
    }

    /// A segment arrived.
    pub(super) fn segment(&mut self, now: Time, segment: BgpSegment, out: &mut Vec<Action>) {
        if self.path == Path::Down {
            return;
        }
        if !self.transport.is_open_as(segment.connection) {
            match self.role {
                Role::Acceptor if self.shut != Shut::No => self.turn_away(&segment, out),
                Role::Acceptor if segment.connection > self.transport.connection() => self.accept(now, &segment, out),
                // An old connection, or one that ended here: its peer learns that by a reset.
                Role::Acceptor | Role::Opener => match segment.message {
                    None | Some(BgpMessage::ConnectionReset | BgpMessage::Notification(_)) => {}
                    Some(_) => self.transport.refuse(&segment, out),
                },
            }
        }
        if self.transport.is_open_as(segment.connection)
            && let Some(message) = self.transport.receive(now, segment, out)
        {
            self.message(now, message, out);
        }
    }

    /// Sends a message of an Established session; it restarts the keepalive timer (RFC 4271 4.4).
    pub(super) fn send_update(&mut self, now: Time, message: BgpMessage, out: &mut Vec<Action>) {
        self.send(now, message, out);
        self.restart_keepalive(now, out);
    }

    /// Sends a bare acknowledgement when one is owed.
    pub(super) fn settle(&mut self, out: &mut Vec<Action>) {
        self.transport.settle(out);
    }

    fn accept(&mut self, now: Time, segment: &BgpSegment, out: &mut Vec<Action>) {
        let is_first = segment.sequence == 0 && matches!(segment.message, Some(BgpMessage::Open { .. }));
        if !is_first {
            return;
        }
        if self.state != State::Active {
            // The peer began anew: whatever ran here is over.
            self.end(now, Event::Ended, SessionCause::NewConnection, None, out);
        }
        self.transport.open(segment.connection);
        self.apply(now, Event::ConnectionAccepted, SessionCause::Opened, out);
    }

    fn message(&mut self, now: Time, message: BgpMessage, out: &mut Vec<Action>) {
        let (event, cause) = match message {
            BgpMessage::Open { asn, hold, restart_time, restart_state } => {
                self.peer_restart = restart_time;
                self.peer_restart_state = restart_state;
                assert_eq!(asn, self.peer_asn, "the network decides who peers with whom");
                if self.state == State::OpenSent {
                    self.hold = hold.min(self.timing.hold);
                }
                (Event::Open, SessionCause::Opened)
            }
            BgpMessage::Keepalive => (Event::Keepalive, SessionCause::Established),
            BgpMessage::EndOfRib => {
                self.synchronised = true;
                self.peer_restart_state = RestartState::Running;
                if self.graceful != GracefulRestart::Off {
                    out.push(Action::CancelTimer { session: self.id, kind: TimerKind::Stale });
                    self.outcomes.push(Outcome::StaleLost);
                }
                (Event::Update, SessionCause::Established)
            }
            BgpMessage::Update { withdrawn, announced } => {
                if self.state == State::Established {
                    self.outcomes.push(Outcome::Update(withdrawn, announced));
                }
                (Event::Update, SessionCause::Established)
            }
            BgpMessage::RouteRefresh => {
                if self.state == State::Established {
                    self.outcomes.push(Outcome::Refresh);
                }
                (Event::Update, SessionCause::Established)
            }
            BgpMessage::Notification(reason) => {
                return self.end(now, Event::Ended, SessionCause::Notification(reason), None, out);
            }
            BgpMessage::ConnectionReset => {
                return self.end(now, Event::Ended, SessionCause::ConnectionReset, None, out);
            }
        };
        match event {
            // RFC 4271 8.2.2: only these restart the hold timer, and only once they are complete.
            Event::Keepalive | Event::Update if self.state == State::Established => self.restart_hold(now, out),
            Event::Start
            | Event::ConnectRetryExpires
            | Event::ConnectionAccepted
            | Event::Open
            | Event::Keepalive
            | Event::Update
            | Event::HoldTimerExpires
            | Event::Ended => {}
        }
        self.apply(now, event, cause, out);
    }

    fn apply(&mut self, now: Time, event: Event, cause: SessionCause, out: &mut Vec<Action>) {
        match next(self.state, event, self.role) {
            Step::Stay => {}
            Step::Violation => {
                let notice = Some(NotificationReason::FiniteStateMachineError);
                self.end(now, Event::Ended, SessionCause::FiniteStateMachineError, notice, out);
            }
            Step::Enter(to) => {
                let from = std::mem::replace(&mut self.state, to);
                if from != to {
                    out.push(Action::SessionChanged { session: self.id, from, to, cause });
                }
                self.enter(now, from, cause, out);
            }
        }
    }

    fn enter(&mut self, now: Time, from: State, cause: SessionCause, out: &mut Vec<Action>) {
        match self.state {
            State::Idle => {
                self.synchronised = false;
                self.pace.reset();
                self.transport.close();
                for kind in TimerKind::ALL {
                    if !matches!(kind, TimerKind::Stale | TimerKind::Reuse) {
                        out.push(Action::CancelTimer { session: self.id, kind });
                    }
                }
                if from == State::Established {
                    self.leave(now, cause, out);
                }
            }
            State::Connect | State::Active => {}
            State::OpenSent => {
                if self.role == Role::Opener {
                    self.transport.open(self.transport.connection() + 1);
                    self.arm_retry(now, self.timing.connect_retry, out);
                }
                self.send(now, self.open_message(), out);
            }
            State::OpenConfirm => {
                if self.role == Role::Opener {
                    out.push(Action::CancelTimer { session: self.id, kind: TimerKind::ConnectRetry });
                }
                self.keepalive(now, out);
                self.restart_hold(now, out);
            }
            State::Established => {
                self.restart_hold(now, out);
                let at = self.pace.begin(now);
                self.arm_advertisement(at, out);
                if let GracefulRestart::On { stale_time, .. } = self.graceful {
                    self.set(TimerKind::Stale, now + stale_time, out);
                }
                self.outcomes.push(Outcome::Established);
            }
        }
    }

    fn open_message(&self) -> BgpMessage {
        BgpMessage::Open {
            asn: self.asn,
            hold: self.timing.hold,
            restart_time: self.restart_time(),
            restart_state: self.restart_state,
        }
    }

    fn keepalive(&mut self, now: Time, out: &mut Vec<Action>) {
        // With a full window the peer has more than this to acknowledge; another message would tell it nothing.
        if self.transport.has_room() {
            self.send(now, BgpMessage::Keepalive, out);
        }
        self.restart_keepalive(now, out);
    }

    fn send(&mut self, now: Time, message: BgpMessage, out: &mut Vec<Action>) {
        let size = self.prefixes.size(&message);
        self.transport.send(now, message, size, out);
    }

    fn restart_hold(&mut self, now: Time, out: &mut Vec<Action>) {
        if self.hold > Span::ZERO {
            self.set(TimerKind::Hold, now + self.hold, out);
        }
    }

    fn restart_keepalive(&mut self, now: Time, out: &mut Vec<Action>) {
        if self.keepalive_interval() > Span::ZERO {
            let delay = self.keepalive_pause();
            self.set(TimerKind::Keepalive, now + delay, out);
        }
    }

    fn arm_retry(&mut self, now: Time, pause: Span, out: &mut Vec<Action>) {
        let delay = jittered(&mut self.retry_jitter, pause, self.timing.jitter);
        self.set(TimerKind::ConnectRetry, now + delay, out);
    }

    fn set(&self, kind: TimerKind, at: Time, out: &mut Vec<Action>) {
        out.push(Action::SetTimer { session: self.id, kind, at });
    }
}

/// RFC 4271 section 10: a factor uniform between 0.75 and 1.
pub(super) fn jittered(stream: &mut Stream, span: Span, jitter: Jitter) -> Span {
    match jitter {
        Jitter::Rfc4271 => stream.span_between(span.scaled(3, 4), span),
        Jitter::None => span,
    }
}
