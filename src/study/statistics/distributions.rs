//! Distribution functions and quantiles that the intervals need, over `libm`.
//!
//! The density behind the incomplete beta function is Loader's saddle-point form ("Fast and accurate computation of
//! binomial probabilities", 2000): with ten million trials, differences of log-gammas would leave seven digits.

/// ln sqrt(2 pi).
const LN_SQRT_TAU: f64 = 0.918_938_533_204_672_7;

/// ln(n!) less Stirling's formula, for a real `n > 0`.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        return libm::lgamma(n + 1.0) - (n + 0.5) * libm::log(n) + n - LN_SQRT_TAU;
    }
    let square = n * n;
    let terms = [1.0 / 12.0, 1.0 / 360.0, 1.0 / 1_260.0, 1.0 / 1_680.0, 1.0 / 1_188.0, 691.0 / 360_360.0];
    terms.iter().rev().fold(0.0, |inner, term| term - inner / square) / n
}

/// x ln(x / m) + m - x, without cancellation where `x` is near `m`.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * libm::log(x / m) + m - x;
    }
    let v = (x - m) / (x + m);
    let mut sum = (x - m) * v;
    let mut term = 2.0 * x * v;
    let mut odd = 1.0;
    loop {
        term *= v * v;
        odd += 2.0;
        let next = sum + term / odd;
        if next.to_bits() == sum.to_bits() {
            return sum;
        }
        sum = next;
    }
}

/// Γ(a+b+1) / (Γ(a+1) Γ(b+1)) x^a y^b with y = 1 - x.
fn binomial_density(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    let exponent = stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) - deviance(b, n * y);
    libm::exp(exponent) * (n / (core::f64::consts::TAU * a * b)).sqrt()
}

/// The regularised incomplete beta function `I_x(a, b)` for positive `a` and `b`: the distribution function of Beta(a, b).
///
/// Continued fraction 26.5.8 of Abramowitz & Stegun by Lentz's method.
#[must_use]
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    assert!(a > 0.0 && b > 0.0 && (0.0..=1.0).contains(&x), "outside of the incomplete beta function: {a} {b} {x}");
    if x <= 0.0 || x >= 1.0 {
        return x;
    }
    // The fraction converges fast below the mean.
    if x * (a + b + 2.0) < a + 1.0 {
        binomial_density(a, b, x, 1.0 - x) * b / (a + b) * beta_fraction(a, b, x)
    } else {
        1.0 - binomial_density(b, a, 1.0 - x, x) * a / (a + b) * beta_fraction(b, a, 1.0 - x)
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let lift = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / lift(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    let mut m = 0.0;
    loop {
        m += 1.0;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / lift(1.0 + coefficient * d);
            c = lift(1.0 + coefficient / c);
            change *= c * d;
        }
        fraction *= change;
        if (change - 1.0).abs() < 1e-16 || m > 1e6 {
            return fraction;
        }
    }
}

/// The least `x` in `[0, 1]` at which an increasing function reaches `target`, to the last bit.
fn bisect(mut low: f64, mut high: f64, reached: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return high;
        }
        if reached(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
}

/// The `probability` quantile of Beta(a, b).
#[must_use]
pub fn beta_quantile(a: f64, b: f64, probability: f64) -> f64 {
    bisect(0.0, 1.0, |x| incomplete_beta(a, b, x) >= probability)
}

/// The value that |T| of Student's t with these degrees of freedom stays below with probability `confidence`.
#[must_use]
pub fn student_t(degrees: f64, confidence: f64) -> f64 {
    // T^2 / (T^2 + degrees) is Beta(1/2, degrees/2).
    let share = beta_quantile(0.5, 0.5 * degrees, confidence);
    (degrees * share / (1.0 - share)).sqrt()
}

/// The value that |Z| of the standard normal distribution stays below with probability `confidence`.
#[must_use]
pub fn normal(confidence: f64) -> f64 {
    bisect(0.0, 40.0, |z| libm::erfc(z * core::f64::consts::FRAC_1_SQRT_2) <= 1.0 - confidence)
}

