//! Why one packet was lost.

use serde_json::{Value, json};

use super::{paths, routes};
use crate::report::document::{Block, Report, Section};
use crate::report::run::{happened, noticed};
use crate::report::words::{count, plain, seconds, span};
use crate::sim::record::{LedgerEntry, LedgerKind};
use crate::sim::snapshot::{DeathRecord, FateSnapshot, PathSnapshot, RoutingSnapshot};

/// The way of its five-tuple and the tables of the router where it died, at that moment.
pub type Around = (PathSnapshot, RoutingSnapshot);

pub fn report(title: &str, fate: &FateSnapshot, around: Option<&Around>) -> Report {
    let at = around.map_or_else(Default::default, |(paths, _)| paths.at);
    let mut report = super::page(title, &format!("packet {} of {}", count(fate.number.into()), fate.flow), at);
    if fate.death.is_none() {
        report.subtitle = format!("packet {} of {}", count(fate.number.into()), fate.flow);
    }
    report.verdict = verdict(fate);
    let mut facts: Vec<(String, String)> = Vec::new();
    if let Some(incident) = fate.death.as_ref().and_then(|death| death.incident.as_ref()) {
        let what = match incident.kind {
            LedgerKind::Incident => format!("{}: {}", incident.name, happened(incident.what, &incident.component)),
            LedgerKind::Return => format!("return of {}: {}", incident.name, incident.component),
        };
        facts.push((seconds(incident.at), format!("{what}\n{}", noticed(incident))));
    }
    for (when, death) in [("before", &fate.before), ("next", &fate.next)] {
        if let Some(death) = death {
            facts.push((when.to_owned(), format!("packet {} {}", count(death.number.into()), died(death))));
        }
    }
    if !facts.is_empty() {
        let heading = "Behind it, and the losses of the flow around it".to_owned();
        report.sections.push(Section { heading, blocks: vec![Block::Facts(facts)] });
    }
    if let Some((ways, tables)) = around {
        report.sections.extend(paths::report("", ways, super::Detail::All).sections);
        report.sections.extend(routes::report("", tables).sections);
    }
    report
}

fn verdict(fate: &FateSnapshot) -> Vec<String> {
    let Some(death) = &fate.death else {
        return vec![if fate.number > fate.sent {
            format!("It was never sent: the flow has sent {} until then.", count(fate.sent.into()))
        } else {
            "It was not lost.".to_owned()
        }];
    };
    let mut lines = vec![format!("LOST: {}.", died(death))];
    match &death.incident {
        Some(incident) => lines.push(format!("Behind it: {}, {}.", name(incident), age(incident, death))),
        None => lines.push("No incident stands behind it.".to_owned()),
    }
    lines
}

fn name(incident: &LedgerEntry) -> String {
    match incident.kind {
        LedgerKind::Incident => incident.name.clone(),
        LedgerKind::Return => format!("the return of {}", incident.name),
    }
}

fn age(incident: &LedgerEntry, death: &DeathRecord) -> String {
    format!("{} old", span(death.at.saturating_sub(incident.at)))
}

/// "sent at 5.01 s, died after 312 us at aws-iad-bb1 on aws-iad-bb1-a1/0 ...: port down".
fn died(death: &DeathRecord) -> String {
    let after = span(death.at.saturating_sub(death.sent));
    let place = match &death.port {
        Some(port) => format!("at port {port} of {}", death.router),
        None => format!("in {}", death.router),
    };
    format!("sent at {}, died after {after} {place}: {}", seconds(death.sent), plain(death.reason.word()))
}

pub fn value(fate: &FateSnapshot, around: Option<&Around>) -> Value {
    let death = |death: &DeathRecord| {
        json!({
            "number": death.number,
            "sent_s": death.sent.as_seconds(),
            "died_s": death.at.as_seconds(),
            "router": death.router,
            "port": death.port,
            "reason": death.reason.word(),
            "incident": death.incident.as_ref().map(name),
            "incident_at_s": death.incident.as_ref().map(|incident| incident.at.as_seconds()),
        })
    };
    json!({
        "flow": fate.flow,
        "number": fate.number,
        "sent": fate.sent,
        "death": fate.death.as_ref().map(death),
        "before": fate.before.as_ref().map(death),
        "next": fate.next.as_ref().map(death),
        "paths": around.map(|(paths, _)| paths::value(paths)),
        "routes": around.map(|(_, routes)| routes::value(routes)),
    })
}
