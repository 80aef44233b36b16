//! `fabricsim study`: will this design keep its promise, in how many months, and what decides it?

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::interrupt::Interrupt;
use super::output::{counted, note, print};
use super::run::{not_written, quoted, rule_overrides};
use super::{Outcome, WrongInput, input};
use crate::network::Network;
use crate::report::{self, Provenance};
use crate::rng::RunSeed;
use crate::scenario::Loaded;
use crate::sim::Continue;
use crate::study::years::engine::{self, Stop};
use crate::study::years::{Library, Plan, StudySummary, Variant, flip, swings};

/// Arguments of `study`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        fabricsim study scenarios/studies/quad-month.toml\n  \
        fabricsim study my.toml --min-p-sla 0.99      fails (exit code 1) below 99% of periods\n  \
        fabricsim study my.toml --rule aws-interconnect --rule every-moment --periods 1000000\n\n\
        A scenario needs a failure model: [reliability] with pack = \"planning\", or classes of its own.")]
pub(super) struct Study {
    /// Scenario file with a failure model.
    #[arg(value_name = "FILE")]
    scenario: PathBuf,
    /// Change one value before the study, such as reliability.classes.facility.level=high; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Judge by this rule instead of the scenario's; of several the first decides.
    #[arg(long = "rule", value_name = "NAME")]
    rules: Vec<String>,
    /// Simulate at most so many SLA periods [default: study.periods].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    periods: Option<u64>,
    /// Runs of the packet engine for each kind of event; 0 charges no convergence [default: study.episodes].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    episodes: Option<u32>,
    /// Fail (exit code 1) when fewer than this share of periods keep the promise, such as 0.99.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_p_sla: Option<f64>,
    /// Leave out what the answer hangs on, which takes two more studies for each class of component.
    #[arg(long)]
    no_sensitivity: bool,
    /// Seed of everything random [default: the scenario's, else 1].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Threads; the result is the same for any number [default: one per core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Folder for the results [default: results/<scenario name>-study].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// No progress bar and no notes.
    #[arg(long)]
    quiet: bool,
}

/// Share of periods that are to keep the promise when nobody says another.
const GOAL: f64 = 0.99;

