//! MACsec key agreement, for now only whether a key is there and when.
//!
//! The exchange of MKPDUs, key servers and rekeying (IEEE 802.1X clause 9) belong to a later issue.

mod session;

pub use session::{Action, Input, KeyAgreement, State};
