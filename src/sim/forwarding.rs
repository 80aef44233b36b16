//! The hot path: packets from source to wire to router to wire to target.

use crate::dataplane::{Found, Lag, Lookup, Offer};
use crate::ids::{FlowId, IdVec, LogicalLinkId, PortId, RouterId};
use crate::message::{DropReason, NO_LOGICAL_LINK, NextHop, Packet, PacketKind};
use crate::network::{FlowRole, Transport};
use crate::sim::event::Event;
use crate::sim::facts::{Facts, FlowEnd};
use crate::sim::far_end::Arrived;
use crate::sim::layout::Layout;
use crate::sim::limits::{LimitPlace, Passed};
use crate::sim::partition::{Partition, Reach};
use crate::sim::recorder::EntryIndex;
use crate::sim::snapshot::DeathPlace;
use crate::units::Time;

impl Partition<'_> {
    /// The first packet, transfer or exchange of every flow that begins here; answers have no source of their own.
    pub fn start_sources(&mut self, layout: &Layout) {
        for (id, flow) in self.network.flows.enumerate() {
            if layout.of(flow.edge) != self.index {
                continue;
            }
            let first = match (flow.role, &flow.transport) {
                (FlowRole::Data, Transport::Tcp(_) | Transport::Exchanges(_)) => self.first_asked_for(id),
                (FlowRole::Data, Transport::Datagrams) | (FlowRole::ProbeRequest(_), _) => {
                    self.sources[id].source.first()
                }
                (FlowRole::Answers | FlowRole::ProbeReply(_), _) => None,
            };
            if let Some(first) = first {
                self.schedule_source(id, self.origin + flow.start + first);
            }
        }
    }

    /// Takes the next packet of every data flow out of the queue, and tells when it was due.
    pub fn rest_sources(&mut self, due: &mut IdVec<FlowId, Option<Time>>) {
        let network = self.network;
        self.queue.sources.retain(|key| {
            let Event::Source(flow) = Event::of(key) else { return true };
            let is_rated = network.flows[flow].is_rated();
            if is_rated {
                due[flow] = Some(key.time());
            }
            !is_rated
        });
    }

    /// A flow's source is to be heard again at `at`, unless it stops before.
    #[inline]
    pub fn schedule_source(&mut self, id: FlowId, at: Time) {
        let source = &mut self.sources[id];
        if at < source.stop {
            source.serial = source.serial.wrapping_add(1);
            let serial = source.serial;
            self.schedule_packet(id, at, serial);
        }
    }

    /// A flow sends its next packet.
    #[inline]
    pub fn source_sends(&mut self, id: FlowId, facts: &Facts) {
        let source = &mut self.sources[id];
        if source.kind == PacketKind::Content {
            return self.next_asked_for(id, facts);
        }
        let size = source.source.next_size();
        let next = source.source.next_interval().map(|interval| self.now + interval);
        let payload = match source.kind {
            PacketKind::Data => {
                source.number = source.number.wrapping_add(1);
                source.number
            }
            PacketKind::ProbeRequest => self.recorder.monitors.request(self.now, id),
            PacketKind::Content
            | PacketKind::ProbeReply
            | PacketKind::Duplicate
            | PacketKind::ControlNeighbour
            | PacketKind::ControlRouted
            | PacketKind::ControlMember
            | PacketKind::Uncontrolled => {
                unreachable!("only data and requests have a source")
            }
        };
        self.inject(id, size, payload, facts);
        if let Some(next) = next {
            self.schedule_source(id, next);
        }
    }

    #[inline]
    fn inject(&mut self, id: FlowId, size: u32, payload: u32, facts: &Facts) {
        let mut packet = self.packet_of(id, self.sources[id].kind, size, payload);
        self.admit(&mut packet, facts);
    }

    /// A packet that a flow sends now.
    #[inline]
    pub fn packet_of(&self, id: FlowId, kind: PacketKind, size: u32, payload: u32) -> Packet {
        let source = &self.sources[id];
        Packet { payload, kind, ..source.packet(id, self.now, size) }
    }

    /// A packet of a flow enters the network at its edge.
    #[inline]
    pub fn admit(&mut self, packet: &mut Packet, facts: &Facts) {
        let source = &self.sources[packet.flow];
        let (edge, limited_at) = (source.edge, (source.limited_at, source.limited_by));
        self.recorder.sent(packet);
        if !facts.dead_zones.is_empty() && self.dies_in_zone(packet, FlowEnd::Source, facts) {
            return;
        }
        match limited_at {
            (None, None) => self.receive(edge, packet, facts),
            (None, Some(_)) => self.leave_attachment(packet, facts),
            (Some(attachment), _) => {
                if self.pass(LimitPlace::Attachment(attachment), packet, facts) == Passed::Yes {
                    self.leave_attachment(packet, facts);
                }
            }
        }
    }

    /// A packet has passed the limit of its attachment.
    #[inline]
    pub fn leave_attachment(&mut self, packet: &mut Packet, facts: &Facts) {
        let limited_by = self.sources[packet.flow].limited_by;
        let place = limited_by.map(|(connection, direction)| LimitPlace::Edge(connection, direction.into()));
        if place.is_none_or(|place| self.pass(place, packet, facts) == Passed::Yes) {
            self.leave_edge(packet, facts);
        }
    }

    /// A packet has passed all limits of its edge.
    #[inline]
    pub fn leave_edge(&mut self, packet: &mut Packet, facts: &Facts) {
        let edge = self.sources[packet.flow].edge;
        self.receive(edge, packet, facts);
    }

    /// The head of a wire reaches the next router.
    #[inline(always)]
    pub fn wire_arrives(&mut self, id: PortId, facts: &Facts) {
        let wire = &mut self.wires[id];
        let Some(head) = wire.port.plain_head_at(&self.packets, self.now) else {
            return self.watched_wire_arrives(id, facts);
        };
        let mut packet = *head;
        let to = wire.to;
        if let Some(next) = wire.port.advance(&mut self.packets) {
            self.await_head(id, next);
        }
        self.packet_hops += 1;
        self.receive(to, &mut packet, facts);
    }

    /// As [`Self::wire_arrives`], where it must be asked what befell the packet, or whether there is one.
    #[cold]
    fn watched_wire_arrives(&mut self, id: PortId, facts: &Facts) {
        if self.wires[id].port.head_at(&self.packets, self.now).is_none() {
            self.stale += 1; // The packet of this event was flushed.
            return;
        }
        match self.take_arrival(id, facts) {
            Arrived::Packet(mut packet) => {
                let to = self.wires[id].to;
                self.receive(to, &mut packet, facts);
            }
            Arrived::Lost => {}
            Arrived::Late(at) => {
                let serial = self.wires[id].next_serial();
                self.schedule(Event::Late(id), at, serial);
            }
        }
    }

    /// Takes the head of a wire at its arrival and sees to the next one.
    pub fn take_arrival(&mut self, id: PortId, facts: &Facts) -> Arrived {
        let wire = &mut self.wires[id];
        let arrival = wire.port.arrive(&mut self.packets);
        let transmission = wire.port.is_impaired().then(|| wire.port.transmission(&arrival));
        if arrival.packet.kind == PacketKind::Uncontrolled {
            wire.passes_unnumbered();
        }
        if let Some(next) = arrival.next {
            self.await_head(id, next);
        }
        if let Some(transmission) = transmission {
            return self.watched_arrival(id, arrival.packet, transmission, facts);
        }
        self.packet_hops += 1;
        Arrived::Packet(arrival.packet)
    }

    /// A packet is at a router (or enters the network there) and is delivered or sent on.
    #[inline(always)]
    pub fn receive(&mut self, router: RouterId, packet: &mut Packet, facts: &Facts) {
        match self.forwarders[router].find(packet.destination) {
            Found::Here => self.deliver(packet, facts),
            Found::Port(first) if packet.ttl > 0 && self.wires[first].lag.is_none() => {
                self.transmit(first, packet, packet.ttl - 1, facts);
            }
            Found::Port(_) | Found::Group(_) => self.choose(router, packet, facts),
        }
    }

    /// As [`Self::receive`], where there may be a choice.
    #[inline(never)]
    fn choose(&mut self, router: RouterId, packet: &mut Packet, facts: &Facts) {
        match self.route(router, packet, facts) {
            Routed::Via(hop) => self.send(hop, packet, facts),
            Routed::Here => self.deliver(packet, facts),
            Routed::Dropped => {}
        }
    }

    /// The next hop of a packet; it costs one of its hops.
    #[inline(always)]
    pub fn route(&mut self, router: RouterId, packet: &mut Packet, facts: &Facts) -> Routed {
        let reason = match self.next_hop(router, packet) {
            Lookup::Here => return Routed::Here,
            Lookup::Via(hop) if packet.ttl > 0 => {
                packet.ttl -= 1;
                return Routed::Via(hop);
            }
            Lookup::NoRoute if packet.ttl > 0 => DropReason::NoRoute,
            Lookup::Via(_) | Lookup::NoRoute => DropReason::TtlExpired,
        };
        let entry = facts.route_entry(router, packet.destination);
        self.drop_packet(packet, DeathPlace::Router(router), (reason, entry));
        Routed::Dropped
    }

    /// Where a packet goes from a router: by which port, the member of a LAG included.
    #[inline(always)]
    pub fn next_hop(&self, router: RouterId, packet: &Packet) -> Lookup {
        match self.forwarders[router].lookup(packet) {
            Lookup::Via(hop) => Lookup::Via(NextHop { port: self.member(router, hop.port, packet), ..hop }),
            otherwise @ (Lookup::Here | Lookup::NoRoute) => otherwise,
        }
    }

    #[inline(always)]
    fn send(&mut self, hop: NextHop, packet: &mut Packet, facts: &Facts) {
        let port = hop.port;
        if hop.logical_link == NO_LOGICAL_LINK {
            self.transmit(port, packet, packet.ttl, facts);
            return;
        }
        if packet.size > self.link_mtus[hop.logical_link] {
            self.refused(port, packet, DropReason::TooBig, facts);
            return;
        }
        let place = LimitPlace::Link(hop.logical_link, self.wires[port].end);
        if self.pass(place, packet, facts) == Passed::Yes {
            self.ride(hop.logical_link, port, packet, facts);
        }
    }

    /// A packet leaves on a logical link.
    #[inline]
    pub fn ride(&mut self, link: LogicalLinkId, port: PortId, packet: &mut Packet, facts: &Facts) {
        if self.transmit(port, packet, packet.ttl, facts) == Accepted::Yes {
            let direction = self.wires[port].direction;
            self.recorder.rode(packet, link, direction);
        }
    }

    /// The member that a packet takes: per five-tuple, by a hash of its own.
    #[inline(always)]
    pub fn member(&self, router: RouterId, first: PortId, packet: &Packet) -> PortId {
        match &self.wires[first].lag {
            None => first,
            Some(lag) => self.member_of(lag, router, packet),
        }
    }

    #[inline(never)]
    fn member_of(&self, lag: &Lag, router: RouterId, packet: &Packet) -> PortId {
        self.forwarders[router].hash().choose_member(packet, lag)
    }

    /// Offers a packet to a port, to go on with this hop limit.
    #[inline(always)]
    fn transmit(&mut self, id: PortId, packet: &Packet, ttl: u8, facts: &Facts) -> Accepted {
        let wire = &mut self.wires[id];
        match wire.port.offer_onward(&mut self.packets, self.now, packet, ttl) {
            Offer::Behind(_) => Accepted::Yes,
            Offer::Head(at) => {
                if wire.reach == Reach::Inside {
                    self.await_head(id, at);
                }
                Accepted::Yes
            }
            Offer::Dropped(reason) => {
                self.refused(id, packet, reason, facts);
                Accepted::No
            }
        }
    }

    /// A port refused a packet.
    #[cold]
    pub fn refused(&mut self, id: PortId, packet: &Packet, reason: DropReason, facts: &Facts) {
        let entry = self.blame_at_port(id, packet.flow, reason, facts);
        self.drop_at(id, packet, reason, entry);
    }

    /// The ledger entry behind what a port refuses of a flow.
    pub fn blame_at_port(&mut self, id: PortId, flow: FlowId, reason: DropReason, facts: &Facts) -> Option<EntryIndex> {
        let wire = &mut self.wires[id];
        if reason == DropReason::MacsecPacketNumbers && !wire.used_up {
            // A key's last number is used up without an event of its own.
            wire.used_up = true;
            self.used_up.push((self.now, id));
        }
        match reason {
            DropReason::PortDown | DropReason::MacsecNoKey => facts.link_blame[wire.link].entry(),
            DropReason::BufferFull | DropReason::RateLimit | DropReason::RedDrop => {
                wire.congestion.entry(facts.behind_overload(self.network, flow))
            }
            DropReason::TooBig | DropReason::MacsecPacketNumbers => None,
            DropReason::FibreCut
            | DropReason::SilentCut
            | DropReason::GreyLoss
            | DropReason::CorruptedFcs
            | DropReason::MacsecIcv
            | DropReason::MacsecLate
            | DropReason::MacsecNoSa
            | DropReason::RouterDown
            | DropReason::NoRoute
            | DropReason::TtlExpired
            | DropReason::LineCard
            | DropReason::ZoneDown => unreachable!("no port refuses a packet for {}", reason.word()),
        }
    }

    #[inline(never)]
    fn deliver(&mut self, packet: &Packet, facts: &Facts) {
        if !facts.dead_zones.is_empty() && self.dies_in_zone(packet, FlowEnd::Target, facts) {
            return;
        }
        if packet.kind == PacketKind::Content {
            return self.deliver_content(packet, facts);
        }
        self.recorder.delivered(self.now, packet);
        match packet.kind {
            PacketKind::Data | PacketKind::Duplicate => {}
            PacketKind::ProbeRequest => {
                let monitor = &self.network.monitors[self.recorder.monitors.of_flow(packet.flow)];
                self.inject(monitor.reply, packet.size, packet.payload, facts);
            }
            PacketKind::ProbeReply => self.recorder.monitors.reply(self.now, packet),
            PacketKind::Content => unreachable!("content is delivered to ends"),
            PacketKind::ControlNeighbour
            | PacketKind::ControlRouted
            | PacketKind::ControlMember
            | PacketKind::Uncontrolled => {
                unreachable!("control packets are delivered by the world")
            }
        }
    }

    /// Whether the host at one end of a packet's flow is down; then the packet is gone.
    #[cold]
    fn dies_in_zone(&mut self, packet: &Packet, end: FlowEnd, facts: &Facts) -> bool {
        let entry = facts.host_down(self.network, packet.flow, end);
        if entry.is_some() {
            let flow = &self.network.flows[packet.flow];
            let router = match end {
                FlowEnd::Source => flow.edge,
                FlowEnd::Target => self.network.destinations[flow.destination].router,
            };
            self.drop_packet(packet, DeathPlace::Router(router), (DropReason::ZoneDown, entry));
        }
        entry.is_some()
    }

    /// A packet dies at a port or on its wire.
    #[cold]
    pub fn drop_at(&mut self, port: PortId, packet: &Packet, reason: DropReason, entry: Option<EntryIndex>) {
        let wire = &mut self.wires[port];
        wire.drops.get_or_insert_default().count(&wire.port, packet, reason, 1);
        self.drop_packet(packet, DeathPlace::Port(port), (reason, entry));
    }

    #[cold]
    pub fn drop_packet(&mut self, packet: &Packet, place: DeathPlace, why: (DropReason, Option<EntryIndex>)) {
        let numbered = self.numbered(packet);
        self.recorder.dropped(self.now, &numbered, why.0, why.1);
        if let Some(watch) = &mut self.watch {
            watch.died(self.now, &numbered, place, why);
        }
        if packet.kind == PacketKind::Content {
            self.contents.take(packet.payload);
        }
    }
}

/// Where a packet goes from a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(in crate::sim) enum Routed {
    /// To this port.
    Via(NextHop),
    /// Nowhere: the longest prefix that is known is the router's own.
    Here,
    /// It died; the drop is recorded.
    Dropped,
}

/// Whether a port took a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accepted {
    /// It did.
    Yes,
    /// It did not; the drop is recorded.
    No,
}
