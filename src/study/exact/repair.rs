//! Components that are not independent: repair crews that are shared, and shocks that fail several at once. A Markov chain
//! with exponential times, built from the same components and solved exactly.

use std::collections::BTreeMap;

use super::markov::Chain;
use super::{Component, Failures, Level};

/// Components with what couples them. A component that no crew lists has a crew of its own.
#[derive(Debug, Clone)]
pub struct RepairModel {
    /// What fails by itself; no longer at the rate first given where a beta factor moved a part of it into a shock.
    pub components: Vec<Component>,
    /// Who repairs; each component in at most one pool.
    pub pools: Vec<Pool>,
    /// What fails several at once.
    pub shocks: Vec<Shock>,
}

/// Crews that share their work. A repair under way is never interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// What they repair.
    pub members: Vec<usize>,
    /// How many repairs are done at a time.
    pub crews: usize,
    /// Which of those waiting is next.
    pub order: QueueOrder,
}

/// Which failed component a free crew takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueOrder {
    /// The one that failed first; of those that one shock failed, the lowest index.
    Fifo,
    /// Any, with equal probability.
    Random,
}

/// A common cause: fails all of its members that are up.
#[derive(Debug, Clone, PartialEq)]
pub struct Shock {
    /// What it fails.
    pub members: Vec<usize>,
    /// Mean hours between shocks.
    pub every_hours: f64,
}

/// More states than the caller allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the repair model has more than {limit} states; share fewer crews, or let common causes act on fewer components"
)]
pub struct TooManyStates {
    /// The limit.
    pub limit: usize,
}

/// The chain and its solution.
#[derive(Debug, Clone)]
pub struct Solved {
    /// The chain; state 0 is the faultless one.
    pub chain: Chain,
    /// Failures by state, increasing. States that differ in who is being repaired appear once each.
    pub failed: Vec<Vec<usize>>,
    /// Level by state.
    pub levels: Vec<u32>,
    /// Long-run share of time by state.
    pub share: Vec<f64>,
}

impl RepairModel {
    /// Independent components with a crew each.
    #[must_use]
    pub const fn new(components: Vec<Component>) -> Self {
        Self { components, pools: Vec::new(), shocks: Vec::new() }
    }

    /// Makes the share `beta` of the failures of these components common to all of them (Fleming's beta factor): each
    /// fails alone at (1 - beta) of its rate, and all fail together at beta of it. Their up times must be equal.
    #[must_use]
    pub fn with_beta(mut self, members: &[usize], beta: f64) -> Self {
        assert!((0.0..1.0).contains(&beta), "a beta factor of {beta}");
        let up = self.components[members[0]].up_hours;
        for member in members {
            let component = &mut self.components[*member];
            assert!(
                component.up_hours.to_bits() == up.to_bits(),
                "{}: a beta factor over unequal rates",
                component.name
            );
            component.up_hours = up / (1.0 - beta);
        }
        if beta > 0.0 {
            self.shocks.push(Shock { members: members.to_vec(), every_hours: up / beta });
        }
        self
    }

    /// Builds and solves the chain.
    ///
    /// # Errors
    /// When it has more than `limit` states; some thousands take seconds.
    pub fn solve(&self, limit: usize, level: Level<'_>) -> Result<Solved, TooManyStates> {
        let failures = Failures::of(&self.components);
        let mut places = BTreeMap::from([(State::faultless(self), 0)]);
        let mut found = vec![State::faultless(self)];
        let mut rates = Vec::new();
        let mut next = 0;
        while next < found.len() {
            let from = found[next].clone();
            for (to, rate) in self.transitions(&from, &failures) {
                let place = *places.entry(to.clone()).or_insert_with(|| {
                    found.push(to);
                    found.len() - 1
                });
                rates.push((next, place, rate));
            }
            if found.len() > limit {
                return Err(TooManyStates { limit });
            }
            next += 1;
        }
        Ok(assemble(&found, &rates, level))
    }

