//! Routes: import, decision, what is announced to whom and when.

use std::sync::Arc;

use super::*;
use crate::message::PathAttributes;
use crate::units::Community;

/// Attributes of a route from AS 65001.
fn attributes(as_path: &[u32]) -> Arc<PathAttributes> {
    Arc::new(PathAttributes { as_path: as_path.to_vec(), ..PathAttributes::default() })
}

/// Lets end 1 of a session say something of which its own speaker knows nothing.
pub(super) fn inject(fabric: &mut Fabric, session: u32, message: BgpMessage) {
    let said = fabric.sent.iter().rev().find(|(_, s)| s.session.0 == session && s.end == 1);
    let mut segment = said.expect("it spoke before").1.clone();
    if segment.message.is_some() {
        segment.sequence += 1;
    }
    segment.message = Some(message);
    fabric.sent.push((fabric.now, segment.clone()));
    fabric.input(0, Input::Segment(segment));
}

fn announce(as_path: &[u32], destination: DestinationId) -> BgpMessage {
    BgpMessage::Update { withdrawn: vec![], announced: Some((attributes(as_path), vec![destination])) }
}

#[test]
fn a_new_route_replaces_the_old_one_of_the_same_peer() {
    let (mut fabric, [_, _, g1, g2]) = converged(1);
    inject(&mut fabric, 0, announce(&[65001, 65100], g1));
    assert_eq!(fabric.best(0, g1), [1], "the longer path loses");
    assert_eq!(fabric.speakers[RouterId(0)].reason(g1), Some(Reason::AsPathLength));
    assert_eq!(fabric.best(0, g2), [0, 1]);
    inject(&mut fabric, 0, announce(&[65001], g1));
    assert_eq!(fabric.best(0, g1), [0, 1]);
    inject(&mut fabric, 0, BgpMessage::Update { withdrawn: vec![g1], announced: None });
    assert_eq!(fabric.best(0, g1), [1]);
}

#[test]
fn a_path_with_the_own_as_is_a_loop_and_replaces_even_so() {
    let (mut fabric, [_, _, g1, _]) = converged(2);
    inject(&mut fabric, 0, announce(&[65001, 65000], g1));
    assert_eq!(fabric.best(0, g1), [1]);
    fabric.down(1, Lost::Carrier);
    assert!(fabric.best(0, g1).is_empty(), "a loop is not even the last resort");
    assert!(fabric.routes.contains(&(at(60), RouterId(0), g1)));
}

#[test]
fn forwarding_decides_what_is_told_to_other_providers() {
    let (mut fabric, [a1, a2, ..]) = converged(3);
    fabric.sent.clear();
    fabric.forward(0, a1, Installed::No);
    fabric.forward(0, a1, Installed::No);
    assert_eq!(fabric.updates(0, at(60)), [(0, vec![a1], vec![]), (1, vec![a1], vec![])]);
    fabric.run_until(at(61));
    assert!(fabric.best(1, a1).is_empty());
    assert_eq!(fabric.best(1, a2), [0, 1]);
    fabric.forward(0, a1, Installed::Yes);
    fabric.run_until(at(62));
    assert_eq!(fabric.best(1, a1), [0, 1]);
}

/// A border with two channels (sessions 0 and 1 to router 1), a backbone (session 2) and another border (session 3)
/// that has no channel of its own.
fn inside() -> (Fabric, DestinationId) {
    let mut network = fixture::providers(&["aws", "google"]);
    let border = fixture::router(&mut network, 0, RouterRole::Border);
    let peer = fixture::router(&mut network, 1, RouterRole::Border);
    let backbone = fixture::router(&mut network, 0, RouterRole::Backbone);
    let other = fixture::router(&mut network, 0, RouterRole::Border);
    let theirs = fixture::destination(&mut network, 1, "10.8.0.0/16");
    for ends in [(border, peer), (border, peer), (border, backbone), (other, backbone), (border, other)] {
        fixture::session(&mut network, [(ends.0, AWS), (ends.1, AWS)]);
    }
    let mut fabric = Fabric::new(network, 4);
    fabric.forward(1, theirs, Installed::Yes);
    for session in 0..5 {
        fabric.up(session);
    }
    fabric.run_until(at(60));
    (fabric, theirs)
}

#[test]
fn nothing_attracts_traffic_before_it_can_forward_it() {
    let (mut fabric, theirs) = inside();
    assert_eq!(fabric.best(0, theirs), [0, 1]);
    assert!(fabric.best(2, theirs).is_empty(), "the border has not installed it yet");
    fabric.forward(0, theirs, Installed::Yes);
    fabric.run_until(at(61));
    assert_eq!(fabric.best(2, theirs), [2]);
    assert_eq!(fabric.best(3, theirs), [4]);
    assert_eq!(fabric.speakers[RouterId(2)].reason(theirs), Some(Reason::Only));
    // RFC 4271 9.2: a route learned inside is not passed on inside, nor back to where it came from.
    fabric.forward(2, theirs, Installed::Yes);
    fabric.forward(3, theirs, Installed::Yes);
    fabric.run_until(at(62));
    assert!(fabric.updates(2, Time::ZERO).is_empty() && fabric.updates(3, Time::ZERO).is_empty());
    let back = fabric.updates(0, Time::ZERO).into_iter().filter(|update| update.0 < 2).count();
    assert_eq!(back, 0, "nobody transits");
}

