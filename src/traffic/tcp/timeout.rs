//! The retransmission timeout, as Linux computes it.

use crate::units::Span;

/// RFC 6298 2.1: before a round trip was measured.
const INITIAL: Span = Span::from_s(1);
/// Linux TCP_RTO_MAX.
const LONGEST: Span = Span::from_s(120);

/// Estimates the round trip and derives the timeout from it (RFC 6298 section 2).
///
/// As Linux does, the floor lies under the variance term, so that the timeout is never below the smoothed round trip
/// and that floor together.
#[derive(Debug, Clone)]
pub struct Timeout {
    floor: Span,
    smoothed: Option<Span>,
    variance: Span,
    least: Span,
    backoff: u32,
}

impl Timeout {
    /// An estimator that has measured nothing; `floor` is the least variance term.
    #[must_use]
    pub const fn new(floor: Span) -> Self {
        Self { floor, smoothed: None, variance: Span::ZERO, least: Span::MAX, backoff: 0 }
    }

    /// A round trip was measured; earlier doublings are forgotten.
    pub fn measured(&mut self, round_trip: Span) {
        self.backoff = 0;
        self.least = self.least.min(round_trip);
        let sample = round_trip.as_ps();
        // RFC 6298 2.2 and 2.3: alpha 1/8, beta 1/4.
        let (smoothed, variance) = match self.smoothed {
            None => (sample, sample / 2),
            Some(smoothed) => {
                let deviation = smoothed.as_ps().abs_diff(sample);
                let weighted = |old: u64, new: u64, parts: u64| {
                    u64::try_from((u128::from(old) * u128::from(parts - 1) + u128::from(new)) / u128::from(parts))
                        .expect("between the two")
                };
                (weighted(smoothed.as_ps(), sample, 8), weighted(self.variance.as_ps(), deviation, 4))
            }
        };
        self.smoothed = Some(Span::from_ps(smoothed));
        self.variance = Span::from_ps(variance);
    }

    /// A timeout ran out: the next one is twice as long (RFC 6298 5.5).
    pub fn back_off(&mut self) {
        self.backoff = (self.backoff + 1).min(30);
    }

    /// The timeout now.
    #[must_use]
    pub fn span(&self) -> Span {
        let base = self.smoothed.map_or(INITIAL, |smoothed| smoothed + self.variance.times(4).max(self.floor));
        base.times(1 << self.backoff).min(LONGEST)
    }

    /// The smoothed round trip, when one was measured.
    #[must_use]
    pub const fn smoothed(&self) -> Option<Span> {
        self.smoothed
    }

    /// The shortest round trip measured.
    #[must_use]
    pub const fn least(&self) -> Span {
        self.least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOR: Span = Span::from_ms(200);

    #[test]
    fn the_timeout_is_a_second_until_a_round_trip_is_measured_then_that_and_200_ms() {
        let mut timeout = Timeout::new(FLOOR);
        assert_eq!(timeout.span(), Span::from_s(1));
        // RFC 6298 2.2: the first sample is the estimate, half of it the variance.
        timeout.measured(Span::from_ms(40));
        assert_eq!(timeout.span(), Span::from_ms(240));
        timeout.measured(Span::from_ms(400));
        // SRTT 7/8 x 40 + 400/8 = 85; RTTVAR 3/4 x 20 + 360/4 = 105; 85 + 420.
        assert_eq!(timeout.span(), Span::from_ms(505));
    }

    #[test]
    fn every_timeout_doubles_the_next_up_to_two_minutes() {
        let mut timeout = Timeout::new(FLOOR);
        timeout.measured(Span::ZERO);
        let mut passed = Span::ZERO;
        let mut retries = Vec::new();
        for _ in 0..6 {
            passed += timeout.span();
            retries.push(passed.as_ps() / 1_000_000_000);
            timeout.back_off();
        }
        assert_eq!(retries, [200, 600, 1_400, 3_000, 6_200, 12_600]);
        (0..60).for_each(|_| timeout.back_off());
        assert_eq!(timeout.span(), Span::from_s(120));
        timeout.measured(Span::ZERO);
        assert_eq!(timeout.span(), FLOOR);
    }
}
