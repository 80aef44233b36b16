//! Whatever is built and whatever fails: nothing panics, packets are conserved, and routing settles or is named.

mod common;

use std::fmt::Write as _;

use common::graphs::{random_graph, systems};
use common::{network, run_seeded};
use fabricsim::rng::{RunSeed, Stream};
use fabricsim::sim::Simulation;
use petgraph::graph::UnGraph;
use rayon::prelude::*;

/// Random worlds that are tried.
const WORLDS: u64 = 60;

fn pick<'a, T>(stream: &mut Stream, items: &'a [T]) -> &'a T {
    &items[usize::try_from(stream.below(items.len() as u64)).unwrap()]
}

/// Failures within the first 20 s, overlapping at random.
fn failures(stream: &mut Stream, graph: &UnGraph<(), ()>) -> String {
    let mut text = String::new();
    for index in 0..1 + stream.below(6) {
        let edge = pick(stream, graph.raw_edges());
        let (a, b) = (edge.source().index(), edge.target().index());
        let link = format!("link = \"l{a:02}-{b:02}\"");
        let link_name = format!("l{a:02}-{b:02}");
        let what = match stream.below(16) {
            8 => format!("kind = \"duct_cut\"\nduct = \"d{index}\""),
            9 => format!("kind = \"line_card\"\ncard = \"c{index}\""),
            10 => format!("kind = \"protection_switch\"\n{link}\ndelay = \"7 ms\""),
            11 => format!("kind = \"optics_brownout\"\n{link}\nbit_error_rate = \"1e-4\""),
            12 => format!("kind = \"black_hole\"\n{link}\nfrom = \"r{b:02}\""),
            13 => format!("kind = \"cpu_hang\"\nrouter = \"r{a:02}\""),
            14 => format!("kind = \"software_push\"\nrouters = [\"r{a:02}\", \"r{b:02}\"]\nshare = \"50%\""),
            15 => format!("kind = \"fibre_cut\"\n{link}\nevery = \"10.1 s\"\ntimes = 3"),
            0 => format!("kind = \"fibre_cut\"\n{link}"),
            1 => format!("kind = \"silent_cut\"\n{link}\ndetected_after = \"3 s\"\nmitigation = \"admin-down\""),
            2 => format!("kind = \"silent_cut\"\n{link}\nfrom = \"r{a:02}\""),
            3 => format!("kind = \"router_down\"\nrouter = \"r{a:02}\""),
            4 => format!("kind = \"bgp_restart\"\nrouter = \"r{b:02}\""),
            5 => format!("kind = \"wrong_password\"\nrouter = \"r{a:02}\"\npeer = \"r{b:02}\""),
            6 => format!(
                "kind = \"grey_loss\"\n{link}\nprobability = \"40%\"\ndetected_after = \"2 s\"\ndrain = \"1 s\""
            ),
            _ => format!("kind = \"duplication\"\n{link}\nprobability = \"50%\""),
        };
        let (at, lasts) = (stream.below(10_000), 1 + stream.below(10_000));
        write!(
            text,
            "[ducts.d{index}]\nlinks = [\"{link_name}\"]\n[cards.c{index}]\nrouter = \"r{a:02}\"\n\
             ports = [\"{link_name}\"]\n"
        )
        .unwrap();
        write!(text, "[[failures]]\nname = \"f{index}\"\n{what}\nat = \"{at} ms\"\nlasts = \"{lasts} ms\"\n").unwrap();
    }
    text
}

/// Work on routers, drained or not, planned or not, and graceful shutdowns.
fn operations(stream: &mut Stream, graph: &UnGraph<(), ()>) -> String {
    let mut text = String::new();
    for index in 0..stream.below(3) {
        let router = stream.below(graph.node_count() as u64);
        let (at, lasts) = (5_000 + stream.below(8_000), 1 + stream.below(5_000));
        let (drain, restore) = (stream.below(4_000), stream.below(4_000));
        let emergency = stream.below(2) == 0;
        write!(
            text,
            "[[maintenance]]\nname = \"w{index}\"\nrouter = \"r{router:02}\"\nat = \"{at} ms\"\n\
             lasts = \"{lasts} ms\"\ndrain = \"{drain} ms\"\nrestore = \"{restore} ms\"\nemergency = {emergency}\n\
             [[changes]]\nname = \"g{index}\"\nkind = \"graceful_shutdown\"\nrouter = \"r{router:02}\"\n\
             at = \"{drain} ms\"\nlasts = \"{lasts} ms\"\n"
        )
        .unwrap();
    }
    text
}

