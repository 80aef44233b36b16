//! From the courses of all flows to rates: who shares what, what passes, and how long queues are.

use super::Rated;
use super::course::{Course, Crossing, Place, Step};
use super::lines::Line;
use super::shares::{self, Leg, MilliBps, WHOLE, part, scale};
use super::waits::milli;
use crate::ids::{FlowId, PortId};
use crate::network::Sharing;
use crate::sim::event::Event;
use crate::sim::recorder::EntryIndex;
use crate::sim::run::Run;
use crate::units::{Span, Time};

/// What all rates together bring to ports and policers.
pub(super) struct Loads {
    /// Parts per billion that each passes.
    pub passes: Vec<u64>,
    pub arriving: Vec<MilliBps>,
    /// Millionths of packets a second that arrive.
    pub packets: Vec<u64>,
}

/// Picoseconds in so long a time that a packet in it is one millionth of a packet a second.
const MILLION_SECONDS: u64 = 1_000_000_000_000_000_000;

impl Run<'_> {
    /// Finds the course and the rate of every flow, as the world is at `now`.
    pub(super) fn find_rates(&mut self, now: Time) {
        let mut flows = std::mem::take(&mut self.flow_level.flows);
        for rated in &mut flows {
            let course = self.course(rated.id, now);
            let before = std::mem::replace(&mut rated.course, course);
            keep_remainders(&mut rated.course, &before);
        }
        self.note_used_up();
        let legs: Vec<Vec<Leg>> = flows.iter().map(|rated| self.legs(&rated.course)).collect();
        let capacities = self.capacities(&flows);
        let lines = self.lines(&flows);
        let wishes: Vec<MilliBps> = flows.iter().map(|rated| self.wish(rated.id, now)).collect();
        let fair = match self.network.sharing {
            Sharing::DropProportional => vec![WHOLE; flows.len()],
            Sharing::MaxMin => shares::max_min(&legs, &wishes, &capacities, &lines),
        };
        for ((rated, fair), wish) in flows.iter_mut().zip(fair).zip(&wishes) {
            rated.sends = if *wish == 0 { 0 } else { fair };
        }
        let legs: Vec<Vec<Leg>> = legs.iter().zip(&flows).map(|(legs, rated)| reduced(legs, rated.sends)).collect();
        let (passes, arriving) = shares::drop_proportional(&legs, &capacities, &lines);
        let mut loads = Loads { passes, arriving, packets: Vec::new() };
        for rated in &mut flows {
            rated.course.steps.iter_mut().for_each(|step| self.settle_step(rated.id, step, &loads));
        }
        loads.packets = self.packet_rates(&flows, now);
        for course in flows.iter_mut().map(|rated| &mut rated.course) {
            for step in &mut course.steps {
                step.wait = self.wait_at(step, &loads);
            }
            course.waits = course.steps.iter().fold(Span::ZERO, |sum, step| sum + step.wait);
        }
        self.flow_level.flows = flows;
        self.await_last_number(now, &loads);
    }

    /// What a flow would send at `now`; nothing before it starts and when it has stopped.
    fn wish(&self, id: FlowId, now: Time) -> MilliBps {
        let (flow, now) = (&self.network.flows[id], now.since(self.origin));
        if now < flow.start || now >= flow.stop { 0 } else { self.load(id, self.origin + now, self.mean_size(id)) }
    }

    fn legs(&self, course: &Course) -> Vec<Leg> {
        let leg = |step: &Step| match self.flow_level.resources.at(step.place) {
            Some(resource) => Leg::Shared { resource, load: step.load },
            None => Leg::Passes(step.passes),
        };
        course.steps.iter().map(leg).collect()
    }

    /// What everything shared on the courses carries, the classes of a port apart: they share a line.
    fn capacities(&mut self, flows: &[Rated]) -> Vec<MilliBps> {
        let mut capacities = vec![MilliBps::MAX; self.flow_level.resources.count];
        for step in flows.iter().flat_map(|rated| &rated.course.steps) {
            let Some(resource) = self.flow_level.resources.at(step.place) else { continue };
            if capacities[resource] < MilliBps::MAX {
                continue;
            }
            match step.place {
                Place::Port(Crossing { port, .. }) if self.network.ports[port].queueing.is_some() => {}
                Place::Port(Crossing { port, .. }) => capacities[resource] = milli(self.wire(port).port.rate()),
                Place::Limit(place, router, _) => {
                    if let Some(limit) = self.partitions[self.layout.of(router).0].limit(place) {
                        capacities[resource] = milli(limit.passes().0);
                    }
                }
                Place::Chance(..) => {}
            }
        }
        capacities
    }

    /// The lines on the courses that classes share.
    fn lines(&self, flows: &[Rated]) -> Vec<Line> {
        let mut ports: Vec<PortId> = flows
            .iter()
            .flat_map(|rated| &rated.course.steps)
            .filter_map(|step| match step.place {
                Place::Port(crossing) => Some(crossing.port),
                Place::Limit(..) | Place::Chance(..) => None,
            })
            .collect();
        ports.sort_unstable();
        ports.dedup();
        let line = |port: PortId| {
            let queueing = self.network.ports[port].queueing.as_ref()?;
            let capacity = milli(self.wire(port).port.rate());
            Some(Line::new(self.flow_level.resources.port(port), capacity, &queueing.classes))
        };
        ports.into_iter().filter_map(line).collect()
    }

    fn settle_step(&mut self, flow: FlowId, step: &mut Step, loads: &Loads) {
        let Some(resource) = self.flow_level.resources.at(step.place) else { return };
        step.passes = loads.passes[resource];
        if step.passes < WHOLE {
            step.entry = self.blame_for_overload(flow, step.place);
        }
    }

    fn blame_for_overload(&mut self, flow: FlowId, place: Place) -> Option<EntryIndex> {
        let lasting = self.facts.behind_overload(self.network, flow);
        match place {
            Place::Limit(place, router, _) => self.partitions[self.layout.of(router).0].limit(place)?.blame(lasting),
            Place::Port(Crossing { port, .. }) | Place::Chance(port, _) => {
                self.wire_mut(port).congestion.entry(lasting)
            }
        }
    }

    /// How long packets that pass wait at a step.
    fn wait_at(&mut self, step: &Step, loads: &Loads) -> Span {
        match step.place {
            Place::Port(Crossing { port, class, .. }) => self.wait(port, class, loads),
            Place::Limit(place, router, _) if step.passes < WHOLE => {
                let limit = self.partitions[self.layout.of(router).0].limit(place);
                limit.map_or(Span::ZERO, |limit| limit.passes().1)
            }
            Place::Limit(..) | Place::Chance(..) => Span::ZERO,
        }
    }

    /// Millionths of packets a second at everything shared.
    fn packet_rates(&self, flows: &[Rated], now: Time) -> Vec<u64> {
        let mut rates = vec![0u64; self.flow_level.resources.count];
        for rated in flows {
            let Some(interval) = self.interval_at(rated.id, now) else { continue };
            let full = MILLION_SECONDS / interval.as_ps();
            let mut rate = part(full, rated.sends);
            for step in &rated.course.steps {
                if let Some(resource) = self.flow_level.resources.at(step.place) {
                    rates[resource] = rates[resource].saturating_add(rate);
                }
                rate = part(rate, step.passes);
            }
        }
        rates
    }

    /// Rates end when the first MACsec key has used its last packet number.
    fn await_last_number(&mut self, now: Time, loads: &Loads) {
        let used_up_at = |id: PortId| {
            let left = self.wire(id).port.frames_left();
            let classes = self.network.ports[id].queueing.as_ref().map_or(1, |queueing| queueing.classes.len());
            let first = self.flow_level.resources.port(id);
            let passing = |resource: usize| part(loads.packets[resource], loads.passes[resource]);
            let rate: u64 = (first..first + classes).map(passing).sum();
            let after = scale(left, MILLION_SECONDS, rate.max(1)).max(1);
            (left > 0 && rate > 0).then(|| now.as_ps().saturating_add(after))
        };
        if let Some(at) = self.network.ports.ids().filter_map(used_up_at).min() {
            let serial = self.flow_level.next_serial();
            self.schedule(Event::Rates, Time::from_ps(at), serial);
        }
    }
}

/// Legs of a flow that sends only a part of what it would.
fn reduced(legs: &[Leg], sends: u64) -> Vec<Leg> {
    let leg = |leg: &Leg| match *leg {
        Leg::Shared { resource, load } => Leg::Shared { resource, load: part(load, sends) },
        passes @ Leg::Passes(_) => passes,
    };
    legs.iter().map(leg).collect()
}

/// Parts of packets that are still to be counted stay with the place where they are, as far as the way is the same.
fn keep_remainders(course: &mut Course, before: &Course) {
    for (step, old) in course.steps.iter_mut().zip(&before.steps) {
        if step.place == old.place {
            step.carry = old.carry;
        }
    }
}
