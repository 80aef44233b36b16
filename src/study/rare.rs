//! What years hardly ever see: time with too few channels, found by making failures common and weighing that back.
//!
//! ```text
//! all lives exponential --> balanced failure biasing (cycles, weights)
//! any laws              --> multilevel splitting (stages, copies)
//! ```
//! So "0 events in n periods" gets an answer. Both need lives that are independent of each other.

use rayon::prelude::*;

use super::biasing::{Bias, Cycles, Rare};
use super::splitting::{Found, Splitting, Unit};
use super::statistics::Interval;
use super::statistics::mean::Moments;
use super::structure::Structure;
use super::years::{CONFIDENCE, Estimate};
use crate::ids::ConnectionId;
use crate::network::Network;
use crate::rng::RunSeed;

/// Probability of a failure while anything is failed: between 0.5 and 0.7 most systems have their least variance.
pub const THETA: f64 = 0.6;
/// Relative half-width at which it may stop.
const PRECISION: f64 = 0.1;
/// Cycles of one block, and blocks at most.
const CYCLES: u64 = 1_024;
const MOST_BLOCKS: u64 = 512;
/// Trajectories of each stage of one run of splitting, and runs.
const EFFORT: usize = 500;
const RUNS: u64 = 64;
/// Hours of the period that splitting looks at.
const MONTH: f64 = 720.0;

/// Time with fewer than so many channels.
#[derive(Debug, Clone, PartialEq)]
pub struct RareSummary {
    /// Name of the connection.
    pub connection: String,
    /// Fewer usable channels than this.
    pub below: u32,
    /// How it was found, or why it was not.
    pub method: RareMethod,
    /// Share of time; `None` where it was not found.
    pub unavailability: Option<Estimate>,
}

