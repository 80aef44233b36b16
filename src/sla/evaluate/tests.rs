use super::*;
use crate::network::{BadTest, ChargedTo, DeadDirection, Measure, Period};
use crate::rng::RunSeed;
use crate::sla::Evidence;

const SECOND: u64 = 1_000_000_000;

const fn s(seconds: u64) -> CalendarSpan {
    CalendarSpan::from_s(seconds)
}

const fn percent(percent: u64) -> Share {
    Share::from_ppb(percent * 10_000_000)
}

/// Losing so many percent from each second on.
fn lossy(changes: &[(u64, u64)]) -> LossTimeline {
    let mut timeline = LossTimeline::new();
    for (at, loss) in changes {
        timeline.push(s(*at), percent(*loss), Evidence::Measured);
    }
    timeline
}

/// Dead in each (from, to) of whole seconds, free of loss otherwise.
fn dead(times: &[(u64, u64)]) -> LossTimeline {
    lossy(&times.iter().flat_map(|(from, to)| [(*from, 100), (*to, 0)]).collect::<Vec<_>>())
}

fn judged(rule: &SlaRule, forward: &LossTimeline, back: &LossTimeline, observed: u64) -> Evaluation {
    let directions = [forward, back];
    evaluate(rule, &Observation { directions, exemptions: &[], observed: s(observed) })
}

/// Of 1000 s in which both directions are dead alike.
fn by(rule: &SlaRule, times: &[(u64, u64)]) -> Evaluation {
    judged(rule, &dead(times), &dead(times), 1_000)
}

fn outage(from: u64, to: u64, ruling: Ruling) -> Outage {
    let charged = if ruling == Ruling::Charged { s(to - from) } else { s(0) };
    Outage { from: s(from), to: s(to), ruling, charged, charged_from: s(from) }
}

/// 120 s or more, and a period of so many seconds.
fn sold(period: u64) -> SlaRule {
    SlaRule { minimum_run: s(120), period: Period::Rolling(s(period)), ..SlaRule::default() }
}

#[test]
fn a_run_is_charged_whole_from_120_seconds_on_and_not_at_all_below() {
    // The rule: at least 120 consecutive seconds.
    let rule = SlaRule::aws_interconnect();
    for (seconds, charged) in [(119, 0), (120, 120), (121, 121)] {
        let evaluation = by(&rule, &[(10, 10 + seconds)]);
        assert_eq!(evaluation.charged(), s(charged), "{seconds} s dead");
        assert_eq!(evaluation.outages.len(), 1);
        assert_eq!(evaluation.worst().charged_rest, CalendarSpan::ZERO);
    }
    let mut just_short = LossTimeline::new();
    just_short.push(s(0), Share::ONE, Evidence::Measured);
    just_short.push(CalendarSpan::from_ns(120 * SECOND - 1), Share::ZERO, Evidence::Measured);
    assert_eq!(judged(&rule, &just_short, &just_short, 1_000).charged(), s(0));
}

#[test]
fn short_runs_never_add_up() {
    let evaluation = by(&SlaRule::aws_interconnect(), &[(0, 119), (120, 239), (240, 359)]);
    assert_eq!((evaluation.outages.len(), evaluation.charged()), (3, s(0)));
    assert!(evaluation.outages.iter().all(|outage| outage.ruling == Ruling::TooShort));
}

#[test]
fn the_charge_is_the_sum_of_the_charged_runs() {
    let evaluation = by(&SlaRule::aws_interconnect(), &[(0, 130), (200, 250), (300, 500)]);
    assert_eq!(evaluation.charged(), s(130 + 200));
    let rulings: Vec<Ruling> = evaluation.outages.iter().map(|outage| outage.ruling).collect();
    assert_eq!(rulings, [Ruling::Charged, Ruling::TooShort, Ruling::Charged]);
    // 330 of 1000 s are charged.
    assert_eq!(evaluation.window, Share::from_ppb(670_000_000));
}

#[test]
fn a_run_at_the_end_goes_on_to_the_end_of_the_period() {
    let evaluation = by(&SlaRule::aws_interconnect(), &[(940, 2_000)]);
    // The last state lasts for the rest of the 30 days, but only what was observed is an outage that was seen.
    let lasting = judged(&SlaRule::aws_interconnect(), &lossy(&[(940, 100)]), &lossy(&[]), 1_000);
    assert_eq!(lasting.outages, [outage(940, 1_000, Ruling::Charged)]);
    assert_eq!(lasting.charged(), s(60));
    assert_eq!(lasting.worst().charged_rest, s(30 * 86_400 - 1_000));
    // A timeline that knows better is believed.
    assert_eq!((evaluation.charged(), evaluation.worst().charged_rest), (s(60), s(1_000)));
}

