//! What one run leaves behind: plain data with every name resolved, so that reports need no network.
//!
//! All instants are scenario time (0 = first packet). Quantities keep their exact integer types; only report
//! writers turn them into decimals.

mod availability;
mod flows;
mod ledger;
mod macsec;
mod operations;
mod routing;

pub use availability::{AvailabilityRecord, UnavailableRun};
pub use flows::{ExchangeRecord, FlowEntryRecord, FlowRecord, TransferRecord};
pub use ledger::{DETECTED, Detected, FlowHit, LedgerEntry, LedgerKind, LostIn, Notice, Phase, PhaseTime, Spread};
pub use macsec::{MacsecRecord, MkaRecord, PacketNumbers};
pub use operations::{FeatureRecord, OperationRecord};
pub use routing::{BgpMessages, Oscillation, RouteMove, RoutingRecord};

use std::collections::BTreeMap;

use crate::message::DropReason;
use crate::network::{Bound, Fidelity};
use crate::sim::snapshot::SessionSnapshot;
use crate::units::{Bytes, Rate, Share, Span};

/// The result of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// The scenario's title.
    pub title: String,
    /// The scenario's description.
    pub description: String,
    /// The seed of the run.
    pub seed: u64,
    /// How long traffic was offered and measured.
    pub horizon: Span,
    /// Control-plane time before scenario time 0.
    pub warm_up: Span,
    /// When the run really ended: the horizon, or earlier when it was interrupted.
    pub ended: Span,
    /// Width of the bins of every series.
    pub bin: Span,
    /// What travelled as packets, and what as rates.
    pub fidelity: Fidelity,
    /// Counts over everything.
    pub totals: Totals,
    /// One per connection, in order of name.
    pub connections: Vec<ConnectionRecord>,
    /// One per link group, in order of name.
    pub link_groups: Vec<LinkGroupRecord>,
    /// One per logical link, in order of name.
    pub logical_links: Vec<LogicalLinkRecord>,
    /// One per direction of each link (not per member).
    pub links: Vec<LinkDirectionRecord>,
    /// One per direction of each member with MACsec, in order of link and member.
    pub macsec: Vec<MacsecRecord>,
    /// One per flow entry and direction.
    pub flow_entries: Vec<FlowEntryRecord>,
    /// One per five-tuple of the flow entries.
    pub flows: Vec<FlowRecord>,
    /// One per monitor.
    pub monitors: Vec<MonitorRecord>,
    /// Incidents and returns, in order of time.
    pub ledger: Vec<LedgerEntry>,
    /// What operators and customers did on purpose, in order of time.
    pub operations: Vec<OperationRecord>,
    /// What providers have agreed on for connections, as it is at the end.
    pub features: Vec<FeatureRecord>,
    /// What routing did.
    pub routing: RoutingRecord,
    /// Sessions as they are at the end, with every value that they run by.
    pub sessions: SessionSnapshot,
    /// Loss of all data packets over time, one item per bin.
    pub loss_series: Vec<LossBin>,
    /// What the scenario expected.
    pub expectations: Vec<ExpectationRecord>,
    /// Hash of everything that happened, by names: equal runs have equal fingerprints.
    pub fingerprint: u64,
}

/// Packet counts. `sent = delivered + dropped + in_flight` is asserted at the end of every run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Packets sent.
    pub sent: u64,
    /// Packets delivered.
    pub delivered: u64,
    /// Packets dropped, by cause (causes with no packet are absent).
    pub dropped: BTreeMap<DropReason, u64>,
    /// Packets on the way at the end.
    pub in_flight: u64,
}

impl Counts {
    /// Adds other counts.
    pub fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.in_flight += other.in_flight;
        for (reason, count) in other.dropped {
            *self.dropped.entry(reason).or_default() += count;
        }
    }
}

