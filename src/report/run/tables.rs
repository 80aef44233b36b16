//! The tables of a run that are written as CSV files.

use std::collections::BTreeMap;

use super::{bin_end, connection, lost};
use crate::message::DropReason;
use crate::report::document::{Cell, Column, Table};
use crate::report::words;
use crate::sim::record::{LedgerEntry, LedgerKind, PacketNumbers, RunRecord, Spread};
use crate::units::{Share, Span};

/// flows, links, classes, macsec, ledger, blackouts, monitor and series.
#[must_use]
pub fn tables(record: &RunRecord) -> Vec<Table> {
    vec![
        flows(record),
        links(record),
        classes(record),
        macsec(record),
        ledger(record),
        blackouts(record),
        monitor(record),
        series(record),
    ]
}

fn flows(record: &RunRecord) -> Table {
    let columns = [
        ("flow", "flow"),
        ("five_tuple", "five-tuple"),
        ("sent_packets", "sent"),
        ("delivered_packets", "delivered"),
        ("sent_bytes", "bytes sent"),
        ("delivered_bytes", "bytes delivered"),
        ("delivered_bps", "throughput"),
        ("latency_min_us", "latency min"),
        ("latency_mean_us", "mean"),
        ("latency_max_us", "max"),
        ("longest_blackout_us", "longest blackout"),
    ];
    let mut table = Table::new("flows", &columns);
    with_causes(&mut table);
    for flow in &record.flows {
        let known = |span: Span| Cell::from((flow.delivered > 0).then_some(span));
        let mut row: Vec<Cell> = vec![
            flow.name.as_str().into(),
            flow.five_tuple.as_str().into(),
            flow.sent.into(),
            flow.delivered.into(),
            flow.sent_bytes.0.into(),
            flow.delivered_bytes.0.into(),
            Cell::BitsPerSecond(super::bits_per_second(flow.delivered_bytes.0, record.ended)),
            known(flow.latency_min),
            known(flow.latency_mean),
            known(flow.latency_max),
            flow.longest_blackout.into(),
        ];
        row.extend(cause_cells(&flow.dropped_by_cause));
        table.push(row);
    }
    table
}

/// What each incident and return cost each five-tuple it hit.
fn blackouts(record: &RunRecord) -> Table {
    let columns = [
        ("at_s", "at"),
        ("failure", "failure"),
        ("entry", "entry"),
        ("flow", "flow"),
        ("lost_packets", "lost"),
        ("from_s", "from"),
        ("to_s", "to"),
        ("blackout_us", "blackout"),
        ("detected_after_us", "detected after"),
        ("detected_by", "by"),
        ("detected_how", "how"),
        ("routes_moved_after_us", "routes moved after"),
        ("fib_done_after_us", "FIB done after"),
        ("lost_in_detection_packets", "lost in detection"),
        ("lost_in_routes_packets", "in routes"),
        ("lost_in_fib_packets", "in FIB"),
        ("lost_to_load_packets", "to load"),
    ];
    let mut table = Table::new("blackouts", &columns);
    for entry in &record.ledger {
        for hit in &entry.hits {
            let (from, to) = hit.blackout.unzip();
            let after = |at: Span| at.saturating_sub(entry.at);
            let detected = hit.detected.as_ref();
            table.push(vec![
                entry.at.into(),
                entry.name.as_str().into(),
                kind_word(entry.kind).into(),
                hit.flow.as_str().into(),
                hit.lost.into(),
                from.into(),
                to.into(),
                hit.blackout.map(|(from, to)| to.saturating_sub(from)).into(),
                detected.map(|detected| after(detected.at)).into(),
                detected.map(|detected| detected.router.as_str()).into(),
                detected.map(|detected| detected.how).into(),
                hit.routes_moved.map(after).into(),
                hit.fib_done.map(after).into(),
                hit.lost_in.detection.into(),
                hit.lost_in.routes.into(),
                hit.lost_in.fib.into(),
                hit.lost_in.load.into(),
            ]);
        }
    }
    table
}

