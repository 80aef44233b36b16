//! The report on many seeds of one scenario: one seed is one sample.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::document::{Block, Cell, Check, Outcome, Report, Section, Table};
use super::run::{kind_word, microseconds, percent, provenance_value};
use super::words::{self, calendar, count, counted, seconds};
use super::{Provenance, SCHEMA_VERSION, write};
use crate::sim::record::LedgerKind;
use crate::study::repeat::{Quantiles, RepeatCharge, RepeatEntry, RepeatSummary};

/// The verdict on all runs as text for one screen of 80 columns.
#[must_use]
pub fn repeat_page(summary: &RepeatSummary, provenance: &Provenance) -> String {
    write::terminal::render(&report(summary, provenance))
}

/// What `repeat.json` holds.
#[must_use]
pub fn repeat_json(summary: &RepeatSummary, provenance: &Provenance) -> String {
    write::json::render(&value(summary, provenance))
}

/// Writes repeat.json, repeat.csv, repeat-runs.csv and repeat.html into `folder`, each whole or not at all.
///
/// # Errors
/// What the file system says, with the path.
pub fn write_repeat(folder: &Path, summary: &RepeatSummary, provenance: &Provenance) -> io::Result<Vec<PathBuf>> {
    let mut page = report(summary, provenance);
    page.sections.push(super::run::provenance_section(provenance));
    let files = [
        ("repeat.json".to_owned(), repeat_json(summary, provenance)),
        ("repeat.csv".to_owned(), write::csv::render(&entries(summary))),
        ("repeat-runs.csv".to_owned(), write::csv::render(&runs(summary))),
        ("repeat.html".to_owned(), write::html::render(&page)),
    ];
    write::files(folder, &files)
}

fn report(summary: &RepeatSummary, provenance: &Provenance) -> Report {
    let done = summary.runs.len() as u64;
    let loss = &summary.loss;
    let mut verdict = vec![format!(
        "{}, each with its own seed and so its own phase of every timer against the failures.",
        counted(done, "run")
    )];
    if done < u64::from(summary.planned) {
        verdict.push(format!("INTERRUPTED: {} of {} finished.", count(done), counted(summary.planned.into(), "run")));
    }
    let mut sections = Vec::new();
    if !summary.entries.is_empty() {
        sections.push(blackouts(summary));
    }
    let shares = [loss.min, loss.median, loss.max].map(words::percent).join(" / ");
    let text = format!("{shares} of all packets (smallest / median / largest run)");
    sections.push(Section { heading: "Loss".to_owned(), blocks: vec![Block::Paragraph(text)] });
    Report {
        title: summary.title.clone(),
        subtitle: format!(
            "{}, {} from seed {}: {} simulated in each",
            provenance.scenario,
            counted(done, "run"),
            provenance.seed,
            seconds(summary.horizon)
        ),
        verdict,
        sections,
        checks: checks(summary),
    }
}

fn name(entry: &RepeatEntry) -> String {
    match entry.kind {
        LedgerKind::Incident => entry.name.clone(),
        LedgerKind::Return => format!("return of {}", entry.name),
    }
}

/// The longest and the typical blackout of a flow, one way and round trip, over the runs.
fn blackouts(summary: &RepeatSummary) -> Section {
    let columns = [
        ("name", "longest blackout of a flow"),
        ("runs", "runs hit"),
        ("min_us", "min"),
        ("median_us", "median"),
        ("p95_us", "p95"),
        ("max_us", "max"),
    ];
    let mut longest = Table::new("longest", &columns);
    let mut typical = Table::new("typical", &columns);
    typical.columns[0].heading = "median blackout of the flows hit".to_owned();
    let row = |table: &mut Table, entry: &RepeatEntry, way: &str, of: Quantiles| {
        let mut cells: Vec<Cell> = vec![format!("{}, {way}", name(entry)).into(), u64::from(entry.runs_hit).into()];
        cells.extend([of.min, of.median, of.p95, of.max].map(Cell::from));
        table.push(cells);
    };
    for entry in &summary.entries {
        row(&mut longest, entry, "one way", entry.blackout);
        row(&mut typical, entry, "one way", entry.blackout_median);
        for (table, both) in [(&mut longest, entry.round_trip), (&mut typical, entry.round_trip_median)] {
            both.into_iter().for_each(|of| row(table, entry, "round trip", of));
        }
    }
    let mut blocks = vec![Block::Table(longest), Block::Table(typical)];
    for entry in summary.entries.iter().filter(|entry| entry.runs_unended > 0) {
        let runs = counted(entry.runs_unended.into(), "run");
        let text = format!("{}: in {runs} a flow was still dark at the end; its true blackout is longer.", name(entry));
        blocks.push(Block::Paragraph(text));
    }
    let text = "One seed is one sample; quantiles are by nearest rank, and a run without a blackout counts as 0.";
    blocks.push(Block::Paragraph(text.to_owned()));
    Section { heading: "Blackouts over the runs".to_owned(), blocks }
}

