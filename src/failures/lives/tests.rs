//! Do components live as their laws say? Expected values are formulas named in each test.

use super::{Aspect, Lives, LivesPlan, Transition, Turn};
use crate::failures::law::Sampler;
use crate::ids::IdVec;
use crate::network::{Begin, Component, Crew, DetectionLaw, LifeLaw, LifeShape, Mitigation, Reliability, Start};
use crate::rng::{RunSeed, StreamName};
use crate::units::{CalendarSpan, Hours, Share};

fn hours(hours: f64) -> CalendarSpan {
    Hours::new(hours).expect("above zero").to_calendar()
}

fn law(mean: f64, shape: LifeShape) -> LifeLaw {
    LifeLaw::new(Hours::new(mean).expect("above zero"), shape)
}

fn component(name: &str, up: LifeLaw, down: LifeLaw) -> Component {
    Component {
        name: name.to_owned(),
        class: "unit".to_owned(),
        turns: vec![Vec::new()],
        up,
        detection: None,
        down,
        begins: Begin::Sudden,
        shared: Share::ZERO,
        coverage: Share::ONE,
        crew: None,
    }
}

fn model(components: Vec<Component>, start: Start) -> Reliability {
    Reliability { components: components.into_iter().collect::<IdVec<_, _>>(), start, ..Reliability::default() }
}

/// Mean and standard error over replications of what `measure` gives for each.
fn mean_of(replications: u64, measure: impl FnMut(u64) -> f64) -> (f64, f64) {
    let values: Vec<f64> = (0..replications).map(measure).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
    (mean, (variance / values.len() as f64).sqrt())
}

/// Time in hours of [from, to) in which `count` or more components are down.
fn down_time(model: &Reliability, replications: u64, window: [f64; 2], count: usize) -> (f64, f64) {
    let plan = LivesPlan::new(model, hours(window[1]));
    let mut lives = Lives::new(&plan);
    mean_of(replications, |replication| down_in(lives.replication(RunSeed(7), replication), window, count))
}

fn down_in(transitions: &[Transition], window: [f64; 2], count: usize) -> f64 {
    let (mut down, mut since, mut total) = (0, 0.0, 0.0);
    let end = window[1];
    let mut add = |down: usize, from: f64, to: f64| {
        if down >= count {
            total += (to.min(end) - from.max(window[0])).max(0.0);
        }
    };
    for transition in transitions {
        let at = transition.at.as_ns() as f64 / 3.6e12;
        add(down, since, at);
        since = at;
        match (transition.turn, transition.aspect) {
            (Turn::Down, Aspect::Fault) => down += 1,
            (Turn::Down, Aspect::OutOfService) => {}
            (Turn::Up, _) => down -= 1,
        }
    }
    add(down, since, end);
    total
}

fn within(what: &str, (mean, error): (f64, f64), expected: f64, widest: f64) {
    // 99.9% two-sided; and the interval is narrow enough to say something.
    assert!((mean - expected).abs() <= 3.29 * error, "{what}: {mean} +- {error}, expected {expected}");
    assert!(3.29 * error <= widest * expected, "{what}: {mean} +- {error} says too little of {expected}");
}

#[test]
fn draws_and_residual_lives_have_the_moments_of_theory() {
    // Mean m and variance v of each law; the residual life at a random moment has mean (m^2 + v) / 2m (Cox 1962).
    let gamma = libm::tgamma;
    let weibull = |k: f64| gamma(1.0 + 2.0 / k) / gamma(1.0 + 1.0 / k).powi(2) - 1.0;
    let list = [2.0, 6.0, 40.0].map(hours);
    let cases = [
        (LifeShape::Exponential, 100.0, 1.0),
        (LifeShape::Weibull(0.8), 100.0, weibull(0.8)),
        (LifeShape::Weibull(2.5), 100.0, weibull(2.5)),
        (LifeShape::LogNormal(0.7), 100.0, f64::exp_m1(0.49)),
        (LifeShape::Constant, 100.0, 0.0),
        (LifeShape::Empirical(list.into()), 16.0, (4.0 + 36.0 + 1600.0) / 3.0 / 256.0 - 1.0),
    ];
    for (shape, mean, squared_variation) in cases {
        let what = format!("{shape:?}");
        let law = Sampler::new(&law(mean, shape));
        let sample = |purpose: &str, of: &dyn Fn(f64) -> f64| {
            let mut stream = RunSeed(3).brief_streams(0).stream(StreamName::new("unit", purpose));
            let values: Vec<f64> = (0..40_000)
                .map(|_| match purpose {
                    "whole" => law.draw(&mut stream),
                    _ => law.residual(&mut stream),
                })
                .map(|span| of(span as f64 / 3.6e12))
                .collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
            (mean, (variance / values.len() as f64).sqrt() + 1e-9)
        };
        within(&what, sample("whole", &|x| x), mean, 0.05);
        let second = mean * mean * (1.0 + squared_variation);
        within(&format!("{what} squared"), sample("whole", &|x| x * x), second, 0.2);
        within(&format!("{what} residual"), sample("residual", &|x| x), second / (2.0 * mean), 0.05);
    }
}

