//! `fabricsim study`: will this design keep its promise, in how many months, and what decides it?

mod cache;
mod options;
mod parts;
mod replay;
mod vary;
mod versus;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::{counted, note, print};
use super::run::not_written;
use super::{Outcome, WrongInput};
use crate::report;
use crate::study::years::engine::{self, Stop};
use crate::study::years::{Plan, StudySummary, Tally, flip, swings};
use options::{Options, Prepared};
use parts::{Blocks, Parts, PlanStep, Shard, parse_blocks, parse_shard};

/// Arguments of `study`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  \
        fabricsim study scenarios/studies/quad-month.toml\n  \
        fabricsim study my.toml --min-p-sla 0.99      fails (exit code 1) below 99% of periods\n  \
        fabricsim study my.toml --vs other.toml       which design is better, in the same weather\n  \
        fabricsim study my.toml --vary reliability.classes.facility.level=low,base,high\n  \
        fabricsim study my.toml --replay 418          one bad month again, packet by packet around its events\n  \
        fabricsim study my.toml --shard 2/7 --out parts && fabricsim study merge my.toml parts/*.json\n\n\
        A scenario needs a failure model: [reliability] with pack = \"planning\", or classes of its own."
)]
pub(super) struct Study {
    #[command(subcommand)]
    step: Option<Step>,
    #[command(flatten)]
    options: Option<Options>,
    /// Simulate one part of N, counted from 1, and write it; auto/N takes the number from SLURM_ARRAY_TASK_ID (from 1),
    /// JOB_COMPLETION_INDEX (from 0), HQ_TASK_ID (from 1) or PARALLEL_SEQ (from 1).
    #[arg(long, value_name = "K/N", value_parser = parse_shard, conflicts_with_all = ["blocks", "vs", "replay"])]
    shard: Option<Shard>,
    /// Simulate some blocks of 64 periods, and write them as a part: what "study next" asks for.
    #[arg(long, value_name = "A..B", value_parser = parse_blocks, conflicts_with_all = ["vs", "replay"])]
    blocks: Option<Blocks>,
    /// Compare with another design, in the same weather.
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    vs: Option<std::path::PathBuf>,
    /// Run one period of the study again, packet by packet around every event in it; results in replay-N of the folder.
    #[arg(long, value_name = "N", conflicts_with = "vary")]
    replay: Option<u64>,
}

/// What else can be done with studies in parts.
#[derive(Debug, Subcommand)]
enum Step {
    /// Print what each of N shards has to do, as JSON.
    Plan(PlanStep),
    /// Merge part files and report as the whole study would: the same bytes, however it was divided.
    Merge(Parts),
    /// Print which blocks come next for the asked precision, or "done".
    Next(Parts),
}

impl Study {
    pub(super) fn execute(&self) -> Result<Outcome, WrongInput> {
        match (&self.step, &self.options) {
            (Some(Step::Plan(plan)), _) => plan.execute(),
            (Some(Step::Merge(parts)), _) => parts.merge(),
            (Some(Step::Next(parts)), _) => parts.next(),
            (None, Some(options)) => self.study(&options.prepare()?),
            (None, None) => Err(WrongInput("name a scenario, or one of plan, merge and next".to_owned())),
        }
    }

    fn study(&self, prepared: &Prepared) -> Result<Outcome, WrongInput> {
        prepared.on_threads(|| {
            if self.shard.is_some() || self.blocks.is_some() {
                return parts::simulate(prepared, self.shard, self.blocks);
            }
            if let Some(replication) = self.replay {
                return replay::replay(prepared, replication);
            }
            if self.vs.is_none()
                && let Some(variations) = prepared.variations()?
            {
                return vary::study(prepared, &variations);
            }
            let library = prepared.library()?;
            if let Some(other) = &self.vs {
                return versus::compare(prepared, other, library.as_ref());
            }
            let (tally, stop) = parts::whole(prepared, library.as_ref())?;
            let plan = Plan::new(&prepared.network, prepared.rules(), library.as_ref());
            finish(prepared, &plan, &tally, stop)
        })
    }
}

/// Share of periods that are to keep the promise when nobody says another.
const GOAL: f64 = 0.99;

/// What the answer hangs on, the report, and how the command ends.
fn finish(prepared: &Prepared, plan: &Plan<'_>, tally: &Tally, stop: Stop) -> Result<Outcome, WrongInput> {
    let (mut found, mut turns) = (Vec::new(), None);
    if stop != Stop::Interrupted && prepared.sensitivity {
        let progress = Progress::new(prepared.quiet);
        progress.say("what the answer hangs on");
        let (network, rules, library) = (&prepared.network, prepared.rules(), plan.library);
        found = swings(network, &rules, library, &prepared.variants()?, prepared.seed());
        let goal = prepared.min_p_sla.unwrap_or(GOAL);
        turns = found.first().and_then(|widest| flip(network, &rules, library, &widest.class, goal, prepared.seed()));
        progress.finish();
    }
    let mut summary = StudySummary::new(plan, tally, stop, found, turns);
    if stop != Stop::Interrupted {
        summary.rare = prepared.rare(tally);
    }
    let (folder, provenance) = (&prepared.folder, &prepared.provenance);
    let files = report::write_study(folder, &summary, provenance).map_err(|error| not_written(folder, &error))?;
    print(&if prepared.json {
        report::study_json(&summary, provenance)
    } else {
        report::study_page(&summary, provenance, &prepared.pasted)
    })?;
    if !prepared.quiet {
        note(&format!("{} written to {}", counted(files.len(), "file"), folder.display()));
    }
    Ok(outcome(prepared, &summary))
}

fn outcome(prepared: &Prepared, summary: &StudySummary) -> Outcome {
    if summary.stop == Stop::Interrupted {
        return Outcome::Interrupted;
    }
    let kept = summary.meets().map_or(1.0, |rule| rule.meets);
    match prepared.min_p_sla {
        Some(least) if kept < least => {
            let (kept, least) = (kept * 100.0, least * 100.0);
            note(&format!("{kept:.4}% of periods keep the promise, fewer than the {least:.4}% asked for"));
            Outcome::NotMet
        }
        Some(_) | None => Outcome::Done,
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
