//! Numbers that came out of order, as disjoint ranges.

/// Disjoint half-open ranges in ascending order, never touching each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    /// Adds `from..to` and tells each number that was not in before, in ascending order.
    pub fn insert(&mut self, from: u32, to: u32, mut added: impl FnMut(u32)) {
        if from >= to {
            return;
        }
        let first = self.0.partition_point(|range| range.1 < from);
        let mut last = first;
        let (mut low, mut high, mut next) = (from, to, from);
        while let Some(&(start, end)) = self.0.get(last).filter(|range| range.0 <= to) {
            (next..start).for_each(&mut added);
            next = next.max(end);
            low = low.min(start);
            high = high.max(end);
            last += 1;
        }
        (next..to).for_each(&mut added);
        if first == last {
            self.0.insert(first, (low, high));
        } else {
            self.0[first] = (low, high);
            self.0.drain(first + 1..last);
        }
    }

    /// Forgets all numbers below `bound`.
    pub fn forget_below(&mut self, bound: u32) {
        let gone = self.0.partition_point(|range| range.1 <= bound);
        self.0.drain(..gone);
        if let Some(first) = self.0.first_mut() {
            first.0 = first.0.max(bound);
        }
    }

    /// The range that a number lies in.
    #[must_use]
    pub fn around(&self, number: u32) -> Option<(u32, u32)> {
        let index = self.0.partition_point(|range| range.1 <= number);
        self.0.get(index).copied().filter(|range| range.0 <= number)
    }

    /// Whether there is no number in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rng::RunSeed;

    #[test]
    fn ranges_hold_what_a_set_holds() {
        let mut stream = RunSeed(1).stream("ranges", "test");
        let mut number = |bound| u32::try_from(stream.below(bound)).unwrap();
        for _ in 0..200 {
            let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
            for _ in 0..30 {
                let from = number(60);
                let to = from + number(8);
                let mut added = Vec::new();
                ranges.insert(from, to, |number| added.push(number));
                assert_eq!(added, (from..to).filter(|number| set.insert(*number)).collect::<Vec<_>>());
                if number(5) == 0 {
                    let bound = number(60);
                    ranges.forget_below(bound);
                    set.retain(|number| *number >= bound);
                }
                assert!(ranges.0.windows(2).all(|pair| pair[0].1 < pair[1].0), "{ranges:?}");
                assert!((0..70).all(|number| ranges.around(number).is_some() == set.contains(&number)));
            }
        }
    }
}
