//! fabricsim: a packet-level simulator of MACsec-protected multicloud interconnects.
//!
//! ```text
//! scenario.toml -> Scenario -> Network -> Simulation -> RunRecord -> Report -> results/
//!                  as written  checked    one run       one result   as data   files
//! ```
//! The folders are that row, and imports only point down; `tests/architecture.rs` holds the table.

pub mod cli;
pub mod control;
pub mod dataplane;
pub mod engine;
pub mod failures;
pub mod ids;
pub mod message;
pub mod network;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod sim;
pub mod sla;
pub mod study;
pub mod traffic;
pub mod units;
