//! What a coordination asks, tells and wants done.

use super::issue::Issue;
use super::machine::State;
use crate::ids::LinkId;
use crate::network::{NoCommonGround, Purchase};
use crate::units::Span;

/// A call of the API, of the other provider or by the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// The other provider asks whether the activation key is good.
    ConfirmActivationKey,
    /// It has its own connection, and creates the one at the first.
    CreateConnection,
    /// Which channels, subnets, VLANs and sizes may be used.
    GenerateFeatureGuidance,
    /// The feature of the channel of this index.
    CreateFeature(usize),
    /// This side has passed its local check.
    NotifyConnectionStatus(usize),
    /// This side has carried an update out.
    NotifyUpdated(usize),
    /// Another bandwidth (PATCH).
    UpdateConnection(Purchase),
    /// The connection is to go.
    DeleteConnection,
}

/// What is worth a line in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// `Connection.state` changed.
    State(State),
    /// The activation key is out.
    KeyIssued,
    /// A call was answered with success.
    Answered(Call),
    /// A call was answered with 409, this being the so-manieth time, and is made again after this wait.
    Conflict(Call, u32, Span),
    /// Another bandwidth was ordered while so many earlier orders of one still wait: it waits for its turn.
    Queued(Purchase, usize),
    /// A call was answered with 404.
    NotFound(Call),
    /// The other provider is to negotiate (`deferProvisioning`), and is waited for so long (`deferralTimeoutHours`).
    Deferred(Span),
    /// It was waited for in vain: the connection is rolled back.
    DeferralOver,
    /// No feature can be agreed on for this channel.
    NoCommonGround(LinkId, NoCommonGround),
    /// So many features can be negotiated at most, of so many: too few.
    TooFew(usize, usize),
    /// The local check of a side is not passed: so many sessions are up.
    Unverified(usize, usize),
    /// An issue is opened, or its state changes.
    Issue(Issue),
    /// `Feature.provisioningState` is `PROVISIONING_STATE_FINAL` on this channel: so many are.
    FeatureFinal(LinkId, usize),
    /// Enough features are final, of so many: both sides configure.
    Ready(usize, usize),
    /// This side's routers are set up.
    Configured(usize),
    /// `Connection.verificationState` is `VERIFICATION_STATE_VERIFIED`.
    Verified,
    /// What was never finalised, or is there on one side only, is deleted.
    CleanedUp,
}

/// What a coordination wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A line in the ledger.
    Tell(Told),
    /// The providers compare their guidance for the channel of this index; [`super::Coordination::negotiated`] is to be called
    /// with what came of it.
    Negotiate(usize),
    /// No feature of the connection is wanted any more: what was agreed on is free for others.
    Release,
    /// Both sides have set the connection up on this channel: its session may come up, and learns nothing yet. Said
    /// again it changes nothing.
    SetUp(LinkId),
    /// It is carried there.
    Open(LinkId),
    /// It is not set up there any more.
    TearDown(LinkId),
    /// Another bandwidth; [`super::Coordination::updated`] is to be called when it is in force.
    Bandwidth(Purchase),
}
