//! Failures of many components at once, in stages, again and again, and at the edges of time.

mod common;

use common::{assert_conserved, incident, lost, ms, network, noticed, returned, run, run_seeded, s};
use fabricsim::failures::{Effect, stages};
use fabricsim::ids::Id;
use fabricsim::message::DropReason;
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::record::{LedgerKind, RunRecord};
use fabricsim::units::Span;

/// The service in Virginia with 80 five-tuples, a packet each 16 ms.
fn fabric(horizon: &str, rest: &str) -> String {
    format!(
        r#"
horizon = "{horizon}"
[interconnects.virginia]
template = "aws-google/us-east-1"
[connections.shop]
interconnect = "virginia"
bandwidth = "500 Mbps"
attachments = ["vpc-aws", "vpc-google"]
timers = "fast"
[attachments.vpc-aws]
provider = "aws"
prefixes = ["10.0.0.0/16"]
[attachments.vpc-google]
provider = "google"
prefixes = ["10.128.0.0/16"]
[flows.web]
from = "vpc-aws"
to = "vpc-google"
direction = "both"
rate = "4 Mbps"
count = 40
size = "200 B"
{rest}
"#
    )
}

fn failure(name: &str, kind: &str, keys: &str) -> String {
    format!("[[failures]]\nname = {name:?}\nkind = {kind:?}\n{keys}\n")
}

fn problem(text: &str) -> String {
    let Err(problems) = scenario::parse(text, "test.toml", &[]) else { panic!("nothing is wrong") };
    problems.to_string()
}

fn names(record: &RunRecord) -> Vec<(&str, LedgerKind, Span)> {
    record.ledger.iter().map(|entry| (entry.name.as_str(), entry.kind, entry.at)).collect()
}

#[test]
fn a_failure_that_comes_back_has_an_entry_for_every_time_until_the_horizon() {
    let flap =
        failure("flap", "fibre_cut", "link = \"iad-channel-a1\"\nat = \"0 s\"\nlasts = \"1 s\"\nevery = \"2 s\"");
    let record = run(&fabric("5 s", &flap));
    let expected = [
        ("flap", LedgerKind::Incident, s(0)),
        ("flap", LedgerKind::Return, s(1)),
        ("flap #2", LedgerKind::Incident, s(2)),
        ("flap #2", LedgerKind::Return, s(3)),
        // The third lasts until the horizon, and what happens there is outside.
        ("flap #3", LedgerKind::Incident, s(4)),
    ];
    assert_eq!(names(&record), expected);
    for name in ["flap", "flap #2", "flap #3"] {
        assert_eq!(noticed(incident(&record, name), "aws-iad-a1", "carrier"), Some(ms(10)), "{name}");
    }
}

#[test]
fn what_comes_back_before_it_ended_or_begins_at_the_horizon_is_told() {
    let keys = "link = \"iad-channel-a1\"\nat = \"1 s\"\nlasts = \"2 s\"\nevery = \"2 s\"";
    assert!(problem(&fabric("5 s", &failure("flap", "fibre_cut", keys))).contains("comes back before it has ended"));
    let keys = "link = \"iad-channel-a1\"\nat = \"5 s\"";
    assert!(problem(&fabric("5 s", &failure("late", "fibre_cut", keys))).contains("is not before the end of the run"));
    let keys = "link = \"iad-channel-a1\"\nat = \"1 s\"\ntimes = 3";
    assert!(problem(&fabric("5 s", &failure("cut", "fibre_cut", keys))).contains("is read only with every"));
}

#[test]
fn a_cut_inside_a_feed_outage_stays_when_the_feed_returns() {
    let rest = "[routers.aws-iad-a1]\nfeeds = [\"a\"]\n".to_owned()
        + &failure("feed", "power_feed", "facility = \"iad-a\"\nfeed = \"a\"\nat = \"1 s\"\nlasts = \"3 s\"")
        + &failure("cut", "fibre_cut", "link = \"iad-channel-a1\"\nat = \"2 s\"\nlasts = \"20 s\"");
    let record = run(&fabric("30 s", &rest));
    let up = &record.logical_links.iter().find(|link| link.channel == "iad-channel-a1").unwrap().session_up;
    assert_eq!(up.len(), 2, "{up:?}");
    // The feed is back at 4 s and the fibre at 22 s; light counts after 200 ms.
    assert!(up[1].0 > s(22) + ms(200), "{up:?}");
    assert_eq!(lost(&record.totals.data), incident(&record, "feed").dropped.values().sum::<u64>());
}

