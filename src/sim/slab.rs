//! Payloads of packets while they travel, named by small numbers that are used again.

/// A vector with holes.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Slab<T> {
    items: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Stores an item and returns its number.
    pub fn insert(&mut self, item: T) -> u32 {
        if let Some(index) = self.free.pop() {
            self.items[index as usize] = Some(item);
            return index;
        }
        self.items.push(Some(item));
        u32::try_from(self.items.len() - 1).expect("fewer than 2^32 payloads")
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.free.len() == self.items.len()
    }

    /// Looks at an item; panics (our bug) when there is none of this number.
    pub fn get(&self, index: u32) -> &T {
        self.items[index as usize].as_ref().expect("a payload is there until it is taken")
    }

    /// Takes an item out; panics (our bug) when there is none of this number.
    pub fn take(&mut self, index: u32) -> T {
        self.free.push(index);
        self.items[index as usize].take().expect("a payload is taken once")
    }
}
