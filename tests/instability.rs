//! Do routes that conflict do what is known of them, in a network with packets, and do the known cures help?

mod common;

use common::{ms, run};
use fabricsim::sim::record::RunRecord;
use fabricsim::units::Span;

/// A scenario of the repository without its expectations and with some texts replaced.
fn run_changed(scenario: &str, changes: &[(&str, &str)]) -> RunRecord {
    let mut text = std::fs::read_to_string(format!("scenarios/routing/{scenario}.toml")).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let expect = text.find("[expect]").unwrap();
    run(&text[..expect])
}

/// Shortest and longest way of the packets sent between two times of a wedgie.
fn ways(scenario: &str, changes: &[(&str, &str)], from: &str, to: &str) -> [Span; 2] {
    let times = format!("start = \"{from}\"\nstop = \"{to}\"");
    let changes: Vec<_> = changes.iter().copied().chain([("start = \"8 s\"", times.as_str())]).collect();
    let record = run_changed(scenario, &changes);
    [record.flows[0].latency_min, record.flows[0].latency_max]
}

/// RFC 4264 section 3. The backup line is 20 ms longer than all other ways together.
#[test]
fn a_wedgie_outlasts_the_failure_and_the_wrong_cure_and_ends_with_the_right_one() {
    let [primary, backup] = [|ways: [Span; 2]| ways[1] < ms(5), |ways: [Span; 2]| ways[0] > ms(20)];
    assert!(primary(ways("wedgie", &[], "8 s", "19 s")), "intended");
    assert!(backup(ways("wedgie", &[], "25 s", "39 s")), "the primary line is cut");
    assert!(backup(ways("wedgie", &[], "45 s", "54 s")), "it is back, and nobody uses it: wedged");
    assert!(backup(ways("wedgie", &[], "62 s", "74 s")), "resetting the primary session does not help");
    assert!(primary(ways("wedgie", &[], "82 s", "99 s")), "resetting the backup session does");
    let uncured = [("at = \"75 s\"", "at = \"99.9 s\"")];
    assert!(backup(ways("wedgie", &uncured, "82 s", "99 s")), "nor does time");
}

/// The subject of RFC 4264 section 4, in a topology of our own: with several parties the session to reset is not where the failure was, nor where the traffic is.
#[test]
fn a_wedgie_of_several_parties_ends_with_one_session_of_three() {
    let ways = |changes: &[_], from, to| ways("wedgie-several-parties", changes, from, to);
    let [primary, backup] = [|ways: [Span; 2]| ways[1] < ms(8), |ways: [Span; 2]| ways[0] > ms(20)];
    assert!(primary(ways(&[], "8 s", "19 s")), "intended");
    assert!(backup(ways(&[], "45 s", "49 s")), "the primary line is back, and nobody uses it");
    assert!(backup(ways(&[], "54 s", "59 s")), "resetting the primary session does not help");
    assert!(backup(ways(&[], "64 s", "74 s")), "resetting the session of the idle backup does not help");
    assert!(primary(ways(&[], "82 s", "99 s")), "resetting that of the backup in use does");
    let uncured = [("at = \"75 s\"", "at = \"99.9 s\"")];
    assert!(backup(ways(&uncured, "82 s", "99 s")), "nor does time");
}

/// RFC 3345 section 2.1: type I churn, and its cures in section 3: MED compared always, or a full mesh.
#[test]
fn med_and_reflection_oscillate_unless_med_is_compared_always_or_all_hear_all() {
    let oscillating = run_changed("med-oscillation", &[]);
    let [oscillation] = oscillating.routing.oscillations.as_slice() else { panic!("one destination") };
    assert_eq!(oscillation.prefix, "10.0.0.0/16");
    for reflector in ["ra", "rd"] {
        assert!(oscillation.routers.iter().any(|router| router == reflector), "{:?}", oscillation.routers);
    }
    let reflected = "internal_sessions = \"reflected\", reflectors = [\"ra\", \"rd\"]";
    let always = format!("{reflected}, decision = {{ med = \"always\" }}");
    let cured = run_changed("med-oscillation", &[(reflected, &always)]);
    assert_eq!(cured.routing.oscillations, []);
    assert!(cured.flows[0].delivered > 0);
    let sessions: Vec<(String, String)> = ["ra-re", "re-ra", "rd-rb", "rb-rd", "rd-rc", "rc-rd"]
        .map(|name| {
            let (router, peer) = name.split_once('-').unwrap();
            (format!("{name} = {{ router = \"{router}\", peer = \"{peer}\", import = \"nothing\" }}\n"), String::new())
        })
        .into();
    let mut changes: Vec<(&str, &str)> = sessions.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    changes.push((reflected, "internal_sessions = \"full-mesh\""));
    let cured = run_changed("med-oscillation", &changes);
    assert_eq!(cured.routing.oscillations, []);
    assert!(cured.flows[0].delivered > 0);
}
