//! A token bucket, told by the instant at which it would be full.

use crate::dataplane::Pace;
use crate::units::{Rate, Span, Time};

/// Tokens that come in at a rate, up to what the rate brings in `depth`.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    pace: Pace,
    depth: Span,
    full_at: Time,
}

impl Bucket {
    /// A full bucket.
    pub const fn new(rate: Rate, depth: Span) -> Self {
        Self { pace: Pace::new(rate), depth, full_at: Time::ZERO }
    }

    pub const fn rate(&self) -> Rate {
        self.pace.rate()
    }

    /// When `bytes` of tokens are there, at `now` at the earliest. A packet larger than the bucket needs it full.
    #[inline]
    pub fn ready_at(&self, now: Time, bytes: u64) -> Time {
        let cost = self.pace.time(bytes);
        let spare = self.depth.saturating_sub(cost);
        Time::from_ps(self.full_at.as_ps().saturating_sub(spare.as_ps())).max(now)
    }

    /// Takes the tokens of `bytes` at `now`.
    #[inline]
    pub fn take(&mut self, now: Time, bytes: u64) {
        self.full_at = self.full_at.max(now) + self.pace.time(bytes);
    }

    /// Tokens come in at another rate from `now` on, and the bucket holds what that brings in `depth`; the tokens in
    /// it stay, as far as they fit.
    pub fn set_rate(&mut self, now: Time, rate: Rate) {
        let tokens = self.depth.saturating_sub(self.full_at.since(now));
        let tokens = tokens.scaled(self.pace.rate().as_bps(), rate.as_bps());
        self.full_at = now + self.depth.saturating_sub(tokens);
        self.pace = Pace::new(rate);
    }
}