/// Counts over everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Customer packets.
    pub data: Counts,
    /// Monitor packets.
    pub probes: Counts,
    /// Routing and liveness packets, warm-up included.
    pub control: Counts,
    /// Copies of data and monitor packets that an impairment made: here "sent" is "made". They count nowhere else.
    pub duplicates: Counts,
    /// Links crossed by packets of all kinds: packets that arrived at the far end of a wire.
    pub packet_hops: u64,
    /// Events handled.
    pub events: u64,
    /// One-way latency of all delivered data packets.
    pub latency: Distribution,
    /// Their queueing delay: one-way latency less the unloaded delay of the same path and size.
    pub queueing: Distribution,
    /// Seconds of the run in which at least one five-tuple lost more than 1% of what it sent.
    pub bad_seconds: u64,
    /// Seconds of the run, the last one counted when begun.
    pub seconds: u64,
    /// Share of flow-seconds lost: mean over all (five-tuple, second) with traffic of the share lost in it.
    pub flow_seconds_lost: Share,
}

/// A distribution of spans. Quantiles are within 0.1% (three significant digits), the rest exact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Distribution {
    /// How many.
    pub count: u64,
    /// Smallest.
    pub min: Span,
    /// Exact mean, rounded down to a picosecond.
    pub mean: Span,
    /// Median.
    pub p50: Span,
    /// 90th percentile.
    pub p90: Span,
    /// 99th percentile.
    pub p99: Span,
    /// 99.9th percentile.
    pub p999: Span,
    /// Largest.
    pub max: Span,
    /// For plots: upper edge of each occupied bucket and how many values are at or below it and above the previous
    /// edge, in rising order; at most some 200 buckets.
    pub buckets: Vec<(Span, u64)>,
}

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionRecord {
    /// Name.
    pub name: String,
    /// Name of its interconnect.
    pub interconnect: String,
    /// Names of the two providers, in the order of `directions`: `[0]` is from the first to the second.
    pub providers: [String; 2],
    /// Purchased rate of each direction.
    pub provisioned: Rate,
    /// Both directions.
    pub directions: [DirectionRecord; 2],
    /// Availability by the rule that judges.
    pub availability: AvailabilityRecord,
    /// Availability by the other rules, in the scenario's order.
    pub other_rules: Vec<AvailabilityRecord>,
}

/// Peering links that one SLA holds for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkGroupRecord {
    /// Name.
    pub name: String,
    /// Names of its links.
    pub links: Vec<String>,
    /// Names of the two providers, in the order of `usable_links`: `[0]` is from the first to the second.
    pub providers: [String; 2],
    /// Share of its links that would carry a packet and bring routes, piecewise constant: (from, share), from 0 on.
    pub usable_links: [Vec<(Span, Share)>; 2],
    /// Availability by its rule.
    pub availability: AvailabilityRecord,
}

/// One direction of a connection; data packets only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectionRecord {
    /// Packet counts.
    pub counts: Counts,
    /// Bytes of IP packets sent.
    pub sent_bytes: Bytes,
    /// Bytes of IP packets delivered.
    pub delivered_bytes: Bytes,
    /// One-way latency.
    pub latency: Distribution,
    /// Latency over time, one item per bin; bins by arrival time.
    pub latency_series: Vec<LatencyBin>,
    /// Share of the equal-cost paths that lead to the other side, piecewise constant: (from, share). 100% is
    /// every path, 0 is "no usable path". The first item is at 0.
    pub usable_paths: Vec<(Span, Share)>,
}

/// Latency in one bin of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LatencyBin {
    /// Packets that arrived.
    pub count: u64,
    /// Smallest one-way latency.
    pub min: Span,
    /// Mean one-way latency.
    pub mean: Span,
    /// Largest one-way latency.
    pub max: Span,
}

/// Packets sent in one bin of time, and those of them that were lost, then or later.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LossBin {
    /// Data packets sent in this bin.
    pub sent: u64,
    /// Of these, the ones that were dropped later, by cause.
    pub dropped: BTreeMap<DropReason, u64>,
}

