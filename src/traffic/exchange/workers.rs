//! Who serves requests.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::num::NonZeroU32;

use crate::units::{Span, Time};

/// Workers behind one attachment: requests are served in order of arrival, so that a request's end is known when it
/// comes.
#[derive(Debug, Clone)]
pub struct Workers {
    /// `None` is as many as there are requests.
    count: Option<NonZeroU32>,
    /// When each worker that has been needed so far is free.
    free: BinaryHeap<Reverse<Time>>,
}

/// When a request is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Served {
    pub begins: Time,
    pub ends: Time,
}

impl Workers {
    /// So many idle workers.
    #[must_use]
    pub const fn new(count: Option<NonZeroU32>) -> Self {
        Self { count, free: BinaryHeap::new() }
    }

    /// A request comes that takes a worker so long.
    pub(super) fn serve(&mut self, now: Time, service: Span) -> Served {
        let Some(count) = self.count else { return Served { begins: now, ends: now + service } };
        let is_idle = self.free.peek().is_some_and(|Reverse(at)| *at <= now);
        let begins = if is_idle || self.free.len() == count.get() as usize {
            let Reverse(free) = self.free.pop().expect("there is at least one worker");
            free.max(now)
        } else {
            now
        };
        let ends = begins + service;
        self.free.push(Reverse(ends));
        Served { begins, ends }
    }
}