/// One column for all causes together, then one per cause.
fn with_causes(table: &mut Table) {
    table.columns.push(Column::new("dropped_packets", "lost"));
    for reason in DropReason::ALL {
        let key = format!("dropped_{}_packets", reason.word().replace('-', "_"));
        table.columns.push(Column::new(&key, reason.word()));
    }
}

fn cause_cells(dropped: &BTreeMap<DropReason, u64>) -> Vec<Cell> {
    let each = DropReason::ALL.into_iter().map(|reason| dropped.get(&reason).copied().unwrap_or(0));
    std::iter::once(lost(dropped)).chain(each).map(Cell::Count).collect()
}

/// A line per class and direction of a link with classes.
fn classes(record: &RunRecord) -> Table {
    let columns = [
        ("link", "link"),
        ("from", "from"),
        ("class", "class"),
        ("offered_packets", "offered"),
        ("packets", "sent"),
        ("wire_bytes", "bytes on the wire"),
        ("marked_packets", "marked"),
        ("queue_max_bytes", "longest queue, bytes"),
        ("wait_mean_us", "mean wait"),
        ("wait_max_us", "longest wait"),
    ];
    let mut table = Table::new("classes", &columns);
    with_causes(&mut table);
    for link in &record.links {
        for class in &link.classes {
            let mut row: Vec<Cell> = vec![
                link.link.as_str().into(),
                link.from.as_str().into(),
                class.name.as_str().into(),
                class.offered.into(),
                class.packets.into(),
                class.wire_bytes.0.into(),
                class.marked.into(),
                class.queue_max.0.into(),
                class.wait_mean.into(),
                class.wait_max.into(),
            ];
            row.extend(cause_cells(&class.dropped));
            table.push(row);
        }
    }
    table
}

fn links(record: &RunRecord) -> Table {
    let columns = [
        ("link", "link"),
        ("kind", "kind"),
        ("from", "from"),
        ("to", "to"),
        ("rate_bps", "rate"),
        ("packets", "packets"),
        ("wire_bytes", "bytes on the wire"),
        ("utilisation_percent", "utilisation"),
        ("queue_max_bytes", "longest queue, bytes"),
        ("macsec_frames", "MACsec frames"),
    ];
    let mut table = Table::new("links", &columns);
    with_causes(&mut table);
    for link in &record.links {
        let rate = super::bits_per_second(link.wire_bytes.0, record.ended);
        let mut row: Vec<Cell> = vec![
            link.link.as_str().into(),
            link.kind.into(),
            link.from.as_str().into(),
            link.to.as_str().into(),
            Cell::BitsPerSecond(link.rate.as_bps()),
            link.packets.into(),
            link.wire_bytes.0.into(),
            Share::of(rate, link.rate.as_bps()).into(),
            link.queue_max.0.into(),
            link.macsec_frames.into(),
        ];
        row.extend(cause_cells(&link.dropped));
        table.push(row);
    }
    table
}

fn macsec(record: &RunRecord) -> Table {
    let columns = [
        ("member", "member"),
        ("from", "from"),
        ("to", "to"),
        ("out_protected_frames", "protected"),
        ("in_ok_frames", "OK"),
        ("in_late_frames", "late"),
        ("in_not_valid_frames", "not valid"),
        ("in_invalid_frames", "invalid"),
        ("in_unchecked_frames", "unchecked"),
        ("in_not_using_sa_frames", "not using SA"),
        ("in_no_tag_frames", "no tag"),
        ("in_untagged_frames", "untagged in"),
        ("out_untagged_frames", "untagged out"),
        ("mkpdus_sent", "MKPDUs sent"),
        ("mkpdus_received", "received"),
        ("mkpdus_unknown_key", "unknown CKN"),
        ("mkpdus_not_valid", "wrong CAK"),
        ("keys_used", "keys used"),
        ("next_packet_number", "next packet number"),
        ("packet_numbers", "packet numbers"),
    ];
    let mut table = Table::new("macsec", &columns);
    for member in &record.macsec {
        table.push(vec![
            member.member.as_str().into(),
            member.from.as_str().into(),
            member.to.as_str().into(),
            member.protected.into(),
            member.ok.into(),
            member.late.into(),
            member.not_valid.into(),
            member.invalid.into(),
            member.unchecked.into(),
            member.not_using_sa.into(),
            member.no_tag.into(),
            member.untagged.into(),
            member.clear.into(),
            member.mka.map(|mka| mka.sent).into(),
            member.mka.map(|mka| mka.received).into(),
            member.mka.map(|mka| mka.unknown_key).into(),
            member.mka.map(|mka| mka.not_valid).into(),
            member.mka.map(|mka| mka.keys_used).into(),
            member.next_packet_number.into(),
            packet_numbers_word(member.packet_numbers).into(),
        ]);
    }
    table
}

