//! The states of independent components, most probable first, until what is left out is as small as asked.
//!
//! States form a tree: below a state with components P and last i come all sets P and at least one of i, i + 1, ...
//! (components sorted by odds of failure; a further kind of failure of i has its own branch). A parent is never less probable than its children, so a heap gives the order,
//! and what hangs below a state that is still in the heap is a product: the remainder is a sum of positive terms, and it can
//! be sampled.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;

use super::symmetry::{Levels, Symmetry, representative};
use super::{Bounds, Component, Course, Failures, Level};
use crate::rng::Stream;
use crate::study::statistics::Interval;
use crate::study::statistics::binomial::clopper_pearson;

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Probability that may be left out.
    pub remainder: f64,
    /// Or this share of the smallest answer, "level below 1"; 0 for no such end.
    pub relative: f64,
    /// States after which it stops whatever is left out.
    pub states: usize,
}

/// What the states said, for levels below 1, below 2, ... up to the level of the faultless state.
#[derive(Debug, Clone)]
pub struct Enumeration {
    /// States looked at, symmetric ones counted one by one.
    pub states: usize,
    /// Levels really asked for: symmetric states share one.
    pub evaluated: usize,
    /// Probability of the states left out, exact to rounding.
    pub remainder: f64,
    /// `below[k]` is what is known of "level below k + 1".
    pub below: Vec<Below>,
    pub(super) tree: Tree,
    /// By component: probability of the states left out in which it is down.
    pub(super) left_out_with: Vec<f64>,
    frontier: Vec<Node>,
}

/// The states below one level.
#[derive(Debug, Clone, Default)]
pub struct Below {
    /// Probability of those looked at.
    pub(super) probability: f64,
    /// By component: probability of those in which it is down.
    pub(super) with: Vec<f64>,
    /// By component: probability of those which its repair alone ends.
    pub(super) critical: Vec<f64>,
    /// The same by failure.
    pub(super) critical_of: Vec<f64>,
    /// By component: probability of those in which a minimal cut set with it is down.
    pub(super) in_cut: Vec<f64>,
    /// Minimal cut sets among those looked at, most probable first.
    pub(super) cuts: Vec<Vec<usize>>,
    /// How many minimal cut sets each representative stands for.
    pub(super) orbits: BTreeMap<Vec<usize>, u64>,
}

/// Components by falling odds of their second likeliest condition, and running products over them.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    places: Vec<Place>,
    /// P(all places before this one are in their likeliest condition).
    before: Vec<f64>,
    /// P(some place from this one on is not).
    some_from: Vec<f64>,
    pub(super) unavailability: Vec<f64>,
    pub(super) availability: Vec<f64>,
    /// P(this failure is present).
    pub(super) present: Vec<f64>,
}

/// A component's conditions: up (`None`) or down with some failure.
#[derive(Debug, Clone)]
struct Place {
    component: usize,
    likeliest: Option<usize>,
    /// The others with their odds against the likeliest, falling.
    others: Vec<(Option<usize>, f64)>,
    /// Sum of the odds.
    odds: f64,
}

impl Place {
    fn new(component: usize, description: &Component, failures: &Failures) -> Self {
        let kinds = description.kinds.iter().enumerate();
        let down =
            kinds.map(|(kind, share)| (Some(failures.first[component] + kind), description.unavailability() * share));
        let mut conditions: Vec<(Option<usize>, f64)> =
            [(None, description.availability())].into_iter().chain(down).collect();
        conditions.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let (likeliest, most) = conditions.remove(0);
        let others: Vec<(Option<usize>, f64)> =
            conditions.iter().map(|(failure, share)| (*failure, share / most)).collect();
        let odds = others.iter().rev().map(|(_, odds)| odds).sum();
        Self { component, likeliest, others, odds }
    }

    /// P(condition `from` of the others, or a later one).
    fn from(&self, from: usize) -> f64 {
        self.others[from..].iter().rev().map(|(_, odds)| odds).sum::<f64>() / (1.0 + self.odds)
    }

    /// P(condition `from` of the others, or a later one, and down).
    fn down_from(&self, from: usize) -> f64 {
        let down = self.others[from..].iter().rev().filter(|(failure, _)| failure.is_some());
        down.map(|(_, odds)| odds).sum::<f64>() / (1.0 + self.odds)
    }
}

/// A set of places, increasing, that are in one of their other conditions.
#[derive(Debug, Clone, PartialEq)]
struct Node {
    probability: f64,
    unlikely: Vec<(usize, usize)>,
}

impl Eq for Node {}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Node {
    fn cmp(&self, other: &Self) -> Ordering {
        self.probability.total_cmp(&other.probability).then_with(|| other.unlikely.cmp(&self.unlikely))
    }
}

