//! Years of a fabric without a packet: will it keep its promise, in how many periods, and what decides it?
//!
//! ```text
//! Reliability + seed -> failures of one period -> what stands + episodes of the real engine -> rules -> Tally
//!                       walk.rs                   library.rs                                   tally.rs
//! ```
//! One replication is one SLA period that begins at a random moment of a long life. Blocks of 64 replications are
//! merged in order, so the result has the same bytes for any number of threads.

pub mod compare;
mod course;
pub mod engine;
mod fits;
mod library;
pub mod parts;
mod sensitivity;
mod summary;
mod tally;
mod walk;

pub use fits::{Fit, Fits};
pub use library::{Cache, Draw, Episode, EpisodeClass, Happening, Joint, Left, Library, NoCache, Scene, Setting};
pub use sensitivity::{Flip, Swing, Variant, flip, swings};
pub use summary::{
    CONFIDENCE, Cause, CauseKind, ConnectionSummary, EpisodeSummary, Estimate, QUANTILES, QuantileOfPeriods,
    RuleSummary, StudySummary, WorstPeriod,
};
pub use tally::{ConnectionTally, RuleTally, Tally, in_seconds};
pub use walk::{ConnectionPeriod, Met, Parts, Period, Plan, RulePeriod, STEPS, Walker};
