//! How fast and how right the engine is, beside a bare loop on the same workloads, measured in turn in one process.
//!
//! ```text
//! Effort -> rounds of (bare loop, engine, peers) per workload -> Benchmark
//! ```

pub mod ceiling;
mod clock;
mod fabrics;
mod hold;
pub mod peers;
mod routing;
mod spread;
mod studies;
mod workload;

use std::mem::size_of;

use ceiling::{Ceiling, Histogram, Poisson};
use clock::timed;
pub use clock::{Machine, peak_memory};
pub use fabrics::fabrics_scenario;
pub use hold::Hold;
use peers::{Peer, PeerResult};
pub use routing::{Routing, routing_scenario};
pub use spread::Spread;
pub use studies::{Method, Studies, Way, biased};
pub use workload::{Oracle, Workload};

use crate::message::Packet;
use crate::network::{Network, RouterRole};
use crate::rng::RunSeed;
use crate::scenario;
use crate::sim::Simulation;
use crate::sim::record::RunRecord;
use crate::units::{Bytes, Span, Time};

/// The seed of the engine's runs.
const SEED: RunSeed = RunSeed(1);

/// The seed of the bare loop's splitmix64, the same as in the other simulators' published runs.
const CEILING_SEED: u64 = 7;

/// What a run on several threads is measured with: two regions of 50 routers.
const TWO_REGIONS: &str = include_str!("../../../scenarios/benchmark/two-regions.toml");

/// How long to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Under half a minute.
    Quick,
    /// Some minutes: more rounds, and as many packets as the comparison with theory needs.
    Full,
}

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// How long it was measured.
    pub effort: Effort,
    /// Where.
    pub machine: Machine,
    /// One per workload.
    pub speeds: Vec<Speed>,
    /// The event queue, by number of pending events.
    pub holds: Vec<Hold>,
    /// Several threads for one run.
    pub parallel: Parallel,
    /// The control plane by itself.
    pub routing: Routing,
    /// Studies over years.
    pub studies: Studies,
    /// Waits against theory.
    pub accuracies: Vec<Accuracy>,
    /// From a scenario's text to its record.
    pub first_result: FirstResult,
    /// Other simulators, when they were asked for.
    pub peers: Vec<PeerResult>,
}

/// The engine's speed on one workload, one thread, everything counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Speed {
    /// The workload.
    pub workload: Workload,
    /// Links crossed in one run.
    pub packet_hops: u64,
    /// Events handled in one run.
    pub events: u64,
    /// Links crossed per second of the run, set-up excluded.
    pub hops_per_second: Spread,
    /// The bare loop's, where there is one.
    pub ceiling_hops_per_second: Option<Spread>,
    /// The engine's share of the bare loop's speed, round by round.
    pub ceiling_ratio: Option<Spread>,
    /// The most memory that was resident during the engine's runs, where the system tells.
    pub peak_memory: Option<Bytes>,
}

/// One run by one thread and by several.
#[derive(Debug, Clone, PartialEq)]
pub struct Parallel {
    /// Routers in the network, half of them in each of two regions 10 ms apart.
    pub routers: usize,
    /// Threads asked for.
    pub threads: usize,
    /// Partitions of the network.
    pub partitions: usize,
    /// Time of one thread over time of several, round by round.
    pub speed_up: Spread,
    /// The workloads, asked for as many threads: their parts meet too often or have too little to do.
    pub small: Vec<Shared>,
}

/// A workload that was asked for several threads.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// What was run.
    pub workload: Workload,
    /// Time of one thread over time of several, round by round.
    pub speed_up: Spread,
}

/// The waits of many packets.
#[derive(Debug, Clone, PartialEq)]
pub struct Accuracy {
    /// The workload.
    pub workload: Workload,
    /// What they must be.
    pub oracle: Oracle,
    /// Packets delivered.
    pub packets: u64,
    /// Mean wait.
    pub mean: Span,
    /// 99th percentile, within 0.1%.
    pub p99: Span,
    /// Whether so many packets allow to judge the 99th percentile.
    pub p99_judged: Judged,
}