/// How far the packet numbers of a key are used, in a word.
pub const fn packet_numbers_word(numbers: PacketNumbers) -> &'static str {
    match numbers {
        PacketNumbers::Plenty => "plenty",
        PacketNumbers::Pending => "pending exhaustion",
        PacketNumbers::UsedUp => "used up",
    }
}

fn ledger(record: &RunRecord) -> Table {
    let columns = [
        ("at_s", "at"),
        ("failure", "failure"),
        ("entry", "entry"),
        ("kind", "kind"),
        ("component", "component"),
        ("responsible", "answers for it"),
        ("noticed_after_us", "noticed after"),
        ("noticed_by", "noticed by"),
        ("noticed_how", "how"),
        ("forwarding_first_after_us", "forwarding moved from"),
        ("forwarding_last_after_us", "to"),
        ("fib_changes", "FIB changes"),
        ("lost_in_detection_packets", "lost in detection"),
        ("lost_in_routes_packets", "in routes"),
        ("lost_in_fib_packets", "in FIB"),
        ("lost_to_load_packets", "to load"),
        ("flows_hit", "flows hit"),
        ("flows_unended", "still dark at the end"),
        ("blackout_min_us", "blackout min"),
        ("blackout_median_us", "median"),
        ("blackout_max_us", "max"),
        ("blackout_round_trip_min_us", "round trip min"),
        ("blackout_round_trip_median_us", "median"),
        ("blackout_round_trip_max_us", "max"),
    ];
    let mut table = Table::new("ledger", &columns);
    let rules = rule_names(record);
    for rule in &rules {
        let key = format!("charged_{}_s", rule.replace('-', "_"));
        table.columns.push(Column::new(&key, &format!("charged by {rule}")));
    }
    with_causes(&mut table);
    for entry in &record.ledger {
        let mut row = ledger_cells(entry);
        row.extend(rules.iter().map(|rule| charge_cell(entry, rule)));
        row.extend(cause_cells(&entry.dropped));
        table.push(row);
    }
    table
}

/// The rules of the run, the judging one first; all connections have the same, and each link group one of its own.
fn rule_names(record: &RunRecord) -> Vec<&str> {
    let first = record.connections.first();
    let rules = first.into_iter().flat_map(|one| std::iter::once(&one.availability).chain(&one.other_rules));
    let mut names: Vec<&str> = Vec::new();
    for rule in rules.chain(record.link_groups.iter().map(|one| &one.availability)) {
        if !names.contains(&rule.rule.name.as_str()) {
            names.push(&rule.rule.name);
        }
    }
    names
}

/// What a rule charges for an incident, in seconds; a return is charged nothing of its own.
fn charge_cell(entry: &LedgerEntry, rule: &str) -> Cell {
    match entry.kind {
        LedgerKind::Incident => {
            let charged = entry.charged.iter().find(|(name, _)| name == rule).map_or(0, |(_, charged)| charged.as_ns());
            Cell::Number(words::exact(charged, 1_000_000_000))
        }
        LedgerKind::Return => Cell::Empty,
    }
}

/// The word of a kind of entry in files.
pub fn kind_word(kind: LedgerKind) -> &'static str {
    match kind {
        LedgerKind::Incident => "incident",
        LedgerKind::Return => "return",
    }
}

