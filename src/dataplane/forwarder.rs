//! A router's forwarding table and its choice among equal next hops.

use std::collections::BTreeMap;

use crate::dataplane::NextHopTable;
use crate::dataplane::hashing::{Buckets, FlowHash};
use crate::dataplane::next_hops::Found;
use crate::ids::{DestinationId, Id, IdVec, RouterId};
use crate::message::{NO_LOGICAL_LINK, NextHop, Packet};
use crate::network::{Destination, Router};

/// The forwarding table of one router: the equal next hops of every destination. Where the table lies is on one cache line.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub struct Forwarder {
    groups: NextHopTable,
    hash: FlowHash,
    /// By destination, where the hash needs them; otherwise empty.
    tables: BTreeMap<DestinationId, Box<Buckets>>,
    /// Prefixes within prefixes, where there are any.
    nesting: Option<Box<Nesting>>,
}

/// Which prefixes lie within which. A destination without an entry of its own has the entry of the longest prefix that
/// holds it, so that the longest match costs nothing per packet.
#[derive(Debug, Clone)]
struct Nesting {
    covering: Vec<Option<DestinationId>>,
    covered: Vec<Vec<DestinationId>>,
    /// Which destinations have entries of their own.
    own: Vec<bool>,
    /// Which destinations are delivered at this router.
    here: Vec<bool>,
}

/// The result of a lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// Send it there.
    Via(NextHop),
    /// It is this router's own, or the longest prefix that is known is: deliver it here.
    Here,
    /// Nothing is known about the destination.
    NoRoute,
}

impl Forwarder {
    /// An empty table for `router`.
    #[must_use]
    pub fn new(router: &Router) -> Self {
        let hash = FlowHash::new(router.hash, router.hash_seed);
        Self { groups: NextHopTable::new(), hash, tables: BTreeMap::new(), nesting: None }
    }

    /// Learns which of `destinations` lie within others, and which are delivered at `router` itself.
    #[must_use]
    pub fn nested(mut self, destinations: &IdVec<DestinationId, Destination>, router: RouterId) -> Self {
        let mut covered = vec![Vec::new(); destinations.len()];
        for (id, destination) in destinations.enumerate() {
            if let Some(covering) = destination.covering {
                covered[covering.index()].push(id);
            }
        }
        self.nesting = Some(Box::new(Nesting {
            covering: destinations.iter().map(|destination| destination.covering).collect(),
            covered,
            own: vec![false; destinations.len()],
            here: destinations.iter().map(|destination| destination.router == router).collect(),
        }));
        self
    }

    /// Replaces the next hops of a destination; none removes the entry.
    pub fn install(&mut self, destination: DestinationId, group: &[NextHop]) {
        let Some(nesting) = &mut self.nesting else { return self.set(destination, group) };
        nesting.own[destination.index()] = !group.is_empty();
        if group.is_empty() {
            self.set(destination, &self.inherited(destination));
        } else {
            self.set(destination, group);
        }
        self.bequeath(destination);
    }

    fn set(&mut self, destination: DestinationId, group: &[NextHop]) {
        let known = self.tables.contains_key(&destination);
        if let Some(table) = if known { None } else { self.hash.table(1) } {
            self.tables.insert(destination, table);
        }
        if let Some(table) = self.tables.get_mut(&destination) {
            table.regroup(self.groups.group(destination), group);
        }
        self.groups.set(destination, group);
    }

    /// What a destination without an entry of its own has from the prefix around it.
    fn inherited(&self, destination: DestinationId) -> Vec<NextHop> {
        let covering = self.nesting.as_ref().and_then(|nesting| {
            let covering = nesting.covering[destination.index()]?;
            (!nesting.here[covering.index()]).then_some(covering)
        });
        covering.map_or_else(Vec::new, |covering| self.groups.group(covering).to_vec())
    }

