//! The MACsec entity (SecY, IEEE 802.1AE) of one member port.
//!
//! ```text
//! frame -> transmit: number, key ==wire==> receive: tag, SCI, SA, replay, ICV -> controlled port
//! ```

mod associations;
mod receive;
mod transmit;

pub use associations::{Associations, Cover, Taken, Unkeyed};
pub use receive::{
    Association, ChannelIdentifier, ChannelKnown, Icv, InCounter, Received, SecureFrame, SecureReceiver, Tag,
};
pub use transmit::SecureTransmitter;
