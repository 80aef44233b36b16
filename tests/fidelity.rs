//! Do the three fidelities of a run agree: on when routers notice and forwarding moves, on what each flow loses?
//!
//! With a constant rate, packets and rates have the same packets due at the same instants. What may differ is the
//! fortune of those under way when the world changes, and the time that control packets wait behind data.

mod common;

use common::{assert_conserved, lost, ms, network, run};
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
        let network = network(&format!("fidelity = \"{fidelity}\"\n{INCIDENTS}"));
        let run = |liveness| Simulation::new(&network, RunSeed(5)).liveness(liveness).run();
        let (resting, each) = (run(Liveness::Resting), run(Liveness::EachPacket));
        assert!(resting.totals.events + 10_000 < each.totals.events, "{fidelity}: {}", resting.totals.events);
        assert_eq!(resting.ledger, each.ledger, "{fidelity}");
        assert_eq!(resting.totals.control, each.totals.control, "{fidelity}");
        assert_eq!((resting.flows, resting.links), (each.flows, each.links), "{fidelity}");
    }
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
