//! The routing information bases of RFC 4271 3.2 and the three phases of 9.1 between them.
//!
//! ```text
//! UPDATE -> [Adj-RIB-In per session] -> [Loc-RIB: the routes in use] -> [Adj-RIB-Out per session] -> UPDATE
//!            phase 1: import policy      phase 2: decision               phase 3: export policy
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::Installed;
use super::damping::Damping;
use super::decision::{Candidate, Peering, Selection, Standing, select};
use super::inspect::Freshness;
use super::pace::Gate;
use super::policy::{LEAST_PREFERENCE, Learned, Neighbour, Policy, Rejection};
use crate::ids::{DestinationId, IdVec, SessionId};
use crate::message::PathAttributes;
use crate::network::{Announces, DecisionRules, LoopAvoidance, Maintenance, Network, RoutePolicy, Router};
use crate::units::{Community, Time};

/// A peer and what was heard from it and told to it.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) session: SessionId,
    pub(super) neighbour: Neighbour,
    pub(super) address: IpAddr,
    /// Links to it inside the provider.
    pub(super) interior_cost: u32,
    pub(super) max_prefixes: usize,
    pub(super) adj_rib_in: BTreeMap<DestinationId, Held>,
    /// What it announces and may not be used, as it came.
    pub(super) rejected: BTreeMap<DestinationId, (Arc<PathAttributes>, Rejection)>,
    pub(super) adj_rib_out: BTreeMap<DestinationId, Arc<PathAttributes>>,
    /// Destinations whose announcement to this peer is to be looked at again.
    pub(super) pending: BTreeSet<DestinationId>,
    /// Of these, what is told even when nothing has changed: the peer asked for it.
    pub(super) again: BTreeSet<DestinationId>,
    pub(super) damping: Damping,
    /// How much of the first table was sent.
    pub(super) table: Table,
}

/// A route that was learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) attributes: Arc<PathAttributes>,
    /// Number of the UPDATE that brought it.
    pub(super) age: u64,
    pub(super) freshness: Freshness,
}

impl Peer {
    /// Whether more prefixes are held than may be taken.
    pub(super) fn has_too_many(&self) -> bool {
        self.adj_rib_in.len() > self.max_prefixes
    }
}

/// Whether a peer has told of a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Something,
    Nothing,
}

/// What other policies ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextStep {
    Nothing,
    /// The peer is to tell everything again: what it told is kept as it was imported.
    AskAgain,
}

/// Where the initial exchange with a peer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// The session is not Established.
    Closed,
    /// End-of-RIB is still to be sent.
    Sending,
    /// End-of-RIB was sent.
    Sent,
}

/// What a peer is to be told.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) withdrawn: Vec<DestinationId>,
    /// Destinations grouped by equal attributes.
    pub(super) announced: Vec<(Arc<PathAttributes>, Vec<DestinationId>)>,
    /// Destinations with news that may not be told yet.
    pub(super) waiting: usize,
}

/// All RIBs of one router.
#[derive(Debug, Clone)]
pub(super) struct Rib {
    policy: Policy,
    announces: Announces,
    pub(super) rules: DecisionRules,
    /// Works on this router for which it is shut down gracefully.
    shutdowns: u32,
    /// UPDATEs taken so far.
    received: u64,
    pub(super) peers: Vec<Peer>,
    loc_rib: BTreeMap<DestinationId, Selection>,
    installed: IdVec<DestinationId, Installed>,
    /// Destinations whose candidates changed since phase 2 last ran.
    dirty: BTreeSet<DestinationId>,
}

impl Rib {
    pub(super) fn new(network: &Network, policy: Policy, peers: Vec<Peer>, router: &Router) -> Self {
        let installed = network.destinations.ids().map(|_| Installed::No).collect();
        Self {
            policy,
            announces: router.control.announces,
            rules: network.providers[router.provider].decision,
            shutdowns: 0,
            received: 0,
            peers,
            loc_rib: BTreeMap::new(),
            installed,
            dirty: BTreeSet::new(),
        }
    }

    /// The routes in use, in order of session.
    pub(super) fn best(&self, destination: DestinationId) -> &[SessionId] {
        self.loc_rib.get(&destination).map_or(&[], |selection| &selection.multipath)
    }

