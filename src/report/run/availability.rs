//! Availability in words, tables and JSON: by the rule that judges, and by the others beside it.

use serde_json::{Value, json};

use super::summary::{calendar as seconds, percent as percent_number};
use crate::network::{BadTest, DeadDirection, Exclusion, LegalText, Measure, Period, Rounding, SlaRule};
use crate::report::document::{Block, Cell, Check, Outcome, Table};
use crate::report::words::{calendar, counted, list, percent};
use crate::sim::record::{AvailabilityRecord, RunRecord, UnavailableRun};
use crate::sla::{Exempt, PeriodVerdict, Ruling};
use crate::units::{CalendarSpan, Money, Share};

/// Unavailable runs that are told one by one.
const RUNS_TOLD: usize = 6;

/// One sentence for the verdict on what an SLA holds for: "Connection shop", "Link group direct-connect".
pub fn sentence(sold: &str, rule: &AvailabilityRecord) -> String {
    let is_dead = rule.rule.bad.is_dead();
    let runs: Vec<&UnavailableRun> = in_service(rule).collect();
    let dead = runs.iter().fold(CalendarSpan::ZERO, |sum, run| sum + (run.to - run.from));
    let was = if is_dead { "had no usable path" } else { "was unavailable" };
    let path = match runs.len() {
        0 => if is_dead { "always had a usable path" } else { "was always available" }.to_owned(),
        1 => format!("{was} for {}", calendar(dead)),
        many => format!("{was} {many} times, for {} in all", calendar(dead)),
    };
    let absent = if runs.len() < rule.runs.len() { " while in service" } else { "" };
    let (charged, budget) = (calendar(rule.charged_in_period()), calendar(rule.worst().budget));
    format!("{sold} {path}{absent}; {charged} charged of the {budget} budget.")
}

/// When it was unavailable to a customer who had it: what is not in service yet, or not any more, fails nobody.
fn in_service(rule: &AvailabilityRecord) -> impl Iterator<Item = &UnavailableRun> {
    rule.runs.iter().filter(|run| run.ruling != Ruling::Exempt(Exempt::NotInService))
}

/// Whether the promise was kept.
pub fn check(name: &str, rule: &AvailabilityRecord) -> Check {
    let worst = rule.worst();
    let outcome = if worst.is_kept() { Outcome::Within } else { Outcome::Over };
    let text = format!(
        "{name}: charged {} of the {} that {} of {} allows",
        calendar(rule.charged_in_period()),
        calendar(worst.budget),
        percent(rule.rule.target),
        period_text(rule, worst),
    );
    Check { outcome, text }
}

/// The charge, the rule, what the window alone would say, and the other rules.
pub fn blocks(record: &RunRecord, judging: &AvailabilityRecord, others: &[AvailabilityRecord]) -> Vec<Block> {
    let mut blocks = vec![Block::Facts(facts(record, judging))];
    let rules: Vec<&AvailabilityRecord> = std::iter::once(judging).chain(others).collect();
    if rules.len() > 1 {
        blocks.push(Block::Table(side_by_side(&rules)));
        let assumed = rules[1..].iter().filter(|rule| rule.rule.text == LegalText::Assumed);
        let notes: Vec<(String, String)> =
            assumed.map(|rule| (rule.rule.name.clone(), rule.rule.basis.clone())).collect();
        if !notes.is_empty() {
            blocks.push(Block::Facts(notes));
        }
    }
    if rules.iter().any(|rule| rule.periods.len() > 1) {
        blocks.push(Block::Table(periods(&rules)));
    }
    blocks
}

fn facts(record: &RunRecord, rule: &AvailabilityRecord) -> Vec<(String, String)> {
    let worst = rule.worst();
    let mut charged = format!(
        "{} of the {} budget ({} of {})",
        calendar(rule.charged_in_period()),
        calendar(worst.budget),
        percent(rule.rule.target),
        period_text(rule, worst)
    );
    if worst.charged_rest > CalendarSpan::ZERO {
        charged.push_str(&format!(
            "\n{} of it in the run, {} for the rest of the period: the run ended without a usable path",
            calendar(worst.charged),
            calendar(worst.charged_rest)
        ));
    }
    let counted = match in_service(rule).count() {
        0 => String::new(),
        many => {
            let charged = rule.runs.iter().filter(|run| run.ruling == Ruling::Charged).count();
            let what = if rule.rule.bad.is_dead() { "without a usable path" } else { "of unavailability" };
            format!("\n{} {what}, {charged} charged", self::counted(many as u64, "time"))
        }
    };
    let window = format!(
        "{} of the {} simulated; shown only, never judged",
        percent(rule.window),
        calendar(record.ended.to_calendar())
    );
    let mut facts = vec![
        ("charged".to_owned(), charged),
        ("by rule".to_owned(), format!("{}: {} ({}){counted}", rule.rule.name, describe(&rule.rule), rule.rule.basis)),
    ];
    if !rule.runs.is_empty() {
        facts.push(("because".to_owned(), runs_text(rule)));
    }
    if rule.below_test > CalendarSpan::ZERO {
        let text = format!("{} with loss that the rule does not call unavailable", calendar(rule.below_test));
        facts.push(("below the test".to_owned(), text));
    }
    if let Some(text) = credit_text(rule, worst) {
        facts.push(("credit".to_owned(), text));
    }
    facts.push(("window".to_owned(), window));
    facts
}