impl Study {
    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        let interrupt = Interrupt::listen();
        let loaded = input::load(&self.scenario, &self.overrides())?;
        let network = self.network(&loaded)?;
        let folder = self.out.clone().unwrap_or_else(|| Path::new("results").join(format!("{}-study", loaded.name)));
        // Before the study, so that nobody waits for a result that cannot be kept.
        std::fs::create_dir_all(&folder).map_err(|error| not_written(&folder, &error))?;
        let provenance = self.provenance(&loaded);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads.map_or(0, |threads| threads as usize));
        let pool = pool.build().expect("the system starts threads");
        let summary = pool.install(|| self.study(&network, RunSeed(provenance.seed), &interrupt))?;
        let files =
            report::write_study(&folder, &summary, &provenance).map_err(|error| not_written(&folder, &error))?;
        print(&if self.json {
            report::study_json(&summary, &provenance)
        } else {
            report::study_page(&summary, &provenance)
        })?;
        if !self.quiet {
            note(&format!("{} written to {}", counted(files.len(), "file"), folder.display()));
        }
        Ok(self.outcome(&summary))
    }

    /// The network with what the command line says of the study.
    fn network(&self, loaded: &Loaded) -> Result<Network, WrongInput> {
        let shown = self.scenario.display();
        let mut network = loaded.network.clone();
        if network.reliability.components.is_empty() {
            let remedy = "add [reliability] with pack = \"planning\"";
            return Err(WrongInput(format!("{shown}: nothing in it fails by itself; {remedy}")));
        }
        if network.connections.is_empty() {
            return Err(WrongInput(format!("{shown}: has no connection to judge; add one under [connections]")));
        }
        network.study.periods = self.periods.unwrap_or(network.study.periods);
        network.study.episodes = self.episodes.unwrap_or(network.study.episodes);
        Ok(network)
    }

    /// What the command line changes in the scenario.
    fn overrides(&self) -> Vec<String> {
        let mut overrides = self.overrides.clone();
        if let Some(first) = self.rules.first() {
            overrides.extend(rule_overrides(first));
            overrides.push(format!("sla.rules={:?}", self.rules));
        }
        overrides
    }

    fn study(&self, network: &Network, seed: RunSeed, interrupt: &Interrupt) -> Result<StudySummary, WrongInput> {
        let progress = Progress::new(self.quiet);
        let rules = network.availability.rules.clone();
        progress.say("episodes: the engine runs each kind of event");
        let library = (network.study.episodes > 0).then(|| Library::simulate(network, seed, network.study.episodes));
        let plan = Plan::new(network, rules.clone(), library.as_ref());
        let (tally, stop) = engine::run(&plan, seed, None, &|reached| {
            progress.reached(reached);
            if interrupt.requested() { Continue::No } else { Continue::Yes }
        });
        let (mut found, mut turns) = (Vec::new(), None);
        if stop != Stop::Interrupted && !self.no_sensitivity {
            progress.say("what the answer hangs on");
            let variants = self.variants(network)?;
            found = swings(network, &rules, library.as_ref(), &variants, seed);
            let goal = self.min_p_sla.unwrap_or(GOAL);
            turns = found.first().and_then(|widest| flip(network, &rules, library.as_ref(), &widest.class, goal, seed));
        }
        progress.finish();
        Ok(StudySummary::new(&plan, &tally, stop, found, turns))
    }

    /// The network with one class of component at low and at high risk, for each class.
    fn variants(&self, network: &Network) -> Result<Vec<Variant>, WrongInput> {
        let mut classes: Vec<&str> = network.reliability.components.iter().map(|one| one.class.as_str()).collect();
        classes.sort_unstable();
        classes.dedup();
        let level = |class: &str, level: &str| -> Result<Network, WrongInput> {
            let mut overrides = self.overrides();
            overrides.push(format!("reliability.classes.{class}.level={level}"));
            self.network(&input::load(&self.scenario, &overrides)?)
        };
        let variant = |class: &&str| {
            Ok(Variant { class: (*class).to_owned(), levels: [level(class, "low")?, level(class, "high")?] })
        };
        classes.iter().map(variant).collect()
    }

    fn outcome(&self, summary: &StudySummary) -> Outcome {
        if summary.stop == Stop::Interrupted {
            return Outcome::Interrupted;
        }
        let kept = summary.meets().map_or(1.0, |rule| rule.meets);
        match self.min_p_sla {
            Some(least) if kept < least => {
                note(&format!(
                    "{:.4}% of periods keep the promise, fewer than the {:.4}% asked for",
                    kept * 100.0,
                    least * 100.0
                ));
                Outcome::NotMet
            }
            Some(_) | None => Outcome::Done,
        }
    }

    fn provenance(&self, loaded: &Loaded) -> Provenance {
        let seed = self.seed.unwrap_or(loaded.seed);
        let scenario = format!("{}.toml", loaded.name);
        let mut command = format!("fabricsim study {} --seed {seed}", quoted(&scenario));
        for given in &self.overrides {
            command.push_str(&format!(" --set {}", quoted(given)));
        }
        for rule in &self.rules {
            command.push_str(&format!(" --rule {}", quoted(rule)));
        }
        for (flag, given) in [("periods", self.periods), ("episodes", self.episodes.map(u64::from))] {
            if let Some(number) = given {
                command.push_str(&format!(" --{flag} {number}"));
            }
        }
        Provenance {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command,
            scenario,
            hash: loaded.hash.clone(),
            seed,
            overrides: self.overrides.clone(),
            effective: loaded.effective.clone(),
        }
    }
}

/// What a person who waits sees.
struct Progress(ProgressBar);

impl Progress {
    fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(10) };
        let style =
            ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}  {elapsed} gone").expect("a valid template");
        Self(ProgressBar::with_draw_target(Some(1), target).with_style(style))
    }

    fn say(&self, what: &str) {
        self.0.set_message(what.to_owned());
        self.0.tick();
    }

    fn reached(&self, reached: &engine::Reached<'_>) {
        self.0.set_length(reached.budget);
        self.0.set_position(reached.blocks);
        if let Some(one) = reached.tally.connections.first() {
            let periods = reached.tally.periods;
            let kept = 100.0 * (1.0 - one.rules[0].missed as f64 / periods.max(1) as f64);
            self.0.set_message(format!("{periods} periods, {kept:.3}% keep the promise so far"));
        }
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}

fn share(text: &str) -> Result<f64, String> {
    let value: Option<f64> = text.parse().ok();
    value
        .filter(|value| (0.0..=1.0).contains(value))
        .ok_or_else(|| "write a share from 0 to 1, such as 0.99".to_owned())
}
