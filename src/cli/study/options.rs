//! What every kind of study is given, read and checked.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Progress;
use super::cache::Folder;
use crate::cli::interrupt::Interrupt;
use crate::cli::output::note;
use crate::cli::run::{not_written, quoted, rule_overrides};
use crate::cli::sweep::variations;
use crate::cli::{WrongInput, input};
use crate::failures::StandingPlan;
use crate::ids::ConnectionId;
use crate::network::{Network, SlaRule, Variation};
use crate::report::Provenance;
use crate::rng::RunSeed;
use crate::scenario::Loaded;
use crate::study::rare::{RareSummary, rare};
use crate::study::structure::Structure;
use crate::study::years::{Cache, ConnectionTally, Library, NoCache, Tally, Variant};

/// Rate of events times the longest episode, above which episodes meet too often to be drawn one by one.
const WIDEST_SEPARATION: f64 = 1e-2;

/// Options that all studies share.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Options {
    /// Scenario file with a failure model.
    #[arg(value_name = "FILE", required = true)]
    scenario: PathBuf,
    /// Change one value before the study, such as reliability.classes.facility.level=high; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Give one key several values, such as reliability.classes.facility.level=low,high, instead of [study.vary]; of
    /// several keys every combination, each in the same weather.
    #[arg(long = "vary", value_name = "KEY=A,B,C", conflicts_with = "no_vary")]
    vary: Vec<String>,
    /// Leave out [study.vary]: the study of the scenario as it stands.
    #[arg(long)]
    no_vary: bool,
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
    /// Find the time with no and with fewer than two channels by making failures common, even where periods saw it; time
    /// without a channel that no period saw is always looked for so.
    #[arg(long)]
    rare: bool,
    /// Leave out what the answer hangs on, which takes two more studies for each class of component.
    #[arg(long)]
    no_sensitivity: bool,
    /// Simulate every run of the engine, also those that an earlier study left in the cache ($FABRICSIM_CACHE, else
    /// $XDG_CACHE_HOME/fabricsim, else ~/.cache/fabricsim).
    #[arg(long)]
    no_cache: bool,
    /// Go on although events come so close that episodes often meet.
    #[arg(long)]
    force: bool,
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

/// A study with its input read and its folder made.
pub(super) struct Prepared {
    options: Options,
    pub(super) loaded: Loaded,
    /// The network with what the command line says of the study.
    pub(super) network: Network,
    pub(super) provenance: Provenance,
    /// The command to type for the same study, with the paths of this machine: for the terminal only.
    pub(super) pasted: String,
    pub(super) folder: PathBuf,
    pub(super) interrupt: Interrupt,
    pub(super) min_p_sla: Option<f64>,
    pub(super) sensitivity: bool,
    pub(super) json: bool,
    pub(super) quiet: bool,
}

