//! What happens to packets: ports and wires, forwarding tables, MACsec, rate limits.
//!
//! ```text
//! packet -> Forwarder (next hop by hash) -> Policer -> Port [ queue | transmitter ] ==wire==> next router
//! ```
//! Every part gets `now` and its input and returns what happened; only `sim` schedules.

mod forwarder;
mod hashing;
mod impairment;
mod pace;
mod policer;
mod port;
mod propagation;
mod secure;

pub use forwarder::{Forwarder, Lookup};
pub use hashing::{Buckets, FlowHash, Lag};
pub use impairment::{Fate, Frame, Impairments, LateFrames};
pub use pace::Pace;
pub use policer::{Policer, Verdict};
pub use port::{Arrival, Flushed, Impairment, Offer, Port};
pub use secure::{
    Association, ChannelIdentifier, ChannelKnown, Icv, InCounter, Received, SecureFrame, SecureReceiver,
    SecureTransmitter, Tag,
};
