//! One connection in words and tables.

use std::collections::BTreeMap;

use super::{bits_per_second, causes, lost};
use crate::message::DropReason;
use crate::network::DeadDirection;
use crate::report::document::{Block, Cell, Section, Table};
use crate::report::words::{calendar, counted, percent, rate, round_percent, seconds};
use crate::sim::record::{AvailabilityRecord, ConnectionRecord, LogicalLinkRecord, RunRecord};
use crate::units::{CalendarSpan, Share, Span};

/// What the customer of this connection got.
pub fn section(record: &RunRecord, one: &ConnectionRecord) -> Section {
    let [first, second] = &one.providers;
    let mut blocks = vec![Block::Table(traffic(record, one))];
    let mut dropped: BTreeMap<DropReason, u64> = BTreeMap::new();
    for (reason, count) in one.directions.iter().flat_map(|direction| &direction.counts.dropped) {
        *dropped.entry(*reason).or_default() += count;
    }
    if lost(&dropped) > 0 {
        blocks.push(Block::Facts(vec![("lost".to_owned(), causes(&dropped))]));
    }
    blocks.push(Block::Table(latency(one)));
    blocks.push(Block::Table(links(record, one)));
    blocks.push(Block::Facts(availability(record, &one.availability)));
    Section {
        heading: format!(
            "Connection {}: {} each way between {first} and {second}",
            one.name,
            rate(one.provisioned.as_bps())
        ),
        blocks,
    }
}

/// "aws to google".
pub fn way(one: &ConnectionRecord, direction: usize) -> String {
    format!("{} to {}", one.providers[direction], one.providers[1 - direction])
}

/// One sentence for the verdict.
pub fn sentence(one: &ConnectionRecord) -> String {
    let rule = &one.availability;
    let path = if rule.runs.is_empty() {
        "always had a usable path".to_owned()
    } else {
        let dead = rule.runs.iter().fold(CalendarSpan::ZERO, |sum, run| sum + (run.to - run.from));
        match rule.runs.len() {
            1 => format!("had no usable path for {}", calendar(dead)),
            many => format!("had no usable path {many} times, for {} in all", calendar(dead)),
        }
    };
    format!(
        "Connection {} {path}; {} charged of the {} budget.",
        one.name,
        calendar(rule.charged_in_period()),
        calendar(rule.budget)
    )
}

fn traffic(record: &RunRecord, one: &ConnectionRecord) -> Table {
    let columns = [
        ("direction", "traffic"),
        ("offered_bps", "offered"),
        ("offered_percent", "of provisioned"),
        ("delivered_percent", "packets delivered"),
        ("lost_packets", "lost"),
    ];
    let mut table = Table::new("traffic", &columns);
    for (index, direction) in one.directions.iter().enumerate() {
        let offered = bits_per_second(direction.sent_bytes.0, record.ended);
        table.push(vec![
            way(one, index).into(),
            Cell::BitsPerSecond(offered),
            round_percent_cell(offered, one.provisioned.as_bps()),
            (direction.counts.sent > 0).then(|| Share::of(direction.counts.delivered, direction.counts.sent)).into(),
            lost(&direction.counts.dropped).into(),
        ]);
    }
    table
}

fn round_percent_cell(part: u64, whole: u64) -> Cell {
    // Offered load may be above 100%, which a share cannot say, so it is a number of tenths of a percent.
    let tenths = (u128::from(part) * 1_000 + u128::from(whole) / 2) / u128::from(whole);
    Cell::Number(format!("{}.{}%", tenths / 10, tenths % 10))
}

fn latency(one: &ConnectionRecord) -> Table {
    let columns = [
        ("direction", "one-way latency"),
        ("p50_us", "p50"),
        ("p99_us", "p99"),
        ("p999_us", "p99.9"),
        ("max_us", "max"),
    ];
    let mut table = Table::new("latency", &columns);
    for (index, direction) in one.directions.iter().enumerate() {
        let latency = &direction.latency;
        let known = |span: Span| Cell::from((latency.count > 0).then_some(span));
        table.push(vec![
            way(one, index).into(),
            known(latency.p50),
            known(latency.p99),
            known(latency.p999),
            known(latency.max),
        ]);
    }
    table
}

/// How much of the traffic each logical link carried.
fn links(record: &RunRecord, one: &ConnectionRecord) -> Table {
    let ways = [0, 1].map(|index| way(one, index));
    let columns = [
        ("channel", "share of traffic on"),
        ("forward_percent", ways[0].as_str()),
        ("reverse_percent", ways[1].as_str()),
        ("down_s", "session down"),
    ];
    let links: Vec<&LogicalLinkRecord> =
        record.logical_links.iter().filter(|link| link.connection == one.name).collect();
    let total = [0, 1].map(|way| links.iter().map(|link| link.bytes[way].0).sum::<u64>());
    let mut table = Table::new("logical-link-shares", &columns);
    for link in links {
        let share = |way: usize| Cell::Number(round_percent(Share::of(link.bytes[way].0, total[way])));
        let up = link.session_up.iter().fold(Span::ZERO, |sum, (from, to)| sum + to.saturating_sub(*from));
        table.push(vec![link.channel.as_str().into(), share(0), share(1), record.ended.saturating_sub(up).into()]);
    }
    table
}

/// The charge, the rule, and what the window alone would say.
pub fn availability(record: &RunRecord, rule: &AvailabilityRecord) -> Vec<(String, String)> {
    let mut charged = format!(
        "{} of the {} budget ({} of {})",
        calendar(rule.charged_in_period()),
        calendar(rule.budget),
        percent(rule.target),
        rule.period
    );
    if rule.charged_rest.as_ns() > 0 {
        charged.push_str(&format!(
            "\n{} of it in the run, {} for the rest of the period: the run ended without a usable path",
            calendar(rule.charged),
            calendar(rule.charged_rest)
        ));
    }
    let dead = match rule.dead {
        DeadDirection::Either => "no usable path in at least one direction",
        DeadDirection::Both => "no usable path in both directions at once",
    };
    let counted = match rule.runs.len() {
        0 => String::new(),
        many => format!("\n{} without a usable path, {} charged", counted(many as u64, "time"), charged_runs(rule)),
    };
    let text = format!("{}: {dead} for at least {}", rule.rule.name, seconds(rule.rule.minimum_run));
    let window =
        format!("{} of the {} simulated; shown only, never judged", percent(rule.window), seconds(record.ended),);
    vec![
        ("charged".to_owned(), charged),
        ("by rule".to_owned(), format!("{text} ({}){counted}", rule.rule.basis)),
        ("window".to_owned(), window),
    ]
}

fn charged_runs(rule: &AvailabilityRecord) -> usize {
    rule.runs.iter().filter(|run| run.charged).count()
}
