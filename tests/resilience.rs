//! How long is it dark, for whom, and does everything come back?
//!
//! ```text
//!  failure   carrier or BFD   processing at   UPDATE to   processing    FIB install
//!  --|---------------|------- the border ---- backbone -- there ------------|--> forwarding moved
//! ```
//! The phases are set explicitly, so that each blackout is a sum known beforehand. Flows send at a constant rate, so
//! that a blackout is measured to one packet spacing.

mod common;

use std::collections::BTreeSet;

use common::{direction, incident, lost, ms, network, noticed, returned, run, run_seeded, s};
use fabricsim::message::DropReason;
use fabricsim::rng::{RunSeed, Stream};
use fabricsim::sim::record::{FlowRecord, LedgerKind, RunRecord};
use fabricsim::units::{CalendarSpan, Share, Span};
use rayon::prelude::*;

const CARRIER_DOWN: Span = ms(10);
const CARRIER_UP: Span = ms(200);
const PROCESSING: Span = ms(20);
const INSTALL: Span = ms(100);
const CONVERGENCE: Span = ms(200);
/// More than any way from attachment to attachment takes: 293 + 39 + 50 us of delay on each side, and latencies.
const ONE_WAY: Span = ms(1);

const CHANNELS: [&str; 4] = ["iad-channel-a1", "iad-channel-a2", "iad-channel-b1", "iad-channel-b2"];

/// What flows send: five-tuples each way, and the spacing of the packets of each.
#[derive(Clone, Copy)]
struct Load {
    count: u64,
    spacing: Span,
}

/// One packet each millisecond: blackouts to the millisecond.
const DENSE: Load = Load { count: 40, spacing: ms(1) };
/// For long runs.
const SPARSE: Load = Load { count: 16, spacing: ms(10) };

/// The service between us-east-1 and us-east4 with explicit phases. `connection` holds keys of the connection,
/// `rest` further tables.
fn fabric(horizon: Span, load: Load, connection: &str, rest: &str) -> String {
    let phases = format!(
        "carrier_down = \"{CARRIER_DOWN}\"\ncarrier_up = \"{CARRIER_UP}\"\nprocessing = \"{PROCESSING}\"\n\
         fib_install = \"{INSTALL}\"\ninterior_convergence = \"{CONVERGENCE}\""
    );
    let rate = load.count * 1_600 * s(1).as_ps() / load.spacing.as_ps();
    let count = load.count;
    format!(
        r#"
horizon = "{horizon}"
[providers.aws]
{phases}
[providers.google]
{phases}
[interconnects.virginia]
template = "aws-google/us-east-1"
[connections.shop]
interconnect = "virginia"
bandwidth = "500 Mbps"
attachments = ["vpc-aws", "vpc-google"]
{connection}
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
rate = "{rate} bps"
count = {count}
size = "200 B"
{rest}
"#
    )
}

/// A failure; `what` names the component, such as `link = "x"`.
fn failure(name: &str, kind: &str, what: &str, at: Span, lasts: Span) -> String {
    format!("[[failures]]\nname = {name:?}\nkind = {kind:?}\n{what}\nat = \"{at}\"\nlasts = \"{lasts}\"\n")
}

fn link(name: &str) -> String {
    format!("link = {name:?}")
}

/// Five-tuples that lost packets.
fn hit(record: &RunRecord) -> Vec<&FlowRecord> {
    record.flows.iter().filter(|flow| flow.dropped > 0).collect()
}

fn is_reverse(flow: &FlowRecord) -> bool {
    flow.name.contains("(reverse)")
}

/// The blackout of every five-tuple hit is `expected`, within one packet spacing and the way there; and what it lost
/// is that blackout's packets and nothing else.
fn assert_blackouts<'r>(flows: impl IntoIterator<Item = &'r FlowRecord>, expected: Span, load: Load) {
    let mut count = 0;
    for flow in flows {
        let blackout = flow.longest_blackout;
        let low = expected.saturating_sub(load.spacing);
        let high = expected + load.spacing + ONE_WAY;
        assert!((low..=high).contains(&blackout), "{} was dark for {blackout}, not {expected}", flow.name);
        assert_eq!(load.spacing.times(flow.dropped), blackout, "{} lost other packets too", flow.name);
        count += 1;
    }
    assert!(count > 0, "nobody was hit");
}

