//! The life of a connection between two providers: ordered, negotiated, verified, changed and deleted, as the Connection
//! Coordinator API of the public Interconnect specification has it (github.com/aws/Interconnect, `Protocols.md`).
//!
//! ```text
//! Create -> key -> accept -> ConfirmActivationKey -> CreateConnection -> GenerateFeatureGuidance -> CreateFeature x 4
//!        -> 3 of 4 FINAL: both sides configure -> both check -> NotifyConnectionStatus both ways -> available
//! ```

mod action;
mod coordination;
mod issue;
mod machine;
mod migration;

pub use action::{Action, Call, Told};
pub use coordination::Coordination;
pub use issue::{Issue, IssueInput, IssueState, Priority, Subject};
pub use machine::{Answer, Input, State};
pub use migration::{Migration, Move, NewSessions};

#[cfg(test)]
mod tests;
