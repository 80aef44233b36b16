//! Balanced failure biasing: rare outages of exponential components, made common and weighed back (Shahabuddin,
//! Management Science 1994; measure-specific as in Goyal et al., IEEE Trans. Computers 1992).
//!
//! Time is cut into cycles that begin faultless. Unavailability is E[downtime of a cycle] / E[length of a cycle]: the
//! numerator is simulated with failures favoured until the level is first low, the length of a cycle is known exactly.

use super::exact::symmetry::Levels;
use super::exact::{Component, Failures, Level};
use super::statistics::Interval;
use super::statistics::weighted::Weighted;
use crate::rng::Stream;

/// How transitions are chosen until the level is low.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bias {
    /// As they are.
    None,
    /// While anything is failed, the next transition is a failure with probability `theta`, of each component that is up
    /// with the same probability. 0.5 to 0.7 is right for most systems.
    Balanced {
        /// Probability of a failure.
        theta: f64,
    },
}

/// What is estimated: time and entries below a level.
#[derive(Debug, Clone, Copy)]
pub struct Rare<'a> {
    /// Independent, with exponential up and down times and a crew each.
    pub components: &'a [Component],
    /// The outage is a level below this.
    pub below: u32,
    /// Bias.
    pub bias: Bias,
}

/// Sums over cycles. Blocks are merged in order of their number.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cycles {
    /// Hours below the level in a cycle.
    pub downtime: Weighted,
    /// Entries below the level in a cycle.
    pub outages: Weighted,
    /// Transitions simulated.
    pub steps: u64,
}

impl Cycles {
    /// The next block.
    pub fn merge(&mut self, next: &Self) {
        self.downtime.merge(&next.downtime);
        self.outages.merge(&next.outages);
        self.steps += next.steps;
    }
}

impl Rare<'_> {
    /// Simulates this many cycles, one block of them, from a stream of its own.
    #[must_use]
    pub fn cycles(&self, count: u64, level: Level<'_>, stream: &mut Stream) -> Cycles {
        let failures = Failures::of(self.components);
        let mut levels = Levels::new(level, &failures, &[]);
        let mut sums = Cycles::default();
        for _ in 0..count {
            let cycle = self.cycle(&failures, &mut levels, stream);
            sums.downtime.add(cycle.weight, cycle.down_hours);
            sums.outages.add(cycle.weight, cycle.outages);
            sums.steps += cycle.steps;
        }
        sums
    }

    /// Mean hours of a cycle: 1 / (P(faultless) x rate of leaving it).
    #[must_use]
    pub fn mean_cycle_hours(&self) -> f64 {
        let faultless: f64 = self.components.iter().map(Component::availability).product();
        let leaving: f64 = self.components.iter().map(|component| 1.0 / component.up_hours).sum();
        1.0 / (faultless * leaving)
    }

    /// Share of time below the level, with Student's interval.
    #[must_use]
    pub fn unavailability(&self, cycles: &Cycles, confidence: f64) -> Option<(f64, Interval)> {
        self.over_cycle(&cycles.downtime, confidence)
    }

    /// Outages per hour, with Student's interval.
    #[must_use]
    pub fn failures_per_hour(&self, cycles: &Cycles, confidence: f64) -> Option<(f64, Interval)> {
        self.over_cycle(&cycles.outages, confidence)
    }

    fn over_cycle(&self, sums: &Weighted, confidence: f64) -> Option<(f64, Interval)> {
        let hours = self.mean_cycle_hours();
        let (moments, interval) = (sums.moments(), sums.moments().student(confidence)?);
        Some((moments.mean / hours, Interval { low: interval.low / hours, high: interval.high / hours }))
    }

    fn cycle(&self, failures: &Failures, levels: &mut Levels<'_>, stream: &mut Stream) -> Cycle {
        let mut state = Rates::faultless(self.components, failures);
        let mut present = Vec::new();
        let mut cycle = Cycle { weight: 1.0, down_hours: 0.0, outages: 0.0, steps: 0 };
        let mut seen = Seen::Never;
        loop {
            let (chosen, ratio) = state.choose(if seen == Seen::Never { self.bias } else { Bias::None }, stream);
            cycle.weight *= ratio;
            cycle.steps += 1;
            state.flip(chosen, stream);
            if state.failed.is_empty() {
                return cycle;
            }
            present.clear();
            present.extend(state.failed.iter().map(|(_, failure)| failure));
            if levels.of(&present) < self.below {
                cycle.outages += if seen == Seen::Now { 0.0 } else { cycle.weight };
                // The mean stay instead of a drawn one: less variance for nothing.
                cycle.down_hours += cycle.weight / state.total();
                seen = Seen::Now;
            } else if seen == Seen::Now {
                seen = Seen::Before;
            }
        }
    }
}

