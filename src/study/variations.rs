//! Some variations of one design in the same weather: what each keeps of its promise, and how far it is from the first.

use rayon::prelude::*;

use super::statistics::Interval;
use super::statistics::binomial::clopper_pearson;
use super::statistics::mean::Moments;
use super::statistics::paired::Paired;
use super::statistics::sums::Sums;
use super::years::engine::{BLOCK, budget};
use super::years::{CONFIDENCE, Plan, Walker};
use crate::network::Variation;
use crate::rng::RunSeed;

/// What every combination of values says.
#[derive(Debug, Clone, PartialEq)]
pub struct VariationSummary {
    /// The scenario's title.
    pub title: String,
    /// What was varied; the last key changes fastest.
    pub variations: Vec<Variation>,
    /// Periods of each combination.
    pub periods: u64,
    /// In order of the grid; the first is what the others are compared with.
    pub combinations: Vec<Combination>,
}

/// One combination of values, over all periods: its worst connection by its first rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Combination {
    /// One value per variation.
    pub values: Vec<String>,
    /// Periods that broke the promise.
    pub missed: u64,
    /// Share of periods that keep it.
    pub meets: f64,
    /// Clopper and Pearson's interval of it.
    pub meets_interval: Interval,
    /// Charged time of a period, in seconds.
    pub charged: Moments,
    /// The same less the first combination's, pair by pair, in seconds.
    pub difference: Moments,
    /// Periods in which it is charged less than the first combination, and more.
    pub better_worse: [u64; 2],
}

/// What one combination was charged so far.
#[derive(Debug, Clone, Copy, Default)]
struct Outcome {
    missed: u64,
    charged: Sums,
    paired: Paired,
}

/// Simulates every combination over the periods of the first, replication by replication.
#[must_use]
pub fn vary(variations: Vec<Variation>, points: &[(Vec<String>, Plan<'_>)], seed: RunSeed) -> VariationSummary {
    let blocks = points.first().map_or(0, |(_, plan)| budget(plan));
    let of_block = |walkers: &mut Vec<Walker<'_>>, block: u64| {
        let mut outcomes = vec![Outcome::default(); points.len()];
        let charged: Vec<Vec<u64>> = walkers.iter_mut().map(|walker| walker.worst_charges(seed, block)).collect();
        for ((outcome, own), (_, plan)) in outcomes.iter_mut().zip(&charged).zip(points) {
            let budget = plan.period().part(plan.rules[0].target.complement());
            for (first, own) in charged[0].iter().zip(own) {
                outcome.missed += u64::from(*own > budget.as_ns());
                outcome.charged.add(*own);
                outcome.paired.add(*first, *own);
            }
        }
        outcomes
    };
    let walkers = || points.iter().map(|(_, plan)| Walker::new(plan)).collect::<Vec<_>>();
    let parts: Vec<Vec<Outcome>> = (0..blocks).into_par_iter().map_init(walkers, of_block).collect();
    let mut all = vec![Outcome::default(); points.len()];
    for part in &parts {
        all.iter_mut().zip(part).for_each(|(all, part)| all.merge(part));
    }
    VariationSummary {
        title: points.first().map_or_else(String::new, |(_, plan)| plan.network.title.clone()),
        variations,
        periods: blocks * BLOCK,
        combinations: points.iter().zip(&all).map(|((values, _), sums)| sums.combination(values.clone())).collect(),
    }
}

impl Outcome {
    fn merge(&mut self, other: &Self) {
        self.missed += other.missed;
        self.charged.merge(&other.charged);
        self.paired.merge(&other.paired);
    }

    fn combination(&self, values: Vec<String>) -> Combination {
        let periods = self.charged.count();
        let kept = periods - self.missed;
        Combination {
            values,
            missed: self.missed,
            meets: kept as f64 / periods.max(1) as f64,
            meets_interval: clopper_pearson(kept, periods.max(1), CONFIDENCE),
            charged: in_seconds(self.charged.moments()),
            difference: in_seconds(self.paired.difference()),
            better_worse: [self.paired.second_better, self.paired.first_better],
        }
    }
}

fn in_seconds(nanoseconds: Moments) -> Moments {
    Moments { mean: nanoseconds.mean / 1e9, variance: nanoseconds.variance / 1e18, ..nanoseconds }
}
