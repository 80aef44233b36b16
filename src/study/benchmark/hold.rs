//! The hold model of an event queue: take the next event and schedule another, at a constant number of pending ones.

use super::clock::timed;
use super::spread::Spread;
use crate::engine::{EventKey, EventQueue};
use crate::rng::mix;
use crate::units::{Span, Time};

/// Longest time from an event to the one that it schedules, in picoseconds.
const LONGEST: u64 = 1 << 30;

/// The queue's speed at one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hold {
    /// Events pending.
    pub pending: u32,
    /// Events taken and scheduled per second.
    pub operations_per_second: Spread,
}

/// The engine's queue with `pending` events, `rounds` times `operations`.
#[must_use]
pub fn hold(pending: u32, operations: u32, rounds: usize) -> Hold {
    let mut draws = (0u64..).map(|index| 1 + mix(index) % LONGEST);
    let mut draw = || Span::from_ps(draws.next().expect("endless"));
    let mut queue = EventQueue::new();
    for entity in 0..pending {
        queue.push(EventKey::new(Time::ZERO + draw(), 0, entity, 0));
    }
    let mut step = |serial| {
        let key = queue.pop().expect("as many as before");
        queue.push(EventKey::new(key.time() + draw(), 0, key.entity(), serial));
    };
    (0..operations / 4).for_each(&mut step);
    let mut measure = || f64::from(operations) / timed(|| (0..operations).for_each(&mut step)).1.as_secs_f64();
    let rates = (0..rounds).map(|_| measure()).collect();
    Hold { pending, operations_per_second: Spread::of(rates) }
}
