//! Lengths of fibre.

use std::fmt;
use std::str::FromStr;

use super::{ParseQuantityError, Span, decimal, scaled, split_decimal};

/// A length of fibre in millimetres.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Length(u64);

impl Length {
    /// Time that light takes through so much fibre: 4.9 us/km, which is 4.9 ps/mm.
    #[must_use]
    pub fn propagation(self) -> Span {
        Span::from_ps(self.0).scaled(49, 10)
    }
}

const UNITS: [(&str, u64); 3] = [("km", 1_000_000), ("m", 1_000), ("mm", 1)];

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) = UNITS.into_iter().find(|(_, scale)| self.0 >= *scale).unwrap_or(UNITS[2]);
        write!(f, "{} {unit}", decimal(self.0, scale))
    }
}

impl FromStr for Length {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        let parse = || {
            let (digits, places, unit) = split_decimal(text)?;
            let (_, scale) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
            scaled(digits, places, u128::from(scale)).map(Self)
        };
        parse().ok_or_else(|| ParseQuantityError { text: text.to_owned(), what: "length", example: "20 km" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_takes_4_9_us_per_km() {
        assert_eq!("1 km".parse::<Length>().unwrap().propagation(), Span::from_ns(4_900));
        assert_eq!("100 m".parse::<Length>().unwrap().propagation(), Span::from_ns(490));
        assert_eq!("1.5 km".parse::<Length>().unwrap().to_string(), "1.5 km");
        assert!("5 miles".parse::<Length>().is_err());
    }
}
