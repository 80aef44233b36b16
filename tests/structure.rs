//! Is the failure model of a network what the exact methods make of it? Against printed values, and against years drawn
//! from the same scenario.

use fabricsim::failures::StandingPlan;
use fabricsim::network::{Network, SlaRule};
use fabricsim::rng::RunSeed;
use fabricsim::study::exact::Bounds;
use fabricsim::study::exact::expected_downtime::{Law, expected_downtime};
use fabricsim::study::reference;
use fabricsim::study::structure::{Method, Structure, StructureSummary};
use fabricsim::study::years::{Plan, engine, in_seconds};

fn structure(network: &Network) -> StructureSummary {
    let standing = StandingPlan::new(network);
    Structure::new(network, &standing).connection(network.connections.ids().next().expect("a connection"))
}

/// Within the bounds, and these no wider than a hundredth.
#[track_caller]
fn holds(bounds: Bounds, expected: f64) {
    let (low, high) = (bounds.low * (1.0 - 3e-4), bounds.high * (1.0 + 3e-4));
    assert!((low..=high).contains(&expected) && bounds.relative_width() < 0.01, "{bounds:?} is not {expected}");
}

/// Ten independent components: exact unavailability, outages a year and mean outage for fewer than 1, 2 and 3 paths.
#[test]
fn the_reference_fabric_has_its_exact_values() {
    let found = structure(&reference::network());
    let exact = [
        (4.266_633_03e-8, 2.3296e-4, 1.604),
        (4.925_804_59e-6, 1.7955e-2, 2.403),
        (5.527_920_57e-4, 1.37885, 3.512),
        (2.390_895_73e-2, 23.6, 8.87),
    ];
    for (fewer, (unavailability, per_year, hours)) in found.fewer.iter().zip(exact).take(3) {
        holds(fewer.unavailability, unavailability);
        holds(fewer.per_year, per_year);
        holds(fewer.mean_hours, hours);
        assert_eq!(fewer.sampled, None);
    }
    holds(found.fewer[3].unavailability, exact[3].0);
    let Method::Enumeration { states, remainder } = found.method else { panic!("independent repairs") };
    assert!(states <= 1_024 && remainder < 1e-3 * 4.3e-8, "{states} {remainder}");
}

/// No path: both facilities, or one and what stands in the other, or everything. Both facilities are the likeliest set:
/// (3 / 17,523)^2 = 2.931e-8 of 4.267e-8.
#[test]
fn both_facilities_are_the_first_cut_set_and_matter_most() {
    let found = structure(&reference::network());
    let first = &found.cut_sets[0];
    assert_eq!(first.failures, ["facility of a", "facility of b"]);
    let both = (3.0f64 / 17_523.0) * (3.0 / 17_523.0);
    assert!((first.probability / both - 1.0).abs() < 1e-9);
    assert!((first.share / (both / 4.266_633_03e-8) - 1.0).abs() < 1e-3);
    assert!(found.importance[0].component.starts_with("facility of"), "{:?}", found.importance[0]);
    // Were a facility always down, the other one and its two paths decide: q + (1 - q) (1 - p)^2.
    let facility = 3.0 / 17_523.0;
    let path = 30_000.0 / 30_004.0 * 1_710.0 / 1_720.0;
    let alone = facility + (1.0 - facility) * (1.0 - path) * (1.0 - path);
    let achievement = found.importance[0].achievement;
    assert!(
        achievement.low <= alone / 4.2666e-8 * 1.001 && alone / 4.2666e-8 * 0.999 <= achievement.high,
        "{achievement:?}"
    );
}

/// Months drawn from the same scenario; their mean within 99.9% of the exact value and known to a share of it.
#[track_caller]
fn years_agree(network: &Network, found: &StructureSummary, blocks: u64, known: &[(usize, f64)]) {
    let plan = Plan::new(network, vec![SlaRule::preset("every-moment").expect("a preset")], None);
    let tally = engine::blocks(&plan, RunSeed(20_261_123), 0, blocks);
    let month = 30.0 * 86_400.0;
    for (k, widest) in known {
        let sums = &tally.connections[0].below[k - 1];
        let moments = in_seconds(sums, tally.periods);
        let (mean, error) = (moments.mean / month, 3.29 * moments.standard_error() / month);
        let Bounds { low, high } = found.fewer[k - 1].unavailability;
        assert!(
            low - error <= mean && mean <= high + error,
            "fewer than {k}: {mean} +- {error}, exactly {low} to {high}"
        );
        assert!(error <= widest * high, "fewer than {k}: {mean} +- {error} says too little");
    }
}

/// Works go round the two facilities and never take both: without another failure something is left.
#[test]
fn works_that_go_round_never_take_both_facilities() {
    let network = reference::network_with(
        r#"
        [reliability.classes]
        works = { of = ["a", "b"], kind = "facility_outage", up = "400 h", down = "20 h", in_turn = true, begins = "drained", up_law = "constant", down_law = "constant" }
        router = { of = ["a1", "a2", "b1", "b2"], kind = "router_down", up = "900 h", down = "30 h", down_law = "lognormal", down_sigma = 0.7 }
        "#,
    );
    let found = structure(&network);
    assert!(
        found
            .cut_sets
            .iter()
            .all(|cut| cut.failures.len() > 2 || !cut.failures.iter().all(|one| one.starts_with("works")))
    );
    let first = &found.cut_sets[0];
    assert_eq!(first.failures.len(), 3, "works in one facility and both routers of the other: {first:?}");
    assert!(first.failures.iter().any(|one| one.starts_with("works in turn (facility ")), "{first:?}");
    years_agree(&network, &found, 600, &[(1, 0.4), (3, 0.02)]);
}

