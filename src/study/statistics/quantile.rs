//! Intervals for quantiles from order statistics, valid for any law (David & Nagaraja, "Order Statistics", 7.1).

use super::distributions::binomial_at_least;

/// Which order statistics hold a quantile between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantileInterval {
    /// Between the `low`-th and the `high`-th smallest value, both counted from 1.
    Ranks {
        /// Rank of the lower end.
        low: u64,
        /// Rank of the upper end.
        high: u64,
    },
    /// No finite two-sided interval yet.
    TooFew {
        /// Values that there are.
        count: u64,
        /// Values that a finite interval needs.
        needed: u64,
    },
}

/// The interval for the `probability` quantile of `count` values, each end missing with at most half of 1 - `confidence`.
#[must_use]
pub fn quantile_interval(count: u64, probability: f64, confidence: f64) -> QuantileInterval {
    let tail = 0.5 * (1.0 - confidence);
    // Values below the quantile are Binomial(count, probability): the greatest low with P(B < low) <= tail,
    // the least high with P(B >= high) <= tail.
    let low = first(count + 1, |least| 1.0 - binomial_at_least(count, least, probability) > tail);
    let high = first(count + 1, |least| binomial_at_least(count, least, probability) <= tail);
    if low <= 1 || high > count {
        return QuantileInterval::TooFew { count, needed: samples_needed(probability, confidence) };
    }
    QuantileInterval::Ranks { low: low - 1, high }
}

/// Values from which on [`quantile_interval`] is finite on both sides: p^n and (1-p)^n at most half of 1 - confidence.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
pub fn samples_needed(probability: f64, confidence: f64) -> u64 {
    let worse = probability.max(1.0 - probability);
    libm::ceil(libm::log(0.5 * (1.0 - confidence)) / libm::log(worse)) as u64
}

/// Rank, from 1, of the point estimate: the least one at or below which this share of the values lies.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
pub fn quantile_rank(count: u64, probability: f64) -> u64 {
    (libm::ceil(count as f64 * probability) as u64).clamp(1, count.max(1))
}

/// The least of 0..=end that `holds`, for a condition that stays true; `end` when none does.
fn first(end: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conover, "Practical Nonparametric Statistics", table of the binomial: the median of 20 lies between the 6th and the
    /// 15th value with 95.9%; of 6 values between the ends with 96.9%; of 5 nothing at 95%.
    #[test]
    fn medians_have_the_tabulated_ranks() {
        assert_eq!(quantile_interval(20, 0.5, 0.95), QuantileInterval::Ranks { low: 6, high: 15 });
        assert_eq!(quantile_interval(6, 0.5, 0.95), QuantileInterval::Ranks { low: 1, high: 6 });
        assert_eq!(quantile_interval(5, 0.5, 0.95), QuantileInterval::TooFew { count: 5, needed: 6 });
    }

    /// 0.999^n <= 0.025 from n = 3,688 on; 0.99^n from 368 on.
    #[test]
    fn a_far_quantile_says_how_many_values_it_needs() {
        assert_eq!((samples_needed(0.999, 0.95), samples_needed(0.99, 0.95)), (3_688, 368));
        assert_eq!(quantile_interval(3_687, 0.999, 0.95), QuantileInterval::TooFew { count: 3_687, needed: 3_688 });
        assert!(matches!(quantile_interval(3_688, 0.999, 0.95), QuantileInterval::Ranks { high: 3_688, .. }));
    }

    #[test]
    fn the_interval_covers_as_it_says_and_no_narrower_one_does() {
        for (count, probability) in [(100, 0.5), (1_000, 0.9), (10_000, 0.99)] {
            let QuantileInterval::Ranks { low, high } = quantile_interval(count, probability, 0.95) else {
                panic!("finite")
            };
            let cover =
                |low, high| binomial_at_least(count, low, probability) - binomial_at_least(count, high, probability);
            assert!(cover(low, high) >= 0.95 && cover(low + 1, high - 1) < 0.95);
            let rank = quantile_rank(count, probability);
            assert!(low <= rank && rank <= high);
        }
    }
}
