//! What a run writes down while it goes.
//!
//! ```text
//! sent, delivered, dropped -> flows (counts, blackouts)   latency (histograms)   seconds (experience)
//! notices, installs        -> ledger                       probes -> monitors     paths -> timelines
//!                                        all of it -> finish -> RunRecord
//! ```

mod finish;
mod flows;
mod latency;
mod ledger;
mod monitors;
mod seconds;

pub(in crate::sim) use finish::{PortTotals, RunEnd};
pub(in crate::sim) use flows::{Drops, count_drops};
pub(in crate::sim) use ledger::EntryIndex;

use crate::ids::{ConnectionId, Id, IdVec, LogicalLinkId};
use crate::message::{DropReason, Packet, PacketKind};
use crate::network::{FlowRole, Network};
use crate::sim::record::Counts;
use crate::units::{Share, Span, Time};
use flows::Flows;
use latency::Latencies;
use ledger::Ledger;
use monitors::Monitors;
use seconds::Seconds;

/// Collects everything that reports need. Times inside are simulation time; `finish` turns them into scenario time.
pub(in crate::sim) struct Recorder {
    origin: Time,
    bin: Span,
    bin_index: usize,
    bin_ends: Time,
    second_ends: Time,
    /// The recorder needs to hear of the first event at or after this instant.
    pub next_tick: Time,
    flows: Flows,
    latencies: Latencies,
    seconds: Seconds,
    pub ledger: Ledger,
    pub monitors: Monitors,
    control: Counts,
    loss_bins: Vec<(u64, Drops)>,
    logical_links: IdVec<LogicalLinkId, [Ridden; 2]>,
    session_up: IdVec<LogicalLinkId, Vec<(Time, Option<Time>)>>,
    /// Usable paths of each direction of each connection, from scenario time on.
    paths: IdVec<ConnectionId, [Vec<(Span, Share)>; 2]>,
    /// Whether queues or policers dropped packets while nothing had failed.
    congested_by_design: bool,
    /// Hash over state changes and drops.
    chain: u64,
}

/// Use of one direction of a logical link.
#[derive(Debug, Clone, Default)]
struct Ridden {
    packets: u64,
    bytes: u64,
    series: Vec<u64>,
}

impl Recorder {
    pub fn new(network: &Network) -> Self {
        let origin = Time::ZERO + network.warm_up;
        let bins = usize::try_from(network.horizon.as_ps().div_ceil(network.bin.as_ps().max(1))).unwrap_or(usize::MAX);
        let ridden = || Ridden { series: vec![0; bins], ..Ridden::default() };
        Self {
            origin,
            bin: network.bin,
            bin_index: 0,
            bin_ends: origin + network.bin,
            second_ends: origin + Span::from_s(1),
            next_tick: origin + network.bin.min(Span::from_s(1)),
            flows: Flows::new(network),
            latencies: Latencies::new(network.connections.len() * 2, bins),
            seconds: Seconds::new(network.flows.len()),
            ledger: Ledger::default(),
            monitors: Monitors::new(network),
            control: Counts::default(),
            loss_bins: vec![(0, Drops::default()); bins],
            logical_links: network.logical_links.iter().map(|_| [ridden(), ridden()]).collect(),
            session_up: network.logical_links.iter().map(|_| Vec::new()).collect(),
            paths: network.connections.iter().map(|_| [Vec::new(), Vec::new()]).collect(),
            congested_by_design: false,
            chain: 0,
        }
    }

    /// Moves the recorder's clocks on; called before the first event at or after `next_tick`.
    #[cold]
    pub fn tick(&mut self, now: Time) {
        while self.bin_ends <= now && self.bin_index + 1 < self.loss_bins.len() {
            self.bin_index += 1;
            self.bin_ends += self.bin;
        }
        if self.bin_ends <= now {
            self.bin_ends = Time::MAX;
        }
        while self.second_ends <= now {
            self.seconds.advance();
            self.second_ends += Span::from_s(1);
        }
        self.next_tick = self.bin_ends.min(self.second_ends);
    }

    /// A packet leaves its source.
    #[inline]
    pub fn sent(&mut self, packet: &Packet) {
        match packet.kind {
            PacketKind::Data => {
                self.flows.sent(packet);
                self.seconds.sent(packet.flow);
                self.loss_bins[self.bin_index].0 += 1;
            }
            PacketKind::ProbeRequest | PacketKind::ProbeReply => self.flows.sent(packet),
            PacketKind::ControlNeighbour | PacketKind::ControlRouted => self.control.sent += 1,
        }
    }

