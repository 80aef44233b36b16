//! Two rates, three colours.

use super::bucket::Bucket;
use crate::network::{ColourMode, MarkerStandard, TwoRates};
use crate::units::{Rate, Span, Time};

/// A two-rate three-colour marker.
#[derive(Debug, Clone)]
pub struct Marker {
    committed: Bucket,
    /// Peak (RFC 2698) or excess (RFC 4115).
    second: Bucket,
    standard: MarkerStandard,
    colours: ColourMode,
}

/// The colour of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colour {
    /// Within the committed rate.
    Green,
    /// Above it, within the second.
    Yellow,
    /// Above both.
    Red,
}

impl Marker {
    /// Full buckets; the committed one fills at `rate` and holds what that brings in `depth`.
    #[must_use]
    pub const fn new(rate: Rate, depth: Span, second: &TwoRates) -> Self {
        Self {
            committed: Bucket::new(rate, depth),
            second: Bucket::new(second.rate, second.depth),
            standard: second.standard,
            colours: second.colours,
        }
    }

    /// The colour of a packet of `bytes` that comes in the colour `before`.
    #[must_use]
    pub fn colour(&mut self, now: Time, bytes: u64, before: Colour) -> Colour {
        let before = match self.colours {
            ColourMode::Blind => Colour::Green,
            ColourMode::Aware => before,
        };
        let committed = self.committed.ready_at(now, bytes) <= now && before == Colour::Green;
        let second = self.second.ready_at(now, bytes) <= now && before != Colour::Red;
        match (self.standard, committed, second) {
            // RFC 2698 section 3: above the peak rate is red, whatever the committed bucket has.
            (MarkerStandard::Rfc2698, _, false) | (MarkerStandard::Rfc4115, false, false) => Colour::Red,
            (MarkerStandard::Rfc2698, true, true) => {
                self.committed.take(now, bytes);
                self.second.take(now, bytes);
                Colour::Green
            }
            // RFC 4115 section 4: committed tokens alone make it green.
            (MarkerStandard::Rfc4115, true, _) => {
                self.committed.take(now, bytes);
                Colour::Green
            }
            (_, false, true) => {
                self.second.take(now, bytes);
                Colour::Yellow
            }
        }
    }

    /// The rate at which packets pass that are not red: the peak rate, or committed and excess rate together.
    #[must_use]
    pub fn passes(&self) -> Rate {
        let (committed, second) = (self.committed.rate(), self.second.rate());
        match self.standard {
            MarkerStandard::Rfc2698 => second,
            MarkerStandard::Rfc4115 => Rate::from_bps(committed.as_bps() + second.as_bps()).unwrap_or(second),
        }
    }

    /// The committed rate changes, and the second in proportion.
    pub fn set_rate(&mut self, now: Time, rate: Rate) {
        let second = u128::from(self.second.rate().as_bps()) * u128::from(rate.as_bps())
            / u128::from(self.committed.rate().as_bps());
        let second = Rate::from_bps(u64::try_from(second).unwrap_or(u64::MAX)).unwrap_or(rate);
        self.second.set_rate(now, second);
        self.committed.set_rate(now, rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Committed 1 byte a microsecond with room for 1000, second 2 with room for 4000.
    fn marker(standard: MarkerStandard, colours: ColourMode) -> Marker {
        let second = TwoRates { standard, rate: Rate::from_bps(16_000_000).unwrap(), depth: Span::from_ms(2), colours };
        Marker::new(Rate::from_bps(8_000_000).unwrap(), Span::from_ms(1), &second)
    }

    /// Shares of green, yellow and red among 100 B each 20 us (5 bytes a microsecond) over two seconds.
    fn shares(standard: MarkerStandard, colours: ColourMode, before: Colour) -> [u64; 3] {
        let mut marker = marker(standard, colours);
        let mut counts = [0; 3];
        for packet in 0..100_000 {
            let colour = marker.colour(Time::ZERO + Span::from_us(20 * packet), 100, before);
            counts[colour as usize] += 1;
        }
        counts
    }

    fn assert_near(counts: [u64; 3], expected: [u64; 3]) {
        let near = counts.iter().zip(expected).all(|(count, expected)| count.abs_diff(expected) <= 60);
        assert!(near, "{counts:?} for {expected:?}");
    }

    /// Offered five times the committed rate: RFC 2698 passes the peak rate in all, a fifth of the offer green;
    /// RFC 4115 passes committed plus excess.
    #[test]
    fn the_two_rates_are_the_bounds_of_the_colours() {
        assert_near(shares(MarkerStandard::Rfc2698, ColourMode::Blind, Colour::Red), [20_000, 20_000, 60_000]);
        assert_near(shares(MarkerStandard::Rfc4115, ColourMode::Blind, Colour::Red), [20_000, 40_000, 40_000]);
    }

    /// RFC 2698 section 3 and RFC 4115 section 4, aware: a colour never gets better.
    #[test]
    fn a_colour_that_a_packet_brings_is_never_improved() {
        for standard in [MarkerStandard::Rfc2698, MarkerStandard::Rfc4115] {
            assert_near(shares(standard, ColourMode::Aware, Colour::Yellow), [0, 40_000, 60_000]);
            assert_eq!(shares(standard, ColourMode::Aware, Colour::Red), [0, 0, 100_000]);
        }
        assert_near(shares(MarkerStandard::Rfc2698, ColourMode::Aware, Colour::Green), [20_000, 20_000, 60_000]);
    }

    /// RFC 2698 section 3 with full buckets of 1000 and 4000 bytes and no time for more.
    #[test]
    fn a_burst_is_green_while_both_buckets_last() {
        let colours = |standard| {
            let mut marker = marker(standard, ColourMode::Blind);
            let colours: Vec<Colour> = (0..6).map(|_| marker.colour(Time::ZERO, 900, Colour::Green)).collect();
            colours
        };
        use Colour::{Green, Red, Yellow};
        assert_eq!(colours(MarkerStandard::Rfc2698), [Green, Yellow, Yellow, Yellow, Red, Red]);
        assert_eq!(colours(MarkerStandard::Rfc4115), [Green, Yellow, Yellow, Yellow, Yellow, Red]);
    }

    #[test]
    fn a_new_rate_moves_both_buckets() {
        let mut marker = marker(MarkerStandard::Rfc2698, ColourMode::Blind);
        marker.set_rate(Time::ZERO, Rate::from_bps(16_000_000).unwrap());
        assert_eq!(marker.second.rate(), Rate::from_bps(32_000_000).unwrap());
    }
}
