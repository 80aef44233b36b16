//! Does a run's cost stay in proportion to its packets and flows, whatever the size of the world?

use fabricsim::network::Network;
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::Simulation;
use fabricsim::sim::record::RunRecord;
use fabricsim::study::benchmark::{fabrics_scenario, peak_memory};
use fabricsim::units::Span;

fn network(text: &str) -> Network {
    scenario::parse(text, "scale", &[]).unwrap_or_else(|problems| panic!("{problems}")).network
}

fn run(text: &str) -> RunRecord {
    Simulation::new(&network(text), RunSeed(1)).run()
}

/// A million flows must fit 4 GiB, so a tenth of them a tenth of that: scenario, run and record of 1,000 routers in
/// 100 fabrics as in W2, each of which sends 40 packets a microsecond.
#[test]
fn a_thousand_routers_and_a_hundred_thousand_flows_take_a_tenth_of_4_gib() {
    let record = run(&fabrics_scenario(100, 100_000, Span::from_us(100)));
    let expected = 100.0 * 40.0 * 100.0;
    // Poisson: five standard deviations.
    assert!((record.totals.data.sent as f64 - expected).abs() < 5.0 * expected.sqrt(), "{}", record.totals.data.sent);
    assert_eq!(record.flows.len(), 100_000);
    if let Some(peak) = peak_memory() {
        assert!(peak.0 < (4 << 30) / 10, "{peak}");
    }
}

/// Destinations are interned when a scenario is read: what a packet costs does not know how many prefixes there are.
#[test]
fn ten_thousand_prefixes_make_no_more_work_than_one() {
    let text =
        include_str!("../scenarios/benchmark/w2-fabric.toml").replace("horizon = \"20 ms\"", "horizon = \"1 ms\"");
    let one = "\"10.2.0.0/16\"";
    let others =
        (0..9_999).map(|index| format!(", \"172.{}.{}.{}/28\"", 16 + index / 4_096, index / 16 % 256, index % 16 * 16));
    let many = text.replace(one, &format!("{one}{}", others.collect::<String>()));
    let (one, many) = (network(&text), network(&many));
    let prefixes =
        |network: &Network| network.attachments.iter().map(|attachment| attachment.prefixes.len()).sum::<usize>();
    assert_eq!([&one, &many].map(prefixes), [2, 10_001]);
    let totals = |network: &Network| {
        let totals = Simulation::new(network, RunSeed(1)).run().totals;
        (totals.events, totals.packet_hops, totals.data.delivered, totals.latency.mean)
    };
    assert_eq!(totals(&one), totals(&many));
}
