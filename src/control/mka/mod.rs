//! MACsec keys of the ends of a member link: agreed by MKA (IEEE 802.1X clause 9), or after a time that stands for it.
//!
//! ```text
//! agreement: MKPDUs, peers, key server, SAKs in turn     timed: light -> a time -> a key
//! ```

mod agreement;
mod peers;
mod timed;

pub use agreement::{Action, Exhaustion, Input, KeyAgreement, MkpduCounters};
pub use timed::{TimedAction, TimedInput, TimedKeys, TimedState};
