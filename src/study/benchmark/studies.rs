//! How fast a study is on one core: its failure model, whole periods, and each way to a rare answer.

use super::clock::timed;
use super::{Effort, Spread};
use crate::network::{Network, SlaRule};
use crate::rng::RunSeed;
use crate::scenario;
use crate::study::biasing::{Bias, Cycles, Rare};
use crate::study::exact::enumeration::{Limits, enumerate};
use crate::study::reference;
use crate::study::years::Plan;
use crate::study::years::engine::Workers;

const QUAD: &str = include_str!("../../../scenarios/studies/quad-month.toml");

/// Blocks of 64 months: some 86,000 years.
const BLOCKS: u64 = 16_384;

/// A Julian year in seconds.
const YEAR_S: f64 = 31_557_600.0;

/// Half width over the answer that the ways are to reach, with 95% confidence.
const GOAL: f64 = 0.1;

/// A study's speed on one core.
#[derive(Debug, Clone, PartialEq)]
pub struct Studies {
    /// Components of the quad fabric that fail or come back, per second, judged and added up, without episodes.
    pub transitions_per_second: Spread,
    /// Years of the same per second.
    pub years_per_second: Spread,
    /// To the time with fewer than two of the reference fabric's four paths (4.93e-6), known to 10%.
    pub ways: Vec<Way>,
}

/// One way to the same answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// How.
    pub method: Method,
    /// What it takes.
    pub seconds: Spread,
}

/// How a rare share of time is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Drawn months as they come, at checkpoints that double.
    Crude,
    /// States, the most probable first.
    Enumeration,
    /// Balanced failure biasing, at checkpoints that double.
    Biasing,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Crude, Self::Enumeration, Self::Biasing];

    /// What reports call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crude => "crude simulation",
            Self::Enumeration => "enumeration",
            Self::Biasing => "failure biasing",
        }
    }

    /// The share of time with fewer than two paths, known well enough.
    #[must_use]
    pub fn below_two(self) -> f64 {
        match self {
            Self::Crude => crude(),
            Self::Enumeration => enumerated(),
            Self::Biasing => biased(2),
        }
    }
}

/// Measures in rounds.
pub(super) fn studies(effort: Effort) -> Studies {
    let network = scenario::parse(QUAD, "quad-month", &[]).unwrap_or_else(|problems| panic!("{problems}")).network;
    let plan = plan(&network);
    let rounds = effort.rounds().min(3);
    let years = (BLOCKS * 64) as f64 * plan.period().as_seconds() / YEAR_S;
    let runs: Vec<(u64, f64)> = (0..rounds)
        .map(|_| {
            let (tally, took) = on_one_core(|| timed(|| Workers::new(&plan).blocks(RunSeed(1), 0, BLOCKS)));
            (tally.transitions, took.as_secs_f64())
        })
        .collect();
    let way = |method: Method| {
        let seconds = (0..rounds).map(|_| on_one_core(|| timed(|| method.below_two())).1.as_secs_f64());
        Way { method, seconds: Spread::of(seconds.collect()) }
    };
    Studies {
        transitions_per_second: Spread::of(runs.iter().map(|(count, seconds)| *count as f64 / seconds).collect()),
        years_per_second: Spread::of(runs.iter().map(|(_, seconds)| years / seconds).collect()),
        ways: Method::ALL.map(way).to_vec(),
    }
}

fn plan(network: &Network) -> Plan<'_> {
    Plan::new(network, vec![SlaRule::preset("google-interconnect").expect("a preset")], None)
}

fn on_one_core<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread").install(work)
}

fn crude() -> f64 {
    let network = reference::network();
    let plan = plan(&network);
    let mut workers = Workers::new(&plan);
    let (mut done, mut until) = (0, 64);
    let mut all = workers.blocks(RunSeed(1), done, until);
    loop {
        let below = all.connections[0].below[1].moments_over(all.periods);
        if below.relative_half_width(0.95).is_some_and(|half| half <= GOAL) {
            return below.mean / 1e9 / plan.period().as_seconds();
        }
        (done, until) = (until, until * 2);
        all.merge(&workers.blocks(RunSeed(1), done, until));
    }
}

fn enumerated() -> f64 {
    let limits = Limits { remainder: 0.0, relative: GOAL, states: usize::MAX };
    enumerate(&reference::components(), &[], &limits, &reference::paths).unavailability(2).high
}

/// The share of time with fewer than `below` paths by balanced failure biasing, in blocks of 256 cycles.
#[must_use]
pub fn biased(below: u32) -> f64 {
    let components = reference::components();
    let rare = Rare { components: &components, below, bias: Bias::Balanced { theta: 0.5 } };
    let mut all = Cycles::default();
    for block in 0u64.. {
        let half = all.downtime.moments().relative_half_width(0.95);
        let enough = all.downtime.effective_samples() >= 100.0 && half.is_some_and(|half| half <= GOAL);
        if block.is_power_of_two() && enough {
            break;
        }
        let mut stream = RunSeed(1).replication(block).stream("cycles", "biasing");
        all.merge(&rare.cycles(256, &reference::paths, &mut stream));
    }
    rare.unavailability(&all, 0.95).map_or(0.0, |(share, _)| share)
}
