//! The ways of packets, hop by hop.

use serde_json::{Value, json};

use super::Detail;
use crate::report::document::{Block, Cell, Report, Section, Table};
use crate::report::run::{microseconds, percent};
use crate::report::words::{self, counted, list};
use crate::sim::snapshot::{Hop, PathEnd, PathRecord, PathSnapshot};
use crate::units::{Share, Span};

/// All ways in one table, then those that are asked for hop by hop.
pub fn report(title: &str, snapshot: &PathSnapshot, detail: Detail) -> Report {
    let what = format!("packets of {} B from {} to {}", snapshot.size.0, snapshot.from, snapshot.to);
    let mut report = super::page(title, &what, snapshot.at);
    report.verdict = verdict(snapshot);
    report.sections.push(Section {
        heading: "Ways (share of the hash space; five-tuples of the scenario; delay without queues)".to_owned(),
        blocks: vec![Block::Table(overview(snapshot))],
    });
    let told = match detail {
        Detail::First => 1,
        Detail::All => snapshot.paths.len(),
    };
    for (number, path) in (1..).zip(&snapshot.paths).take(told) {
        report.sections.push(section(number, path));
    }
    let more = snapshot.paths.len().saturating_sub(told) as u64;
    if more > 0 {
        let text = format!("--all tells the other {} hop by hop.", counted(more, "way"));
        report.sections.push(Section { heading: "More".to_owned(), blocks: vec![Block::Paragraph(text)] });
    }
    report
}

fn verdict(snapshot: &PathSnapshot) -> Vec<String> {
    let mut dead = Share::ZERO;
    let mut flows = 0;
    for path in snapshot.paths.iter().filter(|path| path.end != PathEnd::Delivered) {
        dead = Share::from_ppb(dead.as_ppb() + path.share.as_ppb());
        flows += path.flows.len() as u64;
    }
    let mut verdict = vec![if dead == Share::ZERO && flows == 0 {
        format!("All of {} arrive.", counted(snapshot.paths.len() as u64, "way"))
    } else {
        format!("PACKETS DIE on {} of the hash space, with {}.", words::percent(dead), counted(flows, "five-tuple"))
    }];
    if snapshot.omitted > Share::ZERO {
        verdict.push(format!("Not listed, because there are too many ways: {}.", words::percent(snapshot.omitted)));
    }
    verdict
}

fn overview(snapshot: &PathSnapshot) -> Table {
    let columns =
        [("by", "by"), ("way", "way"), ("share", "share"), ("flows", "flows"), ("delay_us", "delay"), ("end", "end")];
    let mut table = Table::new("ways", &columns);
    for (number, path) in (1u64..).zip(&snapshot.paths) {
        let delay = if path.end == PathEnd::Delivered { path.unloaded.into() } else { Cell::Empty };
        table.push(vec![
            places(path).into(),
            number.into(),
            path.share.into(),
            (path.flows.len() as u64).into(),
            delay,
            end_word(&path.end).into(),
        ]);
    }
    table
}

/// What tells a way apart at a glance: the channel, and the routers that do not stand at its ends.
fn places(path: &PathRecord) -> String {
    let is_channel = |index: usize| path.hops.get(index).is_some_and(|hop| hop.logical_link.is_some());
    let mut places: Vec<String> = Vec::new();
    for (index, hop) in path.hops.iter().enumerate() {
        let is_end = index + 1 == path.hops.len() && path.end == PathEnd::Delivered;
        if is_channel(index) {
            places.push(link(hop));
        } else if !is_end && !is_channel(index + 1) {
            places.push(hop.to.clone());
        }
    }
    if places.is_empty() { "direct".to_owned() } else { places.join(" ") }
}

const fn end_word(end: &PathEnd) -> &'static str {
    match end {
        PathEnd::Delivered => "arrives",
        PathEnd::Dropped { reason, .. } => reason.word(),
        PathEnd::Loop { .. } => "loop",
    }
}

