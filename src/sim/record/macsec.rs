//! What MACsec counted on the members of links.

/// MACsec in one direction of one member of a link; frames of all kinds, control and copies included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacsecRecord {
    /// "link/member", members counted from 0.
    pub member: String,
    /// Sending router.
    pub from: String,
    /// Receiving router.
    pub to: String,
    /// OutPktsProtected or OutPktsEncrypted: frames given a packet number.
    pub protected: u64,
    /// InPktsOK.
    pub ok: u64,
    /// InPktsLate: dropped by the replay window.
    pub late: u64,
    /// InPktsNotValid: dropped for their ICV.
    pub not_valid: u64,
    /// InPktsInvalid: passed although the ICV was wrong.
    pub invalid: u64,
    /// InPktsUnchecked: passed without a look at the ICV.
    pub unchecked: u64,
    /// InPktsNotUsingSA: dropped, their association had no key in use at the receiver.
    pub not_using_sa: u64,
    /// InPktsNoTag: dropped for coming in clear.
    pub no_tag: u64,
    /// InPktsUntagged: passed in clear.
    pub untagged: u64,
    /// OutPktsUntagged: sent in clear, as the policy allows without a key.
    pub clear: u64,
    /// Of the end that sends; `None` where keys are agreed without messages.
    pub mka: Option<MkaRecord>,
    /// The sender's next packet number; `None` when its key has none left.
    pub next_packet_number: Option<u64>,
    /// How far the numbers of the key are used.
    pub packet_numbers: PacketNumbers,
}

/// How far the packet numbers of a key are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketNumbers {
    /// Below three quarters.
    Plenty,
    /// Beyond: a new key is wanted (IEEE 802.1X, pending exhaustion).
    Pending,
    /// To the last one.
    UsedUp,
}

/// MACsec key agreement at one end of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MkaRecord {
    /// Messages sent.
    pub sent: u64,
    /// Messages received from the other end, and read.
    pub received: u64,
    /// Messages received under a key name that is not known here.
    pub unknown_key: u64,
    /// Messages received that another key proves: ICV failures.
    pub not_valid: u64,
    /// Secure association keys used for sending, the first included.
    pub keys_used: u64,
}
