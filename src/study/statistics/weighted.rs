//! Estimates from weighted samples, as importance sampling gives them, with the signs of a weight gone wrong.

use super::mean::Moments;

/// Sums over samples of one block. Floating sums depend on their order: add samples in order within a block, and merge
/// blocks in order of their number.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Weighted {
    count: u64,
    weights: f64,
    weight_squares: f64,
    terms: f64,
    term_squares: f64,
    largest_term: f64,
}

impl Weighted {
    /// One more sample: its likelihood ratio as a whole, and its weighted value (not negative), the term of the estimate.
    pub fn add(&mut self, weight: f64, term: f64) {
        self.count += 1;
        self.weights += weight;
        self.weight_squares += weight * weight;
        self.terms += term;
        self.term_squares += term * term;
        self.largest_term = self.largest_term.max(term);
    }

    /// The samples of the next block.
    pub fn merge(&mut self, next: &Self) {
        self.count += next.count;
        self.weights += next.weights;
        self.weight_squares += next.weight_squares;
        self.terms += next.terms;
        self.term_squares += next.term_squares;
        self.largest_term = self.largest_term.max(next.largest_term);
    }

    /// Mean and variance of the terms.
    #[must_use]
    pub fn moments(&self) -> Moments {
        let count = self.count as f64;
        let mean = if self.count == 0 { 0.0 } else { self.terms / count };
        let spread = (self.term_squares - self.terms * mean).max(0.0);
        Moments { count: self.count, mean, variance: if self.count < 2 { 0.0 } else { spread / (count - 1.0) } }
    }

    /// Variance of one sample over the square of the mean; what a method is judged by.
    #[must_use]
    pub fn relative_variance(&self) -> f64 {
        let moments = self.moments();
        moments.variance / (moments.mean * moments.mean)
    }

    /// Kish's effective number of samples behind the estimate: (Σ term)² / Σ term².
    #[must_use]
    pub fn effective_samples(&self) -> f64 {
        if self.term_squares > 0.0 { self.terms * self.terms / self.term_squares } else { 0.0 }
    }

    /// The largest term over the sum of all: near 1, one sample is the estimate.
    #[must_use]
    pub fn largest_share(&self) -> f64 {
        if self.terms > 0.0 { self.largest_term / self.terms } else { 0.0 }
    }

    /// Mean and variance of the likelihood ratios: the mean must be 1 within its error.
    #[must_use]
    pub fn weight_moments(&self) -> Moments {
        let count = self.count as f64;
        let mean = if self.count == 0 { 0.0 } else { self.weights / count };
        let spread = (self.weight_squares - self.weights * mean).max(0.0);
        Moments { count: self.count, mean, variance: if self.count < 2 { 0.0 } else { spread / (count - 1.0) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::RunSeed;

    #[test]
    fn equal_terms_count_fully_and_a_single_large_one_alone() {
        let mut equal = Weighted::default();
        (0..50).for_each(|_| equal.add(1.0, 2.0));
        assert!((equal.effective_samples() - 50.0).abs() < 1e-12 && equal.relative_variance() < 1e-12);
        equal.add(1.0, 1e9);
        assert!(equal.effective_samples() < 1.000_001 && equal.largest_share() > 0.999_999);
    }

    /// P(X > 12) = e^-12 of an exponential of mean 1, sampled with mean 12:
    /// weight 12 e^(-x + x/12), whose mean over all samples is 1.
    #[test]
    fn a_tilted_exponential_gives_the_tail_and_weights_of_mean_one() {
        let mut stream = RunSeed(3).stream("tail", "test");
        let mut blocks = vec![Weighted::default(); 8];
        for sample in 0..40_000 {
            let x = 12.0 * stream.exponential();
            let weight = 12.0 * libm::exp(-x + x / 12.0);
            blocks[sample / 5_000].add(weight, if x > 12.0 { weight } else { 0.0 });
        }
        let mut all = Weighted::default();
        blocks.iter().for_each(|block| all.merge(block));
        let exact = libm::exp(-12.0);
        let interval = all.moments().student(0.999).expect("many");
        assert!(interval.contains(exact) && interval.half_width() < 0.1 * exact, "{interval:?}");
        assert!(all.weight_moments().student(0.999).expect("many").contains(1.0));
    }
}
