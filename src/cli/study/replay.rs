//! One period of a study again, packet by packet around everything that happens in it.

use super::Prepared;
use crate::cli::output::{note, print};
use crate::cli::progress::{Meter, Shown};
use crate::cli::run::not_written;
use crate::cli::{Outcome, WrongInput};
use crate::failures::Turn;
use crate::network::{Network, Sharing};
use crate::report;
use crate::sim::record::RunRecord;
use crate::sim::{Continue, Simulation};
use crate::sla::Outage;
use crate::study::events::{Events, events};
use crate::study::replay::{Charged, charged, month};
use crate::study::years::{Fit, Plan, engine};
use crate::units::CalendarSpan;

/// Runs the period of a replication and reports on it as on any run, beside what the study charged.
pub(super) fn replay(prepared: &Prepared, replication: u64) -> Result<Outcome, WrongInput> {
    let network = &prepared.network;
    let periods = engine::budget(&Plan::new(network, prepared.rules(), None)) * engine::BLOCK;
    if replication >= periods {
        let last = periods - 1;
        return Err(WrongInput(format!("--replay {replication}: the study's periods are numbered from 0 to {last}")));
    }
    let seed = prepared.seed();
    let traffic = around_incidents(prepared)?;
    let world = month(&traffic, seed, replication)
        .ok_or_else(|| WrongInput("--replay: the SLA period is beyond the clock of 213 days".to_owned()))?;
    let library = prepared.library()?;
    let again = library.as_ref().map(|library| events(network, &traffic, library, seed, replication));
    let by_study = charged(network, library.as_ref(), seed, replication);
    let meter = Meter::new(if prepared.quiet { Shown::Never } else { Shown::OnTerminal }, 1, world.horizon);
    let record = Simulation::new(&world, seed).run_observed(&mut |progress| {
        meter.update(0, &progress);
        if prepared.interrupt.requested() { Continue::No } else { Continue::Yes }
    });
    meter.finish();
    let folder = prepared.folder.join(format!("replay-{replication}"));
    let mut provenance = prepared.provenance.clone();
    provenance.command.push_str(&format!(" --replay {replication}"));
    let files = report::write_results(&folder, &record, &provenance).map_err(|error| not_written(&folder, &error))?;
    print(&if prepared.json {
        report::summary_json(&record, &provenance)
    } else {
        report::terminal_page(&record, &provenance)
    })?;
    for (number, event) in again.iter().flat_map(|again| &again.events).enumerate() {
        let folder = folder.join(format!("event-{}", number + 1));
        report::write_results(&folder, &event.record, &provenance).map_err(|error| not_written(&folder, &error))?;
    }
    if record.ended < record.horizon {
        return Ok(Outcome::Interrupted);
    }
    if !prepared.quiet {
        again.iter().for_each(|again| tell(again, &record));
        by_study.iter().enumerate().for_each(|(index, by_study)| note(&beside(&record, index, by_study)));
        note(&format!("{} files written to {}", files.len(), folder.display()));
    }
    Ok(Outcome::Done)
}

/// The scenario with packets around every incident; rates that share max-min stay rates.
fn around_incidents(prepared: &Prepared) -> Result<Network, WrongInput> {
    match prepared.network.sharing {
        Sharing::DropProportional => prepared.with(vec!["fidelity=auto".to_owned()]),
        Sharing::MaxMin => prepared.with(vec!["fidelity=flow".to_owned()]),
    }
}

/// The events run again with the study's own phases of timers, and whether they charge what the study charged.
fn tell(again: &Events, record: &RunRecord) {
    for (number, event) in again.events.iter().enumerate() {
        let turn = if event.met.draw.turn == Turn::Down { "fails" } else { "returns" };
        let how = match (event.met.fit, event.is_as_kept) {
            (Fit::Lost, _) => "inexact: routing had not settled from the event before; charged as lost until both have",
            (_, false) => "inexact: with traffic it loses other than the study kept of it",
            (Fit::Borrowed, true) => {
                "as the study kept it; inexact: other things were down, and its run begins in the whole fabric"
            }
            (Fit::Whole | Fit::Degraded | Fit::Joint, true) => "as the study kept it",
        };
        let (at, run) = (CalendarSpan::from_ns(event.met.at), event.met.draw.run + 1);
        note(&format!("event-{}: {} {turn} at {at}, run {run} of its kind: {how}", number + 1, event.name));
    }
    for (index, connection) in record.connections.iter().enumerate() {
        let sum = |outages: &[Outage]| outages.iter().map(|one| one.charged.as_ns()).sum::<u64>();
        let [study, here] = [&again.study, &again.here].map(|of| CalendarSpan::from_ns(sum(&of[index])));
        let same = if again.agree(index) { "the same outages" } else { "other outages" };
        note(&format!(
            "{}: the study charged {study}, its events by packets with its own timers {here}: {same}",
            connection.name
        ));
    }
}

/// What the study charged a connection, and what this run does.
fn beside(record: &RunRecord, index: usize, by_study: &Charged) -> String {
    let connection = &record.connections[index];
    let here = connection.availability.charged;
    let Charged { drawn, least, most } = by_study;
    let verdict = if by_study.allows(here) {
        format!("timers allow {least} to {most}")
    } else {
        format!("timers allow {least} to {most} only: an event met a fabric in which more was broken")
    };
    format!("{}: the study charged {drawn}, this run, its timers in other phases, {here}; {verdict}", connection.name)
}
