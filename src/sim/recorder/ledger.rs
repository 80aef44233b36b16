//! The ledger in the making: one entry per incident and one per return.

use std::collections::{BTreeMap, BTreeSet};

use super::Drops;
use crate::ids::{FailureId, FlowId, MonitorId};
use crate::message::DropReason;
use crate::network::Network;
use crate::sim::record::{FlowHit, LedgerEntry, LedgerKind, Notice, Spread};
use crate::units::{Span, Time};

/// Place of an entry in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sim) struct EntryIndex(usize);

/// All entries in order of time.
#[derive(Default)]
pub(in crate::sim) struct Ledger {
    entries: Vec<Entry>,
}

struct Entry {
    failure: FailureId,
    kind: LedgerKind,
    at: Time,
    notices: Vec<(Time, String, String, &'static str)>,
    forwarding: Option<(Time, Time)>,
    fib_changes: u64,
    updates: u64,
    dropped: Drops,
    hit: BTreeMap<FlowId, Hit>,
    unended: u64,
    probes_lost: BTreeSet<MonitorId>,
}

#[derive(Clone, Copy, Default)]
struct Hit {
    lost: u64,
    longest: Option<(Time, Time)>,
}

impl Ledger {
    /// A failure begins or ends.
    pub fn open(&mut self, now: Time, failure: FailureId, kind: LedgerKind) -> EntryIndex {
        self.entries.push(Entry {
            failure,
            kind,
            at: now,
            notices: Vec::new(),
            forwarding: None,
            fib_changes: 0,
            updates: 0,
            dropped: Drops::default(),
            hit: BTreeMap::new(),
            unended: 0,
            probes_lost: BTreeSet::new(),
        });
        EntryIndex(self.entries.len() - 1)
    }

    /// The latest entry of all.
    pub fn latest(&self) -> Option<EntryIndex> {
        self.entries.len().checked_sub(1).map(EntryIndex)
    }

    /// A router learns of something; once per router and mechanism.
    pub fn notice(&mut self, index: Option<EntryIndex>, now: Time, router: &str, subject: String, how: &'static str) {
        let Some(entry) = index.map(|index| &mut self.entries[index.0]) else { return };
        if !entry.notices.iter().any(|(_, who, _, mechanism)| who == router && *mechanism == how) {
            entry.notices.push((now, router.to_owned(), subject, how));
        }
    }

    /// A forwarding entry changed.
    pub fn installed(&mut self, now: Time, index: Option<EntryIndex>) {
        if let Some(entry) = index.map(|index| &mut self.entries[index.0]) {
            entry.fib_changes += 1;
            entry.forwarding = Some((entry.forwarding.map_or(now, |(first, _)| first), now));
        }
    }

    /// An UPDATE was sent.
    pub fn update_sent(&mut self, index: Option<EntryIndex>) {
        if let Some(index) = index {
            self.entries[index.0].updates += 1;
        }
    }

    /// So many data packets of a flow were lost.
    pub fn lost(&mut self, index: Option<EntryIndex>, flow: FlowId, reason: DropReason, count: u64) {
        let Some(entry) = index.map(|index| &mut self.entries[index.0]) else { return };
        entry.dropped[reason.index()] += count;
        entry.hit.entry(flow).or_default().lost += count;
    }

    /// A flow got nothing through between two sending times.
    pub fn blackout(&mut self, index: Option<EntryIndex>, flow: FlowId, gap: (Time, Time)) {
        let Some(entry) = index.map(|index| &mut self.entries[index.0]) else { return };
        let hit = entry.hit.entry(flow).or_default();
        if hit.longest.is_none_or(|longest| length(longest) < length(gap)) {
            hit.longest = Some(gap);
        }
    }

    /// A flow's blackout had not ended when the run did.
    pub fn unended(&mut self, index: Option<EntryIndex>) {
        if let Some(index) = index {
            self.entries[index.0].unended += 1;
        }
    }

