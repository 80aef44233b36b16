//! The one place that says what becomes of a packet of a flow that is sent now.
//!
//! It asks the same tables, hashes, ports and wires, in the same order, as a packet would on its way.

use super::shares::{MilliBps, WHOLE};
use crate::dataplane::{Expected, Lookup};
use crate::ids::{FailureId, FlowId, LogicalLinkId, PortId, RouterId};
use crate::message::{DropReason, NO_LOGICAL_LINK, NextHop, Packet};
use crate::sim::facts::FlowEnd;
use crate::sim::limits::LimitPlace;
use crate::sim::recorder::EntryIndex;
use crate::sim::run::Run;
use crate::units::{Bytes, Share, Span, Time};

/// The way of a flow's packets, and what takes some of them.
#[derive(Debug, Clone, Default)]
pub struct Course {
    /// In order.
    pub steps: Vec<Step>,
    pub end: End,
    /// From the source to the end of the way, queues apart.
    pub unloaded: Span,
    /// In queues.
    pub waits: Span,
}

/// How a way ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum End {
    /// At the target.
    #[default]
    Delivered,
    /// All die.
    Lost(Lost),
}

/// Where packets die, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    pub reason: DropReason,
    pub entry: Option<EntryIndex>,
    /// The port at which, or on whose wire.
    pub port: Option<PortId>,
}

/// Something on the way that may take a part of the packets.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub place: Place,
    /// Parts per billion that pass.
    pub passes: u64,
    /// The ledger entry behind what does not.
    pub entry: Option<EntryIndex>,
    /// What the flow brings when nothing is lost before; nothing to a chance.
    pub load: MilliBps,
    /// The part of a packet, in parts per billion, that is still to be counted.
    pub carry: u64,
    /// Parts of bytes that are still to be counted.
    pub remainder: u64,
    /// How long packets that pass wait here.
    pub wait: Span,
}

/// What a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A rate limit at a router; in front of a port when it is a logical link's.
    Limit(LimitPlace, RouterId, Option<PortId>),
    /// A port with its queue.
    Port(Crossing),
    /// Chance on a wire, and what it does.
    Chance(PortId, DropReason),
}

/// A port on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    pub port: PortId,
    /// By its place among the port's classes; the first where it has none.
    pub class: usize,
    /// The logical link and direction that packets ride by it.
    pub rides: Option<(LogicalLinkId, usize)>,
    /// Why packets are refused when too many come.
    pub refusal: DropReason,
}

impl Place {
    /// Why packets die here.
    pub const fn reason(self) -> DropReason {
        match self {
            Self::Limit(..) => DropReason::RateLimit,
            Self::Port(crossing) => crossing.refusal,
            Self::Chance(_, reason) => reason,
        }
    }

    /// The port in whose counters they are.
    pub const fn port(self) -> Option<PortId> {
        match self {
            Self::Limit(_, _, port) => port,
            Self::Port(Crossing { port, .. }) | Self::Chance(port, _) => Some(port),
        }
    }
}

/// Half a packet: counts are rounded to the nearest one.
const HALF: u64 = WHOLE / 2;

impl Step {
    const fn new(place: Place, load: MilliBps) -> Self {
        Self { place, passes: WHOLE, entry: None, load, carry: HALF, remainder: 0, wait: Span::ZERO }
    }

    /// How many of so many packets pass; what is rounded away is remembered.
    pub fn pass(&mut self, packets: u64) -> u64 {
        accumulate(packets, self.passes, &mut self.carry)
    }
}

/// So many parts per billion of `packets`, whole packets now and the rest another time.
pub fn accumulate(packets: u64, parts: u64, carry: &mut u64) -> u64 {
    if parts == WHOLE {
        return packets;
    }
    let sum = u128::from(packets) * u128::from(parts) + u128::from(*carry);
    *carry = u64::try_from(sum % u128::from(WHOLE)).expect("a remainder");
    u64::try_from(sum / u128::from(WHOLE)).expect("not more than there are")
}

