//! What fails by itself: how often, for how long, and what goes down with it.

use std::sync::Arc;

use super::{DetectionLaw, FailureKind};
use crate::ids::{ComponentId, IdVec};
use crate::units::{CalendarSpan, Hours, Share};

/// The failure model: every component that fails at random.
#[derive(Debug, Clone, Default)]
pub struct Reliability {
    /// Name of the reliability pack; empty without one.
    pub pack: String,
    /// What the pack's figures are, in its own words.
    pub basis: String,
    /// Everything that fails, in order of name.
    pub components: IdVec<ComponentId, Component>,
    /// Who repairs, where repairs have to wait for each other.
    pub crews: Vec<Crew>,
    /// In which state time begins.
    pub start: Start,
}

/// One thing that is up or down. Its up and down times are drawn independently.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its class, and what it is about: "router-hardware of iad-aws-a1".
    pub name: String,
    /// Name of its class.
    pub class: String,
    /// What a failure of it is. Of several entries each failure takes the next one in turn (maintenance goes round); of
    /// several kinds in one entry all fail together (common mode).
    pub turns: Vec<Vec<FailureKind>>,
    /// How long it is up, from a return to the next failure.
    pub up: LifeLaw,
    /// How long a fault goes on that no protocol notices; then it is taken out of service, and its repair begins.
    pub detection: Option<DetectionLaw>,
    /// How long a repair takes, once somebody works at it.
    pub down: LifeLaw,
    /// How a failure begins.
    pub begins: Begin,
    /// Part of this component's failures that hit every component of its class at once: the beta factor.
    pub shared: Share,
    /// Chance that routing takes over from what failed; otherwise its share of the traffic is lost until repair.
    pub coverage: Share,
    /// Place in [`Reliability::crews`] of those who repair it; `None` when somebody always has time.
    pub crew: Option<usize>,
}

/// How a component's failure begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// Without notice.
    Sudden,
    /// After its traffic was moved away: nothing is lost to the change itself.
    Drained,
}

/// People who repair one thing at a time each, first come first served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crew {
    /// Name in the scenario.
    pub name: String,
    /// How many repairs go on at once.
    pub size: u32,
}

/// In which state time begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// As at a random moment long after the fabric was built (equilibrium renewal).
    #[default]
    Stationary,
    /// Everything is up and new.
    New,
}

/// How far a figure lies to the bad side of what is known about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Little risk.
    Low,
    /// The planning value.
    Base,
    /// Much risk.
    High,
}

/// The law of an up or down time.
#[derive(Debug, Clone, PartialEq)]
pub struct LifeLaw {
    /// Its mean.
    pub mean: Hours,
    /// What spreads around the mean.
    pub shape: LifeShape,
}

/// How an up or down time spreads around its mean.
#[derive(Debug, Clone, PartialEq)]
pub enum LifeShape {
    /// Without memory.
    Exponential,
    /// Weibull of this shape; below 1 failures come in bursts.
    Weibull(f64),
    /// The logarithm is normal with this standard deviation.
    LogNormal(f64),
    /// Always the mean.
    Constant,
    /// One of these, each as likely.
    Empirical(Arc<[CalendarSpan]>),
}

impl LifeLaw {
    /// A law with this mean.
    #[must_use]
    pub const fn new(mean: Hours, shape: LifeShape) -> Self {
        Self { mean, shape }
    }

    /// Whether it is exponential, as chains and failure biasing need it.
    #[must_use]
    pub fn is_memoryless(&self) -> bool {
        self.shape == LifeShape::Exponential
    }
}

impl Component {
    /// Mean hours from the beginning of a failure until somebody notices it; 0 where protocols do.
    #[must_use]
    pub fn mean_silence(&self) -> f64 {
        self.detection.as_ref().map_or(0.0, |detection| detection.law.mean.get())
    }

    /// Mean hours from the beginning of a failure to the end of its repair, when repairs never wait.
    #[must_use]
    pub fn mean_outage(&self) -> f64 {
        self.mean_silence() + self.down.mean.get()
    }

    /// Mean hours from one failure to the next.
    #[must_use]
    pub fn mean_cycle(&self) -> f64 {
        self.up.mean.get() + self.mean_outage()
    }

    /// Long-run share of time not up: outage / cycle, whatever the laws (renewal-reward theorem), when repairs never
    /// wait and nothing is shared.
    #[must_use]
    pub fn unavailability(&self) -> f64 {
        self.mean_outage() / self.mean_cycle()
    }
}

/// How a study goes about its question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyPlan {
    /// The most SLA periods that are simulated.
    pub periods: u64,
    /// Relative half-width of the interval of the mean downtime at which a study may stop.
    pub precision: Share,
    /// Runs of the real engine for each kind of transition; 0 charges no convergence.
    pub episodes: u32,
    /// Kinds of transition in a fabric in which something else is down that have runs of their own, at most.
    pub degraded: u32,
    /// Kinds of transition before routing has settled from another that have runs of their own, at most.
    pub joint: u32,
    /// What customers ask for in each direction, as a share of the bandwidth that they bought.
    pub demand: Share,
    /// Shares of the demand whose carriage is told exactly, increasing.
    pub demand_levels: Vec<Share>,
    /// Keys of the scenario that a study gives several values, each combination in the same weather.
    pub vary: Vec<Variation>,
}

/// One key of a scenario with the values that it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variation {
    /// The key, as `--set` has it.
    pub key: String,
    /// Its values, as written.
    pub values: Vec<String>,
}

impl Default for StudyPlan {
    fn default() -> Self {
        Self {
            periods: 65_536,
            precision: Share::from_ppb(100_000_000),
            episodes: 8,
            degraded: 64,
            joint: 64,
            demand: Share::ONE,
            demand_levels: vec![Share::from_ppb(500_000_000), Share::ONE],
            vary: Vec::new(),
        }
    }
}
