//! Packets against queueing theory, at the figures of [`crate::study::benchmark`], and one whose way is arithmetic.

use super::{Cost, Oracle, Row};
use crate::rng::RunSeed;
use crate::scenario;
use crate::sim::Simulation;
use crate::study::benchmark::{Accuracy, Effort, Workload, accuracy};

pub(super) const QUEUES: Oracle = Oracle {
    name: "packets",
    claim: "packets take as long as arithmetic, and wait as long as M/D/1 says (50 million of them)",
    cost: Cost::Minutes,
    rows,
};

fn rows() -> Vec<Row> {
    let mut rows = vec![echo()];
    rows.extend(accuracy(Workload::Chain, Effort::Full, &mut |_| ()).into_iter().flat_map(|chain| waits(&chain)));
    rows
}

fn waits(chain: &Accuracy) -> Vec<Row> {
    let oracle = &chain.oracle;
    let nanoseconds = |span: crate::units::Span| span.as_ps() as f64 / 1e3;
    let near = |what: &str, got, expected, relative| {
        Row::near(
            format!("W1 chain, M/D/1 at load 0.7: {what}, ns"),
            "Kleinrock I, 5.6; Crommelin 1932",
            got,
            expected,
            relative,
        )
    };
    let mean = near("mean wait", nanoseconds(chain.mean), oracle.mean_ns, oracle.mean_within_percent / 100.0);
    let p99 = oracle.p99_ns.map(|p99| near("p99 of the wait", nanoseconds(chain.p99), p99, oracle.p99_within_ns / p99));
    std::iter::once(mean).chain(p99).collect()
}

/// 1,024 bytes, 28 of UDP and IP, 2 of PPP, over 5 Mbps and 2 ms; then 21.08 ns of a second hop at 400 Gbps.
fn echo() -> Row {
    let loaded = scenario::parse(ECHO, "echo", &[]).unwrap_or_else(|problems| panic!("{problems}"));
    let latency = Simulation::new(&loaded.network, RunSeed(1)).run().totals.latency;
    let microseconds = latency.max.as_ps() as f64 / 1e6;
    Row::printed("the first echo packet, us", "ns-3 tutorial, first.cc: 3.6864 ms", microseconds, "3686.421")
}

const ECHO: &str = r#"
horizon = "1 s"
[providers.net]
[routers.r]
provider = "net"
forwarding_latency = "0 s"
[attachments]
left = { provider = "net", prefixes = ["10.1.0.0/24"], routers = ["r"], rate = "5 Mbps", delay = "2 ms", framing = "none", forwarding_latency = "0 s" }
right = { provider = "net", prefixes = ["10.2.0.0/24"], routers = ["r"], rate = "400 Gbps", delay = "0 s", framing = "none", forwarding_latency = "0 s" }
[flows.echo]
from = "left"
to = "right"
rate = "8432 bps"
size = "1054 B"
"#;
