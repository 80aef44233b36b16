//! How purchased rates are enforced.

use crate::network::Buffer;
use crate::units::{Rate, Span};

/// How a purchased rate is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// At the sending border router, on each logical link.
    pub per_link: PerLinkLimit,
    /// Over all logical links together.
    pub aggregate_at: AggregateLimit,
    /// The token buckets.
    pub bucket: TokenBucket,
    /// Whether BGP and BFD on a logical link take tokens of its limit.
    pub control: ControlLimit,
}

/// What a limit on a logical link means for the control messages on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlLimit {
    /// Nothing: they pass and take no tokens.
    Exempt,
    /// They are packets like others.
    Counted,
}

/// The limit on each logical link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PerLinkLimit {
    /// Every logical link passes the full purchased rate, so one survivor suffices.
    Full,
    /// Every logical link passes its equal share.
    EqualShare,
}

impl PerLinkLimit {
    /// The rate that each of so many logical links may pass.
    #[must_use]
    pub fn share(self, bandwidth: Rate, links: usize) -> Rate {
        match self {
            Self::Full => bandwidth,
            // At least 1 bps: `bandwidth` is not zero.
            Self::EqualShare => Rate::from_bps((bandwidth.as_bps() / links.max(1) as u64).max(1)).unwrap_or(bandwidth),
        }
    }
}

/// The limit on the whole connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AggregateLimit {
    /// At the attachment's edge, for each direction: routers in two buildings cannot share a bucket.
    VpcEdge,
    /// Nowhere.
    None,
}

/// What an attachment may send in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachmentLimit {
    /// In bits of IP packets.
    pub bandwidth: Rate,
    /// The token buckets.
    pub bucket: TokenBucket,
}

/// A token bucket without its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenBucket {
    /// It holds what its rate brings in this time.
    pub depth: Span,
    /// What happens to packets that find too few tokens.
    pub excess: Excess,
}

/// What happens to packets above a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// They are dropped: a policer.
    Drop,
    /// They wait until there are tokens: a shaper.
    Delay {
        /// Room for those that wait.
        queue: Buffer,
    },
    /// They are coloured; red ones are dropped, yellow ones get a higher drop precedence (RFC 2597) where their code
    /// point has one.
    Mark(TwoRates),
}

/// The second rate of a two-rate three-colour marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoRates {
    /// How the two buckets play together.
    pub standard: MarkerStandard,
    /// Of the second bucket: peak rate (RFC 2698) or excess rate (RFC 4115).
    pub rate: Rate,
    /// Depth of the second bucket.
    pub depth: Span,
    /// Whether packets come coloured.
    pub colours: ColourMode,
}

/// Which marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerStandard {
    /// Committed and peak rate; a green packet takes tokens of both.
    Rfc2698,
    /// Committed and excess rate; a green packet takes tokens of the committed one only.
    Rfc4115,
}

/// Whether a marker looks at the colour that a packet has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourMode {
    /// Every packet comes green.
    Blind,
    /// The drop precedence of its code point is its colour.
    Aware,
}

impl TokenBucket {
    /// The bucket for `part` of a purchase of `whole`: the second rate is shared in the same proportion.
    #[must_use]
    pub fn share(self, part: Rate, whole: Rate) -> Self {
        let Excess::Mark(two) = self.excess else { return self };
        let bps = u128::from(two.rate.as_bps()) * u128::from(part.as_bps()) / u128::from(whole.as_bps());
        let bps = u64::try_from(bps).unwrap_or(u64::MAX).max(1);
        Self { excess: Excess::Mark(TwoRates { rate: Rate::from_bps(bps).unwrap_or(two.rate), ..two }), ..self }
    }
}
