//! How often each event comes in each state, from the failure model alone: which classes are worth a run.
//!
//! ```text
//! components, up and down --> states, the most probable first --> events in them, by key --> the most frequent ones
//! ```
//! Components count as independent (of crews and common causes only the order hangs on that). What periods happen to meet
//! decides nothing, so that the classes are the same for every shard.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use super::down::{Down, Takes};
use crate::failures::{Aspect, Turn};
use crate::ids::{ComponentId, Id};
use crate::network::{Begin, Component, Mitigation, Network};

/// Events in states that are looked at.
const LOOKED_AT: usize = 40_000;

/// One turn of a component, or its being out of service in it.
#[derive(Debug, Clone)]
struct Unit {
    component: ComponentId,
    entry: usize,
    aspect: Aspect,
    /// Odds that it is down so for this turn.
    odds: f64,
    /// Failures in an hour.
    per_hour: f64,
    /// Failures in an hour while it is up, and returns while it is down.
    hazard: [f64; 2],
    /// Whether it has episodes.
    is_sudden: bool,
    /// Whether the component is back when it ends: a fault that is detected goes on as another unit.
    returns: bool,
}

/// A component by one of its turns.
pub(super) type Part = (ComponentId, usize, Aspect);

/// An event in a state, in the long run.
#[derive(Debug, Clone)]
pub(super) struct Frequent {
    /// The event in its state.
    pub key: Vec<u16>,
    /// What else is down.
    pub others: Vec<Part>,
    /// What fails or returns.
    pub event: Part,
    /// Failures in an hour in this state, and as many returns into it.
    pub per_hour: f64,
    /// The same of every event that is this one by another name.
    pub share: Vec<(Part, f64)>,
}

/// Two events, the second so long after the first.
#[derive(Debug, Clone)]
pub(super) struct FrequentJoint {
    /// Both events, and the time between them.
    pub key: Vec<u16>,
    /// The first one in its state.
    pub first: Vec<u16>,
    /// What is down besides the first.
    pub others: Vec<Part>,
    /// The two events.
    pub events: [(Part, Turn); 2],
    /// In how many hours routing settles from each of them alone, at most.
    pub hours: [f64; 2],
    /// Which part of the time in which routing settles from the first.
    pub bucket: u16,
    /// How often in an hour.
    pub per_hour: f64,
}

/// The failure model as states and events.
#[derive(Debug)]
pub(super) struct Frequencies<'t> {
    takes: &'t Takes,
    units: Vec<Unit>,
    /// Probability that all components but one are up, by component.
    all_up_but: Vec<f64>,
}

impl<'t> Frequencies<'t> {
    pub(super) fn new(network: &Network, takes: &'t Takes) -> Self {
        let components = &network.reliability.components;
        let mut units = Vec::new();
        for (id, component) in components.enumerate() {
            for aspect in aspects(component) {
                units.extend((0..component.turns.len()).map(|entry| Unit::new((id, entry, *aspect), component)));
            }
        }
        units.sort_by(|a, b| b.odds.total_cmp(&a.odds).then_with(|| a.part().cmp(&b.part())));
        let up: Vec<f64> = components.iter().map(|component| 1.0 - component.unavailability()).collect();
        let all: f64 = up.iter().product();
        Self { takes, units, all_up_but: up.iter().map(|up| all / up).collect() }
    }

    /// Sudden failures in an hour.
    pub(super) fn failures_per_hour(&self) -> f64 {
        self.units.iter().filter(|unit| unit.is_sudden).map(|unit| unit.per_hour).sum()
    }

    /// Events by their state; and how many failures in an hour change nothing, because something
    /// else holds down what they take. Those of the whole fabric are left out, and told by their sum.
    pub(super) fn degraded(&self) -> (Vec<Frequent>, f64) {
        let mut found: BTreeMap<Vec<u16>, Frequent> = BTreeMap::new();
        let mut known = 0.0;
        self.events(|others, event, per_hour, down| {
            if down.is_alone() || down.is_unmoved() {
                known += per_hour;
                return;
            }
            let key = down.key();
            let entry = found.entry(key.clone()).or_insert_with(|| Frequent {
                key,
                others: others.iter().map(|unit| unit.part()).collect(),
                event: event.part(),
                per_hour: 0.0,
                share: Vec::new(),
            });
            entry.per_hour += per_hour;
            match entry.share.iter_mut().find(|(part, _)| *part == event.part()) {
                Some((_, share)) => *share += per_hour,
                None => entry.share.push((event.part(), per_hour)),
            }
        });
        (found.into_values().collect(), known)
    }