/// How rare time was found.
#[derive(Debug, Clone, PartialEq)]
pub enum RareMethod {
    /// Balanced failure biasing of the numerator; the length of a cycle is exact.
    Biasing {
        /// Cycles simulated.
        cycles: u64,
        /// Samples of equal weight that would say as much.
        effective: f64,
        /// Mean weight of a cycle, with its 95% half-width: 1 when nothing went wrong.
        weight: [f64; 2],
    },
    /// Multilevel splitting.
    Splitting {
        /// Independent runs through all stages.
        runs: u64,
        /// Trajectories of each stage.
        effort: u64,
        /// Runs that came through all stages.
        through: u64,
    },
    /// Not at all, and why.
    NotApplicable(&'static str),
}

/// Finds the time with fewer than `below` channels.
#[must_use]
pub fn rare(network: &Network, structure: &Structure<'_>, of: (ConnectionId, u32), seed: RunSeed) -> RareSummary {
    let (connection, below) = of;
    let (method, unavailability) = if structure.is_coupled() {
        (RareMethod::NotApplicable("repairs wait for each other or causes are shared"), None)
    } else if structure.is_memoryless() {
        biased(structure, of, seed)
    } else {
        match structure.units() {
            Some(units) => split(structure, &units, of, seed),
            None => (RareMethod::NotApplicable("a life has an empirical law"), None),
        }
    };
    RareSummary { connection: network.connections[connection].name.clone(), below, method, unavailability }
}

type Answer = (RareMethod, Option<Estimate>);

/// Blocks of cycles, looked at after 1, 2, 4, 8 ... of them.
fn biased(structure: &Structure<'_>, (connection, below): (ConnectionId, u32), seed: RunSeed) -> Answer {
    let rare = Rare { components: structure.components(), below, bias: Bias::Balanced { theta: THETA } };
    let level = structure.level(connection);
    let (mut all, mut done) = (Cycles::default(), 0u64);
    while done < MOST_BLOCKS && !(done.is_power_of_two() && is_precise(&all)) {
        let mut stream = seed.replication(done).stream("cycles", "biasing");
        all.merge(&rare.cycles(CYCLES, &level, &mut stream));
        done += 1;
    }
    let weights = all.downtime.weight_moments();
    let method = RareMethod::Biasing {
        cycles: done * CYCLES,
        effective: all.downtime.effective_samples(),
        weight: [weights.mean, weights.student(CONFIDENCE).map_or(f64::INFINITY, |interval| interval.half_width())],
    };
    let seen = rare.unavailability(&all, CONFIDENCE).filter(|(mean, _)| *mean > 0.0);
    (method, seen.map(|(mean, interval)| estimate(mean, interval)))
}

fn is_precise(cycles: &Cycles) -> bool {
    let width = cycles.downtime.moments().relative_half_width(CONFIDENCE);
    cycles.downtime.effective_samples() >= 100.0 && width.is_some_and(|width| width <= PRECISION)
}

/// Independent runs in parallel, merged in order.
fn split(structure: &Structure<'_>, units: &[Unit], (connection, below): (ConnectionId, u32), seed: RunSeed) -> Answer {
    let one = |run: u64| {
        let level = structure.level(connection);
        let splitting = Splitting { units, period: MONTH, below, effort: EFFORT, level: &level };
        splitting.run(&mut seed.replication(run).stream("trajectories", "splitting"))
    };
    let found: Vec<Found> = (0..RUNS).into_par_iter().map(one).collect();
    let shares: Vec<f64> = found.iter().map(|found| found.down_hours / MONTH).collect();
    let moments = Moments::of(&shares);
    let through = found.iter().filter(|found| found.probability > 0.0).count() as u64;
    let method = RareMethod::Splitting { runs: RUNS, effort: EFFORT as u64, through };
    let seen = moments.log_t(CONFIDENCE).filter(|_| through > 1);
    (method, seen.map(|interval| estimate(moments.mean, interval)))
}

fn estimate(mean: f64, interval: Interval) -> Estimate {
    Estimate { mean, interval: Some(interval) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures::StandingPlan;
    use crate::study::reference;

    fn found(network: &Network, below: u32) -> RareSummary {
        let standing = StandingPlan::new(network);
        let connection = network.connections.ids().next().expect("a connection");
        rare(network, &Structure::new(network, &standing), (connection, below), RunSeed(1))
    }

    /// All 1,024 states summed: 4.27e-8 of the time without a path.
    #[test]
    fn the_reference_fabric_without_a_path_is_found_from_its_scenario() {
        let found = found(&reference::network(), 1);
        let estimate = found.unavailability.expect("found");
        let interval = estimate.interval.expect("found");
        let truth = reference::UNAVAILABILITY[0];
        assert!((estimate.mean - truth).abs() < 2.0 * interval.half_width(), "{estimate:?} {truth}");
        assert!(interval.half_width() < 0.11 * truth, "{interval:?}");
        let RareMethod::Biasing { effective, weight: [mean, half], .. } = found.method else { panic!("{found:?}") };
        assert!(effective >= 100.0 && (mean - 1.0).abs() < 2.0 * half, "{effective} {mean} {half}");
    }

    /// Unavailability depends on the means alone: laws with memory have the same.
    #[test]
    fn splitting_finds_the_same_under_laws_with_memory() {
        let network = reference::network_with(
            "[reliability.classes]\n\
             facility = { of = [\"a\", \"b\"], kind = \"facility_outage\", up = \"17520 h\", down = \"3 h\", down_law = \"lognormal\", down_sigma = 1.0 }\n\
             router = { of = [\"a1\", \"a2\", \"b1\", \"b2\"], kind = \"router_down\", up = \"30000 h\", down = \"4 h\", coverage = \"50%\" }\n\
             link = { of = \"channels\", kind = \"fibre_cut\", up = \"1710 h\", down = \"10 h\", up_law = \"weibull\", up_shape = 0.8 }\n",
        );
        let found = found(&network, 2);
        let estimate = found.unavailability.expect("found");
        let interval = estimate.interval.expect("found");
        let truth = reference::UNAVAILABILITY[1];
        assert!(
            (estimate.mean / truth - 1.0).abs() < 0.5 && interval.half_width() < 0.5 * truth,
            "{estimate:?} {truth}"
        );
        assert!(matches!(found.method, RareMethod::Splitting { through: 2.., .. }), "{:?}", found.method);
    }

    #[test]
    fn shared_crews_are_refused_with_the_reason() {
        let network = reference::network_with(
            "[reliability.crews.field]\nsize = 1\n[reliability.classes]\n\
             link = { of = \"channels\", kind = \"fibre_cut\", up = \"1710 h\", down = \"10 h\", crew = \"field\" }\n",
        );
        let found = found(&network, 1);
        assert!(matches!(found.method, RareMethod::NotApplicable(_)) && found.unavailability.is_none(), "{found:?}");
    }
}
