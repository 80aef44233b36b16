//! What the failure model of a network means for its connections, exactly and without drawing anything: how long and how
//! often each has fewer channels than it should, and which failures are behind that.
//!
//! ```text
//! Reliability -> exact::Component, failures numbered by (component, turn, failover) --+
//! StandingPlan -> usable channels with these failures (the level of a state) ---------+--> enumeration -> StructureSummary
//! ```

use std::cell::RefCell;

use super::coupled::{Found, simulate};
use super::exact::enumeration::{Enumeration, Limits, enumerate};
use super::exact::expected_downtime::Law;
use super::exact::repair::{Pool, QueueOrder, RepairModel, Shock, Solved};
use super::exact::{Bounds, Component, Course, Failures, Level};
use super::splitting::Unit;
use crate::failures::{ConnectionState, Manner, Standing, StandingPlan};
use crate::ids::{ComponentId, ConnectionId, Id};
use crate::network::{self, LifeShape, Network};
use crate::rng::RunSeed;
use crate::units::{Hours, Share};

/// How far states are looked at: until a ten-thousandth of the rarest answer is left out, or so many.
pub const LIMITS: Limits = Limits { remainder: 0.0, relative: 1e-4, states: 100_000 };

/// States of a Markov chain that are solved in a few seconds.
const CHAIN_STATES: usize = 3_000;

/// States drawn from what enumeration left out, where that is above 1% of an answer.
const SAMPLES: u64 = 100_000;

/// What one connection has left over a long life, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct StructureSummary {
    /// Name of the connection.
    pub connection: String,
    /// How the answers were found.
    pub method: Method,
    /// By `k` from 1: fewer than `k` usable channels.
    pub fewer: Vec<FewerChannels>,
    /// By level of the demand: less of it is carried; empty where [`Method::TwoPhases`] holds for it.
    pub demand: Vec<(Share, FewerChannels)>,
    /// What each component means for "no channel", the most important first; empty where a chain was solved.
    pub importance: Vec<ComponentImportance>,
    /// Smallest sets of failures that leave no channel, the most probable first; empty where a chain was solved.
    pub cut_sets: Vec<NamedCutSet>,
}

/// Where exact answers come from, and what they lack.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// States most probable first.
    Enumeration {
        /// States looked at.
        states: u64,
        /// Probability of all others.
        remainder: f64,
    },
    /// A Markov chain, for crews that are shared and for common causes. All laws are taken as exponential.
    Chain {
        /// Its states.
        states: u64,
    },
    /// Cycles of such a chain with too many states, simulated with failures made common: bounds are intervals of 95%.
    Cycles {
        /// Of the level that took most.
        cycles: u64,
    },
    /// None: repairs wait for each other, and crews never come to the end of their work.
    Endless,
    /// None: a chain of crews that are shared, or of common causes, has no faults that are something else once detected.
    TwoPhases,
}

/// Time with fewer than `k` usable channels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FewerChannels {
    /// Share of time.
    pub unavailability: Bounds,
    /// The same with what was left out sampled instead of bounded (95%), where bounds are wider than 1%.
    pub sampled: Option<Bounds>,
    /// How often a year it begins.
    pub per_year: Bounds,
    /// Mean hours until it is over.
    pub mean_hours: Bounds,
}

/// [`super::exact::importance::Importance`] by name, for the unavailability of all channels.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentImportance {
    /// The component.
    pub component: String,
    /// P(no channel with it down) - P(no channel with it up).
    pub birnbaum: Bounds,
    /// Share of the time without a channel in which a cut set with it is down.
    pub fussell_vesely: f64,
    /// Risk achievement worth: the factor were it always down.
    pub achievement: Bounds,
    /// Risk reduction worth: the factor gained if it never failed.
    pub reduction: Bounds,
}

/// Failures that together leave no channel.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedCutSet {
    /// What fails.
    pub failures: Vec<String>,
    /// P(all of it at once).
    pub probability: f64,
    /// The same over the share of time without a channel.
    pub share: f64,
}

const HOURS_OF_A_YEAR: f64 = 8_760.0;

/// The failure model in the terms of [`super::exact`].
#[derive(Debug)]
pub struct Structure<'n> {
    network: &'n Network,
    standing: &'n StandingPlan<'n>,
    /// For what is asked of channels.
    channels: Model,
    /// For what is asked of the demand.
    demand: Model,
}

/// Components with what their failures are.
#[derive(Debug)]
struct Model {
    components: Vec<Component>,
    /// By component here: which one of the failure model.
    ids: Vec<ComponentId>,
    failures: Failures,
    /// By failure: the entry of the component's turns, and how the component is gone.
    kinds: Vec<(usize, Manner)>,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Channels,
    Demand,
}

