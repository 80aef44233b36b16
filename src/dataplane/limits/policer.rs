//! A token bucket that drops what exceeds it.

use super::bucket::Bucket;
use crate::units::{Rate, Span, Time};

/// A single-rate policer.
#[derive(Debug, Clone)]
pub struct Policer {
    bucket: Bucket,
}

/// What a policer does with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It conforms.
    Pass,
    /// It exceeds the rate and burst.
    Drop,
}

impl Policer {
    /// A full bucket that fills at `rate` and holds what `rate` brings in `depth`.
    #[must_use]
    pub const fn new(rate: Rate, depth: Span) -> Self {
        Self { bucket: Bucket::new(rate, depth) }
    }

    /// Judges a packet of `bytes` and takes its tokens when it passes.
    #[must_use]
    #[inline]
    pub fn offer(&mut self, now: Time, bytes: u64) -> Verdict {
        if self.bucket.ready_at(now, bytes) > now {
            return Verdict::Drop;
        }
        self.bucket.take(now, bytes);
        Verdict::Pass
    }

    /// The rate at which tokens come in.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.bucket.rate()
    }

    /// The rate changes; the bucket holds what the new rate brings in the same time.
    pub fn set_rate(&mut self, now: Time, rate: Rate) {
        self.bucket.set_rate(now, rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that pass of 100 B offered each microsecond, from one instant until another.
    fn greedy(policer: &mut Policer, from_us: u64, until_us: u64) -> u64 {
        (from_us..until_us)
            .map(|us| policer.offer(Time::ZERO + Span::from_us(us), 100))
            .map(|verdict| u64::from(verdict == Verdict::Pass) * 100)
            .sum()
    }

    /// Token bucket (sigma, rho): in any interval T at most sigma + rho T passes, and a greedy source gets that much.
    #[test]
    fn a_greedy_source_gets_burst_plus_rate() {
        let rate = Rate::from_bps(8_000_000).unwrap(); // 1 byte a microsecond
        let mut policer = Policer::new(rate, Span::from_ms(10)); // sigma = 10,000 bytes
        let passed = greedy(&mut policer, 0, 100_000);
        let bound = 10_000 + 100_000;
        assert!(passed <= bound + 100 && passed > bound - 200, "{passed}");
    }

    #[test]
    fn a_new_rate_counts_from_its_instant() {
        let mut policer = Policer::new(Rate::from_bps(8_000_000).unwrap(), Span::from_ms(10));
        greedy(&mut policer, 0, 50_000);
        // The bucket is empty, and stays so.
        policer.set_rate(Time::ZERO + Span::from_ms(50), Rate::from_bps(16_000_000).unwrap());
        let passed = greedy(&mut policer, 50_000, 100_000);
        assert!(passed.abs_diff(2 * 50_000) <= 300, "{passed}");
        // A full bucket of 20,000 bytes spills what the new one does not hold.
        let mut policer = Policer::new(Rate::from_bps(16_000_000).unwrap(), Span::from_ms(10));
        policer.set_rate(Time::ZERO, Rate::from_bps(8_000_000).unwrap());
        let passed = greedy(&mut policer, 0, 50_000);
        assert!(passed.abs_diff(10_000 + 50_000) <= 300, "{passed}");
    }
}
