//! The equal next hops of every destination at one router.

use std::collections::BTreeMap;

use crate::engine::prefetch;
use crate::ids::{DestinationId, Id, PortId};
use crate::message::{NO_LOGICAL_LINK, NextHop};

/// Destinations share their groups of next hops: a table grows by four bytes with a destination, and what packets read
/// of it stays small.
#[derive(Debug, Clone)]
pub struct NextHopTable {
    /// By destination, as far as the last that has next hops: the number of its group, or the port itself, or [`HERE`].
    entries: Vec<u32>,
    groups: Vec<Group>,
    /// The next hops of all groups, one group after the other.
    hops: Vec<NextHop>,
    numbers: BTreeMap<Vec<NextHop>, u32>,
}

/// What a table has for a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It is delivered here.
    Here,
    /// One next hop, by this port inside the provider.
    Port(PortId),
    /// The group of this number; number 0 has no next hops.
    Group(u32),
}

/// Where the next hops of a group stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    /// Most groups have one.
    pub first: NextHop,
    pub count: u32,
    begin: u32,
}

/// Marks an entry that is not the number of a group but the port of its only next hop, inside the provider: most are,
/// and packets need not read the group.
const PORT: u32 = 1 << 31;

/// Marks the entry of a destination that is delivered at the router itself.
const HERE: u32 = PORT - 1;

/// The group without next hops.
const NONE: Group =
    Group { first: NextHop { port: PortId(u32::MAX), logical_link: NO_LOGICAL_LINK }, count: 0, begin: 0 };

impl NextHopTable {
    /// No destination has next hops.
    #[must_use]
    pub fn new() -> Self {
        Self { entries: Vec::new(), groups: vec![NONE], hops: Vec::new(), numbers: BTreeMap::new() }
    }

    /// The equal next hops of a destination.
    #[must_use]
    pub fn group(&self, destination: DestinationId) -> &[NextHop] {
        let number = match self.find(destination) {
            Found::Here => 0,
            Found::Port(port) => self.numbers[&[NextHop { port, logical_link: NO_LOGICAL_LINK }][..]],
            Found::Group(number) => number,
        };
        let Group { begin, count, .. } = self.groups[number as usize];
        &self.hops[begin as usize..][..count as usize]
    }

    /// What the table has for a destination.
    #[must_use]
    #[inline(always)]
    pub fn find(&self, destination: DestinationId) -> Found {
        match self.entries.get(destination.index()) {
            Some(entry) if *entry >= PORT => Found::Port(PortId(entry - PORT)),
            Some(&HERE) => Found::Here,
            Some(number) => Found::Group(*number),
            None => Found::Group(0),
        }
    }

    /// Fetches a destination's entry, if there is one.
    #[inline(always)]
    pub(super) fn prefetch(&self, destination: DestinationId) {
        if let Some(entry) = self.entries.get(destination.index()) {
            prefetch(entry);
        }
    }

    #[inline]
    pub(super) fn numbered(&self, number: u32) -> Group {
        self.groups[number as usize]
    }

    #[inline]
    pub(super) fn hop(&self, group: Group, index: usize) -> NextHop {
        self.hops[group.begin as usize + index]
    }

    /// A destination is delivered at the router itself, and needs no next hops.
    pub fn deliver_here(&mut self, destination: DestinationId) {
        *self.entry(destination) = HERE;
    }

    /// Replaces the next hops of a destination; one that is delivered here needs none, whatever the prefix around it has.
    pub fn set(&mut self, destination: DestinationId, group: &[NextHop]) {
        let number = self.number(group);
        if self.find(destination) != Found::Here && self.find(destination) != Found::Group(number) {
            *self.entry(destination) = match *group {
                [NextHop { port: PortId(port), logical_link: NO_LOGICAL_LINK }] if port < PORT => port + PORT,
                _ => number,
            };
        }
    }

    fn entry(&mut self, destination: DestinationId) -> &mut u32 {
        if self.entries.len() <= destination.index() {
            self.entries.resize(destination.index() + 1, 0);
        }
        &mut self.entries[destination.index()]
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
        self.entries.iter_mut().filter(|entry| **entry != HERE).for_each(|entry| *entry = 0);
    }

    /// The destinations that have next hops.
    pub fn destinations(&self) -> impl Iterator<Item = DestinationId> + '_ {
        let entries = self.entries.iter().enumerate();
        entries.filter(|(_, entry)| **entry > 0 && **entry != HERE).map(|(index, _)| DestinationId::from_index(index))
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
    use crate::ids::LogicalLinkId;

    fn hops(ports: &[u32]) -> Vec<NextHop> {
        ports.iter().map(|port| NextHop { port: PortId(*port), logical_link: LogicalLinkId(0) }).collect()
    }

    #[test]
    fn a_port_inside_the_provider_is_its_own_entry() {
        let mut table = NextHopTable::new();
        let inside = |port| NextHop { port: PortId(port), logical_link: NO_LOGICAL_LINK };
        for (destination, port) in [(0, 7), (1, 8), (2, 7)] {
            table.set(DestinationId(destination), &[inside(port)]);
        }
        assert_eq!(table.group(DestinationId(1)), [inside(8)]);
        assert_eq!(table.group(DestinationId(2)), [inside(7)]);
        assert_eq!(table.find(DestinationId(2)), Found::Port(PortId(7)));
        table.set(DestinationId(2), &[inside(7), inside(8)]);
        assert_eq!(table.group(DestinationId(2)), [inside(7), inside(8)]);
    }

    #[test]
    fn what_is_delivered_here_has_no_next_hop_and_stays_when_all_is_forgotten() {
        let mut table = NextHopTable::new();
        table.deliver_here(DestinationId(1));
        table.set(DestinationId(1), &hops(&[1, 2]));
        table.set(DestinationId(2), &hops(&[1, 2]));
        table.clear();
        assert_eq!(table.find(DestinationId(1)), Found::Here);
        assert_eq!(table.group(DestinationId(1)), []);
        assert_eq!(table.destinations().count(), 0);
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
