//! A record written by hand for tests and for looking at pictures: a connection of four logical links that loses a
//! fibre at 30 s and a building at 85 s. Every number comes from the formulas below; nothing was simulated.

mod sessions;

use std::collections::BTreeMap;

use super::Provenance;
use crate::message::DropReason;
use crate::network::{Bound, SlaRule};
use crate::sim::record::*;
use crate::sla::{self, LossTimeline, Observation};
use crate::units::{Bytes, CalendarSpan, Rate, Share, Span};

const BINS: u64 = 300;
const CHANNELS: [&str; 4] = ["iad-a-channel-1", "iad-a-channel-2", "iad-b-channel-1", "iad-b-channel-2"];

pub fn provenance() -> Provenance {
    Provenance {
        version: "0.1.0".into(),
        scenario: "quickstart.toml".into(),
        hash: "0123456789abcdef".into(),
        seed: 1,
        overrides: vec!["flows.web.rate=150 Mbps".into()],
        command: "fabricsim run scenarios/quickstart.toml --seed 1".into(),
        effective: "title = \"<b>A & B</b>\"\nhorizon = \"150 s\"\n".into(),
    }
}

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

/// Whether channel `index` is dead in bin `bin` of half a second.
fn dead(index: usize, bin: u64) -> bool {
    (index == 0 && (60..120).contains(&bin)) || (index >= 2 && (170..230).contains(&bin))
}

fn distribution(base_us: u64, count: u64) -> Distribution {
    // A geometric tail: each bucket of 10 us holds a third of what is left.
    let mut left = count;
    let mut buckets = Vec::new();
    for step in 1..=24 {
        let here = if step == 24 { left } else { left - left / 3 };
        left -= here;
        if here > 0 {
            buckets.push((Span::from_us(base_us + 10 * step), here));
        }
    }
    Distribution {
        count,
        min: Span::from_us(base_us),
        mean: Span::from_ps(base_us * 1_000_000 + 9_876_543),
        p50: Span::from_us(base_us + 8),
        p90: Span::from_us(base_us + 21),
        p99: Span::from_us(base_us + 42),
        p999: Span::from_us(base_us + 67),
        max: buckets.last().unwrap().0,
        buckets,
    }
}

/// What one direction, or two together, lost; the ledger and the loss series hold both.
fn dropped(directions: u64) -> BTreeMap<DropReason, u64> {
    BTreeMap::from([
        (DropReason::FibreCut, 165 * directions),
        (DropReason::RouterDown, 201 * directions),
        (DropReason::PortDown, 602 * directions),
        (DropReason::NoRoute, 28 * directions),
    ])
}

fn counts(sent: u64, directions: u64) -> Counts {
    let dropped = dropped(directions);
    let lost: u64 = dropped.values().sum();
    Counts { sent, delivered: sent - lost - 3, dropped, in_flight: 3 }
}

fn direction(base_us: u64) -> DirectionRecord {
    let sent = 2_008_929;
    let latency_series = (0..BINS).map(|bin| {
        let detour = if (170..230).contains(&bin) { 60 } else { 0 };
        let base = base_us + detour;
        let wave = (bin * 37) % 23;
        LatencyBin {
            count: if bin == 250 { 0 } else { 6_696 },
            min: Span::from_us(base),
            mean: Span::from_us(base + 9 + wave / 6),
            max: Span::from_us(base + 40 + wave * 4),
        }
    });
    DirectionRecord {
        counts: counts(sent, 1),
        sent_bytes: Bytes(sent * 1_400),
        delivered_bytes: Bytes((sent - 999) * 1_400),
        latency: distribution(base_us, sent - 999),
        latency_series: latency_series.collect(),
        usable_paths: vec![
            (Span::ZERO, Share::ONE),
            (Span::from_ms(30_010), Share::from_ppb(750_000_000)),
            (Span::from_s(60), Share::ONE),
        ],
    }
}

fn availability() -> AvailabilityRecord {
    let clean = LossTimeline::new();
    let observed = CalendarSpan::from_s(150);
    let rule = SlaRule::aws_interconnect();
    let seen = sla::evaluate(&rule, &Observation { directions: [&clean; 2], exemptions: &[], observed });
    AvailabilityRecord::new(rule, seen, None)
}

