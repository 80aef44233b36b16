//! What happens to traffic when sessions end for reasons of their own: restarts, limits, passwords?

mod common;

use common::{incident, ms, run, run_seeded, s};
use fabricsim::message::DropReason;
use fabricsim::sim::record::RunRecord;
use fabricsim::units::Span;

/// What a scenario of the repository does with some texts replaced.
fn run_changed(scenario: &str, changes: &[(&str, &str)], seed: u64) -> RunRecord {
    let mut text = std::fs::read_to_string(format!("scenarios/failures/{scenario}.toml")).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let expect = text.find("[expect]").unwrap();
    run_seeded(&text[..expect], seed)
}

fn blackout(record: &RunRecord, name: &str) -> Span {
    incident(record, name).blackout.map_or(Span::ZERO, |spread| spread.max)
}

#[test]
fn a_graceful_restart_loses_nothing_and_another_one_does() {
    for seed in 0..3 {
        let graceful = run_changed("bgp-restart", &[], seed);
        assert_eq!(graceful.totals.data.dropped.values().sum::<u64>(), 0);
        let abrupt = run_changed("bgp-restart", &[("graceful_restart = \"on\"", "graceful_restart = \"off\"")], seed);
        // The neighbour hears of the reset at once; the router itself loses the way out by its own channel.
        assert!(incident(&abrupt, "upgrade").dropped.values().sum::<u64>() > 0);
        assert!(incident(&abrupt, "upgrade").fib_changes > incident(&graceful, "upgrade").fib_changes);
        assert_eq!(incident(&graceful, "upgrade").fib_changes, 0, "RFC 4724 4.1: forwarding state is preserved");
    }
}

#[test]
fn a_process_that_stays_away_is_given_up_after_its_restart_time() {
    // RFC 4724 4.2: stale routes go when the session is not back within the restart time that the peer advertised.
    let away = [("lasts = \"5 s\"", "lasts = \"30 s\""), ("restart_time = \"30 s\"", "restart_time = \"8 s\"")];
    let record = run_changed("bgp-restart", &away, 1);
    let (first, _) = incident(&record, "upgrade").forwarding.expect("given up");
    let took = first.saturating_sub(incident(&record, "upgrade").at);
    // Processing 20 ms before the reset is acted on, FIB installation 100 ms.
    assert!(took >= s(8) && took <= ms(8_300), "{took}");
}

#[test]
fn bfd_with_graceful_restart_keeps_a_dead_path_until_the_restart_time() {
    for seed in 0..3 {
        let trap = blackout(&run_changed("graceful-restart-trap", &[], seed), "silent");
        let remedy = blackout(&run_changed("graceful-restart-remedy", &[], seed), "silent");
        // The same phases: the trap costs the restart time of 15 s more, but for the spacing of packets.
        let more = trap.saturating_sub(remedy);
        assert!(more >= ms(14_600) && more <= ms(15_400), "{more}");
    }
}

/// Two providers that peer on one link; the first has three prefixes and sends to the second.
fn pair(more: &str) -> String {
    format!(
        r#"
horizon = "30 s"
[providers.a]
asn = 65000
bgp = {{ hold = "9 s", keepalive = "3 s" }}
[providers.b]
asn = 65001
bgp = {{ hold = "9 s", keepalive = "3 s" }}
[routers]
ra = {{ provider = "a" }}
rb = {{ provider = "b" }}
[links.peering]
between = ["ra", "rb"]
[attachments.left]
provider = "a"
prefixes = ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]
[attachments.right]
provider = "b"
prefixes = ["10.1.0.0/16"]
[flows.f]
from = "right"
to = "left"
rate = "800 kbps"
size = "100 B"
{more}
"#
    )
}

#[test]
fn one_prefix_too_many_ends_the_session_for_good() {
    // RFC 4271 6.7 and RFC 4486: Cease, Maximum Number of Prefixes Reached.
    let limited = |most: u32| run(&pair(&format!("[sessions.rb]\nrouter = \"rb\"\nbgp = {{ max_prefixes = {most} }}")));
    assert_eq!(limited(3).totals.data.dropped.values().sum::<u64>(), 0);
    let refused = limited(2);
    assert_eq!(refused.totals.data.delivered, 0);
    assert_eq!(refused.totals.data.dropped[&DropReason::NoRoute], refused.totals.data.sent);
}

