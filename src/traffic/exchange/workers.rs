//! Who serves requests.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::num::NonZeroU32;

use crate::network::ExchangeConfig;
use crate::units::{Span, Time};

/// Workers behind one attachment: requests are served in order of arrival, so that a request's end is known when it
/// comes.
#[derive(Debug, Clone)]
pub struct Workers {
    /// `None` is as many as there are requests.
    count: Option<NonZeroU32>,
    /// How many requests may wait; `None` is any number.
    backlog: Option<u32>,
    /// When each worker that has been needed so far is free.
    free: BinaryHeap<Reverse<Time>>,
    /// When the service of each request begins that waited when last looked, in order.
    waiting: VecDeque<Time>,
}

/// When a request is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Served {
    pub begins: Time,
    pub ends: Time,
}

impl Workers {
    /// The workers of a server, all idle.
    #[must_use]
    pub const fn new(config: &ExchangeConfig) -> Self {
        let ExchangeConfig { workers, backlog, .. } = *config;
        Self { count: workers, backlog, free: BinaryHeap::new(), waiting: VecDeque::new() }
    }

    /// A request comes that takes a worker so long; `None` when all are busy and too many wait.
    pub(super) fn serve(&mut self, now: Time, service: Span) -> Option<Served> {
        let Some(count) = self.count else { return Some(Served { begins: now, ends: now + service }) };
        while self.waiting.front().is_some_and(|begins| *begins <= now) {
            self.waiting.pop_front();
        }
        let is_idle = self.free.peek().is_some_and(|Reverse(at)| *at <= now);
        let is_busy = !is_idle && self.free.len() == count.get() as usize;
        if is_busy && self.backlog.is_some_and(|backlog| self.waiting.len() >= backlog as usize) {
            return None;
        }
        let begins = if is_idle || is_busy {
            let Reverse(free) = self.free.pop().expect("there is at least one worker");
            free.max(now)
        } else {
            now
        };
        let ends = begins + service;
        self.free.push(Reverse(ends));
        if is_busy {
            self.waiting.push_back(begins);
        }
        Some(Served { begins, ends })
    }
}
