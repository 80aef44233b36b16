//! Mean times of reliability data: hours, often more of them than a calendar holds.

use std::fmt;
use std::str::FromStr;

use super::{CalendarSpan, ParseQuantityError};

/// A mean time in hours, above zero. Laws are drawn around it, so it may exceed the 584 years that
/// [`CalendarSpan`] can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Hours(f64);

/// Nanoseconds of an hour.
const NS: f64 = 3.6e12;

impl Hours {
    /// So many hours; `None` unless finite and above zero.
    #[must_use]
    pub fn new(hours: f64) -> Option<Self> {
        (hours.is_finite() && hours > 0.0).then_some(Self(hours))
    }

    /// Hours.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Nanoseconds.
    #[must_use]
    pub fn as_ns(self) -> f64 {
        self.0 * NS
    }

    /// The same time by the calendar, to the nearest nanosecond, the longest that there is when it is longer.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
    pub fn to_calendar(self) -> CalendarSpan {
        CalendarSpan::from_ns(libm::round(self.as_ns()) as u64)
    }

    /// Times a factor above zero.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self(self.0 * factor)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} h", self.0)
    }
}

impl FromStr for Hours {
    type Err = ParseQuantityError;

    /// As `humantime` reads it: "100000 h", "75 min", "1d 12h".
    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        let error = || ParseQuantityError { text: text.to_owned(), what: "mean time", example: "100000 h" };
        let duration = humantime::parse_duration(text).map_err(|_| error())?;
        let seconds = duration.as_secs() as f64 + f64::from(duration.subsec_nanos()) / 1e9;
        Self::new(seconds / 3_600.0).ok_or_else(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_times_may_be_longer_than_calendars() {
        let hours: Hours = "6422000 h".parse().expect("hours");
        assert_eq!(hours.to_string(), "6422000 h");
        assert_eq!(hours.to_calendar(), CalendarSpan::from_ns(u64::MAX));
        assert_eq!("75 min".parse::<Hours>().expect("minutes").to_calendar(), CalendarSpan::from_ns(4_500_000_000_000));
        for wrong in ["0 s", "4", "soon"] {
            assert_eq!(wrong.parse::<Hours>().expect_err(wrong).what, "mean time");
        }
    }
}
