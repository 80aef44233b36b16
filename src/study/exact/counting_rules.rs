//! What counting rules charge in the mean, for stationary exponential up times and outages.
//!
//! `up_hours` and `down_hours` are the means; every function gives a share of time.

/// Share of time down: what an exact clock charges.
#[must_use]
pub fn raw(up_hours: f64, down_hours: f64) -> f64 {
    down_hours / (up_hours + down_hours)
}

/// Outages of at least `least_hours` charged whole, shorter ones not at all: U e^(-mu c) (1 + mu c).
#[must_use]
pub fn whole_outages(up_hours: f64, down_hours: f64, least_hours: f64) -> f64 {
    let length = least_hours / down_hours;
    raw(up_hours, down_hours) * libm::exp(-length) * (1.0 + length)
}

/// Bins of `bin_hours` charged when down throughout: U e^(-mu c).
#[must_use]
pub fn full_bins(up_hours: f64, down_hours: f64, bin_hours: f64) -> f64 {
    raw(up_hours, down_hours) * libm::exp(-bin_hours / down_hours)
}

/// Bins of `bin_hours` charged when down at any instant: 1 - (1 - U) e^(-lambda c).
#[must_use]
pub fn touched_bins(up_hours: f64, down_hours: f64, bin_hours: f64) -> f64 {
    // U + (1 - U)(1 - e^(-lambda c)), without the cancellation.
    let unavailability = raw(up_hours, down_hours);
    unavailability - (1.0 - unavailability) * libm::expm1(-bin_hours / up_hours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::exact::interval_availability::time_in_exceeds;
    use crate::study::exact::markov::Chain;

    /// Mean outage 60 s, 100 h between repairs and failures; a second method for each.
    #[test]
    fn the_same_outages_under_four_rules() {
        let (up, down, minute) = (100.0, 1.0 / 60.0, 1.0 / 60.0);
        let mut chain = Chain::new(2);
        chain.add_rate(0, 1, 1.0 / up);
        chain.add_rate(1, 0, 1.0 / down);
        let stationary = chain.stationary();
        let near = |value: f64, printed: f64, second: f64| {
            assert!((value / printed - 1.0).abs() < 3.1e-9, "{value} is not {printed}");
            assert!((value / second - 1.0).abs() < 1e-9, "{value} is not {second}");
        };
        near(raw(up, down), 1.666_388_94e-4, stationary[1]);
        let charged = whole_outages(up, down, 2.0 * minute);
        near(charged, 6.765_636_56e-5, outages_of_at_least(2.0 * minute, up, down));
        // Up for no time within the minute, and down for some.
        let down_throughout = 1.0 - time_in_exceeds(&chain, &[true, false], &stationary, minute, 0.0);
        let full = full_bins(up, down, minute);
        assert!((full - down_throughout).abs() < 1e-13, "{full} {down_throughout}");
        near(full, 6.130_302_30e-5, full);
        near(
            touched_bins(up, down, minute),
            3.332_639_01e-4,
            time_in_exceeds(&chain, &[false, true], &stationary, minute, 0.0),
        );
    }

    /// Outages per hour x the integral of l f(l) from c on, by Simpson's rule over 60 means.
    fn outages_of_at_least(least: f64, up: f64, down: f64) -> f64 {
        let steps = 60_000;
        let width = 60.0 * down / f64::from(steps);
        let charged = |step: i32| {
            let length = least + f64::from(step) * width;
            length / down * libm::exp(-length / down)
        };
        let weight = |step: i32| {
            if step == 0 || step == steps {
                1.0
            } else if step % 2 == 1 {
                4.0
            } else {
                2.0
            }
        };
        (0..=steps).map(|step| weight(step) * charged(step)).sum::<f64>() * width / 3.0 / (up + down)
    }
}
