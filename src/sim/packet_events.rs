//! A partition's events: those of packets under way, and those of sources.
//!
//! They are kept apart because there may be a million sources, and each fires once per packet, whereas a packet's next
//! hop only has to find its place among the wires.

use crate::engine::{EventKey, EventQueue};
use crate::units::Time;

/// The pending events of a partition, in one order.
#[derive(Debug, Default)]
pub(in crate::sim) struct PacketEvents {
    /// Arrivals.
    pub hops: EventQueue,
    /// Flows' next packets.
    pub sources: EventQueue,
}

/// The next event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Next {
    /// Of a packet under way.
    Hop(EventKey),
    /// Of a source.
    Source(EventKey),
    /// None fires in time.
    Nothing,
}

impl PacketEvents {
    /// Takes the next event, when it fires before `limit`.
    #[inline(always)]
    pub fn pop_before(&mut self, limit: Time) -> Next {
        let (hop, source) = (self.hops.next_key(), self.sources.next_key());
        if hop < source {
            if hop.time() >= limit {
                return Next::Nothing;
            }
            self.hops.fire(hop);
            Next::Hop(hop)
        } else {
            if source.time() >= limit {
                return Next::Nothing;
            }
            self.sources.fire(source);
            Next::Source(source)
        }
    }

    /// When the next event fires.
    pub fn next_time(&mut self) -> Option<Time> {
        [self.hops.next_time(), self.sources.next_time()].into_iter().flatten().min()
    }

    /// How many events have been taken.
    pub const fn fired(&self) -> u64 {
        self.hops.fired() + self.sources.fired()
    }
}
