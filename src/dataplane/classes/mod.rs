//! Several classes of packets at one output port.
//!
//! ```text
//!            .-> strict  | ctrl |-----------------.
//! packet -> class -> strict  | voice |-------------+-> next to send
//!            '-> round robin | gold |, | bulk |---'
//!                 \__ all share the port's buffer
//! ```
//! [`ClassQueues`] decides whether a packet may wait, and which waiting one is next; the port asks it whenever its
//! line becomes free.

mod pool;
mod queues;
mod red;

pub use queues::{ClassQueues, ClassTotals, Passed};
