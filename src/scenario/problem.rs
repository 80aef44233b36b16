//! What is wrong with a scenario: all problems at once, each with its place, its reason and a remedy.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// Whether a problem stops the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// It can, but something is worth knowing.
    Warning,
}

/// Where in what the user gave a problem lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the file: byte range and line, counted from 1.
    File {
        /// Bytes of the text.
        span: Range<usize>,
        /// Line of its first byte.
        line: usize,
    },
    /// In a `--set` on the command line, as given.
    Override(String),
    /// Nowhere in particular, such as a missing table.
    Whole,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether it stops the run.
    pub severity: Severity,
    /// The key it is about, such as "links.a1.rate"; empty for the whole file.
    pub place: String,
    /// What is wrong, as a sentence without its end.
    pub message: String,
    /// What to do about it; may be empty.
    pub remedy: String,
    /// Name of the file.
    pub file: String,
    /// Where it was written.
    pub origin: Origin,
}

impl Problem {
    pub(super) fn error(place: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Severity::Error, place.into(), message.into(), remedy.into())
    }

    pub(super) fn warning(place: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Severity::Warning, place.into(), message.into(), remedy.into())
    }

    fn new(severity: Severity, place: String, message: String, remedy: String) -> Self {
        Self { severity, place, message, remedy, file: String::new(), origin: Origin::Whole }
    }

    fn sentence(&self) -> String {
        let separator = if self.remedy.is_empty() { "" } else { "; " };
        let place = if self.place.is_empty() { String::new() } else { format!("{}: ", self.place) };
        format!("{place}{}{separator}{}", self.message, self.remedy)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "",
            Severity::Warning => "warning: ",
        };
        write!(f, "{severity}{} ", self.sentence())?;
        match &self.origin {
            Origin::File { line, .. } => write!(f, "({}:{line})", self.file),
            Origin::Override(text) => write!(f, "(--set {text})"),
            Origin::Whole => write!(f, "({})", self.file),
        }
    }
}

/// All problems of a scenario, errors first, each group in order of place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    items: Vec<Problem>,
    text: String,
}

impl Problems {
    pub(super) fn new(mut items: Vec<Problem>, text: &str) -> Self {
        sort(&mut items);
        Self { items, text: text.to_owned() }
    }

    /// The problems in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.items.iter()
    }

    /// All problems with the lines of the file that they are about, as plain text.
    #[must_use]
    pub fn render(&self) -> String {
        render(&self.items, &self.text)
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.items.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Errors before warnings, then by line; equal problems once.
pub(super) fn sort(items: &mut Vec<Problem>) {
    let line = |problem: &Problem| match &problem.origin {
        Origin::File { span, .. } => span.start,
        Origin::Override(_) | Origin::Whole => usize::MAX,
    };
    items.sort_by(|a, b| (a.severity, line(a), &a.place).cmp(&(b.severity, line(b), &b.place)));
    items.dedup();
}

fn render(items: &[Problem], text: &str) -> String {
    let renderer = Renderer::plain();
    let mut out = String::new();
    for problem in items {
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let origin = match &problem.origin {
            Origin::File { span, .. } => {
                let label = if problem.remedy.is_empty() { problem.place.as_str() } else { problem.remedy.as_str() };
                let annotation = AnnotationKind::Primary.span(span.clone()).label(label);
                let snippet = Snippet::source(text).path(&problem.file).annotation(annotation);
                let title = if problem.place.is_empty() {
                    problem.message.clone()
                } else {
                    format!("{}: {}", problem.place, problem.message)
                };
                out.push_str(&renderer.render(&[level.primary_title(title).element(snippet)]));
                out.push('\n');
                continue;
            }
            Origin::Override(given) => format!("--set {given}"),
            Origin::Whole => problem.file.clone(),
        };
        let message = format!("{} ({origin})", problem.sentence());
        out.push_str(&renderer.render(&[
            level.primary_title(message).elements(std::iter::empty::<Snippet<'_, annotate_snippets::Annotation<'_>>>()),
        ]));
        out.push('\n');
    }
    out
}