    /// A probe was lost.
    pub fn probe_dropped(&mut self, index: Option<EntryIndex>, monitor: Option<MonitorId>) {
        if let (Some(index), Some(monitor)) = (index, monitor) {
            self.entries[index.0].probes_lost.insert(monitor);
        }
    }

    /// Names of the entries that lost data while `monitor` lost no probe to them.
    pub fn missed_by(&self, network: &Network, monitor: MonitorId) -> Vec<String> {
        self.entries
            .iter()
            .filter(|entry| !entry.hit.is_empty() && !entry.probes_lost.contains(&monitor))
            .map(|entry| entry_name(network, entry))
            .collect()
    }

    /// The entries as records.
    pub fn records(&self, network: &Network, origin: Time) -> Vec<LedgerEntry> {
        self.entries.iter().map(|entry| entry.record(network, origin)).collect()
    }
}

impl Hit {
    fn record(&self, flow: &str, origin: Time) -> FlowHit {
        let blackout = self.longest.map(|(from, until)| (from.since(origin), until.since(origin)));
        FlowHit { flow: flow.to_owned(), lost: self.lost, blackout }
    }
}

fn length(gap: (Time, Time)) -> Span {
    gap.1.since(gap.0)
}

fn entry_name(network: &Network, entry: &Entry) -> String {
    let name = &network.failures[entry.failure].name;
    match entry.kind {
        LedgerKind::Incident => name.clone(),
        LedgerKind::Return => format!("{name} (return)"),
    }
}

impl Entry {
    fn record(&self, network: &Network, origin: Time) -> LedgerEntry {
        let failure = &network.failures[self.failure];
        let notice = |(at, router, subject, how): &(Time, String, String, &'static str)| Notice {
            at: at.since(origin),
            router: router.clone(),
            subject: subject.clone(),
            how,
        };
        LedgerEntry {
            name: failure.name.clone(),
            kind: self.kind,
            what: failure.kind.word(),
            component: network.failing_component(&failure.kind),
            at: self.at.since(origin),
            notices: self.notices.iter().map(notice).collect(),
            forwarding: self.forwarding.map(|(first, last)| (first.since(origin), last.since(origin))),
            fib_changes: self.fib_changes,
            updates: self.updates,
            dropped: super::finish::by_cause(&self.dropped),
            flows_hit: self.hit.len() as u64,
            blackout: spread(self.hit.values().filter_map(|hit| hit.longest).map(length).collect()),
            blackout_round_trip: self.round_trip(network),
            unended: self.unended,
            hits: self.hit.iter().map(|(flow, hit)| hit.record(&network.flows[*flow].name, origin)).collect(),
        }
    }

    /// A pair of five-tuples is dark while either direction is: the union of the two blackouts where they meet,
    /// otherwise the longer one.
    fn round_trip(&self, network: &Network) -> Option<Spread> {
        let mut spans = Vec::new();
        for (flow, hit) in &self.hit {
            let Some(reverse) = network.flows[*flow].reverse else { continue };
            let other = self.hit.get(&reverse).and_then(|hit| hit.longest);
            match (hit.longest, other) {
                // Both hit: counted once, at the lower id.
                (Some(_), Some(_)) if reverse < *flow => {}
                (Some(one), Some(other)) if one.0 <= other.1 && other.0 <= one.1 => {
                    spans.push(length((one.0.min(other.0), one.1.max(other.1))));
                }
                (Some(one), Some(other)) => spans.push(length(one).max(length(other))),
                (Some(one), None) => spans.push(length(one)),
                (None, _) => {}
            }
        }
        spread(spans)
    }
}

fn spread(mut spans: Vec<Span>) -> Option<Spread> {
    spans.sort_unstable();
    let median = *spans.get(spans.len().saturating_sub(1) / 2)?;
    Some(Spread { min: *spans.first()?, median, max: *spans.last()? })
}
