//! Blocks of replications, and when there are enough of them.
//!
//! Whether the answer is precise is asked only after 2^k blocks, in order of block, so that the end is the same on one
//! core, on a thousand, and in parts that meet later.

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
/// Blocks between two looks of an observer.
const STEP: u64 = 256;

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
    /// Blocks so far, the first ones.
    pub blocks: u64,
    /// Blocks at most.
    pub budget: u64,
    /// What they add up to.
    pub tally: &'t Tally,
}

/// The blocks of a plan.
#[must_use]
pub fn budget(plan: &Plan<'_>) -> u64 {
    plan.network.study.periods.div_ceil(BLOCK)
}

/// Simulates periods until the answer is precise or the budget is used up; `begun` holds the first blocks when they were
/// simulated before.
pub fn run(
    plan: &Plan<'_>,
    seed: RunSeed,
    begun: Option<(u64, Tally)>,
    observe: &dyn Fn(&Reached<'_>) -> Continue,
) -> (Tally, Stop) {
    let budget = budget(plan);
    let (mut done, mut tally) = begun.unwrap_or_else(|| (0, Tally::new(plan)));
    while done < budget {
        if is_checkpoint(done) && is_precise(plan, &tally) {
            return (tally, Stop::Precise);
        }
        let next = (done + STEP).min(next_checkpoint(done)).min(budget);
        tally.merge(&blocks(plan, seed, done, next));
        done = next;
        if observe(&Reached { blocks: done, budget, tally: &tally }) == Continue::No {
            return (tally, Stop::Interrupted);
        }
    }
    let stop = if is_checkpoint(done) && is_precise(plan, &tally) { Stop::Precise } else { Stop::Budget };
    (tally, stop)
}

/// Whether so many blocks are a moment to look at the answer.
#[must_use]
pub const fn is_checkpoint(blocks: u64) -> bool {
    blocks.is_power_of_two()
}

/// The next such moment after so many blocks.
#[must_use]
pub const fn next_checkpoint(blocks: u64) -> u64 {
    (blocks + 1).next_power_of_two()
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
#[must_use]
pub fn is_precise(plan: &Plan<'_>, tally: &Tally) -> bool {
    let wanted = plan.network.study.precision;
    wanted < Share::ONE
        && tally.connections.iter().all(|connection| {
            let rule = &connection.rules[0];
            let mean = rule.charged.mean(tally.periods);
            let error = libm::sqrt(rule.charged.variance(tally.periods) / tally.periods as f64);
            rule.outages >= FEWEST_OUTAGES && 1.96 * error <= mean * wanted.as_percent() / 100.0
        })
}
