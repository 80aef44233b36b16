//! Multilevel splitting: rare outages of components whose lives have any law (fixed effort, after Garvels, "The splitting
//! method in rare event simulation", 2000).
//!
//! ```text
//! N periods --> those that lose a path --> N copies --> those that lose two --> N copies --> ... --> downtime
//! ```
//! The product of the shares that get through is P(outage in the period), without likelihood ratios. A copy keeps the age of
//! every component and draws anew how long each goes on, so that copies of one state part at once.

use super::biasing::kind;
use super::exact::Level;
use super::exact::expected_downtime::Law;
use super::statistics::distributions::normal_beyond;
use crate::rng::Stream;

/// Something that fails and is repaired, whatever the laws.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// From a repair to the next failure.
    pub up: Law,
    /// From a failure to the end of its repair.
    pub down: Law,
    /// Which share of its failures is of each kind, as [`super::exact::Component::kinds`].
    pub kinds: Vec<f64>,
}

/// What is asked: a period of this many hours, begun at a random moment of a long life, and levels below `below`.
#[derive(Clone, Copy)]
pub struct Splitting<'a> {
    /// Independent; their failures are numbered through, kind by kind, for the level.
    pub units: &'a [Unit],
    /// Hours.
    pub period: f64,
    /// The outage is a level below this.
    pub below: u32,
    /// Trajectories at each stage.
    pub effort: usize,
    /// The level of a state.
    pub level: Level<'a>,
}

/// What one run found; its means over independent runs are unbiased.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// P(the level is below at some moment of the period).
    pub probability: f64,
    /// Mean hours below in a period.
    pub down_hours: f64,
    /// Failures and repairs simulated.
    pub events: u64,
}

impl Splitting<'_> {
    /// One run through all stages. No trajectory through a stage gives 0, which is no answer: give it more effort.
    #[must_use]
    pub fn run(&self, stream: &mut Stream) -> Found {
        let top = (self.level)(&[]);
        let mut found = Found { probability: 1.0, down_hours: 0.0, events: 0 };
        let mut entries: Vec<Life> = (0..self.effort).map(|_| Life::stationary(self.units, stream)).collect();
        for threshold in (self.below..=top).rev() {
            let starts = std::mem::take(&mut entries);
            for trajectory in 0..self.effort {
                let mut life = starts[trajectory % starts.len()].clone();
                life.redraw(self.units, stream);
                if self.falls_below(threshold, &mut life, stream, &mut found.events) {
                    entries.push(life);
                }
            }
            found.probability *= entries.len() as f64 / self.effort as f64;
            if entries.is_empty() {
                return found;
            }
        }
        let mut hours = 0.0;
        for trajectory in 0..self.effort {
            let mut life = entries[trajectory % entries.len()].clone();
            life.redraw(self.units, stream);
            hours += self.downtime(&mut life, stream, &mut found.events);
        }
        found.down_hours = found.probability * hours / self.effort as f64;
        found
    }

    fn falls_below(&self, threshold: u32, life: &mut Life, stream: &mut Stream, events: &mut u64) -> bool {
        loop {
            if (self.level)(&life.present()) < threshold {
                return true;
            }
            if !life.step(self.units, self.period, stream) {
                return false;
            }
            *events += 1;
        }
    }

    fn downtime(&self, life: &mut Life, stream: &mut Stream, events: &mut u64) -> f64 {
        let mut hours = 0.0;
        loop {
            let (since, is_below) = (life.clock, (self.level)(&life.present()) < self.below);
            let goes_on = life.step(self.units, self.period, stream);
            hours += if is_below { life.clock - since } else { 0.0 };
            if !goes_on {
                return hours;
            }
            *events += 1;
        }
    }
}

/// All units at one moment.
#[derive(Debug, Clone)]
struct Life {
    clock: f64,
    /// Unit and failure, increasing.
    failed: Vec<(usize, usize)>,
    /// By unit: when its present condition began, and when it ends.
    since: Vec<f64>,
    until: Vec<f64>,
}

