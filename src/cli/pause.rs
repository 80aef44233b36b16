//! What the commands share that look at a run as it stands at one instant.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::interrupt::Interrupt;
use super::output::{note, print};
use super::progress::{Meter, Shown};
use super::{Outcome, WrongInput, input};
use crate::ids::FlowId;
use crate::network::Network;
use crate::rng::RunSeed;
use crate::scenario::Loaded;
use crate::sim::snapshot::Paused;
use crate::sim::{Continue, Simulation};
use crate::units::Span;

/// Which run, and when.
#[derive(Debug, Args)]
pub(super) struct Instant {
    /// Scenario file; - reads standard input.
    #[arg(value_name = "FILE")]
    scenario: PathBuf,
    /// Scenario time at which to look, such as 12s; all that happens at it has happened.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_time)]
    at: Span,
    /// Seed of everything random [default: the scenario's, else 1].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Change one value of the scenario, such as horizon="20 s"; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The two ways to print an answer.
pub(super) struct Answer<'a> {
    pub(super) text: &'a dyn Fn() -> String,
    pub(super) json: &'a dyn Fn() -> String,
}

impl Instant {
    /// The first instant of a scenario.
    pub(super) const fn begin(scenario: PathBuf, overrides: Vec<String>) -> Self {
        Self { scenario, at: Span::ZERO, seed: None, overrides, json: false }
    }

    pub(super) fn load(&self) -> Result<Loaded, WrongInput> {
        let loaded = input::load(&self.scenario, &self.overrides)?;
        if !loaded.warnings.is_empty() {
            note(&input::warnings(&loaded));
        }
        Ok(loaded)
    }

    /// What is wrong with the time that was asked for.
    pub(super) fn problem(&self, loaded: &Loaded) -> Option<String> {
        let horizon = loaded.network.horizon;
        (self.at > horizon).then(|| format!("--at: {} is after the run's end; it ends at {horizon}", self.at))
    }

    /// Runs until the instant; `None` when the user stopped it.
    pub(super) fn pause<'n>(&self, loaded: &'n Loaded) -> Option<Paused<'n>> {
        self.pause_at(&loaded.network, loaded.seed, self.at, None)
    }

    /// The instant that was asked for.
    pub(super) const fn at(&self) -> Span {
        self.at
    }

    /// Runs until some instant, with an eye on a flow; `None` when the user stopped it.
    pub(super) fn pause_at<'n>(
        &self,
        network: &'n Network,
        seed: u64,
        at: Span,
        watched: Option<FlowId>,
    ) -> Option<Paused<'n>> {
        let interrupt = Interrupt::listen();
        let meter = Meter::new(Shown::OnTerminal, 1, at);
        let seed = RunSeed(self.seed.unwrap_or(seed));
        let paused = Simulation::new(network, seed).watching(watched).pause_at(at, &mut |progress| {
            meter.update(0, &progress);
            if interrupt.requested() { Continue::No } else { Continue::Yes }
        });
        meter.finish();
        paused
    }

    pub(super) fn print(&self, answer: &Answer<'_>) -> Result<Outcome, WrongInput> {
        let text = if self.json { (answer.json)() } else { (answer.text)() };
        print(&text)?;
        Ok(Outcome::Done)
    }
}

/// All problems at once, or nothing.
pub(super) fn refuse(problems: Vec<String>) -> Result<(), WrongInput> {
    if problems.is_empty() { Ok(()) } else { Err(WrongInput(problems.join("\n"))) }
}

/// The index of a name among others, or what is wrong with it.
pub(super) fn named<'a>(
    option: &str,
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<usize, String> {
    let names: Vec<&str> = names.collect();
    let found = names.iter().position(|other| *other == name);
    found.ok_or_else(|| format!("{option}: no {what} is named {name:?}; there are: {}", names.join(", ")))
}

fn parse_time(text: &str) -> Result<Span, String> {
    Span::from_str(text).map_err(|error| error.to_string())
}
