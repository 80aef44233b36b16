//! What became of requests and responses.

use crate::report::document::{Block, Cell, Section, Table};
use crate::sim::record::{ExchangeRecord, RunRecord};

/// A row per flow entry with exchanges, on their latency and on their fate; no section without one.
pub fn section(record: &RunRecord) -> Option<Section> {
    let columns = [
        ("flow", "flow"),
        ("completed", "completed"),
        ("latency_min_us", "min"),
        ("latency_mean_us", "mean"),
        ("latency_p50_us", "p50"),
        ("latency_p99_us", "p99"),
        ("latency_p999_us", "p99.9"),
        ("latency_max_us", "max"),
    ];
    let mut latencies = Table::new("exchange-latency", &columns);
    let columns = [
        ("flow", "flow"),
        ("begun", "begun"),
        ("given_up", "given up"),
        ("open", "under way"),
        ("retries", "sent again"),
        ("refused", "refused"),
        ("wait_mean_us", "mean wait at server"),
    ];
    let mut fates = Table::new("exchanges", &columns);
    for entry in &record.flow_entries {
        if let Some(exchanges) = &entry.exchanges {
            latencies.push(latency(&entry.name, exchanges));
            fates.push(fate(&entry.name, exchanges));
        }
    }
    let heading = "Requests and responses (from the first request until the whole response)".to_owned();
    let blocks = vec![Block::Table(latencies), Block::Table(fates)];
    record.flow_entries.iter().any(|entry| entry.exchanges.is_some()).then_some(Section { heading, blocks })
}

fn latency(name: &str, exchanges: &ExchangeRecord) -> Vec<Cell> {
    let of = &exchanges.latency;
    let known = |span| if of.count == 0 { Cell::Empty } else { Cell::Span(span) };
    let mut row = vec![name.into(), of.count.into()];
    row.extend([of.min, of.mean, of.p50, of.p99, of.p999, of.max].map(known));
    row
}

fn fate(name: &str, exchanges: &ExchangeRecord) -> Vec<Cell> {
    let wait = &exchanges.wait;
    vec![
        name.into(),
        exchanges.begun.into(),
        exchanges.given_up.into(),
        exchanges.open.into(),
        exchanges.retries.into(),
        exchanges.refused.into(),
        if wait.count == 0 { Cell::Empty } else { Cell::Span(wait.mean) },
    ]
}