#[test]
fn the_inside_learns_of_a_loss_only_when_nothing_is_left() {
    let (mut fabric, theirs) = inside();
    fabric.forward(0, theirs, Installed::Yes);
    fabric.run_until(at(61));
    fabric.down(0, Lost::Carrier);
    fabric.run_until(at(62));
    assert_eq!(fabric.best(2, theirs), [2], "one of two channels is left");
    assert!(fabric.updates(0, at(61)).is_empty(), "equal attributes are not told again");
    fabric.down(1, Lost::Carrier);
    // At once, before the forwarding table follows.
    assert_eq!(fabric.updates(0, at(62)), [(2, vec![theirs], vec![]), (4, vec![theirs], vec![])]);
    fabric.run_until(at(63));
    assert!(fabric.best(2, theirs).is_empty());
}

#[test]
fn destinations_that_a_session_may_not_carry_pass_neither_way() {
    let (mut network, [a1, _, g1, g2]) = pair();
    network.sessions[SessionId(1)].allowed = vec![g1];
    let mut fabric = Fabric::new(network, 5);
    for (router, destination) in [(0, a1), (1, g1), (1, g2)] {
        fabric.forward(router, destination, Installed::Yes);
    }
    fabric.up(0);
    fabric.up(1);
    fabric.run_until(at(60));
    assert_eq!([fabric.best(0, g1), fabric.best(0, g2), fabric.best(1, a1)], [vec![0, 1], vec![0], vec![0]]);
    inject(&mut fabric, 1, announce(&[65001], g2));
    assert_eq!(fabric.best(0, g2), [0]);
}

#[test]
fn one_input_gives_withdrawals_first_and_one_update_for_each_attribute_set() {
    let (mut fabric, [.., g1, g2]) = converged(6);
    let mut network = fabric.network.clone();
    let backbone = fixture::router(&mut network, 0, RouterRole::Backbone);
    fixture::session(&mut network, [(RouterId(0), AWS), (backbone, AWS)]);
    fabric = Fabric::new(network, 6);
    for (router, destination) in [(1, g1), (1, g2), (0, g1), (0, g2)] {
        fabric.forward(router, destination, Installed::Yes);
    }
    (0..3).for_each(|session| fabric.up(session));
    fabric.run_until(at(60));
    assert_eq!(fabric.best(2, g1), [2]);
    fabric.down(1, Lost::Carrier);
    fabric.sent.retain(|(_, segment)| segment.session.0 == 0);
    // One UPDATE from outside that withdraws one and changes the other: two UPDATEs inside, in this order.
    let both = BgpMessage::Update { withdrawn: vec![g2], announced: Some((attributes(&[65001, 65100]), vec![g1])) };
    inject(&mut fabric, 0, both);
    assert_eq!(fabric.updates(0, at(60)), [(2, vec![g2], vec![]), (2, vec![], vec![g1])]);
}

#[test]
fn what_was_heard_is_told_with_the_step_that_decided() {
    let (mut fabric, [_, _, g1, _]) = converged(4);
    let standings = |fabric: &Fabric| {
        let heard = fabric.speakers[RouterId(0)].heard(g1);
        heard.iter().map(|route| (route.session.0, route.standing)).collect::<Vec<_>>()
    };
    // Two sessions with one router: equals, of which only the address of the peer makes one the best.
    assert_eq!(standings(&fabric), [(0, Standing::Best), (1, Standing::Multipath(Reason::PeerAddress))]);
    inject(&mut fabric, 0, announce(&[65001, 65100], g1));
    assert_eq!(standings(&fabric), [(1, Standing::Best), (0, Standing::Lost(Reason::AsPathLength))]);
    inject(&mut fabric, 0, announce(&[65001, 65000], g1));
    assert_eq!(standings(&fabric), [(1, Standing::Best), (0, Standing::Rejected(Rejection::AsLoop))]);
    let counts = fabric.speakers[RouterId(0)].route_counts(SessionId(0));
    assert_eq!((counts.accepted, counts.rejected), (1, 1), "the other prefix is still there");
    inject(&mut fabric, 0, BgpMessage::Update { withdrawn: vec![g1], announced: None });
    assert_eq!(standings(&fabric), [(1, Standing::Best)]);
}

#[test]
fn a_router_in_graceful_shutdown_tags_its_routes_and_prefers_all_others() {
    // RFC 8326 4.2: the community outwards, LOCAL_PREF 0 inwards; 4.1: receivers set LOCAL_PREF 0.
    let (mut fabric, [a1, _, g1, _]) = converged(1);
    let preference = |fabric: &Fabric, router: u32, destination| {
        let heard = fabric.speakers[RouterId(router)].heard(destination);
        heard.iter().map(|route| route.attributes.local_pref).collect::<Vec<_>>()
    };
    assert_eq!(preference(&fabric, 1, a1), [Some(100); 2]);
    fabric.input(0, Input::GracefulShutdown(Maintenance::Begins));
    fabric.run_until(at(61));
    assert_eq!((preference(&fabric, 0, g1), preference(&fabric, 1, a1)), (vec![Some(0); 2], vec![Some(0); 2]));
    let tagged = |route: &Heard| route.attributes.communities.contains(&Community::GRACEFUL_SHUTDOWN);
    assert!(fabric.speakers[RouterId(1)].heard(a1).iter().all(tagged));
    // Two works at once: the first that is over changes nothing.
    fabric.input(0, Input::GracefulShutdown(Maintenance::Begins));
    fabric.input(0, Input::GracefulShutdown(Maintenance::Ends));
    fabric.run_until(at(62));
    assert_eq!(preference(&fabric, 1, a1), [Some(0); 2]);
    fabric.input(0, Input::GracefulShutdown(Maintenance::Ends));
    fabric.run_until(at(63));
    assert_eq!((preference(&fabric, 0, g1), preference(&fabric, 1, a1)), (vec![Some(100); 2], vec![Some(100); 2]));
    assert_eq!([fabric.states(0), fabric.states(1)], [ESTABLISHED; 2]);
}
