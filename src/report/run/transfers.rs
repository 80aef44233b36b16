//! What became of transfers over TCP.

use crate::report::document::{Block, Cell, Section, Table};
use crate::sim::record::{RunRecord, TransferRecord};

/// One row per flow entry with transfers; no section without one.
pub fn section(record: &RunRecord) -> Option<Section> {
    let columns = [
        ("flow", "flow"),
        ("goodput_bps", "goodput"),
        ("asked", "asked"),
        ("completed", "completed"),
        ("completion_p50_us", "p50"),
        ("completion_p99_us", "p99"),
        ("longest_stall_us", "longest stall"),
        ("segments", "segments"),
        ("retransmissions", "sent again"),
        ("timeouts", "timeouts"),
    ];
    let mut table = Table::new("transfers", &columns);
    for entry in &record.flow_entries {
        if let Some(transfers) = &entry.transfers {
            table.push(row(&entry.name, transfers));
        }
    }
    let heading = "Transfers over TCP (times from the asking until all is acknowledged)".to_owned();
    (!table.rows.is_empty()).then(|| Section { heading, blocks: vec![Block::Table(table)] })
}

fn row(name: &str, transfers: &TransferRecord) -> Vec<Cell> {
    let completion = &transfers.completion;
    let known = |span| if completion.count == 0 { Cell::Empty } else { Cell::Span(span) };
    vec![
        name.into(),
        transfers.goodput.map_or(Cell::Empty, |rate| Cell::BitsPerSecond(rate.as_bps())),
        transfers.asked.into(),
        completion.count.into(),
        known(completion.p50),
        known(completion.p99),
        transfers.longest_stall.into(),
        transfers.segments.into(),
        transfers.retransmissions.into(),
        transfers.timeouts.into(),
    ]
}
