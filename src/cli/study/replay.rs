//! One period of a study again, with the whole control plane; customers' traffic goes by as rates.

use super::Prepared;
use crate::cli::output::{note, print};
use crate::cli::progress::{Meter, Shown};
use crate::cli::run::not_written;
use crate::cli::{Outcome, WrongInput};
use crate::failures::with_drawn;
use crate::network::{Fidelity, Network};
use crate::report;
use crate::rng::RunSeed;
use crate::sim::{Continue, Simulation};
use crate::study::years::{Plan, Walker};
use crate::units::{CalendarSpan, Span};

/// Runs the period of a replication and reports on it as on any run.
pub(super) fn replay(prepared: &Prepared, replication: u64) -> Result<Outcome, WrongInput> {
    let seed = prepared.seed();
    let plan = Plan::new(&prepared.network, prepared.rules(), None);
    let world = with_drawn(&month(&prepared.network, plan.period())?, seed, replication);
    let charged = charged(&plan, seed, replication);
    let meter = Meter::new(if prepared.quiet { Shown::Never } else { Shown::OnTerminal }, 1, world.horizon);
    let record = Simulation::new(&world, seed).run_observed(&mut |progress| {
        meter.update(0, &progress);
        if prepared.interrupt.requested() { Continue::No } else { Continue::Yes }
    });
    meter.finish();
    let (folder, mut provenance) = (&prepared.folder, prepared.provenance.clone());
    provenance.command.push_str(&format!(" --replay {replication}"));
    let files = report::write_results(folder, &record, &provenance).map_err(|error| not_written(folder, &error))?;
    print(&if prepared.json {
        report::summary_json(&record, &provenance)
    } else {
        report::terminal_page(&record, &provenance)
    })?;
    if !prepared.quiet {
        for (connection, charged) in world.connections.iter().zip(charged) {
            note(&format!("the study charged {} {}", connection.name, CalendarSpan::from_ns(charged)));
        }
        note(&format!("{} files written to {}", files.len(), folder.display()));
    }
    Ok(if record.ended < record.horizon { Outcome::Interrupted } else { Outcome::Done })
}

/// What the first rule charged each connection in the study.
fn charged(plan: &Plan<'_>, seed: RunSeed, replication: u64) -> Vec<u64> {
    let mut walker = Walker::new(plan);
    walker.period(seed, replication).connections.iter().map(|one| one.rules[0].charged).collect()
}

/// The scenario over one whole period.
fn month(network: &Network, period: CalendarSpan) -> Result<Network, WrongInput> {
    let mut month = network.clone();
    let horizon = Span::from_ps(period.as_ns().saturating_mul(1_000));
    if horizon.saturating_sub(Span::from_s(200 * 86_400)) > Span::ZERO {
        return Err(WrongInput("--replay: the SLA period is beyond the clock of 213 days".to_owned()));
    }
    month.horizon = horizon;
    // A point every hour: a month of seconds is no picture.
    month.bin = month.bin.max(Span::from_s(3_600));
    month.expectations.clear();
    // Packets would last as long as a session is down, which may be hours.
    month.fidelity = Fidelity::Flow;
    // What sends to the end of the scenario sends to the end of the month.
    for flow in month.flows.iter_mut().filter(|flow| flow.stop >= network.horizon) {
        flow.stop = horizon;
    }
    Ok(month)
}
