//! One run of the engine around one event.

use serde::{Deserialize, Serialize};

use super::class::Happening;
use crate::failures::Turn;
use crate::ids::IdVec;
use crate::network::{Charge, Failure, FailureKind, Fidelity, Network, Reliability, SlaRule, StudyPlan, When};
use crate::rng::RunSeed;
use crate::sim::Simulation;
use crate::sim::record::RunRecord;
use crate::sla::{Evidence, LossTimeline, Observation, evaluate};
use crate::units::{CalendarSpan, Share, Span};

/// What one connection lost in one run of the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Nothing passes for so many nanoseconds.
    #[must_use]
    pub fn blackout(length: u64) -> Self {
        let losses = if length == 0 { vec![(0, Share::ZERO)] } else { vec![(0, Share::ONE), (length, Share::ZERO)] };
        Self { losses: [losses.clone(), losses] }
    }

    /// Whether anything was lost on the way.
    #[must_use]
    pub fn hurts(&self) -> bool {
        self.losses.iter().flatten().any(|(_, loss)| *loss > Share::ZERO)
    }

    /// What a rule charges for it, in seconds, where nothing else is lost around it and before routing has settled.
    #[must_use]
    pub fn charged_s(&self, rule: &SlaRule) -> f64 {
        let mut directions = [LossTimeline::new(), LossTimeline::new()];
        for (direction, losses) in directions.iter_mut().zip(&self.losses) {
            let before_settled = losses.iter().filter(|(at, _)| *at < self.length());
            before_settled.for_each(|(at, loss)| direction.push(CalendarSpan::from_ns(*at), *loss, Evidence::Measured));
            direction.push(CalendarSpan::from_ns(self.length()), Share::ZERO, Evidence::Measured);
        }
        let observed = CalendarSpan::from_days(1);
        let directions = [&directions[0], &directions[1]];
        evaluate(rule, &Observation { directions, exemptions: &[], observed }).worst().charged.as_seconds()
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

/// The shortest time before the event; the phase of every timer is drawn on top, as for every run.
const LEAD: Span = Span::from_s(2);
/// Shortest time between failure and return, and after the return: longer than a hold time of 180 s and a restart timer.
const SETTLING: Span = Span::from_s(400);
/// Behind the last timer: decisions, messages and forwarding tables.
const SLACK: Span = Span::from_s(100);

/// Time between failure and return, and after the return: longer than whatever routing waits for.
fn settling(world: &Network) -> Span {
    SETTLING.max(world.longest_reaction() + SLACK)
}

/// What of a network an episode hangs on: no traffic, no failures of its own, nothing that only judges.
pub(super) fn bare(network: &Network) -> Network {
    let mut world = network.clone();
    world.title = String::new();
    world.description = String::new();
    world.fidelity = Fidelity::Flow;
    world.flow_entries = IdVec::new();
    world.flows = IdVec::new();
    world.monitors = IdVec::new();
    world.changes = Vec::new();
    world.expectations = Vec::new();
    world.failures = IdVec::new();
    world.reliability = Reliability::default();
    world.study = StudyPlan::default();
    world
}

/// What a run of the library simulates: something may be down for long, then an event, and what follows.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The network with its events and nothing else that happens.
    pub world: Network,
    /// After `[failure, return]`: from when on, and for how long, losses are an episode.
    pub observed: [Option<(Span, Span)>; 2],
}

/// Failures of a scene, some of which have not ended yet.
#[derive(Debug, Default)]
struct Script(Vec<(Vec<FailureKind>, Span, Option<Span>)>);

impl Script {
    fn turns(&mut self, kinds: &[FailureKind], turn: Turn, at: Span) {
        match turn {
            Turn::Down => self.0.push((kinds.to_vec(), at, None)),
            Turn::Up => {
                let open = self.0.iter_mut().find(|(of, _, lasts)| of == kinds && lasts.is_none());
                let (_, from, lasts) = open.expect("what returns had failed");
                *lasts = Some(at.saturating_sub(*from));
            }
        }
    }

    fn failures(self) -> impl Iterator<Item = Failure> {
        let kinds = |(kinds, at, lasts): (Vec<FailureKind>, Span, Option<Span>)| {
            kinds.into_iter().map(move |kind| (kind, When::once(at, lasts)))
        };
        let failures = self.0.into_iter().flat_map(kinds).enumerate();
        failures.map(|(index, (kind, when))| Failure { name: format!("event {index}"), kind, when, detection: None })
    }
}

impl Scene {
    /// What happens in a network; the seed says when, so that everything that is periodic in scenario time has another phase.
    #[must_use]
    pub fn new(network: &Network, happening: &Happening, seed: RunSeed) -> Self {
        let mut world = bare(network);
        let hold = settling(&world);
        let before = if happening.down.is_empty() { Span::ZERO } else { hold };
        let at = before + LEAD + seed.stream("event", "phase").span_between(Span::ZERO, Span::from_s(60));
        let mut script = Script::default();
        happening.down.iter().for_each(|kinds| script.turns(kinds, Turn::Down, Span::ZERO));
        let observed = match &happening.joint {
            None => {
                script.turns(&happening.kinds, Turn::Down, at);
                script.turns(&happening.kinds, Turn::Up, at + hold);
                world.horizon = at + hold + hold;
                [Some((at, hold)), Some((at + hold, hold))]
            }
            Some(joint) => {
                let [least, most] = joint.gap;
                let then = at + seed.stream("event", "gap").span_between(least, most);
                script.turns(&happening.kinds, joint.first, at);
                script.turns(&joint.kinds, joint.second, then);
                world.horizon = then + hold;
                let seen = |turn| (joint.second == turn).then_some((then, hold));
                [seen(Turn::Down), seen(Turn::Up)]
            }
        };
        world.failures = script.failures().collect();
        world.responsibility.failures = world.failures.iter().map(|_| Charge::default()).collect();
        Self { world, observed }
    }

    /// The same with customers' traffic, as a network has it, from begin to end.
    #[must_use]
    pub fn with_traffic(mut self, network: &Network) -> Self {
        self.world.fidelity = network.fidelity;
        self.world.flow_entries.clone_from(&network.flow_entries);
        self.world.flows.clone_from(&network.flows);
        for flow in self.world.flows.iter_mut().filter(|flow| flow.stop >= network.horizon) {
            flow.stop = self.world.horizon;
        }
        self
    }

    /// What each connection lost after a turn in a run of it; nothing where the turn is not observed.
    #[must_use]
    pub fn episodes(&self, record: &RunRecord, turn: Turn) -> Vec<Episode> {
        let observed = match turn {
            Turn::Down => self.observed[0],
            Turn::Up => self.observed[1],
        };
        observed.map_or_else(Vec::new, |(from, length)| after(record, from, length))
    }
}

/// One run of the library: the losses after failure and return, per connection.
pub(super) fn episode(world: &Network, happening: &Happening, seed: RunSeed) -> [Vec<Episode>; 2] {
    let scene = Scene::new(world, happening, seed);
    let record = Simulation::new(&scene.world, seed).run();
    [Turn::Down, Turn::Up].map(|turn| scene.episodes(&record, turn))
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