    /// Pairs of events, the second before routing has settled from the first, which takes `reach` hours (by the key of
    /// the event, and its turn). The time is cut into so many `buckets`.
    pub(super) fn joint(&self, buckets: u16, reach: impl Fn(&[u16], Part, Turn) -> f64) -> Vec<FrequentJoint> {
        let mut found: BTreeMap<Vec<u16>, FrequentJoint> = BTreeMap::new();
        let mut left = LOOKED_AT;
        self.events(|others, event, per_hour, down| {
            if down.is_unmoved() || left == 0 {
                return;
            }
            for first in [Turn::Down, Turn::Up] {
                let mut down = down.clone();
                let key = down.key();
                if first == Turn::Up {
                    down.turns(self.takes_of(event), Turn::Up);
                }
                let hours = reach(&key, event.part(), first);
                let often = per_hour * hours / f64::from(buckets);
                if often <= 0.0 {
                    continue;
                }
                self.seconds(others, event, first, |unit, second| {
                    let mut after = down.clone();
                    after.turns(self.takes_of(unit), second);
                    if after.is_unmoved() {
                        return;
                    }
                    left = left.saturating_sub(1);
                    for bucket in 0..buckets {
                        let both = after.joint_key(&key, [first, second], bucket);
                        let joint = found.entry(both.clone()).or_insert_with(|| FrequentJoint {
                            key: both,
                            first: key.clone(),
                            others: others.iter().map(|unit| unit.part()).collect(),
                            events: [(event.part(), first), (unit.part(), second)],
                            hours: [hours, reach(&after.key(), unit.part(), second)],
                            bucket,
                            per_hour: 0.0,
                        });
                        joint.per_hour += often * unit.hazard[usize::from(second == Turn::Up)];
                    }
                });
            }
        });
        found.into_values().collect()
    }

    fn takes_of(&self, unit: &Unit) -> &[u16] {
        match unit.aspect {
            Aspect::Fault => &self.takes.of[unit.component][unit.entry],
            Aspect::OutOfService => &self.takes.shut[unit.component][unit.entry],
        }
    }

    /// Sudden events that may come next after `event` turned while `others` are down.
    fn seconds(&self, others: &[&Unit], event: &Unit, first: Turn, mut go: impl FnMut(&Unit, Turn)) {
        for unit in self.units.iter().filter(|unit| unit.is_sudden) {
            let is = |other: &&&Unit| other.component == unit.component;
            let holder = match first {
                Turn::Down => others.iter().chain([&event]).find(is),
                Turn::Up => others.iter().find(is),
            };
            match holder {
                None => go(unit, Turn::Down),
                Some(holder) if holder.part() == unit.part() && unit.returns => go(unit, Turn::Up),
                Some(_) => {}
            }
        }
    }

    /// Sudden failures in the most probable states, with what is down after each.
    fn events(&self, mut go: impl FnMut(&[&Unit], &Unit, f64, &Down)) {
        let mut left = LOOKED_AT;
        let mut down = Down::default();
        for (state, odds) in States::new(&self.units) {
            if left == 0 {
                return;
            }
            let others: Vec<&Unit> = state.iter().map(|unit| &self.units[*unit]).collect();
            let twice =
                |(index, unit): (usize, &&Unit)| others[..index].iter().any(|other| other.component == unit.component);
            if others.iter().enumerate().any(twice) {
                continue;
            }
            down.clear();
            others.iter().for_each(|unit| down.turns(self.takes_of(unit), Turn::Down));
            for event in self.units.iter().filter(|unit| unit.is_sudden) {
                if others.iter().any(|other| other.component == event.component) {
                    continue;
                }
                left = left.saturating_sub(1);
                let mut after = down.clone();
                after.turns(self.takes_of(event), Turn::Down);
                let probability = odds * self.all_up_but[event.component.index()];
                go(&others, event, probability * event.per_hour, &after);
            }
        }
    }
}

impl Unit {
    fn new((id, entry, aspect): Part, component: &Component) -> Self {
        let up = component.up.mean.get();
        let down = match (aspect, &component.detection) {
            (Aspect::Fault, Some(_)) => component.mean_silence(),
            (Aspect::Fault, None) | (Aspect::OutOfService, _) => component.down.mean.get(),
        };
        let turns = component.turns.len().max(1) as f64;
        Self {
            component: id,
            entry,
            aspect,
            // Down more often than up is as good as always.
            odds: (down / up / turns).min(1.0),
            per_hour: 1.0 / component.mean_cycle() / turns,
            hazard: [1.0 / up / turns, 1.0 / down],
            is_sudden: is_sudden(component, aspect),
            returns: Some(&aspect) == aspects(component).last(),
        }
    }