/// A return attracts nothing before it can forward it.
fn assert_returns_lose_nothing(record: &RunRecord) {
    for entry in record.ledger.iter().filter(|entry| entry.kind == LedgerKind::Return) {
        assert!(entry.dropped.is_empty(), "the return from {} lost {:?}", entry.name, entry.dropped);
        assert_eq!((entry.flows_hit, entry.blackout), (0, None), "{}", entry.name);
    }
}

/// Shares of usable paths over time, both directions.
fn usable(record: &RunRecord) -> impl Iterator<Item = (Span, Share)> + '_ {
    record.connections[0].directions.iter().flat_map(|direction| direction.usable_paths.iter().copied())
}

fn assert_always_usable(record: &RunRecord) {
    assert!(usable(record).all(|(_, share)| share > Share::ZERO), "{:?}", usable(record).collect::<Vec<_>>());
    let availability = &record.connections[0].availability;
    assert_eq!((availability.charged, availability.runs.len()), (CalendarSpan::ZERO, 0));
    assert_eq!(availability.charged_in_period().as_ns(), 0);
}

/// Every path of both directions is usable when the run ends.
fn assert_all_usable_at_the_end(record: &RunRecord) {
    for direction in &record.connections[0].directions {
        let last = direction.usable_paths.last().unwrap();
        assert_eq!(last.1, Share::ONE, "since {}", last.0);
    }
}

/// Up times of the session on a channel.
fn session_up<'r>(record: &'r RunRecord, channel: &str) -> &'r [(Span, Span)] {
    &record.logical_links.iter().find(|link| link.channel == channel).unwrap().session_up
}

#[test]
fn a_fibre_cut_is_dark_for_carrier_withdrawal_and_install() {
    // The border router sees light lost, acts, and withdraws; the backbone router acts on that and installs.
    let expected = CARRIER_DOWN + PROCESSING + PROCESSING + INSTALL;
    let cut = failure("cut", "fibre_cut", &link("iad-channel-a1"), s(2), s(2));
    for bfd in ["", "bfd = \"off\""] {
        let record = run(&fabric(s(12), DENSE, bfd, &cut));
        assert_blackouts(hit(&record), expected, DENSE);
        let entry = incident(&record, "cut");
        for router in ["aws-iad-a1", "google-iad-a1"] {
            assert_eq!(noticed(entry, router, "carrier"), Some(CARRIER_DOWN), "{router}");
        }
        assert_eq!(entry.flows_hit, hit(&record).len() as u64);
        assert_eq!(entry.dropped.values().sum::<u64>(), lost(&record.totals.data));
        assert_returns_lose_nothing(&record);
        assert_always_usable(&record);
        assert_all_usable_at_the_end(&record);
    }
}

#[test]
fn a_fibre_cut_hits_the_flows_of_its_channel_only() {
    // Each five-tuple rides one channel: cutting the four one after the other hits each flow exactly once.
    let mut all: Vec<String> = Vec::new();
    for channel in CHANNELS {
        let record = run(&fabric(s(1), DENSE, "", &failure("cut", "fibre_cut", &link(channel), ms(500), s(9))));
        let hit = hit(&record);
        assert!((1..40).contains(&hit.len()), "{channel} carried {} of 80", hit.len());
        all.extend(hit.iter().map(|flow| flow.name.clone()));
    }
    let distinct: BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), distinct.len()), (80, 80));
}

