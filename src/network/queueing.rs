//! How an output port treats several classes of packets.

use crate::units::{Share, TrafficClass};

/// Classes of one output port, their scheduler and their buffers.
///
/// Lengths of queues are in the unit of the port's own buffer: bytes on the wire, or packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queueing {
    /// Strict classes first, the most urgent one before all; then the classes of deficit round robin.
    pub classes: Vec<QueueClass>,
    /// Index of the class of each code point.
    pub by_code_point: [u8; TrafficClass::CODE_POINTS as usize],
    /// Index of the class of control messages (BGP, BFD).
    pub control: usize,
}

/// One class of packets with its queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueClass {
    /// Name in the scenario.
    pub name: String,
    /// When its packets are sent.
    pub service: Service,
    /// When its packets are refused for want of room.
    pub room: Room,
    /// Early drops and marks, if any.
    pub early: Option<EarlyDetection>,
}

/// When the packets of a class are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Before every class behind it, without interrupting a packet in transmission.
    Strict,
    /// In turns of so many bytes on the wire, when no strict class waits (Shreedhar and Varghese, "Efficient Fair
    /// Queueing Using Deficit Round Robin", SIGCOMM 1995).
    DeficitRoundRobin {
        /// Bytes that a turn adds.
        quantum: u32,
    },
}

/// The room of one class in a port's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Never refused, though it takes room from others: for control messages.
    Exempt,
    /// Limited.
    Limited {
        /// Kept free for this class alone.
        reserved: u64,
        /// At most so much in all; `None` without a limit of its own.
        limit: Option<u64>,
        /// At most this multiple of what is free in the part that nobody has reserved (Choudhury and Hahne, "Dynamic
        /// Queue Length Thresholds for Shared-Memory Packet Switches", 1998); `None`: all of it.
        threshold: Option<Threshold>,
    },
}

/// Alpha of a dynamic threshold, as a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// Above the line.
    pub numerator: u32,
    /// Below the line; not zero.
    pub denominator: u32,
}

/// Random early detection (Floyd and Jacobson, "Random Early Detection Gateways for Congestion Avoidance", 1993).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlyDetection {
    /// By drop precedence (RFC 2597): low, medium, high. Three equal ones make plain RED, others weighted RED.
    pub curves: [DropCurve; 3],
    /// The average follows the queue with a weight of `2^-weight`; at most 15.
    pub weight: u8,
    /// What happens to a packet that its transport allows to be marked.
    pub marking: Marking,
}

/// Probability of an early drop over the average length of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DropCurve {
    /// Below this average nothing is dropped.
    pub min: u64,
    /// From this average on everything is.
    pub max: u64,
    /// Probability just below `max`; it rises in proportion from zero at `min`.
    pub probability: Share,
}

/// Whether early detection marks (RFC 3168).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marking {
    /// It drops whatever the packet says.
    Off,
    /// It marks ECN-capable packets below `max`, and drops them from there on (RFC 3168 section 7).
    Ecn,
}
