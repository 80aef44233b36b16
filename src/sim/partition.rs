//! The state of a run, its loop, and one line of dispatch per kind of event.

use crate::control::bfd::Endpoint;
use crate::control::bgp::{self, Speaker};
use crate::dataplane::{Forwarder, Policer, Port};
use crate::engine::EventQueue;
use crate::ids::{
    ConnectionId, DestinationId, FailureId, FlowId, IdVec, LinkId, LogicalLinkId, PortId, ProviderId, RouterId,
};
use crate::message::{Control, NextHop, PacketKind};
use crate::network::{AggregateLimit, FlowRole, LinkKind, Network};
use crate::rng::{RunSeed, Stream};
use crate::sim::delayed::Delayed;
use crate::sim::event::{BFD_TIMERS, BGP_TIMERS, Event};
use crate::sim::failing::LinkBlame;
use crate::sim::interior::InteriorState;
use crate::sim::light::LinkEnd;
use crate::sim::record::RunRecord;
use crate::sim::recorder::{Drops, EntryIndex, PortTotals, Recorder, RunEnd};
use crate::sim::slab::Slab;
use crate::sim::timers::{Fired, Timers};
use crate::sim::{Continue, Progress};
use crate::traffic::Source;
use crate::units::{Span, Time};

/// Events between two calls of the observer.
const OBSERVE_EVERY: u64 = 1 << 18;

/// Next hops on their way into a forwarding table.
pub(in crate::sim) type Installation = (DestinationId, Vec<NextHop>);

/// Something with the ledger entry behind it.
pub(in crate::sim) type Caused<T> = (Option<EntryIndex>, T);

/// A part of the world with its own queue; ports, routers and recorders belong to exactly one.
pub(in crate::sim) struct Partition<'n> {
    pub network: &'n Network,
    pub seed: RunSeed,
    pub now: Time,
    pub origin: Time,
    pub end: Time,
    pub queue: EventQueue,
    pub packet_hops: u64,

    // Data plane.
    pub wires: IdVec<PortId, Wire>,
    pub forwarders: IdVec<RouterId, Forwarder>,
    pub delivers_at: IdVec<DestinationId, RouterId>,
    /// By sending end of the channel.
    pub link_policers: IdVec<LogicalLinkId, [Option<Policer>; 2]>,
    /// By direction of the connection.
    pub edge_policers: IdVec<ConnectionId, [Option<Policer>; 2]>,
    pub sources: IdVec<FlowId, FlowSource>,
    pub payloads: Slab<Caused<Control>>,

    // Control plane.
    pub speakers: IdVec<RouterId, Speaker>,
    pub processors: IdVec<RouterId, Delayed<Caused<bgp::Input>>>,
    pub installs: IdVec<RouterId, Delayed<Caused<Installation>>>,
    /// What each router has decided, installed or not yet.
    pub decided: IdVec<RouterId, Vec<Vec<NextHop>>>,
    pub interiors: IdVec<ProviderId, InteriorState>,
    pub bfd: Vec<[Endpoint; 2]>,
    pub bgp_timers: Timers,
    pub bfd_timers: Timers,

    // Physical world.
    pub link_ends: IdVec<LinkId, [LinkEnd; 2]>,
    pub carrier_timers: Timers,
    pub key_timers: Timers,
    pub dark: IdVec<LinkId, u32>,
    /// Failures that keep each router without power.
    pub power_causes: IdVec<RouterId, Vec<FailureId>>,
    pub link_blame: IdVec<LinkId, LinkBlame>,
    /// The ledger entry behind the latest change of each forwarding entry.
    pub route_blame: IdVec<RouterId, Vec<Option<EntryIndex>>>,
    /// The ledger entry behind what is being handled; meaningful in the control plane only.
    pub cause: Option<EntryIndex>,

    pub recorder: Recorder,
    /// Something changed that may change which paths are usable.
    pub paths_changed: bool,
}

/// A port with what the simulation must know about it.
pub(in crate::sim) struct Wire {
    pub port: Port,
    pub to: RouterId,
    pub link: LinkId,
    /// Index of the sending router among the link's ends.
    pub end: usize,
    /// Number of parallel members; further ones have the ports of the link's other members.
    pub members: usize,
    /// Direction in its interconnect; meaningless on other links.
    pub direction: usize,
    serial: u32,
    pub grey: Stream,
    /// Whether its MACsec numbers were seen to be used up.
    pub used_up: bool,
    pub drops: Drops,
}

impl Wire {
    /// The serial of the wire's next event.
    #[inline]
    pub const fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }
}