    /// Prefixes within a destination that have no entry of their own follow it.
    fn bequeath(&mut self, destination: DestinationId) {
        let Some(nesting) = &self.nesting else { return };
        for covered in nesting.covered[destination.index()].clone() {
            if self.nesting.as_ref().is_some_and(|nesting| !nesting.own[covered.index()]) {
                self.set(covered, &self.inherited(covered));
                self.bequeath(covered);
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.groups.clear();
        if let Some(nesting) = &mut self.nesting {
            nesting.own.fill(false);
        }
    }

    /// The equal next hops that packets to a destination take.
    #[must_use]
    pub fn group(&self, destination: DestinationId) -> &[NextHop] {
        self.groups.group(destination)
    }

    /// Whether a destination has an entry of its own.
    #[must_use]
    pub fn has_entry(&self, destination: DestinationId) -> bool {
        match &self.nesting {
            Some(nesting) => nesting.own[destination.index()],
            None => !self.groups.group(destination).is_empty(),
        }
    }

    /// Nothing leads to the destination: is the longest prefix around it this router's own?
    #[cold]
    fn without_entry(&self, destination: DestinationId) -> Lookup {
        let Some(nesting) = &self.nesting else { return Lookup::NoRoute };
        let around = |inner: &DestinationId| nesting.covering[inner.index()];
        let mut covering = std::iter::successors(around(&destination), around);
        if covering.any(|outer| nesting.here[outer.index()]) { Lookup::Here } else { Lookup::NoRoute }
    }

    /// A destination is delivered at this router.
    pub fn deliver_here(&mut self, destination: DestinationId) {
        self.groups.deliver_here(destination);
    }

    /// What the table has for a destination: most packets need to know no more.
    #[must_use]
    #[inline(always)]
    pub fn find(&self, destination: DestinationId) -> Found {
        self.groups.find(destination)
    }

    /// Fetches a destination's entry.
    #[inline(always)]
    pub fn prefetch(&self, destination: DestinationId) {
        self.groups.prefetch(destination);
    }

    /// The next hop of a packet: equal-cost multipath per five-tuple.
    #[must_use]
    #[inline(always)]
    pub fn lookup(&self, packet: &Packet) -> Lookup {
        match self.find(packet.destination) {
            Found::Here => Lookup::Here,
            Found::Port(port) => Lookup::Via(NextHop { port, logical_link: NO_LOGICAL_LINK }),
            Found::Group(number) => self.among(number, packet),
        }
    }

    #[inline(always)]
    fn among(&self, number: u32, packet: &Packet) -> Lookup {
        let group = self.groups.numbered(number);
        match group.count {
            0 => self.without_entry(packet.destination),
            1 => Lookup::Via(group.first),
            count => Lookup::Via(self.groups.hop(group, self.choose(packet, count as usize))),
        }
    }

    #[inline]
    fn choose(&self, packet: &Packet, count: usize) -> usize {
        let table = if self.tables.is_empty() { None } else { self.tables.get(&packet.destination) };
        self.hash.choose(packet, count, table.map(|table| &**table))
    }

    /// The router's choice among equals, for LAGs.
    #[must_use]
    pub const fn hash(&self) -> &FlowHash {
        &self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{FlowId, LogicalLinkId, PortId, ProviderId};
    use crate::message::PacketKind;
    use crate::network::{ControlTiming, DestinationKind, HashKind, RouterRole};
    use crate::units::{Span, Time, TrafficClass};

    fn router(hash: HashKind, seed: u64) -> Router {
        Router {
            name: "r".to_owned(),
            provider: ProviderId(0),
            facility: None,
            feeds: Vec::new(),
            role: RouterRole::Backbone,
            forwarding_latency: Span::ZERO,
            hash,
            hash_seed: seed,
            loopback: DestinationId(0),
            control: ControlTiming::INSTANT,
            liveness: crate::network::LivenessPlace::LineCard,
            links: Vec::new(),
        }
    }

    fn packet(hash: u32) -> Packet {
        Packet {
            sent: Time::ZERO,
            waited: Span::ZERO,
            flow: FlowId(0),
            destination: DestinationId(0),
            hash,
            size: 100,
            payload: 0,
            ttl: 64,
            kind: PacketKind::Data,
            traffic_class: TrafficClass::DEFAULT,
        }
    }

    fn spread(hash: HashKind, seed: u64) -> [u32; 4] {
        let mut forwarder = Forwarder::new(&router(hash, seed));
        let group: Vec<NextHop> =
            (0..4).map(|port| NextHop { port: PortId(port), logical_link: LogicalLinkId(0) }).collect();
        forwarder.install(DestinationId(0), &group);
        let mut counts = [0; 4];
        for tuple in 0..4000u32 {
            match forwarder.lookup(&packet(tuple.wrapping_mul(0x9e37_79b9))) {
                Lookup::Via(hop) => counts[hop.port.index()] += 1,
                Lookup::Here | Lookup::NoRoute => unreachable!("four next hops are installed"),
            }
        }
        counts
    }

    #[test]
    fn five_tuples_spread_evenly_and_differently_at_each_router() {
        let (one, other) = (spread(HashKind::FiveTuple, 1), spread(HashKind::FiveTuple, 2));
        // Binomial(4000, 1/4): mean 1000, standard deviation 27; five of them.
        assert!(one.iter().chain(&other).all(|count| count.abs_diff(1000) < 137), "{one:?} {other:?}");
        assert_ne!(one, other);
    }

    #[test]
    fn the_source_port_modulo_takes_the_source_port() {
        let mut forwarder = Forwarder::new(&router(HashKind::SourcePortModulo, 9));
        assert_eq!(forwarder.lookup(&packet(7)), Lookup::NoRoute);
        let hop = |port| NextHop { port: PortId(port), logical_link: LogicalLinkId(0) };
        forwarder.install(DestinationId(0), &(0..4).map(hop).collect::<Vec<_>>());
        assert_eq!(forwarder.lookup(&packet(0xabcd_0007)), Lookup::Via(hop(3)));
    }

    /// Withdrawn and learned again, a next hop gets a quarter of the flows back and the others keep theirs.
    #[test]
    fn a_resilient_group_survives_an_empty_time() {
        let mut forwarder = Forwarder::new(&router(HashKind::Resilient, 9));
        let hops = |ports: &[u32]| -> Vec<NextHop> {
            ports.iter().map(|port| NextHop { port: PortId(*port), logical_link: LogicalLinkId(0) }).collect()
        };
        for group in [&[0, 1, 2, 3][..], &[1, 2, 3], &[], &[0, 1, 2, 3]] {
            forwarder.install(DestinationId(0), &hops(group));
        }
        let mut counts = [0u32; 4];
        for tuple in 0..4000u32 {
            match forwarder.lookup(&packet(tuple.wrapping_mul(0x9e37_79b9))) {
                Lookup::Via(hop) => counts[hop.port.index()] += 1,
                Lookup::Here | Lookup::NoRoute => unreachable!("four next hops are installed"),
            }
        }
        // Binomial(4000, 1/4): mean 1000, standard deviation 27; five of them.
        assert!(counts.iter().all(|count| count.abs_diff(1000) < 137), "{counts:?}");
    }

    fn nested(covering: &[Option<u32>]) -> IdVec<DestinationId, Destination> {
        let destination = |(index, covering): (usize, &Option<u32>)| Destination {
            prefix: "10.0.0.0/8".parse().unwrap(),
            kind: DestinationKind::Loopback,
            router: RouterId(u32::try_from(index).unwrap()),
            provider: ProviderId(0),
            covering: covering.map(DestinationId),
        };
        covering.iter().enumerate().map(destination).collect()
    }

    /// The trie of all installed prefixes is the oracle: whatever is installed and withdrawn, in whatever order, a
    /// packet follows the longest prefix that has an entry.
    #[test]
    fn the_longest_prefix_with_an_entry_wins_while_entries_come_and_go() {
        use prefix_trie::PrefixMap;
        let prefixes = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.128/25", "10.9.0.0/16"];
        let prefixes: Vec<ipnet::Ipv4Net> = prefixes.iter().map(|prefix| prefix.parse().unwrap()).collect();
        let destinations = nested(&[None, Some(0), Some(1), Some(2), Some(0)]);
        let mut forwarder = Forwarder::new(&router(HashKind::FiveTuple, 1)).nested(&destinations, RouterId(9));
        let mut trie = PrefixMap::new();
        let mut stream = crate::rng::RunSeed(1).stream("r", "test");
        for step in 0..2000u32 {
            let which = usize::try_from(stream.below(5)).unwrap();
            let hop = NextHop { port: PortId(step), logical_link: LogicalLinkId(0) };
            let installs = stream.chance(500_000_000);
            if installs {
                trie.insert(prefixes[which], hop);
            } else {
                trie.remove(&prefixes[which]);
            }
            let group = if installs { vec![hop] } else { Vec::new() };
            forwarder.install(DestinationId::from_index(which), &group);
            for (index, prefix) in prefixes.iter().enumerate() {
                let packet = Packet { destination: DestinationId::from_index(index), ..packet(1) };
                let found = trie.get_lpm(prefix).map_or(Lookup::NoRoute, |(_, hop)| Lookup::Via(*hop));
                assert_eq!(forwarder.lookup(&packet), found, "step {step}, {prefix}");
                assert_eq!(forwarder.has_entry(DestinationId::from_index(index)), trie.contains_key(prefix));
            }
        }
    }

    /// A router whose own prefix holds the destination keeps the packet when nothing longer is known.
    #[test]
    fn what_no_longer_prefix_takes_stays_with_the_covering_one() {
        let destinations = nested(&[None, Some(0)]);
        let mut forwarder = Forwarder::new(&router(HashKind::FiveTuple, 1)).nested(&destinations, RouterId(0));
        let inner = Packet { destination: DestinationId(1), ..packet(1) };
        assert_eq!(forwarder.lookup(&inner), Lookup::Here);
        let hop = NextHop { port: PortId(3), logical_link: LogicalLinkId(0) };
        forwarder.install(DestinationId(1), &[hop]);
        assert_eq!(forwarder.lookup(&inner), Lookup::Via(hop));
        forwarder.clear();
        assert_eq!(forwarder.lookup(&inner), Lookup::Here);
    }
}
