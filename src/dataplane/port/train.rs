//! The packets of a port and its wire, in order of departure, and where they are kept.
//!
//! ```text
//!   first -> place -> place -> place (the last that has begun) -> place -> last
//! ```
//! All ports of a partition keep their packets in one store. A place that becomes free is the next to be used: a packet
//! that goes on to the next wire finds the place that it has just left, so what is touched between two hops is one
//! cache line, and a fabric's packets fill the caches only once.

use crate::engine::prefetch;
use crate::message::Packet;
use crate::units::Time;

/// A packet whose departure is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnWire {
    pub departure: Time,
    pub packet: Packet,
}

/// Names no place.
const NONE: u32 = u32::MAX;

/// One packet, and the place of the one behind it.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Place {
    entry: OnWire,
    next: u32,
}

const _: () = assert!(size_of::<Place>() == 64, "one cache line");

/// The packets that wait at ports or are on their wires.
#[derive(Debug, Clone)]
pub struct PacketStore {
    places: Vec<Place>,
    /// The place that became free last; it names the one before it.
    free: u32,
}

impl PacketStore {
    /// A store without packets.
    #[must_use]
    pub const fn new() -> Self {
        Self { places: Vec::new(), free: NONE }
    }

    #[inline(always)]
    fn keep(&mut self, entry: OnWire) -> u32 {
        let id = self.free;
        match self.places.get_mut(id as usize) {
            Some(place) => {
                self.free = place.next;
                place.entry = entry;
                id
            }
            None => self.grow(entry),
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, entry: OnWire) -> u32 {
        let id = u32::try_from(self.places.len()).ok().filter(|id| *id != NONE).expect("fewer than 2^32 packets");
        self.places.push(Place { entry, next: NONE });
        id
    }

    #[inline(always)]
    fn release(&mut self, id: u32) {
        self.places[id as usize].next = self.free;
        self.free = id;
    }

    /// What stands at a place.
    #[inline(always)]
    pub(super) fn entry(&self, id: u32) -> &OnWire {
        &self.places[id as usize].entry
    }

    /// What stands at a place, to change it.
    pub(super) fn entry_mut(&mut self, id: u32) -> &mut OnWire {
        &mut self.places[id as usize].entry
    }

    /// Fetches a place, if there is one.
    #[inline(always)]
    fn prefetch(&self, id: u32) {
        if let Some(place) = self.places.get(id as usize) {
            prefetch(place);
        }
    }
}

impl Default for PacketStore {
    fn default() -> Self {
        Self::new()
    }
}

/// The packets of one port, those whose transmission has begun first. Places of the store are named by number; a place is
/// asked for with the one before it, or with none for the first.
#[derive(Debug, Clone)]
pub(super) struct Train {
    first: u32,
    last: u32,
    /// The last of those that have begun, if any has.
    border: u32,
    length: u32,
    /// How many have begun, when last looked.
    begun: u32,
}

impl Train {
    pub const fn new() -> Self {
        Self { first: NONE, last: NONE, border: NONE, length: 0, begun: 0 }
    }

    #[inline(always)]
    pub const fn len(&self) -> u32 {
        self.length
    }

    #[inline(always)]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many have not begun, when last looked.
    #[inline(always)]
    pub const fn waiting(&self) -> u32 {
        self.length - self.begun
    }

    /// Whether any has begun.
    #[inline(always)]
    pub const fn has_begun(&self) -> bool {
        self.begun > 0
    }

    /// The place of the last that has begun.
    #[inline(always)]
    pub const fn border(&self) -> Option<u32> {
        if self.begun > 0 { Some(self.border) } else { None }
    }

    /// The place behind another, or the first.
    #[inline(always)]
    pub fn after(&self, store: &PacketStore, before: Option<u32>) -> Option<u32> {
        match before {
            _ if self.length == 0 => None,
            None => Some(self.first),
            Some(before) if before == self.last => None,
            Some(before) => Some(store.places[before as usize].next),
        }
    }

