//! What fails, and what that does.
//!
//! ```text
//! FailureKind -> effects -> sim (packets), standing (which channels are left, without packets)
//! Reliability + seed -> Lives: which component goes down or comes back, and when -> drawn failures of a run
//! ```

mod effect;
mod law;
mod lives;
#[cfg(test)]
mod lives_tests;
mod script;
mod standing;

pub use effect::{Effect, Stage, stages};
pub use law::{draw, residual};
pub use lives::{Lives, LivesPlan, Transition, Turn};
pub use script::{drawn, with_drawn};
pub use standing::{ConnectionState, Standing, StandingPlan};
