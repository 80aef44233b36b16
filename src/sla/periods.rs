//! SLA periods and what each is charged, promised and owed.

use super::hysteresis::Run;
use crate::network::{Period, SlaRule};
use crate::units::{CalendarSpan, Share};

/// One SLA period under one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodVerdict {
    /// Its begin.
    pub from: CalendarSpan,
    /// Its end.
    pub to: CalendarSpan,
    /// Charged time in its observed part.
    pub charged: CalendarSpan,
    /// Charge for the part that was not observed, at the last observed state.
    pub charged_rest: CalendarSpan,
    /// Unavailable time that the promise allows: length x (1 - target).
    pub budget: CalendarSpan,
    /// Share of its charge that comes back.
    pub credit: Share,
}

impl PeriodVerdict {
    /// All that is held against the budget.
    #[must_use]
    pub fn charged_in_all(&self) -> CalendarSpan {
        self.charged + self.charged_rest
    }

    /// Its length.
    #[must_use]
    pub fn length(&self) -> CalendarSpan {
        self.to - self.from
    }

    /// Share of the period that is not charged, rounded down; for showing, since the tests compare times.
    #[must_use]
    pub fn uptime(&self) -> Share {
        Share::of((self.length().saturating_sub(self.charged_in_all())).as_ns(), self.length().as_ns())
    }

    /// What is left of the budget.
    #[must_use]
    pub fn left(&self) -> CalendarSpan {
        self.budget.saturating_sub(self.charged_in_all())
    }

    /// Whether the promise was kept: a charge equal to the budget keeps it.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.charged_in_all() <= self.budget
    }
}

/// The periods that `observed` touches, at least one, nothing charged yet.
pub(super) fn periods(rule: &SlaRule, observed: CalendarSpan) -> Vec<PeriodVerdict> {
    let mut periods = Vec::new();
    let mut from = CalendarSpan::ZERO;
    for to in ends(rule.period) {
        periods.push(PeriodVerdict {
            from,
            to,
            charged: CalendarSpan::ZERO,
            charged_rest: CalendarSpan::ZERO,
            budget: (to - from).part(rule.target.complement()),
            credit: Share::ZERO,
        });
        if to >= observed {
            break;
        }
        from = to;
    }
    periods
}

/// When each period ends, in order and without end.
fn ends(period: Period) -> impl Iterator<Item = CalendarSpan> {
    let (mut at, mut month) = (CalendarSpan::ZERO, None);
    std::iter::repeat_with(move || {
        at = match period {
            Period::Rolling(length) => at + length,
            Period::Months(epoch) => {
                let next = month.unwrap_or(epoch).next_month();
                month = Some(next);
                next.since(epoch)
            }
        };
        at
    })
}

/// Charges a run: each period with its own part, before and after the end of what was observed. Runs come in order;
/// `periods` begins with the first that may be touched.
pub(super) fn charge(mut periods: &mut [PeriodVerdict], run: Run, observed: CalendarSpan) -> &mut [PeriodVerdict] {
    while let Some(first) = periods.first_mut() {
        let (from, to) = (run.from.max(first.from), run.to.min(first.to));
        if from < to {
            first.charged += to.min(observed).saturating_sub(from);
            first.charged_rest += to.saturating_sub(from.max(observed));
        }
        if run.to <= first.to {
            return periods;
        }
        periods = &mut std::mem::take(&mut periods)[1..];
    }
    periods
}

/// Sets the credits by the rule's tiers: of those that the uptime falls below, the greatest.
pub(super) fn credit(rule: &SlaRule, periods: &mut [PeriodVerdict]) {
    for period in periods {
        // Uptime below a tier is time charged above what the tier leaves: exact, without rounding to a share.
        let is_below = |tier: Share| period.charged_in_all() > period.length().part(tier.complement());
        let reached = rule.credits.iter().filter(|tier| is_below(tier.below));
        period.credit = reached.map(|tier| tier.credit).max().unwrap_or(Share::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(epoch: &str, observed_days: u64) -> Vec<u64> {
        let rule = SlaRule { period: Period::Months(epoch.parse().unwrap()), ..SlaRule::default() };
        let days = |span: CalendarSpan| span.as_ns() / 86_400_000_000_000;
        periods(&rule, CalendarSpan::from_days(observed_days)).iter().map(|period| days(period.length())).collect()
    }

    #[test]
    fn months_are_those_of_the_calendar_and_the_first_is_what_is_left_of_it() {
        assert_eq!(months("2027-12-01", 100), [31, 31, 29, 31]);
        assert_eq!(months("2027-12-20", 13), [12, 31]);
        assert_eq!(months("2027-12-20", 12), [12]);
    }

    #[test]
    fn budgets_of_months_differ_with_their_days() {
        let rule = SlaRule { period: Period::Months("2027-01-01".parse().unwrap()), ..SlaRule::default() };
        let budgets: Vec<String> =
            periods(&rule, CalendarSpan::from_days(120)).iter().map(|period| period.budget.to_string()).collect();
        // 31, 28, 31 and 30 days x 86400 s x 0.0001.
        assert_eq!(budgets, ["267.84 s", "241.92 s", "267.84 s", "259.2 s"]);
    }

    #[test]
    fn a_tier_is_reached_only_below_its_uptime() {
        let mut rule = SlaRule::aws_interconnect();
        rule.period = Period::Rolling(CalendarSpan::from_s(10_000));
        let credit_of = |charged_s: u64| {
            let mut all = periods(&rule, CalendarSpan::from_s(10_000));
            all[0].charged = CalendarSpan::from_s(charged_s);
            credit(&rule, &mut all);
            (all[0].credit.to_string(), all[0].is_kept())
        };
        // Of 10,000 s 99.99% leaves 1 s, 99% leaves 100 s, 95% leaves 500 s.
        let expected = [
            (0, "0%", true),
            (1, "0%", true),
            (2, "10%", false),
            (100, "10%", false),
            (101, "25%", false),
            (500, "25%", false),
            (501, "100%", false),
        ];
        for (charged, share, kept) in expected {
            assert_eq!(credit_of(charged), (share.to_owned(), kept), "{charged} s");
        }
    }
}