/// Some routers prefer some neighbours, as they like: it may or may not be possible for all.
fn preferences(stream: &mut Stream, graph: &UnGraph<(), ()>) -> String {
    let mut text = String::new();
    for (index, edge) in graph.raw_edges().iter().enumerate() {
        if stream.below(3) > 0 {
            continue;
        }
        let (a, b) = (edge.source().index(), edge.target().index());
        let preference = 50 + 50 * stream.below(4);
        write!(
            text,
            "[policies.p{index}]\nterms = [{{ local_pref = {preference} }}]\n\
             [sessions.s{index}]\nrouter = \"r{a:02}\"\npeer = \"r{b:02}\"\nimport = \"p{index}\"\n"
        )
        .unwrap();
    }
    text
}

#[test]
fn random_worlds_conserve_packets_and_settle_or_are_named() {
    (0..WORLDS).into_par_iter().for_each(|seed| {
        let mut stream = RunSeed(seed).stream("worlds", "choices");
        let nodes = 3 + usize::try_from(stream.below(6)).unwrap();
        let graph = random_graph(&mut stream, nodes);
        let graceful = pick(&mut stream, &["off", "on"]);
        let interval = pick(&mut stream, &["0 s", "2 s"]);
        let bgp = format!(
            "hold = \"6 s\", keepalive = \"2 s\", connect_retry = \"2 s\", advertisement_interval = \"{interval}\", \
             graceful_restart = \"{graceful}\", restart_time = \"5 s\", stale_time = \"5 s\""
        );
        let policies = if stream.below(2) == 0 { String::new() } else { preferences(&mut stream, &graph) };
        let text = systems(&graph, "60 s", &bgp)
            + &policies
            + &failures(&mut stream, &graph)
            + &operations(&mut stream, &graph);
        // Conservation, of every flow and over all, is asserted by the run and once more by `run_seeded`.
        let record = run_seeded(&text, seed);
        let last = record.ledger.iter().filter_map(|entry| entry.forwarding).map(|(_, last)| last).max();
        let settled = last.is_none_or(|last| last < common::s(50));
        assert!(settled || !record.routing.oscillations.is_empty(), "world {seed} goes on at {last:?}:\n{text}");
    });
}

/// Durations of a few seconds, or none at all.
fn law(stream: &mut Stream) -> String {
    let laws = ["0 s", "500 ms", "exponential 1 s", "pareto 1 s 1.5"];
    (*pick(stream, &laws)).to_owned()
}

/// A connection that is ordered, changed and deleted at random, over an interconnect that is cut and worked on.
fn life(stream: &mut Stream) -> String {
    let mut text = String::from(
        r#"
horizon = "60 s"
[interconnects.virginia]
template = "aws-google/us-east-1"
[connections.shop]
interconnect = "virginia"
bandwidth = "2 Mbps"
attachments = ["vpc-aws", "vpc-google"]
[attachments.vpc-aws]
provider = "aws"
prefixes = ["10.0.0.0/16"]
[attachments.vpc-google]
provider = "google"
prefixes = ["10.128.0.0/16"]
[flows.web]
from = "vpc-aws"
to = "vpc-google"
direction = "both"
rate = "1 Mbps"
count = 5
"#,
    );
    text += "[provisioning.shop]\n";
    for key in ["call", "feature", "configure", "verify"] {
        writeln!(text, "{key} = \"{}\"", law(stream)).unwrap();
    }
    writeln!(text, "conflict = \"{}%\"\nclean_up = \"{} s\"", stream.below(60), 1 + stream.below(40)).unwrap();
    if stream.below(4) > 0 {
        let accept = if stream.below(5) == 0 { "never".to_owned() } else { law(stream) };
        writeln!(text, "at = \"{} ms\"\naccept = \"{accept}\"", stream.below(10_000)).unwrap();
    }
    if stream.below(2) == 0 {
        let peer = if stream.below(2) == 0 { "never".to_owned() } else { law(stream) };
        writeln!(text, "delete = \"{} s\"\ndelete_peer = \"{peer}\"", 11 + stream.below(40)).unwrap();
    }
    if stream.below(2) == 0 {
        let disabled = pick(stream, &["a1", "a2", "b1", "b2"]);
        writeln!(text, "disabled = [\"iad-channel-{disabled}\"]\nenabled = \"{} s\"", stream.below(50)).unwrap();
    }
    for index in 0..stream.below(4) {
        let (at, rate) = (stream.below(50_000), 500 + stream.below(4_000));
        write!(
            text,
            "[[changes]]\nname = \"c{index}\"\nat = \"{at} ms\"\nconnection = \"shop\"\nbandwidth = \"{rate} kbps\"\n"
        )
        .unwrap();
    }
    let routers = ["aws-iad-a1", "aws-iad-b2", "google-iad-a2", "google-iad-b1"];
    let (work, dead) = (pick(stream, &routers), pick(stream, &routers));
    write!(
        text,
        "[[maintenance]]\nrouter = \"{work}\"\nat = \"{} s\"\nlasts = \"5 s\"\ndrain = \"3 s\"\n\
         [[failures]]\nkind = \"router_down\"\nrouter = \"{dead}\"\nat = \"{} s\"\nlasts = \"8 s\"\n",
        4 + stream.below(40),
        stream.below(40),
    )
    .unwrap();
    text
}

