//! BGP speakers and the processors they run on.
//!
//! ```text
//! segment -> processor (delay) -> Speaker -> segments, timers, RouteChanged -> tables.rs
//! ```
//! Every input carries the ledger entry behind it, so that what follows is booked to its cause.

use std::collections::BTreeMap;

use crate::control::bgp::{Action, Input, Installed, Lost, SessionCause, State, TimerKind, Wanted};
use crate::ids::{DestinationId, Id, IdVec, ProviderId, RouterId, SessionId};
use crate::message::{BgpMessage, BgpSegment, Control};
use crate::network::{Destination, DestinationKind, Network, Session, SessionKind};
use crate::sim::control_packets::ControlWay;
use crate::sim::event::{BGP_TIMERS, Event};
use crate::sim::record::Phase;
use crate::sim::recorder::Cause;
use crate::sim::run::Run;
use crate::units::Span;

impl Run<'_> {
    /// Links and interior routing work from the first instant; sessions come up from cold.
    pub fn start_routing(&mut self) {
        for link in self.network.links.ids() {
            self.start_link(link);
        }
        // Destination by destination: the paths to one lie together.
        for index in 0..self.routed.len() {
            self.network.routers.ids().for_each(|router| self.decide_on(router, &[self.routed[index]]));
        }
        for router in self.network.routers.ids() {
            self.install_now(router);
            self.tell_costs(router);
        }
        for (id, session) in self.network.sessions.enumerate() {
            match session.kind {
                SessionKind::External(_) | SessionKind::Peering(_) => {
                    session.ends.iter().for_each(|end| self.speak(end.router, Input::TransportUp(id)));
                }
                // Began when the way to the peer was installed.
                SessionKind::Internal(_) => {}
            }
        }
    }

    /// Gives a router something to do after its processing delay.
    pub fn tell_processor(&mut self, router: RouterId, input: Input) {
        if !self.is_powered(router) || self.without_bgp[router] > 0 {
            return;
        }
        self.wake_before(&input);
        let control = self.network.routers[router].control;
        let prefixes = match &input {
            Input::Segment(segment) => segment.message.as_ref().map_or(0, BgpMessage::prefixes),
            Input::TransportUp(_)
            | Input::TransportDown(..)
            | Input::Timer(..)
            | Input::Decide
            | Input::InteriorCost(..)
            | Input::ProcessGone
            | Input::Administrative(..)
            | Input::GracefulShutdown(_)
            | Input::Policies { .. }
            | Input::Forwarding { .. } => 0,
        };
        // One after the other: a long table delays what comes behind it.
        let cost = control.processing_per_message + control.processing_per_prefix.times(prefixes as u64);
        let at = self.after(control.processing).max(self.busy_until[router]) + cost;
        self.busy_until[router] = at;
        if let Some(serial) = self.processors[router].push(at, (self.cause, input)) {
            self.schedule(Event::Process(router), at, serial);
        }
    }

    /// The processor has got to its next inputs.
    pub fn processor_runs(&mut self, router: RouterId) {
        while let Some((cause, input)) = self.processors[router].pop(self.now) {
            self.cause = cause;
            self.speak(router, input);
        }
        if let Some((at, serial)) = self.processors[router].head() {
            self.schedule(Event::Process(router), at, serial);
        }
    }

    /// A segment reaches the router that it is for.
    pub fn bgp_segment_arrives(&mut self, router: RouterId, segment: BgpSegment) {
        if self.refused[segment.session] > 0 || self.without_bgp[router] > 0 {
            return;
        }
        self.tell_processor(router, Input::Segment(segment));
    }

    /// A router's decision process runs over what has changed.
    pub fn decision_runs(&mut self, router: RouterId) {
        self.cause = self.decision_cause[router];
        self.speak(router, Input::Decide);
    }

    /// A BGP timer entry fires.
    pub fn bgp_timer_fires(&mut self, session: SessionId, end: usize, kind: usize) {
        let fired = self.bgp_timers.fire((session.index() * 2 + end) * BGP_TIMERS + kind, self.now);
        let router = self.network.sessions[session].ends[end].router;
        if self.expired(fired, Event::BgpTimer(session, end, kind)) && self.is_powered(router) {
            self.cause = match TimerKind::ALL[kind] {
                // What has waited belongs to what was decided.
                TimerKind::Advertisement => self.decision_cause[router],
                TimerKind::ConnectRetry
                | TimerKind::Hold
                | TimerKind::Keepalive
                | TimerKind::Retransmit
                | TimerKind::Stale
                | TimerKind::Reuse => {
                    let entry =
                        self.network.external_link(session).and_then(|link| self.facts.link_blame[link].entry());
                    entry.map(Cause::from)
                }
            };
            if TimerKind::ALL[kind] == TimerKind::Keepalive && self.session_rests(session, end) {
                return;
            }
            self.speak(router, Input::Timer(session, TimerKind::ALL[kind]));
        }
    }

    /// Gives a speaker an input and does what it wants.
    pub fn speak(&mut self, router: RouterId, input: Input) {
        self.wake_before(&input);
        let mut actions = Vec::new();
        let mut moved = Vec::new();
        // A link of a group may have lost its routes, or have them again, though forwarding never changes: a backup's.
        self.paths_changed |= !self.network.link_groups.is_empty() && matches!(input, Input::Decide);
        self.speakers[router].handle(self.now, input, &mut actions);
        let powered = self.is_powered(router);
        for action in actions {
            match action {
                Action::CancelTimer { session, kind } => {
                    let timer = self.bgp_timer(router, session, kind);
                    self.bgp_timers.cancel(timer.0);
                }
                Action::SetTimer { session, kind, at } if powered => {
                    let (timer, event) = self.bgp_timer(router, session, kind);
                    let at = at.max(self.after(Span::ZERO));
                    if let Some(serial) = self.bgp_timers.set(timer, at) {
                        self.schedule(event, at, serial);
                    }
                }
                Action::DecideAt(at) => {
                    self.decision_cause[router] = self.cause;
                    self.schedule(Event::Decide(router), at, 0);
                }
                Action::Send { session, segment } if powered => self.send_segment(router, session, segment),
                Action::RouteChanged(destination) if powered => moved.push(destination),
                Action::SessionChanged { session, from, to, cause } => {
                    self.session_changed(router, session, (from, to), cause);
                }
                Action::SetTimer { .. } | Action::Send { .. } | Action::RouteChanged(_) => {}
            }
        }
        self.decide_on(router, &moved);
        self.check_transit(router);
    }

    pub fn session_end(&self, router: RouterId, session: SessionId) -> usize {
        let ends = &self.network.sessions[session].ends;
        ends.iter().position(|end| end.router == router).expect("the session ends at the router")
    }

    fn bgp_timer(&self, router: RouterId, session: SessionId, kind: TimerKind) -> (usize, Event) {
        let end = self.session_end(router, session);
        let kind = TimerKind::ALL.iter().position(|known| *known == kind).expect("all kinds are listed");
        ((session.index() * 2 + end) * BGP_TIMERS + kind, Event::BgpTimer(session, end, kind))
    }

    fn send_segment(&mut self, router: RouterId, session: SessionId, segment: BgpSegment) {
        let end = self.session_end(router, session);
        let way = match self.network.external_link(session) {
            Some(link) => ControlWay::Neighbour(self.control_port(link, self.network.end_of(link, router))),
            None => {
                let peer = self.network.sessions[session].ends[1 - end].router;
                ControlWay::Routed { from: router, destination: self.network.routers[peer].loopback }
            }
        };
        self.count_message(&segment);
        let size = segment.size;
        self.send_control(way, Control::Bgp(segment), size);
    }

    fn count_message(&mut self, segment: &BgpSegment) {
        if self.now < self.origin {
            return;
        }
        let messages = &mut self.routing.messages;
        match &segment.message {
            Some(BgpMessage::Open { .. }) => messages.open += 1,
            Some(message @ BgpMessage::Update { .. }) => {
                messages.update += 1;
                messages.prefixes += message.prefixes() as u64;
                self.journal.ledger.update_sent(self.now, self.cause, Phase::Updates);
            }
            Some(BgpMessage::EndOfRib) => {
                messages.update += 1;
                self.journal.ledger.update_sent(self.now, self.cause, Phase::EndOfRib);
            }
            Some(BgpMessage::RouteRefresh) => messages.route_refresh += 1,
            Some(BgpMessage::Keepalive) => messages.keepalive += 1,
            Some(BgpMessage::Notification(_)) => messages.notification += 1,
            Some(BgpMessage::ConnectionReset) | None => {}
        }
    }

    fn session_changed(&mut self, router: RouterId, session: SessionId, change: (State, State), cause: SessionCause) {
        let network = self.network;
        let (came, went) = (change.1 == State::Established, change.0 == State::Established);
        if !came && !went {
            return;
        }
        self.settling.world_changed();
        let configured = &network.sessions[session];
        let name = &network.routers[router].name;
        let what = if came { 120 } else { 121 };
        self.journal.chain_event(self.now, what, crate::rng::named_hash(&[&configured.name, name]));
        let Some(link) = network.external_link(session) else {
            let phase = if came { Phase::Session } else { Phase::SessionClosed };
            return self.journal.ledger.took(self.cause, self.now, phase);
        };
        // One end's view is enough for the record: that of the first.
        if let SessionKind::External(logical) = configured.kind
            && configured.ends[0].router == router
        {
            if came {
                self.journal.session_came_up(self.now, logical);
            } else {
                self.journal.session_went_down(self.now, logical);
            }
            self.logical_link_turned(logical);
        }
        let how = match cause {
            SessionCause::Established => Some("session-established"),
            SessionCause::HoldTimer => Some("hold-timer"),
            SessionCause::Notification(_) | SessionCause::ConnectionReset | SessionCause::NewConnection => {
                Some("session")
            }
            // Noticed before, by light, BFD or interior routing.
            SessionCause::Carrier | SessionCause::Bfd | SessionCause::Interior | SessionCause::RouterRestart => None,
            SessionCause::Start
            | SessionCause::Retry
            | SessionCause::Opened
            | SessionCause::MaximumPrefixes
            | SessionCause::AdministrativeShutdown
            | SessionCause::FiniteStateMachineError => None,
        };
        if let Some(how) = how {
            self.notice(link, router, format!("session {}", configured.name), how);
        }
    }

    /// The BGP process of a router is gone.
    pub fn bgp_stops(&mut self, router: RouterId) {
        self.without_bgp[router] += 1;
        if self.without_bgp[router] == 1 && self.is_powered(router) {
            self.processors[router].clear();
            self.busy_until[router] = self.now;
            self.speak(router, Input::ProcessGone);
        }
    }

    /// The BGP process of a router is back: it tries all sessions whose paths work.
    pub fn bgp_starts(&mut self, router: RouterId) {
        self.without_bgp[router] -= 1;
        if self.without_bgp[router] > 0 || !self.is_powered(router) {
            return;
        }
        for (session, configured) in self.network.sessions.enumerate() {
            let Some(end) = configured.ends.iter().position(|end| end.router == router) else { continue };
            let works = match self.network.external_link(session) {
                Some(link) => self.link_ends[link][self.network.end_of(link, router)].up,
                None => self.reaches(router, configured.ends[1 - end].router),
            };
            if works {
                self.tell_processor(router, Input::TransportUp(session));
            }
        }
    }

    /// A router keeps a session down; so may several failures. Its operator's word outlives a loss of power.
    pub fn hold_session(&mut self, router: RouterId, session: SessionId) {
        let end = self.session_end(router, session);
        self.held[session][end] += 1;
        if self.held[session][end] == 1 {
            self.speak(router, Input::Administrative(session, Wanted::Down));
        }
    }

    /// Nothing of one failure keeps the session down any more.
    pub fn release_session(&mut self, router: RouterId, session: SessionId) {
        let end = self.session_end(router, session);
        self.held[session][end] -= 1;
        if self.held[session][end] == 0 {
            self.speak(router, Input::Administrative(session, Wanted::Up));
        }
    }

    /// A router without power forgets its tables, sessions and plans.
    pub fn forget_routing(&mut self, router: RouterId) {
        self.processors[router].clear();
        self.busy_until[router] = self.now;
        self.installs[router].clear();
        self.written_until[router] = self.now;
        self.forwarder_mut(router).clear();
        self.decided[router].clear();
        let destinations = self.routed.clone();
        self.speak(router, Input::Forwarding { destinations, installed: Installed::No });
        let ends_here = |session: &Session| session.ends.iter().any(|end| end.router == router);
        let sessions: Vec<SessionId> =
            self.network.sessions.enumerate().filter(|(_, session)| ends_here(session)).map(|(id, _)| id).collect();
        for session in sessions {
            self.speak(router, Input::TransportDown(session, Lost::RouterRestart));
        }
    }
}

/// Prefixes of attachments, and the routers with which others of their provider have sessions.
pub(in crate::sim) fn routed(
    network: &Network,
    peers: &IdVec<RouterId, Vec<(SessionId, RouterId)>>,
) -> Vec<DestinationId> {
    let wanted = |destination: &Destination| match destination.kind {
        DestinationKind::Attachment(_) => true,
        DestinationKind::Loopback => !peers[destination.router].is_empty(),
    };
    network.destinations.enumerate().filter(|(_, destination)| wanted(destination)).map(|(id, _)| id).collect()
}

/// Which speaker has an identifier in its provider.
pub(in crate::sim) fn speakers_by_identifier(network: &Network) -> BTreeMap<(ProviderId, u32), RouterId> {
    let ends = network.sessions.iter().flat_map(|session| &session.ends);
    ends.map(|end| ((network.routers[end.router].provider, end.identifier), end.router)).collect()
}
