//! `study.json`: every number with its interval.

use serde_json::{Value, json};

use super::page::kind_word;
use crate::report::run::provenance_value;
use crate::report::{Provenance, SCHEMA_VERSION};
use crate::study::statistics::Interval;
use crate::study::years::engine::Stop;
use crate::study::years::{ConnectionSummary, Estimate, RuleSummary, Setting, StudySummary};

pub(super) fn value(summary: &StudySummary, provenance: &Provenance) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "title": summary.title,
        "provenance": provenance_value(provenance),
        "reliability": { "pack": summary.pack, "basis": summary.basis, "components": summary.components },
        "period_s": summary.period.as_seconds(),
        "periods": summary.periods,
        "periods_budget": summary.budget,
        "stopped": match summary.stop {
            Stop::Precise => "precise",
            Stop::Budget => "budget",
            Stop::Interrupted => "interrupted",
        },
        "transitions": summary.transitions,
        "overlaps": summary.fits.lost,
        "events": {
            "as_in_whole_fabric": summary.fits.whole,
            "as_in_degraded_fabric": summary.fits.degraded,
            "as_joint": summary.fits.joint,
            "degraded_as_whole": summary.fits.borrowed,
            "total_loss": summary.fits.lost,
            "degraded_as_whole_wrong_by_at_most_s": summary.fits.borrowed as f64 * summary.slowest,
            "total_loss_s": summary.fits.lost_ns as f64 / 1e9,
            "expected_without_class": { "degraded": summary.left[0], "joint": summary.left[1] },
        },
        "separation": summary.separation,
        "connections": summary.connections.iter().map(connection).collect::<Vec<_>>(),
        "rare": summary.rare.iter().map(super::rare::value).collect::<Vec<_>>(),
        "structure": summary.structure.iter().map(super::structure::value).collect::<Vec<_>>(),
        "episode_classes": {
            "classes": summary.episodes.len(),
            "events": summary.episodes.iter().map(|one| 1 + one.alike.len()).sum::<usize>(),
            "runs": summary.episodes.iter().map(|one| one.runs).sum::<u64>(),
            "runs_to_compare": summary.compared,
        },
        "episodes": summary.episodes.iter().map(|one| json!({
            "event": one.name,
            "alike": one.alike,
            "setting": setting_word(one.setting),
            "expected": one.expected,
            "runs": one.runs,
            "lost_at_failure_s": one.lost[0],
            "lost_at_return_s": one.lost[1],
            "longest_s": one.longest,
        })).collect::<Vec<_>>(),
        "sensitivity": summary.swings.iter().map(|swing| json!({
            "class": swing.class,
            "meets": { "low": swing.meets[0], "base": swing.base[0], "high": swing.meets[1] },
            "charged_s": { "low": swing.charged[0], "base": swing.base[1], "high": swing.charged[1] },
        })).collect::<Vec<_>>(),
        "flip": summary.flip.as_ref().map(|flip| json!({
            "class": flip.class,
            "goal": flip.goal,
            "up_h": flip.now,
            "turns_at_up_h": flip.turns,
        })),
    })
}

fn connection(one: &ConnectionSummary) -> Value {
    json!({
        "name": one.name,
        "rules": one.rules.iter().map(rule).collect::<Vec<_>>(),
        "fewer_channels": one.below.iter().enumerate().map(|(index, below)| json!({
            "fewer_than": index + 1,
            "share_of_time": estimate(below),
        })).collect::<Vec<_>>(),
        "demand": one.lacking.iter().map(|(level, lacking)| json!({
            "less_than": level.to_string(),
            "share_of_time": estimate(lacking),
        })).collect::<Vec<_>>(),
        "lost_share": estimate(&one.lost),
        "short_share": estimate(&one.short),
        "outages": one.outages,
        "causes": one.causes.iter().map(|cause| json!({
            "class": cause.class,
            "kind": kind_word(cause.kind),
            "charged_s": cause.seconds,
            "share": cause.share,
        })).collect::<Vec<_>>(),
        "charged_by_part_of_period_s": one.course,
        "worst": one.worst.iter().map(|worst| json!({
            "replication": worst.replication,
            "charged_s": worst.charged.as_seconds(),
        })).collect::<Vec<_>>(),
    })
}

fn rule(one: &RuleSummary) -> Value {
    json!({
        "rule": one.rule,
        "basis": one.basis,
        "target_percent": one.target.as_percent(),
        "budget_s": one.budget.as_seconds(),
        "meets": one.meets,
        "meets_interval": interval(one.meets_interval),
        "missed_periods": one.missed,
        "charged_s": estimate(&one.charged),
        "standard_error_s": { "periods": one.variance.years.sqrt(), "episodes": one.variance.episodes.sqrt() },
        "charged_outages": one.outages,
        "expected_credit": one.credit,
        "quantiles": one.quantiles.iter().map(|at| json!({
            "at": at.at,
            "charged_s": at.seconds,
            "interval_s": at.interval.map(interval),
        })).collect::<Vec<_>>(),
    })
}

const fn setting_word(of: Setting) -> &'static str {
    match of {
        Setting::Whole => "whole",
        Setting::Degraded => "degraded",
        Setting::Joint => "joint",
    }
}

pub(super) fn estimate(of: &Estimate) -> Value {
    json!({ "mean": of.mean, "interval": of.interval.map(interval) })
}

fn interval(of: Interval) -> Value {
    json!([of.low, of.high])
}
