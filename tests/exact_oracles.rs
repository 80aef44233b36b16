//! Availability against numbers that are known: what `fabricsim validate` prints, one test for each claim.
//!
//! The figures, their sources and the second methods are in `src/study/validate/`.

mod common;

use std::fmt::Write as _;

use fabricsim::study::reference::{REPLICATION_LINKS, REPLICATION_SUCCESS};
use fabricsim::study::validate::{Cost, ORACLES, oracle};

/// Every row of an oracle holds.
#[track_caller]
fn holds(name: &str) {
    let rows = (oracle(name).rows)();
    assert!(!rows.is_empty(), "{name}: nothing was asked");
    for row in rows {
        println!("{}: {} for {}", row.name, row.got_text(), row.expected_text());
        assert!(row.holds(), "{}: {} is not {} ({})", row.name, row.got_text(), row.expected_text(), row.source);
    }
}

#[test]
fn the_month_is_missed_as_often_by_two_methods_and_as_printed() {
    holds("months");
}

#[test]
fn a_link_put_into_service_misses_its_first_month_as_printed() {
    holds("first-month");
}

#[test]
fn constant_outages_miss_when_the_sixth_begins() {
    holds("constant-outages");
}

#[test]
fn a_pair_with_one_crew_misses_its_year_by_two_methods() {
    holds("shared-crew");
}

#[test]
fn one_minute_outages_are_charged_as_printed_by_each_rule() {
    holds("rules");
}

#[test]
fn small_structures_are_as_printed() {
    holds("small-structures");
}

#[test]
fn the_quad_fabric_is_the_same_by_three_methods_and_as_printed() {
    holds("reference-fabric");
}

#[test]
fn a_cycles_relative_variance_is_the_printed_one() {
    holds("cycle-variance");
}

#[test]
fn biased_cycles_find_the_fabric_without_a_path() {
    holds("biasing");
}

#[test]
fn lives_with_memory_crews_and_common_causes_have_the_means_of_theory() {
    holds("laws");
}

#[test]
fn simulation_is_as_far_from_the_truth_as_chance_allows() {
    holds("simulation");
}

#[test]
fn intervals_cover_as_they_say() {
    holds("coverage");
}

#[test]
fn months_drawn_by_the_study_engine_are_as_exact_methods_say() {
    holds("years");
}

#[test]
fn every_cheap_oracle_is_asked_here() {
    let text = include_str!("exact_oracles.rs");
    for cheap in ORACLES.iter().filter(|oracle| oracle.cost == Cost::Seconds) {
        assert!(text.contains(&format!("holds(\"{}\")", cheap.name)), "{} is asked by no test", cheap.name);
    }
}

#[test]
fn packets_lost_are_those_that_states_and_drawn_episodes_say() {
    holds("episodes");
}

/// INET's network for frame replication by packets: in each of the 256 states of its links a run with those cut that are
/// down, and packets that are sent when routing has settled. All of them arrive or none, and weighed by 0.8 for each link that
/// is up and 0.2 for each that is down, they arrive as INET's analytic answer says.
#[test]
fn packets_find_their_way_as_often_as_frames_that_are_replicated() {
    let mut world = "horizon = \"5.1 s\"\n[providers.net]\n".to_owned();
    for router in ["s1", "s2a", "s2b", "s3a", "s3b"] {
        writeln!(world, "[routers.{router}]\nprovider = \"net\"").unwrap();
    }
    let name = |(a, b): (&str, &str)| match a {
        "source" | "target" => format!("{a}/{b}"),
        _ => format!("{a}-{b}"),
    };
    for (a, b) in REPLICATION_LINKS.iter().filter(|(a, _)| a.starts_with("s1") || a.starts_with("s2")) {
        writeln!(world, "[links.{a}-{b}]\nbetween = [{a:?}, {b:?}]").unwrap();
    }
    world += "[attachments]\nsource = { provider = \"net\", prefixes = [\"10.1.0.0/24\"], routers = [\"s1\"] }\n\
              target = { provider = \"net\", prefixes = [\"10.2.0.0/24\"], routers = [\"s3a\", \"s3b\"] }\n\
              [flows.f]\nfrom = \"source\"\nto = \"target\"\nrate = \"1 Mbps\"\nstart = \"5 s\"\nstop = \"5.09 s\"\n";
    let mut success = 0.0;
    for state in 0u32..1 << REPLICATION_LINKS.len() {
        let mut text = world.clone();
        let mut probability = 1.0;
        for (index, link) in REPLICATION_LINKS.into_iter().enumerate() {
            let is_up = state >> index & 1 == 1;
            probability *= if is_up { 0.8 } else { 0.2 };
            if !is_up {
                writeln!(text, "[[failures]]\nkind = \"fibre_cut\"\nlink = \"{}\"\nat = \"0 s\"", name(link)).unwrap();
            }
        }
        let data = common::run(&text).totals.data;
        assert!(data.sent > 5 && (data.delivered == data.sent || data.delivered == 0), "{state:08b}: {data:?}");
        success += probability * data.delivered as f64 / data.sent as f64;
    }
    assert_eq!(format!("{success:.8}"), REPLICATION_SUCCESS);
}
