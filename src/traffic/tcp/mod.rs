//! One transfer over TCP: what the sender and the receiver of its data do with segments and time.
//!
//! ```text
//!  Sender -- segments (Synchronize, Data) -->   network   --> Receiver
//!         <-------- acknowledgements -------              <--
//! ```
//! Behaves as Linux does: slow start from 10 segments, CUBIC or NewReno, RACK-TLP loss detection (RFC 8985) with SACK,
//! proportional rate reduction (RFC 6937), delayed acknowledgements, timeouts of RTT + 200 ms and more, ECN (RFC 3168).
//! The ends share nothing but segments. Each has one deadline, the earliest of its timers.

mod congestion;
mod ranges;
mod receiver;
mod reduction;
mod scoreboard;
mod sender;
mod statistics;
#[cfg(test)]
mod tests;
mod timeout;

pub use receiver::Receiver;
pub use sender::{Action, Input, Sender};
pub use statistics::Statistics;