/// Runs a silent cut with many seeds and checks for each side when it noticed, and that the flows it sends are dark
/// for just that and what follows. Bounds are (from, to] after the cut, for AWS and for Google.
fn assert_silent_cut(connection: &str, how: &str, horizon: Span, bounds: [(Span, Span); 2]) {
    // A session that BFD took down is processed; a hold timer runs out inside the routing process itself.
    let border = if how == "bfd" { PROCESSING } else { Span::ZERO };
    let text =
        fabric(horizon, SPARSE, connection, &failure("cut", "silent_cut", &link("iad-channel-a1"), ms(500), s(100)));
    let network = network(&text);
    let records: Vec<RunRecord> =
        (1..=24).into_par_iter().map(|seed| fabricsim::sim::Simulation::new(&network, RunSeed(seed)).run()).collect();
    for (side, (low, high)) in ["aws", "google"].into_iter().zip(bounds) {
        let router = format!("{side}-iad-a1");
        let mut seen = Vec::new();
        for record in &records {
            common::assert_conserved(record);
            let after = noticed(incident(record, "cut"), &router, how).unwrap();
            assert!((low..=high).contains(&after), "{router} noticed after {after} (seed {})", record.seed);
            seen.push(after);
            let mine = hit(record).into_iter().filter(|flow| is_reverse(flow) == (side == "google"));
            assert_blackouts(mine, after + border + PROCESSING + INSTALL, SPARSE);
        }
        // The phase of the timers against the cut is drawn: two dozen samples cover most of the range.
        let spread = seen.iter().max().unwrap().saturating_sub(*seen.iter().min().unwrap());
        assert!(spread > (high.saturating_sub(low)).scaled(1, 2), "{router}: {seen:?}");
    }
}

#[test]
fn a_silent_cut_is_noticed_by_bfd_of_each_side() {
    // RFC 5880 6.8.4: after the peer's multiplier times the slower of both intervals, here 1 s (Google's). AWS waits
    // for Google's 5, Google for AWS's 3. When the path dies the last packet is at most one interval old (6.8.7).
    assert_silent_cut("timers = \"aws-google\"", "bfd", s(6), [(s(4), s(5)), (s(2), s(3))]);
}

#[test]
fn a_silent_cut_is_noticed_sooner_with_fast_timers() {
    assert_silent_cut("timers = \"fast\"", "bfd", s(2), [(ms(600), ms(900)); 2]);
}

#[test]
fn a_silent_cut_without_bfd_is_noticed_by_the_hold_timer() {
    // The lower of 90 s and 60 s is agreed (RFC 4271 4.2) and a keepalive sent at least each third of it (4.4), so
    // the last one is at most 20 s old.
    assert_silent_cut("bfd = \"off\"", "hold-timer", s(62), [(s(40), s(60)); 2]);
}

#[test]
fn a_facility_outage_leaves_paths_and_charges_nothing() {
    let outage = failure("outage", "facility_outage", "facility = \"iad-b\"", s(2), s(4));
    let record = run(&fabric(s(18), DENSE, "", &outage));
    // Neighbours inside each provider lose light, interior routing converges, tables follow.
    assert_blackouts(hit(&record), CARRIER_DOWN + CONVERGENCE + INSTALL, DENSE);
    assert_always_usable(&record);
    assert!(usable(&record).any(|(at, share)| at == s(2) && share == Share::of(1, 2)));
    assert_returns_lose_nothing(&record);
    assert_all_usable_at_the_end(&record);
    // Two of four links carry everything under the default rate limit.
    assert_eq!(record.totals.data.dropped.get(&DropReason::RateLimit), None);
}

#[test]
fn a_border_router_down_is_dark_for_what_each_side_needs_to_learn_it() {
    let down = failure("power", "router_down", "router = \"aws-iad-a1\"", s(2), s(4));
    let record = run(&fabric(s(18), DENSE, "", &down));
    // On its own side interior routing finds out; on the other side the far border router loses light.
    let interior = CARRIER_DOWN + CONVERGENCE + INSTALL;
    let (reverse, forward): (Vec<_>, Vec<_>) = hit(&record).into_iter().partition(|flow| is_reverse(flow));
    assert_blackouts(forward, interior, DENSE);
    assert_blackouts(reverse, CARRIER_DOWN + PROCESSING + PROCESSING + INSTALL, DENSE);
    assert_always_usable(&record);
    assert_returns_lose_nothing(&record);
    assert_all_usable_at_the_end(&record);
}

