//! A part of the data plane with its own queue: routers, their ports, their sources, and what is recorded of them.
//!
//! Between two instants at which the world changes, packets only meet wires, tables and each other, so partitions run
//! side by side; they meet only at border wires (`Run::hand_over`).

use std::collections::BTreeMap;

use crate::dataplane::{Associations, FlowHash, Forwarder, Found, Lag, PacketStore, Port};
use crate::engine::prefetch;
use crate::ids::{
    AttachmentId, ConnectionId, DestinationId, FlowEntryId, FlowId, IdVec, LinkId, LogicalLinkId, PortId, RouterId,
};
use crate::message::{Packet, PacketKind};
use crate::network::{Attachment, FlowRole, LinkKind, Network, Transport};
use crate::rng::RunSeed;
use crate::sim::congestion::Congestion;
use crate::sim::ends::{End, Numbered};
use crate::sim::event::Event;
use crate::sim::facts::Facts;
use crate::sim::far_end::FarEnd;
use crate::sim::layout::{Layout, PartitionIndex};
use crate::sim::limits::Limit;
use crate::sim::packet_events::{Next, PacketEvents};
use crate::sim::recorder::{Recorder, WireDrops};
use crate::sim::slab::Slab;
use crate::sim::snapshot::Watch;
use crate::traffic::exchange::Workers;
use crate::traffic::{Source, exchange, tcp};
use crate::units::{Span, Time, TrafficClass};

/// Events after which a partition returns, so that whoever runs it can look around.
const TURN: u32 = 1 << 16;

/// A part of the data plane; ports, routers and recorders belong to exactly one. Containers are as long as the
/// network's, so that an id is an index; what belongs to other partitions stays idle.
pub(in crate::sim) struct Partition<'n> {
    pub network: &'n Network,
    pub index: PartitionIndex,
    pub now: Time,
    /// Scenario time 0.
    pub origin: Time,
    pub end: Time,
    pub queue: PacketEvents,
    pub packet_hops: u64,
    /// Events whose packet was gone.
    pub stale: u64,
    pub wires: IdVec<PortId, Wire>,
    /// The packets at all ports here and on their wires.
    pub packets: PacketStore,
    pub forwarders: IdVec<RouterId, Forwarder>,
    /// By sending end of the channel.
    /// The largest packet that the hand-off of each logical link takes; whatever its channel takes until a feature says.
    pub link_mtus: IdVec<LogicalLinkId, u32>,
    pub link_limits: IdVec<LogicalLinkId, [Option<Limit>; 2]>,
    /// By direction of the connection.
    pub edge_limits: IdVec<ConnectionId, [Option<Limit>; 2]>,
    pub attachment_limits: IdVec<AttachmentId, Option<Limit>>,
    pub sources: IdVec<FlowId, FlowSource>,
    /// Of flows with transfers or exchanges, where they or what comes back begin here.
    pub ends: IdVec<FlowId, Option<End>>,
    pub contents: Slab<Numbered>,
    /// Those who serve the requests to an entry's responses at an edge.
    pub workers: BTreeMap<(FlowEntryId, RouterId), Workers>,
    /// What a sender wants done; empty between events, kept for its memory.
    pub tcp_actions: Vec<tcp::Action>,
    /// What a client wants done; as above.
    pub exchange_actions: Vec<exchange::Action>,
    pub recorder: Recorder,
    /// The flow whose deaths are kept, if any.
    pub watch: Option<Box<Watch>>,
    /// Ports whose MACsec numbers were used up, and when.
    pub used_up: Vec<(Time, PortId)>,
    size: Size,
}

/// How much a partition touches between two packets of a wire or a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// It stays near the processor.
    WithinCaches,
    /// It is fetched ahead.
    BeyondCaches,
}

impl Size {
    /// From about here on fetching ahead gains more than it costs (docs/performance.md).
    fn of(network: &Network) -> Self {
        if network.ports.len() < 1_024 && network.flows.len() < 32_768 {
            Self::WithinCaches
        } else {
            Self::BeyondCaches
        }
    }
}

