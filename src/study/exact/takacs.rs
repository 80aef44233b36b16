//! The law of one component's downtime within a period (Takács, "On certain sojourn time problems", 1957).
//!
//! The downtime D in T hours is at most x exactly when the failures of the first T - x hours of *uptime* bring at most x
//! hours of downtime. With exponential up times their number is Poisson, which leaves one sum of positive terms.

use super::Start;
use super::poisson::Poisson;

/// P(downtime in `period` > `limit`), all in hours, for exponential up times with this mean.
///
/// `down_hours` is the mean of exponential outages, or the length of constant ones. A limit below 0 is always exceeded, one
/// of a whole period never.
#[must_use]
pub fn downtime_exceeds(
    up_hours: f64,
    down_hours: f64,
    outages: Outages,
    start: Start,
    period: f64,
    limit: f64,
) -> f64 {
    if limit < 0.0 || limit >= period {
        return if limit < 0.0 { 1.0 } else { 0.0 };
    }
    let failures = Poisson::new((period - limit) / up_hours);
    let conditional = |begun: Begun| match outages {
        Outages::Exponential => exponential(&failures, limit / down_hours, begun),
        Outages::Constant => constant(&failures, limit / down_hours, begun),
    };
    match start {
        Start::New => conditional(Begun::Up),
        Start::Stationary => {
            let whole = up_hours + down_hours;
            up_hours / whole * conditional(Begun::Up) + down_hours / whole * conditional(Begun::Down)
        }
    }
}

/// The law of an outage's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outages {
    /// Exponential.
    Exponential,
    /// All of one length.
    Constant,
}

#[derive(Clone, Copy)]
enum Begun {
    Up,
    Down,
}

/// `limit` in mean outages. n outages are longer than it when fewer than n events of their Poisson process fall in it; an
/// outage under way at the start is, without memory, one more.
fn exponential(failures: &Poisson, limit: f64, begun: Begun) -> f64 {
    let more = match begun {
        Begun::Up => 0,
        Begun::Down => 1,
    };
    let most = failures.first + failures.probabilities.len() + more;
    let fewer = Poisson::new(limit).below(most);
    failures.iter().map(|(n, probability)| probability * fewer[n + more]).sum()
}

/// `limit` in outages. The rest of an outage under way at the start is uniform over its length.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, a number of outages")]
fn constant(failures: &Poisson, limit: f64, begun: Begun) -> f64 {
    let whole = libm::floor(limit) as usize;
    let more_than =
        |n: usize| failures.iter().filter(|(found, _)| *found > n).map(|(_, probability)| probability).sum();
    match begun {
        Begun::Up => more_than(whole),
        Begun::Down => {
            let fraction = limit - libm::floor(limit);
            let none_left = whole.checked_sub(1).map_or(1.0, more_than);
            fraction * more_than(whole) + (1.0 - fraction) * none_left
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONTH: f64 = 720.0;
    /// 99.99% of 30 days: 259.2 s.
    const BUDGET: f64 = 0.072;

    fn up(unavailability: f64, down: f64) -> f64 {
        down * (1.0 - unavailability) / unavailability
    }

    /// P(miss) in a stationary 30 days at the same mean availability: it depends on how long outages are.
    #[test]
    fn the_same_mean_misses_the_month_with_very_different_probabilities() {
        let outages = [10.0, 60.0, 300.0, 1_800.0, 14_400.0, 43_200.0].map(|seconds| seconds / 3_600.0);
        let at = |mean: f64| {
            outages.map(|down| {
                downtime_exceeds(up(mean, down), down, Outages::Exponential, Start::Stationary, MONTH, BUDGET)
            })
        };
        let printed = [0.47223, 0.43110, 0.33146, 0.11738, 0.017_620, 0.006_045_2];
        let half_digit = [5e-6, 5e-6, 5e-6, 5e-6, 5e-7, 5e-8];
        for ((value, expected), half) in at(1e-4).iter().zip(printed).zip(half_digit) {
            assert!((value - expected).abs() <= half * 1.01, "{value} is not {expected}");
        }
        let printed = [0.000_022_3, 0.029_621, 0.071_857, 0.024_648, 0.003_548_8, 0.001_211_9];
        let half_digit = [5e-8, 5e-7, 5e-7, 5e-7, 5e-8, 5e-8];
        for ((value, expected), half) in at(2e-5).iter().zip(printed).zip(half_digit) {
            assert!((value - expected).abs() <= half * 1.01, "{value} is not {expected}");
        }
    }

    #[test]
    fn the_two_printed_links_miss_as_often_as_printed() {
        let link = downtime_exceeds(720.0, 5.0 / 60.0, Outages::Exponential, Start::New, MONTH, BUDGET);
        assert!((link - 0.376_143_260).abs() < 5e-10, "{link}");
        let constant = downtime_exceeds(240.0, 50.0 / 3_600.0, Outages::Constant, Start::New, MONTH, BUDGET);
        assert!((constant - 0.083_887_699_4).abs() < 5e-11, "{constant}");
    }

    #[test]
    fn the_ends_of_the_law_are_right() {
        let exceeds = |limit| downtime_exceeds(100.0, 1.0, Outages::Exponential, Start::Stationary, 10.0, limit);
        // No downtime at all: up at the start and no failure.
        let none = 100.0 / 101.0 * libm::exp(-0.1);
        assert!((exceeds(0.0) - (1.0 - none)).abs() < 1e-14);
        assert!((exceeds(-1.0) - 1.0).abs() < 1e-15 && exceeds(10.0) <= 0.0);
        // Down throughout: down at the start and no repair in ten mean outages.
        assert!((exceeds(10.0 - 1e-9) - libm::exp(-10.0) / 101.0).abs() < 1e-12);
        let constant = |limit| downtime_exceeds(100.0, 1.0, Outages::Constant, Start::Stationary, 10.0, limit);
        assert!((constant(0.0) - (1.0 - none)).abs() < 1e-14);
    }
}
