use super::*;

/// The same topology in both: the scenario's fabrics and the bare loop's cross as many links, and wait as long.
#[test]
fn the_engine_and_the_bare_loop_run_the_same_fabrics() {
    let horizon = Span::from_ms(4);
    let network = scenario::parse(&fabrics_scenario(2, 400, horizon), "fabrics", &[]);
    let network = network.unwrap_or_else(|problems| panic!("{problems}")).network;
    let record = Simulation::new(&network, SEED).run();
    let topology = ceiling::Topology::fabrics(2, 400);
    // Two directions of two blocks, a packet every 50 ns in each.
    let packets = horizon.as_ps() / 50_000 * 4;
    let mut waits = Histogram::new();
    let done = Ceiling::new(&topology).run(&mut Poisson::new(CEILING_SEED, packets, &topology), &mut waits);
    assert_eq!(network.ports.len(), topology.links.len());
    let hops_off = record.totals.packet_hops as f64 / done.packet_hops as f64 - 1.0;
    // The engine's last 54 us are still under way, and 320,000 packets vary by 0.2%.
    assert!((-0.03..0.01).contains(&hops_off), "{hops_off}");
    let mean_off = record.totals.queueing.mean.as_ps() as f64 / 1e3 - waits.mean_ns() - 0.5;
    assert!(mean_off.abs() < 2.5, "{mean_off}");
}

#[test]
fn oracles_are_judged_by_their_stated_bounds() {
    let oracle = Workload::Chain.oracle().expect("M/D/1");
    let accuracy = |mean, p99, p99_judged| Accuracy {
        workload: Workload::Chain,
        oracle,
        packets: 1,
        mean: Span::from_ps(mean),
        p99: Span::from_ps(p99),
        p99_judged,
    };
    assert!(accuracy(139_400, 0, Judged::No).mean_holds());
    assert!(!accuracy(139_200, 0, Judged::No).mean_holds());
    assert_eq!(accuracy(0, 781_000, Judged::Yes).p99_holds(), Some(true));
    assert_eq!(accuracy(0, 782_000, Judged::Yes).p99_holds(), Some(false));
    assert_eq!(accuracy(0, 778_000, Judged::No).p99_holds(), None);
}

#[test]
fn a_workload_sends_about_the_packets_asked_for() {
    for workload in [Workload::Chain, Workload::Fabric] {
        let record = Simulation::new(&workload.network(20_000), SEED).run();
        let sent = record.totals.data.sent as f64;
        // Poisson: a standard deviation of 141.
        assert!((sent - 20_000.0).abs() < 700.0, "{} {sent}", workload.name());
    }
}

/// The far provider has a session with each of two borders, and both hear of all.
#[test]
fn every_prefix_reaches_the_far_side_of_the_reflecting_provider() {
    let network = scenario::parse(&routing_scenario(300), "routing", &[]);
    let network = network.unwrap_or_else(|problems| panic!("{problems}")).network;
    let record = Simulation::new(&network, SEED).run();
    let far = record.sessions.bgp.iter().filter(|end| end.router == "f" && end.kind != "internal");
    assert_eq!(far.map(|end| end.routes.accepted).collect::<Vec<_>>(), [300, 300]);
}

/// 4.93e-6 of time with fewer than two paths: all 1,024 states summed (study/reference.rs).
#[test]
fn every_way_finds_the_rare_share_of_time_to_a_tenth() {
    let known = crate::study::reference::UNAVAILABILITY[1];
    for method in Method::ALL {
        let found = method.below_two();
        // Three half widths of 95%: nobody is so unlucky.
        assert!((found / known - 1.0).abs() < 0.3, "{}: {found:e}", method.name());
    }
}
