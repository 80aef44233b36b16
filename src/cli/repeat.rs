//! `fabricsim run --repeat N`: many seeds at once, told as one table.

use super::gate;
use super::output::note;
use super::progress::Meter;
use super::run::{Format, Prepared, Run, not_written};
use super::{Outcome, WrongInput};
use crate::report;
use crate::sim::Continue;
use crate::study::repeat::{RepeatSummary, repeat};

/// Runs `runs` replications, prints their table and writes it.
pub(super) fn execute(run: &Run, prepared: &Prepared, runs: u32) -> Result<Outcome, WrongInput> {
    let summary = simulate(run, prepared, runs);
    let finished = summary.runs.len();
    if finished == 0 {
        note("interrupted before the first run was complete: nothing is written");
        return Ok(Outcome::Interrupted);
    }
    let written = report::write_repeat(&prepared.folder, &summary, &prepared.provenance);
    let verdicts = run.gate().map_or_else(Vec::new, |target| gate::judge_repeat(&summary, target));
    let text = match run.format() {
        Format::Text => report::repeat_page(&summary, &prepared.provenance),
        Format::Json => report::repeat_json(&summary, &prepared.provenance),
    };
    run.publish(&text, &verdicts)?;
    let files = written.map_err(|error| not_written(&prepared.folder, &error))?;
    run.tell_written(&prepared.folder, files.len());
    let complete = finished == runs as usize;
    if !complete {
        note(&format!("interrupted after {finished} of {runs} runs: the results hold these"));
    }
    Ok(gate::outcome(complete, expectations_met(&summary), &verdicts))
}

fn simulate(run: &Run, prepared: &Prepared, runs: u32) -> RepeatSummary {
    let network = &prepared.loaded.network;
    let meter = Meter::new(run.progress(), runs, network.horizon);
    let summary = repeat(network, prepared.seed, runs, &|index, progress| {
        meter.update(index, &progress);
        if prepared.interrupt.requested() { Continue::No } else { Continue::Yes }
    });
    meter.finish();
    summary
}

/// Every expectation in every run: one seed that misses is a miss.
fn expectations_met(summary: &RepeatSummary) -> bool {
    summary.expectations.iter().all(|expectation| expectation.runs_met as usize == summary.runs.len())
}
