//! The decision process against cases that others have published: input, expected best path, source.

use std::net::IpAddr;
use std::sync::Arc;

use super::*;
use crate::control::bgp::decision::{Candidate, Standing, select};
use crate::message::{Origin, PathAttributes};
use crate::network::{Age, DecisionRules, MedComparison, Multipath};

/// Deterministic MED and router-id instead of age.
const DEFAULT: DecisionRules =
    DecisionRules { med: MedComparison::SameNeighbour, age: Age::Ignored, multipath: Multipath::SameNeighbour };
const OLDER_FIRST: DecisionRules = DecisionRules { age: Age::OlderFirst, ..DEFAULT };
const ALWAYS: DecisionRules = DecisionRules { med: MedComparison::Always, ..DEFAULT };

/// The peers of a comparison of four daemons: name -> (session, peering, id, address).
fn peer(name: &str) -> (u32, Peering, [u8; 4], &'static str) {
    match name {
        "e1" => (0, Peering::External, [1, 1, 1, 1], "10.1.0.11"),
        "e2" => (1, Peering::External, [1, 1, 1, 2], "10.1.0.12"),
        "e3" => (2, Peering::External, [1, 1, 1, 3], "10.1.0.13"),
        "i1" => (3, Peering::Internal, [1, 1, 1, 4], "10.1.0.14"),
        "i2" => (4, Peering::Internal, [1, 1, 1, 5], "10.1.0.15"),
        "e4" => (5, Peering::External, [0, 1, 1, 1], "10.1.0.16"),
        "e5" => (6, Peering::External, [1, 1, 1, 3], "10.1.0.17"),
        other => panic!("no peer {other}"),
    }
}

/// "e1 path=1,2 med=5 lp=200 origin=incomplete cost=3 originator=9.9.9.9 clusters=1,2", announced as number `age`.
fn candidate(text: &str, age: u64) -> Candidate {
    let mut words = text.split_whitespace();
    let (session, peering, identifier, address) = peer(words.next().unwrap());
    let mut identifier = u32::from_be_bytes(identifier);
    let system = if matches!(session, 1 | 5) { 65002 } else { 65001 };
    let mut attributes = PathAttributes { as_path: vec![system], local_pref: Some(100), ..PathAttributes::default() };
    let numbers = |text: &str| text.split(',').map(|number| number.parse().unwrap()).collect::<Vec<u32>>();
    let mut interior_cost = 0;
    for word in words {
        match word.split_once('=').unwrap() {
            ("path", path) => attributes.as_path = numbers(path),
            ("med", value) => attributes.med = value.parse().ok(),
            ("lp", value) => attributes.local_pref = value.parse().ok(),
            ("origin", "incomplete") => attributes.origin = Origin::Incomplete,
            ("origin", "egp") => attributes.origin = Origin::Egp,
            ("cost", value) => interior_cost = value.parse().unwrap(),
            ("clusters", list) => attributes.cluster_list = numbers(list),
            ("originator", id) => match id.parse::<IpAddr>().unwrap() {
                IpAddr::V4(id) => {
                    attributes.originator = Some(id.to_bits());
                    identifier = id.to_bits();
                }
                IpAddr::V6(_) => panic!("an identifier has four bytes"),
            },
            (key, _) => panic!("no attribute {key}"),
        }
    }
    Candidate {
        session: SessionId(session),
        attributes: Arc::new(attributes),
        peering,
        interior_cost,
        age,
        standing: Standing::Spare,
        identifier,
        address: address.parse().unwrap(),
    }
}

/// The winner among routes announced in the order written.
fn winner(routes: &[&str], rules: DecisionRules) -> (SessionId, Reason) {
    let candidates = (1..).zip(routes).map(|(age, text)| candidate(text, age)).collect();
    let selection = select(candidates, rules).unwrap();
    (selection.best.session, selection.reason)
}

/// The winner when each route is decided on as it comes, and the one in use then has its advantage.
fn winner_in_turn(routes: &[&str], rules: DecisionRules) -> SessionId {
    let mut in_use = None;
    for count in 1..=routes.len() {
        let mut candidates: Vec<Candidate> =
            (1..).zip(&routes[..count]).map(|(age, text)| candidate(text, age)).collect();
        for candidate in candidates.iter_mut().filter(|candidate| in_use == Some(candidate.session)) {
            candidate.standing = Standing::InUse;
        }
        in_use = Some(select(candidates, rules).unwrap().best.session);
    }
    in_use.unwrap()
}

fn session(name: &str) -> SessionId {
    SessionId(peer(name).0)
}

