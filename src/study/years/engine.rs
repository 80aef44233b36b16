//! Blocks of replications, and when there are enough of them.
//!
//! Whether the answer is precise is asked only at checkpoints, in order of block, so that the end is the same on one core,
//! on a thousand, and in parts that meet later.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::summary::CONFIDENCE;
use super::tally::Tally;
use super::walk::{Plan, Walker};
pub use crate::failures::BLOCK;
use crate::rng::RunSeed;
use crate::sim::Continue;
use crate::study::statistics::stopping::{Decision, Goal, SoFar, decide};
use crate::units::Share;

/// Outages behind a mean that is precise enough: below, intervals cover less than they say.
const FEWEST_OUTAGES: u64 = 100;
/// Blocks between two looks of an observer.
const STEP: u64 = 1024;

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
    let mut workers = Workers::new(plan);
    let (mut done, mut tally) = begun.unwrap_or_else(|| (0, Tally::new(plan)));
    loop {
        let until = match decision(plan, done, &tally) {
            Decision::Enough => return (tally, Stop::Precise),
            Decision::StoppedOnBudget => return (tally, Stop::Budget),
            Decision::Continue { until_blocks } => until_blocks.min(done + STEP),
        };
        tally.merge(&workers.blocks(seed, done, until));
        done = until;
        if observe(&Reached { blocks: done, budget, tally: &tally }) == Continue::No {
            return (tally, Stop::Interrupted);
        }
    }
}

/// Whether the first `blocks` blocks are enough: the mean charge of the first rule is to be known well enough for every
/// connection.
#[must_use]
pub fn decision(plan: &Plan<'_>, blocks: u64, tally: &Tally) -> Decision {
    let wanted = plan.network.study.precision;
    let goal = Goal {
        relative_half_width: if wanted < Share::ONE { wanted.as_percent() / 100.0 } else { 0.0 },
        least_outages: FEWEST_OUTAGES,
        budget_blocks: budget(plan),
    };
    let rules = || tally.connections.iter().map(|connection| &connection.rules[0]);
    let half_width = |rule: &super::tally::RuleTally| {
        rule.charged.moments_over(tally.periods).relative_half_width(CONFIDENCE).unwrap_or(f64::INFINITY)
    };
    let so_far = SoFar {
        blocks,
        outages: rules().map(|rule| rule.outages).min().unwrap_or(0),
        relative_half_width: rules().map(half_width).reduce(f64::max),
    };
    decide(&goal, &so_far)
}

/// One walker for each thread; what each has met of the fabric's states it knows again.
#[derive(Debug)]
pub struct Workers<'p> {
    plan: &'p Plan<'p>,
    walkers: Vec<Walker<'p>>,
}

impl<'p> Workers<'p> {
    /// Of the threads that are here.
    #[must_use]
    pub fn new(plan: &'p Plan<'p>) -> Self {
        Self { plan, walkers: (0..rayon::current_num_threads()).map(|_| Walker::new(plan)).collect() }
    }

    /// What the blocks [from, to) add up to. Who simulates which does not matter: sums are of whole numbers.
    #[must_use]
    pub fn blocks(&mut self, seed: RunSeed, from: u64, to: u64) -> Tally {
        let (plan, next) = (self.plan, AtomicU64::new(from));
        let of_walker = |walker: &mut Walker<'p>| {
            let mut tally = Tally::new(plan);
            loop {
                let block = next.fetch_add(1, Ordering::Relaxed);
                if block >= to {
                    return tally;
                }
                walker.block(seed, block, |replication, period| tally.count(plan, replication, period));
            }
        };
        let tallies: Vec<Tally> = self.walkers.par_iter_mut().map(of_walker).collect();
        let mut sum = Tally::new(plan);
        tallies.iter().for_each(|tally| sum.merge(tally));
        sum
    }
}

/// The blocks [from, to) by themselves.
#[must_use]
pub fn blocks(plan: &Plan<'_>, seed: RunSeed, from: u64, to: u64) -> Tally {
    Workers::new(plan).blocks(seed, from, to)
}
