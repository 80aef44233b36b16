//! Quantities with their units in the type, and the text forms people write in scenarios.
//!
//! ```text
//! "400 Gbps" -> Rate      "15 us" -> Span      "1500 B" -> Bytes      "99.99%" -> Share
//! ```

mod community;
mod date;
mod error_rate;
mod hours;
mod length;
mod money;
mod quantity;
mod time;
mod traffic_class;

pub use community::Community;
pub use date::Date;
pub use error_rate::BitErrorRate;
pub use hours::Hours;
pub use length::Length;
pub use money::{Money, Price};
pub use quantity::{Bytes, Rate, Share};
pub use time::{CalendarSpan, Span, Time};
pub use traffic_class::{Ecn, TrafficClass};

/// Why a text is not a quantity: what was expected, with an example to copy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}; write for example \"{example}\"")]
pub struct ParseQuantityError {
    /// The text as written.
    pub text: String,
    /// The kind of quantity expected, such as "rate".
    pub what: &'static str,
    /// A valid text of that kind.
    pub example: &'static str,
}

/// Splits "12.5 Gbps" into the decimal's digits as an integer, its power of ten (at most 0), and the unit.
fn split_decimal(text: &str) -> Option<(u128, u32, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: String = number.chars().filter(|c| *c != '_').collect();
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    if whole.is_empty() || fraction.contains('.') || (number.contains('.') && fraction.is_empty()) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    if digits.len() > 30 {
        return None;
    }
    let places = u32::try_from(fraction.len()).ok()?;
    Some((digits.parse().ok()?, places, unit.trim()))
}

/// `digits x 10^-places x scale`, only when the result is a whole number that fits in 64 bits.
fn scaled(digits: u128, places: u32, scale: u128) -> Option<u64> {
    let divisor = 10u128.checked_pow(places)?;
    let product = digits.checked_mul(scale)?;
    (product % divisor == 0).then(|| u64::try_from(product / divisor).ok()).flatten()
}

/// Prints `value / scale` exactly, without trailing zeros ("1.5", "0.25", "12").
fn decimal(value: u64, scale: u64) -> String {
    let whole = value / scale;
    let rest = value % scale;
    if rest == 0 {
        return whole.to_string();
    }
    let width = scale.ilog10() as usize;
    let fraction = format!("{rest:0width$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}
