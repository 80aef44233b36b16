//! The states of independent components, most probable first, until what is left out is as small as asked.
//!
//! States form a tree: below a state with components P and last i come all sets P and at least one of i, i + 1, ...
//! (components sorted by odds of failure). A parent is never less probable than its children, so a heap gives the order,
//! and what hangs below a state that is still in the heap is a product: the remainder is a sum of positive terms, and it can
//! be sampled.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use super::symmetry::{Levels, Symmetry, representative};
use super::{Bounds, Component, Level};
use crate::rng::Stream;
use crate::study::statistics::Interval;
use crate::study::statistics::binomial::clopper_pearson;

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Probability that may be left out.
    pub remainder: f64,
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
    /// By component: probability of those in which a minimal cut set with it is down.
    pub(super) in_cut: Vec<f64>,
    /// Minimal cut sets among those looked at, most probable first.
    pub(super) cuts: Vec<Vec<usize>>,
    /// How many minimal cut sets each representative stands for.
    pub(super) orbits: BTreeMap<Vec<usize>, u64>,
}

/// Components by falling odds of their less likely condition, and running products over them.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    /// Component at each place.
    order: Vec<usize>,
    /// Odds of the less likely condition.
    odds: Vec<f64>,
    /// Which condition is the likely one.
    likely: Vec<Likely>,
    /// P(all places before this one are in their likely condition).
    before: Vec<f64>,
    /// P(some place from this one on is not in its likely condition).
    some_from: Vec<f64>,
    pub(super) unavailability: Vec<f64>,
    pub(super) availability: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likely {
    Up,
    Down,
}

/// A set of places, increasing, that are in their less likely condition.
#[derive(Debug, Clone, PartialEq)]
struct Node {
    probability: f64,
    places: Vec<usize>,
}

impl Eq for Node {}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Node {
    fn cmp(&self, other: &Self) -> Ordering {
        self.probability.total_cmp(&other.probability).then_with(|| other.places.cmp(&self.places))
    }
}

impl Tree {
    fn new(components: &[Component]) -> Self {
        let unavailability: Vec<f64> = components.iter().map(Component::unavailability).collect();
        let availability: Vec<f64> = components.iter().map(Component::availability).collect();
        let odds_of = |i: usize| {
            let (less, more) = (unavailability[i].min(availability[i]), unavailability[i].max(availability[i]));
            less / more
        };
        let mut order: Vec<usize> = (0..components.len()).collect();
        order.sort_by(|a, b| odds_of(*b).total_cmp(&odds_of(*a)).then(a.cmp(b)));
        let odds: Vec<f64> = order.iter().map(|i| odds_of(*i)).collect();
        let likely = order
            .iter()
            .map(|i| if unavailability[*i] > availability[*i] { Likely::Down } else { Likely::Up })
            .collect();
        let mut before = vec![1.0];
        odds.iter().for_each(|odds| before.push(before[before.len() - 1] / (1.0 + odds)));
        let mut some_from = vec![0.0];
        for odds in odds.iter().rev() {
            let later = some_from[some_from.len() - 1];
            some_from.push((odds + later) / (1.0 + odds));
        }
        some_from.reverse();
        Self { order, odds, likely, before, some_from, unavailability, availability }
    }

    fn places(&self) -> usize {
        self.order.len()
    }

    fn node(&self, places: Vec<usize>) -> Node {
        let probability = places.iter().fold(self.before[self.places()], |product, place| product * self.odds[*place]);
        Node { probability, places }
    }

    fn children(&self, node: &Node) -> impl Iterator<Item = Node> {
        let next = node.places.last().map_or(0, |last| last + 1);
        let longer = (next < self.places()).then(|| self.node([node.places.as_slice(), &[next]].concat()));
        let moved = (next < self.places() && !node.places.is_empty())
            .then(|| self.node([&node.places[..node.places.len() - 1], &[next]].concat()));
        longer.into_iter().chain(moved)
    }

    /// Probability of a state in the heap and of all below it.
    fn mass(&self, node: &Node) -> f64 {
        let Some((last, others)) = node.places.split_last() else { return 1.0 };
        others.iter().fold(self.before[*last] * self.some_from[*last], |product, place| product * self.odds[*place])
    }

    /// By component: probability that it is down in a state of the heap or below one.
    fn left_out_with(&self, sorted: &[Node]) -> Vec<f64> {
        let mut down = vec![0.0; self.places()];
        for node in sorted {
            let Some((last, others)) = node.places.split_last() else { return self.unavailability.clone() };
            let before = others.iter().fold(self.before[*last], |product, place| product * self.odds[*place]);
            for place in 0..self.places() {
                let unlikely = match place {
                    _ if place >= *last => before * self.odds[place] / (1.0 + self.odds[place]),
                    _ if others.contains(&place) => before * self.some_from[*last],
                    _ => 0.0,
                };
                down[self.order[place]] += match self.likely[place] {
                    Likely::Up => unlikely,
                    Likely::Down => before * self.some_from[*last] - unlikely,
                };
            }
        }
        down
    }

