//! Reading leaves: text to quantities and words, every failure a problem with its place and remedy.

use std::str::FromStr;

use toml::Value;

use super::file::{Leaf, suggestion};
use super::problem::Problem;
use crate::units::{CalendarSpan, ParseQuantityError, Rate, Span};

/// Collects problems while leaves are read. A leaf that cannot be read gives a stand-in, so that reading goes on
/// and every problem of a file is told at once; the stand-ins never reach a network.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub problems: Vec<Problem>,
}

/// With more words than this a problem names only the one that is near.
const MANY_WORDS: usize = 12;

impl Reader {
    pub fn error(&mut self, place: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(Problem::error(place, message, remedy));
    }

    pub fn warning(&mut self, place: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(Problem::warning(place, message, remedy));
    }

    /// Text at a place; `None` (and a problem) when it is absent or something else.
    pub fn text<'a>(&mut self, place: &str, leaf: &'a Leaf, example: &str) -> Option<&'a str> {
        match leaf {
            Some(Value::String(text)) => Some(text),
            Some(other) => {
                self.error(place, format!("{other} is not text"), format!("write for example \"{example}\""));
                None
            }
            None => {
                self.error(place, "is missing", format!("write for example \"{example}\""));
                None
            }
        }
    }

    /// A quantity with its unit, or `None` with a problem.
    pub fn quantity<T>(&mut self, place: &str, leaf: &Leaf, example: &str) -> Option<T>
    where
        T: FromStr<Err = ParseQuantityError>,
    {
        let text = self.text(place, leaf, example)?;
        text.parse().map_err(|error: ParseQuantityError| self.not_a(place, &error)).ok()
    }

    pub fn not_a(&mut self, place: &str, error: &ParseQuantityError) {
        let article = if error.what.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
        let message = format!("{:?} is not {article} {}", error.text, error.what);
        let in_bytes = Rate::of_bytes_per_second(&error.text).filter(|_| error.what == "rate");
        let remedy = match in_bytes {
            Some(rate) => format!("rates count bits, and B is a byte: write \"{rate}\""),
            None => format!("write for example \"{}\"", error.example),
        };
        self.error(place, message, remedy);
    }

    /// A duration; one that only calendars can hold is told apart from nonsense.
    pub fn span(&mut self, place: &str, leaf: &Leaf, example: &str) -> Option<Span> {
        let text = self.text(place, leaf, example)?;
        match text.parse::<Span>() {
            Ok(span) => Some(span),
            Err(_) if text.parse::<CalendarSpan>().is_ok() => {
                self.beyond_clock(place, text);
                None
            }
            Err(error) => {
                self.not_a(place, &error);
                None
            }
        }
    }

    /// The clock counts picoseconds in 64 bits.
    pub fn beyond_clock(&mut self, place: &str, text: &str) {
        self.error(place, format!("{text:?} is beyond the clock of 213 days"), "write for example \"200 days\"");
    }

    /// A span, or zero with a problem.
    pub fn span_or_zero(&mut self, place: &str, leaf: &Leaf, example: &str) -> Span {
        self.span(place, leaf, example).unwrap_or(Span::ZERO)
    }

    /// A whole number between two limits, or the lower limit with a problem.
    pub fn number(&mut self, place: &str, leaf: &Leaf, low: u64, high: u64) -> u64 {
        let Some(value) = leaf else {
            self.error(place, "is missing", format!("write a whole number such as {low}"));
            return low;
        };
        let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
        match number {
            Some(number) if (low..=high).contains(&number) => number,
            Some(_) | None => {
                let message = format!("{value} is not a whole number from {low} to {high}");
                self.error(place, message, format!("write for example {low}"));
                low
            }
        }
    }

    /// One of some words, or the first with a problem.
    pub fn word<T: Copy>(&mut self, place: &str, leaf: &Leaf, words: &[(&str, T)]) -> T {
        let text = match leaf {
            Some(Value::String(text)) => text.as_str(),
            Some(other) => {
                self.error(place, format!("{other} is not a word"), choice(words));
                return words[0].1;
            }
            None => {
                self.error(place, "is missing", choice(words));
                return words[0].1;
            }
        };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return *value;
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        // Of many words only the meant one helps.
        let near = suggestion(text, &known).filter(|_| known.len() > MANY_WORDS);
        let remedy = near.map_or_else(|| choice(words), |near| format!("did you mean \"{near}\"?"));
        self.error(place, format!("{text:?} is none of the known words"), remedy);
        words[0].1
    }

    /// A list of texts, or an empty one with a problem.
    pub fn list(&mut self, place: &str, leaf: &Leaf, example: &str) -> Vec<String> {
        let items = match leaf {
            Some(Value::Array(items)) => items.as_slice(),
            Some(other) => {
                self.error(place, format!("{other} is not a list"), format!("write for example {example}"));
                return Vec::new();
            }
            None => {
                self.error(place, "is missing", format!("write for example {example}"));
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for item in items {
            match item {
                Value::String(text) => texts.push(text.clone()),
                other @ (Value::Integer(_)
                | Value::Float(_)
                | Value::Boolean(_)
                | Value::Datetime(_)
                | Value::Array(_)
                | Value::Table(_)) => {
                    self.error(place, format!("{other} is not text"), format!("write for example {example}"));
                }
            }
        }
        texts
    }

    /// A name that must exist in a section.
    pub fn dangling(&mut self, place: &str, name: &str, kind: &str, known: &[&str]) {
        let remedy = match suggestion(name, known) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if known.is_empty() => format!("there is none; add [{kind}s.{name}]"),
            None if known.len() <= 12 => format!("there are: {}", known.join(", ")),
            None => format!("add [{kind}s.{name}] or name one that exists"),
        };
        // "facilitys" and "facility": the section names are plural.
        let remedy = remedy.replace("[facilitys.", "[facilities.").replace("[policys.", "[policies.");
        self.error(place, format!("no {kind} is named {name:?}"), remedy);
    }
}

/// The text of a leaf, when it is text: for decisions that must not report a problem twice.
pub(super) fn peek(leaf: &Leaf) -> Option<&str> {
    leaf.as_ref().and_then(Value::as_str)
}

/// The items of a leaf, when it is a list.
pub(super) fn peek_list(leaf: &Leaf) -> Option<&[Value]> {
    leaf.as_ref().and_then(Value::as_array).map(Vec::as_slice)
}

/// What may be written: all of few words, or the first of many.
fn choice<T>(words: &[(&str, T)]) -> String {
    let shown = if words.len() > MANY_WORDS { &words[..1] } else { words };
    let quoted: Vec<String> = shown.iter().map(|(word, _)| format!("{word:?}")).collect();
    let example = if shown.len() < words.len() { "for example " } else { "" };
    format!("write {example}{}", quoted.join(" or "))
}
