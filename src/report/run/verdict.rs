//! The verdict on one run: what the person who pays for the link wants to know, on one screen.

use super::{availability, connection, ledger, link_group, lost, routing};
use crate::network::{Bound, Fidelity};
use crate::report::Provenance;
use crate::report::document::{Block, Cell, Check, Outcome, Report, Section, Table};
use crate::report::words::{count, counted, list, percent, plain, seconds, span};
use crate::sim::record::{ExpectationRecord, ExpectationUnit, LedgerKind, MonitorRecord, RunRecord};
use crate::units::{Share, Span};

/// The verdict as a report of its own.
#[must_use]
pub fn verdict(record: &RunRecord, provenance: &Provenance) -> Report {
    let mut sections: Vec<Section> = record.connections.iter().map(|one| connection::section(record, one)).collect();
    if record.connections.is_empty() {
        sections.push(traffic(record));
    }
    sections.extend(record.link_groups.iter().map(|one| link_group::section(record, one)));
    sections.push(experienced(record));
    sections.extend(routing::section(record));
    if !record.ledger.is_empty() {
        sections.push(ledger::section(record));
    }
    sections.extend(super::operations::section(record));
    if !record.monitors.is_empty() {
        sections.push(monitors(record));
    }
    sections.extend(super::transfers::section(record));
    sections.extend(super::exchanges::section(record));
    Report {
        title: record.title.clone(),
        subtitle: format!(
            "{}, seed {}: {} simulated{}, {}, {} hops",
            provenance.scenario,
            record.seed,
            seconds(record.ended),
            match record.fidelity {
                Fidelity::Packet => "",
                Fidelity::Flow | Fidelity::Timeline => " with traffic as rates",
                Fidelity::Auto { .. } => " with packets around incidents and rates between",
            },
            counted(record.totals.data.sent, "packet"),
            count(record.totals.packet_hops),
        ),
        verdict: sentences(record),
        sections,
        checks: checks(record),
    }
}

fn sentences(record: &RunRecord) -> Vec<String> {
    let mut sentences = Vec::new();
    if record.ended < record.horizon {
        sentences.push(format!(
            "INTERRUPTED after {} of {}: all numbers are about the part that ran.",
            seconds(record.ended),
            seconds(record.horizon),
        ));
    }
    for one in &record.connections {
        sentences.push(availability::sentence(&format!("Connection {}", one.name), &one.availability));
    }
    for one in &record.link_groups {
        sentences.push(availability::sentence(&format!("Link group {}", one.name), &one.availability));
    }
    sentences.extend(routing::sentence(record));
    let data = &record.totals.data;
    let lost = lost(&data.dropped);
    if lost == 0 {
        sentences.push("No packet was lost.".to_owned());
        return sentences;
    }
    let share = percent(Share::of(lost, data.sent));
    sentences.push(format!("{share} of {} lost{}.", counted(data.sent, "packet"), longest_blackout(record)));
    sentences
}

/// The longest blackout of a flow, and of which incident it was: of none when congestion alone made it.
fn longest_blackout(record: &RunRecord) -> String {
    let of_flows = record.flows.iter().map(|flow| flow.longest_blackout).max().unwrap_or(Span::ZERO);
    let of_entries = record.ledger.iter().filter_map(|entry| Some((entry.blackout?.max, entry)));
    match of_entries.max_by_key(|(max, _)| *max) {
        Some((max, entry)) if max >= of_flows => {
            format!("; the longest blackout of a flow was {} ({})", span(max), ledger::name(entry))
        }
        Some(_) | None if of_flows > Span::ZERO => format!("; the longest blackout of a flow was {}", span(of_flows)),
        Some(_) | None => String::new(),
    }
}

/// All traffic together, for a scenario that has no connection to tell it by.
fn traffic(record: &RunRecord) -> Section {
    let totals = &record.totals;
    let columns = [
        ("what", "all packets"),
        ("count", "delivered"),
        ("mean_us", "mean"),
        ("p50_us", "p50"),
        ("p99_us", "p99"),
        ("p999_us", "p99.9"),
        ("max_us", "max"),
    ];
    let mut table = Table::new("traffic", &columns);
    for (what, times) in [("one-way latency", &totals.latency), ("queueing delay", &totals.queueing)] {
        let known = |span: Span| Cell::from((times.count > 0).then_some(span));
        let mut row: Vec<Cell> = vec![what.into(), times.count.into()];
        row.extend([times.mean, times.p50, times.p99, times.p999, times.max].map(known));
        table.push(row);
    }
    Section { heading: "Traffic".to_owned(), blocks: vec![Block::Table(table)] }
}

fn experienced(record: &RunRecord) -> Section {
    let totals = &record.totals;
    let text = format!(
        "In {} of {} some flow lost more than 1% of its packets; {} of all flow-seconds were lost.",
        count(totals.bad_seconds),
        counted(totals.seconds, "second"),
        percent(totals.flow_seconds_lost),
    );
    let mut blocks = vec![Block::Paragraph(text)];
    // Loss inside one provider belongs to no connection, so it is told here.
    let lost = lost(&totals.data.dropped);
    let directions = record.connections.iter().flat_map(|one| &one.directions);
    let told: u64 = directions.map(|direction| super::lost(&direction.counts.dropped)).sum();
    if lost != told {
        let text = format!("Lost {} in all: {}.", counted(lost, "packet"), super::causes(&totals.data.dropped));
        blocks.push(Block::Paragraph(text));
    }
    Section { heading: "As experienced".to_owned(), blocks }
}