#[test]
fn a_shape_below_one_started_stationary_shows_no_drift() {
    // Renewal-reward theorem: down share = 4 / (100 + 4) in every window when time begins in equilibrium.
    let unit = component("unit", law(100.0, LifeShape::Weibull(0.8)), law(4.0, LifeShape::LogNormal(0.7)));
    let model = model(vec![unit], Start::Stationary);
    for window in [[0.0, 100.0], [100.0, 200.0], [900.0, 1_000.0]] {
        let measured = down_time(&model, 30_000, window, 1);
        within(&format!("{window:?}"), measured, 100.0 * 4.0 / 104.0, 0.05);
    }
}

#[test]
fn a_shape_below_one_started_new_fails_more_at_first() {
    // Renewal function of a Weibull with shape 0.8 exceeds t / mean: early failures. For the first tenth of a mean life
    // m(t) = sum of n-fold convolutions, of which F(t) is the first: at t = mean / 10, F alone is
    // 1 - exp(-(0.1 Gamma(2.25))^0.8) = 0.16 against 0.1.
    let unit = component("unit", law(100.0, LifeShape::Weibull(0.8)), law(0.001, LifeShape::Constant));
    let new = model(vec![unit], Start::New);
    let plan = LivesPlan::new(&new, hours(10.0));
    let mut lives = Lives::new(&plan);
    let hit = |replication| f64::from(u8::from(!lives.replication(RunSeed(7), replication).is_empty()));
    let scale = 1.0 / libm::tgamma(1.0 + 1.0 / 0.8);
    let expected = 1.0 - libm::exp(-libm::pow(0.1 / scale, 0.8));
    assert!(expected > 0.15);
    within("first tenth of a life", mean_of(40_000, hit), expected, 0.1);
}

#[test]
fn two_units_with_one_crew_are_both_down_as_the_chain_says() {
    // One crew: 2 r^2 / (1 + 2 r + 2 r^2); two crews: (r / (1 + r))^2 with r = down / up (birth-death chain).
    let unit = |name: &str| component(name, law(100.0, LifeShape::Exponential), law(10.0, LifeShape::Exponential));
    let r: f64 = 0.1;
    let two = model(vec![unit("a"), unit("b")], Start::Stationary);
    let measured = down_time(&two, 20_000, [0.0, 1_000.0], 2);
    within("two crews", measured, 1_000.0 * (r / (1.0 + r)).powi(2), 0.05);
    let mut one = two;
    one.crews = vec![Crew { name: "field".to_owned(), size: 1 }];
    one.components.iter_mut().for_each(|component| component.crew = Some(0));
    let measured = down_time(&one, 20_000, [0.0, 1_000.0], 2);
    within("one crew", measured, 1_000.0 * 2.0 * r * r / (1.0 + 2.0 * r + 2.0 * r * r), 0.05);
}

/// The repairman's law, pi_i = pi_0 n!/(n-i)! r^i: 200 units of 100 h up, 1 h down and one crew that is hardly ever idle have
/// 100 failed in the mean. Fifty repairs of warm-up would leave 39 of them.
#[test]
fn a_crew_that_is_always_busy_has_its_queue_when_time_begins() {
    let unit = |i: usize| {
        let one = component(&format!("u{i}"), law(100.0, LifeShape::Exponential), law(1.0, LifeShape::Exponential));
        Component { crew: Some(0), ..one }
    };
    let mut model = model((0..200).map(unit).collect(), Start::Stationary);
    model.crews = vec![Crew { name: "field".to_owned(), size: 1 }];
    let (mut weight, mut sum, mut failed) = (1.0, 1.0, 0.0);
    for i in 1..=200 {
        weight *= f64::from(201 - i) * 0.01;
        sum += weight;
        failed += f64::from(i) * weight;
    }
    let plan = LivesPlan::new(&model, hours(1.0));
    let mut lives = Lives::new(&plan);
    let at_once = |transitions: &[Transition]| transitions.iter().filter(|one| one.at == CalendarSpan::ZERO).count();
    let drawn = mean_of(100, |replication| at_once(lives.replication(RunSeed(7), replication)) as f64);
    within("failed when time begins", drawn, failed / sum, 0.04);
}

