//! The variations of a study in the same weather, as text, JSON, table and plot.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::page::{number, plots, share};
use crate::report::document::{
    Axis, Block, Cell, Column, Panel, Plot, Report, Scale, Section, Series, SeriesKind, Table,
};
use crate::report::run::{provenance_section, provenance_value};
use crate::report::sweep::short_keys;
use crate::report::words::counted;
use crate::report::{Provenance, SCHEMA_VERSION, write};
use crate::study::statistics::Interval;
use crate::study::statistics::mean::Moments;
use crate::study::variations::{Combination, VariationSummary};
use crate::study::years::CONFIDENCE;

/// The table as text of 80 columns.
#[must_use]
pub fn variations_page(summary: &VariationSummary, provenance: &Provenance) -> String {
    write::terminal::render(&report(summary, provenance))
}

/// What `study-variations.json` holds.
#[must_use]
pub fn variations_json(summary: &VariationSummary, provenance: &Provenance) -> String {
    write::json::render(&value(summary, provenance))
}

/// Writes study-variations.json, .csv, .svg and .html into `folder`, each whole or not at all.
///
/// # Errors
/// What the file system says, with the path.
pub fn write_variations(
    folder: &Path,
    summary: &VariationSummary,
    provenance: &Provenance,
) -> io::Result<Vec<PathBuf>> {
    let plot = plot(summary);
    let mut page = report(summary, provenance);
    page.sections.push(plots(std::slice::from_ref(&plot)));
    page.sections.push(provenance_section(provenance));
    let files = [
        ("study-variations.json".to_owned(), variations_json(summary, provenance)),
        ("study-variations.csv".to_owned(), write::csv::render(&csv(summary))),
        ("study-variations.svg".to_owned(), write::svg::render(&plot)),
        ("study-variations.html".to_owned(), write::html::render(&page)),
    ];
    write::files(folder, &files)
}

fn report(summary: &VariationSummary, provenance: &Provenance) -> Report {
    let mut verdict = vec![format!(
        "{} of {}, each over the same weather, so that a difference comes from what was varied.",
        counted(summary.combinations.len() as u64, "combination"),
        counted(summary.periods, "period")
    )];
    verdict.extend(best(summary));
    Report {
        title: summary.title.clone(),
        subtitle: format!("{}, varied; seed {}", provenance.scenario, provenance.seed),
        verdict,
        sections: vec![Section {
            heading: "The worst connection of each combination".to_owned(),
            blocks: vec![
                Block::Table(table(summary)),
                Block::Paragraph(
                    "Charged: mean of a period. Less the first: the difference to the first row, period by period, with \
                     its 95% interval. Shares by Clopper and Pearson."
                        .to_owned(),
                ),
            ],
        }],
        checks: Vec::new(),
    }
}

/// The combination that keeps its promise most often.
fn best(summary: &VariationSummary) -> Option<String> {
    // Of equals the one that is charged least, then the first.
    let better = |a: &&Combination, b: &&Combination| {
        b.meets.total_cmp(&a.meets).then(a.charged.mean.total_cmp(&b.charged.mean))
    };
    let best = summary.combinations.iter().min_by(better)?;
    let pairs = summary.variations.iter().zip(&best.values);
    let named: Vec<String> = pairs.map(|(variation, value)| format!("{} = {value}", variation.key)).collect();
    Some(format!("Best: {}, with {} of periods kept.", named.join(", "), share(best.meets)))
}

fn signed(value: f64) -> String {
    if value < 0.0 { format!("-{}", number(-value)) } else { number(value) }
}

fn ends(moments: &Moments) -> Interval {
    moments.student(CONFIDENCE).unwrap_or(Interval { low: moments.mean, high: moments.mean })
}

fn table(summary: &VariationSummary) -> Table {
    let mut table = Table::new("variations", &[]);
    table.columns.extend(short_keys(&summary.variations).iter().map(|key| Column::new(key, key)));
    for (key, heading) in [("meets", "meets"), ("charged_s", "charged"), ("difference_s", "less the first, s")] {
        table.columns.push(Column::new(key, heading));
    }
    for (index, one) in summary.combinations.iter().enumerate() {
        let mut row: Vec<Cell> = one.values.iter().map(|value| Cell::Text(value.clone())).collect();
        let Interval { low, high } = one.meets_interval;
        row.push(Cell::Number(format!("{} ({} to {})", share(one.meets), share(low), share(high))));
        row.push(Cell::Number(format!("{} s", number(one.charged.mean))));
        let Interval { low, high } = ends(&one.difference);
        row.push(if index == 0 {
            Cell::Empty
        } else {
            Cell::Number(format!("{} ({} to {})", signed(one.difference.mean), signed(low), signed(high)))
        });
        table.push(row);
    }
    table
}

