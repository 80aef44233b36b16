//! Do years without packets give what theory says? Every expected value is a formula or an exact solution named beside it.

use fabricsim::failures::{StandingPlan, Turn};
use fabricsim::network::{
    BadTest, Charge, Exclusion, Failure, FailureKind, Fidelity, Network, Reliability, Rounding, SlaRule, Variation,
    When,
};
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::{Continue, Simulation};
use fabricsim::study::events::events;
use fabricsim::study::reference;
use fabricsim::study::replay::{charged, month};
use fabricsim::study::statistics::mean::Moments;
use fabricsim::study::statistics::two_part::TwoPart;
use fabricsim::study::structure::Structure;
use fabricsim::study::variations::vary;
use fabricsim::study::years::compare::compare;
use fabricsim::study::years::engine::Stop;
use fabricsim::study::years::parts::{self, Identity, Merged, Part, Piece};
use fabricsim::study::years::{
    Episode, EpisodeClass, Fits, Happening, Library, NoCache, Plan, Setting, Tally, Walker, engine, in_seconds,
};
use fabricsim::units::{CalendarSpan, Share, Span};
use rayon::prelude::*;

fn rule(name: &str) -> SlaRule {
    SlaRule::preset(name).expect("a preset")
}

fn months(network: &Network, rules: Vec<SlaRule>, blocks: u64) -> Tally {
    let plan = Plan::new(network, rules, None);
    engine::blocks(&plan, RunSeed(20_261_123), 0, blocks)
}

#[test]
fn the_reference_fabric_fails_and_returns_as_often_as_its_components() {
    // The paths' failures: 23.6 a year, of 2 facilities, 4 routers and 4 links.
    let tally = months(&reference::network(), vec![rule("every-moment")], 400);
    let hours = tally.periods as f64 * 720.0;
    let cycles = 2.0 / 17_523.0 + 4.0 / 30_004.0 + 4.0 / 1_720.0;
    let transitions = tally.transitions as f64;
    assert!((transitions - 2.0 * cycles * hours).abs() < 6.0 * transitions.sqrt(), "{transitions} transitions");
}

/// Outages of a minute in the mean, each 100 hours, exponential (lambda and mu): what four rules charge of all time, drawn
/// without packets, against `U`, `U e^(-mu c)(1 + mu c)` for runs of c = 120 s, `U e^(-mu b)` for minutes fully down, and
/// `1 - (1 - U) e^(-lambda b)` for minutes touched.
#[test]
fn four_rules_charge_drawn_outages_as_their_closed_forms_say() {
    let west =
        "[reliability.classes]\nwest = { of = [\"w\"], kind = \"router_down\", up = \"100 h\", down = \"60 s\" }\n";
    let minute = CalendarSpan::from_s(60);
    let binned = |bad| SlaRule { bin: Some(minute), bad, ..SlaRule::default() };
    let expected = [
        (SlaRule::default(), 1.666_388_94e-4),
        (SlaRule { minimum_run: minute + minute, ..SlaRule::default() }, 6.765_636_56e-5),
        (binned(BadTest::LossAtLeast(Share::ONE)), 6.130_302_30e-5),
        (binned(BadTest::LossAbove(Share::ZERO)), 3.332_639_01e-4),
    ];
    let network = reference::network_with(west);
    let tally = months(&network, expected.iter().map(|(rule, _)| rule.clone()).collect(), 1_000);
    for (rule, (_, share)) in tally.connections[0].rules.iter().zip(expected) {
        let seconds = share * 2_592_000.0;
        let drawn = in_seconds(&rule.charged, tally.periods).student(0.999).expect("many months");
        assert!(drawn.contains(seconds) && drawn.half_width() < 0.03 * seconds, "{drawn:?}, not {seconds}");
    }
}

