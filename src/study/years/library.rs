//! The episode library: what connections lose from a failure or a return until routing has settled, as the real engine
//! has it with random phases of every timer.

use rayon::prelude::*;

use crate::failures::Turn;
use crate::ids::{ComponentId, Id, IdVec};
use crate::network::{Charge, Failure, FailureKind, Fidelity, Network, When};
use crate::rng::{BriefStreams, RunSeed, named_hash};
use crate::sim::Simulation;
use crate::sim::record::RunRecord;
use crate::units::{Share, Span};

/// A component fails or comes back.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// Who.
    pub component: ComponentId,
    /// Which of its turns.
    pub entry: usize,
    /// Down or up.
    pub turn: Turn,
    /// The state that it was in before, by [`crate::failures::Standing::key`].
    pub before: u128,
}

/// What one connection lost in one run of the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Episode {
    /// Losses of both directions: from so many nanoseconds after the event on, this share. The last one is the state in
    /// which routing settled.
    pub losses: [Vec<(u64, Share)>; 2],
}

impl Episode {
    /// From the event until the last change, in nanoseconds.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.losses.iter().filter_map(|losses| losses.last()).map(|(at, _)| *at).max().unwrap_or(0)
    }

    /// Whether anything was lost on the way.
    #[must_use]
    pub fn hurts(&self) -> bool {
        self.losses.iter().flatten().any(|(_, loss)| *loss > Share::ZERO)
    }

    /// Loss over the episode in nanoseconds of total loss, mean of both directions.
    #[must_use]
    pub fn lost_ns(&self) -> f64 {
        let of = |losses: &Vec<(u64, Share)>| -> f64 {
            losses.windows(2).map(|pair| (pair[1].0 - pair[0].0) as f64 * pair[0].1.as_percent() / 100.0).sum()
        };
        self.losses.iter().map(of).sum::<f64>() / 2.0
    }
}

/// Episodes of one kind of event.
#[derive(Debug, Clone)]
pub struct EpisodeClass {
    /// What fails.
    pub kinds: Vec<FailureKind>,
    /// The event in words: "router iad-aws-a1 down".
    pub name: String,
    /// `[fails, returns]`, one entry a run, in each one episode per connection.
    pub samples: [Vec<Vec<Episode>>; 2],
}

/// Every class of event, each with some runs.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// In order of first use by a component.
    pub classes: Vec<EpisodeClass>,
    /// Per component and turn its class.
    of: IdVec<ComponentId, Vec<usize>>,
}

/// The shortest time before the event; the phase of every timer is drawn on top, as for every run.
const LEAD: Span = Span::from_s(2);
/// Time between failure and return, and after the return: longer than a hold time of 180 s and a restart timer.
const HOLD: Span = Span::from_s(400);

impl Library {
    /// Runs the engine `samples` times for every class of event, on all cores.
    ///
    /// Every class begins in the whole fabric, so an event that meets a fabric with other failures is charged as if it had met
    /// the whole one; how often that happens is told with the result.
    #[must_use]
    pub fn simulate(network: &Network, seed: RunSeed, samples: u32) -> Self {
        let mut library = Self::default();
        for component in &network.reliability.components {
            let of_turns = component.turns.iter().map(|kinds| library.class(network, kinds)).collect();
            library.of.push(of_turns);
        }
        let jobs: Vec<(usize, u32)> =
            (0..library.classes.len()).flat_map(|class| (0..samples).map(move |sample| (class, sample))).collect();
        let runs: Vec<[Vec<Episode>; 2]> = jobs
            .par_iter()
            .map(|(class, sample)| {
                let class = &library.classes[*class];
                episode(
                    network,
                    &class.kinds,
                    RunSeed(named_hash(&[&class.name, &seed.0.to_string(), &sample.to_string()])),
                )
            })
            .collect();
        for ((class, _), [fails, returns]) in jobs.into_iter().zip(runs) {
            library.classes[class].samples[0].push(fails);
            library.classes[class].samples[1].push(returns);
        }
        library
    }

    fn class(&mut self, network: &Network, kinds: &[FailureKind]) -> usize {
        if let Some(known) = self.classes.iter().position(|class| class.kinds == kinds) {
            return known;
        }
        let names: Vec<String> = kinds.iter().map(|kind| network.failing_component(kind)).collect();
        self.classes.push(EpisodeClass {
            kinds: kinds.to_vec(),
            name: event(&names, kinds),
            samples: Default::default(),
        });
        self.classes.len() - 1
    }

    /// The episode that one connection meets in one period at one instant.
    #[must_use]
    pub fn draw(&self, streams: BriefStreams, at: u64, change: &Move, connection: usize) -> Option<&Episode> {
        let class = &self.classes[*self.of.get(change.component)?.get(change.entry)?];
        let samples = match change.turn {
            Turn::Down => &class.samples[0],
            Turn::Up => &class.samples[1],
        };
        // All connections meet the same run.
        let chosen = streams.pick(at, change.component.index() as u64, samples.len() as u64);
        samples.get(usize::try_from(chosen).expect("an index of a slice"))?.get(connection)
    }
}

/// "router iad-aws-a1: router_down", "8 components: bgp_restart".
fn event(names: &[String], kinds: &[FailureKind]) -> String {
    let word = kinds.first().map_or("nothing", FailureKind::word).replace('_', " ");
    match names {
        [one] => format!("{one}: {word}"),
        _ => format!("{} components from {}: {word}", names.len(), names.first().map_or("", String::as_str)),
    }
}

/// One run: everything is well, the kinds fail, and return; the losses after each, per connection.
fn episode(network: &Network, kinds: &[FailureKind], seed: RunSeed) -> [Vec<Episode>; 2] {
    let mut world = network.clone();
    world.fidelity = Fidelity::Flow;
    world.flow_entries = IdVec::new();
    world.flows = IdVec::new();
    world.monitors = IdVec::new();
    world.changes = Vec::new();
    world.expectations = Vec::new();
    // Another phase against everything that is periodic in scenario time.
    let at = LEAD + seed.stream("event", "phase").span_between(Span::ZERO, Span::from_s(60));
    let failure = |(index, kind): (usize, &FailureKind)| Failure {
        name: format!("event {index}"),
        kind: kind.clone(),
        when: When::once(at, Some(HOLD)),
    };
    world.failures = kinds.iter().enumerate().map(failure).collect();
    world.responsibility.failures = world.failures.iter().map(|_| Charge::default()).collect();
    world.horizon = at + HOLD + HOLD;
    let record = Simulation::new(&world, seed).run();
    [after(&record, at, HOLD), after(&record, at + HOLD, HOLD)]
}

/// What each connection lost in a stretch of a run.
fn after(record: &RunRecord, from: Span, length: Span) -> Vec<Episode> {
    let stretch = |usable: &[(Span, Share)]| -> Vec<(u64, Share)> {
        let before = usable.iter().rev().find(|(at, _)| *at <= from).map_or(Share::ONE, |(_, share)| *share);
        let within = usable.iter().filter(|(at, _)| *at > from && *at < from + length);
        let mut losses = vec![(0, before.complement())];
        losses.extend(within.map(|(at, share)| ((*at).saturating_sub(from).to_calendar().as_ns(), share.complement())));
        losses.dedup_by(|next, last| next.1 == last.1);
        losses
    };
    let of = |connection: &crate::sim::record::ConnectionRecord| Episode {
        losses: [0, 1].map(|direction| stretch(&connection.directions[direction].usable_paths)),
    };
    record.connections.iter().map(of).collect()
}
