//! Availability: loss over time as the common currency, and counting rules evaluated on it.
//!
//! ```text
//! usable paths, packets, flow-level walks -> LossTimeline (one per direction) -> judge(rule) -> Judgement
//! ```

mod judgement;
mod timeline;

pub use judgement::{Judgement, Outage, judge};
pub use timeline::{Evidence, LossTimeline, Segment};
