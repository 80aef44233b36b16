//! Years without packets against whole periods by the simulator, everything accelerated.

use super::{Cost, Oracle, Row};
use crate::rng::RunSeed;
use crate::scenario;
use crate::study::statistics::mean::Moments;
use crate::study::truth::{Traffic, Truth, truth};

pub(super) const TRUTH: Oracle = Oracle {
    name: "accelerated",
    claim: "2-day periods with up times times 1/100 are charged alike by the simulator and by states and episodes",
    cost: Cost::Minutes,
    rows: whole,
};

pub(super) const PACKET_TRUTH: Oracle = Oracle {
    name: "accelerated-packets",
    claim: "2-day periods with up times times 1/100 lose as many packets in the simulator, packet by packet, as states and episodes say",
    cost: Cost::Minutes,
    rows: whole_by_packets,
};

pub(super) const EPISODES: Oracle = Oracle {
    name: "episodes",
    claim: "6-hour periods with up times times 1/1000 lose as many packets in the simulator as states and episodes of many phases say",
    cost: Cost::Seconds,
    rows: episodes,
};

const CHARGED: &str = "the simulator, control plane event by event, traffic as rates";
const LOST: &str = "the simulator, everything packet by packet";

/// Silent cuts, which timers have to find, so that phases count; repairs of more than ten of the longest episodes, and short,
/// so that episodes are a good part of what is lost. 20 packets a second each way, one by one at random over 32 five-tuples.
const PACKETS: [&str; 12] = [
    "study.degraded=16",
    "study.joint=8",
    "sla.period=6 h",
    "reliability.classes.link.up=1.71 h",
    "reliability.classes.router.up=30 h",
    "reliability.classes.link.kind=silent_cut",
    "reliability.classes.link.down=60 s",
    "reliability.classes.router.down=60 s",
    "flows.one.rate=16 kbps",
    "flows.one.direction=both",
    "flows.one.count=16",
    "flows.one.arrivals=poisson",
];

/// Two packets a second each way, one by one at random over 32 five-tuples: control traffic costs as much.
const SPARSE: [&str; 4] =
    ["flows.one.rate=1600 bps", "flows.one.direction=both", "flows.one.count=16", "flows.one.arrivals=poisson"];

/// A tenth of a mean repair of 15 minutes, and of one of a minute, in seconds.
const LONGEST: [f64; 2] = [90.0, 6.0];

fn whole() -> Vec<Row> {
    rows(&measured(128, 64, Traffic::Rates, &[]), "charged, 2-day periods", CHARGED, 0.03, LONGEST[0])
}

fn whole_by_packets() -> Vec<Row> {
    rows(&measured(64, 64, Traffic::Packets, &SPARSE), "packets lost, 2-day periods", LOST, 0.1, LONGEST[0])
}

fn episodes() -> Vec<Row> {
    let what = "packets lost, 6-hour periods";
    let truth = measured(16, 32, Traffic::Packets, &PACKETS);
    let mut all = rows(&truth, what, LOST, 0.05, LONGEST[1]);
    // Detection and phases spread what a cut costs: an episode that is the same each time would prove nothing of their drawing.
    let spread = truth.episodes.variance.sqrt() / truth.episodes.mean;
    let name = format!("{what}: standard deviation over mean of {} episodes", truth.episodes.count);
    all.push(Row::lies(name, "timers in other phases", spread, 0.1, 1.0));
    all
}

fn measured(periods: u64, episodes: u32, traffic: Traffic, sets: &[&str]) -> Truth {
    const TEXT: &str = include_str!("../../../scenarios/studies/accelerated.toml");
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let loaded = scenario::parse(TEXT, "accelerated", &sets).unwrap_or_else(|problems| panic!("{problems}"));
    truth(&loaded.network, RunSeed(1), periods, episodes, traffic)
}

fn rows(truth: &Truth, what: &str, source: &'static str, widest: f64, longest_s: f64) -> Vec<Row> {
    // As a share of what is charged or lost, around 1.
    let scale = truth.stitched.mean;
    let ratio = Moments {
        mean: 1.0 + truth.difference.mean / scale,
        variance: truth.difference.variance / scale / scale,
        ..truth.difference
    };
    let of = format!("{what}: simulator over years, {} periods, {} transitions", ratio.count, truth.transitions);
    vec![
        Row::estimate(of, source, ratio, 1.0, widest),
        Row::lies(
            format!("{what}: rate of events x longest episode"),
            "guard of the decomposition",
            truth.separation,
            0.0,
            1e-2,
        ),
        Row::lies(
            format!("{what}: longest episode, s"),
            "a tenth of the shortest mean repair",
            truth.longest_s,
            0.0,
            longest_s,
        ),
    ]
}