    #[inline(always)]
    pub fn front<'s>(&self, store: &'s PacketStore) -> Option<&'s OnWire> {
        if self.length == 0 { None } else { Some(&store.places[self.first as usize].entry) }
    }

    pub fn back<'s>(&self, store: &'s PacketStore) -> Option<&'s OnWire> {
        if self.length == 0 { None } else { Some(&store.places[self.last as usize].entry) }
    }

    /// The place of the packet that has waited longest.
    #[inline(always)]
    pub fn first_waiting(&self, store: &PacketStore) -> Option<u32> {
        if self.begun == self.length {
            return None;
        }
        Some(if self.begun == 0 { self.first } else { store.places[self.border as usize].next })
    }

    /// The packet that has waited longest begins; it is at this place.
    #[inline(always)]
    pub const fn begins(&mut self, id: u32) {
        self.border = id;
        self.begun += 1;
    }

    /// All have begun.
    #[inline(always)]
    pub const fn all_begun(&mut self) {
        (self.border, self.begun) = (self.last, self.length);
    }

    /// The packets from a place on.
    pub fn from<'s>(&self, store: &'s PacketStore, first: Option<u32>) -> impl Iterator<Item = &'s OnWire> + use<'s> {
        let last = self.last;
        let next = move |id: &u32| if *id == last { None } else { Some(store.places[*id as usize].next) };
        std::iter::successors(first, next).map(|id| &store.places[id as usize].entry)
    }

    /// All packets.
    pub fn all<'s>(&self, store: &'s PacketStore) -> impl Iterator<Item = &'s OnWire> + use<'s> {
        self.from(store, self.after(store, None))
    }

    /// Those that have not begun.
    pub fn all_waiting<'s>(&self, store: &'s PacketStore) -> impl Iterator<Item = &'s OnWire> + use<'s> {
        self.from(store, self.after(store, self.border()))
    }

    #[inline(always)]
    pub fn push(&mut self, store: &mut PacketStore, entry: OnWire) {
        let id = store.keep(entry);
        if self.length == 0 {
            self.first = id;
        } else {
            store.places[self.last as usize].next = id;
        }
        self.last = id;
        self.length += 1;
    }

    /// Takes the first away; one that has begun.
    #[inline(always)]
    pub fn pop(&mut self, store: &mut PacketStore) {
        debug_assert!(self.length > 0 && self.begun > 0, "what leaves has begun");
        let id = self.first;
        self.first = store.places[id as usize].next;
        store.release(id);
        self.length -= 1;
        self.begun -= 1;
    }

    /// Puts a packet that has not begun behind another, or first.
    pub fn insert(&mut self, store: &mut PacketStore, before: Option<u32>, entry: OnWire) -> u32 {
        let next = self.after(store, before);
        if next.is_none() {
            self.push(store, entry);
            return self.last;
        }
        let id = store.keep(entry);
        store.places[id as usize].next = next.unwrap_or(NONE);
        match before {
            None => self.first = id,
            Some(before) => store.places[before as usize].next = id,
        }
        self.length += 1;
        id
    }

    /// Puts a packet that has begun behind another that has begun, or first.
    pub fn insert_begun(&mut self, store: &mut PacketStore, before: Option<u32>, entry: OnWire) {
        let id = self.insert(store, before, entry);
        if before == self.border() {
            self.border = id;
        }
        self.begun += 1;
    }

    /// Takes out the packets behind a place, or all.
    pub fn cut(&mut self, store: &mut PacketStore, before: Option<u32>) -> Vec<Packet> {
        let (mut cut, last) = (Vec::new(), self.last);
        let mut next = self.after(store, before);
        while let Some(id) = next {
            next = (id != last).then(|| store.places[id as usize].next);
            cut.push(store.places[id as usize].entry.packet);
            store.release(id);
        }
        self.length -= u32::try_from(cut.len()).expect("no more than there are");
        self.last = before.unwrap_or(NONE);
        if self.begun > self.length {
            self.all_begun();
        }
        cut
    }

    /// Fetches the first packet, whether there is one or not.
    #[inline(always)]
    pub fn prefetch_first(&self, store: &PacketStore) {
        store.prefetch(self.first);
    }

    /// Fetches the packet behind the first, whether there is one or not.
    #[inline(always)]
    pub fn prefetch_second(&self, store: &PacketStore) {
        if let Some(place) = store.places.get(self.first as usize) {
            store.prefetch(place.next);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::ids::{DestinationId, FlowId};
    use crate::message::PacketKind;
    use crate::rng::RunSeed;
    use crate::units::{Span, TrafficClass};

    fn entry(number: u32) -> OnWire {
        let packet = Packet {
            sent: Time::ZERO,
            waited: Span::ZERO,
            flow: FlowId(number),
            destination: DestinationId(0),
            hash: 0,
            size: 100,
            payload: 0,
            ttl: 64,
            kind: PacketKind::Data,
            traffic_class: TrafficClass::DEFAULT,
        };
        OnWire { departure: Time::ZERO, packet }
    }

    /// The place behind the first `count` packets.
    fn behind(train: &Train, store: &PacketStore, count: usize) -> Option<u32> {
        (0..count).fold(None, |before, _| train.after(store, before))
    }

    /// Plain lists are the oracle: two trains in one store hold what they hold, and no place is lost.
    #[test]
    fn trains_in_one_store_are_lists_of_their_own() {
        let mut stream = RunSeed(1).stream("train", "test");
        let mut store = PacketStore::new();
        let mut trains = [Train::new(), Train::new()];
        let mut lists: [(VecDeque<u32>, usize); 2] = Default::default();
        let mut most = 0;
        for number in 0..20_000 {
            let which = usize::from(stream.below(2) == 0);
            let (train, (list, begun)) = (&mut trains[which], &mut lists[which]);
            let place = |among: u64, stream: &mut crate::rng::Stream| usize::try_from(stream.below(among)).unwrap();
            match stream.below(9) {
                0..=2 => {
                    train.push(&mut store, entry(number));
                    list.push_back(number);
                }
                3 if *begun < list.len() => {
                    train.begins(train.first_waiting(&store).unwrap());
                    *begun += 1;
                }
                4 | 5 if *begun > 0 => {
                    train.pop(&mut store);
                    list.pop_front();
                    *begun -= 1;
                }
                6 => {
                    let at = *begun + place((list.len() - *begun + 1) as u64, &mut stream);
                    let before = behind(train, &store, at);
                    train.insert(&mut store, before, entry(number));
                    list.insert(at, number);
                }
                7 => {
                    let at = place(*begun as u64 + 1, &mut stream);
                    let before = behind(train, &store, at);
                    train.insert_begun(&mut store, before, entry(number));
                    list.insert(at, number);
                    *begun += 1;
                }
                _ if list.len() > 20 => {
                    let at = place(list.len() as u64, &mut stream);
                    let before = behind(train, &store, at);
                    let cut: Vec<u32> = train.cut(&mut store, before).iter().map(|packet| packet.flow.0).collect();
                    assert_eq!(cut, list.split_off(at).into_iter().collect::<Vec<_>>());
                    *begun = (*begun).min(at);
                }
                _ => {
                    train.all_begun();
                    *begun = list.len();
                }
            }
            let flows = |entries: &mut dyn Iterator<Item = &OnWire>| -> Vec<u32> {
                entries.map(|entry| entry.packet.flow.0).collect()
            };
            let all: Vec<u32> = list.iter().copied().collect();
            assert_eq!(flows(&mut train.all(&store)), all, "step {number}");
            assert_eq!(flows(&mut train.all_waiting(&store)), all[*begun..], "step {number}");
            let first = train.first_waiting(&store).map(|id| store.entry(id).packet.flow.0);
            assert_eq!((first, train.waiting() as usize), (all.get(*begun).copied(), all.len() - *begun));
            most = most.max(lists.iter().map(|(list, _)| list.len()).sum());
        }
        assert_eq!(store.places.len(), most, "places are used again");
    }
}
