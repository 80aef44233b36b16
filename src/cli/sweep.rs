//! `fabricsim sweep`: a grid of values, each point run with the same seeds.

use std::path::{Path, PathBuf};

use clap::Args;

use super::interrupt::Interrupt;
use super::output::{counted, note, print};
use super::pause::refuse;
use super::progress::{Meter, Shown};
use super::run::{not_written, quoted};
use super::{Outcome, WrongInput, input};
use crate::report::{self, Provenance};
use crate::rng::RunSeed;
use crate::scenario::{Loaded, Problems};
use crate::sim::Continue;
use crate::study::sweep::{Point, SweepSummary, Variation, grid, sweep};
use crate::units::Span;

/// Points that a grid may have; each keeps its own network in memory.
const MOST_POINTS: usize = 1_000;
/// Runs of all points together.
const MOST_RUNS: u64 = 1_000_000;

/// Arguments of `sweep`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        fabricsim sweep scenarios/failures/bfd-under-grey-loss.toml --repeat 20 \\\n    \
        --vary 'connections.shop.bfd.interval=50 ms,300 ms,1 s'\n  \
        fabricsim sweep my.toml --vary failures.grey.probability=5%,20% --vary connections.shop.bfd.multiplier=3,5")]
pub(super) struct Sweep {
    /// Scenario file.
    #[arg(value_name = "FILE")]
    scenario: PathBuf,
    /// A key, as --set has it, and the values that it gets; several keys make a grid.
    #[arg(long = "vary", value_name = "KEY=A,B,C", required = true)]
    vary: Vec<String>,
    /// Change one value at every point, such as horizon="20 s"; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Runs of each point; the same replication has the same seed at every point.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    repeat: u32,
    /// Seed of everything random [default: the scenario's, else 1].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Runs at the same time; the results are the same for any number [default: one per core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Folder for the results [default: results/<scenario name>-sweep].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// No progress bar and no notes.
    #[arg(long)]
    quiet: bool,
}

impl Sweep {
    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        let interrupt = Interrupt::listen();
        let variations = variations(&self.vary)?;
        let (first, points) = self.load(&variations)?;
        let folder = self.out.clone().unwrap_or_else(|| Path::new("results").join(format!("{}-sweep", first.name)));
        // Before the runs, so that nobody waits for a result that cannot be kept.
        std::fs::create_dir_all(&folder).map_err(|error| not_written(&folder, &error))?;
        let provenance = self.provenance(&first);
        let summary = self.simulate(variations, &points, RunSeed(provenance.seed), &interrupt);
        let (finished, all) = (finished(&summary), points.len() * self.repeat as usize);
        if finished == 0 {
            note("interrupted before the first run was complete: nothing is written");
            return Ok(Outcome::Interrupted);
        }
        let files =
            report::write_sweep(&folder, &summary, &provenance).map_err(|error| not_written(&folder, &error))?;
        print(&if self.json {
            report::sweep_json(&summary, &provenance)
        } else {
            report::sweep_page(&summary, &provenance)
        })?;
        if !self.quiet {
            note(&format!("{} written to {}", counted(files.len(), "file"), folder.display()));
        }
        if finished < all {
            note(&format!("interrupted after {finished} of {all} runs: the results hold these"));
            return Ok(Outcome::Interrupted);
        }
        Ok(Outcome::Done)
    }

    /// The world at every point, the last key changing fastest, and the first one as it was loaded.
    fn load(&self, variations: &[Variation]) -> Result<(Loaded, Vec<Point>), WrongInput> {
        let mut problems: Vec<String> = Vec::new();
        let (mut first, mut points) = (None, Vec::new());
        for values in grid(variations) {
            let sets = variations.iter().zip(&values).map(|(variation, value)| format!("{}={value}", variation.key));
            let overrides: Vec<String> = self.overrides.iter().cloned().chain(sets).collect();
            match input::load_problems(&self.scenario, &overrides)? {
                Ok(loaded) => {
                    points.push(Point { values, network: loaded.network.clone() });
                    first.get_or_insert(loaded);
                }
                Err(found) => problems.extend(lines(&found)),
            }
        }
        // What is wrong at several points is told once.
        let mut told = std::collections::BTreeSet::new();
        problems.retain(|problem| told.insert(problem.clone()));
        refuse(problems)?;
        let first = first.expect("a grid has a point, and every one could be loaded");
        let runs = points.len() as u64 * u64::from(self.repeat);
        if runs > MOST_RUNS {
            return Err(WrongInput(format!("--repeat: {runs} runs in all; at most {MOST_RUNS} can be made")));
        }
        Ok((first, points))
    }

    fn simulate(
        &self,
        variations: Vec<Variation>,
        points: &[Point],
        seed: RunSeed,
        interrupt: &Interrupt,
    ) -> SweepSummary {
        let runs = u32::try_from(points.len()).unwrap_or(u32::MAX).saturating_mul(self.repeat);
        let horizon = points.iter().map(|point| point.network.horizon).max().unwrap_or(Span::ZERO);
        let meter = Meter::new(if self.quiet { Shown::Never } else { Shown::OnTerminal }, runs, horizon);
        let go = || {
            sweep(variations, points, seed, self.repeat, &|index, progress| {
                meter.update(index, &progress);
                if interrupt.requested() { Continue::No } else { Continue::Yes }
            })
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads.map_or(0, |threads| threads as usize));
        let summary = pool.build().expect("the system starts threads").install(go);
        meter.finish();
        summary
    }

    fn provenance(&self, first: &Loaded) -> Provenance {
        let seed = self.seed.unwrap_or(first.seed);
        let scenario = format!("{}.toml", first.name);
        let mut command = format!("fabricsim sweep {} --seed {seed} --repeat {}", quoted(&scenario), self.repeat);
        for (option, given) in [("--set", &self.overrides), ("--vary", &self.vary)] {
            given.iter().for_each(|text| command.push_str(&format!(" {option} {}", quoted(text))));
        }
        Provenance {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command,
            scenario,
            hash: first.hash.clone(),
            seed,
            overrides: self.overrides.iter().chain(&self.vary).cloned().collect(),
            effective: first.effective.clone(),
        }
    }
}

