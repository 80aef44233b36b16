//! The ledger in the making: one entry per incident and one per return.

use std::collections::{BTreeMap, BTreeSet};

use super::Drops;
use super::blame::{self, Happening};
use super::remedy::{Remedy, Stage, Steps};
use super::trace::Thinned;
use crate::ids::{DestinationId, FailureId, FlowId, Id, MonitorId};
use crate::message::DropReason;
use crate::network::Network;
use crate::sim::record::{Detected, FlowHit, LedgerEntry, LedgerKind, LostIn, Notice, Phase, PhaseTime, Spread};
use crate::units::{Span, Time};

/// Place of an entry in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sim) struct EntryIndex(usize);

/// What stands behind something that happens: an entry, and the notice by a router that led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) struct Cause {
    pub entry: EntryIndex,
    notice: Option<usize>,
}

impl EntryIndex {
    /// Its place among the records.
    pub const fn index(self) -> usize {
        self.0
    }
}

impl From<EntryIndex> for Cause {
    fn from(entry: EntryIndex) -> Self {
        Self { entry, notice: None }
    }
}

/// Number of a stretch of time in which nobody noticed, chose or wrote anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(in crate::sim) struct Lull(u32);

/// All entries in order of time.
#[derive(Default)]
pub(in crate::sim) struct Ledger {
    entries: Vec<Entry>,
    /// Where each flow goes.
    destinations: Vec<DestinationId>,
    /// When each lull began.
    lulls: Vec<Time>,
}

struct Entry {
    failure: FailureId,
    /// Counted from 1.
    occurrence: u64,
    kind: LedgerKind,
    at: Time,
    /// What else lasted then.
    during: Vec<EntryIndex>,
    notices: Vec<(Time, String, String, &'static str)>,
    shut: Option<Time>,
    steps: Steps,
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
    lost: LostIn,
    longest: Option<(Time, Time)>,
    /// Of the longest blackout.
    remedy: Remedy,
}

impl Ledger {
    pub fn new(network: &Network) -> Self {
        let destinations = network.flows.iter().map(|flow| flow.destination).collect();
        Self { destinations, ..Self::default() }
    }

    /// Something is noticed, chosen or written: what dies from now on dies in another lull.
    pub fn lull_begins(&mut self, now: Time) -> Lull {
        if self.lulls.is_empty() {
            self.lulls.push(Time::ZERO);
        }
        if self.lulls.last() != Some(&now) {
            self.lulls.push(now);
        }
        Lull(u32::try_from(self.lulls.len() - 1).expect("fewer than 2^32 changes"))
    }

    fn lull(&self, lull: Lull) -> Time {
        self.lulls.get(lull.0 as usize).copied().unwrap_or(Time::ZERO)
    }

