//! Two designs in the same weather: components of one name live alike in both, so the difference is that of the designs.

use rayon::prelude::*;

use super::engine::{BLOCK, budget, replication_seed};
use super::walk::{Plan, Walker};
use crate::rng::RunSeed;
use crate::study::statistics::paired::Paired;

/// What the first rule charged the worst connection of either design in each period, pair by pair, in nanoseconds.
#[must_use]
pub fn compare(first: &Plan<'_>, second: &Plan<'_>, seed: RunSeed) -> Comparison {
    let blocks = budget(first);
    let of_block = |(one, other): &mut (Walker<'_>, Walker<'_>), block: u64| {
        let mut comparison = Comparison::default();
        for replication in block * BLOCK..(block + 1) * BLOCK {
            let seed = replication_seed(seed, replication);
            comparison.count([first, second], [worst(one, seed), worst(other, seed)]);
        }
        comparison
    };
    let parts: Vec<Comparison> = (0..blocks)
        .into_par_iter()
        .map_init(|| (Walker::new(first), Walker::new(second)), |walkers, block| of_block(walkers, block))
        .collect();
    let mut sum = Comparison::default();
    parts.iter().for_each(|part| sum.merge(part));
    sum
}

/// The largest charge of any connection in one period.
fn worst(walker: &mut Walker<'_>, seed: RunSeed) -> u64 {
    walker.walk(seed).connections.iter().map(|one| one.rules[0].charged).max().unwrap_or(0)
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
