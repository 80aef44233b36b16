//! Link aggregation control messages (LACPDUs, IEEE 802.1AX 6.4.2).

use crate::ids::PortId;

/// How soon an end wants to miss the other (the Timeout bit).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LacpTimeout {
    /// A message a second, missed for 3 s.
    Short,
    /// A message in 30 s, missed for 90 s.
    Long,
}

/// An LACPDU: the state of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lacpdu {
    /// The port that sends it.
    pub port: PortId,
    /// How often it wants to hear the other end.
    pub timeout: LacpTimeout,
    /// What it says of its partner is what the partner said: it hears it.
    pub heard: bool,
    /// Synchronization: the member belongs to the aggregate.
    pub synchronized: bool,
    /// Collecting: frames of the aggregate are taken.
    pub collecting: bool,
}
