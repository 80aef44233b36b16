//! Years without packets against whole periods by the simulator, everything accelerated.

use super::{Cost, Oracle, Row};
use crate::rng::RunSeed;
use crate::scenario;
use crate::study::statistics::mean::Moments;
use crate::study::truth::{Truth, truth};

pub(super) const TRUTH: Oracle = Oracle {
    name: "accelerated",
    claim: "2-day periods with up times times 1/100 are charged alike by the simulator and by states and episodes",
    cost: Cost::Minutes,
    rows: whole,
};

fn whole() -> Vec<Row> {
    rows(&measured(128, 256), 0.03)
}

fn measured(periods: u64, episodes: u32) -> Truth {
    const TEXT: &str = include_str!("../../../scenarios/studies/accelerated.toml");
    let loaded = scenario::parse(TEXT, "accelerated", &[]).unwrap_or_else(|problems| panic!("{problems}"));
    truth(&loaded.network, RunSeed(1), periods, episodes)
}

fn rows(truth: &Truth, widest: f64) -> Vec<Row> {
    let of =
        |what: &str| format!("{what}, {} periods of 2 days, {} transitions", truth.simulated.count, truth.transitions);
    // As a share of what is charged, around 1.
    let scale = truth.stitched.mean;
    let ratio = Moments {
        mean: 1.0 + truth.difference.mean / scale,
        variance: truth.difference.variance / scale / scale,
        ..truth.difference
    };
    let source = "the simulator, control plane event by event, traffic as rates";
    vec![
        Row::estimate(of("charged by the simulator over charged by years"), source, ratio, 1.0, widest),
        Row::lies("rate of events x longest episode", "guard of the decomposition", truth.separation, 0.0, 1e-2),
        Row::lies("longest episode, s", "a tenth of the shortest mean repair", truth.longest_s, 0.0, 90.0),
    ]
}
