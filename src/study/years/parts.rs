//! Parts of a study that were simulated apart, and how they meet: any division of the blocks, merged in any order, gives
//! the bytes of the whole.

use serde::{Deserialize, Serialize};

use super::engine::{Stop, decision};
use super::tally::Tally;
use super::walk::Plan;
use crate::study::statistics::stopping::{Decision, next_checkpoint};

/// What must be equal for parts to belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Version of fabricsim.
    pub version: String,
    /// Hash of the effective scenario.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Names of the rules, in order.
    pub rules: Vec<String>,
    /// Periods at most.
    pub periods: u64,
    /// Runs of the engine for each kind of event.
    pub episodes: u32,
}

/// Some blocks of a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Of which study.
    pub identity: Identity,
    /// The blocks, in order.
    pub pieces: Vec<Piece>,
}

/// Neighbouring blocks between two checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The first block.
    pub from: u64,
    /// The block behind the last.
    pub to: u64,
    /// What they add up to.
    pub tally: Tally,
}

/// The blocks [from, to), cut at checkpoints.
#[must_use]
pub fn cut(from: u64, to: u64) -> Vec<(u64, u64)> {
    let mut pieces = Vec::new();
    let mut at = from;
    while at < to {
        let end = next_checkpoint(at).min(to);
        pieces.push((at, end));
        at = end;
    }
    pieces
}

/// The blocks of shard `k` (from 1) of `n`: its share between any two checkpoints, so that all shards together reach each
/// checkpoint at about the same time.
#[must_use]
pub fn shard(budget: u64, k: u64, n: u64) -> Vec<(u64, u64)> {
    let share =
        |length: u64, part: u64| u64::try_from(u128::from(length) * u128::from(part) / u128::from(n)).unwrap_or(0);
    cut(0, budget)
        .into_iter()
        .map(|(from, to)| (from + share(to - from, k - 1), from + share(to - from, k)))
        .filter(|(from, to)| from < to)
        .collect()
}

/// What parts say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// The study has its answer.
    Complete(Box<Tally>, Stop),
    /// These blocks are in no part, in order: each from the first to the one behind the last.
    Missing(Vec<(u64, u64)>),
}

/// "block 4", "blocks 4 to 6", of the blocks [from, to).
#[must_use]
pub fn blocks_in_words(from: u64, to: u64) -> String {
    match to.saturating_sub(1) {
        last if last <= from => format!("block {from}"),
        last => format!("blocks {from} to {last}"),
    }
}

/// Merges parts, each with the name of its file.
///
/// # Errors
/// Every problem: parts of another study, and blocks that stand in two of them.
pub fn merge(plan: &Plan<'_>, identity: &Identity, parts: &[(String, Part)]) -> Result<Merged, Vec<String>> {
    let mut problems: Vec<String> = parts
        .iter()
        .flat_map(|(name, part)| differences(identity, &part.identity).into_iter().map(move |d| format!("{name}: {d}")))
        .collect();
    let mut pieces: Vec<(&Piece, &str)> =
        parts.iter().flat_map(|(name, part)| part.pieces.iter().map(move |piece| (piece, name.as_str()))).collect();
    pieces.sort_by_key(|(piece, name)| (piece.from, piece.to, *name));
    for (piece, name) in &pieces {
        if piece.from >= piece.to || cut(piece.from, piece.to).len() != 1 {
            problems
                .push(format!("{name}: no piece of a study has just its {}", blocks_in_words(piece.from, piece.to)));
        }
    }
    for pair in pieces.windows(2) {
        let [(one, one_name), (other, other_name)] = pair else { continue };
        if other.from < one.to {
            let both = blocks_in_words(other.from, one.to.min(other.to));
            problems.push(format!("{one_name} and {other_name}: both hold {both}; leave one out"));
        }
    }
    if problems.is_empty() { Ok(walk(plan, &pieces)) } else { Err(problems) }
}

fn walk(plan: &Plan<'_>, pieces: &[(&Piece, &str)]) -> Merged {
    let mut tally = Tally::new(plan);
    let mut done = 0;
    let mut left = pieces;
    loop {
        let until = match decision(plan, done, &tally) {
            Decision::Enough => return Merged::Complete(Box::new(tally), Stop::Precise),
            Decision::StoppedOnBudget => return Merged::Complete(Box::new(tally), Stop::Budget),
            Decision::Continue { until_blocks } => until_blocks,
        };
        match left {
            [(piece, _), rest @ ..] if piece.from == done => {
                tally.merge(&piece.tally);
                done = piece.to;
                left = rest;
            }
            [] => return Merged::Missing(vec![(done, until)]),
            _ => return Merged::Missing(gaps(done, left)),
        }
    }
}

/// What lies between the first blocks and each of the pieces behind them.
fn gaps(mut done: u64, pieces: &[(&Piece, &str)]) -> Vec<(u64, u64)> {
    let mut gaps = Vec::new();
    for (piece, _) in pieces {
        if piece.from > done {
            gaps.push((done, piece.from));
        }
        done = piece.to;
    }
    gaps
}

/// What does not belong together, by name.
fn differences(wanted: &Identity, found: &Identity) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, wanted: &str, found: &str| {
        if wanted != found {
            differences.push(format!("is of another study: its {what} is {found}, not {wanted}"));
        }
    };
    compare("version", &wanted.version, &found.version);
    compare("scenario hash", &wanted.scenario, &found.scenario);
    compare("seed", &wanted.seed.to_string(), &found.seed.to_string());
    compare("rules", &wanted.rules.join(", "), &found.rules.join(", "));
    compare("number of periods", &wanted.periods.to_string(), &found.periods.to_string());
    compare("number of episodes", &wanted.episodes.to_string(), &found.episodes.to_string());
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_every_block_once_and_never_cross_a_checkpoint() {
        for (all, n) in [(1, 1), (1_000, 7), (1_024, 3), (5, 9), (12_345, 64)] {
            let mut pieces: Vec<(u64, u64)> = (1..=n).flat_map(|k| shard(all, k, n)).collect();
            assert!(pieces.iter().all(|(from, to)| cut(*from, *to).len() == 1), "{all} in {n}");
            pieces.sort_unstable();
            let mut reached = 0;
            for (from, to) in pieces {
                assert_eq!(from, reached, "{all} in {n}");
                reached = to;
            }
            assert_eq!(reached, all);
        }
    }
}