impl Tree {
    fn new(components: &[Component], failures: &Failures) -> Self {
        let unavailability: Vec<f64> = components.iter().map(Component::unavailability).collect();
        let availability: Vec<f64> = components.iter().map(Component::availability).collect();
        let present =
            components.iter().flat_map(|one| one.kinds.iter().map(|share| one.unavailability() * share)).collect();
        let mut places: Vec<Place> =
            components.iter().enumerate().map(|(index, component)| Place::new(index, component, failures)).collect();
        places.sort_by(|a, b| b.others[0].1.total_cmp(&a.others[0].1).then(a.component.cmp(&b.component)));
        let mut before = vec![1.0];
        places.iter().for_each(|place| before.push(before[before.len() - 1] / (1.0 + place.odds)));
        let mut some_from = vec![0.0];
        for place in places.iter().rev() {
            let later = some_from[some_from.len() - 1];
            some_from.push((place.odds + later) / (1.0 + place.odds));
        }
        some_from.reverse();
        Self { places, before, some_from, unavailability, availability, present }
    }

    fn odds(&self, unlikely: &[(usize, usize)]) -> f64 {
        unlikely.iter().map(|(place, other)| self.places[*place].others[*other].1).product()
    }

    fn node(&self, unlikely: Vec<(usize, usize)>) -> Node {
        Node { probability: self.before[self.places.len()] * self.odds(&unlikely), unlikely }
    }

    /// One more place; the last place moved on, from its first other condition only, so that no state has two parents; the
    /// last place in its next condition.
    fn children(&self, node: &Node) -> Vec<Node> {
        let Some(((last, other), rest)) = node.unlikely.split_last() else {
            return if self.places.is_empty() { Vec::new() } else { vec![self.node(vec![(0, 0)])] };
        };
        let mut children = Vec::with_capacity(3);
        if last + 1 < self.places.len() {
            children.push(self.node([&node.unlikely, [(last + 1, 0)].as_slice()].concat()));
            if *other == 0 {
                children.push(self.node([rest, &[(last + 1, 0)]].concat()));
            }
        }
        if other + 1 < self.places[*last].others.len() {
            children.push(self.node([rest, &[(*last, other + 1)]].concat()));
        }
        children
    }

    /// P(the places before the last one of a state are as it says).
    fn prefix(&self, node: &Node) -> f64 {
        node.unlikely.split_last().map_or(1.0, |((last, _), rest)| self.before[*last] * self.odds(rest))
    }

    /// Probability of a state in the heap and of all below it.
    fn mass(&self, node: &Node) -> f64 {
        self.prefix(node)
            * match node.unlikely.last() {
                None => 1.0,
                Some((last, 0)) => self.some_from[*last],
                Some((last, other)) => self.places[*last].from(*other),
            }
    }

    /// By component: probability that it is down in a state of the heap or below one.
    fn left_out_with(&self, sorted: &[Node]) -> Vec<f64> {
        let mut down = vec![0.0; self.places.len()];
        for node in sorted {
            let Some(&(last, other)) = node.unlikely.last() else { return self.unavailability.clone() };
            let (prefix, mass) = (self.prefix(node), self.mass(node));
            for (index, place) in self.places.iter().enumerate() {
                let fixed = node.unlikely.iter().find(|(unlikely, _)| *unlikely == index && index < last);
                let always = match fixed {
                    Some((_, other)) => place.others[*other].0,
                    None => place.likeliest,
                };
                down[place.component] += match (index.cmp(&last), other) {
                    (Ordering::Less, _) => {
                        if always.is_some() {
                            mass
                        } else {
                            0.0
                        }
                    }
                    // Out of its likeliest condition it makes the state one of those below.
                    (Ordering::Equal | Ordering::Greater, 0) => {
                        let out = prefix * place.down_from(0);
                        if place.likeliest.is_some() { mass - prefix * place.from(0) + out } else { out }
                    }
                    (Ordering::Equal, _) => prefix * place.down_from(other),
                    (Ordering::Greater, _) => mass * self.unavailability[place.component],
                };
            }
        }
        down
    }

    /// The failures of a state, increasing.
    fn failed(&self, unlikely: &[(usize, usize)]) -> Vec<usize> {
        let mut unlikely = unlikely.iter().peekable();
        let condition = |(index, place): (usize, &Place)| match unlikely.next_if(|(unlikely, _)| *unlikely == index) {
            Some((_, other)) => place.others[*other].0,
            None => place.likeliest,
        };
        let mut failed: Vec<usize> = self.places.iter().enumerate().filter_map(condition).collect();
        failed.sort_unstable();
        failed
    }

