//! Is the stitching right? Whole periods by the simulator, beside the same periods as years without packets have them.
//!
//! ```text
//! the same seed and replication --> failures drawn --> Simulation, control plane event by event --> charged
//!                                                  \-> states + drawn episodes (years)          --> charged
//! ```
//! Failures are the same in both, so that the difference is that of the two methods. Customers' traffic goes by as rates:
//! what is charged follows from forwarding tables, which the control plane's packets make.

use rayon::prelude::*;

use super::replay::month;
use super::statistics::mean::Moments;
use super::years::{Library, NoCache, Plan, Walker};
use crate::network::{Fidelity, Network};
use crate::rng::RunSeed;
use crate::sim::Simulation;

/// Periods by both methods: seconds charged to the first connection by the first rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// By the simulator.
    pub simulated: Moments,
    /// By states and episodes.
    pub stitched: Moments,
    /// Simulated less stitched, period by period.
    pub difference: Moments,
    /// Failures and returns in all periods.
    pub transitions: u64,
    /// Rate of transitions times the longest episode.
    pub separation: f64,
    /// The longest time until routing had settled, in seconds.
    pub longest_s: f64,
}

/// Compares the two over so many periods, with so many runs of the engine behind each class of episode.
#[must_use]
pub fn truth(network: &Network, seed: RunSeed, periods: u64, episodes: u32) -> Truth {
    let library = Library::simulate(network, network.availability.judging(), seed, episodes, &NoCache);
    let plan = Plan::new(network, network.availability.rules.clone(), Some(&library));
    let mut world = network.clone();
    world.fidelity = Fidelity::Flow;
    let pairs: Vec<(f64, f64, u64)> = (0..periods)
        .into_par_iter()
        .map_init(
            || Walker::new(&plan),
            |walker, replication| {
                let period = walker.period(seed, replication);
                let (stitched, transitions) = (period.connections[0].rules[0].charged, period.transitions);
                (simulated(&world, seed, replication), stitched as f64 / 1e9, transitions)
            },
        )
        .collect();
    let of = |value: fn(&(f64, f64, u64)) -> f64| Moments::of(&pairs.iter().map(value).collect::<Vec<_>>());
    let episodes = library.classes.iter().flat_map(|class| class.samples.iter().flatten().flatten());
    let longest_s = episodes.map(|episode| episode.length()).max().unwrap_or(0) as f64 / 1e9;
    let transitions = pairs.iter().map(|(_, _, transitions)| transitions).sum();
    let seconds = plan.period().as_seconds() * periods.max(1) as f64;
    Truth {
        simulated: of(|(simulated, _, _)| *simulated),
        stitched: of(|(_, stitched, _)| *stitched),
        difference: of(|(simulated, stitched, _)| simulated - stitched),
        transitions,
        separation: transitions as f64 / seconds * longest_s,
        longest_s,
    }
}

/// Seconds charged in one period by the simulator.
fn simulated(world: &Network, seed: RunSeed, replication: u64) -> f64 {
    let drawn = month(world, seed, replication).expect("a period within the clock of a run");
    // Phases of timers are another draw than those of the episodes.
    let record = Simulation::new(&drawn, seed.replication(replication)).run();
    record.connections[0].availability.charged.as_seconds()
}
