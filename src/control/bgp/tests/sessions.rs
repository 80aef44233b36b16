//! The state machine and the transport below it.

use std::fmt::Write as _;

use super::*;
use crate::control::bgp::graceful::keeps_routes;
use crate::control::bgp::machine::{Event, Role, Step, next};
use crate::network::{GracefulRestart, OnBfdDown};

#[test]
fn the_transitions_are_those_of_rfc_4271_8_2_2() {
    use Event::{ConnectRetryExpires, ConnectionAccepted, Ended, HoldTimerExpires, Keepalive, Open, Start, Update};
    use State::{Active, Connect, Established, Idle, OpenConfirm, OpenSent};
    let mut table = String::new();
    for role in [Role::Opener, Role::Acceptor] {
        for event in [Start, ConnectRetryExpires, ConnectionAccepted, Open, Keepalive, Update, HoldTimerExpires, Ended]
        {
            write!(table, "{role:?} {event:?}:").unwrap();
            for state in [Idle, Connect, Active, OpenSent, OpenConfirm, Established] {
                match next(state, event, role) {
                    Step::Stay => table.push_str(" -"),
                    Step::Enter(to) => write!(table, " {to:?}").unwrap(),
                    Step::Violation => table.push_str(" violation"),
                }
            }
            table.push('\n');
        }
    }
    // Columns: Idle, Connect, Active, OpenSent, OpenConfirm, Established.
    assert_eq!(table, include_str!("../../../../tests/golden/bgp-session.txt"));
}

#[test]
fn sessions_come_up_and_carry_the_table() {
    let (fabric, [a1, a2, g1, g2]) = converged(1);
    assert_eq!(fabric.best(0, g1), [0, 1]);
    assert_eq!(fabric.best(1, a2), [0, 1]);
    assert!(fabric.best(0, a1).is_empty(), "own destinations are not learned");
    // Equal attributes: one UPDATE for the whole table, then End-of-RIB.
    assert_eq!(fabric.updates(0, Time::ZERO).iter().filter(|update| update.0 == 0).count(), 1);
    assert!(fabric.updates(1, Time::ZERO).contains(&(0, vec![], vec![g1, g2])));
    let end_of_rib = |message: &Option<BgpMessage>| *message == Some(BgpMessage::EndOfRib);
    assert_eq!(fabric.sent.iter().filter(|(_, segment)| end_of_rib(&segment.message)).count(), 4);
    // The first connections are spread over a keepalive interval of the opener (30 s), plus the exchange.
    let up: Vec<_> = fabric.changes.iter().filter(|change| change.3 == State::Established).map(|c| c.0).collect();
    assert!(up.iter().all(|time| *time < at(31)) && up[0] != up[3], "{up:?}");
    let route = SessionId(0);
    assert_eq!(fabric.speakers[RouterId(0)].state(route), State::Established);
}

#[test]
fn the_lower_hold_time_holds_for_both_and_keepalives_take_a_third_of_it() {
    let (mut fabric, _) = converged(2);
    fabric.sent.clear();
    fabric.run_until(at(1000));
    for end in 0..2 {
        let times: Vec<_> = (fabric.sent.iter())
            .filter(|(_, s)| s.session.0 == 0 && s.end == end && s.message == Some(BgpMessage::Keepalive))
            .map(|(time, _)| *time)
            .collect();
        // min(90, 60) / 3 = 20 s times a factor in [0.75, 1] (RFC 4271 4.4 and section 10), also where 30 s is wanted.
        let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.len() > 40 && gaps.iter().all(|gap| *gap >= Span::from_s(15) && *gap <= Span::from_s(20)));
    }
    let hold = fabric.timers[&(RouterId(0), SessionId(0), TimerKind::Hold)];
    assert!(hold <= at(1060) && hold > at(1040), "60 s after the last message: {hold}");
}

