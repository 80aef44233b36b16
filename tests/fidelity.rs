//! Do the three fidelities of a run agree: on when routers notice and forwarding moves, on what each flow loses?
//!
//! With a constant rate, packets and rates have the same packets due at the same instants. What may differ is the
//! fortune of those under way when the world changes, and the time that control packets wait behind data.

mod common;

use common::{assert_conserved, flow, lost, ms, network, path, run};
use fabricsim::message::DropReason;
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::record::{LedgerEntry, RunRecord};
use fabricsim::sim::{Liveness, Simulation};
use fabricsim::units::{Share, Span};

/// A cut that outlives the keys, a silent cut, a building: light, BFD, keys and interior routing all have to work.
const INCIDENTS: &str = r#"
title = "Incidents"
horizon = "40 s"
[interconnects.virginia]
template = "aws-google/us-east-1"
[connections.shop]
interconnect = "virginia"
bandwidth = "100 Mbps"
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
rate = "20 Mbps"
count = 40
size = "500 B"
[monitors.synthetic]
from = "vpc-aws"
to = "vpc-google"
period = "30 s"
[[failures]]
name = "cut"
kind = "fibre_cut"
link = "iad-channel-a1"
at = "4 s"
lasts = "8 s"
[[failures]]
name = "silent"
kind = "silent_cut"
link = "iad-channel-a2"
at = "18 s"
lasts = "7 s"
[[failures]]
name = "outage"
kind = "facility_outage"
facility = "iad-b"
at = "28 s"
lasts = "3 s"
"#;

/// A control packet finds at most one data packet in transmission at each of some ten ports from cause to effect: 600
/// bytes on the wire, at 100 Gbps 48 ns.
const QUEUEING: Span = Span::from_ns(10 * 48);
/// One way takes less than this, so that less than this is under way.
const ONE_WAY: Span = ms(1);
/// 20 Mbps in 40 five-tuples of 500 bytes.
const SPACING: Span = ms(8);

fn run_as(text: &str, fidelity: &str) -> RunRecord {
    run(&format!("fidelity = \"{fidelity}\"\n{text}"))
}

/// Every instant that the ledger knows of, with what it is.
fn instants(record: &RunRecord) -> Vec<(String, Span)> {
    let of = |entry: &LedgerEntry| {
        let what = |what: &str| format!("{} {:?}: {what}", entry.name, entry.kind);
        let notices =
            entry.notices.iter().map(|one| (what(&format!("{} {} {}", one.router, one.subject, one.how)), one.at));
        let forwarding = entry.forwarding.into_iter().flat_map(|(first, last)| [("first", first), ("last", last)]);
        let mut all: Vec<_> = notices.chain(forwarding.map(|(word, at)| (what(word), at))).collect();
        all.sort();
        all
    };
    record.ledger.iter().flat_map(of).collect()
}

fn apart(one: Span, other: Span) -> Span {
    Span::from_ps(one.as_ps().abs_diff(other.as_ps()))
}

#[test]
fn routers_notice_and_forwarding_moves_when_they_do_among_packets() {
    let packets = instants(&run_as(INCIDENTS, "packet"));
    assert!(packets.len() > 40, "{packets:?}");
    for fidelity in ["flow", "auto"] {
        let rates = instants(&run_as(INCIDENTS, fidelity));
        assert_eq!(packets.len(), rates.len(), "{fidelity}");
        for ((what, packets), (same, rates)) in packets.iter().zip(&rates) {
            assert_eq!(what, same, "{fidelity}");
            assert!(apart(*packets, *rates) <= QUEUEING, "{fidelity}: {what}: {packets} and {rates}");
        }
    }
}

