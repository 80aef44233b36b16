//! A whole run: the world that changes now and then, and the partitions in which packets move between its changes.
//!
//! ```text
//!   world event   |<-- windows: partitions side by side, then hand over at borders -->|   world event
//! ```
//! World events are few: failures, light, keys, timers, installations, and every arrival of a control packet. They
//! see all partitions at rest at one instant, so a run has the same course however it is divided.

use std::collections::{BTreeMap, VecDeque};

use rayon::prelude::*;

use crate::control::bfd::Endpoint;
use crate::control::bgp::{self, Speaker};
use crate::control::provisioning::Coordination;
use crate::dataplane::NextHopTable;
use crate::engine::EventQueue;
use crate::ids::{
    ConnectionId, DestinationId, FlowId, IdVec, InterconnectId, LinkId, PortId, ProviderId, RouterId, SessionId,
};
use crate::message::{Control, NextHop};
use crate::network::{L3BaseConfig, Network, Purchase};
use crate::rng::RunSeed;
use crate::sim::cpu::Processors;
use crate::sim::delayed::Delayed;
use crate::sim::event::{BFD_TIMERS, BGP_TIMERS, Event};
use crate::sim::exports::Export;
use crate::sim::facts::Facts;
use crate::sim::failing::{RunningStage, Turn};
use crate::sim::flow_level::FlowLevel;
use crate::sim::interior::{self, InteriorState};
use crate::sim::keys::KeyRing;
use crate::sim::layout::{Layout, PartitionIndex};
use crate::sim::light::LinkEnd;
use crate::sim::migration::Moving;
use crate::sim::partition::Partition;
use crate::sim::provisioning::Awaited;
use crate::sim::record::{RoutingRecord, RunRecord};
use crate::sim::recorder::{Cause, Journal};
use crate::sim::resting::{Liveness, Rest, RestingSession};
use crate::sim::routing;
use crate::sim::settling::Settling;
use crate::sim::slab::Slab;
use crate::sim::snapshot::Watch;
use crate::sim::timers::{Fired, Timers};
use crate::sim::{Continue, Progress};
use crate::units::{Span, Time};

/// Next hops on their way into a forwarding table.
pub(in crate::sim) type Installation = (DestinationId, Vec<NextHop>);

/// Something with what stands behind it.
pub(in crate::sim) type Caused<T> = (Option<Cause>, T);

/// Called now and then while a run goes on.
pub type Observer<'o> = &'o mut (dyn FnMut(Progress) -> Continue + Send);

/// Windows with fewer events than this are run by one thread: meeting the others would cost more than they do.
const WORTH_SHARING: u64 = 2_000;

