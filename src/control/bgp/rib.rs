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
use super::decision::{Candidate, Selection, select};
use super::policy::{Learned, Neighbour, Policy, Rejection};
use super::session::Gate;
use crate::ids::{DestinationId, IdVec, SessionId};
use crate::message::PathAttributes;
use crate::network::{Announces, LoopAvoidance, Network};

/// A peer and what was heard from it and told to it.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) session: SessionId,
    pub(super) neighbour: Neighbour,
    pub(super) address: IpAddr,
    /// Links to it inside the provider.
    pub(super) interior_cost: u32,
    pub(super) adj_rib_in: BTreeMap<DestinationId, Arc<PathAttributes>>,
    /// What it announces and may not be used, as it came.
    pub(super) rejected: BTreeMap<DestinationId, (Arc<PathAttributes>, Rejection)>,
    pub(super) adj_rib_out: BTreeMap<DestinationId, Arc<PathAttributes>>,
    /// Destinations whose announcement to this peer is to be looked at again.
    pub(super) pending: BTreeSet<DestinationId>,
    /// How much of the first table was sent.
    pub(super) table: Table,
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
    pub(super) peers: Vec<Peer>,
    loc_rib: BTreeMap<DestinationId, Selection>,
    installed: IdVec<DestinationId, Installed>,
    /// Destinations whose candidates changed since phase 2 last ran.
    dirty: BTreeSet<DestinationId>,
}

impl Rib {
    pub(super) fn new(network: &Network, policy: Policy, peers: Vec<Peer>, announces: Announces) -> Self {
        let installed = network.destinations.ids().map(|_| Installed::No).collect();
        Self { policy, announces, peers, loc_rib: BTreeMap::new(), installed, dirty: BTreeSet::new() }
    }

    /// The routes in use, in order of session.
    pub(super) fn best(&self, destination: DestinationId) -> &[SessionId] {
        self.loc_rib.get(&destination).map_or(&[], |selection| &selection.multipath)
    }

    /// The last step that decided among the routes to a destination.
    pub(super) fn selection(&self, destination: DestinationId) -> Option<&Selection> {
        self.loc_rib.get(&destination)
    }

    /// Phase 1: an UPDATE arrived. A new route replaces the old one of the same peer (RFC 4271 9: implicit withdraw).
    pub(super) fn receive(
        &mut self,
        peer: usize,
        withdrawn: &[DestinationId],
        announced: Option<&(Arc<PathAttributes>, Vec<DestinationId>)>,
    ) {
        for destination in withdrawn {
            self.replace(peer, *destination, None);
        }
        if let Some((attributes, destinations)) = announced {
            for destination in destinations {
                match self.policy.import(&self.peers[peer].neighbour, *destination, attributes) {
                    Ok(route) => self.replace(peer, *destination, Some(route)),
                    Err(rejection) => {
                        self.replace(peer, *destination, None);
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
        peer.adj_rib_out.clear();
        peer.rejected.clear();
        self.dirty.extend(std::mem::take(&mut peer.adj_rib_in).into_keys());
    }

    /// Whether this router can forward to the destination has changed.
    pub(super) fn set_installed(&mut self, destination: DestinationId, installed: Installed) {
        if self.installed[destination] != installed {
            self.installed[destination] = installed;
            self.mark(destination);
        }
    }

    /// Whether phase 2 has anything to look at.
    pub(super) fn has_changed(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Phase 2: decides again where candidates changed, and returns the destinations whose routes in use changed.
    pub(super) fn decide(&mut self) -> Vec<DestinationId> {
        let mut changed = Vec::new();
        for destination in std::mem::take(&mut self.dirty) {
            let selection = select(self.candidates(destination));
            let before = self.best(destination).to_vec();
            match selection {
                Some(selection) => self.loc_rib.insert(destination, selection),
                None => self.loc_rib.remove(&destination),
            };
            if before != self.best(destination) {
                changed.push(destination);
            }
            self.mark(destination);
        }
        changed
    }

    /// Phase 3: what the peer must and may now be told; its Adj-RIB-Out follows. What may not be told yet waits, and
    /// only its last state will count.
    pub(super) fn disseminate(&mut self, peer: usize, gate: Gate, loop_avoidance: LoopAvoidance) -> Changes {
        let mut changes = Changes::default();
        for destination in std::mem::take(&mut self.peers[peer].pending) {
            let wanted = self.wanted(peer, destination, loop_avoidance);
            let told = &mut self.peers[peer].adj_rib_out;
            let is_news = wanted.is_some() && told.get(&destination) != wanted.as_ref();
            if is_news && gate != Gate::Open {
                self.peers[peer].pending.insert(destination);
                changes.waiting += 1;
                continue;
            }
            match wanted {
                None => {
                    if told.remove(&destination).is_some() {
                        changes.withdrawn.push(destination);
                    }
                }
                Some(attributes) => {
                    if told.get(&destination) == Some(&attributes) {
                        continue;
                    }
                    told.insert(destination, Arc::clone(&attributes));
                    match changes.announced.iter_mut().find(|(group, _)| *group == attributes) {
                        Some((_, destinations)) => destinations.push(destination),
                        None => changes.announced.push((attributes, vec![destination])),
                    }
                }
            }
        }
        changes
    }

    fn replace(&mut self, peer: usize, destination: DestinationId, route: Option<Arc<PathAttributes>>) {
        self.peers[peer].rejected.remove(&destination);
        let routes = &mut self.peers[peer].adj_rib_in;
        let before = match &route {
            Some(route) => routes.insert(destination, Arc::clone(route)),
            None => routes.remove(&destination),
        };
        if before != route {
            self.dirty.insert(destination);
        }
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
        let candidate = |peer: &Peer| {
            peer.adj_rib_in.get(&destination).map(|attributes| Candidate {
                session: peer.session,
                attributes: Arc::clone(attributes),
                peering: peer.neighbour.peering,
                interior_cost: peer.interior_cost,
                identifier: attributes.originator.unwrap_or(peer.neighbour.identifier),
                address: peer.address,
            })
        };
        self.peers.iter().filter_map(candidate).collect()
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
            let from = self.peers.iter().find(|peer| peer.session == route.best.session)?;
            Some(Learned { from: &from.neighbour, attributes: &route.best.attributes })
        });
        self.policy.export(&to.neighbour, destination, learned)
    }
}