#[test]
fn silence_ends_a_session_between_hold_less_keepalive_and_hold() {
    for seed in 0..20 {
        let (mut fabric, [_, _, g1, _]) = converged(seed);
        let cut = at(60) + Span::from_ms(937 * seed);
        fabric.run_until(cut);
        fabric.cut.extend([(SessionId(0), 0), (SessionId(0), 1)]);
        fabric.run_until(cut + Span::from_s(61));
        for router in 0..2 {
            let lost = fabric.changes.iter().rev().find(|change| change.1.0 == router && change.3 == State::Idle);
            let (time, _, session, _, cause) = *lost.expect("noticed");
            assert_eq!((session, cause), (SessionId(0), SessionCause::HoldTimer));
            // Hold 60 s, keepalive 20 s; the wire's delay shifts both bounds.
            let took = time - cut;
            assert!(took >= Span::from_s(40) && took <= Span::from_s(60) + DELAY, "{took}");
            let tried = |message: &Option<BgpMessage>| {
                *message == Some(BgpMessage::Notification(NotificationReason::HoldTimerExpired))
            };
            assert!(fabric.sent.iter().any(|(at, segment)| *at == time && tried(&segment.message)));
        }
        assert_eq!(fabric.best(0, g1), [1], "routes of the session are gone, the others stay");
        fabric.cut.clear();
        fabric.run_until(cut + Span::from_s(200));
        assert_eq!(fabric.states(0), ESTABLISHED, "and it comes back by itself");
        assert_eq!(fabric.best(0, g1), [0, 1]);
    }
}

#[test]
fn what_is_lost_goes_out_again_after_1_3_and_7_seconds() {
    let (mut fabric, [a1, ..]) = converged(3);
    let start = at(61);
    fabric.run_until(start);
    fabric.sent.clear();
    fabric.cut.insert((SessionId(0), 0));
    fabric.forward(0, a1, Installed::No);
    fabric.run_until(start + Span::from_ms(6_500));
    fabric.cut.clear();
    assert_eq!(fabric.best(1, a1), [0], "the withdrawal on session 1 arrived, that on 0 did not");
    fabric.run_until(start + Span::from_ms(7_100));
    let tries: Vec<_> = fabric.updates_at(0, 0, start).into_iter().map(|time| time - start).collect();
    // RFC 6298 2.1 and 5.5: 1 s at first, then doubled.
    assert_eq!(tries, [0, 1, 3, 7].map(Span::from_s));
    assert!(fabric.best(1, a1).is_empty());
    assert_eq!(fabric.states(0), ESTABLISHED);
    fabric.run_until(start + Span::from_s(30));
    assert_eq!(fabric.updates_at(0, 0, start).len(), 4, "acknowledged, so never again");
}

#[test]
fn an_open_that_nobody_answers_is_repeated_and_then_begun_anew() {
    let (network, _) = pair();
    let mut fabric = Fabric::new(network, 4);
    fabric.cut.insert((SessionId(0), 0));
    fabric.up(0);
    fabric.run_until(at(100));
    assert_eq!(fabric.states(0), [State::OpenSent, State::Active]);
    let numbers: BTreeSet<_> = fabric.sent.iter().map(|(_, segment)| segment.connection).collect();
    // Retry 10 s times [0.75, 1]; the first connection within 30 s.
    assert!(numbers.len() >= 7, "{numbers:?}");
    fabric.cut.clear();
    fabric.run_until(at(111));
    assert_eq!(fabric.states(0), ESTABLISHED);
}

#[test]
fn loss_of_light_acts_at_once_and_a_later_start_connects_at_once() {
    let (mut fabric, [_, _, g1, _]) = converged(5);
    fabric.sent.clear();
    fabric.down(0, Lost::Carrier);
    assert_eq!(fabric.states(0), [State::Idle; 2]);
    assert_eq!(fabric.best(0, g1), [1]);
    assert!(fabric.sent.is_empty(), "nothing can be sent");
    assert_eq!(fabric.routes.last().map(|route| route.0), Some(at(60)));
    assert!(fabric.timers.keys().all(|(_, session, _)| session.0 == 1));
    fabric.run_until(at(70));
    fabric.up(0);
    // OPEN, OPEN + KEEPALIVE, KEEPALIVE: three one-way delays.
    fabric.run_until(at(70) + DELAY.times(3));
    assert_eq!(fabric.states(0), ESTABLISHED);
    fabric.run_until(at(70) + DELAY.times(4));
    assert_eq!(fabric.best(0, g1), [0, 1]);
}

