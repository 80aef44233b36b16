//! What packets must know of the world to be booked to its incidents; it changes only while no packet moves.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{
    ConnectionId, DestinationId, FacilityId, FailureId, FeedId, FlowId, IdVec, LinkGroupId, LinkId, RouterId,
};
use crate::network::{FailureKind, Network};
use crate::sim::failing::LinkBlame;
use crate::sim::recorder::EntryIndex;

/// One end of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum FlowEnd {
    Source,
    Target,
}

/// What an SLA holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sim) enum Sold {
    Connection(ConnectionId),
    LinkGroup(LinkGroupId),
}

/// Shared by all partitions while they run.
pub(in crate::sim) struct Facts {
    /// Failures that keep each router without power.
    pub power_causes: IdVec<RouterId, Vec<FailureId>>,
    pub link_blame: IdVec<LinkId, LinkBlame>,
    /// The ledger entry behind the latest change of each forwarding entry, if any.
    pub route_blame: BTreeMap<(RouterId, DestinationId), EntryIndex>,
    /// The ledger entry with which each failure began.
    pub incidents: IdVec<FailureId, Option<EntryIndex>>,
    /// How often each failure has begun.
    pub occurrences: IdVec<FailureId, u64>,
    /// Failures that keep each power feed dead.
    pub dead_feeds: IdVec<FeedId, Vec<FailureId>>,
    /// The failure with which the last feed of a router died, while none has returned.
    pub starved: IdVec<RouterId, Option<FailureId>>,
    /// Faults for which each link is costed out.
    pub costed_out: IdVec<LinkId, Vec<FailureId>>,
    /// Zones whose hosts are down, and why.
    pub dead_zones: Vec<(FacilityId, FailureId)>,
    /// Failures that last, in order of their beginning.
    pub lasting: Vec<FailureId>,
    /// Which entries befell a channel of a connection or a link of a group, or what was lost of its paths.
    pub touched: BTreeSet<(EntryIndex, Sold)>,
}

impl Facts {
    pub fn new(network: &Network) -> Self {
        Self {
            power_causes: network.routers.iter().map(|_| Vec::new()).collect(),
            link_blame: network.links.iter().map(|_| LinkBlame::default()).collect(),
            route_blame: BTreeMap::new(),
            incidents: network.failures.iter().map(|_| None).collect(),
            occurrences: network.failures.iter().map(|_| 0).collect(),
            dead_feeds: network.feeds.iter().map(|_| Vec::new()).collect(),
            starved: network.routers.iter().map(|_| None).collect(),
            costed_out: network.links.iter().map(|_| Vec::new()).collect(),
            dead_zones: Vec::new(),
            lasting: Vec::new(),
            touched: BTreeSet::new(),
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

    /// The ledger entry behind the loss of the host that a flow comes from, or goes to; none when that is up.
    #[cold]
    pub fn host_down(&self, network: &Network, flow: FlowId, end: FlowEnd) -> Option<EntryIndex> {
        let flow = &network.flows[flow];
        flow.entry?;
        let (edge, address) = match end {
            FlowEnd::Source => (flow.edge, flow.source),
            FlowEnd::Target => (network.destinations[flow.destination].router, flow.target),
        };
        let zone = network.zone_of(edge, address)?;
        let (_, failure) = self.dead_zones.iter().find(|(facility, _)| *facility == zone)?;
        self.incidents[*failure]
    }

    /// The incident behind what is too much for a queue or a rate, as far as packets of a flow go: of those that last,
    /// the latest that is a surge or touched the flow's connection, and only without one the latest of all.
    #[cold]
    pub fn behind_overload(&self, network: &Network, flow: FlowId) -> Option<EntryIndex> {
        let connection = network.flows.get(flow).and_then(|flow| flow.connection);
        let touches = |failure: FailureId| {
            let touched = |connection| {
                self.incidents[failure]
                    .is_some_and(|entry| self.touched.contains(&(entry, Sold::Connection(connection))))
            };
            matches!(network.failures[failure].kind, FailureKind::Surge { .. }) || connection.is_some_and(touched)
        };
        let latest = self.lasting.iter().copied().rev().find(|failure| touches(*failure));
        latest.or(self.lasting.last().copied()).and_then(|failure| self.incidents[failure])
    }

    /// A failure, or its end, does something to a link: to all connections that have a channel there, and to its groups.
    pub fn touches(&mut self, network: &Network, entry: EntryIndex, link: LinkId) {
        let on_it = network.logical_links.iter().filter(|logical| logical.channel == link);
        self.touched.extend(on_it.map(|logical| (entry, Sold::Connection(logical.connection))));
        let groups = network.link_groups.enumerate().filter(|(_, group)| group.links.contains(&link));
        self.touched.extend(groups.map(|(id, _)| (entry, Sold::LinkGroup(id))));
    }
}
