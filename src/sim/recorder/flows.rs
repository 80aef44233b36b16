//! Counts of every five-tuple.

use std::collections::BTreeMap;

use super::{Drops, Stretch, class_of, count_drops, count_many_drops, monitor_of};
use crate::engine::prefetch;
use crate::ids::{FlowEntryId, FlowId, Id, IdVec, MonitorId};
use crate::message::{DropReason, Packet};
use crate::network::{Flow, FlowRole, Network};
use crate::units::Span;

/// Statistics of all five-tuples: what changes with a packet is kept close together, and what hardly ever changes is
/// kept only of the flows that need it.
pub(super) struct Flows {
    sent: IdVec<FlowId, Sent>,
    arrived: IdVec<FlowId, Arrived>,
    /// Of the flows that lost something.
    drops: BTreeMap<FlowId, Drops>,
    facts: IdVec<FlowId, FlowFacts>,
    /// Drops by class and cause, and of probes.
    pub class_drops: Vec<Drops>,
    pub entry_drops: Vec<Drops>,
    pub probe_drops: Drops,
}

/// What must be known of a flow when it loses something.
struct FlowFacts {
    entry: Option<FlowEntryId>,
    monitor: Option<MonitorId>,
}

/// One five-tuple at its source.
#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    packets: u64,
    bytes: u64,
}

