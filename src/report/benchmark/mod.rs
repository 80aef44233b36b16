//! The report on the program's own speed and accuracy.
//!
//! Its numbers are measurements, and differ from run to run; nothing else in `report/` does.

mod page;
mod value;

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::document::{Block, Report};
use super::write;
use crate::study::benchmark::Benchmark;

/// Version of the layout of `benchmark.json`; it grows when a key changes its meaning or goes.
pub const BENCHMARK_SCHEMA_VERSION: u32 = 1;

/// The name of the file with every number.
pub const BENCHMARK_FILE: &str = "benchmark.json";

/// What was measured now, and what an earlier `benchmark.json` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Now.
    pub now: Benchmark,
    /// Peers that could not be had, and why.
    pub absent: Vec<(&'static str, String)>,
    /// Earlier, when there is something to compare with.
    pub earlier: Option<Value>,
}

/// The page for a terminal of 80 columns.
#[must_use]
pub fn benchmark_page(measured: &Measured) -> String {
    write::terminal::render(&page::report(measured))
}

/// Writes benchmark.json, benchmark.md, benchmark.html and the plots into `folder`, each whole or not at all.
///
/// # Errors
/// What the file system says, with the path.
pub fn write_benchmark(folder: &Path, measured: &Measured) -> io::Result<Vec<PathBuf>> {
    let report = page::report(measured);
    let mut files = vec![
        (BENCHMARK_FILE.to_owned(), write::json::render(&value::value(measured))),
        ("benchmark.md".to_owned(), write::markdown::render(&report)),
        ("benchmark.html".to_owned(), write::html::render(&report)),
    ];
    files.extend(plots(&report));
    write::files(folder, &files)
}

fn plots(report: &Report) -> impl Iterator<Item = (String, String)> {
    report.sections.iter().flat_map(|section| &section.blocks).filter_map(|block| match block {
        Block::Plot(plot) => Some((format!("{}.svg", plot.name), write::svg::render(plot))),
        Block::Paragraph(_) | Block::Facts(_) | Block::Table(_) | Block::Verbatim(_) | Block::Fold { .. } => None,
    })
}

#[cfg(test)]
mod tests;
