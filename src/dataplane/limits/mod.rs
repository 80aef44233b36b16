//! Rate limits: what exceeds a token bucket is dropped, marked or delayed.
//!
//! ```text
//! Policer  one rate          conforms -> pass       exceeds -> drop
//! Marker   two rates         green, yellow, red     (RFC 2698, RFC 4115)
//! Shaper   one rate          conforms -> pass       exceeds -> waits until it conforms
//! ```
//! All are token buckets in the virtual-scheduling form of ITU-T I.371 (GCRA): one instant is a bucket's whole state.

mod bucket;
mod limiter;
mod marker;
mod policer;
mod shaper;

pub use limiter::{Limited, Limiter};
pub use marker::{Colour, Marker};
pub use policer::{Policer, Verdict};
pub use shaper::{Shaped, Shaper};
