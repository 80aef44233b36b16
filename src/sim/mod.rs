//! The one place where the parts meet: events, the loop, dispatch and the recorder.
//!
//! ```text
//! EventQueue -> partition (dispatch) -> failing | light | liveness | interior | routing | tables | forwarding
//!                                                    '-> recorder -> RunRecord
//! ```
//! Parts below this layer never schedule: a handler here turns what they return into events.

mod delayed;
mod event;
pub mod expectation;
mod failing;
mod forwarding;
mod interior;
mod light;
mod liveness;
mod partition;
mod paths;
pub mod record;
mod recorder;
mod routing;
mod simulation;
mod slab;
mod tables;
mod timers;

pub use simulation::{Continue, Progress, Simulation};