/// A case of the comparison: what it is about, routes in order of announcement, and who wins with the rules above,
/// with age before the identifier, and with MED always compared (and age).
type Case = (&'static str, &'static [&'static str], &'static str, Reason, &'static str, &'static str);

/// Run on FRR 8.4.4, BIRD 2.0.12 and OpenBGPD 7.7 for this project. First winner: what FRR with compare-routerid,
/// BIRD and OpenBGPD agree on; second: FRR with deterministic-med; third: FRR with always-compare-med.
const CASES: [Case; 18] = [
    ("as path", &["e1 path=65001,65100,65200", "e2 path=65002,65200"], "e2", Reason::AsPathLength, "e2", "e2"),
    ("origin", &["e1 origin=incomplete", "e2"], "e2", Reason::Origin, "e2", "e2"),
    ("med, same AS", &["e1 med=20", "e3 med=10"], "e3", Reason::Med, "e3", "e3"),
    ("med, other AS", &["e1 med=20", "e2 med=10"], "e1", Reason::Identifier, "e1", "e2"),
    ("med missing", &["e1 med=5", "e3"], "e3", Reason::Med, "e3", "e3"),
    ("local-pref", &["i1 lp=100", "i2 lp=200 path=65001,65100"], "i2", Reason::LocalPreference, "i2", "i2"),
    ("ebgp over ibgp", &["i1", "e1"], "e1", Reason::ExternalOverInternal, "e1", "e1"),
    ("ibgp lp 101", &["e1", "i1 lp=101 path=65001,65100"], "i1", Reason::LocalPreference, "i1", "i1"),
    ("age against router-id", &["e2", "e1"], "e1", Reason::Identifier, "e2", "e2"),
    ("age agrees", &["e1", "e2"], "e1", Reason::Identifier, "e1", "e1"),
    ("router-id ibgp", &["i2", "i1"], "i1", Reason::Identifier, "i1", "i1"),
    // An AS_SET counts 1; here it is written as that one.
    ("as set", &["e1 path=65001,65300", "e2 path=65002,65100,65200"], "e1", Reason::AsPathLength, "e1", "e1"),
    (
        "cluster list",
        &["i1 originator=9.9.9.9 clusters=1,2", "i2 originator=9.9.9.9 clusters=3"],
        "i2",
        Reason::ClusterList,
        "i2",
        "i2",
    ),
    ("originator-id", &["i1 originator=9.9.9.9", "i2 originator=2.2.2.2"], "i2", Reason::Identifier, "i2", "i2"),
    ("peer address", &["e5", "e3"], "e3", Reason::PeerAddress, "e5", "e5"),
    // The route with the own AS never becomes a candidate: see a_path_with_the_own_as_is_a_loop.
    ("only", &["e2 path=65002,65100"], "e2", Reason::Only, "e2", "e2"),
    ("med cycle a", &["e1 med=20", "e4 med=100", "e3 med=10"], "e4", Reason::Identifier, "e4", "e3"),
    ("med cycle b", &["e3 med=10", "e4 med=100", "e1 med=20"], "e4", Reason::Identifier, "e4", "e3"),
];

#[test]
fn four_daemons_agree_with_the_rules_they_were_given() {
    for (case, routes, plain, reason, older, always) in CASES {
        for order in permutations(routes) {
            assert_eq!(winner(&order, DEFAULT), (session(plain), reason), "{case} {order:?}");
        }
        let always_rules = DecisionRules { age: Age::OlderFirst, ..ALWAYS };
        assert_eq!(winner(routes, always_rules).0, session(always), "{case}, always-compare-med");
        // With age the order of announcement counts. In cycle a FRR has compared e4 with e1 before e3 came.
        if case != "med cycle b" {
            assert_eq!(winner(routes, OLDER_FIRST).0, session(older), "{case}, older first");
            let in_use = DecisionRules { age: Age::InUseFirst, ..DEFAULT };
            assert_eq!(winner_in_turn(routes, in_use), session(older), "{case}, the one in use first");
        }
    }
}

#[test]
fn the_cases_of_openbgpd_hold() {
    // openbsd/src regress/usr.sbin/bgpd/unittests/rde_decide_test.c, test_pfx: the baseline wins against each variant,
    // in either order of arrival.
    let baseline = "e1 path=65001,1,2 med=100";
    for (variant, reason) in [
        ("e3 path=65001,1,2 med=100 lp=50", Reason::LocalPreference),
        ("e3 path=65001,1,2,3 med=100", Reason::AsPathLength),
        ("e3 path=65001,1,2 med=100 origin=egp", Reason::Origin),
        ("e3 path=65001,1,2 med=100 origin=incomplete", Reason::Origin),
        ("e3 path=65001,1,2 med=200", Reason::Med),
        ("i1 path=65001,1,2 med=100", Reason::ExternalOverInternal),
        ("e3 path=65001,1,2 med=100", Reason::Identifier),
    ] {
        for order in permutations(&[baseline, variant]) {
            assert_eq!(winner(&order, DEFAULT), (session("e1"), reason), "{variant}");
        }
    }
    // age_pfx: the older route wins where age counts, the lower identifier where it does not.
    assert_eq!(winner(&["e3", "e1"], OLDER_FIRST), (session("e3"), Reason::Age));
    assert_eq!(winner(&["e3", "e1"], DEFAULT), (session("e1"), Reason::Identifier));
}

#[test]
fn the_med_cases_of_openbgpd_are_sorted_alike_in_every_order() {
    // rde_decide_test.c, med_strict and med_always: two neighbouring systems with MEDs 100, 150, 75 and 125.
    let routes = ["e1 med=100", "e3 med=150", "e4 med=75", "e2 med=125"];
    for order in permutations(&routes) {
        // Of each system its lowest MED is left; e4 has the lower identifier.
        assert_eq!(winner(&order, DEFAULT).0, session("e4"));
        assert_eq!(winner(&order, ALWAYS), (session("e4"), Reason::Med));
    }
}

#[test]
fn the_cases_of_c_bgp_hold() {
    // lvanbever/cbgp valid/tests/bgp_decision_process_med.pl: AS2 MED 80 and 60, AS3 MED 40 and 20; router 2.0.0.2 with
    // deterministic MED, 3.0.0.2 when always compared. Here e4 (AS65002) has the lowest identifier.
    let routes = ["e1 med=80", "e3 med=60", "e2 path=65003 med=40", "e4 path=65003 med=20"];
    assert_eq!(winner(&routes, DEFAULT).0, session("e4"));
    assert_eq!(winner(&["e5 med=80", "e3 med=60", "e2 path=65003 med=40"], DEFAULT).0, session("e2"));
    assert_eq!(winner(&routes, ALWAYS), (session("e4"), Reason::Med));
    // bgp_decision_process_igp.pl: three iBGP routes with interior cost 30, 20, 10; the last, then the second.
    let costs = ["i1 cost=30", "i2 cost=20"];
    assert_eq!(winner(&costs, DEFAULT), (session("i2"), Reason::InteriorCost));
    assert_eq!(winner(&costs[..1], DEFAULT), (session("i1"), Reason::Only));
    // bgp_decision_process_ebgp_vs_ibgp.pl
    assert_eq!(winner(&["i2", "e3"], DEFAULT), (session("e3"), Reason::ExternalOverInternal));
    // bgp_decision_process_neighbor_address.pl: two links to one neighbour, the lowest address.
    assert_eq!(winner(&["e5", "e3"], DEFAULT), (session("e3"), Reason::PeerAddress));
    // bgp_decision_process_router_id.pl
    assert_eq!(winner(&["e2", "e1"], DEFAULT), (session("e1"), Reason::Identifier));
    // bgp_rr_decision_process_cluster_id_list.pl: the shorter of two cluster lists.
    let reflected = ["i1 originator=3.3.3.3 clusters=7,8", "i2 originator=3.3.3.3 clusters=9"];
    assert_eq!(winner(&reflected, DEFAULT), (session("i2"), Reason::ClusterList));
}

#[test]
fn med_and_interior_cost_as_c_bgp_has_them_together() {
    // bgp_med_ordering.pl: AS2 MED 10 cost 20; AS2 MED 20 cost 5; AS3 MED 0 cost 10. The third wins; without the first
    // the second does.
    let routes = ["i1 path=2 med=10 cost=20", "i2 path=2 med=20 cost=5", "e4 path=3 med=0"];
    let inside = |text: &str, age| Candidate { peering: Peering::Internal, ..candidate(text, age) };
    let third = || Candidate { interior_cost: 10, ..inside(routes[2], 3) };
    let all = vec![inside(routes[0], 1), inside(routes[1], 2), third()];
    assert_eq!(select(all, DEFAULT).unwrap().best.session, session("e4"));
    let without_first = vec![inside(routes[1], 2), third()];
    assert_eq!(select(without_first, DEFAULT).unwrap().best.session, session("i2"));
}

#[test]
fn multiple_paths_meet_the_conditions_of_their_rule() {
    let set = |routes: &[&str], multipath| {
        let candidates = (1..).zip(routes).map(|(age, text)| candidate(text, age)).collect();
        select(candidates, DecisionRules { multipath, ..DEFAULT }).unwrap().multipath
    };
    assert_eq!(set(&["e3", "e1"], Multipath::SameNeighbour), [session("e1"), session("e3")]);
    // FRR step 11 without multipath-relax, openconfig/featureprofiles RT-1.51: the other AS stays out unless allowed.
    let three = ["e1", "e2", "e3"];
    assert_eq!(set(&three, Multipath::SameNeighbour), [session("e1"), session("e3")]);
    assert_eq!(set(&three, Multipath::AnyNeighbour), [session("e1"), session("e2"), session("e3")]);
    assert_eq!(set(&three, Multipath::Off), [session("e1")]);
    assert_eq!(set(&["e1 med=1", "e3 med=2"], Multipath::AnyNeighbour), [session("e1")]);
    assert_eq!(set(&["i2", "i1"], Multipath::SameNeighbour), [session("i1"), session("i2")]);
    assert_eq!(set(&["i2 cost=2", "i1 cost=1"], Multipath::AnyNeighbour), [session("i1")]);
}

/// A router with three internal peers, each with a route of this path and MED and so many links away.
fn inside(routes: [(&[u32], u32, u32); 3]) -> (Fabric, DestinationId) {
    let mut network = fixture::providers(&["home", "away"]);
    let routers = [0; 4].map(|home| fixture::router(&mut network, home, RouterRole::Backbone));
    let theirs = fixture::destination(&mut network, 1, "10.8.0.0/16");
    for peer in &routers[1..] {
        fixture::session(&mut network, [(routers[0], AWS), (*peer, AWS)]);
    }
    let mut fabric = Fabric::new(network, 4);
    (0..3).for_each(|session| fabric.up(session));
    fabric.run_until(at(60));
    for (session, (path, med, cost)) in (0..).zip(routes) {
        fabric.input(0, Input::InteriorCost(SessionId(session), cost));
        told(&mut fabric, session, path, med, theirs);
    }
    (fabric, theirs)
}

fn told(fabric: &mut Fabric, session: u32, path: &[u32], med: u32, destination: DestinationId) {
    let (as_path, med, local_pref) = (path.to_vec(), Some(med), Some(100));
    let attributes = Arc::new(PathAttributes { as_path, med, local_pref, ..PathAttributes::default() });
    let message = BgpMessage::Update { withdrawn: vec![], announced: Some((attributes, vec![destination])) };
    super::routes::inject(fabric, session, message);
}

#[test]
fn lost_and_regained_links_change_the_choice_as_in_c_bgp() {
    // valid/tests/bgp_med_ordering.pl: AS2 MED 10 cost 20; AS2 MED 20 cost 5; AS3 MED 0 cost 10. The third; with the link
    // to the first down the second; up again the third; with the first withdrawn the second.
    let (mut fabric, theirs) = inside([(&[2], 10, 20), (&[2], 20, 5), (&[3], 0, 10)]);
    assert_eq!(fabric.best(0, theirs), [2]);
    fabric.down(0, Lost::Interior);
    assert_eq!(fabric.best(0, theirs), [1]);
    fabric.up(0);
    fabric.run_until(at(62));
    told(&mut fabric, 0, &[2], 10, theirs);
    assert_eq!(fabric.best(0, theirs), [2]);
    super::routes::inject(&mut fabric, 0, BgpMessage::Update { withdrawn: vec![theirs], announced: None });
    assert_eq!(fabric.best(0, theirs), [1]);
    // bgp_decision_process_igp.pl: costs 30, 20, 10; the last one withdrawn, then another way to the first.
    let (mut fabric, theirs) = inside([(&[2], 0, 30), (&[2], 0, 20), (&[2], 0, 10)]);
    assert_eq!(fabric.best(0, theirs), [2]);
    super::routes::inject(&mut fabric, 2, BgpMessage::Update { withdrawn: vec![theirs], announced: None });
    assert_eq!(fabric.best(0, theirs), [1]);
    fabric.input(0, Input::InteriorCost(SessionId(0), 5));
    assert_eq!(fabric.best(0, theirs), [0]);
}

fn permutations<'a>(items: &[&'a str]) -> Vec<Vec<&'a str>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, first) in items.iter().enumerate() {
        let rest: Vec<_> = items[..index].iter().chain(&items[index + 1..]).copied().collect();
        all.extend(permutations(&rest).into_iter().map(|mut tail| {
            tail.insert(0, *first);
            tail
        }));
    }
    all
}