/// The value that the standard normal distribution exceeds with this probability, down to some 1e-300.
#[must_use]
pub fn normal_beyond(probability: f64) -> f64 {
    bisect(-40.0, 40.0, |z| 0.5 * libm::erfc(z * core::f64::consts::FRAC_1_SQRT_2) <= probability)
}

/// P(at least `least` successes in `trials` trials of probability `p`).
#[must_use]
pub fn binomial_at_least(trials: u64, least: u64, p: f64) -> f64 {
    match least {
        0 => 1.0,
        _ if least > trials => 0.0,
        _ => incomplete_beta(least as f64, (trials - least) as f64 + 1.0, p),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(value: f64, expected: f64, relative: f64) {
        assert!((value - expected).abs() <= relative * expected.abs(), "{value} is not {expected}");
    }

    /// NIST/SEMATECH e-Handbook 1.3.6.7.2, two-sided 95% and 99%.
    #[test]
    fn students_t_is_that_of_the_tables() {
        for (degrees, t95, t99) in [
            (1.0, 12.706, 63.657),
            (2.0, 4.303, 9.925),
            (10.0, 2.228, 3.169),
            (30.0, 2.042, 2.750),
            (63.0, 1.998, 2.656),
            (100.0, 1.984, 2.626),
        ] {
            assert!((student_t(degrees, 0.95) - t95).abs() <= 5.01e-4, "{}", student_t(degrees, 0.95));
            assert!((student_t(degrees, 0.99) - t99).abs() <= 5.01e-4, "{}", student_t(degrees, 0.99));
        }
        // One degree is Cauchy's: tan(pi c / 2); two: 2 c sqrt(2 / (1 - c^2)) / 2.
        near(student_t(1.0, 0.95), 12.706_204_736_174_7, 1e-12);
        near(student_t(2.0, 0.95), 0.95 * (2.0f64 / (1.0 - 0.95 * 0.95)).sqrt(), 1e-12);
        // With many degrees z + (z^3 + z) / (4 degrees), Abramowitz & Stegun 26.7.5.
        let z = normal(0.95);
        near(student_t(1e6, 0.95), z + (z * z * z + z) / 4e6, 1e-10);
    }

    #[test]
    fn the_normal_quantiles_are_the_published_ones() {
        near(normal(0.95), 1.959_963_984_540_054, 1e-14);
        near(normal(0.99), 2.575_829_303_548_901, 1e-14);
        near(normal(0.999), 3.290_526_731_491_926, 1e-13);
        near(normal_beyond(0.025), normal(0.95), 1e-14);
        near(normal_beyond(0.975), -normal(0.95), 1e-14);
    }

    /// I_x(a, b) for whole a and b is a binomial tail, summed here term by term.
    #[test]
    fn the_incomplete_beta_function_is_the_binomial_tail() {
        for (trials, p) in [(5u64, 0.3), (20, 0.01), (60, 0.5), (200, 0.03)] {
            let mut term = (0..trials).fold(1.0, |power, _| power * (1.0 - p));
            let mut below = 0.0;
            for least in 1..=trials.min(12) {
                below += term;
                term *= (trials - least + 1) as f64 / least as f64 * p / (1.0 - p);
                assert!((binomial_at_least(trials, least, p) - (1.0 - below)).abs() < 1e-14, "{trials} {least}");
            }
        }
        assert!((binomial_at_least(10, 0, 0.2) - 1.0).abs() < 1e-15 && binomial_at_least(3, 4, 0.2) <= 0.0);
    }

    /// scipy 1.17 `betainc` (Boost).
    #[test]
    fn the_incomplete_beta_function_keeps_its_digits_at_large_counts() {
        for (a, b, x, expected) in [
            (0.5, 31.5, 0.06, 0.950_770_081_473_198_3),
            (2.5, 0.5, 0.999, 0.946_342_345_308_186_6),
            (1e4, 1e6, 0.009_8, 0.152_617_469_823_190_55),
            (3.0, 1e7, 1e-7, 0.080_301_424_662_355_11),
            (100.0, 1e7, 8e-6, 0.017_111_839_163_245_688),
            (1e6, 1e6, 0.500_5, 0.921_350_422_419_075_8),
        ] {
            near(incomplete_beta(a, b, x), expected, 1e-11);
        }
    }
}