#[test]
fn a_run_at_the_end_of_the_period_has_no_rest() {
    let evaluation = by(&sold(1_000), &[(940, 2_000)]);
    assert_eq!((evaluation.charged(), evaluation.worst().charged_rest), (s(0), s(0)));
}

#[test]
fn either_direction_or_both_must_be_dead() {
    let judge = |dead_in: DeadDirection, forward: &[(u64, u64)], back: &[(u64, u64)]| {
        let rule = SlaRule { dead: dead_in, ..SlaRule::aws_interconnect() };
        judged(&rule, &dead(forward), &dead(back), 1_000)
    };
    let (forward, back) = ([(0, 200)], [(100, 250)]);
    assert_eq!(judge(DeadDirection::Either, &forward, &back).outages, [outage(0, 250, Ruling::Charged)]);
    assert_eq!(judge(DeadDirection::Both, &forward, &back).outages, [outage(100, 200, Ruling::TooShort)]);
    // Two directions that take turns are one run when either counts, and none when both must be dead.
    assert_eq!(judge(DeadDirection::Either, &[(0, 60)], &[(60, 120)]).charged(), s(120));
    assert_eq!(judge(DeadDirection::Both, &[(0, 60)], &[(60, 120)]).outages, []);
}

#[test]
fn partial_loss_is_below_the_test_of_a_rule_that_asks_for_no_path() {
    let mut almost = LossTimeline::new();
    almost.push(s(0), Share::from_ppb(999_999_999), Evidence::Measured);
    let evaluation = judged(&SlaRule::aws_interconnect(), &almost, &almost, 1_000);
    assert_eq!((evaluation.outages.len(), evaluation.charged()), (0, s(0)));
    assert_eq!(evaluation.below_test, s(1_000));
}

#[test]
fn one_silent_path_of_four_is_down_above_20_percent_and_up_above_50_and_for_no_traffic() {
    // The open example: a black hole in one of four equal paths loses a quarter of the packets.
    let quarter = lossy(&[(100, 25), (400, 0)]);
    let rule = |bad| SlaRule { bad, ..sold(1_000) };
    let charged = |bad| {
        let evaluation = judged(&rule(bad), &quarter, &quarter, 1_000);
        (evaluation.charged(), evaluation.below_test)
    };
    assert_eq!(charged(BadTest::LossAbove(percent(20))), (s(300), s(0)));
    assert_eq!(charged(BadTest::LossAbove(percent(50))), (s(0), s(300)));
    assert_eq!(charged(BadTest::LossAtLeast(Share::ONE)), (s(0), s(300)));
}

#[test]
fn g826_takes_ten_errored_seconds_to_enter_and_counts_them() {
    let rule = SlaRule::preset("itu-g826").unwrap();
    for (seconds, charged) in [(9, 0), (10, 10), (11, 11)] {
        assert_eq!(by(&rule, &[(20, 20 + seconds)]).charged(), s(charged), "{seconds} errored seconds");
    }
    // Nine good seconds between do not end it, and count; ten end it, and do not.
    assert_eq!(by(&rule, &[(20, 30), (39, 49)]).charged(), s(29));
    assert_eq!(by(&rule, &[(20, 30), (40, 50)]).charged(), s(20));
}

#[test]
fn azure_counts_minutes_that_are_dead_for_more_than_30_seconds() {
    let rule = SlaRule::preset("azure-expressroute").unwrap();
    for (times, charged) in [
        (vec![(60, 90)], 0),
        (vec![(60, 91)], 60),
        (vec![(45, 80)], 0), // 15 s of the one minute and 20 s of the next
        (vec![(60, 80), (100, 115)], 60),
        (vec![(60, 185)], 120),
    ] {
        assert_eq!(by(&rule, &times).charged(), s(charged), "{times:?}");
    }
}

#[test]
fn rounding_counts_whole_or_touched_units_and_each_once() {
    let rule = |rounding| SlaRule { rounding, ..SlaRule::default() };
    let times = [(50, 70), (110, 130), (170, 310)];
    assert_eq!(by(&rule(Rounding::Exact), &times).charged(), s(20 + 20 + 140));
    assert_eq!(by(&rule(Rounding::Whole(s(60))), &times).charged(), s(120));
    // The first two touch the minutes from 0, 60 and 120, the third those from 120 to 360.
    assert_eq!(by(&rule(Rounding::Touched(s(60))), &times).charged(), s(360));
    let none_whole = by(&rule(Rounding::Whole(s(60))), &[(50, 110)]);
    assert_eq!(none_whole.outages, [outage(50, 110, Ruling::TooShort)]);
}

