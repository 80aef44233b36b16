//! Months that miss their promise and what rules charge, exactly: by series, by uniformisation, by closed forms.

use super::{Cost, Oracle, Row};
use crate::study::exact::interval_availability::time_in_exceeds;
use crate::study::exact::markov::Chain;
use crate::study::exact::takacs::{Outages, downtime_exceeds};
use crate::study::exact::{Start, counting_rules};

/// Hours of 30 days.
pub(super) const MONTH: f64 = 720.0;
/// 99.99% of 30 days: 259.2 s, in hours.
pub(super) const BUDGET: f64 = 0.072;
/// Mean outages in seconds.
pub(super) const OUTAGES: [f64; 6] = [10.0, 60.0, 300.0, 1_800.0, 14_400.0, 43_200.0];

/// Second methods must agree to this.
const SAME: f64 = 1e-9;
const UNIFORMISED: &str = "uniformisation, de Souza e Silva & Gail 1989";

pub(super) const TAKACS: Oracle = Oracle {
    name: "months",
    claim: "a stationary month misses 99.99% as often as Takacs' series says, whatever the length of outages",
    cost: Cost::Seconds,
    rows: takacs,
};

pub(super) const FIRST_MONTH: Oracle = Oracle {
    name: "first-month",
    claim: "a link put into service misses its first month as often as printed",
    cost: Cost::Seconds,
    rows: first_month,
};

pub(super) const CONSTANT: Oracle = Oracle {
    name: "constant-outages",
    claim: "outages of exactly 50 s miss the month when the sixth begins",
    cost: Cost::Seconds,
    rows: constant,
};

pub(super) const ONE_CREW: Oracle = Oracle {
    name: "shared-crew",
    claim: "the downtime of a pair with one crew has the same law by two methods",
    cost: Cost::Seconds,
    rows: one_crew,
};

pub(super) const RULES: Oracle = Oracle {
    name: "rules",
    claim: "rules charge one-minute outages as their closed forms say",
    cost: Cost::Seconds,
    rows: rules,
};

/// The mean up time that goes with an unavailability.
pub(super) fn up_hours(unavailability: f64, down_hours: f64) -> f64 {
    down_hours * (1.0 - unavailability) / unavailability
}

/// P(a stationary month misses 99.99%).
pub(super) fn misses(up: f64, down: f64) -> f64 {
    downtime_exceeds(up, down, Outages::Exponential, Start::Stationary, MONTH, BUDGET)
}

fn on_off(up: f64, down: f64) -> Chain {
    let mut chain = Chain::new(2);
    chain.add_rate(0, 1, 1.0 / up);
    chain.add_rate(1, 0, 1.0 / down);
    chain
}

/// By mean outage, at the same mean availability.
fn takacs() -> Vec<Row> {
    let printed = [
        (1e-4, ["0.47223", "0.43110", "0.33146", "0.11738", "0.017620", "0.0060452"]),
        (2e-5, ["0.0000223", "0.029621", "0.071857", "0.024648", "0.0035488", "0.0012119"]),
    ];
    let mut rows = Vec::new();
    for (unavailability, row) in printed {
        for (seconds, printed) in OUTAGES.iter().zip(row) {
            let down = seconds / 3_600.0;
            let up = up_hours(unavailability, down);
            let series = misses(up, down);
            let start = [1.0 - unavailability, unavailability];
            let general = time_in_exceeds(&on_off(up, down), &[false, true], &start, MONTH, BUDGET);
            let name = format!("P(miss), U {unavailability:.0e}, outages of {seconds} s");
            rows.push(Row::printed(name.clone(), "Takacs 1957", series, printed));
            rows.push(Row::near(name, UNIFORMISED, general, series, SAME));
        }
    }
    rows
}

fn first_month() -> Vec<Row> {
    let (up, down) = (720.0, 5.0 / 60.0);
    let series = downtime_exceeds(up, down, Outages::Exponential, Start::New, MONTH, BUDGET);
    let general = time_in_exceeds(&on_off(up, down), &[false, true], &[1.0, 0.0], MONTH, BUDGET);
    let name = "P(miss), 720 h up, 5 min down, new";
    vec![Row::printed(name, "Takacs 1957", series, "0.376143260"), Row::near(name, UNIFORMISED, general, series, SAME)]
}

