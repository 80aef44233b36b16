use super::*;
use crate::rng::RunSeed;
use crate::study::reference::{components, paths};

fn simulate(rare: &Rare<'_>, cycles: u64) -> Cycles {
    let mut all = Cycles::default();
    for block in 0..20 {
        let mut stream = RunSeed(17).replication(block).stream("cycles", "biasing");
        all.merge(&rare.cycles(cycles / 20, &paths, &mut stream));
    }
    all
}

/// Exact values of the guide's reference fabric; relative variances 64, 40, 19.9 and 13.3 per cycle.
#[test]
fn rare_outages_of_the_reference_fabric_are_found_and_weigh_one() {
    let components = components();
    for (below, theta, exact, per_year, variance) in [
        (1, 0.5, 4.266_633_03e-8, 2.3296e-4, 64.0),
        (1, 0.7, 4.266_633_03e-8, 2.3296e-4, 40.0),
        (2, 0.5, 4.925_804_59e-6, 1.7955e-2, 19.9),
        (2, 0.7, 4.925_804_59e-6, 1.7955e-2, 13.3),
    ] {
        let rare = Rare { components: &components, below, bias: Bias::Balanced { theta } };
        let cycles = simulate(&rare, 400_000);
        let (value, interval) = rare.unavailability(&cycles, 0.999).expect("many cycles");
        assert!(interval.contains(exact) && interval.half_width() < 0.06 * exact, "{value} {interval:?} {exact}");
        let (_, frequency) = rare.failures_per_hour(&cycles, 0.999).expect("many cycles");
        assert!(frequency.contains(per_year / 8_760.0), "{frequency:?}");
        assert!(
            (cycles.downtime.relative_variance() / variance - 1.0).abs() < 0.15,
            "{}",
            cycles.downtime.relative_variance()
        );
        let weight = cycles.downtime.weight_moments().student(0.999).expect("many cycles");
        assert!(weight.contains(1.0) && weight.half_width() < 0.06, "{weight:?}");
        assert!(cycles.downtime.effective_samples() > 4_000.0 && cycles.downtime.largest_share() < 0.01);
    }
}

#[test]
fn without_bias_every_cycle_weighs_exactly_one() {
    let components = components();
    let rare = Rare { components: &components, below: 3, bias: Bias::None };
    let cycles = simulate(&rare, 100_000);
    let (_, interval) = rare.unavailability(&cycles, 0.999).expect("many cycles");
    assert!(interval.contains(5.527_920_57e-4) && interval.half_width() < 2e-4, "{interval:?}");
    assert!((cycles.downtime.weight_moments().mean - 1.0).abs() < 1e-15);
}