#[test]
fn a_run_over_the_end_of_a_period_is_judged_whole_and_charged_to_each_its_part() {
    // 130 s from 440 on: 60 s in the first period of 500 s, 70 s in the second. Neither part alone has 120 s.
    let evaluation = by(&sold(500), &[(440, 570)]);
    let charged: Vec<CalendarSpan> = evaluation.periods.iter().map(|period| period.charged).collect();
    assert_eq!(charged, [s(60), s(70)]);
    assert_eq!(evaluation.outages, [outage(440, 570, Ruling::Charged)]);
    assert_eq!(evaluation.worst().from, s(500));
    // One of 119 s is not charged, however it lies.
    assert_eq!(by(&sold(500), &[(440, 559)]).charged(), s(0));
    // One over three periods.
    let charged: Vec<CalendarSpan> =
        by(&sold(200), &[(150, 650)]).periods.iter().map(|period| period.charged).collect();
    assert_eq!(charged, [s(50), s(200), s(200), s(50), s(0)]);
}

#[test]
fn hysteresis_runs_on_over_the_end_of_a_period() {
    let mut rule = SlaRule::preset("itu-g826").unwrap();
    rule.period = Period::Rolling(s(500));
    let charged: Vec<CalendarSpan> = by(&rule, &[(495, 505)]).periods.iter().map(|period| period.charged).collect();
    assert_eq!(charged, [s(5), s(5)]);
}

#[test]
fn exempt_time_counts_as_good_and_parts_runs() {
    let rule = sold(1_000);
    let timeline = dead(&[(100, 400)]);
    let evaluated = |from, to, why| {
        let exemptions = [Exemption { from: s(from), to: s(to), why }];
        evaluate(&rule, &Observation { directions: [&timeline; 2], exemptions: &exemptions, observed: s(1_000) })
    };
    let maintenance = Exempt::Excluded(Exclusion::Maintenance);
    let evaluation = evaluated(100, 200, maintenance);
    assert_eq!(evaluation.outages, [outage(100, 200, Ruling::Exempt(maintenance)), outage(200, 400, Ruling::Charged)]);
    assert_eq!((evaluation.charged(), evaluation.below_test), (s(200), s(0)));
    // What is left of it on both sides is too short.
    let evaluation = evaluated(210, 300, Exempt::OtherParty);
    assert_eq!(
        evaluation.outages,
        [
            outage(100, 210, Ruling::TooShort),
            outage(210, 300, Ruling::Exempt(Exempt::OtherParty)),
            outage(300, 400, Ruling::TooShort),
        ]
    );
    assert_eq!(evaluation.charged(), s(0));
}

#[test]
fn a_bin_that_is_bad_in_spite_of_its_exempt_part_counts_whole() {
    let rule = SlaRule::preset("azure-expressroute").unwrap();
    let timeline = dead(&[(60, 120)]);
    let exemptions = [Exemption { from: s(60), to: s(80), why: Exempt::OtherParty }];
    let observation = Observation { directions: [&timeline; 2], exemptions: &exemptions, observed: s(1_000) };
    assert_eq!(evaluate(&rule, &observation).outages, [outage(60, 120, Ruling::Charged)]);
}

#[test]
fn an_empty_observation_is_judged_without_dividing_by_zero() {
    let evaluation = judged(&SlaRule::aws_interconnect(), &lossy(&[]), &lossy(&[]), 0);
    assert_eq!((evaluation.window, evaluation.charged()), (Share::ONE, s(0)));
    assert_eq!(evaluation.worst().budget.to_string(), "259.2 s");
}

/// A timeline of some hours with outages of all lengths.
fn drawn(index: u64) -> (LossTimeline, u64) {
    let mut stream = RunSeed(index).stream("timeline", "test");
    let mut draw = |below: u64| stream.below(below);
    let (mut timeline, mut at) = (LossTimeline::new(), 0);
    for _ in 0..200 {
        let loss = [0, 0, 20, 60, 100, 100][usize::try_from(draw(6)).unwrap()];
        timeline.push(CalendarSpan::from_ns(at), percent(loss), Evidence::Measured);
        at += if draw(3) == 0 { draw(300 * SECOND) } else { draw(5 * SECOND) };
    }
    timeline.push(CalendarSpan::from_ns(at), Share::ZERO, Evidence::Measured);
    (timeline, at)
}

