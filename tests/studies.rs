//! Do years without packets give what theory says? Every expected value is a formula or an exact solution named beside it.

mod common;

use common::reference_fabric;
use fabricsim::network::{Network, SlaRule};
use fabricsim::rng::RunSeed;
use fabricsim::sim::Continue;
use fabricsim::study::years::compare::compare;
use fabricsim::study::years::engine::Stop;
use fabricsim::study::years::parts::{self, Identity, Merged, Part, Piece};
use fabricsim::study::years::{Plan, Tally, engine};

const TEN_COMPONENTS: &str = r#"
    [reliability.classes]
    facility = { of = ["a", "b"], kind = "facility_outage", up = "17520 h", down = "3 h" }
    router = { of = ["a1", "a2", "b1", "b2"], kind = "router_down", up = "30000 h", down = "4 h" }
    link = { of = "channels", kind = "fibre_cut", up = "1710 h", down = "10 h" }
"#;

fn rule(name: &str) -> SlaRule {
    SlaRule::preset(name).expect("a preset")
}

fn months(network: &Network, rules: Vec<SlaRule>, blocks: u64) -> Tally {
    let plan = Plan::new(network, rules, None);
    engine::blocks(&plan, RunSeed(20_261_123), 0, blocks)
}

/// A mean over periods within 99.9% of what is expected, and known to within a share of it.
fn agrees(what: &str, mean: f64, variance: f64, count: u64, expected: f64, widest: f64) {
    let error = (variance / count as f64).sqrt();
    assert!((mean - expected).abs() <= 3.29 * error, "{what}: {mean} +- {error}, expected {expected}");
    assert!(3.29 * error <= widest * expected, "{what}: {mean} +- {error} says too little of {expected}");
}

#[test]
fn the_reference_fabric_is_down_as_often_as_enumeration_says() {
    // Exact, all 2^10 states of ten independent components: the chance of fewer than k paths.
    let exact = [4.266_633_03e-8, 4.925_804_59e-6, 5.527_920_57e-4, 2.390_895_73e-2];
    let network = reference_fabric(TEN_COMPONENTS);
    let tally = months(&network, vec![rule("every-moment")], 4_000);
    let below = &tally.connections[0].below;
    let month = 30.0 * 86_400.0;
    for (k, widest) in [(1, 0.8), (2, 0.1), (3, 0.02)] {
        let sums = &below[k];
        let (mean, variance) = (sums.mean(tally.periods), sums.variance(tally.periods));
        agrees(
            &format!("fewer than {} paths", k + 1),
            mean / month,
            variance / month / month,
            tally.periods,
            exact[k],
            widest,
        );
    }
    // The paths' failures: 23.6 a year, of 2 facilities, 4 routers and 4 links.
    let hours = tally.periods as f64 * 720.0;
    let cycles = 2.0 / 17_523.0 + 4.0 / 30_004.0 + 4.0 / 1_720.0;
    let transitions = tally.transitions as f64;
    assert!((transitions - 2.0 * cycles * hours).abs() < 6.0 * transitions.sqrt(), "{transitions} transitions");
}

#[test]
fn a_rule_of_120_seconds_charges_what_the_closed_form_says() {
    // Outages of 60 s in the mean, 100 h apart, both exponential: U = 1.66638894e-4 raw, and U e^(-mc) (1 + mc) with
    // c = 120 s, m = 1 / 60 s: 6.76563656e-5.
    let one = r#"
        [reliability.classes]
        west = { of = ["w"], kind = "router_down", up = "100 h", down = "60 s" }
    "#;
    let network = reference_fabric(one);
    let tally = months(&network, vec![rule("google-interconnect"), rule("every-moment")], 800);
    let month = 30.0 * 86_400.0;
    for (index, (exact, widest)) in [(6.765_636_56e-5, 0.05), (1.666_388_94e-4, 0.03)].into_iter().enumerate() {
        let sums = &tally.connections[0].rules[index].charged;
        let (mean, variance) = (sums.mean(tally.periods), sums.variance(tally.periods));
        agrees(&format!("rule {index}"), mean / month, variance / month / month, tally.periods, exact, widest);
    }
}