fn section(number: usize, path: &PathRecord) -> Section {
    let columns = [
        ("link", "link"),
        ("to", "to"),
        ("send_us", "send"),
        ("encrypt_us", "encrypt"),
        ("fibre_us", "fibre"),
        ("decrypt_us", "decrypt"),
        ("forward_us", "forward"),
    ];
    let mut table = Table::new("hops", &columns);
    for hop in &path.hops {
        let spans = [hop.serialization, hop.encryption, hop.propagation + hop.late, hop.decryption, hop.forwarding];
        let mut row = vec![Cell::from(link(hop)), hop.to.as_str().into()];
        row.extend(spans.map(|span| if span == Span::ZERO { Cell::Empty } else { Cell::Span(span) }));
        table.push(row);
    }
    let mut blocks = vec![Block::Table(table)];
    if path.hops.is_empty() {
        blocks.clear();
    }
    blocks.extend(path.hops.iter().flat_map(notes).map(Block::Paragraph));
    blocks.push(Block::Paragraph(ending(path)));
    Section { heading: format!("Way {number} to {}", path.prefix), blocks }
}

fn link(hop: &Hop) -> String {
    if hop.members == 1 { hop.link.clone() } else { format!("{} member {}", hop.link, hop.member) }
}

fn notes(hop: &Hop) -> Vec<String> {
    let rides =
        hop.logical_link.iter().map(|link| format!("rides logical link {link} from {} to {}", hop.from, hop.to));
    let losses = hop.losses.iter().map(|(reason, share)| {
        format!("{} takes {} of the packets from {} to {}", reason.word(), words::percent(*share), hop.from, hop.to)
    });
    rides.chain(losses).collect()
}

fn ending(path: &PathRecord) -> String {
    match &path.end {
        PathEnd::Delivered => format!("arrives after {} without queues", words::span(path.unloaded)),
        PathEnd::Dropped { reason, place } => format!("packets die at {place}: {}", words::plain(reason.word())),
        PathEnd::Loop { routers } => {
            format!("packets go round through {} until their TTL is used up", list(routers))
        }
    }
}

pub fn value(snapshot: &PathSnapshot) -> Value {
    json!({
        "at_s": snapshot.at.as_seconds(),
        "from": snapshot.from,
        "to": snapshot.to,
        "size_bytes": snapshot.size.0,
        "omitted_percent": percent(snapshot.omitted),
        "paths": snapshot.paths.iter().map(path_value).collect::<Vec<_>>(),
    })
}

fn path_value(path: &PathRecord) -> Value {
    let (end, reason, place, routers) = match &path.end {
        PathEnd::Delivered => ("delivered", None, None, None),
        PathEnd::Dropped { reason, place } => ("dropped", Some(reason.word()), Some(place), None),
        PathEnd::Loop { routers } => ("loop", Some(crate::message::DropReason::TtlExpired.word()), None, Some(routers)),
    };
    json!({
        "prefix": path.prefix,
        "share_percent": percent(path.share),
        "flows": path.flows,
        "end": end,
        "reason": reason,
        "place": place,
        "loop": routers,
        "unloaded_us": microseconds(path.unloaded),
        "hops": path.hops.iter().map(hop_value).collect::<Vec<_>>(),
    })
}

fn hop_value(hop: &Hop) -> Value {
    json!({
        "from": hop.from,
        "to": hop.to,
        "link": hop.link,
        "member": hop.member,
        "members": hop.members,
        "logical_link": hop.logical_link,
        "serialization_us": microseconds(hop.serialization),
        "encryption_us": microseconds(hop.encryption),
        "propagation_us": microseconds(hop.propagation),
        "decryption_us": microseconds(hop.decryption),
        "forwarding_us": microseconds(hop.forwarding),
        "late_us": microseconds(hop.late),
        "losses": hop.losses.iter().map(|(reason, share)| json!({
            "reason": reason.word(),
            "percent": percent(*share),
        })).collect::<Vec<_>>(),
    })
}