impl Options {
    pub(super) fn prepare(&self) -> Result<Prepared, WrongInput> {
        let interrupt = Interrupt::listen();
        let loaded = input::load(&self.scenario, &self.overrides())?;
        let network = self.network(&self.scenario, &loaded)?;
        if !self.quiet && !loaded.warnings.is_empty() {
            note(&input::warnings(&loaded));
        }
        let folder = self.out.clone().unwrap_or_else(|| Path::new("results").join(format!("{}-study", loaded.name)));
        // Before the study, so that nobody waits for a result that cannot be kept.
        std::fs::create_dir_all(&folder).map_err(|error| not_written(&folder, &error))?;
        let provenance = self.provenance(&loaded);
        Ok(Prepared {
            pasted: self.pasted(provenance.seed),
            provenance,
            options: self.clone(),
            loaded,
            network,
            folder,
            interrupt,
            min_p_sla: self.min_p_sla,
            sensitivity: !self.no_sensitivity,
            json: self.json,
            quiet: self.quiet,
        })
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

    fn network(&self, file: &Path, loaded: &Loaded) -> Result<Network, WrongInput> {
        let shown = file.display();
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

    fn provenance(&self, loaded: &Loaded) -> Provenance {
        let seed = self.seed.unwrap_or(loaded.seed);
        let scenario = format!("{}.toml", loaded.name);
        Provenance {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.command(&scenario, seed),
            scenario,
            hash: loaded.hash.clone(),
            seed,
            overrides: self.overrides(),
            effective: loaded.effective.clone(),
        }
    }

    /// The command that makes the same study of a scenario file.
    fn command(&self, scenario: &str, seed: u64) -> String {
        let mut command = format!("fabricsim study {} --seed {seed}", quoted(scenario));
        for (flag, given) in [("set", &self.overrides), ("vary", &self.vary), ("rule", &self.rules)] {
            given.iter().for_each(|given| command.push_str(&format!(" --{flag} {}", quoted(given))));
        }
        for (flag, given) in [("force", self.force), ("no-vary", self.no_vary)] {
            if given {
                command.push_str(&format!(" --{flag}"));
            }
        }
        for (flag, given) in [("periods", self.periods), ("episodes", self.episodes.map(u64::from))] {
            if let Some(number) = given {
                command.push_str(&format!(" --{flag} {number}"));
            }
        }
        command
    }

    /// The same with the paths of this machine, as somebody types it here.
    fn pasted(&self, seed: u64) -> String {
        let mut command = self.command(&self.scenario.display().to_string(), seed);
        if let Some(out) = &self.out {
            command.push_str(&format!(" --out {}", quoted(&out.display().to_string())));
        }
        command
    }
}

impl Prepared {
    pub(super) fn seed(&self) -> RunSeed {
        RunSeed(self.provenance.seed)
    }

    /// The rules, of which the first decides.
    pub(super) fn rules(&self) -> Vec<SlaRule> {
        self.network.availability.rules.clone()
    }

    /// What is looked for by making failures common: asked for, or never seen by the periods.
    pub(super) fn rare(&self, tally: &Tally) -> Vec<RareSummary> {
        let standing = StandingPlan::new(&self.network);
        let structure = Structure::new(&self.network, &standing);
        let of = |(connection, tally): (ConnectionId, &ConnectionTally)| {
            let unseen = tally.below.first().is_some_and(|none| none.sum() == 0);
            let levels = if self.options.rare { 1..=2 } else { 1..=u32::from(unseen) };
            levels.map(|below| rare(&self.network, &structure, (connection, below), self.seed())).collect::<Vec<_>>()
        };
        self.network.connections.ids().zip(&tally.connections).flat_map(of).collect()
    }

    /// What is varied: by the command line, else by the scenario; `None` where nothing is.
    pub(super) fn variations(&self) -> Result<Option<Vec<Variation>>, WrongInput> {
        let given = variations(&self.options.vary)?;
        let chosen = if given.is_empty() { self.network.study.vary.clone() } else { given };
        Ok((!chosen.is_empty() && !self.options.no_vary).then_some(chosen))
    }

    /// The network with some values changed besides.
    pub(super) fn with(&self, sets: Vec<String>) -> Result<Network, WrongInput> {
        let overrides: Vec<String> = self.options.overrides().into_iter().chain(sets).collect();
        let loaded = input::load(&self.options.scenario, &overrides)?;
        self.options.network(&self.options.scenario, &loaded)
    }

    /// Another design with the same options.
    pub(super) fn other(&self, file: &Path) -> Result<(Loaded, Network), WrongInput> {
        let loaded = input::load(file, &self.options.overrides())?;
        let network = self.options.network(file, &loaded)?;
        Ok((loaded, network))
    }

    /// What failures and returns cost until routing has settled; `None` when it is not to be charged.
    pub(super) fn library(&self) -> Result<Option<Library>, WrongInput> {
        self.library_of(&self.network)
    }

    /// The same of another design.
    pub(super) fn library_of(&self, network: &Network) -> Result<Option<Library>, WrongInput> {
        let samples = network.study.episodes;
        if samples == 0 {
            return Ok(None);
        }
        let progress = Progress::new(self.quiet);
        progress.say("episodes: the engine runs each kind of event");
        let folder = if self.options.no_cache { None } else { Folder::of_user() };
        let cache: &dyn Cache = folder.as_ref().map_or(&NoCache, |folder| folder);
        let library = Library::simulate(network, network.availability.judging(), self.seed(), samples, cache);
        progress.finish();
        let separation = library.separation();
        if separation > WIDEST_SEPARATION && !self.options.force {
            return Err(WrongInput(format!(
                "events come too close for a study: their rate x the longest episode is {separation:.1e}, above \
                 {WIDEST_SEPARATION:.0e}, so too many begin before routing has settled from the one before; run the scenario with \
                 packets (fabricsim run --repeat), leave episodes out (--episodes 0), or insist with --force"
            )));
        }
        Ok(Some(library))
    }

    /// Does `go` on as many threads as were asked for.
    pub(super) fn on_threads<T: Send>(&self, go: impl FnOnce() -> T + Send) -> T {
        let threads = self.options.threads.map_or(0, |threads| threads as usize);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("the system starts threads").install(go)
    }

    /// The network with one class of component at low and at high risk, for each class.
    pub(super) fn variants(&self) -> Result<Vec<Variant>, WrongInput> {
        let mut classes: Vec<&str> = self.network.reliability.components.iter().map(|one| one.class.as_str()).collect();
        classes.sort_unstable();
        classes.dedup();
        let level = |class: &str, level: &str| -> Result<Network, WrongInput> {
            self.with(vec![format!("reliability.classes.{class}.level={level}")])
        };
        let variant = |class: &&str| {
            Ok(Variant { class: (*class).to_owned(), levels: [level(class, "low")?, level(class, "high")?] })
        };
        classes.iter().map(variant).collect()
    }
}

fn share(text: &str) -> Result<f64, String> {
    let value: Option<f64> = text.parse().ok();
    value
        .filter(|value| (0.0..=1.0).contains(value))
        .ok_or_else(|| "write a share from 0 to 1, such as 0.99".to_owned())
}
