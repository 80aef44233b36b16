//! Is this program right? Figures that are known from outside, beside those that it gives.
//!
//! ```text
//! Oracle (a name, what it claims, a function) -> Rows (expected, got, verdict) -> report/validate, tests
//! ```
//! Tests and `fabricsim validate` call the same functions. Seeds were fixed before the first run.

mod accelerated;
mod coverage;
mod cycles;
mod laws;
mod months;
mod packets;
mod simulation;
mod structures;
mod years;

use super::statistics::Interval;
use super::statistics::mean::Moments;

/// Something known, and how to ask this program for it.
#[derive(Debug, Clone, Copy)]
pub struct Oracle {
    /// One word, for `--only`.
    pub name: &'static str,
    /// What holds when its rows do.
    pub claim: &'static str,
    /// Whether it is cheap.
    pub cost: Cost,
    /// Asks.
    pub rows: fn() -> Vec<Row>,
}

/// How long an oracle takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Some seconds at most.
    Seconds,
    /// Up to some minutes; `--quick` leaves it out.
    Minutes,
}

/// One figure held against what it must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What the figure is.
    pub name: String,
    /// Who says what it must be.
    pub source: &'static str,
    /// What this program says.
    pub got: f64,
    /// What it is held against.
    pub claim: Claim,
}

/// What a figure must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// The printed figure, to its last digit.
    Printed(String),
    /// A figure, to a relative difference.
    Near {
        /// The figure.
        expected: f64,
        /// Largest relative difference.
        relative: f64,
    },
    /// An estimate whose 99.9% interval holds the truth and is narrow enough to be able to fail.
    Covers {
        /// The truth.
        truth: f64,
        /// The estimate's interval.
        interval: Interval,
        /// Largest half-width, as a share of the truth.
        widest: f64,
    },
    /// Within a range, ends included.
    Lies(Interval),
}

/// Confidence of an estimate's interval.
pub const CONFIDENCE: f64 = 0.999;

/// All oracles, in the order in which they are asked.
pub const ORACLES: [Oracle; 17] = [
    months::TAKACS,
    months::FIRST_MONTH,
    months::CONSTANT,
    months::ONE_CREW,
    months::RULES,
    structures::SMALL,
    structures::QUAD,
    cycles::VARIANCE,
    cycles::BIASING,
    laws::NEW,
    simulation::SCORES,
    coverage::INTERVALS,
    years::REFERENCE,
    packets::QUEUES,
    accelerated::EPISODES,
    accelerated::TRUTH,
    accelerated::PACKET_TRUTH,
];

/// The oracle of this name; panics without one.
#[must_use]
pub fn oracle(name: &str) -> Oracle {
    *ORACLES.iter().find(|oracle| oracle.name == name).unwrap_or_else(|| panic!("{name} is no oracle"))
}

impl Row {
    fn printed(name: impl Into<String>, source: &'static str, got: f64, printed: &str) -> Self {
        Self { name: name.into(), source, got, claim: Claim::Printed(printed.to_owned()) }
    }

    fn near(name: impl Into<String>, source: &'static str, got: f64, expected: f64, relative: f64) -> Self {
        Self { name: name.into(), source, got, claim: Claim::Near { expected, relative } }
    }

    /// The mean of many draws, by Student's interval.
    fn estimate(name: impl Into<String>, source: &'static str, moments: Moments, truth: f64, widest: f64) -> Self {
        let interval = moments.student(CONFIDENCE).unwrap_or(Interval { low: f64::NAN, high: f64::NAN });
        Self { name: name.into(), source, got: moments.mean, claim: Claim::Covers { truth, interval, widest } }
    }

    fn lies(name: impl Into<String>, source: &'static str, got: f64, low: f64, high: f64) -> Self {
        Self { name: name.into(), source, got, claim: Claim::Lies(Interval { low, high }) }
    }

    /// Whether the figure is what it must be.
    #[must_use]
    pub fn holds(&self) -> bool {
        match &self.claim {
            Claim::Printed(printed) => self.got_text() == *printed,
            Claim::Near { expected, relative } => (self.got - expected).abs() <= relative * expected.abs(),
            Claim::Covers { truth, interval, widest } => {
                interval.contains(*truth) && interval.half_width() <= widest * truth
            }
            Claim::Lies(range) => range.contains(self.got),
        }
    }

    /// The figure with as many digits as its claim has.
    #[must_use]
    pub fn got_text(&self) -> String {
        match &self.claim {
            Claim::Printed(printed) => like(self.got, printed),
            Claim::Near { relative, .. } if *relative < 1e-6 => figure(self.got, 10),
            Claim::Near { .. } | Claim::Covers { .. } | Claim::Lies(_) => figure(self.got, 4),
        }
    }

    /// What it is held against, in words.
    #[must_use]
    pub fn expected_text(&self) -> String {
        match &self.claim {
            Claim::Printed(printed) => printed.clone(),
            Claim::Near { expected, relative } => {
                let digits = if *relative < 1e-6 { 10 } else { 4 };
                format!("{} to {relative:.0e}", figure(*expected, digits))
            }
            Claim::Covers { truth, .. } => figure(*truth, 4),
            Claim::Lies(range) => format!("{} to {}", range.low, range.high),
        }
    }
}

/// A value with the digits of another, printed one.
fn like(value: f64, printed: &str) -> String {
    let (mantissa, exponent) = printed.split_once('e').map_or((printed, None), |(head, tail)| (head, Some(tail)));
    let digits = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len());
    if exponent.is_some() { format!("{value:.digits$e}") } else { format!("{value:.digits$}") }
}

/// So many significant digits; very small and very large ones as powers of ten.
fn figure(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{value:.*e}", digits - 1);
    let exponent: i32 = text.rsplit('e').next().and_then(|exponent| exponent.parse().ok()).unwrap_or(0);
    if !(-3..6).contains(&exponent) {
        return text;
    }
    let places = usize::try_from(i32::try_from(digits).unwrap_or(4) - 1 - exponent).unwrap_or(0);
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_figure_is_wrong_in_its_last_digit() {
        assert!(Row::printed("x", "", 2.980_04e-4, "2.9800e-4").holds());
        assert!(!Row::printed("x", "", 2.980_06e-4, "2.9800e-4").holds());
        assert!(!Row::printed("x", "", 0.083_887_7, "0.08389").got_text().is_empty());
    }

    #[test]
    fn an_interval_that_is_too_wide_proves_nothing() {
        let moments = Moments { count: 100, mean: 1.0, variance: 1.0 };
        assert!(Row::estimate("x", "", moments, 1.01, 0.4).holds());
        assert!(!Row::estimate("x", "", moments, 1.01, 0.3).holds());
        assert!(!Row::estimate("x", "", moments, 1.5, 0.4).holds());
    }

    #[test]
    fn names_are_told_apart_by_only() {
        for (index, oracle) in ORACLES.iter().enumerate() {
            assert!(ORACLES[..index].iter().all(|other| other.name != oracle.name), "{}", oracle.name);
        }
    }

    #[test]
    fn figures_have_as_many_digits_as_asked() {
        let given = [(4.266_633_03e-8, 4), (0.376_143_26, 4), (84_833.3, 6), (0.0, 4), (0.798, 2)];
        let texts = given.map(|(value, digits)| figure(value, digits));
        assert_eq!(texts, ["4.267e-8", "0.3761", "84833.3", "0", "0.80"]);
    }
}
