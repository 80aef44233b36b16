//! Reports: one record, several views. A report is data first ([`document`]); writers turn it into files.
//!
//! ```text
//! RunRecord, RepeatSummary -> run/, repeat -> Report, Table, Plot, JSON -> write/ -> text, CSV, SVG, HTML
//! ```

pub mod benchmark;
pub mod catalogue;
pub mod document;
#[cfg(test)]
mod fixture;
pub mod inspect;
pub mod repeat;
pub mod run;
pub mod study;
pub mod sweep;
pub mod validate;
mod words;
pub mod write;

use std::io;
use std::path::{Path, PathBuf};

pub use repeat::{repeat_json, repeat_page, write_repeat};
pub use study::{comparison_json, comparison_page, study_json, study_page, write_study};
pub use study::{variations_json, variations_page, write_variations};
pub use sweep::{sweep_json, sweep_page, write_sweep};

use crate::sim::record::RunRecord;

/// Version of the layout of `summary.json`; it grows when a key changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// Where a result comes from: enough to make it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Version of fabricsim.
    pub version: String,
    /// The scenario's file name, never a path.
    pub scenario: String,
    /// Hash of the effective scenario.
    pub hash: String,
    /// The seed.
    pub seed: u64,
    /// `--set key=value` as given.
    pub overrides: Vec<String>,
    /// The command that makes this result again.
    pub command: String,
    /// The effective scenario: TOML with every default written out.
    pub effective: String,
}

/// The verdict on one run as text for one screen of 80 columns.
#[must_use]
pub fn terminal_page(record: &RunRecord, provenance: &Provenance) -> String {
    write::terminal::render(&run::verdict(record, provenance))
}

/// `summary.json`: provenance and every number of the run but the long series, units in the names of the keys.
#[must_use]
pub fn summary_json(record: &RunRecord, provenance: &Provenance) -> String {
    write::json::render(&run::summary(record, provenance))
}

/// Writes every file of a run into `folder`, which is made when missing; each file is whole or not there.
///
/// # Errors
/// What the file system says, with the path.
pub fn write_results(folder: &Path, record: &RunRecord, provenance: &Provenance) -> io::Result<Vec<PathBuf>> {
    let mut files = vec![("summary.json".to_owned(), summary_json(record, provenance))];
    for table in run::tables(record) {
        files.push((format!("{}.csv", table.name), write::csv::render(&table)));
    }
    for plot in run::plots(record) {
        files.push((format!("{}.svg", plot.name), write::svg::render(&plot)));
    }
    files.push(("report.html".to_owned(), write::html::render(&run::page(record, provenance))));
    write::files(folder, &files)
}

#[cfg(test)]
mod tests;
