//! The report on a study: will this design keep its promise, in how many periods, and what decides it?

mod comparison;
mod page;
mod plots;
mod rare;
mod structure;
mod value;
mod variations;

use std::io;
use std::path::{Path, PathBuf};

pub use comparison::{comparison_json, comparison_page};
pub use variations::{variations_json, variations_page, write_variations};

use super::{Provenance, write};
use crate::study::years::StudySummary;

/// The answer as text of 80 columns; `again` is the command that makes the study again on this machine.
#[must_use]
pub fn study_page(summary: &StudySummary, provenance: &Provenance, again: &str) -> String {
    write::terminal::render(&page::report(summary, provenance, again))
}

/// What `study.json` holds.
#[must_use]
pub fn study_json(summary: &StudySummary, provenance: &Provenance) -> String {
    write::json::render(&value::value(summary, provenance))
}

/// Writes study.json, its tables, its plots and study.html into `folder`, each whole or not at all.
///
/// # Errors
/// What the file system says, with the path.
pub fn write_study(folder: &Path, summary: &StudySummary, provenance: &Provenance) -> io::Result<Vec<PathBuf>> {
    let plots = plots::plots(summary);
    let mut page = page::report(summary, provenance, &provenance.command);
    page.sections.push(page::plots(&plots));
    page.sections.push(super::run::provenance_section(provenance));
    let mut files = vec![
        ("study.json".to_owned(), study_json(summary, provenance)),
        ("study-causes.csv".to_owned(), write::csv::render(&page::causes_table(summary))),
        ("study-sensitivity.csv".to_owned(), write::csv::render(&page::swings_table(summary))),
        ("study-cut-sets.csv".to_owned(), write::csv::render(&structure::cut_sets_table(summary))),
        ("study-structure.csv".to_owned(), write::csv::render(&structure::lacking_table(summary))),
        ("study-importance.csv".to_owned(), write::csv::render(&structure::importance_table(summary))),
        ("study.html".to_owned(), write::html::render(&page)),
    ];
    files.extend(plots.iter().map(|plot| (format!("{}.svg", plot.name), write::svg::render(plot))));
    write::files(folder, &files)
}
