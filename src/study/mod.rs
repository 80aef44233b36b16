//! Many runs of one network, and what they say together.
//!
//! ```text
//! Network + seed -> replications in parallel -> one small sample each -> RepeatSummary
//! ```

pub mod repeat;
