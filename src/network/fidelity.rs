//! How closely a run looks at customers' packets.

use crate::units::Span;

/// What travels as packets and what as rates. Control packets and probes are packets always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fidelity {
    /// Every packet by itself.
    #[default]
    Packet,
    /// Customers' traffic as rates, constant between two changes of the world.
    Flow,
    /// Packets around every incident, rates between them.
    Auto {
        /// Packets begin so long before an incident or return.
        lead: Span,
        /// Rates begin when nothing has changed, and no queue has moved, for so long.
        settle: Span,
    },
    /// Nothing travels: failures are drawn and rules evaluated, for studies only. A run of it is one with rates.
    Timeline,
}

impl Fidelity {
    /// The word in scenarios and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Packet => "packet",
            Self::Flow => "flow",
            Self::Auto { .. } => "auto",
            Self::Timeline => "timeline",
        }
    }
}

/// What becomes of rates that together exceed a link or a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sharing {
    /// Senders do not listen: every flow loses the same share of what it brings.
    #[default]
    DropProportional,
    /// Senders adapt and lose nothing: max-min fair rates (Bertsekas and Gallager, Data Networks, 6.5.2).
    MaxMin,
}