    fn transitions(&self, from: &State, failures: &Failures) -> Vec<(State, f64)> {
        let mut all = Vec::new();
        let is_up = |component: &usize| !from.failures().any(|failure| failures.component[failure] == *component);
        let kinds = |component: usize| {
            failures.first[component]..failures.first[component] + self.components[component].kinds.len()
        };
        for component in (0..self.components.len()).filter(is_up) {
            for failure in kinds(component) {
                let rate = self.kind(failure, failures) / self.components[component].up_hours;
                all.push((from.after_failure(self, failures, failure), rate));
            }
        }
        for shock in &self.shocks {
            // Each member's failure is of one of its kinds, independently.
            let mut hit = vec![(from.clone(), 1.0 / shock.every_hours)];
            for member in shock.members.iter().copied().filter(|member| is_up(member)) {
                let split = |(state, rate): &(State, f64)| -> Vec<(State, f64)> {
                    let next =
                        |failure| (state.after_failure(self, failures, failure), rate * self.kind(failure, failures));
                    kinds(member).map(next).collect()
                };
                hit = hit.iter().flat_map(split).collect();
            }
            all.extend(hit.into_iter().filter(|(state, _)| state != from));
        }
        for failure in &from.in_repair {
            let rate = 1.0 / self.components[failures.component[*failure]].down_hours;
            let successors = from.after_repair(self, failures, *failure);
            let share = rate / successors.len() as f64;
            all.extend(successors.into_iter().map(|state| (state, share)));
        }
        all
    }

    fn kind(&self, failure: usize, failures: &Failures) -> f64 {
        let component = failures.component[failure];
        self.components[component].kinds[failure - failures.first[component]]
    }

    fn pool_of(&self, component: usize) -> Option<usize> {
        self.pools.iter().position(|pool| pool.members.contains(&component))
    }
}

/// Which failures are being repaired, and which wait for each pool.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    /// Increasing.
    in_repair: Vec<usize>,
    /// By pool: in order of failure for `Fifo`, increasing for `Random`.
    waiting: Vec<Vec<usize>>,
}

impl State {
    fn faultless(model: &RepairModel) -> Self {
        Self { in_repair: Vec::new(), waiting: vec![Vec::new(); model.pools.len()] }
    }

    fn failures(&self) -> impl Iterator<Item = usize> + '_ {
        self.in_repair.iter().chain(self.waiting.iter().flatten()).copied()
    }

    fn after_failure(&self, model: &RepairModel, failures: &Failures, failure: usize) -> Self {
        let mut state = self.clone();
        let pool = model.pool_of(failures.component[failure]).filter(|pool| {
            let Pool { members, crews, .. } = &model.pools[*pool];
            self.in_repair.iter().filter(|other| members.contains(&failures.component[**other])).count() >= *crews
        });
        match pool {
            None => insert(&mut state.in_repair, failure),
            Some(pool) => match model.pools[pool].order {
                QueueOrder::Fifo => state.waiting[pool].push(failure),
                QueueOrder::Random => insert(&mut state.waiting[pool], failure),
            },
        }
        state
    }

    /// The states that may follow, all equally likely.
    fn after_repair(&self, model: &RepairModel, failures: &Failures, failure: usize) -> Vec<Self> {
        let mut state = self.clone();
        state.in_repair.retain(|other| *other != failure);
        let pool = model.pool_of(failures.component[failure]).filter(|pool| !self.waiting[*pool].is_empty());
        let Some(pool) = pool else { return vec![state] };
        let choices = match model.pools[pool].order {
            QueueOrder::Fifo => 1,
            QueueOrder::Random => self.waiting[pool].len(),
        };
        (0..choices)
            .map(|choice| {
                let mut state = state.clone();
                let taken = state.waiting[pool].remove(choice);
                insert(&mut state.in_repair, taken);
                state
            })
            .collect()
    }
}

