//! MACsec key agreement messages (MKPDUs, IEEE 802.1X-2020 11.11), and the names of keys.

use crate::ids::PortId;

/// A connectivity association key (CAK) as its holder knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectivityKey {
    /// Its name (CKN), by which a receiver finds it: counted from 0, each rotation adds one.
    pub name: u32,
    /// The key itself, which is never sent: 0 is the right one.
    pub secret: u32,
}

/// The name of a secure association key (SAK; IEEE 802.1X 9.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyIdentifier {
    /// Member identifier of the key server that made it.
    pub server: u64,
    /// Counted by that server from 1.
    pub number: u32,
}

/// A secure association key on its way, or in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sak {
    /// Its name.
    pub key: KeyIdentifier,
    /// The association number (AN, 0 to 3) that frames under it carry.
    pub association_number: u8,
}

/// How a participant uses a key (the MACsec SAK Use parameter set).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SakUse {
    /// The key.
    pub sak: Sak,
    /// LRX or ORX: frames under it are received.
    pub receives: bool,
    /// LTX or OTX: frames are sent under it.
    pub transmits: bool,
}

/// A participant as named in a peer list: member identifier (MI) and the number (MN) of its latest message.
pub type Member = (u64, u32);

/// An MKPDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mkpdu {
    /// The port that sends it.
    pub port: PortId,
    /// The key that proves it.
    pub key: ConnectivityKey,
    /// The sender, and the number of this message.
    pub member: Member,
    /// Its secure channel identifier (SCI).
    pub sci: u64,
    /// Its key server priority; the lowest wins.
    pub priority: u8,
    /// Peers that have proven that they hear the sender.
    pub live: Vec<Member>,
    /// Peers that have not.
    pub potential: Vec<Member>,
    /// The keys that it uses, the latest and the old one, unless there are none.
    pub uses: Option<[Option<SakUse>; 2]>,
    /// A key that the key server distributes.
    pub distributed: Option<Sak>,
}
