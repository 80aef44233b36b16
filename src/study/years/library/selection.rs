//! Which classes the library has: of the failure model, the rule and the stated budget alone.

use std::collections::BTreeSet;

use super::class::{EpisodeClass, Happening, Joint, event};
use super::down::Takes;
use super::frequency::{Frequencies, Frequent, FrequentJoint, Part, aspects, is_sudden};
use super::{BUCKETS, Library};
use crate::failures::{Aspect, ConnectionState, Manner, Standing, StandingPlan, Turn};
use crate::ids::ComponentId;
use crate::network::{Begin, Component, FailureKind, Network, SlaRule};
use crate::units::{Share, Span};

/// Classes are added until those left could charge no more than this share of the time that the promise allows.
const HARDLY: f64 = 1e-4;

impl Library {
    /// The classes of the whole fabric.
    pub(super) fn begin(network: &Network) -> Self {
        let mut library = Self { takes: Takes::new(network), ..Self::default() };
        for id in network.reliability.components.ids() {
            let faults = library.whole_classes(network, id, Aspect::Fault);
            library.of.push(faults);
            let shut = library.whole_classes(network, id, Aspect::OutOfService);
            library.shut.push(shut);
        }
        library.add_shocks(network);
        library
    }

    /// What hits all of a class of components at once is one event, not one failure after another.
    fn add_shocks(&mut self, network: &Network) {
        let components = &network.reliability.components;
        let is_hit = |one: &Component| one.shared > Share::ZERO && one.begins == Begin::Sudden;
        let hit: BTreeSet<&str> = components.iter().filter(|one| is_hit(one)).map(|one| one.class.as_str()).collect();
        for class in hit {
            let members = || components.enumerate().filter(|(_, one)| one.class == class && is_hit(one));
            // Of several ways to fail each member takes its own.
            let Some((_, first)) = members().next().filter(|_| members().all(|(_, one)| one.turns.len() == 1)) else {
                continue;
            };
            let shared = first.shared.as_percent() / 100.0;
            for (id, _) in members() {
                if let Some(own) = self.of[id][0] {
                    let rest = self.classes[own].per_hour - shared / first.mean_cycle();
                    self.classes[own].per_hour = rest.max(0.0);
                }
            }
            let mut key: Vec<u16> = members().flat_map(|(id, _)| self.takes.of[id][0].clone()).collect();
            key.sort_unstable();
            key.dedup();
            key.insert(0, u16::MAX);
            let kinds = members().flat_map(|(_, one)| one.turns[0].clone()).collect();
            let happening = Happening { down: Vec::new(), kinds, joint: None };
            let class = self.add(network, happening, shared / first.up.mean.get());
            self.singles.entry(key).or_insert(class);
        }
    }

    /// Those of one component, by turn; none where it takes nobody's packets along.
    fn whole_classes(&mut self, network: &Network, id: ComponentId, aspect: Aspect) -> Vec<Option<usize>> {
        let component = &network.reliability.components[id];
        let has_some = aspects(component).contains(&aspect) && is_sudden(component, aspect);
        let class = |entry| has_some.then(|| self.whole_class(network, &kinds(network, (id, entry, aspect))));
        let of_turns: Vec<Option<usize>> = (0..component.turns.len()).map(class).collect();
        for (entry, class) in of_turns.iter().enumerate() {
            let Some(class) = *class else { continue };
            let per_hour = 1.0 / component.mean_cycle() / of_turns.len() as f64;
            self.classes[class].per_hour += per_hour;
            self.per_hour += per_hour;
            let mut key = vec![u16::MAX];
            key.extend(match aspect {
                Aspect::Fault => &self.takes.of[id][entry],
                Aspect::OutOfService => &self.takes.shut[id][entry],
            });
            self.singles.entry(key).or_insert(class);
        }
        of_turns
    }

    fn whole_class(&mut self, network: &Network, kinds: &[FailureKind]) -> usize {
        if let Some(known) = self.classes.iter().position(|class| class.happening.kinds == kinds) {
            return known;
        }
        self.add(network, Happening { down: Vec::new(), kinds: kinds.to_vec(), joint: None }, 0.0)
    }

    fn add(&mut self, network: &Network, happening: Happening, per_hour: f64) -> usize {
        let name = name(network, &happening);
        self.classes.push(EpisodeClass { happening, name, alike: Vec::new(), samples: Default::default(), per_hour });
        self.classes.len() - 1
    }

    /// Classes of events in a degraded fabric: first those that could charge most if they were taken for events in the whole one.
    pub(super) fn add_degraded(&mut self, network: &Network, rule: &SlaRule) {
        let takes = self.takes.clone();
        let frequencies = Frequencies::new(network, &takes);
        let (mut found, known) = frequencies.degraded();
        let settles = self.longest() as f64 / 1e9;
        let connects = settles + network.longest_connecting().to_calendar().as_seconds();
        let unseen = frequencies.failures_per_hour() - known - found.iter().map(|one| one.per_hour).sum::<f64>();
        let plan = StandingPlan::new(network);
        let mut standing = Standing::new(&plan);
        let mut could = |one: &Frequent| match prospect(&mut standing, one) {
            Prospect::Nothing => 0.0,
            Prospect::Detour => one.per_hour * settles,
            Prospect::Silence => one.per_hour * connects,
        };
        let mut ranked: Vec<(f64, Frequent)> = found.drain(..).map(|one| (could(&one), one)).collect();
        ranked.sort_by(|(a_could, a), (b_could, b)| b_could.total_cmp(a_could).then_with(|| a.key.cmp(&b.key)));
        let mut left = unseen.max(0.0) * connects + ranked.iter().map(|(could, _)| could).sum::<f64>();
        let mut events = unseen.max(0.0);
        // As many returns as failures.
        let hardly = hardly(rule) / 2.0;
        for (number, (could, one)) in ranked.into_iter().enumerate() {
            if left <= hardly || number >= network.study.degraded as usize {
                events += if could > 0.0 { one.per_hour } else { 0.0 };
                continue;
            }
            left -= could;
            let down = one.others.iter().map(|part| kinds(network, *part)).collect();
            let happening = Happening { down, kinds: kinds(network, one.event), joint: None };
            let class = self.add(network, happening, one.per_hour);
            self.singles.insert(one.key, class);
            for (part, per_hour) in one.share {
                if let Some(whole) = self.whole(part) {
                    let rest = self.classes[whole].per_hour - per_hour;
                    self.classes[whole].per_hour = rest.max(0.0);
                }
            }
        }
        self.left.degraded = 2.0 * events;
    }

