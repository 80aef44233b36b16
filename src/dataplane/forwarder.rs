//! A router's forwarding table and its choice among equal next hops.

use crate::ids::{DestinationId, Id};
use crate::message::{NextHop, Packet};
use crate::network::{HashKind, Router};
use crate::rng::mix;

/// The forwarding table of one router: the equal next hops of every destination.
#[derive(Debug, Clone)]
pub struct Forwarder {
    groups: Vec<Vec<NextHop>>,
    seed: u64,
    hash: HashKind,
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
        Self { groups: vec![Vec::new(); destinations], seed: router.hash_seed, hash: router.hash }
    }

    /// Replaces the next hops of a destination; none removes the entry.
    pub fn install(&mut self, destination: DestinationId, group: Vec<NextHop>) {
        self.groups[destination.index()] = group;
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
            count => Lookup::Via(group[self.choose(packet, count)]),
        }
    }

    /// Which of `count` equal choices (next hops, or members of a LAG) the packet's five-tuple takes.
    #[must_use]
    #[inline]
    pub fn choose(&self, packet: &Packet, count: usize) -> usize {
        match self.hash {
            HashKind::FiveTuple => {
                // Multiply-shift maps the hash to 0..count without a division.
                let hash = mix(u64::from(packet.hash) ^ self.seed) >> 32;
                usize::try_from((hash * count as u64) >> 32).expect("below count")
            }
            // The lower half of such a packet's hash is its source port.
            HashKind::SourcePortModulo => (packet.hash & 0xffff) as usize % count,
        }
    }
}

impl Forwarder {
    /// Which of `count` LAG members the packet's five-tuple takes; independent of the choice among next hops.
    #[must_use]
    #[inline]
    pub fn choose_member(&self, packet: &Packet, count: usize) -> usize {
        let salted = Packet { hash: packet.hash.rotate_left(16) ^ 0x5bd1_e995, ..*packet };
        match self.hash {
            HashKind::FiveTuple => self.choose(&salted, count),
            HashKind::SourcePortModulo => self.choose(packet, count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{FlowId, LogicalLinkId, PortId, ProviderId};
    use crate::message::PacketKind;
    use crate::network::RouterRole;
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
    fn the_modulo_hash_takes_the_source_port() {
        let forwarder = Forwarder::new(&router(HashKind::SourcePortModulo, 9), 1);
        assert_eq!(forwarder.choose(&packet(0xabcd_0007), 4), 3);
        assert_eq!(forwarder.lookup(&packet(7)), Lookup::NoRoute);
    }
}
