//! The availability gate, and the exit code that follows from a result.

use std::fmt;

use super::Outcome;
use crate::sim::record::{AvailabilityRecord, RunRecord};
use crate::study::repeat::{RepeatCharge, RepeatSummary};
use crate::units::{CalendarSpan, Share};

/// One connection or link group held against the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) sold: String,
    pub(super) rule: String,
    pub(super) target: Share,
    /// Length of the period that was charged most.
    pub(super) period: CalendarSpan,
    /// Charged in the whole of it, the rest after the run included; over several runs the largest.
    pub(super) charged: CalendarSpan,
}

impl Verdict {
    fn budget(&self) -> CalendarSpan {
        self.period.part(self.target.complement())
    }

    /// A charge equal to the budget still keeps the promise.
    pub(super) fn passed(&self) -> bool {
        self.charged <= self.budget()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sold, rule, target, period, charged } = self;
        let word = if self.passed() { "passed" } else { "FAILED" };
        let (charged, budget) = (seconds(*charged), seconds(self.budget()));
        write!(f, "gate {target} by {rule}: {sold} charged {charged} of {budget} in {period}: {word}")
    }
}

/// In seconds even when it is whole days, so that charge and budget compare at a glance.
fn seconds(span: CalendarSpan) -> String {
    let milliseconds = span.as_ns() / 1_000_000;
    match milliseconds % 1_000 {
        0 => format!("{} s", milliseconds / 1_000),
        rest => format!("{}.{} s", milliseconds / 1_000, format!("{rest:03}").trim_end_matches('0')),
    }
}

/// Every connection and link group of a run against the gate.
pub(super) fn judge_run(record: &RunRecord, target: Share) -> Vec<Verdict> {
    let connections = record.connections.iter().map(|one| (&one.name, &one.availability));
    let groups = record.link_groups.iter().map(|one| (&one.name, &one.availability));
    let verdict = |(name, availability): (&String, &AvailabilityRecord)| Verdict {
        sold: name.clone(),
        rule: availability.rule.name.clone(),
        target,
        period: availability.worst().length(),
        charged: availability.charged_in_period(),
    };
    connections.chain(groups).map(verdict).collect()
}

/// Every connection and link group of repeated runs against the gate: the worst run decides.
pub(super) fn judge_repeat(summary: &RepeatSummary, target: Share) -> Vec<Verdict> {
    let verdict = |one: &RepeatCharge| Verdict {
        sold: one.name.clone(),
        rule: one.rule.clone(),
        target,
        period: one.period,
        charged: one.charged_max,
    };
    summary.connections.iter().chain(&summary.link_groups).map(verdict).collect()
}

/// How a command ends, given whether the run is whole, its expectations are met, and what the gate says.
pub(super) fn outcome(complete: bool, expectations_met: bool, verdicts: &[Verdict]) -> Outcome {
    // Half a run proves nothing either way.
    if !complete {
        Outcome::Interrupted
    } else if expectations_met && verdicts.iter().all(Verdict::passed) {
        Outcome::Done
    } else {
        Outcome::NotMet
    }
}

/// A promise as written after `--gate`: a percentage, with or without the sign.
pub(super) fn parse_target(text: &str) -> Result<Share, String> {
    let sign = if text.trim_end().ends_with('%') { "" } else { "%" };
    let target = format!("{text}{sign}").parse::<Share>().ok().filter(|target| *target > Share::ZERO);
    match target {
        Some(target) if target > ONE_PERCENT => Ok(target),
        // Somebody wrote a fraction; as a percentage it would pass whatever happens.
        Some(_) => Err("at most 1%: a promise is a percentage, not a fraction; write 99.99 for 0.9999".to_owned()),
        None => Err("not a percentage above 1 and up to 100; write for example 99.99".to_owned()),
    }
}

/// Nobody promises so little.
const ONE_PERCENT: Share = Share::from_ppb(10_000_000);

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(charged_ms: u64, target: &str) -> Verdict {
        Verdict {
            sold: "c".to_owned(),
            rule: "aws-interconnect".to_owned(),
            target: parse_target(target).unwrap(),
            period: CalendarSpan::from_days(30),
            charged: CalendarSpan::from_ns(charged_ms * 1_000_000),
        }
    }

    #[test]
    fn the_gate_fails_only_above_the_budget() {
        // 30 days x 0.01% = 259.2 s.
        assert!(verdict(0, "99.99").passed());
        assert!(verdict(259_200, "99.99%").passed());
        assert!(!verdict(259_201, "99.99").passed());
        assert!(verdict(0, "100").passed() && !verdict(1, "100").passed());
        assert_eq!(
            verdict(259_201, "99.99").to_string(),
            "gate 99.99% by aws-interconnect: c charged 259.201 s of 259.2 s in 30 days: FAILED"
        );
        assert_eq!(
            verdict(121_000, "99.9").to_string(),
            "gate 99.9% by aws-interconnect: c charged 121 s of 2592 s in 30 days: passed"
        );
    }

    #[test]
    fn a_fraction_is_not_taken_for_a_percentage() {
        for fraction in ["0.9999", "1", "0.9999%"] {
            assert!(
                parse_target(fraction).is_err_and(|reason| reason.contains("write 99.99 for 0.9999")),
                "{fraction}"
            );
        }
        assert!(parse_target("1.01").is_ok());
        assert!(parse_target("0").is_err_and(|reason| reason.contains("not a percentage")));
    }

    #[test]
    fn exit_codes_follow_from_the_result() {
        let (good, bad) = (verdict(0, "99.99"), verdict(300_000, "99.99"));
        assert_eq!(outcome(true, true, &[]), Outcome::Done);
        assert_eq!(outcome(true, true, std::slice::from_ref(&good)), Outcome::Done);
        assert_eq!(outcome(true, false, &[]), Outcome::NotMet);
        assert_eq!(outcome(true, true, &[good, bad.clone()]), Outcome::NotMet);
        assert_eq!(outcome(false, false, &[bad]), Outcome::Interrupted);
        assert_eq!([Outcome::Done, Outcome::NotMet, Outcome::Interrupted].map(Outcome::code), [0, 1, 130]);
    }

    #[test]
    fn targets_that_are_none_say_what_to_write() {
        for text in ["", "%", "0", "101", "ninety", "-1", "99.99%%", "99,99"] {
            assert!(parse_target(text).unwrap_err().contains("99.99"), "{text}");
        }
    }
}