    /// One state of those below a node, itself included, with its own probability among them.
    fn sample_below(&self, node: &Node, stream: &mut Stream) -> Vec<usize> {
        let (&(last, other), rest) = node.unlikely.split_last().expect("the likeliest state was looked at");
        let mut unlikely = rest.to_vec();
        let mut found = false;
        for (index, place) in self.places.iter().enumerate().skip(last) {
            let from = if index == last { other } else { 0 };
            let all = match (found, other) {
                (true, _) => 1.0,
                (false, 0) => self.some_from[index],
                (false, _) => place.from(from),
            };
            let mut target = stream.uniform() * all * (1.0 + place.odds);
            let chosen = place.others[from..].iter().position(|(_, odds)| {
                target -= odds;
                target < 0.0
            });
            if let Some(chosen) = chosen {
                unlikely.push((index, from + chosen));
            }
            found = found || chosen.is_some();
        }
        self.failed(&unlikely)
    }
}

/// Looks at states until `limits` says stop.
///
/// `symmetries` must hold of both the components' means (which is checked) and of the level (which is not).
#[must_use]
pub fn enumerate(components: &[Component], symmetries: &[Symmetry], limits: &Limits, level: Level<'_>) -> Enumeration {
    check(components, symmetries);
    let failures = Failures::of(components);
    let tree = Tree::new(components, &failures);
    let mut levels = Levels::new(level, &failures, symmetries);
    let top = levels.of(&[]) as usize;
    let empty = || vec![0.0; components.len()];
    let critical_of = vec![0.0; failures.component.len()];
    let below = Below { with: empty(), critical: empty(), critical_of, in_cut: empty(), ..Below::default() };
    let mut below = vec![below; top];
    let mut heap = BinaryHeap::from([tree.node(Vec::new())]);
    let mut states = 0;
    let mut left_out = 1.0;
    let mut look_again = 0;
    while states < limits.states && heap.peek().is_some_and(|node| node.probability > 0.0) {
        // The running difference loses digits, so the sum of what is in the heap decides.
        let enough = limits.remainder.max(limits.relative * below.first().map_or(0.0, |least| least.probability));
        if left_out <= enough + 1e-12 && states >= look_again {
            if remainder(&tree, &heap.clone().into_sorted_vec()) <= enough {
                break;
            }
            look_again = states + states / 8 + 1;
        }
        let node = heap.pop().expect("just seen");
        states += 1;
        left_out -= node.probability;
        heap.extend(tree.children(&node));
        let failed = tree.failed(&node.unlikely);
        let reached = levels.of(&failed) as usize;
        for (least, below) in below.iter_mut().enumerate().skip(reached) {
            below.add(&failed, node.probability, least, &failures, &mut levels);
            below.orbits_of(&failed, &failures, symmetries);
        }
    }
    let frontier = heap.into_sorted_vec();
    let remainder = remainder(&tree, &frontier);
    let left_out_with = tree.left_out_with(&frontier);
    Enumeration { states, evaluated: levels.evaluated(), remainder, below, tree, left_out_with, frontier }
}

fn check(components: &[Component], symmetries: &[Symmetry]) {
    let means = |i: &usize| (components[*i].up_hours, components[*i].down_hours, components[*i].kinds.clone());
    for symmetry in symmetries {
        for block in &symmetry.blocks {
            let first = &symmetry.blocks[0];
            assert!(first.iter().map(means).eq(block.iter().map(means)), "blocks with different means: {block:?}");
        }
    }
}

/// Summed from the smallest on.
fn remainder(tree: &Tree, sorted: &[Node]) -> f64 {
    sorted.iter().map(|node| tree.mass(node)).sum()
}

impl Below {
    /// One more state below; `least` + 1 is the level that it misses.
    fn add(&mut self, failed: &[usize], probability: f64, least: usize, failures: &Failures, levels: &mut Levels<'_>) {
        self.probability += probability;
        let mut minimal = true;
        let mut rest = Vec::with_capacity(failed.len());
        for (place, failure) in failed.iter().enumerate() {
            let component = failures.component[*failure];
            self.with[component] += probability;
            rest.clear();
            rest.extend(failed.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, other)| *other));
            if levels.of(&rest) as usize > least {
                self.critical[component] += probability;
                self.critical_of[*failure] += probability;
            } else {
                minimal = false;
            }
        }
        if minimal {
            self.cuts.push(failed.to_vec());
        }
        let mut in_cut = vec![false; self.with.len()];
        for cut in self.cuts.iter().filter(|cut| cut.iter().all(|failure| failed.binary_search(failure).is_ok())) {
            cut.iter().for_each(|failure| in_cut[failures.component[*failure]] = true);
        }
        self.in_cut.iter_mut().zip(in_cut).filter(|(_, found)| *found).for_each(|(sum, _)| *sum += probability);
    }

    /// Counts a minimal cut set that was just found under its representative.
    fn orbits_of(&mut self, failed: &[usize], failures: &Failures, symmetries: &[Symmetry]) {
        if self.cuts.last().is_some_and(|cut| cut == failed) {
            *self.orbits.entry(representative(failed, failures, symmetries)).or_default() += 1;
        }
    }
}

