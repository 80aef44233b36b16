//! One drawn life of a fabric as a list of failures, for runs with packets.

use super::effect::{Effect, stages};
use super::lives::{Aspect, Lives, LivesPlan, Turn};
use crate::ids::{ComponentId, IdVec};
use crate::network::{Begin, Charge, Exclusion, Failure, FailureKind, Impairment, Network, When, WireFault, Wires};
use crate::rng::RunSeed;
use crate::units::{CalendarSpan, Span};

/// What fails by itself in a replication of this seed, over the horizon: one failure for each kind that a component takes along.
/// What is down when time begins fails at 0, and what does not return in time lasts to the end.
#[must_use]
pub fn drawn(network: &Network, seed: RunSeed, replication: u64) -> Vec<(Failure, Charge)> {
    let plan = LivesPlan::new(&network.reliability, network.horizon.to_calendar());
    let mut lives = Lives::new(&plan);
    let mut counts: IdVec<ComponentId, u32> = network.reliability.components.iter().map(|_| 0).collect();
    let mut lasting: IdVec<ComponentId, Vec<usize>> =
        network.reliability.components.iter().map(|_| Vec::new()).collect();
    let mut failures: Vec<(Failure, Charge)> = Vec::new();
    for transition in lives.replication(seed, replication) {
        let component = &network.reliability.components[transition.component];
        let at = span(transition.at);
        match (transition.turn, transition.aspect) {
            (Turn::Down, Aspect::Fault) => {
                counts[transition.component] += 1;
                let number = counts[transition.component];
                let kinds = component.turns[transition.entry as usize].iter();
                let kinds: Vec<FailureKind> = if transition.covered {
                    kinds.cloned().collect()
                } else {
                    kinds.flat_map(|kind| without_failover(network, kind)).collect()
                };
                for (part, kind) in kinds.iter().enumerate() {
                    lasting[transition.component].push(failures.len());
                    let part = if part == 0 { String::new() } else { format!(" part {}", part + 1) };
                    let name = format!("{} #{number}{part}", component.name);
                    let failure = Failure { name, kind: kind.clone(), when: When::once(at, None), detection: None };
                    // Drained work is planned work.
                    let excluded = (component.begins == Begin::Drained).then_some(Exclusion::Maintenance);
                    failures.push((failure, Charge { excluded, ..Charge::default() }));
                }
            }
            (Turn::Down, Aspect::OutOfService) => {
                let law = component.detection.as_ref();
                for index in &lasting[transition.component] {
                    let failure = &mut failures[*index].0;
                    failure.detection = law.map(|law| law.at(at.saturating_sub(failure.when.at)));
                }
            }
            (Turn::Up, Aspect::Fault | Aspect::OutOfService) => {
                for index in lasting[transition.component].drain(..) {
                    let when = &mut failures[index].0.when;
                    when.lasts = Some(at.saturating_sub(when.at).max(Span::from_ps(1)));
                }
            }
        }
    }
    failures
}

/// A failure from which routing does not take over: what failed goes on to attract packets, since messages of protocols pass.
fn without_failover(network: &Network, kind: &FailureKind) -> Vec<FailureKind> {
    let failure =
        Failure { name: String::new(), kind: kind.clone(), when: When::once(Span::ZERO, None), detection: None };
    let hole = |wires| FailureKind::Wires { wires, fault: WireFault::Impaired(Impairment::BlackHole) };
    let holes = stages(network, &failure, RunSeed(0)).into_iter().flat_map(|stage| match stage.effect {
        Effect::Dark(wires, _) | Effect::Silent(wires) => vec![hole(wires)],
        Effect::PowerLoss(router) | Effect::NoBgp(router) => {
            network.routers[router].links.iter().map(|link| hole(Wires::all(*link))).collect()
        }
        // Nobody takes over from these in any case.
        Effect::Impaired(..)
        | Effect::MkpduLoss(_)
        | Effect::WrongKey(..)
        | Effect::CpuHang(_)
        | Effect::FeedLoss(_)
        | Effect::HostsDown(_)
        | Effect::Drained(_)
        | Effect::Exports(_)
        | Effect::SegmentsRefused(_)
        | Effect::SessionDown(..)
        | Effect::CostedOut(_)
        | Effect::AdminDown(_) => Vec::new(),
    });
    let mut holes: Vec<FailureKind> = holes.collect();
    if holes.is_empty() {
        holes.push(kind.clone());
    }
    holes
}

/// The network with what fails by itself in a replication of this seed beside what the scenario scripts; a run by itself
/// is replication 0.
#[must_use]
pub fn with_drawn(network: &Network, seed: RunSeed, replication: u64) -> Network {
    let scripted = network.failures.iter().cloned().zip(network.responsibility.failures.iter().cloned());
    let mut all: Vec<(Failure, Charge)> = scripted.collect();
    all.extend(drawn(network, seed, replication));
    all.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let mut world = network.clone();
    let (failures, charges): (Vec<Failure>, Vec<Charge>) = all.into_iter().unzip();
    world.failures = failures.into_iter().collect();
    world.responsibility.failures = charges.into_iter().collect();
    world
}

/// Calendar time within the clock of a run.
fn span(at: CalendarSpan) -> Span {
    Span::from_ps(at.as_ns().saturating_mul(1_000))
}
