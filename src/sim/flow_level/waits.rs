//! How long packets wait at ports, from the rates that come there: means, as of M/D/1.

use super::lines::Line;
use super::rates::Loads;
use super::shares::{MilliBps, WHOLE, fraction, part, scale};
use crate::ids::PortId;
use crate::network::{Buffer, EarlyDetection, Port, QueueClass, Queueing, Room, Service, Threshold};
use crate::sim::run::Run;
use crate::units::{Bytes, Rate, Span};

impl Run<'_> {
    /// The mean wait of a class at a port; of all data where it has none.
    pub(super) fn wait(&self, id: PortId, class: usize, loads: &Loads) -> Span {
        let (port, rate) = (&self.network.ports[id], self.wire(id).port.rate());
        let first = self.flow_level.resources.port(id);
        if loads.packets[first + class] == 0 {
            return Span::ZERO;
        }
        match &port.queueing {
            None => alone(port.buffer, rate, service(first, loads, rate), loads.arriving[first]),
            Some(queueing) => {
                let line = Line::new(first, milli(rate), &queueing.classes);
                Classes { port, queueing, line, rate, loads }.wait(class)
            }
        }
    }
}

/// A rate in thousandths of bits a second.
pub fn milli(rate: Rate) -> MilliBps {
    rate.as_bps().saturating_mul(1_000)
}

/// The mean time that a packet of a resource takes on the line.
fn service(resource: usize, loads: &Loads, rate: Rate) -> Span {
    // Thousandths of bits over millionths of packets a second, over bits a second, in picoseconds.
    let bits_ps = scale(loads.arriving[resource], 1_000_000_000_000_000, loads.packets[resource].max(1));
    Span::from_ps(bits_ps / rate.as_bps())
}

/// M/D/1 with load r and mean service S: r S / 2 (1 - r); a full buffer's at full load.
fn alone(buffer: Buffer, rate: Rate, service: Span, load: MilliBps) -> Span {
    let full = match buffer {
        Buffer::Bytes(bytes) => rate.transmission_time(bytes),
        Buffer::Packets(packets) => service.times(u64::from(packets)),
        // What is too much waits for ever, and none of it arrives.
        Buffer::Unlimited => Span::ZERO,
    };
    let used = fraction(load, milli(rate));
    if used == WHOLE {
        return full;
    }
    let mean = Span::from_ps(scale(service.as_ps(), used, 2 * (WHOLE - used)));
    match buffer {
        Buffer::Bytes(_) | Buffer::Packets(_) => mean.min(full),
        Buffer::Unlimited => mean,
    }
}

/// The classes of one port, with what comes to them.
struct Classes<'a> {
    port: &'a Port,
    queueing: &'a Queueing,
    line: Line,
    rate: Rate,
    loads: &'a Loads,
}

