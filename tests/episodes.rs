//! Which events share episodes, and what the library does not know of the time before an event. Every expected value is the
//! symmetry of the scenario, a formula, or the simulator itself.

use fabricsim::network::{Charge, Failure, Fidelity, Network, Period, Reliability, SlaRule, When};
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::Simulation;
use fabricsim::study::reference;
use fabricsim::study::replay::month;
use fabricsim::study::statistics::mean::Moments;
use fabricsim::study::statistics::two_part::TwoPart;
use fabricsim::study::years::{Fits, Library, NoCache, Plan, Walker};
use fabricsim::units::{CalendarSpan, Share, Span};
use rayon::prelude::*;

const ACCELERATED: &str = include_str!("../scenarios/studies/accelerated.toml");
/// Sets both channels to one length.
const EQUAL: [&str; 2] = ["links.c-a1.delay=100 us", "links.c-b1.delay=100 us"];

fn network(more: &str, sets: &[&str]) -> Network {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let mut network =
        scenario::parse(&format!("{ACCELERATED}{more}"), "accelerated", &sets).expect("a scenario").network;
    network.fidelity = Fidelity::Flow;
    network
}

/// The library of the whole fabric, and of so many degraded ones.
fn library(network: &Network, degraded: u32, runs: u32) -> Library {
    let mut network = network.clone();
    (network.study.degraded, network.study.joint) = (degraded, 0);
    Library::simulate(&network, network.availability.judging(), RunSeed(3), runs, &NoCache)
}

/// Classes, and events that they stand for.
fn classes(library: &Library) -> [usize; 2] {
    [library.classes.len(), library.classes.iter().map(|class| 1 + class.alike.len()).sum()]
}

/// Two routers and two channels fail. Where both ways are alike a class of each stands for both; by a channel that is longer,
/// by a preference for the routes of one, by another hold time they are not; nor where only one way is used at a time and
/// identifiers say which (RFC 4271 9.1.2.2 f): then forwarding tables tell them apart, and nothing else does.
#[test]
fn what_is_the_same_but_for_names_has_one_class_and_what_only_looks_alike_has_its_own() {
    let of = |more: &str, sets: &[&str]| classes(&library(&network(more, sets), 0, 1));
    assert_eq!(of("", &EQUAL), [2, 4]);
    assert_eq!(of("", &["links.c-a1.delay=100 us", "links.c-b1.delay=200 us"]), [4, 4]);
    let preferred =
        "\n[policies.first]\nterms = [{ local_pref = 200 }]\n\n[sessions.s]\nrouter = \"a1\"\nimport = \"first\"\n";
    assert_eq!(of(preferred, &EQUAL), [4, 4]);
    let slow = "\n[sessions.s]\nrouter = \"a1\"\nbgp = { first_update = \"50 ms\" }\n";
    assert_eq!(of(slow, &EQUAL), [4, 4]);
    let one_way = ["links.c-a1.delay=100 us", "links.c-b1.delay=100 us", "providers.west.decision.multipath=off"];
    assert_eq!(of("", &one_way), [4, 4]);
}

/// The quad fabric: in each provider the two border routers of a zone, and the two backbone routers, stand for one another, and so do
/// the channels of a facility; the two facilities are of unequal length, and providers stay apart. 12 routers and 16 links
/// inside providers in 6 and 4 classes, three kinds of failure of 4 channels in 2 each, 4 zones and 2 facilities, one pushed
/// configuration.
#[test]
fn the_quad_fabric_has_classes_as_its_drawing_has_symmetries() {
    const TEXT: &str = include_str!("../scenarios/studies/quad-month.toml");
    let network = scenario::parse(TEXT, "quad-month", &[]).expect("a scenario").network;
    let library = library(&network, 0, 1);
    let of = |word: &str, start: &str| {
        let classes =
            || library.classes.iter().filter(|class| class.name.starts_with(start) && class.name.contains(word));
        [classes().count(), classes().map(|class| 1 + class.alike.len()).sum()]
    };
    assert_eq!(of("router down", "router"), [6, 12]);
    assert_eq!(of("fibre cut", "link aws"), [2, 8]);
    assert_eq!(of("fibre cut", "link google"), [2, 8]);
    assert_eq!(of("", "link iad-channel"), [6, 12]);
    assert_eq!(of("outage", "facility iad"), [2, 2]);
    assert_eq!(classes(&library)[1], 47);
    assert_eq!(library.compared as usize, 47 - classes(&library)[0], "one run of each that another stands for");
}

