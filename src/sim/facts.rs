//! What packets must know of the world to be booked to its incidents; it changes only while no packet moves.

use std::collections::BTreeMap;

use crate::ids::{DestinationId, FailureId, IdVec, LinkId, RouterId};
use crate::network::Network;
use crate::sim::failing::LinkBlame;
use crate::sim::recorder::EntryIndex;

/// Shared by all partitions while they run.
pub(in crate::sim) struct Facts {
    /// Failures that keep each router without power.
    pub power_causes: IdVec<RouterId, Vec<FailureId>>,
    pub link_blame: IdVec<LinkId, LinkBlame>,
    /// The ledger entry behind the latest change of each forwarding entry, if any.
    pub route_blame: BTreeMap<(RouterId, DestinationId), EntryIndex>,
    /// The ledger entry with which each failure began.
    pub incidents: IdVec<FailureId, Option<EntryIndex>>,
    /// Failures that last, in order of their beginning.
    pub lasting: Vec<FailureId>,
}

impl Facts {
    pub fn new(network: &Network) -> Self {
        Self {
            power_causes: network.routers.iter().map(|_| Vec::new()).collect(),
            link_blame: network.links.iter().map(|_| LinkBlame::default()).collect(),
            route_blame: BTreeMap::new(),
            incidents: network.failures.iter().map(|_| None).collect(),
            lasting: Vec::new(),
        }
    }

    /// Whether a router has power.
    pub fn is_powered(&self, router: RouterId) -> bool {
        self.power_causes[router].is_empty()
    }

    /// The ledger entry behind the state of a forwarding entry; none when it is as it was from the beginning.
    pub fn route_entry(&self, router: RouterId, destination: DestinationId) -> Option<EntryIndex> {
        self.route_blame.get(&(router, destination)).copied()
    }

    /// The latest incident that has not ended.
    pub fn latest_lasting(&self) -> Option<EntryIndex> {
        self.lasting.last().and_then(|failure| self.incidents[*failure])
    }
}