#[test]
fn a_backbone_router_down_is_dark_for_carrier_convergence_and_install() {
    let down = failure("power", "router_down", "router = \"aws-iad-bb1\"", s(2), s(4));
    let record = run(&fabric(s(18), DENSE, "", &down));
    assert_blackouts(hit(&record), CARRIER_DOWN + CONVERGENCE + INSTALL, DENSE);
    assert_always_usable(&record);
    assert_returns_lose_nothing(&record);
    assert_all_usable_at_the_end(&record);
}

#[test]
fn a_cut_inside_an_outage_heals_by_itself() {
    // Whichever began first: the fibre is dark from 2 s or 4 s until its own repair at 12 s.
    for (outage, cut) in [((s(2), s(6)), (s(4), s(8))), ((s(4), s(4)), (s(2), s(10)))] {
        let text = failure("outage", "facility_outage", "facility = \"iad-b\"", outage.0, outage.1)
            + &failure("cut", "fibre_cut", &link("iad-channel-b1"), cut.0, cut.1);
        let record = run(&fabric(s(30), SPARSE, "", &text));
        let first = outage.0.min(cut.0);
        let [(_, down), (up, _)] = *session_up(&record, "iad-channel-b1") else {
            panic!("{:?}", session_up(&record, "iad-channel-b1"))
        };
        assert!((first..first + s(1)).contains(&down), "{down}");
        assert!(up > s(12), "up at {up}, while its fibre is cut");
        let [_, (up, _)] = *session_up(&record, "iad-channel-b2") else { panic!("b2 went down and came up") };
        assert!((s(8)..s(12)).contains(&up), "{up}");
        assert_always_usable(&record);
        assert_returns_lose_nothing(&record);
        assert_all_usable_at_the_end(&record);
    }
}

#[test]
fn two_causes_on_one_fibre_are_two_repairs() {
    let text = failure("early", "fibre_cut", &link("iad-channel-a1"), s(1), s(3))
        + &failure("late", "fibre_cut", &link("iad-channel-a1"), s(2), s(4))
        + &failure("silent", "silent_cut", &link("iad-channel-a1"), s(3), s(5));
    let record = run(&fabric(s(24), SPARSE, "", &text));
    let [(_, down), (up, _)] = *session_up(&record, "iad-channel-a1") else {
        panic!("{:?}", session_up(&record, "iad-channel-a1"))
    };
    assert!((s(1)..s(2)).contains(&down), "{down}");
    assert!(up > s(8), "{up}");
    assert_returns_lose_nothing(&record);
    assert_all_usable_at_the_end(&record);
}

#[test]
fn a_failure_may_begin_at_once_and_outlast_the_run() {
    let record = run(&fabric(s(2), DENSE, "", &failure("cut", "fibre_cut", &link("iad-channel-a1"), s(0), s(100))));
    assert_eq!(record.ledger.len(), 1);
    // Nothing was sent before, so the blackout is seen from the first packet on.
    let expected = CARRIER_DOWN + PROCESSING + PROCESSING + INSTALL;
    assert_blackouts(hit(&record), expected, DENSE);
    assert!(usable(&record).any(|(at, share)| at == Span::ZERO && share < Share::ONE));
    // The whole router of the only flow's attachment never fails, so all end well.
    assert_eq!(incident(&record, "cut").unended, 0);

    // Every channel at once: dark until the end, and charged for the rest of the period.
    let all: String = CHANNELS.map(|name| failure(name, "fibre_cut", &link(name), s(0), s(100))).concat();
    let record = run(&fabric(s(2), DENSE, "", &all));
    assert_eq!(record.totals.data.delivered, 0);
    assert_eq!(lost(&record.totals.data), record.totals.data.sent);
    let availability = &record.connections[0].availability;
    let [only] = availability.runs.as_slice() else { panic!("{:?}", availability.runs) };
    assert_eq!((only.from, only.to), (CalendarSpan::ZERO, CalendarSpan::from_s(2)));
    // 30 days less the run: the steady state that the run ended in.
    assert_eq!(availability.charged_in_period().as_seconds(), 30.0 * 86_400.0);
}

