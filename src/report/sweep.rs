//! The report on a grid of variations of one scenario.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::document::{Axis, Block, Cell, Column, Panel, Plot, Report, Scale, Section, Series, SeriesKind, Table};
use super::run::{microseconds, percent, provenance_value};
use super::words::{self, count, counted};
use super::{Provenance, SCHEMA_VERSION, write};
use crate::study::sweep::{SweepPoint, SweepSummary, Variation};

/// The table as text of 80 columns.
#[must_use]
pub fn sweep_page(summary: &SweepSummary, provenance: &Provenance) -> String {
    write::terminal::render(&report(summary, provenance))
}

/// What `sweep.json` holds.
#[must_use]
pub fn sweep_json(summary: &SweepSummary, provenance: &Provenance) -> String {
    write::json::render(&value(summary, provenance))
}

/// Writes sweep.json, sweep.csv, sweep-runs.csv, sweep.svg and sweep.html into `folder`, each whole or not at all.
///
/// # Errors
/// What the file system says, with the path.
pub fn write_sweep(folder: &Path, summary: &SweepSummary, provenance: &Provenance) -> io::Result<Vec<PathBuf>> {
    let mut page = report(summary, provenance);
    page.sections.push(section("Plots", Block::Plot(plot(summary))));
    page.sections.push(super::run::provenance_section(provenance));
    let files = [
        ("sweep.json".to_owned(), sweep_json(summary, provenance)),
        ("sweep.csv".to_owned(), write::csv::render(&points(summary))),
        ("sweep-runs.csv".to_owned(), write::csv::render(&runs(summary))),
        ("sweep.svg".to_owned(), write::svg::render(&plot(summary))),
        ("sweep.html".to_owned(), write::html::render(&page)),
    ];
    write::files(folder, &files)
}

fn report(summary: &SweepSummary, provenance: &Provenance) -> Report {
    let done: usize = summary.points.iter().map(|point| point.runs.len()).sum();
    let planned = summary.variations.iter().map(|one| one.values.len()).product::<usize>() as u64;
    let mut verdict = vec![format!(
        "{} of {}, each with the same seeds, so that a difference comes from what was varied.",
        counted(planned, "point"),
        counted(summary.planned.into(), "run")
    )];
    let all = planned * u64::from(summary.planned);
    if (done as u64) < all {
        verdict.push(format!("INTERRUPTED: {} of {} finished.", count(done as u64), counted(all, "run")));
    }
    Report {
        title: summary.title.clone(),
        subtitle: format!("{}, varied; seeds from {}", provenance.scenario, provenance.seed),
        verdict,
        sections: vec![section(
            "Longest blackout of a flow in a run, and what it cost",
            Block::Table(overview(summary)),
        )],
        checks: Vec::new(),
    }
}

fn section(heading: &str, block: Block) -> Section {
    Section { heading: heading.to_owned(), blocks: vec![block] }
}

/// The last part of each key, or the whole one where that is not enough to tell it apart.
pub(super) fn short_keys(variations: &[Variation]) -> Vec<String> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
    let keys = || variations.iter().map(|variation| variation.key.as_str());
    keys()
        .map(|key| if keys().filter(|other| last(other) == last(key)).count() == 1 { last(key) } else { key.into() })
        .collect()
}

fn overview(summary: &SweepSummary) -> Table {
    let mut table = Table::new("overview", &[]);
    table.columns.extend(short_keys(&summary.variations).iter().map(|key| Column::new(key, key)));
    for (key, heading) in [
        ("median_us", "median"),
        ("p95_us", "p95"),
        ("max_us", "max"),
        ("loss_percent", "loss"),
        ("false", "false BFD"),
        ("charged", "charged"),
    ] {
        table.columns.push(Column::new(key, heading));
    }
    for point in &summary.points {
        let mut row: Vec<Cell> = point.values.iter().map(|value| Cell::Text(value.clone())).collect();
        row.extend([point.blackout.median, point.blackout.p95, point.blackout.max].map(Cell::Span));
        row.push(point.loss.median.into());
        row.push(Cell::Number(format!("{} in {}", count(point.false_total), counted(point.runs.len() as u64, "run"))));
        row.push(Cell::Number(words::calendar(point.charged_max)));
        table.push(row);
    }
    table
}

fn points(summary: &SweepSummary) -> Table {
    let mut table = Table::new("sweep", &[]);
    table.columns.extend(summary.variations.iter().map(|variation| Column::new(&variation.key, "")));
    for key in [
        "runs",
        "blackout_min_us",
        "blackout_median_us",
        "blackout_p95_us",
        "blackout_max_us",
        "loss_min_percent",
        "loss_median_percent",
        "loss_max_percent",
        "bfd_detections_median",
        "bfd_detections_max",
        "false_detections_median",
        "false_detections_max",
        "false_detections_total",
        "charged_max_s",
    ] {
        table.columns.push(Column::new(key, key));
    }
    for point in &summary.points {
        let mut row: Vec<Cell> = point.values.iter().map(|value| Cell::Text(value.clone())).collect();
        let (blackout, loss) = (&point.blackout, &point.loss);
        row.push((point.runs.len() as u64).into());
        row.extend([blackout.min, blackout.median, blackout.p95, blackout.max].map(Cell::Span));
        row.extend([loss.min, loss.median, loss.max].map(Cell::Share));
        let (all, wrong) = (point.detections, point.false_detections);
        row.extend([all.median, all.max, wrong.median, wrong.max, point.false_total].map(Cell::Count));
        row.push(seconds(point.charged_max));
        table.push(row);
    }
    table
}

