//! What is run: W1 and W2 of the packet benchmarks, and the quickstart.

use super::ceiling::Topology;
use crate::network::Network;
use crate::scenario;
use crate::units::Span;

/// A benchmark's workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// W1: one Poisson flow through nine links in a row, load 0.7.
    Chain,
    /// W2: 1000 Poisson flows over four parallel paths of five links, load 0.6.
    Fabric,
    /// The scenario that users meet first: protocols, MACsec, failures and monitors.
    Quickstart,
}

impl Workload {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chain, Self::Fabric, Self::Quickstart];

    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chain => "w1-chain",
            Self::Fabric => "w2-fabric",
            Self::Quickstart => "quickstart",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Chain => "W1 chain",
            Self::Fabric => "W2 fabric",
            Self::Quickstart => "quickstart",
        }
    }

    /// The scenario's text, as shipped.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Chain => include_str!("../../../scenarios/benchmark/w1-chain.toml"),
            Self::Fabric => include_str!("../../../scenarios/benchmark/w2-fabric.toml"),
            Self::Quickstart => include_str!("../../../scenarios/quickstart.toml"),
        }
    }

    /// The network through the front door, with a horizon in which about `packets` are sent; the quickstart keeps its
    /// own.
    ///
    /// # Panics
    /// When the scenario is wrong, which is our bug.
    #[must_use]
    pub fn network(self, packets: u64) -> Network {
        let horizon = self.interval().map(|interval| format!("horizon={}", Span::from_ps(interval.as_ps() * packets)));
        let overrides: Vec<String> = horizon.into_iter().collect();
        let loaded = scenario::parse(self.text(), self.name(), &overrides);
        loaded.unwrap_or_else(|problems| panic!("{problems}")).network
    }

    /// Mean time between packets; the quickstart has no single one.
    const fn interval(self) -> Option<Span> {
        match self {
            // 120 ns at load 0.7.
            Self::Chain => Some(Span::from_ps(171_429)),
            // 2 x 240 Gbit/s of 12,000 bits.
            Self::Fabric => Some(Span::from_ps(25_000)),
            Self::Quickstart => None,
        }
    }

    /// The same for the bare loop, which knows nothing of what the quickstart holds.
    #[must_use]
    pub fn topology(self) -> Option<Topology> {
        match self {
            Self::Chain => Some(Topology::chain()),
            Self::Fabric => Some(Topology::fabric()),
            Self::Quickstart => None,
        }
    }

    /// What its waits must be, where something outside this program says so.
    #[must_use]
    pub const fn oracle(self) -> Option<Oracle> {
        match self {
            Self::Chain => Some(Oracle {
                mean_ns: 140.0,
                mean_within_percent: 0.5,
                p99_ns: Some(778.3),
                p99_within_ns: 3.0,
                source: "M/D/1: mean S rho / (2 (1 - rho)), 99th percentile after Crommelin",
            }),
            Self::Fabric => Some(Oracle {
                mean_ns: 113.1,
                mean_within_percent: 1.0,
                p99_ns: None,
                p99_within_ns: 0.0,
                source: "five other simulators agree",
            }),
            Self::Quickstart => None,
        }
    }
}

/// What packets' waits must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Oracle {
    /// Their mean in nanoseconds.
    pub mean_ns: f64,
    /// How far the mean may be off.
    pub mean_within_percent: f64,
    /// Their 99th percentile in nanoseconds, if known.
    pub p99_ns: Option<f64>,
    /// How far it may be off.
    pub p99_within_ns: f64,
    /// Who says so.
    pub source: &'static str,
}
