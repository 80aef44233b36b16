//! Faults that no protocol notices: how long are they silent, what is lost meanwhile, and what is charged?
//!
//! ```text
//!  at | silent: its share of packets is lost | detected: drained | shut, under repair | back
//! ```

mod common;

use common::{incident, lost, ms, noticed, returned, run, s};
use fabricsim::failures::{Aspect, Lives, LivesPlan, StandingPlan, Turn, with_drawn};
use fabricsim::message::DropReason;
use fabricsim::network::{BadTest, DeadDirection, Network, SlaRule};
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::Simulation;
use fabricsim::sim::record::{DETECTED, LedgerEntry, LogicalLinkRecord, RunRecord};
use fabricsim::study::reference;
use fabricsim::study::structure::Structure;
use fabricsim::study::years::{Library, NoCache, Plan, Tally, Walker, engine, in_seconds};
use fabricsim::units::{Share, Span};

/// The service with 40 flows each way, each of which sends a packet every 10 ms, and a fault on channel a1.
fn fabric(fault: &str, rest: &str) -> String {
    format!(
        r#"
horizon = "100 s"
[interconnects.virginia]
template = "aws-google/us-east-1"
members = 4
[connections.shop]
interconnect = "virginia"
bandwidth = "500 Mbps"
attachments = ["vpc-aws", "vpc-google"]
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
rate = "6.4 Mbps"
count = 40
size = "200 B"
{rest}
[[failures]]
name = "fault"
at = "10 s"
lasts = "70 s"
{fault}
"#
    )
}

const GREY: &str = "kind = \"grey_loss\"\nlink = \"iad-channel-a1\"\nprobability = \"5%\"\ndetected_after = \"20 s\"\n";

fn detected(entry: &LedgerEntry) -> Option<(Span, &str)> {
    let notice = entry.notices.iter().find(|notice| notice.how == DETECTED)?;
    Some((notice.at, &notice.router))
}

fn channel<'r>(record: &'r RunRecord, name: &str) -> &'r LogicalLinkRecord {
    record.logical_links.iter().find(|link| link.channel == name).expect("a channel")
}

#[test]
fn a_grey_fault_is_silent_then_drained_then_shut_and_nothing_is_lost_after_it_is_noticed() {
    let record = run(&fabric(&format!("{GREY}drain = \"5 s\""), ""));
    let entry = incident(&record, "fault");
    // at + detected_after, and the drain after that.
    assert_eq!(detected(entry), Some((s(30), "monitoring")));
    assert_eq!(entry.shut, Some(s(35)));
    // Routes move away within an UPDATE, its processing and a FIB install of the notice: nothing of it waits for the shut.
    let (first, last) = entry.forwarding.expect("routes moved");
    assert!(first > s(30) && first < s(31) && last > s(35), "{first} {last}");
    // Of what the channel carried in 20 s, 5% +- 4 standard deviations; then it carries nothing.
    let grey = entry.dropped[&DropReason::GreyLoss];
    assert_eq!(entry.dropped.values().sum::<u64>(), grey, "nothing is lost to the drain or to the shut");
    let before = channel(&record, "iad-channel-a1").packets.iter().sum::<u64>() as f64 * 20.0 / (10.0 + 20.0 + 20.0);
    let mean = 0.05 * before;
    assert!((grey as f64 - mean).abs() < 0.1 * mean + 4.0 * mean.sqrt(), "{grey}, not {mean}");
    assert!(entry.lost_in.detection * 100 > 97 * entry.lost_in.total(), "{:?}", entry.lost_in);
    let back = returned(&record, "fault");
    assert_eq!((back.at, lost_of(back)), (s(80), 0));
    assert!(noticed(back, "aws-iad-a1", "carrier").is_some(), "it was dark until it was repaired");
    assert_eq!(record.connections[0].availability.periods[0].charged.as_ns(), 0);
}

fn lost_of(entry: &LedgerEntry) -> u64 {
    entry.dropped.values().sum()
}