#[test]
fn bfd_down_tells_the_peer_where_it_can() {
    let (mut fabric, _) = converged(6);
    fabric.input(0, Input::TransportDown(SessionId(0), Lost::BfdDown(ControlPlane::Independent)));
    fabric.run_until(at(60) + DELAY);
    let causes: Vec<_> = fabric.changes.iter().filter(|c| c.0 >= at(60) && c.3 == State::Idle).map(|c| c.4).collect();
    // RFC 9384: Cease, subcode 10.
    assert_eq!(causes, [SessionCause::Bfd, SessionCause::Notification(NotificationReason::BfdDown)]);
    assert_eq!(fabric.states(0), [State::Idle, State::Active]);
}

#[test]
fn a_restarted_end_is_noticed_by_its_peer_when_they_meet_again() {
    for restarted in 0..2 {
        let (mut fabric, _) = converged(7);
        fabric.input(restarted, Input::TransportDown(SessionId(0), Lost::RouterRestart));
        fabric.run_until(at(61));
        fabric.input(restarted, Input::TransportUp(SessionId(0)));
        fabric.run_until(at(100));
        assert_eq!(fabric.states(0), ESTABLISHED);
        let expected = [SessionCause::NewConnection, SessionCause::ConnectionReset];
        let peer = RouterId(1 - restarted);
        let cause = fabric.changes.iter().find(|c| c.0 > at(60) && c.1 == peer && c.3 == State::Idle).map(|c| c.4);
        assert_eq!(cause, Some(expected[restarted as usize]));
    }
}

#[test]
fn after_a_session_the_opener_tries_again_within_a_second() {
    // RFC 4271 8.1.1 (IdleHoldTime, here 1 s) and section 10: a factor in [0.75, 1]; the acceptor only waits.
    let idle_hold = Span::from_ms(750)..=Span::from_s(1);
    for seed in 0..8 {
        for what in ["notification", "reset", "hold timer", "the other side's hold timer"] {
            let (mut fabric, _) = converged(seed);
            match what {
                "notification" => {
                    fabric.input(1, Input::TransportDown(SessionId(0), Lost::BfdDown(ControlPlane::Independent)))
                }
                "reset" => {
                    fabric.input(1, Input::TransportDown(SessionId(0), Lost::RouterRestart));
                    fabric.input(1, Input::TransportUp(SessionId(0)));
                }
                "hold timer" => fabric.cut.extend([(SessionId(0), 1)]),
                _ => fabric.cut.extend([(SessionId(0), 0)]),
            }
            fabric.run_until(at(160));
            let mine: Vec<_> = fabric.changes.iter().filter(|c| c.0 >= at(60) && c.1.0 == 0 && c.2.0 == 0).collect();
            let idle = mine.iter().find(|change| change.3 == State::Idle).expect(what).0;
            let tried = mine.iter().find(|change| change.3 == State::OpenSent).expect(what).0;
            assert!(idle_hold.contains(&(tried - idle)), "{what}: {}", tried - idle);
        }
    }
}

#[test]
fn a_thousand_prefixes_cross_in_packets_that_fit_any_link() {
    let (mut network, _) = pair();
    let first = network.destinations.len();
    let prefixes = (0..1000).map(|index| format!("172.{}.{}.0/24", 16 + index / 256, index % 256));
    let all: Vec<_> = prefixes.map(|prefix| fixture::destination(&mut network, 0, &prefix)).collect();
    for session in network.sessions.iter_mut() {
        session.allowed = network.destinations.ids().collect();
    }
    assert_eq!((all.len(), network.destinations.len()), (1000, first + 1000));
    let mut fabric = Fabric::new(network, 9);
    for destination in &all {
        fabric.forward(0, *destination, Installed::Yes);
    }
    fabric.up(0);
    fabric.run_until(at(40));
    assert!(all.iter().all(|destination| fabric.best(1, *destination) == [0]));
    // RFC 791 3.1: hosts take packets of 576 bytes.
    let largest = fabric.sent.iter().map(|(_, segment)| segment.size.0).max();
    assert!((500..=576).contains(&largest.unwrap()), "{largest:?}");
    // 106 in each message (see `message.rs`), and no more of them than needed.
    assert_eq!(fabric.updates(0, Time::ZERO).len(), 10);
}

