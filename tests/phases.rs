//! Does the ledger say what each phase of an outage took and cost?
//!
//! ```text
//!  cut   noticed      next hops chosen            written
//!  --|------|----------------|-----------------------|--> passes again
//!    detection     routes               FIB
//! ```
//! Flows send a packet each millisecond, so each phase costs as many packets as it has milliseconds.

mod common;

use common::{incident, ms, returned, run_seeded, s};
use fabricsim::sim::record::{FlowHit, LedgerEntry, Phase, RunRecord};
use fabricsim::units::Span;

/// A scenario of the repository with a packet a millisecond on each flow, and some texts replaced.
fn run_dense(scenario: &str, changes: &[(&str, &str)], seed: u64) -> RunRecord {
    let mut text = std::fs::read_to_string(format!("scenarios/failures/{scenario}.toml")).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text = text.replace("rate = \"4 Mbps\"", "rate = \"64 Mbps\"");
    let expect = text.find("[expect]").unwrap();
    run_seeded(&text[..expect], seed)
}

/// How long after the incident or return.
fn after(entry: &LedgerEntry, at: Span) -> Span {
    at.saturating_sub(entry.at)
}

/// Packets in a time, one a millisecond: one more or less, and those of the way to the router.
fn assert_packets(what: &str, lost: u64, time: Span) {
    let expected = time.as_ps() / ms(1).as_ps();
    assert!(lost + 1 >= expected && lost <= expected + 2, "{what}: {lost} packets in {time}");
}

fn assert_near(what: &str, time: Span, expected: Span) {
    // Segments take a fraction of a millisecond to the next router.
    assert!(time >= expected && time <= expected + ms(1), "{what}: {time}, not {expected}");
}

/// What a flow lost in each phase is the length of the phase, and all of it what it lost.
fn assert_phases_cost_what_they_last(entry: &LedgerEntry, hit: &FlowHit) {
    let detected = after(entry, hit.detected.as_ref().expect("noticed").at);
    let moved = after(entry, hit.routes_moved.expect("moved"));
    let written = after(entry, hit.fib_done.expect("written"));
    assert_packets("detection", hit.lost_in.detection, detected);
    assert_packets("routes", hit.lost_in.routes, moved.saturating_sub(detected));
    assert_packets("FIB", hit.lost_in.fib, written.saturating_sub(moved));
    assert_eq!(hit.lost_in.total(), hit.lost);
}

#[test]
fn a_fibre_cut_costs_the_carrier_delay_then_two_turns_of_processing_then_the_installation() {
    let record = run_dense("fibre-cut", &[], 1);
    let entry = incident(&record, "cut");
    assert!(entry.hits.len() > 10);
    for hit in &entry.hits {
        let detected = hit.detected.as_ref().expect("noticed");
        let side = if hit.flow.contains("(reverse)") { "google-iad-a1" } else { "aws-iad-a1" };
        assert_eq!((detected.router.as_str(), detected.how), (side, "carrier"), "{}", hit.flow);
        assert_eq!(after(entry, detected.at), ms(10), "carrier delay");
        assert_near("the border's and the backbone's processing", after(entry, hit.routes_moved.unwrap()), ms(50));
        assert_near("installation", after(entry, hit.fib_done.unwrap()), ms(150));
        assert_phases_cost_what_they_last(entry, hit);
    }
    let all: u64 = entry.hits.iter().map(|hit| hit.lost_in.detection).sum();
    assert_eq!(entry.lost_in.detection, all);
    assert_eq!(entry.lost_in.total(), entry.dropped.values().sum::<u64>());
}

#[test]
fn each_side_of_a_silent_cut_is_dark_until_its_own_bfd_notices() {
    for seed in 1..=3 {
        let record = run_dense("silent-cut-fast", &[], seed);
        let entry = incident(&record, "silent");
        for hit in &entry.hits {
            let detected = hit.detected.as_ref().expect("noticed");
            let side = if hit.flow.contains("(reverse)") { "google-iad-a1" } else { "aws-iad-a1" };
            assert_eq!((detected.router.as_str(), detected.how), (side, "bfd"), "{}", hit.flow);
            assert_phases_cost_what_they_last(entry, hit);
        }
    }
}

#[test]
fn what_nobody_notices_is_all_lost_to_detection() {
    let record = run_dense("grey-loss", &[], 1);
    let entry = record.ledger.first().expect("it begins");
    assert!(entry.notices.is_empty());
    assert!(entry.lost_in.detection > 0);
    assert_eq!(entry.lost_in.detection, entry.dropped.values().sum::<u64>());
}

/// When a step was first taken after the return.
fn step(entry: &LedgerEntry, phase: Phase) -> (Span, Span) {
    let taken = entry.phases.iter().find(|step| step.phase == phase);
    let taken = taken.unwrap_or_else(|| panic!("no {phase:?} in {:?}", entry.phases));
    (after(entry, taken.first), after(entry, taken.last))
}

#[test]
fn a_return_takes_every_step_in_order_and_loses_nothing() {
    let record = run_dense("fibre-cut", &[], 1);
    let entry = returned(&record, "cut");
    let [light, keys, bfd, session, updates, end_of_rib, routes, fib] = [
        Phase::Light,
        Phase::Keys,
        Phase::Bfd,
        Phase::Session,
        Phase::Updates,
        Phase::EndOfRib,
        Phase::Routes,
        Phase::Fib,
    ]
    .map(|phase| step(entry, phase));
    assert_eq!(light, (ms(200), ms(200)), "light-up hold at both ends");
    assert!(keys.1 <= s(8), "MKA needs some Hellos of 2 s: {keys:?}");
    // RFC 5880 6.8.3: the three-way of BFD goes at one packet a second until Up.
    assert!(bfd.0 > light.1 && bfd.1 < s(8), "{bfd:?}");
    // OPEN and KEEPALIVE, each 20 ms on the processor.
    assert!(session.0 >= light.1 + ms(40), "{session:?}");
    assert!(updates.0 >= session.0 && end_of_rib.0 >= session.0 && end_of_rib.1 >= updates.0);
    assert!(routes.0 >= updates.0 + ms(20), "an UPDATE is processed before it counts");
    assert!(fib.0 >= routes.0 + ms(100), "{routes:?} {fib:?}");
    assert_eq!(entry.lost_in.total(), 0);
}

#[test]
fn lacp_stands_in_the_ledger_of_both_ways() {
    let record = run_dense("lag-member-silent-lacp", &[], 1);
    let entry = record.ledger.first().expect("it begins");
    // IEEE 802.1AX: three missed messages of a second each.
    assert!(step(entry, Phase::Lacp).0 >= s(2) && step(entry, Phase::Lacp).1 <= s(3) + ms(1));
    assert!(entry.lost_in.detection > 0);
    assert_eq!(entry.lost_in.fib, 0, "the member leaves its group: no route moves");
}
