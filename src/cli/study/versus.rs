//! `fabricsim study A.toml --vs B.toml`: which design is better, in the same weather.

use std::path::Path;

use super::Prepared;
use crate::cli::output::print;
use crate::cli::{Outcome, WrongInput};
use crate::report;
use crate::study::years::{Library, Plan, compare};

/// Simulates both designs replication by replication, and tells the difference with its own interval.
pub(super) fn compare(prepared: &Prepared, other: &Path, library: Option<&Library>) -> Result<Outcome, WrongInput> {
    let (loaded, network) = prepared.other(other)?;
    let other_library = prepared.library_of(&network)?;
    let first = Plan::new(&prepared.network, prepared.rules(), library);
    let second = Plan::new(&network, network.availability.rules.clone(), other_library.as_ref());
    if first.period() != second.period() {
        return Err(WrongInput("--vs: the two designs are judged over different periods".to_owned()));
    }
    let comparison = compare::compare(&first, &second, prepared.seed());
    let names = [prepared.provenance.scenario.clone(), format!("{}.toml", loaded.name)];
    print(&if prepared.json {
        report::comparison_json(&comparison, &names, &prepared.provenance)
    } else {
        report::comparison_page(&comparison, &names, &prepared.provenance)
    })?;
    Ok(Outcome::Done)
}