#[test]
fn a_fault_that_is_shut_at_once_costs_what_a_cut_costs() {
    let shut = |link: &str| format!("kind = \"black_hole\"\nlink = {link:?}\ndetected_after = \"20 s\"\n");
    let record =
        run(&fabric(&(shut("iad-channel-a1") + "mitigation = \"admin-down\"\ndetected_by = \"a customer\""), ""));
    let entry = incident(&record, "fault");
    assert_eq!((detected(entry), entry.shut), (Some((s(30), "a customer")), Some(s(30))));
    // Those whose flow hashed there are dark for the 20 s and for as long as a cut takes: carrier delay 10 ms, processing 20 ms
    // and FIB 100 ms at each of two routers, less than a second with interior routing.
    let blackout = entry.blackout.expect("flows were dark");
    assert!(blackout.min >= s(20) && blackout.max < s(21), "{blackout:?}");
    // An interior span is costed out by interior routing: its way is longer by the convergence, and nothing is lost in the drain.
    let record = run(&fabric(&(shut("aws-iad-bb1-a1") + "drain = \"5 s\""), ""));
    let entry = incident(&record, "fault");
    let blackout = entry.blackout.expect("flows were dark");
    assert!(blackout.min >= s(20) && blackout.max < s(21), "{blackout:?}");
    assert_eq!(
        entry.dropped.keys().collect::<Vec<_>>(),
        [&DropReason::GreyLoss].map(|_| entry.dropped.keys().next().unwrap())
    );
}

#[test]
fn one_silent_member_is_shut_alone_and_a_one_way_fault_without_bfd_need_not_wait_for_the_hold_timer() {
    let member = "kind = \"black_hole\"\nlink = \"iad-channel-a1\"\nmember = 2\ndetected_after = \"20 s\"\n";
    let record = run(&fabric(member, ""));
    let entry = incident(&record, "fault");
    assert_eq!((detected(entry), entry.shut), (Some((s(30), "monitoring")), Some(s(30))));
    let blackout = entry.blackout.expect("flows were dark");
    // The carrier delay of 10 ms and one packet spacing later the LAG hashes over three members.
    assert!(blackout.min >= s(20) && blackout.max <= s(20) + ms(10 + 2 * 10 + 1), "{blackout:?}");
    assert_eq!(channel(&record, "iad-channel-a1").session_up.len(), 1, "three of four members carry the session on");

    let off = "[providers.aws]\nbfd = \"off\"\n[providers.google]\nbfd = \"off\"\n";
    let one_way = "kind = \"silent_cut\"\nlink = \"iad-channel-a1\"\nfrom = \"aws-iad-a1\"\ndetected_after = \"3 s\"\n\
                   mitigation = \"admin-down\"\n";
    let record = run(&fabric(one_way, off));
    let entry = incident(&record, "fault");
    // The hold timer runs for 60 s and MKA misses its peer after 6 s at least; the other way is dark as after a cut.
    let blackout = entry.blackout.expect("flows were dark");
    assert!(blackout.min < s(1) && blackout.max >= s(3) && blackout.max < s(4), "{blackout:?}");
}

#[test]
fn a_fault_that_ends_before_it_is_noticed_is_nobodys_work() {
    let record = run(&fabric(&GREY.replace("20 s", "70 s"), ""));
    let entry = incident(&record, "fault");
    assert_eq!((detected(entry), entry.shut, entry.forwarding), (None, None, None));
    assert!(lost_of(entry) > 0);
    // Repaired during the drain: routes have moved away and come back, and it was never shut.
    let record = run(&fabric(&format!("{}drain = \"10 s\"", GREY.replace("20 s", "65 s")), ""));
    let entry = incident(&record, "fault");
    assert_eq!((detected(entry), entry.shut), (Some((s(75), "monitoring")), None));
    let back = returned(&record, "fault");
    assert!(back.forwarding.is_some() && lost_of(back) == 0, "{back:?}");
}

#[test]
fn rates_lose_what_packets_lose_in_each_phase() {
    let text = fabric(&format!("{GREY}drain = \"5 s\""), "");
    let packets = run(&text);
    let rates = run(&format!("fidelity = \"flow\"\n{text}"));
    let [a, b] = [&packets, &rates].map(|record| incident(record, "fault"));
    assert_eq!((detected(a), a.shut), (detected(b), b.shut));
    let [a, b] = [&packets, &rates].map(|record| lost(&record.totals.data) as f64);
    assert!((a - b).abs() < 5.0 * a.sqrt(), "{a} {b}");
}

