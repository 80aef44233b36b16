//! How fast the bare loop is: W1, W2, and W2 many times over.
//!
//! `cargo bench --bench ceiling`; `fabricsim bench` runs the same loop in turn with the engine. With a workload and a
//! number of packets it runs once, for benches/performance.sh to count instructions.

use std::time::Instant;

use fabricsim::study::benchmark::ceiling::{Ceiling, Histogram, Poisson, Topology};

const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [workload, packets] = &arguments[..] {
        let topology = if workload == "w1-chain" { Topology::chain() } else { Topology::fabric() };
        let packets = packets.parse().expect("a number of packets");
        let (mut arrivals, mut waits) = (Poisson::new(7, packets, &topology), Histogram::new());
        let done = Ceiling::new(&topology).run(&mut arrivals, &mut waits);
        return println!("\"packet_hops\": {}", done.packet_hops);
    }
    println!("bare loop, median of {ROUNDS} rounds [smallest-largest]");
    measure("W1: chain of nine links", &Topology::chain(), 2_000_000);
    for (blocks, flows) in [(1, 1_000), (10, 10_000), (100, 100_000), (1_000, 1_000_000)] {
        let name = format!("W2 {blocks} times: {} routers, {flows} flows", blocks * 10);
        measure(&name, &Topology::fabrics(blocks, flows), 2_000_000 + 4 * u64::from(flows));
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn measure(name: &str, topology: &Topology, packets: u64) {
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let (mut arrivals, mut waits) = (Poisson::new(7, packets, topology), Histogram::new());
            let ceiling = Ceiling::new(topology);
            let begin = Instant::now();
            let done = ceiling.run(&mut arrivals, &mut waits);
            done.packet_hops as f64 / begin.elapsed().as_secs_f64() / 1e6
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    println!("{name:40} {:5.1} [{:.1}-{:.1}] Mhops/s", rates[ROUNDS / 2], rates[0], rates[ROUNDS - 1]);
}
