//! Fabrics: a few keys that stand for many routers, links and attachments.
//!
//! ```text
//! spine1   spine2            every leaf has a link to every spine
//!   |  \  /  |
//! leaf1    leaf2             and one rack, an attachment
//!   |        |
//! rack1    rack2
//! ```

use ipnet::IpNet;
use toml::{Table, Value};

use super::file::{FabricTable, Keys, Leaf, named};
use super::problem::Problem;
use super::read::Reader;
use super::source::{Source, join};

/// What stands before the name of a fabric where attachments are meant.
pub(super) const RACKS_OF: &str = "fabric:";

/// The most leaves, and the most spines.
const MOST: u64 = 100_000;

/// The forms that a fabric can have.
#[derive(Debug, Clone, Copy)]
enum Shape {
    LeafSpine,
}

/// A fabric whose size is known.
pub(super) struct Fabric {
    name: String,
    table: FabricTable,
    shape: Shape,
    leaves: u64,
    spines: u64,
    /// One per rack.
    prefixes: Vec<IpNet>,
}

/// Takes the fabrics out of a scenario, and writes their racks where flows name a fabric.
pub(super) fn take(explicit: &mut Table, problems: &mut Vec<Problem>) -> Vec<Fabric> {
    let mut reader = Reader { problems: std::mem::take(problems) };
    let tables = explicit.remove("fabrics").map(|value| named("fabrics", value, &mut reader.problems));
    let fabrics: Vec<Fabric> =
        tables.into_iter().flatten().map(|(name, table)| Fabric::read(name, table, &mut reader)).collect();
    if let Some(Value::Table(flows)) = explicit.get_mut("flows") {
        for (_, flow) in flows.iter_mut() {
            for key in ["from", "to"] {
                if let Some(end) = flow.get_mut(key) {
                    name_racks(end, &fabrics);
                }
            }
        }
    }
    *problems = reader.problems;
    fabrics
}

/// Replaces "fabric:x" by the names of its racks.
fn name_racks(end: &mut Value, fabrics: &[Fabric]) {
    let name = end.as_str().and_then(|text| text.strip_prefix(RACKS_OF));
    if let Some(fabric) = fabrics.iter().find(|fabric| Some(fabric.name.as_str()) == name) {
        *end = (1..=fabric.leaves).map(|number| Value::from(fabric.rack(number))).collect::<Vec<_>>().into();
    }
}

/// What is wrong with a key of a fabric is wrong with everything made from it: told once, at the fabric.
pub(super) fn tell_once(problems: &mut Vec<Problem>, fabrics: &[Fabric], source: &Source<'_>) {
    if fabrics.is_empty() {
        return;
    }
    let mut told: Vec<(String, String)> = Vec::new();
    problems.retain_mut(|problem| {
        if source.is_written(&problem.place) {
            return true;
        }
        let Some(place) = fabrics.iter().find_map(|fabric| fabric.origin(&problem.place)) else { return true };
        problem.place = place;
        let known = (problem.place.clone(), problem.remedy.clone());
        let is_new = !told.contains(&known);
        if is_new {
            told.push(known);
        }
        is_new
    });
}

impl Fabric {
    fn read(name: String, table: FabricTable, reader: &mut Reader) -> Self {
        let place = join("fabrics", &name);
        reader.text(&join(&place, "provider"), &table.provider, "net");
        let shape = match table.shape {
            Some(_) => reader.word(&join(&place, "shape"), &table.shape, &[("leaf-spine", Shape::LeafSpine)]),
            None => Shape::LeafSpine,
        };
        let leaves = reader.number(&join(&place, "leaves"), &table.leaves, 1, MOST);
        let spines = reader.number(&join(&place, "spines"), &table.spines, 1, MOST);
        let prefixes = prefixes(&join(&place, "prefix"), &table.prefix, leaves, reader);
        Self { name, table, shape, leaves, spines, prefixes }
    }

    fn leaf(&self, number: u64) -> String {
        format!("{}-leaf{number}", self.name)
    }

    fn spine(&self, number: u64) -> String {
        format!("{}-spine{number}", self.name)
    }

    fn rack(&self, number: u64) -> String {
        format!("{}-rack{number}", self.name)
    }

    /// The tables that a file could hold instead.
    pub fn tables(&self) -> Table {
        match self.shape {
            Shape::LeafSpine => self.leaf_spine(),
        }
    }