/// 50 s every 240 h: five fit the budget. The time of the sixth failure is Gamma(6), integrated by Simpson's rule.
fn constant() -> Vec<Row> {
    let exact = downtime_exceeds(240.0, 50.0 / 3_600.0, Outages::Constant, Start::New, MONTH, BUDGET);
    let end = (MONTH - BUDGET) / 240.0;
    let density = |t: f64| t * t * t * t * t / 120.0 * libm::exp(-t);
    let name = "P(miss), outages of exactly 50 s every 240 h";
    vec![
        Row::printed(name, "Takacs 1957", exact, "0.0838876994"),
        Row::near(name, "Gamma(6) by Simpson's rule", simpson(density, end, 20_000), exact, SAME),
    ]
}

fn simpson(f: impl Fn(f64) -> f64, end: f64, steps: i32) -> f64 {
    let weight = |step: i32| if step == 0 || step == steps { 1.0 } else { f64::from(2 + 2 * (step % 2)) };
    let width = end / f64::from(steps);
    (0..=steps).map(|step| weight(step) * f(f64::from(step) * width)).sum::<f64>() * width / 3.0
}

/// Outages of the pair end exponentially, so Takacs' argument holds with the failures counted by a Markov process on the
/// states that are up. Both count the time of 8,760 h with no unit up.
fn one_crew() -> Vec<Row> {
    let (failure, repair): (f64, f64) = (1.0 / 500.0, 1.0 / 20.0);
    let mut chain = Chain::new(3);
    for (from, to, rate) in [(0, 1, 2.0 * failure), (1, 2, failure), (1, 0, repair), (2, 1, repair)] {
        chain.add_rate(from, to, rate);
    }
    let of = |limit: f64| {
        let general = time_in_exceeds(&chain, &[false, false, true], &[1.0, 0.0, 0.0], 8_760.0, limit);
        let counted = counted_outages(failure, repair, 8_760.0 - limit);
        // More than the limit: fewer repairs than outages within it.
        let (mut fewer, mut exceeds) = (0.0, 0.0);
        let mut term = libm::exp(-repair * limit);
        for (n, probability) in counted.iter().enumerate() {
            exceeds += probability * fewer;
            fewer += term;
            term *= repair * limit / (n + 1) as f64;
        }
        let name = format!("P(both of a pair down over {limit} h in a year), one crew");
        Row::near(name, "Takacs with a Markov counting process", general, exceeds, SAME)
    };
    [0.0, 10.0, 60.0].map(of).to_vec()
}

/// P(n outages in this much time up), from the faultless state: a walk over (outages, state) in small Poisson steps.
fn counted_outages(failure: f64, repair: f64, hours: f64) -> Vec<f64> {
    let fastest = failure + repair;
    let mut at = vec![[0.0; 2]; 60];
    at[0][0] = 1.0;
    let mut counted = vec![0.0; 60];
    let mean = fastest * hours;
    let log_weight = |n: f64| n * libm::log(mean) - mean - libm::lgamma(n + 1.0);
    let mut step = 0.0;
    // Far beyond the mean nothing is left.
    while step <= mean + 12.0 * mean.sqrt() + 40.0 {
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
        step += 1.0;
    }
    let total: f64 = counted.iter().sum();
    counted.iter().map(|probability| probability / total).collect()
}

/// Mean outage 60 s, 100 h between.
fn rules() -> Vec<Row> {
    let (up, down, minute) = (100.0, 1.0 / 60.0, 1.0 / 60.0);
    let source = "closed forms of an alternating Poisson process";
    vec![
        Row::printed(
            "every moment, outages of 60 s each 100 h",
            source,
            counting_rules::raw(up, down),
            "1.66638894e-4",
        ),
        Row::printed(
            "runs of at least 120 s",
            source,
            counting_rules::whole_outages(up, down, 2.0 * minute),
            "6.76563656e-5",
        ),
        Row::printed("minutes fully down", source, counting_rules::full_bins(up, down, minute), "6.13030230e-5"),
        Row::printed("minutes touched", source, counting_rules::touched_bins(up, down, minute), "3.33263901e-4"),
    ]
}
