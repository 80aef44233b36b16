//! Exchanges of every flow entry that has them: how many came to what end, and how long they took.

use super::latency::Sample;
use crate::ids::{FlowEntryId, IdVec};
use crate::network::{FlowRole, Network, Transport};
use crate::sim::record::ExchangeRecord;
use crate::units::Span;

/// Statistics of all exchanges.
pub(in crate::sim) struct Exchanges {
    entries: IdVec<FlowEntryId, Option<Box<Entry>>>,
}

/// The exchanges of one flow entry.
struct Entry {
    begun: u64,
    retries: u64,
    given_up: u64,
    refused: u64,
    open: u64,
    latency: Sample,
    wait: Sample,
}

impl Exchanges {
    pub fn new(network: &Network) -> Self {
        let mut entries: IdVec<FlowEntryId, Option<Box<Entry>>> = network.flow_entries.iter().map(|_| None).collect();
        for flow in &network.flows {
            if let (Some(entry), Transport::Exchanges(_), FlowRole::Data) = (flow.entry, &flow.transport, flow.role) {
                entries[entry].get_or_insert_with(|| Box::new(Entry::new()));
            }
        }
        Self { entries }
    }

    fn entry(&mut self, id: Option<FlowEntryId>) -> &mut Entry {
        let entry = id.and_then(|id| self.entries[id].as_deref_mut());
        entry.expect("exchanges belong to an entry that has some")
    }

    pub fn begun(&mut self, entry: Option<FlowEntryId>) {
        self.entry(entry).begun += 1;
    }

    pub fn retried(&mut self, entry: Option<FlowEntryId>) {
        self.entry(entry).retries += 1;
    }

    pub fn given_up(&mut self, entry: Option<FlowEntryId>) {
        self.entry(entry).given_up += 1;
    }

    /// A request found no worker and no place to wait.
    pub fn refused(&mut self, entry: Option<FlowEntryId>) {
        self.entry(entry).refused += 1;
    }

    /// A whole response came, so long after the first request was sent.
    pub fn done(&mut self, entry: Option<FlowEntryId>, took: Span) {
        self.entry(entry).latency.record(took);
    }

    /// A request was taken in that waits so long for a worker.
    pub fn served(&mut self, entry: Option<FlowEntryId>, waited: Span) {
        self.entry(entry).wait.record(waited);
    }

    /// Exchanges of a five-tuple that have not ended with the run.
    pub fn left_open(&mut self, entry: Option<FlowEntryId>, open: u64) {
        self.entry(entry).open += open;
    }

    /// Adds what another partition saw.
    pub fn add(&mut self, other: &Self) {
        for (id, more) in other.entries.enumerate() {
            if let (Some(entry), Some(more)) = (self.entries[id].as_deref_mut(), more) {
                entry.begun += more.begun;
                entry.retries += more.retries;
                entry.given_up += more.given_up;
                entry.refused += more.refused;
                entry.open += more.open;
                entry.latency.add(&more.latency);
                entry.wait.add(&more.wait);
            }
        }
    }

    /// The record of an entry's exchanges; none when it has none.
    pub fn record(&self, id: FlowEntryId) -> Option<ExchangeRecord> {
        let entry = self.entries[id].as_deref()?;
        let latency = entry.latency.distribution();
        let ended = latency.count + entry.given_up;
        assert_eq!(entry.begun, ended + entry.open, "every exchange is completed, given up, or under way");
        Some(ExchangeRecord {
            begun: entry.begun,
            latency,
            retries: entry.retries,
            given_up: entry.given_up,
            refused: entry.refused,
            open: entry.open,
            wait: entry.wait.distribution(),
        })
    }
}

impl Entry {
    fn new() -> Self {
        Self { begun: 0, retries: 0, given_up: 0, refused: 0, open: 0, latency: Sample::new(), wait: Sample::new() }
    }
}