impl Life {
    fn stationary(units: &[Unit], stream: &mut Stream) -> Self {
        let mut life = Self { clock: 0.0, failed: Vec::new(), since: Vec::new(), until: Vec::new() };
        for (index, unit) in units.iter().enumerate() {
            let (up, down) = (unit.up.mean(), unit.down.mean());
            let is_down = stream.uniform() * (up + down) < down;
            let whole = length_biased(if is_down { unit.down } else { unit.up }, stream);
            let age = whole * stream.uniform();
            life.since.push(-age);
            life.until.push(whole - age);
            if is_down {
                life.failed.push((index, failure_of(units, index, stream)));
            }
        }
        life
    }

    /// The failures that are present.
    fn present(&self) -> Vec<usize> {
        self.failed.iter().map(|(_, failure)| *failure).collect()
    }

    /// Where a unit stands, or would stand, among the failed ones.
    fn place(&self, unit: usize) -> Result<usize, usize> {
        self.failed.binary_search_by_key(&unit, |(failed, _)| *failed)
    }

    fn law(&self, units: &[Unit], unit: usize) -> Law {
        if self.place(unit).is_ok() { units[unit].down } else { units[unit].up }
    }

    /// Draws anew when each present condition ends, given how long it has lasted.
    fn redraw(&mut self, units: &[Unit], stream: &mut Stream) {
        for unit in 0..units.len() {
            let age = self.clock - self.since[unit];
            self.until[unit] = self.since[unit] + beyond(self.law(units, unit), age, stream);
        }
    }

    /// The next change, if it comes before the end of the period.
    fn step(&mut self, units: &[Unit], period: f64, stream: &mut Stream) -> bool {
        let next = (0..units.len()).min_by(|a, b| self.until[*a].total_cmp(&self.until[*b]));
        let Some(unit) = next.filter(|unit| self.until[*unit] < period) else {
            self.clock = period;
            return false;
        };
        self.clock = self.until[unit];
        match self.place(unit) {
            Ok(place) => {
                self.failed.remove(place);
            }
            Err(place) => self.failed.insert(place, (unit, failure_of(units, unit, stream))),
        }
        self.since[unit] = self.clock;
        self.until[unit] = self.clock + beyond(self.law(units, unit), 0.0, stream);
        true
    }
}

/// The number of the failure that a unit has this time.
fn failure_of(units: &[Unit], unit: usize, stream: &mut Stream) -> usize {
    let before: usize = units[..unit].iter().map(|unit| unit.kinds.len()).sum();
    before + kind(&units[unit].kinds, stream)
}

/// A whole time, given that it is longer than `age`.
fn beyond(law: Law, age: f64, stream: &mut Stream) -> f64 {
    match law {
        Law::Exponential { mean } => age + mean * stream.exponential(),
        Law::Constant { mean } => mean.max(age),
        // (X / scale)^shape is exponential.
        Law::Weibull { mean, shape } => {
            let scale = mean / libm::tgamma(1.0 + 1.0 / shape);
            let hazard = if age > 0.0 { libm::pow(age / scale, shape) } else { 0.0 };
            (scale * libm::pow(hazard + stream.exponential(), 1.0 / shape)).max(age)
        }
        Law::LogNormal { mean, sigma } => {
            let middle = libm::log(mean) - 0.5 * sigma * sigma;
            let standard = if age > 0.0 { (libm::log(age) - middle) / sigma } else { f64::NEG_INFINITY };
            // Drawing until it is longer is quick except far out.
            if standard < 1.0 {
                let normal = std::iter::repeat_with(|| stream.normal()).find(|normal| *normal > standard);
                return libm::exp(middle + sigma * normal.expect("an endless row")).max(age);
            }
            let tail = 0.5 * libm::erfc(standard * std::f64::consts::FRAC_1_SQRT_2) * (1.0 - stream.uniform());
            libm::exp(middle + sigma * normal_beyond(tail)).max(age)
        }
    }
}

