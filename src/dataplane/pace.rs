//! Transmission times at one rate, quickly.

use crate::units::{Bytes, Rate, Span};

/// Turns sizes into transmission times: ceil(bits x 1e12 / rate) picoseconds, exact like [`Rate::transmission_time`]
/// but without a division where a byte takes a whole number of picoseconds.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    rate: Rate,
    /// Zero where a byte does not take a whole number.
    whole_ps_per_byte: u64,
}

const PS_BITS_PER_BYTE: u64 = 8_000_000_000_000;

impl Pace {
    /// The pace of a rate.
    #[must_use]
    pub const fn new(rate: Rate) -> Self {
        let bps = rate.as_bps();
        let whole = PS_BITS_PER_BYTE.is_multiple_of(bps);
        Self { rate, whole_ps_per_byte: if whole { PS_BITS_PER_BYTE / bps } else { 0 } }
    }

    /// The rate.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// Time to send so many bytes.
    #[must_use]
    #[inline]
    pub fn time(&self, bytes: u64) -> Span {
        match self.whole_ps_per_byte {
            0 => self.divided(bytes),
            ps => Span::from_ps(ps * bytes),
        }
    }

    #[cold]
    fn divided(&self, bytes: u64) -> Span {
        self.rate.transmission_time(Bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_way_equals_the_definition() {
        for bps in [1, 3, 7_000, 500_000_000, 10_000_000_000, 100_000_000_000, 400_000_000_000, 333_333_333_333] {
            let rate = Rate::from_bps(bps).unwrap();
            for bytes in [0, 1, 64, 84, 1_500, 9_018, 1_000_000] {
                assert_eq!(Pace::new(rate).time(bytes), rate.transmission_time(Bytes(bytes)));
            }
        }
    }
}
