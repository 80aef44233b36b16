//! The consecutive-run rule: unavailable time counts only in runs that are long enough, and then whole.

use super::{LossTimeline, Pieces};
use crate::network::{Availability, DeadDirection};
use crate::units::{CalendarSpan, Share};

/// A time without a usable path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// Its begin.
    pub from: CalendarSpan,
    /// Its end, or the end of what was observed.
    pub to: CalendarSpan,
    /// Whether the rule charges it.
    pub charged: bool,
}

/// What a rule makes of one connection's loss timelines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Every time without a usable path, in order.
    pub runs: Vec<Outage>,
    /// Charged time within what was observed: the sum of the charged runs.
    pub charged: CalendarSpan,
    /// Charge for the rest of the period, at the last observed state.
    pub charged_rest: CalendarSpan,
    /// Unavailable time that the promise allows in the period: period x (1 - target).
    pub budget: CalendarSpan,
    /// Share of the observed time that is not charged; for showing only, since a promise is made for a period.
    pub window: Share,
}

/// Judges one connection by its rule. `directions` are the losses of both directions, where 100% means no usable
/// path; `ended` is how long was observed. A run that has not ended by then goes on at the same state for the rest of
/// the period, so its whole length decides whether it is charged.
#[must_use]
pub fn judge(availability: &Availability, directions: [&LossTimeline; 2], ended: CalendarSpan) -> Judgement {
    let rest = availability.period.saturating_sub(ended);
    let minimum_run = availability.rule.minimum_run.to_calendar();
    let mut runs = dead_times(availability.rule.dead, directions, ended);
    let mut charged_rest = CalendarSpan::ZERO;
    for run in &mut runs {
        let length = run.to - run.from;
        run.charged = length >= minimum_run;
        if run.to == ended {
            run.charged |= length + rest >= minimum_run;
            charged_rest = if run.charged { rest } else { charged_rest };
        }
    }
    let charged = runs.iter().filter(|run| run.charged).fold(CalendarSpan::ZERO, |sum, run| sum + (run.to - run.from));
    Judgement {
        charged,
        charged_rest,
        budget: Availability::budget(availability.period, availability.target),
        window: Share::of(charged.as_ns(), ended.as_ns()).complement(),
        runs,
    }
}