fn logical_link(index: usize) -> LogicalLinkRecord {
    let series = |way: u64| -> Vec<u64> {
        let alive = |bin: u64| (0..4).filter(|other| !dead(*other, bin)).count() as u64;
        (0..BINS)
            .map(|bin| if dead(index, bin) { 0 } else { (9_375_000 + (bin * 7_919 + way * 31) % 90_000) / alive(bin) })
            .collect()
    };
    let series = [series(0), series(1)];
    let bytes = [0, 1].map(|way: usize| Bytes(series[way].iter().sum()));
    let session_up = match index {
        0 => vec![(Span::ZERO, Span::from_ms(30_010)), (Span::from_ms(61_500), Span::from_s(150))],
        1 => vec![(Span::ZERO, Span::from_s(150))],
        _ => vec![(Span::ZERO, Span::from_ms(85_010)), (Span::from_ms(118_200), Span::from_s(150))],
    };
    LogicalLinkRecord {
        name: format!("prod/{}", CHANNELS[index]),
        connection: "prod".into(),
        channel: CHANNELS[index].into(),
        routers: [format!("aws-{}", CHANNELS[index]), format!("google-{}", CHANNELS[index])],
        packets: bytes.map(|bytes| bytes.0 / 1_400),
        bytes,
        series,
        provisioned: rate("500 Mbps"),
        session_up,
    }
}

fn macsec(member: &str) -> MacsecRecord {
    MacsecRecord {
        member: member.to_owned(),
        from: "aws-r1".to_owned(),
        to: "google-r1".to_owned(),
        protected: 502_345,
        ok: 502_300,
        late: 40,
        not_valid: 5,
        invalid: 0,
        unchecked: 0,
        not_using_sa: 0,
        no_tag: 0,
        untagged: 0,
        clear: 0,
        mka: None,
        next_packet_number: Some(502_346),
        packet_numbers: PacketNumbers::Plenty,
    }
}

fn class() -> ClassRecord {
    ClassRecord {
        name: "bulk".into(),
        offered: 502_600,
        packets: 502_345,
        wire_bytes: Bytes(734_567_890),
        dropped: BTreeMap::from([(DropReason::BufferFull, 255)]),
        marked: 12,
        queue_max: Bytes(4_356),
        wait_mean: Span::from_ns(70),
        wait_max: Span::from_us(3),
    }
}

fn link(index: usize, ends: [&str; 2]) -> LinkDirectionRecord {
    LinkDirectionRecord {
        link: CHANNELS[index].into(),
        kind: "channel",
        from: format!("{}-{}", ends[0], CHANNELS[index]),
        to: format!("{}-{}", ends[1], CHANNELS[index]),
        rate: rate("100 Gbps"),
        packets: 502_345 + index as u64,
        wire_bytes: Bytes(734_567_890),
        dropped: if index == 0 { BTreeMap::from([(DropReason::FibreCut, 330)]) } else { BTreeMap::new() },
        queue_max: Bytes(4_356),
        macsec_frames: Some(502_345 + index as u64),
        classes: if index == 0 { vec![class()] } else { Vec::new() },
    }
}

fn notice(at: Span, router: &str, subject: &str, how: &'static str) -> Notice {
    Notice { at, router: router.into(), subject: subject.into(), how }
}

fn spread(min_ms: u64, median_ms: u64, max_ms: u64) -> Option<Spread> {
    Some(Spread { min: Span::from_ms(min_ms), median: Span::from_ms(median_ms), max: Span::from_ms(max_ms) })
}

fn entry(name: &str, kind: LedgerKind, what: &'static str, component: &str, at_ms: u64) -> LedgerEntry {
    LedgerEntry {
        name: name.into(),
        kind,
        what,
        component: component.into(),
        responsible: "aws".to_owned(),
        charged: Vec::new(),
        at: Span::from_ms(at_ms),
        during: Vec::new(),
        notices: Vec::new(),
        forwarding: None,
        fib_changes: 0,
        updates: 4,
        shut: None,
        phases: Vec::new(),
        dropped: BTreeMap::new(),
        lost_in: LostIn::default(),
        flows_hit: 0,
        blackout: None,
        blackout_round_trip: None,
        unended: 0,
        hits: Vec::new(),
    }
}

const fn step(phase: Phase, first: Span, last: Span) -> PhaseTime {
    PhaseTime { phase, first, last }
}

fn hit() -> FlowHit {
    let ms = Span::from_ms;
    FlowHit {
        flow: "web#0003".into(),
        lost: 54,
        lost_in: LostIn { detection: 50, routes: 0, fib: 0, load: 4 },
        detected: Some(Detected { at: ms(115_900), router: "aws-iad-b-1".into(), how: "carrier" }),
        routes_moved: Some(ms(115_920)),
        fib_done: None,
        blackout: Some((ms(115_531), ms(115_931))),
    }
}