fn ledger_cells(entry: &LedgerEntry) -> Vec<Cell> {
    let first = entry.notices.first();
    let after = |at: Span| at.saturating_sub(entry.at);
    let mut row: Vec<Cell> = vec![
        entry.at.into(),
        entry.name.as_str().into(),
        kind_word(entry.kind).into(),
        entry.what.into(),
        entry.component.as_str().into(),
        entry.responsible.as_str().into(),
        first.map(|notice| after(notice.at)).into(),
        first.map(|notice| notice.router.as_str()).into(),
        first.map(|notice| notice.how).into(),
        entry.forwarding.map(|(first, _)| after(first)).into(),
        entry.forwarding.map(|(_, last)| after(last)).into(),
        entry.fib_changes.into(),
        entry.lost_in.detection.into(),
        entry.lost_in.routes.into(),
        entry.lost_in.fib.into(),
        entry.lost_in.load.into(),
        entry.flows_hit.into(),
        entry.unended.into(),
    ];
    row.extend(spread_cells(entry.blackout));
    row.extend(spread_cells(entry.blackout_round_trip));
    row
}

fn spread_cells(spread: Option<Spread>) -> [Cell; 3] {
    [spread.map(|spread| spread.min), spread.map(|spread| spread.median), spread.map(|spread| spread.max)]
        .map(Cell::from)
}

fn monitor(record: &RunRecord) -> Table {
    let columns = [
        ("monitor", "monitor"),
        ("at_s", "from"),
        ("period_s", "period"),
        ("rtt_us", "mean round trip, us"),
        ("sent_probes", "probes"),
        ("lost_probes", "lost"),
        ("loss_percent", "loss"),
        ("forward_links", "requests rode"),
        ("reverse_links", "replies rode"),
    ];
    let mut table = Table::new("monitor", &columns);
    for monitor in &record.monitors {
        for point in &monitor.points {
            table.push(vec![
                monitor.name.as_str().into(),
                point.at.into(),
                monitor.period.into(),
                point.rtt_us.into(),
                point.sent.into(),
                point.lost.into(),
                Share::of(point.lost, point.sent).into(),
                point.forward_links.join(" ").into(),
                point.reverse_links.join(" ").into(),
            ]);
        }
    }
    table
}

/// Every series in one long table: a value per line, its unit in the name of the quantity.
fn series(record: &RunRecord) -> Table {
    let columns = [
        ("from_s", "from"),
        ("to_s", "to"),
        ("component", "component"),
        ("direction", "direction"),
        ("quantity", "quantity"),
        ("value", "value"),
    ];
    let mut table = Table::new("series", &columns);
    let mut push = |index: usize, component: &str, direction: &str, quantity: &str, value: Cell| {
        let from = record.bin.times(index as u64);
        let span = [from.into(), bin_end(record, index).into()];
        table.push(span.into_iter().chain([component.into(), direction.into(), quantity.into(), value]).collect());
    };
    for (index, bin) in record.loss_series.iter().enumerate() {
        push(index, "all", "", "sent_packets", bin.sent.into());
        for (reason, count) in &bin.dropped {
            let quantity = format!("dropped_{}_packets", reason.word().replace('-', "_"));
            push(index, "all", "", &quantity, (*count).into());
        }
    }
    for one in &record.connections {
        for (direction, of) in one.directions.iter().enumerate() {
            let way = connection::way(one, direction);
            for (index, bin) in of.latency_series.iter().enumerate() {
                push(index, &one.name, &way, "delivered_packets", bin.count.into());
                if bin.count > 0 {
                    push(index, &one.name, &way, "latency_min_us", bin.min.into());
                    push(index, &one.name, &way, "latency_mean_us", bin.mean.into());
                    push(index, &one.name, &way, "latency_max_us", bin.max.into());
                }
            }
        }
    }
    for link in &record.logical_links {
        for (direction, series) in link.series.iter().enumerate() {
            let way = format!("{} to {}", link.routers[direction], link.routers[1 - direction]);
            for (index, bytes) in series.iter().enumerate() {
                push(index, &link.name, &way, "sent_bytes", (*bytes).into());
            }
        }
    }
    table
}
