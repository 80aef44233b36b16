//! Templates, fabrics and reliability packs expand into the same tables that a file could hold; what the file says
//! itself wins key by key.

use toml::{Table, Value};

use super::fabrics::{self, Fabric};
use super::packs;
use super::problem::Problem;
use super::source::join;
use super::templates::{Parameters, instantiate, template_names};

/// The keys of an interconnect that only a template reads.
const PARAMETERS: [&str; 4] = ["code", "channel_rate", "channel_length", "members"];

/// Replaces templates and fabrics by what they stand for, and lays a reliability pack below what is written; returns
/// the fabrics, too.
pub(super) fn expand(table: Table, problems: &mut Vec<Problem>) -> (Table, Vec<Fabric>) {
    let mut explicit = table;
    let mut made = Table::new();
    if let Some(Value::Table(interconnects)) = explicit.get_mut("interconnects") {
        made = expand_templates(interconnects, problems);
    }
    let fabrics = fabrics::take(&mut explicit, problems);
    fabrics.iter().for_each(|fabric| merge(&mut made, fabric.tables()));
    merge(&mut made, packs::tables(&explicit, problems));
    merge(&mut made, explicit);
    (made, fabrics)
}

fn expand_templates(interconnects: &mut Table, problems: &mut Vec<Problem>) -> Table {
    let mut made = Table::new();
    for (name, value) in interconnects.iter_mut() {
        let Value::Table(interconnect) = value else { continue };
        let place = join("interconnects", name);
        let Some(template) = interconnect.remove("template") else {
            if let Some(key) = PARAMETERS.into_iter().find(|key| interconnect.contains_key(*key)) {
                let remedy = "add a template line, or write the value in the links themselves";
                problems.push(Problem::error(join(&place, key), "is read by templates only", remedy));
            }
            continue;
        };
        let parameters = parameters(name, &place, interconnect, problems);
        let Some(tables) = template.as_str().and_then(|template| instantiate(template, &parameters)) else {
            let known: Vec<&str> = template_names().iter().map(|template| template.name).collect();
            let remedy = format!("there are: {}", known.join(", "));
            problems.push(Problem::error(join(&place, "template"), format!("no template is named {template}"), remedy));
            continue;
        };
        if let Some(link) = shared_link(&made, &tables) {
            let message = format!("makes link {link:?}, which another interconnect's template makes too");
            problems.push(Problem::error(&place, message, "give one of them another name part with code = \"...\""));
            continue;
        }
        merge(&mut made, tables);
    }
    made
}

fn parameters(name: &str, place: &str, table: &mut Table, problems: &mut Vec<Problem>) -> Parameters {
    let mut text = |key: &str| match table.remove(key) {
        None => None,
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        Some(Value::String(_)) => {
            problems.push(Problem::error(join(place, key), "is empty", "leave it out, or write something"));
            None
        }
        Some(other) => {
            problems.push(Problem::error(join(place, key), format!("{other} is not text"), "write it in quotes"));
            None
        }
    };
    let (code, channel_rate, channel_length) = (text("code"), text("channel_rate"), text("channel_length"));
    let members = match table.remove("members") {
        None => 1,
        Some(Value::Integer(members)) if (1..=64).contains(&members) => members,
        Some(other) => {
            let message = format!("{other} is not a whole number from 1 to 64");
            problems.push(Problem::error(join(place, "members"), message, "write for example 1"));
            1
        }
    };
    Parameters {
        interconnect: name.to_owned(),
        code: code.filter(|code| is_plain(place, code, problems)),
        channel_rate: channel_rate.unwrap_or_else(|| "100 Gbps".to_owned()),
        channel_length: channel_length.unwrap_or_else(|| "100 m".to_owned()),
        members,
    }
}

/// A code stands inside bare TOML keys.
fn is_plain(place: &str, code: &str, problems: &mut Vec<Problem>) -> bool {
    let plain = code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !plain {
        let message = format!("{code:?} has more than letters, digits, \"-\" and \"_\"");
        problems.push(Problem::error(join(place, "code"), message, "write for example \"iad2\""));
    }
    plain
}

fn shared_link(made: &Table, tables: &Table) -> Option<String> {
    let made = made.get("links")?.as_table()?;
    tables.get("links")?.as_table()?.keys().find(|key| made.contains_key(*key)).cloned()
}

/// Lays `over` on `base`: tables are merged key by key, everything else is replaced. A length replaces a delay
/// and the other way round, since a link has one or the other.
fn merge(base: &mut Table, over: Table) {
    for (one, other) in [("length", "delay"), ("delay", "length")] {
        if over.contains_key(one) && !over.contains_key(other) {
            base.remove(other);
        }
    }
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => merge(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}
