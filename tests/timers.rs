//! What a BFD interval costs and saves: is it wrong as often as chance has it, and does it find a dead peer when it must?

mod common;

use common::{incident, run};
use fabricsim::sim::record::RunRecord;
use fabricsim::units::Span;

/// The intervals of docs/timers.md, each with Detect Mult 3.
const INTERVALS: [Span; 3] = [Span::from_ms(50), Span::from_ms(300), Span::from_s(1)];

/// Two routers, one channel of so many bits per second whose buffer all share, and what else a scenario needs.
fn pair(interval: Span, rate: u64, horizon: Span, more: &str) -> RunRecord {
    run(&format!(
        r#"
        horizon = "{horizon}"
        [providers]
        east = {{ asn = 64512 }}
        west = {{ asn = 64513 }}
        [routers]
        e = {{ provider = "east" }}
        w = {{ provider = "west" }}
        [interconnects.pair]
        [links.channel]
        between = ["e", "w"]
        interconnect = "pair"
        rate = "{rate} bps"
        buffer = "20 packets"
        queueing = "shared"
        macsec = "off"
        [queueing.shared]
        control = "all"
        [queueing.shared.classes.all]
        [connections.c]
        interconnect = "pair"
        bandwidth = "1 Gbps"
        attachments = ["left", "right"]
        bfd = {{ interval = "{interval}", multiplier = 3 }}
        [attachments]
        left = {{ provider = "east", prefixes = ["10.1.0.0/16"] }}
        right = {{ provider = "west", prefixes = ["10.2.0.0/16"] }}
        [monitors.m]
        from = "left"
        to = "right"
        {more}
        "#
    ))
}

/// Mean seconds of a session until three packets in a row are lost, each with `loss`: Feller, An Introduction to
/// Probability Theory and Its Applications, volume 1, XIII.7, for the number of packets. A fourth interval ends before the
/// detection time only if all are shortened by the most that RFC 5880 6.8.7 allows, and a packet comes every 7/8 interval in
/// the mean.
fn until_wrong(loss: f64, interval: Span) -> f64 {
    let three = loss.powi(3);
    (1.0 - three) / ((1.0 - loss) * three) * 0.875 * interval.as_seconds()
}

/// Holds the number of false detections between what chance gives, and what it gives when BFD takes five seconds to come Up
/// again after each: until then it sends once a second (RFC 5880 6.8.3), and those packets are lost, too. The five seconds are
/// an allowance of ours and wide at 50 ms, so this finds errors of a factor, not of percents.
fn assert_as_often(record: &RunRecord, mean_between: f64) {
    let often = |pause: f64| record.ended.as_seconds() / (mean_between + pause);
    let (least, most, measured) = (often(5.0), often(0.0), record.routing.false_detections as f64);
    // Four standard deviations of a Poisson number.
    assert!(measured > least - 4.0 * least.sqrt(), "{measured} false detections, {least:.0} to {most:.0} expected");
    assert!(measured < most + 4.0 * most.sqrt(), "{measured} false detections, {least:.0} to {most:.0} expected");
    assert_eq!(record.routing.bfd_detections, record.routing.false_detections, "nothing is cut");
}

#[test]
fn under_grey_loss_bfd_is_wrong_as_often_as_three_packets_in_a_row_are_lost() {
    let grey =
        "[[failures]]\nname = \"grey\"\nkind = \"grey_loss\"\nlink = \"channel\"\nat = \"0 s\"\nprobability = \"10%\"";
    for interval in INTERVALS {
        // Each end counts what the other one sends.
        assert_as_often(&pair(interval, 2_000_000, Span::from_s(7_200), grey), until_wrong(0.1, interval) / 2.0);
    }
}

/// A line that is offered 1.25 times what it carries drops a fifth. 458 B of IP are 500 B on the wire.
#[test]
fn under_congestion_bfd_is_wrong_as_often_as_three_packets_in_a_row_find_the_buffer_full() {
    for interval in INTERVALS {
        // Some 22 packets are sent between two of BFD's, so that these find the queue anew.
        let rate = Span::from_s(100_000).as_ps() / interval.as_ps();
        let data = rate * 5 / 4 * 458 / 500;
        let flow = format!(
            "[flows.f]\nfrom = \"left\"\nto = \"right\"\nrate = \"{data} bps\"\narrivals = \"poisson\"\nsize = \"458 B\""
        );
        assert_as_often(&pair(interval, rate, interval.times(18_000), &flow), until_wrong(0.2, interval));
    }
}

/// RFC 5880 6.8.4 and 6.8.7: the last packet left at most one interval before the cut, and three intervals later it is clear.
#[test]
fn a_shorter_interval_finds_a_silent_cut_sooner() {
    let cut = "[[failures]]\nname = \"cut\"\nkind = \"silent_cut\"\nlink = \"channel\"\nat = \"5 s\"";
    for interval in INTERVALS {
        let record = pair(interval, 2_000_000, Span::from_s(15), cut);
        let cut = incident(&record, "cut");
        let noticed = cut.notices.iter().map(|notice| notice.at).min().expect("BFD notices").saturating_sub(cut.at);
        let delay = Span::from_ms(1);
        assert!(noticed > interval.times(2) && noticed <= interval.times(3) + delay, "{interval}: {noticed}");
        assert_eq!(record.routing.false_detections, 0);
    }
}

/// Light goes for less and for more than the carrier delay of 10 ms, and comes back for less and for more than the hold of
/// 200 ms: who notices what, and when.
#[test]
fn link_detection_is_that_of_the_golden_table() {
    let cuts =
        [("blink", "1 s", "9 ms"), ("cut", "2 s", "11 ms"), ("again", "3 s", "300 ms"), ("flicker", "3.4 s", "1 s")];
    let failures: String = cuts
        .map(|(name, at, lasts)| {
            let keys = format!("name = \"{name}\"\nkind = \"fibre_cut\"\nlink = \"channel\"\n");
            format!("[[failures]]\n{keys}at = \"{at}\"\nlasts = \"{lasts}\"\n")
        })
        .concat();
    let record = pair(Span::from_s(1), 2_000_000, Span::from_s(15), &failures);
    let mut table = String::from("entry | after | router\n");
    for entry in &record.ledger {
        for notice in entry.notices.iter().filter(|notice| notice.how == "carrier") {
            let after = notice.at.saturating_sub(entry.at);
            table.push_str(&format!("{:?} of {} | {after} | {}\n", entry.kind, entry.name, notice.router));
        }
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/link-detection.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &table).expect("tests/golden can be written");
    }
    assert_eq!(table, std::fs::read_to_string(golden).expect("it is there"), "UPDATE_GOLDEN=1 rewrites it");
}
