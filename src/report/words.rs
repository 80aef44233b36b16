//! Numbers as words for people: exact integers rounded to what can be read, in one fixed way.

use crate::units::{CalendarSpan, Share, Span};

/// 1234567 as "1,234,567".
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "1 packet", "2 packets"; only for nouns with a plural in s.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// "a", "a and b", "a, b and c".
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

const SPAN_UNITS: [(&str, u64); 5] =
    [("s", 1_000_000_000_000), ("ms", 1_000_000_000), ("us", 1_000_000), ("ns", 1_000), ("ps", 1)];

fn span_unit(span: Span) -> (&'static str, u64) {
    SPAN_UNITS.into_iter().find(|(_, scale)| span.as_ps() >= *scale).unwrap_or(SPAN_UNITS[0])
}

/// Three significant digits: "45.2 ms", "1.02 ms", "0 s". Whole seconds from 100 on.
pub fn span(span: Span) -> String {
    let (unit, scale) = span_unit(span);
    format!("{} {unit}", significant(span.as_ps(), scale))
}

/// Several spans in the unit of the largest: "18.0 / 112 / 131 ms".
pub fn spans(spans: &[Span]) -> String {
    let (unit, scale) = span_unit(spans.iter().copied().max().unwrap_or(Span::ZERO));
    let numbers: Vec<String> = spans.iter().map(|span| significant(span.as_ps(), scale)).collect();
    format!("{} {unit}", numbers.join(" / "))
}

/// Seconds to the millisecond, without trailing zeros: "259.2 s", "2,591,850 s".
pub fn calendar(span: CalendarSpan) -> String {
    let ms = (span.as_ns() + 500_000) / 1_000_000;
    format!("{} s", trimmed(ms, 3))
}

/// Seconds to the millisecond, without trailing zeros.
pub fn seconds(span: Span) -> String {
    calendar(span.to_calendar())
}

/// Percent rounded down to four decimals, so that 100% means all; a trace is said to be one.
pub fn percent(share: Share) -> String {
    let steps = share.as_ppb() / 1_000;
    if steps == 0 && share != Share::ZERO {
        return "under 0.0001%".to_owned();
    }
    format!("{}%", trimmed(steps, 4))
}

/// Percent with one decimal, rounded.
pub fn round_percent(share: Share) -> String {
    let tenths = (share.as_ppb() + 500_000) / 1_000_000;
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// Bits per second with three significant digits: "150 Mbps".
pub fn rate(bits_per_second: u64) -> String {
    const UNITS: [(&str, u64); 5] =
        [("Tbps", 1_000_000_000_000), ("Gbps", 1_000_000_000), ("Mbps", 1_000_000), ("kbps", 1_000), ("bps", 1)];
    let (unit, scale) = UNITS.into_iter().find(|(_, scale)| bits_per_second >= *scale).unwrap_or(UNITS[4]);
    format!("{} {unit}", significant(bits_per_second, scale))
}

/// `value / scale` with three significant digits and at most three decimals; whole when the scale is 1 or value 0.
fn significant(value: u64, scale: u64) -> String {
    if scale == 1 || value == 0 {
        return count(value);
    }
    let whole = value / scale;
    let places = match whole {
        0 => 3,
        1..10 => 2,
        10..100 => 1,
        _ => 0,
    };
    let power = 10u64.pow(places);
    let rounded = (u128::from(value) * u128::from(power) + u128::from(scale) / 2) / u128::from(scale);
    let rounded = u64::try_from(rounded).unwrap_or(u64::MAX);
    // 9.996 becomes "10.0", not "10.00": rounding may have added a digit.
    let (rounded, places) =
        if places > 0 && places < 3 && rounded >= 1_000 { (rounded / 10, places - 1) } else { (rounded, places) };
    fixed(rounded, places)
}

/// `value / 10^places` with all its places.
fn fixed(value: u64, places: u32) -> String {
    if places == 0 {
        return count(value);
    }
    let power = 10u64.pow(places);
    format!("{}.{:0width$}", count(value / power), value % power, width = places as usize)
}

/// `value / 10^places` without trailing zeros.
fn trimmed(value: u64, places: u32) -> String {
    let text = fixed(value, places);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `value / scale` exactly, for files: no separators, no trailing zeros. `scale` is a power of ten.
pub fn exact(value: u64, scale: u64) -> String {
    let (whole, rest) = (value / scale, value % scale);
    if rest == 0 {
        return whole.to_string();
    }
    let width = scale.ilog10() as usize;
    format!("{whole}.{}", format!("{rest:0width$}").trim_end_matches('0'))
}

/// A failure kind or drop cause for people: "fibre_cut" and "fibre-cut" are a "fibre cut".
pub fn plain(word: &str) -> String {
    if word == "red" {
        return "early drop (RED)".to_owned();
    }
    let parts: Vec<&str> = word
        .split(['_', '-'])
        .map(|part| ABBREVIATIONS.iter().find(|(low, _)| *low == part).map_or(part, |(_, written)| written))
        .collect();
    parts.join(" ")
}

/// Abbreviations as the trade writes them.
const ABBREVIATIONS: [(&str, &str); 9] = [
    ("macsec", "MACsec"),
    ("mka", "MKA"),
    ("mkpdu", "MKPDU"),
    ("sa", "SA"),
    ("icv", "ICV"),
    ("fcs", "FCS"),
    ("ttl", "TTL"),
    ("bgp", "BGP"),
    ("cpu", "CPU"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_are_written_as_the_trade_writes_them() {
        assert_eq!(plain("macsec-no-sa"), "MACsec no SA");
        assert_eq!(plain("corrupted-fcs"), "corrupted FCS");
        assert_eq!(plain("silent_cut"), "silent cut");
    }

    #[test]
    fn numbers_are_readable_and_plurals_right() {
        assert_eq!(["0", "999", "1,000", "20,134,221"], [0, 999, 1_000, 20_134_221].map(count));
        assert_eq!((counted(1, "packet"), counted(0, "packet")), ("1 packet".into(), "0 packets".into()));
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }

    #[test]
    fn spans_keep_three_digits() {
        let texts = [0, 20, 1_500, 999_900_000, 1_024_000_000, 45_150_000_000, 9_999_000_000_000, 121_000_000_000_000];
        let expected = ["0 s", "20 ps", "1.50 ns", "1,000 us", "1.02 ms", "45.2 ms", "10.0 s", "121 s"];
        assert_eq!(texts.map(|ps| span(Span::from_ps(ps))), expected);
        assert_eq!(spans(&[Span::from_us(300), Span::from_ms(18), Span::from_ms(131)]), "0.300 / 18.0 / 131 ms");
    }

    #[test]
    fn a_hundred_percent_means_all() {
        assert_eq!(percent(Share::ONE), "100%");
        assert_eq!(percent(Share::from_ppb(999_999_999)), "99.9999%");
        assert_eq!(percent(Share::from_ppb(1)), "under 0.0001%");
        assert_eq!(percent(Share::ZERO), "0%");
        assert_eq!(round_percent(Share::from_ppb(300_600_000)), "30.1%");
    }

    #[test]
    fn calendar_seconds_and_rates() {
        assert_eq!(calendar(CalendarSpan::from_ns(259_200_000_000)), "259.2 s");
        assert_eq!(calendar(CalendarSpan::from_days(30)), "2,592,000 s");
        assert_eq!(seconds(Span::ZERO), "0 s");
        assert_eq!(rate(150_400_000), "150 Mbps");
        assert_eq!(rate(1_234_000_000), "1.23 Gbps");
        assert_eq!(exact(31_247_120, 1_000_000), "31.24712");
    }
}
