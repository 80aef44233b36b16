//! What sessions may do besides: route refresh, damping, the bits of graceful restart.

use super::*;
use crate::message::RestartState;
use crate::network::{GracefulRestart, OnBfdDown, RoutePolicy, Ruling};

fn reject() -> Arc<RoutePolicy> {
    Arc::new(RoutePolicy { name: "nothing".to_owned(), terms: Vec::new(), otherwise: Ruling::Reject })
}

/// When messages that `of` selects were sent, and by whom.
fn sent(fabric: &Fabric, since: Time, of: fn(&BgpMessage) -> bool) -> Vec<(Time, u32, usize)> {
    let mine = fabric.sent.iter().filter(|(at, segment)| *at >= since && segment.message.as_ref().is_some_and(of));
    mine.map(|(at, segment)| (*at, segment.session.0, segment.end)).collect()
}

#[test]
fn other_import_policies_are_applied_to_what_the_peer_tells_again() {
    // RFC 2918 section 4: the peer re-advertises its whole Adj-RIB-Out.
    let (mut fabric, [a1, _, g1, g2]) = converged(1);
    let policies = |import| Input::Policies { session: SessionId(0), import: Some(import), export: None };
    fabric.input(0, policies(reject()));
    assert_eq!(fabric.best(0, g1), [0, 1], "until the peer has answered");
    fabric.run_until(at(61));
    assert_eq!(sent(&fabric, at(60), |message| *message == BgpMessage::RouteRefresh), [(at(60), 0, 0)]);
    assert_eq!(fabric.updates(1, at(60)), [(0, vec![], vec![g1, g2])], "all of it in one UPDATE");
    assert_eq!((fabric.best(0, g1), fabric.best(1, a1)), (vec![1], vec![0, 1]));
    fabric.input(0, policies(Arc::new(RoutePolicy::ACCEPT)));
    fabric.run_until(at(62));
    assert_eq!(fabric.best(0, g1), [0, 1]);
    assert!(sent(&fabric, at(60), |message| matches!(message, BgpMessage::Notification(_))).is_empty(), "soft");
}

#[test]
fn other_export_policies_withdraw_what_they_no_longer_announce() {
    let (mut fabric, [a1, a2, ..]) = converged(1);
    fabric.input(0, Input::Policies { session: SessionId(0), import: None, export: Some(reject()) });
    fabric.run_until(at(61));
    assert_eq!(fabric.updates(0, at(60)), [(0, vec![a1, a2], vec![])]);
    assert_eq!(fabric.best(1, a1), [1]);
}

#[test]
fn a_route_that_flaps_is_put_aside_until_its_penalty_has_decayed() {
    let (mut network, [a1, ..]) = pair();
    for session in 0..2 {
        network.sessions[SessionId(session)].ends[1].damping = RouteFlapDamping::CISCO;
    }
    let mut fabric = Fabric::new(network, 1);
    fabric.up(0);
    fabric.run_until(at(60));
    for turn in 0..3 {
        fabric.forward(0, a1, Installed::Yes);
        fabric.run_until(at(61 + 2 * turn));
        assert_eq!(fabric.best(1, a1), [0]);
        fabric.forward(0, a1, Installed::No);
        fabric.run_until(at(62 + 2 * turn));
    }
    fabric.forward(0, a1, Installed::Yes);
    fabric.run_until(at(67));
    assert!(fabric.best(1, a1).is_empty(), "three withdrawals: above 2000");
    let heard = fabric.speakers[RouterId(1)].heard(a1);
    assert_eq!(heard[0].standing, Standing::Rejected(Rejection::Suppressed));
    // RFC 2439 4.8.6: 15 min x log2(3000 / 750) = 30 min, less what had decayed between the withdrawals.
    fabric.run_until(at(67 + 29 * 60));
    assert!(fabric.best(1, a1).is_empty());
    fabric.run_until(at(67 + 30 * 60));
    assert_eq!(fabric.best(1, a1), [0]);
}

/// A pair with graceful restart of 120 s on all ends, converged at 60 s.
fn restarting() -> (Fabric, [DestinationId; 4]) {
    let (mut network, destinations) = pair();
    for session in 0..2 {
        for end in &mut network.sessions[SessionId(session)].ends {
            end.graceful_restart = GracefulRestart::On {
                restart_time: Span::from_s(120),
                stale_time: Span::from_s(360),
                on_bfd_down: OnBfdDown::DropRoutes,
            };
        }
    }
    let mut fabric = Fabric::new(network, 5);
    for (index, destination) in destinations.into_iter().enumerate() {
        fabric.forward(u32::from(index > 1), destination, Installed::Yes);
    }
    fabric.up(0);
    fabric.up(1);
    fabric.run_until(at(60));
    fabric.decisions.clear();
    (fabric, destinations)
}

fn restart(fabric: &mut Fabric, router: u32) {
    fabric.input(router, Input::ProcessGone);
    for session in 0..2 {
        fabric.input(router, Input::TransportUp(SessionId(session)));
    }
}

#[test]
fn a_restarted_speaker_says_so_and_defers_its_decisions_until_it_has_heard_everybody() {
    let (mut fabric, [_, _, g1, _]) = restarting();
    let moves = fabric.routes.len();
    restart(&mut fabric, 0);
    assert_eq!(fabric.routes.len(), moves, "RFC 4724 4.1: forwarding state is preserved");
    // The other one keeps what it heard as stale routes.
    fabric.run_until(at(90));
    assert_eq!([fabric.states(0), fabric.states(1)], [ESTABLISHED; 2]);
    let restarted =
        |message: &BgpMessage| matches!(message, BgpMessage::Open { restart_state: RestartState::Restarted, .. });
    let opens = sent(&fabric, at(60), restarted);
    assert!(!opens.is_empty() && opens.iter().all(|(_, _, end)| *end == 0), "only who restarted: {opens:?}");
    assert_eq!((fabric.best(0, g1), fabric.routes.len()), (vec![0, 1], moves), "the same routes as before");
    assert!(fabric.speakers[RouterId(0)].is_quiet());
    // Long over: a session that ends says so no more.
    let since = fabric.now;
    fabric.down(0, Lost::Carrier);
    fabric.up(0);
    fabric.run_until(at(95));
    assert!(sent(&fabric, since, restarted).is_empty());
}

#[test]
fn two_that_restart_together_do_not_wait_for_each_other() {
    // RFC 4724 4.1: End-of-RIB of a peer whose Restart State bit is set is not waited for.
    let (mut fabric, [a1, _, g1, _]) = restarting();
    restart(&mut fabric, 0);
    restart(&mut fabric, 1);
    fabric.run_until(at(75));
    assert_eq!([fabric.states(0), fabric.states(1)], [ESTABLISHED; 2]);
    assert!((0..2).all(|router| fabric.speakers[RouterId(router)].is_quiet()), "long before the 120 s are over");
    assert_eq!((fabric.best(0, g1), fabric.best(1, a1)), (vec![0, 1], vec![0, 1]));
}

#[test]
fn without_power_nothing_is_deferred() {
    let (mut fabric, [_, _, g1, _]) = restarting();
    for session in 0..2 {
        fabric.input(0, Input::TransportDown(SessionId(session), Lost::RouterRestart));
    }
    assert!(fabric.best(0, g1).is_empty(), "without power nothing is preserved");
    assert!(fabric.routes.contains(&(at(60), RouterId(0), g1)));
}
