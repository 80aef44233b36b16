//! Transfers of every flow entry that has them: how many, how long they took, and what their senders counted.

use super::latency::Sample;
use crate::ids::{FlowEntryId, IdVec};
use crate::network::{FlowRole, Network, Transport};
use crate::sim::record::TransferRecord;
use crate::traffic::tcp::Statistics;
use crate::units::{Bytes, Rate, Span};

/// Statistics of all transfers.
pub(in crate::sim) struct Transfers {
    entries: IdVec<FlowEntryId, Option<Box<Entry>>>,
}

/// The transfers of one flow entry.
struct Entry {
    asked: u64,
    completion: Sample,
    statistics: Statistics,
    /// Scenario times between which data was offered.
    window: (Span, Span),
}

impl Transfers {
    pub fn new(network: &Network) -> Self {
        let mut entries: IdVec<FlowEntryId, Option<Box<Entry>>> = network.flow_entries.iter().map(|_| None).collect();
        for flow in &network.flows {
            if let (Some(entry), Transport::Tcp(_), FlowRole::Data) = (flow.entry, &flow.transport, flow.role) {
                entries[entry].get_or_insert_with(|| {
                    let window = (flow.start, flow.stop);
                    Box::new(Entry { asked: 0, completion: Sample::new(), statistics: Statistics::default(), window })
                });
            }
        }
        Self { entries }
    }

    fn entry(&mut self, id: Option<FlowEntryId>) -> &mut Entry {
        let entry = id.and_then(|id| self.entries[id].as_deref_mut());
        entry.expect("transfers belong to an entry that has some")
    }

    /// A transfer is asked for.
    pub fn asked(&mut self, entry: Option<FlowEntryId>) {
        self.entry(entry).asked += 1;
    }

    /// All of a transfer was acknowledged, so long after it was asked for.
    pub fn done(&mut self, entry: Option<FlowEntryId>, took: Span) {
        self.entry(entry).completion.record(took);
    }

    /// What one sender counted in the run.
    pub fn count(&mut self, entry: Option<FlowEntryId>, statistics: &Statistics) {
        self.entry(entry).statistics.add(statistics);
    }

    /// Adds what another partition saw.
    pub fn add(&mut self, other: &Self) {
        for (id, more) in other.entries.enumerate() {
            if let (Some(entry), Some(more)) = (self.entries[id].as_deref_mut(), more) {
                entry.asked += more.asked;
                entry.completion.add(&more.completion);
                entry.statistics.add(&more.statistics);
            }
        }
    }

    /// The record of an entry's transfers in a run that ended at scenario time `ended`; none when it has none.
    pub fn record(&self, id: FlowEntryId, ended: Span) -> Option<TransferRecord> {
        let entry = self.entries[id].as_deref()?;
        let statistics = &entry.statistics;
        let offered = entry.window.1.min(ended).saturating_sub(entry.window.0).as_ps().max(1);
        let bps = u128::from(statistics.acknowledged) * 8 * 1_000_000_000_000 / u128::from(offered);
        Some(TransferRecord {
            asked: entry.asked,
            completion: entry.completion.distribution(),
            acknowledged: Bytes(statistics.acknowledged),
            goodput: Rate::from_bps(u64::try_from(bps).unwrap_or(u64::MAX)),
            segments: statistics.segments,
            retransmissions: statistics.retransmissions,
            timeouts: statistics.timeouts,
            probes: statistics.probes,
            recoveries: statistics.recoveries,
            marks: statistics.marks,
            longest_stall: statistics.longest_stall,
        })
    }
}