#[test]
fn no_rule_charges_more_than_the_period_and_kinder_rules_never_charge_more() {
    for index in 0..100 {
        let (timeline, end) = drawn(index);
        let until = CalendarSpan::from_ns(end);
        let all = |rule: &SlaRule| {
            let observation = Observation { directions: [&timeline; 2], exemptions: &[], observed: until };
            let evaluation = evaluate(rule, &observation);
            for period in &evaluation.periods {
                assert!(period.charged_in_all() <= period.length(), "{}", rule.name);
            }
            let apart = evaluation.outages.windows(2).all(|pair| pair[0].to <= pair[1].from);
            assert!(apart, "{}: outages in order, apart", rule.name);
            let of_outages = evaluation.outages.iter().fold(CalendarSpan::ZERO, |sum, outage| sum + outage.charged);
            assert_eq!(of_outages, evaluation.charged(), "{}: charged for outages as to periods", rule.name);
            evaluation.charged()
        };
        let period = Period::Rolling(s(3_600));
        let every = SlaRule { period, ..SlaRule::default() };
        let exact = all(&every);
        for preset in SlaRule::presets() {
            all(&SlaRule { period, ..preset });
        }
        // A longer minimum run, a rounding to whole units, a stricter test and a demand for both directions are kinder.
        for unit in [1, 10, 60] {
            let whole = all(&SlaRule { rounding: Rounding::Whole(s(unit)), ..every.clone() });
            let touched = all(&SlaRule { rounding: Rounding::Touched(s(unit)), ..every.clone() });
            assert!(whole <= exact && exact <= touched, "units of {unit} s");
            // Bins that are wholly dead are the whole units of the dead runs, and bins dead at all the touched ones.
            let bin = Some(s(unit));
            assert_eq!(all(&SlaRule { bin, ..every.clone() }), whole, "bins of {unit} s");
            let bad = BadTest::DeadLonger(CalendarSpan::ZERO);
            assert_eq!(all(&SlaRule { bin, bad, ..every.clone() }), touched, "bins of {unit} s touched");
        }
        let mut last = exact;
        for minimum in [1, 10, 120, 600] {
            let charged = all(&SlaRule { minimum_run: s(minimum), ..every.clone() });
            assert!(charged <= last, "at least {minimum} s");
            last = charged;
        }
        // Whole bins of 60 s lie in whole bins of 1 s: refining can only find more of them.
        let binned = |unit| all(&SlaRule { bin: Some(s(unit)), ..every.clone() });
        assert!(binned(60) <= binned(10) && binned(10) <= binned(1) && binned(1) <= exact);
    }
}

#[test]
fn a_century_with_a_thousand_outages_a_year_takes_a_moment() {
    let mut timeline = LossTimeline::new();
    for index in 0..100_000u64 {
        let from = s(index * 31_557);
        timeline.push(from, Share::ONE, Evidence::Measured);
        timeline.push(from + s(60 + index % 120), Share::ZERO, Evidence::Measured);
    }
    let observed = CalendarSpan::from_days(36_525);
    let rule =
        SlaRule { period: Period::Months("2027-01-01".parse().unwrap()), ..SlaRule::preset("itu-g826").unwrap() };
    let evaluation = evaluate(&rule, &Observation { directions: [&timeline; 2], exemptions: &[], observed });
    assert_eq!(evaluation.outages.len(), 100_000);
    // 60 s + the mean 59.5 s of 0 to 119, but for the 40 outages after the last whole turn of 120.
    let extra: u64 = (0..100_000).map(|index| index % 120).sum();
    assert_eq!(evaluation.charged(), s(100_000 * 60 + extra));
    assert_eq!(evaluation.periods.len(), 1_201);
}

#[test]
fn rules_that_only_differ_in_whom_they_charge_evaluate_alike() {
    // Whom a rule charges becomes exemptions before it is evaluated; the evaluation itself knows no parties.
    let everybody = SlaRule { charged_to: ChargedTo::Everybody, measure: Measure::Paths, ..sold(1_000) };
    let nobody = SlaRule { charged_to: ChargedTo::Parties(Vec::new()), ..everybody.clone() };
    assert_eq!(by(&everybody, &[(0, 300)]), by(&nobody, &[(0, 300)]));
}