#[test]
fn flapping_faster_than_the_carrier_delay_is_never_noticed() {
    let flaps: String = (0..20)
        .map(|index| {
            failure(&format!("flap-{index}"), "fibre_cut", &link("iad-channel-a1"), ms(500 + 50 * index), ms(9))
        })
        .collect();
    let record = run(&fabric(s(3), DENSE, "", &flaps));
    assert_eq!(record.ledger.len(), 40);
    for entry in &record.ledger {
        assert!(entry.notices.is_empty() && entry.fib_changes == 0, "{entry:?}");
    }
    assert_eq!(session_up(&record, "iad-channel-a1"), [(Span::ZERO, s(3))]);
    // Only what was on the fibre in 20 x 9 ms is lost, by each of its flows.
    for flow in hit(&record) {
        assert!((160..=200).contains(&flow.dropped), "{}: {}", flow.name, flow.dropped);
        assert!((ms(8)..=ms(10)).contains(&flow.longest_blackout), "{}", flow.longest_blackout);
    }
    assert_eq!(record.totals.data.dropped.keys().collect::<Vec<_>>(), [&DropReason::FibreCut]);
}

/// A cut shorter than its own reconvergence: what is lost until forwarding is back is one outage, the incident's.
#[test]
fn losses_of_one_outage_stand_in_one_entry() {
    let record = run(&fabric(s(3), DENSE, "", &failure("cut", "fibre_cut", &link("iad-channel-a1"), s(1), ms(30))));
    let (cut, back) = (incident(&record, "cut"), returned(&record, "cut"));
    assert!(cut.flows_hit > 0 && cut.blackout.is_some(), "{cut:?}");
    assert_eq!((back.flows_hit, back.dropped.len()), (0, 0), "{back:?}");
    assert_eq!(cut.hits.iter().map(|hit| hit.lost).sum::<u64>(), lost(&record.totals.data));
}

/// Causes come before effects even where every delay is none; and what costs no time loses next to nothing.
#[test]
fn delays_of_zero_are_delays_too() {
    let failures = failure("cut", "fibre_cut", &link("iad-channel-a1"), s(1), s(1))
        + &failure("dark", "facility_outage", "facility = \"iad-b\"", s(3), s(1));
    let keys = ["processing", "fib_install", "interior_convergence", "carrier_down", "carrier_up"];
    let zero = |provider| keys.map(|key| format!("providers.{provider}.{key}=0 s"));
    let text = fabric(s(10), DENSE, "", &failures);
    let overrides = [zero("aws"), zero("google")].concat();
    let loaded = fabricsim::scenario::parse(&text, "zero.toml", &overrides).expect("zero is a delay");
    let record = fabricsim::sim::Simulation::new(&loaded.network, fabricsim::rng::RunSeed(1)).run();
    common::assert_conserved(&record);
    let longest = record.flows.iter().map(|flow| flow.longest_blackout).max().expect("there are flows");
    assert!(longest <= ms(3), "{longest}");
    assert_eq!(
        record.connections[0].directions[0].usable_paths.last().map(|(_, share)| share.as_ppb()),
        Some(1_000_000_000)
    );
}

