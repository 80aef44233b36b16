//! What operators and customers did on purpose.

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
