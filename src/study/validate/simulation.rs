//! Is simulation as far from the truth as chance allows? 21 oracles, 20 seeds each, fixed beforehand.
//!
//! Every estimate comes from a scenario through the same functions as a study's: lives, channels left, rules, biased cycles.

use super::months::{MONTH, OUTAGES, misses, up_hours};
use super::years::one_router;
use super::{Cost, Oracle, Row};
use crate::failures::{BLOCK, StandingPlan};
use crate::network::{Network, Period, SlaRule};
use crate::rng::RunSeed;
use crate::study::biasing::{Bias, Rare};
use crate::study::exact::counting_rules;
use crate::study::reference;
use crate::study::statistics::mean::Moments;
use crate::study::structure::Structure;
use crate::study::years::{Plan, Tally, Walker, engine, in_seconds};
use crate::units::{Hours, Share};

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

/// Periods of a network drawn by the study engine.
fn drawn(network: &Network, seed: RunSeed, periods: f64) -> Tally {
    let plan = Plan::new(network, vec![SlaRule::default()], None);
    engine::blocks(&plan, seed, 0, whole(periods).div_ceil(BLOCK))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of some ten thousand")]
fn whole(value: f64) -> u64 {
    value as u64
}

/// One router behind every path, with these mean hours.
fn router(up: f64, down: f64) -> Network {
    one_router(&format!("{:.6} s", up * 3_600.0), &format!("{:.6} s", down * 3_600.0))
}

/// P(a month misses) where that is at least one in a thousand.
fn months() -> Vec<Known> {
    let pairs = [1e-4, 2e-5].into_iter().flat_map(|unavailability| OUTAGES.map(|seconds| (unavailability, seconds)));
    let of = |(unavailability, seconds): (f64, f64)| {
        let down = seconds / 3_600.0;
        let up = up_hours(unavailability, down);
        let truth = misses(up, down);
        let network = router(up, down);
        let estimate = move |seed: RunSeed| {
            let tally = drawn(&network, seed, (300.0 / truth).min(40_000.0));
            let mean = tally.connections[0].rules[0].missed as f64 / tally.periods as f64;
            Moments { count: tally.periods, mean, variance: mean * (1.0 - mean) }
        };
        let name = format!("P(miss), U {unavailability:.0e}, outages of {seconds} s");
        Known { name, source: "Takacs 1957", truth, widest: 0.2, estimate: Box::new(estimate) }
    };
    pairs.map(of).filter(|known| known.truth >= 1e-3).collect()
}

/// Mean time charged in a month.
fn means() -> Vec<Known> {
    let of = |(up, down): (f64, f64)| {
        let network = router(up, down);
        let estimate = move |seed: RunSeed| {
            let tally = drawn(&network, seed, 1_000.0);
            in_seconds(&tally.connections[0].rules[0].charged, tally.periods)
        };
        let name = format!("seconds charged a month, {up} h up, {down:.4} h down");
        let truth = counting_rules::raw(up, down) * MONTH * 3_600.0;
        Known { name, source: "down / (up + down)", truth, widest: 0.05, estimate: Box::new(estimate) }
    };
    [(100.0, 1.0 / 60.0), (720.0, 5.0 / 60.0), (10.0, 1.0), (3.0, 5.0)].map(of).into()
}

/// Time until both buildings are without power for the first time, two crews. A period of ten such times sees it but in one
/// of twenty thousand.
fn lifetimes() -> Vec<Known> {
    let of = |(up, down, periods): (f64, f64, u64)| {
        let (failure, repair) = (1.0 / up, 1.0 / down);
        let truth = (3.0 * failure + repair) / (2.0 * failure * failure);
        let network = reference::network_with(&format!(
            "[reliability]\nstart = \"new\"\n[reliability.classes]\n\
             facility = {{ of = [\"a\", \"b\"], kind = \"facility_outage\", up = \"{up} h\", down = \"{down} h\" }}\n"
        ));
        let length = Hours::new(10.0 * truth).expect("above zero").to_calendar();
        let estimate = move |seed: RunSeed| {
            let rule = SlaRule { period: Period::Rolling(length), ..SlaRule::default() };
            let plan = Plan::new(&network, vec![rule], None);
            let mut walker = Walker::new(&plan);
            let times = (0..periods).map(|replication| {
                walker.period(seed, replication);
                let mut segments = walker.timelines(0)[0].segments().iter();
                segments.find(|segment| segment.loss == Share::ONE).map_or(length, |first| first.from).as_seconds()
            });
            Moments::of(&times.map(|seconds| seconds / 3_600.0).collect::<Vec<f64>>())
        };
        let name = format!("hours until both of a pair are down, {up} h up and {down} h down");
        Known { name, source: "(3 lambda + mu) / (2 lambda^2)", truth, widest: 0.07, estimate: Box::new(estimate) }
    };
    [(1_000.0, 6.0, 200), (10.0, 1.0, 500)].map(of).into()
}

/// Hours of a cycle below a level of the reference fabric, with failures favoured.
fn cycles() -> Vec<Known> {
    let of = |(below, unavailability): (u32, f64)| {
        let bias = Bias::Balanced { theta: 0.5 };
        let truth = unavailability * Rare { components: &reference::components(), below, bias }.mean_cycle_hours();
        let network = reference::network();
        let estimate = move |seed: RunSeed| {
            let standing = StandingPlan::new(&network);
            let structure = Structure::new(&network, &standing);
            let rare = Rare { components: structure.components(), below, bias };
            let level = structure.level(network.connections.ids().next().expect("a connection"));
            let mut stream = seed.stream(&format!("biased below {below}"), "oracle");
            rare.cycles(10_000, &level, &mut stream).downtime.moments()
        };
        let name = format!("hours of a cycle with fewer than {below} paths, failures favoured");
        Known { name, source: "enumeration", truth, widest: 0.1, estimate: Box::new(estimate) }
    };
    [1, 2, 3, 4].into_iter().zip(reference::UNAVAILABILITY).map(of).collect()
}
