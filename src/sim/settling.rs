//! Does routing settle? Watches the forwarding decisions on each destination for states that come again and again.
//!
//! ```text
//! decision -> state of all routers together (a sum of hashes) -> seen often since the world last changed? -> named
//! ```
//! A route that is explored passes through each state a few times at most; policies that conflict repeat theirs for
//! ever (Griffin, Shepherd, Wilfong 2002). What repeats too long is held, so that every run ends.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{DestinationId, Id, RouterId};
use crate::message::NextHop;
use crate::network::Network;
use crate::rng::mix;
use crate::sim::record::{Oscillation, RouteMove};
use crate::units::Time;

/// A state that comes so often without anything new in the world is a cycle.
const OFTEN: u32 = 16;
/// Changes that are remembered; of a longer cycle only the last ones are told.
const REMEMBERED: usize = 4096;
/// States that are counted; a cycle through more is not named.
const MOST_STATES: usize = 65_536;
/// Changes of one destination after which its routes stay as they are.
const HELD_AFTER: u64 = 100_000;

/// What is known of every destination's way to rest.
#[derive(Default)]
pub(in crate::sim) struct Settling {
    courses: BTreeMap<DestinationId, Course>,
}

/// Decisions on one destination since the world last changed.
#[derive(Default)]
struct Course {
    /// Hash of what each router has decided.
    decided: BTreeMap<RouterId, u64>,
    state: u64,
    visits: BTreeMap<u64, u32>,
    /// Changes with the state that followed.
    history: Vec<(Time, RouterId, Vec<NextHop>, u64)>,
    changes: u64,
    named: Option<Named>,
    held: Option<Time>,
}

/// A cycle that was found.
struct Named {
    found: Time,
    last: Time,
    changes: u64,
    cycle: Vec<(Time, RouterId, Vec<NextHop>)>,
}

impl Settling {
    /// Something new happened: what follows may look like what was.
    pub fn world_changed(&mut self) {
        for course in self.courses.values_mut() {
            course.visits.clear();
            course.history.clear();
            course.changes = 0;
        }
    }

    /// Whether the routes to a destination are held.
    pub fn is_held(&self, destination: DestinationId) -> bool {
        self.courses.get(&destination).is_some_and(|course| course.held.is_some())
    }

    /// A router has decided anew.
    pub fn decided(&mut self, now: Time, destination: DestinationId, router: RouterId, group: &[NextHop]) {
        self.courses.entry(destination).or_default().decided(now, router, group);
    }

    /// The cycles found, in order of destination.
    pub fn oscillations(&self, network: &Network, origin: Time) -> Vec<Oscillation> {
        let courses = self.courses.iter();
        courses.filter_map(|(destination, course)| course.oscillation(network, *destination, origin)).collect()
    }
}

impl Course {
    fn decided(&mut self, now: Time, router: RouterId, group: &[NextHop]) {
        let hash = decision_hash(router, group);
        let before = self.decided.insert(router, hash).unwrap_or(0);
        self.state = self.state.wrapping_sub(before).wrapping_add(hash);
        self.changes += 1;
        if let Some(named) = &mut self.named {
            named.last = now;
            named.changes += 1;
        }
        if self.changes >= HELD_AFTER && self.named.is_some() {
            self.held.get_or_insert(now);
        }
        if self.history.len() == REMEMBERED {
            self.history.clear();
        }
        if self.visits.len() == MOST_STATES {
            self.visits.clear();
        }
        self.history.push((now, router, group.to_vec(), self.state));
        let visits = self.visits.entry(self.state).or_insert(0);
        *visits += 1;
        if *visits == OFTEN && self.named.is_none() {
            self.named = Some(self.name(now));
        }
    }

    /// The changes between the last two visits of the state.
    fn name(&self, now: Time) -> Named {
        let earlier = self.history[..self.history.len() - 1].iter().rposition(|change| change.3 == self.state);
        let from = earlier.map_or(0, |index| index + 1);
        let cycle = self.history[from..].iter().map(|(at, router, group, _)| (*at, *router, group.clone())).collect();
        Named { found: now, last: now, changes: self.changes, cycle }
    }

    fn oscillation(&self, network: &Network, destination: DestinationId, origin: Time) -> Option<Oscillation> {
        let named = self.named.as_ref()?;
        let name = |router: RouterId| network.routers[router].name.clone();
        let moved = |(_, router, group): &(Time, RouterId, Vec<NextHop>)| RouteMove {
            router: name(*router),
            via: group.iter().map(|hop| name(network.ports[hop.port].to)).collect(),
        };
        let routers: BTreeSet<RouterId> = named.cycle.iter().map(|(_, router, _)| *router).collect();
        let (first, last) = (named.cycle.first()?.0, named.cycle.last()?.0);
        Some(Oscillation {
            prefix: network.destinations[destination].prefix.to_string(),
            routers: routers.into_iter().map(name).collect(),
            cycle: named.cycle.iter().map(moved).collect(),
            period: last.since(first),
            found: named.found.since(origin.min(named.found)),
            last: named.last.since(origin.min(named.last)),
            changes: named.changes,
            held: self.held.map(|at| at.since(origin.min(at))),
        })
    }
}

fn decision_hash(router: RouterId, group: &[NextHop]) -> u64 {
    let begin = mix(router.index() as u64 + 1);
    group.iter().fold(begin, |hash, hop| mix(hash.rotate_left(1) ^ hop.port.index() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PortId;
    use crate::message::NO_LOGICAL_LINK;
    use crate::units::Span;

    fn by(port: u32) -> [NextHop; 1] {
        [NextHop { port: PortId(port), logical_link: NO_LOGICAL_LINK }]
    }

    fn at(step: u64) -> Time {
        Time::ZERO + Span::from_ms(step)
    }

    const HERE: DestinationId = DestinationId(0);

    #[test]
    fn two_routers_that_take_turns_are_a_cycle_of_their_changes() {
        let mut settling = Settling::default();
        for step in 0..200 {
            settling.decided(at(step), HERE, RouterId(u32::try_from(step % 2).unwrap()), &by(u32::from(step % 4 < 2)));
        }
        let named = settling.courses[&HERE].named.as_ref().expect("found");
        assert_eq!(named.cycle.len(), 4, "each goes there and back");
        assert_eq!(named.changes, 200);
        assert!(named.found < at(80), "{}", named.found);
    }

    #[test]
    fn what_settles_or_is_disturbed_from_outside_is_no_cycle() {
        let mut settling = Settling::default();
        for step in 0..14 {
            settling.decided(at(step), HERE, RouterId(0), &by(u32::from(step % 2 == 0)));
        }
        assert!(settling.courses[&HERE].named.is_none());
        for step in 14..400 {
            if step % 10 == 0 {
                settling.world_changed();
            }
            settling.decided(at(step), HERE, RouterId(0), &by(u32::from(step % 2 == 0)));
        }
        assert!(settling.courses[&HERE].named.is_none());
    }

    #[test]
    fn what_never_ends_is_held() {
        let mut settling = Settling::default();
        for step in 0..HELD_AFTER - 1 {
            settling.decided(at(step), HERE, RouterId(0), &by(u32::from(step % 2 == 0)));
        }
        assert!(!settling.is_held(HERE));
        settling.decided(at(HELD_AFTER), HERE, RouterId(0), &by(5));
        assert!(settling.is_held(HERE) && !settling.is_held(DestinationId(1)));
    }
}