/// A channel that is longer by a nanosecond changes nothing that a rule could see, and has its own runs: the same periods are
/// charged the same by shared episodes and by own ones, to within what the finite number of runs leaves open.
#[test]
fn shared_episodes_charge_what_own_ones_do() {
    let longer = ["links.c-a1.delay=100 us", "links.c-b1.delay=100.001 us"];
    let [shared, own] = [network("", &EQUAL), network("", &longer)];
    let libraries = [library(&shared, 16, 32), library(&own, 16, 32)];
    let [[one, stands_for], [other, alone]] = libraries.each_ref().map(classes);
    assert!(one < stands_for && other == alone && alone == stands_for, "{one} for {stands_for}, {other} for {alone}");
    let plans = [(&shared, &libraries[0]), (&own, &libraries[1])]
        .map(|(network, library)| Plan::new(network, network.availability.rules.clone(), Some(library)));
    let [mut by_shared, mut by_own] = plans.each_ref().map(Walker::new);
    let charged = |walker: &mut Walker<'_>, replication| {
        walker.period(RunSeed(5), replication).connections[0].rules[0].charged as f64 / 1e9
    };
    let differences: Vec<f64> = (0..4_000)
        .map(|replication| charged(&mut by_shared, replication) - charged(&mut by_own, replication))
        .collect();
    let difference = Moments::of(&differences);
    let hours = plans[0].period().as_seconds() / 3_600.0;
    let rule = shared.availability.judging();
    let episodes: Vec<_> = libraries.iter().flat_map(|library| library.variances(rule, 0, hours)).collect();
    let error = TwoPart::new(difference.variance, difference.count, &episodes).standard_error();
    // Some seconds of episodes a period.
    assert!(difference.mean.abs() < 3.3 * error && error < 0.5, "{difference:?} {error}");
}

/// Seconds without any way after the return of a channel that was cut for so long, while the other one has been down for long.
fn lost_at_return(network: &Network, cut: Span, phase: u32) -> f64 {
    let mut world = network.clone();
    world.reliability = Reliability::default();
    let at = Span::from_s(30) + Span::from_ms(377).times(phase.into());
    let back = at + cut;
    world.horizon = back + Span::from_s(30);
    let kinds = |name: &str| {
        let component = network.reliability.components.iter().find(|one| one.name == name).expect("a component");
        component.turns[0][0].clone()
    };
    world.failures = [("other", "link of c-a1", Span::ZERO, None), ("cut", "link of c-b1", at, Some(cut))]
        .into_iter()
        .map(|(name, of, at, lasts)| Failure {
            name: name.into(),
            kind: kinds(of),
            when: When::once(at, lasts),
            detection: None,
        })
        .collect();
    world.responsibility.failures = world.failures.iter().map(|_| Charge::default()).collect();
    let record = Simulation::new(&world, RunSeed(100 + u64::from(phase))).run();
    let usable = &record.connections[0].directions[0].usable_paths;
    let up = usable.iter().find(|(at, share)| *at >= back && *share > Share::ZERO).expect("it comes back");
    up.0.saturating_sub(back).to_calendar().as_seconds()
}

