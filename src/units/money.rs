//! Prices, and what is owed.

use std::fmt;
use std::str::FromStr;

use super::{CalendarSpan, ParseQuantityError, Share, decimal, scaled, split_decimal};

const MILLIONTHS: u64 = 1_000_000;

/// A price: so much of a currency for each hour, or for each SLA period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    amount: u64,
    currency: String,
    per: Per,
}

/// What a price is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Per {
    Hour,
    Period,
}

/// An amount of some currency, in millionths of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// Millionths of the currency's unit.
    pub millionths: u64,
    /// As written, such as "USD".
    pub currency: String,
}

impl Price {
    /// `share` of what a period of this length costs, rounded down to millionths.
    #[must_use]
    pub fn part(&self, period: CalendarSpan, share: Share) -> Money {
        const HOUR: u128 = 3_600_000_000_000;
        let cost = match self.per {
            Per::Hour => u128::from(self.amount) * u128::from(period.as_ns()) / HOUR,
            Per::Period => u128::from(self.amount),
        };
        let part = cost * u128::from(share.as_ppb()) / u128::from(Share::ONE.as_ppb());
        Money { millionths: u64::try_from(part).unwrap_or(u64::MAX), currency: self.currency.clone() }
    }
}

impl Money {
    /// For reports only.
    #[must_use]
    pub fn as_units(&self) -> f64 {
        self.millionths as f64 / MILLIONTHS as f64
    }
}

impl fmt::Display for Money {
    /// Rounded to hundredths: "2219.40 USD".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = (self.millionths + 5_000) / 10_000;
        write!(f, "{}.{:02} {}", cents / 100, cents % 100, self.currency)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = match self.per {
            Per::Hour => "h",
            Per::Period => "period",
        };
        write!(f, "{} {}/{per}", decimal(self.amount, MILLIONTHS), self.currency)
    }
}

impl FromStr for Price {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        let parse = || {
            let (amount, per) = text.rsplit_once('/')?;
            let per = match per.trim() {
                "h" => Per::Hour,
                "period" => Per::Period,
                _ => return None,
            };
            let (digits, places, currency) = split_decimal(amount)?;
            let is_code = currency.len() == 3 && currency.bytes().all(|letter| letter.is_ascii_uppercase());
            let amount = scaled(digits, places, u128::from(MILLIONTHS))?;
            is_code.then(|| Self { amount, currency: currency.to_owned(), per })
        };
        parse().ok_or_else(|| ParseQuantityError { text: text.to_owned(), what: "price", example: "12.33 USD/h" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_survive_printing_and_parsing() {
        for text in ["12.33 USD/h", "9000 EUR/period"] {
            assert_eq!(text.parse::<Price>().unwrap().to_string(), text);
        }
        for wrong in ["12.33", "12.33 USD", "12.33 USD/day", "USD/h", "12.33 dollars/h", "0.0000001 USD/h", "-1 USD/h"]
        {
            assert_eq!(wrong.parse::<Price>().unwrap_err().what, "price", "{wrong}");
        }
    }

    #[test]
    fn a_part_of_a_price_is_that_of_the_whole_period() {
        // 12.33 x 720 h = 8877.60; a quarter is 2219.40.
        let hourly: Price = "12.33 USD/h".parse().unwrap();
        let quarter = Share::from_ppb(250_000_000);
        assert_eq!(hourly.part(CalendarSpan::from_days(30), quarter).to_string(), "2219.40 USD");
        let flat: Price = "9000 EUR/period".parse().unwrap();
        assert_eq!(flat.part(CalendarSpan::from_days(28), quarter).to_string(), "2250.00 EUR");
    }
}
