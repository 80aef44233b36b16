use super::*;
use crate::rng::RunSeed;
use crate::study::exact::importance::frequency_shares;
use crate::study::exact::repair::RepairModel;

const EVERYTHING: Limits = Limits { remainder: 0.0, relative: 0.0, states: usize::MAX };

#[track_caller]
fn near(value: f64, expected: f64, relative: f64) {
    assert!((value - expected).abs() <= relative * expected.abs(), "{value} is not {expected}");
}

/// Two facilities (0, 5) with two routers (1, 2 and 6, 7) with a link each (3, 4 and 8, 9): a path is up when its facility,
/// router and link are.
fn reference() -> (Vec<Component>, Vec<Symmetry>) {
    let mut components = Vec::new();
    for facility in ["east", "west"] {
        components.push(Component::new(facility, 17_520.0, 3.0));
        for router in ["r1", "r2"] {
            components.push(Component::new(format!("{facility}-{router}"), 30_000.0, 4.0));
        }
        for link in ["l1", "l2"] {
            components.push(Component::new(format!("{facility}-{link}"), 1_710.0, 10.0));
        }
    }
    let symmetries = vec![
        Symmetry { blocks: vec![vec![1, 3], vec![2, 4]] },
        Symmetry { blocks: vec![vec![6, 8], vec![7, 9]] },
        Symmetry { blocks: vec![(0..5).collect(), (5..10).collect()] },
    ];
    (components, symmetries)
}

fn paths(failed: &[usize]) -> u32 {
    let up = |component: usize| !failed.contains(&component);
    let mut paths = 0;
    for facility in [0, 5] {
        for router in [1, 2] {
            paths += u32::from(up(facility) && up(facility + router) && up(facility + router + 2));
        }
    }
    paths
}

#[test]
fn the_reference_fabric_has_its_printed_unavailabilities() {
    let (components, symmetries) = reference();
    let all = enumerate(&components, &symmetries, &EVERYTHING, &paths);
    assert_eq!((all.states, all.evaluated), (1_024, 210));
    assert!(all.remainder <= 0.0);
    let printed = [(1, 4.266_633_03e-8), (2, 4.925_804_59e-6), (3, 5.527_920_57e-4), (4, 2.390_895_73e-2)];
    for (k, unavailability) in printed {
        near(all.unavailability(k).low, unavailability, 2e-9);
    }
    let lost: f64 = (1..=4).map(|k| all.unavailability(k).low).sum::<f64>() / 4.0;
    near(lost, 6.116_679_46e-3, 1e-9);
    for (k, per_year, hours) in [(1, 2.3296e-4, 1.604), (2, 1.7955e-2, 2.403), (3, 1.37885, 3.512)] {
        near(all.failures_per_hour(&components, k).low * 8_760.0, per_year, 4e-5);
        near(all.mean_down_hours(&components, k).low, hours, 3e-4);
    }
}

/// The same by a Markov chain of 1,024 states.
#[test]
fn enumeration_agrees_with_the_markov_chain_to_nine_digits() {
    let (components, symmetries) = reference();
    let all = enumerate(&components, &symmetries, &EVERYTHING, &paths);
    let solved = RepairModel::new(components.clone()).solve(2_000, &paths).expect("1,024 states");
    for k in 1..=4 {
        near(all.unavailability(k).low, solved.unavailability(k), 1e-11);
        near(all.failures_per_hour(&components, k).low, solved.failures_per_hour(k), 1e-11);
    }
}

/// Some 386 states (those with at most four failures) leave out about 1e-12, and the bounds hold the truth.
#[test]
fn the_bounds_hold_the_truth_and_close_as_states_are_added() {
    let (components, symmetries) = reference();
    let exact = enumerate(&components, &symmetries, &EVERYTHING, &paths);
    for states in [1, 11, 56, 176, 386] {
        let some = enumerate(&components, &symmetries, &Limits { remainder: 0.0, relative: 0.0, states }, &paths);
        assert_eq!(some.states, states);
        for k in 1..=4 {
            let (bounds, truth) = (some.unavailability(k), exact.unavailability(k).low);
            assert!(
                bounds.low <= truth * (1.0 + 1e-12) && truth <= bounds.high * (1.0 + 1e-12),
                "{states}: {bounds:?} {truth}"
            );
            let (bounds, truth) = (some.failures_per_hour(&components, k), exact.failures_per_hour(&components, k).low);
            assert!(
                bounds.low <= truth * (1.0 + 1e-12) && truth <= bounds.high * (1.0 + 1e-12),
                "{states}: {bounds:?} {truth}"
            );
        }
        for (some, exact) in some.birnbaum(1).iter().zip(exact.birnbaum(1)) {
            assert!(some.low <= exact.low * (1.0 + 1e-12) && exact.low <= some.high * (1.0 + 1e-12));
        }
    }
    let most = enumerate(&components, &symmetries, &Limits { remainder: 0.0, relative: 0.0, states: 386 }, &paths);
    assert!(most.remainder < 1.4e-12, "{}", most.remainder);
    assert!(most.unavailability(1).relative_width() < 4e-5);
    let asked =
        enumerate(&components, &symmetries, &Limits { remainder: 1e-9, relative: 0.0, states: usize::MAX }, &paths);
    assert!(asked.remainder <= 1e-9 && asked.states < 386, "{} {}", asked.remainder, asked.states);
    let percent =
        enumerate(&components, &symmetries, &Limits { remainder: 0.0, relative: 0.01, states: 9_999 }, &paths);
    assert!(percent.states < 386 && percent.unavailability(1).relative_width() < 0.01, "{}", percent.states);
}

