//! BFD control packets (RFC 5880 section 4).

use crate::units::Span;

/// Session state as sent in the Sta field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BfdState {
    /// Held down by the operator.
    AdminDown,
    /// No contact.
    Down,
    /// The peer is heard but does not hear us yet.
    Init,
    /// Both hear each other.
    Up,
}

/// Why the session last left Up (Diag field).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BfdDiagnostic {
    /// No diagnostic.
    None,
    /// Control Detection Time Expired.
    DetectionTimeExpired,
    /// Neighbor Signaled Session Down.
    NeighbourSignalledDown,
    /// Path Down: the link reported loss of light.
    PathDown,
}

/// Whether the sender's BFD goes on when its control plane does not (RFC 5880 4.1, C bit).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlPlane {
    /// It does: C is 1.
    Independent,
    /// It shares its fate: C is 0.
    Shared,
}

/// A BFD control packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BfdPacket {
    /// Index of the session in the network.
    pub session: usize,
    /// The end that sent it (index into the link's ends).
    pub end: usize,
    /// The sender's state.
    pub state: BfdState,
    /// The sender's last reason to leave Up.
    pub diagnostic: BfdDiagnostic,
    /// Desired Min TX Interval.
    pub desired_min_tx: Span,
    /// Required Min RX Interval.
    pub required_min_rx: Span,
    /// Detect Mult.
    pub detect_multiplier: u8,
    /// Control Plane Independent bit.
    pub control_plane: ControlPlane,
    /// Poll bit.
    pub poll: bool,
    /// Final bit.
    pub r#final: bool,
    /// Your Discriminator is not zero: the sender has heard this end.
    pub heard: bool,
}
