//! A 4-ary heap of packed keys.

use crate::units::Time;

/// When something fires, and what: time 64 bits, rank 8, entity 32, serial 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventKey(u128);

impl EventKey {
    /// Behind every event there can be; stands where none is, so that four children can always be compared.
    pub const NEVER: Self = Self(u128::MAX);

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

/// The children of one node, on one cache line.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct Children([EventKey; 4]);

/// Pending events, smallest key first.
///
/// The event being handled stays at the root until the next one is asked for: most events schedule another, which
/// then takes the root's place and sinks, instead of one removal and one insertion.
#[derive(Debug, Clone)]
pub struct EventQueue {
    /// Node 0, or [`EventKey::NEVER`].
    root: EventKey,
    /// The children of node `n` are family `n`: place `p` of family `f` is node `4 f + p + 1`.
    families: Vec<Children>,
    /// Number of nodes, the event being handled included.
    nodes: usize,
    state: Root,
    now: EventKey,
    fired: u64,
    /// Where the event that sank last has come to rest.
    landed: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    /// A pending event, as everywhere else in the heap.
    Pending,
    /// The event being handled, to be replaced.
    Fired,
}

impl EventQueue {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        let (root, state) = (EventKey::NEVER, Root::Pending);
        Self { root, families: Vec::new(), nodes: 0, state, now: EventKey(0), fired: 0, landed: 0 }
    }

    /// Adds an event; panics (our bug) when it lies before the one being handled.
    #[inline(always)]
    pub fn push(&mut self, key: EventKey) {
        assert!(key.time() >= self.now.time(), "an event is scheduled before the present one");
        debug_assert!(key >= self.now, "an event is scheduled before the present one of its instant");
        match self.state {
            Root::Fired => {
                self.state = Root::Pending;
                self.sink(key);
            }
            Root::Pending => self.rise(key),
        }
    }

    /// Takes the next event, and makes it the present one.
    #[inline]
    pub fn pop(&mut self) -> Option<EventKey> {
        self.pop_before(Time::MAX)
    }

    /// As [`Self::pop`], when the next event fires before `limit`.
    #[inline]
    pub fn pop_before(&mut self, limit: Time) -> Option<EventKey> {
        let next = self.next_key();
        if next.time() >= limit {
            return None;
        }
        self.fire(next);
        Some(next)
    }

    /// Takes the event that [`Self::next_key`] told, and makes it the present one.
    #[inline(always)]
    pub fn fire(&mut self, next: EventKey) {
        debug_assert!(next == self.root && next != EventKey::NEVER, "another event is next");
        self.state = Root::Fired;
        self.now = next;
        self.fired += 1;
    }

    /// The next event, or [`EventKey::NEVER`].
    #[inline(always)]
    pub fn next_key(&mut self) -> EventKey {
        if self.state == Root::Fired {
            self.remove_root();
        }
        self.root
    }

    /// The events that rose when the last one sank, those on the first four levels beneath the root, the uppermost first. An
    /// event rises through all of them before it fires, a level at a time. Where none did, [`EventKey::NEVER`] stands.
    #[inline(always)]
    pub fn risen(&self) -> [EventKey; 4] {
        // Levels begin at nodes 1, 5, 21, 85 and 341.
        let mut risen = [EventKey::NEVER; 4];
        let mut node = self.landed;
        while node >= 341 {
            node = (node - 1) / 4;
        }
        for (level, begin) in [85, 21, 5, 1].into_iter().enumerate() {
            if node >= begin {
                risen[3 - level] = self.families[(node - 1) / 4].0[(node - 1) % 4];
                node = (node - 1) / 4;
            }
        }
        risen
    }

    /// When the next event fires.
    #[inline]
    pub fn next_time(&mut self) -> Option<Time> {
        let next = self.next_key();
        (next != EventKey::NEVER).then(|| next.time())
    }

    #[inline(never)]
    fn remove_root(&mut self) {
        self.state = Root::Pending;
        self.nodes -= 1;
        let last = std::mem::replace(self.node(self.nodes), EventKey::NEVER);
        if self.nodes > 0 {
            self.sink(last);
        }
    }

    /// Removes the pending events that `keep` does not want.
    pub fn retain(&mut self, mut keep: impl FnMut(EventKey) -> bool) {
        if self.state == Root::Fired {
            self.remove_root();
        }
        let pending = (0..self.nodes).map(|node| *self.node(node));
        let kept: Vec<EventKey> = pending.filter(|key| keep(*key)).collect();
        (self.root, self.nodes) = (EventKey::NEVER, 0);
        self.families.clear();
        self.landed = 0;
        kept.into_iter().for_each(|key| self.rise(key));
    }

    /// How many events have been taken.
    #[must_use]
    pub const fn fired(&self) -> u64 {
        self.fired
    }