#[test]
fn a_router_on_two_feeds_goes_with_the_second_and_returns_with_the_first() {
    let feed = |name: &str, at: u64, lasts: u64| {
        let keys = format!("facility = \"iad-a\"\nfeed = {name:?}\nat = \"{at} s\"\nlasts = \"{lasts} s\"");
        failure(name, "power_feed", &keys)
    };
    let rest = "[routers.aws-iad-a1]\nfeeds = [\"a\", \"b\"]\n".to_owned() + &feed("a", 1, 10) + &feed("b", 4, 3);
    let record = run(&fabric("20 s", &rest));
    assert!(incident(&record, "a").notices.is_empty(), "one feed is enough");
    assert_eq!(noticed(incident(&record, "b"), "google-iad-a1", "carrier"), Some(ms(10)));
    assert_eq!(noticed(returned(&record, "b"), "google-iad-a1", "carrier"), Some(ms(200)));
    assert!(returned(&record, "a").notices.is_empty());
}

#[test]
fn without_cooling_routers_go_one_by_one() {
    let keys = "facility = \"iad-b\"\ninterval = \"2 s\"\nat = \"1 s\"\nlasts = \"5 s\"";
    let record = run(&fabric("20 s", &failure("heat", "cooling", keys)));
    let heat = incident(&record, "heat");
    // aws-iad-b1 at once and aws-iad-b2 2 s later, seen by their peers; of google-iad-b1, 4 s after the begin, its
    // neighbours inside tell.
    assert_eq!(noticed(heat, "google-iad-b1", "carrier"), Some(ms(10)));
    assert_eq!(noticed(heat, "google-iad-b2", "carrier"), Some(s(2) + ms(10)));
    assert_eq!(noticed(heat, "google-iad-bb1", "carrier"), Some(s(4) + ms(10)));
}

#[test]
fn a_lost_zone_takes_the_flows_of_its_hosts_and_no_others() {
    let keys = "facility = \"aws-iad-zone1\"\nat = \"1 s\"\nlasts = \"4 s\"";
    let text = fabric("10 s", &failure("zone", "zone_outage", keys));
    let (network, record) = (network(&text), run(&text));
    let zone = network.routers.iter().find(|router| router.name == "aws-iad-bb1").unwrap().facility;
    let mut dead = 0;
    for (flow, seen) in network.flows.iter().zip(&record.flows) {
        // Flows of the other direction go to the hosts of the VPC.
        let (edge, host) = if seen.name.contains("(reverse)") {
            (network.destinations[flow.destination].router, flow.target)
        } else {
            (flow.edge, flow.source)
        };
        if network.zone_of(edge, host) == zone {
            dead += 1;
            assert!(
                seen.longest_blackout >= s(4).saturating_sub(ms(16)),
                "{} was dark for {}",
                seen.name,
                seen.longest_blackout
            );
        } else {
            assert!(seen.longest_blackout <= ms(340), "{} was dark for {}", seen.name, seen.longest_blackout);
        }
    }
    // Of 80 five-tuples half, with a standard deviation of 4.5.
    assert!((22..=58).contains(&dead), "{dead}");
    assert!(record.totals.data.dropped[&DropReason::ZoneDown] > 0);
    assert_conserved(&record);
    // As a rate the same share is lost, within what the packets of one interval make.
    let rated = run(&format!("fidelity = \"flow\"\n{text}"));
    let [packets, rates] = [&record, &rated].map(|record| record.totals.data.dropped[&DropReason::ZoneDown]);
    assert!(packets.abs_diff(rates) <= 2 * dead, "{packets} packets, {rates} by rate");
}

#[test]
fn a_software_push_draws_its_share_of_routers() {
    let keys =
        "routers = [\"aws-iad-a1\", \"aws-iad-a2\", \"aws-iad-b1\", \"google-iad-b2\"]\nshare = \"30%\"\nat = \"1 s\"";
    let network = network(&fabric("5 s", &failure("push", "software_push", keys)));
    let push = network.failures.iter().next().unwrap();
    let hit = |seed: u64| stages(&network, push, RunSeed(seed));
    assert_eq!(hit(7), hit(7));
    // 4 x 30% of 2,000 draws: 2,400, standard deviation 41.
    let all: usize = (0..2_000).map(|seed| hit(seed).len()).sum();
    assert!((2_400 - 4 * 41..2_400 + 4 * 41).contains(&all), "{all}");
    let distinct: std::collections::BTreeSet<usize> = (0..200)
        .flat_map(hit)
        .map(|stage| {
            let Effect::PowerLoss(router) = stage.effect else { panic!("{stage:?}") };
            router.index()
        })
        .collect();
    assert_eq!(distinct.len(), 4, "each of them has draws of its own");
}

