//! JSON, indented, keys in the order they were given.

use serde_json::Value;

/// The document, ending in a line break.
#[must_use]
pub fn render(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("keys are strings and numbers are finite");
    text.push('\n');
    text
}