#[test]
fn a_tenth_of_failures_in_common_multiplies_the_time_both_are_down() {
    // Beta factor (facts of the chain: 0 -> 1 at 2 (1 - b) l, 0 -> 2 at b l, 1 -> 2 at l, repairs k m), solved by hand:
    // balance of the cuts {0 | 1, 2} and {0, 1 | 2}.
    let (l, m, b): (f64, f64, f64) = (0.01, 0.1, 0.1);
    let mut unit = component("a", law(1.0 / l, LifeShape::Exponential), law(1.0 / m, LifeShape::Exponential));
    unit.shared = Share::from_ppb(100_000_000);
    let both = model(vec![unit.clone(), Component { name: "b".to_owned(), ..unit }], Start::Stationary);
    // m p1 = p0 (2 (1 - b) l + b l); 2 m p2 = p0 b l + p1 l.
    let p1 = (2.0 * (1.0 - b) * l + b * l) / m;
    let p2 = (b * l + p1 * l) / (2.0 * m);
    let measured = down_time(&both, 30_000, [0.0, 1_000.0], 2);
    within("both down", measured, 1_000.0 * p2 / (1.0 + p1 + p2), 0.05);
}

#[test]
fn turns_go_round_and_a_component_moves_nobody_else() {
    let constant = |mean: f64| law(mean, LifeShape::Constant);
    let mut first = component("a", constant(10.0), constant(1.0));
    first.turns = vec![Vec::new(), Vec::new(), Vec::new()];
    let alone = model(vec![first.clone()], Start::Stationary);
    let joined = model(vec![first, component("b", constant(3.0), constant(1.0))], Start::Stationary);
    let transitions = |model: &Reliability| -> Vec<(u64, u32, Turn)> {
        let plan = LivesPlan::new(model, hours(200.0));
        let mut lives = Lives::new(&plan);
        let of_first = lives.replication(RunSeed(1), 0).iter().filter(|one| one.component.0 == 0);
        of_first.map(|one| (one.at.as_ns(), one.entry, one.turn)).collect()
    };
    let alone = transitions(&alone);
    assert_eq!(alone, transitions(&joined));
    let fails: Vec<u32> = alone.iter().filter(|one| one.2 == Turn::Down).map(|one| one.1).collect();
    assert!(fails.len() >= 17, "{fails:?}");
    assert!(fails.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 3), "{fails:?}");
}

#[test]
fn a_replication_alone_is_that_of_its_block_and_each_law_fails_as_often_as_the_renewal_theorem_says() {
    // In equilibrium there are T / (up + down) failures in [0, T), whatever the laws: a window of a tenth of an up time.
    for shape in [
        LifeShape::Exponential,
        LifeShape::Constant,
        LifeShape::Weibull(0.8),
        LifeShape::LogNormal(1.0),
        LifeShape::Empirical([20.0, 180.0].map(hours).into()),
    ] {
        let unit = component("unit", law(100.0, shape.clone()), law(4.0, LifeShape::LogNormal(0.7)));
        let model = model(vec![unit], Start::Stationary);
        let plan = LivesPlan::new(&model, hours(10.0));
        let (mut lives, mut single) = (Lives::new(&plan), Lives::new(&plan));
        let mut failures = Vec::new();
        for block in 0..400 {
            for (place, period) in lives.block(RunSeed(5), block).iter().enumerate() {
                // Those that are down when time begins fell before it.
                let fell = period.iter().filter(|one| one.turn == Turn::Down && one.at > CalendarSpan::ZERO).count();
                failures.push(fell as f64);
                if block % 50 == 0 {
                    assert_eq!(single.replication(RunSeed(5), block * super::BLOCK + place as u64), period);
                }
            }
        }
        let mut each = failures.iter();
        let measured = mean_of(failures.len() as u64, |_| *each.next().expect("one of each"));
        within(&format!("{shape:?}"), measured, 10.0 / 104.0, 0.1);
    }
}

/// 100 h up, 20 h unnoticed (lognormal), 4 h of repair.
fn grey(name: &str) -> Component {
    let law_of = |hours| law(hours, LifeShape::LogNormal(1.2));
    let detection = DetectionLaw { law: law_of(20.0), by: "monitoring".to_owned(), mitigation: Mitigation::AdminDown };
    let unit = component(name, law(100.0, LifeShape::Exponential), law(4.0, LifeShape::LogNormal(0.7)));
    Component { detection: Some(detection), ..unit }
}

