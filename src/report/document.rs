//! A report as data: text, tables and plots, which every writer turns into its own format.

use std::fmt;

use super::words;
use crate::units::{Share, Span};

/// A report, from the most important to the least.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What it is about.
    pub title: String,
    /// A line on what was done.
    pub subtitle: String,
    /// The answer in some sentences, before everything else.
    pub verdict: Vec<String>,
    /// The rest, in order.
    pub sections: Vec<Section>,
    /// What was asked and whether it holds.
    pub checks: Vec<Check>,
}

/// A heading and what stands under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Some sentences.
    Paragraph(String),
    /// Labels with what belongs to them.
    Facts(Vec<(String, String)>),
    /// A table.
    Table(Table),
    /// A plot; the terminal leaves it out.
    Plot(Plot),
    /// Text whose line breaks count, such as a scenario.
    Verbatim(String),
    /// Detail that opens on demand; the terminal leaves it out.
    Fold {
        /// What is inside.
        summary: String,
        /// The inside.
        blocks: Vec<Block>,
    },
}

/// One thing that was asked, and the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The answer.
    pub outcome: Outcome,
    /// The question with its numbers.
    pub text: String,
}

/// The answer to a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An expectation is met.
    Pass,
    /// An expectation is not met.
    Fail,
    /// The charge is inside its budget.
    Within,
    /// The charge is above its budget.
    Over,
    /// Not judged.
    Open,
}

impl Outcome {
    /// The word that reports print.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Within => "WITHIN",
            Self::Over => "OVER",
            Self::Open => "OPEN",
        }
    }
}

/// A table; every row has one cell per column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// File name without extension, and id in a page.
    pub name: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Header in files, with the unit of its numbers last: "latency_max_us".
    pub key: String,
    /// Header for people.
    pub heading: String,
    /// The unit that spans are written in, in files.
    pub unit: SpanUnit,
}

/// The unit that spans are written in, in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanUnit {
    /// Microseconds.
    Microseconds,
    /// Seconds.
    Seconds,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing to say.
    Empty,
    /// Words.
    Text(String),
    /// A number already written out with its unit.
    Number(String),
    /// A count of something.
    Count(u64),
    /// A length of time.
    Span(Span),
    /// A share, shown in percent.
    Share(Share),
    /// Bits per second.
    BitsPerSecond(u64),
}

impl Column {
    /// A column whose spans, when it has any, are written in microseconds.
    #[must_use]
    pub fn new(key: &str, heading: &str) -> Self {
        let unit = if key.ends_with("_s") { SpanUnit::Seconds } else { SpanUnit::Microseconds };
        Self { key: key.to_owned(), heading: heading.to_owned(), unit }
    }
}

impl Table {
    /// An empty table of these (key, heading) columns.
    #[must_use]
    pub fn new(name: &str, columns: &[(&str, &str)]) -> Self {
        let columns = columns.iter().map(|(key, heading)| Column::new(key, heading)).collect();
        Self { name: name.to_owned(), columns, rows: Vec::new() }
    }

    /// Appends a row; panics (our bug) unless it has one cell per column.
    pub fn push(&mut self, row: Vec<Cell>) {
        assert_eq!(row.len(), self.columns.len(), "a row of {} has one cell per column", self.name);
        self.rows.push(row);
    }
}

impl fmt::Display for Cell {
    /// As people read it, rounded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("-"),
            Self::Text(text) | Self::Number(text) => f.write_str(text),
            Self::Count(count) => f.write_str(&words::count(*count)),
            Self::Span(span) => f.write_str(&words::span(*span)),
            Self::Share(share) => f.write_str(&words::percent(*share)),
            Self::BitsPerSecond(rate) => f.write_str(&words::rate(*rate)),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<Span> for Cell {
    fn from(span: Span) -> Self {
        Self::Span(span)
    }
}

impl From<Share> for Cell {
    fn from(share: Share) -> Self {
        Self::Share(share)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// One picture of one or more panels that share the x axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// File name without extension.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// The panels, top to bottom.
    pub panels: Vec<Panel>,
    /// The x axis of every panel.
    pub x: Axis,
    /// Times worth a mark, such as incidents.
    pub marks: Vec<Mark>,
}

/// One coordinate system.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What this panel shows.
    pub title: String,
    /// The y axis.
    pub y: Axis,
    /// What is drawn, in order; stacked series stand on those before them.
    pub series: Vec<Series>,
}

/// An axis with its unit and range.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is measured, with the unit.
    pub label: String,
    /// Smallest value shown.
    pub from: f64,
    /// Largest value shown.
    pub to: f64,
    /// How values are spread over it.
    pub scale: Scale,
}

/// How values are spread over an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Values are decimal logarithms of a share; 0 reads "all", -3 reads "1 in 1,000".
    OneIn,
    /// Values are decimal logarithms of a number; 3 reads "1,000".
    PowersOfTen,
    /// From n to n + 1 is the place of the n-th of these names.
    Named(Vec<String>),
}

/// One line, band or area.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it shows, for the legend.
    pub label: String,
    /// How it is drawn.
    pub kind: SeriesKind,
    /// Place in the colour-blind safe palette.
    pub colour: usize,
}

/// How a series is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum SeriesKind {
    /// A line through (x, y); a gap where y is `None`.
    Line(Vec<(f64, Option<f64>)>),
    /// The area between (x, low, high); a gap where it is `None`.
    Band(Vec<(f64, Option<(f64, f64)>)>),
    /// (from, to, height) bars without gaps that stand on the stacked series before.
    Stack(Vec<(f64, f64, f64)>),
}

/// A labelled stretch of the x axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Begin.
    pub from: f64,
    /// End.
    pub to: f64,
    /// The label.
    pub label: String,
}
