//! The effective scenario as TOML: every default written out, no template left, ready to be run again.

use toml::{Table, Value};

use super::file::File;

/// Prints a filled file: one table per component, in order of section and name.
pub(super) fn show(file: &File) -> String {
    let top = toml::to_string(&file.top).expect("leaves serialize");
    let mut sections = Table::try_from(file).expect("leaves serialize");
    sections.retain(|_, value| match value {
        Value::Table(table) => !table.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => true,
    });
    let body = toml::to_string(&sections).expect("leaves serialize");
    format!("{top}\n{body}")
}
