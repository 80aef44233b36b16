//! How a run is judged: the availability rule, and what the scenario expects of itself.

use crate::units::{CalendarSpan, Share, Span};

/// How availability is counted and against what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// The rule.
    pub rule: SlaRule,
    /// The promise, such as 99.99%.
    pub target: Share,
    /// The SLA period; a run is always judged against the whole of it.
    pub period: CalendarSpan,
}

impl Availability {
    /// Unavailable time that a promise of `target` allows in `period`: period x (1 - target), rounded down to
    /// nanoseconds.
    #[must_use]
    pub fn budget(period: CalendarSpan, target: Share) -> CalendarSpan {
        period.part(target.complement())
    }
}

/// A counting rule as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlaRule {
    /// Name of the preset, or "custom".
    pub name: String,
    /// What the preset is and where it comes from, with "assumed" where the text was not found.
    pub basis: String,
    /// An unavailable run shorter than this is not charged at all; one at least this long is charged whole.
    pub minimum_run: Span,
    /// Which directions must be dead.
    pub dead: DeadDirection,
}

impl SlaRule {
    /// The preset that scenarios start from.
    #[must_use]
    pub fn aws_interconnect() -> Self {
        Self {
            name: "aws-interconnect".to_owned(),
            basis: "assumed from sibling SLAs: the service's own definition of unavailable was not found".to_owned(),
            minimum_run: Span::from_s(120),
            dead: DeadDirection::Either,
        }
    }

    /// Every preset, the default first. Their wording is that of the sibling services as far as it was found.
    #[must_use]
    pub fn presets() -> Vec<Self> {
        let preset = |name: &str, basis: &str, minimum_run, dead| Self {
            name: name.to_owned(),
            basis: basis.to_owned(),
            minimum_run,
            dead,
        };
        vec![
            Self::aws_interconnect(),
            preset(
                "aws-direct-connect",
                "AWS Direct Connect SLA as quoted by others: no data can be sent or received for 120 s or more",
                Span::from_s(120),
                DeadDirection::Either,
            ),
            preset(
                "google-interconnect",
                "Google Cloud Interconnect SLA: no traffic served for 120 s or more; shorter gaps do not add up",
                Span::from_s(120),
                DeadDirection::Both,
            ),
            preset(
                "every-moment",
                "nobody's SLA: every moment without a usable path counts, however short",
                Span::ZERO,
                DeadDirection::Either,
            ),
        ]
    }

    /// The preset of this name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        Self::presets().into_iter().find(|rule| rule.name == name)
    }
}

/// When a connection counts as having no usable path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadDirection {
    /// No usable path in at least one direction.
    Either,
    /// No usable path in both directions.
    Both,
}

impl Default for Availability {
    fn default() -> Self {
        Self {
            rule: SlaRule::aws_interconnect(),
            target: Share::from_ppb(999_900_000),
            period: CalendarSpan::from_days(30),
        }
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
    /// Charged time of the worst connection (ps).
    Charged,
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
    /// Time from an incident until the named router noticed it (ps).
    Noticed {
        /// The failure's name.
        incident: String,
        /// The router's name.
        router: String,
    },
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
