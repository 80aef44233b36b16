//! What happens to packets: ports and wires, forwarding tables, MACsec, rate limits.
//!
//! ```text
//! packet -> Forwarder (next hop by hash) -> Policer -> Port [ queue | transmitter ] ==wire==> next router
//! ```
//! Every part gets `now` and its input and returns what happened; only `sim` schedules.

mod classes;
mod forwarder;
mod hashing;
mod impairment;
mod limits;
mod next_hops;
mod pace;
mod port;
mod propagation;
mod queue_audit;
mod secure;

pub use classes::{ClassQueues, ClassTotals, Passed};
pub use forwarder::{Forwarder, Lookup};
pub use hashing::{Buckets, FlowHash, Lag};
pub use impairment::{Expected, Fate, Frame, Impairments, LateFrames};
pub use limits::{Colour, Limited, Limiter, Marker, Policer, Shaped, Shaper, Verdict};
pub use next_hops::{Found, NextHopTable};
pub use pace::Pace;
pub use port::{Arrival, Flushed, Impairment, Offer, PacketStore, Port, Repaced};
pub use queue_audit::QueueAudit;
pub use secure::{
    Association, Associations, ChannelIdentifier, ChannelKnown, Cover, Icv, InCounter, Received, SecureFrame,
    SecureReceiver, SecureTransmitter, Tag, Taken, Unkeyed,
};
