//! What happens to packets: ports and wires, forwarding tables, MACsec, rate limits.
//!
//! ```text
//! packet -> Forwarder (next hop by hash) -> Policer -> Port [ queue | transmitter ] ==wire==> next router
//! ```
//! Every part gets `now` and its input and returns what happened; only `sim` schedules.

mod forwarder;
mod pace;
mod policer;
mod port;
mod secure;

pub use forwarder::{Forwarder, Lookup};
pub use pace::Pace;
pub use policer::{Policer, Verdict};
pub use port::{Arrival, Flushed, Impairment, Offer, Port};
pub use secure::SecureTransmitter;
