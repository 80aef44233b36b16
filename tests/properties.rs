//! Whatever is built and whatever fails: nothing panics, packets are conserved, and routing settles or is named.

mod common;

use std::fmt::Write as _;

use common::graphs::{random_graph, systems};
use common::run_seeded;
use fabricsim::rng::{RunSeed, Stream};
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
            1 => format!("kind = \"silent_cut\"\n{link}"),
            2 => format!("kind = \"silent_cut\"\n{link}\nfrom = \"r{a:02}\""),
            3 => format!("kind = \"router_down\"\nrouter = \"r{a:02}\""),
            4 => format!("kind = \"bgp_restart\"\nrouter = \"r{b:02}\""),
            5 => format!("kind = \"wrong_password\"\nrouter = \"r{a:02}\"\npeer = \"r{b:02}\""),
            6 => format!("kind = \"grey_loss\"\n{link}\nprobability = \"40%\""),
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
        let text = systems(&graph, "60 s", &bgp) + &policies + &failures(&mut stream, &graph);
        // Conservation, of every flow and over all, is asserted by the run and once more by `run_seeded`.
        let record = run_seeded(&text, seed);
        let last = record.ledger.iter().filter_map(|entry| entry.forwarding).map(|(_, last)| last).max();
        let settled = last.is_none_or(|last| last < common::s(50));
        assert!(settled || !record.routing.oscillations.is_empty(), "world {seed} goes on at {last:?}:\n{text}");
    });
}
