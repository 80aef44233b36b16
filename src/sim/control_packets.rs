//! Control messages as packets: they ride the same wires as data, and every arrival of one is a world event.

use crate::dataplane::Offer;
use crate::ids::{DestinationId, FlowId, LinkId, LogicalLinkId, PortId, RouterId};
use crate::message::{Control, DropReason, Packet, PacketKind};
use crate::network::{ControlLimit, Network, SessionKind, Watched};
use crate::sim::event::Event;
use crate::sim::far_end::Arrived;
use crate::sim::forwarding::Routed;
use crate::sim::limits::{LimitPlace, Passed};
use crate::sim::partition::Partition;
use crate::sim::recorder::EntryIndex;
use crate::sim::run::Run;
use crate::units::{Bytes, Span, Time, TrafficClass};

/// Hop limit of control messages; RFC 5881 and RFC 5082 use 255 too.
pub(in crate::sim) const CONTROL_TTL: u8 = 255;

/// How a control message travels.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) enum ControlWay {
    /// One hop, by this port.
    Neighbour(PortId),
    /// One hop, by this member whether or not it carries traffic.
    Member(PortId),
    /// One hop, by the uncontrolled port of this one.
    Uncontrolled(PortId),
    /// By forwarding tables.
    Routed {
        /// The sender.
        from: RouterId,
        /// The receiver's own address.
        destination: DestinationId,
    },
}

/// The port that stands for one end of a link: that of the first member.
pub(in crate::sim) fn first_port(network: &Network, link: LinkId, end: usize) -> PortId {
    network.links[link].members[0].ports[end]
}

/// A control packet to a neighbour, without payload.
pub(in crate::sim) fn neighbour_packet(size: Bytes) -> Packet {
    Packet {
        sent: Time::ZERO,
        waited: Span::ZERO,
        flow: FlowId(0),
        destination: DestinationId(0),
        hash: 0,
        size: u32::try_from(size.0).expect("a control message fits its packet"),
        payload: 0,
        ttl: CONTROL_TTL,
        kind: PacketKind::ControlNeighbour,
        traffic_class: TrafficClass::NETWORK_CONTROL,
    }
}

