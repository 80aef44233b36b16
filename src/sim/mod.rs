//! The one place where the parts meet: events, the loop, dispatch and the recorder.
//!
//! ```text
//! run: world events -> failing | light | liveness | interior | routing | tables | control_packets
//!  '-- partitions: packet events -> forwarding          '-> recorder -> RunRecord
//! ```
//! Parts below this layer never schedule: a handler here turns what they return into events.

mod bundle;
mod changes;
mod congestion;
mod control_packets;
mod cpu;
mod delayed;
mod detection;
mod ends;
mod event;
mod exchanges;
pub mod expectation;
mod exports;
mod facts;
mod failing;
mod far_end;
mod flow_level;
mod forwarding;
mod interior;
mod keys;
mod layout;
mod light;
mod limits;
mod liveness;
mod migration;
mod packet_events;
mod partition;
mod paths;
mod places;
mod provisioning;
pub mod record;
mod recorder;
mod resting;
mod routing;
mod run;
mod settling;
mod simulation;
mod slab;
pub mod snapshot;
mod tables;
mod timers;
mod transfers;

pub use layout::{Layout, Whole};
pub use resting::Liveness;
pub use run::Observer;
pub use simulation::{Continue, Progress, Simulation};
