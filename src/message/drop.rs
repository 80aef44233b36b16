//! Why a packet died. Every drop has exactly one of these causes; there is no "lost".

/// The cause of a drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// Sent into a cut fibre, or on it when it was cut.
    FibreCut,
    /// Sent into a silently dead path: light is there, nothing arrives.
    SilentCut,
    /// Lost at random on a grey link.
    GreyLoss,
    /// Damaged on the wire: the frame check sequence is wrong.
    CorruptedFcs,
    /// In, or arriving at, a router without power.
    RouterDown,
    /// Waiting at, or sent to, a port that knows that its light is gone.
    PortDown,
    /// No forwarding entry for the destination.
    NoRoute,
    /// Hop limit reached zero: a forwarding loop.
    TtlExpired,
    /// Larger than the port's MTU.
    TooBig,
    /// The output queue was full.
    BufferFull,
    /// Above the purchased rate.
    RateLimit,
    /// MACsec has no valid key: fail closed.
    MacsecNoKey,
    /// The MACsec packet numbers of the key are used up.
    MacsecPacketNumbers,
    /// Damaged on the way behind a good FCS: the MACsec receiver found its integrity check value wrong.
    MacsecIcv,
    /// Its MACsec packet number is below the replay window.
    MacsecLate,
    /// Its MACsec association has no key in use at the receiver, or it came in clear where that is refused.
    MacsecNoSa,
    /// Early detection, before the output queue was full.
    RedDrop,
    /// Sent into, or on the way out of, a port of a dead line card.
    LineCard,
    /// To or from a host of an availability zone that is lost.
    ZoneDown,
}

impl DropReason {
    /// All causes, in the order of reports.
    pub const ALL: [Self; 19] = [
        Self::FibreCut,
        Self::SilentCut,
        Self::GreyLoss,
        Self::CorruptedFcs,
        Self::RouterDown,
        Self::PortDown,
        Self::NoRoute,
        Self::TtlExpired,
        Self::TooBig,
        Self::BufferFull,
        Self::RateLimit,
        Self::MacsecNoKey,
        Self::MacsecPacketNumbers,
        Self::MacsecIcv,
        Self::MacsecLate,
        Self::MacsecNoSa,
        Self::RedDrop,
        Self::LineCard,
        Self::ZoneDown,
    ];

    /// The cause's word in scenarios and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::FibreCut => "fibre-cut",
            Self::SilentCut => "silent-cut",
            Self::GreyLoss => "grey-loss",
            Self::CorruptedFcs => "corrupted-fcs",
            Self::RouterDown => "router-down",
            Self::PortDown => "port-down",
            Self::NoRoute => "no-route",
            Self::TtlExpired => "ttl-expired",
            Self::TooBig => "too-big",
            Self::BufferFull => "buffer-full",
            Self::RateLimit => "rate-limit",
            Self::MacsecNoKey => "macsec-no-key",
            Self::MacsecPacketNumbers => "macsec-packet-numbers",
            Self::MacsecIcv => "macsec-icv",
            Self::MacsecLate => "macsec-late",
            Self::MacsecNoSa => "macsec-no-sa",
            Self::RedDrop => "red",
            Self::LineCard => "line-card",
            Self::ZoneDown => "zone-down",
        }
    }

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_stands_at_its_index() {
        for (index, reason) in DropReason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
        }
    }
}
