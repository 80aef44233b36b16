//! The event queue: the next thing to happen, in an order that depends on nothing but the things themselves.
//!
//! An event *is* its key: (time, rank, entity, serial) packed into one `u128`. Rank says what kind of thing fires
//! and entity which one, so no payload travels with it. The order is total and the same for any insertion order.

mod prefetch;
mod queue;

pub use prefetch::prefetch;
pub use queue::{EventKey, EventQueue};
