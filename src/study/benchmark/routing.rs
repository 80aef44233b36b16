//! How many BGP messages a second of one core the control plane takes.

use std::fmt::Write;

use super::{Effort, Spread, run_timed};
use crate::control::bgp::State;
use crate::scenario;
use crate::sim::record::RunRecord;

/// The control plane's speed: a table of prefixes goes from one provider over a route-reflecting one to a third.
#[derive(Debug, Clone, PartialEq)]
pub struct Routing {
    /// Prefixes in the table.
    pub prefixes: u32,
    /// BGP sessions, each of which comes up in the run.
    pub sessions: usize,
    /// BGP messages of one run.
    pub messages: u64,
    /// Prefixes announced or withdrawn in them.
    pub told: u64,
    /// Messages per second of a run, everything counted.
    pub messages_per_second: Spread,
    /// Prefixes announced or withdrawn per second of a run.
    pub told_per_second: Spread,
}

impl Effort {
    /// Prefixes of the table.
    const fn prefixes(self) -> u32 {
        match self {
            Self::Quick => 10_000,
            Self::Full => 100_000,
        }
    }
}

/// Measures rounds of the same run.
pub(super) fn routing(effort: Effort) -> Routing {
    let prefixes = effort.prefixes();
    let loaded = scenario::parse(&routing_scenario(prefixes), "routing", &[]);
    let network = loaded.unwrap_or_else(|problems| panic!("{problems}")).network;
    let runs: Vec<(RunRecord, f64)> = (0..effort.rounds().min(3)).map(|_| run_timed(&network, 1)).collect();
    let (messages, told) = counted(&runs[0].0);
    let rate = |count: u64| Spread::of(runs.iter().map(|(_, seconds)| count as f64 / seconds).collect());
    Routing {
        prefixes,
        sessions: network.sessions.len(),
        messages,
        told,
        messages_per_second: rate(messages),
        told_per_second: rate(told),
    }
}

fn counted(record: &RunRecord) -> (u64, u64) {
    assert!(record.sessions.bgp.iter().all(|end| end.state == State::Established), "the run is long enough");
    let messages = record.routing.messages;
    (messages.open + messages.update + messages.keepalive + messages.notification, messages.prefixes)
}

/// A provider with so many prefixes, one with four borders and two route reflectors, and one that hears of them all; its
/// sessions come up from scenario time 0 on.
#[must_use]
pub fn routing_scenario(prefixes: u32) -> String {
    let mut list = String::new();
    for index in 0..prefixes {
        let (high, middle, low) = (20 + index / 65_536, index / 256 % 256, index % 256);
        write!(list, "\"{high}.{middle}.{low}.0/24\", ").expect("a string takes it");
    }
    format!(
        r#"
title = "{prefixes} prefixes over route reflectors"
horizon = "30 s"
warm_up = "0 s"

[providers]
origin = {{ asn = 65001, profile = "fast" }}
transit = {{ asn = 65002, profile = "fast", internal_sessions = "reflected", reflectors = ["x1", "x2"] }}
far = {{ asn = 65003, profile = "fast" }}

[routers]
o = {{ provider = "origin" }}
b1 = {{ provider = "transit" }}
b2 = {{ provider = "transit" }}
b3 = {{ provider = "transit" }}
b4 = {{ provider = "transit" }}
x1 = {{ provider = "transit", role = "backbone" }}
x2 = {{ provider = "transit", role = "backbone" }}
f = {{ provider = "far" }}

[links]
o-b1 = {{ between = ["o", "b1"] }}
o-b2 = {{ between = ["o", "b2"] }}
b3-f = {{ between = ["b3", "f"] }}
b4-f = {{ between = ["b4", "f"] }}
b1-x1 = {{ between = ["b1", "x1"] }}
b2-x2 = {{ between = ["b2", "x2"] }}
b3-x1 = {{ between = ["b3", "x1"] }}
b4-x2 = {{ between = ["b4", "x2"] }}
x1-x2 = {{ between = ["x1", "x2"] }}

[attachments]
table = {{ provider = "origin", routers = ["o"], prefixes = [{list}] }}
one = {{ provider = "far", routers = ["f"], prefixes = ["10.3.0.0/16"] }}

[monitors.m]
from = "one"
to = "table"
"#
    )
}