/// Whether a number can be held against its oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// There are enough packets.
    Yes,
    /// Its standard error is as large as what is allowed.
    No,
}

/// From the quickstart's text to its record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FirstResult {
    /// Seconds to read, check and resolve the scenario.
    pub read_s: f64,
    /// Seconds for the whole run.
    pub run_s: f64,
}

impl Effort {
    /// Rounds in turn.
    const fn rounds(self) -> usize {
        match self {
            Self::Quick => 3,
            Self::Full => 9,
        }
    }

    /// Packets of one round of W1 or W2.
    const fn packets(self) -> u64 {
        match self {
            Self::Quick => 500_000,
            Self::Full => 2_000_000,
        }
    }

    /// Packets of the comparison with theory.
    const fn accuracy_packets(self, workload: Workload) -> u64 {
        match (self, workload) {
            (Self::Quick, _) => 4_000_000,
            (Self::Full, Workload::Chain) => 50_000_000,
            (Self::Full, Workload::Fabric | Workload::Quickstart) => 20_000_000,
        }
    }
}

impl Speed {
    /// Nanoseconds that a packet-hop takes, by the median.
    #[must_use]
    pub fn ns_per_hop(&self) -> f64 {
        1e9 / self.hops_per_second.median
    }

    /// Events per packet-hop: 1 for the hop, and a share of the events of sources, timers and protocols.
    #[must_use]
    pub fn events_per_hop(&self) -> f64 {
        self.events as f64 / self.packet_hops.max(1) as f64
    }
}

/// Bytes of packet state that a hop moves: a packet with its departure is written into a ring and read from it once.
#[must_use]
pub const fn bytes_per_hop() -> usize {
    2 * (size_of::<Packet>() + size_of::<Time>())
}

impl Accuracy {
    /// Whether the mean wait is as near to the oracle as it must be.
    #[must_use]
    pub fn mean_holds(&self) -> bool {
        let off = (self.mean.as_ps() as f64 / 1e3 - self.oracle.mean_ns).abs();
        off <= self.oracle.mean_ns * self.oracle.mean_within_percent / 100.0
    }

    /// Whether the 99th percentile is; `None` when it is unknown or cannot be judged.
    #[must_use]
    pub fn p99_holds(&self) -> Option<bool> {
        let expected = self.oracle.p99_ns.filter(|_| self.p99_judged == Judged::Yes)?;
        Some((self.p99.as_ps() as f64 / 1e3 - expected).abs() <= self.oracle.p99_within_ns)
    }
}

/// Measures everything; `peers` take their turn in the first rounds, and `tell` hears what is being done.
#[must_use]
pub fn measure(effort: Effort, peers: &[Peer], tell: &mut dyn FnMut(&str)) -> Benchmark {
    tell("event queue");
    let operations = match effort {
        Effort::Quick => 500_000,
        Effort::Full => 4_000_000,
    };
    let holds = [100, 10_000, 1_000_000].map(|pending| hold::hold(pending, operations, 3)).to_vec();
    tell("time to the first result");
    let first_result = first_result();
    let mut speeds = Vec::new();
    let mut peer_results = Vec::new();
    for workload in Workload::ALL {
        tell(&format!("{}: the bare loop and the engine in turn", workload.title()));
        speeds.push(speed(workload, effort, peers, &mut peer_results, tell));
    }
    tell("one run on several threads");
    let parallel = parallel(effort);
    tell("BGP messages");
    let routing = routing::routing(effort);
    tell("studies");
    let studies = studies::studies(effort);
    let accuracies = Workload::ALL.iter().filter_map(|workload| accuracy(*workload, effort, tell)).collect();
    let machine = Machine::here();
    Benchmark {
        effort,
        machine,
        speeds,
        holds,
        parallel,
        routing,
        studies,
        accuracies,
        first_result,
        peers: peer_results,
    }
}

