//! BGP-4 (RFC 4271): one speaker per router with all of its sessions.
//!
//! ```text
//! Segment -> transport -> session (FSM) -> rib: phase 1 -> 2 -> 3 -> session -> transport -> Segment
//!            in order     8.2.2               import  decision  export
//! ```
//! Not here: add-path, confederations.

mod damping;
mod decision;
mod graceful;
mod inspect;
mod interface;
mod machine;
mod message;
mod pace;
mod policy;
mod quiet;
mod rib;
mod session;
mod transport;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use decision::Reason;
pub use inspect::{Freshness, Heard, RouteCounts, Standing};
pub use interface::{Action, Input, Installed, Lost, SessionCause, State, TimerKind, Wanted};
pub use policy::Rejection;
pub use quiet::{Quiet, Resumed, Saying, Way, Word};

use crate::ids::{DestinationId, RouterId, SessionId};
use crate::message::{BgpMessage, RestartState};
use crate::network::{Network, RouteFlapDamping, SessionKind};
use crate::rng::RunSeed;
use crate::units::{Span, Time};

use damping::Damping;
use decision::Peering;
use message::Prefixes;
use pace::{Gate, Sent};
use policy::{Neighbour, Policy};
use rib::{NextStep, Peer, Rib, Table};
use session::{Outcome, Session};

/// The BGP process of one router.
#[derive(Debug, Clone)]
pub struct Speaker {
    /// In order of session id; `rib.peers` has the same order.
    sessions: Vec<Session>,
    rib: Rib,
    prefixes: Arc<Prefixes>,
    decision_delay: Span,
    decision: DecisionRun,
    /// When the decision process runs next, as asked last.
    due: Option<Time>,
}

/// Whether the decision process is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DecisionRun {
    Idle,
    Due,
    /// After a graceful restart: forwarding stays as it is until the peers have told everything (RFC 4724 4.1).
    Deferred,
}

impl Speaker {
    /// The speaker of `router` with every session that ends there, all Idle.
    #[must_use]
    pub fn new(network: &Network, router: RouterId, seed: RunSeed) -> Self {
        let prefixes = Arc::new(Prefixes::new(network));
        let mut sessions = Vec::new();
        let mut peers = Vec::new();
        // One without sessions tells nobody who it is.
        let mut identifier = 0;
        for (id, session) in network.sessions.enumerate() {
            let Some(end) = session.ends.iter().position(|end| end.router == router) else { continue };
            let peering = match session.kind {
                SessionKind::External(_) | SessionKind::Peering(_) => Peering::External,
                SessionKind::Internal(_) => Peering::Internal,
            };
            let (own, other) = (&session.ends[end], &session.ends[1 - end]);
            identifier = own.identifier;
            sessions.push(Session::new(network, id, end, Arc::clone(&prefixes), seed));
            peers.push(Peer {
                session: id,
                neighbour: Neighbour {
                    peering,
                    asn: other.asn,
                    identifier: other.identifier,
                    allowed: session.allowed.clone(),
                    scope: own.scope,
                    reflection: own.reflection,
                    import: Arc::clone(&own.import),
                    export: Arc::clone(&own.export),
                },
                address: other.address,
                max_prefixes: own.max_prefixes as usize,
                interior_cost: 0,
                adj_rib_in: std::collections::BTreeMap::new(),
                rejected: std::collections::BTreeMap::new(),
                adj_rib_out: std::collections::BTreeMap::new(),
                pending: std::collections::BTreeSet::new(),
                again: std::collections::BTreeSet::new(),
                damping: Damping::new(match peering {
                    Peering::External => own.damping,
                    Peering::Internal => RouteFlapDamping::Off,
                }),
                table: Table::Closed,
            });
        }
        let policy = Policy::new(network, network.routers[router].provider, identifier);
        let control = network.routers[router].control;
        Self {
            sessions,
            rib: Rib::new(network, policy, peers, &network.routers[router]),
            prefixes,
            decision_delay: control.decision_delay,
            decision: DecisionRun::Idle,
            due: None,
        }
    }

