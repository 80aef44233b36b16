//! Failure kinds as short lists of effects: kind -> effects, nothing else.

mod effect;

pub use effect::{Effect, Stage, stages};