/// A five-tuple's source, with what its packets need side by side.
pub(in crate::sim) struct FlowSource {
    pub source: Source,
    pub serial: u32,
    pub hash: u32,
    pub edge: RouterId,
    pub destination: DestinationId,
    pub ttl: u8,
    pub kind: PacketKind,
    /// No packet at or after this.
    pub stop: Time,
    /// Direction of its connection, for the edge's policer.
    pub limited_by: Option<(ConnectionId, usize)>,
}

impl<'n> Partition<'n> {
    pub fn new(network: &'n Network, seed: RunSeed) -> Self {
        let destinations = network.destinations.len();
        let groups = || vec![Vec::new(); destinations];
        let endpoints = |session| [0, 1].map(|end| Endpoint::new(network, session, end, seed));
        let origin = Time::ZERO + network.warm_up;
        let mut partition = Self {
            network,
            seed,
            now: Time::ZERO,
            origin,
            end: origin + network.horizon,
            queue: EventQueue::new(),
            packet_hops: 0,
            wires: network.ports.iter().map(|port| wire(network, port, seed)).collect(),
            forwarders: network.routers.iter().map(|router| Forwarder::new(router, destinations)).collect(),
            delivers_at: network.destinations.iter().map(|destination| destination.router).collect(),
            link_policers: network.logical_links.iter().map(link_policers).collect(),
            edge_policers: network.connections.iter().map(edge_policers).collect(),
            sources: network.flows.iter().map(|flow| flow_source(network, flow, seed)).collect(),
            payloads: Slab::default(),
            speakers: network.routers.ids().map(|router| Speaker::new(network, router, seed)).collect(),
            processors: network.routers.iter().map(|_| Delayed::default()).collect(),
            installs: network.routers.iter().map(|_| Delayed::default()).collect(),
            decided: network.routers.iter().map(|_| groups()).collect(),
            interiors: network.providers.ids().map(|id| InteriorState::new(network, id)).collect(),
            bfd: (0..network.bfd_sessions.len()).map(endpoints).collect(),
            bgp_timers: Timers::new(network.sessions.len() * 2 * BGP_TIMERS),
            bfd_timers: Timers::new(network.bfd_sessions.len() * 2 * BFD_TIMERS),
            link_ends: network.links.ids().map(|id| LinkEnd::pair(network, id)).collect(),
            carrier_timers: Timers::new(network.links.len() * 2),
            key_timers: Timers::new(network.links.len() * 2),
            dark: network.links.iter().map(|_| 0).collect(),
            power_causes: network.routers.iter().map(|_| Vec::new()).collect(),
            link_blame: network.links.iter().map(|_| LinkBlame::default()).collect(),
            route_blame: network.routers.iter().map(|_| vec![None; destinations]).collect(),
            cause: None,
            recorder: Recorder::new(network),
            paths_changed: true,
        };
        partition.start();
        partition
    }

    /// Schedules what begins by itself: failures, flows, and the control plane from cold.
    fn start(&mut self) {
        for (id, failure) in self.network.failures.enumerate() {
            let begins = self.origin + failure.at;
            self.schedule(Event::FailureBegins(id), begins, 0);
            if let Some(lasts) = failure.lasts {
                self.schedule(Event::FailureEnds(id), begins + lasts, 0);
            }
        }
        self.start_routing();
        self.start_sources();
    }

    /// Puts an event into the queue, unless it lies at or behind the end of the run.
    #[inline]
    pub fn schedule(&mut self, event: Event, at: Time, serial: u32) {
        if at < self.end {
            self.queue.push(event.key(at, serial));
        }
    }

    /// Runs to the end, or until the observer says no.
    pub fn run(&mut self, observer: &mut dyn FnMut(Progress) -> Continue) {
        let mut next_observation = OBSERVE_EVERY;
        while let Some(key) = self.queue.pop() {
            let time = key.time();
            if time > self.now {
                self.pass_to(time);
            }
            self.dispatch(Event::of(key));
            if self.queue.fired() >= next_observation {
                next_observation += OBSERVE_EVERY;
                let now = self.now.since(self.origin);
                let progress = Progress { now, horizon: self.network.horizon, packet_hops: self.packet_hops };
                if observer(progress) == Continue::No {
                    self.end = self.now.max(self.origin);
                    break;
                }
            }
        }
        self.pass_to(self.end);
    }

