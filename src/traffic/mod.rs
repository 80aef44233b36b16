//! Sources of traffic: when packets are sent and how large they are, and transfers over TCP.

mod profile;
mod source;
pub mod tcp;
mod transfers;

pub use source::{PassedOver, Source};
pub use transfers::Transfers;