fn insert(sorted: &mut Vec<usize>, failure: usize) {
    let place = sorted.partition_point(|other| *other < failure);
    sorted.insert(place, failure);
}

/// States with few failures first, which keeps the elimination sparse.
fn assemble(found: &[State], rates: &[(usize, usize, f64)], level: Level<'_>) -> Solved {
    let sorted = |state: &State| {
        let mut failed: Vec<usize> = state.failures().collect();
        failed.sort_unstable();
        failed
    };
    let failed: Vec<Vec<usize>> = found.iter().map(sorted).collect();
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(|state| (failed[*state].len(), *state));
    let mut place = vec![0; found.len()];
    order.iter().enumerate().for_each(|(index, state)| place[*state] = index);
    let mut chain = Chain::new(found.len());
    rates.iter().for_each(|(from, to, rate)| chain.add_rate(place[*from], place[*to], *rate));
    let failed: Vec<Vec<usize>> = order.iter().map(|state| failed[*state].clone()).collect();
    let levels = failed.iter().map(|failed| level(failed)).collect();
    let share = chain.stationary();
    Solved { chain, failed, levels, share }
}

impl Solved {
    /// Share of time with a level below `k`.
    #[must_use]
    pub fn unavailability(&self, k: u32) -> f64 {
        self.share.iter().zip(&self.levels).rev().filter(|(_, level)| **level < k).map(|(share, _)| share).sum()
    }

    /// Times per hour that the level falls below `k`.
    #[must_use]
    pub fn failures_per_hour(&self, k: u32) -> f64 {
        self.chain.entries(&self.share, &self.is_below(k))
    }

    /// Mean hours from the faultless state until the level is first below `k`.
    #[must_use]
    pub fn mean_hours_to_failure(&self, k: u32) -> f64 {
        self.chain.mean_time_to(&self.is_below(k))[0]
    }