/// Probabilities never rise, and with the remainder they make 1.
#[test]
fn states_come_most_probable_first_and_nothing_is_lost() {
    let components: Vec<Component> =
        (0..9).map(|i| Component::new(format!("c{i}"), 10.0 + 3.0 * f64::from(i), 0.5 + f64::from(i * i))).collect();
    // A level of 1 always: "below 1" is empty, and the order is seen by the level function itself.
    let seen = std::cell::RefCell::new(Vec::new());
    let level = |failed: &[usize]| {
        seen.borrow_mut().push(failed.to_vec());
        1
    };
    let some = enumerate(&components, &[], &Limits { remainder: 0.0, relative: 0.0, states: 300 }, &level);
    let probability = |failed: &Vec<usize>| -> f64 {
        components
            .iter()
            .enumerate()
            .map(
                |(i, component)| {
                    if failed.contains(&i) { component.unavailability() } else { component.availability() }
                },
            )
            .product()
    };
    // Components 6, 7 and 8 are down more often than up, so the faultless state, asked for first, is not the first one.
    let mut seen = seen.into_inner();
    seen.remove(0);
    let probabilities: Vec<f64> = seen.iter().map(probability).collect();
    assert!(seen[0].len() >= 2, "{:?}", seen[0]);
    assert!(probabilities.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-12)));
    // A state is asked for once, so the faultless one is missing here if its turn came.
    let faultless = if probabilities.len() < some.states { probability(&Vec::new()) } else { 0.0 };
    let total: f64 = probabilities.iter().sum();
    assert!((total + faultless + some.remainder - 1.0).abs() < 1e-12);
    assert!(some.unavailability(1).low <= 0.0 && some.unavailability(1).high >= some.remainder);
}

/// 2 of 3, each down 1% of the time: U = 3 q^2 - 2 q^3 = 2.98e-4. Birnbaum 2 q (1 - q); all three cut sets are pairs.
#[test]
fn two_of_three_has_its_closed_forms() {
    let components: Vec<Component> = (0..3).map(|i| Component::new(format!("c{i}"), 99.0, 1.0)).collect();
    let level = |failed: &[usize]| u32::from(failed.len() < 2);
    let all = enumerate(&components, &[Symmetry::of_components(&[0, 1, 2])], &EVERYTHING, &level);
    near(all.unavailability(1).low, 2.98e-4, 1e-12);
    for importance in all.importance(1) {
        near(importance.birnbaum.low, 2.0 * 0.01 * 0.99, 1e-12);
        near(importance.achievement.low, (1.0 - 0.99 * 0.99) / 2.98e-4, 1e-12);
        near(importance.reduction.low, 2.98e-4 / 1e-4, 1e-12);
        // Down with at least one other: q (1 - (1 - q)^2).
        near(importance.fussell_vesely, 0.01 * (1.0 - 0.99 * 0.99) / 2.98e-4, 1e-12);
    }
    let cuts = all.cut_sets(1);
    assert_eq!((cuts.len(), cuts[0].sets, cuts[0].failures.len()), (1, 3, 2));
    near(cuts[0].share, 3e-4 / 2.98e-4, 1e-12);
    assert!(frequency_shares(&all, &components, 1).iter().all(|share| (share - 1.0 / 3.0).abs() < 1e-12));
}

/// The bridge of the textbooks: four minimal cut sets, and the crossing matters least.
#[test]
fn a_bridge_has_its_four_cut_sets() {
    let components: Vec<Component> = (0..5).map(|i| Component::new(format!("c{i}"), 9.0, 1.0)).collect();
    // 0 and 1 leave the source, 3 and 4 reach the sink, 2 joins the middles.
    let level = |failed: &[usize]| {
        let up = |i: usize| !failed.contains(&i);
        let left = up(0) || (up(1) && up(2));
        let right = up(1) || (up(0) && up(2));
        u32::from((left && up(3)) || (right && up(4)))
    };
    let all = enumerate(&components, &[], &EVERYTHING, &level);
    let cuts: Vec<Vec<usize>> = all.cut_sets(1).into_iter().map(|cut| cut.failures).collect();
    assert_eq!(cuts, [vec![0, 1], vec![3, 4], vec![0, 2, 4], vec![1, 2, 3]]);
    // h(p) = 2p^2 + 2p^3 - 5p^4 + 2p^5 with p = 0.9.
    let p: f64 = 0.9;
    near(all.unavailability(1).low, 1.0 - p * p * (2.0 + 2.0 * p - 5.0 * p * p + 2.0 * p * p * p), 1e-12);
    assert_eq!(all.importance(1).last().map(|least| least.component), Some(2));
}