/// A run under way.
pub(in crate::sim) struct Run<'n> {
    pub network: &'n Network,
    pub seed: RunSeed,
    pub now: Time,
    pub origin: Time,
    pub end: Time,
    pub queue: EventQueue,
    pub layout: Layout,
    pub partitions: Vec<Partition<'n>>,
    pub facts: Facts,
    pub journal: Journal,
    /// Data that goes by as rates.
    pub flow_level: FlowLevel,
    /// Events of the last window.
    window_events: u64,
    /// Events since the observer was called.
    unobserved: u64,

    // Control plane.
    pub payloads: Slab<Caused<Control>>,
    pub speakers: IdVec<RouterId, Speaker>,
    pub processors: IdVec<RouterId, Delayed<Caused<bgp::Input>>>,
    /// Failures that keep the BGP process of each router away.
    pub without_bgp: IdVec<RouterId, u32>,
    /// Failures that make both ends of a session discard each other's segments.
    pub refused: IdVec<SessionId, u32>,
    /// Whether both ends have each session configured.
    pub set_up: IdVec<SessionId, bool>,
    /// Failures for which each end of a session keeps it down.
    pub held: IdVec<SessionId, [u32; 2]>,
    /// When each processor will have done all that waits for it.
    pub busy_until: IdVec<RouterId, Time>,
    pub installs: IdVec<RouterId, Delayed<Caused<Installation>>>,
    /// When the last entry that waits will have been written into each forwarding table.
    pub written_until: IdVec<RouterId, Time>,
    /// What stands behind the changes that the decision process will look at.
    pub decision_cause: IdVec<RouterId, Option<Cause>>,
    /// What each router has decided, installed or not yet.
    pub decided: IdVec<RouterId, NextHopTable>,
    /// Destinations that anything is sent to.
    pub routed: Vec<DestinationId>,
    /// Internal sessions of every router, with their peers.
    pub peers: IdVec<RouterId, Vec<(SessionId, RouterId)>>,
    /// The router of each BGP identifier in a provider.
    pub speaker_of: BTreeMap<(ProviderId, u32), RouterId>,
    pub interiors: IdVec<ProviderId, InteriorState>,
    pub bfd: Vec<[Endpoint; 2]>,
    pub liveness: Liveness,
    pub resting: Vec<Option<Rest>>,
    /// Members whose keys rest, at the first of their ports.
    pub resting_keys: IdVec<PortId, bool>,
    pub resting_sessions: BTreeMap<SessionId, RestingSession>,
    pub bgp_timers: Timers,
    pub bfd_timers: Timers,

    pub settling: Settling,
    /// What BGP did so far.
    pub routing: RoutingRecord,

    // Physical world.
    pub link_ends: IdVec<LinkId, [LinkEnd; 2]>,
    pub carrier_timers: Timers,
    pub key_timers: Timers,
    pub lacp_timers: Timers,
    pub cpus: Processors,
    /// By the port of the end that holds the keys.
    pub key_rings: IdVec<PortId, KeyRing>,
    /// Cuts that last on each member, at the first of its ports.
    pub dark: IdVec<PortId, u32>,
    /// Ports whose MACsec numbers are used up.
    pub used_up: IdVec<PortId, bool>,
    /// What failures do, failure by failure.
    pub stages: Vec<RunningStage>,
    /// Of `network.provisioning`, in its order.
    pub coordinations: Vec<Coordination>,
    pub awaited: Vec<Awaited>,
    /// What providers have agreed on for each connection on each channel.
    pub features: BTreeMap<(ConnectionId, LinkId), L3BaseConfig>,
    /// The interconnect that carries each connection.
    pub homes: IdVec<ConnectionId, InterconnectId>,
    /// Connections on their way to another one.
    pub moving: IdVec<ConnectionId, Option<Moving>>,
    /// Scripted bandwidths that wait for a migration to end, oldest first.
    pub orders: IdVec<ConnectionId, VecDeque<Purchase>>,
    /// What each end of every session tells its peer.
    pub exports: IdVec<SessionId, [Export; 2]>,
    /// What stands behind what is being handled.
    pub cause: Option<Cause>,
    /// Something changed that may change which paths are usable.
    pub paths_changed: bool,
}

impl<'n> Run<'n> {
    pub fn new(network: &'n Network, seed: RunSeed, layout: Layout, liveness: Liveness) -> Self {
        let peers = interior::peers(network);
        let endpoints = |session| [0, 1].map(|end| Endpoint::new(network, session, end, seed));
        let origin = Time::ZERO + network.warm_up;
        let partition = |index| Partition::new(network, seed, &layout, PartitionIndex(index));
        let mut run = Self {
            network,
            seed,
            now: Time::ZERO,
            origin,
            end: origin + network.horizon,
            queue: EventQueue::new(),
            partitions: (0..layout.count()).map(partition).collect(),
            layout,
            facts: Facts::new(network),
            journal: Journal::new(network),
            flow_level: FlowLevel::new(network),
            window_events: u64::MAX,
            unobserved: 0,
            payloads: Slab::default(),
            speakers: network.routers.ids().map(|router| Speaker::new(network, router, seed)).collect(),
            processors: network.routers.iter().map(|_| Delayed::default()).collect(),
            without_bgp: network.routers.iter().map(|_| 0).collect(),
            refused: network.sessions.iter().map(|_| 0).collect(),
            set_up: network.sessions.iter().map(|_| true).collect(),
            held: network.sessions.iter().map(|_| [0; 2]).collect(),
            busy_until: network.routers.iter().map(|_| Time::ZERO).collect(),
            installs: network.routers.iter().map(|_| Delayed::default()).collect(),
            written_until: network.routers.iter().map(|_| Time::ZERO).collect(),
            decision_cause: network.routers.iter().map(|_| None).collect(),
            decided: network.routers.iter().map(|_| NextHopTable::new()).collect(),
            routed: routing::routed(network, &peers),
            peers,
            speaker_of: routing::speakers_by_identifier(network),
            interiors: network.providers.ids().map(|id| InteriorState::new(network, id)).collect(),
            bfd: (0..network.bfd_sessions.len()).map(endpoints).collect(),
            liveness,
            resting: vec![None; network.bfd_sessions.len()],
            resting_keys: network.ports.iter().map(|_| false).collect(),
            resting_sessions: BTreeMap::new(),
            bgp_timers: Timers::new(network.sessions.len() * 2 * BGP_TIMERS),
            bfd_timers: Timers::new(network.bfd_sessions.len() * 2 * BFD_TIMERS),
            settling: Settling::default(),
            routing: RoutingRecord::default(),
            link_ends: network.links.ids().map(|id| LinkEnd::pair(network, id, seed)).collect(),
            carrier_timers: Timers::new(network.ports.len()),
            key_timers: Timers::new(network.ports.len()),
            lacp_timers: Timers::new(network.ports.len()),
            cpus: Processors::new(network),
            key_rings: network.ports.iter().map(|_| KeyRing::default()).collect(),
            dark: network.ports.iter().map(|_| 0).collect(),
            used_up: network.ports.iter().map(|_| false).collect(),
            stages: Vec::new(),
            coordinations: Vec::new(),
            awaited: Vec::new(),
            features: BTreeMap::new(),
            homes: network.connections.iter().map(|connection| connection.interconnect).collect(),
            moving: network.connections.iter().map(|_| None).collect(),
            orders: network.connections.iter().map(|_| VecDeque::new()).collect(),
            exports: network.sessions.iter().map(Export::of_both_ends).collect(),
            cause: None,
            paths_changed: true,
        };
        run.start();
        run
    }

