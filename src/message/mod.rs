//! Values that travel or are installed: what the parts hand each other. No behaviour beyond their own shape.

mod bfd;
mod bgp;
mod drop;
mod lacp;
mod mka;
mod packet;
mod piece;
mod segment;

pub use bfd::{BfdDiagnostic, BfdPacket, BfdState, ControlPlane};
pub use bgp::{BgpMessage, BgpSegment, NotificationReason, Origin, PathAttributes, RestartState};
pub use drop::DropReason;
pub use lacp::{LacpTimeout, Lacpdu};
pub use mka::{ConnectivityKey, KeyIdentifier, Member, Mkpdu, Sak, SakUse};
pub use packet::{NO_LOGICAL_LINK, NextHop, Packet, PacketKind};
pub use piece::Piece;
pub use segment::{BLOCKS, Segment, SegmentKind};

/// What the target of customer data acts on; it waits in a slab while the packet travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Of a transfer over TCP.
    Segment(Segment),
    /// Of a request or a response.
    Piece(Piece),
}

/// The payload of a control packet; it waits in a slab while the packet travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// A TCP segment of a BGP session.
    Bgp(BgpSegment),
    /// A BFD control packet.
    Bfd(BfdPacket),
    /// A MACsec key agreement message.
    Mka(Mkpdu),
    /// A link aggregation control message.
    Lacp(Lacpdu),
}
