//! Device sets on which works would wait for each other for ever.
//!
//! Work on a device holds every interconnect that it belongs to. Three or more different sets of devices that overlap in a
//! ring, each two neighbours in a device of their own, let as many works hold one interconnect each and wait for the next:
//! a circular wait. Two sets alone are held in one order, and identical ones are held as one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::ids::{InterconnectId, RouterId};

/// Interconnects in a ring, and the device that each shares with the next one, the last with the first.
pub(super) type Ring = Vec<(InterconnectId, RouterId)>;

/// A ring among sets of devices; a short one, by the smallest ids.
pub(super) fn ring(devices: &BTreeMap<InterconnectId, BTreeSet<RouterId>>) -> Option<Ring> {
    let mut sets: BTreeMap<InterconnectId, &BTreeSet<RouterId>> = BTreeMap::new();
    for (id, set) in devices {
        if !sets.values().any(|other| *other == set) {
            sets.insert(*id, set);
        }
    }
    let mut shortest: Option<Ring> = None;
    for (begin, set) in &sets {
        for (first, last) in pairs(set) {
            let found = way(&sets, (*begin, first, last));
            let is_shorter = |ring: &Ring| shortest.as_ref().is_none_or(|known| ring.len() < known.len());
            shortest = found.filter(is_shorter).or(shortest);
        }
    }
    shortest
}

/// Every two devices of a set, either way round.
fn pairs(set: &BTreeSet<RouterId>) -> impl Iterator<Item = (RouterId, RouterId)> + '_ {
    set.iter().flat_map(move |first| set.iter().filter(move |last| *last != first).map(move |last| (*first, *last)))
}

/// The shortest ring that leaves set `begin` by device `first` and comes back to it by device `last`: breadth first over
/// sets, from one that has `first` to another one that has `last`, by devices that are neither.
fn way(
    sets: &BTreeMap<InterconnectId, &BTreeSet<RouterId>>,
    (begin, first, last): (InterconnectId, RouterId, RouterId),
) -> Option<Ring> {
    let others = || sets.iter().filter(|(id, _)| **id != begin);
    let mut shortest: Option<Ring> = None;
    for (second, _) in others().filter(|(_, set)| set.contains(&first)) {
        let mut known = BTreeSet::from([begin, *second]);
        let mut ahead = VecDeque::from([vec![(begin, first), (*second, last)]]);
        while let Some(ring) = ahead.pop_front() {
            let at = ring[ring.len() - 1].0;
            if ring.len() > 2 && sets[&at].contains(&last) {
                if shortest.as_ref().is_none_or(|other| ring.len() < other.len()) {
                    shortest = Some(ring);
                }
                break;
            }
            for (next, set) in sets {
                let by = set.intersection(sets[&at]).find(|device| **device != first && **device != last);
                if let Some(by) = by.filter(|_| known.insert(*next)) {
                    let mut longer = ring.clone();
                    longer[ring.len() - 1].1 = *by;
                    longer.push((*next, last));
                    ahead.push_back(longer);
                }
            }
        }
    }
    shortest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sets: &[&[u32]]) -> Option<Vec<(u32, u32)>> {
        let set = |routers: &&[u32]| routers.iter().copied().map(RouterId).collect();
        let devices = (0..).map(InterconnectId).zip(sets.iter().map(set)).collect();
        ring(&devices).map(|ring| ring.into_iter().map(|(id, router)| (id.0, router.0)).collect())
    }

    #[test]
    fn the_specification_s_example_is_a_ring() {
        // {a,b,c,d}, {a,e,c,d} and {b,e}.
        assert_eq!(found(&[&[0, 1, 2, 3], &[0, 4, 2, 3], &[1, 4]]), Some(vec![(0, 0), (1, 4), (2, 1)]));
    }

    #[test]
    fn a_ring_may_have_any_length() {
        for length in 3..8u32 {
            let sets: Vec<Vec<u32>> = (0..length).map(|at| vec![at, (at + 1) % length, 100 + at]).collect();
            let sets: Vec<&[u32]> = sets.iter().map(Vec::as_slice).collect();
            assert_eq!(found(&sets).map(|ring| ring.len()), Some(length as usize));
            // Open at one place it is a row.
            assert_eq!(found(&sets[1..]), None);
        }
    }

    #[test]
    fn sets_that_are_identical_disjoint_or_meet_in_one_device_are_no_ring() {
        assert_eq!(found(&[&[0, 1, 2, 3], &[0, 1, 2, 3], &[0, 1, 2, 3]]), None);
        assert_eq!(found(&[&[0, 1, 2, 3], &[0, 4, 2, 3], &[5, 6]]), None);
        // One device in all three is one lock that all wait for in turn.
        assert_eq!(found(&[&[0, 1], &[0, 2], &[0, 3]]), None);
    }
}
