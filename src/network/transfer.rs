//! How transfers over TCP behave.

use super::laws::VolumeLaw;
use crate::units::{Rate, Span};

/// The parameters of both ends of a TCP connection. Windows are counted in segments.
#[derive(Debug, Clone)]
pub struct TcpConfig {
    /// Data of a transfer.
    pub volume: VolumeLaw,
    /// Mean time between transfers of one five-tuple.
    pub interval: Span,
    /// Bytes of data in a full segment.
    pub segment: u32,
    /// Bytes of IP and TCP headers around it, timestamps among them.
    pub headers: u32,
    /// How the window grows and shrinks.
    pub congestion_control: CongestionControl,
    /// Whether packets may be marked instead of dropped.
    pub ecn: EcnUse,
    /// Segments that the receiver takes in without handing them on.
    pub receive_window: u32,
    /// Segments in the first round trip (RFC 6928: 10).
    pub initial_window: u32,
    /// The rate at which the application writes; `None` when everything is there from the beginning.
    pub application_rate: Option<Rate>,
    /// Least variance term of the retransmission timeout (Linux: 200 ms).
    pub minimum_timeout: Span,
}

/// How a congestion window grows and shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CongestionControl {
    /// RFC 9438.
    Cubic,
    /// RFC 5681 and RFC 6582: one segment a round trip, half on loss.
    NewReno,
}

/// Whether a connection uses Explicit Congestion Notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EcnUse {
    /// Packets are not ECN-capable.
    Off,
    /// Data is sent ECT(0); a mark is answered like a loss (RFC 3168).
    On,
}
