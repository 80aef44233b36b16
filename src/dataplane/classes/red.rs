//! Random early detection: drops or marks before a queue is full.

use crate::network::{DropCurve, EarlyDetection, Marking};
use crate::rng::Stream;
use crate::units::{Ecn, Span, Time, TrafficClass};

/// Fraction bits of the average, besides the weight's own.
const FRACTION: u32 = 8;
/// Probabilities are counted in these.
const WHOLE: u64 = 1_000_000_000;

/// One queue's early detection (Floyd and Jacobson 1993, figure 2).
#[derive(Debug, Clone)]
pub(super) struct Red {
    config: EarlyDetection,
    /// The average queue, times `2^(weight + FRACTION)`.
    average: u64,
    /// By drop precedence: packets of it since the last drop or mark, while the average is between its thresholds. One
    /// count for all would let packets that nothing threatens start the count of the others anew.
    since: [u64; 3],
    empty_since: Time,
}

/// What early detection does with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Nothing.
    Pass,
    /// Its ECN field becomes CE.
    Mark,
    /// It dies.
    Drop,
}

impl Red {
    pub const fn new(config: EarlyDetection) -> Self {
        Self { config, average: 0, since: [0; 3], empty_since: Time::ZERO }
    }

    /// The queue has become empty.
    pub const fn emptied(&mut self, now: Time) {
        self.empty_since = now;
    }

    /// Judges a packet that finds `length` waiting; `time` is its own transmission time.
    pub fn judge(&mut self, now: Time, length: u64, class: TrafficClass, time: Span, stream: &mut Stream) -> Judgement {
        self.follow(now, length, time);
        let precedence = usize::from(class.drop_precedence());
        let curve = self.config.curves[precedence];
        let since = &mut self.since[precedence];
        let average = self.average >> u32::from(self.config.weight);
        let (min, max) = (curve.min << FRACTION, curve.max << FRACTION);
        if average < min {
            *since = 0;
            return Judgement::Pass;
        }
        if average >= max {
            *since = 0;
            return Judgement::Drop;
        }
        if !stream.chance(spread(rising(curve, average - min), *since)) {
            *since += 1;
            return Judgement::Pass;
        }
        *since = 0;
        match self.config.marking {
            Marking::Ecn if class.ecn() != Ecn::NotCapable => Judgement::Mark,
            Marking::Ecn | Marking::Off => Judgement::Drop,
        }
    }

