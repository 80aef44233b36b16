//! What a paused run shows: tables, sessions and paths, for a terminal or as JSON.

mod fate;
mod paths;
mod routes;
mod rules;
mod sessions;

use serde_json::Value;

use super::document::{Report, Section};
use super::words::seconds;
use super::write;
use crate::network::SlaRule;
use crate::sim::snapshot::{FateSnapshot, PathSnapshot, RoutingSnapshot, SessionSnapshot};
use crate::units::Span;

/// Which ways are told hop by hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The first one.
    First,
    /// All.
    All,
}

/// The tables as text of 80 columns.
#[must_use]
pub fn routes_page(title: &str, snapshot: &RoutingSnapshot) -> String {
    write::terminal::render(&routes::report(title, snapshot))
}

/// The tables as JSON.
#[must_use]
pub fn routes_json(snapshot: &RoutingSnapshot) -> String {
    write::json::render(&routes::value(snapshot))
}

/// The counting rules of a scenario and the other presets, as text of 80 columns.
#[must_use]
pub fn rules_page(title: &str, rules: &[SlaRule]) -> String {
    write::terminal::render(&rules::report(title, rules))
}

/// The counting rules of a scenario as comments behind its text.
#[must_use]
pub fn rule_comments(rules: &[SlaRule]) -> String {
    rules::comments(rules)
}

/// The sessions as text of 80 columns.
#[must_use]
pub fn sessions_page(title: &str, snapshot: &SessionSnapshot) -> String {
    write::terminal::render(&sessions::report(title, snapshot))
}

/// The sessions as JSON.
#[must_use]
pub fn sessions_json(snapshot: &SessionSnapshot) -> String {
    write::json::render(&sessions::value(snapshot))
}

/// The sessions as part of a page.
pub(super) fn session_sections(snapshot: &SessionSnapshot) -> Vec<Section> {
    sessions::sections(snapshot)
}

/// The sessions as part of a tree.
pub(super) fn session_values(snapshot: &SessionSnapshot) -> Value {
    sessions::value(snapshot)
}

/// The ways as text of 80 columns.
#[must_use]
pub fn paths_page(title: &str, snapshot: &PathSnapshot, detail: Detail) -> String {
    write::terminal::render(&paths::report(title, snapshot, detail))
}

/// The ways as JSON, all hop by hop.
#[must_use]
pub fn paths_json(snapshot: &PathSnapshot) -> String {
    write::json::render(&paths::value(snapshot))
}

/// What became of one packet, with what was around it when it died, as text of 80 columns.
#[must_use]
pub fn fate_page(title: &str, fate: &FateSnapshot, around: Option<&(PathSnapshot, RoutingSnapshot)>) -> String {
    write::terminal::render(&fate::report(title, fate, around))
}

/// The same as JSON.
#[must_use]
pub fn fate_json(fate: &FateSnapshot, around: Option<&(PathSnapshot, RoutingSnapshot)>) -> String {
    write::json::render(&fate::value(fate, around))
}

fn page(title: &str, what: &str, at: Span) -> Report {
    Report {
        title: title.to_owned(),
        subtitle: format!("{what} at {}", seconds(at)),
        verdict: Vec::new(),
        sections: Vec::new(),
        checks: Vec::new(),
    }
}
