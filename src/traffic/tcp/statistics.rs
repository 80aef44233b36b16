//! What a sender has counted.

use crate::units::Span;

/// What a sender has counted over all its transfers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Segments with data, those sent again included.
    pub segments: u64,
    /// Segments sent again.
    pub retransmissions: u64,
    /// Retransmission timeouts that ran out.
    pub timeouts: u64,
    /// Tail loss probes sent.
    pub probes: u64,
    /// Losses repaired without a timeout.
    pub recoveries: u64,
    /// Reductions of the window because of marks.
    pub marks: u64,
    /// Bytes of data acknowledged.
    pub acknowledged: u64,
    /// Longest time in which data waited for an acknowledgement and none came.
    pub longest_stall: Span,
}

impl Statistics {
    /// Adds what another sender has counted.
    pub fn add(&mut self, other: &Self) {
        self.segments += other.segments;
        self.retransmissions += other.retransmissions;
        self.timeouts += other.timeouts;
        self.probes += other.probes;
        self.recoveries += other.recoveries;
        self.marks += other.marks;
        self.acknowledged += other.acknowledged;
        self.longest_stall = self.longest_stall.max(other.longest_stall);
    }
}
