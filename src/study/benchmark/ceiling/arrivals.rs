//! When packets enter the bare loop: drawn, or read from a trace.

use super::Topology;

/// Where the packets of every flow come from.
pub trait Arrivals {
    /// The instant of the flow's next packet in picoseconds, given that of its last; `None` when it has no more.
    fn next(&mut self, flow: u32, last: u64) -> Option<u64>;
}

/// Independent Poisson flows from one splitmix64 generator, until a number of packets was sent.
#[derive(Debug, Clone)]
pub struct Poisson {
    state: u64,
    left: u64,
    /// By flow.
    means: Vec<f64>,
}

/// Instants written down before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// By flow, in order of time.
    instants: Vec<Vec<u64>>,
    /// By flow, how many were read.
    read: Vec<usize>,
}

/// Other arrivals, written down as they pass.
#[derive(Debug, Clone)]
pub struct Noted<A> {
    arrivals: A,
    instants: Vec<Vec<u64>>,
}

impl Poisson {
    /// `packets` in all, over the topology's flows.
    #[must_use]
    pub fn new(seed: u64, packets: u64, topology: &Topology) -> Self {
        Self { state: seed, left: packets, means: topology.flows.iter().map(|flow| flow.interval_ps).collect() }
    }

    /// splitmix64 (Steele, Lea, Flood 2014).
    #[inline]
    const fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Arrivals for Poisson {
    #[inline]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
    #[expect(clippy::disallowed_methods, reason = "the bare loop takes the fastest logarithm there is")]
    fn next(&mut self, flow: u32, last: u64) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        // In (0, 1], so that the logarithm is finite; the interval is rounded to the nearest picosecond.
        let uniform = ((self.draw() >> 11) + 1) as f64 * (1.0 / (1u64 << 53) as f64);
        Some(last + (-uniform.ln() * self.means[flow as usize] + 0.5) as u64)
    }
}

impl Trace {
    /// The instants of each flow in picoseconds, in order of time.
    #[must_use]
    pub fn new(instants: Vec<Vec<u64>>) -> Self {
        Self { read: vec![0; instants.len()], instants }
    }

    /// The instants of each flow in picoseconds, in order of time.
    #[must_use]
    pub fn instants(&self) -> &[Vec<u64>] {
        &self.instants
    }
}

impl Arrivals for Trace {
    fn next(&mut self, flow: u32, _last: u64) -> Option<u64> {
        let read = &mut self.read[flow as usize];
        *read += 1;
        self.instants[flow as usize].get(*read - 1).copied()
    }
}

impl<A: Arrivals> Noted<A> {
    /// Writes down what `arrivals` says of so many flows.
    #[must_use]
    pub fn new(arrivals: A, flows: usize) -> Self {
        Self { arrivals, instants: vec![Vec::new(); flows] }
    }

    /// What was written down.
    #[must_use]
    pub fn into_trace(self) -> Trace {
        Trace::new(self.instants)
    }
}

impl<A: Arrivals> Arrivals for Noted<A> {
    fn next(&mut self, flow: u32, last: u64) -> Option<u64> {
        let at = self.arrivals.next(flow, last)?;
        self.instants[flow as usize].push(at);
        Some(at)
    }
}
