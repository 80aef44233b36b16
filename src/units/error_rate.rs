//! Bit error rates.

use std::str::FromStr;

use super::{Bytes, ParseQuantityError, Share, scaled, split_decimal};

/// Probability that a bit is wrong, in parts of 10^18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BitErrorRate(u64);

impl BitErrorRate {
    /// Every bit is wrong.
    const ONE: u64 = 1_000_000_000_000_000_000;

    /// The probability that a frame of this size has at least one wrong bit: `1 - (1 - rate)^bits`.
    #[must_use]
    pub fn hits_frame(self, size: Bytes) -> f64 {
        let rate = self.0 as f64 / Self::ONE as f64;
        -libm::expm1((size.0 * 8) as f64 * libm::log1p(-rate))
    }

    /// The same in parts per billion.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a probability is from 0 to 1")]
    pub fn share_of_frames(self, size: Bytes) -> Share {
        Share::from_ppb(libm::round(self.hits_frame(size) * 1e9) as u64)
    }
}

impl FromStr for BitErrorRate {
    type Err = ParseQuantityError;

    /// Reads "1e-9", "2.5e-12", "0.001".
    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "-0"));
        let down = exponent.strip_prefix('-').and_then(|digits| digits.parse::<u32>().ok());
        let scale = down.filter(|down| *down <= 18).map(|down| u128::from(Self::ONE) / 10u128.pow(down));
        scale
            .zip(split_decimal(mantissa).filter(|(_, _, unit)| unit.is_empty()))
            .and_then(|(scale, (digits, places, _))| scaled(digits, places, scale))
            .filter(|rate| *rate <= Self::ONE)
            .map(Self)
            .ok_or_else(|| ParseQuantityError { text: text.to_owned(), what: "bit error rate", example: "1e-9" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_hit_as_often_as_its_bits_say() {
        // 1 - (1 - 1e-6)^12000 = 0.01192828 for 1,500 bytes; at small rates it is bits x rate.
        let rate: BitErrorRate = "1e-6".parse().unwrap();
        assert!((rate.hits_frame(Bytes(1_500)) - 0.011_928_28).abs() < 1e-7);
        let rate: BitErrorRate = "2.5e-12".parse().unwrap();
        assert!((rate.hits_frame(Bytes(1_000)) / 2e-8 - 1.0).abs() < 1e-6);
        assert!(("1".parse::<BitErrorRate>().unwrap().hits_frame(Bytes(1)) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_rate_is_told() {
        for text in ["1e9", "2", "1e-19", "e-3", "1e-3 x", ""] {
            assert!(text.parse::<BitErrorRate>().is_err(), "{text}");
        }
    }
}
