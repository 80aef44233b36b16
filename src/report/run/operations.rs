//! What operators and customers did on purpose, step by step.

use serde_json::{Value, json};

use crate::report::document::{Block, Section};
use crate::report::words::seconds;
use crate::sim::record::{OperationRecord, RunRecord};

/// One line per step; none without an operation.
pub fn section(record: &RunRecord) -> Option<Section> {
    let line = |one: &OperationRecord| (seconds(one.at), format!("{}: {}", one.component, one.text));
    let facts: Vec<(String, String)> = record.operations.iter().map(line).collect();
    (!facts.is_empty()).then(|| Section { heading: "Operations".to_owned(), blocks: vec![Block::Facts(facts)] })
}

/// A step in the summary.
pub fn value(one: &OperationRecord) -> Value {
    json!({ "at_s": one.at.as_seconds(), "component": one.component, "step": one.step, "text": one.text })
}
