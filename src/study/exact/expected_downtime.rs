//! Mean downtime of a component put into service at the start of the period, for any laws: a transform, inverted.
//!
//! With f* and g* the Laplace-Stieltjes transforms of the up and down times, the transform of E[downtime in (0, T]] is
//! f* (1 - g*) / ((1 - f* g*) s^2) (Barlow & Proschan, "Mathematical Theory of Reliability", chapter 3). A shape below 1 makes
//! the first months worse than the long run. From a stationary start the answer is unavailability x T, whatever the laws.

use std::f64::consts::PI;

/// The law of an up or down time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Law {
    /// Exponential.
    Exponential {
        /// Mean in hours.
        mean: f64,
    },
    /// Weibull.
    Weibull {
        /// Mean in hours.
        mean: f64,
        /// Shape: below 1 failures come early.
        shape: f64,
    },
    /// Lognormal.
    LogNormal {
        /// Mean in hours.
        mean: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Always the same.
    Constant {
        /// Hours.
        mean: f64,
    },
}

/// E[downtime in the first `period` hours], in hours; good to some nine digits, and five for a constant up time.
#[must_use]
pub fn expected_downtime(up: Law, down: Law, period: f64) -> f64 {
    invert(period, |s| {
        let (f, g) = (up.transform(s), down.transform(s));
        f.times(Complex::ONE.minus(g)).over(Complex::ONE.minus(f.times(g)).times(s).times(s))
    })
}

/// Inverts a transform at `t`: the Fourier series of Abate & Whitt (ORSA Journal on Computing 1995), its alternating tail
/// summed by Euler's method. The aliasing error is e^-A.
fn invert(t: f64, transform: impl Fn(Complex) -> Complex) -> f64 {
    const A: f64 = 23.0;
    const PLAIN: u32 = 40;
    const EULER: u32 = 14;
    let term = |k: u32| {
        let value = transform(Complex { re: A / (2.0 * t), im: f64::from(k) * PI / t }).re;
        if k.is_multiple_of(2) { value } else { -value }
    };
    let mut sum = 0.5 * term(0) + (1..=PLAIN).map(term).sum::<f64>();
    let (mut mean, mut weight) = (0.0, 1.0);
    for step in 0..=EULER {
        mean += weight * sum;
        weight *= f64::from(EULER - step) / f64::from(step + 1);
        sum += term(PLAIN + step + 1);
    }
    libm::exp(A / 2.0) / t * mean / f64::from(1u32 << EULER)
}

impl Law {
    /// Its mean in hours.
    #[must_use]
    pub const fn mean(self) -> f64 {
        match self {
            Self::Exponential { mean }
            | Self::Weibull { mean, .. }
            | Self::LogNormal { mean, .. }
            | Self::Constant { mean } => mean,
        }
    }

    /// E[e^(-s X)].
    fn transform(self, s: Complex) -> Complex {
        match self {
            Self::Exponential { mean } => Complex::ONE.over(Complex::ONE.plus(s.scaled(mean))),
            Self::Constant { mean } => s.scaled(-mean).exponential(),
            // P(X > x) = exp(-(x / scale)^shape), so (X / scale)^shape is exponential.
            Self::Weibull { mean, shape } => {
                let scale = mean / libm::tgamma(1.0 + 1.0 / shape);
                over_logarithms(-45.0, 4.5, |y| (scale * libm::exp(y / shape), libm::exp(y - libm::exp(y))), s)
            }
            Self::LogNormal { mean, sigma } => {
                let density = |z: f64| libm::exp(-0.5 * z * z) / (2.0 * PI).sqrt();
                over_logarithms(-9.0, 9.0, |z| (mean * libm::exp(sigma * z - 0.5 * sigma * sigma), density(z)), s)
            }
        }
    }
}

/// The integral of density x e^(-s x) over a variable in which the density falls off so fast at both ends that the
/// trapezoidal rule converges exponentially. `at` gives (x, density).
fn over_logarithms(from: f64, to: f64, at: impl Fn(f64) -> (f64, f64), s: Complex) -> Complex {
    const POINTS: u32 = 4_000;
    let width = (to - from) / f64::from(POINTS);
    (0..=POINTS).fold(Complex { re: 0.0, im: 0.0 }, |sum, point| {
        let (x, density) = at(from + f64::from(point) * width);
        sum.plus(s.scaled(-x).exponential().scaled(density * width))
    })
}

