//! The only place that makes random generators.
//!
//! A stream is keyed by (run seed, component name, purpose), never by creation order: adding a router moves
//! no other component's draws. Samplers use the pinned `libm`, so a seed gives the same bytes on every machine.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::units::Span;

/// The seed of one run: everything random in it follows from this number and the components' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunSeed(pub u64);

impl RunSeed {
    /// The seed of replication `index` of a set of runs that begins with `self`; index 0 is `self`.
    #[must_use]
    pub fn replication(self, index: u64) -> Self {
        if index == 0 { self } else { Self(named_hash(&["replication", &self.0.to_string(), &index.to_string()])) }
    }

    /// The stream of one component for one purpose.
    #[must_use]
    pub fn stream(self, component: &str, purpose: &str) -> Stream {
        let mut generator = ChaCha8Rng::seed_from_u64(self.0);
        generator.set_stream(named_hash(&[component, purpose]));
        Stream(generator)
    }
}

/// One component's random numbers for one purpose.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// Uniform in `[0, 1)`, in steps of 2^-53.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in `[0, bound)`; zero when the bound is.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.0.random_range(0..bound) }
    }

    /// Uniform in `[low, high]`.
    pub fn span_between(&mut self, low: Span, high: Span) -> Span {
        low + Span::from_ps(self.below(high.as_ps().saturating_sub(low.as_ps()).saturating_add(1)))
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        // 1 - u lies in (0, 1], so the logarithm is finite.
        -libm::log(1.0 - self.uniform())
    }

    /// Exponential with the given mean, rounded to the nearest picosecond.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
    pub fn exponential_span(&mut self, mean: Span) -> Span {
        Span::from_ps(libm::round(self.exponential() * mean.as_ps() as f64) as u64)
    }

    /// Pareto with mean 1 and this shape in thousandths, above 1000: `P(x > t) = (m / t)^a` from `m = (a - 1) / a` on.
    pub fn pareto(&mut self, shape: u32) -> f64 {
        let shape = f64::from(shape) / 1_000.0;
        // 1 - u lies in (0, 1], so the power is finite.
        (shape - 1.0) / shape * libm::pow(1.0 - self.uniform(), -1.0 / shape)
    }

    /// True with probability `parts_per_billion / 1e9`.
    pub fn chance(&mut self, parts_per_billion: u64) -> bool {
        self.below(1_000_000_000) < parts_per_billion
    }
}

/// A fixed 64-bit hash of length-prefixed strings (FNV-1a with a final avalanche). Never changes between versions.
#[must_use]
pub fn named_hash(parts: &[&str]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut hash = OFFSET;
    let mut eat = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    for part in parts {
        (part.len() as u64).to_le_bytes().into_iter().for_each(&mut eat);
        part.bytes().for_each(&mut eat);
    }
    mix(hash)
}

/// A bijective 64-bit avalanche (the finalizer of splitmix64).
#[must_use]
#[inline]
pub const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_name_and_purpose_only() {
        let draw = |component, purpose| RunSeed(7).stream(component, purpose).uniform().to_bits();
        assert_eq!(draw("r1", "jitter"), draw("r1", "jitter"));
        assert_ne!(draw("r1", "jitter"), draw("r1", "phase"));
        assert_ne!(draw("r1", "jitter"), draw("r2", "jitter"));
        // Length prefixes keep ("ab", "c") and ("a", "bc") apart.
        assert_ne!(named_hash(&["ab", "c"]), named_hash(&["a", "bc"]));
    }

    #[test]
    fn exponential_has_its_mean() {
        let mut stream = RunSeed(1).stream("x", "test");
        let mean = (0..200_000).map(|_| stream.exponential()).sum::<f64>() / 200_000.0;
        // Standard error 1/sqrt(n) = 0.0022; 4.5 of them.
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
    }

    #[test]
    fn pareto_has_its_mean_and_its_tail() {
        let mut stream = RunSeed(1).stream("x", "test");
        let draws: Vec<f64> = (0..200_000).map(|_| stream.pareto(3_000)).collect();
        let mean = draws.iter().sum::<f64>() / 200_000.0;
        // Shape 3: least 2/3, variance m^2 a / ((a-1)^2 (a-2)) = 1/3; standard error 0.0013.
        assert!((mean - 1.0).abs() < 0.006, "{mean}");
        let beyond = draws.iter().filter(|draw| **draw > 4.0 / 3.0).count();
        // (m / t)^a = 1/8; standard error 148.
        assert!(beyond.abs_diff(25_000) < 600, "{beyond}");
    }

    #[test]
    fn replications_differ_and_the_first_is_the_seed() {
        assert_eq!(RunSeed(5).replication(0), RunSeed(5));
        assert_ne!(RunSeed(5).replication(1), RunSeed(5).replication(2));
    }
}
