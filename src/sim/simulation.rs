//! One run: network and seed in, record out.

use crate::ids::FlowId;
use crate::network::Network;
use crate::rng::RunSeed;
use crate::sim::expectation;
use crate::sim::layout::Layout;
use crate::sim::record::RunRecord;
use crate::sim::resting::Liveness;
use crate::sim::run::{Observer, Run};
use crate::sim::snapshot::Paused;
use crate::units::Span;

/// A run that has not begun. `Simulation::new(&network, seed).run()` is a pure function: the same input gives the
/// same record on every machine, and however many threads share the work.
#[derive(Debug, Clone, Copy)]
pub struct Simulation<'n> {
    network: &'n Network,
    seed: RunSeed,
    threads: usize,
    liveness: Liveness,
    division: Division,
    watched: Option<FlowId>,
}

/// When a run that several threads may share is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Division {
    /// When that makes it faster.
    Gainful,
    /// Whenever it is possible.
    Possible,
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
    /// Prepares a run by one thread.
    #[must_use]
    pub const fn new(network: &'n Network, seed: RunSeed) -> Self {
        Self { network, seed, threads: 1, liveness: Liveness::Resting, division: Division::Gainful, watched: None }
    }

    /// Keeps where and why each lost packet of a flow died.
    #[must_use]
    pub const fn watching(self, flow: Option<FlowId>) -> Self {
        Self { watched: flow, ..self }
    }

    /// Lets up to so many threads share the run, where the network has parts that are far enough apart.
    #[must_use]
    pub const fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Lets BFD sessions rest among rates or not; the same run either way.
    #[must_use]
    pub const fn liveness(self, liveness: Liveness) -> Self {
        Self { liveness, ..self }
    }

    /// Divides the run even where that makes it slower, as tests do that compare.
    #[must_use]
    pub const fn divided_anyway(self) -> Self {
        Self { division: Division::Possible, ..self }
    }

    /// How the run will be divided.
    #[must_use]
    pub fn layout(&self) -> Layout {
        match self.division {
            Division::Gainful => Layout::gainful(self.network, self.threads),
            Division::Possible => Layout::new(self.network, self.threads),
        }
    }

    /// Runs to the horizon.
    #[must_use]
    pub fn run(self) -> RunRecord {
        self.run_observed(&mut |_| Continue::Yes)
    }

    /// Runs to the horizon, or until the observer, called every some hundred thousand events, says no.
    ///
    /// # Panics
    /// When the system refuses to start threads.
    pub fn run_observed(self, observer: Observer<'_>) -> RunRecord {
        let layout = self.layout();
        let threads = layout.count().min(self.threads);
        let go = || {
            let mut run = Run::new(self.network, self.seed, layout, self.liveness);
            run.run(observer);
            run.finish()
        };
        let mut record = on_threads(threads, go);
        record.expectations = expectation::evaluate(&record, &self.network.expectations);
        record
    }

    /// Runs until everything that happens at scenario time `at` (the horizon at most) has happened, as [`Self::run`]
    /// would have it, and stands still there; `None` when the observer ended it before.
    ///
    /// # Panics
    /// When the system refuses to start threads.
    #[must_use]
    pub fn pause_at(self, at: Span, observer: Observer<'_>) -> Option<Paused<'n>> {
        let layout = self.layout();
        let threads = layout.count().min(self.threads);
        on_threads(threads, || {
            let mut run = Run::new(self.network, self.seed, layout, self.liveness);
            if let Some(flow) = self.watched {
                run.watch(flow);
            }
            (run.run_until(at, observer) == Continue::Yes).then(|| Paused::new(run))
        })
    }
}

/// Calls `go` where so many threads may share its work.
fn on_threads<T: Send>(threads: usize, go: impl FnOnce() -> T + Send) -> T {
    if threads < 2 {
        return go();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("the system starts threads").install(go)
}