fn ledger() -> Vec<LedgerEntry> {
    let ms = Span::from_ms;
    let cut = "link iad-a-channel-1";
    vec![
        LedgerEntry {
            notices: vec![
                notice(ms(30_010), "aws-iad-a-1", cut, "carrier"),
                notice(ms(30_010), "google-iad-a-1", cut, "carrier"),
                notice(ms(30_033), "aws-bb-1", "session aws-iad-a-1", "interior"),
            ],
            forwarding: Some((ms(30_110), ms(30_131))),
            fib_changes: 6,
            updates: 4,
            dropped: BTreeMap::from([(DropReason::FibreCut, 330), (DropReason::PortDown, 1_204)]),
            lost_in: LostIn { detection: 330, routes: 404, fib: 800, load: 0 },
            shut: None,
            phases: vec![
                step(Phase::Light, ms(30_010), ms(30_010)),
                step(Phase::Routes, ms(30_010), ms(30_031)),
                step(Phase::Fib, ms(30_110), ms(30_131)),
            ],
            flows_hit: 98,
            blackout: spread(108, 112, 131),
            blackout_round_trip: spread(109, 120, 134),
            ..entry("cut", LedgerKind::Incident, "fibre_cut", cut, 30_000)
        },
        LedgerEntry {
            notices: vec![notice(ms(60_200), "aws-iad-a-1", cut, "carrier")],
            forwarding: Some((ms(61_600), ms(61_600))),
            fib_changes: 6,
            updates: 4,
            shut: None,
            phases: vec![
                step(Phase::Light, ms(60_200), ms(60_200)),
                step(Phase::Bfd, ms(61_250), ms(61_300)),
                step(Phase::Session, ms(61_400), ms(61_400)),
            ],
            ..entry("cut", LedgerKind::Return, "fibre_cut", cut, 60_000)
        },
        LedgerEntry {
            notices: vec![
                notice(ms(85_010), "aws-bb-1", "link aws-bb-1-iad-b", "carrier"),
                notice(ms(85_210), "google-bb-1", "router google-iad-b-1", "interior"),
            ],
            forwarding: Some((ms(85_110), ms(85_330))),
            fib_changes: 14,
            updates: 4,
            dropped: BTreeMap::from([(DropReason::RouterDown, 402), (DropReason::NoRoute, 2)]),
            lost_in: LostIn { detection: 40, routes: 204, fib: 160, load: 0 },
            flows_hit: 201,
            blackout: spread(101, 210, 330),
            blackout_round_trip: spread(120, 260, 340),
            ..entry("building-dark", LedgerKind::Incident, "facility_outage", "facility iad-b", 85_000)
        },
        LedgerEntry {
            unended: 1,
            hits: vec![hit()],
            lost_in: LostIn { detection: 50, routes: 0, fib: 0, load: 4 },
            dropped: BTreeMap::from([(DropReason::NoRoute, 54)]),
            flows_hit: 1,
            blackout: spread(7, 7, 7),
            ..entry("building-dark", LedgerKind::Return, "facility_outage", "facility iad-b", 115_000)
        },
    ]
}

fn monitor() -> MonitorRecord {
    let point = |index: u64| MonitorPoint {
        at: Span::from_s(30 * index),
        rtt_us: (index != 2).then_some(2_101 + index),
        sent: 30,
        lost: u64::from(index == 2) * 30,
        forward_links: vec!["prod/iad-a-channel-2".into()],
        reverse_links: vec!["prod/iad-b-channel-1".into(), "prod/iad-a-channel-1".into()],
    };
    MonitorRecord {
        name: "synthetic".into(),
        from: "vpc-aws".into(),
        to: "vpc-google".into(),
        period: Span::from_s(30),
        points: (0..5).map(point).collect(),
        round_trip: distribution(2_090, 120),
        sent: 150,
        lost: 30,
        forward_links: vec!["prod/iad-a-channel-2".into()],
        reverse_links: vec!["prod/iad-b-channel-1".into(), "prod/iad-a-channel-1".into()],
        missed: vec!["cut".into()],
    }
}

fn expectation(key: &str, unit: ExpectationUnit, max: u64, measured: Option<u64>, met: bool) -> ExpectationRecord {
    ExpectationRecord { key: key.into(), bound: Bound { min: None, max: Some(max) }, unit, measured, met }
}

