//! `[study.vary]` and `--vary`: the study's answer for every combination of values, in the same weather.

use super::{Outcome, Prepared, Progress, WrongInput};
use crate::cli::output::{counted, note, print};
use crate::cli::run::not_written;
use crate::network::{Network, Variation};
use crate::report;
use crate::study::sweep::grid;
use crate::study::variations::vary;
use crate::study::years::{Library, Plan};

/// Combinations that a study may have; each keeps its own network in memory.
const MOST: usize = 1_000;

/// Simulates every combination, and tells how each differs from the first.
pub(super) fn study(prepared: &Prepared, variations: &[Variation]) -> Result<Outcome, WrongInput> {
    let worlds = worlds(prepared, variations)?;
    let libraries: Vec<Option<Library>> =
        worlds.iter().map(|(_, network)| prepared.library_of(network)).collect::<Result<_, _>>()?;
    let rules = |network: &Network| network.availability.rules.clone();
    let of = |((values, network), library)| {
        let (network, library): (&Network, &Option<Library>) = (network, library);
        let values: &Vec<String> = values;
        (values.clone(), Plan::new(network, rules(network), library.as_ref()))
    };
    let points: Vec<(Vec<String>, Plan<'_>)> =
        worlds.iter().map(|(values, network)| (values, network)).zip(&libraries).map(of).collect();
    if points.iter().any(|(_, plan)| plan.period() != points[0].1.period()) {
        return Err(WrongInput("[study.vary]: the combinations are judged over different periods".to_owned()));
    }
    let progress = Progress::new(prepared.quiet);
    progress.say(&counted(points.len(), "combination"));
    let summary = vary(variations.to_vec(), &points, prepared.seed());
    progress.finish();
    let (folder, provenance) = (&prepared.folder, &prepared.provenance);
    let files = report::write_variations(folder, &summary, provenance).map_err(|error| not_written(folder, &error))?;
    print(&if prepared.json {
        report::variations_json(&summary, provenance)
    } else {
        report::variations_page(&summary, provenance)
    })?;
    if !prepared.quiet {
        note(&format!("{} written to {}", counted(files.len(), "file"), folder.display()));
    }
    let missed = |least: f64| summary.combinations.iter().any(|one| one.meets < least);
    Ok(if prepared.min_p_sla.is_some_and(missed) { Outcome::NotMet } else { Outcome::Done })
}

/// The network of every combination.
fn worlds(prepared: &Prepared, variations: &[Variation]) -> Result<Vec<(Vec<String>, Network)>, WrongInput> {
    let count = variations.iter().fold(1usize, |count, one| count.saturating_mul(one.values.len()));
    if count > MOST {
        return Err(WrongInput(format!("[study.vary]: {count} combinations; a study may have {MOST}")));
    }
    let world = |values: Vec<String>| {
        let sets = variations.iter().zip(&values).map(|(variation, value)| format!("{}={value}", variation.key));
        let network = prepared.with(sets.collect())?;
        Ok((values, network))
    };
    grid(variations).into_iter().map(world).collect()
}
