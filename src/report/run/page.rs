//! The whole report on one run: the verdict, then plots and everything behind the numbers.

use super::{ledger, plots, tables, verdict};
use crate::report::document::{Block, Cell, Plot, Report, Section, Table};
use crate::report::{Provenance, inspect};
use crate::sim::record::{FlowRecord, RunRecord};

/// As many flows as a page shows; the CSV file has all.
const WORST_FLOWS: usize = 10;

/// The report as data, plots included.
#[must_use]
pub fn page(record: &RunRecord, provenance: &Provenance) -> Report {
    let mut report = verdict::verdict(record, provenance);
    if !record.description.is_empty() {
        report.verdict.push(record.description.clone());
    }
    // A scenario without connections has one section on all its traffic in their place.
    let told = record.connections.len().max(1) + record.link_groups.len();
    if !record.ledger.is_empty() {
        let incidents = report.sections.iter().position(|section| section.heading == ledger::HEADING);
        report.sections[incidents.expect("the ledger has its section")].blocks.push(notices(record));
    }
    let mut plots = plots(record);
    let more = plots.split_off(4);
    let [latency, distribution, throughput, loss]: [Plot; 4] = plots.try_into().expect("a run has four plots");
    let pictures = [throughput, loss, latency, distribution].into_iter().chain(more).map(Block::Plot).collect();
    report.sections.insert(told, Section { heading: "Over time".to_owned(), blocks: pictures });
    report.sections.extend(details(record));
    report.sections.extend(inspect::session_sections(&record.sessions));
    report.sections.push(provenance_section(provenance));
    report
}

fn details(record: &RunRecord) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut section = |heading: &str, table: Table| {
        if !table.rows.is_empty() {
            sections.push(Section { heading: heading.to_owned(), blocks: vec![Block::Table(table)] });
        }
    };
    section("Expectations of the scenario", expectations(record));
    section("Monitor points", without_empty_columns(find(record, "monitor")));
    section("Flow entries", flow_entries(record));
    section("Flows with the longest blackouts", worst_flows(record));
    section("Links, per direction", without_empty_columns(find(record, "links")));
    section("Classes, per direction of each link", without_empty_columns(find(record, "classes")));
    section("MACsec, per direction of each member", without_empty_columns(find(record, "macsec")));
    sections
}

fn find(record: &RunRecord, name: &str) -> Table {
    tables(record).into_iter().find(|table| table.name == name).expect("a table of every run")
}

/// Drops the columns in which every row says nothing or zero: most causes of loss never happen.
fn without_empty_columns(mut table: Table) -> Table {
    let says = |cell: &Cell| !matches!(cell, Cell::Empty | Cell::Count(0));
    let keep: Vec<bool> =
        (0..table.columns.len()).map(|index| table.rows.iter().any(|row| says(&row[index]))).collect();
    let mut wanted = keep.iter();
    table.columns.retain(|_| *wanted.next().expect("one per column"));
    for row in &mut table.rows {
        let mut wanted = keep.iter();
        row.retain(|_| *wanted.next().expect("one per column"));
    }
    table
}

fn expectations(record: &RunRecord) -> Table {
    let columns = [("key", "key"), ("expected", "expected"), ("measured", "measured"), ("met", "")];
    let mut table = Table::new("expectations", &columns);
    for one in &record.expectations {
        let measured = one.measured.map(|value| verdict::raw(one.unit, value));
        let met = if one.met { "met" } else { "NOT MET" };
        let expected = verdict::bound_text(one.unit, one.bound);
        table.push(vec![one.key.as_str().into(), expected.into(), measured.into(), met.into()]);
    }
    table
}

fn flow_entries(record: &RunRecord) -> Table {
    let columns = [
        ("name", "flow entry"),
        ("from", "from"),
        ("to", "to"),
        ("five_tuples", "five-tuples"),
        ("rate_bps", "offered"),
        ("sent_packets", "sent"),
        ("delivered_packets", "delivered"),
        ("lost_packets", "lost"),
    ];
    let mut table = Table::new("flow-entries", &columns);
    for entry in &record.flow_entries {
        table.push(vec![
            entry.name.as_str().into(),
            entry.from.as_str().into(),
            entry.to.as_str().into(),
            u64::from(entry.five_tuples).into(),
            Cell::BitsPerSecond(entry.rate.as_bps()),
            entry.counts.sent.into(),
            entry.counts.delivered.into(),
            super::lost(&entry.counts.dropped).into(),
        ]);
    }
    table
}

fn worst_flows(record: &RunRecord) -> Table {
    let mut flows: Vec<&FlowRecord> = record.flows.iter().filter(|flow| flow.dropped > 0).collect();
    flows.sort_by_key(|flow| std::cmp::Reverse(flow.longest_blackout));
    let columns = [
        ("flow", "flow"),
        ("five_tuple", "five-tuple"),
        ("longest_blackout_us", "longest blackout"),
        ("lost_packets", "lost packets"),
        ("sent_packets", "sent"),
    ];
    let mut table = Table::new("worst-flows", &columns);
    for flow in flows.into_iter().take(WORST_FLOWS) {
        table.push(vec![
            flow.name.as_str().into(),
            flow.five_tuple.as_str().into(),
            flow.longest_blackout.into(),
            flow.dropped.into(),
            flow.sent.into(),
        ]);
    }
    table
}

/// Every notice of every entry, folded.
fn notices(record: &RunRecord) -> Block {
    let columns = [
        ("entry", "incident or return"),
        ("after_us", "after"),
        ("router", "router"),
        ("subject", "noticed"),
        ("how", "how"),
    ];
    let mut table = Table::new("notices", &columns);
    for entry in &record.ledger {
        for notice in &entry.notices {
            table.push(vec![
                ledger::name(entry).into(),
                notice.at.saturating_sub(entry.at).into(),
                notice.router.as_str().into(),
                notice.subject.as_str().into(),
                verdict::how(entry.kind, notice.how).into(),
            ]);
        }
    }
    Block::Fold { summary: "Who noticed what, and when".to_owned(), blocks: vec![Block::Table(table)] }
}

/// Where a result comes from, with the whole effective scenario folded.
#[must_use]
pub fn provenance_section(provenance: &Provenance) -> Section {
    let fact = |label: &str, text: &str| (label.to_owned(), text.to_owned());
    let mut facts = vec![
        fact("program", &format!("fabricsim {}", provenance.version)),
        fact("scenario", &provenance.scenario),
        fact("scenario hash", &provenance.hash),
        fact("seed", &provenance.seed.to_string()),
        fact("command", &provenance.command),
    ];
    if !provenance.overrides.is_empty() {
        facts.push(fact("overrides", &provenance.overrides.join("\n")));
    }
    let effective = Block::Fold {
        summary: "The effective scenario, every default written out".to_owned(),
        blocks: vec![Block::Verbatim(provenance.effective.clone())],
    };
    Section { heading: "Where this comes from".to_owned(), blocks: vec![Block::Facts(facts), effective] }
}
