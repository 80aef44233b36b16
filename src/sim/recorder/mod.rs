//! What a run writes down while it goes.
//!
//! ```text
//! partition: sent, delivered, dropped -> Recorder: flows, latency, seconds, probes ; trace of losses
//! world:     notices, installs, sessions, paths, traces of all partitions -> Journal: ledger, blackouts, timelines
//!                                        all of it -> finish -> RunRecord
//! ```
//! Recorders of partitions merge by sums and extremes, so the record does not tell how the run was divided.

mod availability;
mod blackouts;
mod blame;
mod drops;
mod exchanges;
mod finish;
mod flows;
mod journal;
mod latency;
mod ledger;
mod macsec;
mod monitors;
mod ports;
mod remedy;
mod seconds;
mod stretch;
mod tally;
mod trace;
mod transfers;

pub(in crate::sim) use drops::{Drops, WireDrops, count_drops, count_many_drops};
pub(in crate::sim) use finish::finish;
pub(in crate::sim) use journal::Journal;
pub(in crate::sim) use ledger::{Cause, EntryIndex, Lull};
pub(in crate::sim) use stretch::Stretch;

use crate::ids::{FlowId, Id, IdVec, LogicalLinkId};
use crate::message::{DropReason, Packet, PacketKind};
use crate::network::{FlowRole, Network};
use crate::sim::record::Counts;
use crate::units::{Span, Time};
use drops::sum;
use exchanges::Exchanges;
use flows::Flows;
use latency::Latencies;
use monitors::Monitors;
use seconds::Seconds;
use trace::{Loss, Trace};
use transfers::Transfers;

/// Collects what packets do in one partition. Times inside are simulation time; `finish` turns them into scenario
/// time.
pub(in crate::sim) struct Recorder {
    origin: Time,
    bin: Span,
    bin_index: usize,
    /// The recorder needs to hear of the first event at or after this instant: the present bin ends.
    pub next_tick: Time,
    flows: Flows,
    latencies: Latencies,
    seconds: Seconds,
    pub monitors: Monitors,
    pub transfers: Transfers,
    pub exchanges: Exchanges,
    control: Counts,
    duplicates: Counts,
    loss_bins: Vec<(u64, Drops)>,
    logical_links: IdVec<LogicalLinkId, [Ridden; 2]>,
    trace: Trace,
    /// Hash over drops.
    chain: u64,
}

/// Use of one direction of a logical link.
#[derive(Debug, Clone, Default)]
struct Ridden {
    packets: u64,
    bytes: u64,
    series: Vec<u64>,
}

