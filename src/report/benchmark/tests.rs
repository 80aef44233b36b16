use serde_json::Value;

use super::*;
use crate::report::document::Outcome;
use crate::study::benchmark::peers::{PeerKind, PeerResult};
use crate::study::benchmark::{
    Accuracy, Effort, FirstResult, Hold, Judged, Machine, Method, Parallel, Routing, Shared, Speed, Spread, Studies,
    Way, Workload,
};
use crate::units::{Bytes, Span};

fn spread(median: f64) -> Spread {
    Spread { median, min: median * 0.9, max: median * 1.1 }
}

fn measured(earlier: Option<Value>) -> Measured {
    let speed = |workload: Workload, ceiling: Option<f64>| Speed {
        workload,
        packet_hops: 1_000,
        events: 1_200,
        hops_per_second: spread(30e6),
        ceiling_hops_per_second: ceiling.map(spread),
        ceiling_ratio: ceiling.map(|ceiling| spread(30e6 / ceiling)),
        peak_memory: Some(Bytes(7 << 20)),
    };
    let accuracy = Accuracy {
        workload: Workload::Chain,
        oracle: Workload::Chain.oracle().expect("M/D/1"),
        packets: 50_000_000,
        mean: Span::from_ps(140_100),
        p99: Span::from_ps(790_000),
        p99_judged: Judged::Yes,
    };
    let machine = Machine { processor: "A processor".into(), cores: 2, system: "Linux".into(), compiler: None };
    let peer = PeerResult {
        kind: PeerKind::Simpy,
        version: "4".into(),
        workload: Workload::Chain,
        packets: 10,
        hops_per_second: spread(5e4),
        ratio: spread(600.0),
        mean_ns: 139.0,
    };
    let small = Shared { workload: Workload::Chain, speed_up: spread(1.0) };
    Measured {
        now: Benchmark {
            effort: Effort::Full,
            machine,
            speeds: vec![speed(Workload::Chain, Some(60e6)), speed(Workload::Quickstart, None)],
            holds: vec![Hold { pending: 100, operations_per_second: spread(50e6) }],
            parallel: Parallel { routers: 100, threads: 2, partitions: 2, speed_up: spread(1.8), small: vec![small] },
            routing: Routing {
                prefixes: 10_000,
                sessions: 13,
                messages: 4_000,
                told: 100_000,
                messages_per_second: spread(24e3),
                told_per_second: spread(600e3),
            },
            studies: Studies {
                transitions_per_second: spread(12e6),
                years_per_second: spread(300e3),
                ways: vec![Way { method: Method::Crude, seconds: spread(0.3) }],
            },
            accuracies: vec![accuracy],
            first_result: FirstResult { read_s: 0.002, run_s: 0.5 },
            peers: vec![peer],
        },
        absent: vec![("ns-3", "no package".to_owned())],
        earlier,
    }
}

#[test]
fn the_page_says_speed_share_waits_peers_and_what_is_missing() {
    let page = benchmark_page(&measured(None));
    for text in [
        "30.0 million packet-hops",
        "50% of the bare loop",
        "1.80 times",
        "counters. (4)",
        "ns-3 was not run: no package",
    ] {
        assert!(page.contains(text), "{text} in\n{page}");
    }
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
}

#[test]
fn a_percentile_off_by_more_than_its_bound_fails() {
    let outcomes: Vec<Outcome> = page::report(&measured(None)).checks.into_iter().map(|check| check.outcome).collect();
    assert_eq!(outcomes, [Outcome::Pass, Outcome::Fail]);
}

#[test]
fn an_earlier_file_is_compared_by_workload() {
    let earlier = value::value(&measured(None));
    let page = benchmark_page(&measured(Some(earlier)));
    assert!(page.contains("Against the earlier result"), "{page}");
    assert!(page.lines().any(|line| line.contains("W1 chain") && line.matches("50%").count() == 2), "{page}");
}

#[test]
fn every_plot_and_format_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let written = write_benchmark(folder.path(), &measured(None)).unwrap();
    let names: Vec<&str> = written.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["benchmark.json", "benchmark.md", "benchmark.html", "speeds.svg", "event-queue.svg"]);
    let text = std::fs::read_to_string(&written[0]).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["workloads"][0]["ceiling_ratio"]["median"], 0.5);
    assert_eq!(json["workloads"][1]["ceiling_ratio"], Value::Null);
}
