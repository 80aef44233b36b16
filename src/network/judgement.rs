//! How a run is judged: the availability rule, and what the scenario expects of itself.

use super::SlaRule;
use crate::units::Price;

/// How availability is counted and against what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// The rules, each evaluated by itself: the first one judges, the others are told beside it.
    pub rules: Vec<SlaRule>,
    /// What a connection costs.
    pub price: Option<Price>,
}

impl Availability {
    /// The rule that judges.
    #[must_use]
    pub fn judging(&self) -> &SlaRule {
        self.rules.first().expect("a network has a rule")
    }
}

impl Default for Availability {
    fn default() -> Self {
        Self { rules: vec![SlaRule::aws_interconnect()], price: None }
    }
}

/// One thing a scenario expects of its own run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The key as written under `[expect]`, such as "incidents.cut.blackout".
    pub key: String,
    /// What is measured.
    pub metric: Metric,
    /// The limits.
    pub bound: Bound,
}

/// Inclusive limits in the metric's own raw unit (ps, packets, parts per billion).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bound {
    /// Not below this.
    pub min: Option<u64>,
    /// Not above this.
    pub max: Option<u64>,
}

/// What an expectation measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Metric {
    /// Lost share of all data packets (parts per billion).
    Loss,
    /// Data packets dropped for one cause (the cause's word, such as "no-route").
    Drops(String),
    /// Data packets delivered.
    Delivered,
    /// Charged time of the worst connection by the judging rule (ps).
    Charged,
    /// Charged time of the worst connection by a named rule (ps).
    ChargedBy(String),
    /// Credit that the worst connection has by a named rule, in its worst period (parts per billion).
    CreditBy(String),
    /// Charged time of a link group by its own rule (ps); its name.
    GroupCharged(String),
    /// Credit that a link group has in its worst period (parts per billion); its name.
    GroupCredit(String),
    /// Share of flow-seconds lost (parts per billion).
    FlowSecondsLost,
    /// One-way latency of all data packets at a quantile in parts per billion (ps); 0 is the minimum.
    Latency(u64),
    /// Mean queueing delay of all data packets (ps).
    MeanQueueing,
    /// Longest one-way blackout of any flow in an incident or its return (ps); the entry's name.
    Blackout(String),
    /// Packets lost in an incident or its return.
    Lost(String),
    /// Destinations whose routes did not settle.
    Oscillations,
    /// How often BFD took a peer for dead whose link worked.
    FalseDetections,
    /// Time from an incident or return until the last change of a forwarding table that followed (ps); the entry's
    /// name.
    Converged(String),
    /// UPDATE messages that followed an incident or return.
    Updates(String),
    /// Something about the transfers of a flow entry.
    Transfers(String, TransferMetric),
    /// Something about the exchanges of a flow entry.
    Exchanges(String, ExchangeMetric),
    /// Something about the life of a connection that is provisioned; its name.
    Provisioning(String, ProvisioningMetric),
    /// Time from an incident until somebody who is no router detected it (ps).
    Detected(String),
    /// Time from an incident until its component was taken out of service (ps).
    Shut(String),
    /// Time from an incident until the named router noticed it (ps).
    Noticed {
        /// The failure's name.
        incident: String,
        /// The router's name.
        router: String,
    },
}

/// What is measured of the life of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProvisioningMetric {
    /// When its state was this one for the first time (ps).
    Reached(&'static str),
    /// When it was available again after its latest change of bandwidth (ps).
    Updated,
    /// When it was available again after it was down for the last time (ps).
    Recovered,
    /// Calls that were answered with 409.
    Conflicts,
    /// Features that became final.
    Features,
    /// Issues that were opened.
    Issues,
    /// Issues that are not closed at the end.
    IssuesLeft,
}

/// What is measured of transfers over TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferMetric {
    /// Transfers of which everything was acknowledged.
    Completed,
    /// Segments sent again.
    Retransmissions,
    /// Retransmission timeouts.
    Timeouts,
    /// Tail loss probes.
    Probes,
    /// Longest time without an acknowledgement that was waited for (ps).
    LongestStall,
    /// Longest time that a transfer took (ps).
    LongestCompletion,
}

/// What is measured of requests and responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeMetric {
    /// Exchanges whose whole response came.
    Completed,
    /// Requests sent again.
    Retries,
    /// Exchanges of which no request was answered in time.
    GivenUp,
    /// Requests that found no worker and no place to wait.
    Refused,
    /// Latency at a quantile in parts per billion (ps); 0 is the minimum.
    Latency(u64),
    /// Mean latency (ps).
    MeanLatency,
    /// Mean time that requests waited for a worker (ps).
    MeanWait,
}
