//! Which of several equal choices a packet takes: equal-cost next hops, or members of a LAG.

use crate::ids::PortId;
use crate::message::Packet;
use crate::network::HashKind;
use crate::rng::mix;

/// Buckets of a resilient group. Vendors offer 64 to some thousands; of more choices than this some get no flows.
const BUCKETS: usize = 256;

/// A router's choice among equals: per five-tuple, by its own seed.
#[derive(Debug, Clone, Copy)]
pub struct FlowHash {
    kind: HashKind,
    seed: u64,
}

impl FlowHash {
    /// The choice of a router with this seed.
    #[must_use]
    pub const fn new(kind: HashKind, seed: u64) -> Self {
        Self { kind, seed }
    }

    /// A table for a group of `count` choices, when this kind of choice needs one.
    #[must_use]
    pub fn table(&self, count: usize) -> Option<Box<Buckets>> {
        match self.kind {
            HashKind::Resilient => Some(Box::new(Buckets::new(count))),
            HashKind::FiveTuple | HashKind::Modulo | HashKind::SourcePortModulo => None,
        }
    }

    /// Which of `count` choices the packet takes; `table` is the group's.
    #[must_use]
    #[inline]
    pub fn choose(&self, packet: &Packet, count: usize, table: Option<&Buckets>) -> usize {
        match self.kind {
            HashKind::FiveTuple => part(self.hash(packet.hash), count),
            HashKind::Modulo => self.hash(packet.hash) as usize % count,
            HashKind::Resilient => table.map_or(0, |table| table.choose(self.hash(packet.hash))),
            // The lower half of such a packet's hash is its source port.
            HashKind::SourcePortModulo => (packet.hash & 0xffff) as usize % count,
        }
    }

    /// Which member of a LAG the packet takes, independent of the choice among next hops: a LAG behind such a choice
    /// would use some of its members only (polarisation).
    #[must_use]
    #[inline]
    pub fn choose_member(&self, packet: &Packet, lag: &Lag) -> PortId {
        let salted = Packet { hash: packet.hash.rotate_left(16) ^ 0x5bd1_e995, ..*packet };
        let kind = match self.kind {
            // Its remainders are taken already.
            HashKind::SourcePortModulo => HashKind::FiveTuple,
            kind @ (HashKind::FiveTuple | HashKind::Modulo | HashKind::Resilient) => kind,
        };
        lag.members[Self { kind, ..*self }.choose(&salted, lag.members.len(), lag.table.as_deref())]
    }

    #[inline]
    fn hash(&self, tuple: u32) -> u32 {
        u32::try_from(mix(u64::from(tuple) ^ self.seed) >> 32).expect("32 bits")
    }
}

/// Hash-threshold (RFC 2992): the hash space is cut into `count` equal regions. A multiplication and a shift.
#[inline]
fn part(hash: u32, count: usize) -> usize {
    usize::try_from((u64::from(hash) * count as u64) >> 32).expect("below count")
}

/// The table of a resilient group: hash -> bucket -> choice. When a choice goes, only its buckets are dealt anew.
#[derive(Debug, Clone)]
pub struct Buckets([u16; BUCKETS]);

impl Buckets {
    /// An even table of `count` choices.
    #[must_use]
    pub fn new(count: usize) -> Self {
        let mut table = Self([0; BUCKETS]);
        table.deal(&[], count);
        table
    }

    #[inline]
    fn choose(&self, hash: u32) -> usize {
        usize::from(self.0[part(hash, BUCKETS)])
    }

    /// The choices change from `before` to `after`: buckets of the gone are dealt to those who have fewest, and a new
    /// one takes its share from those who have most. Real groups wait until a bucket was idle for some time (Linux:
    /// 120 s) before they give it to a new one; here that time is zero.
    pub fn regroup<T: PartialEq>(&mut self, before: &[T], after: &[T]) {
        let kept: Vec<Option<usize>> = before.iter().map(|old| after.iter().position(|new| new == old)).collect();
        self.deal(&kept, after.len());
    }

