//! How speed and memory change with size: the engine beside the bare loop on the same fabrics and flows.
//!
//! `cargo bench --bench scale` prints the table of docs/performance.md; `cargo bench --bench scale -- 1000 1000000`
//! measures one row. Every row runs in a process of its own, so that its memory is its own.

use std::process::Command;

use fabricsim::network::Network;
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::{Continue, Simulation};
use fabricsim::study::benchmark::ceiling::{Ceiling, Histogram, Poisson, Topology};
use fabricsim::study::benchmark::{fabrics_scenario, peak_memory};
use fabricsim::units::Span;

/// Routers and flows.
const ROWS: [(u32, u32); 8] = [
    (10, 1_000),
    (10, 1_000_000),
    (100, 10_000),
    (1_000, 10_000),
    (1_000, 100_000),
    (1_000, 1_000_000),
    (10_000, 100_000),
    (10_000, 1_000_000),
];

/// Packets per router and nanosecond: 40 million a second in each block of ten.
const PACKETS_PER_NS: f64 = 0.004;

fn main() {
    let sizes: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if let [routers, flows] = sizes[..] {
        return row(routers, flows);
    }
    prefixes();
    println!("| routers | flows | bare loop | engine | share | load | set up | peak memory |");
    println!("|---|---|---|---|---|---|---|---|");
    for (routers, flows) in ROWS {
        let own = std::env::current_exe().expect("a program has a file");
        let done = Command::new(own).args([routers, flows].map(|size| size.to_string())).status();
        assert!(done.expect("it starts").success(), "{routers} routers and {flows} flows");
    }
}

/// W2 with one prefix at its target and with 10,000, in turn: how much more a packet-hop costs, and how much more the
/// start of the run.
fn prefixes() {
    let text = include_str!("../scenarios/benchmark/w2-fabric.toml");
    let one = "\"10.2.0.0/16\"";
    let other = |index: u32| format!(", \"172.{}.{}.{}/28\"", 16 + index / 4_096, index / 16 % 256, index % 16 * 16);
    let many = text.replace(one, &format!("{one}{}", (0..9_999).map(other).collect::<String>()));
    let [one, many] = [text, &many]
        .map(|text| scenario::parse(text, "prefixes", &[]).unwrap_or_else(|problems| panic!("{problems}")).network);
    let mut shares: Vec<[f64; 2]> = (0..5)
        .map(|_| {
            let [many, one] = [&many, &one].map(|network| {
                let observed = Observed::of(network);
                [1.0 / observed.hops_per_second, observed.start]
            });
            [many[0] / one[0], many[1] - one[1]]
        })
        .collect();
    let mut spread = |index: usize| {
        shares.sort_by(|one, other| one[index].total_cmp(&other[index]));
        [shares[2][index], shares[0][index], shares[4][index]]
    };
    let ([hop, least, most], [start, ..]) = (spread(0), spread(1));
    println!("a packet-hop among 10,000 prefixes costs {hop:.2} [{least:.2}-{most:.2}] times what it costs with 1;");
    println!("the run starts {start:.2} s later\n");
}

/// One run.
struct Observed {
    /// Processor time until the first packets are under way.
    start: f64,
    /// From then on.
    hops_per_second: f64,
    /// Data packets.
    sent: u64,
}

impl Observed {
    fn of(network: &Network) -> Self {
        let (begin, mut first, mut last) = (seconds_used(), None, (0, 0.0));
        let record = Simulation::new(network, RunSeed(1)).run_observed(&mut |progress| {
            last = (progress.packet_hops, seconds_used() - begin);
            first.get_or_insert(last);
            Continue::Yes
        });
        let first = first.expect("some hundred thousand events");
        let hops_per_second = (last.0 - first.0) as f64 / (last.1 - first.1);
        Self { start: first.1, hops_per_second, sent: record.totals.data.sent }
    }
}

/// Seconds that this process ran on a processor: others on the machine do not count.
fn seconds_used() -> f64 {
    let times = std::fs::read_to_string("/proc/self/schedstat").expect("Linux tells");
    let nanoseconds: f64 = times.split(' ').next().and_then(|field| field.parse().ok()).expect("proc(5)");
    nanoseconds / 1e9
}

fn row(routers: u32, flows: u32) {
    // Every flow sends some packets, and the wires have filled long before the end.
    let packets = f64::from(flows).mul_add(4.0, 4e6).max(0.25e6 * PACKETS_PER_NS * f64::from(routers));
    let seconds = packets / PACKETS_PER_NS / f64::from(routers) / 1e9;
    let horizon: Span = format!("{seconds:.9} s").parse().expect("a span");
    let begin = seconds_used();
    let text = fabrics_scenario(routers / 10, flows, horizon);
    let network = scenario::parse(&text, "scale", &[]).unwrap_or_else(|problems| panic!("{problems}")).network;
    let load = seconds_used() - begin;
    let observed = Observed::of(&network);
    let engine = observed.hops_per_second / 1e6;
    let memory = peak_memory().map_or_else(String::new, |bytes| format!("{:.2} GiB", bytes.0 as f64 / 1_073_741_824.0));
    drop(network);
    let topology = Topology::fabrics(routers / 10, flows);
    let (mut arrivals, mut waits) = (Poisson::new(7, observed.sent, &topology), Histogram::new());
    let ceiling = Ceiling::new(&topology);
    let begin = seconds_used();
    let hops = ceiling.run(&mut arrivals, &mut waits).packet_hops as f64;
    let bare = hops / (seconds_used() - begin) / 1e6;
    println!(
        "| {routers} | {flows} | {bare:.1} | {engine:.1} | {:.0}% | {load:.1} s | {:.1} s | {memory} |",
        100.0 * engine / bare,
        observed.start,
    );
}
