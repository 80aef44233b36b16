//! A histogram with fixed boundaries: counts only, so that parts merge in any order to the same bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Bits of a value below its leading one that a bucket keeps: buckets are at most 1/128 of their value wide.
const PRECISION: u32 = 7;

/// Counts of whole numbers by bucket; memory does not grow with the number of values.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Histogram {
    count: u64,
    /// By the least value of the bucket.
    buckets: BTreeMap<u64, u64>,
}

impl Histogram {
    /// One more value.
    pub fn add(&mut self, value: u64) {
        self.count += 1;
        *self.buckets.entry(bucket(value).0).or_default() += 1;
    }

    /// All values of `other` as well.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        for (least, count) in &other.buckets {
            *self.buckets.entry(*least).or_default() += count;
        }
    }

    /// How many values.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Least and greatest value that the `rank`-th smallest (from 1) may have had; none beyond the count.
    #[must_use]
    pub fn at_rank(&self, rank: u64) -> Option<(u64, u64)> {
        let mut below = 0;
        self.buckets.iter().find_map(|(least, count)| {
            below += count;
            (rank <= below && rank > 0).then(|| bucket(*least))
        })
    }

    /// Its buckets as (least value, count), in order.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.buckets.iter().map(|(least, count)| (*least, *count))
    }
}

/// Least and greatest value of the bucket that `value` is in.
fn bucket(value: u64) -> (u64, u64) {
    let dropped = (u64::BITS - value.leading_zeros()).saturating_sub(PRECISION + 1);
    let within = (1u64 << dropped) - 1;
    (value & !within, value | within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_exact_below_256_and_a_hundredth_wide_above() {
        for value in [0, 1, 255] {
            assert_eq!(bucket(value), (value, value));
        }
        assert_eq!(bucket(256), (256, 257));
        for value in [123_456_789, 31_536_000_000_000_000, u64::MAX] {
            let (least, greatest) = bucket(value);
            assert!(least <= value && value <= greatest && (greatest - least) < value / 100);
            assert_eq!(bucket(least), bucket(greatest));
        }
    }

    #[test]
    fn ranks_find_their_values() {
        let mut histogram = Histogram::default();
        [0, 0, 5, 7, 1_000_000].iter().for_each(|value| histogram.add(*value));
        assert_eq!((histogram.at_rank(2), histogram.at_rank(3)), (Some((0, 0)), Some((5, 5))));
        let (least, greatest) = histogram.at_rank(5).expect("five values");
        assert!(least <= 1_000_000 && 1_000_000 <= greatest);
        assert_eq!((histogram.at_rank(0), histogram.at_rank(6)), (None, None));
    }

    #[test]
    fn parts_merge_in_any_order_to_the_same() {
        let of = |values: &[u64]| {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.add(*value));
            histogram
        };
        let (mut left, mut right) = (of(&[9, 1 << 40]), of(&[9, 3]));
        let first = left.clone();
        left.merge(&right);
        right.merge(&first);
        assert_eq!(left, of(&[3, 9, 9, 1 << 40]));
        assert_eq!(left, right);
        let text = serde_json::to_string(&left).expect("JSON");
        assert_eq!(serde_json::from_str::<Histogram>(&text).expect("JSON"), left);
    }
}
