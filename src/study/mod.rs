//! Many runs of one network, and what they say together; and how fast a run is.
//!
//! ```text
//! Network + seed -> replications in parallel -> one small sample each -> RepeatSummary
//! ```

pub mod benchmark;
pub mod biasing;
pub mod coupled;
pub mod events;
pub mod exact;
pub mod rare;
pub mod reference;
pub mod repeat;
pub mod replay;
pub mod splitting;
pub mod statistics;
pub mod structure;
pub mod sweep;
pub mod truth;
pub mod validate;
pub mod variations;
pub mod years;
