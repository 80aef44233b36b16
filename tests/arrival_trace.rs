//! Digit for digit: with the same arrivals, do packets wait exactly as long as in a bare loop and in other simulators?
//!
//! The expected figures are those of csg-htsim, OMNeT++, ns-3 and a hand-written loop on one machine, with the arrivals
//! of `common/peer_arrivals.rs`, waits truncated to nanoseconds: W1 138.51 ns and p99 768, W2 112.86 and p99 575.

mod common;
#[path = "common/peer_arrivals.rs"]
mod peer_arrivals;

use std::fs;

use common::assert_conserved;
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::Simulation;
use fabricsim::sim::record::RunRecord;
use peer_arrivals::{CHAIN, FABRIC};

const PACKETS: usize = 300_000;

/// A queue of the bare loops: a packet leaves after all before it.
#[derive(Clone, Copy, Default)]
struct Queue {
    free: u64,
}

impl Queue {
    /// When a packet that comes at `now` has left.
    fn pass(&mut self, now: u64, transmission: u64) -> u64 {
        self.free = self.free.max(now) + transmission;
        self.free
    }
}

/// (Delivery, wait) of every packet of W1: only the first of nine equal links makes packets wait.
fn bare_chain(arrivals: &[(u64, u32)]) -> Vec<(u64, u64)> {
    let mut queue = Queue::default();
    let last = 8 * 120_000 + 9 * 50_000_000;
    arrivals
        .iter()
        .map(|(at, _)| queue.pass(*at, 120_000))
        .zip(arrivals)
        .map(|(t, (at, _))| (t + last, t - at - 120_000))
        .collect()
}

/// (Delivery, wait) of every packet of W2, in order of delivery: the access link at 400 Gbps, one of four links at
/// 100 Gbps, two more where nothing waits, and the far access link.
fn bare_fabric(arrivals: &[(u64, u32)]) -> Vec<(u64, u64)> {
    let mut near = [Queue::default(); 2];
    let mut middle = [[Queue::default(); 4]; 2];
    let mut far = [Queue::default(); 2];
    let side = |flow: u32| usize::from(flow >= 500);
    let mut at_far: Vec<(u64, u32, u64, u32)> = Vec::new();
    for (at, flow) in arrivals {
        let path = flow % 4;
        let t = near[side(*flow)].pass(*at, 30_000) + 1_000_000;
        let t = middle[side(*flow)][path as usize].pass(t, 120_000) + 1_000_000;
        at_far.push((t + 2 * 120_000 + 51_000_000, path, *at, *flow));
    }
    at_far.sort_unstable();
    let leave = |(t, _, at, flow): &(u64, u32, u64, u32)| {
        let delivered = far[side(*flow)].pass(*t, 30_000) + 1_000_000;
        (delivered, delivered - at - 54_420_000)
    };
    let mut packets: Vec<(u64, u64)> = at_far.iter().map(leave).collect();
    packets.sort_unstable();
    packets
}

/// Mean and p99 of waits truncated to nanoseconds, as the other simulators print them.
fn printed(waits: &[(u64, u64)]) -> (String, u64) {
    let mut nanoseconds: Vec<u64> = waits.iter().map(|(_, wait)| wait / 1_000).collect();
    nanoseconds.sort_unstable();
    let mean = nanoseconds.iter().sum::<u64>() as f64 / nanoseconds.len() as f64;
    (format!("{mean:.2}"), nanoseconds[nanoseconds.len() * 99 / 100 - 1])
}

/// Runs a shipped workload with traces in place of its Poisson flows.
fn run_traced(workload: &str, horizon_ps: u64, traces: &[(&str, String)]) -> RunRecord {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(format!("scenarios/benchmark/{workload}.toml")).unwrap();
    let (network, flows) = text.split_once("[flows.").unwrap();
    let (flows, _) = flows.split_once("[expect]").unwrap();
    let flows: String = flows
        .lines()
        .filter(|line| !line.starts_with("rate") && !line.starts_with("size"))
        .map(|line| format!("{}\n", line.replace("\"poisson\"", "\"trace\"")))
        .collect();
    let horizon = network.lines().find(|line| line.starts_with("horizon")).unwrap();
    let text = format!("{network}[flows.{flows}").replace(horizon, &format!("horizon = \"{horizon_ps} ps\""));
    let mut overrides = Vec::new();
    for (flow, trace) in traces {
        fs::write(folder.path().join(format!("{flow}.csv")), trace).unwrap();
        overrides.push(format!("flows.{flow}.trace={flow}.csv"));
    }
    let file = folder.path().join("traced.toml");
    let loaded = scenario::parse(&text, file.to_str().unwrap(), &overrides);
    let network = loaded.unwrap_or_else(|problems| panic!("{problems}")).network;
    let record = Simulation::new(&network, RunSeed(1)).run();
    assert_conserved(&record);
    record
}

/// The exact mean wait, and the 99th percentile to the width of the histogram's bucket (512 ps below 1 us).
fn assert_waits(record: &RunRecord, bare: &[(u64, u64)]) {
    let queueing = &record.totals.queueing;
    assert_eq!(queueing.count, bare.len() as u64);
    let mut waits: Vec<u64> = bare.iter().map(|(_, wait)| *wait).collect();
    waits.sort_unstable();
    assert_eq!(queueing.mean.as_ps(), waits.iter().sum::<u64>() / waits.len() as u64);
    assert_eq!((queueing.min.as_ps(), queueing.max.as_ps()), (waits[0], waits[waits.len() - 1]));
    let p99 = waits[waits.len() * 99 / 100 - 1];
    assert!(queueing.p99.as_ps().abs_diff(p99) <= 512, "{} against {p99}", queueing.p99);
}

#[test]
fn the_chain_waits_as_in_four_other_simulators() {
    let arrivals = CHAIN.arrivals(PACKETS);
    let bare = bare_chain(&arrivals);
    assert_eq!(printed(&bare), ("138.51".to_owned(), 768));
    let end = bare[PACKETS - 1].0 + 1;
    assert_waits(&run_traced("w1-chain", end, &[("load", peer_arrivals::trace(&arrivals, Some))]), &bare);
}

/// The others stop when the 300,000th packet is delivered. Packets of two paths often reach the far access link in the
/// same picosecond: which one then goes first moves the 99th percentile, but not the mean.
#[test]
fn the_fabric_waits_as_in_four_other_simulators() {
    let arrivals = FABRIC.arrivals(PACKETS + 10_000);
    let mut bare = bare_fabric(&arrivals);
    bare.truncate(PACKETS);
    assert_eq!(printed(&bare), ("112.86".to_owned(), 575));
    let end = bare[PACKETS - 1].0 + 1;
    let there = peer_arrivals::trace(&arrivals, |flow| (flow < 500).then_some(flow));
    let back = peer_arrivals::trace(&arrivals, |flow| flow.checked_sub(500));
    assert_waits(&run_traced("w2-fabric", end, &[("there", there), ("back", back)]), &bare);
}