impl Model {
    /// Components whose failures take nothing away are left out.
    fn new(network: &Network, standing: &StandingPlan<'_>, question: Question) -> Self {
        let (mut components, mut ids, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
        for (id, component) in network.reliability.components.enumerate() {
            if standing.is_harmless(&id) {
                continue;
            }
            // A fault that loses a share of the packets leaves the channel usable until it is detected: as good as up.
            let spares = question == Question::Channels && standing.spares_channels(&id);
            let (up, of_each) = match (&component.detection, spares) {
                (Some(_), true) => (component.up.mean.get() + component.mean_silence(), shut(component, 1.0)),
                (Some(_), false) => (component.up.mean.get(), in_two_phases(component)),
                (None, _) => (component.up.mean.get(), faults(component, 1.0)),
            };
            let down = component.mean_cycle() - up;
            let down = if component.detection.is_none() { component.down.mean.get() } else { down };
            let shares = of_each.iter().map(|(_, share)| *share).collect();
            let exact = Component::new(component.name.clone(), up, down).with_kinds(shares);
            let silent = of_each.iter().filter(|((_, manner), _)| *manner != Manner::OutOfService).count();
            let has_two = (1..of_each.len()).contains(&silent);
            let has_two = has_two && component.detection.is_some();
            components.push(if has_two { exact.detected_after(silent) } else { exact });
            ids.push(id);
            kinds.extend(of_each.into_iter().map(|(kind, _)| kind));
        }
        let failures = Failures::of(&components);
        Self { components, ids, failures, kinds }
    }

    /// Whether a component is gone in another manner once its fault is detected.
    fn has_two_phases(&self) -> bool {
        self.components.iter().any(|component| component.course != Course::OneKind)
    }
}

impl<'n> Structure<'n> {
    /// Of a network.
    #[must_use]
    pub fn new(network: &'n Network, standing: &'n StandingPlan<'n>) -> Self {
        let [channels, demand] =
            [Question::Channels, Question::Demand].map(|question| Model::new(network, standing, question));
        Self { network, standing, channels, demand }
    }

    /// The components in what is asked of channels, in order of name.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.channels.components
    }

    /// Usable channels of a connection with these failures present.
    pub fn level(&self, connection: ConnectionId) -> impl Fn(&[usize]) -> u32 + use<'_, 'n> {
        let state = self.state(&self.channels, connection);
        move |failed| state(failed).usable.into()
    }

    /// Levels of the demand that a connection carries with these failures present.
    pub fn demand_level(&self, connection: ConnectionId) -> impl Fn(&[usize]) -> u32 + use<'_, 'n> {
        let (state, levels) = (self.state(&self.demand, connection), &self.network.study.demand_levels);
        move |failed| {
            let carried = state(failed).carried;
            u32::try_from(levels.iter().filter(|level| carried >= **level).count()).expect("few levels")
        }
    }