    /// A failure begins or ends.
    pub fn open(
        &mut self,
        now: Time,
        (failure, occurrence): (FailureId, u64),
        kind: LedgerKind,
        during: Vec<EntryIndex>,
    ) -> EntryIndex {
        self.entries.push(Entry {
            failure,
            occurrence,
            kind,
            at: now,
            during,
            notices: Vec::new(),
            shut: None,
            steps: Steps::default(),
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

    /// A router learns of something; once per router and mechanism. Returns the cause of what it does about it.
    pub fn notice(&mut self, index: EntryIndex, now: Time, router: &str, subject: String, how: &'static str) -> Cause {
        let entry = &mut self.entries[index.0];
        if let Some(phase) = Phase::of_notice(how) {
            entry.steps.took(now, phase);
        }
        let known = entry.notices.iter().position(|(_, who, _, mechanism)| who == router && *mechanism == how);
        if known.is_none() {
            entry.notices.push((now, router.to_owned(), subject, how));
        }
        Cause { entry: index, notice: known.or(entry.notices.len().checked_sub(1)) }
    }

    /// The component of an incident is taken out of service.
    pub fn shut(&mut self, index: EntryIndex, now: Time) {
        self.entries[index.0].shut.get_or_insert(now);
    }

    /// A step that no router is named for.
    pub fn took(&mut self, cause: Option<Cause>, now: Time, phase: Phase) {
        if let Some(cause) = cause {
            self.entries[cause.entry.0].steps.took(now, phase);
        }
    }

    /// A router chose next hops, which will be in its table at `written`.
    pub fn moved(&mut self, now: Time, cause: Option<Cause>, destination: DestinationId, written: Time) {
        let Some(cause) = cause else { return };
        let steps = &mut self.entries[cause.entry.0].steps;
        steps.took(now, Phase::Routes);
        steps.moved(now, destination, written, cause.notice);
    }

    /// A forwarding entry changed.
    pub fn installed(&mut self, now: Time, index: Option<EntryIndex>) {
        if let Some(entry) = index.map(|index| &mut self.entries[index.0]) {
            entry.fib_changes += 1;
            entry.steps.took(now, Phase::Fib);
            entry.forwarding = Some((entry.forwarding.map_or(now, |(first, _)| first), now));
        }
    }

    /// An UPDATE was sent.
    pub fn update_sent(&mut self, now: Time, cause: Option<Cause>, phase: Phase) {
        if let Some(cause) = cause {
            self.entries[cause.entry.0].updates += 1;
            self.took(Some(cause), now, phase);
        }
    }

    /// What ended an outage of a flow, between the sending times of its last packet lost and of the next one.
    pub(super) fn remedy(&self, index: Option<EntryIndex>, flow: FlowId, outage: (Time, Time)) -> Remedy {
        let (Some(index), Some(destination)) = (index, self.destinations.get(flow.index())) else {
            return Remedy::default();
        };
        let entry = &self.entries[index.0];
        let notices: Vec<Time> = entry.notices.iter().map(|notice| notice.0).collect();
        entry.steps.remedy(&notices, *destination, outage)
    }

    /// What was still to be done when packets died in a lull.
    pub(super) fn stage(&self, remedy: &Remedy, lull: Lull, reason: DropReason) -> Stage {
        remedy.stage(self.lull(lull), reason)
    }

    /// So many data packets of a flow were lost.
    pub(super) fn lost(&mut self, index: Option<EntryIndex>, flow: FlowId, reason: DropReason, lost: (Stage, u64)) {
        let Some(entry) = index.map(|index| &mut self.entries[index.0]) else { return };
        let (stage, count) = lost;
        entry.dropped[reason.index()] += count;
        stage.count(&mut entry.hit.entry(flow).or_default().lost, count);
    }

    /// Packets of a flow were lost while others passed.
    pub(super) fn thinned(&mut self, thinned: &Thinned) {
        let Thinned { flow, count, reason, entry, lull } = *thinned;
        let died = self.lull(lull);
        let stage = self.remedy(entry, flow, (died, died)).stage(died, reason);
        self.lost(entry, flow, reason, (stage, u64::from(count)));
    }

    /// A flow got nothing through between two sending times.
    pub(super) fn blackout(&mut self, index: Option<EntryIndex>, flow: FlowId, gap: (Time, Time), remedy: Remedy) {
        let Some(entry) = index.map(|index| &mut self.entries[index.0]) else { return };
        let hit = entry.hit.entry(flow).or_default();
        if hit.longest.is_none_or(|longest| length(longest) < length(gap)) {
            hit.longest = Some(gap);
            hit.remedy = remedy;
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

    /// When failures began and ended, in order, of those that `befell` holds for, or that lost packets of a flow that `of`
    /// holds for; a failure and its end are one.
    pub(super) fn happenings(
        &self,
        befell: impl Fn(EntryIndex) -> bool,
        of: impl Fn(FlowId) -> bool,
        origin: Time,
    ) -> Vec<Happening> {
        let all = || self.entries.iter().enumerate();
        let one = |entry: &Entry| (entry.failure, entry.occurrence);
        let is_meant =
            |(index, entry): &(usize, &Entry)| befell(EntryIndex(*index)) || entry.hit.keys().any(|flow| of(*flow));
        let meant: BTreeSet<(FailureId, u64)> = all().filter(is_meant).map(|(_, entry)| one(entry)).collect();
        let happening = |(index, entry): (usize, &Entry)| Happening {
            at: entry.at.since(origin).to_calendar(),
            kind: entry.kind,
            cause: blame::Cause { failure: entry.failure, entry: index },
        };
        all().filter(|(_, entry)| meant.contains(&one(entry))).map(happening).collect()
    }

    /// The name of an entry: "cut", "flap #2", "cut (return)".
    pub fn name(&self, network: &Network, index: usize) -> String {
        entry_name(network, &self.entries[index])
    }

    /// The entries as records.
    pub fn records(&self, network: &Network, origin: Time) -> Vec<LedgerEntry> {
        let names: Vec<String> = self.entries.iter().map(|entry| entry_name(network, entry)).collect();
        let during = |entry: &Entry| entry.during.iter().map(|index| names[index.0].clone()).collect();
        self.entries
            .iter()
            .map(|entry| LedgerEntry { during: during(entry), ..entry.record(network, origin) })
            .collect()
    }
}

fn phase_time(phase: Phase, (first, last): (Time, Time), origin: Time) -> PhaseTime {
    PhaseTime { phase, first: first.since(origin), last: last.since(origin) }
}

fn length(gap: (Time, Time)) -> Span {
    gap.1.since(gap.0)
}

fn entry_name(network: &Network, entry: &Entry) -> String {
    let name = network.failures[entry.failure].occurrence(entry.occurrence);
    match entry.kind {
        LedgerKind::Incident => name,
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
            name: failure.occurrence(self.occurrence),
            kind: self.kind,
            what: failure.kind.word(),
            component: network.failing_component(&failure.kind),
            responsible: network.responsible(self.failure).name.clone(),
            charged: Vec::new(),
            at: self.at.since(origin),
            during: Vec::new(),
            notices: self.notices.iter().map(notice).collect(),
            shut: self.shut.map(|at| at.since(origin)),
            phases: self.steps.times.iter().map(|(phase, times)| phase_time(*phase, *times, origin)).collect(),
            forwarding: self.forwarding.map(|(first, last)| (first.since(origin), last.since(origin))),
            fib_changes: self.fib_changes,
            updates: self.updates,
            dropped: super::finish::by_cause(&self.dropped),
            lost_in: self.lost_in(),
            flows_hit: self.hit.len() as u64,
            blackout: spread(self.hit.values().filter_map(|hit| hit.longest).map(length).collect()),
            blackout_round_trip: self.round_trip(network),
            unended: self.unended,
            hits: self.hit.iter().map(|(flow, hit)| self.hit_record(&network.flows[*flow].name, hit, origin)).collect(),
        }
    }

    fn lost_in(&self) -> LostIn {
        let mut lost = LostIn::default();
        self.hit.values().for_each(|hit| lost.add(&hit.lost));
        lost
    }

    fn hit_record(&self, flow: &str, hit: &Hit, origin: Time) -> FlowHit {
        let notice = hit.remedy.notice.map(|index| &self.notices[index]);
        FlowHit {
            flow: flow.to_owned(),
            lost: hit.lost.total(),
            lost_in: hit.lost,
            detected: notice.map(|(at, router, _, how)| Detected { at: at.since(origin), router: router.clone(), how }),
            routes_moved: hit.remedy.decided.map(|at| at.since(origin)),
            fib_done: hit.remedy.written.map(|at| at.since(origin)),
            blackout: hit.longest.map(|(from, until)| (from.since(origin), until.since(origin))),
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