    /// Takes one input and appends what is to be done.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Action>) {
        match input {
            Input::TransportUp(session) => self.on(now, session, out, |end, out| end.path_up(now, out)),
            Input::TransportDown(session, lost) => {
                if lost == Lost::RouterRestart {
                    // Without power nothing is preserved.
                    self.decision = DecisionRun::Idle;
                    self.due = None;
                }
                self.on(now, session, out, |end, out| end.path_down(now, lost, out));
            }
            Input::Timer(session, TimerKind::Reuse) => self.reuse(now, session, out),
            Input::Timer(session, kind) => self.on(now, session, out, |end, out| end.timer(now, kind, out)),
            Input::Segment(segment) => {
                self.on(now, segment.session, out, |end, out| end.segment(now, segment, out));
            }
            Input::Forwarding { destinations, installed } => {
                destinations.into_iter().for_each(|destination| self.rib.set_installed(destination, installed));
            }
            Input::Policies { session, import, export } => {
                let index = self.index(session);
                if self.rib.set_policies(index, import, export) == NextStep::AskAgain {
                    self.sessions[index].ask_again(now, out);
                }
            }
            Input::InteriorCost(session, cost) => self.rib.set_interior_cost(self.index(session), cost),
            Input::Decide if self.due == Some(now) => {
                self.decision = DecisionRun::Idle;
                self.sessions.iter_mut().for_each(|session| session.restart_state = RestartState::Running);
                self.decide(out);
            }
            Input::Decide => {}
            Input::ProcessGone => self.process_gone(now, out),
            Input::Administrative(session, wanted) => self.on(now, session, out, |end, out| match wanted {
                Wanted::Down => end.close(now, out),
                Wanted::Up => end.reopen(now, out),
            }),
            Input::GracefulShutdown(maintenance) => self.rib.maintain(maintenance),
        }
        if self.decision == DecisionRun::Deferred {
            self.resume(out);
        } else if self.decision_delay == Span::ZERO {
            self.decide(out);
        } else if self.rib.has_changed() && self.decision == DecisionRun::Idle {
            self.decision = DecisionRun::Due;
            self.decide_at(now + self.decision_delay, out);
        }
        if self.decision != DecisionRun::Deferred {
            self.disseminate(now, out);
        }
        for session in &mut self.sessions {
            session.settle(out);
        }
    }

    /// The sessions whose routes to the destination are in use, in order; empty when none was learned.
    #[must_use]
    pub fn best(&self, destination: DestinationId) -> &[SessionId] {
        self.rib.best(destination)
    }

    /// The same with the BGP identifier of the router inside the provider that a reflected route came from: its next hop,
    /// which a reflector leaves as it is (RFC 4456 section 10).
    pub fn exits(&self, destination: DestinationId) -> impl Iterator<Item = (SessionId, Option<u32>)> + '_ {
        let selection = self.rib.selection(destination).into_iter();
        selection.flat_map(|it| it.multipath.iter().copied().zip(it.originators.iter().copied()))
    }

    /// The step that decided among the learned routes to the destination; `None` when there are none.
    #[must_use]
    pub fn reason(&self, destination: DestinationId) -> Option<Reason> {
        self.rib.selection(destination).map(|selection| selection.reason)
    }

    /// The state of one of this router's sessions; panics (our bug) on another router's.
    #[must_use]
    pub fn state(&self, session: SessionId) -> State {
        self.sessions[self.index(session)].state()
    }

    /// Whether a session is Established and the peer has sent its whole table (End-of-RIB, RFC 4724 2).
    #[must_use]
    pub fn is_synchronised(&self, session: SessionId) -> bool {
        self.sessions[self.index(session)].is_synchronised()
    }

    /// The process is gone, and all sessions with it. The next one decides nothing until it has heard its peers again,
    /// or its restart time is over, when sessions restart gracefully (RFC 4724 4.1).
    fn process_gone(&mut self, now: Time, out: &mut Vec<Action>) {
        for index in 0..self.sessions.len() {
            self.on(now, self.sessions[index].id, out, |end, out| end.path_down(now, Lost::ProcessGone, out));
        }
        if self.sessions.iter().any(Session::restarts_gracefully) {
            let longest = self.sessions.iter().map(Session::restart_time).max().unwrap_or(Span::ZERO);
            self.decision = DecisionRun::Deferred;
            self.sessions.iter_mut().for_each(|session| session.restart_state = RestartState::Restarted);
            self.decide_at(now + longest, out);
        }
    }

    /// Asks to be told to decide; an earlier request counts no more.
    fn decide_at(&mut self, at: Time, out: &mut Vec<Action>) {
        self.due = Some(at);
        out.push(Action::DecideAt(at));
    }

    /// Decides again once every session that has a path has heard its peer's whole table.
    fn resume(&mut self, out: &mut Vec<Action>) {
        let mut with_path = self.sessions.iter().filter(|session| session.has_path()).peekable();
        if with_path.peek().is_some() && with_path.all(Session::needs_no_waiting_for) {
            self.decision = DecisionRun::Idle;
            self.sessions.iter_mut().for_each(|session| session.restart_state = RestartState::Running);
            self.decide(out);
        }
    }

    /// Phase 2 for all that has changed.
    fn decide(&mut self, out: &mut Vec<Action>) {
        out.extend(self.rib.decide().into_iter().map(Action::RouteChanged));
    }

    /// Whether nothing waits: no decision, and no route that some peer has yet to be told.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.decision == DecisionRun::Idle && self.rib.peers.iter().all(|peer| peer.pending.is_empty())
    }

    fn index(&self, session: SessionId) -> usize {
        self.sessions.binary_search_by_key(&session, |end| end.id).expect("a session of this router")
    }

    /// Drives one session and passes on what it means for the RIBs.
    fn on(
        &mut self,
        now: Time,
        session: SessionId,
        out: &mut Vec<Action>,
        drive: impl FnOnce(&mut Session, &mut Vec<Action>),
    ) {
        let index = self.index(session);
        drive(&mut self.sessions[index], out);
        for outcome in self.sessions[index].take_outcomes() {
            match outcome {
                Outcome::Established => self.rib.begin(index),
                Outcome::Lost => self.rib.end(index),
                Outcome::Stale => self.rib.keep_stale(index),
                Outcome::StaleLost => self.rib.drop_stale(index),
                Outcome::Refresh => self.rib.tell_again(index),
                Outcome::Update(withdrawn, announced) => {
                    self.rib.receive(index, now, &withdrawn, announced.as_ref());
                    self.arm_reuse(index, now, out);
                }
            }
        }
        if self.rib.peers[index].has_too_many() {
            self.sessions[index].refuse_more(now, out);
            self.sessions[index].take_outcomes();
            self.rib.end(index);
        }
    }

    /// Routes of a session that flapped may be usable again.
    fn reuse(&mut self, now: Time, session: SessionId, out: &mut Vec<Action>) {
        let index = self.index(session);
        self.rib.reuse(index, now);
        self.arm_reuse(index, now, out);
    }

    fn arm_reuse(&self, index: usize, now: Time, out: &mut Vec<Action>) {
        if let Some(at) = self.rib.peers[index].damping.next_reuse(now) {
            out.push(Action::SetTimer { session: self.sessions[index].id, kind: TimerKind::Reuse, at });
        }
    }

    /// Phase 3 for every session that can send; for the others it waits, and only the last word is sent later.
    fn disseminate(&mut self, now: Time, out: &mut Vec<Action>) {
        for (index, session) in self.sessions.iter_mut().enumerate() {
            let gate = session.gate(now);
            if gate == Gate::Shut {
                if !self.rib.peers[index].pending.is_empty() {
                    session.routes_wait(now, out);
                }
                continue;
            }
            let changes = self.rib.disseminate(index, gate, session.loop_avoidance);
            let sent = if changes.announced.is_empty() { Sent::OnlyWithdrawals } else { Sent::Announcements };
            let messages = self.prefixes.pack(&changes.withdrawn, changes.announced);
            if !messages.is_empty() {
                session.routes_sent(now, sent, out);
            }
            if changes.waiting > 0 {
                session.routes_wait(now, out);
            }
            for message in messages {
                session.send_update(now, message, out);
            }
            if self.rib.peers[index].table == Table::Sending && gate == Gate::Open {
                self.rib.peers[index].table = Table::Sent;
                session.send_update(now, BgpMessage::EndOfRib, out);
            }
        }
    }
}
