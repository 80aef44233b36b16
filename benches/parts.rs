//! What the parts of a hop cost: event queue, port, table, rate limit, source, and a whole run with everything recorded.
//!
//! `cargo bench` prints times; compare pairs from one run, for the machine's speed drifts.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fabricsim::dataplane::{Forwarder, PacketStore, Policer, Port};
use fabricsim::engine::{EventKey, EventQueue};
use fabricsim::ids::{DestinationId, FlowId, PortId};
use fabricsim::message::{NO_LOGICAL_LINK, NextHop, Packet, PacketKind};
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::Simulation;
use fabricsim::study::benchmark::Workload;
use fabricsim::traffic::Source;
use fabricsim::units::{Rate, Span, Time, TrafficClass};

/// The hold model: take the next event and schedule another, at a constant number of pending ones.
fn event_queue(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("event queue, hold");
    group.throughput(Throughput::Elements(1));
    for pending in [10u32, 100, 1_000, 10_000, 100_000] {
        let mut stream = RunSeed(1).stream("queue", "bench");
        let mut queue = EventQueue::new();
        for entity in 0..pending {
            queue.push(EventKey::new(Time::from_ps(stream.below(1 << 30)), 0, entity, 0));
        }
        let mut serial = 0;
        group.bench_function(BenchmarkId::from_parameter(pending), |bencher| {
            bencher.iter(|| {
                let key = queue.pop().expect("as many as before");
                serial += 1;
                let later = key.time() + Span::from_ps(1 + stream.below(1 << 30));
                queue.push(EventKey::new(later, 0, key.entity(), serial));
            });
        });
    }
    group.finish();
}

/// One packet through a port and its wire, with Ethernet and MACsec bytes.
fn port(criterion: &mut Criterion) {
    let network = quickstart(&[]).network;
    let configured = network.ports.iter().find(|port| port.macsec.is_some()).expect("channels have MACsec");
    let packet = data_packet();
    let mut group = criterion.benchmark_group("port");
    group.throughput(Throughput::Elements(1));
    group.bench_function("offer and arrive", |bencher| {
        let (mut port, mut store) = (Port::new(configured, Span::from_us(5)), PacketStore::new());
        let mut now = Time::ZERO;
        bencher.iter(|| {
            now += Span::from_ns(100);
            let _ = black_box(port.offer(&mut store, now, &packet));
            while port.head_arrival(&store).is_some_and(|at| at <= now) {
                let _ = black_box(port.arrive(&mut store));
            }
        });
    });
    group.finish();
}

/// A table lookup among four equal next hops, a rate limit, and a source's next packet.
fn per_packet(criterion: &mut Criterion) {
    let network = quickstart(&[]).network;
    let router = network.routers.iter().next().expect("a router");
    let mut forwarder = Forwarder::new(router);
    let hop = |port| NextHop { port: PortId(port), logical_link: NO_LOGICAL_LINK };
    forwarder.install(DestinationId(0), &[0, 1, 2, 3].map(hop));
    let mut group = criterion.benchmark_group("per packet");
    group.throughput(Throughput::Elements(1));
    group.bench_function("lookup among four", |bencher| {
        let mut packet = data_packet();
        bencher.iter(|| {
            packet.hash = packet.hash.wrapping_mul(0x9e37_79b9).wrapping_add(1);
            forwarder.lookup(black_box(&packet))
        });
    });
    group.bench_function("policer", |bencher| {
        let mut policer = Policer::new(Rate::from_bps(500_000_000).expect("a rate"), Span::from_ms(2));
        let mut now = Time::ZERO;
        bencher.iter(|| {
            now += Span::from_us(25);
            policer.offer(now, black_box(1_400))
        });
    });
    group.bench_function("Poisson source", |bencher| {
        let network = Workload::Chain.network(1_000);
        let mut source = Source::new(network.flows.iter().next().expect("a flow"), RunSeed(1));
        bencher.iter(|| (source.next_interval(), source.next_size()));
    });
    group.finish();
}

fn data_packet() -> Packet {
    Packet {
        sent: Time::ZERO,
        waited: Span::ZERO,
        flow: FlowId(0),
        destination: DestinationId(0),
        hash: 1,
        size: 1_400,
        payload: 0,
        ttl: 64,
        kind: PacketKind::Data,
        traffic_class: TrafficClass::DEFAULT,
    }
}

/// Two seconds of the quickstart, everything on; per packet-hop.
fn whole_run(criterion: &mut Criterion) {
    let network = quickstart(&["horizon=2 s"]).network;
    let hops = Simulation::new(&network, RunSeed(1)).run().totals.packet_hops;
    let mut group = criterion.benchmark_group("quickstart");
    group.sample_size(10).throughput(Throughput::Elements(hops));
    group.bench_function("packet-hops", |bencher| {
        let prepare = || Simulation::new(&network, RunSeed(1));
        bencher.iter_batched(prepare, |simulation| simulation.run().totals.packet_hops, BatchSize::PerIteration);
    });
    group.finish();
}

/// The quickstart without its failures, which lie beyond a short horizon.
fn quickstart(overrides: &[&str]) -> scenario::Loaded {
    let text: String = include_str!("../scenarios/quickstart.toml")
        .split("[[failures]]")
        .next()
        .expect("text before the first failure")
        .to_owned();
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    scenario::parse(&text, "quickstart.toml", &overrides).unwrap_or_else(|problems| panic!("{problems}"))
}

criterion_group!(benches, event_queue, port, per_packet, whole_run);
criterion_main!(benches);