#[test]
fn what_cannot_be_detected_so_is_told_all_at_once() {
    let wrong = "kind = \"fibre_cut\"\nlink = \"iad-channel-a1\"\ndetected_after = \"20 s\"\n[[failures]]\nname = \"member\"\n\
                 kind = \"grey_loss\"\nprobability = \"5%\"\nlink = \"iad-channel-a2\"\nmember = 0\ndetected_after = \"1 s\"\n\
                 mitigation = \"drain\"\nat = \"1 s\"\n[[failures]]\nname = \"early\"\nkind = \"grey_loss\"\nprobability = \"5%\"\n\
                 link = \"iad-channel-a2\"\nat = \"1 s\"\ndrain = \"1 s\"\n\
                 [reliability.classes.cut]\nof = \"channels\"\nkind = \"fibre_cut\"\nup = \"9 h\"\ndown = \"1 h\"\ndetection = \"1 h\"\n\
                 [reliability.classes.grey]\nof = \"member-ends\"\nkind = \"grey_loss\"\nprobability = \"1%\"\nup = \"9 h\"\n\
                 down = \"1 h\"\ndetection = \"1 h\"\nmitigation = \"drain\"\n\
                 [reliability.classes.late]\nof = \"channels\"\nkind = \"grey_loss\"\nprobability = \"1%\"\nup = \"9 h\"\n\
                 down = \"1 h\"\ndetected_by = \"somebody\"\n";
    let problems = scenario::parse(&fabric(wrong, ""), "x.toml", &[]).expect_err("wrong in six places").to_string();
    for told in [
        "failures.fault.detected_after: is not read by fibre_cut",
        "failures.member.mitigation: a member of a link has no routes of its own",
        "failures.early.drain: is read only with detected_after",
        "reliability.classes.cut.detection: is not read by this kind, which protocols notice",
        "reliability.classes.grey.mitigation: a member of a link has no routes of its own",
        "reliability.classes.late.detected_by: is read only with detection",
    ] {
        assert!(problems.contains(told), "{told} is not in\n{problems}");
    }
}

/// Grey faults of a tenth of the packets on the four channels of the reference fabric: 10 h up, 2 h until somebody notices,
/// 4 h of repair.
fn grey_fabric(more: &str) -> Network {
    reference::network_with(&format!(
        "[reliability.classes]\ngrey = {{ of = \"channels\", kind = \"grey_loss\", probability = \"10%\", up = \"10 h\", \
         detection = \"2 h\", detection_law = \"lognormal\", detection_sigma = 1.2, down = \"4 h\"{more} }}\n"
    ))
}

/// Shares of the time of one channel: silent and out of service, of a cycle of 16 h.
const SILENT: f64 = 2.0 / 16.0;
const SHUT: f64 = 4.0 / 16.0;

fn months(network: &Network, rules: Vec<SlaRule>) -> Tally {
    engine::blocks(&Plan::new(network, rules, None), RunSeed(20_261_123), 0, 100)
}

#[test]
fn a_drawn_fault_is_noticed_when_it_was_drawn() {
    let mut network = grey_fabric("");
    network.horizon = Span::from_s(12 * 3_600);
    network.fidelity = fabricsim::network::Fidelity::Flow;
    network.flows.iter_mut().for_each(|flow| flow.stop = network.horizon);
    let plan = LivesPlan::new(&network.reliability, network.horizon.to_calendar());
    let mut lives = Lives::new(&plan);
    let drawn: Vec<Span> = lives
        .replication(RunSeed(3), 0)
        .iter()
        .filter(|one| (one.turn, one.aspect) == (Turn::Down, Aspect::OutOfService))
        .map(|one| Span::from_ps(one.at.as_ns() * 1_000))
        .collect();
    assert!(drawn.len() > 2, "{drawn:?}");
    let record = Simulation::new(&with_drawn(&network, RunSeed(3), 0), RunSeed(3)).run();
    let mut told: Vec<Span> = record.ledger.iter().filter_map(detected).map(|(at, _)| at).collect();
    told.sort_unstable();
    assert_eq!(told, drawn);
}

/// The share of packets that is lost is charged while any channel is silent, or all are gone: of independent channels that is
/// 1 - (1 - s)^4 + o^4; that no path is left while all four are out of service: o^4.
#[test]
fn a_study_charges_silence_by_its_loss_and_the_repair_as_a_channel_less() {
    let either = DeadDirection::Either;
    let loses = SlaRule { bad: BadTest::LossAbove(Share::from_ppb(5_000_000)), dead: either, ..SlaRule::default() };
    for more in ["", ", mitigation = \"admin-down\""] {
        let tally = months(&grey_fabric(more), vec![loses.clone(), SlaRule::default()]);
        let of_time = [1.0 - (1.0 - SILENT).powi(4) + SHUT.powi(4), SHUT.powi(4)];
        for (rule, share) in tally.connections[0].rules.iter().zip(of_time) {
            let seconds = share * 2_592_000.0;
            let drawn = in_seconds(&rule.charged, tally.periods).student(0.999).expect("many months");
            assert!(drawn.contains(seconds) && drawn.half_width() < 0.05 * seconds, "{drawn:?}, not {seconds}");
        }
    }
}

