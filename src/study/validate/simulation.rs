//! Is simulation as far from the truth as chance allows? 21 oracles, 20 seeds each, fixed beforehand.

use super::months::{BUDGET, MONTH, OUTAGES, misses, up_hours};
use super::{Cost, Oracle, Row};
use crate::rng::{RunSeed, Stream};
use crate::study::biasing::{Bias, Rare};
use crate::study::exact::counting_rules;
use crate::study::reference;
use crate::study::statistics::mean::Moments;

pub(super) const SCORES: Oracle = Oracle {
    name: "simulation",
    claim: "estimates of 21 known figures are as far off as chance allows, with 20 seeds each",
    cost: Cost::Seconds,
    rows: scores,
};

const SEEDS: u64 = 20;

/// A known figure, and its estimate with one seed.
struct Known {
    name: String,
    source: &'static str,
    truth: f64,
    /// Half-width of the 99.9% interval of all seeds together, as a share of the truth.
    widest: f64,
    estimate: Box<dyn Fn(RunSeed) -> Moments>,
}

/// |z| of a standard normal has mean sqrt(2 / pi) = 0.798, and the mean of 420 of them a standard error of 0.03.
fn scores() -> Vec<Row> {
    let known: Vec<Known> = months().into_iter().chain(means()).chain(lifetimes()).chain(cycles()).collect();
    let (mut rows, mut scores) = (Vec::new(), Vec::new());
    for one in &known {
        let estimates: Vec<Moments> = (1..=SEEDS).map(|seed| (one.estimate)(RunSeed(seed))).collect();
        scores.extend(estimates.iter().map(|of| (of.mean - one.truth) / of.standard_error()));
        rows.push(Row::estimate(one.name.clone(), one.source, together(&estimates), one.truth, one.widest));
    }
    let pairs = scores.len() as f64;
    let size = scores.iter().map(|score: &f64| score.abs()).sum::<f64>() / pairs;
    let bias = scores.iter().sum::<f64>() / pairs;
    rows.push(Row::lies(format!("mean |z| of {pairs} pairs"), "sqrt(2 / pi) = 0.798", size, 0.7, 0.9));
    rows.push(Row::lies(format!("mean z of {pairs} pairs"), "0, standard error 0.049", bias, -0.2, 0.2));
    rows
}

/// Equally large samples as one.
fn together(samples: &[Moments]) -> Moments {
    let count = samples.iter().map(|sample| sample.count).sum();
    let mean_of = |of: fn(&Moments) -> f64| samples.iter().map(of).sum::<f64>() / samples.len() as f64;
    Moments { count, mean: mean_of(|sample| sample.mean), variance: mean_of(|sample| sample.variance) }
}

/// The mean of `count` draws.
fn sampled(count: u64, mut draw: impl FnMut() -> f64) -> Moments {
    let sample: Vec<f64> = (0..count).map(|_| draw()).collect();
    Moments::of(&sample)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of some ten thousand")]
fn whole(value: f64) -> u64 {
    value as u64
}

/// P(a month misses) where that is at least one in a thousand.
fn months() -> Vec<Known> {
    let pairs = [1e-4, 2e-5].into_iter().flat_map(|unavailability| OUTAGES.map(|seconds| (unavailability, seconds)));
    let of = |(unavailability, seconds): (f64, f64)| {
        let down = seconds / 3_600.0;
        let up = up_hours(unavailability, down);
        let truth = misses(up, down);
        let name = format!("month {unavailability} {seconds}");
        let count = whole((300.0 / truth).min(40_000.0));
        let estimate = move |seed: RunSeed| {
            let mut stream = seed.stream(&name, "oracle");
            sampled(count, || f64::from(u8::from(downtime(up, down, &mut stream) > BUDGET)))
        };
        let name = format!("P(miss), U {unavailability:.0e}, outages of {seconds} s");
        Known { name, source: "Takacs 1957", truth, widest: 0.2, estimate: Box::new(estimate) }
    };
    pairs.map(of).filter(|known| known.truth >= 1e-3).collect()
}

/// Mean downtime of a month.
fn means() -> Vec<Known> {
    let of = |(up, down): (f64, f64)| {
        let estimate = move |seed: RunSeed| {
            let mut stream = seed.stream(&format!("mean {up} {down}"), "oracle");
            sampled(1_000, || downtime(up, down, &mut stream))
        };
        let name = format!("hours down a month, {up} h up, {down:.4} h down");
        let truth = counting_rules::raw(up, down) * MONTH;
        Known { name, source: "down / (up + down)", truth, widest: 0.05, estimate: Box::new(estimate) }
    };
    [(100.0, 1.0 / 60.0), (720.0, 5.0 / 60.0), (10.0, 1.0), (3.0, 5.0)].map(of).into()
}

/// Time until both units of a pair are failed, two crews.
fn lifetimes() -> Vec<Known> {
    let of = |(failure, repair): (f64, f64)| {
        let estimate = move |seed: RunSeed| {
            let mut stream = seed.stream(&format!("pair {failure}"), "oracle");
            sampled(500, || pair_lifetime(failure, repair, &mut stream))
        };
        let name = format!("hours until both of a pair are down, rates {failure} and {repair:.3}");
        let truth = (3.0 * failure + repair) / (2.0 * failure * failure);
        let source = "(3 lambda + mu) / (2 lambda^2)";
        Known { name, source, truth, widest: 0.05, estimate: Box::new(estimate) }
    };
    [(1e-3, 1.0 / 6.0), (0.1, 1.0)].map(of).into()
}

/// Hours of a cycle below a level of the reference fabric, with failures favoured.
fn cycles() -> Vec<Known> {
    let of = |(below, unavailability): (u32, f64)| {
        let components = reference::components();
        let bias = Bias::Balanced { theta: 0.5 };
        let truth = unavailability * Rare { components: &components, below, bias }.mean_cycle_hours();
        let estimate = move |seed: RunSeed| {
            let rare = Rare { components: &components, below, bias };
            let mut stream = seed.stream(&format!("biased below {below}"), "oracle");
            rare.cycles(10_000, &reference::paths, &mut stream).downtime.moments()
        };
        let name = format!("hours of a cycle with fewer than {below} paths, failures favoured");
        Known { name, source: "enumeration", truth, widest: 0.1, estimate: Box::new(estimate) }
    };
    [1, 2, 3, 4].into_iter().zip(reference::UNAVAILABILITY).map(of).collect()
}

/// Downtime of one stationary month with exponential up times and outages.
fn downtime(up: f64, down: f64, stream: &mut Stream) -> f64 {
    let mut clock = 0.0;
    let mut total = 0.0;
    let mut is_down = stream.uniform() * (up + down) < down;
    while clock < MONTH {
        let stay = stream.exponential() * if is_down { down } else { up };
        total += if is_down { stay.min(MONTH - clock) } else { 0.0 };
        clock += stay;
        is_down = !is_down;
    }
    total
}

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
