use std::collections::BTreeMap;

use super::*;
use crate::sim::record::{Counts, LostIn, Notice, RoutingRecord, Spread, Totals};
use crate::sim::snapshot::SessionSnapshot;

fn notice(ms: u64, router: &str) -> Notice {
    Notice { at: Span::from_ms(ms), router: router.into(), subject: String::new(), how: "bfd" }
}

fn record() -> RunRecord {
    let at = Span::from_s(30);
    let entry = |kind, lost, blackout| LedgerEntry {
        name: "cut".into(),
        kind,
        what: "fibre_cut",
        component: "link l1".into(),
        responsible: "aws".to_owned(),
        charged: Vec::new(),
        at,
        during: Vec::new(),
        notices: vec![notice(30_900, "b"), notice(30_010, "a"), notice(30_020, "a")],
        shut: None,
        phases: Vec::new(),
        lost_in: LostIn::default(),
        forwarding: None,
        fib_changes: 0,
        updates: 4,
        dropped: BTreeMap::from([(DropReason::FibreCut, lost), (DropReason::NoRoute, 1)]),
        flows_hit: 3,
        blackout,
        blackout_round_trip: None,
        unended: 0,
        hits: Vec::new(),
    };
    let spread = Spread { min: Span::from_ms(1), median: Span::from_ms(2), max: Span::from_ms(3) };
    RunRecord {
        title: String::new(),
        description: String::new(),
        seed: 1,
        horizon: Span::from_s(60),
        warm_up: Span::ZERO,
        ended: Span::from_s(60),
        bin: Span::from_s(1),
        fidelity: crate::network::Fidelity::Packet,
        totals: Totals {
            data: Counts {
                sent: 1_000,
                delivered: 950,
                dropped: BTreeMap::from([(DropReason::FibreCut, 40), (DropReason::NoRoute, 10)]),
                in_flight: 0,
            },
            latency: Distribution {
                count: 10,
                min: Span::from_us(1),
                p50: Span::from_us(5),
                max: Span::from_us(10),
                buckets: vec![(Span::from_us(2), 2), (Span::from_us(7), 5), (Span::from_us(10), 3)],
                ..Distribution::default()
            },
            flow_seconds_lost: Share::from_ppb(123),
            ..Totals::default()
        },
        connections: Vec::new(),
        link_groups: Vec::new(),
        logical_links: Vec::new(),
        links: Vec::new(),
        macsec: Vec::new(),
        flow_entries: Vec::new(),
        flows: Vec::new(),
        monitors: Vec::new(),
        ledger: vec![entry(LedgerKind::Incident, 7, Some(spread)), entry(LedgerKind::Return, 0, None)],
        routing: RoutingRecord::default(),
        sessions: SessionSnapshot::default(),
        operations: Vec::new(),
        features: Vec::new(),
        loss_series: Vec::new(),
        expectations: Vec::new(),
        fingerprint: 0,
    }
}

fn measured(metric: Metric) -> Option<u64> {
    measure(&record(), &metric)
}

#[test]
fn metrics_read_the_record() {
    // 50 of 1000 packets.
    assert_eq!(measured(Metric::Loss), Some(50_000_000));
    assert_eq!(measured(Metric::Drops("no-route".into())), Some(10));
    assert_eq!(measured(Metric::Drops("too-big".into())), Some(0));
    assert_eq!(measured(Metric::Drops("gremlins".into())), None);
    assert_eq!(measured(Metric::Delivered), Some(950));
    assert_eq!(measured(Metric::FlowSecondsLost), Some(123));
    assert_eq!(measured(Metric::Charged), None, "no connection");
    assert_eq!(measured(Metric::MeanQueueing), None, "no packet");
}

#[test]
fn quantiles_not_kept_come_from_the_buckets() {
    assert_eq!(measured(Metric::Latency(0)), Some(1_000_000));
    assert_eq!(measured(Metric::Latency(500_000_000)), Some(5_000_000));
    // Ranks 2 and 3 of ten: the last of the first bucket, the first of the second.
    assert_eq!(measured(Metric::Latency(200_000_000)), Some(2_000_000));
    assert_eq!(measured(Metric::Latency(200_000_001)), Some(7_000_000));
    assert_eq!(measured(Metric::Latency(1_000_000_000)), Some(10_000_000));
}

#[test]
fn incidents_and_returns_are_told_apart() {
    assert_eq!(measured(Metric::Blackout("cut".into())), Some(Span::from_ms(3).as_ps()));
    assert_eq!(measured(Metric::Blackout("cut (return)".into())), Some(0), "nobody was hit");
    assert_eq!(measured(Metric::Blackout("fire".into())), None);
    assert_eq!(measured(Metric::Lost("cut".into())), Some(8));
    assert_eq!(measured(Metric::Lost("cut (return)".into())), Some(1));
    let noticed = |router: &str| measured(Metric::Noticed { incident: "cut".into(), router: router.into() });
    assert_eq!(noticed("a"), Some(Span::from_ms(10).as_ps()));
    assert_eq!(noticed("b"), Some(Span::from_ms(900).as_ps()));
    assert_eq!(noticed("c"), None);
}

#[test]
fn bounds_are_inclusive_and_nothing_measured_is_not_met() {
    let met = |metric, min, max| {
        evaluate(&record(), &[Expectation { key: "k".into(), metric, bound: Bound { min, max } }])[0].met
    };
    assert!(met(Metric::Delivered, Some(950), Some(950)));
    assert!(!met(Metric::Delivered, Some(951), None));
    assert!(!met(Metric::Delivered, None, Some(949)));
    assert!(!met(Metric::Charged, None, Some(u64::MAX)));
}
