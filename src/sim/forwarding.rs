//! The hot path: packets from source to wire to router to wire to target.

use crate::dataplane::{Impairment, Lookup, Offer, Verdict};
use crate::ids::{DestinationId, FlowId, Id, PortId, RouterId};
use crate::message::{Control, DropReason, NO_LOGICAL_LINK, NextHop, Packet, PacketKind};
use crate::network::{FlowRole, Network};
use crate::sim::event::Event;
use crate::sim::partition::Partition;
use crate::sim::recorder::{EntryIndex, count_drops};
use crate::units::{Bytes, Span, Time, TrafficClass};

impl Partition<'_> {
    /// Every flow's first packet; replies have no source of their own.
    pub fn start_sources(&mut self) {
        for (id, flow) in self.network.flows.enumerate() {
            match flow.role {
                FlowRole::Data | FlowRole::ProbeRequest(_) => {
                    if let Some(first) = self.sources[id].source.first() {
                        self.schedule_source(id, self.origin + flow.start + first);
                    }
                }
                FlowRole::ProbeReply(_) => {}
            }
        }
    }

    #[inline]
    fn schedule_source(&mut self, id: FlowId, at: Time) {
        let source = &mut self.sources[id];
        if at < source.stop {
            source.serial = source.serial.wrapping_add(1);
            let serial = source.serial;
            self.schedule(Event::Source(id), at, serial);
        }
    }

    /// A flow sends its next packet.
    #[inline]
    pub fn source_sends(&mut self, id: FlowId) {
        let source = &mut self.sources[id];
        let size = source.source.next_size();
        let next = source.source.next_interval().map(|interval| self.now + interval);
        let payload = match source.kind {
            PacketKind::Data => 0,
            PacketKind::ProbeRequest => self.recorder.monitors.request(self.now, id),
            PacketKind::ProbeReply | PacketKind::ControlNeighbour | PacketKind::ControlRouted => {
                unreachable!("only data and requests have a source")
            }
        };
        self.inject(id, size, payload);
        if let Some(next) = next {
            self.schedule_source(id, next);
        }
    }

    /// A packet of a flow enters the network at its edge.
    #[inline]
    fn inject(&mut self, id: FlowId, size: u32, payload: u32) {
        let source = &self.sources[id];
        let (edge, limited_by) = (source.edge, source.limited_by);
        let packet = Packet {
            sent: self.now,
            waited: Span::ZERO,
            flow: id,
            destination: source.destination,
            hash: source.hash,
            size,
            payload,
            ttl: source.ttl,
            kind: source.kind,
            traffic_class: TrafficClass::DEFAULT,
        };
        self.recorder.sent(&packet);
        if let Some((connection, direction)) = limited_by
            && let Some(policer) = &mut self.edge_policers[connection][direction]
            && policer.offer(self.now, u64::from(size)) == Verdict::Drop
        {
            let entry = self.recorder.congestion_entry();
            return self.drop_packet(&packet, DropReason::RateLimit, entry);
        }
        self.receive(edge, packet);
    }

    /// The head of a wire reaches the next router.
    #[inline]
    pub fn wire_arrives(&mut self, id: PortId) {
        let wire = &mut self.wires[id];
        if wire.port.head_arrival() != Some(self.now) {
            return; // The packet of this event was flushed.
        }
        let arrival = wire.port.arrive();
        let to = wire.to;
        let impaired = wire.port.is_impaired();
        if let Some(next) = arrival.next {
            let serial = wire.next_serial();
            self.schedule(Event::Wire(id), next, serial);
        }
        if impaired && let Some((reason, entry)) = self.lost_on_wire(id, arrival.transmission) {
            return self.drop_at(id, &arrival.packet, reason, entry);
        }
        self.packet_hops += 1;
        self.receive(to, arrival.packet);
    }

    /// Whether a packet that reaches the end of an impaired wire is lost, why, and by which entry of the ledger.
    #[cold]
    fn lost_on_wire(&mut self, id: PortId, transmission: (Time, Time)) -> Option<(DropReason, Option<EntryIndex>)> {
        let wire = &mut self.wires[id];
        if let Some((reason, failure)) = wire.port.meets_dead_time(transmission) {
            return Some((reason, self.recorder.ledger.incident(failure)));
        }
        wire.port.forget_dead_times(self.now);
        if let Some(failure) = self.power_causes[wire.to].last() {
            return Some((DropReason::RouterDown, self.recorder.ledger.incident(*failure)));
        }
        for impairment in wire.port.impairments() {
            match *impairment {
                Impairment::Grey { failure, parts_per_billion } => {
                    if wire.grey.chance(parts_per_billion) {
                        return Some((DropReason::GreyLoss, self.recorder.ledger.incident(failure)));
                    }
                }
                Impairment::ReceiverClosed => return Some((DropReason::PortDown, self.link_blame[wire.link].entry())),
                Impairment::Dead { .. } => {}
            }
        }
        None
    }

    /// A packet is at a router (or enters the network there) and is delivered or sent on.
    #[inline]
    pub fn receive(&mut self, router: RouterId, packet: Packet) {
        if packet.kind == PacketKind::ControlNeighbour || self.delivers_at[packet.destination] == router {
            return self.deliver(router, packet);
        }
        self.forward(router, packet);
    }

    #[inline]
    fn forward(&mut self, router: RouterId, mut packet: Packet) {
        if packet.ttl == 0 {
            let entry = self.route_entry(router, packet.destination);
            return self.drop_packet(&packet, DropReason::TtlExpired, entry);
        }
        packet.ttl -= 1;
        match self.forwarders[router].lookup(&packet) {
            Lookup::NoRoute => {
                let entry = self.route_entry(router, packet.destination);
                self.drop_packet(&packet, DropReason::NoRoute, entry);
            }
            Lookup::Via(hop) => self.send(router, hop, packet),
        }
    }

    /// The ledger entry behind the state of a forwarding entry; none when it is as it was from the beginning.
    #[cold]
    fn route_entry(&self, router: RouterId, destination: DestinationId) -> Option<EntryIndex> {
        self.route_blame[router][destination.index()]
    }

    #[inline]
    fn send(&mut self, router: RouterId, hop: NextHop, packet: Packet) {
        let port = self.member(router, hop.port, &packet);
        if hop.logical_link == NO_LOGICAL_LINK || packet.kind.is_control() {
            self.transmit(port, packet);
            return;
        }
        let (end, direction) = (self.wires[port].end, self.wires[port].direction);
        if let Some(policer) = &mut self.link_policers[hop.logical_link][end]
            && policer.offer(self.now, u64::from(packet.size)) == Verdict::Drop
        {
            let entry = self.recorder.congestion_entry();
            return self.drop_at(port, &packet, DropReason::RateLimit, entry);
        }
        if self.transmit(port, packet) == Accepted::Yes {
            self.recorder.rode(&packet, hop.logical_link, direction);
        }
    }

    /// The member that a packet takes: per five-tuple, by a hash of its own.
    #[inline]
    fn member(&self, router: RouterId, first: PortId, packet: &Packet) -> PortId {
        let wire = &self.wires[first];
        if wire.members == 1 {
            return first;
        }
        let member = self.forwarders[router].choose_member(packet, wire.members);
        self.network.links[wire.link].members[member].ports[wire.end]
    }

    /// Offers a packet to a port.
    #[inline]
    pub fn transmit(&mut self, id: PortId, packet: Packet) -> Accepted {
        let wire = &mut self.wires[id];
        match wire.port.offer(self.now, packet) {
            Offer::Accepted => Accepted::Yes,
            Offer::Head(at) => {
                let serial = wire.next_serial();
                self.schedule(Event::Wire(id), at, serial);
                Accepted::Yes
            }
            Offer::Dropped(reason) => {
                self.refused(id, &packet, reason);
                Accepted::No
            }
        }
    }

    #[cold]
    fn refused(&mut self, id: PortId, packet: &Packet, reason: DropReason) {
        if reason == DropReason::MacsecPacketNumbers && !self.wires[id].used_up {
            // A key's last number is used up without an event of its own.
            self.wires[id].used_up = true;
            self.paths_changed = true;
        }
        let entry = self.blame_at_port(id, reason);
        self.drop_at(id, packet, reason, entry);
    }

    /// The ledger entry behind a packet that a port refused.
    fn blame_at_port(&mut self, id: PortId, reason: DropReason) -> Option<EntryIndex> {
        match reason {
            DropReason::PortDown | DropReason::MacsecNoKey => self.link_blame[self.wires[id].link].entry(),
            DropReason::BufferFull | DropReason::RateLimit => self.recorder.congestion_entry(),
            DropReason::TooBig | DropReason::MacsecPacketNumbers => None,
            DropReason::FibreCut
            | DropReason::SilentCut
            | DropReason::GreyLoss
            | DropReason::CorruptedFcs
            | DropReason::MacsecIcv
            | DropReason::MacsecLate
            | DropReason::RouterDown
            | DropReason::NoRoute
            | DropReason::TtlExpired => unreachable!("no port refuses a packet for {}", reason.word()),
        }
    }

    #[inline]
    fn deliver(&mut self, router: RouterId, packet: Packet) {
        match packet.kind {
            PacketKind::Data => self.recorder.delivered(self.now, &packet),
            PacketKind::ProbeRequest => {
                self.recorder.delivered(self.now, &packet);
                let monitor = &self.network.monitors[self.recorder.monitors.of_flow(packet.flow)];
                self.inject(monitor.reply, packet.size, packet.payload);
            }
            PacketKind::ProbeReply => {
                self.recorder.delivered(self.now, &packet);
                self.recorder.monitors.reply(self.now, &packet);
            }
            PacketKind::ControlNeighbour | PacketKind::ControlRouted => {
                self.recorder.control_delivered();
                let (cause, control) = self.payloads.take(packet.payload);
                self.cause = cause;
                match control {
                    Control::Bgp(segment) => self.bgp_segment_arrives(router, segment),
                    Control::Bfd(bfd) => self.bfd_packet_arrives(&bfd),
                }
            }
        }
    }

    /// A packet dies at a port or on its wire.
    #[cold]
    pub fn drop_at(&mut self, port: PortId, packet: &Packet, reason: DropReason, entry: Option<EntryIndex>) {
        count_drops(&mut self.wires[port].drops, reason);
        self.drop_packet(packet, reason, entry);
    }

    #[cold]
    fn drop_packet(&mut self, packet: &Packet, reason: DropReason, entry: Option<EntryIndex>) {
        if packet.kind.is_control() {
            self.payloads.take(packet.payload);
        }
        self.recorder.dropped(self.now, packet, reason, entry);
    }

    /// A routing or liveness message leaves a router: to its neighbour by `port`, or routed to `destination`.
    pub fn send_control(&mut self, way: ControlWay, control: Control, size: Bytes) {
        let (kind, destination) = match way {
            ControlWay::Neighbour(_) => (PacketKind::ControlNeighbour, DestinationId(0)),
            ControlWay::Routed { destination, .. } => (PacketKind::ControlRouted, destination),
        };
        let packet = Packet {
            sent: self.now,
            waited: Span::ZERO,
            flow: FlowId(0),
            destination,
            hash: 0,
            size: u32::try_from(size.0).expect("a control message fits its packet"),
            payload: self.payloads.insert((self.cause, control)),
            ttl: CONTROL_TTL,
            kind,
            traffic_class: TrafficClass::NETWORK_CONTROL,
        };
        self.recorder.sent(&packet);
        match way {
            ControlWay::Neighbour(port) => {
                self.transmit(port, packet);
            }
            ControlWay::Routed { from, .. } => self.receive(from, packet),
        }
    }
}

/// Whether a port took a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Accepted {
    /// It did.
    Yes,
    /// It did not; the drop is recorded.
    No,
}

/// Hop limit of control messages; RFC 5881 and RFC 5082 use 255 too.
const CONTROL_TTL: u8 = 255;

/// How a control message travels.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) enum ControlWay {
    /// One hop, by this port.
    Neighbour(PortId),
    /// By forwarding tables.
    Routed {
        /// The sender.
        from: RouterId,
        /// The receiver's own address.
        destination: DestinationId,
    },
}

/// The port by which a router sends control messages on a link: that of the first member.
pub(in crate::sim) fn first_port(network: &Network, link: crate::ids::LinkId, end: usize) -> PortId {
    network.links[link].members[0].ports[end]
}
