//! The report on the program's own truth: every known figure beside what the program says.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::document::{Block, Cell, Check, Outcome, Report, Section, Table};
use super::words::{count, counted};
use super::{SCHEMA_VERSION, write};
use crate::study::validate::{CONFIDENCE, Claim, Oracle, Row};

/// An oracle that was asked, and its rows.
pub type Asked = (Oracle, Vec<Row>);

/// The page as text of 80 columns: every claim, and the rows of those that do not hold.
#[must_use]
pub fn validate_page(asked: &[Asked]) -> String {
    let failing: Vec<Section> = asked.iter().filter(|one| !holds(one)).map(rows_section).collect();
    write::terminal::render(&report(asked, failing))
}

/// What `validate.json` holds.
#[must_use]
pub fn validate_json(asked: &[Asked]) -> String {
    write::json::render(&value(asked))
}

/// Writes validate.json, validate.csv, validate.md and validate.html into `folder`, each whole or not at all.
///
/// # Errors
/// What the file system says, with the path.
pub fn write_validate(folder: &Path, asked: &[Asked]) -> io::Result<Vec<PathBuf>> {
    let page = report(asked, asked.iter().map(rows_section).collect());
    let files = [
        ("validate.json".to_owned(), validate_json(asked)),
        ("validate.csv".to_owned(), write::csv::render(&csv(asked))),
        ("validate.md".to_owned(), write::markdown::render(&page)),
        ("validate.html".to_owned(), write::html::render(&page)),
    ];
    write::files(folder, &files)
}

fn holds((_, rows): &Asked) -> bool {
    rows.iter().all(Row::holds)
}

fn report(asked: &[Asked], sections: Vec<Section>) -> Report {
    let rows = || asked.iter().flat_map(|(_, rows)| rows);
    let (all, wrong) = (rows().count() as u64, rows().filter(|row| !row.holds()).count() as u64);
    let verdict = if wrong == 0 {
        format!("All of {} are as they must be.", counted(all, "figure"))
    } else {
        format!("WRONG: {} of {} not as they must be.", count(wrong), counted(all, "figure"))
    };
    let check = |one: &Asked| {
        let outcome = if holds(one) { Outcome::Pass } else { Outcome::Fail };
        let (oracle, rows) = one;
        Check { outcome, text: format!("{}: {} ({})", oracle.name, oracle.claim, counted(rows.len() as u64, "figure")) }
    };
    Report {
        title: format!("fabricsim {} held against known figures", env!("CARGO_PKG_VERSION")),
        subtitle: "exact methods, simulation and packets; all seeds fixed beforehand".to_owned(),
        verdict: vec![verdict],
        sections,
        checks: asked.iter().map(check).collect(),
    }
}

/// Every figure of one oracle.
fn rows_section((oracle, rows): &Asked) -> Section {
    let mut table = Table::new(
        oracle.name,
        &[
            ("figure", "figure"),
            ("got", "got"),
            ("expected", "expected"),
            ("interval", "99.9% interval"),
            ("source", "source"),
            ("verdict", "verdict"),
        ],
    );
    for row in rows {
        table.push(vec![
            row.name.clone().into(),
            Cell::Number(row.got_text()),
            Cell::Number(row.expected_text()),
            interval(row).map_or(Cell::Empty, Cell::Number),
            row.source.into(),
            verdict(row).into(),
        ]);
    }
    Section { heading: format!("{}: {}", oracle.name, oracle.claim), blocks: vec![Block::Table(table)] }
}

/// "4.1e-8 to 4.4e-8, +-3.2% of at most 5%".
fn interval(row: &Row) -> Option<String> {
    let Claim::Covers { truth, interval, widest } = &row.claim else { return None };
    let half = 100.0 * interval.half_width() / truth;
    Some(format!("{:.4e} to {:.4e}, +-{half:.2}% (at most {:.0}%)", interval.low, interval.high, widest * 100.0))
}

fn verdict(row: &Row) -> &'static str {
    if row.holds() { Outcome::Pass.word() } else { Outcome::Fail.word() }
}

/// All rows of all oracles, for files.
fn csv(asked: &[Asked]) -> Table {
    let columns = ["oracle", "figure", "source", "expected", "got", "low", "high", "verdict"].map(|key| (key, ""));
    let mut table = Table::new("validate", &columns);
    for (oracle, rows) in asked {
        for row in rows {
            let ends = match &row.claim {
                Claim::Covers { interval, .. } => {
                    [interval.low, interval.high].map(|end| Cell::Number(end.to_string()))
                }
                Claim::Printed(_) | Claim::Near { .. } | Claim::Lies(_) => [Cell::Empty, Cell::Empty],
            };
            let mut cells: Vec<Cell> = vec![
                oracle.name.into(),
                row.name.clone().into(),
                row.source.into(),
                row.expected_text().into(),
                row.got_text().into(),
            ];
            cells.extend(ends);
            cells.push(verdict(row).into());
            table.push(cells);
        }
    }
    table
}

fn value(asked: &[Asked]) -> Value {
    let row = |row: &Row| {
        let mut value = json!({
            "figure": row.name,
            "source": row.source,
            "expected": row.expected_text(),
            "got": row.got,
            "verdict": verdict(row),
        });
        if let Claim::Covers { truth, interval, widest } = &row.claim {
            value["interval"] = json!([interval.low, interval.high]);
            value["confidence"] = json!(CONFIDENCE);
            value["relative_half_width"] = json!(interval.half_width() / truth);
            value["largest_relative_half_width"] = json!(widest);
        }
        value
    };
    let oracle = |one: &Asked| {
        json!({
            "name": one.0.name,
            "claim": one.0.claim,
            "holds": holds(one),
            "figures": one.1.iter().map(row).collect::<Vec<_>>(),
        })
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "version": env!("CARGO_PKG_VERSION"),
        "holds": asked.iter().all(holds),
        "oracles": asked.iter().map(oracle).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::validate::oracle;

    #[test]
    fn a_wrong_figure_is_a_fail_in_every_form() {
        let rules = oracle("rules");
        let right = vec![(rules, (rules.rows)())];
        assert!(validate_page(&right).contains("All of 4 figures"), "{}", validate_page(&right));
        assert_eq!(value(&right)["holds"], true);
        let mut wrong = right;
        wrong[0].1[0].got *= 1.001;
        assert!(validate_page(&wrong).contains("FAIL"), "{}", validate_page(&wrong));
        assert_eq!(value(&wrong)["oracles"][0]["figures"][0]["verdict"], "FAIL");
        assert!(write::csv::render(&csv(&wrong)).contains("FAIL"));
    }
}
