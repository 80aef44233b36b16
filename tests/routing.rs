//! Does traffic go where routing should send it?

mod common;

use std::fmt::Write as _;

use common::graphs::{random_graph, systems};
use common::{run, run_seeded};
use fabricsim::rng::RunSeed;
use fabricsim::sim::record::RunRecord;
use petgraph::algo::dijkstra;
use petgraph::graph::NodeIndex;

/// Links of 1 ms that a flow crossed; all else takes less than 50 us on these ways.
fn hops(record: &RunRecord, flow: &str) -> u64 {
    let flow = record.flows.iter().find(|one| one.name.starts_with(flow)).unwrap();
    assert!(flow.sent > 0 && flow.dropped == 0, "{}", flow.name);
    assert_eq!(flow.latency_min.as_ps() / 1_000_000_000, flow.latency_max.as_ps() / 1_000_000_000);
    flow.latency_min.as_ps() / 1_000_000_000
}

#[test]
fn systems_without_policy_forward_on_shortest_paths() {
    // Oracle: Dijkstra's algorithm of petgraph, each edge counting one.
    for seed in 0..8 {
        let mut stream = RunSeed(seed).stream("graphs", "edges");
        let nodes = 4 + usize::try_from(stream.below(12)).unwrap();
        let graph = random_graph(&mut stream, nodes);
        let distances = dijkstra(&graph, NodeIndex::new(0), None, |_| 1);
        let record = run_seeded(&systems(&graph, "1 s", "keepalive = \"1 s\", advertisement_interval = \"0 s\""), seed);
        for node in graph.node_indices().skip(1) {
            let flow = format!("f{:02}", node.index());
            assert_eq!(hops(&record, &flow), distances[&node], "seed {seed}, {flow}");
        }
        assert!(record.routing.oscillations.is_empty());
    }
}

/// Provider 0 has two border routers on the peering links to provider 1, and an inner router between them and the
/// attachment; `internal` are keys of provider 0.
fn inside(internal: &str) -> String {
    let inner = ["in-a", "in-b"];
    let mut text = format!(
        "horizon = \"1 s\"\n[providers.home]\nasn = 65000\nforwarding_latency = \"0 s\"\n{internal}\n\
         [providers.away]\nasn = 65001\nforwarding_latency = \"0 s\"\n"
    );
    for (name, provider) in [("b1", "home"), ("b2", "home"), (inner[0], "home"), (inner[1], "home"), ("x", "away")] {
        write!(text, "[routers.{name}]\nprovider = \"{provider}\"\n").unwrap();
    }
    // b1 - in-a - in-b - b2, both borders to x; the user is at b1's side.
    for (a, b) in [("b1", "in-a"), ("in-a", "in-b"), ("in-b", "b2"), ("b1", "x"), ("b2", "x")] {
        write!(text, "[links.{a}-{b}]\nbetween = [\"{a}\", \"{b}\"]\ndelay = \"1 ms\"\n").unwrap();
    }
    text + r#"
[attachments.user-a]
provider = "home"
prefixes = ["10.1.0.0/16"]
routers = ["in-a"]
delay = "1 us"
[attachments.user-b]
provider = "home"
prefixes = ["10.2.0.0/16"]
routers = ["in-b"]
delay = "1 us"
[attachments.target]
provider = "away"
prefixes = ["10.9.0.0/16"]
routers = ["x"]
delay = "1 us"
[flows.a]
from = "user-a"
to = "target"
rate = "80 kbps"
size = "100 B"
[flows.b]
from = "user-b"
to = "target"
rate = "80 kbps"
size = "100 B"
"#
}

#[test]
fn inside_a_provider_everybody_leaves_by_the_nearest_border() {
    // RFC 4271 9.1.2.2 e: with equal attributes the lower interior cost decides. Two links of 1 ms each way.
    for internal in [
        "",
        "internal_sessions = \"full-mesh\"",
        "internal_sessions = \"reflected\"\nreflectors = [\"in-a\", \"in-b\"]",
    ] {
        let record = run(&inside(internal));
        assert_eq!((hops(&record, "a"), hops(&record, "b")), (2, 2), "{internal}");
    }
}

#[test]
fn ipv6_prefixes_take_the_ways_of_ipv4_prefixes() {
    // RFC 4760: another address family of the same sessions, under the same decisions.
    let four = inside("internal_sessions = \"reflected\"\nreflectors = [\"in-a\"]");
    let six =
        [("10.1.0.0/16", "2001:db8:1::/48"), ("10.2.0.0/16", "2001:db8:2::/48"), ("10.9.0.0/16", "2001:db8:9::/48")]
            .iter()
            .fold(four.clone(), |text, (four, six)| text.replace(four, six));
    let [four, six] = [four, six].map(|text| run(&text));
    for flow in ["a", "b"] {
        assert_eq!(hops(&six, flow), hops(&four, flow), "{flow}");
    }
    assert_eq!(six.totals.data, four.totals.data);
    assert!(
        six.flows.iter().all(|flow| flow.five_tuple.contains("2001:db8")),
        "the flows have addresses of their prefixes"
    );
}

#[test]
fn with_one_reflector_its_clients_go_where_it_would() {
    // RFC 4456 section 11: a reflector passes on its own choice, here b1, which is one link farther from in-b than b2.
    let record = run(&inside("internal_sessions = \"reflected\"\nreflectors = [\"in-a\"]"));
    assert_eq!((hops(&record, "a"), hops(&record, "b")), (2, 3));
}

#[test]
fn policies_move_traffic() {
    let direct = inside("");
    // Higher LOCAL_PREF on b2: all leave there. a: in-a, in-b, b2, x.
    let preferred = format!(
        "{direct}\n[policies.prefer]\nterms = [{{ local_pref = 200 }}]\n[sessions.b2]\nrouter = \"b2\"\nimport = \"prefer\"\n"
    );
    let record = run(&preferred);
    assert_eq!((hops(&record, "a"), hops(&record, "b")), (3, 2));
    // A longer path on x's way to b1 does the same: RFC 4271 9.1.2.2 a.
    let prepended = format!(
        "{direct}\n[policies.longer]\nterms = [{{ prepend = 2 }}]\n\
         [sessions.x]\nrouter = \"x\"\npeer = \"b1\"\nexport = \"longer\"\n"
    );
    let record = run(&prepended);
    assert_eq!((hops(&record, "a"), hops(&record, "b")), (3, 2));
    // What is rejected at one border comes in by the other.
    let rejected = format!(
        "{direct}\n[policies.none]\notherwise = \"reject\"\n[sessions.b1]\nrouter = \"b1\"\npeer = \"x\"\nimport = \"none\"\n"
    );
    let record = run(&rejected);
    assert_eq!((hops(&record, "a"), hops(&record, "b")), (3, 2));
    // RFC 8326: what is marked as about to go is the last resort.
    let leaving = format!(
        "{direct}\n[policies.leave]\nterms = [{{ add_communities = [\"graceful-shutdown\"] }}]\n\
         [sessions.x]\nrouter = \"x\"\npeer = \"b1\"\nexport = \"leave\"\n"
    );
    let record = run(&leaving);
    assert_eq!((hops(&record, "a"), hops(&record, "b")), (3, 2));
}
