//! Things that happen a constant delay after they were decided: first in, first out, one pending event.

use std::collections::VecDeque;

use crate::units::Time;

/// A queue whose head has the pending event.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Delayed<T> {
    items: VecDeque<(Time, T)>,
    serial: u32,
}

impl<T> Default for Delayed<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), serial: 0 }
    }
}

impl<T> Delayed<T> {
    /// Appends an item due at `at`; returns the serial of the event to schedule when it is the head.
    #[must_use]
    pub fn push(&mut self, at: Time, item: T) -> Option<u32> {
        debug_assert!(self.items.back().is_none_or(|(last, _)| *last <= at), "the delay is constant");
        self.items.push_back((at, item));
        (self.items.len() == 1).then(|| self.next_serial())
    }

    /// Puts an item due at `at` among the others; returns the serial of the event to schedule when it is the head.
    #[must_use]
    pub fn insert(&mut self, at: Time, item: T) -> Option<u32> {
        let index = self.items.partition_point(|(due, _)| *due <= at);
        self.items.insert(index, (at, item));
        (index == 0).then(|| self.next_serial())
    }

    /// Takes the head when it is due; `None` for a stale event, or when all that was due is done.
    pub fn pop(&mut self, now: Time) -> Option<T> {
        (self.items.front()?.0 == now).then(|| self.items.pop_front()).flatten().map(|(_, item)| item)
    }

    /// What should have happened before `at` happens then; returns the serial of the event, unless nothing waits.
    #[must_use]
    pub fn put_off(&mut self, at: Time) -> Option<u32> {
        self.items.front()?;
        self.items.iter_mut().for_each(|(due, _)| *due = (*due).max(at));
        Some(self.next_serial())
    }

    /// When the head is due, with the serial of the event to schedule.
    pub fn head(&mut self) -> Option<(Time, u32)> {
        let at = self.items.front()?.0;
        Some((at, self.next_serial()))
    }

    /// Forgets everything; a pending event becomes stale.
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// Whether nothing is waiting.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }
}
