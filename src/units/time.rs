//! Simulated time: picoseconds for packets, nanoseconds for months and years.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use super::{ParseQuantityError, Share, decimal};

const PS_PER_S: u64 = 1_000_000_000_000;

/// A point in simulated time, in picoseconds since the simulation began (213 days at most).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// A length of simulated time, in picoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

/// A length of calendar time (months, years), in nanoseconds. Not mixable with [`Span`] by accident.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarSpan(u64);

impl Time {
    /// The instant at which the simulation begins.
    pub const ZERO: Self = Self(0);
    /// Later than every instant a run can reach.
    pub const MAX: Self = Self(u64::MAX);

    /// The instant `picoseconds` after the beginning.
    #[must_use]
    pub const fn from_ps(picoseconds: u64) -> Self {
        Self(picoseconds)
    }

    /// Picoseconds since the beginning.
    #[must_use]
    pub const fn as_ps(self) -> u64 {
        self.0
    }

    /// Time since `earlier`, or zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Seconds since the beginning, for reports only.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        Span(self.0).as_seconds()
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than every run.
    pub const MAX: Self = Self(u64::MAX);

    /// A span of so many picoseconds.
    #[must_use]
    pub const fn from_ps(picoseconds: u64) -> Self {
        Self(picoseconds)
    }

    /// A span of so many nanoseconds.
    #[must_use]
    pub const fn from_ns(nanoseconds: u64) -> Self {
        Self(nanoseconds * 1_000)
    }

    /// A span of so many microseconds.
    #[must_use]
    pub const fn from_us(microseconds: u64) -> Self {
        Self(microseconds * 1_000_000)
    }

    /// A span of so many milliseconds.
    #[must_use]
    pub const fn from_ms(milliseconds: u64) -> Self {
        Self(milliseconds * 1_000_000_000)
    }

    /// A span of so many seconds.
    #[must_use]
    pub const fn from_s(seconds: u64) -> Self {
        Self(seconds * PS_PER_S)
    }

    /// Picoseconds.
    #[must_use]
    pub const fn as_ps(self) -> u64 {
        self.0
    }

    /// Seconds, for reports only.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        // Exact for whole seconds: the integer part is converted apart from the rest.
        (self.0 / PS_PER_S) as f64 + (self.0 % PS_PER_S) as f64 / PS_PER_S as f64
    }

    /// `self x factor`, held at the largest span.
    #[must_use]
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// `self x numerator / denominator`, rounded down.
    #[must_use]
    pub fn scaled(self, numerator: u64, denominator: u64) -> Self {
        let product = u128::from(self.0) * u128::from(numerator) / u128::from(denominator);
        Self(u64::try_from(product).unwrap_or(u64::MAX))
    }

    /// `self - other`, or zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `self + other`, or `None` beyond the clock.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The calendar length of this span, rounded down to nanoseconds.
    #[must_use]
    pub const fn to_calendar(self) -> CalendarSpan {
        CalendarSpan(self.0 / 1_000)
    }
}

impl CalendarSpan {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than everything that is counted: 584 years.
    pub const MAX: Self = Self(u64::MAX);

    /// A calendar span of so many nanoseconds.
    #[must_use]
    pub const fn from_ns(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// A calendar span of so many seconds.
    #[must_use]
    pub const fn from_s(seconds: u64) -> Self {
        Self(seconds * 1_000_000_000)
    }

    /// A calendar span of so many whole days of 24 hours.
    #[must_use]
    pub const fn from_days(days: u64) -> Self {
        Self(days * 86_400 * 1_000_000_000)
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn as_ns(self) -> u64 {
        self.0
    }

    /// `self - other`, or zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `share` of it, rounded down to nanoseconds.
    #[must_use]
    pub fn part(self, share: Share) -> Self {
        let part = u128::from(self.0) * u128::from(share.as_ppb()) / u128::from(Share::ONE.as_ppb());
        Self(u64::try_from(part).expect("a part of the whole"))
    }

    /// Seconds, for reports only.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        (self.0 / 1_000_000_000) as f64 + (self.0 % 1_000_000_000) as f64 / 1e9
    }
}

impl Add<Span> for Time {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub for Time {
    type Output = Span;
    /// Panics (our bug) when the result would be negative; use [`Time::since`] where that can be.
    fn sub(self, earlier: Self) -> Span {
        Span(self.0.checked_sub(earlier.0).expect("time runs forward"))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Add for CalendarSpan {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for CalendarSpan {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for CalendarSpan {
    type Output = Self;
    /// Panics (our bug) when the result would be negative; use [`CalendarSpan::saturating_sub`] where that can be.
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("time runs forward"))
    }
}

/// Units of a printed or written span with their picoseconds, largest first.
const UNITS: [(&str, u64); 5] = [("s", PS_PER_S), ("ms", 1_000_000_000), ("us", 1_000_000), ("ns", 1_000), ("ps", 1)];

impl fmt::Display for Span {
    /// Exact, in the largest unit not above the span: "1.5 s", "300 ms", "4.9 us".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) = UNITS.into_iter().find(|(_, scale)| self.0 >= *scale).unwrap_or(UNITS[0]);
        write!(f, "{} {unit}", decimal(self.0, scale))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

impl FromStr for Span {
    type Err = ParseQuantityError;

    /// One number with a unit from ps to weeks ("1.5 ms"), or several as in `humantime` ("1h 30m").
    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        let error = || ParseQuantityError { text: text.to_owned(), what: "duration", example: "300 ms" };
        if let Some((digits, places, unit)) = super::split_decimal(text)
            && let Some((_, scale)) = UNITS.into_iter().find(|(name, _)| *name == unit)
        {
            return super::scaled(digits, places, u128::from(scale)).map(Self).ok_or_else(error);
        }
        let duration = humantime::parse_duration(text).map_err(|_| error())?;
        let picoseconds = duration.as_nanos().checked_mul(1_000).ok_or_else(error)?;
        u64::try_from(picoseconds).map(Self).map_err(|_| error())
    }
}

impl fmt::Display for CalendarSpan {
    /// Days when whole, otherwise seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = Self::from_days(1).0;
        if self.0 >= day && self.0.is_multiple_of(day) {
            let days = self.0 / day;
            write!(f, "{days} {}", if days == 1 { "day" } else { "days" })
        } else {
            write!(f, "{} s", decimal(self.0, 1_000_000_000))
        }
    }
}

impl FromStr for CalendarSpan {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        let error = || ParseQuantityError { text: text.to_owned(), what: "calendar span", example: "30 days" };
        let duration = humantime::parse_duration(text).map_err(|_| error())?;
        u64::try_from(duration.as_nanos()).map(Self).map_err(|_| error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_survive_printing_and_parsing() {
        for ps in [0, 1, 20, 4_900_000, 300_000_000_000, 1_500_000_000_000, 86_400 * PS_PER_S] {
            let span = Span::from_ps(ps);
            assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        }
        assert_eq!("1h 30m".parse::<Span>().unwrap(), Span::from_s(5_400));
        assert_eq!("0.5 ps".parse::<Span>().unwrap_err().what, "duration");
        assert!("300".parse::<Span>().is_err());
    }

    #[test]
    fn calendar_spans_print_days() {
        assert_eq!("30 days".parse::<CalendarSpan>().unwrap().to_string(), "30 days");
        assert_eq!("24 h".parse::<CalendarSpan>().unwrap().to_string(), "1 day");
        assert_eq!(CalendarSpan::from_ns(259_200_000_000).to_string(), "259.2 s");
    }
}
