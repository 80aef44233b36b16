//! The equal next hops of every destination at one router.

use std::collections::BTreeMap;

use crate::ids::{DestinationId, Id, LogicalLinkId, PortId};
use crate::message::NextHop;

/// Destinations share their groups of next hops: a table grows by four bytes with a destination, and what packets read
/// of it stays small.
#[derive(Debug, Clone)]
pub struct NextHopTable {
    /// By destination, as far as the last that has next hops: the number of its group.
    entries: Vec<u32>,
    groups: Vec<Group>,
    /// The next hops of all groups, one group after the other.
    hops: Vec<NextHop>,
    numbers: BTreeMap<Vec<NextHop>, u32>,
}

/// Where the next hops of a group stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    /// Most groups have one.
    pub first: NextHop,
    pub count: u32,
    begin: u32,
}

/// The group without next hops.
const NONE: Group =
    Group { first: NextHop { port: PortId(u32::MAX), logical_link: LogicalLinkId(u32::MAX) }, count: 0, begin: 0 };

impl NextHopTable {
    /// No destination has next hops.
    #[must_use]
    pub fn new() -> Self {
        Self { entries: Vec::new(), groups: vec![NONE], hops: Vec::new(), numbers: BTreeMap::new() }
    }

    /// The equal next hops of a destination.
    #[must_use]
    pub fn group(&self, destination: DestinationId) -> &[NextHop] {
        let Group { begin, count, .. } = self.find(destination);
        &self.hops[begin as usize..][..count as usize]
    }

    #[inline]
    pub(super) fn find(&self, destination: DestinationId) -> Group {
        self.entries.get(destination.index()).map_or(NONE, |number| self.groups[*number as usize])
    }

    #[inline]
    pub(super) fn hop(&self, group: Group, index: usize) -> NextHop {
        self.hops[group.begin as usize + index]
    }

    /// Replaces the next hops of a destination.
    pub fn set(&mut self, destination: DestinationId, group: &[NextHop]) {
        let number = self.number(group);
        if self.entries.len() <= destination.index() {
            if number == 0 {
                return;
            }
            self.entries.resize(destination.index() + 1, 0);
        }
        self.entries[destination.index()] = number;
    }

    fn number(&mut self, group: &[NextHop]) -> u32 {
        let Some(first) = group.first() else { return 0 };
        if let Some(number) = self.numbers.get(group) {
            return *number;
        }
        let count = |length: usize| u32::try_from(length).expect("fewer than 2^32 next hops");
        let number = count(self.groups.len());
        self.groups.push(Group { first: *first, count: count(group.len()), begin: count(self.hops.len()) });
        self.hops.extend(group);
        self.numbers.insert(group.to_vec(), number);
        number
    }

    /// No destination has next hops any more.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// The destinations that have next hops.
    pub fn destinations(&self) -> impl Iterator<Item = DestinationId> + '_ {
        let entries = self.entries.iter().enumerate();
        entries.filter(|(_, number)| **number > 0).map(|(index, _)| DestinationId::from_index(index))
    }
}

impl Default for NextHopTable {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hops(ports: &[u32]) -> Vec<NextHop> {
        ports.iter().map(|port| NextHop { port: PortId(*port), logical_link: LogicalLinkId(0) }).collect()
    }

    #[test]
    fn ten_thousand_destinations_share_their_groups() {
        let mut table = NextHopTable::new();
        for destination in 0..10_000 {
            table.set(DestinationId(destination), &hops(if destination % 2 == 0 { &[1] } else { &[1, 2] }));
        }
        assert_eq!((table.entries.len(), table.groups.len(), table.hops.len()), (10_000, 3, 3));
        assert_eq!(table.group(DestinationId(9_998)), hops(&[1]));
        assert_eq!(table.group(DestinationId(9_999)), hops(&[1, 2]));
        assert_eq!(table.group(DestinationId(10_000)), []);
    }

    #[test]
    fn what_is_withdrawn_or_cleared_has_no_next_hop() {
        let mut table = NextHopTable::new();
        table.set(DestinationId(3), &hops(&[1, 2]));
        table.set(DestinationId(5), &hops(&[2]));
        table.set(DestinationId(3), &[]);
        assert_eq!(table.group(DestinationId(3)), []);
        assert_eq!(table.destinations().collect::<Vec<_>>(), [DestinationId(5)]);
        table.clear();
        assert_eq!(table.destinations().count(), 0);
        table.set(DestinationId(3), &hops(&[1, 2]));
        assert_eq!(table.group(DestinationId(3)), hops(&[1, 2]));
    }
}
