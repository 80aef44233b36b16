//! BFD in asynchronous mode over one hop (RFC 5880, RFC 5881).
//!
//! ```text
//! Packet -> session (6.8.6) -> Send, SetTimer(Transmit 6.8.7 | Detection 6.8.4), StateChanged
//! ```
//! Not here: echo, demand mode, authentication, administrative shutdown of the own end.

mod session;

#[cfg(test)]
mod tests;

pub use session::{Action, Endpoint, Input, PACKET_SIZE, TimerKind};