    /// Classes of two events shortly after one another: first those that charge most if all is taken for lost.
    pub(super) fn add_joint(&mut self, network: &Network, rule: &SlaRule) {
        let takes = self.takes.clone();
        let reach = |key: &[u16], part: Part, turn: Turn| -> u64 {
            let class = self.singles.get(key).copied().or(self.whole(part));
            class.map_or(0, |class| self.classes[class].longest(turn))
        };
        let hours = |key: &[u16], part: Part, turn: Turn| reach(key, part, turn) as f64 / 3.6e12;
        let mut found = Frequencies::new(network, &takes).joint(BUCKETS, hours);
        // Lost until both have ended.
        let could = |one: &FrequentJoint| one.per_hour * 3_600.0 * (one.hours[0] + one.hours[1]);
        found.sort_by(|a, b| could(b).total_cmp(&could(a)).then_with(|| a.key.cmp(&b.key)));
        let mut left: f64 = found.iter().map(could).sum();
        let (hardly, mut events, mut chosen) = (hardly(rule), 0.0, Vec::new());
        for one in found {
            if left <= hardly || chosen.len() >= network.study.joint as usize {
                events += one.per_hour;
                continue;
            }
            left -= could(&one);
            let [(event, first), (next, second)] = one.events;
            let parts = one.others.iter().copied().chain((first == Turn::Up).then_some(event));
            let part = |bucket: u16| {
                let nanoseconds =
                    u128::from(reach(&one.first, event, first)) * u128::from(bucket) / u128::from(BUCKETS);
                Span::from_ns(u64::try_from(nanoseconds).expect("a part of a 64-bit number"))
            };
            let joint =
                Joint { first, kinds: kinds(network, next), second, gap: [part(one.bucket), part(one.bucket + 1)] };
            let down = parts.map(|part| kinds(network, part)).collect();
            chosen.push((one.key, Happening { down, kinds: kinds(network, event), joint: Some(joint) }, one.per_hour));
        }
        self.left.joint = events;
        for (key, happening, per_hour) in chosen {
            let class = self.add(network, happening, per_hour);
            self.pairs.insert(key, class);
        }
    }
}

/// What an event in a degraded fabric may cost in the time until routing settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Prospect {
    /// No connection has anything left to lose.
    Nothing,
    /// Routing finds another way.
    Detour,
    /// It takes the last channel of a connection, so that at its return a session has to come up.
    Silence,
}

fn prospect(standing: &mut Standing<'_>, one: &Frequent) -> Prospect {
    standing.reset();
    let manner = |aspect: Aspect| match aspect {
        Aspect::Fault => Manner::Failover,
        Aspect::OutOfService => Manner::OutOfService,
    };
    let mut fails = |(component, entry, aspect): Part| standing.fails(component, entry, manner(aspect));
    one.others.iter().for_each(|part| fails(*part));
    let before: Vec<u16> = standing.states().iter().map(|state| state.usable).collect();
    let (component, entry, aspect) = one.event;
    standing.fails(component, entry, manner(aspect));
    let of = |(before, after): (&u16, &ConnectionState)| match (*before, after.usable) {
        (0, _) => Prospect::Nothing,
        (_, 0) => Prospect::Silence,
        (_, _) => Prospect::Detour,
    };
    before.iter().zip(standing.states()).map(of).max().unwrap_or(Prospect::Nothing)
}

/// Seconds in an hour that hardly matter to a rule.
fn hardly(rule: &SlaRule) -> f64 {
    HARDLY * rule.target.complement().as_percent() / 100.0 * 3_600.0
}

fn kinds(network: &Network, (component, entry, aspect): Part) -> Vec<FailureKind> {
    let faults = &network.reliability.components[component].turns[entry];
    match aspect {
        Aspect::Fault => faults.clone(),
        Aspect::OutOfService => faults.iter().filter_map(FailureKind::out_of_service).collect(),
    }
}

/// "link b: fibre cut while router a: router down", "..., up to 75 ms after router a: router down".
fn name(network: &Network, happening: &Happening) -> String {
    let event = |kinds: &Vec<FailureKind>| {
        let names: Vec<String> = kinds.iter().map(|kind| network.failing_component(kind)).collect();
        event(&names, kinds)
    };
    let returning = |turn| if turn == Turn::Up { " returns" } else { "" };
    let mut name = event(&happening.kinds);
    if let Some(joint) = &happening.joint {
        let [least, most] = joint.gap;
        let (second, first) = (returning(joint.second), returning(joint.first));
        name = format!("{}{second}, {least} to {most} after {name}{first}", event(&joint.kinds));
    }
    let down: Vec<String> = happening.down.iter().map(event).collect();
    if down.is_empty() { name } else { format!("{name}, while down: {}", down.join(", ")) }
}