#[test]
fn each_flow_sends_the_same_and_loses_the_same_but_for_what_was_under_way() {
    let packets = run_as(INCIDENTS, "packet");
    for fidelity in ["flow", "auto"] {
        let rates = run_as(INCIDENTS, fidelity);
        assert_eq!(packets.totals.data.sent, rates.totals.data.sent);
        for (one, other) in packets.flows.iter().zip(&rates.flows) {
            // Not one packet is lost or doubled at a seam.
            assert_eq!(
                (&one.name, one.sent, one.sent_bytes),
                (&other.name, other.sent, other.sent_bytes),
                "{fidelity}"
            );
            // Three incidents begin and end a loss each: at most one packet is under way at each of these six instants.
            assert!(one.dropped.abs_diff(other.dropped) <= 6, "{fidelity} {}: {one:?} {other:?}", one.name);
            let blackouts = apart(one.longest_blackout, other.longest_blackout);
            assert!(blackouts <= SPACING + SPACING + ONE_WAY, "{fidelity} {}: {blackouts}", one.name);
            // Unloaded ways, and waits of some nanoseconds.
            assert!(apart(one.latency_min, other.latency_min) <= QUEUEING, "{fidelity} {}", one.name);
        }
        assert!(lost(&rates.totals.data) > 1_000, "something was lost: {:?}", rates.totals.data);
    }
}

#[test]
fn auto_sends_as_packets_what_is_near_an_incident_and_nothing_else() {
    let hops = |fidelity: &str| run_as(INCIDENTS, fidelity).totals.packet_hops;
    let (packet, flow, auto) = (hops("packet"), hops("flow"), hops("auto"));
    assert!(flow < auto && auto < packet, "{flow} < {auto} < {packet}");
    // Nothing happens: rates from beginning to end.
    let quiet = INCIDENTS.split("[[failures]]").next().unwrap();
    assert_eq!(run_as(quiet, "auto").totals.packet_hops, run_as(quiet, "flow").totals.packet_hops);
}

/// Resting sessions are woken with the packets and timers that they would have had.
#[test]
fn sessions_that_rest_notice_when_those_that_do_not_would() {
    for fidelity in ["flow", "auto"] {
        assert_rest_changes_nothing(&format!("fidelity = \"{fidelity}\"\n{INCIDENTS}"), RunSeed(5), 10_000);
    }
}

/// An hour with fresh keys each five minutes, internal sessions over two hops, and failures at odd instants, so that
/// keepalives, acknowledgements and MKPDUs are met on wires and before processors.
#[test]
fn keepalives_and_key_agreement_that_rest_are_those_that_do_not() {
    let mut text = INCIDENTS.replace("40 s", "1 h").split("[[failures]]").next().unwrap().to_owned();
    for channel in ["a1", "a2", "b1", "b2"] {
        text.push_str(&format!("[links.iad-channel-{channel}.macsec]\nrekey = \"5 min\"\n"));
    }
    // Each way of the session of router and attachment is used; what a segment needs to be handled is some 20 ms of 25 s.
    for (index, kind) in ["cut", "reset", "cut", "reset"].into_iter().cycle().take(40).enumerate() {
        let at = 60_000 + 87_531 * index + 17 * index * index;
        let place = match kind {
            "cut" => format!("kind = \"silent_cut\"\nlink = \"iad-channel-a{}\"\nlasts = \"9 s\"", index % 2 + 1),
            _ => "kind = \"grey_loss\"\nlink = \"aws-iad-bb1-b1\"\nprobability = \"30%\"\nlasts = \"4 s\"".to_owned(),
        };
        text.push_str(&format!("[[failures]]\nname = \"{kind}-{index}\"\nat = \"{at} ms\"\n{place}\n"));
    }
    for seed in 1..=4 {
        assert_rest_changes_nothing(&format!("fidelity = \"flow\"\n{text}"), RunSeed(seed), 200_000);
    }
}

/// What changes no wire and no table is met, too: MKPDUs that are lost, a processor that hangs with its BFD, a router that is
/// drained by hand while nothing else happens.
#[test]
fn what_rests_wakes_for_lost_messages_processors_and_changes() {
    let text = INCIDENTS.replace("40 s", "10 min").split("[[failures]]").next().unwrap().to_owned();
    let text = format!(
        "fidelity = \"flow\"\n{text}[routers.aws-iad-b1]\nbfd_runs_in = \"cpu\"\n\
         [[failures]]\nname = \"mute\"\nkind = \"mkpdu_loss\"\nlink = \"iad-channel-a1\"\nat = \"100.3 s\"\nlasts = \"40 s\"\n\
         [[failures]]\nname = \"hang\"\nkind = \"cpu_hang\"\nrouter = \"aws-iad-b1\"\nat = \"201.7 s\"\nlasts = \"50 s\"\n\
         [[changes]]\nname = \"drain\"\nkind = \"graceful_shutdown\"\nrouter = \"aws-iad-a2\"\nat = \"401.123 s\"\n"
    );
    for seed in 1..=4 {
        let record = assert_rest_changes_nothing(&text, RunSeed(seed), 10_000);
        assert!(record.ledger.iter().filter(|entry| !entry.notices.is_empty()).count() >= 2, "{:?}", record.ledger);
    }
}

