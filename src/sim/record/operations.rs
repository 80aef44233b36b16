//! What operators and customers did on purpose, and what providers agreed on.

use crate::network::L3BaseConfig;
use crate::units::Span;

/// A step of an operation: of provisioning, maintenance, or a change of bandwidth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationRecord {
    /// When.
    pub at: Span,
    /// What it is about, such as "connection shop".
    pub component: String,
    /// What happened in one word, that of the Interconnect specification where it has one: a state of a connection, a
    /// call that was answered, "409".
    pub step: &'static str,
    /// What happened, in words.
    pub text: String,
}

/// What two providers have agreed on for a connection on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureRecord {
    /// The connection.
    pub connection: String,
    /// The channel.
    pub channel: String,
    /// Both sides of the interconnect.
    pub providers: [String; 2],
    /// What both set up.
    pub config: L3BaseConfig,
}