fn csv(summary: &VariationSummary) -> Table {
    let mut table = Table::new("study-variations", &[]);
    table.columns.extend(summary.variations.iter().map(|variation| Column::new(&variation.key, "")));
    for key in
        ["periods", "missed", "meets", "meets_low", "meets_high", "charged_s", "difference_s", "difference_low_s"]
    {
        table.columns.push(Column::new(key, ""));
    }
    for key in ["difference_high_s", "better", "worse"] {
        table.columns.push(Column::new(key, ""));
    }
    for one in &summary.combinations {
        let exact = |value: f64| Cell::Number(value.to_string());
        let mut row: Vec<Cell> = one.values.iter().map(|value| Cell::Text(value.clone())).collect();
        row.extend([summary.periods.into(), one.missed.into(), exact(one.meets)]);
        row.extend([one.meets_interval.low, one.meets_interval.high, one.charged.mean].map(exact));
        let Interval { low, high } = ends(&one.difference);
        row.extend([one.difference.mean, low, high].map(exact));
        row.extend(one.better_worse.map(Cell::Count));
        table.push(row);
    }
    table
}

/// Along the first key, one line for each combination of the others: how often the promise is broken, and the charge.
fn plot(summary: &VariationSummary) -> Plot {
    let places = summary.variations.first().map_or_else(Vec::new, |first| first.values.clone());
    let label = summary.variations.first().map_or("", |first| first.key.as_str());
    let missed = |one: &Combination| {
        let Interval { low, high } = one.meets_interval;
        [1.0 - one.meets, 1.0 - high, 1.0 - low].map(|share| 100.0 * share)
    };
    let charged = |one: &Combination| {
        let interval = one.charged.log_t(CONFIDENCE).unwrap_or(Interval { low: 0.0, high: 0.0 });
        [one.charged.mean, interval.low, interval.high]
    };
    Plot {
        name: "study-variations".to_owned(),
        title: format!("{}: {} of each", summary.title, counted(summary.periods, "period")),
        panels: vec![
            panel(summary, &places, ("Periods that break the promise, with 95% intervals", "% of periods"), &missed),
            panel(summary, &places, ("Mean charge of a period, with 95% intervals", "s"), &charged),
        ],
        x: Axis {
            label: label.to_owned(),
            from: 0.0,
            to: places.len().max(1) as f64,
            scale: Scale::Named(places.clone()),
        },
        marks: Vec::new(),
    }
}

fn panel(
    summary: &VariationSummary,
    places: &[String],
    (title, unit): (&str, &str),
    pick: &dyn Fn(&Combination) -> [f64; 3],
) -> Panel {
    let mut lines: Vec<&[String]> = summary.combinations.iter().map(|one| &one.values[1..]).collect();
    lines.sort();
    lines.dedup();
    let keys = short_keys(&summary.variations);
    let (mut series, mut largest) = (Vec::new(), 0.0f64);
    for (colour, line) in lines.into_iter().enumerate() {
        let of_line = summary.combinations.iter().filter(|one| one.values[1..] == *line);
        let points: Vec<(f64, [f64; 3])> = of_line
            .filter_map(|one| {
                let place = places.iter().position(|place| *place == one.values[0])?;
                Some((place as f64 + 0.5, pick(one)))
            })
            .collect();
        largest = points.iter().fold(largest, |largest, (_, [_, _, high])| largest.max(*high));
        let band = points.iter().map(|(x, [_, low, high])| (*x, Some((*low, *high)))).collect();
        let middle = points.iter().map(|(x, [middle, ..])| (*x, Some(*middle))).collect();
        // "up 1710 h": by the short names of the keys that are not along the axis.
        let named = keys[1..].iter().zip(line).map(|(key, value)| format!("{key} {value}"));
        let label = if line.is_empty() { "all".to_owned() } else { named.collect::<Vec<_>>().join(", ") };
        series.push(Series { label: String::new(), kind: SeriesKind::Band(band), colour });
        series.push(Series { label, kind: SeriesKind::Line(middle), colour });
    }
    let to = if largest > 0.0 { largest * 1.08 } else { 1.0 };
    Panel { title: title.to_owned(), y: Axis { label: unit.to_owned(), from: 0.0, to, scale: Scale::Linear }, series }
}

fn value(summary: &VariationSummary, provenance: &Provenance) -> Value {
    let combination = |one: &Combination| {
        let keys = summary.variations.iter().map(|variation| variation.key.clone());
        let values: serde_json::Map<String, Value> = keys.zip(one.values.iter().map(|value| json!(value))).collect();
        let Interval { low, high } = ends(&one.difference);
        json!({
            "values": values,
            "missed_periods": one.missed,
            "meets": one.meets,
            "meets_interval": [one.meets_interval.low, one.meets_interval.high],
            "charged_s": one.charged.mean,
            "difference_s": { "mean": one.difference.mean, "interval": [low, high] },
            "better": one.better_worse[0],
            "worse": one.better_worse[1],
        })
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "title": summary.title,
        "provenance": provenance_value(provenance),
        "periods": summary.periods,
        "variations": summary.variations.iter().map(|one| json!({ "key": one.key, "values": one.values }))
            .collect::<Vec<_>>(),
        "combinations": summary.combinations.iter().map(combination).collect::<Vec<_>>(),
    })
}
