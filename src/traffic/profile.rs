//! Rates that change over the day, by stretching the time between packets.

use crate::network::Profile;
use crate::units::Span;

const HOUR: Span = Span::from_s(3_600);

/// The time that passes from scenario time `from` until an interval drawn at the full rate is used up, when in each
/// hour it is used up at that hour's per cent; `None` beyond the clock.
#[must_use]
pub fn stretched(profile: &Profile, from: Span, interval: Span) -> Option<Span> {
    // In hundredths of picoseconds at the full rate.
    let mut left = u128::from(interval.as_ps()) * 100;
    let mut at = from.as_ps();
    loop {
        let hour = at / HOUR.as_ps();
        let percent = u128::from(profile.percent[usize::try_from(hour % 24).expect("an hour of the day")]);
        let next_hour = (hour + 1).checked_mul(HOUR.as_ps())?;
        let in_hour = u128::from(next_hour - at) * percent;
        if in_hour >= left && percent > 0 {
            let rest = u64::try_from(left.div_ceil(percent)).ok()?;
            return at.checked_add(rest).map(|until| Span::from_ps(until - from.as_ps()));
        }
        left -= in_hour;
        at = next_hour;
    }
}

/// The part of the full rate at scenario time `at`, in per cent.
#[must_use]
pub fn percent(profile: &Profile, at: Span) -> u32 {
    profile.percent[usize::try_from(at.as_ps() / HOUR.as_ps() % 24).expect("an hour of the day")]
}

/// The time at the full rate that is used up from scenario time `from` on in `span`: the other way round.
#[must_use]
pub fn used(profile: &Profile, from: Span, span: Span) -> Span {
    let end = from.as_ps().saturating_add(span.as_ps());
    let (mut at, mut used) = (from.as_ps(), 0u128);
    while at < end {
        let hour = at / HOUR.as_ps();
        let until = (hour + 1).saturating_mul(HOUR.as_ps()).min(end);
        let percent = profile.percent[usize::try_from(hour % 24).expect("an hour of the day")];
        used += u128::from(until - at) * u128::from(percent);
        at = until;
    }
    Span::from_ps(u64::try_from(used / 100).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hour_carries_its_share() {
        let mut percent = [100; 24];
        (percent[1], percent[2], percent[3]) = (50, 0, 200);
        let profile = Profile { percent };
        let stretch = |from, interval| stretched(&profile, Span::from_s(from), Span::from_s(interval)).unwrap();
        assert_eq!(stretch(0, 3_600), Span::from_s(3_600));
        assert_eq!(stretch(0, 3_700), Span::from_s(3_800));
        assert_eq!(used(&profile, Span::ZERO, Span::from_s(3_800)), Span::from_s(3_700));
        // 1800 s of hour 1, nothing in hour 2, and 100 s at twice the rate.
        assert_eq!(stretch(3_600, 1_900), Span::from_s(3_600 + 3_600 + 50));
        // The next day is like this one: 21 hours, and 2.5 in the next three hours.
        assert_eq!(stretch(3 * 3_600, 3_600 * 22 + 1_800), Span::from_s(21 * 3_600 + 1_800));
    }
}
