//! Incidents and returns in words.

use super::{causes, lost, verdict};
use crate::report::document::{Block, Section};
use crate::report::words::{count, counted, plain, seconds, span, spans};
use crate::sim::record::{LedgerEntry, LedgerKind, RunRecord, Spread};

/// The heading of the section.
pub const HEADING: &str = "Incidents and returns (blackout: shortest / median / longest of the flows hit)";

/// One paragraph of some lines per incident and per return.
pub fn section(record: &RunRecord) -> Section {
    let facts = record.ledger.iter().map(|entry| (seconds(entry.at), text(entry))).collect();
    Section { heading: HEADING.to_owned(), blocks: vec![Block::Facts(facts)] }
}

/// "cut", "return of cut".
pub fn name(entry: &LedgerEntry) -> String {
    match entry.kind {
        LedgerKind::Incident => entry.name.clone(),
        LedgerKind::Return => format!("return of {}", entry.name),
    }
}

fn text(entry: &LedgerEntry) -> String {
    let what = match entry.kind {
        LedgerKind::Incident => format!("{}: {} of {}", name(entry), plain(entry.what), entry.component),
        LedgerKind::Return => format!("{}: {}", name(entry), entry.component),
    };
    let lost = lost(&entry.dropped);
    let nothing = if lost == 0 { "; nothing lost" } else { "" };
    let mut lines = vec![format!("{what}{nothing}"), noticed(entry)];
    if lost > 0 {
        let (packets, flows) = (counted(lost, "packet"), counted(entry.flows_hit, "flow"));
        lines.push(format!("{packets} of {flows} lost: {}", causes(&entry.dropped)));
    }
    if let Some(one_way) = entry.blackout {
        let round_trip =
            entry.blackout_round_trip.map_or_else(String::new, |both| format!(", round trip {}", spread(both)));
        lines.push(format!("blackout one way {}{round_trip}", spread(one_way)));
    }
    match entry.unended {
        0 => {}
        1 => lines.push("1 flow was still dark when the run ended".to_owned()),
        many => lines.push(format!("{} flows were still dark when the run ended", count(many))),
    }
    lines.join("\n")
}

/// Who noticed first and how, and when packets began and finished to go another way.
pub fn noticed(entry: &LedgerEntry) -> String {
    let mut routers: Vec<&str> = entry.notices.iter().map(|notice| notice.router.as_str()).collect();
    routers.sort_unstable();
    routers.dedup();
    let Some(first) = entry.notices.first() else {
        return format!("no router noticed{}", moved(entry));
    };
    let after = span(first.at.saturating_sub(entry.at));
    let others = match routers.len() {
        1 => String::new(),
        all => format!(", {all} routers in all"),
    };
    format!(
        "noticed after {after} by {} ({}){others}{}",
        first.router,
        verdict::how(entry.kind, first.how),
        moved(entry)
    )
}

fn moved(entry: &LedgerEntry) -> String {
    let Some((first, last)) = entry.forwarding else {
        return "; forwarding did not change".to_owned();
    };
    let (first, last) = (first.saturating_sub(entry.at), last.saturating_sub(entry.at));
    if first == last {
        return format!("; forwarding moved after {}", span(first));
    }
    format!("; forwarding moved after {} to {}", span(first), span(last))
}

/// "18.0 / 112 / 131 ms", or one number when all flows were hit alike.
fn spread(spread: Spread) -> String {
    if spread.min == spread.max {
        return span(spread.max);
    }
    spans(&[spread.min, spread.median, spread.max])
}