/// Hours of [0, `length`) between each time of the first kind and the next one of the second.
fn between(transitions: &[Transition], from: (Turn, Aspect), to: (Turn, Aspect), length: f64) -> f64 {
    let (mut since, mut total) = (None, 0.0);
    for one in transitions {
        let (what, at) = ((one.turn, one.aspect), one.at.as_ns() as f64 / 3.6e12);
        if what == to {
            total += since.take().map_or(0.0, |since| at - since);
        }
        if what == from {
            since = Some(at);
        }
    }
    total + since.map_or(0.0, |since| length - since)
}

/// Alternating renewal in three parts: each has its mean over the mean of the cycle of 124 h, at every moment of a life that
/// began long ago; and of 1,000 h on, whole silences have the mean and the variance of their law.
#[test]
fn a_fault_is_silent_and_then_out_of_service_for_their_shares_of_the_cycle() {
    const FAULT: (Turn, Aspect) = (Turn::Down, Aspect::Fault);
    const SHUT: (Turn, Aspect) = (Turn::Down, Aspect::OutOfService);
    const BACK: (Turn, Aspect) = (Turn::Up, Aspect::OutOfService);
    let alone = model(vec![grey("unit")], Start::Stationary);
    let plan = LivesPlan::new(&alone, hours(50.0));
    let mut lives = Lives::new(&plan);
    let mut time =
        |from, to| mean_of(40_000, |replication| between(lives.replication(RunSeed(7), replication), from, to, 50.0));
    within("silent", time(FAULT, SHUT), 50.0 * 20.0 / 124.0, 0.05);
    within("out of service", time(SHUT, BACK), 50.0 * 4.0 / 124.0, 0.05);

    let plan = LivesPlan::new(&alone, hours(20_000.0));
    let mut lives = Lives::new(&plan);
    let mut silences = Vec::new();
    for replication in 0..200 {
        // The first may have begun before time did, the last may end behind it.
        let all = lives.replication(RunSeed(8), replication);
        let pairs = all.windows(2).skip(3).filter(|pair| (pair[1].turn, pair[1].aspect) == SHUT);
        silences.extend(pairs.map(|pair| (pair[1].at.as_ns() - pair[0].at.as_ns()) as f64 / 3.6e12));
    }
    let sample = |of: &dyn Fn(f64) -> f64| {
        let mut each = silences.iter();
        mean_of(silences.len() as u64, |_| of(*each.next().expect("one of each")))
    };
    within("silence", sample(&|hours| hours), 20.0, 0.05);
    // E[x^2] of a lognormal: mean^2 e^(sigma^2).
    within("squared", sample(&|hours| hours * hours), 400.0 * libm::exp(1.44), 0.5);
}

/// A crew is called when a fault is noticed, not when it begins: one with 100 h up, 20 h unnoticed and 4 h of repair is busy for
/// 4 h of 124 h, so that two such units wait for each other no longer than two with 120 h up do: with exponential laws the
/// queue is that of a machine repair model of r = 4 / 120 but for the shape of the time up, to which it is hardly sensitive.
#[test]
fn crews_are_called_when_a_fault_is_noticed() {
    let exponential = |mut unit: Component| {
        unit.down = law(4.0, LifeShape::Exponential);
        unit.detection.iter_mut().for_each(|one| one.law = law(20.0, LifeShape::Exponential));
        Component { crew: Some(0), ..unit }
    };
    let mut both = model(["a", "b"].map(|name| exponential(grey(name))).into(), Start::Stationary);
    both.crews = vec![Crew { name: "field".to_owned(), size: 1 }];
    let plan = LivesPlan::new(&both, hours(1_000.0));
    let mut lives = Lives::new(&plan);
    let shut = |replication| {
        let mut shut = [false; 2];
        let (mut since, mut total) = (0.0, 0.0);
        for one in lives.replication(RunSeed(7), replication) {
            let at = one.at.as_ns() as f64 / 3.6e12;
            total += if shut == [true; 2] { at - since } else { 0.0 };
            since = at;
            if one.aspect == Aspect::OutOfService {
                shut[one.component.0 as usize] = one.turn == Turn::Down;
            }
        }
        total
    };
    let r: f64 = 4.0 / 120.0;
    let expected = 1_000.0 * 2.0 * r * r / (1.0 + 2.0 * r + 2.0 * r * r);
    within("both out of service", mean_of(20_000, shut), expected, 0.06);
}
