//! The engine of years on the reference fabric, against exact figures: drawn lives, standing channels and rules together.

use super::{Cost, Oracle, Row};
use crate::network::{Network, SlaRule};
use crate::rng::RunSeed;
use crate::study::reference;
use crate::study::statistics::mean::Moments;
use crate::study::statistics::sums::Sums;
use crate::study::years::{Plan, Tally, engine, in_seconds};

pub(super) const REFERENCE: Oracle = Oracle {
    name: "years",
    claim: "months drawn by the study engine are down, charged and missed as exact methods say",
    cost: Cost::Seconds,
    rows,
};

/// Seconds of 30 days.
const MONTH_S: f64 = 2_592_000.0;
const SEED: RunSeed = RunSeed(20_261_123);

fn rows() -> Vec<Row> {
    let mut rows = paths();
    rows.extend(minutes());
    rows.extend(misses());
    rows
}

/// So many blocks of months of a network, judged by rules.
pub(super) fn months(network: &Network, rules: &[&str], blocks: u64) -> Tally {
    let rules = rules.iter().map(|name| SlaRule::preset(name).expect("a preset")).collect();
    engine::blocks(&Plan::new(network, rules, None), SEED, 0, blocks)
}

/// Sums of seconds as shares of a month.
pub(super) fn share(sums: &Sums, periods: u64) -> Moments {
    let Moments { count, mean, variance } = in_seconds(sums, periods);
    Moments { count, mean: mean / MONTH_S, variance: variance / MONTH_S / MONTH_S }
}

fn paths() -> Vec<Row> {
    let tally = months(&reference::network(), &["every-moment"], 4_000);
    let below = &tally.connections[0].below;
    let of = |(k, widest): (usize, f64)| {
        let truth = reference::UNAVAILABILITY[k];
        let name = format!("fewer than {} of 4 paths, {} months", k + 1, tally.periods);
        Row::estimate(name, "enumeration", share(&below[k], tally.periods), truth, widest)
    };
    [(1, 0.8), (2, 0.1), (3, 0.02)].map(of).into()
}

/// One router behind every path, with these mean times.
pub(super) fn one_router(up: &str, down: &str) -> Network {
    reference::network_with(&format!(
        "[reliability.classes]\nwest = {{ of = [\"w\"], kind = \"router_down\", up = \"{up}\", down = \"{down}\" }}\n"
    ))
}

/// Outages of 60 s in the mean, 100 h apart: raw, and those of at least 120 s.
fn minutes() -> Vec<Row> {
    let tally = months(&one_router("100 h", "60 s"), &["google-interconnect", "every-moment"], 800);
    let rules = &tally.connections[0].rules;
    let of = |(index, name, truth, widest): (usize, &str, f64, f64)| {
        let charged = share(&rules[index].charged, tally.periods);
        Row::estimate(name, "closed form of the rule", charged, truth, widest)
    };
    [
        (0, "rule google-interconnect, outages of 60 s each 100 h", 6.765_636_56e-5, 0.05),
        (1, "rule every-moment, the same", 1.666_388_94e-4, 0.03),
    ]
    .map(of)
    .into()
}

/// U = 1e-4 exactly, by mean outage.
fn misses() -> Vec<Row> {
    let of = |(seconds, truth): (f64, f64)| {
        let network = one_router(&format!("{} s", seconds * 9_999.0), &format!("{seconds} s"));
        let tally = months(&network, &["every-moment"], 600);
        let mean = tally.connections[0].rules[0].missed as f64 / tally.periods as f64;
        let missed = Moments { count: tally.periods, mean, variance: truth * (1.0 - truth) };
        Row::estimate(format!("P(miss), U 1e-4, outages of {seconds} s"), "Takacs 1957", missed, truth, 0.15)
    };
    [(10.0, 0.472_23), (300.0, 0.331_46), (14_400.0, 0.017_620)].map(of).into()
}
