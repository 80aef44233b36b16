//! One run: network and seed in, record out.

use crate::network::Network;
use crate::rng::RunSeed;
use crate::sim::expectation;
use crate::sim::partition::Partition;
use crate::sim::record::RunRecord;
use crate::units::Span;

/// A run that has not begun. `Simulation::new(&network, seed).run()` is a pure function: the same input gives the
/// same record on every machine.
pub struct Simulation<'n> {
    network: &'n Network,
    /// Runs become parallel inside by having several partitions that meet at wires; today there is one.
    partitions: Vec<Partition<'n>>,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Scenario time reached.
    pub now: Span,
    /// Scenario time at which the run ends.
    pub horizon: Span,
    /// Packet-hops simulated so far.
    pub packet_hops: u64,
}

/// What an observer of a run wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continue {
    /// Go on.
    Yes,
    /// End the run here; the record covers what was simulated.
    No,
}

impl<'n> Simulation<'n> {
    /// Prepares a run.
    #[must_use]
    pub fn new(network: &'n Network, seed: RunSeed) -> Self {
        Self { network, partitions: vec![Partition::new(network, seed)] }
    }

    /// Runs to the horizon.
    #[must_use]
    pub fn run(self) -> RunRecord {
        self.run_observed(&mut |_| Continue::Yes)
    }

    /// Runs to the horizon, or until the observer, called every some hundred thousand events, says no.
    pub fn run_observed(self, observer: &mut dyn FnMut(Progress) -> Continue) -> RunRecord {
        let mut partitions = self.partitions;
        let mut only = partitions.pop().expect("a simulation has a partition");
        only.run(observer);
        let mut record = only.finish();
        record.expectations = expectation::evaluate(&record, &self.network.expectations);
        record
    }
}