/// A port with what the simulation must know about it. What every packet needs fills the first two cache lines.
#[repr(C, align(64))]
pub(in crate::sim) struct Wire {
    /// Of the first of several members: those that are up.
    pub lag: Option<Box<Lag>>,
    pub to: RouterId,
    /// Whether its far end lies in the same partition.
    pub reach: Reach,
    pub port: Port,
    pub link: LinkId,
    serial: u32,
    /// Index of the sending router among the link's ends.
    pub end: usize,
    /// Direction in its interconnect; meaningless on other links.
    pub direction: usize,
    /// When something befalls, or befell, frames at its far end.
    pub far_end: Option<Box<FarEnd>>,
    /// Where MKA changes MACsec keys: those on either side.
    pub keys: Option<Box<Associations>>,
    /// Frames that arrived at the far end of the fibre only to be lost before they were looked at.
    pub unheard: u64,
    /// Whether its MACsec numbers were seen to be used up.
    pub used_up: bool,
    pub congestion: Congestion,
    /// When there are any.
    pub drops: Option<Box<WireDrops>>,
}

/// Where a wire leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Reach {
    /// To a router of this partition, or it comes from another one: its arrivals are events here.
    Inside,
    /// To a router of another partition: its packets are handed over.
    Border,
}

impl Wire {
    /// The serial of the wire's next event.
    #[inline]
    pub const fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }
}

/// A five-tuple's source. There may be a million: what a packet needs of its flow fills the first cache line, what has been
/// drawn ahead the second, and the laws the third.
#[repr(C, align(64))]
pub(in crate::sim) struct FlowSource {
    /// No packet at or after this.
    pub stop: Time,
    pub serial: u32,
    /// Packets sent so far: the number of the next one.
    pub number: u32,
    pub hash: u32,
    pub edge: RouterId,
    pub destination: DestinationId,
    pub ttl: u8,
    pub kind: PacketKind,
    pub traffic_class: TrafficClass,
    /// Its attachment, when that has a limit.
    pub limited_at: Option<AttachmentId>,
    /// Direction of its connection, for the edge's limit.
    pub limited_by: Option<(ConnectionId, u8)>,
    pub source: Source,
}

const _: () = assert!(size_of::<FlowSource>() == 192, "three cache lines");

impl FlowSource {
    /// A packet of the flow, without payload.
    #[inline]
    pub const fn packet(&self, flow: FlowId, sent: Time, size: u32) -> Packet {
        Packet {
            sent,
            waited: Span::ZERO,
            flow,
            destination: self.destination,
            hash: self.hash,
            size,
            payload: 0,
            ttl: self.ttl,
            kind: self.kind,
            traffic_class: self.traffic_class,
        }
    }
}

impl<'n> Partition<'n> {
    pub fn new(network: &'n Network, seed: RunSeed, layout: &Layout, index: PartitionIndex) -> Self {
        let origin = Time::ZERO + network.warm_up;
        let reach = |port: &crate::network::Port| {
            let leaves = layout.of(port.from) == index && layout.of(port.to) != index;
            if leaves { Reach::Border } else { Reach::Inside }
        };
        let end = |flow: &crate::network::Flow| {
            let begins_here = layout.of(flow.edge) == index;
            if begins_here { End::new(flow, seed, origin) } else { None }
        };
        let mut partition = Self {
            network,
            index,
            now: Time::ZERO,
            origin,
            end: origin + network.horizon,
            queue: PacketEvents::default(),
            packet_hops: 0,
            stale: 0,
            wires: network.ports.iter().map(|port| wire(network, port, seed, reach(port))).collect(),
            packets: PacketStore::new(),
            forwarders: forwarders(network),
            link_mtus: network.logical_links.iter().map(|_| u32::MAX).collect(),
            link_limits: network.logical_links.iter().map(|link| Limit::of_link(network, link)).collect(),
            edge_limits: network.connections.iter().map(Limit::of_edge).collect(),
            attachment_limits: network.attachments.iter().map(Limit::of_attachment).collect(),
            sources: network.flows.iter().map(|flow| flow_source(network, flow, seed)).collect(),
            ends: network.flows.iter().map(end).collect(),
            contents: Slab::default(),
            workers: BTreeMap::new(),
            tcp_actions: Vec::new(),
            exchange_actions: Vec::new(),
            recorder: Recorder::new(network),
            watch: None,
            used_up: Vec::new(),
            size: Size::of(network),
        };
        partition.start_sources(layout);
        partition
    }

    /// Puts an event into the queue, unless it lies at or behind the end of the run.
    #[inline(always)]
    pub fn schedule(&mut self, event: Event, at: Time, serial: u32) {
        if at < self.end {
            self.queue.hops.push(event.key(at, serial));
        }
    }