    /// Schedules what begins by itself: failures, seconds, and the control plane from cold.
    fn start(&mut self) {
        self.start_failures();
        for (index, change) in self.network.changes.iter().enumerate() {
            self.schedule(Event::Change(index), self.origin + change.at, 0);
        }
        self.schedule(Event::SecondBegins, self.origin + Span::from_s(1), 0);
        self.start_provisioning();
        self.start_routing();
        self.start_flow_level();
    }

    /// Puts a world event into the queue, unless it lies at or behind the end of the run.
    pub fn schedule(&mut self, event: Event, at: Time, serial: u32) {
        if at < self.end {
            self.queue.push(event.key(at, serial));
        }
    }

    /// Runs to the end, or until the observer says no.
    pub fn run(&mut self, observer: Observer<'_>) {
        loop {
            let mut at = self.next_change();
            if self.paths_changed && at > self.origin {
                let changed = self.now.max(self.origin);
                self.record_paths(changed);
                self.flow_level_follows(changed);
                // Sessions that it wakes may have something to do before.
                at = self.next_change();
            }
            if self.move_packets(at, observer) == Continue::No || self.observe(1, at, observer) == Continue::No {
                let reached = self.partitions.iter().map(|partition| partition.now).max().unwrap_or(self.now);
                self.end = reached.max(self.origin).max(self.now);
                break;
            }
            self.now = at;
            if at >= self.end {
                break;
            }
            self.partitions.iter_mut().for_each(|partition| partition.stand_at(at));
            while let Some(key) = self.queue.pop_before(at + Span::from_ps(1)) {
                debug_assert_eq!(key.time(), at, "nothing happens late");
                self.dispatch(Event::of(key));
            }
        }
    }

    /// When the world changes next, or the run ends.
    fn next_change(&mut self) -> Time {
        self.queue.next_time().unwrap_or(self.end).min(self.end)
    }

    /// Runs until all that happens at scenario time `at` has happened; "no" when the observer ended it before.
    pub fn run_until(&mut self, at: Span, observer: Observer<'_>) -> Continue {
        let end = (self.origin + at + Span::from_ps(1)).min(self.end);
        self.end = end;
        self.run(observer);
        if self.end < end { Continue::No } else { Continue::Yes }
    }

    /// Lets packets move until the world changes at `limit`.
    fn move_packets(&mut self, limit: Time, observer: Observer<'_>) -> Continue {
        while let Some(next) = self.next_packet_event().filter(|next| *next < limit) {
            let window = self.layout.window_end(next, limit);
            let before = self.packet_events();
            // What arrives within the window has departed by its beginning.
            self.hand_over(next);
            self.run_window(window);
            self.window_events = self.packet_events() - before;
            if self.partitions.iter().any(|partition| partition.recorder.wants_settling()) {
                self.settle_losses();
            }
            if self.observe(self.window_events, window, observer) == Continue::No {
                return Continue::No;
            }
        }
        self.hand_over(limit);
        self.note_used_up();
        Continue::Yes
    }

    /// Counts events, and asks the observer now and then whether to go on.
    fn observe(&mut self, events: u64, now: Time, observer: Observer<'_>) -> Continue {
        self.unobserved += events;
        if self.unobserved < OBSERVE_EVERY {
            return Continue::Yes;
        }
        self.unobserved = 0;
        let packet_hops = self.partitions.iter().map(|partition| partition.packet_hops).sum();
        observer(Progress { now: now.since(self.origin), horizon: self.network.horizon, packet_hops })
    }

    fn run_window(&mut self, end: Time) {
        let facts = &self.facts;
        if self.partitions.len() > 1 && self.window_events >= WORTH_SHARING {
            self.partitions.par_iter_mut().for_each(|partition| partition.run_before(end, facts));
        } else {
            self.partitions.iter_mut().for_each(|partition| partition.run_before(end, facts));
        }
    }

