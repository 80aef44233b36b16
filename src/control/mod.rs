//! Protocols as state machines: input in, actions out. Nothing here schedules, delays or sends; `sim` does.
//!
//! ```text
//! (now, Input) -> handle -> [Action]   bgp: routes   bfd: liveness   lacp: members   mka: keys   interior: paths
//!                                  provisioning: connections
//! ```

pub mod bfd;
pub mod bgp;
pub mod interior;
pub mod lacp;
pub mod mka;
pub mod provisioning;

#[cfg(test)]
mod fixture;