impl Run<'_> {
    /// The way of a packet of mean size that `flow` sends at `now`; what full queues and policers take is decided later.
    pub(super) fn course(&mut self, flow: FlowId, now: Time) -> Course {
        let bytes = self.mean_size(flow);
        let source = &self.partitions[self.layout.of(self.network.flows[flow].edge).0].sources[flow];
        let packet = source.packet(flow, now, u32::try_from(bytes).unwrap_or(u32::MAX));
        let (edge, attachment, limited_by) = (source.edge, source.limited_at, source.limited_by);
        let mut course = Course::default();
        let load = self.load(flow, now, bytes);
        let attachment = attachment.map(LimitPlace::Attachment);
        let connection = limited_by.map(|(connection, direction)| LimitPlace::Edge(connection, direction.into()));
        for place in attachment.into_iter().chain(connection) {
            self.meet_limit(place, edge, None, load, &mut course);
        }
        let host_down = |end| {
            let entry = self.facts.host_down(self.network, flow, end);
            entry.map(|entry| Lost { reason: DropReason::ZoneDown, entry: Some(entry), port: None })
        };
        let (sender, target) = (host_down(FlowEnd::Source), host_down(FlowEnd::Target));
        let way = sender.map_or(Ok(()), Err).and_then(|()| self.follow(edge, packet, &mut course));
        if let Err(lost) = way.and(target.map_or(Ok(()), Err)) {
            course.end = End::Lost(lost);
        }
        course
    }

    /// The mean size of a flow's packets, in whole bytes.
    pub(super) fn mean_size(&self, flow: FlowId) -> u64 {
        let edge = self.network.flows[flow].edge;
        let (bytes, packets) = self.partitions[self.layout.of(edge).0].sources[flow].source.mean_size();
        bytes.div_ceil(packets)
    }

    /// The mean time between a flow's packets; `None` at an hour of the day without any.
    pub(super) fn interval_at(&self, flow: FlowId, now: Time) -> Option<Span> {
        let edge = self.network.flows[flow].edge;
        self.partitions[self.layout.of(edge).0].sources[flow].source.interval_at(now.since(self.origin))
    }

    /// What a flow brings to a resource where each of its packets counts so many bytes.
    pub(super) fn load(&self, flow: FlowId, now: Time, bytes: u64) -> MilliBps {
        const PS_PER_MILLI: u128 = 1_000_000_000_000_000;
        let Some(interval) = self.interval_at(flow, now) else { return 0 };
        let interval = u128::from(interval.as_ps());
        u64::try_from(u128::from(bytes) * 8 * PS_PER_MILLI / interval).unwrap_or(u64::MAX)
    }

    fn follow(&mut self, edge: RouterId, mut packet: Packet, course: &mut Course) -> Result<(), Lost> {
        let mut router = edge;
        while self.network.destinations[packet.destination].router != router {
            let entry = self.facts.route_entry(router, packet.destination);
            if packet.ttl == 0 {
                return Err(Lost { reason: DropReason::TtlExpired, entry, port: None });
            }
            packet.ttl -= 1;
            match self.partitions[self.layout.of(router).0].next_hop(router, &packet) {
                Lookup::NoRoute => return Err(Lost { reason: DropReason::NoRoute, entry, port: None }),
                Lookup::Here => return Ok(()),
                Lookup::Via(hop) => {
                    self.cross(router, hop, &packet, course)?;
                    router = self.network.ports[hop.port].to;
                }
            }
        }
        Ok(())
    }

    fn cross(&mut self, router: RouterId, hop: NextHop, packet: &Packet, course: &mut Course) -> Result<(), Lost> {
        let size = Bytes(u64::from(packet.size));
        let load = self.load(packet.flow, packet.sent, size.0);
        let wire_load = self.load(packet.flow, packet.sent, self.network.ports[hop.port].wire_size(size).0);
        self.cross_with(router, hop, packet, (load, wire_load), course)
    }

    /// A policer if there is one, a port, and the wire behind it; `load` is what the packet's flow brings to either.
    pub fn cross_with(
        &mut self,
        router: RouterId,
        hop: NextHop,
        packet: &Packet,
        (load, wire_load): (MilliBps, MilliBps),
        course: &mut Course,
    ) -> Result<(), Lost> {
        let id = hop.port;
        let is_logical = hop.logical_link != NO_LOGICAL_LINK;
        if is_logical {
            if packet.size > self.partitions[self.layout.of(router).0].link_mtus[hop.logical_link] {
                return Err(Lost { reason: DropReason::TooBig, entry: None, port: Some(id) });
            }
            let place = LimitPlace::Link(hop.logical_link, self.wire(id).end);
            self.meet_limit(place, router, Some(id), load, course);
        }
        let partition = &mut self.partitions[self.layout.of(router).0];
        let wire = &partition.wires[id];
        if let Err(reason) = wire.port.would_admit(packet) {
            let entry = partition.blame_at_port(id, packet.flow, reason, &self.facts);
            return Err(Lost { reason, entry, port: Some(id) });
        }
        let class = wire.port.class_of(packet).unwrap_or(0);
        let rides = is_logical.then_some((hop.logical_link, wire.direction));
        let queueing = self.network.ports[id].queueing.as_ref();
        let is_early = queueing.is_some_and(|queueing| queueing.classes[class].early.is_some());
        let refusal = if is_early { DropReason::RedDrop } else { DropReason::BufferFull };
        course.steps.push(Step::new(Place::Port(Crossing { port: id, class, rides, refusal }), wire_load));
        course.unloaded += wire.port.unloaded(packet);
        self.survive(id, packet, course)
    }

    fn meet_limit(
        &mut self,
        place: LimitPlace,
        router: RouterId,
        port: Option<PortId>,
        load: MilliBps,
        course: &mut Course,
    ) {
        if self.partitions[self.layout.of(router).0].limit(place).is_some() {
            course.steps.push(Step::new(Place::Limit(place, router, port), load));
        }
    }

    /// What the wire behind a port does to a packet.
    fn survive(&self, id: PortId, packet: &Packet, course: &mut Course) -> Result<(), Lost> {
        let (wire, now, size) = (self.wire(id), packet.sent, Bytes(u64::from(packet.size)));
        let dies = |reason, entry| Err(Lost { reason, entry, port: Some(id) });
        if let Some((reason, failure)) = wire.port.meets_dead_time((now, now)) {
            return dies(reason, self.facts.incidents[failure]);
        }
        for expected in wire.far_end.iter().flat_map(|far_end| far_end.impairments.expected(size)) {
            match expected {
                Expected::Lost { reason, failure, parts_per_billion } => {
                    course.steps.push(self.chance(id, reason, failure, parts_per_billion));
                }
                Expected::Damaged { failure, parts_per_billion } => {
                    if self.network.ports[id].macsec.is_some_and(|config| config.needs_icv()) {
                        course.steps.push(self.chance(id, DropReason::MacsecIcv, failure, parts_per_billion));
                    }
                }
                Expected::Late(mean) => course.unloaded += mean,
            }
        }
        if let Some(failure) = self.facts.power_causes[wire.to].last() {
            return dies(DropReason::RouterDown, self.facts.incidents[*failure]);
        }
        if wire.keys.as_ref().is_some_and(|keys| !keys.agree()) && wire.port.passes() {
            return dies(DropReason::MacsecNoSa, self.facts.link_blame[wire.link].entry());
        }
        if wire.port.is_receiver_closed() {
            return dies(DropReason::PortDown, self.facts.link_blame[wire.link].entry());
        }
        Ok(())
    }

    fn chance(&self, port: PortId, reason: DropReason, failure: FailureId, parts_per_billion: u64) -> Step {
        let passes = Share::from_ppb(parts_per_billion).complement().as_ppb();
        Step { passes, entry: self.facts.incidents[failure], ..Step::new(Place::Chance(port, reason), 0) }
    }
}
