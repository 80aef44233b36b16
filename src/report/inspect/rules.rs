//! Counting rules in words: those of a scenario, and the presets that it could use.

use crate::network::{LegalText, SlaRule};
use crate::report::document::{Block, Report, Section};
use crate::report::run::describe;
use crate::report::words::percent;

pub fn report(title: &str, rules: &[SlaRule]) -> Report {
    let others: Vec<SlaRule> = SlaRule::presets().into_iter().filter(|rule| !is_among(rule, rules)).collect();
    let section = |heading: &str, rules: &[SlaRule]| Section {
        heading: heading.to_owned(),
        blocks: vec![Block::Facts(rules.iter().map(|rule| (rule.name.clone(), text(rule))).collect())],
    };
    Report {
        title: title.to_owned(),
        subtitle: "counting rules, the one that judges first".to_owned(),
        verdict: Vec::new(),
        sections: vec![section("Rules of this scenario", rules), section("Other presets", &others)],
        checks: Vec::new(),
    }
}

/// The rules as comments of a scenario.
pub fn comments(rules: &[SlaRule]) -> String {
    let lines = rules.iter().map(|rule| format!("# {}: {}\n", rule.name, text(rule).replace('\n', "\n#   ")));
    format!("# Counting rules, the one that judges first:\n{}", lines.collect::<String>())
}

fn is_among(rule: &SlaRule, rules: &[SlaRule]) -> bool {
    rules.iter().any(|other| other.name == rule.name)
}

/// When it counts, what it promises, where it comes from, and whether that was read.
fn text(rule: &SlaRule) -> String {
    let whose = if SlaRule::preset(&rule.name).is_some() { "preset" } else { "the scenario's own" };
    let credits = rule.credits.iter().map(|tier| format!(", {} back below {}", tier.credit, tier.below));
    let legal = match rule.text {
        LegalText::Confirmed => "",
        LegalText::Assumed => " (legal text not confirmed)",
    };
    format!(
        "{}; {} promised{}\n{whose}: {}{legal}",
        describe(rule),
        percent(rule.target),
        credits.collect::<String>(),
        rule.basis
    )
}
