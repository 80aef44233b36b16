//! What many replications say together: estimates with their intervals, when to stop, and sums that merge exactly.
//!
//! ```text
//! replications --> Sums, Histogram, Worst (integers, merged in any order) --> Interval, Decision
//! ```
//!
//! Every function is pure and uses `libm`, so that the same counts give the same bytes on every machine.

pub mod binomial;
pub mod distributions;
pub mod histogram;
pub mod mean;
pub mod paired;
pub mod quantile;
pub mod stopping;
pub mod sums;
pub mod two_part;
pub mod weighted;
mod wide;
pub mod worst;

/// Where the true value lies, with the confidence that the caller asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether `value` is inside, ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Half of its width.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        0.5 * (self.high - self.low)
    }
}