/// The record is the same whether sessions rest or not, but for `spared` events and more.
fn assert_rest_changes_nothing(text: &str, seed: RunSeed, spared: u64) -> RunRecord {
    let network = network(text);
    let run = |liveness| Simulation::new(&network, seed).liveness(liveness).run();
    let (resting, each) = (run(Liveness::Resting), run(Liveness::EachPacket));
    // Woken messages are in their place on wires between partitions, too.
    let divided = Simulation::new(&network, seed).threads(2).divided_anyway().run();
    assert_eq!(format!("{divided:?}"), format!("{resting:?}"));
    assert!(resting.totals.events + spared < each.totals.events, "{} {}", resting.totals.events, each.totals.events);
    assert_eq!(resting.ledger, each.ledger);
    assert_eq!(resting.totals.control, each.totals.control);
    assert_eq!(resting.routing, each.routing);
    assert_eq!(resting.macsec, each.macsec);
    assert_eq!((&resting.flows, &resting.links), (&each.flows, &each.links));
    resting
}

/// A full policer: rates lose the share that is too much, packets the same within chance.
#[test]
fn what_is_too_much_is_lost_in_equal_shares() {
    let limited = INCIDENTS.replace("bandwidth = \"100 Mbps\"", "bandwidth = \"16 Mbps\"").replace("40 s", "10 s");
    let limited = limited.split("[[failures]]").next().unwrap();
    // At the edge 16 of 20 Mbps pass: a fifth is lost.
    let fifth = Share::from_ppb(200_000_000).as_ppb();
    for fidelity in ["packet", "flow"] {
        let record = run_as(limited, fidelity);
        let data = &record.totals.data;
        let share = Share::of(data.dropped[&DropReason::RateLimit], data.sent).as_ppb();
        // The bucket of 20 ms is full at first: 0.02 s of 10 s, and the rounding of counts.
        assert!(share.abs_diff(fifth) < 3_000_000, "{fidelity}: {share}");
    }
    let rates = run_as(limited, "flow");
    let shares = || rates.flows.iter().map(|flow| Share::of(flow.dropped, flow.sent).as_ppb());
    assert!(shares().max().unwrap() - shares().min().unwrap() < 1_000_000, "every flow loses the same share");
}

/// Elastic senders: nobody loses, and together they fill what is there.
#[test]
fn max_min_rates_fill_the_limit_and_lose_nothing() {
    let limited = INCIDENTS.replace("bandwidth = \"100 Mbps\"", "bandwidth = \"16 Mbps\"").replace("40 s", "10 s");
    let limited = format!("sharing = \"max-min\"\n{}", limited.split("[[failures]]").next().unwrap());
    let record = run_as(&limited, "flow");
    assert_eq!(lost(&record.totals.data), 0);
    for entry in &record.flow_entries {
        let bps = entry.sent_bytes.0 * 8 / 10;
        // 16 Mbps, to a packet of each of 40 flows.
        assert!(bps.abs_diff(16_000_000) <= 40 * 4_000 / 10, "{}: {bps}", entry.name);
    }
    let problems = scenario::parse(&format!("fidelity = \"auto\"\n{limited}"), "t.toml", &[]).unwrap_err();
    assert!(problems.to_string().contains("max-min"), "{problems}");
}

