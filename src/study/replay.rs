//! One period of a study again, from its first moment to its last by the simulator, and what the study may have charged it.
//!
//! ```text
//! seed and replication --> failures drawn --> Simulation over the whole period          --> charged
//!                                         \-> states + drawn episodes (years)           --> charged, and between what
//! ```
//! Failures are the same in both. Timers have other phases than those of the episodes drawn, so that what is charged until
//! routing has settled differs; how much at most follows from the library.

use super::years::{ConnectionPeriod, Library, Plan, Walker};
use crate::failures::with_drawn;
use crate::network::Network;
use crate::rng::RunSeed;
use crate::units::{CalendarSpan, Span};

/// What the first rule charges a connection in one period of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charged {
    /// With the episodes that the study drew.
    pub drawn: CalendarSpan,
    /// Where routing settles at once.
    pub least: CalendarSpan,
    /// Where each event costs all packets for twice as long as routing took in any run of its kind, and each time without a
    /// channel ends with a session that has to come up: where the library has no runs of the state, another channel carries
    /// meanwhile in its runs.
    pub most: CalendarSpan,
}

impl Charged {
    /// Whether a run of the same period is what the study says, but for phases of timers.
    #[must_use]
    pub fn allows(&self, charged: CalendarSpan) -> bool {
        (self.least..=self.most).contains(&charged)
    }
}

/// What the study charged each connection in the period of a replication, in order of id.
#[must_use]
pub fn charged(network: &Network, library: Option<&Library>, seed: RunSeed, replication: u64) -> Vec<Charged> {
    let slowest = library.map(Library::slowest);
    let of = |library: Option<&Library>| -> Vec<ConnectionPeriod> {
        let plan = Plan::new(network, network.availability.rules.clone(), library);
        Walker::new(&plan).period(seed, replication).connections.clone()
    };
    let connecting = network.longest_connecting().to_calendar().as_ns();
    let charged = |one: &ConnectionPeriod| one.rules[0].charged;
    let (drawn, least, most) = (of(library), of(None), of(slowest.as_ref()));
    let of_connection = |((drawn, least), most): ((&ConnectionPeriod, &ConnectionPeriod), &ConnectionPeriod)| Charged {
        drawn: CalendarSpan::from_ns(charged(drawn)),
        least: CalendarSpan::from_ns(charged(least)),
        most: CalendarSpan::from_ns(charged(most) + u64::from(most.outages) * connecting),
    };
    drawn.iter().zip(&least).zip(&most).map(of_connection).collect()
}

/// The network over the whole period of a replication, with what fails in it; `None` where the period is longer than the
/// clock of a run goes.
#[must_use]
pub fn month(network: &Network, seed: RunSeed, replication: u64) -> Option<Network> {
    let horizon = Span::from_ps(
        Plan::new(network, network.availability.rules.clone(), None).period().as_ns().checked_mul(1_000)?,
    );
    if horizon > LONGEST {
        return None;
    }
    let mut month = network.clone();
    // What sends to the end of the scenario sends to the end of the month.
    for flow in month.flows.iter_mut().filter(|flow| flow.stop >= network.horizon) {
        flow.stop = horizon;
    }
    // A point every hour: a month of seconds is no picture.
    month.bin = month.bin.max(Span::from_s(3_600));
    month.expectations.clear();
    month.horizon = horizon;
    Some(with_drawn(&month, seed, replication))
}

/// The clock of a run goes to 213 days; some are left for what comes before the first packet.
const LONGEST: Span = Span::from_s(200 * 86_400);