    /// Whether the route that is held from a peer was told in the connection that there is.
    pub(super) fn freshness(&self, session: SessionId, destination: DestinationId) -> Freshness {
        let peer = self.peers.binary_search_by_key(&session, |peer| peer.session).ok();
        let held = peer.and_then(|peer| self.peers[peer].adj_rib_in.get(&destination));
        held.map_or(Freshness::Fresh, |held| held.freshness)
    }

    /// The last step that decided among the routes to a destination.
    pub(super) fn selection(&self, destination: DestinationId) -> Option<&Selection> {
        self.loc_rib.get(&destination)
    }

    /// Phase 1: an UPDATE arrived. A new route replaces the old one of the same peer (RFC 4271 9: implicit withdraw).
    pub(super) fn receive(
        &mut self,
        peer: usize,
        now: Time,
        withdrawn: &[DestinationId],
        announced: Option<&(Arc<PathAttributes>, Vec<DestinationId>)>,
    ) {
        self.received += 1;
        for destination in withdrawn {
            self.replace(peer, now, *destination, None);
        }
        if let Some((attributes, destinations)) = announced {
            for destination in destinations {
                match self.policy.import(&self.peers[peer].neighbour, *destination, attributes) {
                    Ok(route) => self.replace(peer, now, *destination, Some(route)),
                    Err(rejection) => {
                        self.replace(peer, now, *destination, None);
                        self.peers[peer].rejected.insert(*destination, (Arc::clone(attributes), rejection));
                    }
                }
            }
        }
    }

    /// The session is up: everything is looked at once for this peer.
    pub(super) fn begin(&mut self, peer: usize) {
        let peer = &mut self.peers[peer];
        peer.table = Table::Sending;
        peer.pending = peer.neighbour.allowed.iter().copied().collect();
    }

    /// The session is gone, and all of its routes with it.
    pub(super) fn end(&mut self, peer: usize) {
        let peer = &mut self.peers[peer];
        peer.table = Table::Closed;
        peer.pending.clear();
        peer.again.clear();
        peer.adj_rib_out.clear();
        peer.rejected.clear();
        self.dirty.extend(std::mem::take(&mut peer.adj_rib_in).into_keys());
    }

    /// The session is gone, but its routes stay: the peer may be restarting.
    pub(super) fn keep_stale(&mut self, peer: usize) {
        // What was stale before and not told again is not kept twice (RFC 4724 4.2).
        self.drop_stale(peer);
        let peer = &mut self.peers[peer];
        peer.table = Table::Closed;
        peer.pending.clear();
        peer.again.clear();
        peer.adj_rib_out.clear();
        peer.adj_rib_in.values_mut().for_each(|held| held.freshness = Freshness::Stale);
    }

    /// Routes that were kept and not told again are gone.
    pub(super) fn drop_stale(&mut self, peer: usize) {
        let dirty = &mut self.dirty;
        self.peers[peer].adj_rib_in.retain(|destination, held| {
            let stays = held.freshness == Freshness::Fresh;
            if !stays {
                dirty.insert(*destination);
            }
            stays
        });
    }

    /// Whether this router can forward to the destination has changed.
    pub(super) fn set_installed(&mut self, destination: DestinationId, installed: Installed) {
        if self.installed[destination] != installed {
            self.installed[destination] = installed;
            self.mark(destination);
        }
    }

    /// The peer asked to be told everything again (RFC 2918 section 4).
    pub(super) fn tell_again(&mut self, peer: usize) {
        let peer = &mut self.peers[peer];
        peer.again.extend(peer.adj_rib_out.keys());
        peer.pending.extend(peer.adj_rib_out.keys());
    }

    /// The operator gives a session other policies.
    pub(super) fn set_policies(
        &mut self,
        peer: usize,
        import: Option<Arc<RoutePolicy>>,
        export: Option<Arc<RoutePolicy>>,
    ) -> NextStep {
        let peer = &mut self.peers[peer];
        if let Some(policy) = export {
            peer.neighbour.export = policy;
            if peer.table != Table::Closed {
                peer.pending.extend(&peer.neighbour.allowed);
            }
        }
        let Some(policy) = import else { return NextStep::Nothing };
        peer.neighbour.import = policy;
        NextStep::AskAgain
    }

