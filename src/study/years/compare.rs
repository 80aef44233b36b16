//! Two designs in the same weather: components of one name live alike in both, so the difference is that of the designs.

use rayon::prelude::*;

use super::engine::budget;
use super::walk::{Plan, Walker};
use crate::rng::RunSeed;
use crate::study::statistics::paired::Paired;

/// What the first rule charged the worst connection of either design in each period, pair by pair, in nanoseconds.
#[must_use]
pub fn compare(first: &Plan<'_>, second: &Plan<'_>, seed: RunSeed) -> Comparison {
    let blocks = budget(first);
    let of_block = |walkers: &mut [Walker<'_>; 2], block: u64| {
        let mut comparison = Comparison::default();
        let [first_charged, second_charged] = walkers.each_mut().map(|walker| walker.worst_charges(seed, block));
        first_charged
            .into_iter()
            .zip(second_charged)
            .for_each(|(one, other)| comparison.count([first, second], [one, other]));
        comparison
    };
    let parts: Vec<Comparison> = (0..blocks)
        .into_par_iter()
        .map_init(|| [Walker::new(first), Walker::new(second)], |walkers, block| of_block(walkers, block))
        .collect();
    let mut sum = Comparison::default();
    parts.iter().for_each(|part| sum.merge(part));
    sum
}

/// Pairs of periods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Charged times in nanoseconds.
    pub charged: Paired,
    /// Periods in which each design broke its promise.
    pub missed: [u64; 2],
}

impl Comparison {
    fn count(&mut self, plans: [&Plan<'_>; 2], charged: [u64; 2]) {
        self.charged.add(charged[0], charged[1]);
        for (index, plan) in plans.into_iter().enumerate() {
            let budget = plan.period().part(plan.rules[0].target.complement());
            self.missed[index] += u64::from(charged[index] > budget.as_ns());
        }
    }

    fn merge(&mut self, other: &Self) {
        self.charged.merge(&other.charged);
        (0..2).for_each(|index| self.missed[index] += other.missed[index]);
    }
}
