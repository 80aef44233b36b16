//! Little's law, asserted on every queue of every run in builds with debug assertions.
//!
//! Along one sample path the law is exact (Little 1961): the time integral of a queue's length is what its packets
//! waited together. Whole picoseconds make both sides integers. Release builds keep and check nothing.

use crate::units::Time;

/// Both sides of Little's law for one queue.
#[derive(Debug, Clone, Copy, Default)]
pub struct QueueAudit {
    #[cfg(debug_assertions)]
    sums: Sums,
}

#[cfg(debug_assertions)]
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    seen: Time,
    /// Integral of the length, in packets times picoseconds.
    area: i128,
    /// What packets were told that they wait, in picoseconds.
    waits: i128,
}

#[cfg(debug_assertions)]
impl QueueAudit {
    /// The queue has had `length` packets since it was last seen, and changes at `now`.
    pub fn sees(&mut self, now: Time, length: usize) {
        assert!(now >= self.sums.seen, "a queue changed at {now:?}, before {:?}", self.sums.seen);
        self.sums.area += i128::from((now - self.sums.seen).as_ps()) * i128::try_from(length).expect("it fits");
        self.sums.seen = now;
    }

    /// Packets are told that they wait so many picoseconds more, or fewer.
    pub fn tells(&mut self, picoseconds: i128) {
        self.sums.waits += picoseconds;
    }

    /// Asserts the law at `now`; `untold` is what the `length` packets in the queue have waited but were not told,
    /// negative when they were told too much.
    pub fn holds(mut self, now: Time, length: usize, untold: i128) {
        self.sees(now, length);
        let Sums { area, waits, .. } = self.sums;
        assert_eq!(area, waits + untold, "Little's law: the integral of the length is not the time waited");
    }
}

#[cfg(not(debug_assertions))]
#[expect(clippy::unused_self, reason = "nothing is kept in release builds")]
impl QueueAudit {
    /// Nothing.
    #[inline]
    pub const fn sees(&mut self, _now: Time, _length: usize) {}
    /// Nothing.
    #[inline]
    pub const fn tells(&mut self, _picoseconds: i128) {}
    /// Nothing.
    #[inline]
    pub const fn holds(self, _now: Time, _length: usize, _untold: i128) {}
}
