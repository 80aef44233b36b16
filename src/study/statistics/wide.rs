//! Unsigned integers of 256 bits, for sums of squares of nanoseconds that no number of years overflows.

use serde::{Deserialize, Serialize};

/// high x 2^128 + low.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Wide {
    high: u128,
    low: u128,
}

impl Wide {
    /// From its two halves.
    #[must_use]
    pub const fn from_halves(high: u128, low: u128) -> Self {
        Self { high, low }
    }

    /// Sum; panics beyond 256 bits.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let (low, carry) = self.low.overflowing_add(other.low);
        let high = self.high.checked_add(other.high).and_then(|high| high.checked_add(u128::from(carry)));
        Self { high: high.expect("a sum within 256 bits"), low }
    }

    /// Difference; panics below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        let high = self.high.checked_sub(other.high).and_then(|high| high.checked_sub(u128::from(borrow)));
        Self { high: high.expect("a difference that is not negative"), low }
    }

    /// Product of two numbers of 128 bits.
    #[must_use]
    pub fn product(a: u128, b: u128) -> Self {
        const HALF: u128 = (1 << 64) - 1;
        let (a1, a0, b1, b0) = (a >> 64, a & HALF, b >> 64, b & HALF);
        [a1 * b0, a0 * b1]
            .into_iter()
            .map(|cross| Self { high: cross >> 64, low: cross << 64 })
            .fold(Self { high: a1 * b1, low: a0 * b0 }, Self::plus)
    }

    /// Product with a number of 64 bits; panics beyond 256 bits.
    #[must_use]
    pub fn times(self, factor: u64) -> Self {
        let upper = Self::product(self.high, u128::from(factor));
        assert!(upper.high == 0, "a product within 256 bits");
        Self::product(self.low, u128::from(factor)).plus(Self { high: upper.low, low: 0 })
    }

    /// The nearest `f64`, but for one rounding of each half.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.high as f64 * TWO_TO_128 + self.low as f64
    }
}

const TWO_TO_128: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;

#[cfg(test)]
mod tests {
    use super::*;

    /// (2^128 - 1)^2 = 2^256 - 2^129 + 1, and (x + 1)(x - 1) = x^2 - 1.
    #[test]
    fn products_sums_and_differences_are_exact() {
        assert_eq!(Wide::product(u128::MAX, u128::MAX), Wide::from_halves(u128::MAX - 1, 1));
        let x = 0x1234_5678_9abc_def0_0fed_cba9_8765_4321_u128;
        assert_eq!(Wide::product(x + 1, x - 1).plus(Wide::from_halves(0, 1)), Wide::product(x, x));
        assert_eq!(Wide::product(x, x).minus(Wide::product(x + 1, x - 1)), Wide::from_halves(0, 1));
        assert_eq!(Wide::product(x, 3).times(7), Wide::product(x, 21));
        assert!((Wide::from_halves(1, 0).to_f64() / TWO_TO_128 - 1.0).abs() < 1e-15);
    }
}
