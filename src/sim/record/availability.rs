//! Availability of a connection, rule by rule.

use crate::network::SlaRule;
use crate::sla::{Evaluation, Outage, PeriodVerdict, Ruling, worst};
use crate::units::{CalendarSpan, Price, Share};

/// Availability of one connection by one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityRecord {
    /// The rule.
    pub rule: SlaRule,
    /// Every unavailable run of what was observed, in order of time.
    pub runs: Vec<UnavailableRun>,
    /// Charged time within the run, over all periods.
    pub charged: CalendarSpan,
    /// One per SLA period, in order; at least one. The rest of the last one is charged at the steady state of the run's
    /// last instant: all of it when the connection ended unavailable, otherwise nothing.
    pub periods: Vec<PeriodVerdict>,
    /// Time with loss that the rule's test does not call unavailable.
    pub below_test: CalendarSpan,
    /// Availability over the run window only; shown, never judged.
    pub window: Share,
    /// What the connection costs.
    pub price: Option<Price>,
}

impl AvailabilityRecord {
    /// What a rule made of a connection, with no incident behind anything yet.
    #[must_use]
    pub fn new(rule: SlaRule, evaluation: Evaluation, price: Option<Price>) -> Self {
        let charged = evaluation.charged();
        let run = |outage: Outage| UnavailableRun {
            from: outage.from,
            to: outage.to,
            ruling: outage.ruling,
            charged: outage.charged,
            incidents: Vec::new(),
            responsible: Vec::new(),
            booked: Vec::new(),
        };
        Self {
            rule,
            runs: evaluation.outages.into_iter().map(run).collect(),
            charged,
            periods: evaluation.periods,
            below_test: evaluation.below_test,
            window: evaluation.window,
            price,
        }
    }

    /// The period with the least uptime: the one that decides.
    #[must_use]
    pub fn worst(&self) -> &PeriodVerdict {
        worst(&self.periods)
    }

    /// Everything charged against the budget of the worst SLA period: within the run and for the rest of the period.
    #[must_use]
    pub fn charged_in_period(&self) -> CalendarSpan {
        self.worst().charged_in_all()
    }
}

/// A time without a usable path, or with more loss than the rule allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnavailableRun {
    /// Its begin.
    pub from: CalendarSpan,
    /// Its end, or the run's.
    pub to: CalendarSpan,
    /// Whether it is charged, and if not, why not.
    pub ruling: Ruling,
    /// What is charged for it within the run, rounded as the rule says.
    pub charged: CalendarSpan,
    /// Names of the incidents behind it: all that touched the connection and began at one instant; none when nothing failed.
    pub incidents: Vec<String>,
    /// The parties that answer for them, each once.
    pub responsible: Vec<String>,
    /// The charge, shared alike by those of the incidents that the rule counts: name and part.
    pub booked: Vec<(String, CalendarSpan)>,
}