#[test]
fn a_deaf_peer_bounds_what_is_begun_and_gets_the_last_word() {
    let (mut fabric, [a1, ..]) = converged(8);
    fabric.cut.insert((SessionId(0), 0));
    fabric.sent.clear();
    for step in 0..101 {
        fabric.forward(0, a1, if step % 2 == 0 { Installed::No } else { Installed::Yes });
    }
    let begun = fabric.sent.iter().filter(|(_, segment)| segment.session.0 == 0).count();
    // The window is 32 messages; keepalives in flight may take a place.
    assert!(begun <= 32, "{begun}");
    fabric.cut.clear();
    fabric.run_until(at(63));
    assert!(fabric.best(1, a1).is_empty());
}

#[test]
fn whatever_happens_sessions_and_routes_heal() {
    for seed in 0..60 {
        let (mut fabric, destinations) = converged(seed);
        let mut stream = RunSeed(seed).stream("weather", "test");
        let owner = |destination: usize| u32::from(destination >= 2);
        for _ in 0..200 {
            let span = Span::from_ms(stream.below(6_000));
            fabric.run_until(fabric.now + span);
            let session = SessionId(u32::try_from(stream.below(2)).unwrap());
            let router = u32::try_from(stream.below(2)).unwrap();
            let destination = usize::try_from(stream.below(4)).unwrap();
            match stream.below(6) {
                0 => drop(fabric.cut.insert((session, router as usize))),
                1 => fabric.cut.clear(),
                2 => {
                    let lost =
                        [Lost::Carrier, Lost::BfdDown(ControlPlane::Independent), Lost::Interior, Lost::RouterRestart];
                    let lost = lost[usize::try_from(stream.below(4)).unwrap()];
                    fabric.input(router, Input::TransportDown(session, lost));
                }
                3 => fabric.input(router, Input::TransportUp(session)),
                4 => fabric.forward(owner(destination), destinations[destination], Installed::No),
                _ => fabric.forward(owner(destination), destinations[destination], Installed::Yes),
            }
        }
        fabric.cut.clear();
        fabric.up(0);
        fabric.up(1);
        for (index, destination) in destinations.into_iter().enumerate() {
            fabric.forward(owner(index), destination, Installed::Yes);
        }
        // A forgotten connection shows after at most hold, backed-off retransmission and retry: well below 300 s.
        fabric.run_until(fabric.now + Span::from_s(300));
        assert_eq!([fabric.states(0), fabric.states(1)], [ESTABLISHED; 2], "seed {seed}");
        for (index, destination) in destinations.into_iter().enumerate() {
            assert_eq!(fabric.best(1 - owner(index), destination), [0, 1], "seed {seed}");
        }
    }
}

#[test]
fn a_session_that_is_kept_down_turns_its_peer_away_until_it_may_begin_again() {
    for router in 0..2 {
        let (mut fabric, _) = converged(4);
        fabric.input(router, Input::Administrative(SessionId(0), Wanted::Down));
        fabric.run_until(at(90));
        assert_ne!(fabric.states(0), ESTABLISHED);
        let cease = NotificationReason::AdministrativeShutdown;
        let told = fabric.sent.iter().filter(|(_, s)| s.message == Some(BgpMessage::Notification(cease))).count();
        // The opener tries again each second; who waits for it answers each OPEN with a Cease (RFC 4271 6.7).
        assert!(if router == 0 { told == 1 } else { told > 10 }, "{told}");
        assert_eq!(fabric.states(1), ESTABLISHED);
        fabric.input(router, Input::Administrative(SessionId(0), Wanted::Up));
        fabric.run_until(at(95));
        assert_eq!(fabric.states(0), ESTABLISHED);
    }
}

