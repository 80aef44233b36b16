//! One connection in words and tables.

use std::collections::BTreeMap;

use super::{availability, bits_per_second, causes, lost};
use crate::message::DropReason;
use crate::report::document::{Block, Cell, Section, Table};
use crate::report::words::{rate, round_percent};
use crate::sim::record::{ConnectionRecord, LogicalLinkRecord, RunRecord};
use crate::units::{Share, Span};

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
    blocks.extend(availability::blocks(record, &one.availability, &one.other_rules));
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
