//! What the parts of a hop cost: event queue, ports of three kinds, table, rate limits, source; and whole runs with
//! everything recorded: packet by packet, transfers over TCP, traffic as rates.
//!
//! `cargo bench` prints times, in some three minutes; compare pairs from one run, for the machine's speed drifts.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fabricsim::dataplane::{Forwarder, PacketStore, Policer, Port, Shaper};
use fabricsim::engine::{EventKey, EventQueue};
use fabricsim::ids::{DestinationId, FlowId, PortId};
use fabricsim::message::{NO_LOGICAL_LINK, NextHop, Packet, PacketKind};
use fabricsim::network::{Buffer, Network};
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::Simulation;
use fabricsim::study::benchmark::Workload;
use fabricsim::traffic::Source;
use fabricsim::units::{Bytes, Rate, Span, Time, TrafficClass};

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

/// One packet through a port and its wire: nothing around it, Ethernet and MACsec, and two classes.
fn port(criterion: &mut Criterion) {
    let network = load(
        "horizon = \"1 s\"\n[providers.net]\n[routers]\na = { provider = \"net\" }\nb = { provider = \"net\" }\n\
         [links.bare]\nbetween = [\"a\", \"b\"]\nframing = \"none\"\n[links.macsec]\nbetween = [\"a\", \"b\"]\n\
         macsec = { suite = \"GCM-AES-XPN-256\" }\n[links.classed]\nbetween = [\"a\", \"b\"]\nframing = \"none\"\n\
         queueing = \"two\"\n[queueing.two.classes.first]\nscheduler = \"strict\"\npriority = 1\ncode_points = [\"EF\"]\n\
         [queueing.two.classes.rest]\n[attachments.left]\nprovider = \"net\"\nprefixes = [\"10.1.0.0/24\"]\nrouters = [\"a\"]\n\
         [attachments.right]\nprovider = \"net\"\nprefixes = [\"10.2.0.0/24\"]\nrouters = [\"b\"]\n[flows.f]\n\
         from = \"left\"\nto = \"right\"\nrate = \"1 Mbps\"\n",
        &[],
    )
    .network;
    let packet = data_packet();
    let mut group = criterion.benchmark_group("port, offer and arrive");
    group.throughput(Throughput::Elements(1));
    for name in ["bare", "macsec", "classed"] {
        let configured = network.ports.iter().find(|port| port.name.starts_with(name)).expect("the link has a port");
        group.bench_function(name, |bencher| {
            let forwarding = Span::from_us(5);
            let mut port = match &configured.queueing {
                None => Port::new(configured, forwarding),
                Some(queueing) => {
                    Port::with_classes(configured, forwarding, queueing, RunSeed(1).stream("port", "bench"))
                }
            };
            let mut store = PacketStore::new();
            let mut now = Time::ZERO;
            bencher.iter(|| {
                now += Span::from_ns(200);
                let _ = black_box(port.offer(&mut store, now, &packet));
                while port.head_arrival(&store).is_some_and(|at| at <= now) {
                    let _ = black_box(port.arrive(&mut store));
                }
            });
        });
    }
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
    // Offered a hundredth more than it passes, so that packets wait, and released as they are due.
    group.bench_function("shaper", |bencher| {
        let rate = Rate::from_bps(500_000_000).expect("a rate");
        let mut shaper = Shaper::new(rate, Span::from_ms(2), Buffer::Bytes(Bytes(100_000)));
        let (packet, mut now) = (data_packet(), Time::ZERO);
        bencher.iter(|| {
            now += Span::from_ns(22_200);
            let _ = black_box(shaper.offer(now, packet));
            while let Some(at) = shaper.next_release(now).filter(|at| *at <= now) {
                black_box(shaper.release(at));
            }
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

/// Two seconds of the quickstart, everything on: per packet-hop, and the same traffic as rates per packet that it stands
/// for; and a transfer of 10 MB over TCP by a line of 1 Gbps and 2 ms, per packet-hop.
fn whole_run(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("run");
    group.sample_size(10);
    let rates = quickstart(&["horizon=2 s", "fidelity=flow"]).network;
    let runs = [
        ("quickstart, packet-hops", quickstart(&["horizon=2 s"]).network),
        ("transfer over TCP, packet-hops", load(TRANSFER, &[]).network),
    ];
    for (name, network) in &runs {
        let hops = Simulation::new(network, RunSeed(1)).run().totals.packet_hops;
        group.throughput(Throughput::Elements(hops));
        run_of(&mut group, name, network);
    }
    group.throughput(Throughput::Elements(Simulation::new(&rates, RunSeed(1)).run().totals.data.sent));
    run_of(&mut group, "quickstart as rates, packets that went by", &rates);
    group.finish();
}

fn run_of(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, network: &Network) {
    group.bench_function(name, |bencher| {
        let prepare = || Simulation::new(network, RunSeed(1));
        bencher.iter_batched(prepare, |simulation| simulation.run().totals.events, BatchSize::PerIteration);
    });
}

const TRANSFER: &str = "horizon = \"2 s\"\n[providers.net]\n[routers.r]\nprovider = \"net\"\n\
    [attachments.a]\nprovider = \"net\"\nprefixes = [\"10.1.0.0/24\"]\nrate = \"1 Gbps\"\ndelay = \"1 ms\"\n\
    [attachments.b]\nprovider = \"net\"\nprefixes = [\"10.2.0.0/24\"]\nrate = \"1 Gbps\"\ndelay = \"1 ms\"\n\
    [flows.f]\nfrom = \"a\"\nto = \"b\"\ntransfer = \"10 MB\"\n";

/// The quickstart without its failures, which lie beyond a short horizon.
fn quickstart(overrides: &[&str]) -> scenario::Loaded {
    let text: String = include_str!("../scenarios/quickstart.toml")
        .split("[[failures]]")
        .next()
        .expect("text before the first failure")
        .to_owned();
    load(&text, overrides)
}

fn load(text: &str, overrides: &[&str]) -> scenario::Loaded {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    scenario::parse(text, "parts.toml", &overrides).unwrap_or_else(|problems| panic!("{problems}"))
}

criterion_group!(benches, event_queue, port, per_packet, whole_run);
criterion_main!(benches);
