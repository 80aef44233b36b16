//! Days of the Gregorian calendar, for periods that are calendar months.

use std::fmt;
use std::str::FromStr;

use super::{CalendarSpan, ParseQuantityError};

/// A day, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u32);

/// Last year of the calendar here; later than 584 years of nanoseconds reach from today.
const LAST_YEAR: u32 = 2999;

impl Date {
    /// The day of a year from 1970 to 2999, month and day counted from 1; `None` when there is no such day.
    #[must_use]
    pub fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        let known = (1970..=LAST_YEAR).contains(&year) && (1..=12).contains(&month) && day >= 1;
        (known && day <= days_of_month(year, month)).then(|| Self(days_before(year, month) + day - 1))
    }

    /// Year, month and day, the latter two counted from 1.
    #[must_use]
    pub fn parts(self) -> (u32, u32, u32) {
        let mut year = 1970 + self.0 / 366;
        while days_before(year + 1, 1) <= self.0 {
            year += 1;
        }
        let month = (1..=12).rev().find(|month| days_before(year, *month) <= self.0).unwrap_or(1);
        (year, month, self.0 - days_before(year, month) + 1)
    }

    /// The first day of the month that follows.
    #[must_use]
    pub fn next_month(self) -> Self {
        let (year, month, _) = self.parts();
        Self(days_before(year, month) + days_of_month(year, month))
    }

    /// The day in which the instant lies that is so long after this day's midnight.
    #[must_use]
    pub fn after(self, span: CalendarSpan) -> Self {
        let days = span.as_ns() / CalendarSpan::from_days(1).as_ns();
        Self(self.0.saturating_add(u32::try_from(days).unwrap_or(u32::MAX)))
    }

    /// From midnight of an earlier day to midnight of this one; zero when it is no earlier one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> CalendarSpan {
        CalendarSpan::from_days(self.0.saturating_sub(earlier.0) as u64)
    }
}

const fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_of_month(year: u32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the first of a month.
fn days_before(year: u32, month: u32) -> u32 {
    // Leap years up to a year's end, 1970 being far from any irregularity before it.
    let leaps = |year: u32| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    years + (1..month).map(|month| days_of_month(year, month)).sum::<u32>()
}

impl fmt::Display for Date {
    /// "2026-11-01" (ISO 8601).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Date {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        let parts: Vec<Option<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
        let date = match parts.as_slice() {
            [Some(year), Some(month), Some(day)] => Self::new(*year, *month, *day),
            _ => None,
        };
        date.ok_or_else(|| ParseQuantityError { text: text.to_owned(), what: "date", example: "2026-11-01" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_survive_printing_and_parsing_and_count_the_days_of_unix_time() {
        // date -u -d 2026-11-01 +%s is 1793491200, which is 20758 days; 2000-02-29 is day 11016.
        for (text, days) in [("1970-01-01", 0), ("2000-02-29", 11_016), ("2026-11-01", 20_758), ("2026-12-31", 20_818)]
        {
            let date: Date = text.parse().unwrap();
            assert_eq!((date, date.to_string().as_str()), (Date(days), text));
        }
        for wrong in
            ["2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "1969-12-31", "2026-1", "soon", "3000-01-01"]
        {
            assert_eq!(wrong.parse::<Date>().unwrap_err().what, "date", "{wrong}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_is_the_one_after_the_last() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..146_097 {
            assert_eq!(Date(days).parts(), (year, month, day));
            day += 1;
            if day > days_of_month(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        // The Gregorian calendar repeats after 400 years of 146,097 days.
        assert_eq!((year, month, day), (2370, 1, 1));
    }

    #[test]
    fn months_follow_one_another() {
        let mut date: Date = "2027-12-15".parse().unwrap();
        let mut lengths = Vec::new();
        for _ in 0..4 {
            let next = date.next_month();
            lengths.push(next.since(date).as_ns() / 86_400_000_000_000);
            date = next;
        }
        // The rest of December, January, the leap February of 2028, March.
        assert_eq!(lengths, [17, 31, 29, 31]);
    }
}
