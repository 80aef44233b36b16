//! `--set key=value`: the same keys as in the file, by dotted path.

use toml::{Table, Value};

use super::problem::Problem;
use super::source::Source;

/// Applies the overrides in order.
pub(super) fn apply(table: &mut Table, source: &mut Source<'_>, overrides: &[String]) -> Vec<Problem> {
    overrides.iter().filter_map(|given| apply_one(table, source, given).err().map(|problem| *problem)).collect()
}

fn apply_one(table: &mut Table, source: &mut Source<'_>, given: &str) -> Result<(), Box<Problem>> {
    let wrong = |message: &str| {
        let mut problem = Problem::error("", message, "write for example \"flows.web.rate=10 Mbps\"");
        problem.origin = super::problem::Origin::Override(given.to_owned());
        Box::new(problem)
    };
    let (path, text) = given.split_once('=').ok_or_else(|| wrong("no \"=\" in the override"))?;
    let keys: Vec<&str> = split(path.trim());
    if keys.iter().any(|key| key.is_empty()) {
        return Err(wrong("an empty key in the override"));
    }
    let value = value(text.trim());
    set(table, &keys, value).map_err(|message| wrong(&message))?;
    source.overridden(&keys.join("."), given);
    Ok(())
}

/// Splits a dotted path; a key with dots stands in double quotes.
fn split(path: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    let mut rest = path;
    loop {
        let (key, after) = match rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
            Some((key, after)) => (key, after),
            None => rest.split_at(rest.find('.').unwrap_or(rest.len())),
        };
        keys.push(key);
        match after.strip_prefix('.') {
            Some(after) => rest = after,
            None => return keys,
        }
    }
}

/// A TOML value when it reads as one, otherwise text: `10 Mbps` needs no quotes on a command line.
fn value(text: &str) -> Value {
    let parsed = toml::from_str::<Table>(&format!("value = {text}")).ok();
    parsed.and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn set(table: &mut Table, keys: &[&str], value: Value) -> Result<(), String> {
    let Some((key, rest)) = keys.split_first() else { return Ok(()) };
    if rest.is_empty() {
        table.insert((*key).to_owned(), value);
        return Ok(());
    }
    let inner = table.entry((*key).to_owned()).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Array(items) = inner {
        // Failures are an array of tables; the next key is the name of one.
        let named = |item: &&mut Value| item.get("name").and_then(Value::as_str) == Some(rest[0]);
        let known: Vec<String> =
            items.iter().filter_map(|item| item.get("name")?.as_str().map(str::to_owned)).collect();
        let Some(Value::Table(item)) = items.iter_mut().find(named) else {
            return Err(format!("no {key} named {:?} (there are: {})", rest[0], known.join(", ")));
        };
        return set(item, &rest[1..], value);
    }
    if !inner.is_table() {
        // A word such as macsec = "off" gives way to a table.
        *inner = Value::Table(Table::new());
    }
    let Value::Table(inner) = inner else { return Err(format!("{key} is not a table")) };
    set(inner, rest, value)
}
