//! BGP speakers, interior routing and forwarding tables: what is decided, when it is installed, who is told.
//!
//! ```text
//! segment -> processor (delay) -> Speaker -> RouteChanged -> decide -> install (delay) -> Forwarding -> Speaker
//! link    -> interior (delay)  -> paths ----------------------^
//! ```

use crate::control::bgp::{Action, Input, Installed, Lost, SessionCause, State, TimerKind};
use crate::control::interior::{Interior, InteriorPaths, Transit, Usable};
use crate::ids::{DestinationId, Id, LinkId, ProviderId, RouterId, SessionId};
use crate::message::{BgpSegment, Control, NO_LOGICAL_LINK, NextHop};
use crate::network::{Network, RouterRole, SessionKind};
use crate::sim::delayed::Delayed;
use crate::sim::event::{BGP_TIMERS, Event};
use crate::sim::forwarding::{ControlWay, first_port};
use crate::sim::partition::Partition;

/// A change of a provider's interior view.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) enum InteriorChange {
    /// A link can be used, or not.
    Link(LinkId, Usable),
    /// A router may carry transit, or not.
    Transit(RouterId, Transit),
}

/// Interior routing of one provider.
pub(in crate::sim) struct InteriorState {
    interior: Interior,
    paths: InteriorPaths,
    pending: Delayed<InteriorChange>,
    /// What was last said of each link and router, applied or pending.
    said: Vec<(LinkId, Usable)>,
    transit: Vec<(RouterId, Transit)>,
}

impl InteriorState {
    pub fn new(network: &Network, provider: ProviderId) -> Self {
        let interior = Interior::new(network, provider);
        let paths = interior.paths(network);
        Self { interior, paths, pending: Delayed::default(), said: Vec::new(), transit: Vec::new() }
    }
}

/// The last word on `key`, replaced; true when it is new. Nothing said yet counts as `initial`.
fn says<K: PartialEq + Copy, V: PartialEq + Copy>(list: &mut Vec<(K, V)>, key: K, value: V, initial: V) -> bool {
    match list.iter_mut().find(|(known, _)| *known == key) {
        Some((_, last)) => std::mem::replace(last, value) != value,
        None => {
            list.push((key, value));
            value != initial
        }
    }
}

