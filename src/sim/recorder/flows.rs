//! Counts and blackouts of every five-tuple.

use super::ledger::{EntryIndex, Ledger};
use super::{class_of, monitor_of};
use crate::ids::{FlowId, IdVec, MonitorId};
use crate::message::{DropReason, Packet};
use crate::network::{FlowRole, Network};
use crate::units::{Span, Time};

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
    pub longest_blackout: Span,
    gap: Option<Gap>,
}

/// Losses since the last delivery, by sending time.
#[derive(Debug, Clone, Copy)]
struct Gap {
    from: Time,
    last: Time,
    entry: Option<EntryIndex>,
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
            longest_blackout: Span::ZERO,
            gap: None,
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

    /// Returns the flow's class.
    #[inline]
    pub fn delivered(&mut self, packet: &Packet, latency: Span, ledger: &mut Ledger) -> usize {
        let stats = &mut self.stats[packet.flow];
        stats.delivered += 1;
        stats.delivered_bytes += u64::from(packet.size);
        stats.latency_sum += u128::from(latency.as_ps());
        stats.latency_min = stats.latency_min.min(latency);
        stats.latency_max = stats.latency_max.max(latency);
        if let Some(gap) = stats.gap
            && packet.sent > gap.last
        {
            stats.close_gap(packet.flow, gap, packet.sent, ledger);
        }
        self.facts[packet.flow].class
    }

    pub fn dropped(&mut self, packet: &Packet, reason: DropReason, entry: Option<EntryIndex>, ledger: &mut Ledger) {
        let facts = &self.facts[packet.flow];
        count_drops(&mut self.class_drops[facts.class], reason);
        count_drops(&mut self.flow_drops[packet.flow], reason);
        if let Some(drops) = self.entry_drops.get_mut(facts.entry) {
            count_drops(drops, reason);
        }
        let stats = &mut self.stats[packet.flow];
        stats.dropped += 1;
        // One outage of a flow stands in one entry, the one it began with; what began without one belongs to none.
        let entry = match (reason, stats.gap) {
            (DropReason::RateLimit | DropReason::BufferFull, _) | (_, None) => entry,
            (_, Some(gap)) => gap.entry,
        };
        ledger.lost(entry, packet.flow, reason);
        let gap = stats.gap.get_or_insert(Gap { from: packet.sent, last: packet.sent, entry });
        gap.from = gap.from.min(packet.sent);
        gap.last = gap.last.max(packet.sent);
    }

    pub fn probe_dropped(&mut self, packet: &Packet, reason: DropReason) {
        self.stats[packet.flow].dropped += 1;
        count_drops(&mut self.probe_drops, reason);
    }

    /// Ends every gap that is still open when the run does.
    pub fn close_gaps(&mut self, network: &Network, origin: Time, end: Time, ledger: &mut Ledger) {
        for flow in self.stats.ids() {
            if let Some(gap) = self.stats[flow].gap {
                let stop = origin + network.flows[flow].stop;
                self.stats[flow].close_gap(flow, gap, end.min(stop), ledger);
                // A flow that had nothing more to send has no blackout that goes on.
                if stop >= end {
                    ledger.unended(gap.entry);
                }
            }
        }
    }
}

impl FlowStats {
    #[cold]
    fn close_gap(&mut self, flow: FlowId, gap: Gap, until: Time, ledger: &mut Ledger) {
        self.gap = None;
        self.longest_blackout = self.longest_blackout.max(until.since(gap.from));
        ledger.blackout(gap.entry, flow, (gap.from, until));
    }
}

/// Whether a flow carries customer data.
pub(super) fn is_data(role: FlowRole) -> bool {
    match role {
        FlowRole::Data => true,
        FlowRole::ProbeRequest(_) | FlowRole::ProbeReply(_) => false,
    }
}
