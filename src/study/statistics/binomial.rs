//! Intervals for a probability from `events` in `trials`: P(a month misses), P(any outage in a year).

use super::Interval;
use super::distributions::{beta_quantile, normal};

/// Clopper and Pearson's interval (Biometrika 1934): it covers with at least this confidence, whatever the truth.
///
/// With no event in `trials` the two-sided interval begins at 0; [`none_seen_bound`] is the one-sided statement.
#[must_use]
pub fn clopper_pearson(events: u64, trials: u64, confidence: f64) -> Interval {
    assert!(events <= trials && trials > 0, "{events} events in {trials} trials");
    let (seen, others) = (events as f64, (trials - events) as f64);
    let tail = 0.5 * (1.0 - confidence);
    Interval {
        low: if events == 0 { 0.0 } else { beta_quantile(seen, others + 1.0, tail) },
        high: if events == trials { 1.0 } else { beta_quantile(seen + 1.0, others, 1.0 - tail) },
    }
}

/// Wilson's score interval (JASA 1927): narrower, right on average, for rules that decide when to stop.
#[must_use]
pub fn wilson(events: u64, trials: u64, confidence: f64) -> Interval {
    assert!(events <= trials && trials > 0, "{events} events in {trials} trials");
    let n = trials as f64;
    let p = events as f64 / n;
    let square = normal(confidence) * normal(confidence);
    let center = p + square / (2.0 * n);
    let half = (square * (p * (1.0 - p) + square / (4.0 * n)) / n).sqrt();
    let scale = 1.0 + square / n;
    Interval { low: ((center - half) / scale).max(0.0), high: ((center + half) / scale).min(1.0) }
}

/// Upper bound of a probability of which no event was seen in `trials`, at this one-sided confidence:
/// 1 - (1 - confidence)^(1/trials), the exact form of the rule of three.
#[must_use]
pub fn none_seen_bound(trials: u64, confidence: f64) -> f64 {
    if trials == 0 { 1.0 } else { -libm::expm1(libm::log(1.0 - confidence) / trials as f64) }
}

/// Trials without an event that bring [`none_seen_bound`] down to `bound`.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
pub fn trials_for_bound(bound: f64, confidence: f64) -> u64 {
    libm::ceil(libm::log(1.0 - confidence) / libm::log1p(-bound)) as u64
}

/// Upper bound of a rate of which no event was seen over `exposure`, in events per unit of exposure: 3.0 / exposure at 95%.
#[must_use]
pub fn none_seen_rate_bound(exposure: f64, confidence: f64) -> f64 {
    -libm::log(1.0 - confidence) / exposure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(interval: Interval, low: f64, high: f64) {
        let off = (interval.low - low).abs().max((interval.high - high).abs());
        assert!(off <= 5.01e-5, "{interval:?} is not {low} to {high}");
    }

    /// Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I.
    #[test]
    fn intervals_are_those_that_newcombe_prints() {
        for (events, trials, exact, score) in [
            (81, 263, (0.2527, 0.3676), (0.2553, 0.3662)),
            (15, 148, (0.0578, 0.1617), (0.0624, 0.1605)),
            (0, 20, (0.0, 0.1684), (0.0, 0.1611)),
            (1, 29, (0.0009, 0.1776), (0.0061, 0.1718)),
        ] {
            near(clopper_pearson(events, trials, 0.95), exact.0, exact.1);
            near(wilson(events, trials, 0.95), score.0, score.1);
        }
        near(clopper_pearson(20, 20, 0.95), 1.0 - 0.1684, 1.0);
    }

    /// scipy 1.17: beta.ppf(0.025, 12, 999989) and beta.ppf(0.975, 13, 999988).
    #[test]
    fn rare_events_in_a_million_keep_their_digits() {
        let interval = clopper_pearson(12, 1_000_000, 0.95);
        assert!((interval.low / 6.200_589_988_389_883e-6 - 1.0).abs() < 1e-9, "{interval:?}");
        assert!((interval.high / 2.096_149_112_368_313_6e-5 - 1.0).abs() < 1e-9, "{interval:?}");
    }

    /// 1 - 0.05^(1/n): 299 trials for 1%, 29,956 for 1e-4; Hanley & Lippman-Hand's rule of three (JAMA 1983) is its limit.
    #[test]
    fn no_event_is_a_bound_and_never_zero() {
        assert_eq!((trials_for_bound(0.01, 0.95), trials_for_bound(1e-4, 0.95)), (299, 29_956));
        assert!(none_seen_bound(299, 0.95) <= 0.01 && none_seen_bound(298, 0.95) > 0.01);
        assert!((none_seen_bound(1_000_000, 0.95) * 1e6 - 2.995_732).abs() < 1e-5);
        assert!((none_seen_rate_bound(100.0, 0.95) - 0.029_957_32).abs() < 1e-8);
        assert!((none_seen_bound(0, 0.95) - 1.0).abs() < 1e-15);
    }
}
