//! Draws from the laws of up and down times.

use crate::network::{LifeLaw, LifeShape};
use crate::rng::Stream;
use crate::units::CalendarSpan;

/// A whole up or down time.
#[must_use]
pub fn draw(law: &LifeLaw, stream: &mut Stream) -> CalendarSpan {
    let mean = law.mean.as_ns();
    match &law.shape {
        LifeShape::Exponential => span(mean * stream.exponential()),
        LifeShape::Weibull(shape) => span(weibull_scale(mean, *shape) * libm::pow(stream.exponential(), 1.0 / shape)),
        LifeShape::LogNormal(sigma) => span(mean * libm::exp(sigma * stream.normal() - sigma * sigma / 2.0)),
        LifeShape::Constant => law.mean.to_calendar(),
        LifeShape::Empirical(values) => values[choose(stream, values.len() as u64)],
    }
}

/// What is left of an up or down time at a random moment in it: the equilibrium law, of density `(1 - F(x)) / mean`.
#[must_use]
pub fn residual(law: &LifeLaw, stream: &mut Stream) -> CalendarSpan {
    let mean = law.mean.as_ns();
    match &law.shape {
        LifeShape::Exponential => span(mean * stream.exponential()),
        // With y = (x / scale)^k the density becomes that of a Gamma(1/k).
        LifeShape::Weibull(shape) => {
            let y = stream.gamma(1.0 / shape);
            span(weibull_scale(mean, *shape) * libm::pow(y, 1.0 / shape))
        }
        // The time one falls into is length-biased, which moves the logarithm up by sigma^2; one falls anywhere in it.
        LifeShape::LogNormal(sigma) => {
            let whole = mean * libm::exp(sigma * stream.normal() + sigma * sigma / 2.0);
            span(whole * stream.uniform())
        }
        LifeShape::Constant => span(mean * stream.uniform()),
        LifeShape::Empirical(values) => {
            let whole = length_biased(values, stream);
            span(whole.as_ns() as f64 * stream.uniform())
        }
    }
}

/// Scale of a Weibull law: mean = scale x Gamma(1 + 1/k).
fn weibull_scale(mean: f64, shape: f64) -> f64 {
    mean / libm::tgamma(1.0 + 1.0 / shape)
}

/// One of the values, each as likely as it is long.
fn length_biased(values: &[CalendarSpan], stream: &mut Stream) -> CalendarSpan {
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

fn choose(stream: &mut Stream, count: u64) -> usize {
    usize::try_from(stream.below(count)).expect("an index of a slice")
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
fn span(nanoseconds: f64) -> CalendarSpan {
    CalendarSpan::from_ns(libm::round(nanoseconds) as u64)
}
