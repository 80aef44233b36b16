//! Does every shipped scenario load, run, and meet its own `[expect]`?

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::assert_conserved;
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::Simulation;
use fabricsim::sim::record::RunRecord;
use fabricsim::sla::Ruling;
use fabricsim::units::CalendarSpan;
use rayon::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// Every scenario in a folder and those below it, in order of path.
fn scenarios(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(scenarios(&path));
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn run(path: &Path) -> RunRecord {
    let loaded = scenario::load(path, &[]).unwrap_or_else(|problems| panic!("{problems}"));
    let record = Simulation::new(&loaded.network, RunSeed(loaded.seed)).run();
    assert_conserved(&record);
    record
}

/// What is wrong with a scenario, one line each.
fn judge(path: &Path) -> Vec<String> {
    let record = run(path);
    let name = path.strip_prefix(folder()).unwrap().display().to_string();
    let mut wrong: Vec<String> = record
        .expectations
        .iter()
        .filter(|expectation| !expectation.met)
        .map(|expectation| {
            format!("{name}: {} was {:?}, not {:?}", expectation.key, expectation.measured, expectation.bound)
        })
        .collect();
    if record.expectations.is_empty() {
        wrong.push(format!("{name}: has no [expect], so nothing judges it"));
    }
    // A scenario that expects nothing to arrive says so.
    if record.totals.data.delivered == 0 && !record.expectations.iter().any(|one| one.key == "delivered") {
        wrong.push(format!("{name}: delivers nothing"));
    }
    wrong
}

#[test]
fn every_scenario_runs_and_meets_its_expectations() {
    let paths = scenarios(&folder());
    assert!(paths.iter().any(|path| path.ends_with("quickstart.toml")), "{paths:?}");
    let wrong: Vec<String> = paths.par_iter().flat_map(|path| judge(path)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// 119 s without any usable path are charged nothing, 121 s are charged whole: the rule's least run is 120 s.
#[test]
fn an_outage_of_119_s_is_free_and_one_of_121_s_is_not() {
    for (name, down, charged) in [
        ("dead-119s", CalendarSpan::from_s(119), CalendarSpan::ZERO),
        ("dead-121s", CalendarSpan::from_s(121), CalendarSpan::from_s(121)),
    ] {
        let record = run(&folder().join("sla").join(name).with_extension("toml"));
        let [connection] = record.connections.as_slice() else { panic!("{name} has one connection") };
        let availability = &connection.availability;
        let [only] = availability.runs.as_slice() else { panic!("{name}: {:?}", availability.runs) };
        assert_eq!(only.to - only.from, down, "{name}");
        assert_eq!(only.ruling == Ruling::Charged, charged > CalendarSpan::ZERO, "{name}");
        assert_eq!(availability.charged, charged, "{name}");
        assert_eq!(availability.worst().charged_rest.as_ns(), 0, "{name} ends with a usable path");
        assert_eq!(availability.charged_in_period(), charged, "{name}");
        // 30 days x (1 - 99.99%) = 259.2 s.
        assert_eq!(availability.worst().budget.as_ns(), 259_200_000_000, "{name}");
    }
}

/// Four channels are cut at one instant, so all four cuts are behind the outage, and each is booked a quarter of it. By the
/// template the sides take turns in answering for channels.
#[test]
fn failures_of_one_instant_are_all_named_behind_an_outage() {
    let record = run(&folder().join("sla/whose-fault.toml"));
    let rule = &record.connections[0].other_rules[1];
    assert_eq!(rule.rule.name, "every-moment");
    let parties = [["customer"].as_slice(), &["aws", "google"], &["aws", "google"]];
    for ((run, who), parties) in rule.runs.iter().zip(["customer", "provider", "planned"]).zip(parties) {
        let names: Vec<String> = ["a1", "a2", "b1", "b2"].iter().map(|channel| format!("{who}-{channel}")).collect();
        assert_eq!(run.incidents, names);
        assert_eq!(run.responsible, parties);
        // 130 s are charged once: a quarter to each.
        for name in names {
            let entry = record.ledger.iter().find(|entry| entry.name == name).unwrap();
            let quarter = (rule.rule.name.clone(), CalendarSpan::from_ns(32_500_000_000));
            assert!(entry.charged.contains(&quarter), "{:?}", entry.charged);
        }
    }
}
