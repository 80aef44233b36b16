//! How a connection is ordered, changed and deleted by two providers that speak the Connection Coordinator API of the
//! public Interconnect specification (github.com/aws/Interconnect).

use super::{Purchase, SpanLaw};
use crate::ids::{ConnectionId, LinkId};
use crate::units::{Rate, Share, Span};

/// The life of a connection, as its customer orders it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioning {
    /// The connection.
    pub connection: ConnectionId,
    /// The side of the interconnect (0 or 1) at which the customer creates it.
    pub initiator: usize,
    /// When, in scenario time; `None` when it is there from the first instant.
    pub create: Option<Span>,
    /// From then until the customer brings the activation key to the other provider; `None` never.
    pub accept: Option<SpanLaw>,
    /// Its bandwidth when it is created.
    pub bandwidth: Rate,
    /// Other bandwidths that the customer orders, in order of time.
    pub updates: Vec<(Span, Purchase)>,
    /// Who negotiates it.
    pub deferral: Deferral,
    /// When the customer deletes it.
    pub delete: Option<Span>,
    /// From then until it is deleted at the other provider too; `None` never.
    pub delete_peer: Option<SpanLaw>,
    /// The channels, each of which needs a feature of its own.
    pub channels: Vec<OfferedChannel>,
    /// How long each step takes.
    pub times: ProvisioningTimes,
    /// The share of calls that the other provider answers with 409.
    pub conflict: Share,
}

/// A channel of the interconnect, as its guidance offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferedChannel {
    /// The channel.
    pub link: LinkId,
    /// Its `adminState`.
    pub admin: AdminState,
    /// When, in scenario time, the guidance of a provider for it changes for the last time.
    pub reconsidered: Option<Span>,
}

/// `adminState` of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminState {
    /// `ADMIN_STATE_ENABLED`.
    Enabled,
    /// `ADMIN_STATE_DISABLED`, until this scenario time; `None` to the end.
    Disabled(Option<Span>),
}

/// Who negotiates a connection: by default the provider to which the customer brings the activation key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deferral {
    /// That one.
    No,
    /// It defers to the other one (`deferProvisioning`).
    Yes {
        /// From then until the other one takes it up; `None` never.
        taken_up: Option<SpanLaw>,
        /// How long it is waited for (`deferralTimeoutHours`); then the connection is rolled back.
        timeout: Span,
    },
}

/// How long the steps of provisioning take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvisioningTimes {
    /// A call of the other provider, answer included.
    pub call: SpanLaw,
    /// From `CreateFeature` until the feature is negotiated.
    pub feature: SpanLaw,
    /// A provider sets its routers up.
    pub configure: SpanLaw,
    /// A provider's local check.
    pub verify: SpanLaw,
    /// A provider takes up an issue that the other one has opened.
    pub triage: SpanLaw,
    /// A logical link that is down for so long is an issue.
    pub report_after: Span,
    /// After so long what was never finalised, or is there on one side only, is deleted.
    pub clean_up: Span,
}
