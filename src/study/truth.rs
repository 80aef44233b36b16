//! Is the stitching right? Whole periods by the simulator, beside the same periods as years without packets have them.
//!
//! ```text
//! the same seed and replication --> failures drawn --> Simulation, control plane event by event --> charged
//!                                                  \-> states + drawn episodes (years)          --> charged
//! ```
//! Failures are the same in both, so that the difference is that of the two methods. Customers' traffic goes by as rates, and what
//! is charged follows from forwarding tables; or as packets, few a second, and what counts is how many of them arrive nowhere.

use rayon::prelude::*;

use super::replay::month;
use super::statistics::mean::Moments;
use super::years::{Episode, Library, NoCache, Plan, Setting, Walker};
use crate::network::{Fidelity, Network};
use crate::rng::RunSeed;
use crate::sim::Simulation;
use crate::sim::record::FlowRecord;
use crate::sla::{LossTimeline, Piece, Pieces};
use crate::units::CalendarSpan;

/// How customers' traffic goes by on the simulator's side, and what is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// As rates: seconds charged to the first connection by the first rule.
    Rates,
    /// As packets: seconds of traffic lost, packets dropped over packets sent times the period.
    Packets,
}

/// Periods by both methods, in seconds.
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
    /// Seconds of total loss before routing had settled, over all episodes of the whole fabric that lost anything.
    pub episodes: Moments,
}

/// Compares the two over so many periods, with so many runs of the engine behind each class of episode.
#[must_use]
pub fn truth(network: &Network, seed: RunSeed, periods: u64, episodes: u32, traffic: Traffic) -> Truth {
    let library = Library::simulate(network, network.availability.judging(), seed, episodes, &NoCache);
    let plan = Plan::new(network, network.availability.rules.clone(), Some(&library));
    let mut world = network.clone();
    world.fidelity = match traffic {
        Traffic::Rates => Fidelity::Flow,
        Traffic::Packets => Fidelity::Packet,
    };
    let pairs: Vec<(f64, f64, u64)> = (0..periods)
        .into_par_iter()
        .map_init(
            || Walker::new(&plan),
            |walker, replication| {
                let period = walker.period(seed, replication);
                let (charged, transitions) = (period.connections[0].rules[0].charged, period.transitions);
                let stitched = match traffic {
                    Traffic::Rates => charged as f64 / 1e9,
                    Traffic::Packets => lost_s(walker.timelines(0), plan.period()),
                };
                (simulated(&world, seed, replication, traffic), stitched, transitions)
            },
        )
        .collect();
    let of = |value: fn(&(f64, f64, u64)) -> f64| Moments::of(&pairs.iter().map(value).collect::<Vec<_>>());
    let episodes = library.classes.iter().flat_map(|class| class.samples.iter().flatten().flatten());
    let longest_s = episodes.map(Episode::length).max().unwrap_or(0) as f64 / 1e9;
    let whole = library.classes.iter().filter(|class| class.happening.setting() == Setting::Whole);
    let lost = whole.flat_map(|class| class.samples.iter().flatten().flatten()).map(|episode| episode.lost_ns() / 1e9);
    let lost: Vec<f64> = lost.filter(|lost| *lost > 0.0).collect();
    let transitions = pairs.iter().map(|(_, _, transitions)| transitions).sum();
    let seconds = plan.period().as_seconds() * periods.max(1) as f64;
    Truth {
        simulated: of(|(simulated, _, _)| *simulated),
        stitched: of(|(_, stitched, _)| *stitched),
        difference: of(|(simulated, stitched, _)| simulated - stitched),
        transitions,
        separation: transitions as f64 / seconds * longest_s,
        longest_s,
        episodes: Moments::of(&lost),
    }
}

/// Seconds of total loss over a period, mean of both directions.
fn lost_s(directions: &[LossTimeline; 2], period: CalendarSpan) -> f64 {
    let pieces = Pieces::new([&directions[0], &directions[1]], &[], period);
    let lost = |piece: Piece| {
        let share = piece.loss.iter().map(|loss| loss.as_percent() / 100.0).sum::<f64>() / 2.0;
        (piece.to - piece.from).as_seconds() * share
    };
    pieces.map(lost).sum()
}

/// Seconds of one period by the simulator.
fn simulated(world: &Network, seed: RunSeed, replication: u64, traffic: Traffic) -> f64 {
    let drawn = month(world, seed, replication).expect("a period within the clock of a run");
    // Phases of timers are another draw than those of the episodes.
    let record = Simulation::new(&drawn, seed.replication(replication)).run();
    match traffic {
        Traffic::Rates => record.connections[0].availability.charged.as_seconds(),
        Traffic::Packets => {
            let of = |count: fn(&FlowRecord) -> u64| record.flows.iter().map(count).sum::<u64>() as f64;
            of(|flow| flow.dropped) / of(|flow| flow.sent) * drawn.horizon.as_seconds()
        }
    }
}
