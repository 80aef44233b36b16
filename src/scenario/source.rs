//! The text as parsed once: its values, and where each key was written.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::file::SECTIONS;
use super::problem::{Origin, Problem};

/// The scenario text and where every key of it stands.
pub(super) struct Source<'a> {
    text: &'a str,
    /// Where lines end.
    line_ends: Vec<usize>,
    file_name: &'a str,
    /// Place ("links.a1.rate") -> where it was written. Templates and defaults have no entry.
    origins: BTreeMap<String, Origin>,
}

impl<'a> Source<'a> {
    /// Parses the text; syntax errors are all reported.
    pub fn parse(text: &'a str, file_name: &'a str) -> (Self, Table, Vec<Problem>) {
        let line_ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        let mut source = Self { text, line_ends, file_name, origins: BTreeMap::new() };
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let problems = errors.iter().map(|error| source.syntax(error)).collect();
            return (source, Table::new(), problems);
        }
        source.index_table("", document.get_ref());
        match Table::deserialize(toml::de::Deserializer::from(document)) {
            Ok(mut table) => {
                name_items(&mut table);
                (source, table, Vec::new())
            }
            Err(error) => {
                let problem = source.syntax(&error);
                (source, Table::new(), vec![problem])
            }
        }
    }

    fn syntax(&self, error: &toml::de::Error) -> Problem {
        let mut problem = Problem::error("", format!("not TOML: {}", error.message()), "");
        problem.file = self.file_name.to_owned();
        problem.origin = error.span().map_or(Origin::Whole, |span| self.at(span));
        problem
    }

    /// A value that comes from the command line.
    pub fn overridden(&mut self, place: &str, given: &str) {
        self.origins.insert(place.to_owned(), Origin::Override(given.to_owned()));
    }

    /// Whether a key stands in the text, or came from the command line.
    pub fn is_written(&self, place: &str) -> bool {
        self.origins.contains_key(place)
    }

    /// Gives a problem its file and position: its own key's, or that of the nearest table around it.
    pub fn locate(&self, mut problem: Problem) -> Problem {
        problem.file = self.file_name.to_owned();
        if problem.origin != Origin::Whole {
            return problem;
        }
        let mut place = problem.place.as_str();
        loop {
            if let Some(origin) = self.origins.get(place) {
                problem.origin = origin.clone();
                return problem;
            }
            match place.rfind('.') {
                // A section as a whole says nothing about one of its tables.
                Some(end) if !SECTIONS.contains(&&place[..end]) => place = &place[..end],
                Some(_) | None => return problem,
            }
        }
    }

    fn at(&self, span: Range<usize>) -> Origin {
        let start = span.start.min(self.text.len());
        let line = self.line_ends.partition_point(|end| *end < start) + 1;
        Origin::File { span: start..span.end.min(self.text.len()), line }
    }

    fn index_table(&mut self, place: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let inner = join(place, key.get_ref());
            match value.get_ref() {
                DeValue::Table(table) => {
                    let origin = self.at(key.span());
                    self.origins.insert(inner.clone(), origin);
                    self.index_table(&inner, table);
                }
                DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
                    for (index, item) in items.iter().enumerate() {
                        let DeValue::Table(table) = item.get_ref() else { continue };
                        let unnamed = item_name(&inner, index);
                        let name = match table.get("name") {
                            Some(name) => name.get_ref().as_str(),
                            None => unnamed.as_deref(),
                        };
                        let inner = item_place(&inner, index, name);
                        let origin = self.at(item.span());
                        self.origins.insert(inner.clone(), origin);
                        self.index_table(&inner, table);
                    }
                }
                DeValue::Array(_)
                | DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_) => {
                    let origin = self.at(value.span());
                    self.origins.insert(inner, origin);
                }
            }
        }
    }
}

/// Gives failures and changes without a name their number, so that problems and overrides can tell them apart.
fn name_items(table: &mut Table) {
    for section in ["failures", "maintenance", "changes"] {
        let Some(Value::Array(items)) = table.get_mut(section) else { continue };
        for (index, item) in items.iter_mut().enumerate() {
            if let (Value::Table(item), Some(name)) = (item, item_name(section, index)) {
                item.entry("name").or_insert_with(|| name.into());
            }
        }
    }
}

/// The name of an item of an array of tables that was given none.
pub(super) fn item_name(section: &str, index: usize) -> Option<String> {
    let singular = match section {
        "failures" => "failure",
        "changes" => "change",
        _ => return None,
    };
    Some(format!("{singular}-{}", index + 1))
}

/// The place of `key` in the table at `place`.
pub(super) fn join(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
}

/// The place of an item of an array of tables: by its name when it has one, else by its number from 1.
pub(super) fn item_place(array: &str, index: usize, name: Option<&str>) -> String {
    name.map_or_else(|| format!("{array}[{}]", index + 1), |name| join(array, name))
}
