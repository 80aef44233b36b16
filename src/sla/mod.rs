//! Availability: loss over time as the common currency, and counting rules evaluated on it.
//!
//! ```text
//! usable paths, packets, flow-level walks -> LossTimeline (one per direction) -> judge(rule) -> Judgement
//! ```

mod judgement;
mod pieces;
mod timeline;

pub use judgement::{Judgement, Outage, judge};
pub use pieces::{Piece, Pieces};
pub use timeline::{Evidence, LossTimeline, Segment};
