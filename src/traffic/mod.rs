//! Sources of packets: when the next one is sent, and how large it is.

mod source;
pub mod tcp;

pub use source::Source;