#[test]
fn grey_loss_takes_its_share_and_nobody_notices() {
    let grey = failure("grey", "grey_loss", &link("iad-channel-a1"), s(0), s(100)) + "probability = \"5%\"\n";
    let record = run(&fabric(s(10), DENSE, "", &grey));
    let hit = hit(&record);
    assert!((10..40).contains(&hit.len()), "{} of 80 five-tuples ride the channel", hit.len());
    let [sent, dropped] = [|flow: &FlowRecord| flow.sent, |flow: &FlowRecord| flow.dropped]
        .map(|of| hit.iter().map(|flow| of(flow)).sum::<u64>() as f64);
    // Binomial: three standard deviations.
    let deviation = (sent * 0.05 * 0.95).sqrt();
    assert!((dropped - 0.05 * sent).abs() <= 3.0 * deviation, "{dropped} of {sent}");
    assert_eq!(record.totals.data.dropped.keys().collect::<Vec<_>>(), [&DropReason::GreyLoss]);
    let entry = incident(&record, "grey");
    assert!(entry.notices.is_empty() && entry.forwarding.is_none(), "{entry:?}");
    assert_always_usable(&record);
}

#[test]
fn equal_shares_halve_the_capacity_when_half_the_links_are_left() {
    let outage = failure("outage", "facility_outage", "facility = \"iad-b\"", s(1), s(100));
    let delivered = |per_link: &str| -> (f64, RunRecord) {
        let limit = format!("rate_limit = {{ per_link = {per_link:?}, aggregate_at = \"none\" }}");
        let text =
            fabric(s(21), SPARSE, &limit, &outage).replace("bandwidth = \"500 Mbps\"", "bandwidth = \"20 Mbps\"");
        // 16 Mbps of 20 each way, in 100 five-tuples.
        let text = text.replace("count = 16", "count = 100").replace("rate = \"2560000 bps\"", "rate = \"16 Mbps\"");
        let record = run(&text);
        // From 2 s on, when routing has settled; the share of both directions that came through.
        let settled = usize::try_from(s(2).as_ps() / record.bin.as_ps()).unwrap();
        let bins = &record.loss_series[settled..];
        let sent: u64 = bins.iter().map(|bin| bin.sent).sum();
        let dropped: u64 = bins.iter().flat_map(|bin| bin.dropped.values()).sum();
        (16.0 * (sent - dropped) as f64 / sent as f64, record)
    };
    // A quarter of the purchase on each of two links: 10 Mbps. The bucket's 20 ms over 19 s are 0.1%, and each of
    // two links must be offered its 5 Mbps, which 100 five-tuples at 160 kbps on two links do.
    let (rate, record) = delivered("equal-share");
    assert!((rate / 10.0 - 1.0).abs() < 0.003, "{rate} Mbps");
    assert!(record.totals.data.dropped[&DropReason::RateLimit] > 0);
    let (rate, record) = delivered("full");
    assert!((rate - 16.0).abs() < 1e-9, "{rate} Mbps");
    assert_eq!(record.totals.data.dropped.get(&DropReason::RateLimit), None);
}

#[test]
fn the_purchased_rate_is_what_passes_the_edge() {
    // A token bucket passes rate x time, and at most its depth (20 ms) more.
    let text = fabric(s(10), DENSE, "rate_limit = { burst = \"20 ms\" }", "");
    let record = run(&text.replace("bandwidth = \"500 Mbps\"", "bandwidth = \"10 Mbps\""));
    for direction in &record.connections[0].directions {
        let passed = direction.delivered_bytes.0 + 200 * direction.counts.in_flight;
        let least = 10_000_000 / 8 * 10;
        assert!((least - 200..=least + 25_000).contains(&passed), "{passed} bytes, not {least}");
        assert_eq!(direction.counts.dropped.keys().collect::<Vec<_>>(), [&DropReason::RateLimit]);
    }
}

