//! Availability against numbers that are known: each exact method against published or closed-form values and against a
//! second method, then simulation against the exact methods, and the intervals against what they promise.
//!
//! The figures are those that follow from the formulas named with each test: Takács 1957, de Souza e Silva & Gail 1989, the
//! balance equations of small chains, and Shahabuddin 1994 for the variance of biased cycles.

use fabricsim::rng::{RunSeed, Stream};
use fabricsim::study::biasing::{Bias, Cycles, Rare};
use fabricsim::study::exact::enumeration::{Limits, enumerate};
use fabricsim::study::exact::interval_availability::time_in_exceeds;
use fabricsim::study::exact::markov::Chain;
use fabricsim::study::exact::repair::{Pool, QueueOrder, RepairModel};
use fabricsim::study::exact::takacs::{Outages, downtime_exceeds};
use fabricsim::study::exact::{Component, Start, counting_rules};
use fabricsim::study::statistics::binomial::clopper_pearson;
use fabricsim::study::statistics::mean::Moments;
use fabricsim::study::statistics::tally::Tally;

const MONTH: f64 = 720.0;
/// 99.99% of 30 days: 259.2 s.
const BUDGET: f64 = 0.072;
const OUTAGES: [f64; 6] = [10.0, 60.0, 300.0, 1_800.0, 14_400.0, 43_200.0];

