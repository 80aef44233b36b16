//! Customers' traffic as rates, constant from one change of the world to the next.
//!
//! ```text
//! change -> account (what went by until now) -> course of every flow -> shares of what is full -> rates
//! seam:  packets <-> rates                     tables, ports, wires     ports, policers
//! ```
//! Control packets and probes stay packets: they find ports that no data fills.

mod account;
mod course;
mod lines;
mod rates;
mod resources;
mod seam;
mod shares;
mod waits;

use crate::ids::{FlowId, IdVec, PortId};
use crate::network::{Fidelity, Flow, Network};
use crate::sim::run::Run;
use crate::units::{Span, Time};
pub(in crate::sim) use course::{Course, Lost, Place, Step};
use resources::Resources;
use shares::WHOLE;

/// The flow level of a run.
pub(in crate::sim) struct FlowLevel {
    travel: Travel,
    resources: Resources,
    /// All flows that carry data.
    flows: Vec<Rated>,
    /// What went by as a rate is recorded up to here.
    since: Time,
    /// The last change of the world.
    changed_at: Time,
    /// Whether there are transfers or exchanges, and while rates go by, when the next one is asked for.
    listens: bool,
    next_asking: Option<Time>,
    /// When to look whether all has settled, and how long each port's queue was when last looked.
    next_look: Time,
    backlogs: Option<IdVec<PortId, Span>>,
    serial: u32,
    /// Packets sent as a rate that have not arrived when the run ends.
    pub in_flight: IdVec<FlowId, u64>,
}

/// How data travels at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Travel {
    /// As packets.
    Packets,
    /// As rates.
    Rates,
}

/// A flow as a rate.
#[derive(Debug, Clone)]
struct Rated {
    id: FlowId,
    /// When its next packet is due; none while its source sends packets, and when there is none.
    due: Option<Time>,
    course: Course,
    /// Parts per billion of its packets that it sends: less than all where rates are elastic and not all fits.
    sends: u64,
    sends_carry: u64,
    /// Parts of bytes that are still to be counted.
    sent_remainder: u64,
    delivered_remainder: u64,
}

impl FlowLevel {
    pub fn new(network: &Network) -> Self {
        let data = network.flows.enumerate().filter(|(_, flow)| flow.is_rated());
        let rated = |(id, _)| Rated {
            id,
            due: None,
            course: Course::default(),
            sends: WHOLE,
            sends_carry: 0,
            sent_remainder: 0,
            delivered_remainder: 0,
        };
        let origin = Time::ZERO + network.warm_up;
        Self {
            travel: Travel::Packets,
            resources: Resources::new(network),
            flows: match network.fidelity {
                Fidelity::Packet => Vec::new(),
                Fidelity::Flow | Fidelity::Timeline | Fidelity::Auto { .. } => data.map(rated).collect(),
            },
            since: origin,
            changed_at: origin,
            listens: network.flows.iter().any(Flow::listens),
            next_asking: None,
            next_look: Time::MAX,
            backlogs: None,
            serial: 0,
            in_flight: network.flows.iter().map(|_| 0).collect(),
        }
    }

    /// Whether data goes by as rates at present.
    pub fn is_rates(&self) -> bool {
        self.travel == Travel::Rates
    }

    const fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }
}

impl Run<'_> {
    /// The world is another one since `now`.
    pub fn flow_level_follows(&mut self, now: Time) {
        match (self.flow_level.travel, self.network.fidelity) {
            (Travel::Packets, _) => self.flow_level.changed_at = now,
            (Travel::Rates, Fidelity::Auto { settle, .. }) if self.flow_level.since > self.origin => {
                // A change that no script announced.
                self.flow_level.changed_at = now;
                self.begin_packets(now, settle);
            }
            (Travel::Rates, Fidelity::Packet | Fidelity::Flow | Fidelity::Timeline | Fidelity::Auto { .. }) => {
                self.flow_level.changed_at = now;
                self.account(now);
                self.find_rates(now);
            }
        }
    }
}
