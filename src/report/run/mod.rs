//! The report on one run, in every view.

mod availability;
mod connection;
mod exchanges;
mod ledger;
mod link_group;
mod operations;
mod page;
mod plots;
mod routing;
mod summary;
mod tables;
mod transfers;
mod verdict;

pub(super) use availability::describe;
pub use ledger::{happened, noticed};
pub use page::{page, provenance_section};
pub use plots::plots;
pub use summary::summary;
pub(super) use summary::{microseconds, percent, provenance_value};
pub(super) use tables::kind_word;
pub use tables::tables;
pub use verdict::verdict;

use std::collections::BTreeMap;

use super::words;
use crate::message::DropReason;
use crate::sim::record::RunRecord;
use crate::units::Span;

/// Packets of all causes.
fn lost(dropped: &BTreeMap<DropReason, u64>) -> u64 {
    dropped.values().sum()
}

/// "fibre cut 300, no route 31", the largest first.
fn causes(dropped: &BTreeMap<DropReason, u64>) -> String {
    let mut causes: Vec<(DropReason, u64)> = dropped.iter().map(|(reason, count)| (*reason, *count)).collect();
    causes.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
    let texts: Vec<String> = causes
        .iter()
        .map(|(reason, count)| format!("{} {}", words::plain(reason.word()), words::count(*count)))
        .collect();
    texts.join(", ")
}

/// Mean bits per second of `bytes` over `span`, rounded down; 0 over no time.
fn bits_per_second(bytes: u64, span: Span) -> u64 {
    let bits_ps = u128::from(bytes) * 8_000_000_000_000;
    bits_ps.checked_div(u128::from(span.as_ps())).map_or(0, |rate| u64::try_from(rate).unwrap_or(u64::MAX))
}

/// When each bin of `record` ends: the last one with the run.
fn bin_end(record: &RunRecord, index: usize) -> Span {
    record.bin.times(index as u64 + 1).min(record.ended)
}