#[test]
fn connections_of_any_life_conserve_packets_and_are_told_in_order() {
    (0..WORLDS / 2).into_par_iter().for_each(|seed| {
        let text = life(&mut RunSeed(seed).stream("lives", "choices"));
        let record = run_seeded(&text, seed);
        assert!(record.operations.is_sorted_by_key(|one| one.at), "world {seed}:\n{text}");
        let deleted = record.operations.iter().filter(|one| one.step == "deleted").count();
        assert!(deleted <= 1, "world {seed} is deleted once:\n{text}");
        // What is deleted before the end has no usable path at the end.
        let ends_dead =
            record.connections[0].directions.iter().all(|one| one.usable_paths.last().unwrap().1.as_ppb() == 0);
        assert!(deleted == 0 || ends_dead, "world {seed}:\n{text}");
    });
}

/// The service while feeds, a zone, policies and a surge of traffic come and go at random, over work on its routers.
fn common_modes(stream: &mut Stream) -> String {
    let mut text = String::from(
        r#"
horizon = "40 s"
[interconnects.virginia]
template = "aws-google/us-east-1"
[connections.shop]
interconnect = "virginia"
bandwidth = "3 Mbps"
attachments = ["vpc-aws", "vpc-google"]
[attachments.vpc-aws]
provider = "aws"
prefixes = ["10.0.0.0/16"]
[attachments.vpc-google]
provider = "google"
prefixes = ["10.128.0.0/16"]
[flows.web]
from = "vpc-aws"
to = "vpc-google"
direction = "both"
rate = "2 Mbps"
count = 20
[policies.nothing]
otherwise = "reject"
"#,
    );
    let routers: Vec<String> = ["aws-iad-a1", "aws-iad-a2", "aws-iad-b1", "aws-iad-b2"]
        .into_iter()
        .flat_map(|router| [router.to_owned(), router.replace("aws", "google")])
        .collect();
    for router in &routers {
        let feeds = pick(stream, &[r#"["a"]"#, r#"["b"]"#, r#"["a", "b"]"#]);
        writeln!(text, "[routers.{router}]\nfeeds = {feeds}").unwrap();
    }
    for index in 0..1 + stream.below(5) {
        let facility = pick(stream, &["iad-a", "iad-b"]);
        let zone = pick(stream, &["aws-iad-zone1", "aws-iad-zone2"]);
        let what = match stream.below(5) {
            0 => {
                format!("kind = \"power_feed\"\nfacility = \"{facility}\"\nfeed = \"{}\"", pick(stream, &["a", "b"]))
            }
            1 => format!("kind = \"zone_outage\"\nfacility = \"{zone}\""),
            2 => {
                let pushed = &routers[..1 + usize::try_from(stream.below(routers.len() as u64)).unwrap()];
                format!("kind = \"policy_push\"\nrouters = {pushed:?}\npolicy = \"nothing\"")
            }
            3 => format!(
                "kind = \"congestion_surge\"\nfrom = \"vpc-google\"\nto = \"vpc-aws\"\nrate = \"{} Mbps\"\ncount = 7",
                1 + stream.below(5)
            ),
            _ => format!("kind = \"facility_outage\"\nfacility = \"{facility}\""),
        };
        let (at, lasts) = (stream.below(20_000), 1 + stream.below(15_000));
        write!(text, "[[failures]]\nname = \"f{index}\"\n{what}\nat = \"{at} ms\"\nlasts = \"{lasts} ms\"\n").unwrap();
    }
    let (work, at) = (pick(stream, &routers), 4 + stream.below(25));
    write!(text, "[[maintenance]]\nrouter = \"{work}\"\nat = \"{at} s\"\nlasts = \"5 s\"\ndrain = \"3 s\"\n").unwrap();
    text
}

#[test]
fn what_several_devices_share_may_fail_in_any_way_and_any_division() {
    (0..WORLDS / 2).into_par_iter().for_each(|seed| {
        let text = common_modes(&mut RunSeed(seed).stream("common modes", "choices"));
        let record = run_seeded(&text, seed);
        let divided = Simulation::new(&network(&text), RunSeed(seed)).threads(2).divided_anyway().run();
        assert_eq!(divided.fingerprint, record.fingerprint, "world {seed}:\n{text}");
        assert_eq!(divided.totals, record.totals, "world {seed}:\n{text}");
    });
}