#[test]
fn the_same_mean_misses_the_promise_in_six_or_in_forty_seven_of_a_hundred_months() {
    // Takacs series, stationary, 30 d, budget 259.2 s, U = 1e-4 exactly: P(miss) by mean outage.
    for (down, exact) in [("10 s", 0.472_23), ("5 min", 0.331_46), ("4 h", 0.017_620)] {
        let down_seconds = match down {
            "10 s" => 10.0,
            "5 min" => 300.0,
            _ => 14_400.0,
        };
        let up = down_seconds * 9_999.0;
        let one = format!(
            "[reliability.classes]\nwest = {{ of = [\"w\"], kind = \"router_down\", up = \"{up} s\", down = \"{down}\" }}\n"
        );
        let network = reference_fabric(&one);
        let tally = months(&network, vec![rule("every-moment")], 600);
        let missed = tally.connections[0].rules[0].missed as f64 / tally.periods as f64;
        agrees(down, missed, exact * (1.0 - exact), tally.periods, exact, 0.15);
    }
}

/// A study that is precise before its budget is used up: some 0.7 outages a month, and 1% asks for about 77,000.
fn small_study() -> Network {
    let fails =
        "[reliability.classes]\nwest = { of = [\"w\"], kind = \"router_down\", up = \"1000 h\", down = \"1 h\" }\n";
    let mut network = reference_fabric(fails);
    network.study.precision = "1%".parse().expect("a share");
    network.availability.rules = vec![rule("every-moment")];
    network.study.periods = 3_000 * engine::BLOCK;
    network
}

#[test]
fn a_study_is_the_same_on_any_number_of_threads_and_in_any_parts() {
    let network = small_study();
    let plan = Plan::new(&network, network.availability.rules.clone(), None);
    let whole = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| engine::run(&plan, RunSeed(5), None, &|_| Continue::Yes))
    };
    let (tally, stop) = whole(1);
    assert_eq!((&tally, stop), (&whole(3).0, whole(3).1));
    assert_eq!((tally.periods, stop), (2_048 * engine::BLOCK, Stop::Precise));

    let identity = Identity {
        version: "1".to_owned(),
        scenario: "x".to_owned(),
        seed: 5,
        rules: vec!["every-moment".to_owned()],
        periods: network.study.periods,
        episodes: 0,
    };
    let part = |k: u64| {
        let ranges = parts::shard(engine::budget(&plan), k, 7);
        let piece = |(from, to)| Piece { from, to, tally: engine::blocks(&plan, RunSeed(5), from, to) };
        let part = Part { identity: identity.clone(), pieces: ranges.into_iter().map(piece).collect() };
        // Through the bytes of a file, as shards travel.
        (format!("part {k}"), serde_json::from_str(&serde_json::to_string(&part).expect("JSON")).expect("a part"))
    };
    let mut all: Vec<(String, Part)> = [4, 1, 7, 2, 6, 3, 5].map(part).into();
    assert_eq!(parts::merge(&plan, &identity, &all), Ok(Merged::Complete(Box::new(tally.clone()), stop)));

    // One that was begun and goes on.
    let begun = engine::blocks(&plan, RunSeed(5), 0, 300);
    assert_eq!(engine::run(&plan, RunSeed(5), Some((300, begun)), &|_| Continue::Yes), (tally, stop));

    // What is missing, twice there, or of another study is told by name.
    let twice = [all[0].clone(), (String::from("copy"), all[0].1.clone())];
    let problems = parts::merge(&plan, &identity, &twice).expect_err("blocks that stand twice");
    assert!(problems[0].contains("part 4") && problems[0].contains("copy"), "{problems:?}");
    let other = Identity { seed: 6, ..identity.clone() };
    let problems = parts::merge(&plan, &other, &all).expect_err("another seed");
    assert!(problems.iter().any(|problem| problem.contains("seed is 5, not 6")), "{problems:?}");
    all.remove(1);
    assert!(matches!(parts::merge(&plan, &identity, &all), Ok(Merged::Missing { .. })));
}

#[test]
fn equal_designs_differ_by_exactly_nothing_and_a_better_one_is_found() {
    let network = small_study();
    let better = {
        let mut better = network.clone();
        for component in better.reliability.components.iter_mut().filter(|component| component.class == "west") {
            component.down.mean = component.down.mean.times(0.5);
        }
        better
    };
    let mut small = network.clone();
    small.study.periods = 500 * engine::BLOCK;
    let plan = Plan::new(&small, vec![rule("every-moment")], None);
    let same = compare(&plan, &plan, RunSeed(1));
    assert_eq!((same.charged.first_better, same.charged.second_better), (0, 0));
    let other = Plan::new(&better, vec![rule("every-moment")], None);
    let found = compare(&plan, &other, RunSeed(1));
    // Repair in half the time, of the same failures.
    assert!(
        found.charged.difference().mean < 0.0 && found.charged.second_better > found.charged.first_better,
        "{found:?}"
    );
}
