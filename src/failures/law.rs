//! Draws from the laws of up and down times.

use std::sync::Arc;

use crate::network::{LifeLaw, LifeShape};
use crate::rng::BriefStream;
use crate::units::CalendarSpan;

/// A law with what every draw needs of it; times in nanoseconds.
#[derive(Debug, Clone)]
pub struct Sampler {
    mean: f64,
    shape: Shape,
}

#[derive(Debug, Clone)]
enum Shape {
    Exponential,
    Weibull { scale: f64, shape: f64 },
    LogNormal { sigma: f64, median: f64 },
    Constant,
    Empirical(Arc<[CalendarSpan]>),
}

impl Sampler {
    /// Of a law.
    #[must_use]
    pub fn new(law: &LifeLaw) -> Self {
        let mean = law.mean.as_ns();
        let shape = match &law.shape {
            LifeShape::Exponential => Shape::Exponential,
            // mean = scale x Gamma(1 + 1/k).
            LifeShape::Weibull(shape) => {
                Shape::Weibull { scale: mean / libm::tgamma(1.0 + 1.0 / shape), shape: *shape }
            }
            LifeShape::LogNormal(sigma) => {
                Shape::LogNormal { sigma: *sigma, median: mean * libm::exp(-sigma * sigma / 2.0) }
            }
            LifeShape::Constant => Shape::Constant,
            LifeShape::Empirical(values) => Shape::Empirical(values.clone()),
        };
        Self { mean, shape }
    }

    /// A whole up or down time.
    #[must_use]
    pub fn draw(&self, stream: &mut BriefStream) -> u64 {
        match &self.shape {
            Shape::Exponential => whole(self.mean * stream.exponential()),
            Shape::Weibull { scale, shape } => whole(scale * libm::pow(stream.exponential(), 1.0 / shape)),
            Shape::LogNormal { sigma, median } => whole(median * libm::exp(sigma * stream.normal())),
            Shape::Constant => whole(self.mean),
            Shape::Empirical(values) => values[choose(stream, values.len() as u64)].as_ns(),
        }
    }

    /// What is left of an up or down time at a random moment in it: the equilibrium law, of density `(1 - F(x)) / mean`.
    #[must_use]
    pub fn residual(&self, stream: &mut BriefStream) -> u64 {
        match &self.shape {
            Shape::Exponential => whole(self.mean * stream.exponential()),
            // With y = (x / scale)^k the density becomes that of a Gamma(1/k).
            Shape::Weibull { scale, shape } => {
                let y = stream.gamma(1.0 / shape);
                whole(scale * libm::pow(y, 1.0 / shape))
            }
            // The time one falls into is length-biased, which moves the logarithm up by sigma^2; one falls anywhere in it.
            Shape::LogNormal { sigma, median } => {
                let long = median * libm::exp(sigma * (stream.normal() + sigma));
                whole(long * stream.uniform())
            }
            Shape::Constant => whole(self.mean * stream.uniform()),
            Shape::Empirical(values) => {
                let long = length_biased(values, stream);
                whole(long.as_ns() as f64 * stream.uniform())
            }
        }
    }

    /// How the time until the first failure is drawn, given that it comes within `length`.
    #[must_use]
    pub fn first(&self, from: Age, length: u64) -> First {
        let length = length as f64;
        match (&self.shape, from) {
            (Shape::Exponential, Age::New | Age::Stationary) => {
                First::Exponential { mean: self.mean, within: -libm::expm1(-length / self.mean) }
            }
            (Shape::Constant, Age::Stationary) => {
                First::Uniform { longest: length.min(self.mean), within: (length / self.mean).min(1.0) }
            }
            (Shape::Constant | Shape::Weibull { .. } | Shape::LogNormal { .. } | Shape::Empirical(_), Age::New) => {
                First::Whole
            }
            (Shape::Weibull { .. } | Shape::LogNormal { .. } | Shape::Empirical(_), Age::Stationary) => First::Residual,
        }
    }
}

/// How old a component is when time begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// New.
    New,
    /// At a random moment of its up time.
    Stationary,
}

/// The time until a first failure, given that it comes within some length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum First {
    /// Exponential, cut off where its distribution is `within`.
    Exponential {
        /// Mean of what is not cut off.
        mean: f64,
        /// Chance that it comes.
        within: f64,
    },
    /// Anywhere up to this.
    Uniform {
        /// In nanoseconds.
        longest: f64,
        /// Chance that it comes.
        within: f64,
    },
    /// A whole up time, which may be longer.
    Whole,
    /// What is left of one, which may be longer.
    Residual,
}

impl First {
    /// Chance that it comes within the length; 1 where only drawing it tells.
    #[must_use]
    pub const fn chance(self) -> f64 {
        match self {
            Self::Exponential { within, .. } | Self::Uniform { within, .. } => within,
            Self::Whole | Self::Residual => 1.0,
        }
    }

    /// Draws it, by inversion where there is something to invert.
    #[must_use]
    pub fn draw(self, law: &Sampler, stream: &mut BriefStream) -> u64 {
        match self {
            Self::Exponential { mean, within } => whole(-mean * libm::log1p(-within * stream.uniform())),
            Self::Uniform { longest, .. } => whole(longest * stream.uniform()),
            Self::Whole => law.draw(stream),
            Self::Residual => law.residual(stream),
        }
    }
}

/// One of the values, each as likely as it is long.
fn length_biased(values: &[CalendarSpan], stream: &mut BriefStream) -> CalendarSpan {
    let total: f64 = values.iter().map(|value| value.as_ns() as f64).sum();
    let mut left = total * stream.uniform();
    for value in values {
        left -= value.as_ns() as f64;
        if left < 0.0 {
            return *value;
        }
    }
    *values.last().expect("an empirical law has values")
}

fn choose(stream: &mut BriefStream, count: u64) -> usize {
    usize::try_from(stream.below(count)).expect("an index of a slice")
}

/// The nearest whole number of nanoseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
fn whole(nanoseconds: f64) -> u64 {
    (nanoseconds + 0.5) as u64
}
