//! `fabricsim run`: simulate, print the verdict, write the report.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::gate::{self, Verdict};
use super::interrupt::Interrupt;
use super::output::{counted, note, print};
use super::progress::{Meter, Shown};
use super::{Outcome, WrongInput, input, repeat};
use crate::failures::with_drawn;
use crate::network::{Fidelity, SlaRule};
use crate::report::{self, Provenance};
use crate::rng::RunSeed;
use crate::scenario::Loaded;
use crate::sim::record::RunRecord;
use crate::sim::{Continue, Simulation, Whole};
use crate::units::Share;

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        fabricsim run scenarios/quickstart.toml\n  \
        fabricsim run my.toml --set 'horizon=20 s' --seed 7 --out /tmp/try\n  \
        fabricsim run my.toml --repeat 50 --gate 99.99      exit code 1 above the budget")]
pub(super) struct Run {
    /// Scenario file; - reads standard input.
    #[arg(value_name = "FILE")]
    scenario: PathBuf,
    /// Folder for the results [default: results/<scenario name>].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Seed of everything random [default: the scenario's, else 1].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Change one value of the scenario, such as horizon="20 s"; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// What travels as packets: packet (everything), flow (nothing but control and probes), auto (all around incidents).
    #[arg(long, value_name = "WORD")]
    fidelity: Option<String>,
    /// Run N seeds in parallel and report each blackout as min, median, p95 and max over the runs.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    repeat: Option<u32>,
    /// Threads that share one run where that makes it faster; the results are the same for any number [default: one
    /// per core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Fail (exit code 1) when a connection is charged more than this promise allows in the SLA period.
    #[arg(long, value_name = "PERCENT", value_parser = gate::parse_target)]
    gate: Option<Share>,
    /// Counting rule to judge by, instead of the scenario's: a preset, or one under [rules].
    #[arg(long, value_name = "NAME", requires = "gate")]
    rule: Option<String>,
    /// No progress bar and no notes.
    #[arg(long)]
    quiet: bool,
    /// What is printed: a page for people, or the summary as JSON.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What `run` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// One screen of text.
    Text,
    /// The whole summary.
    Json,
}

/// A run with its input read and its output folder made.
pub(super) struct Prepared {
    pub(super) loaded: Loaded,
    pub(super) seed: RunSeed,
    pub(super) provenance: Provenance,
    pub(super) folder: PathBuf,
    pub(super) interrupt: Interrupt,
}

