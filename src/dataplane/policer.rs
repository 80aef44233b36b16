//! A token bucket that drops what exceeds it.

use crate::dataplane::Pace;
use crate::units::{Rate, Span, Time};

/// A token-bucket policer in its virtual-scheduling form (ITU-T I.371 GCRA): one instant is its whole state.
#[derive(Debug, Clone)]
pub struct Policer {
    pace: Pace,
    depth: Span,
    /// When the bucket would be full again.
    full_at: Time,
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
        Self { pace: Pace::new(rate), depth, full_at: Time::ZERO }
    }

    /// Judges a packet of `bytes` and takes its tokens when it passes.
    #[must_use]
    #[inline]
    pub fn offer(&mut self, now: Time, bytes: u64) -> Verdict {
        let cost = self.pace.time(bytes);
        let after = self.full_at.max(now) + cost;
        if after.since(now) > self.depth.max(cost) {
            return Verdict::Drop;
        }
        self.full_at = after;
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Token bucket (sigma, rho): in any interval T at most sigma + rho T passes, and a greedy source gets that much.
    #[test]
    fn a_greedy_source_gets_burst_plus_rate() {
        let rate = Rate::from_bps(8_000_000).unwrap(); // 1 byte a microsecond
        let mut policer = Policer::new(rate, Span::from_ms(10)); // sigma = 10,000 bytes
        let passed: u64 = (0..100_000u64)
            .map(|us| policer.offer(Time::ZERO + Span::from_us(us), 100))
            .map(|verdict| u64::from(verdict == Verdict::Pass) * 100)
            .sum();
        let bound = 10_000 + 100_000;
        assert!(passed <= bound + 100 && passed > bound - 200, "{passed}");
    }
}