/// "at 12 s for 119 s (cut): not charged, too short", a line each.
fn runs_text(rule: &AvailabilityRecord) -> String {
    let line = |run: &UnavailableRun| {
        let (behind, parties) = (list(&run.incidents), list(&run.responsible));
        let incident = if behind.is_empty() { String::new() } else { format!(" ({behind}; {parties})") };
        let (from, length) = (calendar(run.from), calendar(run.to - run.from));
        format!("at {from} for {length}{incident}: {}", ruling_text(rule, run))
    };
    let mut lines: Vec<String> = rule.runs.iter().take(RUNS_TOLD).map(line).collect();
    if rule.runs.len() > RUNS_TOLD {
        lines.push(format!("and {} more", rule.runs.len() - RUNS_TOLD));
    }
    lines.join("\n")
}

fn ruling_text(rule: &AvailabilityRecord, run: &UnavailableRun) -> String {
    match run.ruling {
        Ruling::Charged => "charged".to_owned(),
        Ruling::TooShort => format!("not charged, {}", too_short(&rule.rule)),
        Ruling::Exempt(Exempt::Excluded(Exclusion::Maintenance)) => "not charged, maintenance".to_owned(),
        Ruling::Exempt(Exempt::Excluded(Exclusion::ForceMajeure)) => "not charged, force majeure".to_owned(),
        Ruling::Exempt(Exempt::OtherParty) => "not charged, another party's".to_owned(),
        Ruling::Exempt(Exempt::NotInService) => "not charged, not in service".to_owned(),
    }
}

fn too_short(rule: &SlaRule) -> String {
    match rule.rounding {
        Rounding::Whole(unit) => format!("shorter than {} or without a whole {unit}", calendar(rule.minimum_run)),
        Rounding::Exact | Rounding::Touched(_) => format!("shorter than {}", calendar(rule.minimum_run)),
    }
}

/// When the rule calls a connection unavailable.
pub fn describe(rule: &SlaRule) -> String {
    let of = match rule.measure {
        Measure::Paths => "paths",
        Measure::Packets => "packets",
    };
    let bad = match rule.bad {
        BadTest::LossAbove(share) => format!("more than {} of the {of} lost", percent(share)),
        BadTest::LossAtLeast(Share::ONE) if rule.measure == Measure::Paths => "no usable path".to_owned(),
        BadTest::LossAtLeast(Share::ONE) => format!("all {of} lost"),
        BadTest::LossAtLeast(share) => format!("{} or more of the {of} lost", percent(share)),
        BadTest::DeadLonger(limit) if rule.bin.is_some() => format!("no usable path for more than {}", calendar(limit)),
        BadTest::DeadLonger(_) => "no usable path".to_owned(),
    };
    let direction = match rule.dead {
        DeadDirection::Either => "in at least one direction",
        DeadDirection::Both => "in both directions at once",
    };
    let bins = rule.bin.map_or_else(String::new, |bin| match (rule.enter, rule.leave) {
        (1, 1) => format!(", in bins of {}", calendar(bin)),
        (enter, leave) => format!(", from {enter} such bins of {} on until {leave} without", calendar(bin)),
    });
    let long = match rule.minimum_run {
        CalendarSpan::ZERO => String::new(),
        minimum => format!(" for at least {}", calendar(minimum)),
    };
    format!("{bad} {direction}{bins}{long}")
}

/// "30 days", "30 days from 2,592,000 s", "2026-11 (30 days)".
fn period_text(rule: &AvailabilityRecord, period: &PeriodVerdict) -> String {
    match rule.rule.period {
        Period::Months(epoch) => {
            let (year, month, _) = epoch.after(period.from).parts();
            format!("{year}-{month:02} ({})", period.length())
        }
        Period::Rolling(length) if period.from == CalendarSpan::ZERO => length.to_string(),
        Period::Rolling(length) => format!("{length} from {}", calendar(period.from)),
    }
}

fn amount(rule: &AvailabilityRecord, period: &PeriodVerdict) -> Option<Money> {
    rule.price.as_ref().map(|price| price.part(period.length(), period.credit))
}

/// What comes back of the worst period's charge, and from whom; nothing when the rule has no credits.
fn credit_text(rule: &AvailabilityRecord, period: &PeriodVerdict) -> Option<String> {
    if period.credit == Share::ZERO {
        return None;
    }
    let amount = amount(rule, period).map_or_else(String::new, |amount| format!(", {amount}"));
    Some(format!("{} of the period's charge{amount}, owed by {}", percent(period.credit), rule.rule.owed_by))
}