impl Classes<'_> {
    fn wait(&self, class: usize) -> Span {
        let passes = self.passes(class);
        if passes < WHOLE {
            return self.full(class, WHOLE - passes);
        }
        let mean = self.mean(class);
        if self.port.buffer == Buffer::Unlimited { mean } else { mean.min(self.full(class, WHOLE)) }
    }

    /// In a queue that is not full.
    fn mean(&self, class: usize) -> Span {
        // Cobham 1954: W0 / ((1 - s) (1 - t)), with the residual service W0 of all, and the loads s of the classes
        // before this one and t with its own. Round-robin classes count as one, the last.
        let residual: u64 =
            self.all().map(|other| scale(self.service(other).as_ps(), self.used(other), 2 * WHOLE)).sum();
        let is_before = |other: usize| self.is_strict(other) && (other < class || !self.is_strict(class));
        let before: u64 = self.all().filter(|other| is_before(*other)).map(|other| self.used(other)).sum();
        let own: u64 = self
            .all()
            .filter(|other| *other == class || !self.is_strict(class) && !is_before(*other))
            .map(|other| self.used(other))
            .sum();
        let is_full = self.all().any(|other| !self.is_strict(other) && self.passes(other) < WHOLE);
        if is_full && !self.is_strict(class) {
            return self.in_own_share(class, before, residual);
        }
        let left = part(WHOLE.saturating_sub(before), WHOLE.saturating_sub(before + own));
        Span::from_ps(scale(residual, WHOLE, left.max(1)))
    }

    /// In a line that others fill: as alone in the share that nobody can take, behind the rest of what is sent, and half
    /// the turns of those who always have something to send. Strict classes take `before`.
    fn in_own_share(&self, class: usize, before: u64, residual: u64) -> Span {
        let load = self.loads.arriving[self.line.first + class];
        let share = self.line.most(class, &self.loads.arriving[self.line.resources()]).max(1);
        let used = fraction(load, share).min(WHOLE - 1);
        let service = scale(self.service(class).as_ps(), self.line.capacity, share);
        let turn = |other: usize| match self.queueing.classes[other].service {
            Service::DeficitRoundRobin { quantum } if self.passes(other) < WHOLE => {
                self.rate.transmission_time(Bytes(quantum.into())).as_ps() / 2
            }
            Service::DeficitRoundRobin { .. } | Service::Strict => 0,
        };
        let turns = scale(self.all().map(turn).sum(), WHOLE, WHOLE.saturating_sub(before).max(1));
        Span::from_ps(residual + turns + scale(service, used, 2 * (WHOLE - used)))
    }

    /// With `lost` parts per billion too much: as long as its part of the line takes for a full queue.
    fn full(&self, class: usize, lost: u64) -> Span {
        let resource = self.line.first + class;
        let carried = part(self.loads.arriving[resource], self.loads.passes[resource]).max(1);
        let Some(length) = steady_length(self.port.buffer, self.queueing, class, lost) else { return Span::ZERO };
        let slower = |span: Span| Span::from_ps(scale(span.as_ps(), self.line.capacity, carried));
        match self.port.buffer {
            Buffer::Bytes(_) | Buffer::Unlimited => slower(self.rate.transmission_time(Bytes(length))),
            Buffer::Packets(_) => slower(self.service(class).times(length)),
        }
    }

    fn passes(&self, class: usize) -> u64 {
        self.loads.passes[self.line.first + class]
    }

    fn all(&self) -> std::ops::Range<usize> {
        0..self.queueing.classes.len()
    }

    fn is_strict(&self, class: usize) -> bool {
        self.queueing.classes[class].service == Service::Strict
    }

    fn service(&self, class: usize) -> Span {
        service(self.line.first + class, self.loads, self.rate)
    }

    /// The part of the line that a class keeps busy, in parts per billion.
    fn used(&self, class: usize) -> u64 {
        let resource = self.line.first + class;
        fraction(part(self.loads.arriving[resource], self.loads.passes[resource]), self.line.capacity)
    }
}

/// How long a queue stays of which `lost` parts per billion are refused: where early detection drops as many, or at its
/// limit. In the unit of the buffer, `None` without a limit.
fn steady_length(buffer: Buffer, queueing: &Queueing, class: usize, lost: u64) -> Option<u64> {
    let size = match buffer {
        Buffer::Bytes(bytes) => Some(bytes.0),
        Buffer::Packets(packets) => Some(u64::from(packets)),
        Buffer::Unlimited => None,
    };
    let reserved = |class: &QueueClass| match class.room {
        Room::Exempt => 0,
        Room::Limited { reserved, .. } => reserved,
    };
    let of = &queueing.classes[class];
    let shared = size.map(|size| size.saturating_sub(queueing.classes.iter().map(reserved).sum()));
    let most = match of.room {
        Room::Exempt => size,
        Room::Limited { reserved, limit, threshold } => {
            // Alone above its threshold a queue takes alpha / (1 + alpha) of what is shared (Choudhury and Hahne 1998).
            let part = |Threshold { numerator, denominator }, shared| {
                scale(shared, numerator.into(), u64::from(numerator) + u64::from(denominator))
            };
            let room = shared.map(|shared| reserved + threshold.map_or(shared, |alpha| part(alpha, shared)));
            room.into_iter().chain(limit).min()
        }
    };
    let early = of.early.map(|early| length_of_early_drops(&early, lost));
    early.into_iter().chain(most).min()
}

/// Where early detection of packets with the lowest precedence drops so many parts per billion: at a probability of p
/// there are (1/p + 1) / 2 packets from one drop to the next (Floyd and Jacobson 1993, section 7).
fn length_of_early_drops(early: &EarlyDetection, lost: u64) -> u64 {
    let [curve, ..] = early.curves;
    let (probability, most) = (scale(lost, WHOLE, 2 * WHOLE - lost), curve.probability.as_ppb());
    if probability >= most { curve.max } else { curve.min + scale(curve.max - curve.min, probability, most) }
}
