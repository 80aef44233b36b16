//! Balanced failure biasing: its variance by linear equations, and what it finds where crude simulation finds nothing.

use super::{CONFIDENCE, Claim, Cost, Oracle, Row};
use crate::failures::StandingPlan;
use crate::rng::RunSeed;
use crate::study::biasing::{Bias, Cycles, Rare};
use crate::study::reference;
use crate::study::statistics::mean::Moments;
use crate::study::structure::Structure;

const SHAHABUDDIN: &str = "second moments of a cycle, Shahabuddin 1994";

pub(super) const VARIANCE: Oracle = Oracle {
    name: "cycle-variance",
    claim: "the relative variance of a regenerative cycle is the printed one, with and without bias",
    cost: Cost::Seconds,
    rows: all_variances,
};

pub(super) const BIASING: Oracle = Oracle {
    name: "biasing",
    claim: "biased cycles find the fabric without a path, and weigh one in the mean",
    cost: Cost::Seconds,
    rows: biased,
};

fn all_variances() -> Vec<Row> {
    let mut rows = variances();
    rows.extend(estimated());
    rows
}

/// The same from cycles that the study engine draws of the scenario: mean squares of blocks over the square of the known mean.
fn estimated() -> Vec<Row> {
    let network = reference::network();
    let standing = StandingPlan::new(&network);
    let structure = Structure::new(&network, &standing);
    let components = structure.components();
    let rates: Vec<(f64, f64)> = reference::components()
        .iter()
        .map(|component| (1.0 / component.up_hours, 1.0 / component.down_hours))
        .collect();
    let level = structure.level(network.connections.ids().next().expect("a connection"));
    let of = |(below, theta): (u32, f64)| {
        let rare = Rare { components, below, bias: Bias::Balanced { theta } };
        let mean = reference::UNAVAILABILITY[below as usize - 1] * rare.mean_cycle_hours();
        let block = |block: u64| {
            let mut stream = RunSeed(7).replication(block).stream("cycles", "variance");
            let moments = rare.cycles(4_096, &level, &mut stream).downtime.moments();
            (moments.variance + moments.mean * moments.mean) / (mean * mean) - 1.0
        };
        let blocks = Moments::of(&(0..64).map(block).collect::<Vec<f64>>());
        let name = format!("the same of 262,144 cycles drawn, below {below}, theta {theta}");
        Row::estimate(name, SHAHABUDDIN, blocks, cycle_variance(&rates, below, Some(theta)), 0.25)
    };
    [(1, 0.7), (2, 0.5), (2, 0.7)].map(of).into()
}

fn variances() -> Vec<Row> {
    let components = reference::components();
    let rates: Vec<(f64, f64)> =
        components.iter().map(|component| (1.0 / component.up_hours, 1.0 / component.down_hours)).collect();
    // Printed to half of the last digit; without bias to one unit of it, as its figures were rounded.
    let of = |(below, theta, printed, half_digit): (u32, Option<f64>, f64, f64)| {
        let value = cycle_variance(&rates, below, theta);
        let how = theta.map_or("no bias".to_owned(), |theta| format!("theta {theta}"));
        let off = 1.02 * half_digit;
        Row::lies(format!("variance, below {below}, {how}"), SHAHABUDDIN, value, printed - off, printed + off)
    };
    [
        (1, None, 97_050.0, 1.0),
        (1, Some(0.5), 64.0, 0.5),
        (1, Some(0.7), 40.0, 0.5),
        (2, None, 1_275.0, 1.0),
        (2, Some(0.5), 19.9, 0.05),
        (2, Some(0.7), 13.3, 0.05),
    ]
    .map(of)
    .to_vec()
}

/// First and second moment of the weighted downtime of a cycle over (set of failed, whether the level was low already):
/// m = h + P m, and s = h^2 + 2 h P m + (P^2 / P~) s, by Gauss-Seidel sweeps.
fn cycle_variance(rates: &[(f64, f64)], below: u32, theta: Option<f64>) -> f64 {
    let sets = 1usize << rates.len();
    let failed = |set: usize| (0..rates.len()).filter(|i| set >> i & 1 == 1).collect::<Vec<_>>();
    let low: Vec<bool> = (0..sets).map(|set| reference::paths(&failed(set)) < below).collect();
    let (mut first, mut second) = (vec![[0.0; 2]; sets], vec![[0.0; 2]; sets]);
    let mut before = 0.0;
    loop {
        for set in (0..sets).rev() {
            for seen in 0..2 {
                (first[set][seen], second[set][seen]) = step(rates, &low, theta, (set, seen), &first, &second);
            }
        }
        let now = second[0][0] / (first[0][0] * first[0][0]) - 1.0;
        if (now - before).abs() < 1e-9 * now {
            return now;
        }
        before = now;
    }
}

/// Both moments in one state from those of its neighbours.
fn step(
    rates: &[(f64, f64)],
    low: &[bool],
    theta: Option<f64>,
    (set, seen): (usize, usize),
    first: &[[f64; 2]],
    second: &[[f64; 2]],
) -> (f64, f64) {
    let is_failed = |i: usize| set >> i & 1 == 1;
    let rate = |i: usize| if is_failed(i) { rates[i].1 } else { rates[i].0 };
    let total: f64 = (0..rates.len()).map(rate).sum();
    let repair: f64 = (0..rates.len()).filter(|i| is_failed(*i)).map(rate).sum();
    let up = rates.len() - set.count_ones() as usize;
    let stay = if low[set] { 1.0 / total } else { 0.0 };
    let (mut mean, mut square) = (0.0, 0.0);
    for i in 0..rates.len() {
        let to = set ^ (1 << i);
        let p = rate(i) / total;
        let biased = match theta {
            Some(theta) if seen == 0 && up > 0 => {
                let theta = if set == 0 { 1.0 } else { theta };
                if is_failed(i) { (1.0 - theta) * rate(i) / repair } else { theta / up as f64 }
            }
            Some(_) | None => p,
        };
        let seen_then = usize::from(seen == 1 || low[to]);
        if to != 0 {
            mean += p * first[to][seen_then];
            square += p * p / biased * second[to][seen_then];
        }
    }
    (stay + mean, stay * stay + 2.0 * stay * mean + square)
}

/// 400,000 cycles at theta 0.7.
fn biased() -> Vec<Row> {
    let components = reference::components();
    let rare = Rare { components: &components, below: 1, bias: Bias::Balanced { theta: 0.7 } };
    let mut all = Cycles::default();
    for block in 0..8 {
        let mut stream = RunSeed(6).replication(block).stream("cycles", "biasing");
        all.merge(&rare.cycles(50_000, &reference::paths, &mut stream));
    }
    let mut rows = Vec::new();
    let truth = reference::UNAVAILABILITY[0];
    let (got, interval) = rare.unavailability(&all, CONFIDENCE).expect("400,000 cycles of which some had no path");
    let claim = Claim::Covers { truth, interval, widest: 0.05 };
    rows.push(Row { name: "no path, 400,000 cycles".to_owned(), source: "enumeration", got, claim });
    let weight = all.downtime.weight_moments();
    rows.push(Row::estimate("mean weight of a cycle", "a likelihood ratio has mean 1", weight, 1.0, 0.05));
    let effective = all.downtime.effective_samples();
    rows.push(Row::lies("effective samples", "relative variance 40 a cycle", effective, 4_000.0, 400_000.0));
    rows
}
