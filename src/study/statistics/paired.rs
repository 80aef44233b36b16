//! Two designs under the same weather: the difference of each pair of replications, exactly.

use super::mean::Moments;
use super::wide::Wide;

/// Over pairs of replications with the same seed; values are downtimes in whole units. Parts merge in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paired {
    /// Pairs.
    pub count: u64,
    /// Pairs in which the second design lost less.
    pub second_better: u64,
    /// Pairs in which the first design lost less.
    pub first_better: u64,
    sum: i128,
    squares: Wide,
}

impl Paired {
    /// One more pair.
    pub fn add(&mut self, first: u64, second: u64) {
        let apart = u128::from(first.abs_diff(second));
        self.count += 1;
        self.second_better += u64::from(second < first);
        self.first_better += u64::from(first < second);
        self.sum += i128::from(second) - i128::from(first);
        self.squares = self.squares.plus(Wide::from_halves(0, apart * apart));
    }

    /// All pairs of `other` as well.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.second_better += other.second_better;
        self.first_better += other.first_better;
        self.sum += other.sum;
        self.squares = self.squares.plus(other.squares);
    }

    /// Mean and variance of second less first: below 0 the second design is better. Exactly 0 for identical designs.
    #[must_use]
    pub fn difference(&self) -> Moments {
        let (count, sum) = (self.count as f64, self.sum.unsigned_abs());
        let spread = self.squares.times(self.count).minus(Wide::product(sum, sum)).to_f64();
        Moments {
            count: self.count,
            mean: if self.count == 0 { 0.0 } else { self.sum as f64 / count },
            variance: if self.count < 2 { 0.0 } else { spread / count / (count - 1.0) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(u64, u64)]) -> Paired {
        let mut paired = Paired::default();
        pairs.iter().for_each(|(first, second)| paired.add(*first, *second));
        paired
    }

    #[test]
    fn identical_designs_differ_by_exactly_nothing() {
        let same = of(&[(5, 5), (0, 0), (u64::MAX, u64::MAX)]);
        assert_eq!(same.difference(), Moments { count: 3, mean: 0.0, variance: 0.0 });
        assert_eq!((same.first_better, same.second_better), (0, 0));
    }

    #[test]
    fn a_difference_has_its_sign_and_its_variance() {
        // Differences -3, 1, -4: mean -2, variance (1 + 9 + 4) / 2 = 7.
        let paired = of(&[(10, 7), (4, 5), (9, 5)]);
        assert_eq!(paired.difference(), Moments { count: 3, mean: -2.0, variance: 7.0 });
        assert_eq!((paired.first_better, paired.second_better), (1, 2));
        let mut merged = of(&[(9, 5)]);
        merged.merge(&of(&[(4, 5), (10, 7)]));
        assert_eq!(merged, paired);
    }
}
