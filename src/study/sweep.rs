//! A grid of variations of one scenario, each run with the same seeds: what a value is worth.
//!
//! Runs go in parallel, points and replications alike; samples are merged in index order, so the summary has the same
//! bytes for any number of threads.

use rayon::prelude::*;

use super::repeat::{CountQuantiles, Quantiles, ShareQuantiles, nearest_rank, quantiles, sorted};
use crate::network::Network;
use crate::rng::RunSeed;
use crate::sim::record::RunRecord;
use crate::sim::{Continue, Progress, Simulation};
use crate::units::{CalendarSpan, Share, Span};

pub use crate::network::Variation;

/// Every combination of values, the last key changing fastest.
#[must_use]
pub fn grid(variations: &[Variation]) -> Vec<Vec<String>> {
    variations.iter().fold(vec![Vec::new()], |points, variation| {
        let with = |point: &Vec<String>, value: &String| [&point[..], std::slice::from_ref(value)].concat();
        points.iter().flat_map(|point| variation.values.iter().map(move |value| with(point, value))).collect()
    })
}

/// One point of the grid.
#[derive(Debug, Clone)]
pub struct Point {
    /// One value per variation.
    pub values: Vec<String>,
    /// The world that these make.
    pub network: Network,
}

/// What all runs of all points say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepSummary {
    /// The scenario's title.
    pub title: String,
    /// What was varied; the last one changes fastest.
    pub variations: Vec<Variation>,
    /// Runs of each point that were asked for; fewer are counted only after an interruption.
    pub planned: u32,
    /// One per point of the grid that has a finished run, in order.
    pub points: Vec<SweepPoint>,
}

/// What the runs of one point say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepPoint {
    /// One value per variation.
    pub values: Vec<String>,
    /// Its finished runs, in order of replication.
    pub runs: Vec<SweepRun>,
    /// Longest one-way blackout of any five-tuple in a run, over the runs.
    pub blackout: Quantiles,
    /// Lost share of all data packets.
    pub loss: ShareQuantiles,
    /// How often BFD took a peer for dead in a run.
    pub detections: CountQuantiles,
    /// Of these, how often nothing had cut the way.
    pub false_detections: CountQuantiles,
    /// False detections of all runs together.
    pub false_total: u64,
    /// Charge of the worst connection, the rest of its SLA period included: the largest of any run.
    pub charged_max: CalendarSpan,
}

/// One run of one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepRun {
    /// Its seed; the same replication has the same seed at every point.
    pub seed: u64,
    /// Longest one-way blackout of any five-tuple.
    pub blackout: Span,
    /// Lost share of its data packets.
    pub loss: Share,
    /// How often BFD took a peer for dead.
    pub detections: u64,
    /// Of these, how often nothing had cut the way.
    pub false_detections: u64,
    /// Charge of the worst connection, the rest of its SLA period included.
    pub charged: CalendarSpan,
}

/// Runs every point with the same `planned` replications of `seed`, in parallel. `observe` hears of each run's progress
/// with its index (points one after the other) and says whether to go on; a run that it stops is left out.
pub fn sweep<Observe>(
    variations: Vec<Variation>,
    points: &[Point],
    seed: RunSeed,
    planned: u32,
    observe: &Observe,
) -> SweepSummary
where
    Observe: Fn(u32, Progress) -> Continue + Sync,
{
    let count = u32::try_from(points.len()).expect("the command line limits the grid");
    let runs: Vec<Option<SweepRun>> = (0..count * planned)
        .into_par_iter()
        .map(|index| {
            let network = &points[(index / planned) as usize].network;
            let seed = seed.replication(u64::from(index % planned));
            let record = Simulation::new(network, seed).run_observed(&mut |progress| observe(index, progress));
            (record.ended >= record.horizon).then(|| SweepRun::of(&record))
        })
        .collect();
    let finished = points.iter().zip(runs.chunks(planned as usize)).filter_map(|(point, runs)| {
        let runs: Vec<SweepRun> = runs.iter().flatten().cloned().collect();
        (!runs.is_empty()).then(|| SweepPoint::of(point.values.clone(), runs))
    });
    SweepSummary {
        title: points.first().map_or_else(String::new, |point| point.network.title.clone()),
        planned,
        points: finished.collect(),
        variations,
    }
}

impl SweepRun {
    fn of(record: &RunRecord) -> Self {
        let data = &record.totals.data;
        // What congestion alone does belongs to no entry of the ledger.
        let of_entries = record.ledger.iter().filter_map(|entry| entry.blackout).map(|spread| spread.max);
        let of_flows = record.flows.iter().map(|flow| flow.longest_blackout);
        let charges = record.connections.iter().map(|connection| connection.availability.charged_in_period());
        Self {
            seed: record.seed,
            blackout: of_entries.chain(of_flows).max().unwrap_or(Span::ZERO),
            loss: Share::of(data.dropped.values().sum(), data.sent),
            detections: record.routing.bfd_detections,
            false_detections: record.routing.false_detections,
            charged: charges.max().unwrap_or_default(),
        }
    }
}

impl SweepPoint {
    fn of(values: Vec<String>, runs: Vec<SweepRun>) -> Self {
        let losses = sorted(runs.iter().map(|run| run.loss));
        let counts = |pick: fn(&SweepRun) -> u64| {
            let counts = sorted(runs.iter().map(pick));
            let [min, median, max] = [0, 50, 100].map(|percent| nearest_rank(&counts, percent));
            CountQuantiles { min, median, max }
        };
        Self {
            values,
            blackout: quantiles(runs.iter().map(|run| run.blackout)),
            loss: ShareQuantiles {
                min: nearest_rank(&losses, 0),
                median: nearest_rank(&losses, 50),
                max: nearest_rank(&losses, 100),
            },
            detections: counts(|run| run.detections),
            false_detections: counts(|run| run.false_detections),
            false_total: runs.iter().map(|run| run.false_detections).sum(),
            charged_max: runs.iter().map(|run| run.charged).max().unwrap_or_default(),
            runs,
        }
    }
}
