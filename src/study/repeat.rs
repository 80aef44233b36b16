//! Repeated runs: one seed is one sample.
//!
//! A failure meets protocols at some phase of their timers, and another seed shifts that phase. Runs go in parallel;
//! samples are merged in index order, so the summary has the same bytes for any number of threads.

use rayon::prelude::*;

use crate::network::Network;
use crate::rng::RunSeed;
use crate::sim::record::{AvailabilityRecord, LedgerKind, RunRecord, Spread};
use crate::sim::{Continue, Progress, Simulation};
use crate::units::{CalendarSpan, Share, Span};

/// What the runs say together. Quantiles are by nearest rank: the p95 of 20 runs is the 19th smallest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatSummary {
    /// The scenario's title.
    pub title: String,
    /// How long each run measured.
    pub horizon: Span,
    /// How many runs were asked for; fewer are in `runs` only after an interruption.
    pub planned: u32,
    /// The finished runs, in order of replication.
    pub runs: Vec<RunDigest>,
    /// One per incident and per return, in order of time.
    pub entries: Vec<RepeatEntry>,
    /// Lost share of all data packets, over the runs.
    pub loss: ShareQuantiles,
    /// One per connection, in order of name.
    pub connections: Vec<RepeatCharge>,
    /// One per link group, in order of name.
    pub link_groups: Vec<RepeatCharge>,
    /// One per expectation of the scenario.
    pub expectations: Vec<RepeatExpectation>,
}

/// One finished run in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDigest {
    /// Its seed: `run --seed` with it shows that run alone.
    pub seed: u64,
    /// Lost share of its data packets.
    pub loss: Share,
    /// Links crossed by its packets.
    pub packet_hops: u64,
    /// Hash of everything that happened in it.
    pub fingerprint: u64,
}

/// One incident, or the return from it, over the runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatEntry {
    /// Name of the failure.
    pub name: String,
    /// Incident or return.
    pub kind: LedgerKind,
    /// The failure's kind, such as "fibre_cut".
    pub what: &'static str,
    /// The component that failed.
    pub component: String,
    /// When.
    pub at: Span,
    /// Runs in which at least one five-tuple lost packets to it.
    pub runs_hit: u32,
    /// Runs in which a blackout had not ended when the run did: their samples are lower bounds.
    pub runs_unended: u32,
    /// Longest one-way blackout of any five-tuple in a run; a run without one counts as zero.
    pub blackout: Quantiles,
    /// Median one-way blackout over the five-tuples hit in a run.
    pub blackout_median: Quantiles,
    /// As `blackout`, but either direction dead; `None` when no run had a two-way flow hit.
    pub round_trip: Option<Quantiles>,
    /// As `blackout_median`, but either direction dead.
    pub round_trip_median: Option<Quantiles>,
    /// Data packets lost to it in a run.
    pub lost: CountQuantiles,
}

/// One connection or link group over the runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatCharge {
    /// Name.
    pub name: String,
    /// Name of the counting rule.
    pub rule: String,
    /// Unavailable time that the promise allows in the SLA period.
    pub budget: CalendarSpan,
    /// The SLA period.
    pub period: CalendarSpan,
    /// Largest charge of any run, the rest of its period included.
    pub charged_max: CalendarSpan,
    /// Runs that charged more than the budget.
    pub runs_over_budget: u32,
}

/// One expectation over the runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatExpectation {
    /// The key under `[expect]`.
    pub key: String,
    /// Runs that met it.
    pub runs_met: u32,
}

/// Quantiles of spans over the runs, by nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quantiles {
    /// Smallest.
    pub min: Span,
    /// Median (the lower of the two middle ones).
    pub median: Span,
    /// 95th percentile; the largest when there are fewer than 20 runs.
    pub p95: Span,
    /// Largest.
    pub max: Span,
}

/// Quantiles of counts over the runs, by nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountQuantiles {
    /// Smallest.
    pub min: u64,
    /// Median (the lower of the two middle ones).
    pub median: u64,
    /// Largest.
    pub max: u64,
}

