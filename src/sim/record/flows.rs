//! What a run leaves behind of its flows.

use std::collections::BTreeMap;

use super::{Counts, Distribution};
use crate::message::DropReason;
use crate::units::{Bytes, Rate, Span};

/// A flow entry in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowEntryRecord {
    /// Name.
    pub name: String,
    /// Attachment it leaves.
    pub from: String,
    /// Attachment it goes to.
    pub to: String,
    /// Connection that carries it, when it crosses one.
    pub connection: Option<String>,
    /// Offered rate.
    pub rate: Rate,
    /// Number of five-tuples.
    pub five_tuples: u32,
    /// Packet counts.
    pub counts: Counts,
    /// Bytes of IP packets sent.
    pub sent_bytes: Bytes,
    /// Bytes of IP packets delivered.
    pub delivered_bytes: Bytes,
    /// Its transfers, when its data goes by TCP.
    pub transfers: Option<TransferRecord>,
    /// Its exchanges, when it has requests and responses.
    pub exchanges: Option<ExchangeRecord>,
}

/// The exchanges of a flow entry, all its five-tuples together: `begun = latency.count + given_up + open`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeRecord {
    /// Exchanges begun: first requests sent.
    pub begun: u64,
    /// From the first request until the whole response was there, of those of which it came.
    pub latency: Distribution,
    /// Requests sent again.
    pub retries: u64,
    /// Exchanges of which no request was answered in time.
    pub given_up: u64,
    /// Requests that found no worker and no place to wait for one.
    pub refused: u64,
    /// Exchanges under way at the end of the run.
    pub open: u64,
    /// How long each request that reached the server waited there for a worker.
    pub wait: Distribution,
}

/// The transfers of a flow entry over TCP, all its five-tuples together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRecord {
    /// Transfers asked for.
    pub asked: u64,
    /// From the asking until everything was acknowledged, of those that came to that.
    pub completion: Distribution,
    /// Bytes of data acknowledged.
    pub acknowledged: Bytes,
    /// The same a second, from the entry's start to its stop or the end of the run; `None` when it was nothing.
    pub goodput: Option<Rate>,
    /// Segments with data sent, those sent again included.
    pub segments: u64,
    /// Segments sent again.
    pub retransmissions: u64,
    /// Retransmission timeouts that ran out.
    pub timeouts: u64,
    /// Tail loss probes sent.
    pub probes: u64,
    /// Losses repaired without a timeout.
    pub recoveries: u64,
    /// Reductions of a window because of marks.
    pub marks: u64,
    /// Longest time in which data of one five-tuple waited for an acknowledgement and none came.
    pub longest_stall: Span,
}

/// One five-tuple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRecord {
    /// "entry#index".
    pub name: String,
    /// "source:port>target:port/protocol".
    pub five_tuple: String,
    /// Packets sent.
    pub sent: u64,
    /// Packets delivered.
    pub delivered: u64,
    /// Packets dropped for any cause.
    pub dropped: u64,
    /// The same by cause.
    pub dropped_by_cause: BTreeMap<DropReason, u64>,
    /// Bytes of IP packets sent.
    pub sent_bytes: Bytes,
    /// Bytes of IP packets delivered.
    pub delivered_bytes: Bytes,
    /// Smallest one-way latency.
    pub latency_min: Span,
    /// Mean one-way latency.
    pub latency_mean: Span,
    /// Largest one-way latency.
    pub latency_max: Span,
    /// Longest blackout over the whole run.
    pub longest_blackout: Span,
}