impl Run<'_> {
    /// A routing or liveness message leaves a router: to its neighbour by `port`, or routed to `destination`.
    pub fn send_control(&mut self, way: ControlWay, control: Control, size: Bytes) {
        let (kind, destination, from) = match way {
            ControlWay::Neighbour(port) => {
                (PacketKind::ControlNeighbour, DestinationId(0), self.network.ports[port].from)
            }
            ControlWay::Member(port) => (PacketKind::ControlMember, DestinationId(0), self.network.ports[port].from),
            ControlWay::Uncontrolled(port) => {
                (PacketKind::Uncontrolled, DestinationId(0), self.network.ports[port].from)
            }
            ControlWay::Routed { from, destination } => (PacketKind::ControlRouted, destination, from),
        };
        let counted = self.counted_link(&control);
        let mut packet = Packet {
            sent: self.now,
            destination,
            payload: self.payloads.insert((self.cause, control)),
            kind,
            ..neighbour_packet(size)
        };
        self.partitions[self.layout.of(from).0].recorder.sent(&packet);
        if let (ControlWay::Neighbour(port), Some(link)) = (way, counted)
            && self.pass_limit(link, port, &mut packet) == Passed::No
        {
            return self.forget_payload(&packet);
        }
        match way {
            ControlWay::Neighbour(port) | ControlWay::Member(port) | ControlWay::Uncontrolled(port) => {
                self.transmit_control(port, packet);
            }
            ControlWay::Routed { from, .. } => self.route_control(from, packet),
        }
    }

    /// The logical link whose limit counts a message.
    fn counted_link(&self, control: &Control) -> Option<LogicalLinkId> {
        let session = match control {
            Control::Bgp(segment) => segment.session,
            Control::Bfd(packet) => match self.network.bfd_sessions[packet.session].watched {
                Watched::Session(session) => session,
                Watched::Link(_) | Watched::Member(_) => return None,
            },
            Control::Lacp(_) | Control::Mka(_) => return None,
        };
        let link = match self.network.sessions[session].kind {
            SessionKind::External(link) => link,
            SessionKind::Peering(_) | SessionKind::Internal(_) => return None,
        };
        let connection = &self.network.connections[self.network.logical_links[link].connection];
        match connection.rate_limit.control {
            ControlLimit::Exempt => None,
            ControlLimit::Counted => Some(link),
        }
    }

    fn pass_limit(&mut self, link: LogicalLinkId, port: PortId, packet: &mut Packet) -> Passed {
        let index = self.layout.of(self.network.ports[port].from).0;
        let partition = &mut self.partitions[index];
        let place = LimitPlace::Link(link, partition.wires[port].end);
        partition.pass_control(place, port, packet, &self.facts)
    }

    /// A control packet is at a router, and is delivered there or sent on.
    fn route_control(&mut self, router: RouterId, mut packet: Packet) {
        let index = self.layout.of(router).0;
        if packet.kind != PacketKind::ControlRouted || self.network.destinations[packet.destination].router == router {
            self.partitions[index].recorder.control_delivered();
            return self.deliver_control(router, &packet);
        }
        match self.partitions[index].route(router, &mut packet, &self.facts) {
            Routed::Via(hop) => self.transmit_control(hop.port, packet),
            Routed::Here => unreachable!("no prefix lies around a router's own address"),
            Routed::Dropped => self.forget_payload(&packet),
        }
    }

    fn transmit_control(&mut self, port: PortId, packet: Packet) {
        let index = self.layout.of(self.network.ports[port].from).0;
        let Partition { wires, packets, .. } = &mut self.partitions[index];
        let wire = &mut wires[port];
        let offer = match packet.kind {
            PacketKind::Uncontrolled => wire.port.offer_uncontrolled(packets, self.now, &packet),
            PacketKind::ControlMember => wire.port.offer_of_member(packets, self.now, &packet),
            PacketKind::ControlNeighbour
            | PacketKind::ControlRouted
            | PacketKind::Data
            | PacketKind::Content
            | PacketKind::ProbeRequest
            | PacketKind::ProbeReply
            | PacketKind::Duplicate => wire.port.offer(packets, self.now, &packet),
        };
        let at = match offer {
            Offer::Behind(departure) => wire.port.arrival_of(departure),
            Offer::Head(at) => at,
            Offer::Dropped(reason) => {
                self.partitions[index].refused(port, &packet, reason, &self.facts);
                return self.forget_payload(&packet);
            }
        };
        let serial = wire.next_serial();
        self.schedule(Event::Control(port), at, serial);
    }

    /// A control packet reaches the end of a wire, unless it was flushed.
    pub fn control_arrives(&mut self, port: PortId) {
        let to = self.network.ports[port].to;
        let index = self.layout.of(to).0;
        let partition = &mut self.partitions[index];
        let head = partition.wires[port]
            .port
            .head_at(&partition.packets, self.now)
            .copied()
            .filter(|head| head.kind.is_control());
        let arrived = match head {
            Some(head) => Some((head, partition.take_arrival(port, &self.facts))),
            None => partition.take_late_control(port, &self.facts),
        };
        match arrived {
            None => self.await_overtaken(port),
            Some((_, Arrived::Packet(packet))) => match self.loses_mkpdus(port) {
                Some(failure) if packet.kind == PacketKind::Uncontrolled => {
                    let entry = self.facts.incidents[failure];
                    self.partitions[index].drop_at(port, &packet, DropReason::GreyLoss, entry);
                    self.forget_payload(&packet);
                }
                Some(_) | None => self.route_control(to, packet),
            },
            Some((packet, Arrived::Lost)) => self.forget_payload(&packet),
            Some((_, Arrived::Late(at))) => {
                let serial = partition.wires[port].next_serial();
                self.schedule(Event::Control(port), at, serial);
            }
        }
    }

    /// A control packet did not come when it could have: in a class that others overtake it comes later.
    fn await_overtaken(&mut self, port: PortId) {
        let now = self.now;
        let mut next = None;
        let configured = &self.network.ports[port];
        for router in [configured.from, configured.to] {
            let side = self.layout.of(router).0;
            let Partition { wires, packets, .. } = &mut self.partitions[side];
            let at = wires[port].port.next_control(packets, now);
            next = at.into_iter().chain(next).min();
        }
        if let Some(at) = next {
            self.await_control(port, at);
        }
    }

    fn deliver_control(&mut self, router: RouterId, packet: &Packet) {
        let (cause, control) = self.payloads.take(packet.payload);
        self.cause = cause;
        if self.is_lost_on_processor(router, &control) {
            return;
        }
        match control {
            Control::Bgp(segment) => self.bgp_segment_arrives(router, segment),
            Control::Bfd(bfd) => self.bfd_packet_arrives(&bfd),
            Control::Lacp(message) => self.lacpdu_arrives(message),
            Control::Mka(message) => self.mkpdu_arrives(message),
        }
    }

    fn forget_payload(&mut self, packet: &Packet) {
        self.payloads.take(packet.payload);
    }

    /// Packets that a port threw out of its queue die.
    pub fn drop_flushed(&mut self, port: PortId, flushed: &[Packet], reason: DropReason, entry: Option<EntryIndex>) {
        for packet in flushed {
            self.sender(port).drop_at(port, packet, reason, entry);
            if packet.kind.is_control() {
                self.forget_payload(packet);
            }
        }
    }
}