fn monitors(record: &RunRecord) -> Section {
    let facts = record.monitors.iter().map(|monitor| (monitor.name.clone(), monitor_text(monitor))).collect();
    Section { heading: "Monitor".to_owned(), blocks: vec![Block::Facts(facts)] }
}

/// What one monitor saw, and what it did not.
pub fn monitor_text(monitor: &MonitorRecord) -> String {
    let times = &monitor.round_trip;
    let mut text = if times.count == 0 {
        "no probe was answered".to_owned()
    } else {
        format!("round trip {} median, {} p99, {} max", span(times.p50), span(times.p99), span(times.max))
    };
    text.push_str(&format!(
        "; {} of {}, {} of {} lost",
        counted(monitor.points.len() as u64, "point"),
        seconds(monitor.period),
        count(monitor.lost),
        counted(monitor.sent, "probe"),
    ));
    if monitor.missed.is_empty() {
        return text;
    }
    let incidents = if monitor.missed.len() == 1 { "incident" } else { "incidents" };
    let missed = list(&monitor.missed);
    text.push_str(&format!(
        "\nlost no probe to the {incidents} {missed}: one five-tuple often misses what others feel"
    ));
    text
}

fn checks(record: &RunRecord) -> Vec<Check> {
    let connections = record.connections.iter().map(|one| availability::check(&one.name, &one.availability));
    let groups = record.link_groups.iter().map(|one| availability::check(&one.name, &one.availability));
    let mut checks: Vec<Check> = connections.chain(groups).collect();
    // What an interrupted run did not come to measure says nothing of the design.
    let interrupted = record.ended < record.horizon;
    let judged = record.expectations.iter().filter(|one| !(interrupted && one.measured.is_none()));
    let (met, failed): (Vec<_>, Vec<_>) = judged.partition(|one| one.met);
    for one in failed.iter().copied() {
        checks.push(Check { outcome: Outcome::Fail, text: expectation_text(one) });
    }
    if interrupted && !record.expectations.is_empty() {
        let judged = counted((met.len() + failed.len()) as u64, "expectation");
        let text = format!("the run was interrupted; {judged} of {} could be judged", record.expectations.len());
        checks.push(Check { outcome: Outcome::Open, text });
    } else if !record.expectations.is_empty() {
        let outcome = if failed.is_empty() { Outcome::Pass } else { Outcome::Fail };
        let all = counted(record.expectations.len() as u64, "expectation");
        checks.push(Check { outcome, text: format!("{} of {all} met", count(met.len() as u64)) });
    }
    checks
}

/// "incidents.cut.blackout: 131 ms, expected at most 100 ms".
pub fn expectation_text(one: &ExpectationRecord) -> String {
    let measured = one.measured.map_or_else(|| "nothing to measure".to_owned(), |value| raw(one.unit, value));
    format!("{}: {measured}, expected {}", one.key, bound_text(one.unit, one.bound))
}

/// "at most 100 ms", "from 1 packet to 5 packets".
pub fn bound_text(unit: ExpectationUnit, bound: Bound) -> String {
    match (bound.min, bound.max) {
        (None, None) => "anything".to_owned(),
        (Some(min), None) => format!("at least {}", raw(unit, min)),
        (None, Some(max)) => format!("at most {}", raw(unit, max)),
        (Some(min), Some(max)) if min == max => raw(unit, min),
        (Some(min), Some(max)) => format!("from {} to {}", raw(unit, min), raw(unit, max)),
    }
}

/// Exact, since a limit missed by a hair must be seen to be missed.
pub fn raw(unit: ExpectationUnit, value: u64) -> String {
    match unit {
        ExpectationUnit::Picoseconds => Span::from_ps(value).to_string(),
        ExpectationUnit::Packets => counted(value, "packet"),
        ExpectationUnit::Number => count(value),
        ExpectationUnit::PartsPerBillion => Share::from_ppb(value).to_string(),
    }
}

/// How a router notices, in plain words.
pub fn how(kind: LedgerKind, word: &str) -> String {
    match (word, kind) {
        ("carrier", LedgerKind::Incident) => "no more light".to_owned(),
        ("carrier", LedgerKind::Return) => "light again".to_owned(),
        ("bfd", _) => "BFD".to_owned(),
        ("bfd-signalled", _) => "told by BFD of the other side".to_owned(),
        ("keys", _) => "MACsec keys agreed".to_owned(),
        ("lacp", LedgerKind::Incident) => "LACP misses its partner".to_owned(),
        ("lacp", LedgerKind::Return) => "LACP has its partner back".to_owned(),
        ("mka", _) => "MKA peer gone, MACsec keys given up".to_owned(),
        ("hold-timer", _) => "BGP hold timer".to_owned(),
        ("interior", _) => "interior routing".to_owned(),
        ("session", _) => "BGP session closed".to_owned(),
        ("session-established", _) => "BGP session established".to_owned(),
        (other, _) => plain(other),
    }
}