fn runs(summary: &SweepSummary) -> Table {
    let mut table = Table::new("sweep-runs", &[]);
    table.columns.extend(summary.variations.iter().map(|variation| Column::new(&variation.key, "")));
    for key in ["seed", "blackout_us", "loss_percent", "bfd_detections", "false_detections", "charged_s"] {
        table.columns.push(Column::new(key, key));
    }
    for point in &summary.points {
        for run in &point.runs {
            let mut row: Vec<Cell> = point.values.iter().map(|value| Cell::Text(value.clone())).collect();
            row.extend([run.seed.into(), run.blackout.into(), run.loss.into()]);
            row.extend([run.detections.into(), run.false_detections.into(), seconds(run.charged)]);
            table.push(row);
        }
    }
    table
}

/// Exact seconds for files.
fn seconds(span: crate::units::CalendarSpan) -> Cell {
    Cell::Number(words::exact(span.as_ns(), 1_000_000_000))
}

/// The first key along the axis, one line for each combination of the others.
fn plot(summary: &SweepSummary) -> Plot {
    let places = summary.variations.first().map_or_else(Vec::new, |first| first.values.clone());
    let mut lines: Vec<Vec<String>> = Vec::new();
    for point in &summary.points {
        if !lines.iter().any(|line| line[..] == point.values[1..]) {
            lines.push(point.values[1..].to_vec());
        }
    }
    let to = places.len().max(1) as f64;
    let label = summary.variations.first().map_or("", |first| first.key.as_str()).to_owned();
    let panel = |title: &str, unit: &str, pick: &dyn Fn(&SweepPoint) -> (f64, f64)| {
        panel(summary, (&places, &lines), (title, unit), pick)
    };
    let total = |point: &SweepPoint| point.false_total as f64 / point.runs.len() as f64;
    let widest = |point: &SweepPoint| point.false_detections.max as f64;
    Plot {
        name: "sweep".to_owned(),
        title: format!("{}: {} at each point", summary.title, counted(summary.planned.into(), "run")),
        panels: vec![
            panel("Longest blackout of a flow: median, and up to the largest run", "s", &|point| {
                (point.blackout.median.as_seconds(), point.blackout.max.as_seconds())
            }),
            panel("Longest blackout of a flow: p95 of the runs", "s", &|point| {
                (point.blackout.p95.as_seconds(), point.blackout.p95.as_seconds())
            }),
            panel("Packets lost: median, and up to the largest run", "%", &|point| {
                (percent(point.loss.median), percent(point.loss.max))
            }),
            panel("False BFD detections: mean, and up to the largest run", "a run", &|point| {
                (total(point), widest(point))
            }),
            panel("Charged in the SLA period: largest run", "s", &|point| {
                (point.charged_max.as_seconds(), point.charged_max.as_seconds())
            }),
        ],
        x: Axis { label, from: 0.0, to, scale: Scale::Named(places.clone()) },
        marks: Vec::new(),
    }
}

fn panel(
    summary: &SweepSummary,
    (places, lines): (&[String], &[Vec<String>]),
    (title, unit): (&str, &str),
    pick: &dyn Fn(&SweepPoint) -> (f64, f64),
) -> Panel {
    let mut series = Vec::new();
    let mut largest: f64 = 0.0;
    for (colour, line) in lines.iter().enumerate() {
        let at = |place: &String| {
            let found = summary.points.iter().find(|point| point.values[0] == *place && point.values[1..] == line[..]);
            found.map(pick)
        };
        let values: Vec<Option<(f64, f64)>> = places.iter().map(at).collect();
        largest = values.iter().flatten().fold(largest, |largest, (_, high)| largest.max(*high));
        // In the middle of its place.
        let along = || (0..places.len()).map(|index| index as f64 + 0.5);
        let name = if line.is_empty() { "all runs".to_owned() } else { line.join(", ") };
        let kind = SeriesKind::Line(along().zip(values.iter().map(|value| value.map(|(middle, _)| middle))).collect());
        if values.iter().flatten().any(|(middle, high)| high > middle) {
            let label = String::new();
            series.push(Series { label, kind: SeriesKind::Band(along().zip(values).collect()), colour });
        }
        series.push(Series { label: name, kind, colour });
    }
    let to = if largest > 0.0 { largest * 1.08 } else { 1.0 };
    Panel { title: title.to_owned(), y: Axis { label: unit.to_owned(), from: 0.0, to, scale: Scale::Linear }, series }
}

fn value(summary: &SweepSummary, provenance: &Provenance) -> Value {
    let keyed = |values: &[String]| -> Value {
        summary.variations.iter().map(|one| one.key.clone()).zip(values.iter().map(|value| json!(value))).collect()
    };
    let point = |point: &SweepPoint| {
        json!({
            "values": keyed(&point.values),
            "runs": point.runs.iter().map(|run| json!({
                "seed": run.seed,
                "blackout_us": microseconds(run.blackout),
                "loss_percent": percent(run.loss),
                "bfd_detections": run.detections,
                "false_detections": run.false_detections,
                "charged_s": run.charged.as_seconds(),
            })).collect::<Vec<_>>(),
            "blackout": {
                "min_us": microseconds(point.blackout.min),
                "median_us": microseconds(point.blackout.median),
                "p95_us": microseconds(point.blackout.p95),
                "max_us": microseconds(point.blackout.max),
            },
            "loss_percent": {
                "min": percent(point.loss.min),
                "median": percent(point.loss.median),
                "max": percent(point.loss.max),
            },
            "false_detections_total": point.false_total,
            "charged_max_s": point.charged_max.as_seconds(),
        })
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "title": summary.title,
        "provenance": provenance_value(provenance),
        "planned_runs": summary.planned,
        "variations": summary.variations.iter().map(|one| json!({ "key": one.key, "values": one.values }))
            .collect::<Vec<_>>(),
        "points": summary.points.iter().map(point).collect::<Vec<_>>(),
    })
}
