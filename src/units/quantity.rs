//! Sizes, rates and shares.

use std::fmt;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use super::{ParseQuantityError, Span, decimal, scaled, split_decimal};

/// A size in bytes (octets).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// A rate in bits per second, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u64);

/// A share of a whole in parts per billion: 100% is 1,000,000,000, so "99.99%" is exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Share(u64);

impl Rate {
    /// A rate of so many bits per second; `None` for zero.
    #[must_use]
    pub const fn from_bps(bits_per_second: u64) -> Option<Self> {
        if bits_per_second == 0 { None } else { Some(Self(bits_per_second)) }
    }

    /// A rate that was written in bytes per second, such as "150 MBps" or "150 MB/s".
    #[must_use]
    pub fn of_bytes_per_second(text: &str) -> Option<Self> {
        let bytes: Bytes = text.strip_suffix("ps").or_else(|| text.strip_suffix("/s"))?.parse().ok()?;
        Self::from_bps(bytes.0.checked_mul(8)?)
    }

    /// Bits per second.
    #[must_use]
    pub const fn as_bps(self) -> u64 {
        self.0
    }

    /// Time to send `bytes` at this rate: ceil(bits x 1e12 / rate) picoseconds.
    #[must_use]
    pub fn transmission_time(self, bytes: Bytes) -> Span {
        let bits_ps = u128::from(bytes.0) * 8_000_000_000_000;
        Span::from_ps(u64::try_from(bits_ps.div_ceil(u128::from(self.0))).unwrap_or(u64::MAX))
    }
}

impl Share {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The whole.
    pub const ONE: Self = Self(1_000_000_000);

    /// A share of so many parts per billion, held at the whole.
    #[must_use]
    pub const fn from_ppb(parts: u64) -> Self {
        if parts > Self::ONE.0 { Self::ONE } else { Self(parts) }
    }

    /// `part / whole`, rounded down to parts per billion; nothing of nothing is nothing.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Self {
        if whole == 0 {
            return Self::ZERO;
        }
        let parts = u128::from(part) * u128::from(Self::ONE.0) / u128::from(whole);
        Self::from_ppb(u64::try_from(parts).unwrap_or(u64::MAX))
    }

    /// Parts per billion.
    #[must_use]
    pub const fn as_ppb(self) -> u64 {
        self.0
    }

    /// The rest of the whole.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self(Self::ONE.0 - self.0)
    }

    /// Percent, for reports only.
    #[must_use]
    pub fn as_percent(self) -> f64 {
        self.0 as f64 / 1e7
    }
}

impl Add for Bytes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

const RATE_UNITS: [(&str, u64); 5] =
    [("Tbps", 1_000_000_000_000), ("Gbps", 1_000_000_000), ("Mbps", 1_000_000), ("kbps", 1_000), ("bps", 1)];
const BYTE_UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) = RATE_UNITS.into_iter().find(|(_, scale)| self.0 >= *scale).unwrap_or(RATE_UNITS[4]);
        write!(f, "{} {unit}", decimal(self.0, scale))
    }
}

impl FromStr for Rate {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        parse_with(text, &RATE_UNITS).and_then(Self::from_bps).ok_or_else(|| ParseQuantityError {
            text: text.to_owned(),
            what: "rate",
            example: "400 Gbps",
        })
    }
}

impl fmt::Display for Bytes {
    /// Exact, in the largest unit that divides the size: "4 MiB", "1500 B".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |scale: u64| self.0 >= scale && self.0.is_multiple_of(scale);
        let (unit, scale) = BYTE_UNITS.into_iter().find(|(_, scale)| fits(*scale)).unwrap_or(BYTE_UNITS[6]);
        write!(f, "{} {unit}", self.0 / scale)
    }
}

impl FromStr for Bytes {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        parse_with(text, &BYTE_UNITS).map(Self).ok_or_else(|| ParseQuantityError {
            text: text.to_owned(),
            what: "size",
            example: "1500 B",
        })
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", decimal(self.0, 10_000_000))
    }
}

impl FromStr for Share {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        parse_with(text, &[("%", 10_000_000)])
            .filter(|parts| *parts <= Self::ONE.0)
            .map(Self)
            .ok_or_else(|| ParseQuantityError { text: text.to_owned(), what: "percentage", example: "99.99%" })
    }
}

/// The number before one of `units`, times the unit's scale; `None` unless it is whole.
fn parse_with(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (digits, places, unit) = split_decimal(text)?;
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    scaled(digits, places, u128::from(*scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transmission_time_rounds_up_and_is_exact_at_400_gbps() {
        let rate: Rate = "400 Gbps".parse().unwrap();
        assert_eq!(rate.transmission_time(Bytes(1)), Span::from_ps(20));
        assert_eq!(rate.transmission_time(Bytes(1500)), Span::from_ns(30));
        let third: Rate = "3 bps".parse().unwrap();
        assert_eq!(third.transmission_time(Bytes(1)), Span::from_ps(2_666_666_666_667));
    }

    #[test]
    fn quantities_survive_printing_and_parsing() {
        for text in ["400 Gbps", "1.5 Mbps", "7 bps"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for text in ["1500 B", "4 MiB", "12 kB"] {
            assert_eq!(text.parse::<Bytes>().unwrap().to_string(), text);
        }
        assert_eq!("99.99%".parse::<Share>().unwrap().as_ppb(), 999_900_000);
        assert_eq!("99.99%".parse::<Share>().unwrap().to_string(), "99.99%");
    }

    #[test]
    fn wrong_quantities_say_what_to_write() {
        let error = "400 Gbpss".parse::<Rate>().unwrap_err().to_string();
        assert_eq!(error, "\"400 Gbpss\" is not a rate; write for example \"400 Gbps\"");
        assert!("0 bps".parse::<Rate>().is_err());
        assert!("101%".parse::<Share>().is_err());
        assert!("0.5 B".parse::<Bytes>().is_err());
    }
}