#[test]
fn chance_on_the_way_takes_its_share() {
    let grey = "[[failures]]\nname = \"grey\"\nkind = \"grey_loss\"\nlink = \"iad-channel-a1\"\nprobability = \"4%\"\n\
                at = \"1 s\"\n[[failures]]\nname = \"spans\"\nkind = \"grey_loss\"\nlink = \"iad-channel-a1\"\n\
                probability = \"50%\"\nat = \"5 s\"\nlasts = \"1 ms\"\n";
    let text = format!("{}{grey}", INCIDENTS.replace("40 s", "20 s").split("[[failures]]").next().unwrap());
    let record = run_as(&text, "flow");
    assert_conserved(&record);
    let direction = |from| common::direction(&record, "iad-channel-a1", from);
    for from in ["aws-iad-a1", "google-iad-a1"] {
        let link = direction(from);
        // 19 of 20 s at 4%, less the packets of control; each flow's count is rounded to a packet.
        let expected = link.packets * 4 * 19 / 20 / 100;
        assert!(link.dropped[&DropReason::GreyLoss].abs_diff(expected) <= expected / 20 + 40, "{link:?}");
    }
    // Others pass between the lost ones: no blackout.
    assert!(record.ledger[0].blackout.is_none(), "{:?}", record.ledger[0]);
}

/// The last number of a key is used up by rates as by packets: BFD notices, and the other channel takes over.
#[test]
fn packet_numbers_run_out_among_rates_too() {
    let path = format!("{}/scenarios/basics/packet-number-exhaustion.toml", env!("CARGO_MANIFEST_DIR"));
    let of = |fidelity: &str| {
        let set = [format!("fidelity={fidelity}")];
        let loaded = scenario::load(path.as_ref(), &set).unwrap_or_else(|problems| panic!("{problems}"));
        let record = Simulation::new(&loaded.network, RunSeed(1)).run();
        assert!(record.expectations.iter().all(|one| one.met), "{fidelity}: {:?}", record.expectations);
        record.totals.data.dropped[&DropReason::MacsecPacketNumbers]
    };
    // BFD at 300 ms x 3 in "fast": the phase of its last packet moves by one of 20 x 2 flows' packets, not by intervals.
    let (packets, rates) = (of("packet"), of("flow"));
    assert!(packets.abs_diff(rates) <= packets / 10, "{packets} and {rates}");
}

/// The part of an outage that a run covers is in flight, delivered or dropped, also when it ends in the middle.
#[test]
fn a_run_that_ends_in_an_outage_is_conserved() {
    for (fidelity, horizon) in [("flow", "28100 ms"), ("auto", "28100 ms"), ("auto", "29 s"), ("flow", "29 s")] {
        let record = run_as(&INCIDENTS.replace("40 s", horizon), fidelity);
        assert_conserved(&record);
        assert!(record.totals.data.in_flight > 0, "{fidelity} {horizon}: ways are longer than nothing");
    }
}

/// Classes on a full line of 100 Mbps: voice goes first, gold and bronze share what it leaves as 3 to 1, and what gold
/// does not take bronze has; bronze is dropped early.
fn classes_on_a_line(gold: &str, horizon: &str) -> String {
    let link = "rate = \"100 Mbps\"\ndelay = \"1 ms\"\nbuffer = \"400 kB\"\nqueueing = \"three\"";
    let classes = "[queueing.three.classes.voice]\nscheduler = \"strict\"\npriority = 1\ncode_points = [\"EF\"]\n\
                   [queueing.three.classes.gold]\nquantum = \"6000 B\"\ncode_points = [\"AF11\"]\nlimit = \"100 kB\"\n\
                   [queueing.three.classes.bronze]\nquantum = \"2000 B\"\n\
                   red = { min = \"30 kB\", max = \"230 kB\", probability = \"100%\", weight = 7 }\n";
    let voice = flow("voice", "rate = \"20 Mbps\"\narrivals = \"poisson\"\nsize = \"500 B\"\ndscp = \"EF\"");
    let keys = format!("rate = {gold:?}\narrivals = \"poisson\"\nsize = \"1000 B\"\ndscp = \"AF11\"");
    let bronze = flow("bronze", "rate = \"50 Mbps\"\narrivals = \"poisson\"\nsize = \"1000 B\"\ncount = 4");
    path(horizon, link, &format!("{classes}{voice}{}{bronze}", flow("gold", &keys)))
}

