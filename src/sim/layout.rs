//! How a run is divided: which routers make a partition, and how far ahead of the others one may run.
//!
//! Buildings and regions are far apart, and what leaves one takes at least the way to the next: that way is the
//! lookahead. Routers that are close stay together. The division changes how fast a run is, and nothing else.

use crate::ids::{Id, IdVec, PortId, RouterId};
use crate::network::{Network, Port};
use crate::units::{Span, Time};

/// Number of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartitionIndex(pub usize);

/// A division of the routers.
#[derive(Debug, Clone)]
pub struct Layout {
    partitions: IdVec<RouterId, PartitionIndex>,
    count: usize,
    lookahead: Span,
    borders: Vec<PortId>,
    reason: Whole,
}

/// Why a run is not divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// It is, or nobody asked.
    No,
    /// No two parts of the network are far enough apart.
    TooClose,
    /// So little happens in a window that meeting at its end would cost more than is gained.
    TooQuiet,
}

/// Below this a window holds too few packets to be worth the meeting at its end.
const LEAST_LOOKAHEAD: Span = Span::from_us(5);

impl Layout {
    /// At most `wanted` partitions, where that makes a run faster.
    #[must_use]
    pub fn gainful(network: &Network, wanted: usize) -> Self {
        let layout = Self::new(network, wanted);
        if layout.count > 1 && events_within(network, layout.lookahead) < WORTH_MEETING {
            return Self { reason: Whole::TooQuiet, ..Self::whole(network) };
        }
        layout
    }

    /// At most `wanted` partitions; one where routers are too close.
    #[must_use]
    pub fn new(network: &Network, wanted: usize) -> Self {
        if wanted < 2 {
            return Self::whole(network);
        }
        let mut delays: Vec<Span> = network.ports.ids().map(|port| delay(network, port)).collect();
        delays.retain(|delay| *delay >= LEAST_LOOKAHEAD);
        delays.sort_unstable();
        delays.dedup();
        let weights = weights(network);
        let dividing = |lookahead: &Span| divide(network, &weights, *lookahead, wanted);
        let whole = Self { reason: Whole::TooClose, ..Self::whole(network) };
        // The widest windows win among divisions that are about as even.
        let best = delays.iter().filter_map(dividing).min_by_key(|(heaviest, layout)| {
            let total: u64 = weights.iter().sum();
            (*heaviest * 20 / total.max(1), std::cmp::Reverse(layout.lookahead))
        });
        best.map_or(whole, |(_, layout)| layout)
    }

    fn whole(network: &Network) -> Self {
        let partitions = network.routers.iter().map(|_| PartitionIndex(0)).collect();
        Self { partitions, count: 1, lookahead: Span::MAX, borders: Vec::new(), reason: Whole::No }
    }

    /// Why it has one partition only.
    #[must_use]
    pub const fn reason(&self) -> Whole {
        self.reason
    }

    /// The partition of a router.
    #[must_use]
    pub fn of(&self, router: RouterId) -> PartitionIndex {
        self.partitions[router]
    }

    /// How many partitions there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// How far a partition may run ahead of the slowest.
    #[must_use]
    pub const fn lookahead(&self) -> Span {
        self.lookahead
    }

    /// The ports whose wires lead from one partition to another.
    #[must_use]
    pub fn borders(&self) -> &[PortId] {
        &self.borders
    }

    /// The end of the window that begins at `from`.
    #[must_use]
    pub fn window_end(&self, from: Time, limit: Time) -> Time {
        if limit.since(from) <= self.lookahead { limit } else { from + self.lookahead }
    }
}

/// Events in a window below which threads meet too often: a meeting costs about as much as a hundred events.
const WORTH_MEETING: u64 = 2_000;

/// Hops of a usual path.
const USUAL_HOPS: u64 = 4;

