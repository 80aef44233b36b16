//! Availability: loss over time as the common currency, and counting rules evaluated on it.
//!
//! ```text
//! usable paths, packets, drawn failures -> LossTimeline (one per direction)
//!   -> Pieces (both, exemptions masked) -> bins -> hysteresis -> minimum run, rounding -> periods -> credits
//! ```
//! All of it is post-processing: `evaluate` is a pure function, linear in the number of segments.

mod bins;
mod evaluate;
mod hysteresis;
mod periods;
mod pieces;
mod timeline;

pub use evaluate::{Evaluation, Exempt, Exemption, Observation, Outage, Ruling, evaluate, worst};
pub use periods::PeriodVerdict;
pub use pieces::{Piece, Pieces};
pub use timeline::{Evidence, LossTimeline, Segment};
