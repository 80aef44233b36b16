//! Links, their members and the two ports (one each way) of every member.

use std::sync::Arc;

use crate::ids::{InterconnectId, LinkId, PortId, RouterId};
use crate::network::Queueing;
use crate::units::{Bytes, Rate, Span};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// Between border routers of two providers.
    Channel(InterconnectId),
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
    /// From loss of light until the router acts on it.
    pub carrier_down: Span,
    /// From return of light until the router acts on it.
    pub carrier_up: Span,
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

/// MACsec (IEEE 802.1AE) on one member port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MacsecConfig {
    /// SecTAG of 16 bytes with the SCI, 8 without; the ICV adds 16.
    pub sci: bool,
    /// 32-bit packet numbers, or 64-bit (XPN).
    pub packet_numbers: PacketNumberWidth,
    /// Encryption latency at the sender.
    pub encrypt_latency: Span,
    /// Decryption latency at the receiver.
    pub decrypt_latency: Span,
    /// Whether both sides hold the same key.
    pub key: SecureKey,
    /// The packet number the first frame gets.
    pub first_packet_number: u64,
    /// From light until keys are agreed, when none was kept (measured MKA cold start).
    pub key_agreement: Span,
    /// A key outlives a dark link for this long (MKA Life Time). A silent cut does not age it: keys follow light.
    pub key_life: Span,
    /// What the receiver does with frames that fail their check.
    pub validate: ValidateFrames,
    /// How far behind the highest packet number a frame may come.
    pub replay: ReplayProtection,
    /// Whether the data is encrypted.
    pub protection: Protection,
}

/// The `validateFrames` of a MACsec receiver (IEEE 802.1AE 10.7.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValidateFrames {
    /// What fails is dropped.
    Strict,
    /// What fails is counted, and passed where it can be read.
    Check,
    /// What can be read is passed unchecked.
    Disabled,
}

/// The replay protection of a MACsec receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayProtection {
    /// Any packet number is taken.
    Off,
    /// Numbers below the next one less so many are late; 0 is strict order.
    Window(u32),
}

/// What MACsec does to the data of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Encrypted, and proven.
    Confidentiality,
    /// Proven only: it can be read without the key.
    Integrity,
}

/// Width of MACsec packet numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketNumberWidth {
    /// GCM-AES-128 and -256: 2^32 - 1 frames a key.
    Bits32,
    /// GCM-AES-XPN-128 and -256 (802.1AEbw).
    Bits64,
}

/// Whether the two ends of a member agree on a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecureKey {
    /// Both hold the same connectivity association key.
    Agreed,
    /// They differ or are missing: fail closed, nothing passes.
    Mismatched,
}

impl MacsecConfig {
    /// Bytes that MACsec adds to a frame: SecTAG 8 or 16, ICV 16.
    #[must_use]
    pub const fn overhead(&self) -> Bytes {
        Bytes(if self.sci { 32 } else { 24 })
    }

    /// The packet number from which on a new key is wanted (IEEE 802.1X 9.8: pending exhaustion, three quarters of all).
    #[must_use]
    pub const fn pending_packet_number(&self) -> u64 {
        match self.packet_numbers {
            PacketNumberWidth::Bits32 => 0xc000_0000,
            PacketNumberWidth::Bits64 => 0xc000_0000_0000_0000,
        }
    }

    /// Whether a frame without a good ICV is of no use to the receiver: it insists, or cannot read it.
    #[must_use]
    pub fn needs_icv(&self) -> bool {
        self.validate == ValidateFrames::Strict || self.protection == Protection::Confidentiality
    }

    /// The last packet number that may be used under one key.
    #[must_use]
    pub const fn last_packet_number(&self) -> u64 {
        match self.packet_numbers {
            PacketNumberWidth::Bits32 => u32::MAX as u64,
            PacketNumberWidth::Bits64 => u64::MAX,
        }
    }
}

impl Port {
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