    /// What a connection has left with these failures present.
    fn state<'a>(
        &'a self,
        model: &'a Model,
        connection: ConnectionId,
    ) -> impl Fn(&[usize]) -> ConnectionState + use<'a, 'n> {
        let standing = RefCell::new(Standing::new(self.standing));
        move |failed| {
            let mut standing = standing.borrow_mut();
            standing.reset();
            for failure in failed {
                let (entry, manner) = model.kinds[*failure];
                standing.fails(model.ids[model.failures.component[*failure]], entry, manner);
            }
            standing.states()[connection.index()]
        }
    }

    /// All there is to say about one connection.
    #[must_use]
    pub fn connection(&self, connection: ConnectionId) -> StructureSummary {
        let (method, fewer, enumeration) = self.solve(&self.channels, &self.level(connection));
        let (_, lacking, _) = self.solve(&self.demand, &self.demand_level(connection));
        let seen = enumeration.filter(|all| !fewer.is_empty() && all.unavailability(1).low > 0.0);
        StructureSummary {
            connection: self.network.connections[connection].name.clone(),
            method,
            importance: seen.as_ref().map_or_else(Vec::new, |all| self.importance(all)),
            cut_sets: seen.as_ref().map_or_else(Vec::new, |all| self.cut_sets(all)),
            fewer,
            demand: self.network.study.demand_levels.iter().copied().zip(lacking).collect(),
        }
    }

    /// How long and how often a level is too low, from 1 up to that of the whole fabric.
    fn solve(
        &self,
        model: &Model,
        level: &dyn Fn(&[usize]) -> u32,
    ) -> (Method, Vec<FewerChannels>, Option<Enumeration>) {
        if self.is_coupled() && model.has_two_phases() {
            return (Method::TwoPhases, Vec::new(), None);
        }
        if self.is_coupled() {
            let (method, fewer) = coupled(&self.repair_model(model), level);
            return (method, fewer, None);
        }
        let all = enumerate(&model.components, &[], &LIMITS, level);
        let method = Method::Enumeration { states: all.states as u64, remainder: all.remainder };
        (method, by_enumeration(model, &all, level), Some(all))
    }

    /// The components with their laws; `None` when one of them has no formula.
    #[must_use]
    pub fn units(&self) -> Option<Vec<Unit>> {
        let unit = |(id, component): (&ComponentId, &Component)| {
            let of = &self.network.reliability.components[*id];
            let law =
                |law: &network::LifeLaw, hours| formula(&network::LifeLaw { mean: Hours::new(hours)?, ..law.clone() });
            let (up, down) = (law(&of.up, component.up_hours)?, law(&of.down, component.down_hours)?);
            Some(Unit { up, down, kinds: component.kinds.clone() })
        };
        self.channels.ids.iter().zip(&self.channels.components).map(unit).collect()
    }

    /// Whether repairs wait for each other, or causes are shared.
    #[must_use]
    pub fn is_coupled(&self) -> bool {
        let model = &self.network.reliability;
        self.channels
            .ids
            .iter()
            .any(|id| model.components[*id].crew.is_some() || model.components[*id].shared > Share::ZERO)
    }

    fn importance(&self, all: &Enumeration) -> Vec<ComponentImportance> {
        let named = all.importance(1).into_iter().map(|one| ComponentImportance {
            component: self.channels.components[one.component].name.clone(),
            birnbaum: one.birnbaum,
            fussell_vesely: one.fussell_vesely,
            achievement: one.achievement,
            reduction: one.reduction,
        });
        named.collect()
    }

    fn cut_sets(&self, all: &Enumeration) -> Vec<NamedCutSet> {
        let named = all.cut_sets(1).into_iter().map(|cut| NamedCutSet {
            failures: cut.failures.iter().map(|failure| self.failure_name(*failure)).collect(),
            probability: cut.probability,
            share: cut.share,
        });
        named.collect()
    }

    /// "facility of iad-a", "works of virginia (iad-a)", "router-hardware of iad-aws-a1 (no failover)".
    fn failure_name(&self, failure: usize) -> String {
        let model = &self.channels;
        let component = &self.network.reliability.components[model.ids[model.failures.component[failure]]];
        let (entry, manner) = model.kinds[failure];
        let mut remarks = Vec::new();
        if component.turns.len() > 1 {
            remarks.extend(component.turns[entry].first().map(|kind| self.network.failing_component(kind)));
        }
        match manner {
            Manner::Failover => {}
            Manner::NoFailover => remarks.push("no failover".to_owned()),
            Manner::OutOfService => remarks.push("out of service".to_owned()),
        }
        if remarks.is_empty() { component.name.clone() } else { format!("{} ({})", component.name, remarks.join(", ")) }
    }

    /// The chain of crews that are shared and of common causes, which hit all of a class.
    fn repair_model(&self, of: &Model) -> RepairModel {
        let model = &self.network.reliability;
        let mut repair = RepairModel::new(of.components.clone());
        let mut classes: Vec<(&str, Vec<usize>)> = Vec::new();
        let mut crews: Vec<Vec<usize>> = vec![Vec::new(); model.crews.len()];
        for (index, id) in of.ids.iter().enumerate() {
            let component = &model.components[*id];
            if component.shared > Share::ZERO {
                match classes.iter_mut().find(|(class, _)| *class == component.class) {
                    Some((_, members)) => members.push(index),
                    None => classes.push((&component.class, vec![index])),
                }
            }
            if let Some(crew) = component.crew {
                crews[crew].push(index);
            }
        }
        for (_, members) in classes {
            // As the lives of components have it: each fails alone at its own part of its rate, and all at the first one's.
            let first = &model.components[of.ids[members[0]]];
            let every_hours = first.up.mean.get() / part(first.shared);
            for member in &members {
                let shared = part(model.components[of.ids[*member]].shared.complement());
                repair.components[*member].up_hours /= shared;
            }
            repair.shocks.push(Shock { members, every_hours });
        }
        for (crew, members) in model.crews.iter().zip(crews).filter(|(_, members)| !members.is_empty()) {
            repair.pools.push(Pool { members, crews: crew.size as usize, order: QueueOrder::Fifo });
        }
        repair
    }

    /// Whether every law is exponential, as the chain takes them to be.
    #[must_use]
    pub fn is_memoryless(&self) -> bool {
        let exponential = |law: &network::LifeLaw| law.shape == LifeShape::Exponential;
        self.channels
            .ids
            .iter()
            .map(|id| &self.network.reliability.components[*id])
            .all(|c| exponential(&c.up) && exponential(&c.down) && c.detection.is_none())
    }
}