    /// The head of a wire arrives at `at`. It needs no serial: where there are two events, one finds no head.
    #[inline(always)]
    pub fn await_head(&mut self, port: PortId, at: Time) {
        self.schedule(Event::Wire(port), at, 0);
    }

    /// Puts a flow's next packet into the queue, unless it lies at or behind the end of the run.
    #[inline(always)]
    pub fn schedule_packet(&mut self, flow: FlowId, at: Time, serial: u32) {
        if at < self.end {
            self.queue.sources.push(Event::Source(flow).key(at, serial));
        }
    }

    /// Handles events before `limit`, at most a turn's worth; nothing it does reaches another partition before
    /// `limit`.
    pub fn run_before(&mut self, limit: Time, facts: &Facts) {
        let mut until = limit.min(self.recorder.next_tick);
        for _ in 0..TURN {
            match self.queue.pop_before(until) {
                Next::Hop(key) => {
                    self.now = key.time();
                    if self.size == Size::BeyondCaches {
                        self.fetch_hops_ahead();
                    }
                    match Event::wire_of(key) {
                        Some(port) => self.wire_arrives(port, facts),
                        None => self.happens(Event::of(key), facts),
                    }
                }
                Next::Source(key) => {
                    self.now = key.time();
                    self.source_sends(FlowId(key.entity()), facts);
                    if self.size == Size::BeyondCaches {
                        self.fetch_source_ahead();
                    }
                }
                Next::Nothing => {
                    let Some(next) = self.queue.next_time().filter(|next| *next < limit) else { return };
                    self.recorder.tick(next);
                    until = limit.min(self.recorder.next_tick);
                }
            }
        }
    }

    /// Fetches what the arrivals to come need, a step further on each level that they rise to: the wire; its head, and the
    /// router that it leads to; the router's entry for that packet; and the wire that the packet goes on to, or the flow
    /// that it belongs to.
    #[inline(always)]
    fn fetch_hops_ahead(&self) {
        let [first, second, third, fourth] = self.queue.hops.risen().map(|key| self.wires.get(PortId(key.entity())));
        if let Some(wire) = fourth {
            prefetch(wire);
            wire.port.prefetch_counters();
        }
        if let Some(wire) = third {
            wire.port.prefetch_head(&self.packets);
            prefetch(&self.forwarders[wire.to]);
        }
        if let Some((wire, packet)) = second.and_then(|wire| Some((wire, wire.port.head(&self.packets)?))) {
            wire.port.prefetch_next(&self.packets);
            self.forwarders[wire.to].prefetch(packet.destination);
        }
        if let Some((wire, packet)) = first.and_then(|wire| Some((wire, wire.port.head(&self.packets)?))) {
            match self.forwarders[wire.to].find(packet.destination) {
                Found::Here => self.recorder.prefetch_delivered(packet.flow),
                Found::Port(port) => {
                    prefetch(&self.wires[port]);
                    self.wires[port].port.prefetch_counters();
                }
                Found::Group(_) => {}
            }
        }
    }

    /// Fetches what the next packet of a source needs.
    #[inline(always)]
    fn fetch_source_ahead(&mut self) {
        let next = FlowId(self.queue.sources.next_key().entity());
        if let Some(source) = self.sources.get(next) {
            prefetch(source);
            source.source.prefetch();
            self.recorder.prefetch_sent(next);
        }
    }

    /// What happens to few packets.
    #[inline(never)]
    fn happens(&mut self, event: Event, facts: &Facts) {
        match event {
            Event::Late(port) => self.late_arrives(port, facts),
            Event::Release(place) => self.releases(place, facts),
            Event::FlowTimer(flow) => self.flow_timer_fires(flow, facts),
            Event::Wire(_)
            | Event::Source(_)
            | Event::SecondBegins
            | Event::Fidelity
            | Event::Rates
            | Event::FailureBegins(_)
            | Event::Change(_)
            | Event::Coordination(_)
            | Event::Migration(_)
            | Event::FailureEnds(_)
            | Event::StageBegins(_)
            | Event::StageEnds(_)
            | Event::Carrier(..)
            | Event::KeyAgreement(..)
            | Event::Lacp(_)
            | Event::Interior(_)
            | Event::Install(_)
            | Event::Process(_)
            | Event::Decide(_)
            | Event::BgpTimer(..)
            | Event::BfdTimer(..)
            | Event::Control(_) => unreachable!("{event:?} is not an event of few packets"),
        }
    }