    /// A packet enters a logical link in direction 0 or 1 of its interconnect.
    #[inline]
    pub fn rode(&mut self, packet: &Packet, logical_link: LogicalLinkId, direction: usize) {
        let ridden = &mut self.logical_links[logical_link][direction];
        ridden.packets += 1;
        ridden.bytes += u64::from(packet.size);
        ridden.series[self.bin_index] += u64::from(packet.size);
        if packet.kind != PacketKind::Data {
            self.monitors.rode(packet, logical_link);
        }
    }

    /// A data packet or probe reaches its target.
    #[inline]
    pub fn delivered(&mut self, now: Time, packet: &Packet) {
        let latency = now - packet.sent;
        let class = self.flows.delivered(packet, latency, &mut self.ledger);
        if packet.kind == PacketKind::Data {
            self.latencies.record(class, self.bin_index, latency, packet.waited);
        }
    }

    /// A control packet reaches its target.
    pub const fn control_delivered(&mut self) {
        self.control.delivered += 1;
    }

    /// A packet dies; `entry` is the ledger entry to blame, if any.
    pub fn dropped(&mut self, now: Time, packet: &Packet, reason: DropReason, entry: Option<EntryIndex>) {
        self.chain_event(now, reason as u64 + 1, u64::from(packet.hash));
        match packet.kind {
            PacketKind::Data => {
                self.flows.dropped(packet, reason, entry, &mut self.ledger);
                self.seconds.lost(packet.flow, packet.sent.since(self.origin));
                let sent = packet.sent.since(self.origin).as_ps() / self.bin.as_ps().max(1);
                let bin = usize::try_from(sent).unwrap_or(usize::MAX).min(self.bin_index);
                count_drops(&mut self.loss_bins[bin].1, reason);
            }
            PacketKind::ProbeRequest | PacketKind::ProbeReply => {
                self.flows.probe_dropped(packet, reason);
                self.ledger.probe_dropped(entry, self.flows.monitor_of(packet.flow));
            }
            PacketKind::ControlNeighbour | PacketKind::ControlRouted => {
                *self.control.dropped.entry(reason).or_default() += 1;
            }
        }
    }

    /// The ledger entry behind a full queue or an exceeded rate: the incident that lasts, unless the design drops such
    /// packets when nothing has failed, too.
    #[cold]
    pub fn congestion_entry(&mut self) -> Option<EntryIndex> {
        let active = self.ledger.latest_active();
        self.congested_by_design |= active.is_none();
        active.filter(|_| !self.congested_by_design)
    }

    /// The share of equal-cost paths that lead to the other side, from `now` on.
    pub fn usable(&mut self, now: Time, connection: ConnectionId, direction: usize, share: Share) {
        let at = now.since(self.origin);
        let usable = &mut self.paths[connection][direction];
        if let Some(last) = usable.last_mut()
            && last.0 == at
        {
            last.1 = share;
        } else if usable.last().is_none_or(|last| last.1 != share) {
            usable.push((at, share));
        }
    }

    /// The eBGP session of a logical link came up.
    pub fn session_came_up(&mut self, now: Time, logical_link: LogicalLinkId) {
        self.session_up[logical_link].push((now, None));
    }

    /// The eBGP session of a logical link went down.
    pub fn session_went_down(&mut self, now: Time, logical_link: LogicalLinkId) {
        if let Some(last) = self.session_up[logical_link].last_mut() {
            last.1.get_or_insert(now);
        }
    }

    /// Adds a state change to the fingerprint.
    pub fn chain_event(&mut self, now: Time, what: u64, whom: u64) {
        // A sum of independent hashes: equal for any order of simultaneous changes, as partitions may see them.
        let event = crate::rng::mix(now.as_ps() ^ what.rotate_left(48) ^ whom.rotate_left(24));
        self.chain = self.chain.wrapping_add(event);
    }
}

/// The monitor whose probes a flow carries.
fn monitor_of(role: FlowRole) -> Option<crate::ids::MonitorId> {
    match role {
        FlowRole::Data => None,
        FlowRole::ProbeRequest(monitor) | FlowRole::ProbeReply(monitor) => Some(monitor),
    }
}

/// The class of a flow for statistics: two per connection, then one for everything else.
fn class_of(network: &Network, flow: &crate::network::Flow) -> usize {
    let Some(connection) = flow.connection else { return network.connections.len() * 2 };
    let first = network.interconnects[network.connections[connection].interconnect].providers[0];
    connection.index() * 2 + usize::from(network.routers[flow.edge].provider != first)
}