fn formula(law: &network::LifeLaw) -> Option<Law> {
    let mean = law.mean.get();
    match law.shape {
        LifeShape::Exponential => Some(Law::Exponential { mean }),
        LifeShape::Weibull(shape) => Some(Law::Weibull { mean, shape }),
        LifeShape::LogNormal(sigma) => Some(Law::LogNormal { mean, sigma }),
        LifeShape::Constant => Some(Law::Constant { mean }),
        LifeShape::Empirical(_) => None,
    }
}

fn part(share: Share) -> f64 {
    share.as_ppb() as f64 / Share::ONE.as_ppb() as f64
}

/// A turn of a component, how it is gone, and the share of its failures that are so.
type Kind = ((usize, Manner), f64);

/// Every turn, with failover and without, as parts of a whole.
fn faults(component: &network::Component, whole: f64) -> Vec<Kind> {
    let covered = part(component.coverage);
    let each = whole / component.turns.len() as f64;
    let both =
        |entry| [((entry, Manner::Failover), each * covered), ((entry, Manner::NoFailover), each * (1.0 - covered))];
    (0..component.turns.len()).flat_map(both).filter(|(_, share)| *share > 0.0).collect()
}

/// Every turn, out of service, as parts of a whole.
fn shut(component: &network::Component, whole: f64) -> Vec<Kind> {
    let each = whole / component.turns.len() as f64;
    (0..component.turns.len()).map(|entry| ((entry, Manner::OutOfService), each)).collect()
}

/// The fault and then its being out of service, each with its part of the time.
fn in_two_phases(component: &network::Component) -> Vec<Kind> {
    let silent = component.mean_silence() / component.mean_outage();
    let mut kinds = faults(component, silent);
    kinds.extend(shut(component, 1.0 - silent));
    kinds
}

fn by_enumeration(model: &Model, all: &Enumeration, level: &dyn Fn(&[usize]) -> u32) -> Vec<FewerChannels> {
    let levels = 1..=u32::try_from(all.below.len()).expect("few channels");
    let of = |k| {
        let per_hour = all.failures_per_hour(&model.components, k);
        let sampled = all.remainder_matters(k).then(|| {
            let mut stream = RunSeed(0).stream("remainder", "enumeration");
            let interval = all.sample_remainder(k, SAMPLES, 0.95, level, &mut stream);
            Bounds { low: interval.low, high: interval.high }
        });
        FewerChannels {
            unavailability: all.unavailability(k),
            sampled,
            per_year: Bounds { low: per_hour.low * HOURS_OF_A_YEAR, high: per_hour.high * HOURS_OF_A_YEAR },
            mean_hours: all.mean_down_hours(&model.components, k),
        }
    };
    levels.map(of).collect()
}

/// Of a chain that is solved, or is simulated where it is too large for that.
fn coupled(model: &RepairModel, level: Level<'_>) -> (Method, Vec<FewerChannels>) {
    if let Ok(solved) = model.solve(CHAIN_STATES, level) {
        return (Method::Chain { states: solved.failed.len() as u64 }, by_chain(&solved));
    }
    let Some(found) = simulate(model, level, RunSeed(0)) else { return (Method::Endless, Vec::new()) };
    let cycles = found.iter().map(|found| found.cycles).max().unwrap_or(0);
    (Method::Cycles { cycles }, found.iter().map(by_cycles).collect())
}

fn by_cycles(Found { unavailability, per_hour, .. }: &Found) -> FewerChannels {
    FewerChannels {
        unavailability: *unavailability,
        sampled: None,
        per_year: Bounds { low: per_hour.low * HOURS_OF_A_YEAR, high: per_hour.high * HOURS_OF_A_YEAR },
        mean_hours: Bounds { low: unavailability.low / per_hour.high, high: unavailability.high / per_hour.low },
    }
}

fn by_chain(solved: &Solved) -> Vec<FewerChannels> {
    let exactly = |value: f64| Bounds { low: value, high: value };
    let of = |k| {
        let (share, per_hour) = (solved.unavailability(k), solved.failures_per_hour(k));
        FewerChannels {
            unavailability: exactly(share),
            sampled: None,
            per_year: exactly(per_hour * HOURS_OF_A_YEAR),
            mean_hours: exactly(share / per_hour),
        }
    };
    (1..=solved.levels[0]).map(of).collect()
}
