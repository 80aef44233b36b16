//! The packets of a port and its wire, in order of departure.

use crate::engine::prefetch;
use crate::message::Packet;
use crate::units::Time;

/// A packet whose departure is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnWire {
    pub departure: Time,
    pub packet: Packet,
}

/// A queue in a ring of places. All of them are used in turn, however few packets are there: so a ring grows by a quarter
/// and not to twice its size, which would fill the caches with half-empty rings.
#[derive(Debug, Clone, Default)]
pub(super) struct Ring {
    places: Box<[OnWire]>,
    /// Place of the first packet.
    head: u32,
    length: u32,
}

impl Ring {
    #[inline]
    pub const fn len(&self) -> u32 {
        self.length
    }

    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    #[inline(always)]
    const fn place(&self, index: u32) -> usize {
        let place = self.head as usize + index as usize;
        if place < self.places.len() { place } else { place - self.places.len() }
    }

    #[inline(always)]
    pub fn get(&self, index: u32) -> Option<&OnWire> {
        if index < self.length { Some(&self.places[self.place(index)]) } else { None }
    }

    #[inline(always)]
    pub fn front(&self) -> Option<&OnWire> {
        if self.length == 0 { None } else { Some(&self.places[self.head as usize]) }
    }

    /// Fetches the packet at `index`, whether there is one or not.
    #[inline(always)]
    pub fn prefetch(&self, index: u32) {
        if let Some(entry) = self.places.get(self.place(index)) {
            prefetch(entry);
        }
    }

    pub fn back(&self) -> Option<&OnWire> {
        self.get(self.length.checked_sub(1)?)
    }

    /// The packets from the one at `index` on.
    pub fn from(&self, index: u32) -> impl Iterator<Item = &OnWire> {
        (index..self.length).map(|index| &self.places[self.place(index)])
    }

    /// The packet at `index`; panics (our bug) when there is none.
    pub fn at_mut(&mut self, index: u32) -> &mut OnWire {
        assert!(index < self.length, "a place without a packet");
        let place = self.place(index);
        &mut self.places[place]
    }

    #[inline(always)]
    pub fn push(&mut self, entry: OnWire) {
        if self.length as usize == self.places.len() {
            self.grow(entry);
        }
        let place = self.place(self.length);
        self.places[place] = entry;
        self.length += 1;
    }

    /// More places; the new ones hold `filler` until they are used.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, filler: OnWire) {
        let places = (self.places.len() + self.places.len().div_ceil(4)).max(FEWEST);
        let mut grown: Vec<OnWire> = self.from(0).copied().collect();
        grown.resize(places, filler);
        *self = Self { places: grown.into_boxed_slice(), head: 0, length: self.length };
    }

    #[inline(always)]
    pub fn pop(&mut self) {
        debug_assert!(self.length > 0, "an empty ring has no first packet");
        self.head += 1;
        if self.head as usize == self.places.len() {
            self.head = 0;
        }
        self.length -= 1;
    }

    /// Puts a packet at `index`, before the one that is there.
    pub fn insert(&mut self, index: u32, entry: OnWire) {
        self.push(entry);
        for later in (index + 1..self.length).rev() {
            let earlier = *self.at_mut(later - 1);
            *self.at_mut(later) = earlier;
        }
        *self.at_mut(index) = entry;
    }

    /// Takes out the packets from the one at `index` on.
    pub fn cut(&mut self, index: u32) -> Vec<Packet> {
        let cut = self.from(index).map(|entry| entry.packet).collect();
        self.length = self.length.min(index);
        cut
    }
}

/// Places of the smallest ring that is not empty.
const FEWEST: usize = 8;