fn speed(
    workload: Workload,
    effort: Effort,
    peers: &[Peer],
    peer_results: &mut Vec<PeerResult>,
    tell: &mut dyn FnMut(&str),
) -> Speed {
    let network = workload.network(effort.packets());
    let mut totals = (0, 0);
    let (mut rates, mut ceilings, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut turns = peers::Turns::new(workload, peers);
    let rounds = match workload {
        Workload::Chain | Workload::Fabric => effort.rounds(),
        Workload::Quickstart => effort.rounds().min(3),
    };
    for _ in 0..rounds {
        let ceiling = ceiling_rate(workload, effort.packets());
        // The bare loop's histogram is gone by now.
        clock::forget_peak();
        let (record, seconds) = run_timed(&network, 1);
        totals = (record.totals.packet_hops, record.totals.events);
        let rate = totals.0 as f64 / seconds;
        rates.push(rate);
        if let Some(ceiling) = ceiling {
            ceilings.push(ceiling);
            ratios.push(rate / ceiling);
        }
        turns.take(rate, tell);
    }
    peer_results.extend(turns.results());
    let spread = |values: Vec<f64>| (!values.is_empty()).then(|| Spread::of(values));
    Speed {
        workload,
        packet_hops: totals.0,
        events: totals.1,
        hops_per_second: Spread::of(rates),
        ceiling_hops_per_second: spread(ceilings),
        ceiling_ratio: spread(ratios),
        peak_memory: peak_memory(),
    }
}

/// Packet-hops per second of the bare loop.
fn ceiling_rate(workload: Workload, packets: u64) -> Option<f64> {
    let topology = workload.topology()?;
    let (mut arrivals, mut waits) = (Poisson::new(CEILING_SEED, packets, &topology), Histogram::new());
    let ceiling = Ceiling::new(&topology);
    let (done, time) = timed(|| ceiling.run(&mut arrivals, &mut waits));
    Some(done.packet_hops as f64 / time.as_secs_f64())
}

/// A run's record, and its seconds.
fn run_timed(network: &Network, threads: usize) -> (RunRecord, f64) {
    let simulation = Simulation::new(network, SEED).threads(threads);
    let (record, time) = timed(|| simulation.run());
    (record, time.as_secs_f64())
}

fn first_result() -> FirstResult {
    let workload = Workload::Quickstart;
    let (loaded, read) = timed(|| scenario::parse(workload.text(), workload.name(), &[]));
    let network = loaded.unwrap_or_else(|problems| panic!("{problems}")).network;
    let (_, run_s) = run_timed(&network, 1);
    FirstResult { read_s: read.as_secs_f64(), run_s }
}

fn parallel(effort: Effort) -> Parallel {
    let horizon = match effort {
        Effort::Quick => "horizon=5 ms",
        Effort::Full => "horizon=15 ms",
    };
    let loaded = scenario::parse(TWO_REGIONS, "two-regions", &[horizon.to_owned()]);
    let network = loaded.unwrap_or_else(|problems| panic!("{problems}")).network;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let speed_up = |network: &Network| {
        let round = |_| run_timed(network, 1).1 / run_timed(network, threads).1;
        Spread::of((0..effort.rounds().min(5)).map(round).collect())
    };
    let shared = |workload: Workload| Shared { workload, speed_up: speed_up(&workload.network(effort.packets())) };
    Parallel {
        routers: network.routers.iter().filter(|router| !matches!(router.role, RouterRole::Edge(_))).count(),
        threads,
        partitions: Simulation::new(&network, SEED).threads(threads).layout().count(),
        speed_up: speed_up(&network),
        small: Workload::ALL.map(shared).to_vec(),
    }
}

/// The waits of a workload that has an oracle.
pub fn accuracy(workload: Workload, effort: Effort, tell: &mut dyn FnMut(&str)) -> Option<Accuracy> {
    let oracle = workload.oracle()?;
    let packets = effort.accuracy_packets(workload);
    tell(&format!("{}: waits of {packets} packets", workload.title()));
    let network = workload.network(packets);
    let queueing = Simulation::new(&network, SEED).run().totals.queueing;
    let p99_judged = match effort {
        Effort::Quick => Judged::No,
        Effort::Full => Judged::Yes,
    };
    Some(Accuracy { workload, oracle, packets: queueing.count, mean: queueing.mean, p99: queueing.p99, p99_judged })
}

#[cfg(test)]
mod tests;