/// Whether this cycle has been below the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Never,
    Now,
    Before,
}

struct Cycle {
    weight: f64,
    down_hours: f64,
    outages: f64,
    steps: u64,
}

/// A state with the rates out of it.
struct Rates<'a> {
    components: &'a [Component],
    failures: &'a Failures,
    /// Components that are down, increasing, each with its failure.
    failed: Vec<(usize, usize)>,
    failure: f64,
    repair: f64,
}

impl<'a> Rates<'a> {
    fn faultless(components: &'a [Component], failures: &'a Failures) -> Self {
        let mut rates = Self { components, failures, failed: Vec::new(), failure: 0.0, repair: 0.0 };
        rates.sum();
        rates
    }

    fn total(&self) -> f64 {
        self.failure + self.repair
    }

    /// The component that changes next, and how much more likely that is without bias.
    fn choose(&self, bias: Bias, stream: &mut Stream) -> (usize, f64) {
        let up = self.components.len() - self.failed.len();
        let theta = match bias {
            Bias::None => return (self.unbiased(stream), 1.0),
            Bias::Balanced { .. } if up == 0 => 0.0,
            Bias::Balanced { .. } if self.failed.is_empty() => 1.0,
            Bias::Balanced { theta } => theta,
        };
        if stream.uniform() < theta {
            let place = usize::try_from(stream.below(up as u64)).expect("fits");
            let chosen = self.ups().nth(place).expect("as many as counted");
            (chosen, 1.0 / self.components[chosen].up_hours / self.total() / (theta / up as f64))
        } else {
            (self.repaired(stream.uniform() * self.repair), self.repair / self.total() / (1.0 - theta))
        }
    }

    fn unbiased(&self, stream: &mut Stream) -> usize {
        let target = stream.uniform() * self.total();
        if target < self.repair {
            return self.repaired(target);
        }
        let mut left = target - self.repair;
        let passes = |i: &usize| {
            left -= 1.0 / self.components[*i].up_hours;
            left < 0.0
        };
        // Rounding may leave a little after the last one.
        self.ups().find(passes).or_else(|| self.ups().last()).unwrap_or_else(|| self.failed[0].0)
    }

    fn repaired(&self, target: f64) -> usize {
        let mut left = target;
        let passes = |(component, _): &&(usize, usize)| {
            left -= 1.0 / self.components[*component].down_hours;
            left < 0.0
        };
        self.failed.iter().find(passes).or(self.failed.last()).expect("something is failed").0
    }

    fn ups(&self) -> impl Iterator<Item = usize> + '_ {
        let mut failed = self.failed.iter().peekable();
        (0..self.components.len()).filter(move |i| failed.next_if(|(component, _)| component == i).is_none())
    }

    fn flip(&mut self, component: usize, stream: &mut Stream) {
        match self.failed.binary_search_by_key(&component, |(failed, _)| *failed) {
            Ok(place) => {
                self.failed.remove(place);
            }
            Err(place) => {
                let failure = self.failures.first[component] + kind(&self.components[component].kinds, stream);
                self.failed.insert(place, (component, failure));
            }
        }
        self.sum();
    }

    /// Afresh each time: differences would gather rounding errors.
    fn sum(&mut self) {
        self.failure = self.ups().map(|i| 1.0 / self.components[i].up_hours).sum();
        self.repair = self.failed.iter().map(|(i, _)| 1.0 / self.components[*i].down_hours).sum();
    }
}

/// Which kind of failure it is this time.
pub(super) fn kind(shares: &[f64], stream: &mut Stream) -> usize {
    if shares.len() == 1 {
        return 0;
    }
    let mut left = stream.uniform();
    let passes = |share: &f64| {
        left -= share;
        left < 0.0
    };
    shares.iter().position(passes).unwrap_or(shares.len() - 1)
}

#[cfg(test)]
mod tests;
