//! The bare loop: how fast this workload could go if nothing but time were simulated.
//!
//! Hand-written and independent of the engine on purpose. It keeps arrays of fields, one event per hop, a ring per
//! link with only its head among the pending events, and one number per delivered packet. It has no addresses,
//! forwarding tables, protocols, failures, counters or checks: a limit to measure against, not a simulator.

mod arrivals;
mod heap;
mod topology;

pub use arrivals::{Arrivals, Noted, Poisson, Trace};
use heap::{Heap, Key};
pub use topology::{Flow, Link, Topology};

/// Packets that may wait at a link.
const QUEUE_LIMIT: u64 = 1_000;

/// Ends every path in the flat list.
const END: u32 = u32::MAX;

/// What becomes of each delivered packet's waiting time.
pub trait Sink {
    /// A packet has waited this long, in picoseconds, over all its links.
    fn waited(&mut self, picoseconds: u64);
}

/// Waiting times in steps of a nanosecond, truncated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u64>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Done {
    /// Packets that reached the end of their path.
    pub delivered: u64,
    /// Packets that met a full queue.
    pub dropped: u64,
    /// Links crossed.
    pub packet_hops: u64,
    /// Events handled.
    pub events: u64,
}

/// A packet on a link.
#[derive(Debug, Clone, Copy, Default)]
struct InFlight {
    /// When it reaches the end of the link.
    arrival: u64,
    /// When it would reach the end of its path if it never waited.
    due: u64,
    /// Its link's place in the flat list of paths.
    place: u32,
}

/// One direction of a link, with the packets that wait for it or are on it.
#[derive(Debug, Clone)]
struct Wire {
    free_at: u64,
    service: u64,
    delay: u64,
    /// A power of two long.
    ring: Vec<InFlight>,
    head: usize,
    length: usize,
}

/// A flow as the loop needs it.
#[derive(Debug, Clone, Copy)]
struct Start {
    unloaded: u64,
    place: u32,
}

/// The loop's state.
#[derive(Debug, Clone)]
pub struct Ceiling {
    heap: Heap,
    wires: Vec<Wire>,
    starts: Vec<Start>,
    places: Vec<u32>,
    done: Done,
}

impl Ceiling {
    /// Everything before the first packet.
    #[must_use]
    pub fn new(topology: &Topology) -> Self {
        let mut places = Vec::new();
        let mut first_places = Vec::new();
        for path in &topology.paths {
            first_places.push(u32::try_from(places.len()).expect("fewer than 2^32 places"));
            places.extend(path);
            places.push(END);
        }
        let start =
            |flow: &Flow| Start { unloaded: topology.unloaded_ps(flow.path), place: first_places[flow.path as usize] };
        Self {
            heap: Heap::new(),
            wires: topology.links.iter().map(Wire::new).collect(),
            starts: topology.flows.iter().map(start).collect(),
            places,
            done: Done::default(),
        }
    }

    /// Sends all the packets that `arrivals` has, and delivers them.
    pub fn run(mut self, arrivals: &mut impl Arrivals, sink: &mut impl Sink) -> Done {
        let sources = u32::try_from(self.wires.len()).expect("fewer than 2^32 links");
        let flows = u32::try_from(self.starts.len()).expect("fewer than 2^32 flows");
        for flow in 0..flows {
            if let Some(at) = arrivals.next(flow, 0) {
                self.heap.push(Key::new(at, sources + flow));
            }
        }
        while let Some(event) = self.heap.top() {
            self.done.events += 1;
            let (now, owner) = (event.time(), event.owner());
            if owner < sources {
                self.arrive(now, owner, sink);
            } else {
                let flow = owner - sources;
                match arrivals.next(flow, now) {
                    Some(at) => self.heap.replace_top(Key::new(at, owner)),
                    None => self.heap.remove_top(),
                }
                let Start { unloaded, place } = self.starts[flow as usize];
                self.send(now, now + unloaded, place);
            }
        }
        self.done
    }

    #[inline]
    fn arrive(&mut self, now: u64, link: u32, sink: &mut impl Sink) {
        let wire = &mut self.wires[link as usize];
        let packet = wire.take();
        match wire.head_arrival() {
            Some(at) => self.heap.replace_top(Key::new(at, link)),
            None => self.heap.remove_top(),
        }
        self.done.packet_hops += 1;
        let place = packet.place + 1;
        if self.places[place as usize] == END {
            self.done.delivered += 1;
            sink.waited(now - packet.due);
        } else {
            self.send(now, packet.due, place);
        }
    }

    #[inline]
    fn send(&mut self, now: u64, due: u64, place: u32) {
        let link = self.places[place as usize];
        let wire = &mut self.wires[link as usize];
        let begin = wire.free_at.max(now);
        // The packet in service does not wait: more than the limit is ahead when it and the limit are.
        if begin - now > QUEUE_LIMIT * wire.service {
            self.done.dropped += 1;
            return;
        }
        wire.free_at = begin + wire.service;
        let arrival = wire.free_at + wire.delay;
        if wire.length == 0 {
            self.heap.push(Key::new(arrival, link));
        }
        wire.put(InFlight { arrival, due, place });
    }
}

impl Wire {
    fn new(link: &Link) -> Self {
        let ring = vec![InFlight::default(); 8];
        Self { free_at: 0, service: link.service_ps, delay: link.delay_ps, ring, head: 0, length: 0 }
    }

    #[inline]
    fn put(&mut self, packet: InFlight) {
        if self.length == self.ring.len() {
            self.grow();
        }
        let mask = self.ring.len() - 1;
        self.ring[(self.head + self.length) & mask] = packet;
        self.length += 1;
    }

