//! The packet as the data plane moves it: 40 bytes, `Copy`.

use crate::ids::{DestinationId, FlowId, LogicalLinkId, PortId};
use crate::units::{Span, Time, TrafficClass};

/// An IP packet in the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// When its source sent it.
    pub sent: Time,
    /// Time it has waited in output queues so far.
    pub waited: Span,
    /// Its five-tuple; for control packets a number that means nothing.
    pub flow: FlowId,
    /// Where it is to be delivered.
    pub destination: DestinationId,
    /// Hash of its five-tuple, mixed by each router with its own seed.
    pub hash: u32,
    /// Size of the IP packet in bytes.
    pub size: u32,
    /// Slab index of what it carries, or the number of a probe or of plain data.
    pub payload: u32,
    /// Remaining hop limit.
    pub ttl: u8,
    /// What it carries.
    pub kind: PacketKind,
    /// How it wants to be treated in queues, and whether congestion has marked it.
    pub traffic_class: TrafficClass,
}

const _: () = assert!(size_of::<Packet>() == 40, "what every hop copies stays small");

/// What a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketKind {
    /// Customer data.
    Data,
    /// Customer data that its target acts on: transfers over TCP, requests and responses.
    Content,
    /// A monitor's request.
    ProbeRequest,
    /// A monitor's reply.
    ProbeReply,
    /// A copy that the network made of a packet of a flow; nobody waits for it.
    Duplicate,
    /// A control message that ends at the next router (BFD, eBGP).
    ControlNeighbour,
    /// A control message forwarded to its destination inside a provider (iBGP).
    ControlRouted,
    /// A control message of one member of a link (LACP, micro-BFD): it passes while the member carries no traffic.
    ControlMember,
    /// A MACsec key agreement message: on the uncontrolled port, so never protected and never without a key. Its size
    /// is such that the port makes the right frame of it.
    Uncontrolled,
}

impl PacketKind {
    /// Whether it is a routing or liveness message, exempt from rate limits and ahead of data in queues.
    #[must_use]
    #[inline]
    pub const fn is_control(self) -> bool {
        matches!(self, Self::ControlNeighbour | Self::ControlRouted | Self::ControlMember | Self::Uncontrolled)
    }
}

/// One of the equal next hops of a forwarding entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NextHop {
    /// The output port; the first member's when the link has several.
    pub port: PortId,
    /// The logical link it is, or [`NO_LOGICAL_LINK`] inside a provider.
    pub logical_link: LogicalLinkId,
}

/// Marks a next hop that is not on a logical link.
pub const NO_LOGICAL_LINK: LogicalLinkId = LogicalLinkId(u32::MAX);
