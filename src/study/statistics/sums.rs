//! Count, sum and sum of squares of whole numbers: exact, so that parts merge in any order to the same bytes.

use serde::{Deserialize, Serialize};

use super::mean::Moments;
use super::wide::Wide;

/// Of one value per replication, such as the downtime of a year in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sums {
    count: u64,
    sum: u128,
    squares: Wide,
}

impl Sums {
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
        self.moments_over(self.count)
    }

    /// The same over `total` values, of which all that were not added are 0.
    #[must_use]
    pub fn moments_over(&self, total: u64) -> Moments {
        let count = total as f64;
        let spread = self.squares.times(total).minus(Wide::product(self.sum, self.sum)).to_f64();
        Moments {
            count: total,
            mean: if total == 0 { 0.0 } else { self.sum as f64 / count },
            variance: if total < 2 { 0.0 } else { spread / count / (count - 1.0) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10^16 + {4, 7, 13, 16}: mean 10^16 + 10, variance 30 (the textbook case of cancellation, Chan et al. 1983).
    #[test]
    fn variance_loses_no_digit_to_a_large_mean() {
        let mut sums = Sums::default();
        [4, 7, 13, 16].iter().for_each(|value| sums.add(10_000_000_000_000_000 + value));
        let moments = sums.moments();
        assert!((moments.variance - 30.0).abs() < 1e-12, "{moments:?}");
        assert_eq!(sums.sum(), 40_000_000_000_000_040);
    }

    #[test]
    fn parts_merge_in_any_order_to_the_same() {
        let of = |values: &[u64]| {
            let mut sums = Sums::default();
            values.iter().for_each(|value| sums.add(*value));
            sums
        };
        let whole = of(&[u64::MAX, 3, 0, u64::MAX - 5, 9]);
        let (mut left, mut right) = (of(&[u64::MAX, 3]), of(&[9, u64::MAX - 5, 0]));
        let first = left;
        left.merge(&right);
        right.merge(&first);
        assert_eq!((left, right), (whole, whole));
        let text = serde_json::to_string(&whole).expect("JSON");
        assert_eq!(serde_json::from_str::<Sums>(&text).expect("JSON"), whole);
    }

    #[test]
    fn nothing_and_one_value_have_no_variance() {
        assert_eq!(Sums::default().moments(), Moments { count: 0, mean: 0.0, variance: 0.0 });
        assert_eq!(Sums::default().moments_over(4), Moments { count: 4, mean: 0.0, variance: 0.0 });
        let mut one = Sums::default();
        one.add(8);
        // 8, 0, 0, 0: mean 2, squares about it 36 + 3 x 4 over 3.
        assert_eq!(one.moments_over(4), Moments { count: 4, mean: 2.0, variance: 16.0 });
        one = Sums::default();
        one.add(7);
        assert_eq!(one.moments(), Moments { count: 1, mean: 7.0, variance: 0.0 });
    }
}