    /// Renames the choices as `kept` says, and deals what is without owner or too much.
    fn deal(&mut self, kept: &[Option<usize>], count: usize) {
        if count == 0 {
            return;
        }
        let mut owners: Vec<Option<usize>> =
            self.0.iter().map(|old| kept.get(usize::from(*old)).copied().flatten()).collect();
        let most = BUCKETS.div_ceil(count);
        let mut shares = vec![0; count];
        // At most `count` owners keep the larger share, so that every one gets the smaller at least.
        let mut larger = BUCKETS - (most - 1) * count;
        for owner in &mut owners {
            let Some(index) = *owner else { continue };
            let limit = if larger > 0 { most } else { most - 1 };
            if shares[index] < limit {
                shares[index] += 1;
                larger -= usize::from(shares[index] == most);
            } else {
                *owner = None;
            }
        }
        for (bucket, owner) in self.0.iter_mut().zip(owners) {
            let index = owner.unwrap_or_else(|| {
                let (index, share) = shares.iter_mut().enumerate().min_by_key(|(_, share)| **share).expect("not empty");
                *share += 1;
                index
            });
            *bucket = u16::try_from(index).expect("fewer than 65,536 choices");
        }
    }
}

/// The members of a LAG that are up at one end.
#[derive(Debug, Clone)]
pub struct Lag {
    members: Vec<PortId>,
    table: Option<Box<Buckets>>,
}

impl Lag {
    /// A LAG whose members are all up.
    #[must_use]
    pub fn new(hash: &FlowHash, members: Vec<PortId>) -> Self {
        Self { table: hash.table(members.len()), members }
    }

    /// The sending ports of the members that are up.
    #[must_use]
    pub fn members(&self) -> &[PortId] {
        &self.members
    }