    const fn part(&self) -> Part {
        (self.component, self.entry, self.aspect)
    }
}

/// What of a component's failures turns.
pub(super) const fn aspects(component: &Component) -> &'static [Aspect] {
    match component.detection {
        Some(_) => &[Aspect::Fault, Aspect::OutOfService],
        None => &[Aspect::Fault],
    }
}

/// Whether a turn of this may take packets along: what was drained first does not.
pub(in crate::study::years) fn is_sudden(component: &Component, aspect: Aspect) -> bool {
    match (aspect, &component.detection) {
        (Aspect::OutOfService, Some(detection)) => detection.mitigation == Mitigation::AdminDown,
        (Aspect::Fault | Aspect::OutOfService, _) => component.begins == Begin::Sudden,
    }
}

/// States by their odds against the whole fabric, the most probable first: each from one by the next unit besides, or by
/// the next unit in place of its last one (Lawler 1972).
#[derive(Debug)]
struct States<'u> {
    units: &'u [Unit],
    next: BinaryHeap<State>,
}

#[derive(Debug)]
struct State {
    odds: f64,
    units: Vec<usize>,
}

impl<'u> States<'u> {
    fn new(units: &'u [Unit]) -> Self {
        Self { units, next: BinaryHeap::from([State { odds: 1.0, units: Vec::new() }]) }
    }
}

impl Iterator for States<'_> {
    type Item = (Vec<usize>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        let State { units, odds } = self.next.pop()?;
        let next = units.last().map_or(0, |last| last + 1);
        if let Some(unit) = self.units.get(next) {
            let mut more = units.clone();
            more.push(next);
            self.next.push(State { odds: odds * unit.odds, units: more });
            if let Some(last) = units.last() {
                let mut other = units.clone();
                other.pop();
                other.push(next);
                self.next.push(State { odds: odds / self.units[*last].odds * unit.odds, units: other });
            }
        }
        Some((units, odds))
    }
}

impl Ord for State {
    fn cmp(&self, other: &Self) -> Ordering {
        self.odds.total_cmp(&other.odds).then_with(|| other.units.cmp(&self.units))
    }
}

impl PartialOrd for State {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for State {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::reference;

    fn unit(component: u32, odds: f64) -> Unit {
        let (component, aspect) = (ComponentId(component), Aspect::Fault);
        let (per_hour, hazard) = (1.0, [1.0; 2]);
        Unit { component, entry: 0, aspect, odds, per_hour, hazard, is_sudden: true, returns: true }
    }

    /// All subsets of a set, each once, and no odds above those before: products of the members' odds.
    #[test]
    fn states_come_once_each_and_the_most_probable_first() {
        let odds = [0.5, 0.3, 0.3, 0.01, 0.002];
        let units: Vec<Unit> = (0..).zip(odds).map(|(component, odds)| unit(component, odds)).collect();
        let mut states: Vec<(Vec<usize>, f64)> = States::new(&units).collect();
        assert!(states.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        for (state, product) in &states {
            let expected: f64 = state.iter().map(|unit| odds[*unit]).product();
            assert!((product / expected - 1.0).abs() < 1e-12, "{state:?}: {product}");
        }
        states.sort_by(|a, b| a.0.cmp(&b.0));
        states.dedup_by(|a, b| a.0 == b.0);
        assert_eq!(states.len(), 32);
    }

    /// Ten components: an event meets the whole fabric when the nine others are up, a facility's router falls in vain while its
    /// facility is down, and every other event has a state among those listed: together they are all failures.
    #[test]
    fn events_by_state_are_all_events() {
        let network = reference::network();
        let takes = Takes::new(&network);
        let frequencies = Frequencies::new(&network, &takes);
        let (found, known) = frequencies.degraded();
        let listed: f64 = found.iter().map(|one| one.per_hour).sum();
        let components = || network.reliability.components.iter();
        let all: f64 = components().map(|one| 1.0 / (one.up.mean.get() + one.down.mean.get())).sum();
        assert!(((known + listed) / all - 1.0).abs() < 1e-9, "{known} + {listed}, not {all}");
        let up: f64 = components().map(|one| 1.0 - one.unavailability()).product();
        let alone: f64 =
            components().map(|one| up / (1.0 - one.unavailability()) / (one.up.mean.get() + one.down.mean.get())).sum();
        assert!(known > alone && known < 1.001 * alone, "{known} {alone}");
    }
}