fn checks(summary: &RepeatSummary) -> Vec<Check> {
    let runs = summary.runs.len() as u64;
    let charges = summary.connections.iter().chain(&summary.link_groups).map(|one| Check {
        outcome: if one.runs_over_budget == 0 { Outcome::Within } else { Outcome::Over },
        text: format!(
            "{}: at most {} charged in a run, of the {} budget for {} (rule {}); {} over it",
            one.name,
            calendar(one.charged_max),
            calendar(one.budget),
            one.period,
            one.rule,
            counted(one.runs_over_budget.into(), "run")
        ),
    });
    let expectations = summary.expectations.iter().map(|one| Check {
        outcome: if u64::from(one.runs_met) == runs { Outcome::Pass } else { Outcome::Fail },
        text: format!("{}: met in {} of {}", one.key, count(one.runs_met.into()), counted(runs, "run")),
    });
    charges.chain(expectations).collect()
}

fn entries(summary: &RepeatSummary) -> Table {
    let fixed = [
        ("at_s", "at"),
        ("failure", "failure"),
        ("entry", "entry"),
        ("kind", "kind"),
        ("component", "component"),
        ("runs_hit", "runs hit"),
        ("runs_unended", "runs unended"),
        ("lost_min_packets", "lost min"),
        ("lost_median_packets", "median"),
        ("lost_max_packets", "max"),
    ];
    let mut table = Table::new("repeat", &fixed);
    for of in ["blackout", "blackout_flow_median", "round_trip", "round_trip_flow_median"] {
        for quantile in ["min", "median", "p95", "max"] {
            table.columns.push(super::document::Column::new(&format!("{of}_{quantile}_us"), quantile));
        }
    }
    for entry in &summary.entries {
        let mut row: Vec<Cell> = vec![
            entry.at.into(),
            entry.name.as_str().into(),
            kind_word(entry.kind).into(),
            entry.what.into(),
            entry.component.as_str().into(),
            u64::from(entry.runs_hit).into(),
            u64::from(entry.runs_unended).into(),
            entry.lost.min.into(),
            entry.lost.median.into(),
            entry.lost.max.into(),
        ];
        let all = [Some(entry.blackout), Some(entry.blackout_median), entry.round_trip, entry.round_trip_median];
        for of in all {
            let quantiles = of.map(|of| [of.min, of.median, of.p95, of.max]);
            row.extend((0..4).map(|index| Cell::from(quantiles.map(|of| of[index]))));
        }
        table.push(row);
    }
    table
}

fn runs(summary: &RepeatSummary) -> Table {
    let columns = [("seed", "seed"), ("loss_percent", "loss"), ("packet_hops", "hops"), ("fingerprint", "fingerprint")];
    let mut table = Table::new("repeat-runs", &columns);
    for run in &summary.runs {
        let fingerprint = format!("{:016x}", run.fingerprint);
        table.push(vec![run.seed.into(), run.loss.into(), run.packet_hops.into(), fingerprint.into()]);
    }
    table
}

fn value(summary: &RepeatSummary, provenance: &Provenance) -> Value {
    let quantiles = |of: Quantiles| {
        json!({
            "min_us": microseconds(of.min),
            "median_us": microseconds(of.median),
            "p95_us": microseconds(of.p95),
            "max_us": microseconds(of.max),
        })
    };
    let entry = |entry: &RepeatEntry| {
        json!({
            "failure": entry.name,
            "entry": kind_word(entry.kind),
            "kind": entry.what,
            "component": entry.component,
            "at_s": entry.at.as_seconds(),
            "runs_hit": entry.runs_hit,
            "runs_unended": entry.runs_unended,
            "blackout": quantiles(entry.blackout),
            "blackout_flow_median": quantiles(entry.blackout_median),
            "round_trip": entry.round_trip.map(quantiles),
            "round_trip_flow_median": entry.round_trip_median.map(quantiles),
            "lost_packets": { "min": entry.lost.min, "median": entry.lost.median, "max": entry.lost.max },
        })
    };
    let charge = |one: &RepeatCharge| {
        json!({
            "name": one.name,
            "rule": one.rule,
            "budget_s": one.budget.as_seconds(),
            "period_s": one.period.as_seconds(),
            "charged_max_s": one.charged_max.as_seconds(),
            "runs_over_budget": one.runs_over_budget,
        })
    };
    let loss = &summary.loss;
    json!({
        "schema_version": SCHEMA_VERSION,
        "title": summary.title,
        "provenance": provenance_value(provenance),
        "horizon_s": summary.horizon.as_seconds(),
        "planned_runs": summary.planned,
        "entries": summary.entries.iter().map(entry).collect::<Vec<_>>(),
        "loss_percent": { "min": percent(loss.min), "median": percent(loss.median), "max": percent(loss.max) },
        "connections": summary.connections.iter().map(charge).collect::<Vec<_>>(),
        "link_groups": summary.link_groups.iter().map(charge).collect::<Vec<_>>(),
        "expectations": summary.expectations.iter().map(|one| json!({
            "key": one.key,
            "runs_met": one.runs_met,
        })).collect::<Vec<_>>(),
        "runs": summary.runs.iter().map(|run| json!({
            "seed": run.seed,
            "loss_percent": percent(run.loss),
            "packet_hops": run.packet_hops,
            "fingerprint": format!("{:016x}", run.fingerprint),
        })).collect::<Vec<_>>(),
    })
}
