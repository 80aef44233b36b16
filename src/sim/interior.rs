//! Interior routing: what is said of links and routers, and when every router of the provider follows it.
//!
//! ```text
//! link or BFD -> said -> (interior convergence) -> paths -> tables.rs of every router
//! ```

use crate::control::bgp::{Input, Lost};
use crate::control::interior::{Interior, InteriorPaths, Transit, Usable};
use crate::ids::{IdVec, LinkId, ProviderId, RouterId, SessionId};
use crate::network::{Network, RouterRole, SessionKind};
use crate::sim::delayed::Delayed;
use crate::sim::event::Event;
use crate::sim::recorder::Cause;
use crate::sim::run::{Caused, Run};

/// A change of a provider's interior view.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) enum InteriorChange {
    /// A link can be used, or not.
    Link(LinkId, Usable),
    /// A router may carry transit, or not.
    Transit(RouterId, Transit),
}

impl InteriorChange {
    /// A router that it is about.
    fn place(self, network: &Network) -> RouterId {
        match self {
            Self::Link(link, _) => network.links[link].ends[0],
            Self::Transit(router, _) => router,
        }
    }
}

/// Interior routing of one provider.
pub(in crate::sim) struct InteriorState {
    interior: Interior,
    pub paths: InteriorPaths,
    pending: Delayed<Caused<InteriorChange>>,
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

/// Internal sessions of every router, with their peers.
pub(in crate::sim) fn peers(network: &Network) -> IdVec<RouterId, Vec<(SessionId, RouterId)>> {
    let mut peers: IdVec<RouterId, Vec<_>> = network.routers.iter().map(|_| Vec::new()).collect();
    for (id, session) in network.sessions.enumerate() {
        match session.kind {
            SessionKind::Internal(_) => {
                let ends = session.ends.each_ref().map(|end| end.router);
                peers[ends[0]].push((id, ends[1]));
                peers[ends[1]].push((id, ends[0]));
            }
            SessionKind::External(_) | SessionKind::Peering(_) => {}
        }
    }
    peers
}

impl InteriorState {
    /// Whether no change is on its way.
    pub fn is_settled(&self) -> bool {
        self.pending.is_empty()
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

impl Run<'_> {
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
        let at = self.after(self.network.providers[provider].interior_convergence);
        if let Some(serial) = self.interiors[provider].pending.push(at, (self.cause, change)) {
            self.schedule(Event::Interior(provider), at, serial);
        }
    }

    /// Interior routing of a provider has converged on its next changes.
    pub fn interior_converges(&mut self, provider: ProviderId) {
        let state = &mut self.interiors[provider];
        let mut heard: Vec<(Option<Cause>, RouterId)> = Vec::new();
        while let Some((cause, change)) = state.pending.pop(self.now) {
            heard.push((cause, change.place(self.network)));
            match change {
                InteriorChange::Link(link, usable) => state.interior.set_link(link, usable),
                InteriorChange::Transit(router, transit) => state.interior.set_transit(router, transit),
            }
        }
        let before = std::mem::take(&mut state.paths);
        state.paths = state.interior.paths(self.network);
        let after = &state.paths;
        let hears = |router: RouterId, place: RouterId| {
            before.hops(router, place).or_else(|| after.hops(router, place)).is_some()
        };
        // Of changes in several parts of a provider that have no way to each other, each part acts on its own.
        let members = self.network.routers.enumerate().filter(|(_, router)| router.provider == provider);
        let cause = |router| {
            let latest = heard.iter().rev().find(|(_, place)| hears(router, *place)).or(heard.last());
            (router, latest.map_or(self.cause, |(cause, _)| *cause))
        };
        let causes: Vec<(RouterId, Option<Cause>)> = members.map(|(router, _)| cause(router)).collect();
        if let Some((at, serial)) = state.pending.head() {
            self.schedule(Event::Interior(provider), at, serial);
        }
        for (router, cause) in causes {
            if !self.is_powered(router) {
                continue;
            }
            self.cause = cause;
            // A peer that can be reached again is told when the way to it is installed.
            for index in 0..self.peers[router].len() {
                let (session, peer) = self.peers[router][index];
                if !before.first_hops(router, peer).is_empty() && !self.reaches(router, peer) {
                    self.tell_processor(router, Input::TransportDown(session, Lost::Interior));
                }
            }
            self.tell_costs(router);
            self.decide_all(router);
            self.check_transit(router);
        }
    }

    /// Tells a speaker how far its internal peers are.
    pub fn tell_costs(&mut self, router: RouterId) {
        let provider = self.network.routers[router].provider;
        for index in 0..self.peers[router].len() {
            let (session, peer) = self.peers[router][index];
            if let Some(cost) = self.interiors[provider].paths.hops(router, peer) {
                self.speak(router, Input::InteriorCost(session, cost));
            }
        }
    }

    /// Whether interior routing knows a path between two routers of a provider.
    pub fn reaches(&self, from: RouterId, to: RouterId) -> bool {
        !self.interiors[self.network.routers[from].provider].paths.first_hops(from, to).is_empty()
    }

    /// A router that is back carries transit again when its reachable internal peers have told it everything and
    /// its tables are installed: nothing attracts traffic before it can forward it.
    pub fn check_transit(&mut self, router: RouterId) {
        let provider = self.network.routers[router].provider;
        let holds_back =
            self.interiors[provider].transit.iter().any(|(known, transit)| *known == router && *transit == Transit::No);
        if !holds_back || !self.is_powered(router) || self.is_edge(router) {
            return;
        }
        let sessions = &self.peers[router];
        let reachable = || sessions.iter().filter(|(_, peer)| self.reaches(router, *peer));
        let told_all = if sessions.is_empty() {
            self.decided[router].destinations().next().is_some()
        } else {
            reachable().next().is_some() && reachable().all(|(id, _)| self.speakers[router].is_synchronised(*id))
        };
        if told_all && self.installs[router].is_empty() && self.processors[router].is_empty() {
            self.interior_changes(provider, InteriorChange::Transit(router, Transit::Yes));
        }
    }

    fn is_edge(&self, router: RouterId) -> bool {
        match self.network.routers[router].role {
            RouterRole::Edge(_) => true,
            RouterRole::Border | RouterRole::Backbone => false,
        }
    }
}
