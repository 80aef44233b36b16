//! Counts of values by size, fast to add to.

use hdrhistogram::Histogram;

/// The longest delay that is told apart, 1,000 s; longer ones count as this.
const LONGEST: u64 = 1_000_000_000_000_000;

/// Bits in which the values of one bucket differ, the leading one apart.
const STEPS: u32 = 10;

/// Counts in the buckets of a high dynamic range histogram of three digits: each power of two of picoseconds from 2048
/// on is cut into 1024 steps. It becomes such a histogram when somebody asks for quantiles.
#[derive(Clone)]
pub(super) struct Tally(Box<[u64]>);

impl Tally {
    pub fn new() -> Self {
        Self(vec![0; place(LONGEST) + 1].into_boxed_slice())
    }

    #[inline(always)]
    pub fn add(&mut self, value: u64, count: u64) {
        self.0[place(value.min(LONGEST))] += count;
    }

    /// Adds what another one has.
    pub fn add_all(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(count, more)| *count += more);
    }

    pub fn histogram(&self) -> Histogram<u64> {
        let mut histogram = Histogram::new_with_max(LONGEST, 3).expect("the bounds are those the library documents");
        for (place, count) in self.0.iter().enumerate().filter(|(_, count)| **count > 0) {
            histogram.saturating_record_n(least(place), *count);
        }
        histogram
    }
}

/// Where a value is counted.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "some ten thousand at most")]
fn place(value: u64) -> usize {
    let bucket = (value | 0x7ff).ilog2() - STEPS;
    ((u64::from(bucket) << STEPS) + (value >> bucket)) as usize
}

/// The least value that is counted there.
fn least(place: usize) -> u64 {
    let place = place as u64;
    let bucket = (place >> STEPS).saturating_sub(1);
    (place - (bucket << STEPS)) << bucket
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The library that defines the buckets is the oracle.
    #[test]
    fn what_is_counted_is_what_a_histogram_records() {
        let mut values = crate::rng::RunSeed(1).stream("tally", "test");
        let (mut tally, mut histogram) = (Tally::new(), Tally::new().histogram());
        for step in 0..20_000u32 {
            let value = values.below(1 << (step % 60));
            tally.add(value, 1 + u64::from(step % 3));
            histogram.saturating_record_n(value.min(LONGEST), 1 + u64::from(step % 3));
        }
        let [counted, recorded] = [tally.histogram(), histogram];
        assert_eq!(counted.len(), recorded.len());
        let buckets = |histogram: &Histogram<u64>| -> Vec<(u64, u64)> {
            histogram.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value())).collect()
        };
        assert_eq!(buckets(&counted), buckets(&recorded));
    }
}