    /// How many are pending.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self.state {
            Root::Pending => self.nodes,
            Root::Fired => self.nodes - 1,
        }
    }

    /// Whether none is pending.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts `key` at the root and lets it sink.
    #[inline(always)]
    fn sink(&mut self, key: EventKey) {
        let least = self.families.first().map(Children::least);
        let Some((least, child)) = least.filter(|(least, _)| *least < key) else {
            self.root = key;
            self.landed = 0;
            return;
        };
        self.root = least;
        // The empty place, where the least child was.
        let (mut family, mut place) = (0, child);
        loop {
            let below = 4 * family + place + 1;
            let least = self.families.get(below).map(Children::least);
            let Some((least, child)) = least.filter(|(least, _)| *least < key) else { break };
            self.families[family].0[place] = least;
            (family, place) = (below, child);
        }
        self.families[family].0[place] = key;
        self.landed = 4 * family + place + 1;
    }

    /// Puts `key` behind the last node and lets it rise.
    #[inline(never)]
    fn rise(&mut self, key: EventKey) {
        let mut node = self.nodes;
        self.nodes += 1;
        if node > 0 && (node - 1) / 4 == self.families.len() {
            self.families.push(Children([EventKey::NEVER; 4]));
        }
        while node > 0 {
            let parent = (node - 1) / 4;
            let above = *self.node(parent);
            if above <= key {
                break;
            }
            *self.node(node) = above;
            node = parent;
        }
        *self.node(node) = key;
    }

    #[inline]
    fn node(&mut self, node: usize) -> &mut EventKey {
        if node == 0 { &mut self.root } else { &mut self.families[(node - 1) / 4].0[(node - 1) % 4] }
    }
}

impl Default for EventQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl Children {
    /// The least key and its place. Compared in pairs without branches: which child is the least is as good as
    /// random, and a mispredicted branch costs more than a comparison.
    #[inline]
    fn least(&self) -> (EventKey, usize) {
        let [first, second, third, fourth] = self.0;
        let one = if second < first { (second, 1) } else { (first, 0) };
        let other = if fourth < third { (fourth, 3) } else { (third, 2) };
        if other.0 < one.0 { other } else { one }
    }
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

    /// Every event that fires has risen to the first level at some event before, or is the one that was put at the root.
    #[test]
    fn whatever_fires_has_risen_before() {
        let mut stream = RunSeed(5).stream("queue", "test");
        let mut queue = EventQueue::new();
        let key = |at: u64, entity: u32| EventKey::new(Time::from_ps(at), 0, entity, 0);
        (0..2_000).for_each(|entity| queue.push(key(stream.below(1_000_000), entity)));
        let mut seen = vec![0u32; 2_000];
        for step in 0..50_000 {
            let event = queue.pop().expect("one is pending for each entity");
            if step > 20_000 {
                assert!(seen[event.entity() as usize] == 4, "step {step}: {}", seen[event.entity() as usize]);
            }
            seen[event.entity() as usize] = 0;
            queue.push(key(event.time().as_ps() + 900_000 + stream.below(100_000), event.entity()));
            for (level, risen) in queue.risen().into_iter().enumerate().filter(|(_, risen)| *risen != EventKey::NEVER) {
                let seen = &mut seen[risen.entity() as usize];
                *seen = (*seen).max(4 - u32::try_from(level).expect("four levels"));
            }
        }
    }

    #[test]
    fn what_is_retained_comes_in_order() {
        let mut queue = EventQueue::new();
        let key = |number: u64| EventKey::new(Time::from_ps(number * 7 % 101), 0, 0, 0);
        (1..100).for_each(|number| queue.push(key(number)));
        let first = queue.pop().map(|key| key.time().as_ps());
        queue.retain(|key| key.time().as_ps() % 3 == 0);
        let rest: Vec<u64> = std::iter::from_fn(|| queue.pop()).map(|key| key.time().as_ps()).collect();
        assert_eq!(first, Some(1));
        assert_eq!(rest, (1..101).filter(|time| time % 3 == 0).filter(|time| *time != 0).collect::<Vec<_>>());
    }

    #[test]
    fn the_least_key_there_is_can_be_the_first_event() {
        let mut queue = EventQueue::new();
        queue.push(EventKey::new(Time::ZERO, 0, 0, 0));
        assert_eq!(queue.pop().map(EventKey::time), Some(Time::ZERO));
        assert_eq!((queue.pop(), queue.len()), (None, 0));
    }

    #[test]
    #[should_panic(expected = "before the present one")]
    fn the_past_is_refused() {
        let mut queue = EventQueue::new();
        queue.push(EventKey::new(Time::from_ps(5), 0, 0, 0));
        queue.pop();
        queue.push(EventKey::new(Time::from_ps(4), 0, 0, 0));
    }
}