/// The time that a random moment falls into: each as likely as it is long.
fn length_biased(law: Law, stream: &mut Stream) -> f64 {
    match law {
        Law::Exponential { mean } => mean * (stream.exponential() + stream.exponential()),
        Law::Constant { mean } => mean,
        Law::Weibull { mean, shape } => {
            let scale = mean / libm::tgamma(1.0 + 1.0 / shape);
            scale * libm::pow(stream.gamma(1.0 + 1.0 / shape), 1.0 / shape)
        }
        Law::LogNormal { mean, sigma } => mean * libm::exp(sigma * stream.normal() + 0.5 * sigma * sigma),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::RunSeed;
    use crate::study::reference::{components, paths};
    use crate::study::statistics::mean::Moments;

    fn units(law: impl Fn(f64, f64) -> Unit) -> Vec<Unit> {
        components().iter().map(|one| law(one.up_hours, one.down_hours)).collect()
    }

    /// Unavailability depends on the means alone, so every law gives the month of the quad fabric the same mean downtime:
    /// 720 h x 4.92580459e-6 below two paths.
    #[test]
    fn any_laws_give_the_mean_downtime_that_their_means_imply() {
        let exponential = |up, down| Unit {
            up: Law::Exponential { mean: up },
            down: Law::Exponential { mean: down },
            kinds: vec![1.0],
        };
        let bursts = |up, down| Unit {
            up: Law::Weibull { mean: up, shape: 0.8 },
            down: Law::LogNormal { mean: down, sigma: 0.7 },
            kinds: vec![1.0],
        };
        let steady = |up, down| Unit {
            up: Law::LogNormal { mean: up, sigma: 1.0 },
            down: Law::Constant { mean: down },
            kinds: vec![1.0],
        };
        for (name, units) in [("exponential", units(exponential)), ("bursts", units(bursts)), ("steady", units(steady))]
        {
            let splitting = Splitting { units: &units, period: 720.0, below: 2, effort: 1_000, level: &paths };
            let runs: Vec<Found> =
                (0..40).map(|run| splitting.run(&mut RunSeed(run).stream(name, "splitting"))).collect();
            let hours: Vec<f64> = runs.iter().map(|found| found.down_hours).collect();
            let exact = 720.0 * 4.925_804_59e-6;
            let interval = Moments::of(&hours).student(0.999).expect("runs");
            assert!(interval.contains(exact), "{name}: {interval:?} {exact}");
            assert!(interval.half_width() < 0.5 * exact, "{name}: {interval:?}");
        }
    }

    /// Exponential laws, no path at all (4.26663303e-8 of the time): far beyond what as many plain months would see.
    #[test]
    fn a_month_without_any_path_is_found() {
        let units = units(|up, down| Unit {
            up: Law::Exponential { mean: up },
            down: Law::Exponential { mean: down },
            kinds: vec![1.0],
        });
        let splitting = Splitting { units: &units, period: 720.0, below: 1, effort: 3_000, level: &paths };
        let runs: Vec<Found> =
            (0..60).map(|run| splitting.run(&mut RunSeed(run).stream("quad", "splitting"))).collect();
        let of = |value: fn(&Found) -> f64| Moments::of(&runs.iter().map(value).collect::<Vec<f64>>());
        let exact = 720.0 * 4.266_633_03e-8;
        let interval = of(|found| found.down_hours).student(0.999).expect("runs");
        assert!(interval.contains(exact) && interval.half_width() < 0.6 * exact, "{interval:?} {exact}");
        // Down at the start, or an outage at 2.3296e-4 a year: 4.27e-8 + 1.915e-5, hardly ever two of them.
        let months = 4.267e-8 + 2.3296e-4 * 720.0 / 8_760.0;
        assert!(of(|found| found.probability).student(0.999).expect("runs").contains(months));
    }
}