impl Partition<'_> {
    /// Links and interior routing work from the first instant; sessions come up from cold.
    pub fn start_routing(&mut self) {
        for link in self.network.links.ids() {
            self.start_link(link);
        }
        for router in self.network.routers.ids() {
            self.decide_all(router);
            self.install_now(router);
        }
        for (id, session) in self.network.sessions.enumerate() {
            for end in [0, 1] {
                self.speak(session.ends[end].router, Input::TransportUp(id));
            }
        }
    }

    /// Gives a router something to do after its processing delay.
    pub fn tell_processor(&mut self, router: RouterId, input: Input) {
        if !self.is_powered(router) {
            return;
        }
        let at = self.now + self.network.routers[router].processing;
        if let Some(serial) = self.processors[router].push(at, input) {
            self.schedule(Event::Process(router), at, serial);
        }
    }

    /// The processor has got to its next inputs.
    pub fn processor_runs(&mut self, router: RouterId) {
        while let Some(input) = self.processors[router].pop(self.now) {
            self.speak(router, input);
        }
        if let Some((at, serial)) = self.processors[router].head() {
            self.schedule(Event::Process(router), at, serial);
        }
    }

    /// A segment reaches the router that it is for.
    pub fn bgp_segment_arrives(&mut self, router: RouterId, segment: BgpSegment) {
        self.tell_processor(router, Input::Segment(segment));
    }

    /// A BGP timer entry fires.
    pub fn bgp_timer_fires(&mut self, session: SessionId, end: usize, kind: usize) {
        let fired = self.bgp_timers.fire((session.index() * 2 + end) * BGP_TIMERS + kind, self.now);
        let router = self.network.sessions[session].ends[end].router;
        if self.expired(fired, Event::BgpTimer(session, end, kind)) && self.is_powered(router) {
            self.speak(router, Input::Timer(session, TimerKind::ALL[kind]));
        }
    }

    /// Gives a speaker an input and does what it wants.
    fn speak(&mut self, router: RouterId, input: Input) {
        let mut actions = Vec::new();
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
                    if let Some(serial) = self.bgp_timers.set(timer, at) {
                        self.schedule(event, at, serial);
                    }
                }
                Action::Send { session, segment } if powered => self.send_segment(router, session, segment),
                Action::RouteChanged(destination) if powered => self.decide(router, destination),
                Action::SessionChanged { session, from, to, cause } => {
                    self.session_changed(router, session, (from, to), cause);
                }
                Action::SetTimer { .. } | Action::Send { .. } | Action::RouteChanged(_) => {}
            }
        }
        self.check_transit(router);
    }

    fn session_end(&self, router: RouterId, session: SessionId) -> usize {
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
        let way = match self.network.sessions[session].kind {
            SessionKind::External(logical) => {
                let channel = self.network.logical_links[logical].channel;
                ControlWay::Neighbour(first_port(self.network, channel, self.network.end_of(channel, router)))
            }
            SessionKind::Internal(_) => {
                let peer = self.network.sessions[session].ends[1 - end].router;
                ControlWay::Routed { from: router, destination: self.network.routers[peer].loopback }
            }
        };
        let size = segment.size;
        self.send_control(way, Control::Bgp(segment), size);
    }

    fn session_changed(&mut self, router: RouterId, session: SessionId, change: (State, State), cause: SessionCause) {
        let network = self.network;
        let (came, went) = (change.1 == State::Established, change.0 == State::Established);
        if !came && !went {
            return;
        }
        let configured = &network.sessions[session];
        let name = &network.routers[router].name;
        let what = if came { 120 } else { 121 };
        self.recorder.chain_event(self.now, what, crate::rng::named_hash(&[&configured.name, name]));
        let SessionKind::External(logical) = configured.kind else { return };
        // One end's view is enough for the record: that of the first.
        if configured.ends[0].router == router {
            if came {
                self.recorder.session_came_up(self.now, logical);
            } else {
                self.recorder.session_went_down(self.now, logical);
            }
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
            | SessionCause::FiniteStateMachineError => None,
        };
        if let Some(how) = how {
            let entry = self.link_blame[network.logical_links[logical].channel];
            self.recorder.ledger.notice(entry, self.now, name, format!("session {}", configured.name), how);
        }
    }

    /// A link inside a provider can be used, or not: told once to interior routing.
    pub fn interior_hears(&mut self, link: LinkId, usable: Usable) {
        let provider = self.network.routers[self.network.links[link].ends[0]].provider;
        if says(&mut self.interiors[provider].said, link, usable, Usable::Yes) {
            self.interior_changes(provider, InteriorChange::Link(link, usable));
        }
    }

    /// A change on its way to every router of the provider.
    pub fn interior_changes(&mut self, provider: ProviderId, change: InteriorChange) {
        if let InteriorChange::Transit(router, transit) = change
            && !says(&mut self.interiors[provider].transit, router, transit, Transit::Yes)
        {
            return;
        }
        let at = self.now + self.network.providers[provider].interior_convergence;
        if let Some(serial) = self.interiors[provider].pending.push(at, change) {
            self.schedule(Event::Interior(provider), at, serial);
        }
    }

    /// Interior routing of a provider has converged on its next changes.
    pub fn interior_converges(&mut self, provider: ProviderId) {
        let state = &mut self.interiors[provider];
        while let Some(change) = state.pending.pop(self.now) {
            match change {
                InteriorChange::Link(link, usable) => state.interior.set_link(link, usable),
                InteriorChange::Transit(router, transit) => state.interior.set_transit(router, transit),
            }
        }
        let before = std::mem::take(&mut state.paths);
        state.paths = state.interior.paths(self.network);
        if let Some((at, serial)) = state.pending.head() {
            self.schedule(Event::Interior(provider), at, serial);
        }
        let members = self.network.routers.enumerate().filter(|(_, router)| router.provider == provider);
        for (router, _) in members {
            if !self.is_powered(router) {
                continue;
            }
            for (session, peer) in self.internal_sessions(router) {
                let reached = !before.first_hops(router, peer).is_empty();
                let reaches = self.reaches(router, peer);
                if reached && !reaches {
                    let down = Input::TransportDown(session, Lost::Interior);
                    self.tell_processor(router, down);
                } else if !reached && reaches {
                    self.tell_processor(router, Input::TransportUp(session));
                }
            }
            self.decide_all(router);
        }
    }

    /// Internal sessions of a router with their peers.
    pub fn internal_sessions(&self, router: RouterId) -> Vec<(SessionId, RouterId)> {
        let peer = |(id, session): (SessionId, &crate::network::Session)| match session.kind {
            SessionKind::Internal(_) => {
                let end = session.ends.iter().position(|end| end.router == router)?;
                Some((id, session.ends[1 - end].router))
            }
            SessionKind::External(_) => None,
        };
        self.network.sessions.enumerate().filter_map(peer).collect()
    }

    /// Whether interior routing knows a path between two routers of a provider.
    pub fn reaches(&self, from: RouterId, to: RouterId) -> bool {
        !self.interiors[self.network.routers[from].provider].paths.first_hops(from, to).is_empty()
    }

    /// Decides anew on every destination.
    pub fn decide_all(&mut self, router: RouterId) {
        for destination in self.network.destinations.ids() {
            self.decide(router, destination);
        }
    }

    /// Computes the next hops of a destination; when they differ from the last decision, they are installed after
    /// the router's FIB delay.
    fn decide(&mut self, router: RouterId, destination: DestinationId) {
        let group = self.next_hops(router, destination);
        let decided = &mut self.decided[router][destination.index()];
        if *decided == group {
            return;
        }
        decided.clone_from(&group);
        let gone = group.is_empty();
        let at = self.now + self.network.routers[router].fib_install;
        if let Some(serial) = self.installs[router].push(at, (destination, group)) {
            self.schedule(Event::Install(router), at, serial);
        }
        if gone {
            // Neighbours are told at once; they are told of something new only when it is installed.
            self.speak(router, Input::Forwarding { destination, installed: Installed::No });
        }
    }

    /// Equal next hops of a destination at a router: interior paths to its own provider's routers and attachments,
    /// learned routes to those of others.
    fn next_hops(&self, router: RouterId, destination: DestinationId) -> Vec<NextHop> {
        let target = &self.network.destinations[destination];
        let provider = self.network.routers[router].provider;
        let mut hops = Vec::new();
        if target.provider == provider {
            self.interior_hops(router, target.router, &mut hops);
        } else {
            for session in self.speakers[router].best(destination) {
                match self.network.sessions[*session].kind {
                    SessionKind::External(logical_link) => {
                        let channel = self.network.logical_links[logical_link].channel;
                        let port = first_port(self.network, channel, self.network.end_of(channel, router));
                        hops.push(NextHop { port, logical_link });
                    }
                    SessionKind::Internal(_) => {
                        let end = self.session_end(router, *session);
                        self.interior_hops(router, self.network.sessions[*session].ends[1 - end].router, &mut hops);
                    }
                }
            }
        }
        hops.sort_unstable();
        hops.dedup();
        hops
    }

    fn interior_hops(&self, router: RouterId, target: RouterId, hops: &mut Vec<NextHop>) {
        let paths = &self.interiors[self.network.routers[router].provider].paths;
        hops.extend(paths.first_hops(router, target).iter().map(|link| NextHop {
            port: first_port(self.network, *link, self.network.end_of(*link, router)),
            logical_link: NO_LOGICAL_LINK,
        }));
    }

    /// Forwarding entries that are due are installed.
    pub fn installs_due(&mut self, router: RouterId) {
        while let Some((destination, group)) = self.installs[router].pop(self.now) {
            self.install(router, destination, group);
        }
        if let Some((at, serial)) = self.installs[router].head() {
            self.schedule(Event::Install(router), at, serial);
        }
    }

    /// At the beginning of time everything decided is installed.
    fn install_now(&mut self, router: RouterId) {
        self.installs[router].clear();
        for destination in self.network.destinations.ids() {
            let group = self.decided[router][destination.index()].clone();
            self.install(router, destination, group);
        }
    }

    fn install(&mut self, router: RouterId, destination: DestinationId, group: Vec<NextHop>) {
        let works = !group.is_empty();
        self.paths_changed = true;
        if self.recorder.measures(self.now) {
            self.recorder.ledger.installed(self.now);
        }
        let prefix = self.network.destinations[destination].prefix.to_string();
        let name = crate::rng::named_hash(&[&self.network.routers[router].name, &prefix]);
        self.recorder.chain_event(self.now, 130 + group.len() as u64, name);
        self.forwarders[router].install(destination, group);
        // A later decision may have taken it back already.
        if works && !self.decided[router][destination.index()].is_empty() {
            self.speak(router, Input::Forwarding { destination, installed: Installed::Yes });
        }
        self.check_transit(router);
    }

    /// A router without power forgets its tables, sessions and plans.
    pub fn forget_routing(&mut self, router: RouterId) {
        self.processors[router].clear();
        self.installs[router].clear();
        self.forwarders[router].clear();
        self.decided[router].iter_mut().for_each(Vec::clear);
        for destination in self.network.destinations.ids() {
            self.speak(router, Input::Forwarding { destination, installed: Installed::No });
        }
        let ends_here = |session: &crate::network::Session| session.ends.iter().any(|end| end.router == router);
        let sessions: Vec<SessionId> =
            self.network.sessions.enumerate().filter(|(_, session)| ends_here(session)).map(|(id, _)| id).collect();
        for session in sessions {
            self.speak(router, Input::TransportDown(session, Lost::RouterRestart));
        }
    }

    /// A router that is back carries transit again when its reachable internal peers have told it everything and
    /// its tables are installed: nothing attracts traffic before it can forward it.
    fn check_transit(&mut self, router: RouterId) {
        let provider = self.network.routers[router].provider;
        let holds_back =
            self.interiors[provider].transit.iter().any(|(known, transit)| *known == router && *transit == Transit::No);
        if !holds_back || !self.is_powered(router) || self.is_edge(router) {
            return;
        }
        let mut peers =
            self.internal_sessions(router).into_iter().filter(|(_, peer)| self.is_powered(*peer)).peekable();
        let has_peers = peers.peek().is_some();
        let complete = peers.all(|(session, _)| self.speakers[router].is_synchronised(session));
        let settled = self.installs[router].is_empty() && self.processors[router].is_empty();
        if complete && settled && (has_peers || self.any_interior_route(router)) {
            self.interior_changes(provider, InteriorChange::Transit(router, Transit::Yes));
        }
    }

    fn any_interior_route(&self, router: RouterId) -> bool {
        self.decided[router].iter().any(|group| !group.is_empty())
    }

    fn is_edge(&self, router: RouterId) -> bool {
        match self.network.routers[router].role {
            RouterRole::Edge(_) => true,
            RouterRole::Border | RouterRole::Backbone => false,
        }
    }
}
