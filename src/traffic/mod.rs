//! Sources of traffic: when packets are sent and how large they are, transfers over TCP, requests and responses.

mod demand;
mod draw;
pub mod exchange;
mod profile;
mod source;
pub mod tcp;

pub use demand::Demand;
pub use source::{PassedOver, Source};