#[derive(Debug, Clone, Copy)]
struct Complex {
    re: f64,
    im: f64,
}

impl Complex {
    const ONE: Self = Self { re: 1.0, im: 0.0 };

    fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    fn minus(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }

    fn scaled(self, factor: f64) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }

    fn times(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }

    fn over(self, other: Self) -> Self {
        let square = other.re * other.re + other.im * other.im;
        self.times(Self { re: other.re, im: -other.im }).scaled(1.0 / square)
    }

    fn exponential(self) -> Self {
        let size = libm::exp(self.re);
        Self { re: size * libm::cos(self.im), im: size * libm::sin(self.im) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{RunSeed, Stream};
    use crate::study::statistics::mean::Moments;

    /// U T - U / (lambda + mu) x (1 - e^(-(lambda + mu) T)), the integral of 1 - A(t).
    #[test]
    fn exponential_laws_have_their_closed_form_to_nine_digits() {
        for (up, down, period) in [(1_000.0, 6.0, 720.0), (10.0, 2.0, 30.0), (1e5, 4.0, 8_760.0), (5.0, 5.0, 1.0)] {
            let both = 1.0 / up + 1.0 / down;
            let unavailability = down / (up + down);
            let exact = unavailability * (period + libm::expm1(-both * period) / both);
            for up_law in [Law::Exponential { mean: up }, Law::Weibull { mean: up, shape: 1.0 }] {
                let value = expected_downtime(up_law, Law::Exponential { mean: down }, period);
                assert!((value / exact - 1.0).abs() < 2e-9, "{value} is not {exact}");
            }
        }
    }

    /// Lognormal outages in the first 30 days after exponential failures: against the renewal equation on a grid.
    #[test]
    fn lognormal_outages_agree_with_the_renewal_equation() {
        let (up, down, sigma, period) = (200.0, 12.0, 1.0, 720.0);
        let value = expected_downtime(Law::Exponential { mean: up }, Law::LogNormal { mean: down, sigma }, period);
        // With exponential up times the failure rate w(t) = A(t) / up, and U(t) is the integral of w(t - x) P(L > x).
        let steps = 4_800;
        let width = period / f64::from(steps);
        let mu = libm::log(down) - 0.5 * sigma * sigma;
        let longer: Vec<f64> = (0..=steps)
            .map(|step| match step {
                0 => 1.0,
                _ => 0.5 * libm::erfc((libm::log(f64::from(step) * width) - mu) / sigma / 2.0f64.sqrt()),
            })
            .collect();
        let mut down_at = vec![0.0; longer.len()];
        for now in 1..longer.len() {
            let inner: f64 = (1..now).map(|then| (1.0 - down_at[then]) * longer[now - then]).sum();
            let known = width / up * (inner + 0.5 * longer[now] + 0.5);
            down_at[now] = known / (1.0 + 0.5 * width / up);
        }
        let grid = width * (down_at.iter().sum::<f64>() - 0.5 * down_at[longer.len() - 1]);
        assert!((value / grid - 1.0).abs() < 1e-6, "{value} is not {grid}");
    }

    /// Weibull of shape 0.8: many young failures. 99.9% interval of 200,000 simulated months.
    #[test]
    fn a_young_weibull_component_is_down_more_than_in_the_long_run() {
        let (up, shape, down, period) = (1_710.0, 0.8, 10.0, 720.0);
        let exact = expected_downtime(Law::Weibull { mean: up, shape }, Law::Exponential { mean: down }, period);
        let long_run = period * down / (up + down);
        assert!(exact > 1.1 * long_run, "{exact} {long_run}");
        let scale = up / libm::tgamma(1.0 + 1.0 / shape);
        let month = |stream: &mut Stream| {
            let (mut clock, mut total) = (0.0, 0.0);
            loop {
                clock += scale * libm::pow(stream.exponential(), 1.0 / shape);
                if clock >= period {
                    return total;
                }
                let outage = down * stream.exponential();
                total += outage.min(period - clock);
                clock += outage;
            }
        };
        let mut stream = RunSeed(4).stream("weibull", "test");
        let sample: Vec<f64> = (0..200_000).map(|_| month(&mut stream)).collect();
        let interval = Moments::of(&sample).student(0.999).expect("many");
        assert!(interval.contains(exact) && interval.half_width() < 0.02 * exact, "{interval:?} {exact}");
    }
}