/// The maximal stretches of [0, `ended`) in which the rule's directions are dead, none of them charged yet.
fn dead_times(rule: DeadDirection, directions: [&LossTimeline; 2], ended: CalendarSpan) -> Vec<Outage> {
    let mut runs: Vec<Outage> = Vec::new();
    for piece in Pieces::new(directions, ended) {
        let dead = piece.loss.map(|loss| loss == Share::ONE);
        let unavailable = match rule {
            DeadDirection::Either => dead[0] || dead[1],
            DeadDirection::Both => dead[0] && dead[1],
        };
        match runs.last_mut() {
            Some(last) if unavailable && last.to == piece.from => last.to = piece.to,
            _ if unavailable => runs.push(Outage { from: piece.from, to: piece.to, charged: false }),
            _ => {}
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sla::Evidence;

    /// Dead in each (from, to) of whole seconds, free of loss otherwise.
    fn timeline(dead: &[(u64, u64)]) -> LossTimeline {
        let mut timeline = LossTimeline::new();
        timeline.push(CalendarSpan::ZERO, Share::ZERO, Evidence::Measured);
        for (from, to) in dead {
            timeline.push(CalendarSpan::from_s(*from), Share::ONE, Evidence::Measured);
            timeline.push(CalendarSpan::from_s(*to), Share::ZERO, Evidence::Measured);
        }
        timeline
    }

    fn by(dead: DeadDirection) -> Availability {
        let mut availability = Availability::default();
        availability.rule.dead = dead;
        availability
    }

    fn judged(dead: DeadDirection, forward: &[(u64, u64)], back: &[(u64, u64)]) -> Judgement {
        judge(&by(dead), [&timeline(forward), &timeline(back)], CalendarSpan::from_s(1_000))
    }

    #[test]
    fn a_run_is_charged_whole_from_120_seconds_on_and_not_at_all_below() {
        // The rule: at least 120 consecutive seconds.
        for (seconds, charged) in [(119, 0), (120, 120), (121, 121)] {
            let judgement = judged(DeadDirection::Either, &[(10, 10 + seconds)], &[]);
            assert_eq!(judgement.charged, CalendarSpan::from_s(charged), "{seconds} s dead");
            assert_eq!(judgement.runs.len(), 1);
            assert_eq!(judgement.charged_rest, CalendarSpan::ZERO);
        }
        let mut just_short = LossTimeline::new();
        just_short.push(CalendarSpan::ZERO, Share::ONE, Evidence::Measured);
        just_short.push(CalendarSpan::from_ns(119_999_999_999), Share::ZERO, Evidence::Measured);
        let judgement = judge(&Availability::default(), [&just_short, &timeline(&[])], CalendarSpan::from_s(1_000));
        assert_eq!(judgement.charged, CalendarSpan::ZERO);
    }

    #[test]
    fn short_runs_never_add_up() {
        let judgement = judged(DeadDirection::Either, &[(0, 119), (120, 239), (240, 359)], &[]);
        assert_eq!((judgement.runs.len(), judgement.charged), (3, CalendarSpan::ZERO));
    }

    #[test]
    fn charged_is_the_sum_of_the_charged_runs() {
        let judgement = judged(DeadDirection::Either, &[(0, 130), (200, 250), (300, 500)], &[]);
        assert_eq!(judgement.charged, CalendarSpan::from_s(130 + 200));
        let charged: Vec<bool> = judgement.runs.iter().map(|run| run.charged).collect();
        assert_eq!(charged, [true, false, true]);
        // 330 of 1000 s are charged.
        assert_eq!(judgement.window, Share::from_ppb(670_000_000));
    }

    #[test]
    fn runs_that_touch_begin_and_end_count() {
        let judgement = judged(DeadDirection::Either, &[(0, 120)], &[]);
        assert_eq!(judgement.runs, [Outage { from: CalendarSpan::ZERO, to: CalendarSpan::from_s(120), charged: true }]);

        // The last state is dead: the run goes on for the rest of the 30 days, so its 60 seen seconds count too.
        let judgement = judged(DeadDirection::Either, &[(940, 2_000)], &[]);
        assert_eq!(
            judgement.runs,
            [Outage { from: CalendarSpan::from_s(940), to: CalendarSpan::from_s(1_000), charged: true }]
        );
        assert_eq!(judgement.charged, CalendarSpan::from_s(60));
        assert_eq!(judgement.charged_rest, CalendarSpan::from_ns((30 * 86_400 - 1_000) * 1_000_000_000));
    }

    #[test]
    fn a_run_at_the_end_of_the_period_has_no_rest() {
        let period = CalendarSpan::from_ns(1_000_000_000_000);
        let availability = Availability { period, ..Availability::default() };
        let judgement = judge(&availability, [&timeline(&[(940, 2_000)]), &timeline(&[])], CalendarSpan::from_s(1_000));
        assert_eq!((judgement.charged, judgement.charged_rest), (CalendarSpan::ZERO, CalendarSpan::ZERO));
    }

    #[test]
    fn either_direction_or_both_must_be_dead() {
        let (forward, back) = ([(0, 200)], [(100, 250)]);
        let either = judged(DeadDirection::Either, &forward, &back);
        assert_eq!(either.runs, [Outage { from: CalendarSpan::ZERO, to: CalendarSpan::from_s(250), charged: true }]);
        let both = judged(DeadDirection::Both, &forward, &back);
        assert_eq!(
            both.runs,
            [Outage { from: CalendarSpan::from_s(100), to: CalendarSpan::from_s(200), charged: false }]
        );

        // Two directions that take turns are one run when either counts, and none when both must be dead.
        assert_eq!(judged(DeadDirection::Either, &[(0, 60)], &[(60, 120)]).charged, CalendarSpan::from_s(120));
        assert_eq!(judged(DeadDirection::Both, &[(0, 60)], &[(60, 120)]).runs, []);
    }

    #[test]
    fn partial_loss_is_never_unavailable() {
        let mut lossy = LossTimeline::new();
        lossy.push(CalendarSpan::ZERO, Share::from_ppb(999_999_999), Evidence::Measured);
        let judgement = judge(&Availability::default(), [&lossy, &lossy], CalendarSpan::from_s(1_000));
        assert_eq!((judgement.runs.len(), judgement.charged), (0, CalendarSpan::ZERO));
    }

    #[test]
    fn the_budget_is_the_period_times_what_the_promise_leaves() {
        // 30 x 86400 s x 0.0001 = 259.2 s.
        assert_eq!(judged(DeadDirection::Either, &[], &[]).budget.to_string(), "259.2 s");
    }

    #[test]
    fn an_empty_observation_is_judged_without_dividing_by_zero() {
        let judgement = judge(&Availability::default(), [&timeline(&[]), &timeline(&[])], CalendarSpan::ZERO);
        assert_eq!((judgement.window, judgement.charged), (Share::ONE, CalendarSpan::ZERO));
    }
}
