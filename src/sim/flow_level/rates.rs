//! From the courses of all flows to rates: who shares what, what passes, and how long queues are.

use super::Rated;
use super::course::{Course, Place, Step};
use super::shares::{self, Leg, MilliBps, WHOLE, fraction, part, scale};
use crate::ids::{FlowId, Id, PortId};
use crate::network::{Buffer, Sharing};
use crate::sim::event::Event;
use crate::sim::recorder::EntryIndex;
use crate::sim::run::Run;
use crate::units::{Rate, Span, Time};

/// What all rates together bring to ports and policers.
struct Loads {
    /// Parts per billion that each passes.
    passes: Vec<u64>,
    arriving: Vec<MilliBps>,
    /// Millionths of packets a second that arrive at each port.
    packets: Vec<u64>,
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
        let wishes: Vec<MilliBps> = flows.iter().map(|rated| self.wish(rated.id, now)).collect();
        let fair = match self.network.sharing {
            Sharing::DropProportional => vec![WHOLE; flows.len()],
            Sharing::MaxMin => shares::max_min(&legs, &wishes, &capacities),
        };
        for ((rated, fair), wish) in flows.iter_mut().zip(fair).zip(&wishes) {
            rated.sends = if *wish == 0 { 0 } else { fair };
        }
        let legs: Vec<Vec<Leg>> = legs.iter().zip(&flows).map(|(legs, rated)| reduced(legs, rated.sends)).collect();
        let (passes, arriving) = shares::drop_proportional(&legs, &capacities);
        let mut loads = Loads { passes, arriving, packets: Vec::new() };
        for step in flows.iter_mut().flat_map(|rated| &mut rated.course.steps) {
            self.settle_step(step, &loads);
        }
        loads.packets = self.packet_rates(&flows, now);
        for course in flows.iter_mut().map(|rated| &mut rated.course) {
            course.waits = course.steps.iter().fold(Span::ZERO, |sum, step| sum + self.wait_at(step, &loads));
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
        let leg = |step: &Step| match self.resource(step.place) {
            Some(resource) => Leg::Shared { resource, load: step.load },
            None => Leg::Passes(step.passes),
        };
        course.steps.iter().map(leg).collect()
    }

    /// What everything shared on the courses carries.
    fn capacities(&mut self, flows: &[Rated]) -> Vec<MilliBps> {
        let milli = |rate: Rate| rate.as_bps().saturating_mul(1_000);
        let mut capacities = vec![MilliBps::MAX; self.resources()];
        for step in flows.iter().flat_map(|rated| &rated.course.steps) {
            let Some(resource) = self.resource(step.place) else { continue };
            if capacities[resource] < MilliBps::MAX {
                continue;
            }
            match step.place {
                Place::Port(port, _) => capacities[resource] = milli(self.wire(port).port.rate()),
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

    fn settle_step(&mut self, step: &mut Step, loads: &Loads) {
        let Some(resource) = self.resource(step.place) else { return };
        step.passes = loads.passes[resource];
        if step.passes < WHOLE {
            step.entry = self.blame_for_overload(step.place);
        }
    }

    fn blame_for_overload(&mut self, place: Place) -> Option<EntryIndex> {
        let lasting = self.facts.latest_lasting();
        match place {
            Place::Limit(place, router, _) => self.partitions[self.layout.of(router).0].limit(place)?.blame(lasting),
            Place::Port(port, _) | Place::Chance(port, _) => self.wire_mut(port).congestion.entry(lasting),
        }
    }

    /// How long packets that pass wait at a step.
    fn wait_at(&mut self, step: &Step, loads: &Loads) -> Span {
        match step.place {
            Place::Port(port, _) => self.wait(port, loads),
            Place::Limit(place, router, _) if step.passes < WHOLE => {
                let limit = self.partitions[self.layout.of(router).0].limit(place);
                limit.map_or(Span::ZERO, |limit| limit.passes().1)
            }
            Place::Limit(..) | Place::Chance(..) => Span::ZERO,
        }
    }

    /// Millionths of packets a second at every port.
    fn packet_rates(&self, flows: &[Rated], now: Time) -> Vec<u64> {
        let mut rates = vec![0u64; self.network.ports.len()];
        for rated in flows {
            let Some(interval) = self.interval_at(rated.id, now) else { continue };
            let full = MILLION_SECONDS / interval.as_ps();
            let mut rate = part(full, rated.sends);
            for step in &rated.course.steps {
                if let Some(port) = step.queue() {
                    rates[port.index()] = rates[port.index()].saturating_add(rate);
                }
                rate = part(rate, step.passes);
            }
        }
        rates
    }

    /// The mean wait at a port: r S / 2 (1 - r), as of M/D/1 with load r and mean service S; a full buffer's at full load.
    fn wait(&self, id: PortId, loads: &Loads) -> Span {
        let port = &self.network.ports[id];
        let (load, packets) = (loads.arriving[id.index()], loads.packets[id.index()]);
        if packets == 0 {
            return Span::ZERO;
        }
        let rate = self.wire(id).port.rate();
        // Thousandths of bits over millionths of packets a second, over bits a second, in picoseconds.
        let bits_ps = scale(load, 1_000_000_000_000_000, packets);
        let service = Span::from_ps(bits_ps / rate.as_bps());
        let full = match port.buffer {
            Buffer::Bytes(bytes) => rate.transmission_time(bytes),
            Buffer::Packets(packets) => service.times(u64::from(packets)),
            // What is too much waits for ever, and none of it arrives.
            Buffer::Unlimited => Span::ZERO,
        };
        let used = fraction(load, rate.as_bps().saturating_mul(1_000));
        if used == WHOLE {
            return full;
        }
        let mean = Span::from_ps(scale(service.as_ps(), used, 2 * (WHOLE - used)));
        match port.buffer {
            Buffer::Bytes(_) | Buffer::Packets(_) => mean.min(full),
            Buffer::Unlimited => mean,
        }
    }

    /// Rates end when the first MACsec key has used its last packet number.
    fn await_last_number(&mut self, now: Time, loads: &Loads) {
        let used_up_at = |id: PortId| {
            let left = self.wire(id).port.frames_left();
            let rate = part(loads.packets[id.index()], loads.passes[id.index()]);
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
