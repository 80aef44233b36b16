//! Counts of every five-tuple.

use super::{class_of, monitor_of};
use crate::ids::{FlowId, IdVec, MonitorId};
use crate::message::{DropReason, Packet};
use crate::network::{FlowRole, Network};
use crate::units::Span;

/// Packets dropped, by index of the cause.
pub(in crate::sim) type Drops = [u64; DropReason::ALL.len()];

/// Counts one drop.
pub(in crate::sim) const fn count_drops(drops: &mut Drops, reason: DropReason) {
    drops[reason.index()] += 1;
}

/// Statistics of all five-tuples.
pub(super) struct Flows {
    pub stats: IdVec<FlowId, FlowStats>,
    facts: IdVec<FlowId, FlowFacts>,
    /// Drops by class and cause, and of probes.
    pub class_drops: Vec<Drops>,
    pub entry_drops: Vec<Drops>,
    pub flow_drops: IdVec<FlowId, Drops>,
    pub probe_drops: Drops,
}

/// What must be known of a flow while packets run.
struct FlowFacts {
    class: usize,
    entry: usize,
    monitor: Option<MonitorId>,
}

/// One five-tuple.
#[derive(Debug, Clone)]
pub(super) struct FlowStats {
    pub sent: u64,
    pub sent_bytes: u64,
    pub delivered: u64,
    pub delivered_bytes: u64,
    pub dropped: u64,
    pub latency_sum: u128,
    pub latency_min: Span,
    pub latency_max: Span,
    /// Number of the next packet, when none is lost or overtaken.
    expected: u32,
}

/// What a delivery tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery {
    pub class: usize,
    /// The number that was expected, when it was another.
    pub expected_instead: Option<u32>,
}

impl Flows {
    pub fn new(network: &Network) -> Self {
        let idle = FlowStats {
            sent: 0,
            sent_bytes: 0,
            delivered: 0,
            delivered_bytes: 0,
            dropped: 0,
            latency_sum: 0,
            latency_min: Span::MAX,
            latency_max: Span::ZERO,
            expected: 1,
        };
        let facts = |flow: &crate::network::Flow| FlowFacts {
            class: class_of(network, flow),
            entry: flow.entry.map_or(usize::MAX, |entry| entry.0 as usize),
            monitor: monitor_of(flow.role),
        };
        Self {
            stats: network.flows.iter().map(|_| idle.clone()).collect(),
            facts: network.flows.iter().map(facts).collect(),
            class_drops: vec![Drops::default(); network.connections.len() * 2 + 1],
            entry_drops: vec![Drops::default(); network.flow_entries.len()],
            flow_drops: network.flows.iter().map(|_| Drops::default()).collect(),
            probe_drops: Drops::default(),
        }
    }

    pub fn monitor_of(&self, flow: FlowId) -> Option<MonitorId> {
        self.facts[flow].monitor
    }

    #[inline]
    pub fn sent(&mut self, packet: &Packet) {
        let stats = &mut self.stats[packet.flow];
        stats.sent += 1;
        stats.sent_bytes += u64::from(packet.size);
    }

    /// A packet reaches its target.
    #[inline]
    pub fn delivered(&mut self, packet: &Packet, latency: Span) -> Delivery {
        let stats = &mut self.stats[packet.flow];
        stats.delivered += 1;
        stats.delivered_bytes += u64::from(packet.size);
        stats.latency_sum += u128::from(latency.as_ps());
        stats.latency_min = stats.latency_min.min(latency);
        stats.latency_max = stats.latency_max.max(latency);
        let expected = stats.expected;
        if packet.payload >= expected {
            stats.expected = packet.payload.wrapping_add(1);
        }
        let expected_instead = (packet.payload != expected).then_some(expected);
        Delivery { class: self.facts[packet.flow].class, expected_instead }
    }

    pub fn dropped(&mut self, packet: &Packet, reason: DropReason) {
        let facts = &self.facts[packet.flow];
        count_drops(&mut self.class_drops[facts.class], reason);
        count_drops(&mut self.flow_drops[packet.flow], reason);
        if let Some(drops) = self.entry_drops.get_mut(facts.entry) {
            count_drops(drops, reason);
        }
        self.stats[packet.flow].dropped += 1;
    }

    pub fn probe_dropped(&mut self, packet: &Packet, reason: DropReason) {
        self.stats[packet.flow].dropped += 1;
        count_drops(&mut self.probe_drops, reason);
    }

    /// Adds what another partition saw of the same flows.
    pub fn add(&mut self, other: &Self) {
        for (id, more) in other.stats.enumerate() {
            self.stats[id].add(more);
        }
        let add = |drops: &mut Drops, more: &Drops| drops.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        self.class_drops.iter_mut().zip(&other.class_drops).for_each(|(drops, more)| add(drops, more));
        self.entry_drops.iter_mut().zip(&other.entry_drops).for_each(|(drops, more)| add(drops, more));
        for (id, more) in other.flow_drops.enumerate() {
            add(&mut self.flow_drops[id], more);
        }
        add(&mut self.probe_drops, &other.probe_drops);
    }
}

impl FlowStats {
    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.sent_bytes += other.sent_bytes;
        self.delivered += other.delivered;
        self.delivered_bytes += other.delivered_bytes;
        self.dropped += other.dropped;
        self.latency_sum += other.latency_sum;
        self.latency_min = self.latency_min.min(other.latency_min);
        self.latency_max = self.latency_max.max(other.latency_max);
    }
}

/// Whether a flow carries customer data.
pub(super) fn is_data(role: FlowRole) -> bool {
    match role {
        FlowRole::Data | FlowRole::Acknowledgements => true,
        FlowRole::ProbeRequest(_) | FlowRole::ProbeReply(_) => false,
    }
}
