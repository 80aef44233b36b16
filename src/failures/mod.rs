//! What fails, and what that does.
//!
//! ```text
//! FailureKind -> effects -> sim (packets), standing (which channels are left, without packets)
//! Reliability + seed -> Lives: which component goes down or comes back, and when
//! ```

mod effect;
mod law;
mod lives;
#[cfg(test)]
mod lives_tests;
mod standing;

pub use effect::{Effect, Stage, stages};
pub use law::{draw, residual};
pub use lives::{Lives, LivesPlan, Transition, Turn};
pub use standing::{ConnectionState, Standing, StandingPlan};
