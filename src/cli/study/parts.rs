//! Studies in parts: shards on many machines, what is merged from them, and a study that was killed.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Options, Prepared, finish};
use crate::cli::output::{note, print};
use crate::cli::run::not_written;
use crate::cli::{Outcome, WrongInput};
use crate::report::write::files;
use crate::study::years::engine::{self, Stop};
use crate::study::years::parts::{Identity, Merged, Part, Piece, blocks_in_words, cut, merge, shard};
use crate::study::years::{Library, Plan, Tally};

/// Variables in which engines say which part a process is to do, with what they count from.
const VARIABLES: [(&str, u64); 4] =
    [("SLURM_ARRAY_TASK_ID", 1), ("JOB_COMPLETION_INDEX", 0), ("HQ_TASK_ID", 1), ("PARALLEL_SEQ", 1)];

/// Which part of a study, as written: "2/7", or "auto/7".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shard {
    k: Option<u64>,
    n: u64,
}

/// Blocks from and to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blocks {
    from: u64,
    to: u64,
}

pub(super) fn parse_shard(text: &str) -> Result<Shard, String> {
    let wrong = || "write for example 2/7, counted from 1, or auto/7".to_owned();
    let (k, n) = text.split_once('/').ok_or_else(wrong)?;
    let n: u64 = n.parse().ok().filter(|n| (1..=1_000_000).contains(n)).ok_or_else(wrong)?;
    let k = match k {
        "auto" => None,
        k => Some(k.parse().ok().filter(|k| (1..=n).contains(k)).ok_or_else(wrong)?),
    };
    Ok(Shard { k, n })
}

pub(super) fn parse_blocks(text: &str) -> Result<Blocks, String> {
    let wrong = || "write for example 256..512".to_owned();
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let (from, to): (u64, u64) = (from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?);
    if from < to { Ok(Blocks { from, to }) } else { Err(wrong()) }
}

impl Shard {
    /// Which shard this process is to do; only "auto" looks at the engine's variable.
    fn number(self) -> Result<u64, WrongInput> {
        let Some(k) = self.k else { return self.said_by_engine(|name| std::env::var(name).ok()) };
        Ok(k)
    }

    fn said_by_engine(self, variable: impl Fn(&str) -> Option<String>) -> Result<u64, WrongInput> {
        let found: Vec<(&str, u64, String)> =
            VARIABLES.into_iter().filter_map(|(name, base)| Some((name, base, variable(name)?))).collect();
        let [(name, base, value)] = found.as_slice() else {
            let names: Vec<&str> = VARIABLES.iter().map(|(name, _)| *name).collect();
            let how_many = if found.is_empty() { "none" } else { "more than one" };
            let message =
                format!("--shard auto/{}: {how_many} of {} is set; write the number", self.n, names.join(", "));
            return Err(WrongInput(message));
        };
        let k = value.parse::<u64>().ok().and_then(|index| (index + 1).checked_sub(*base));
        k.filter(|k| (1..=self.n).contains(k)).ok_or_else(|| {
            let last = base + self.n - 1;
            WrongInput(format!("--shard auto/{}: {name} is {value:?}, not a number from {base} to {last}", self.n))
        })
    }
}

/// What identifies a study: parts of another one are refused.
pub(super) fn identity(prepared: &Prepared) -> Identity {
    Identity {
        version: prepared.provenance.version.clone(),
        scenario: prepared.loaded.hash.clone(),
        seed: prepared.provenance.seed,
        rules: prepared.network.availability.rules.iter().map(|rule| rule.name.clone()).collect(),
        periods: prepared.network.study.periods,
        episodes: prepared.network.study.episodes,
    }
}