    /// When the next packet does something: in a partition, or on its way to another one.
    fn next_packet_event(&mut self) -> Option<Time> {
        let queued = self.partitions.iter_mut().filter_map(|partition| partition.queue.next_time()).min();
        let arrival = |port: &PortId| self.wire(*port).port.head_arrival(self.store(*port));
        let under_way = self.layout.borders().iter().filter_map(arrival).min();
        queued.into_iter().chain(under_way).min()
    }

    fn packet_events(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.queue.fired()).sum()
    }

    /// Losses and arrivals out of turn, of all partitions, become blackouts.
    pub fn settle_losses(&mut self) {
        for partition in &mut self.partitions {
            let trace = partition.recorder.take_trace();
            self.journal.hear(trace);
        }
        let lost = self.journal.settle();
        for loss in &lost {
            let edge = self.network.flows[loss.flow].edge;
            self.partitions[self.layout.of(edge).0].recorder.lost_in_second(loss);
        }
    }

    /// The next second of scenario time begins.
    fn second_begins(&mut self) {
        self.account(self.now);
        self.settle_losses();
        self.partitions.iter_mut().for_each(|partition| partition.recorder.second_begins());
        self.schedule(Event::SecondBegins, self.now + Span::from_s(1), 0);
    }

    fn dispatch(&mut self, event: Event) {
        if self.waits_for_processor(event) {
            return;
        }
        self.wake_for(event);
        match event {
            Event::SecondBegins => self.second_begins(),
            Event::Rates => self.rates_due(),
            Event::Fidelity => self.fidelity_due(),
            Event::FailureBegins(failure) => self.failure_begins(failure),
            Event::FailureEnds(failure) => self.failure_ends(failure),
            Event::StageBegins(stage) => self.stage_due(stage, Turn::Begins),
            Event::StageEnds(stage) => self.stage_due(stage, Turn::Ends),
            Event::Change(change) => self.change_happens(change),
            Event::Coordination(index) => self.coordination_due(index),
            Event::Migration(connection) => self.migration_due(connection),
            Event::Carrier(port) => self.carrier_settles(port),
            Event::KeyAgreement(port) => self.key_timer_fires(port),
            Event::Lacp(port) => self.lacp_timer_fires(port),
            Event::Interior(provider) => self.interior_converges(provider),
            Event::Install(router) => self.installs_due(router),
            Event::Process(router) => self.processor_runs(router),
            Event::Decide(router) => self.decision_runs(router),
            Event::BgpTimer(session, end, kind) => self.bgp_timer_fires(session, end, kind),
            Event::BfdTimer(session, end, kind) => self.bfd_timer_fires(session, end, kind),
            Event::Control(port) => self.control_arrives(port),
            Event::Wire(_) | Event::Late(_) | Event::Source(_) | Event::Release(_) | Event::FlowTimer(_) => {
                unreachable!("packets move in partitions")
            }
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

    /// The deaths of a flow's packets are kept from now on.
    pub fn watch(&mut self, flow: FlowId) {
        self.partitions.iter_mut().for_each(|partition| partition.watch = Some(Box::new(Watch::new(flow))));
    }

    /// Whether a router has power.
    pub fn is_powered(&self, router: RouterId) -> bool {
        self.facts.is_powered(router)
    }

    /// A router learned of something on a link; what follows has that notice behind it.
    pub fn notice(&mut self, link: LinkId, router: RouterId, subject: String, how: &'static str) {
        let Some(entry) = self.facts.link_blame[link].entry() else { return };
        let cause = self.journal.ledger.notice(entry, self.now, &self.network.routers[router].name, subject, how);
        if self.cause.is_none_or(|present| present.entry == entry) {
            self.cause = Some(cause);
        }
        self.lull_begins();
    }

    /// The ledger's entry for a link stands behind what follows.
    pub fn blame_link(&mut self, link: LinkId) {
        self.cause = self.facts.link_blame[link].entry().map(Cause::from);
    }

    /// Something is noticed, chosen or written: packets that die from now on are told apart from those before.
    pub fn lull_begins(&mut self) {
        if self.flow_level.is_rates() {
            self.account(self.now);
        }
        let lull = self.journal.ledger.lull_begins(self.now);
        self.partitions.iter_mut().for_each(|partition| partition.recorder.lull_begins(lull));
    }

    /// Makes the record.
    pub fn finish(mut self) -> RunRecord {
        self.now = self.end;
        self.wake_all();
        self.account(self.end);
        self.settle_losses();
        crate::sim::recorder::finish(self)
    }
}

/// Events between two calls of the observer.
const OBSERVE_EVERY: u64 = 1 << 18;
