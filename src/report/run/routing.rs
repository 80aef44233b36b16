//! What routing did, in words: the messages that followed each incident, and what did not settle.

use serde_json::{Value, json};

use crate::report::document::{Block, Section};
use crate::report::words::{count, counted, list, seconds, span};
use crate::sim::record::{Oscillation, RouteMove, RunRecord};

/// A sentence for the verdict when routes did not settle.
pub fn sentence(record: &RunRecord) -> Option<String> {
    let first = record.routing.oscillations.first()?;
    let others = match record.routing.oscillations.len() - 1 {
        0 => String::new(),
        more => format!(" and {}", counted(more as u64, "other destination")),
    };
    let routers = list(&first.routers);
    Some(format!("ROUTING DOES NOT SETTLE: the routes to {}{others} go round in circles at {routers}.", first.prefix))
}

/// One paragraph per destination that did not settle; none when all did.
pub fn section(record: &RunRecord) -> Option<Section> {
    let oscillations = &record.routing.oscillations;
    if oscillations.is_empty() {
        return None;
    }
    let facts = oscillations.iter().map(|one| (one.prefix.clone(), text(one))).collect();
    Some(Section { heading: "Routes that do not settle".to_owned(), blocks: vec![Block::Facts(facts)] })
}

fn text(one: &Oscillation) -> String {
    let mut lines = vec![
        format!(
            "{} by {}, certain at {}, the last one at {}",
            counted(one.changes, "change"),
            list(&one.routers),
            seconds(one.found),
            seconds(one.last),
        ),
        format!("one round of {}, {}:", counted(one.cycle.len() as u64, "change"), span(one.period)),
    ];
    lines.extend(one.cycle.iter().map(|step| format!("  {}", moved(step))));
    if let Some(at) = one.held {
        lines.push(format!("held at {} after {} changes: it would never end", seconds(at), count(one.changes)));
    }
    lines.join("\n")
}

fn moved(step: &RouteMove) -> String {
    if step.via.is_empty() {
        return format!("{} has no route", step.router);
    }
    format!("{} goes by {}", step.router, list(&step.via))
}

/// The section of the summary.
pub fn value(record: &RunRecord) -> Value {
    let routing = &record.routing;
    let step = |step: &RouteMove| json!({ "router": step.router, "via": step.via });
    let microseconds = |span: crate::units::Span| span.as_ps() as f64 / 1e6;
    let oscillation = |one: &Oscillation| {
        json!({
            "prefix": one.prefix,
            "routers": one.routers,
            "cycle": one.cycle.iter().map(step).collect::<Vec<_>>(),
            "period_us": microseconds(one.period),
            "found_at_us": microseconds(one.found),
            "last_at_us": microseconds(one.last),
            "held_at_us": one.held.map(microseconds),
            "changes": one.changes,
        })
    };
    json!({
        "bgp_messages": {
            "open": routing.messages.open,
            "update": routing.messages.update,
            "prefixes": routing.messages.prefixes,
            "keepalive": routing.messages.keepalive,
            "route_refresh": routing.messages.route_refresh,
            "notification": routing.messages.notification,
        },
        "decisions": routing.decisions,
        "bfd_detections": routing.bfd_detections,
        "bfd_false_detections": routing.false_detections,
        "oscillations": routing.oscillations.iter().map(oscillation).collect::<Vec<_>>(),
    })
}
