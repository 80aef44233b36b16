//! A 4-ary heap of packed keys.

use crate::units::Time;

/// When something fires, and what: time 64 bits, rank 8, entity 32, serial 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventKey(u128);

impl EventKey {
    /// A key; `serial` counts the entity's own events and wraps at 2^24.
    #[must_use]
    #[inline]
    pub const fn new(time: Time, rank: u8, entity: u32, serial: u32) -> Self {
        let tie = ((rank as u64) << 56) | ((entity as u64) << 24) | (serial as u64 & 0x00ff_ffff);
        Self(((time.as_ps() as u128) << 64) | tie as u128)
    }

    /// When it fires.
    #[must_use]
    #[inline]
    pub const fn time(self) -> Time {
        Time::from_ps((self.0 >> 64) as u64)
    }

    /// The kind of thing that fires.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "8 bits of the key")]
    pub const fn rank(self) -> u8 {
        (self.0 >> 56) as u8
    }

    /// Which one of its kind.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "32 bits of the key")]
    pub const fn entity(self) -> u32 {
        (self.0 >> 24) as u32
    }
}

/// Pending events, smallest key first.
///
/// The event being handled stays at the root until the next one is asked for: most events schedule another, which
/// then takes the root's place and sinks, instead of one removal and one insertion.
#[derive(Debug, Clone, Default)]
pub struct EventQueue {
    heap: Vec<EventKey>,
    now: Option<EventKey>,
    root: Root,
    fired: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Root {
    /// A pending event, as everywhere else in the heap.
    #[default]
    Pending,
    /// The event being handled, to be replaced.
    Fired,
}

impl EventQueue {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event; panics (our bug) unless it lies behind the one being handled.
    #[inline]
    pub fn push(&mut self, key: EventKey) {
        assert!(self.now.is_none_or(|now| key > now), "an event is scheduled behind the present one");
        match self.root {
            Root::Fired => {
                self.root = Root::Pending;
                self.heap[0] = key;
                self.sift_down();
            }
            Root::Pending => {
                self.heap.push(key);
                self.sift_up(self.heap.len() - 1);
            }
        }
    }

    /// Takes the next event, and makes it the present one.
    #[inline]
    pub fn pop(&mut self) -> Option<EventKey> {
        if self.root == Root::Fired {
            self.remove_root();
        }
        let top = *self.heap.first()?;
        self.root = Root::Fired;
        self.now = Some(top);
        self.fired += 1;
        Some(top)
    }

    #[inline]
    fn remove_root(&mut self) {
        self.root = Root::Pending;
        let last = self.heap.pop().expect("the root is there");
        if !self.heap.is_empty() {
            self.heap[0] = last;
            self.sift_down();
        }
    }

    /// How many events have been taken.
    #[must_use]
    pub const fn fired(&self) -> u64 {
        self.fired
    }

    /// How many are pending.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self.root {
            Root::Pending => self.heap.len(),
            Root::Fired => self.heap.len() - 1,
        }
    }

    /// Whether none is pending.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn sift_up(&mut self, mut index: usize) {
        let key = self.heap[index];
        while index > 0 {
            let parent = (index - 1) / 4;
            if self.heap[parent] <= key {
                break;
            }
            self.heap[index] = self.heap[parent];
            index = parent;
        }
        self.heap[index] = key;
    }

    #[inline]
    fn sift_down(&mut self) {
        let key = self.heap[0];
        let length = self.heap.len();
        let mut index = 0;
        loop {
            let first = 4 * index + 1;
            if first >= length {
                break;
            }
            let least = first + least_of(&self.heap[first..(first + 4).min(length)]);
            if self.heap[least] >= key {
                break;
            }
            self.heap[index] = self.heap[least];
            index = least;
        }
        self.heap[index] = key;
    }
}

/// Index of the least of one to four keys. Four are compared in pairs without branches: which child is the least is
/// as good as random, and a mispredicted branch costs more than a comparison.
#[inline]
fn least_of(keys: &[EventKey]) -> usize {
    if let [first, second, third, fourth] = keys {
        let one = usize::from(second < first);
        let other = 2 + usize::from(fourth < third);
        return if keys[other] < keys[one] { other } else { one };
    }
    (1..keys.len()).fold(0, |least, index| if keys[index] < keys[least] { index } else { least })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::RunSeed;

    #[test]
    fn keys_order_by_time_then_rank_then_entity_then_serial() {
        let key = |time, rank, entity, serial| EventKey::new(Time::from_ps(time), rank, entity, serial);
        assert!(key(1, 9, 9, 9) < key(2, 0, 0, 0));
        assert!(key(1, 1, 9, 9) < key(1, 2, 0, 0));
        assert!(key(1, 1, 1, 9) < key(1, 1, 2, 0));
        assert!(key(1, 1, 1, 1) < key(1, 1, 1, 2));
        let full = key(u64::MAX, u8::MAX, u32::MAX, 7);
        assert_eq!((full.time().as_ps(), full.rank(), full.entity()), (u64::MAX, u8::MAX, u32::MAX));
    }

    #[test]
    fn the_queue_sorts_whatever_the_insertion_order() {
        let mut stream = RunSeed(3).stream("queue", "test");
        let mut keys: Vec<EventKey> =
            (0..1000).map(|serial| EventKey::new(Time::from_ps(stream.below(50)), 0, 0, serial)).collect();
        let mut queue = EventQueue::new();
        keys.iter().for_each(|key| queue.push(*key));
        keys.sort_unstable();
        let popped: Vec<EventKey> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(popped, keys);
    }

    #[test]
    fn pushes_and_pops_in_turn_equal_a_sorted_list() {
        let mut stream = RunSeed(4).stream("queue", "test");
        let (mut queue, mut sorted, mut now) = (EventQueue::new(), std::collections::BTreeSet::new(), 0);
        for serial in 0..5_000 {
            for _ in 0..stream.below(3) {
                let key = EventKey::new(Time::from_ps(now + 1 + stream.below(100)), 0, serial, 0);
                if sorted.insert(key) {
                    queue.push(key);
                }
            }
            let next = queue.pop();
            assert_eq!((next, queue.len()), (sorted.pop_first(), sorted.len()));
            now = next.map_or(now, |key| key.time().as_ps());
        }
    }

    #[test]
    #[should_panic(expected = "behind the present one")]
    fn the_past_is_refused() {
        let mut queue = EventQueue::new();
        queue.push(EventKey::new(Time::from_ps(5), 0, 0, 0));
        queue.pop();
        queue.push(EventKey::new(Time::from_ps(4), 0, 0, 0));
    }
}