/// One logical link; `directions[0]` is sent by the first provider of its interconnect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogicalLinkRecord {
    /// "connection/channel".
    pub name: String,
    /// Name of its connection.
    pub connection: String,
    /// Name of its channel.
    pub channel: String,
    /// Names of the border routers, sender of each direction.
    pub routers: [String; 2],
    /// IP packets sent into it, each way.
    pub packets: [u64; 2],
    /// Bytes of IP packets sent into it, each way.
    pub bytes: [Bytes; 2],
    /// Bytes of IP packets sent into it over time, each way, one item per bin.
    pub series: [Vec<u64>; 2],
    /// Purchased rate of its connection, for percent of provisioned.
    pub provisioned: Rate,
    /// Up times of its BGP session as (from, to) in scenario time.
    pub session_up: Vec<(Span, Span)>,
}

/// One direction of one link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkDirectionRecord {
    /// Name of the link.
    pub link: String,
    /// "channel", "backbone" or "attachment".
    pub kind: &'static str,
    /// Sending router.
    pub from: String,
    /// Receiving router.
    pub to: String,
    /// Line rate of all its members.
    pub rate: Rate,
    /// Packets transmitted, control included.
    pub packets: u64,
    /// Bytes on the wire, framing, MACsec, preamble and gap included.
    pub wire_bytes: Bytes,
    /// Packets dropped at this port or on this wire, by cause.
    pub dropped: BTreeMap<DropReason, u64>,
    /// Largest number of bytes that waited in one member's queue.
    pub queue_max: Bytes,
    /// MACsec frames protected (packet numbers used), when the link has MACsec.
    pub macsec_frames: Option<u64>,
    /// What became of each class of packets, in order of service; none where data has one class.
    pub classes: Vec<ClassRecord>,
}

/// A class of packets at the ports of one direction of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRecord {
    /// Name in the scenario, or "control".
    pub name: String,
    /// Packets that came to the port.
    pub offered: u64,
    /// Packets whose transmission began.
    pub packets: u64,
    /// Bytes on the wire of these.
    pub wire_bytes: Bytes,
    /// Packets dropped at this port or on its wire, by cause.
    pub dropped: BTreeMap<DropReason, u64>,
    /// Packets that early detection marked (ECN).
    pub marked: u64,
    /// Largest number of bytes that waited in one member's queue of the class.
    pub queue_max: Bytes,
    /// Mean time that the packets sent had waited for their transmission.
    pub wait_mean: Span,
    /// The longest such time.
    pub wait_max: Span,
}

/// A synthetic monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorRecord {
    /// Name.
    pub name: String,
    /// Attachment it probes from.
    pub from: String,
    /// Attachment it probes.
    pub to: String,
    /// Aggregation period.
    pub period: Span,
    /// One point per period that ended within the run.
    pub points: Vec<MonitorPoint>,
    /// Round-trip time of all answered probes.
    pub round_trip: Distribution,
    /// Probes sent.
    pub sent: u64,
    /// Probes not answered in time.
    pub lost: u64,
    /// Logical links that its requests rode, in order of first use.
    pub forward_links: Vec<String>,
    /// Logical links that its replies rode, in order of first use.
    pub reverse_links: Vec<String>,
    /// Names of the incidents that lost data packets while this monitor lost no probe.
    pub missed: Vec<String>,
}

/// One aggregation period of a monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorPoint {
    /// Begin of the period.
    pub at: Span,
    /// Mean round-trip time in microseconds of the probes sent in it and answered; `None` when none was.
    pub rtt_us: Option<u64>,
    /// Probes sent.
    pub sent: u64,
    /// Probes lost.
    pub lost: u64,
    /// Logical links that its requests rode in this period.
    pub forward_links: Vec<String>,
    /// Logical links that its replies rode in this period.
    pub reverse_links: Vec<String>,
}

/// One expectation and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationRecord {
    /// The key under `[expect]`.
    pub key: String,
    /// The limits.
    pub bound: Bound,
    /// The unit of the raw numbers.
    pub unit: ExpectationUnit,
    /// What was measured; `None` when there was nothing to measure (which fails the expectation).
    pub measured: Option<u64>,
    /// Whether it was met.
    pub met: bool,
}

/// The unit of an expectation's raw numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectationUnit {
    /// Picoseconds.
    Picoseconds,
    /// Packets.
    Packets,
    /// A number of something else.
    Number,
    /// Parts per billion.
    PartsPerBillion,
}