/// Packet events to be expected within a window.
fn events_within(network: &Network, window: Span) -> u64 {
    let thousandths =
        |flow: &crate::network::Flow| u128::from(window.as_ps()) * 1_000 / u128::from(flow.interval.as_ps().max(1));
    let sum: u128 = network.flows.iter().map(thousandths).sum();
    u64::try_from(sum / 1_000).unwrap_or(u64::MAX).saturating_mul(USUAL_HOPS + 1)
}

/// From the end of a packet's transmission until the next router offers it to a port, at least.
fn delay(network: &Network, port: PortId) -> Span {
    network.least_propagation(port) + network.routers[network.ports[port].to].forwarding_latency
}

/// Work that a router brings: the packets that begin there, and its links.
fn weights(network: &Network) -> IdVec<RouterId, u64> {
    let mut weights: IdVec<RouterId, u64> =
        network.routers.iter().map(|router| router.links.len() as u64 + 1).collect();
    for flow in network.flows.iter() {
        weights[flow.edge] += 1_000_000_000 / flow.interval.as_ps().max(1) / 64;
    }
    weights
}

/// Routers joined where links are shorter than `lookahead`, the groups spread over at most `wanted` partitions;
/// returns the heaviest partition's weight, too.
fn divide(network: &Network, weights: &IdVec<RouterId, u64>, lookahead: Span, wanted: usize) -> Option<(u64, Layout)> {
    let mut groups = Groups::new(network.routers.len());
    for (_, port) in network.ports.enumerate().filter(|(id, _)| delay(network, *id) < lookahead) {
        groups.join(port.from.index(), port.to.index());
    }
    // Edges that share a bucket for a connection's rate stay together.
    for connection in network.connections.iter() {
        for side in &connection.attachments {
            let mut edges = side.iter().map(|attachment| network.attachments[*attachment].edge.index());
            if let Some(first) = edges.next() {
                edges.for_each(|edge| groups.join(first, edge));
            }
        }
    }
    let roots: Vec<usize> = (0..network.routers.len()).map(|router| groups.root(router)).collect();
    let mut loads: Vec<(u64, usize)> = roots.iter().map(|_| 0).zip(0..).collect();
    for (router, root) in roots.iter().enumerate() {
        loads[*root].0 += weights[RouterId::from_index(router)];
    }
    loads.retain(|(load, _)| *load > 0);
    if loads.len() < 2 {
        return None;
    }
    // Heaviest first, each to the partition that has least.
    loads.sort_unstable_by_key(|(load, root)| (std::cmp::Reverse(*load), *root));
    let count = wanted.min(loads.len());
    let mut sums = vec![0; count];
    let mut of_root = vec![PartitionIndex(0); roots.len()];
    for (load, root) in loads {
        let least = (0..count).min_by_key(|index| (sums[*index], *index)).expect("there is a partition");
        sums[least] += load;
        of_root[root] = PartitionIndex(least);
    }
    let partitions: IdVec<RouterId, PartitionIndex> = roots.iter().map(|root| of_root[*root]).collect();
    let crosses = |port: &Port| partitions[port.from] != partitions[port.to];
    let borders: Vec<PortId> = network.ports.enumerate().filter(|(_, port)| crosses(port)).map(|(id, _)| id).collect();
    let lookahead = borders.iter().map(|port| delay(network, *port)).min().unwrap_or(Span::MAX);
    let heaviest = sums.iter().copied().max().unwrap_or(0);
    Some((heaviest, Layout { partitions, count, lookahead, borders, reason: Whole::No }))
}

/// Disjoint sets.
struct Groups {
    parents: Vec<usize>,
}

impl Groups {
    fn new(count: usize) -> Self {
        Self { parents: (0..count).collect() }
    }

    fn root(&mut self, mut item: usize) -> usize {
        while self.parents[item] != item {
            self.parents[item] = self.parents[self.parents[item]];
            item = self.parents[item];
        }
        item
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.parents[one.max(other)] = one.min(other);
    }
}