impl Ridden {
    fn add(&mut self, other: &Self) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.series.iter_mut().zip(&other.series).for_each(|(bytes, more)| *bytes += more);
    }
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
            next_tick: origin + network.bin,
            flows: Flows::new(network),
            latencies: Latencies::new(network.connections.len() * 2, bins),
            seconds: Seconds::new(network.flows.len(), availability::by_class(network)),
            monitors: Monitors::new(network),
            transfers: Transfers::new(network),
            exchanges: Exchanges::new(network),
            control: Counts::default(),
            duplicates: Counts::default(),
            loss_bins: vec![(0, Drops::default()); bins],
            logical_links: network.logical_links.iter().map(|_| [ridden(), ridden()]).collect(),
            trace: Trace::default(),
            chain: 0,
        }
    }

    /// Moves the recorder's bins on; called before the first event at or after `next_tick`.
    #[cold]
    pub fn tick(&mut self, now: Time) {
        while self.next_tick <= now {
            if self.bin_index + 1 == self.loss_bins.len() {
                self.next_tick = Time::MAX;
                return;
            }
            self.bin_index += 1;
            self.next_tick += self.bin;
        }
    }

    /// The next second of scenario time begins; all losses so far have been settled.
    pub fn second_begins(&mut self) {
        self.seconds.advance();
    }

    /// A settled loss of a flow that begins in this partition.
    pub fn lost_in_second(&mut self, loss: &Loss) {
        self.seconds.lost(loss.flow, loss.first_sent.since(self.origin), loss.count());
    }

    /// Whether the trace should be taken soon.
    pub const fn wants_settling(&self) -> bool {
        self.trace.is_long()
    }

    /// Losses, and arrivals out of turn, since the last call.
    pub fn take_trace(&mut self) -> Trace {
        let lull = self.trace.lull;
        std::mem::replace(&mut self.trace, Trace { lull, ..Trace::default() })
    }

    /// What dies from now on dies in this lull.
    pub const fn lull_begins(&mut self, lull: Lull) {
        self.trace.lull = lull;
    }

    /// A packet leaves its source.
    #[inline(always)]
    pub fn sent(&mut self, packet: &Packet) {
        match packet.kind {
            PacketKind::Data | PacketKind::Content => {
                self.flows.sent(packet);
                self.seconds.sent(packet.flow, 1);
                self.loss_bins[self.bin_index].0 += 1;
            }
            PacketKind::ProbeRequest | PacketKind::ProbeReply => self.flows.sent(packet),
            PacketKind::Duplicate => self.duplicates.sent += 1,
            PacketKind::ControlNeighbour
            | PacketKind::ControlRouted
            | PacketKind::ControlMember
            | PacketKind::Uncontrolled => self.control.sent += 1,
        }
    }

    /// Fetches what the next packet that a flow sends changes.
    #[inline(always)]
    pub fn prefetch_sent(&self, flow: FlowId) {
        self.flows.prefetch_sent(flow);
        self.seconds.prefetch_sent(flow);
    }

    /// Fetches what the next packet of a flow changes that is delivered.
    #[inline(always)]
    pub fn prefetch_delivered(&self, flow: FlowId) {
        self.flows.prefetch_delivered(flow);
    }

    /// A packet enters a logical link in direction 0 or 1 of its interconnect.
    #[inline]
    pub fn rode(&mut self, packet: &Packet, logical_link: LogicalLinkId, direction: usize) {
        let ridden = &mut self.logical_links[logical_link][direction];
        ridden.packets += 1;
        ridden.bytes += u64::from(packet.size);
        ridden.series[self.bin_index] += u64::from(packet.size);
        if matches!(packet.kind, PacketKind::ProbeRequest | PacketKind::ProbeReply) {
            self.monitors.rode(packet, logical_link);
        }
    }

    /// A data packet or probe reaches its target.
    #[inline(always)]
    pub fn delivered(&mut self, now: Time, packet: &Packet) {
        if packet.kind == PacketKind::Duplicate {
            self.duplicates.delivered += 1;
            return;
        }
        let latency = now - packet.sent;
        let delivery = self.flows.delivered(packet, latency);
        if packet.kind == PacketKind::Data {
            if let Some(expected) = delivery.expected_instead {
                self.trace.out_of_turn(packet, expected);
            }
            self.latencies.record(delivery.class, self.bin_index, latency, packet.waited);
        }
    }

    /// A control packet reaches its target.
    pub const fn control_delivered(&mut self) {
        self.control.delivered += 1;
    }

    /// A packet dies; `entry` is the ledger entry to blame, if any.
    pub fn dropped(&mut self, now: Time, packet: &Packet, reason: DropReason, entry: Option<EntryIndex>) {
        self.chain = self.chain.wrapping_add(event_hash(now, reason as u64 + 1, u64::from(packet.hash)));
        match packet.kind {
            PacketKind::Data | PacketKind::Content => {
                self.flows.dropped(packet.flow, reason, 1);
                self.trace.lost(packet, self.origin, reason, entry);
                let sent = packet.sent.since(self.origin).as_ps() / self.bin.as_ps().max(1);
                let bin = usize::try_from(sent).unwrap_or(usize::MAX).min(self.bin_index);
                count_drops(&mut self.loss_bins[bin].1, reason);
            }
            PacketKind::ProbeRequest | PacketKind::ProbeReply => {
                self.flows.probe_dropped(packet, reason);
                self.trace.probe_lost(entry, self.flows.monitor_of(packet.flow));
            }
            PacketKind::Duplicate => *self.duplicates.dropped.entry(reason).or_default() += 1,
            PacketKind::ControlNeighbour
            | PacketKind::ControlRouted
            | PacketKind::ControlMember
            | PacketKind::Uncontrolled => {
                *self.control.dropped.entry(reason).or_default() += 1;
            }
        }
    }

    /// Adds what another partition's recorder has.
    fn add(&mut self, other: Self) {
        self.flows.add(&other.flows);
        self.latencies.add(&other.latencies);
        self.seconds.add(&other.seconds);
        self.monitors.add(other.monitors);
        self.transfers.add(&other.transfers);
        self.exchanges.add(&other.exchanges);
        self.control.add(other.control);
        self.duplicates.add(other.duplicates);
        for (bin, more) in self.loss_bins.iter_mut().zip(&other.loss_bins) {
            bin.0 += more.0;
            bin.1.iter_mut().zip(&more.1).for_each(|(count, more)| *count += more);
        }
        for (id, more) in other.logical_links.enumerate() {
            self.logical_links[id].iter_mut().zip(more).for_each(|(ridden, more)| ridden.add(more));
        }
        self.chain = self.chain.wrapping_add(other.chain);
    }
}

/// One event in the fingerprint, which is a sum of independent hashes: equal for any order of simultaneous events, as
/// partitions may see them.
fn event_hash(now: Time, what: u64, whom: u64) -> u64 {
    crate::rng::mix(now.as_ps() ^ what.rotate_left(48) ^ whom.rotate_left(24))
}

/// The monitor whose probes a flow carries.
fn monitor_of(role: FlowRole) -> Option<crate::ids::MonitorId> {
    match role {
        FlowRole::Data | FlowRole::Answers => None,
        FlowRole::ProbeRequest(monitor) | FlowRole::ProbeReply(monitor) => Some(monitor),
    }
}

/// The class of a flow for statistics: two per connection, then one for everything else.
fn class_of(network: &Network, flow: &crate::network::Flow) -> usize {
    let Some(connection) = flow.connection else { return network.connections.len() * 2 };
    let first = network.interconnects[network.connections[connection].interconnect].providers[0];
    connection.index() * 2 + usize::from(network.routers[flow.edge].provider != first)
}