    fn leaf_spine(&self) -> Table {
        let table = &self.table;
        let device = [
            ("provider", &table.provider),
            ("hash", &table.hash),
            ("forwarding_latency", &table.forwarding_latency),
            ("fib_install", &table.fib_install),
            ("processing", &table.processing),
        ];
        let line = [
            ("buffer", &table.buffer),
            ("queueing", &table.queueing),
            ("mtu", &table.mtu),
            ("framing", &table.framing),
            ("bfd", &table.bfd),
        ];
        let inside = [("rate", &table.rate), ("delay", &table.delay), ("macsec", &table.macsec)];
        let access = [("rate", &table.rack_rate), ("delay", &table.rack_delay)];
        let router = written(&device);
        let link = written(&[&inside[..], &line].concat());
        let attachment = written(&[&device[..], &access, &line].concat());
        let (mut routers, mut links, mut attachments) = (Table::new(), Table::new(), Table::new());
        (1..=self.spines).for_each(|number| drop(routers.insert(self.spine(number), router.clone().into())));
        for number in 1..=self.leaves {
            routers.insert(self.leaf(number), router.clone().into());
            for spine in 1..=self.spines {
                let mut link = link.clone();
                link.insert("between".to_owned(), vec![self.leaf(number), self.spine(spine)].into());
                links.insert(format!("{}-spine{spine}", self.leaf(number)), link.into());
            }
        }
        for (number, prefix) in (1..=self.leaves).zip(&self.prefixes) {
            let mut attachment = attachment.clone();
            attachment.insert("prefixes".to_owned(), vec![prefix.to_string()].into());
            attachment.insert("routers".to_owned(), vec![self.leaf(number)].into());
            attachments.insert(self.rack(number), attachment.into());
        }
        let sections = [("routers", routers), ("links", links), ("attachments", attachments)];
        sections.into_iter().map(|(section, tables)| (section.to_owned(), tables.into())).collect()
    }

    /// The fabric's own key behind a key of something made from it.
    fn origin(&self, place: &str) -> Option<String> {
        let (section, rest) = place.split_once('.')?;
        let (name, key) = rest.strip_prefix(&self.name)?.split_once('.')?;
        let (key, below) = key.split_once('.').map_or((key, None), |(key, below)| (key, Some(below)));
        let own = match (section, key) {
            ("routers" | "links", key) if name.starts_with("-leaf") || name.starts_with("-spine") => key.to_owned(),
            ("attachments", "rate" | "delay") if name.starts_with("-rack") => format!("rack_{key}"),
            ("attachments", "prefixes") if name.starts_with("-rack") => "prefix".to_owned(),
            ("attachments", key) if name.starts_with("-rack") => key.to_owned(),
            _ => return None,
        };
        let place = join("fabrics", &self.name);
        let own = if FabricTable::KEYS.contains(&own.as_str()) { join(&place, &own) } else { place };
        Some(below.map_or(own.clone(), |below| join(&own, below)))
    }
}

/// The keys that have a value.
fn written(leaves: &[(&str, &Leaf)]) -> Table {
    leaves.iter().filter_map(|(key, leaf)| Some(((*key).to_owned(), (*leaf).clone()?))).collect()
}

/// Equal parts of a prefix, one for each of `count` racks; none with a problem.
fn prefixes(place: &str, leaf: &Leaf, count: u64, reader: &mut Reader) -> Vec<IpNet> {
    let Some(text) = reader.text(place, leaf, "10.0.0.0/8") else { return Vec::new() };
    let whole = match text.parse::<IpNet>() {
        Ok(prefix) if prefix.trunc() == prefix => prefix,
        Ok(prefix) => {
            let message = format!("{text:?} has bits beyond its length");
            reader.error(place, message, format!("write \"{}\"", prefix.trunc()));
            return Vec::new();
        }
        Err(_) => {
            reader.error(place, format!("{text:?} is not a prefix"), "write for example \"10.0.0.0/8\"");
            return Vec::new();
        }
    };
    let bits = u8::try_from(count.next_power_of_two().trailing_zeros()).expect("at most 64");
    let length = whole.prefix_len() + bits;
    // The longest part has two hosts.
    match whole.subnets(length) {
        Ok(parts) if length + 2 <= whole.max_prefix_len() => {
            parts.take(usize::try_from(count).unwrap_or(usize::MAX)).collect()
        }
        Ok(_) | Err(_) => {
            let message = format!("{whole} has no room for {count} racks");
            reader.error(place, message, "write a shorter prefix, or fewer leaves");
            Vec::new()
        }
    }
}
