//! Link aggregation control at one end of one member (IEEE 802.1AX clause 6.4): a member carries traffic while both ends
//! hear each other and collect.

mod machine;

pub use machine::{Action, Input, Lacp, Mux, PDU_SIZE, Receive};