#[test]
fn a_channel_whose_keys_differ_carries_nothing() {
    let record = run(&fabric(s(5), DENSE, "", "[links.iad-channel-a1]\nmacsec = { key = \"mismatched\" }"));
    for from in ["aws-iad-a1", "google-iad-a1"] {
        let direction = direction(&record, "iad-channel-a1", from);
        // Only messages of key agreement, which nobody can prove, leave: one in 2 s of 45.
        assert!(direction.packets >= 22 && direction.packets <= 23, "{from}: {}", direction.packets);
        assert_eq!(direction.macsec_frames, Some(0), "{from}");
        assert_eq!(direction.dropped.keys().collect::<Vec<_>>(), [&DropReason::MacsecNoKey]);
    }
    // Fail closed: even BGP and BFD, and so no data ever went there.
    assert!(record.totals.control.dropped[&DropReason::MacsecNoKey] > 0);
    assert!(session_up(&record, "iad-channel-a1").is_empty());
    assert_eq!(lost(&record.totals.data), 0);
    for side in [0, 1] {
        let packets = |channel: &str| record.logical_links.iter().find(|link| link.channel == channel).unwrap().packets;
        assert_eq!(packets("iad-channel-a1")[side], 0);
        let carried: u64 = CHANNELS.iter().map(|channel| packets(channel)[side]).sum();
        let sent = record.connections[0].directions[side].counts.sent;
        // What was sent in the last millisecond has not come to the channel yet.
        assert!((sent - 40..=sent).contains(&carried), "{carried} of {sent}");
    }
}

#[test]
fn packet_numbers_of_32_bits_end_at_the_last_one() {
    // IEEE 802.1AE: a packet number is used once, and the last of 32 bits is 2^32 - 1.
    let first = (1u64 << 32) - 3_000;
    let with = |suite: &str| {
        let macsec =
            format!("macsec = {{ suite = {suite:?}, first_packet_number = {first}, key_agreement = \"3.2 s\" }}");
        run(&fabric(s(5), DENSE, "", &format!("[links.iad-channel-a1]\n{macsec}")))
    };
    let record = with("GCM-AES-256");
    for from in ["aws-iad-a1", "google-iad-a1"] {
        let direction = direction(&record, "iad-channel-a1", from);
        assert_eq!((direction.packets, direction.macsec_frames), (3_000, Some(3_000)), "{from}");
        assert!(direction.dropped[&DropReason::MacsecPacketNumbers] > 0);
    }
    // IEEE 802.1AEbw: 64 bits go on.
    let record = with("GCM-AES-XPN-256");
    let direction = direction(&record, "iad-channel-a1", "aws-iad-a1");
    assert!(direction.macsec_frames > Some(30_000), "{:?}", direction.macsec_frames);
    assert_eq!(lost(&record.totals.data), 0);
}

#[test]
fn no_single_failure_ends_the_service_and_every_return_is_free() {
    let text = fabric(s(1), SPARSE, "", "");
    let network = network(&text);
    let mut failures = Vec::new();
    for router in network.routers.iter().filter(|router| router.facility.is_some()) {
        failures.push(("router_down", format!("router = {:?}", router.name)));
    }
    for facility in &network.facilities {
        failures.push(("facility_outage", format!("facility = {:?}", facility.name)));
    }
    for name in network.links.iter().map(|link| &link.name).filter(|name| !name.contains('/')) {
        failures.push(("fibre_cut", link(name)));
        failures.push(("silent_cut", link(name)));
    }
    // 12 routers, 2 meeting places and 4 zones, 4 channels and 16 backbone links in 2 ways.
    assert_eq!(failures.len(), 12 + 6 + 2 * (4 + 16));
    failures.into_par_iter().for_each(|(kind, what)| {
        let script = failure("single", kind, &what, s(1), s(8));
        let record = run(&fabric(s(24), SPARSE, "", &script));
        assert!(lost(&record.totals.data) > 0, "{kind} of {what} hits nobody");
        let returned = returned(&record, "single");
        assert!(returned.dropped.is_empty(), "{kind} of {what}: its return loses {:?}", returned.dropped);
        assert!(usable(&record).all(|(_, share)| share > Share::ZERO), "{kind} of {what} leaves no path");
        assert_all_usable_at_the_end(&record);
    });
}