#[test]
fn a_surge_sends_by_a_flow_entry_of_its_own_each_time() {
    let keys = "from = \"vpc-aws\"\nto = \"vpc-google\"\nrate = \"8 Mbps\"\nsize = \"1000 B\"\n\
                at = \"1 s\"\nlasts = \"1 s\"\nevery = \"2 s\"\ntimes = 2";
    let record = run(&fabric("6 s", &failure("backup", "congestion_surge", keys)));
    // 8 Mbps in packets of 1,000 bytes: 1,000 in each second.
    for entry in ["surge backup", "surge backup #2"] {
        let entry = record.flow_entries.iter().find(|one| one.name == entry).unwrap();
        assert!(entry.counts.sent.abs_diff(1_000) <= 1, "{}", entry.counts.sent);
    }
    assert_eq!(lost(&record.totals.data), 0);
}

#[test]
fn a_hit_of_protection_switching_ends_before_the_longer_path_does() {
    let keys = "link = \"iad-channel-a1\"\nhit = \"40 ms\"\ndelay = \"5 ms\"\nat = \"1 s\"\nlasts = \"2 s\"";
    for seed in 1..4 {
        let record = run_seeded(&fabric("5 s", &failure("switch", "protection_switch", keys)), seed);
        let entry = incident(&record, "switch");
        let dark = entry.blackout.unwrap();
        // Two or three packets of each five-tuple, 16 ms apart.
        assert!(dark.min >= ms(32) && dark.max <= ms(56), "{dark:?}");
        assert_eq!(entry.dropped.keys().copied().collect::<Vec<_>>(), [DropReason::SilentCut]);
        let longest = record.totals.latency.max;
        assert!(longest >= ms(5) && longest < ms(7), "{longest}");
    }
}

/// Work on a router; `keys` may say more.
fn work(name: &str, router: &str, at: u64, keys: &str) -> String {
    format!(
        "[[maintenance]]\nname = {name:?}\nrouter = {router:?}\nat = \"{at} s\"\nlasts = \"4 s\"\ndrain = \"2 s\"\n\
         restore = \"2 s\"\n{keys}\n"
    )
}

#[test]
fn planned_work_on_two_devices_of_one_interconnect_at_once_is_refused() {
    // From 8 to 16 s, and from 15 s on.
    let both = work("one", "aws-iad-a1", 10, "") + &work("other", "google-iad-b2", 17, "");
    let found = problem(&fabric("60 s", &both));
    assert!(found.contains("works on google-iad-b2 while one works on aws-iad-a1"), "{found}");
    assert!(found.contains("both are devices of interconnect virginia"), "{found}");
    let calendar = work("one", "aws-iad-a1", 10, "every = \"15 s\"") + &work("other", "aws-iad-a2", 41, "");
    assert!(problem(&fabric("60 s", &calendar)).contains("works on aws-iad-a2 while one works on aws-iad-a1"));
    for fine in [
        work("one", "aws-iad-a1", 10, "") + &work("other", "google-iad-b2", 18, ""),
        work("one", "aws-iad-a1", 10, "") + &work("other", "google-iad-b2", 17, "emergency = true"),
        work("one", "aws-iad-a1", 10, "") + &work("other", "aws-iad-bb1", 10, ""),
    ] {
        network(&fabric("60 s", &fine));
    }
}

#[test]
fn an_entry_says_what_else_lasts() {
    let cut = failure("cut", "fibre_cut", "link = \"iad-channel-a1\"\nat = \"9 s\"\nlasts = \"30 s\"");
    let record = run(&fabric("50 s", &(work("upgrade", "aws-iad-b1", 10, "") + &cut)));
    assert_eq!(incident(&record, "upgrade").during, Vec::<String>::new());
    assert_eq!(incident(&record, "cut").during, ["upgrade"]);
    assert_eq!(returned(&record, "upgrade").during, ["cut"]);
    assert_eq!(returned(&record, "cut").during, Vec::<String>::new());
    // The drain is over before the router goes.
    assert_eq!(lost(&record.totals.data), incident(&record, "cut").dropped.values().sum::<u64>());
}