    /// Other members are up now; an empty list leaves the last ones in place, whose ports refuse all packets.
    pub fn set_members(&mut self, members: Vec<PortId>) {
        if members.is_empty() {
            return;
        }
        if let Some(table) = &mut self.table {
            table.regroup(&self.members, &members);
        }
        self.members = members;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{DestinationId, FlowId};
    use crate::message::PacketKind;
    use crate::units::{Span, Time, TrafficClass};

    const FLOWS: u32 = 100_000;

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

    fn flows() -> impl Iterator<Item = Packet> {
        (0..FLOWS).map(|flow| packet(flow.wrapping_mul(0x9e37_79b9)))
    }

    /// Ports of a LAG for every flow.
    fn chosen(hash: &FlowHash, lag: &Lag) -> Vec<PortId> {
        flows().map(|packet| hash.choose_member(&packet, lag)).collect()
    }

    fn share(before: &[PortId], after: &[PortId]) -> f64 {
        let moved = before.iter().zip(after).filter(|(before, after)| before != after).count();
        moved as f64 / f64::from(FLOWS)
    }

    /// Share of flows that move when choice `gone` of `count` goes, and again when it returns.
    fn moved(kind: HashKind, count: u32, gone: u32) -> (f64, f64) {
        let hash = FlowHash::new(kind, 7);
        let all: Vec<PortId> = (0..count).map(PortId).collect();
        let mut lag = Lag::new(&hash, all.clone());
        let before = chosen(&hash, &lag);
        lag.set_members(all.iter().copied().filter(|port| port.0 != gone).collect());
        let without = chosen(&hash, &lag);
        assert!(without.iter().all(|port| port.0 != gone), "{kind:?}");
        lag.set_members(all);
        (share(&before, &without), share(&without, &chosen(&hash, &lag)))
    }

    /// Five standard deviations of a share over independent flows, and half a bucket of a resilient table.
    fn tolerance() -> f64 {
        5.0 * (0.25 / f64::from(FLOWS)).sqrt() + 0.5 / BUCKETS as f64
    }

    /// A flow stays when h mod N = h mod (N - 1), which one residue in N does: (N - 1)/N move.
    #[test]
    fn modulo_moves_all_but_one_in_n() {
        for count in [2, 4, 8, 16] {
            let expected = 1.0 - 1.0 / f64::from(count);
            // With N = 4 and the last gone: residues 0, 1, 2 modulo 12 stay.
            let (share, _) = moved(HashKind::Modulo, count, count - 1);
            assert!((share - expected).abs() < tolerance(), "{count}: {share}");
        }
    }

    /// RFC 2992 section 3: between 1/4 and 1/2 of the flows move, a quarter and a half at the limits of N.
    /// Exactly: with regions of 1/N and then 1/(N - 1), what lies below the gone region k shifts by i/(N(N - 1)) at
    /// border i, and what lies above by (N - 1 - i)/(N(N - 1)).
    #[test]
    fn hash_threshold_moves_between_a_quarter_and_a_half() {
        for count in [2u32, 3, 4, 8, 16] {
            for gone in 0..count {
                let steps = f64::from(count * (count - 1));
                let below: u32 = (1..=gone).sum();
                let above: u32 = (1..count - gone).sum();
                let expected = f64::from(below + above) / steps;
                let (share, _) = moved(HashKind::FiveTuple, count, gone);
                assert!((share - expected).abs() < tolerance(), "{gone} of {count}: {share}, not {expected}");
                assert!(share < 0.5 + tolerance() && share > 0.25 - tolerance(), "{gone} of {count}: {share}");
            }
        }
    }

    /// Only the flows of the one that goes: 1/N, and the same when it returns.
    #[test]
    fn resilient_hashing_moves_one_in_n() {
        for count in [2, 3, 4, 8, 16] {
            for gone in [0, count / 2, count - 1] {
                let expected = 1.0 / f64::from(count);
                let (there, back) = moved(HashKind::Resilient, count, gone);
                assert!((there - expected).abs() < tolerance(), "{gone} of {count}: {there}");
                assert!((back - expected).abs() < tolerance(), "{gone} of {count} back: {back}");
            }
        }
    }

    #[test]
    fn a_resilient_table_is_even_after_any_change() {
        let mut table = Buckets::new(5);
        let groups: [&[u32]; 5] = [&[0, 1, 2, 3, 4], &[0, 2, 4], &[0, 2, 3, 4, 7, 8], &[8], &[1, 8]];
        for pair in groups.windows(2) {
            table.regroup(pair[0], pair[1]);
            let mut shares = vec![0usize; pair[1].len()];
            table.0.iter().for_each(|index| shares[usize::from(*index)] += 1);
            let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
            assert!(most - least <= 1, "{shares:?}");
        }
        // More choices than buckets are no error: 256 of them are used.
        let many: Vec<u32> = (0..1_000).collect();
        table.regroup(groups[4], &many);
        let used: std::collections::BTreeSet<u16> = table.0.into_iter().collect();
        assert_eq!(used.len(), BUCKETS);
    }

    /// Behind a choice among four next hops by the same source port, four members still get a quarter each.
    #[test]
    fn members_of_a_lag_are_not_polarised() {
        for kind in [HashKind::FiveTuple, HashKind::Modulo, HashKind::Resilient, HashKind::SourcePortModulo] {
            let hash = FlowHash::new(kind, 3);
            let (hops, lag) = (hash.table(4), Lag::new(&hash, (0..4).map(PortId).collect()));
            let mut counts = [0u32; 4];
            let first_hop = flows().filter(|packet| hash.choose(packet, 4, hops.as_deref()) == 0);
            first_hop.for_each(|packet| counts[hash.choose_member(&packet, &lag).0 as usize] += 1);
            let mean = f64::from(counts.iter().sum::<u32>()) / 4.0;
            assert!(counts.iter().all(|count| (f64::from(*count) / mean - 1.0).abs() < 0.06), "{kind:?}: {counts:?}");
        }
    }
}
