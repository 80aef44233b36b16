//! A TCP segment between a sender and a receiver of data.

use crate::units::Time;

/// What a segment says. Data is counted in segments: number `n` is the `n`-th piece of a transfer, all of equal
/// length but the last. Its packet's size is its length and the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Which transfer of its five-tuple it belongs to; each has a connection of its own.
    pub transfer: u32,
    /// What it is for.
    pub kind: SegmentKind,
    /// Number of the data it carries.
    pub number: u32,
    /// Bytes of data.
    pub length: u32,
    /// FIN: no data follows it.
    pub last: bool,
    /// The receiver has everything below this number.
    pub acknowledged: u32,
    /// Numbers beyond it that have come too, first and one behind the last, newest block first (RFC 2018); equal
    /// numbers are no block.
    pub blocks: [(u32, u32); BLOCKS],
    /// The sender's clock when it was sent (RFC 7323).
    pub sent: Time,
    /// The clock of the segment that an acknowledgement answers.
    pub echo: Time,
    /// ECE: a packet came marked, and the sender has not said that it knows (RFC 3168 6.1.3).
    pub congestion_echo: bool,
    /// CWR: the sender knows, and has reduced its window (RFC 3168 6.1.2).
    pub window_reduced: bool,
    /// The segment that is acknowledged had come before (what RFC 2883 tells in a block).
    pub duplicate: bool,
}

/// SACK blocks that fit beside timestamps (RFC 2018 section 3).
pub const BLOCKS: usize = 3;

/// What a segment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    /// SYN: asks for a connection.
    Synchronize,
    /// SYN and ACK: grants it.
    SynchronizeAcknowledge,
    /// Carries data.
    Data,
    /// Carries none.
    Acknowledge,
}

impl Segment {
    /// A segment that says nothing yet.
    #[must_use]
    pub const fn new(transfer: u32, kind: SegmentKind, sent: Time) -> Self {
        Self {
            transfer,
            kind,
            number: 0,
            length: 0,
            last: false,
            acknowledged: 0,
            blocks: [(0, 0); BLOCKS],
            sent,
            echo: Time::ZERO,
            congestion_echo: false,
            window_reduced: false,
            duplicate: false,
        }
    }

    /// Bytes of options beyond the timestamps: 2 and 8 for each block, aligned to 4 (RFC 2018 section 3).
    #[must_use]
    pub fn option_bytes(&self) -> u32 {
        let blocks = self.blocks.iter().filter(|(from, to)| from < to).count();
        if blocks == 0 { 0 } else { 4 + 8 * u32::try_from(blocks).expect("three at most") }
    }
}