fn finished(summary: &SweepSummary) -> usize {
    summary.points.iter().map(|point| point.runs.len()).sum()
}

/// Problems as one line each: the same one at several points reads the same.
fn lines(problems: &Problems) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

/// The keys with their values, or everything that is wrong with how they were written.
pub(super) fn variations(given: &[String]) -> Result<Vec<Variation>, WrongInput> {
    let mut problems = Vec::new();
    let mut found: Vec<Variation> = Vec::new();
    for text in given {
        let Some((key, values)) = text.split_once('=') else {
            problems.push(format!("--vary {text}: no \"=\"; write for example horizon=10 s,20 s"));
            continue;
        };
        let (key, values) = (key.trim().to_owned(), split(values));
        if values.iter().any(String::is_empty) {
            problems.push(format!("--vary {text}: an empty value; write for example horizon=10 s,20 s"));
        }
        if (1..values.len()).any(|index| values[..index].contains(&values[index])) {
            problems.push(format!("--vary {text}: a value stands there twice"));
        }
        if found.iter().any(|variation| variation.key == key) {
            problems.push(format!("--vary {text}: {key} is varied already; give all its values at once"));
        }
        found.push(Variation { key, values });
    }
    let points = found.iter().fold(1usize, |points, variation| points.saturating_mul(variation.values.len()));
    if points > MOST_POINTS {
        problems.push(format!("--vary: {points} points; a grid may have {MOST_POINTS}"));
    }
    refuse(problems)?;
    Ok(found)
}

/// Splits at commas that stand in no bracket and in no quotes.
fn split(values: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quote) = (vec![String::new()], 0, None);
    for letter in values.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            (None, _) => {}
        }
        parts.last_mut().expect("never empty").push(letter);
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_brackets_and_quotes_divide_nothing() {
        assert_eq!(split("50 ms, 300 ms,1 s"), ["50 ms", "300 ms", "1 s"]);
        assert_eq!(split("[\"a\", \"b\"],{ x = 1, y = 2 },\"c,d\""), ["[\"a\", \"b\"]", "{ x = 1, y = 2 }", "\"c,d\""]);
        assert_eq!(split("a,,b"), ["a", "", "b"]);
    }

    #[test]
    fn the_last_key_changes_fastest() {
        let variation = |key: &str, values: &[&str]| Variation {
            key: key.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let points = grid(&[variation("a", &["1", "2"]), variation("b", &["x", "y"])]);
        assert_eq!(points, [["1", "x"], ["1", "y"], ["2", "x"], ["2", "y"]]);
    }

    #[test]
    fn all_that_is_wrong_with_variations_is_told_at_once() {
        let given = ["horizon".to_owned(), "a=1,,2".to_owned(), "a=3,3".to_owned()];
        let WrongInput(message) = variations(&given).unwrap_err();
        assert_eq!(message.lines().count(), 4, "{message}");
    }
}