    /// Time passes: what changed at the last instant takes its place in the record.
    #[inline]
    fn pass_to(&mut self, time: Time) {
        if self.paths_changed && time > self.origin {
            self.record_paths();
        }
        self.now = time;
        if time >= self.recorder.next_tick && time < self.end {
            self.recorder.tick(time);
        }
    }

    #[inline]
    fn dispatch(&mut self, event: Event) {
        match event {
            Event::Wire(port) => self.wire_arrives(port),
            Event::Source(flow) => self.source_sends(flow),
            Event::FailureBegins(failure) => self.failure_begins(failure),
            Event::FailureEnds(failure) => self.failure_ends(failure),
            Event::Carrier(link, end) => self.carrier_settles(link, end),
            Event::KeyAgreement(link, end) => self.key_timer_fires(link, end),
            Event::Interior(provider) => self.interior_converges(provider),
            Event::Install(router) => self.installs_due(router),
            Event::Process(router) => self.processor_runs(router),
            Event::BgpTimer(session, end, kind) => self.bgp_timer_fires(session, end, kind),
            Event::BfdTimer(session, end, kind) => self.bfd_timer_fires(session, end, kind),
        }
    }

    /// Judges a fired timer entry: true when the timer has run out.
    pub fn expired(&mut self, fired: Fired, event: Event) -> bool {
        match fired {
            Fired::Expired => true,
            Fired::Stale => false,
            Fired::Later(at, serial) => {
                self.schedule(event, at, serial);
                false
            }
        }
    }

    /// The instant `delay` from now; no delay is one picosecond, so that effects come after their causes.
    pub fn after(&self, delay: Span) -> Time {
        self.now + delay.max(Span::from_ps(1))
    }

    /// Whether a router has power.
    pub fn is_powered(&self, router: RouterId) -> bool {
        self.power_causes[router].is_empty()
    }

    /// Makes the record.
    pub fn finish(self) -> RunRecord {
        let totals = |wire: &Wire| {
            let (packets, wire_bytes, queue_max) = wire.port.counters();
            PortTotals { packets, wire_bytes, queue_max, chain: wire.port.chain(), dropped: wire.drops }
        };
        let ports: IdVec<PortId, PortTotals> = self.wires.iter().map(totals).collect();
        let run_end = RunEnd {
            network: self.network,
            seed: self.seed,
            end: self.end,
            events: self.queue.fired(),
            packet_hops: self.packet_hops,
        };
        self.recorder.finish(&run_end, &ports, self.wires.iter().flat_map(|wire| wire.port.packets()))
    }
}

fn wire(network: &Network, port: &crate::network::Port, seed: RunSeed) -> Wire {
    let link = &network.links[port.link];
    let direction = match link.kind {
        LinkKind::Channel(interconnect) => {
            usize::from(network.routers[port.from].provider != network.interconnects[interconnect].providers[0])
        }
        LinkKind::Backbone | LinkKind::Attachment => 0,
    };
    Wire {
        port: Port::new(port, network.routers[port.to].forwarding_latency),
        to: port.to,
        link: port.link,
        end: port.end,
        members: link.members.len(),
        direction,
        serial: 0,
        grey: seed.stream(&port.name, "grey-loss"),
        used_up: false,
        drops: Drops::default(),
    }
}

fn link_policers(link: &crate::network::LogicalLink) -> [Option<Policer>; 2] {
    [0, 1].map(|_| link.limit.map(|rate| Policer::new(rate, link.burst)))
}

fn edge_policers(connection: &crate::network::Connection) -> [Option<Policer>; 2] {
    [0, 1].map(|_| match connection.rate_limit.aggregate_at {
        AggregateLimit::VpcEdge => Some(Policer::new(connection.bandwidth, connection.rate_limit.burst)),
        AggregateLimit::None => None,
    })
}

fn flow_source(network: &Network, flow: &crate::network::Flow, seed: RunSeed) -> FlowSource {
    let limited_by = flow.connection.map(|connection| {
        let interconnect = network.connections[connection].interconnect;
        let first = network.interconnects[interconnect].providers[0];
        (connection, usize::from(network.routers[flow.edge].provider != first))
    });
    FlowSource {
        source: Source::new(flow, seed),
        serial: 0,
        hash: flow_hash(flow),
        edge: flow.edge,
        destination: flow.destination,
        ttl: flow.ttl,
        kind: match flow.role {
            FlowRole::Data => PacketKind::Data,
            FlowRole::ProbeRequest(_) => PacketKind::ProbeRequest,
            FlowRole::ProbeReply(_) => PacketKind::ProbeReply,
        },
        stop: Time::ZERO + network.warm_up + flow.stop,
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