/// Quantiles of shares over the runs, by nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShareQuantiles {
    /// Smallest.
    pub min: Share,
    /// Median (the lower of the two middle ones).
    pub median: Share,
    /// Largest.
    pub max: Share,
}

/// Simulates `planned` replications of `seed`, in parallel. `observe` hears of each run's progress with its index and
/// says whether to go on; a run that it stops is left out.
pub fn repeat<Observe>(network: &Network, seed: RunSeed, planned: u32, observe: &Observe) -> RepeatSummary
where
    Observe: Fn(u32, Progress) -> Continue + Sync,
{
    repeat_with(network, seed, planned, |index, seed| {
        let record = Simulation::new(network, seed).run_observed(&mut |progress| observe(index, progress));
        (record.ended >= record.horizon).then_some(record)
    })
}

/// Runs `planned` replications of `seed` with `run`, in parallel, and merges them in index order. `run` gets the
/// index and the seed, and returns `None` when it was interrupted: such a run is left out.
pub fn repeat_with<Run>(network: &Network, seed: RunSeed, planned: u32, run: Run) -> RepeatSummary
where
    Run: Fn(u32, RunSeed) -> Option<RunRecord> + Sync,
{
    // A record is megabytes of series and a sample some hundred bytes, so each record is dropped where it was made.
    let samples: Vec<Option<Sample>> = (0..planned)
        .into_par_iter()
        .map(|index| run(index, seed.replication(u64::from(index))).as_ref().map(Sample::of))
        .collect();
    let finished: Vec<Sample> = samples.into_iter().flatten().collect();
    summarise(network, planned, &finished)
}

/// What the summary needs from one run.
struct Sample {
    digest: RunDigest,
    entries: Vec<EntrySample>,
    connections: Vec<ChargeSample>,
    link_groups: Vec<ChargeSample>,
    expectations: Vec<(String, bool)>,
}

/// One ledger entry of one run.
struct EntrySample {
    name: String,
    kind: LedgerKind,
    what: &'static str,
    component: String,
    at: Span,
    flows_hit: u64,
    unended: u64,
    blackout: Option<Spread>,
    round_trip: Option<Spread>,
    lost: u64,
}

/// The charge of one connection or link group in one run.
struct ChargeSample {
    name: String,
    rule: String,
    budget: CalendarSpan,
    period: CalendarSpan,
    charged: CalendarSpan,
}

impl Sample {
    fn of(record: &RunRecord) -> Self {
        let data = &record.totals.data;
        let entries = record.ledger.iter().map(|entry| EntrySample {
            name: entry.name.clone(),
            kind: entry.kind,
            what: entry.what,
            component: entry.component.clone(),
            at: entry.at,
            flows_hit: entry.flows_hit,
            unended: entry.unended,
            blackout: entry.blackout,
            round_trip: entry.blackout_round_trip,
            lost: entry.dropped.values().sum(),
        });
        let charge = |name: &str, availability: &AvailabilityRecord| ChargeSample {
            name: name.to_owned(),
            rule: availability.rule.name.clone(),
            budget: availability.worst().budget,
            period: availability.worst().length(),
            charged: availability.charged_in_period(),
        };
        Self {
            digest: RunDigest {
                seed: record.seed,
                loss: Share::of(data.dropped.values().sum(), data.sent),
                packet_hops: record.totals.packet_hops,
                fingerprint: record.fingerprint,
            },
            entries: entries.collect(),
            connections: record.connections.iter().map(|one| charge(&one.name, &one.availability)).collect(),
            link_groups: record.link_groups.iter().map(|one| charge(&one.name, &one.availability)).collect(),
            expectations: record.expectations.iter().map(|item| (item.key.clone(), item.met)).collect(),
        }
    }
}