    /// Routes of a peer that were suppressed may be usable again.
    pub(super) fn reuse(&mut self, peer: usize, now: Time) {
        self.dirty.extend(self.peers[peer].damping.release(now));
    }

    /// The router is shut down gracefully, or back (RFC 8326 4.2): it prefers every other way to those of its external
    /// sessions, and tells their peers to do so.
    pub(super) fn maintain(&mut self, maintenance: Maintenance) {
        let before = self.is_shutting_down();
        match maintenance {
            Maintenance::Begins => self.shutdowns += 1,
            Maintenance::Ends => self.shutdowns -= 1,
        }
        if before == self.is_shutting_down() {
            return;
        }
        for peer in self.peers.iter_mut().filter(|peer| peer.neighbour.peering == Peering::External) {
            self.dirty.extend(peer.adj_rib_in.keys());
            if peer.table != Table::Closed {
                peer.pending.extend(&peer.neighbour.allowed);
            }
        }
    }

    fn is_shutting_down(&self) -> bool {
        self.shutdowns > 0
    }

    /// Whether phase 2 has anything to look at.
    pub(super) fn has_changed(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Interior routing has another way to a peer.
    pub(super) fn set_interior_cost(&mut self, peer: usize, cost: u32) {
        let peer = &mut self.peers[peer];
        if std::mem::replace(&mut peer.interior_cost, cost) != cost {
            self.dirty.extend(peer.adj_rib_in.keys());
        }
    }

    /// Phase 2: decides again where candidates changed, and returns the destinations whose routes in use changed.
    pub(super) fn decide(&mut self) -> Vec<DestinationId> {
        let mut changed = Vec::new();
        for destination in std::mem::take(&mut self.dirty) {
            let selection = select(self.candidates(destination), self.rules);
            if self.loc_rib.get(&destination).map(exits) != selection.as_ref().map(exits) {
                changed.push(destination);
            }
            match selection {
                Some(selection) => drop(self.loc_rib.insert(destination, selection)),
                None => drop(self.loc_rib.remove(&destination)),
            }
            self.mark(destination);
        }
        changed
    }

    /// Phase 3: what the peer must and may now be told; its Adj-RIB-Out follows. What may not be told yet waits, and
    /// only its last state will count.
    pub(super) fn disseminate(&mut self, peer: usize, gate: Gate, loop_avoidance: LoopAvoidance) -> Changes {
        let mut changes = Changes::default();
        let mut groups: BTreeMap<Arc<PathAttributes>, usize> = BTreeMap::new();
        for destination in std::mem::take(&mut self.peers[peer].pending) {
            let wanted = self.wanted(peer, destination, loop_avoidance);
            let to = &mut self.peers[peer];
            let is_told = to.adj_rib_out.get(&destination) == wanted.as_ref();
            let is_news = wanted.is_some() && (!is_told || to.again.contains(&destination));
            if is_news && gate != Gate::Open {
                to.pending.insert(destination);
                changes.waiting += 1;
                continue;
            }
            match wanted {
                None => {
                    to.again.remove(&destination);
                    if to.adj_rib_out.remove(&destination).is_some() {
                        changes.withdrawn.push(destination);
                    }
                }
                Some(attributes) => {
                    to.again.remove(&destination);
                    if !is_news {
                        continue;
                    }
                    to.adj_rib_out.insert(destination, Arc::clone(&attributes));
                    let next = changes.announced.len();
                    match *groups.entry(Arc::clone(&attributes)).or_insert(next) {
                        known if known < next => changes.announced[known].1.push(destination),
                        _ => changes.announced.push((attributes, vec![destination])),
                    }
                }
            }
        }
        changes
    }

    fn replace(&mut self, peer: usize, now: Time, destination: DestinationId, route: Option<Arc<PathAttributes>>) {
        self.peers[peer].rejected.remove(&destination);
        let routes = &mut self.peers[peer].adj_rib_in;
        if let (Some(held), Some(route)) = (routes.get_mut(&destination), &route)
            && held.attributes == *route
        {
            held.freshness = Freshness::Fresh;
            return;
        }
        let routes_before = if routes.contains_key(&destination) { Told::Something } else { Told::Nothing };
        if routes_before == Told::Nothing && route.is_none() {
            return;
        }
        let damping = &mut self.peers[peer].damping;
        match (routes_before, &route) {
            (Told::Something, None) => damping.withdrawn(now, destination),
            (Told::Something, Some(_)) => damping.changed(now, destination),
            (Told::Nothing, _) => {}
        }
        let routes = &mut self.peers[peer].adj_rib_in;
        match route {
            Some(attributes) => {
                let held = Held { attributes, age: self.received, freshness: Freshness::Fresh };
                routes.insert(destination, held);
            }
            None => drop(routes.remove(&destination)),
        }
        self.dirty.insert(destination);
    }

    fn mark(&mut self, destination: DestinationId) {
        for peer in &mut self.peers {
            if peer.table != Table::Closed {
                peer.pending.insert(destination);
            }
        }
    }

    /// Whether candidates changed that phase 2 has yet to look at.
    pub(super) fn is_undecided(&self, destination: DestinationId) -> bool {
        self.dirty.contains(&destination)
    }

    pub(super) fn candidates(&self, destination: DestinationId) -> Vec<Candidate> {
        let in_use = self.loc_rib.get(&destination).map(|selection| selection.best.session);
        let usable = |peer: &&Peer| !peer.damping.suppresses(destination);
        let candidate = |peer: &Peer| {
            peer.adj_rib_in.get(&destination).map(|Held { attributes, age, .. }| Candidate {
                session: peer.session,
                attributes: self.preferred_so(peer, attributes),
                age: *age,
                standing: if in_use == Some(peer.session) { Standing::InUse } else { Standing::Spare },
                peering: peer.neighbour.peering,
                interior_cost: peer.interior_cost,
                identifier: attributes.originator.unwrap_or(peer.neighbour.identifier),
                address: peer.address,
            })
        };
        self.peers.iter().filter(usable).filter_map(candidate).collect()
    }

    /// A route as the decision sees it.
    fn preferred_so(&self, peer: &Peer, attributes: &Arc<PathAttributes>) -> Arc<PathAttributes> {
        if self.is_shutting_down() && peer.neighbour.peering == Peering::External {
            Arc::new(PathAttributes { local_pref: Some(LEAST_PREFERENCE), ..(**attributes).clone() })
        } else {
            Arc::clone(attributes)
        }
    }

    /// What policy announces to the peer.
    fn wanted(
        &self,
        peer: usize,
        destination: DestinationId,
        loop_avoidance: LoopAvoidance,
    ) -> Option<Arc<PathAttributes>> {
        let to = &self.peers[peer];
        let selection = self.loc_rib.get(&destination);
        match (self.installed[destination], self.announces, selection) {
            (Installed::Yes, _, _) | (Installed::No, Announces::WhenDecided, Some(_)) => {}
            (Installed::No, _, _) => return None,
        }
        let came_from = |selection: &Selection| selection.multipath.contains(&to.session);
        let passes = |selection: &Selection| selection.best.attributes.as_path.contains(&to.neighbour.asn);
        let goes_back = match loop_avoidance {
            LoopAvoidance::None => false,
            LoopAvoidance::SplitHorizon => selection.is_some_and(came_from),
            LoopAvoidance::SenderSide => selection.is_some_and(|route| came_from(route) || passes(route)),
        };
        if goes_back {
            return None;
        }
        let learned = selection.and_then(|route| {
            let from = self.peers.binary_search_by_key(&route.best.session, |peer| peer.session).ok()?;
            let from = &self.peers[from];
            Some(Learned { from: &from.neighbour, attributes: &route.best.attributes })
        });
        let mut route = self.policy.export(&to.neighbour, destination, learned)?;
        if self.is_shutting_down() && to.neighbour.peering == Peering::External {
            let tagged = Arc::make_mut(&mut route);
            tagged.communities.push(Community::GRACEFUL_SHUTDOWN);
            tagged.communities.sort_unstable();
            tagged.communities.dedup();
        }
        Some(route)
    }
}

/// Where packets leave by a selection: sessions, and who brought their routes in.
fn exits(of: &Selection) -> (&[SessionId], &[Option<u32>]) {
    (&of.multipath, &of.originators)
}
