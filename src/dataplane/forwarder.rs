//! A router's forwarding table and its choice among equal next hops.

use crate::dataplane::hashing::{Buckets, FlowHash};
use crate::ids::{DestinationId, Id};
use crate::message::{NextHop, Packet};
use crate::network::Router;

/// The forwarding table of one router: the equal next hops of every destination.
#[derive(Debug, Clone)]
pub struct Forwarder {
    groups: Vec<Vec<NextHop>>,
    /// Of every destination, where the hash needs them; otherwise empty.
    tables: Vec<Option<Box<Buckets>>>,
    hash: FlowHash,
}

/// The result of a lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// Send it there.
    Via(NextHop),
    /// Nothing is known about the destination.
    NoRoute,
}

impl Forwarder {
    /// An empty table for `router` over `destinations` destinations.
    #[must_use]
    pub fn new(router: &Router, destinations: usize) -> Self {
        let hash = FlowHash::new(router.hash, router.hash_seed);
        Self { groups: vec![Vec::new(); destinations], tables: vec![hash.table(1); destinations], hash }
    }

    /// Replaces the next hops of a destination; none removes the entry.
    pub fn install(&mut self, destination: DestinationId, group: Vec<NextHop>) {
        let before = &mut self.groups[destination.index()];
        if let Some(table) = &mut self.tables[destination.index()] {
            table.regroup(before, &group);
        }
        *before = group;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.groups.iter_mut().for_each(Vec::clear);
    }

    /// The equal next hops of a destination.
    #[must_use]
    pub fn group(&self, destination: DestinationId) -> &[NextHop] {
        &self.groups[destination.index()]
    }

    /// The next hop of a packet: equal-cost multipath per five-tuple.
    #[must_use]
    #[inline]
    pub fn lookup(&self, packet: &Packet) -> Lookup {
        let group = &self.groups[packet.destination.index()];
        match group.len() {
            0 => Lookup::NoRoute,
            1 => Lookup::Via(group[0]),
            count => {
                let table = self.tables[packet.destination.index()].as_deref();
                Lookup::Via(group[self.hash.choose(packet, count, table)])
            }
        }
    }

    /// Which of `count` LAG members the packet's five-tuple takes; independent of the choice among next hops.
    #[must_use]
    #[inline]
    pub fn choose_member(&self, packet: &Packet, count: usize) -> usize {
        let salted = Packet { hash: packet.hash.rotate_left(16) ^ 0x5bd1_e995, ..*packet };
        self.hash.choose(&salted, count, None)
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
    use crate::network::{HashKind, RouterRole};
    use crate::units::{Span, Time, TrafficClass};

    fn router(hash: HashKind, seed: u64) -> Router {
        Router {
            name: "r".to_owned(),
            provider: ProviderId(0),
            facility: None,
            role: RouterRole::Backbone,
            forwarding_latency: Span::ZERO,
            hash,
            hash_seed: seed,
            loopback: DestinationId(0),
            fib_install: Span::ZERO,
            processing: Span::ZERO,
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
        let mut forwarder = Forwarder::new(&router(hash, seed), 1);
        let group = (0..4).map(|port| NextHop { port: PortId(port), logical_link: LogicalLinkId(0) }).collect();
        forwarder.install(DestinationId(0), group);
        let mut counts = [0; 4];
        for tuple in 0..4000u32 {
            match forwarder.lookup(&packet(tuple.wrapping_mul(0x9e37_79b9))) {
                Lookup::Via(hop) => counts[hop.port.index()] += 1,
                Lookup::NoRoute => unreachable!("four next hops are installed"),
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
        let mut forwarder = Forwarder::new(&router(HashKind::SourcePortModulo, 9), 1);
        assert_eq!(forwarder.lookup(&packet(7)), Lookup::NoRoute);
        let hop = |port| NextHop { port: PortId(port), logical_link: LogicalLinkId(0) };
        forwarder.install(DestinationId(0), (0..4).map(hop).collect());
        assert_eq!(forwarder.lookup(&packet(0xabcd_0007)), Lookup::Via(hop(3)));
    }

    /// Withdrawn and learned again, a next hop gets a quarter of the flows back and the others keep theirs.
    #[test]
    fn a_resilient_group_survives_an_empty_time() {
        let mut forwarder = Forwarder::new(&router(HashKind::Resilient, 9), 1);
        let hops = |ports: &[u32]| -> Vec<NextHop> {
            ports.iter().map(|port| NextHop { port: PortId(*port), logical_link: LogicalLinkId(0) }).collect()
        };
        for group in [&[0, 1, 2, 3][..], &[1, 2, 3], &[], &[0, 1, 2, 3]] {
            forwarder.install(DestinationId(0), hops(group));
        }
        let mut counts = [0u32; 4];
        for tuple in 0..4000u32 {
            match forwarder.lookup(&packet(tuple.wrapping_mul(0x9e37_79b9))) {
                Lookup::Via(hop) => counts[hop.port.index()] += 1,
                Lookup::NoRoute => unreachable!("four next hops are installed"),
            }
        }
        // Binomial(4000, 1/4): mean 1000, standard deviation 27; five of them.
        assert!(counts.iter().all(|count| count.abs_diff(1000) < 137), "{counts:?}");
    }
}
