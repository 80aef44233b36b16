//! Poisson probabilities around the mode, normalised by their sum: at a mean of a million, terms from log-gammas would
//! have lost seven digits (Fox & Glynn, CACM 1988).

/// Probabilities of `first`, `first + 1`, ...; what is left out is below 1e-18 of the greatest.
#[derive(Debug, Clone)]
pub struct Poisson {
    pub first: usize,
    pub probabilities: Vec<f64>,
}

impl Poisson {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of a few millions at most")]
    pub fn new(mean: f64) -> Self {
        assert!((0.0..1e9).contains(&mean), "a Poisson mean of {mean}");
        let mode = mean as usize;
        let mut below = Vec::new();
        let mut term = 1.0;
        for n in (1..=mode).rev() {
            term *= n as f64 / mean;
            if term < LEAST {
                break;
            }
            below.push(term);
        }
        let mut above = vec![1.0];
        term = 1.0;
        for n in mode + 1.. {
            term *= mean / n as f64;
            if term < LEAST {
                break;
            }
            above.push(term);
        }
        let first = mode - below.len();
        let total = below.iter().rev().sum::<f64>() + above.iter().rev().sum::<f64>();
        let probabilities = below.iter().rev().chain(&above).map(|term| term / total).collect();
        Self { first, probabilities }
    }

    /// (value, probability) in increasing order of the value.
    pub fn iter(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.probabilities.iter().enumerate().map(|(offset, probability)| (self.first + offset, *probability))
    }

    /// P(N < n) for each n from 0 to `end`.
    pub fn below(&self, end: usize) -> Vec<f64> {
        let mut sum = 0.0;
        (0..=end)
            .map(|n| {
                let before = sum;
                sum += n.checked_sub(self.first).and_then(|offset| self.probabilities.get(offset)).unwrap_or(&0.0);
                before
            })
            .collect()
    }
}

const LEAST: f64 = 1e-30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_means_are_the_formula() {
        let poisson = Poisson::new(2.5);
        let mut term = libm::exp(-2.5);
        for (n, probability) in poisson.iter().take(20) {
            assert!((probability / term - 1.0).abs() < 1e-13, "{n}");
            term *= 2.5 / (n + 1) as f64;
        }
        assert!((Poisson::new(0.0).probabilities[0] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn large_means_keep_mean_and_variance() {
        let mean = 260_000.0;
        let poisson = Poisson::new(mean);
        let moment = |power: fn(f64) -> f64| poisson.iter().map(|(n, p)| p * power(n as f64 - 260_000.0)).sum::<f64>();
        assert!(moment(|d| d).abs() < 1e-7 && (moment(|d| d * d) / mean - 1.0).abs() < 1e-11);
        let below = poisson.below(300_000);
        assert!((below[300_000] - 1.0).abs() < 1e-12 && below[200_000] <= 0.0);
    }
}