/// One five-tuple at its target, on one cache line.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Arrived {
    packets: u64,
    bytes: u64,
    latency_sum: u128,
    latency_min: Span,
    latency_max: Span,
    /// Number of the next packet, when none is lost or overtaken.
    expected: u32,
    class: u32,
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
        let arrived = |flow: &Flow| Arrived {
            packets: 0,
            bytes: 0,
            latency_sum: 0,
            latency_min: Span::MAX,
            latency_max: Span::ZERO,
            expected: 1,
            class: u32::try_from(class_of(network, flow)).expect("fewer than 2^32 classes"),
        };
        Self {
            sent: network.flows.iter().map(|_| Sent::default()).collect(),
            arrived: network.flows.iter().map(arrived).collect(),
            drops: BTreeMap::new(),
            facts: network
                .flows
                .iter()
                .map(|flow| FlowFacts { entry: flow.entry, monitor: monitor_of(flow.role) })
                .collect(),
            class_drops: vec![Drops::default(); network.connections.len() * 2 + 1],
            entry_drops: vec![Drops::default(); network.flow_entries.len()],
            probe_drops: Drops::default(),
        }
    }

    /// All that is known of a flow.
    pub fn stats(&self, flow: FlowId) -> FlowStats {
        let (sent, arrived) = (&self.sent[flow], &self.arrived[flow]);
        FlowStats {
            sent: sent.packets,
            sent_bytes: sent.bytes,
            delivered: arrived.packets,
            delivered_bytes: arrived.bytes,
            dropped: self.drops(flow).iter().sum(),
            latency_sum: arrived.latency_sum,
            latency_min: arrived.latency_min,
            latency_max: arrived.latency_max,
        }
    }

    /// What a flow lost, by cause.
    pub fn drops(&self, flow: FlowId) -> Drops {
        self.drops.get(&flow).copied().unwrap_or_default()
    }

    pub fn monitor_of(&self, flow: FlowId) -> Option<MonitorId> {
        self.facts[flow].monitor
    }

    /// Fetches what the next packet that a flow sends changes.
    #[inline(always)]
    pub fn prefetch_sent(&self, flow: FlowId) {
        prefetch(&self.sent[flow]);
    }

    /// Fetches what the next packet of a flow changes that is delivered; control packets have no flow.
    #[inline(always)]
    pub fn prefetch_delivered(&self, flow: FlowId) {
        if let Some(arrived) = self.arrived.get(flow) {
            prefetch(arrived);
        }
    }

    #[inline]
    pub fn sent(&mut self, packet: &Packet) {
        let sent = &mut self.sent[packet.flow];
        sent.packets += 1;
        sent.bytes += u64::from(packet.size);
    }

    /// A packet reaches its target.
    #[inline]
    pub fn delivered(&mut self, packet: &Packet, latency: Span) -> Delivery {
        let arrived = &mut self.arrived[packet.flow];
        arrived.packets += 1;
        arrived.bytes += u64::from(packet.size);
        arrived.latency_sum += u128::from(latency.as_ps());
        arrived.latency_min = arrived.latency_min.min(latency);
        arrived.latency_max = arrived.latency_max.max(latency);
        let expected = arrived.expected;
        if packet.payload >= expected {
            arrived.expected = packet.payload.wrapping_add(1);
        }
        let expected_instead = (packet.payload != expected).then_some(expected);
        Delivery { class: arrived.class as usize, expected_instead }
    }

    /// Packets of a stretch of which so many, and so many bytes, reach their target.
    pub fn came_in(&mut self, stretch: &Stretch, packets: u64, bytes: u64, latency: Span) -> Delivery {
        let arrived = &mut self.arrived[stretch.flow];
        arrived.packets += packets;
        arrived.bytes += bytes;
        arrived.latency_sum += u128::from(latency.as_ps()) * u128::from(packets);
        arrived.latency_min = arrived.latency_min.min(latency);
        arrived.latency_max = arrived.latency_max.max(latency);
        let expected = arrived.expected;
        arrived.expected = expected.max(stretch.first.wrapping_add(stretch.packets));
        let expected_instead = (stretch.first != expected).then_some(expected);
        Delivery { class: arrived.class as usize, expected_instead }
    }

    /// Packets of a stretch leave their source.
    pub fn went_out(&mut self, stretch: &Stretch, bytes: u64) {
        let sent = &mut self.sent[stretch.flow];
        sent.packets += u64::from(stretch.packets);
        sent.bytes += bytes;
    }

    /// So many data packets of a flow died.
    pub fn dropped(&mut self, flow: FlowId, reason: DropReason, count: u64) {
        count_many_drops(&mut self.class_drops[self.arrived[flow].class as usize], reason, count);
        count_many_drops(self.drops.entry(flow).or_default(), reason, count);
        if let Some(entry) = self.facts[flow].entry {
            count_many_drops(&mut self.entry_drops[entry.index()], reason, count);
        }
    }

    pub fn probe_dropped(&mut self, packet: &Packet, reason: DropReason) {
        count_drops(self.drops.entry(packet.flow).or_default(), reason);
        count_drops(&mut self.probe_drops, reason);
    }

    /// Adds what another partition saw of the same flows.
    pub fn add(&mut self, other: &Self) {
        for (id, more) in other.sent.enumerate() {
            self.sent[id].packets += more.packets;
            self.sent[id].bytes += more.bytes;
        }
        for (id, more) in other.arrived.enumerate() {
            self.arrived[id].add(more);
        }
        let add = |drops: &mut Drops, more: &Drops| drops.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        self.class_drops.iter_mut().zip(&other.class_drops).for_each(|(drops, more)| add(drops, more));
        self.entry_drops.iter_mut().zip(&other.entry_drops).for_each(|(drops, more)| add(drops, more));
        for (flow, more) in &other.drops {
            add(self.drops.entry(*flow).or_default(), more);
        }
        add(&mut self.probe_drops, &other.probe_drops);
    }
}

impl Arrived {
    fn add(&mut self, other: &Self) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.latency_sum += other.latency_sum;
        self.latency_min = self.latency_min.min(other.latency_min);
        self.latency_max = self.latency_max.max(other.latency_max);
    }
}

/// Whether a flow carries customer data.
pub(super) fn is_data(role: FlowRole) -> bool {
    match role {
        FlowRole::Data | FlowRole::Answers => true,
        FlowRole::ProbeRequest(_) | FlowRole::ProbeReply(_) => false,
    }
}