/// With the bounds wide apart, sampling what was left out closes in on the truth.
#[test]
fn sampling_the_remainder_finds_what_was_left_out() {
    let (components, symmetries) = reference();
    let exact = enumerate(&components, &symmetries, &EVERYTHING, &paths);
    let few = enumerate(&components, &symmetries, &Limits { remainder: 0.0, relative: 0.0, states: 11 }, &paths);
    for k in [2, 3] {
        assert!(few.remainder_matters(k));
        let mut stream = RunSeed(5).stream("remainder", "test");
        let interval = few.sample_remainder(k, 200_000, 0.999, &paths, &mut stream);
        let truth = exact.unavailability(k).low;
        assert!(interval.contains(truth), "{interval:?} {truth}");
        assert!(interval.half_width() < 0.06 * truth, "{interval:?}");
    }
    assert!(!exact.remainder_matters(1));
}

/// Works that go round two facilities never take both, and an imperfect failover takes what a good one leaves: against the
/// sum over all conditions, and against the chain.
#[test]
fn kinds_of_failures_exclude_each_other() {
    let components = vec![
        Component::new("works", 700.0, 20.0).with_kinds(vec![0.5, 0.5]),
        Component::new("a", 100.0, 8.0).with_kinds(vec![0.99, 0.01]),
        Component::new("b", 100.0, 150.0),
        Component::new("c", 50.0, 70.0).with_kinds(vec![0.3, 0.2, 0.5]),
    ];
    // Failures: works 0 and 1; a covered 2, not covered 3; b 4; c 5, 6, 7.
    let level = |failed: &[usize]| {
        let has = |failure| failed.contains(&failure);
        let lost = [has(0) || has(2) || has(6), has(1) || has(4) || has(7)];
        if has(3) { 0 } else { 2 - u32::from(lost[0]) - u32::from(lost[1]) }
    };
    let mut exact = [0.0; 2];
    let mut down_with_works = 0.0;
    for works in 0..3 {
        for a in 0..3 {
            for (b, c) in (0..8).map(|i| (i % 2, i / 2)) {
                let conditions = [works, a, b, c];
                let failed: Vec<usize> = conditions
                    .iter()
                    .zip([0, 2, 4, 5])
                    .filter(|(kind, _)| **kind > 0)
                    .map(|(kind, first)| first + kind - 1)
                    .collect();
                let probability: f64 = components
                    .iter()
                    .zip(conditions)
                    .map(|(component, kind)| match kind {
                        0 => component.availability(),
                        _ => component.unavailability() * component.kinds[kind - 1],
                    })
                    .product();
                (1..=2).filter(|k| level(&failed) < *k).for_each(|k| exact[k as usize - 1] += probability);
                down_with_works += if works > 0 && level(&failed) < 1 { probability } else { 0.0 };
            }
        }
    }
    let all = enumerate(&components, &[], &EVERYTHING, &level);
    let solved = RepairModel::new(components.clone()).solve(100, &level).expect("72 states");
    assert_eq!(all.states, 3 * 3 * 2 * 4);
    for k in [1, 2] {
        near(all.unavailability(k).low, exact[k as usize - 1], 1e-12);
        near(solved.unavailability(k), exact[k as usize - 1], 1e-12);
        near(all.failures_per_hour(&components, k).low, solved.failures_per_hour(k), 1e-12);
    }
    let works = all.importance(1).into_iter().find(|one| one.component == 0).expect("all components");
    near(works.achievement.low, down_with_works / (20.0 / 720.0) / exact[0], 1e-12);
    // The bounds hold on the way, for the total and for the states with each component down.
    for states in 1..72 {
        let some = enumerate(&components, &[], &Limits { remainder: 0.0, relative: 0.0, states }, &level);
        let bounds = some.unavailability(1);
        assert!(
            bounds.low <= exact[0] * (1.0 + 1e-12) && exact[0] <= bounds.high * (1.0 + 1e-12),
            "{states}: {bounds:?}"
        );
        for (some, all) in some.birnbaum(1).iter().zip(all.birnbaum(1)) {
            assert!(some.low <= all.low + 1e-12 && all.low <= some.high + 1e-12, "{states}: {some:?} {all:?}");
        }
        let mut stream = RunSeed(states as u64).stream("remainder", "test");
        let interval = some.sample_remainder(1, 2_000, 0.999_99, &level, &mut stream);
        assert!(
            interval.low <= exact[0] * (1.0 + 1e-12) && exact[0] <= interval.high * (1.0 + 1e-12),
            "{states}: {interval:?} {}",
            exact[0]
        );
    }
}