/// RFC 4271 6.7: the session that brought too many prefixes is refused at each OPEN, whoever opens it.
#[test]
fn a_peer_that_told_too_many_prefixes_is_turned_away_at_once() {
    let (mut network, [a1, a2, ..]) = pair();
    // End 1 waits for end 0 to connect, which tells two prefixes.
    network.sessions[SessionId(0)].ends[1].max_prefixes = 1;
    let mut fabric = Fabric::new(network, 5);
    fabric.forward(0, a1, Installed::Yes);
    fabric.forward(0, a2, Installed::Yes);
    fabric.up(0);
    fabric.run_until(at(60));
    let cease = NotificationReason::MaximumPrefixes;
    let turned_away = |message: &Option<BgpMessage>| *message == Some(BgpMessage::Notification(cease));
    let answers: Vec<Time> = fabric.sent.iter().filter(|(_, s)| turned_away(&s.message)).map(|(at, _)| *at).collect();
    let opened = |message: &Option<BgpMessage>| matches!(message, Some(BgpMessage::Open { .. }));
    let opens: Vec<Time> = fabric
        .sent
        .iter()
        .filter(|(_, s)| s.session.0 == 0 && s.end == 0 && opened(&s.message))
        .map(|(at, _)| *at)
        .collect();
    assert!(opens.len() > 20 && answers.len() + 1 >= opens.len(), "{} OPENs, {} answers", opens.len(), answers.len());
    // The first OPEN is accepted; each one after it is answered when it has arrived.
    for (open, answer) in opens[1..].iter().zip(&answers[1..]) {
        assert!(*answer >= *open && answer.since(*open) <= DELAY, "{answer:?} after {open:?}");
    }
}

/// Every way in which a session ends, and whether its routes stay by each setting of graceful restart.
#[test]
fn routes_that_outlive_a_session_are_those_of_rfc_4724_and_8538() {
    use SessionCause::{
        AdministrativeShutdown, Bfd, Carrier, ConnectionReset, FiniteStateMachineError, HoldTimer, Interior,
        MaximumPrefixes, NewConnection, Notification, RouterRestart,
    };
    let mut table = String::new();
    let told = [
        NotificationReason::FiniteStateMachineError,
        NotificationReason::HoldTimerExpired,
        NotificationReason::AdministrativeShutdown,
        NotificationReason::MaximumPrefixes,
        NotificationReason::BfdDown,
    ];
    let own = [
        ConnectionReset,
        NewConnection,
        HoldTimer,
        Bfd,
        Carrier,
        Interior,
        RouterRestart,
        FiniteStateMachineError,
        MaximumPrefixes,
        AdministrativeShutdown,
    ];
    for cause in own.into_iter().chain(told.map(Notification)) {
        write!(table, "{cause:?}:").unwrap();
        for on_bfd_down in [OnBfdDown::KeepRoutes, OnBfdDown::AsPeerSays, OnBfdDown::DropRoutes] {
            for peer in [ControlPlane::Shared, ControlPlane::Independent] {
                let (restart_time, stale_time) = (Span::from_s(120), Span::from_s(360));
                let graceful = GracefulRestart::On { restart_time, stale_time, on_bfd_down };
                table.push_str(if keeps_routes(graceful, cause, peer) { " stale" } else { " lost" });
                assert!(!keeps_routes(GracefulRestart::Off, cause, peer));
            }
        }
        table.push('\n');
    }
    // Columns: keep-routes, as-peer-says, drop-routes; in each, BFD shares the fate of the peer's control plane, or does not.
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/graceful-restart.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &table).expect("tests/golden can be written");
    }
    assert_eq!(table, std::fs::read_to_string(golden).expect("it is there"), "UPDATE_GOLDEN=1 rewrites it");
}
