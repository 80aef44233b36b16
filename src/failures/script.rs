//! One drawn life of a fabric as a list of failures, for runs with packets.

use super::lives::{Lives, LivesPlan, Turn};
use crate::ids::{ComponentId, IdVec};
use crate::network::{Begin, Charge, Exclusion, Failure, Network, When};
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
        match transition.turn {
            Turn::Down => {
                counts[transition.component] += 1;
                let number = counts[transition.component];
                for (part, kind) in component.turns[transition.entry as usize].iter().enumerate() {
                    lasting[transition.component].push(failures.len());
                    let part = if part == 0 { String::new() } else { format!(" part {}", part + 1) };
                    let name = format!("{} #{number}{part}", component.name);
                    let failure = Failure { name, kind: kind.clone(), when: When::once(at, None) };
                    // Drained work is planned work.
                    let excluded = (component.begins == Begin::Drained).then_some(Exclusion::Maintenance);
                    failures.push((failure, Charge { excluded, ..Charge::default() }));
                }
            }
            Turn::Up => {
                for index in lasting[transition.component].drain(..) {
                    let when = &mut failures[index].0.when;
                    when.lasts = Some(at.saturating_sub(when.at).max(Span::from_ps(1)));
                }
            }
        }
    }
    failures
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