    /// The average moves towards the length; when the queue was empty, as if packets like this one had found it so.
    fn follow(&mut self, now: Time, length: u64, time: Span) {
        let weight = u32::from(self.config.weight);
        if length == 0 {
            let missed = now.since(self.empty_since).as_ps() / time.as_ps().max(1);
            let kept = libm::pow(1.0 - 1.0 / f64::from(1u32 << weight), missed as f64);
            self.average = scaled(self.average, kept);
        }
        self.average = self.average - (self.average >> weight) + (length << FRACTION);
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of what it was")]
fn scaled(average: u64, kept: f64) -> u64 {
    (average as f64 * kept) as u64
}

/// The probability so far above the lower threshold.
fn rising(curve: DropCurve, above: u64) -> u64 {
    let span = u128::from((curve.max - curve.min) << FRACTION);
    let parts = u128::from(curve.probability.as_ppb()) * u128::from(above) / span;
    u64::try_from(parts).expect("at most the whole")
}

/// Spreads drops evenly: the number of packets from one to the next is then uniform on 1 to 1/p (section 7, method 2).
fn spread(probability: u64, since: u64) -> u64 {
    let left = WHOLE.saturating_sub(probability.saturating_mul(since));
    if left <= probability {
        return WHOLE;
    }
    u64::try_from(u128::from(probability) * u128::from(WHOLE) / u128::from(left)).expect("at most the whole")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::RunSeed;
    use crate::units::Share;

    fn red(weight: u8, marking: Marking) -> Red {
        let curve = |max| DropCurve { min: 10_000, max, probability: Share::from_ppb(100_000_000) };
        Red::new(EarlyDetection { curves: [curve(30_000), curve(20_000), curve(15_000)], weight, marking })
    }

    fn judge(red: &mut Red, length: u64, class: TrafficClass, stream: &mut Stream) -> Judgement {
        red.judge(Time::ZERO, length, class, Span::from_us(1), stream)
    }

    /// With p = 0.05 the number of packets from one drop to the next is uniform on 1 to 20: its mean is
    /// (1/p + 1) / 2 = 10.5 (Floyd and Jacobson 1993, section 7), its variance (20^2 - 1) / 12.
    #[test]
    fn drops_are_as_frequent_and_as_even_as_the_formula_says() {
        let (mut red, mut stream) = (red(0, Marking::Off), RunSeed(1).stream("port", "red"));
        let (mut gaps, mut gap) = (Vec::new(), 0u64);
        for _ in 0..210_000 {
            gap += 1;
            match judge(&mut red, 20_000, TrafficClass::DEFAULT, &mut stream) {
                Judgement::Drop => gaps.push(std::mem::take(&mut gap)),
                Judgement::Pass => {}
                Judgement::Mark => panic!("marking is off"),
            }
        }
        let count = gaps.len() as f64;
        let mean = gaps.iter().sum::<u64>() as f64 / count;
        let error = (399.0 / 12.0 / count).sqrt();
        assert!(3.0 * error < 0.13 && (mean - 10.5).abs() < 3.0 * error, "{mean} of {count}");
        assert_eq!((gaps.iter().min(), gaps.iter().max()), (Some(&1), Some(&20)));
    }

    #[test]
    fn nothing_dies_below_the_lower_threshold_and_everything_from_the_upper_one() {
        let (mut red, mut stream) = (red(0, Marking::Ecn), RunSeed(1).stream("port", "red"));
        let capable = TrafficClass::DEFAULT.with_ecn(Ecn::Capable0);
        let mut all = |length, class| -> Vec<Judgement> {
            let mut seen: Vec<_> = (0..1_000).map(|_| judge(&mut red, length, class, &mut stream)).collect();
            seen.sort_by_key(|judgement| format!("{judgement:?}"));
            seen.dedup();
            seen
        };
        assert_eq!(all(9_999, TrafficClass::DEFAULT), [Judgement::Pass]);
        assert_eq!(all(20_000, TrafficClass::DEFAULT), [Judgement::Drop, Judgement::Pass]);
        assert_eq!(all(20_000, capable), [Judgement::Mark, Judgement::Pass]);
        assert_eq!(all(30_000, capable), [Judgement::Drop]);
        // Assured forwarding: AF11 (10), AF12 (12), AF13 (14) against thresholds of 30, 20 and 15 kB.
        let assured = [10, 12, 14].map(|point| all(17_000, TrafficClass::new(point, Ecn::NotCapable)));
        assert_eq!(assured[0], [Judgement::Drop, Judgement::Pass]);
        assert_eq!(assured[1], [Judgement::Drop, Judgement::Pass]);
        assert_eq!(assured[2], [Judgement::Drop]);
    }

    /// After n packets at length q the average is q (1 - (1 - w)^n); after m missed ones it is (1 - w)^m of that.
    #[test]
    fn the_average_follows_with_its_weight_and_decays_while_the_queue_is_empty() {
        let (mut red, mut stream) = (red(9, Marking::Off), RunSeed(1).stream("port", "red"));
        let average = |red: &Red| (red.average >> 9) as f64 / 256.0;
        for _ in 0..512 {
            let _ = judge(&mut red, 8_000, TrafficClass::DEFAULT, &mut stream);
        }
        let expected = 8_000.0 * (1.0 - libm::pow(511.0 / 512.0, 512.0));
        assert!((average(&red) - expected).abs() < 1.0, "{} for {expected}", average(&red));
        red.emptied(Time::ZERO);
        let later = Time::ZERO + Span::from_us(300);
        let _ = red.judge(later, 0, TrafficClass::DEFAULT, Span::from_us(1), &mut stream);
        let expected = expected * libm::pow(511.0 / 512.0, 301.0);
        assert!((average(&red) - expected).abs() < 1.0, "{} for {expected}", average(&red));
    }
}
