//! What fails, and what that does.
//!
//! ```text
//! FailureKind -> effects -> sim (packets), standing (which channels are left, without packets)
//! Reliability + seed -> Lives: which component goes down or comes back, and when -> drawn failures of a run
//! ```

mod capacity;
mod effect;
mod law;
mod lives;
mod script;
mod standing;

pub use effect::{Effect, Stage, stages};
pub use lives::{Aspect, BLOCK, Lives, LivesPlan, Transition, Turn};
pub use script::{drawn, with_drawn};
pub use standing::{ConnectionState, Manner, Standing, StandingPlan};