    /// By state: whether the level is below `k`.
    #[must_use]
    pub fn is_below(&self, k: u32) -> Vec<bool> {
        self.levels.iter().map(|level| *level < k).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(count: usize, up: f64, down: f64) -> RepairModel {
        RepairModel::new((0..count).map(|i| Component::new(format!("u{i}"), up, down)).collect())
    }

    fn pool(members: &[usize], crews: usize, order: QueueOrder) -> Pool {
        Pool { members: members.to_vec(), crews, order }
    }

    #[track_caller]
    fn near(value: f64, expected: f64) {
        assert!((value - expected).abs() <= 1e-12 * expected.abs(), "{value} is not {expected}");
    }

    /// Level of a pair: how many are up.
    fn up_of(count: usize) -> impl Fn(&[usize]) -> u32 {
        move |failed| u32::try_from(count - failed.len()).expect("small")
    }

    /// 1,000 h up, 6 h down: one crew 7.11411836e-5, two crews 3.55718571e-5, MTTF 84,833.3333 h; with r = 0.006 these are
    /// 2 r^2 / (1 + 2r + 2r^2), (r / (1 + r))^2 and (3 lambda + mu) / (2 lambda^2).
    #[test]
    fn a_pair_with_one_and_with_two_crews_is_the_published_one() {
        let r: f64 = 6e-3;
        for order in [QueueOrder::Fifo, QueueOrder::Random] {
            let mut model = units(2, 1e3, 6.0);
            model.pools.push(pool(&[0, 1], 1, order));
            let one = model.solve(100, &up_of(2)).expect("few states").unavailability(1);
            near(one, 2.0 * r * r / (1.0 + 2.0 * r + 2.0 * r * r));
            assert!((one / 7.114_118_36e-5 - 1.0).abs() < 1e-9);
        }
        let two = units(2, 1e3, 6.0).solve(100, &up_of(2)).expect("few states");
        near(two.unavailability(1), (r / (1.0 + r)) * (r / (1.0 + r)));
        assert!((two.unavailability(1) / 3.557_185_71e-5 - 1.0).abs() < 1e-9);
        assert!((two.mean_hours_to_failure(1) - 84_833.333_3).abs() < 5e-5);
        // Both fail and each takes 6 h: MDT 3 h, frequency U / 3.
        near(two.failures_per_hour(1), two.unavailability(1) / 3.0);
    }

    /// n units and one crew: pi_i = pi_0 n!/(n-i)! r^i, whoever is next.
    #[test]
    fn five_units_and_one_crew_have_the_repairmans_law_in_any_order() {
        for order in [QueueOrder::Fifo, QueueOrder::Random] {
            let mut model = units(5, 100.0, 8.0);
            model.pools.push(pool(&[0, 1, 2, 3, 4], 1, order));
            let solved = model.solve(1_000, &up_of(5)).expect("few states");
            let with = |failed: u32| {
                solved.unavailability(6 - failed) - if failed < 5 { solved.unavailability(5 - failed) } else { 0.0 }
            };
            let faultless = with(0);
            let mut product = faultless;
            for failed in 1..=5u32 {
                product *= f64::from(6 - failed) * 0.08;
                assert!((with(failed) / product - 1.0).abs() < 1e-10, "{failed}");
            }
        }
    }

    /// The chain 0 -> 1 at 2 (1 - b) lambda, 0 -> 2 at b lambda, 1 -> 2 at lambda, solved by hand; at 10,000 h, 4 h and 5%
    /// the pair is down some 1 + b mu / (2 lambda) = 63.5 times as long.
    #[test]
    fn a_beta_factor_makes_a_pair_sixty_three_times_worse() {
        let (lambda, mu, beta) = (1e-4, 0.25, 0.05);
        let solved = units(2, 1e4, 4.0).with_beta(&[0, 1], beta).solve(10, &up_of(2)).expect("few states");
        // Balance of {0}: p0 (2 - b) lambda = p1 mu; of {2}: p0 b lambda + p1 lambda = 2 mu p2.
        let p1 = (2.0 - beta) * lambda / mu;
        let p2 = (beta * lambda + p1 * lambda) / (2.0 * mu);
        near(solved.unavailability(1), p2 / (1.0 + p1 + p2));
        let alone = units(2, 1e4, 4.0).solve(10, &up_of(2)).expect("few states").unavailability(1);
        assert!((solved.unavailability(1) / alone / (1.0 + beta * mu / (2.0 * lambda)) - 1.0).abs() < 0.01);
        // Alone or together, each component is down as often as before.
        let first = |failed: &[usize]| u32::from(!failed.contains(&0));
        near(
            units(2, 1e4, 4.0).with_beta(&[0, 1], beta).solve(10, &first).expect("few").unavailability(1),
            4.0 / 10_004.0,
        );
    }

    /// Unlike repairs make the order matter; both against the balance equations of the pair, where order does not.
    #[test]
    fn the_order_of_repair_matters_for_three_unlike_components_and_not_for_two() {
        let model = |order, count: usize| {
            let unlike = [("a", 50.0, 2.0), ("b", 80.0, 10.0), ("c", 60.0, 1.0)];
            let mut model = RepairModel::new(
                unlike[..count].iter().map(|(name, up, down)| Component::new(*name, *up, *down)).collect(),
            );
            model.pools.push(pool(&(0..count).collect::<Vec<_>>(), 1, order));
            model.solve(100, &up_of(count)).expect("few states").unavailability(1)
        };
        near(model(QueueOrder::Fifo, 2), model(QueueOrder::Random, 2));
        let (fifo, random) = (model(QueueOrder::Fifo, 3), model(QueueOrder::Random, 3));
        assert!((fifo / random - 1.0).abs() > 1e-4, "{fifo} {random}");
    }

    #[test]
    fn too_many_states_are_refused() {
        assert_eq!(units(12, 1e3, 1.0).solve(1_000, &up_of(12)).err(), Some(TooManyStates { limit: 1_000 }));
    }
}