/// The ends of a MACsec channel that is cut for less than the MKA Life Time, 6 s (IEEE 802.1X-2020 table 9-3), keep their keys, and
/// the last channel is back as soon as BFD and BGP are; cut for longer, keys are agreed on first, however much longer. Runs of
/// the library begin after hundreds of seconds, so they have the latter: what they charge too much is the difference for the
/// share of returns that come within 6 s. Without MACsec there is no difference.
#[test]
fn a_channel_cut_for_less_than_the_life_time_of_its_keys_is_back_sooner_than_the_library_has_it() {
    let means = |network: &Network| {
        let cuts = [Span::from_s(3), Span::from_s(12), Span::from_s(100)];
        cuts.map(|cut| {
            let lost: Vec<f64> = (0..32).into_par_iter().map(|phase| lost_at_return(network, cut, phase)).collect();
            Moments::of(&lost)
        })
    };
    let [short, long, longer] = means(&network("", &[]));
    let error = |a: Moments, b: Moments| (a.variance / 32.0 + b.variance / 32.0).sqrt();
    assert!((long.mean - longer.mean).abs() < 3.3 * error(long, longer), "{long:?} {longer:?}");
    assert!(long.mean - short.mean > 1.0, "{short:?} {long:?}");
    let library = library(&network("", &[]), 16, 32);
    let class = library.classes.iter().find(|class| {
        class.name.starts_with("link c-b1: fibre cut, while down: link c-a1: fibre cut")
            && class.happening.down.len() == 1
    });
    let runs = &class.expect("a class").samples[1];
    let kept = Moments::of(&runs.iter().map(|run| run[0].lost_ns() / 1e9).collect::<Vec<f64>>());
    let apart = (kept.variance / kept.count as f64 + longer.variance / 32.0).sqrt();
    assert!((kept.mean - longer.mean).abs() < 3.3 * apart, "{kept:?} {longer:?}");
    let [short, _, longer] = means(&network("", &["links.c-a1.macsec=off", "links.c-b1.macsec=off"]));
    assert!((short.mean - longer.mean).abs() < 3.3 * error(short, longer) + 1e-3, "{short:?} {longer:?}");
}

/// Three of four channels fail together, always: one event, which has runs of its own and is not charged as total loss but when it
/// hits while one of them is still down (3 x 1 min in an hour: one in twenty). What is lost in the mean is what the simulator loses in
/// the same periods; taken one after another, the second and the third came before routing had settled from the first.
#[test]
fn a_common_cause_is_one_event_and_loses_what_the_simulator_says() {
    let mut network = reference::network_with(
        "[reliability.classes]\n\
         three = { of = [\"c-a1\", \"c-a2\", \"c-b1\"], kind = \"fibre_cut\", up = \"1 h\", down = \"1 min\", shared = \"100%\" }\n",
    );
    network.fidelity = Fidelity::Flow;
    network.availability.rules =
        vec![SlaRule { period: Period::Rolling(CalendarSpan::from_s(21_600)), ..SlaRule::default() }];
    let library = library(&network, 0, 16);
    let shock = library.classes.iter().find(|class| class.happening.kinds.len() == 3).expect("a class of all three");
    assert!((shock.per_hour - 1.0).abs() < 1e-9 && shock.name.starts_with("3 components"), "{shock:?}");
    let plan = Plan::new(&network, network.availability.rules.clone(), Some(&library));
    let (mut walker, mut fits) = (Walker::new(&plan), Fits::default());
    let seed = RunSeed(6);
    let lost = |usable: &[(Span, Share)], end: Span| -> f64 {
        let ends = usable.iter().skip(1).map(|(at, _)| *at).chain([end]);
        let part = |((at, share), end): (&(Span, Share), Span)| {
            end.saturating_sub(*at).as_seconds() * (1.0 - share.as_percent() / 100.0)
        };
        usable.iter().zip(ends).map(part).sum()
    };
    let differences: Vec<f64> = (0..24)
        .map(|replication| {
            fits.merge(&walker.period(seed, replication).fits);
            let segments = walker.timelines(0)[0].segments();
            let ends = segments.iter().skip(1).map(|one| one.from).chain([plan.period()]);
            let stitched: f64 = segments
                .iter()
                .zip(ends)
                .map(|(one, end)| (end - one.from).as_seconds() * one.loss.as_percent() / 100.0)
                .sum();
            let world = month(&network, seed, replication).expect("six hours");
            let record = Simulation::new(&world, seed.replication(replication)).run();
            lost(&record.connections[0].directions[0].usable_paths, world.horizon) - stitched
        })
        .collect();
    let difference = Moments::of(&differences);
    let error = (difference.variance / difference.count as f64).sqrt();
    assert!(fits.whole > 60 && fits.lost * 20 < fits.whole, "{fits:?}");
    assert!(difference.mean.abs() < 3.3 * error + 1e-3, "{difference:?} {error} {fits:?}");
}
