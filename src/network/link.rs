//! Links, their members and the two ports (one each way) of every member.

use std::sync::Arc;

use crate::ids::{InterconnectId, LinkId, PortId, RouterId};
use crate::network::{MacsecConfig, Queueing};
use crate::units::{Bytes, Rate, Span};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// Between border routers of two providers.
    Channel(InterconnectId),
    /// Between routers of two providers that exchange all routes by plain eBGP.
    Peering,
    /// Between two routers of one provider.
    Backbone,
    /// Between an attachment's edge and a router of its provider.
    Attachment,
}

/// A point-to-point link of one or more equal members (a LAG when several).
#[derive(Debug, Clone)]
pub struct Link {
    /// Name in the scenario.
    pub name: String,
    /// What it is for.
    pub kind: LinkKind,
    /// The two routers.
    pub ends: [RouterId; 2],
    /// The physical members.
    pub members: Vec<Member>,
    /// The link is up while at least this many members are.
    pub min_links: usize,
    /// How soon LACP misses the other end of a member; `None` without LACP.
    pub lacp: Option<LacpRate>,
    /// From loss of light until the router acts on it.
    pub carrier_down: Span,
    /// From return of light until the router acts on it.
    pub carrier_up: Span,
}

/// How often the ends of a member want to hear LACP (IEEE 802.1AX 6.4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LacpRate {
    /// Each second; the other end is missed after 3 s.
    Fast,
    /// Each 30 s; missed after 90 s.
    Slow,
}

/// One physical member of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// `ports[0]` sends from `ends[0]` to `ends[1]`, `ports[1]` the other way.
    pub ports: [PortId; 2],
}

/// One direction of one member: a transmitter with its output queue, and the wire behind it.
#[derive(Debug, Clone)]
pub struct Port {
    /// "link/member router>router".
    pub name: String,
    /// The link it belongs to.
    pub link: LinkId,
    /// Index of the member in the link.
    pub member: usize,
    /// 0 when it sends from `ends[0]`, 1 when from `ends[1]`.
    pub end: usize,
    /// The sending router.
    pub from: RouterId,
    /// The receiving router.
    pub to: RouterId,
    /// Line rate.
    pub rate: Rate,
    /// Room for packets that wait.
    pub buffer: Buffer,
    /// Classes of packets that share it; `None`: one class for all data, behind control messages.
    pub queueing: Option<Arc<Queueing>>,
    /// Largest IP packet; the bytes that MACsec adds count as part of it.
    pub mtu: Bytes,
    /// What is put around an IP packet.
    pub framing: Framing,
    /// MACsec on this member, if any.
    pub macsec: Option<MacsecConfig>,
    /// Propagation delay of the fibre.
    pub propagation: Span,
}

/// Room of an output queue, not counting the packet in transmission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buffer {
    /// Bytes on the wire of waiting packets.
    Bytes(Bytes),
    /// Number of waiting packets.
    Packets(u32),
    /// No limit (for oracles).
    Unlimited,
}

/// What surrounds an IP packet on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Preamble 8, header 14, VLAN tag 4 when tagged, FCS 4, gap 12; frames of less than 64 bytes are padded.
    Ethernet {
        /// Whether a 4-byte VLAN tag is carried (logical links on channels).
        tagged: bool,
    },
    /// Nothing: the packet's own bytes are what the wire carries (for oracles).
    None,
}

impl Port {
    /// The largest IP packet that it carries: as Linux does, a MACsec interface has the MTU of its parent less SecTAG and
    /// ICV.
    #[must_use]
    pub fn largest_packet(&self) -> Bytes {
        Bytes(self.mtu.0.saturating_sub(self.macsec.map_or(0, |config| config.overhead().0)))
    }

    /// Bytes added to an IP packet before padding, and bytes of preamble and gap that come after it.
    #[must_use]
    pub fn overhead(&self) -> (Bytes, Bytes) {
        let macsec = self.macsec.map_or(Bytes(0), |config| config.overhead());
        match self.framing {
            Framing::Ethernet { tagged } => (Bytes(14 + 4 + if tagged { 4 } else { 0 }) + macsec, Bytes(8 + 12)),
            Framing::None => (macsec, Bytes(0)),
        }
    }

    /// Bytes that an IP packet of `size` takes on the wire, padding, preamble and gap included.
    #[must_use]
    pub fn wire_size(&self, size: Bytes) -> Bytes {
        let (around, between) = self.overhead();
        let frame = size + around;
        match self.framing {
            // IEEE 802.3 clause 3.2.7: a frame has at least 64 bytes.
            Framing::Ethernet { .. } => Bytes(frame.0.max(64)) + between,
            Framing::None => frame,
        }
    }
}