/// A study that is precise before its budget is used up: some 0.7 outages a month, and 1% asks for about 77,000.
fn small_study() -> Network {
    let fails =
        "[reliability.classes]\nwest = { of = [\"w\"], kind = \"router_down\", up = \"1000 h\", down = \"1 h\" }\n";
    let mut network = reference::network_with(fails);
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
    // Two of seven left out: every hole that they leave, up to the last part's last block.
    let mut left_out: Vec<(u64, u64)> =
        [1, 7].iter().flat_map(|k| parts::shard(engine::budget(&plan), *k, 7)).collect();
    all.retain(|(name, _)| name != "part 1" && name != "part 7");
    let last = all.iter().flat_map(|(_, part)| &part.pieces).map(|piece| piece.to).max().expect("pieces");
    left_out.sort_unstable();
    left_out.retain(|(from, _)| *from < last);
    let Ok(Merged::Missing(gaps)) = parts::merge(&plan, &identity, &all) else { panic!("there are holes") };
    let blocks = |ranges: &[(u64, u64)]| ranges.iter().flat_map(|(from, to)| *from..*to).collect::<Vec<u64>>();
    assert!(gaps.len() > 2 && gaps.windows(2).all(|pair| pair[0].1 < pair[1].0), "{gaps:?}");
    assert_eq!(blocks(&gaps), blocks(&left_out));
    assert_eq!(
        (parts::blocks_in_words(4, 7), parts::blocks_in_words(4, 5)),
        ("blocks 4 to 6".to_owned(), "block 4".to_owned())
    );
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

/// Repairs in half the time halve the long-run share of time down: U T of 1,000 h up and 1 h or half an hour down.
#[test]
fn variations_differ_by_what_theory_says_and_the_first_by_nothing_from_itself() {
    let network = small_study();
    let quick = reference::network_with(
        "[reliability.classes]\nwest = { of = [\"w\"], kind = \"router_down\", up = \"1000 h\", down = \"30 min\" }\n",
    );
    let mut first = network.clone();
    first.study.periods = 500 * engine::BLOCK;
    let down = Variation { key: "down".to_owned(), values: vec!["1 h".to_owned(), "30 min".to_owned()] };
    let point = |value: &str, network| (vec![value.to_owned()], Plan::new(network, vec![rule("every-moment")], None));
    let points = [point("1 h", &first), point("30 min", &quick)];
    let summary = vary(vec![down], &points, RunSeed(1));
    let [one, other] = summary.combinations.as_slice() else { panic!("two combinations") };
    assert_eq!((one.difference.mean, one.difference.variance, one.better_worse), (0.0, 0.0, [0, 0]));
    let month = 2_592_000.0;
    let expected = month * (0.5 / 1_000.5 - 1.0 / 1_001.0);
    let interval = other.difference.student(0.999).expect("many pairs");
    assert!(interval.contains(expected) && interval.half_width() < 0.05 * -expected, "{interval:?} {expected}");
    assert!(other.better_worse[0] > 0 && other.better_worse[1] == 0 && other.meets > one.meets, "{other:?}");
    // The same weather: far less varies than if the two were independent.
    assert!(other.difference.variance < 0.6 * (one.charged.variance + other.charged.variance), "{other:?}");
}

/// What is charged is put down to causes whole, and reached by the period's end whole, however a rule rounds.
#[test]
fn causes_and_course_add_up_to_what_a_rule_charges_however_it_rounds() {
    let network = reference::network_with(
        "[reliability.classes]\nwest = { of = [\"w\"], kind = \"router_down\", up = \"10 h\", down = \"100 s\" }\n",
    );
    let minute = CalendarSpan::from_s(60);
    let charges = [Rounding::Exact, Rounding::Whole(minute), Rounding::Touched(minute)].map(|rounding| {
        let plan = Plan::new(&network, vec![SlaRule { rounding, ..SlaRule::default() }], None);
        let mut walker = Walker::new(&plan);
        let of = |replication| {
            let one = &walker.period(RunSeed(3), replication).connections[0];
            let charged = one.rules[0].charged;
            assert_eq!(one.causes.iter().flatten().sum::<u64>(), charged, "{rounding:?}: causes");
            assert_eq!(one.course.last().copied().unwrap_or(0), charged, "{rounding:?}: course");
            charged
        };
        (0..8).map(of).sum::<u64>()
    });
    assert!(charges[1] < charges[0] && charges[0] < charges[2], "{charges:?}");
}

/// Work goes on at one of four paths nearly all the time. A rule that leaves maintenance out charges the router behind all
/// paths as if there were none (U = 1 h / 101 h); work on that router itself is not charged at all.
#[test]
fn work_excuses_what_it_touches_and_nothing_else() {
    let rule = SlaRule { excludes: vec![Exclusion::Maintenance], ..SlaRule::default() };
    let charged = |begins: &str| {
        let network = reference::network_with(&format!(
            "[reliability.classes]\n\
             work = {{ of = [\"a1\"], kind = \"router_down\", up = \"1 h\", down = \"1000 h\", begins = \"drained\" }}\n\
             west = {{ of = [\"w\"], kind = \"router_down\", up = \"100 h\", down = \"1 h\", begins = {begins:?} }}\n"
        ));
        let tally = months(&network, vec![rule.clone()], 40);
        in_seconds(&tally.connections[0].rules[0].charged, tally.periods)
    };
    let seconds = 2_592_000.0 / 101.0;
    let sudden = charged("sudden").student(0.999).expect("many months");
    assert!(sudden.contains(seconds) && sudden.half_width() < 0.05 * seconds, "{sudden:?}, not {seconds}");
    assert!(charged("drained").mean.abs() < 1e-9);
}

/// Four channels of 1 Gbps and a demand of 3 Gbps: with k left, a share of 1 - k/3 is too much. So less than all of it is
/// carried while fewer than three paths are up, less than half while fewer than two are, and the mean share that is short is
/// P(2)/3 + 2 P(1)/3, with the probabilities of all 1,024 states summed.
#[test]
fn capacity_is_short_as_the_states_of_the_reference_fabric_have_it_exactly_and_drawn() {
    let mut network = reference::network();
    for connection in network.connections.iter_mut() {
        connection.bandwidth = "3 Gbps".parse().expect("a rate");
    }
    let [none, below_two, below_three, _] = reference::UNAVAILABILITY;
    let truth = [below_two, below_three];
    let standing = StandingPlan::new(&network);
    let structure = Structure::new(&network, &standing).connection(network.connections.ids().next().expect("one"));
    for ((level, exact), truth) in structure.demand.iter().zip(truth) {
        let bounds = exact.unavailability;
        assert!(bounds.low <= truth * (1.0 + 1e-9) && truth <= bounds.high * (1.0 + 1e-9), "{level}: {bounds:?}");
        assert!(bounds.high - bounds.low < 1e-4 * truth, "{level}: {bounds:?}");
    }
    assert_eq!(structure.demand.len(), 2);

    let any_loss = SlaRule { bad: BadTest::LossAbove(Share::ZERO), ..SlaRule::default() };
    let [by_path, by_loss] = [SlaRule::default(), any_loss].map(|rule| months(&network, vec![rule], 12_000));
    let drawn = |sums, expected: f64, widest: f64| {
        let seconds = expected * 2_592_000.0;
        let interval = in_seconds(sums, by_path.periods).student(0.999).expect("many months");
        assert!(interval.contains(seconds) && interval.half_width() < widest * seconds, "{interval:?}, not {seconds}");
    };
    let one = &by_path.connections[0];
    drawn(&one.lacking[0], below_two, 0.2);
    drawn(&one.lacking[1], below_three, 0.02);
    let short = (below_three - below_two) / 3.0 + (below_two - none) * 2.0 / 3.0;
    drawn(&one.short, short, 0.02);

    // What is not charged is put down to capacity by its share; what a rule of losses charges, whole.
    let capacity = |tally: &Tally| {
        let parts = tally.connections[0].causes.iter().map(|parts| parts[2] as f64);
        parts.sum::<f64>() / 1e9 / tally.periods as f64
    };
    let mean = |tally: &Tally, sums| in_seconds(sums, tally.periods).mean;
    assert!((capacity(&by_path) / mean(&by_path, &one.short) - 1.0).abs() < 1e-6);
    let two = &by_loss.connections[0];
    let charged = mean(&by_loss, &two.rules[0].charged) - mean(&by_loss, &two.below[0]);
    assert!((capacity(&by_loss) / charged - 1.0).abs() < 1e-6, "{} {charged}", capacity(&by_loss));
}

/// With a quarter of the purchase on each of four channels, every lost channel is a quarter lost: less than all is carried
/// while fewer than four paths are up, less than half while fewer than two are.
#[test]
fn limits_of_equal_shares_make_every_lost_channel_count() {
    let mut network = reference::network();
    for link in network.logical_links.iter_mut() {
        link.limit = Some("250 Mbps".parse().expect("a rate"));
    }
    let standing = StandingPlan::new(&network);
    let structure = Structure::new(&network, &standing).connection(network.connections.ids().next().expect("one"));
    for ((level, exact), truth) in structure.demand.iter().zip([1, 3].map(|k| reference::UNAVAILABILITY[k])) {
        assert!((exact.unavailability.low / truth - 1.0).abs() < 1e-4, "{level}: {exact:?}, not {truth}");
    }
}

/// The ten worst of the same periods as below: each event, by packets with the seed of the run that the study drew for it,
/// loses what the study laid, to the nanosecond, so that all outages are the study's.
#[test]
fn the_events_of_the_worst_periods_replay_exactly() {
    const TEXT: &str = include_str!("../scenarios/studies/accelerated.toml");
    let traffic = scenario::parse(TEXT, "accelerated", &["fidelity=auto".to_owned()]).expect("a scenario").network;
    let network = scenario::parse(TEXT, "accelerated", &[]).expect("a scenario").network;
    let seed = RunSeed(3);
    let library = Library::simulate(&network, network.availability.judging(), seed, 4, &NoCache);
    let plan = Plan::new(&network, network.availability.rules.clone(), Some(&library));
    let tally = engine::blocks(&plan, seed, 0, 8);
    for one in tally.connections[0].worst.list() {
        let again = events(&network, &traffic, &library, seed, one.number);
        assert!(!again.events.is_empty(), "period {}", one.number);
        assert!(again.events.iter().all(|event| event.is_as_kept && event.record.totals.data.sent > 0));
        assert!(again.agree(0), "period {}: {:?}, not {:?}", one.number, again.here[0], again.study[0]);
        let charged: u64 = again.here[0].iter().map(|outage| outage.charged.as_ns()).sum();
        assert_eq!(charged, one.downtime, "period {}", one.number);
    }
    // An event that loses something else is found.
    let mut wrong = library.clone();
    let number = tally.connections[0].worst.list()[0].number;
    let met = events(&network, &traffic, &library, seed, number).events[0].met;
    wrong.replace(met.draw, vec![Episode::blackout(5_000_000_000)]);
    assert!(!events(&network, &traffic, &wrong, seed, number).agree(0));
}

/// The ten worst of 512 periods of two days, in each of which as much fails as in half a year, any loss counting: the
/// simulator, over whole periods with packets around every event, charges what the study charged, but for what phases of
/// timers can do: between routing that settles at once, and twice the slowest run of each kind, with a session that comes
/// up (its connect retry time) where no channel was left.
#[test]
fn the_worst_periods_replay_and_are_charged_as_the_study_charged_them() {
    const TEXT: &str = include_str!("../scenarios/studies/accelerated.toml");
    let network = scenario::parse(TEXT, "accelerated", &["fidelity=auto".to_owned()]).expect("a scenario").network;
    let seed = RunSeed(3);
    let library = Library::simulate(&network, network.availability.judging(), seed, 4, &NoCache);
    let plan = Plan::new(&network, network.availability.rules.clone(), Some(&library));
    let tally = engine::blocks(&plan, seed, 0, 8);
    let worst = tally.connections[0].worst.list();
    assert_eq!(worst.len(), 10);
    for one in worst {
        let charged = charged(&network, Some(&library), seed, one.number)[0];
        assert_eq!(charged.drawn.as_ns(), one.downtime, "the same period");
        let world = month(&network, seed, one.number).expect("two days");
        let record = Simulation::new(&world, seed).run();
        let here = record.connections[0].availability.charged;
        assert!(charged.allows(here), "period {}: {charged:?}, this run {here}", one.number);
        // What is broken lasts for minutes; so little is left to phases that the interval says something.
        assert!(charged.most.as_ns() - charged.least.as_ns() < charged.drawn.as_ns() / 40, "{charged:?}");
    }
}

/// What the simulator charges periods of the two paths with these changes, less what years without packets do.
struct Beside {
    /// Seconds a period.
    difference: Moments,
    /// Its standard error, that of a finite number of runs behind the library included.
    error: f64,
    /// Events by what was laid over them.
    fits: Fits,
}

impl Beside {
    /// In standard errors.
    fn z(&self) -> f64 {
        self.difference.mean / self.error
    }
}

/// With these numbers of kinds of events in degraded fabrics, and of joint ones.
fn beside_the_simulator(sets: &[&str], periods: u64, samples: u32, budgets: [[u32; 2]; 2]) -> [Beside; 2] {
    const TEXT: &str = include_str!("../scenarios/studies/accelerated.toml");
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let mut network = scenario::parse(TEXT, "accelerated", &sets).expect("a scenario").network;
    network.fidelity = Fidelity::Flow;
    let seed = RunSeed(1);
    let simulated = |replication| {
        let world = month(&network, seed, replication).expect("a short period");
        let record = Simulation::new(&world, seed.replication(replication)).run();
        record.connections[0].availability.charged.as_seconds()
    };
    let simulated: Vec<f64> = (0..periods).into_par_iter().map(simulated).collect();
    budgets.map(|[degraded, joint]| {
        let mut network = network.clone();
        (network.study.degraded, network.study.joint) = (degraded, joint);
        let rule = network.availability.judging();
        let library = Library::simulate(&network, rule, seed, samples, &NoCache);
        let plan = Plan::new(&network, network.availability.rules.clone(), Some(&library));
        let (mut walker, mut fits) = (Walker::new(&plan), Fits::default());
        let mut stitched = |replication| {
            let period = walker.period(seed, replication);
            fits.merge(&period.fits);
            period.connections[0].rules[0].charged as f64 / 1e9
        };
        let difference: Vec<f64> =
            (0..).zip(&simulated).map(|(index, simulated)| simulated - stitched(index)).collect();
        let difference = Moments::of(&difference);
        let classes = library.variances(rule, 0, plan.period().as_seconds() / 3_600.0);
        let error = TwoPart::new(difference.variance, difference.count, &classes).standard_error();
        Beside { difference, error, fits }
    })
}

/// Two paths of which each is down a tenth of the time: where the last one returns, a session has to come up first, which runs
/// that begin in the whole fabric do not show. With runs of each state the study charges what the simulator charges.
#[test]
fn events_that_meet_a_degraded_fabric_are_charged_as_the_simulator_charges_them() {
    let sets = [
        "reliability.classes.link.up=1 h",
        "reliability.classes.link.down=6 min",
        "reliability.classes.router.up=6 h",
        "reliability.classes.router.down=6 min",
        "sla.period=6 h",
    ];
    let [whole, own] = beside_the_simulator(&sets, 24, 8, [[0, 0], [64, 0]]);
    let say = format!(
        "{:?} {} {:?}, {:?} {} {:?}",
        whole.difference,
        whole.z(),
        whole.fits,
        own.difference,
        own.z(),
        own.fits
    );
    assert!(own.z().abs() < 3.3 && own.error < 0.5, "{say}");
    // Some 1.5 times in a period a last channel returns, and 2 to 5 s pass.
    assert!(whole.z() > 3.3 && whole.difference.mean > 2.0, "{say}");
    // What is left are events behind which nothing stands anyway.
    assert!(own.fits.degraded > 50 && own.fits.borrowed < 10, "{say}");
    assert_eq!((whole.fits.degraded, whole.fits.borrowed), (0, own.fits.degraded + own.fits.borrowed));
}

/// A channel is cut and returns before routing has gone around it; both are down, one returns, and the other one before the first
/// one's session is up. Scripted and simulated, at times spread over the time that the first event takes alone, what is lost from the
/// second one on is in the mean what the library's runs lose. All lost until the first one alone would have been done, as without
/// runs of both, is too much: half of the packets have another channel.
#[test]
fn two_events_before_routing_has_settled_lose_what_the_simulator_says() {
    const TEXT: &str = include_str!("../scenarios/studies/accelerated.toml");
    let sets = ["reliability.classes.link.up=40 s", "reliability.classes.link.down=40 s", "sla.period=1 h"];
    let mut network = scenario::parse(TEXT, "accelerated", &sets.map(str::to_owned)).expect("a scenario").network;
    let cut = |name: &str| {
        let component = network.reliability.components.iter().find(|one| one.name == name).expect("a component");
        component.turns[0].clone()
    };
    let [a, b] = [cut("link of c-a1"), cut("link of c-b1")];
    (network.study.degraded, network.study.joint) = (16, 64);
    let library = Library::simulate(&network, network.availability.judging(), RunSeed(4), 16, &NoCache);
    let compared = |first: (&Vec<FailureKind>, Turn), down: usize| {
        let is = |class: &&EpisodeClass| {
            let Happening { down: with, kinds, joint: Some(joint) } = &class.happening else { return false };
            (kinds, joint.first) == first && (&joint.kinds, joint.second) == (&a, Turn::Up) && with.len() == down
        };
        let classes: Vec<&EpisodeClass> = library.classes.iter().filter(is).collect();
        assert_eq!(classes.len(), 4, "the parts of the time that the first takes alone");
        let mut sums = [0.0f64; 3];
        for class in &classes {
            let runs: Vec<f64> = class.samples[1].iter().map(|run| run[0].lost_ns() / 1e9).collect();
            let [least, most] = class.happening.joint.as_ref().expect("a pair").gap;
            let scripted = |number: u32| {
                let at = Span::from_s(500) + Span::from_ms(377).times(number.into());
                let then = at + least + most.saturating_sub(least).scaled(number.into(), 96);
                let script = match first.1 {
                    Turn::Down => vec![(&a, at, then)],
                    Turn::Up => vec![(&b, Span::ZERO, at), (&a, Span::ZERO, then)],
                };
                scripted_loss(&network, &script, then, RunSeed(1_000 + u64::from(number)))
            };
            let scripted: Vec<f64> = (0..96).into_par_iter().map(scripted).collect();
            let [runs, scripted] = [Moments::of(&runs), Moments::of(&scripted)];
            sums[0] += runs.mean / 4.0;
            sums[1] += scripted.mean / 4.0;
            sums[2] += (runs.variance / runs.count as f64 + scripted.variance / scripted.count as f64) / 16.0;
        }
        let longest = classes.iter().filter_map(|class| Some(class.happening.joint.as_ref()?.gap[1])).max();
        // From the middle of the time that the first takes alone to its end.
        [sums[0], sums[1], longest.expect("four").as_seconds() / 2.0, sums[2].sqrt()]
    };
    for (first, down) in [((&a, Turn::Down), 0), ((&b, Turn::Up), 2)] {
        let [by_runs, by_script, by_total_loss, error] = compared(first, down);
        let say = format!("{by_script} simulated, {by_runs} by runs, {by_total_loss} by total loss, error {error}");
        assert!((by_runs - by_script).abs() < 3.3 * error + 1e-4 && error < 0.15 * by_script, "{say}");
        assert!(first.1 == Turn::Up || by_total_loss > 1.5 * by_script, "{say}");
    }

    // And periods meet them: without runs of pairs all of them are charged as total loss.
    let met = |joint| {
        let mut network = network.clone();
        (network.study.degraded, network.study.joint) = (16, joint);
        let library = Library::simulate(&network, network.availability.judging(), RunSeed(4), 1, &NoCache);
        let plan = Plan::new(&network, network.availability.rules.clone(), Some(&library));
        engine::blocks(&plan, RunSeed(4), 0, 1).fits
    };
    let (without, with) = (met(0), met(64));
    assert!(without.joint == 0 && with.joint > 100 && with.lost * 4 < without.lost, "{without:?} {with:?}");
    assert!(with.lost_ns * 4 < without.lost_ns, "{without:?} {with:?}");
}

/// What is cut from when to when: seconds of total loss from a moment on.
fn scripted_loss(network: &Network, script: &[(&Vec<FailureKind>, Span, Span)], observed: Span, seed: RunSeed) -> f64 {
    let mut world = network.clone();
    world.fidelity = Fidelity::Flow;
    world.reliability = Reliability::default();
    let failure = |(kinds, from, to): &(&Vec<FailureKind>, Span, Span)| Failure {
        name: format!("until {to}"),
        kind: kinds[0].clone(),
        when: When::once(*from, Some(to.saturating_sub(*from))),
        detection: None,
    };
    world.failures = script.iter().map(failure).collect();
    world.responsibility.failures = world.failures.iter().map(|_| Charge::default()).collect();
    world.horizon = observed + Span::from_s(100);
    let record = Simulation::new(&world, seed).run();
    let lost = |usable: &[(Span, Share)]| -> f64 {
        let ends = usable.iter().skip(1).map(|(at, _)| *at).chain([world.horizon]);
        let part = |((at, share), end): (&(Span, Share), Span)| {
            end.saturating_sub((*at).max(observed)).as_seconds() * (1.0 - share.as_percent() / 100.0)
        };
        usable.iter().zip(ends).map(part).sum()
    };
    record.connections[0].directions.iter().map(|one| lost(&one.usable_paths)).sum::<f64>() / 2.0
}

/// Which classes there are, and what their runs lost, hangs on the scenario, the seed and the budget alone.
#[test]
fn a_library_is_the_same_on_any_number_of_threads() {
    const TEXT: &str = include_str!("../scenarios/studies/accelerated.toml");
    let mut network = scenario::parse(TEXT, "accelerated", &["reliability.classes.link.up=1 h".to_owned()])
        .expect("a scenario")
        .network;
    (network.study.degraded, network.study.joint) = (5, 6);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| Library::simulate(&network, network.availability.judging(), RunSeed(2), 4, &NoCache))
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(format!("{one:?}"), format!("{three:?}"));
    let of = |setting| {
        let classes = one.classes.iter().filter(|class| class.happening.setting() == setting);
        classes.map(|class| 1 + class.alike.len()).sum::<usize>()
    };
    assert_eq!([Setting::Whole, Setting::Degraded, Setting::Joint].map(of), [4, 5, 6]);
    // The last channel returns: of two that are equally often down, the more frequent first.
    let first = one.classes.iter().find(|class| class.happening.setting() == Setting::Degraded).expect("five");
    assert_eq!((first.happening.down.len(), first.runs() >= 4), (1, true));
    assert!(first.name.contains("fibre cut, while down: link"), "{}", first.name);
}
