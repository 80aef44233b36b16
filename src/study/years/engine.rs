//! Blocks of replications, and when there are enough of them.

use rayon::prelude::*;

use super::tally::Tally;
use super::walk::{Plan, Walker};
use crate::rng::RunSeed;
use crate::sim::Continue;
use crate::units::Share;

/// Replications of one block.
pub const BLOCK: u64 = 64;
/// Outages behind a mean that is precise enough: below, intervals cover less than they say.
pub const FEWEST_OUTAGES: u64 = 100;

/// Why a study ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The interval of the mean charge is as narrow as was asked for, and outages enough stand behind it.
    Precise,
    /// All periods of the budget were simulated.
    Budget,
    /// Somebody ended it.
    Interrupted,
}

/// How far a study has come.
#[derive(Debug, Clone)]
pub struct Reached<'t> {
    /// Periods so far.
    pub periods: u64,
    /// Periods at most.
    pub budget: u64,
    /// What they add up to.
    pub tally: &'t Tally,
}

/// Simulates periods until the answer is precise or the budget is used up. Whether it is precise is asked only after
/// 2^k blocks, in order of block, so that the end is the same on one core and on a thousand.
pub fn run(plan: &Plan<'_>, seed: RunSeed, observe: &dyn Fn(&Reached<'_>) -> Continue) -> (Tally, Stop) {
    let budget = plan.network.study.periods.div_ceil(BLOCK);
    let mut tally = Tally::new(plan);
    let mut done = 0;
    while done < budget {
        let until = (done * 2).clamp(1, budget);
        while done < until {
            // Some blocks at a time, so that there is something to tell.
            let next = (done + 256).min(until);
            tally.merge(&blocks(plan, seed, done, next));
            done = next;
            let reached = Reached { periods: tally.periods, budget: budget * BLOCK, tally: &tally };
            if observe(&reached) == Continue::No {
                return (tally, Stop::Interrupted);
            }
        }
        if is_precise(plan, &tally) {
            return (tally, Stop::Precise);
        }
    }
    (tally, Stop::Budget)
}

/// The blocks [from, to) in parallel, merged in order.
#[must_use]
pub fn blocks(plan: &Plan<'_>, seed: RunSeed, from: u64, to: u64) -> Tally {
    let of_block = |walker: &mut Walker<'_>, block: u64| {
        let mut tally = Tally::new(plan);
        for replication in block * BLOCK..(block + 1) * BLOCK {
            tally.count(plan, replication, walker.walk(replication_seed(seed, replication)));
        }
        tally
    };
    let tallies: Vec<Tally> =
        (from..to).into_par_iter().map_init(|| Walker::new(plan), |walker, block| of_block(walker, block)).collect();
    let mut sum = Tally::new(plan);
    tallies.iter().for_each(|tally| sum.merge(tally));
    sum
}

/// The seed of a replication: the same for every design, so that two of them meet the same weather.
#[must_use]
pub fn replication_seed(seed: RunSeed, replication: u64) -> RunSeed {
    seed.replication(replication + 1)
}

/// Whether the mean charge of the first rule is known well enough for every connection.
fn is_precise(plan: &Plan<'_>, tally: &Tally) -> bool {
    let wanted = plan.network.study.precision;
    wanted < Share::ONE
        && tally.connections.iter().all(|connection| {
            let rule = &connection.rules[0];
            let mean = rule.charged.mean(tally.periods);
            let error = libm::sqrt(rule.charged.variance(tally.periods) / tally.periods as f64);
            rule.outages >= FEWEST_OUTAGES && 1.96 * error <= mean * wanted.as_percent() / 100.0
        })
}
