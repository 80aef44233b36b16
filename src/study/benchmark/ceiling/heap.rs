//! The bare loop's pending events: a 4-ary heap of 16-byte keys, the smallest first.

/// An event: time in the upper half, whose it is in the lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(u128);

/// Stands where no event is, so that four children can always be compared.
const NONE: Key = Key(u128::MAX);

/// The children of one node, on one cache line.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct Children([Key; 4]);

/// Node 0 is the root, and the children of node `n` are `children[n]`.
#[derive(Debug, Clone)]
pub struct Heap {
    root: Key,
    children: Vec<Children>,
    length: usize,
}

impl Key {
    /// An event of `owner` at `time`.
    #[inline]
    pub const fn new(time: u64, owner: u32) -> Self {
        Self(((time as u128) << 64) | owner as u128)
    }

    /// When.
    #[inline]
    pub const fn time(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// Whose.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the lower half holds 32 bits")]
    pub const fn owner(self) -> u32 {
        self.0 as u32
    }
}

impl Heap {
    /// An empty heap.
    pub const fn new() -> Self {
        Self { root: NONE, children: Vec::new(), length: 0 }
    }

    /// The next event.
    #[inline]
    pub fn top(&self) -> Option<Key> {
        (self.length > 0).then_some(self.root)
    }

    /// Puts `key` in the place of the next event.
    #[inline]
    pub fn replace_top(&mut self, key: Key) {
        let mut node = 0;
        while let Some(children) = self.children.get(node) {
            let (least, child) = children.least();
            if least >= key {
                break;
            }
            *self.at(node) = least;
            node = 4 * node + 1 + child;
        }
        *self.at(node) = key;
    }

    /// Takes the next event out.
    #[inline]
    pub fn remove_top(&mut self) {
        self.length -= 1;
        let last = std::mem::replace(self.at(self.length), NONE);
        if self.length > 0 {
            self.replace_top(last);
        }
    }

    /// Adds an event.
    #[inline]
    pub fn push(&mut self, key: Key) {
        let mut node = self.length;
        self.length += 1;
        if node > 0 && (node - 1) / 4 == self.children.len() {
            self.children.push(Children([NONE; 4]));
        }
        while node > 0 {
            let parent = (node - 1) / 4;
            let above = *self.at(parent);
            if above <= key {
                break;
            }
            *self.at(node) = above;
            node = parent;
        }
        *self.at(node) = key;
    }

    #[inline]
    fn at(&mut self, node: usize) -> &mut Key {
        if node == 0 { &mut self.root } else { &mut self.children[(node - 1) / 4].0[(node - 1) % 4] }
    }
}

impl Children {
    /// The least key and its place. Compared in pairs without branches: which child is the least is as good as random.
    #[inline]
    fn least(&self) -> (Key, usize) {
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
    fn any_mix_of_pushes_replacements_and_removals_equals_a_sorted_list() {
        let mut stream = RunSeed(5).stream("ceiling", "test");
        let (mut heap, mut sorted) = (Heap::new(), std::collections::BTreeSet::new());
        for owner in 0..20_000 {
            let key = Key::new(stream.below(1_000), owner);
            match stream.below(5) {
                0 | 1 => heap.push(key),
                2 | 3 if sorted.pop_first().is_some() => heap.replace_top(key),
                _ => {
                    if sorted.pop_first().is_some() {
                        heap.remove_top();
                    }
                    continue;
                }
            }
            sorted.insert(key);
            assert_eq!(heap.top(), sorted.first().copied());
        }
        assert!(sorted.len() > 100, "the heap had several levels");
    }
}
