//! Availability without drawing anything: what simulation is checked against, and better than it where it applies.
//!
//! ```text
//! components + level of a state --> enumeration      independent repairs: bounds, frequency, importance, cut sets
//!                               --> repair -> markov shared crews, common-cause shocks
//! up and down times, a month    --> takacs, interval_availability   P(the month misses)
//!                               --> counting_rules                  what a rule charges in the mean
//! ```
//!
//! Plain numbers in and out; times are hours unless the name says otherwise.

pub mod counting_rules;
pub mod enumeration;
pub mod expected_downtime;
pub mod importance;
pub mod interval_availability;
pub mod markov;
mod poisson;
pub mod repair;
pub mod symmetry;
pub mod takacs;

/// Something that fails and is repaired. Its unavailability depends on the two means alone, whatever the laws.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Its name, for reports.
    pub name: String,
    /// Mean time from a repair to the next failure.
    pub up_hours: f64,
    /// Mean time from a failure to the end of its repair.
    pub down_hours: f64,
    /// Which share of its failures is of each kind; they sum to 1. Works on one side and then the other, or a failover that
    /// succeeds or not, are two kinds that never come together.
    pub kinds: Vec<f64>,
    /// How it passes through its kinds.
    pub course: Course,
}

/// Whether a failure is of one kind, or of one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Each is of one kind, and the shares are those of failures.
    OneKind,
    /// A fault is of one of so many kinds first, and of one of the others once it is detected: the shares are those of the
    /// time down. How long a level is low is exact, how often that begins lies between bounds.
    TwoPhases(usize),
}

impl Component {
    /// With one kind of failure; panics unless both means are positive and finite.
    #[must_use]
    pub fn new(name: impl Into<String>, up_hours: f64, down_hours: f64) -> Self {
        let name = name.into();
        let positive = |hours: f64| hours > 0.0 && hours.is_finite();
        assert!(positive(up_hours) && positive(down_hours), "{name}: {up_hours} h up, {down_hours} h down");
        Self { name, up_hours, down_hours, kinds: vec![1.0], course: Course::OneKind }
    }

    /// Whose failures are of one of the first kinds until they are detected, and of the others then.
    #[must_use]
    pub const fn detected_after(mut self, first: usize) -> Self {
        self.course = Course::TwoPhases(first);
        self
    }

    /// With failures of several kinds, as shares that sum to 1.
    #[must_use]
    pub fn with_kinds(mut self, kinds: Vec<f64>) -> Self {
        let total: f64 = kinds.iter().sum();
        assert!((total - 1.0).abs() < 1e-9, "{}: kinds of failures sum to {total}", self.name);
        self.kinds = kinds;
        self
    }

    /// Share of time up.
    #[must_use]
    pub fn availability(&self) -> f64 {
        self.up_hours / (self.up_hours + self.down_hours)
    }

    /// Share of time down, without the cancellation of 1 - availability.
    #[must_use]
    pub fn unavailability(&self) -> f64 {
        self.down_hours / (self.up_hours + self.down_hours)
    }
}

/// The kinds of failures of all components, numbered through: those of component 0, then those of component 1, and so on.
/// With one kind each, a failure has the number of its component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failures {
    /// By failure: the component that has it.
    pub component: Vec<usize>,
    /// By component: its first failure.
    pub first: Vec<usize>,
}

impl Failures {
    /// Of these components.
    #[must_use]
    pub fn of(components: &[Component]) -> Self {
        let mut failures = Self { component: Vec::new(), first: Vec::new() };
        for (index, component) in components.iter().enumerate() {
            failures.first.push(failures.component.len());
            failures.component.extend(component.kinds.iter().map(|_| index));
        }
        failures
    }
}

/// What a state is worth: the level of the set of present failures (increasing numbers, at most one of a component), such
/// as the number of usable paths. A repair must never lower it.
pub type Level<'a> = &'a dyn Fn(&[usize]) -> u32;

/// A value that is certainly not below `low` and not above `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Bounds {
    /// Width over upper bound; 0 for 0.
    #[must_use]
    pub fn relative_width(&self) -> f64 {
        if self.high > 0.0 { (self.high - self.low) / self.high } else { 0.0 }
    }
}

/// How a component begins at the start of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Just put into service.
    New,
    /// After a long time: down with the probability of its unavailability.
    Stationary,
}
