//! The events of one period of a study again, by packets, with the timers' phases that the study drew for each.
//!
//! ```text
//! seed and replication --> runs of the library that were laid --> the same runs with traffic --> the same losses?
//!                                                              \-> laid over the same states  --> the same outages?
//! ```
//! The library keeps what a run lost, not the run; its seed brings it back, event by event.

use rayon::prelude::*;

use super::years::{Episode, Library, Met, Plan, Scene, Walker};
use crate::ids::Id;
use crate::network::Network;
use crate::rng::RunSeed;
use crate::sim::Simulation;
use crate::sim::record::RunRecord;
use crate::sla::Outage;

/// One event of a period, run again.
#[derive(Debug)]
pub struct Event {
    /// When and which run of the library.
    pub met: Met,
    /// The event in words: "router iad-aws-a1: router down"; of events that are the same but for names the one that has the runs.
    pub name: String,
    /// The run: what else is down has been for long, the event comes, and goes; or it comes shortly after another one.
    pub record: RunRecord,
    /// Whether every connection lost what the library says, to the nanosecond.
    pub is_as_kept: bool,
}

/// A period of a study with all its events run again.
#[derive(Debug)]
pub struct Events {
    /// In order of time.
    pub events: Vec<Event>,
    /// Per connection: the outages by the first rule as the study has them.
    pub study: Vec<Vec<Outage>>,
    /// Per connection: the same with what the runs lost now.
    pub here: Vec<Vec<Outage>>,
}

impl Events {
    /// Whether a connection's outages are the study's, begin, end, ruling and charge of each.
    #[must_use]
    pub fn agree(&self, connection: usize) -> bool {
        self.study[connection] == self.here[connection]
    }
}

/// Runs every event of the period of a replication again, with the traffic and the fidelity of `traffic`, a network that
/// differs in nothing else.
#[must_use]
pub fn events(network: &Network, traffic: &Network, library: &Library, seed: RunSeed, replication: u64) -> Events {
    let (met, study) = walk(network, library, seed, replication);
    let again = |met: &Met| event(network, traffic, library, seed, *met);
    let runs: Vec<(Event, Vec<Episode>)> = met.par_iter().map(again).collect();
    let mut lost = library.clone();
    let mut events = Vec::with_capacity(runs.len());
    for (event, episodes) in runs {
        lost.replace(event.met.draw, episodes);
        events.push(event);
    }
    let (_, here) = walk(network, &lost, seed, replication);
    Events { events, study, here }
}

/// What was laid over a period, and the outages of each connection.
fn walk(network: &Network, library: &Library, seed: RunSeed, replication: u64) -> (Vec<Met>, Vec<Vec<Outage>>) {
    let plan = Plan::new(network, network.availability.rules.clone(), Some(library));
    let mut walker = Walker::new(&plan);
    walker.period(seed, replication);
    let outages = network.connections.ids().map(|id| walker.outages(id.index())).collect();
    (walker.met().to_vec(), outages)
}

fn event(network: &Network, traffic: &Network, library: &Library, seed: RunSeed, met: Met) -> (Event, Vec<Episode>) {
    let class = &library.classes[met.draw.class];
    let seed = class.seed(seed, u32::try_from(met.draw.run).expect("fewer than 2^32 runs"));
    let scene = Scene::new(network, &class.happening, seed).with_traffic(traffic);
    let record = Simulation::new(&scene.world, seed).run();
    let lost = scene.episodes(&record, met.draw.turn);
    let kept = (0..lost.len()).map(|connection| library.episode(met.draw, connection));
    let is_as_kept = kept.zip(&lost).all(|(kept, lost)| kept == Some(lost));
    let name = if class.alike.is_empty() { class.name.clone() } else { format!("{} (or one like it)", class.name) };
    (Event { met, name, record, is_as_kept }, lost)
}
