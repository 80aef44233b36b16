//! How long the withdrawal of a route takes, and how many messages: cliques of autonomous systems.

use super::*;
use crate::network::{BgpTiming, Jitter, LoopAvoidance, Withdrawals};

const INTERVAL: Span = Span::from_s(30);

/// A clique in which everybody has the route of the first system, with idle timers, at 1000 s.
fn clique(systems: usize, withdrawals: Withdrawals, loop_avoidance: LoopAvoidance) -> (Fabric, DestinationId) {
    let timing = BgpTiming {
        hold: Span::ZERO,
        keepalive: Span::from_s(30),
        advertisement_interval: INTERVAL,
        withdrawals,
        jitter: Jitter::None,
        ..AWS
    };
    let (mut network, destination) = fixture::systems(systems);
    let count = u32::try_from(systems).unwrap();
    for one in 0..count {
        for other in one + 1..count {
            let session = fixture::peering(&mut network, [one, other], timing);
            network.sessions[session].ends.iter_mut().for_each(|end| end.loop_avoidance = loop_avoidance);
        }
    }
    let sessions = network.sessions.len();
    let mut fabric = Fabric::new(network, 1);
    (0..count).for_each(|router| fabric.forward(router, destination, Installed::Yes));
    (0..u32::try_from(sessions).unwrap()).for_each(|session| fabric.up(session));
    fabric.run_until(at(1000));
    for router in 1..count {
        let best = fabric.best(router, destination);
        assert_eq!(best.len(), 1, "the direct route");
        assert!(fabric.ends(best[0]).contains(&0));
    }
    fabric.routes.clear();
    (fabric, destination)
}

/// What a withdrawal by the first system takes, from when the others have heard of it.
struct Exploration {
    last_change: Span,
    last_message: Span,
    /// UPDATEs among the others.
    messages: usize,
}

fn withdraw(systems: usize, withdrawals: Withdrawals, loop_avoidance: LoopAvoidance) -> Exploration {
    let (mut fabric, destination) = clique(systems, withdrawals, loop_avoidance);
    fabric.forward(0, destination, Installed::No);
    let heard = at(1000) + DELAY;
    fabric.run_until(at(2000));
    let count = u32::try_from(systems).unwrap();
    assert!((0..count).all(|router| fabric.best(router, destination).is_empty()), "everybody has given it up");
    let is_update = |message: &Option<BgpMessage>| matches!(message, Some(BgpMessage::Update { .. }));
    let sent: Vec<&(Time, BgpSegment)> =
        fabric.sent.iter().filter(|(time, segment)| *time >= heard && is_update(&segment.message)).collect();
    let among_others = |segment: &BgpSegment| !fabric.ends(segment.session.0).contains(&0);
    Exploration {
        last_change: fabric.routes.iter().map(|change| change.0).max().unwrap() - heard,
        last_message: sent.iter().map(|(time, _)| *time).max().unwrap() - heard,
        messages: sent.iter().filter(|(_, segment)| among_others(segment)).count(),
    }
}

#[test]
fn a_clique_explores_for_n_less_3_advertisement_intervals() {
    // Labovitz, Ahuja, Bose, Jahanian: "Delayed Internet Routing Convergence" (2000): (n - 3) x MRAI in a clique of n
    // systems, the origin counted. The numbers of messages are those of an independent path-vector program with the
    // same rules: withdrawals at once, nothing checked by senders, everybody losing the direct route at once.
    for (systems, messages) in [(4, 16), (5, 39), (6, 76), (7, 130), (8, 204), (9, 301)] {
        let exploration = withdraw(systems, Withdrawals::AtOnce, LoopAvoidance::None);
        let took = INTERVAL.times(systems as u64 - 3) + DELAY;
        assert_eq!(exploration.last_change, took, "{systems} systems");
        assert_eq!(exploration.messages, messages, "{systems} systems");
    }
}

#[test]
fn with_limited_withdrawals_it_is_quiet_one_interval_later() {
    // (n - 2) x MRAI: the last route goes when it did before, and that is told one interval later.
    for systems in 4..=9 {
        let exploration = withdraw(systems, Withdrawals::Limited, LoopAvoidance::None);
        assert_eq!(exploration.last_message, INTERVAL.times(systems as u64 - 2), "{systems} systems");
        assert!(exploration.last_change <= exploration.last_message, "{systems} systems");
    }
}

#[test]
fn senders_that_check_for_loops_end_the_exploration_at_once() {
    // The same program with checks at the sender is done after two link delays, whatever the interval.
    for systems in 4..=7 {
        let exploration = withdraw(systems, Withdrawals::AtOnce, LoopAvoidance::SenderSide);
        assert!(exploration.last_change <= DELAY.times(2), "{systems} systems");
    }
}

#[test]
fn a_first_announcement_does_not_wait_for_the_interval() {
    let (mut fabric, destination) = clique(4, Withdrawals::AtOnce, LoopAvoidance::None);
    fabric.forward(0, destination, Installed::No);
    fabric.run_until(at(2000));
    fabric.forward(0, destination, Installed::Yes);
    fabric.run_until(at(2000) + DELAY);
    assert!((1..4).all(|router| fabric.best(router, destination).len() == 1));
}

#[test]
fn best_paths_in_turns_cost_a_turn_for_each_system_on_the_way() {
    // As bgpd does it: decisions 50 ms after the first change, nothing else that waits.
    let (mut network, destination) = fixture::systems(4);
    (0..4).for_each(|router| network.routers[RouterId(router)].control.decision_delay = Span::from_ms(50));
    let sessions: Vec<_> = (0..3).map(|router| fixture::peering(&mut network, [router, router + 1], AWS).0).collect();
    let mut fabric = Fabric::new(network, 1);
    (1..4).for_each(|router| fabric.forward(router, destination, Installed::Yes));
    sessions.into_iter().for_each(|session| fabric.up(session));
    fabric.run_until(at(100));
    fabric.forward(0, destination, Installed::Yes);
    fabric.run_until(at(200));
    let times: Vec<Span> = fabric.routes.iter().map(|(time, ..)| *time - at(100)).collect();
    let turn = DELAY + Span::from_ms(50);
    assert_eq!(times, [turn, turn.times(2), turn.times(3)]);
}