#[test]
fn classes_share_a_full_line_among_rates_as_among_packets() {
    // (gold asks for, delivered Mbps of gold and bronze)
    for (gold, expected) in [("80 Mbps", [60.0, 20.0]), ("45 Mbps", [45.0, 35.0])] {
        let text = classes_on_a_line(gold, "20 s");
        let (packets, rates) = (run_as(&text, "packet"), run_as(&text, "flow"));
        for record in [&packets, &rates] {
            let delivered = |name: &str| {
                let entry = record.flow_entries.iter().find(|entry| entry.name == name).unwrap();
                entry.delivered_bytes.0 as f64 * 8.0 / 20e6
            };
            for (name, expected) in ["voice", "gold", "bronze"].into_iter().zip([20.0, expected[0], expected[1]]) {
                let measured = delivered(name);
                assert!((measured / expected - 1.0).abs() < 0.015, "{:?} {name}: {measured}", record.fidelity);
            }
        }
        let line = |record: &RunRecord| common::direction(record, "l1", "r1").classes.clone();
        for (one, other) in line(&packets).iter().zip(line(&rates)).skip(1) {
            let near = |what: &str, one: u64, other: u64, share: f64| {
                let (one, other) = (one as f64, other as f64);
                assert!((one - other).abs() <= share * one.max(other) + 60.0, "{gold} {what}: {one} and {other}");
            };
            assert_eq!(one.name, other.name);
            near(&one.name, one.offered, other.offered, 0.02);
            near(&one.name, one.packets, other.packets, 0.02);
            assert_eq!(
                one.dropped.keys().collect::<Vec<_>>(),
                other.dropped.keys().collect::<Vec<_>>(),
                "{}",
                one.name
            );
            // Means of queueing theory for what is not full, the steady length of the queue for what is.
            near(&one.name, one.wait_mean.as_ps() / 1_000, other.wait_mean.as_ps() / 1_000, 0.15);
        }
    }
}

/// Elastic rates: classes share a line by priority and quantum, flows of a class alike, and nothing is lost.
#[test]
fn elastic_flows_of_classes_fill_a_line_by_quantum() {
    let text = format!("sharing = \"max-min\"\n{}", classes_on_a_line("80 Mbps", "10 s"));
    let record = run_as(&text, "flow");
    assert_eq!(lost(&record.totals.data), 0);
    for (name, expected) in [("voice", 20.0), ("gold", 60.0), ("bronze", 20.0)] {
        let entry = record.flow_entries.iter().find(|entry| entry.name == name).unwrap();
        let measured = entry.sent_bytes.0 as f64 * 8.0 / 10e6;
        assert!((measured / expected - 1.0).abs() < 0.002, "{name}: {measured}");
    }
}

/// Full channels with classes, rate limits that delay and mark, and bandwidths that change: routers notice the cut when
/// they do among packets, flows send the same packets, and together they lose within a tenth the same for each cause.
#[test]
fn classes_and_limits_together_agree_in_all_three_fidelities() {
    let channel =
        |name| format!("[links.iad-channel-{name}]\nrate = \"8 Mbps\"\nbuffer = \"60 kB\"\nqueueing = \"two\"\n");
    let queueing = ["a1", "a2", "b1", "b2"].map(channel).concat()
        + "[queueing.two.classes.voice]\nscheduler = \"strict\"\npriority = 1\ncode_points = [\"EF\"]\n\
           [queueing.two.classes.rest]\n\
           [flows.voice]\nfrom = \"vpc-aws\"\nto = \"vpc-google\"\nrate = \"2 Mbps\"\ncount = 20\nsize = \"500 B\"\ndscp = \"EF\"\n\
           [[changes]]\nat = \"10 s\"\nconnection = \"shop\"\nbandwidth = \"40 Mbps\"\n";
    let base =
        INCIDENTS.replace("rate = \"20 Mbps\"\ncount = 40", "rate = \"24 Mbps\"\ncount = 48").replace("40 s", "16 s");
    let base = base.split("[[failures]]").take(2).collect::<Vec<_>>().join("[[failures]]");
    let base = base
        .replace("[connections.shop]", "[connections.shop]\nrate_limit = { excess = \"delay\", queue = \"100 kB\" }");
    let text = base.replace("bandwidth = \"100 Mbps\"", "bandwidth = \"22 Mbps\"") + &queueing;
    let packets = run_as(&text, "packet");
    assert!(lost(&packets.totals.data) > 5_000, "{:?}", packets.totals.data);
    for fidelity in ["flow", "auto"] {
        let rates = run_as(&text, fidelity);
        assert_eq!(packets.totals.data.sent, rates.totals.data.sent, "{fidelity}");
        // Sources of constant rates keep their phases at a full queue, so who loses is not what shares say; how much is.
        for reason in [DropReason::RateLimit, DropReason::BufferFull] {
            let [one, other] = [&packets, &rates].map(|record| record.totals.data.dropped[&reason]);
            assert!(one > 1_000 && one.abs_diff(other) <= one / 10, "{fidelity} {reason:?}: {one} and {other}");
        }
        let (packets, rates) = (instants(&packets), instants(&rates));
        assert_eq!(packets.len(), rates.len(), "{fidelity}");
        for ((what, packets), (same, rates)) in packets.iter().zip(&rates) {
            assert_eq!(what, same, "{fidelity}");
            // A control packet waits for one data packet of 600 bytes at 8 Mbps, at each of some three ports.
            assert!(apart(*packets, *rates) <= Span::from_us(3 * 700), "{fidelity}: {what}: {packets} and {rates}");
        }
    }
}