#[test]
fn a_wrong_password_ends_the_session_by_its_hold_timer_and_a_right_one_brings_it_back() {
    // RFC 2385: segments with a wrong digest are discarded, so nothing is heard: between hold less keepalive and hold.
    let failure = "[[failures]]\nname = \"password\"\nkind = \"wrong_password\"\nrouter = \"ra\"\npeer = \"rb\"\n\
                   at = \"3 s\"\nlasts = \"12 s\"";
    for seed in 0..4 {
        let record = run_seeded(&pair(failure), seed);
        let entry = incident(&record, "password");
        let went = entry.forwarding.expect("the route went").0.saturating_sub(entry.at);
        // Then processing and installation: 100 ms.
        assert!(went >= s(6) && went <= ms(9_200), "{went}");
        assert!(record.flows[0].delivered > 0);
        let end = record.loss_series.last().unwrap();
        assert_eq!(end.dropped.values().sum::<u64>(), 0, "back at the end");
    }
}

#[test]
fn work_after_a_graceful_shutdown_costs_nothing_and_without_one_it_does() {
    for seed in 0..2 {
        let drained = run_changed("graceful-shutdown", &[], seed);
        assert_eq!(drained.totals.data.dropped.values().sum::<u64>(), 0);
        let rode = |record: &RunRecord| record.logical_links[0].packets.iter().sum::<u64>();
        let late = run_changed("graceful-shutdown", &[("at = \"3 s\"\nlasts = \"25 s\"", "at = \"39 s\"")], seed);
        assert!(incident(&late, "work").dropped.values().sum::<u64>() > 0);
        // Drained for 25 s of 40 s, away for 5 s and a return: its channel carries far less.
        assert!(rode(&drained) * 2 < rode(&late), "{} {}", rode(&drained), rode(&late));
    }
}

#[test]
fn a_reset_session_is_down_for_as_long_as_its_operator_says() {
    let failure =
        "[[failures]]\nname = \"reset\"\nkind = \"session_reset\"\nrouter = \"rb\"\npeer = \"ra\"\nat = \"3 s\"\n";
    for (keys, lasts) in [("", s(1)), ("lasts = \"6 s\"\n", s(6))] {
        let record = run(&pair(&format!("{failure}{keys}")));
        let dark = blackout(&record, "reset");
        // The opener tries within the idle hold of 1 s; what is back waits inside for an advertisement interval (RFC 4271
        // section 10: 5 s) since the withdrawal, at most.
        assert!(dark > lasts.saturating_sub(ms(200)) && dark < lasts + s(6) + ms(300), "{dark}");
        let reset = incident(&record, "reset");
        assert!(reset.notices.iter().any(|notice| notice.router == "ra" && notice.how == "session"), "by the Cease");
    }
}

#[test]
fn failures_of_sessions_need_a_session() {
    for kind in ["wrong_password", "session_reset"] {
        let failure =
            format!("[[failures]]\nname = \"x\"\nkind = \"{kind}\"\nrouter = \"ra\"\npeer = \"ra\"\nat = \"3 s\"\n");
        let refused = fabricsim::scenario::parse(&pair(&failure), "x.toml", &[]);
        let problems = refused.expect_err("no router has a session with itself").to_string();
        assert!(problems.contains("there is no session between the two"), "{problems}");
    }
}

#[test]
fn the_c_bit_tells_whether_bfd_went_with_the_control_plane() {
    // RFC 5882 4.3.2: BFD in the line card (C bit set) that goes down means that forwarding is gone; on the processor, not.
    let says = |more: &str| {
        let peer = "on_bfd_down = \"as-peer-says\"";
        let places = format!("horizon = \"30 s\"\n{more}");
        let changes = [("on_bfd_down = \"keep-routes\"", peer), ("horizon = \"30 s\"\n", places.as_str())];
        blackout(&run_changed("graceful-restart-trap", &changes, 1), "silent")
    };
    let line_card = says("");
    assert!(line_card < ms(1_300), "{line_card}");
    let processor = says("[providers.aws]\nbfd_runs_in = \"cpu\"\n[providers.google]\nbfd_runs_in = \"cpu\"\n");
    // Kept for the restart time of 15 s.
    assert!(processor > s(15), "{processor}");
}

#[test]
fn a_policy_that_changes_during_a_run_takes_effect_by_route_refresh() {
    let change = "[policies.nothing]\notherwise = \"reject\"\n[[changes]]\nkind = \"policies\"\nrouter = \"rb\"\npeer = \"ra\"\n\
                  import = \"nothing\"\nat = \"10 s\"\n";
    let at_once = "keepalive = \"3 s\", advertisement_interval = \"0 s\", internal_advertisement_interval = \"0 s\"";
    let record = run(&pair(change).replace("keepalive = \"3 s\"", at_once));
    // RFC 2918: one message; a round trip of the link, processing, and 100 ms of installation later nothing passes.
    assert_eq!(record.routing.messages.route_refresh, 1);
    assert_eq!(record.routing.messages.notification, 0);
    let passed = record.flows[0].delivered;
    assert!((10_000..10_500).contains(&passed), "a packet each millisecond: {passed}");
}