#[test]
fn exact_structure_counts_a_channel_as_gone_while_it_is_out_of_service() {
    let network = grey_fabric("");
    let standing = StandingPlan::new(&network);
    let connection = network.connections.ids().next().expect("a connection");
    let found = Structure::new(&network, &standing).connection(connection);
    let near = |what: &str, got: f64, expected: f64| {
        assert!((got / expected - 1.0).abs() < 1e-9, "{what}: {got}, not {expected}");
    };
    // A fault in every 16 h; fewer than four when none of the others was out.
    near("none", found.fewer[0].unavailability.low, SHUT.powi(4));
    near("fewer than four", found.fewer[3].unavailability.low, 1.0 - (1.0 - SHUT).powi(4));
    near("begins", found.fewer[3].per_year.low, 4.0 / 16.0 * (1.0 - SHUT).powi(3) * 8_760.0);
    // Less than all of the demand: some channel is silent, or all are out. It begins with a fault while no other is silent, and
    // being taken out of service after that makes it no worse.
    let (level, lacking) = &found.demand[1];
    assert_eq!(*level, Share::ONE);
    near("lacking", lacking.unavailability.low, 1.0 - (1.0 - SILENT).powi(4) + SHUT.powi(4));
    near("begins to lack", lacking.per_year.low, 4.0 / 16.0 * (1.0 - SILENT).powi(3) * 8_760.0);
    assert!(lacking.per_year.high < 1.05 * lacking.per_year.low, "{lacking:?}");
}

/// Drained first, a channel takes nobody's packets along; shut at once it does as a cut does.
#[test]
fn being_taken_out_of_service_has_an_episode_only_without_a_drain() {
    for (more, has_some) in [("", false), (", mitigation = \"admin-down\"", true)] {
        let mut network = grey_fabric(more);
        network.study.degraded = 0;
        network.study.joint = 0;
        let rule = SlaRule::default();
        let library = Library::simulate(&network, &rule, RunSeed(1), 4, &NoCache);
        let cut = library.classes.iter().find(|class| class.name.contains("fibre cut"));
        assert_eq!(cut.is_some(), has_some);
        if let Some(cut) = cut {
            assert!(cut.samples[0].iter().flatten().all(|episode| episode.hurts()), "a cut loses packets");
        }
        let plan = Plan::new(&network, vec![rule], Some(&library));
        let mut walker = Walker::new(&plan);
        let mut lives = Lives::new(&plan.lives);
        let (seed, period) = (RunSeed(1), 7);
        walker.period(seed, period);
        let is_met = |aspect: Aspect| {
            let of = lives.replication(seed, period).iter().filter(|one| one.aspect == aspect);
            let times: Vec<u64> = of.map(|one| one.at.as_ns()).collect();
            walker.met().iter().any(|met| times.contains(&met.at))
        };
        let mut is_met = is_met;
        assert!(is_met(Aspect::Fault), "faults begin suddenly");
        assert_eq!(is_met(Aspect::OutOfService), has_some);
    }
}

/// Half of the failures of a channel (10 h up, 6 h down) go on to attract packets: a quarter of them or more is lost while there is
/// one such, all while all four are gone. With q the share of time of either kind that is 1 - (1 - q)^4 + q^4.
#[test]
fn failover_that_does_not_cover_a_failure_leaves_its_share_of_the_packets_lost() {
    let network = reference::network_with(
        "[reliability.classes]\nlink = { of = \"channels\", kind = \"fibre_cut\", up = \"10 h\", down = \"6 h\", coverage = \"50%\" }\n",
    );
    let loses = SlaRule { bad: BadTest::LossAbove(Share::from_ppb(100_000_000)), ..SlaRule::default() };
    let tally = months(&network, vec![loses]);
    let q: f64 = 0.5 * 6.0 / 16.0;
    let seconds = (1.0 - (1.0 - q).powi(4) + q.powi(4)) * 2_592_000.0;
    let drawn = in_seconds(&tally.connections[0].rules[0].charged, tally.periods).student(0.999).expect("many months");
    assert!(drawn.contains(seconds) && drawn.half_width() < 0.05 * seconds, "{drawn:?}, not {seconds}");
}

/// In a run, too: messages pass, so no router notices and no route moves.
#[test]
fn a_run_has_failures_without_failover_as_black_holes() {
    let mut network = reference::network_with(
        "[reliability.classes]\nrouter = { of = [\"a1\", \"b1\"], kind = \"router_down\", up = \"2 h\", down = \"1 h\", coverage = \"0%\" }\n",
    );
    network.horizon = Span::from_s(6 * 3_600);
    network.fidelity = fabricsim::network::Fidelity::Flow;
    let record = Simulation::new(&with_drawn(&network, RunSeed(3), 0), RunSeed(3)).run();
    assert!(record.ledger.len() > 4, "{:?}", record.ledger.len());
    for entry in &record.ledger {
        assert_eq!((entry.what, entry.notices.len(), entry.forwarding), ("black_hole", 0, None), "{}", entry.name);
    }
}
