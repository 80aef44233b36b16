//! Packets that were decided elsewhere: when each one is sent, by which five-tuple, and how long it is.

use std::sync::Arc;

use crate::units::Span;

/// One packet of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    /// When it is sent, counted from the start of its flow.
    pub at: Span,
    /// Size of the IP packet in bytes.
    pub size: u32,
}

/// The packets of all five-tuples of a flow entry, 16 bytes each.
#[derive(Debug, PartialEq, Eq)]
pub struct Trace {
    /// Grouped by five-tuple, each group in order of time.
    arrivals: Vec<Arrival>,
    /// Where each five-tuple's group ends.
    ends: Vec<usize>,
}

impl Trace {
    /// A trace for `count` five-tuples; of packets at one instant of one five-tuple, the one given first goes first.
    ///
    /// # Panics
    /// When an arrival belongs to a five-tuple beyond `count`.
    #[must_use]
    pub fn new(mut packets: Vec<(u32, Arrival)>, count: u32) -> Self {
        packets.sort_by_key(|(flow, arrival)| (*flow, arrival.at));
        assert!(packets.last().is_none_or(|(flow, _)| *flow < count), "a trace is checked when it is read");
        let ends = (0..count).map(|flow| packets.partition_point(|packet| packet.0 <= flow)).collect();
        Self { arrivals: packets.into_iter().map(|(_, arrival)| arrival).collect(), ends }
    }

    /// The packets of one five-tuple, in order of time.
    #[must_use]
    pub fn of(&self, flow: u32) -> &[Arrival] {
        let flow = flow as usize;
        let from = flow.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.arrivals[from..self.ends[flow]]
    }

    /// All packets, grouped by five-tuple.
    #[must_use]
    pub fn arrivals(&self) -> &[Arrival] {
        &self.arrivals
    }
}

/// One five-tuple's part of its entry's trace.
#[derive(Debug, Clone)]
pub struct TraceOf {
    /// The trace of the entry.
    pub trace: Arc<Trace>,
    /// Number of the five-tuple in its entry, from 0.
    pub index: u32,
}

impl TraceOf {
    /// Its packets, in order of time.
    #[must_use]
    pub fn arrivals(&self) -> &[Arrival] {
        self.trace.of(self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_five_tuple_gets_its_own_packets_in_order_of_time() {
        let arrival = |at, size| Arrival { at: Span::from_ns(at), size };
        let trace =
            Trace::new(vec![(2, arrival(9, 40)), (0, arrival(5, 1)), (2, arrival(3, 2)), (2, arrival(9, 7))], 4);
        assert_eq!(trace.of(0), [arrival(5, 1)]);
        assert_eq!(trace.of(1), []);
        assert_eq!(trace.of(2), [arrival(3, 2), arrival(9, 40), arrival(9, 7)]);
        assert_eq!(trace.of(3), []);
    }
}
