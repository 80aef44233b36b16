//! MACsec on one member port, and how its keys come to be.

use crate::units::{Bytes, Span};

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
    /// How the ends come by their keys.
    pub agreement: Agreement,
    /// What becomes of traffic while there is no key.
    pub policy: SecurePolicy,
    /// Who is told that there is no key.
    pub reflection: Reflection,
    /// What the receiver does with frames that fail their check.
    pub validate: ValidateFrames,
    /// How far behind the highest packet number a frame may come.
    pub replay: ReplayProtection,
    /// Whether the data is encrypted.
    pub protection: Protection,
}

/// How the two ends of a member come by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// After a time that stands for the exchange of messages.
    Timed {
        /// From light until keys are agreed, when none was kept (measured MKA cold start).
        agreement: Span,
        /// A key outlives a dark link for this long. A silent cut does not age it: keys follow light.
        life: Span,
    },
    /// By the MACsec key agreement protocol.
    Mka(MkaConfig),
}

/// MKA at one end (IEEE 802.1X-2020 clause 9, times of table 9-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MkaConfig {
    /// Key server priority; the lowest is the server.
    pub priority: u8,
    /// MKA Hello Time: between two messages.
    pub hello: Span,
    /// MKA Life Time: without a message, a peer is removed at the first Hello after it.
    pub life: Span,
    /// SAK Retire Time: the old key is received for so long after the new one is in use.
    pub retire: Span,
    /// From the decision to receive or send under a key until the hardware does.
    pub install: Span,
    /// A fresh key after so long; `None`: by packet numbers only.
    pub rekey: Option<Span>,
    /// Which half of an installation comes first.
    pub order: InstallOrder,
    /// Bytes of the Distributed SAK parameter set, which depend on the cipher suite.
    pub distributed: Bytes,
}

/// Which half of the installation of a key comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstallOrder {
    /// All receive before any sends (IEEE 802.1X 9.8.3).
    ReceiveFirst,
    /// Reversed: each sends as soon as it has the key, and what the other does not receive yet is lost.
    TransmitFirst,
}

/// What becomes of traffic on a member without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurePolicy {
    /// Fail closed: nothing passes.
    MustSecure,
    /// Fail open: frames pass in clear.
    ShouldSecure,
}

/// Who is told that a member has no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reflection {
    /// Nobody: the line stays up, and what is sent by it dies.
    Nobody,
    /// The line: the member goes down for the LAG, for BFD and BGP.
    OnLine,
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
