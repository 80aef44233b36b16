//! Incidents and returns in words.

use super::{causes, lost, verdict};
use crate::report::document::{Block, Section};
use crate::report::words::{calendar, count, counted, list, plain, seconds, span, spans};
use crate::sim::record::{DETECTED, LedgerEntry, LedgerKind, LostIn, Notice, Phase, PhaseTime, RunRecord, Spread};
use crate::units::{CalendarSpan, Span};

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
        LedgerKind::Incident => format!("{}: {}", name(entry), happened(entry.what, &entry.component)),
        LedgerKind::Return => format!("{}: {}", name(entry), entry.component),
    };
    let lost = lost(&entry.dropped);
    let nothing = if lost == 0 { "; nothing lost" } else { "" };
    let mut lines = vec![format!("{what}{nothing}"), noticed(entry)];
    if let Some(at) = entry.shut {
        lines
            .push(format!("out of service {} after it began, until it is repaired", span(at.saturating_sub(entry.at))));
    }
    if !entry.during.is_empty() {
        let lasts = if entry.during.len() == 1 { "lasts" } else { "last" };
        lines.insert(1, format!("while {} {lasts}", list(&entry.during)));
    }
    if lost > 0 {
        let (packets, flows) = (counted(lost, "packet"), counted(entry.flows_hit, "flow"));
        lines.push(format!("{packets} of {flows} lost: {}", causes(&entry.dropped)));
        lines.push(format!("lost {}", lost_in(&entry.lost_in)));
    }
    if let Some(one_way) = entry.blackout {
        let round_trip =
            entry.blackout_round_trip.map_or_else(String::new, |both| format!(", round trip {}", spread(both)));
        lines.push(format!("blackout one way {}{round_trip}", spread(one_way)));
    }
    if !entry.phases.is_empty() {
        lines.push(phases(entry));
    }
    match entry.unended {
        0 => {}
        1 => lines.push("1 flow was still dark when the run ended".to_owned()),
        many => lines.push(format!("{} flows were still dark when the run ended", count(many))),
    }
    if entry.kind == LedgerKind::Incident {
        lines.push(answers(entry));
    }
    lines.join("\n")
}

/// "aws answers for it; charged 121 s by aws-interconnect".
fn answers(entry: &LedgerEntry) -> String {
    let charge = |(rule, charged): &(String, CalendarSpan)| format!("{} by {rule}", calendar(*charged));
    let charges: Vec<String> = entry.charged.iter().map(charge).collect();
    let charged = if charges.is_empty() { String::new() } else { format!("; charged {}", charges.join(", ")) };
    format!("{} answers for it{charged}", entry.responsible)
}

/// "before detection 10, before the routes moved 40, before the FIB was written 100".
fn lost_in(lost: &LostIn) -> String {
    let stages = [
        (lost.detection, "before it was noticed"),
        (lost.routes, "before routes moved"),
        (lost.fib, "before the FIB was written"),
        (lost.load, "for want of room or rate"),
    ];
    let parts: Vec<String> =
        stages.iter().filter(|(lost, _)| *lost > 0).map(|(lost, when)| format!("{} {when}", count(*lost))).collect();
    parts.join(", ")
}

/// "steps: light 200 ms; BFD 1.03 to 1.29 s; ..."
fn phases(entry: &LedgerEntry) -> String {
    let after = |at: Span| at.saturating_sub(entry.at);
    let part = |step: &PhaseTime| {
        let (first, last) = (after(step.first), after(step.last));
        let times = if first == last { span(first) } else { format!("{} to {}", span(first), span(last)) };
        format!("{} {times}", word(step.phase, entry.kind))
    };
    format!("steps: {}", entry.phases.iter().map(part).collect::<Vec<_>>().join("; "))
}

fn word(phase: Phase, kind: LedgerKind) -> &'static str {
    match (phase, kind) {
        (Phase::Light, LedgerKind::Incident) => "carrier delay",
        (Phase::Light, LedgerKind::Return) => "light-up hold",
        (Phase::Keys, _) => "MKA",
        (Phase::Lacp, _) => "LACP",
        (Phase::Bfd, _) => "BFD",
        (Phase::SessionClosed, _) => "BGP down",
        (Phase::Session, _) => "BGP connect",
        (Phase::Updates, _) => "updates",
        (Phase::EndOfRib, _) => "End-of-RIB",
        (Phase::Routes, _) => "routes",
        (Phase::Fib, _) => "FIB",
    }
}

/// What happened, as one would say it.
pub fn happened(what: &str, component: &str) -> String {
    match what {
        "duct_cut" => format!("{component} cut"),
        "line_card" => format!("{component} dead"),
        "power_feed" => format!("{component} dead"),
        "cooling" => format!("{component} without cooling"),
        "zone_outage" => format!("{component} lost, with the hosts there"),
        "edge_outage" => format!("{component} without power"),
        "software_push" => format!("software push gone wrong on {component}"),
        "policy_push" => format!("wrong {component}"),
        "congestion_surge" => format!("surge of {component}"),
        "router_down" | "facility_outage" => format!("{component} without power"),
        "cpu_hang" => format!("processor of {component} hangs, line cards forward on"),
        "bgp_restart" => format!("BGP process of {component} restarts"),
        "mkpdu_loss" => format!("MKA messages lost on {component}"),
        "wrong_key" => format!("wrong key (CAK) on {component}"),
        "rotation_error" => format!("wrong key (CAK) in rotations of {component}"),
        "grey_loss" => format!("frames lost silently on {component}"),
        "corruption" => format!("frames damaged on {component}"),
        "duplication" => format!("frames doubled on {component}"),
        "jitter" => format!("frames late by chance on {component}"),
        "delay_change" => format!("another propagation delay on {component}"),
        "optics_brownout" => format!("optics fading on {component}"),
        "black_hole" => format!("data black-holed on {component}, control passes"),
        "protection_switch" => format!("protection switching to another path on {component}"),
        "maintenance" => format!("planned maintenance of {component}"),
        "emergency_maintenance" => format!("emergency maintenance of {component}"),
        "session_reset" => format!("reset of {component}"),
        "failover_test" => format!("failover test: {component} down"),
        "wrong_password" => format!("wrong password on {component}"),
        other => format!("{} of {component}", plain(other)),
    }
}

/// Who noticed first and how, and when packets began and finished to go another way.
pub fn noticed(entry: &LedgerEntry) -> String {
    let by_routers = entry.notices.iter().filter(|notice| notice.how != DETECTED);
    let mut routers: Vec<&str> = by_routers.map(|notice| notice.router.as_str()).collect();
    routers.sort_unstable();
    routers.dedup();
    // Keys that were given up while it was still dark are no news of a return.
    let is_news = |notice: &&Notice| (entry.kind, notice.how) != (LedgerKind::Return, "mka");
    let Some(first) = entry.notices.iter().find(is_news).or(entry.notices.first()) else {
        return format!("no router noticed{}", moved(entry));
    };
    let after = span(first.at.saturating_sub(entry.at));
    if first.how == DETECTED {
        return format!("detected by {} {after} after it began{}", first.router, moved(entry));
    }
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