impl Enumeration {
    /// Share of time with a level below `k`, for k from 1 to the faultless level.
    #[must_use]
    pub fn unavailability(&self, k: u32) -> Bounds {
        let low = self.of(k).probability;
        Bounds { low, high: (low + self.remainder).min(1.0) }
    }

    /// Times per hour that the level falls below `k`: Σ Birnbaum_i / (up_i + down_i).
    #[must_use]
    pub fn failures_per_hour(&self, components: &[Component], k: u32) -> Bounds {
        let cycles = components.iter().map(|component| 1.0 / (component.up_hours + component.down_hours));
        let first = components.iter().scan(0, |next, component| {
            let first = *next;
            *next += component.kinds.len();
            Some(first)
        });
        let falls = self.birnbaum(k).into_iter().zip(components.iter().zip(first).enumerate());
        let sums = falls
            .map(|(birnbaum, (index, (component, first)))| match component.course {
                Course::OneKind => birnbaum,
                Course::TwoPhases(silent) => {
                    let (fault, shut) = (first..first + silent, first + silent..first + component.kinds.len());
                    self.falls_once_or_twice(k, index, [fault, shut])
                }
            })
            .zip(cycles)
            .map(|(birnbaum, cycle)| (birnbaum.low * cycle, birnbaum.high * cycle));
        let (low, high) = sums.fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        Bounds { low, high }
    }

    /// How often a failure in two phases takes the level below `k`: at least as often as the worse of them alone would, at
    /// most as often as each for itself, for a repair never lowers it.
    fn falls_once_or_twice(&self, k: u32, component: usize, phases: [Range<usize>; 2]) -> Bounds {
        let below = self.of(k);
        let [a, b] = phases.map(|failures| {
            let present: f64 = self.tree.present[failures.clone()].iter().sum();
            let low = below.critical_of[failures].iter().sum::<f64>() / present;
            Bounds { low, high: (low + self.left_out_with[component] / present).min(1.0) }
        });
        Bounds { low: a.low.max(b.low), high: (a.high + b.high).min(2.0) }
    }

    /// Mean hours of one outage, from falling below `k` to being back.
    #[must_use]
    pub fn mean_down_hours(&self, components: &[Component], k: u32) -> Bounds {
        let (time, failures) = (self.unavailability(k), self.failures_per_hour(components, k));
        Bounds { low: time.low / failures.high, high: time.high / failures.low }
    }

    /// What of the states left out is below `k`, by sampling them: for a remainder above 1% of the answer.
    ///
    /// A statistical interval of this confidence around an unavailability whose rigorous bounds are wider.
    #[must_use]
    pub fn sample_remainder(
        &self,
        k: u32,
        samples: u64,
        confidence: f64,
        level: Level<'_>,
        stream: &mut Stream,
    ) -> Interval {
        let masses: Vec<f64> = self
            .frontier
            .iter()
            .scan(0.0, |sum, node| {
                *sum += self.tree.mass(node);
                Some(*sum)
            })
            .collect();
        let low = self.of(k).probability;
        if self.remainder <= 0.0 || samples == 0 {
            return Interval { low, high: low + self.remainder };
        }
        let mut events = 0;
        for _ in 0..samples {
            let target = stream.uniform() * self.remainder;
            let place = masses.partition_point(|sum| *sum <= target).min(masses.len() - 1);
            let failed = self.tree.sample_below(&self.frontier[place], stream);
            events += u64::from(level(&failed) < k);
        }
        let share = clopper_pearson(events, samples, confidence);
        Interval { low: low + self.remainder * share.low, high: low + self.remainder * share.high }
    }

    /// Whether the remainder is above 1% of the answer, so that sampling it pays.
    #[must_use]
    pub fn remainder_matters(&self, k: u32) -> bool {
        self.remainder > 0.01 * self.of(k).probability
    }

    pub(super) fn of(&self, k: u32) -> &Below {
        assert!(k >= 1 && k as usize <= self.below.len(), "a level from 1 to {}, not {k}", self.below.len());
        &self.below[k as usize - 1]
    }
}

#[cfg(test)]
mod tests;