/// One crew for all four links: a chain, whose repairs wait for each other.
#[test]
fn links_that_wait_for_one_crew_are_solved_as_a_chain() {
    let network = reference::network_with(
        r#"
        [reliability.crews.field]
        size = 1
        [reliability.classes]
        link = { of = "channels", kind = "fibre_cut", up = "200 h", down = "10 h", crew = "field" }
        "#,
    );
    let found = structure(&network);
    // Four links in any order of repair: 1 + 4 + 12 + 24 + 24 states.
    assert_eq!(found.method, Method::Chain { states: 65 });
    // pi_i = pi_0 n!/(n-i)! r^i with r = 0.05.
    let terms = [1.0, 0.2, 0.03, 0.003, 0.000_15];
    let total: f64 = terms.iter().sum();
    holds(found.fewer[0].unavailability, terms[4] / total);
    holds(found.fewer[1].unavailability, (terms[3] + terms[4]) / total);
    years_agree(&network, &found, 300, &[(1, 0.6), (2, 0.15), (4, 0.02)]);
}

/// A tenth of the failures of routers takes all four.
#[test]
fn a_cause_shared_by_all_routers_is_solved_as_a_chain() {
    let network = reference::network_with(
        r#"
        [reliability.classes]
        router = { of = ["a1", "a2", "b1", "b2"], kind = "router_down", up = "400 h", down = "5 h", shared = "10%" }
        "#,
    );
    let found = structure(&network);
    assert_eq!(found.method, Method::Chain { states: 16 });
    years_agree(&network, &found, 200, &[(1, 0.1), (4, 0.03)]);
}

/// One router in front of everything, new at the start of each month or at a random moment of a long life, with laws that
/// have a memory: the mean downtime is that of the inverted transform, and unavailability x 720 h.
#[test]
fn new_components_are_down_as_long_as_the_renewal_transform_says() {
    let (up, down) = (300.0, 12.0);
    let laws = [
        ("weibull", "up_shape = 0.8", Law::Weibull { mean: up, shape: 0.8 }),
        ("weibull", "up_shape = 3.0", Law::Weibull { mean: up, shape: 3.0 }),
        ("lognormal", "up_sigma = 1.0", Law::LogNormal { mean: up, sigma: 1.0 }),
    ];
    for (law, parameter, up_law) in laws {
        for start in ["new", "stationary"] {
            let network = reference::network_with(&format!(
                r#"
                [reliability]
                start = "{start}"
                [reliability.classes]
                west = {{ of = ["w"], kind = "router_down", up = "{up} h", down = "{down} h", up_law = "{law}", {parameter}, down_law = "lognormal", down_sigma = 1.0 }}
                "#
            ));
            let down_law = Law::LogNormal { mean: down, sigma: 1.0 };
            let exact = match start {
                "new" => expected_downtime(up_law, down_law, 720.0),
                _ => 720.0 * down / (up + down),
            };
            let plan = Plan::new(&network, vec![SlaRule::preset("every-moment").expect("a preset")], None);
            let tally = engine::blocks(&plan, RunSeed(20_261_123), 0, 1_000);
            let sums = &tally.connections[0].below[0];
            let moments = in_seconds(sums, tally.periods);
            let (mean, error) = (moments.mean / 3_600.0, 3.29 * moments.standard_error() / 3_600.0);
            assert!((mean - exact).abs() <= error, "{law} {parameter} {start}: {mean} +- {error} h is not {exact} h");
            assert!(error <= 0.03 * exact, "{law} {parameter} {start}: {mean} +- {error} h says too little");
        }
    }
}

/// One crew for all ten components, and routers with a cause in common: more states than can be solved, so that cycles are
/// simulated. Years drawn from the same scenario agree.
#[test]
fn a_crew_for_everything_is_simulated_cycle_by_cycle() {
    let network = reference::network_with(
        r#"
        [reliability.crews.field]
        size = 1
        [reliability.classes]
        facility = { of = ["a", "b"], kind = "facility_outage", up = "2000 h", down = "3 h", crew = "field" }
        router = { of = ["a1", "a2", "b1", "b2"], kind = "router_down", up = "400 h", down = "4 h", crew = "field", shared = "10%" }
        link = { of = "channels", kind = "fibre_cut", up = "200 h", down = "10 h", crew = "field" }
        "#,
    );
    let found = structure(&network);
    assert!(matches!(found.method, Method::Cycles { .. }), "{:?}", found.method);
    years_agree(&network, &found, 300, &[(1, 0.2), (2, 0.15), (4, 0.1)]);
}

/// Two shared risks by themselves: the duct of a building's two channels, and a line card with the port of a third. Fewer than
/// four paths while either is down, fewer than three with the duct, one with both; each by its own share of time.
#[test]
fn ducts_and_line_cards_fail_at_random_and_take_along_what_shares_them() {
    let network = reference::network_with(
        "[ducts.lee-road]\nlinks = [\"c-a1\", \"c-a2\"]\n[cards.slot-2]\nrouter = \"b1\"\nports = [\"c-b1\"]\n\
         [reliability.classes]\nduct = { of = \"ducts\", kind = \"duct_cut\", up = \"90 h\", down = \"10 h\" }\n\
         card = { of = [\"slot-2\"], kind = \"line_card\", up = \"95 h\", down = \"5 h\" }\n",
    );
    let found = structure(&network);
    let (duct, card) = (0.1, 0.05);
    for (below, expected) in [(2, duct * card), (3, duct), (4, 1.0 - (1.0 - duct) * (1.0 - card))] {
        let share = found.fewer[below - 1].unavailability.low;
        assert!((share / expected - 1.0).abs() < 1e-9, "fewer than {below}: {share}, not {expected}");
    }
}
