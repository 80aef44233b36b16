//! A rule applied to what was observed of a connection.

use super::bins::Stretches;
use super::hysteresis::{Run, Runs};
use super::periods::{self, PeriodVerdict};
use super::{LossTimeline, Pieces};
use crate::network::{Exclusion, Rounding, SlaRule};
use crate::units::{CalendarSpan, Share};

/// What was seen of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// Losses of both directions, where 100% means that nothing can pass. What has one direction stands here twice.
    pub directions: [&'a LossTimeline; 2],
    /// What the rule does not count, in order of time, without overlap.
    pub exemptions: &'a [Exemption],
    /// How long was observed. What comes after it, up to the end of the period, goes on at the last state.
    pub observed: CalendarSpan,
}

/// Time that a rule counts as good whatever is lost in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exemption {
    /// Its begin.
    pub from: CalendarSpan,
    /// Its end.
    pub to: CalendarSpan,
    /// Why.
    pub why: Exempt,
}

/// Why lost time is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exempt {
    /// The rule excludes it.
    Excluded(Exclusion),
    /// The party responsible is not among those that the rule charges.
    OtherParty,
    /// The connection was not there for its customer: not available yet, or deleted.
    NotInService,
}

/// A time in which the connection was unavailable by the rule's test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// Its begin.
    pub from: CalendarSpan,
    /// Its end, or the end of what was observed.
    pub to: CalendarSpan,
    /// Whether it is charged.
    pub ruling: Ruling,
    /// What is charged for it within the observation, rounded as the rule says. All outages together are charged what the
    /// periods are.
    pub charged: CalendarSpan,
    /// Where what is charged begins: units may be touched before the outage, or be whole only later.
    pub charged_from: CalendarSpan,
}

/// Whether a time is charged, and if not, why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It is.
    Charged,
    /// It is shorter than the rule's minimum, or fills no whole unit.
    TooShort,
    /// The rule does not count it.
    Exempt(Exempt),
}

/// What a rule makes of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Every unavailable time, in order.
    pub outages: Vec<Outage>,
    /// One per SLA period, in order; the last may reach beyond what was observed.
    pub periods: Vec<PeriodVerdict>,
    /// Observed time with loss that the rule's test does not call unavailable.
    pub below_test: CalendarSpan,
    /// Share of the observed time that is not charged; for showing only, since a promise is made for a period.
    pub window: Share,
}

impl Evaluation {
    /// Charged within what was observed, in all periods.
    #[must_use]
    pub fn charged(&self) -> CalendarSpan {
        self.periods.iter().fold(CalendarSpan::ZERO, |sum, period| sum + period.charged)
    }

    /// The period with the least uptime, of equal ones the first.
    #[must_use]
    pub fn worst(&self) -> &PeriodVerdict {
        worst(&self.periods)
    }
}

/// The period with the least uptime, of equal ones the first.
#[must_use]
pub fn worst(periods: &[PeriodVerdict]) -> &PeriodVerdict {
    // Charge over length as a cross product: exact, whatever the lengths.
    let worse = |one: &PeriodVerdict, other: &PeriodVerdict| {
        let product = |charged: &PeriodVerdict, length: &PeriodVerdict| {
            u128::from(charged.charged_in_all().as_ns()) * u128::from(length.length().as_ns())
        };
        product(one, other) > product(other, one)
    };
    let (first, rest) = periods.split_first().expect("an evaluation has a period");
    rest.iter().fold(first, |worst, period| if worse(period, worst) { period } else { worst })
}