fn flow(index: u64) -> FlowRecord {
    FlowRecord {
        name: format!("web#{index:04}"),
        five_tuple: format!("10.0.0.{index}:{}>10.1.0.{index}:443/udp", 20_000 + index),
        sent: 10_044,
        delivered: 10_044 - index,
        dropped: index,
        dropped_by_cause: BTreeMap::from([(DropReason::PortDown, index)]),
        sent_bytes: Bytes(10_044 * 1_400),
        delivered_bytes: Bytes((10_044 - index) * 1_400),
        latency_min: Span::from_us(1_020),
        latency_mean: Span::from_us(1_031),
        latency_max: Span::from_us(1_270),
        longest_blackout: Span::from_ms(index * 8),
    }
}

fn flow_entry(name: &str, from: &str, to: &str) -> FlowEntryRecord {
    FlowEntryRecord {
        name: name.into(),
        from: from.into(),
        to: to.into(),
        connection: Some("prod".into()),
        rate: rate("150 Mbps"),
        five_tuples: 200,
        counts: counts(2_008_929, 1),
        sent_bytes: Bytes(2_812_500_600),
        delivered_bytes: Bytes(2_811_102_000),
        transfers: None,
        exchanges: None,
    }
}

fn loss_bin(bin: u64) -> LossBin {
    let dropped = match bin {
        60 => BTreeMap::from([(DropReason::FibreCut, 330), (DropReason::PortDown, 1_204)]),
        170 => BTreeMap::from([(DropReason::RouterDown, 402), (DropReason::NoRoute, 2)]),
        230 => BTreeMap::from([(DropReason::NoRoute, 54)]),
        _ => BTreeMap::new(),
    };
    LossBin { sent: 13_393, dropped }
}

pub fn record() -> RunRecord {
    let half = Span::from_ms(500);
    let ps = ExpectationUnit::Picoseconds;
    RunRecord {
        title: "A protected interconnect loses a fibre, then a building".into(),
        description: "A hand-written example: 500 Mbps between two clouds <over four links>.".into(),
        seed: 1,
        horizon: Span::from_s(150),
        warm_up: Span::from_s(40),
        ended: Span::from_s(150),
        bin: half,
        fidelity: crate::network::Fidelity::Packet,
        totals: Totals {
            data: counts(4_017_858, 2),
            probes: Counts { sent: 300, delivered: 270, dropped: BTreeMap::new(), in_flight: 0 },
            control: Counts { sent: 5_012, delivered: 5_000, dropped: BTreeMap::new(), in_flight: 12 },
            duplicates: Counts::default(),
            packet_hops: 20_134_221,
            events: 21_004_518,
            latency: distribution(1_020, 4_015_863),
            queueing: distribution(0, 4_015_863),
            bad_seconds: 4,
            seconds: 150,
            flow_seconds_lost: Share::from_ppb(497_000),
        },
        connections: vec![ConnectionRecord {
            name: "prod".into(),
            interconnect: "us-east".into(),
            providers: ["aws".into(), "google".into()],
            provisioned: rate("500 Mbps"),
            directions: [direction(1_020), direction(1_048)],
            availability: availability(),
            other_rules: Vec::new(),
        }],
        link_groups: Vec::new(),
        logical_links: (0..4).map(logical_link).collect(),
        links: (0..4).flat_map(|index| [link(index, ["aws", "google"]), link(index, ["google", "aws"])]).collect(),
        macsec: vec![macsec("iad-a-channel-1/0")],
        flow_entries: vec![
            flow_entry("web", "vpc-aws", "vpc-google"),
            flow_entry("web (reverse)", "vpc-google", "vpc-aws"),
        ],
        flows: (0..40).map(flow).collect(),
        monitors: vec![monitor()],
        ledger: ledger(),
        operations: Vec::new(),
        features: Vec::new(),
        routing: crate::sim::record::RoutingRecord::default(),
        sessions: sessions::sessions(),
        loss_series: (0..BINS).map(loss_bin).collect(),
        expectations: vec![
            expectation("charged", ps, 0, Some(0), true),
            expectation("loss", ExpectationUnit::PartsPerBillion, 1_000_000, Some(496_000), true),
            expectation("drops.too-big", ExpectationUnit::Packets, 0, Some(0), true),
            expectation("incidents.cut.blackout", ps, 130_000_000_000, Some(131_000_000_000), false),
        ],
        fingerprint: 0x0123_4567_89ab_cdef,
    }
}