/// Simulates one shard, or some blocks, and writes them as a part.
pub(super) fn simulate(
    prepared: &Prepared,
    which: Option<Shard>,
    blocks: Option<Blocks>,
) -> Result<Outcome, WrongInput> {
    let library = prepared.library()?;
    let plan = Plan::new(&prepared.network, prepared.rules(), library.as_ref());
    let (ranges, name) = match (which, blocks) {
        (Some(which), _) => {
            let k = which.number()?;
            (shard(engine::budget(&plan), k, which.n), format!("part-{k}-of-{}.json", which.n))
        }
        (None, Some(Blocks { from, to })) => {
            let to = to.min(engine::budget(&plan));
            (cut(from, to), format!("part-blocks-{from}-{to}.json"))
        }
        (None, None) => unreachable!("one of the two is given"),
    };
    let file = prepared.folder.join(&name);
    let identity = identity(prepared);
    if read(&file).is_some_and(|part| part.identity == identity) {
        return told(prepared, &format!("{}: is there and complete", file.display()));
    }
    let piece = |(from, to): (u64, u64)| Piece { from, to, tally: engine::blocks(&plan, prepared.seed(), from, to) };
    let mut pieces = Vec::new();
    for range in ranges {
        if prepared.interrupt.requested() {
            return Ok(Outcome::Interrupted);
        }
        pieces.push(piece(range));
    }
    keep(&prepared.folder, &name, &Part { identity, pieces })?;
    told(prepared, &format!("written: {}", file.display()))
}

fn told(prepared: &Prepared, text: &str) -> Result<Outcome, WrongInput> {
    if !prepared.quiet {
        note(text);
    }
    Ok(Outcome::Done)
}

/// Arguments of `study plan`.
#[derive(Debug, Args)]
pub(in crate::cli) struct PlanStep {
    #[command(flatten)]
    options: Options,
    /// How many shards.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    shards: u64,
}

/// Arguments of `study merge` and `study next`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Parts {
    #[command(flatten)]
    options: Options,
    /// Part files, in any order.
    #[arg(value_name = "PART", required = true)]
    parts: Vec<PathBuf>,
}

impl PlanStep {
    /// Prints what each shard has to do, as JSON.
    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        let prepared = self.options.prepare()?;
        let plan = Plan::new(&prepared.network, prepared.rules(), None);
        let blocks = engine::budget(&plan);
        let shards: Vec<_> = (1..=self.shards)
            .map(|k| {
                let count: u64 = shard(blocks, k, self.shards).iter().map(|(from, to)| to - from).sum();
                let command = format!("{} --shard {k}/{}", prepared.provenance.command, self.shards);
                serde_json::json!({ "shard": format!("{k}/{}", self.shards), "blocks": count, "command": command })
            })
            .collect();
        let plan = serde_json::json!({
            "study": identity(&prepared),
            "periods_per_block": engine::BLOCK,
            "blocks": blocks,
            "shards": shards,
        });
        print(&format!("{}\n", serde_json::to_string_pretty(&plan).expect("JSON")))?;
        Ok(Outcome::Done)
    }
}

impl Parts {
    /// Merges parts, and reports as the whole study does.
    pub(super) fn merge(&self) -> Result<Outcome, WrongInput> {
        let prepared = self.options.prepare()?;
        let library = prepared.library()?;
        let plan = Plan::new(&prepared.network, prepared.rules(), library.as_ref());
        match self.merged(&prepared, &plan)? {
            Merged::Complete(tally, stop) => finish(&prepared, &plan, &tally, stop),
            Merged::Missing(gaps) => {
                let missing = |(from, to): &(u64, u64)| {
                    let blocks = blocks_in_words(*from, *to);
                    format!("{blocks}: in no part; simulate with --blocks {from}..{to}")
                };
                Err(WrongInput(gaps.iter().map(missing).collect::<Vec<_>>().join("\n")))
            }
        }
    }

    /// Prints "done", or the blocks that come next.
    pub(super) fn next(&self) -> Result<Outcome, WrongInput> {
        let prepared = self.options.prepare()?;
        let plan = Plan::new(&prepared.network, prepared.rules(), None);
        match self.merged(&prepared, &plan)? {
            Merged::Complete(..) => print("done\n")?,
            Merged::Missing(gaps) => {
                let lines = gaps.iter().map(|(from, to)| format!("{from}..{to}\n"));
                print(&lines.collect::<String>())?;
            }
        }
        Ok(Outcome::Done)
    }