impl Run {
    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        let prepared = self.prepare()?;
        match self.repeat {
            None => self.once(&prepared),
            Some(runs) => repeat::execute(self, &prepared, runs),
        }
    }

    fn prepare(&self) -> Result<Prepared, WrongInput> {
        let interrupt = Interrupt::listen();
        let mut overrides = self.overrides.clone();
        overrides.extend(self.rule.iter().flat_map(rule_overrides));
        overrides.extend(self.fidelity.iter().map(|word| format!("fidelity={word}")));
        let loaded = input::load(&self.scenario, &overrides)?;
        if self.gate.is_some() && loaded.network.connections.is_empty() && loaded.network.link_groups.is_empty() {
            let file = self.scenario.display();
            let message = format!("--gate: {file} has no connection to judge; add one under [connections]");
            return Err(WrongInput(message + ", or peering links under [link_groups]"));
        }
        if loaded.network.fidelity == Fidelity::Timeline {
            let file = self.scenario.display();
            let message =
                format!("{file}: fidelity = \"timeline\" has no packets to run; use \"fabricsim study {file}\"");
            return Err(WrongInput(message));
        }
        let mut loaded = loaded;
        let seed = self.seed.unwrap_or(loaded.seed);
        if !loaded.network.reliability.components.is_empty() {
            if self.repeat.is_some() {
                let message = "--repeat: what fails by itself differs from seed to seed; use \"fabricsim study\"";
                return Err(WrongInput(message.to_owned()));
            }
            loaded.network = with_drawn(&loaded.network, RunSeed(seed), 0);
        }
        if !self.quiet && !loaded.warnings.is_empty() {
            note(&input::warnings(&loaded));
        }
        let folder = self.out.clone().unwrap_or_else(|| Path::new("results").join(&loaded.name));
        // Before the run, so that nobody waits for a result that cannot be kept.
        std::fs::create_dir_all(&folder).map_err(|error| not_written(&folder, &error))?;
        let scenario = format!("{}.toml", loaded.name);
        let provenance = Provenance {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: command_line(&scenario, seed, self.repeat, &overrides),
            scenario,
            hash: loaded.hash.clone(),
            seed,
            overrides,
            effective: loaded.effective.clone(),
        };
        Ok(Prepared { loaded, seed: RunSeed(seed), provenance, folder, interrupt })
    }

    fn once(&self, prepared: &Prepared) -> Result<Outcome, WrongInput> {
        let record = self.simulate(prepared);
        let written = report::write_results(&prepared.folder, &record, &prepared.provenance);
        let verdicts = self.gate.map_or_else(Vec::new, |target| gate::judge_run(&record, target));
        let text = match self.format {
            Format::Text => report::terminal_page(&record, &prepared.provenance),
            Format::Json => report::summary_json(&record, &prepared.provenance),
        };
        self.publish(&text, &verdicts)?;
        let files = written.map_err(|error| not_written(&prepared.folder, &error))?;
        let complete = record.ended >= record.horizon;
        self.tell_written(&prepared.folder, files.len());
        if !complete {
            note(&format!("interrupted at {} of {}: the results hold that much", record.ended, record.horizon));
        }
        Ok(gate::outcome(complete, record.expectations.iter().all(|expectation| expectation.met), &verdicts))
    }

    fn simulate(&self, prepared: &Prepared) -> RunRecord {
        let network = &prepared.loaded.network;
        let meter = Meter::new(self.progress(), 1, network.horizon);
        let simulation = Simulation::new(network, prepared.seed).threads(self.threads());
        self.tell_division(&simulation);
        let record = simulation.run_observed(&mut |progress| {
            meter.update(0, &progress);
            if prepared.interrupt.requested() { Continue::No } else { Continue::Yes }
        });
        meter.finish();
        record
    }

    fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.threads.map_or_else(cores, |threads| threads as usize)
    }

    /// Says how the run is shared, when the user asked for several threads.
    fn tell_division(&self, simulation: &Simulation<'_>) {
        if self.quiet || self.threads.is_none_or(|threads| threads == 1) {
            return;
        }
        let layout = simulation.layout();
        note(&match layout.reason() {
            Whole::No => format!("{} parts run side by side, in windows of {}", layout.count(), layout.lookahead()),
            Whole::TooClose => "one thread: no two parts of the network are far enough apart".to_owned(),
            Whole::TooQuiet => {
                "one thread: too little happens between the parts' meetings to gain by sharing".to_owned()
            }
        });
    }

    /// Prints the result and, where they do not disturb it, the gate's verdicts.
    pub(super) fn publish(&self, text: &str, verdicts: &[Verdict]) -> Result<(), WrongInput> {
        let lines: String = verdicts.iter().map(|verdict| format!("{verdict}\n")).collect();
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        match self.format {
            Format::Text => print(&format!("{text}{newline}{lines}")),
            Format::Json => {
                if !lines.is_empty() {
                    note(&lines);
                }
                print(&format!("{text}{newline}"))
            }
        }
    }

    pub(super) fn tell_written(&self, folder: &Path, files: usize) {
        if !self.quiet {
            note(&format!("{} written to {}", counted(files, "file"), folder.display()));
        }
    }

    pub(super) fn progress(&self) -> Shown {
        if self.quiet { Shown::Never } else { Shown::OnTerminal }
    }

    pub(super) const fn gate(&self) -> Option<Share> {
        self.gate
    }

    pub(super) const fn format(&self) -> Format {
        self.format
    }
}

pub(super) fn not_written(folder: &Path, error: &std::io::Error) -> WrongInput {
    WrongInput(format!("{}: results cannot be written: {error}; choose another folder with --out", folder.display()))
}

/// A rule named on the command line replaces the scenario's, every part of it, and the results show it. The parts of
/// a preset are written out, so that what `[sla]` says of another rule does not change it.
pub(super) fn rule_overrides(name: &String) -> Vec<String> {
    let mut overrides = vec![format!("sla.rule={name}")];
    if let Some(rule) = SlaRule::preset(name) {
        overrides.push(format!("sla.minimum_run={}", rule.minimum_run));
        overrides.push(format!("sla.dead_direction={}", rule.dead.word()));
    }
    overrides
}

/// The command that gives the same result again. What changes no number (--out, --quiet, --format) is left out, and
/// so is the scenario's folder: results name no path of anybody's machine.
fn command_line(scenario: &str, seed: u64, repeat: Option<u32>, overrides: &[String]) -> String {
    let mut command = format!("fabricsim run {} --seed {seed}", quoted(scenario));
    for given in overrides {
        command.push_str(" --set ");
        command.push_str(&quoted(given));
    }
    if let Some(runs) = repeat {
        command.push_str(&format!(" --repeat {runs}"));
    }
    command
}

/// As a POSIX shell reads it back.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:+%,@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_command_can_be_typed_again() {
        let overrides = ["horizon=20 s".to_owned(), "sla.rule=google-interconnect".to_owned()];
        assert_eq!(
            command_line("my.toml", 7, Some(20), &overrides),
            "fabricsim run my.toml --seed 7 --set 'horizon=20 s' --set sla.rule=google-interconnect --repeat 20"
        );
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