/// Every rule on one run.
pub fn side_by_side(rules: &[&AvailabilityRecord]) -> Table {
    let columns = [
        ("rule", "rule"),
        ("uptime_percent", "uptime"),
        ("charged_s", "charged"),
        ("left_s", "left of budget"),
        ("credit_percent", "credit"),
        ("owed", "owed"),
    ];
    let mut table = Table::new("rules", &columns);
    for rule in rules {
        let worst = rule.worst();
        table.push(vec![
            rule.rule.name.as_str().into(),
            Cell::Number(percent(worst.uptime())),
            Cell::Number(calendar(worst.charged_in_all())),
            Cell::Number(calendar(worst.left())),
            Cell::Number(percent(worst.credit)),
            owed(rule, worst),
        ]);
    }
    table
}

fn owed(rule: &AvailabilityRecord, period: &PeriodVerdict) -> Cell {
    if period.credit == Share::ZERO {
        return Cell::Empty;
    }
    let by = &rule.rule.owed_by;
    Cell::Text(amount(rule, period).map_or_else(|| format!("by {by}"), |amount| format!("{amount} by {by}")))
}

/// Every period of every rule.
fn periods(rules: &[&AvailabilityRecord]) -> Table {
    let columns = [
        ("rule", "rule"),
        ("period", "period"),
        ("uptime_percent", "uptime"),
        ("charged_s", "charged"),
        ("left_s", "left of budget"),
        ("credit_percent", "credit"),
        ("owed", "owed"),
    ];
    let mut table = Table::new("periods", &columns);
    for rule in rules {
        for period in &rule.periods {
            table.push(vec![
                rule.rule.name.as_str().into(),
                period_text(rule, period).into(),
                Cell::Number(percent(period.uptime())),
                Cell::Number(calendar(period.charged_in_all())),
                Cell::Number(calendar(period.left())),
                Cell::Number(percent(period.credit)),
                owed(rule, period),
            ]);
        }
    }
    table
}

/// Everything of one rule, as `results/README.md` explains.
pub fn value(record: &AvailabilityRecord) -> Value {
    let (rule, worst) = (&record.rule, record.worst());
    json!({
        "rule": rule.name,
        "basis": rule.basis,
        "text": rule.text.word(),
        "counts": describe(rule),
        "bin_s": rule.bin.map(seconds),
        "minimum_run_s": seconds(rule.minimum_run),
        "dead_direction": rule.dead.word(),
        "target_percent": percent_number(rule.target),
        "period_s": seconds(worst.length()),
        "budget_s": seconds(worst.budget),
        "charged_s": seconds(record.charged_in_period()),
        "charged_in_run_s": seconds(record.charged),
        "charged_rest_of_period_s": seconds(worst.charged_rest),
        "within_budget": worst.is_kept(),
        "uptime_percent": percent_number(worst.uptime()),
        "credit_percent": percent_number(worst.credit),
        "owed_by": rule.owed_by,
        "unavailable_runs": record.runs.iter().map(run_value).collect::<Vec<_>>(),
        "below_test_s": seconds(record.below_test),
        "periods": record.periods.iter().map(|period| period_value(record, period)).collect::<Vec<_>>(),
        "window_percent_not_judged": percent_number(record.window),
    })
}

fn run_value(run: &UnavailableRun) -> Value {
    json!({
        "from_s": seconds(run.from),
        "to_s": seconds(run.to),
        "charged": run.ruling == Ruling::Charged,
        "ruling": ruling_word(run.ruling),
        "charged_s": seconds(run.charged),
        "incidents": run.incidents,
        "responsible": run.responsible,
    })
}

const fn ruling_word(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Charged => "charged",
        Ruling::TooShort => "too-short",
        Ruling::Exempt(Exempt::Excluded(exclusion)) => exclusion.word(),
        Ruling::Exempt(Exempt::OtherParty) => "other-party",
        Ruling::Exempt(Exempt::NotInService) => "not-in-service",
    }
}

fn period_value(record: &AvailabilityRecord, period: &PeriodVerdict) -> Value {
    let amount = amount(record, period);
    json!({
        "from_s": seconds(period.from),
        "to_s": seconds(period.to),
        "charged_s": seconds(period.charged_in_all()),
        "charged_in_run_s": seconds(period.charged),
        "budget_s": seconds(period.budget),
        "left_s": seconds(period.left()),
        "within_budget": period.is_kept(),
        "uptime_percent": percent_number(period.uptime()),
        "credit_percent": percent_number(period.credit),
        "credit_amount": amount.as_ref().map(Money::as_units),
        "currency": amount.map(|amount| amount.currency),
    })
}
