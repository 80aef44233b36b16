use super::*;
use crate::message::DropReason;
use crate::network::{Bound, SlaRule};
use crate::sim::record::{
    AvailabilityRecord, ConnectionRecord, Counts, DirectionRecord, Distribution, ExpectationRecord, ExpectationUnit,
    LedgerEntry, LostIn, Totals,
};
use crate::sla::{self, Evidence, LossTimeline, Observation};
use crate::units::{Bytes, Rate};

const SEED: RunSeed = RunSeed(7);

/// A run whose one incident blacks out for `index + 1` ms at most, half of that in the median; run 0 hits nobody.
fn record(index: u32, seed: RunSeed) -> RunRecord {
    let longest = Span::from_ms(u64::from(index) + 1);
    let spread = Spread { min: Span::ZERO, median: longest.scaled(1, 2), max: longest };
    let hit = (index > 0).then_some(spread);
    RunRecord {
        title: "test".to_owned(),
        description: String::new(),
        seed: seed.0,
        horizon: Span::from_s(10),
        warm_up: Span::ZERO,
        ended: Span::from_s(10),
        bin: Span::from_s(1),
        fidelity: crate::network::Fidelity::Packet,
        totals: Totals {
            data: Counts {
                sent: 1_000,
                delivered: 1_000 - u64::from(index),
                dropped: [(DropReason::FibreCut, u64::from(index))].into(),
                in_flight: 0,
            },
            packet_hops: 3_000,
            ..Totals::default()
        },
        connections: vec![connection(index)],
        link_groups: Vec::new(),
        logical_links: Vec::new(),
        links: Vec::new(),
        macsec: Vec::new(),
        flow_entries: Vec::new(),
        flows: Vec::new(),
        monitors: Vec::new(),
        operations: Vec::new(),
        features: Vec::new(),
        ledger: vec![LedgerEntry {
            name: "cut".to_owned(),
            kind: LedgerKind::Incident,
            what: "fibre_cut",
            component: "link l1".to_owned(),
            responsible: "aws".to_owned(),
            charged: Vec::new(),
            at: Span::from_s(3),
            during: Vec::new(),
            notices: Vec::new(),
            shut: None,
            phases: Vec::new(),
            lost_in: LostIn::default(),
            forwarding: None,
            fib_changes: 0,
            updates: 4,
            dropped: [(DropReason::FibreCut, u64::from(index))].into(),
            flows_hit: u64::from(index),
            blackout: hit,
            blackout_round_trip: hit,
            unended: u64::from(index == 4),
            hits: Vec::new(),
        }],
        routing: crate::sim::record::RoutingRecord::default(),
        sessions: crate::sim::snapshot::SessionSnapshot::default(),
        loss_series: Vec::new(),
        expectations: vec![ExpectationRecord {
            key: "loss".to_owned(),
            bound: Bound { min: None, max: Some(2_000_000) },
            unit: ExpectationUnit::PartsPerBillion,
            measured: Some(u64::from(index) * 1_000_000),
            met: index <= 2,
        }],
        fingerprint: u64::from(index),
    }
}

/// A connection that charges `index` x 100 s of its 259.2 s.
fn connection(index: u32) -> ConnectionRecord {
    let direction = || DirectionRecord {
        counts: Counts::default(),
        sent_bytes: Bytes(0),
        delivered_bytes: Bytes(0),
        latency: Distribution::default(),
        latency_series: Vec::new(),
        usable_paths: Vec::new(),
    };
    let mut loss = LossTimeline::new();
    loss.push(CalendarSpan::ZERO, Share::ONE, Evidence::Measured);
    loss.push(CalendarSpan::from_s(u64::from(index) * 100), Share::ZERO, Evidence::Measured);
    let observed = CalendarSpan::from_s(1_000);
    let rule = SlaRule::default();
    let evaluation = sla::evaluate(&rule, &Observation { directions: [&loss; 2], exemptions: &[], observed });
    let availability = AvailabilityRecord::new(rule, evaluation, None);
    ConnectionRecord {
        name: "c".to_owned(),
        interconnect: "x".to_owned(),
        providers: ["aws".to_owned(), "google".to_owned()],
        provisioned: Rate::from_bps(500_000_000).unwrap(),
        directions: [direction(), direction()],
        availability,
        other_rules: Vec::new(),
    }
}

fn repeat_on(threads: usize, planned: u32) -> RepeatSummary {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| repeat_with(&Network::default(), SEED, planned, |index, seed| Some(record(index, seed))))
}

#[test]
fn any_number_of_threads_gives_the_same_summary_in_order_of_replication() {
    let alone = repeat_on(1, 40);
    assert_eq!(alone, repeat_on(8, 40));
    let seeds: Vec<u64> = alone.runs.iter().map(|run| run.seed).collect();
    let expected: Vec<u64> = (0..40).map(|index| SEED.replication(index).0).collect();
    assert_eq!(seeds, expected);
}

#[test]
fn quantiles_are_by_nearest_rank_over_run_maxima() {
    // Run maxima are 0 (nobody hit) and 2..=20 ms: rank ceil(0.5 x 20) = 10, ceil(0.95 x 20) = 19.
    let entry = &repeat_on(2, 20).entries[0];
    let expected =
        Quantiles { min: Span::ZERO, median: Span::from_ms(10), p95: Span::from_ms(19), max: Span::from_ms(20) };
    assert_eq!(entry.blackout, expected);
    assert_eq!(entry.round_trip, Some(expected));
    assert_eq!(entry.blackout_median.max, Span::from_ms(10));
    assert_eq!((entry.runs_hit, entry.runs_unended), (19, 1));
    assert_eq!(entry.lost, CountQuantiles { min: 0, median: 9, max: 19 });
}

#[test]
fn one_run_is_all_of_its_own_quantiles() {
    let summary = repeat_on(1, 1);
    assert_eq!(summary.loss, ShareQuantiles::default());
    assert_eq!(summary.entries[0].blackout, Quantiles::default());
    assert_eq!(summary.entries[0].round_trip, None, "nobody was hit, so there is no round trip to speak of");
    assert_eq!(summary.runs[0].seed, SEED.0, "replication 0 is the seed itself");
}

#[test]
fn charges_and_expectations_are_counted_over_the_runs() {
    let summary = repeat_on(2, 5);
    let connection = &summary.connections[0];
    // Charges are 0, 100, 200, 300 and 400 s of 259.2 s.
    assert_eq!(connection.charged_max, CalendarSpan::from_ns(400_000_000_000));
    assert_eq!(connection.runs_over_budget, 2);
    assert_eq!(summary.expectations, [RepeatExpectation { key: "loss".to_owned(), runs_met: 3 }]);
    assert_eq!(summary.loss.max, Share::of(4, 1_000));
}

#[test]
fn interrupted_runs_are_left_out() {
    let network = Network::default();
    let summary = repeat_with(&network, SEED, 5, |index, seed| (index != 0 && index != 3).then(|| record(index, seed)));
    assert_eq!((summary.planned, summary.runs.len()), (5, 3));
    assert_eq!(summary.entries[0].blackout.max, Span::from_ms(5));
    let nothing = repeat_with(&network, SEED, 5, |_, _| None);
    assert!(nothing.runs.is_empty() && nothing.entries.is_empty());
}
