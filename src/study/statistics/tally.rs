//! Count, sum and sum of squares of whole numbers: exact, so that parts merge in any order to the same bytes.

use super::mean::Moments;
use super::wide::Wide;

/// Of one value per replication, such as the downtime of a year in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    count: u64,
    sum: u128,
    squares: Wide,
}

impl Tally {
    /// One more value.
    pub fn add(&mut self, value: u64) {
        let value = u128::from(value);
        self.count += 1;
        self.sum += value;
        self.squares = self.squares.plus(Wide::from_halves(0, value * value));
    }

    /// All values of `other` as well.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares = self.squares.plus(other.squares);
    }

    /// How many values.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    #[must_use]
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// Mean and variance. n Σx² - (Σx)² is taken in integers, so no digit is lost to cancellation.
    #[must_use]
    pub fn moments(&self) -> Moments {
        let count = self.count as f64;
        let spread = self.squares.times(self.count).minus(Wide::product(self.sum, self.sum)).to_f64();
        Moments {
            count: self.count,
            mean: if self.count == 0 { 0.0 } else { self.sum as f64 / count },
            variance: if self.count < 2 { 0.0 } else { spread / count / (count - 1.0) },
        }
    }

    /// Count, sum, and upper and lower half of the sum of squares, as a part file holds them.
    #[must_use]
    pub const fn parts(&self) -> (u64, u128, (u128, u128)) {
        (self.count, self.sum, self.squares.halves())
    }

    /// What [`Self::parts`] said.
    #[must_use]
    pub const fn from_parts(count: u64, sum: u128, (high, low): (u128, u128)) -> Self {
        Self { count, sum, squares: Wide::from_halves(high, low) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10^16 + {4, 7, 13, 16}: mean 10^16 + 10, variance 30 (the textbook case of cancellation, Chan et al. 1983).
    #[test]
    fn variance_loses_no_digit_to_a_large_mean() {
        let mut tally = Tally::default();
        [4, 7, 13, 16].iter().for_each(|value| tally.add(10_000_000_000_000_000 + value));
        let moments = tally.moments();
        assert!((moments.variance - 30.0).abs() < 1e-12, "{moments:?}");
        assert_eq!(tally.sum(), 40_000_000_000_000_040);
    }

    #[test]
    fn parts_merge_in_any_order_to_the_same() {
        let of = |values: &[u64]| {
            let mut tally = Tally::default();
            values.iter().for_each(|value| tally.add(*value));
            tally
        };
        let whole = of(&[u64::MAX, 3, 0, u64::MAX - 5, 9]);
        let (mut left, mut right) = (of(&[u64::MAX, 3]), of(&[9, u64::MAX - 5, 0]));
        let first = left;
        left.merge(&right);
        right.merge(&first);
        assert_eq!((left, right), (whole, whole));
        let (count, sum, squares) = whole.parts();
        assert_eq!(Tally::from_parts(count, sum, squares), whole);
    }

    #[test]
    fn nothing_and_one_value_have_no_variance() {
        assert_eq!(Tally::default().moments(), Moments { count: 0, mean: 0.0, variance: 0.0 });
        let mut one = Tally::default();
        one.add(7);
        assert_eq!(one.moments(), Moments { count: 1, mean: 7.0, variance: 0.0 });
    }
}
