//! The arrivals with which other simulators were compared on workloads W1 and W2: one splitmix64 generator with
//! seed 7 for all flows, intervals -ln(u) x mean rounded to picoseconds. Every flow's first arrival is drawn in order
//! of flow number, each further one when the flow sends; of two at one instant, the one drawn first goes first.
#![allow(dead_code, reason = "each user needs its own part")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Arrivals of `flows` five-tuples with this mean interval in picoseconds.
#[derive(Clone, Copy)]
pub struct Workload {
    pub flows: u32,
    pub mean_ps: f64,
}

/// W1: 1500 bytes at 100 Gbps take 120 ns; load 0.7.
pub const CHAIN: Workload = Workload { flows: 1, mean_ps: 120_000.0 / 0.7 };

/// W2: 125 flows share each of four links of 100 Gbps each way at load 0.6: 120 ns x 125 / 0.6.
pub const FABRIC: Workload = Workload { flows: 1_000, mean_ps: 25_000_000.0 };

impl Workload {
    /// The first `packets` arrivals: picosecond and flow, in the order of sending.
    pub fn arrivals(self, packets: usize) -> Vec<(u64, u32)> {
        let mut state = 7;
        let mut due = BinaryHeap::new();
        let mut serial = 0;
        for flow in 0..self.flows {
            due.push(Reverse((self.interval(&mut state), serial, flow)));
            serial += 1;
        }
        let mut sent = Vec::with_capacity(packets);
        while sent.len() < packets {
            let Reverse((at, _, flow)) = due.pop().unwrap();
            sent.push((at, flow));
            due.push(Reverse((at + self.interval(&mut state), serial, flow)));
            serial += 1;
        }
        sent
    }

    #[expect(clippy::cast_possible_truncation, reason = "an interval of some nanoseconds")]
    fn interval(self, state: &mut u64) -> u64 {
        let uniform = ((splitmix64(state) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        (-libm::log(uniform) * self.mean_ps).round() as u64
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Lines of an arrival trace; `five_tuple` gives a flow's number in its entry, or `None` when it is not of this entry.
pub fn trace(arrivals: &[(u64, u32)], five_tuple: impl Fn(u32) -> Option<u32>) -> String {
    let line = |(at, flow): &(u64, u32)| Some(format!("{at},{},1500\n", five_tuple(*flow)?));
    arrivals.iter().filter_map(line).collect()
}
