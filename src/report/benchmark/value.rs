//! `benchmark.json`: every number, units in the names of the keys.

use serde_json::{Value, json};

use super::{BENCHMARK_SCHEMA_VERSION, Measured};
use crate::study::benchmark::peers::PeerResult;
use crate::study::benchmark::{Accuracy, Effort, Hold, Shared, Speed, Spread, Way, bytes_per_hop};

pub(super) fn value(measured: &Measured) -> Value {
    let now = &measured.now;
    json!({
        "schema_version": BENCHMARK_SCHEMA_VERSION,
        "program": "fabricsim",
        "version": env!("CARGO_PKG_VERSION"),
        "effort": effort_word(now.effort),
        "machine": {
            "processor": now.machine.processor,
            "cores": now.machine.cores,
            "system": now.machine.system,
            "compiler": now.machine.compiler,
        },
        "workloads": now.speeds.iter().map(speed).collect::<Vec<Value>>(),
        "event_queue": now.holds.iter().map(hold).collect::<Vec<Value>>(),
        "parallel": {
            "routers": now.parallel.routers,
            "threads": now.parallel.threads,
            "partitions": now.parallel.partitions,
            "speed_up": spread(&now.parallel.speed_up),
            "small": now.parallel.small.iter().map(shared).collect::<Vec<Value>>(),
        },
        "routing": {
            "prefixes": now.routing.prefixes,
            "sessions": now.routing.sessions,
            "messages": now.routing.messages,
            "prefixes_told": now.routing.told,
            "messages_per_second": spread(&now.routing.messages_per_second),
            "prefixes_per_second": spread(&now.routing.told_per_second),
        },
        "studies": {
            "transitions_per_second": spread(&now.studies.transitions_per_second),
            "years_per_second": spread(&now.studies.years_per_second),
            "to_ten_percent_s": now.studies.ways.iter().map(way).collect::<Vec<Value>>(),
        },
        "waits": now.accuracies.iter().map(accuracy).collect::<Vec<Value>>(),
        "first_result": { "read_s": now.first_result.read_s, "run_s": now.first_result.run_s },
        "peers": now.peers.iter().map(peer).collect::<Vec<Value>>(),
        "absent_peers": measured.absent.iter().map(|(name, reason)| json!({ "name": name, "reason": reason }))
            .collect::<Vec<Value>>(),
    })
}

pub(super) const fn effort_word(effort: Effort) -> &'static str {
    match effort {
        Effort::Quick => "quick",
        Effort::Full => "full",
    }
}

fn spread(spread: &Spread) -> Value {
    json!({ "median": spread.median, "min": spread.min, "max": spread.max })
}

/// A workload on several threads.
fn shared(of: &Shared) -> Value {
    json!({ "workload": of.workload.name(), "speed_up": spread(&of.speed_up) })
}

fn speed(speed: &Speed) -> Value {
    json!({
        "name": speed.workload.name(),
        "packet_hops": speed.packet_hops,
        "events": speed.events,
        "events_per_hop": speed.events_per_hop(),
        "hops_per_second": spread(&speed.hops_per_second),
        "ns_per_hop": speed.ns_per_hop(),
        "packet_bytes_moved_per_hop": bytes_per_hop(),
        "ceiling_hops_per_second": speed.ceiling_hops_per_second.as_ref().map(spread),
        "ceiling_ratio": speed.ceiling_ratio.as_ref().map(spread),
        "peak_memory_bytes": speed.peak_memory.map(|bytes| bytes.0),
    })
}

fn hold(hold: &Hold) -> Value {
    json!({ "pending": hold.pending, "operations_per_second": spread(&hold.operations_per_second) })
}

fn accuracy(accuracy: &Accuracy) -> Value {
    json!({
        "name": accuracy.workload.name(),
        "packets": accuracy.packets,
        "mean_ns": accuracy.mean.as_ps() as f64 / 1e3,
        "mean_expected_ns": accuracy.oracle.mean_ns,
        "p99_ns": accuracy.p99.as_ps() as f64 / 1e3,
        "p99_expected_ns": accuracy.oracle.p99_ns,
        "expected_by": accuracy.oracle.source,
    })
}

fn way(way: &Way) -> Value {
    json!({ "method": way.method.name(), "seconds": spread(&way.seconds) })
}

fn peer(peer: &PeerResult) -> Value {
    json!({
        "name": peer.kind.name(),
        "version": peer.version,
        "workload": peer.workload.name(),
        "packets": peer.packets,
        "hops_per_second": spread(&peer.hops_per_second),
        "our_speed_over_its_speed": spread(&peer.ratio),
        "mean_ns": peer.mean_ns,
    })
}
