//! One link group in words, and in JSON.

use serde_json::{Value, json};

use super::availability;
use super::summary::{percent, seconds};
use crate::report::document::{Block, Section};
use crate::report::words::list;
use crate::sim::record::{LinkGroupRecord, RunRecord};

/// What its customer got of what was promised.
pub fn section(record: &RunRecord, one: &LinkGroupRecord) -> Section {
    let [first, second] = &one.providers;
    let mut blocks = availability::blocks(record, &one.availability, &[]);
    // Uptime, charge and credit in one line even when nothing is owed: this is what the group is declared for.
    blocks.push(Block::Table(availability::side_by_side(&[&one.availability])));
    let links = if one.links.len() == 1 { "link" } else { "links" };
    Section {
        heading: format!("Link group {}: {links} {} between {first} and {second}", one.name, list(&one.links)),
        blocks,
    }
}

/// Everything of one group, as `results/README.md` explains.
pub fn value(one: &LinkGroupRecord) -> Value {
    let way = |way: usize| {
        let usable = one.usable_links[way].iter();
        let usable = usable.map(|(from, share)| json!({ "from_s": seconds(*from), "percent": percent(*share) }));
        json!({
            "from": one.providers[way],
            "to": one.providers[1 - way],
            "usable_links": usable.collect::<Vec<_>>(),
        })
    };
    json!({
        "name": one.name,
        "links": one.links,
        "directions": [way(0), way(1)],
        "availability": availability::value(&one.availability),
    })
}