    #[inline]
    fn take(&mut self) -> InFlight {
        let mask = self.ring.len() - 1;
        let packet = self.ring[self.head & mask];
        self.head = (self.head + 1) & mask;
        self.length -= 1;
        packet
    }

    #[inline]
    fn head_arrival(&self) -> Option<u64> {
        (self.length > 0).then(|| self.ring[self.head & (self.ring.len() - 1)].arrival)
    }

    #[cold]
    fn grow(&mut self) {
        self.ring.rotate_left(self.head);
        self.head = 0;
        self.ring.resize(self.length * 2, InFlight::default());
    }
}

impl Histogram {
    /// Longer waits count as this many nanoseconds.
    const LONGEST: usize = 1 << 20;

    /// An empty histogram.
    #[must_use]
    pub fn new() -> Self {
        Self { counts: vec![0; Self::LONGEST + 1] }
    }

    /// Mean in nanoseconds; half a nanosecond less than the truth on average, for waits are truncated.
    #[must_use]
    pub fn mean_ns(&self) -> f64 {
        let sum: u64 = self.counts.iter().zip(0u64..).map(|(count, ns)| count * ns).sum();
        sum as f64 / self.count().max(1) as f64
    }

    /// The smallest whole nanosecond that at least this share of the packets did not exceed.
    #[must_use]
    pub fn quantile_ns(&self, share: f64) -> u64 {
        let mut missing = share * self.count() as f64;
        for (count, ns) in self.counts.iter().zip(0..) {
            missing -= *count as f64;
            if missing <= 0.0 {
                return ns;
            }
        }
        0
    }

    fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for Histogram {
    #[inline]
    fn waited(&mut self, picoseconds: u64) {
        let ns = usize::try_from(picoseconds / 1_000).unwrap_or(Self::LONGEST);
        self.counts[ns.min(Self::LONGEST)] += 1;
    }
}

/// Every waiting time, for comparison to the picosecond.
impl Sink for Vec<u64> {
    fn waited(&mut self, picoseconds: u64) {
        self.push(picoseconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poisson(topology: &Topology, packets: u64) -> Poisson {
        Poisson::new(7, packets, topology)
    }

    /// M/D/1: mean wait S rho / (2 (1 - rho)) = 140 ns; all of it at the first of equal queues.
    #[test]
    fn a_chain_waits_as_one_queue_does() {
        let topology = Topology::chain();
        let mut waits = Histogram::new();
        let done = Ceiling::new(&topology).run(&mut poisson(&topology, 1_000_000), &mut waits);
        // Waits at load 0.7 are correlated: a standard error of about 0.4 ns at a million packets.
        assert!((waits.mean_ns() + 0.5 - 140.0).abs() < 1.6, "{}", waits.mean_ns());
        assert_eq!((done.delivered, done.dropped, done.packet_hops), (1_000_000, 0, 9_000_000));
        // One event per hop, and one per packet sent.
        assert_eq!(done.events, 10_000_000);
    }

    /// Five other simulators agree on about 113.1 ns for this fabric.
    #[test]
    fn a_fabric_waits_as_elsewhere() {
        let topology = Topology::fabric();
        let mut waits = Histogram::new();
        let done = Ceiling::new(&topology).run(&mut poisson(&topology, 1_000_000), &mut waits);
        assert!((waits.mean_ns() + 0.5 - 113.1).abs() < 1.1, "{}", waits.mean_ns());
        assert_eq!((done.delivered, done.packet_hops), (1_000_000, 5_000_000));
    }

    /// htsim and OMNeT++, driven by this generator from seed 7, print 138.51 and 768 for 300,000 packets.
    #[test]
    fn other_simulators_print_the_same_digits_for_the_same_draws() {
        let topology = Topology::chain();
        let mut waits = Histogram::new();
        let _ = Ceiling::new(&topology).run(&mut poisson(&topology, 300_000), &mut waits);
        assert_eq!((format!("{:.2}", waits.mean_ns()), waits.quantile_ns(0.99)), ("138.51".to_owned(), 768));
    }

    #[test]
    fn a_full_queue_holds_its_limit_and_the_packet_in_service() {
        let link = Link { service_ps: 10, delay_ps: 7 };
        let topology =
            Topology { links: vec![link], paths: vec![vec![0]], flows: vec![Flow { path: 0, interval_ps: 1.0 }] };
        let mut waits: Vec<u64> = Vec::new();
        let done = Ceiling::new(&topology).run(&mut Trace::new(vec![vec![5; 1_003]]), &mut waits);
        assert_eq!((done.delivered, done.dropped), (1_001, 2));
        assert_eq!(waits, (0..1_001).map(|ahead| ahead * 10).collect::<Vec<u64>>());
    }

    #[test]
    fn a_trace_repeats_the_draws_that_it_was_written_from() {
        let topology = Topology::fabric();
        let mut noted = Noted::new(poisson(&topology, 20_000), topology.flows.len());
        let (mut drawn, mut read): (Vec<u64>, Vec<u64>) = (Vec::new(), Vec::new());
        Ceiling::new(&topology).run(&mut noted, &mut drawn);
        let mut trace = noted.into_trace();
        assert_eq!(trace.instants().iter().map(Vec::len).sum::<usize>(), 20_000);
        Ceiling::new(&topology).run(&mut trace, &mut read);
        assert_eq!(drawn, read);
    }

    #[test]
    fn quantiles_are_the_smallest_value_that_covers_the_share() {
        let mut waits = Histogram::new();
        (1..=100).for_each(|ns| waits.waited(ns * 1_000 + 999));
        assert_eq!((waits.quantile_ns(0.99), waits.quantile_ns(0.5), waits.quantile_ns(1.0)), (99, 50, 100));
        assert!((waits.mean_ns() - 50.5).abs() < 1e-12);
    }
}