    /// The packets at all ports here, on their wires, and late at the ends of these.
    pub fn packets_on_wires(&self) -> impl Iterator<Item = &Packet> {
        self.wires.iter().flat_map(|wire| wire.packets(&self.packets))
    }

    /// The world stands at `now`: nothing earlier is left to do here.
    pub fn stand_at(&mut self, now: Time) {
        self.now = now;
        if now >= self.recorder.next_tick && now < self.end {
            self.recorder.tick(now);
        }
    }
}

fn wire(network: &Network, port: &crate::network::Port, seed: RunSeed, reach: Reach) -> Wire {
    let link = &network.links[port.link];
    let direction = match link.kind {
        LinkKind::Channel(interconnect) => {
            usize::from(network.routers[port.from].provider != network.interconnects[interconnect].providers[0])
        }
        LinkKind::Peering | LinkKind::Backbone | LinkKind::Attachment => 0,
    };
    let forwarding = network.routers[port.to].forwarding_latency;
    Wire {
        port: match &port.queueing {
            None => Port::new(port, forwarding),
            Some(queueing) => Port::with_classes(port, forwarding, queueing, seed.stream(&port.name, "red")),
        },
        to: port.to,
        link: port.link,
        end: port.end,
        lag: (link.members.len() > 1 && port.member == 0).then(|| Box::new(lag(network, port))),
        direction,
        reach,
        serial: 0,
        far_end: None,
        keys: None,
        unheard: 0,
        used_up: false,
        congestion: Congestion::default(),
        drops: None,
    }
}

fn forwarders(network: &Network) -> IdVec<RouterId, Forwarder> {
    let nest = network.destinations.iter().any(|destination| destination.covering.is_some());
    let empty = |(id, router)| {
        let forwarder = Forwarder::new(router);
        if nest { forwarder.nested(&network.destinations, id) } else { forwarder }
    };
    let mut forwarders: IdVec<RouterId, Forwarder> = network.routers.enumerate().map(empty).collect();
    for (id, destination) in network.destinations.enumerate() {
        forwarders[destination.router].deliver_here(id);
    }
    forwarders
}

/// The sending end of a LAG, all members up.
fn lag(network: &Network, port: &crate::network::Port) -> Lag {
    let router = &network.routers[port.from];
    let members = network.links[port.link].members.iter().map(|member| member.ports[port.end]);
    Lag::new(&FlowHash::new(router.hash, router.hash_seed), members.collect())
}

fn flow_source(network: &Network, flow: &crate::network::Flow, seed: RunSeed) -> FlowSource {
    let limited_by = flow.connection.map(|connection| {
        let interconnect = network.connections[connection].interconnect;
        let first = network.interconnects[interconnect].providers[0];
        (connection, u8::from(network.routers[flow.edge].provider != first))
    });
    let at_edge = |(_, attachment): &(AttachmentId, &Attachment)| attachment.edge == flow.edge;
    let attachment = network.attachments.enumerate().find(at_edge);
    let limited_at = attachment.filter(|(_, attachment)| attachment.limit.is_some()).map(|(id, _)| id);
    FlowSource {
        source: Source::new(flow, seed),
        serial: 0,
        number: 0,
        hash: flow_hash(flow),
        edge: flow.edge,
        destination: flow.destination,
        ttl: flow.ttl,
        kind: match flow.role {
            FlowRole::Data | FlowRole::Answers => match flow.transport {
                Transport::Datagrams => PacketKind::Data,
                Transport::Tcp(_) | Transport::Exchanges(_) => PacketKind::Content,
            },
            FlowRole::ProbeRequest(_) => PacketKind::ProbeRequest,
            FlowRole::ProbeReply(_) => PacketKind::ProbeReply,
        },
        stop: Time::ZERO + network.warm_up + flow.stop,
        traffic_class: flow.traffic_class,
        limited_at,
        limited_by,
    }
}

/// Hash of a five-tuple; its lower 16 bits are the source port, for the modulo hash of oracles, and routers mix it
/// with their own seeds.
fn flow_hash(flow: &crate::network::Flow) -> u32 {
    let tuple = [
        flow.source.to_string(),
        flow.target.to_string(),
        flow.protocol.to_string(),
        flow.source_port.to_string(),
        flow.target_port.to_string(),
    ];
    let hash = crate::rng::named_hash(&tuple.each_ref().map(String::as_str));
    let upper = u32::try_from(hash >> 48).expect("16 bits");
    (upper << 16) | u32::from(flow.source_port)
}