/// A script of one to six failures of any kind within ten seconds, and when the last one ends.
fn script(stream: &mut Stream) -> (String, Span) {
    let routers = ["aws-iad-a1", "google-iad-b2", "aws-iad-bb1", "aws-iad-bb2", "google-iad-bb1", "google-iad-a2"];
    let links = ["iad-channel-a1", "iad-channel-b1", "iad-channel-b2", "aws-iad-bb1-a1", "google-iad-bb2-b2"];
    let facilities = ["iad-a", "iad-b", "aws-iad-zone1", "google-iad-zone2"];
    let mut text = String::new();
    let mut end = Span::ZERO;
    for index in 0..=stream.below(6) {
        let mut pick = |names: &[&'static str]| names[usize::try_from(stream.below(names.len() as u64)).unwrap()];
        let (name, key) = match pick(&["fibre_cut", "silent_cut", "grey_loss", "router_down", "facility_outage"]) {
            kind @ "router_down" => (kind, format!("router = {:?}", pick(&routers))),
            kind @ "facility_outage" => (kind, format!("facility = {:?}", pick(&facilities))),
            kind @ "grey_loss" => (kind, link(pick(&links)) + "\nprobability = \"30%\""),
            kind => (kind, link(pick(&links))),
        };
        let at = stream.span_between(Span::ZERO, s(6));
        let longest = if stream.chance(500_000_000) { s(4) } else { ms(40) };
        let lasts = Span::from_ps(1) + stream.span_between(Span::ZERO, longest);
        text += &failure(&format!("failure-{index}"), name, &key, at, lasts);
        end = end.max(at + lasts);
    }
    (text, end)
}

/// Two independent views agree: while every path is usable in both directions no packet is lost (chance apart), and
/// while none is, none passes. Bins at a border of such times are left out, and the one after it: packets under way.
/// Tables that change at one instant in two routers leave the share as it is and lose what is between them: of the
/// 64 packets of a bin of 20 ms those sent in 0.4 ms, so at most a few, where one path of twelve would be five.
fn assert_paths_and_packets_agree(record: &RunRecord) {
    let share_at = |direction: usize, at: Span| {
        let paths = &record.connections[0].directions[direction].usable_paths;
        paths.iter().rev().find(|(from, _)| *from <= at).unwrap().1
    };
    let mut judged = 0;
    for (index, bin) in record.loss_series.iter().enumerate().skip(1) {
        let from = record.bin.times(index as u64 - 1);
        let to = record.bin.times(index as u64 + 1);
        let changes = usable(record).any(|(at, _)| (from..=to).contains(&at));
        let shares = [0, 1].map(|direction| share_at(direction, from));
        let fates = bin.dropped.iter().filter(|(reason, _)| **reason != DropReason::GreyLoss);
        let dropped: u64 = fates.map(|(_, count)| count).sum();
        if changes {
            continue;
        }
        if shares == [Share::ONE; 2] {
            assert!(dropped <= 4, "lost from {from} to {to}, though every path is usable: {bin:?}");
            judged += 1;
        } else if shares == [Share::ZERO; 2] {
            // Where they die is up to 1 ms away, so one packet of each may fall into the next bin.
            assert!(dropped + 2 * SPARSE.count >= bin.sent, "passed from {from} to {to} without a path: {bin:?}");
            judged += 1;
        }
    }
    assert!(judged > 0, "no bin to judge");
}

#[test]
fn whatever_fails_everything_comes_back() {
    // After the last return: light 0.2 s, keys 3.2 s, at worst a connect retry of 10 s, then BFD, routes and tables.
    (1..=48).into_par_iter().for_each(|seed| {
        let (failures, end) = script(&mut RunSeed(seed).stream("script", "test"));
        let text = fabric(end + s(15), SPARSE, "timers = \"fast\"", &failures);
        let record = run_seeded(&format!("bin = \"20 ms\"{text}"), seed);
        assert_paths_and_packets_agree(&record);
        for direction in &record.connections[0].directions {
            let last = direction.usable_paths.last().unwrap();
            assert_eq!(last.1, Share::ONE, "since {} of {} (seed {seed}):\n{failures}", last.0, record.horizon);
        }
        for channel in CHANNELS {
            let up = session_up(&record, channel).last().map(|(_, until)| *until);
            assert_eq!(up, Some(record.horizon), "{channel} (seed {seed}):\n{failures}");
        }
    });
}