    fn merged(&self, prepared: &Prepared, plan: &Plan<'_>) -> Result<Merged, WrongInput> {
        let mut problems = Vec::new();
        let mut parts = Vec::new();
        for path in &self.parts {
            match read(path) {
                Some(part) => parts.push((path.display().to_string(), part)),
                None => problems.push(format!("{}: is no part of a study, or cannot be read", path.display())),
            }
        }
        if problems.is_empty() {
            merge(plan, &identity(prepared), &parts).map_err(|problems| WrongInput(problems.join("\n")))
        } else {
            Err(WrongInput(problems.join("\n")))
        }
    }
}

/// Blocks after which a running study keeps what it has.
const KEPT_EVERY: u64 = 4096;

/// The whole study, from where it was when it was killed.
pub(super) fn whole(prepared: &Prepared, library: Option<&Library>) -> Result<(Tally, Stop), WrongInput> {
    let plan = Plan::new(&prepared.network, prepared.rules(), library);
    let name = "study.progress.json";
    let file = prepared.folder.join(name);
    let identity = identity(prepared);
    let begun = read(&file).filter(|part| part.identity == identity).and_then(|part| part.pieces.into_iter().next());
    if let Some(piece) = begun.as_ref().filter(|_| !prepared.quiet) {
        note(&format!("goes on after the {} periods of {}", piece.tally.periods, file.display()));
    }
    let begun = begun.map(|piece| (piece.to, piece.tally));
    let progress = super::Progress::new(prepared.quiet);
    let keep_first = |done: u64, tally: &Tally| {
        let pieces = vec![Piece { from: 0, to: done, tally: tally.clone() }];
        keep(&prepared.folder, name, &Part { identity: identity.clone(), pieces })
    };
    let (tally, stop) = engine::run(&plan, prepared.seed(), begun, &|reached| {
        progress.reached(reached);
        let stops = prepared.interrupt.requested();
        if (stops || reached.blocks.is_multiple_of(KEPT_EVERY)) && reached.blocks < reached.budget {
            // A disk that is full stops no study; there is only less to go on from.
            let _ = keep_first(reached.blocks, reached.tally);
        }
        if stops { crate::sim::Continue::No } else { crate::sim::Continue::Yes }
    });
    progress.finish();
    if stop != Stop::Interrupted {
        let _ = std::fs::remove_file(&file);
    }
    Ok((tally, stop))
}

fn read(path: &Path) -> Option<Part> {
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

/// Writes a part whole or not at all.
fn keep(folder: &Path, name: &str, part: &Part) -> Result<(), WrongInput> {
    let text = serde_json::to_string(part).expect("JSON");
    files(folder, &[(name.to_owned(), text)]).map_err(|error| not_written(folder, &error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_and_blocks_are_read_and_wrong_ones_refused() {
        assert_eq!(parse_shard("2/7"), Ok(Shard { k: Some(2), n: 7 }));
        assert_eq!(parse_shard("auto/7"), Ok(Shard { k: None, n: 7 }));
        for wrong in ["0/7", "8/7", "2", "x/7", "2/0"] {
            assert!(parse_shard(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_blocks("4..8"), Ok(Blocks { from: 4, to: 8 }));
        assert!(parse_blocks("8..4").is_err() && parse_blocks("4").is_err());
    }

    #[test]
    fn engines_count_from_their_own_base_and_must_say_something() {
        let auto = Shard { k: None, n: 3 };
        let of = |set: &'static [(&str, &str)]| {
            auto.said_by_engine(|name| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[("SLURM_ARRAY_TASK_ID", "1")]), Ok(1));
        assert_eq!(of(&[("JOB_COMPLETION_INDEX", "0")]), Ok(1));
        assert_eq!(of(&[("PARALLEL_SEQ", "3")]), Ok(3));
        for wrong in [&[][..], &[("JOB_COMPLETION_INDEX", "3")], &[("PARALLEL_SEQ", "0")], &[("HQ_TASK_ID", "x")]] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
        assert!(of(&[("PARALLEL_SEQ", "1"), ("HQ_TASK_ID", "1")]).is_err());
    }
}