fn summarise(network: &Network, planned: u32, samples: &[Sample]) -> RepeatSummary {
    // Every run of one network has the same failures, connections and expectations, so the first run names them.
    let first = samples.first();
    let losses = sorted(samples.iter().map(|sample| sample.digest.loss));
    RepeatSummary {
        title: network.title.clone(),
        horizon: network.horizon,
        planned,
        runs: samples.iter().map(|sample| sample.digest.clone()).collect(),
        entries: first
            .map_or_else(Vec::new, |first| first.entries.iter().map(|entry| summarise_entry(entry, samples)).collect()),
        loss: ShareQuantiles {
            min: nearest_rank(&losses, 0),
            median: nearest_rank(&losses, 50),
            max: nearest_rank(&losses, 100),
        },
        connections: summarise_charges(samples, |sample| &sample.connections),
        link_groups: summarise_charges(samples, |sample| &sample.link_groups),
        expectations: first.map_or_else(Vec::new, |first| {
            first.expectations.iter().map(|(key, _)| summarise_expectation(key, samples)).collect()
        }),
    }
}

fn summarise_entry(entry: &EntrySample, samples: &[Sample]) -> RepeatEntry {
    let same = |other: &&EntrySample| other.name == entry.name && other.kind == entry.kind;
    let found: Vec<&EntrySample> = samples.iter().filter_map(|sample| sample.entries.iter().find(same)).collect();
    let one_way = |pick: fn(Spread) -> Span| quantiles(found.iter().map(|run| run.blackout.map_or(Span::ZERO, pick)));
    let two_way = |pick: fn(Spread) -> Span| {
        // No pair of five-tuples was ever hit: then there is nothing to say, rather than a row of zeros.
        found
            .iter()
            .any(|run| run.round_trip.is_some())
            .then(|| quantiles(found.iter().map(|run| run.round_trip.map_or(Span::ZERO, pick))))
    };
    let lost = sorted(found.iter().map(|run| run.lost));
    RepeatEntry {
        name: entry.name.clone(),
        kind: entry.kind,
        what: entry.what,
        component: entry.component.clone(),
        at: entry.at,
        runs_hit: count(found.iter().filter(|run| run.flows_hit > 0)),
        runs_unended: count(found.iter().filter(|run| run.unended > 0)),
        blackout: one_way(|spread| spread.max),
        blackout_median: one_way(|spread| spread.median),
        round_trip: two_way(|spread| spread.max),
        round_trip_median: two_way(|spread| spread.median),
        lost: CountQuantiles {
            min: nearest_rank(&lost, 0),
            median: nearest_rank(&lost, 50),
            max: nearest_rank(&lost, 100),
        },
    }
}

fn summarise_charges(samples: &[Sample], of: impl Fn(&Sample) -> &[ChargeSample]) -> Vec<RepeatCharge> {
    let first = samples.first().map_or(&[][..], &of);
    let summarise = |one: &ChargeSample| {
        let found = samples.iter().filter_map(|sample| of(sample).iter().find(|other| other.name == one.name));
        let charges: Vec<CalendarSpan> = found.map(|found| found.charged).collect();
        RepeatCharge {
            name: one.name.clone(),
            rule: one.rule.clone(),
            budget: one.budget,
            period: one.period,
            charged_max: charges.iter().copied().max().unwrap_or_default(),
            runs_over_budget: count(charges.iter().filter(|charged| **charged > one.budget)),
        }
    };
    first.iter().map(summarise).collect()
}

fn summarise_expectation(key: &str, samples: &[Sample]) -> RepeatExpectation {
    let met = |sample: &&Sample| sample.expectations.iter().any(|(other, met)| other == key && *met);
    RepeatExpectation { key: key.to_owned(), runs_met: count(samples.iter().filter(met)) }
}

pub(super) fn quantiles(values: impl Iterator<Item = Span>) -> Quantiles {
    let values = sorted(values);
    Quantiles {
        min: nearest_rank(&values, 0),
        median: nearest_rank(&values, 50),
        p95: nearest_rank(&values, 95),
        max: nearest_rank(&values, 100),
    }
}

pub(super) fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values
}

/// The smallest value with at least `percent` of all values at or below it; the default of nothing.
pub(super) fn nearest_rank<T: Copy + Default>(sorted: &[T], percent: usize) -> T {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn count(items: impl Iterator) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
