//! A run that stands still at one instant, and what can be asked of it: routes, sessions, the ways of packets.
//!
//! ```text
//! Simulation::pause_at -> Paused -> RoutingSnapshot | SessionSnapshot | PathSnapshot: data with every name resolved
//! ```
//! Asking changes nothing, and a run that nobody pauses knows nothing of this.

mod fates;
mod paths;
mod sessions;
mod tables;

pub(in crate::sim) use fates::{DeathPlace, Watch};
pub use fates::{DeathRecord, FateSnapshot};
pub use paths::{Hop, PathEnd, PathQuery, PathRecord, PathSnapshot, flows_between};
pub(in crate::sim) use sessions::sessions;
pub use sessions::{BfdEnd, BgpEnd, RouterTiming, SessionSnapshot};
pub use tables::{HopEntry, Known, Power, RouteEntry, RouteRecord, RouterTable, RoutingSnapshot, Target};

use crate::ids::FlowId;
use crate::sim::run::Run;
use crate::units::Span;

/// A run that stands still.
pub struct Paused<'n>(Run<'n>);

impl<'n> Paused<'n> {
    pub(in crate::sim) const fn new(run: Run<'n>) -> Self {
        Self(run)
    }

    /// The scenario time at which it stands.
    #[must_use]
    pub fn at(&self) -> Span {
        // It stands right after the instant that was asked for.
        self.0.end.since(self.0.origin).saturating_sub(Span::from_ps(1))
    }

    /// How many packets a flow has sent.
    #[must_use]
    pub fn packets_sent(&self, flow: FlowId) -> u32 {
        fates::sent(&self.0, flow)
    }

    /// What became of one packet of the flow that is watched ([`crate::sim::Simulation::watching`]).
    #[must_use]
    pub fn fate(&mut self, flow: FlowId, number: u32) -> FateSnapshot {
        fates::fate(&mut self.0, flow, number)
    }

    /// What every router knows, and by what it forwards.
    #[must_use]
    pub fn routes(&self) -> RoutingSnapshot {
        RoutingSnapshot { at: self.at(), routers: tables::tables(&self.0) }
    }

    /// The BGP and BFD sessions with their effective values.
    #[must_use]
    pub fn sessions(&self) -> SessionSnapshot {
        sessions(&self.0, self.at())
    }

    /// The ways that packets sent now take from one attachment to another.
    #[must_use]
    pub fn paths(&mut self, query: &PathQuery) -> PathSnapshot {
        let at = self.at();
        paths::paths(&mut self.0, query, at)
    }
}