#[track_caller]
fn near(value: f64, expected: f64, relative: f64) {
    assert!((value - expected).abs() <= relative * expected.abs(), "{value} is not {expected}");
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
fn whole(value: f64) -> u64 {
    value as u64
}

fn up_hours(unavailability: f64, down_hours: f64) -> f64 {
    down_hours * (1.0 - unavailability) / unavailability
}

fn misses(up: f64, down: f64, start: Start) -> f64 {
    downtime_exceeds(up, down, Outages::Exponential, start, MONTH, BUDGET)
}

fn on_off(up: f64, down: f64) -> Chain {
    let mut chain = Chain::new(2);
    chain.add_rate(0, 1, 1.0 / up);
    chain.add_rate(1, 0, 1.0 / down);
    chain
}

/// Two facilities (0, 5), each with two routers (1, 2; 6, 7) with a link each (3, 4; 8, 9); a path is up when its facility,
/// router and link are.
fn reference() -> Vec<Component> {
    (0..10)
        .map(|i| match i % 5 {
            0 => Component::new("facility", 17_520.0, 3.0),
            1 | 2 => Component::new("router", 30_000.0, 4.0),
            _ => Component::new("link", 1_710.0, 10.0),
        })
        .collect()
}

fn paths(failed: &[usize]) -> u32 {
    let up = |component: usize| !failed.contains(&component);
    [(0, 1), (0, 2), (5, 6), (5, 7)]
        .iter()
        .map(|(facility, router)| u32::from(up(*facility) && up(*router) && up(router + 2)))
        .sum()
}

// --- a month, exactly -------------------------------------------------------------------------------------------

/// P(a stationary month misses 99.99%) by mean outage, at the same mean availability: Takács' series and uniformisation.
#[test]
fn the_month_is_missed_as_often_by_two_methods_and_as_printed() {
    let printed = [
        (1e-4, ["0.47223", "0.43110", "0.33146", "0.11738", "0.017620", "0.0060452"]),
        (2e-5, ["0.0000223", "0.029621", "0.071857", "0.024648", "0.0035488", "0.0012119"]),
    ];
    for (unavailability, row) in printed {
        for (seconds, printed) in OUTAGES.iter().zip(row) {
            let down = seconds / 3_600.0;
            let up = up_hours(unavailability, down);
            let series = misses(up, down, Start::Stationary);
            let digits = printed.len() - 2;
            assert_eq!(format!("{series:.digits$}"), printed, "{seconds} s");
            let start = [1.0 - unavailability, unavailability];
            let general = time_in_exceeds(&on_off(up, down), &[false, true], &start, MONTH, BUDGET);
            near(general, series, 1e-9);
        }
    }
}

/// 720 h up, 5 min down, exponential, put into service at the start: 0.376143260.
#[test]
fn a_link_put_into_service_misses_its_first_month_as_printed() {
    let series = misses(720.0, 5.0 / 60.0, Start::New);
    assert_eq!(format!("{series:.9}"), "0.376143260");
    near(time_in_exceeds(&on_off(720.0, 5.0 / 60.0), &[false, true], &[1.0, 0.0], MONTH, BUDGET), series, 1e-9);
}

/// Outages of exactly 50 s every 240 h: five fit the budget. P(N > 5) = 0.0838876994, and the time of the sixth failure,
/// Gamma(6), integrated by Simpson's rule.
#[test]
fn constant_outages_miss_when_the_sixth_begins() {
    let exact = downtime_exceeds(240.0, 50.0 / 3_600.0, Outages::Constant, Start::New, MONTH, BUDGET);
    assert_eq!(format!("{exact:.10}"), "0.0838876994");
    let end = (MONTH - BUDGET) / 240.0;
    let density = |t: f64| t * t * t * t * t / 120.0 * libm::exp(-t);
    near(simpson(density, end, 20_000), exact, 1e-9);
}

fn simpson(f: impl Fn(f64) -> f64, end: f64, steps: i32) -> f64 {
    let weight = |step: i32| if step == 0 || step == steps { 1.0 } else { f64::from(2 + 2 * (step % 2)) };
    let width = end / f64::from(steps);
    (0..=steps).map(|step| weight(step) * f(f64::from(step) * width)).sum::<f64>() * width / 3.0
}

/// A pair with one crew: outages of the pair end exponentially, so Takács' argument holds with the failures counted by a
/// Markov process on the states that are up. Both count the time of 8,760 h with no unit up.
#[test]
fn a_pair_with_one_crew_misses_its_year_by_two_methods() {
    let (failure, repair): (f64, f64) = (1.0 / 500.0, 1.0 / 20.0);
    let mut chain = Chain::new(3);
    for (from, to, rate) in [(0, 1, 2.0 * failure), (1, 2, failure), (1, 0, repair), (2, 1, repair)] {
        chain.add_rate(from, to, rate);
    }
    for limit in [0.0, 10.0, 60.0] {
        let general = time_in_exceeds(&chain, &[false, false, true], &[1.0, 0.0, 0.0], 8_760.0, limit);
        let counted = counted_outages(failure, repair, 8_760.0 - limit);
        // More than the limit: fewer repairs than outages within it.
        let mut fewer = 0.0;
        let mut term = libm::exp(-repair * limit);
        let mut exceeds = 0.0;
        for (n, probability) in counted.iter().enumerate() {
            exceeds += probability * fewer;
            fewer += term;
            term *= repair * limit / (n + 1) as f64;
        }
        near(general, exceeds, 1e-9);
    }
}

/// P(n outages in this much time up), from the faultless state: a walk over (outages, state) in small Poisson steps.
fn counted_outages(failure: f64, repair: f64, hours: f64) -> Vec<f64> {
    let fastest = failure + repair;
    let mut at = vec![[0.0; 2]; 60];
    at[0][0] = 1.0;
    let mut counted = vec![0.0; 60];
    let mean = fastest * hours;
    // The Poisson weights from their mode, whose own weight is left to the final sum.
    let last = usize::try_from(whole(mean + 12.0 * mean.sqrt() + 40.0)).expect("fits");
    let log_weight = |n: usize| n as f64 * libm::log(mean) - mean - libm::lgamma(n as f64 + 1.0);
    for step in 0..=last {
        let weight = libm::exp(log_weight(step));
        at.iter().zip(&mut counted).for_each(|(states, counted)| *counted += weight * (states[0] + states[1]));
        let mut next = vec![[0.0; 2]; 60];
        for n in 0..60 {
            let [none, one] = at[n];
            next[n][0] += none * (1.0 - 2.0 * failure / fastest) + one * repair / fastest;
            next[n][1] += none * 2.0 * failure / fastest;
            // The second failure, and the repair that ends the outage, take no time up.
            next[(n + 1).min(59)][1] += one * failure / fastest;
        }
        at = next;
    }
    let total: f64 = counted.iter().sum();
    counted.iter().map(|probability| probability / total).collect()
}

/// Mean outage 60 s, 100 h between: raw 1.66638894e-4, at least 120 s 6.76563656e-5, full minutes 6.13030230e-5, touched
/// minutes 3.33263901e-4.
#[test]
fn one_minute_outages_are_charged_as_printed_by_each_rule() {
    let (up, down, minute) = (100.0, 1.0 / 60.0, 1.0 / 60.0);
    assert_eq!(format!("{:.8e}", counting_rules::raw(up, down)), "1.66638894e-4");
    assert_eq!(format!("{:.8e}", counting_rules::whole_outages(up, down, 2.0 * minute)), "6.76563656e-5");
    assert_eq!(format!("{:.8e}", counting_rules::full_bins(up, down, minute)), "6.13030230e-5");
    assert_eq!(format!("{:.8e}", counting_rules::touched_bins(up, down, minute)), "3.33263901e-4");
}

// --- structures, exactly ----------------------------------------------------------------------------------------

/// 2 of 3 at 0.01 each: 2.98e-4, and a pair of 1,000 h and 6 h: 7.11411836e-5, 3.55718571e-5, 84,833.3333 h.
#[test]
fn small_structures_are_as_printed() {
    let everything = Limits { remainder: 0.0, relative: 0.0, states: usize::MAX };
    let three: Vec<Component> = (0..3).map(|i| Component::new(format!("c{i}"), 99.0, 1.0)).collect();
    let two_of_three = enumerate(&three, &[], &everything, &|failed| u32::from(failed.len() < 2));
    near(two_of_three.unavailability(1).low, 2.98e-4, 1e-12);

    let pair: Vec<Component> = (0..2).map(|i| Component::new(format!("c{i}"), 1_000.0, 6.0)).collect();
    let level = |failed: &[usize]| u32::from(failed.len() < 2);
    let mut model = RepairModel::new(pair.clone());
    let two_crews = model.solve(10, &level).expect("four states");
    model.pools.push(Pool { members: vec![0, 1], crews: 1, order: QueueOrder::Fifo });
    let one_crew = model.solve(10, &level).expect("five states");
    assert_eq!(format!("{:.8e}", one_crew.unavailability(1)), "7.11411836e-5");
    assert_eq!(format!("{:.8e}", two_crews.unavailability(1)), "3.55718571e-5");
    assert_eq!(format!("{:.4}", two_crews.mean_hours_to_failure(1)), "84833.3333");
    near(enumerate(&pair, &[], &everything, &level).unavailability(1).low, two_crews.unavailability(1), 1e-12);
}

/// The quad fabric by enumeration, by a chain of 1,024 states, and by conditioning on each facility.
#[test]
fn the_quad_fabric_is_the_same_by_three_methods_and_as_printed() {
    let components = reference();
    let all = enumerate(&components, &[], &Limits { remainder: 0.0, relative: 0.0, states: usize::MAX }, &paths);
    let chain = RepairModel::new(components.clone()).solve(2_000, &paths).expect("1,024 states");
    // A facility offers 0, 1 or 2 paths; two facilities add up.
    let path = components[1].availability() * components[3].availability();
    let (no_path, facility) = (1.0 - path, components[0].availability());
    let one_of_two = [
        components[0].unavailability() + facility * no_path * no_path,
        facility * 2.0 * path * no_path,
        facility * path * path,
    ];
    let exactly = |paths: usize| -> f64 {
        (0..=2)
            .filter(|one| (paths.saturating_sub(2)..=paths).contains(one))
            .map(|one| one_of_two[one] * one_of_two[paths - one])
            .sum()
    };
    let printed = ["4.26663303e-8", "4.92580459e-6", "5.52792057e-4", "2.39089573e-2"];
    for (k, printed) in (1..).zip(printed) {
        let value = all.unavailability(k).low;
        assert_eq!(format!("{value:.8e}"), printed, "below {k}");
        near(chain.unavailability(k), value, 1e-9);
        near((0..k as usize).map(exactly).sum(), value, 1e-9);
        near(chain.failures_per_hour(k), all.failures_per_hour(&components, k).low, 1e-9);
    }
    for (k, per_year, hours) in [(1, "2.3296e-4", "1.604"), (2, "1.7955e-2", "2.403"), (3, "1.3789e0", "3.512")] {
        assert_eq!(format!("{:.4e}", all.failures_per_hour(&components, k).low * 8_760.0), per_year);
        assert_eq!(format!("{:.3}", all.mean_down_hours(&components, k).low), hours);
    }
    let some = enumerate(&components, &[], &Limits { remainder: 0.0, relative: 0.0, states: 386 }, &paths);
    assert!(some.remainder < 1.35e-12 && some.unavailability(1).relative_width() < 4e-5, "{}", some.remainder);
}

/// Variance of one regenerative cycle by its own linear equations: 97,050 and 1,275 without bias, 64, 40, 19.9 and 13.3 with.
#[test]
fn a_cycles_relative_variance_is_the_printed_one() {
    let components = reference();
    let rates: Vec<(f64, f64)> =
        components.iter().map(|component| (1.0 / component.up_hours, 1.0 / component.down_hours)).collect();
    for (below, theta, printed) in [
        (1, None, "97050"),
        (1, Some(0.5), "64"),
        (1, Some(0.7), "40"),
        (2, None, "1275"),
        (2, Some(0.5), "19.9"),
        (2, Some(0.7), "13.3"),
    ] {
        let variance = cycle_variance(&rates, below, theta);
        let digits = printed.split_once('.').map_or(0, |(_, digits)| digits.len());
        let value: f64 = printed.parse().expect("a number");
        let half_digit = 0.5 * [1.0, 0.1][digits] * if theta.is_none() { 2.0 } else { 1.0 };
        assert!((variance - value).abs() <= 1.02 * half_digit, "{below} {theta:?}: {variance} is not {printed}");
    }
}

/// First and second moment of the weighted downtime of a cycle over (set of failed, whether the level was low already):
/// m = h + P m, and s = h^2 + 2 h P m + (P^2 / P~) s, by Gauss-Seidel sweeps.
fn cycle_variance(rates: &[(f64, f64)], below: u32, theta: Option<f64>) -> f64 {
    let sets = 1usize << rates.len();
    let failed = |set: usize| (0..rates.len()).filter(|i| set >> i & 1 == 1).collect::<Vec<_>>();
    let low: Vec<bool> = (0..sets).map(|set| paths(&failed(set)) < below).collect();
    let (mut first, mut second) = (vec![[0.0; 2]; sets], vec![[0.0; 2]; sets]);
    let step = |set: usize, seen: usize, first: &[[f64; 2]], second: &[[f64; 2]]| {
        let rate = |i: usize| if set >> i & 1 == 0 { rates[i].0 } else { rates[i].1 };
        let total: f64 = (0..rates.len()).map(rate).sum();
        let repair: f64 = (0..rates.len()).filter(|i| set >> i & 1 == 1).map(rate).sum();
        let up = rates.len() - set.count_ones() as usize;
        let stay = if low[set] { 1.0 / total } else { 0.0 };
        let (mut mean, mut square) = (0.0, 0.0);
        for i in 0..rates.len() {
            let to = set ^ (1 << i);
            let p = rate(i) / total;
            let is_failure = set >> i & 1 == 0;
            let biased = match theta {
                Some(_) if seen == 1 || up == 0 => p,
                None => p,
                Some(theta) => {
                    let theta = if set == 0 { 1.0 } else { theta };
                    if is_failure { theta / up as f64 } else { (1.0 - theta) * rate(i) / repair }
                }
            };
            let seen_then = usize::from(seen == 1 || low[to]);
            if to != 0 {
                mean += p * first[to][seen_then];
                square += p * p / biased * second[to][seen_then];
            }
        }
        (stay + mean, stay * stay + 2.0 * stay * mean + square)
    };
    let mut before = 0.0;
    loop {
        for set in (0..sets).rev() {
            for seen in 0..2 {
                (first[set][seen], second[set][seen]) = step(set, seen, &first, &second);
            }
        }
        let now = second[0][0] / (first[0][0] * first[0][0]) - 1.0;
        if (now - before).abs() < 1e-9 * now {
            return now;
        }
        before = now;
    }
}

// --- simulation against the exact methods -----------------------------------------------------------------------

/// Downtime of one stationary period with exponential up times and outages.
fn simulated_downtime(up: f64, down: f64, period: f64, stream: &mut Stream) -> f64 {
    let mut clock = 0.0;
    let mut total = 0.0;
    let mut is_down = stream.uniform() * (up + down) < down;
    while clock < period {
        let stay = stream.exponential() * if is_down { down } else { up };
        total += if is_down { stay.min(period - clock) } else { 0.0 };
        clock += stay;
        is_down = !is_down;
    }
    total
}

/// (estimate - truth) / standard error, for a mean over `count` draws.
fn standard_score(truth: f64, count: u64, mut draw: impl FnMut() -> f64) -> f64 {
    let sample: Vec<f64> = (0..count).map(|_| draw()).collect();
    let moments = Moments::of(&sample);
    (moments.mean - truth) / moments.standard_error()
}

/// Time until both units of a pair are failed, two crews.
fn pair_lifetime(failure: f64, repair: f64, stream: &mut Stream) -> f64 {
    let mut clock = 0.0;
    loop {
        clock += stream.exponential() / (2.0 * failure);
        clock += stream.exponential() / (failure + repair);
        if stream.uniform() * (failure + repair) < failure {
            return clock;
        }
    }
}

/// 21 oracles with 20 seeds each, fixed beforehand: |z| of a standard normal has mean sqrt(2 / pi) = 0.798, and the mean of
/// 420 of them a standard error of 0.03.
#[test]
fn simulation_is_as_far_from_the_truth_as_chance_allows() {
    let components = reference();
    let mut scores = Vec::new();
    for seed in 1..=20 {
        let stream = |oracle: &str| RunSeed(seed).stream(oracle, "oracle");
        for unavailability in [1e-4, 2e-5] {
            for seconds in OUTAGES {
                let down = seconds / 3_600.0;
                let up = up_hours(unavailability, down);
                let truth = misses(up, down, Start::Stationary);
                if truth < 1e-3 {
                    continue;
                }
                let mut stream = stream(&format!("month {unavailability} {seconds}"));
                let months = whole((300.0 / truth).min(40_000.0));
                scores.push(standard_score(truth, months, || {
                    f64::from(u8::from(simulated_downtime(up, down, MONTH, &mut stream) > BUDGET))
                }));
            }
        }
        for (up, down) in [(100.0, 1.0 / 60.0), (720.0, 5.0 / 60.0), (10.0, 1.0), (3.0, 5.0)] {
            let mut stream = stream(&format!("mean {up} {down}"));
            let truth = counting_rules::raw(up, down) * MONTH;
            scores.push(standard_score(truth, 1_000, || simulated_downtime(up, down, MONTH, &mut stream)));
        }
        for (failure, repair) in [(1e-3, 1.0 / 6.0), (0.1, 1.0)] {
            let mut stream = stream(&format!("pair {failure}"));
            let truth = (3.0 * failure + repair) / (2.0 * failure * failure);
            scores.push(standard_score(truth, 500, || pair_lifetime(failure, repair, &mut stream)));
        }
        for (below, truth) in [(1, 4.266_633_03e-8), (2, 4.925_804_59e-6), (3, 5.527_920_57e-4), (4, 2.390_895_73e-2)] {
            let rare = Rare { components: &components, below, bias: Bias::Balanced { theta: 0.5 } };
            let cycles = rare.cycles(10_000, &paths, &mut stream(&format!("biased below {below}")));
            let moments = cycles.downtime.moments();
            scores.push((moments.mean - truth * rare.mean_cycle_hours()) / moments.standard_error());
        }
    }
    assert_eq!(scores.len(), 420);
    let mean = scores.iter().map(|score: &f64| score.abs()).sum::<f64>() / scores.len() as f64;
    println!("mean |z| over {} pairs: {mean:.4}", scores.len());
    assert!((0.7..=0.9).contains(&mean), "{mean}");
    // Neither to one side: the mean score itself has a standard error of 0.049.
    let bias = scores.iter().sum::<f64>() / scores.len() as f64;
    assert!(bias.abs() < 0.2, "{bias}");
}

/// No path at all in the quad fabric, 4.27e-8: 99.9% of the time within a twentieth, after 200,000 cycles.
#[test]
fn biased_cycles_find_the_fabric_without_a_path() {
    let components = reference();
    let rare = Rare { components: &components, below: 1, bias: Bias::Balanced { theta: 0.7 } };
    let mut all = Cycles::default();
    for block in 0..8 {
        all.merge(&rare.cycles(50_000, &paths, &mut RunSeed(6).replication(block).stream("cycles", "biasing")));
    }
    let (value, interval) = rare.unavailability(&all, 0.999).expect("many cycles");
    println!(
        "U = {value:.4e} ({:.4e} to {:.4e}), {:.0} effective of {} cycles, mean weight {:.4}, relative variance {:.1}",
        interval.low,
        interval.high,
        all.downtime.effective_samples(),
        all.downtime.moments().count,
        all.downtime.weight_moments().mean,
        all.downtime.relative_variance(),
    );
    assert!(interval.contains(4.266_633_03e-8) && interval.half_width() < 0.05 * 4.266_633_03e-8);
}

// --- intervals against what they promise ------------------------------------------------------------------------

/// 2,000 studies of one block of 64 years with two exponential outages a year: 128 outages expected behind each mean.
#[test]
fn the_log_interval_covers_as_it_says_from_a_hundred_outages_on() {
    let studies = 2_000;
    let covered = (0..studies).filter(|study| {
        let mut stream = RunSeed(*study).stream("study", "coverage");
        let mut tally = Tally::default();
        for _ in 0..64 {
            let (mut clock, mut downtime) = (stream.exponential(), 0.0);
            while clock < 2.0 {
                downtime += stream.exponential();
                clock += stream.exponential();
            }
            tally.add(whole(downtime * 1e12));
        }
        tally.moments().log_t(0.95).is_some_and(|interval| interval.contains(2e12))
    });
    let share = covered.count() as f64 / studies as f64;
    println!("log-t, 128 outages expected: {:.1}% of {studies} intervals hold the truth", 100.0 * share);
    assert!((0.93..=0.97).contains(&share), "{share}");
}

/// 2,000 studies of 300 months each, for a probability that few and one that many months have.
#[test]
fn clopper_and_pearson_never_cover_less_than_they_say() {
    for truth in [0.004, 0.017_62, 0.331_46] {
        let studies = 2_000;
        let covered = (0..studies).filter(|study| {
            let mut stream = RunSeed(*study).stream("study", "months");
            let events = (0..300).filter(|_| stream.uniform() < truth).count() as u64;
            clopper_pearson(events, 300, 0.95).contains(truth)
        });
        let share = covered.count() as f64 / studies as f64;
        println!("Clopper-Pearson, P = {truth}: {:.1}% of {studies} intervals hold the truth", 100.0 * share);
        assert!(share >= 0.94, "{share}");
    }
}