/// `auto` sends packets while a transfer or an exchange is under way: these take as long as in a run of packets, to the
/// picosecond, since all others send the same packets at the same instants.
#[test]
fn transfers_and_exchanges_among_rates_are_those_of_packets() {
    let link = "rate = \"100 Mbps\"\ndelay = \"5 ms\"\nbuffer = \"400 kB\"";
    let steady = flow("steady", "rate = \"60 Mbps\"\ncount = 10\nsize = \"1000 B\"");
    let backup = flow("backup", "transfer = \"4 MB\"\narrivals = \"constant\"\ninterval = \"15 s\"");
    let ask = flow("ask", "request = \"200 B\"\nresponse = \"30 kB\"\nthink = \"exponential 15 s\"");
    let text = path("60 s", link, &format!("{steady}{backup}{ask}"));
    let (packets, auto) = (run_as(&text, "packet"), run_as(&text, "auto"));
    for (one, other) in packets.flow_entries.iter().zip(&auto.flow_entries) {
        assert_eq!((one.counts.sent, &one.counts.dropped), (other.counts.sent, &other.counts.dropped), "{}", one.name);
        assert_eq!(one.exchanges, other.exchanges);
        assert_eq!(one.transfers, other.transfers);
    }
    let of = |name: &str| auto.flow_entries.iter().find(|entry| entry.name == name).unwrap();
    assert_eq!(of("backup").transfers.as_ref().unwrap().completion.count, 4);
    assert!(of("ask").exchanges.as_ref().unwrap().latency.count > 1);
    let hops = (auto.totals.packet_hops, packets.totals.packet_hops);
    assert!(hops.0 < hops.1 * 2 / 3, "{hops:?}");
    let refused = scenario::parse(&format!("fidelity = \"flow\"\n{text}"), "t.toml", &[]).unwrap_err();
    assert!(refused.to_string().contains("follow the fate of every packet"), "{refused}");
}

/// A session that somebody holds down over a link that works would never come to rest: packets wait for what routing does
/// of itself, its longest timer, and no longer.
#[test]
fn packets_end_although_a_session_stays_down() {
    let reset = "[[failures]]\nname = \"reset\"\nkind = \"session_reset\"\nrouter = \"aws-iad-a1\"\npeer = \"google-iad-a1\"\n\
                 at = \"4 s\"\nlasts = \"1 h\"\n";
    let text = INCIDENTS.split("[[failures]]").next().expect("a scenario").replace("40 s", "3000 s");
    let text = text.replace("20 Mbps", "100 kbps").replace("count = 40", "count = 1") + reset;
    let longest = network(&text).longest_reaction();
    let record = run_as(&text, "auto");
    // One packet of 500 bytes each way every 40 ms, over some ten hops: packets for no more than that and 30 s.
    let hops = record.totals.packet_hops;
    let of_rates = run_as(&text, "flow").totals.packet_hops;
    let most = (longest + Span::from_s(30)).as_ps() / ms(20).as_ps() * 12;
    assert!(hops - of_rates < most, "{hops} hops, {of_rates} of rates, at most {most} more");
    assert_eq!(lost(&record.totals.data), lost(&run_as(&text, "flow").totals.data));
}