/// Judges a connection by a rule.
///
/// The length of a run decides whether it is charged, wherever it lies, and each period is charged with its own part of
/// it. A run that has not ended with the observation goes on to the end of the last period: its length is counted up to
/// there. Exempt time counts as time without loss, so it parts runs.
#[must_use]
pub fn evaluate(rule: &SlaRule, observation: &Observation<'_>) -> Evaluation {
    let observed = observation.observed;
    let mut periods = periods::periods(rule, observed);
    let until = periods.last().map_or(observed, |last| last.to);
    let runs = |exemptions| {
        let pieces = Pieces::new(observation.directions, exemptions, until);
        Runs::new(rule, Stretches::new(rule, pieces))
    };
    let mut outages = Vec::new();
    let mut ahead = periods.as_mut_slice();
    let mut charged_to = CalendarSpan::ZERO;
    for run in runs(observation.exemptions) {
        let charge = charge_of(rule, run).filter(|charge| charge.from < charge.to);
        let (mut charged, mut charged_from) = (CalendarSpan::ZERO, run.from);
        if let Some(Run { from, to }) = charge {
            // Two runs may touch one unit, which counts once.
            let once = Run { from: from.max(charged_to), to: to.max(charged_to) };
            ahead = periods::charge(ahead, once, observed);
            charged = once.to.min(observed).saturating_sub(once.from);
            charged_from = once.from;
            charged_to = charged_to.max(to);
        }
        let ruling = if charge.is_some() { Ruling::Charged } else { Ruling::TooShort };
        outages.extend(seen(run, observed).map(|Run { from, to }| Outage { from, to, ruling, charged, charged_from }));
    }
    if !observation.exemptions.is_empty() {
        let exempt: Vec<Outage> = runs(&[]).flat_map(|run| exempt_parts(run, observation)).collect();
        // A bin that is bad in spite of an exempt part counts whole, so only what no run holds is told as exempt.
        let parts = |outage: Outage| {
            let rest = gaps(Run { from: outage.from, to: outage.to }, &outages);
            rest.map(move |Run { from, to }| Outage { from, to, ..outage }).collect::<Vec<_>>()
        };
        let exempt: Vec<Outage> = exempt.into_iter().flat_map(parts).collect();
        outages.extend(exempt);
        outages.sort_by_key(|outage| outage.from);
    }
    periods::credit(rule, &mut periods);
    let charged = periods.iter().fold(CalendarSpan::ZERO, |sum, period| sum + period.charged);
    Evaluation {
        window: Share::of(charged.as_ns(), observed.as_ns()).complement(),
        below_test: below_test(rule, observation, &outages),
        outages,
        periods,
    }
}

/// What of a run is charged, if it is long enough.
fn charge_of(rule: &SlaRule, run: Run) -> Option<Run> {
    if run.to - run.from < rule.minimum_run {
        return None;
    }
    let down =
        |at: CalendarSpan, unit: CalendarSpan| at.saturating_sub(CalendarSpan::from_ns(at.as_ns() % unit.as_ns()));
    let up = |at: CalendarSpan, unit: CalendarSpan| CalendarSpan::from_ns(at.as_ns().next_multiple_of(unit.as_ns()));
    Some(match rule.rounding {
        Rounding::Exact => run,
        Rounding::Whole(unit) => Run { from: up(run.from, unit), to: down(run.to, unit) },
        Rounding::Touched(unit) => Run { from: down(run.from, unit), to: up(run.to, unit) },
    })
}

/// The observed part of a run.
fn seen(run: Run, observed: CalendarSpan) -> Option<Run> {
    let seen = Run { from: run.from, to: run.to.min(observed) };
    (seen.from < seen.to).then_some(seen)
}

/// The observed parts of an unavailable run that are exempt.
fn exempt_parts<'a>(run: Run, observation: &Observation<'a>) -> impl Iterator<Item = Outage> + 'a {
    let observed = observation.observed;
    let first = observation.exemptions.partition_point(|exemption| exemption.to <= run.from);
    let touched = observation.exemptions[first..].iter().take_while(move |exemption| exemption.from < run.to);
    touched.filter_map(move |exemption| {
        let part = Run { from: run.from.max(exemption.from), to: run.to.min(exemption.to) };
        let (ruling, charged) = (Ruling::Exempt(exemption.why), CalendarSpan::ZERO);
        seen(part, observed).map(|Run { from, to }| Outage { from, to, ruling, charged, charged_from: from })
    })
}

/// What of a time lies in none of the outages, which are in order and do not overlap.
fn gaps(time: Run, outages: &[Outage]) -> impl Iterator<Item = Run> + '_ {
    let first = outages.partition_point(|outage| outage.to <= time.from);
    let touched = outages[first..].iter().take_while(move |outage| outage.from < time.to);
    let edges = touched.map(|outage| (outage.from, outage.to)).chain(std::iter::once((time.to, time.to)));
    let mut from = time.from;
    edges.filter_map(move |(to, next)| {
        let gap = Run { from, to };
        from = from.max(next);
        (gap.from < gap.to).then_some(gap)
    })
}

/// Observed time with loss in the rule's directions that lies in no outage.
fn below_test(rule: &SlaRule, observation: &Observation<'_>, outages: &[Outage]) -> CalendarSpan {
    let lossy = Pieces::new(observation.directions, &[], observation.observed)
        .filter(|piece| rule.dead.of(piece.loss.map(|loss| loss > Share::ZERO)));
    let outside = lossy.flat_map(|piece| gaps(Run { from: piece.from, to: piece.to }, outages));
    outside.fold(CalendarSpan::ZERO, |sum, gap| sum + (gap.to - gap.from))
}

#[cfg(test)]
mod tests;