    /// The failed components of a state, increasing.
    fn failed(&self, unlikely: &[usize]) -> Vec<usize> {
        let mut failed: Vec<usize> = (0..self.places())
            .filter(|place| (self.likely[*place] == Likely::Down) != unlikely.contains(place))
            .map(|place| self.order[place])
            .collect();
        failed.sort_unstable();
        failed
    }

    /// One state of those below a node, itself included, with its own probability among them.
    fn sample_below(&self, node: &Node, stream: &mut Stream) -> Vec<usize> {
        let (last, others) = node.places.split_last().expect("the faultless state was looked at");
        let mut unlikely = others.to_vec();
        let mut found = false;
        for place in *last..self.places() {
            let probability = self.odds[place] / (1.0 + self.odds[place]);
            let among = if found { probability } else { probability / self.some_from[place] };
            if stream.uniform() < among {
                unlikely.push(place);
                found = true;
            }
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
    let tree = Tree::new(components);
    let mut levels = Levels::new(level, components.len(), symmetries);
    let top = levels.of(&[]) as usize;
    let empty = || vec![0.0; components.len()];
    let below = Below { with: empty(), critical: empty(), in_cut: empty(), ..Below::default() };
    let mut below = vec![below; top];
    let mut heap = BinaryHeap::from([tree.node(Vec::new())]);
    let mut states = 0;
    let mut left_out = 1.0;
    let mut look_again = 0;
    while states < limits.states && heap.peek().is_some_and(|node| node.probability > 0.0) {
        // The running difference loses digits, so the sum of what is in the heap decides.
        if left_out <= limits.remainder + 1e-12 && states >= look_again {
            if remainder(&tree, &heap.clone().into_sorted_vec()) <= limits.remainder {
                break;
            }
            look_again = states + states / 8 + 1;
        }
        let node = heap.pop().expect("just seen");
        states += 1;
        left_out -= node.probability;
        heap.extend(tree.children(&node));
        let failed = tree.failed(&node.places);
        let reached = levels.of(&failed) as usize;
        for (least, below) in below.iter_mut().enumerate().skip(reached) {
            below.add(&failed, node.probability, least, &mut levels);
            below.orbits_of(&failed, components.len(), symmetries);
        }
    }
    let frontier = heap.into_sorted_vec();
    let remainder = remainder(&tree, &frontier);
    let left_out_with = tree.left_out_with(&frontier);
    Enumeration { states, evaluated: levels.evaluated(), remainder, below, tree, left_out_with, frontier }
}

fn check(components: &[Component], symmetries: &[Symmetry]) {
    let means = |i: &usize| (components[*i].up_hours.to_bits(), components[*i].down_hours.to_bits());
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
    fn add(&mut self, failed: &[usize], probability: f64, least: usize, levels: &mut Levels<'_>) {
        self.probability += probability;
        let mut minimal = true;
        let mut rest = Vec::with_capacity(failed.len());
        for (place, component) in failed.iter().enumerate() {
            self.with[*component] += probability;
            rest.clear();
            rest.extend(failed.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, other)| *other));
            if levels.of(&rest) as usize > least {
                self.critical[*component] += probability;
            } else {
                minimal = false;
            }
        }
        if minimal {
            self.cuts.push(failed.to_vec());
        }
        let mut in_cut = vec![false; self.with.len()];
        for cut in self.cuts.iter().filter(|cut| cut.iter().all(|component| failed.binary_search(component).is_ok())) {
            cut.iter().for_each(|component| in_cut[*component] = true);
        }
        failed
            .iter()
            .filter(|component| in_cut[**component])
            .for_each(|component| self.in_cut[*component] += probability);
    }

    /// Counts a minimal cut set that was just found under its representative.
    fn orbits_of(&mut self, failed: &[usize], components: usize, symmetries: &[Symmetry]) {
        if self.cuts.last().is_some_and(|cut| cut == failed) {
            *self.orbits.entry(representative(failed, components, symmetries)).or_default() += 1;
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
        let sums = self
            .birnbaum(k)
            .into_iter()
            .zip(cycles)
            .map(|(birnbaum, cycle)| (birnbaum.low * cycle, birnbaum.high * cycle));
        let (low, high) = sums.fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        Bounds { low, high }
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
