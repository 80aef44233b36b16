//! What a study says of time that its periods never or hardly saw.

use serde_json::{Value, json};

use super::value::estimate;
use crate::report::document::{Block, Cell, Section, Table};
use crate::report::words::{count, counted};
use crate::study::rare::{RareMethod, RareSummary, THETA};

/// One row for each question; nothing when none was asked.
pub(super) fn section(all: &[RareSummary]) -> Option<Section> {
    let mut table = Table::new(
        "rare",
        &[("connection", "connection"), ("fewer_than", "channels"), ("share", "share of time (95%)")],
    );
    let mut blocks = Vec::new();
    for one in all {
        let share = one.unavailability.as_ref().map_or(Cell::Text("not found".to_owned()), |found| {
            let ends =
                found.interval.map_or_else(String::new, |ends| format!(" ({:.2e} to {:.2e})", ends.low, ends.high));
            Cell::Number(format!("{:.2e}{ends}", found.mean))
        });
        let what = if one.below == 1 { "none".to_owned() } else { format!("fewer than {}", one.below) };
        table.push(vec![one.connection.clone().into(), what.into(), share]);
        blocks.push(Block::Paragraph(method(one)));
    }
    blocks.insert(0, Block::Table(table));
    let heading = "What the periods hardly see, made common and weighed back".to_owned();
    (!all.is_empty()).then_some(Section { heading, blocks })
}

fn method(one: &RareSummary) -> String {
    match &one.method {
        RareMethod::Biasing { cycles, effective, weight: [mean, half] } => format!(
            "Balanced failure biasing of the numerator, theta {THETA}: {}, {} effective samples, mean weight {mean:.3} +- \
             {half:.3} (1 is right).",
            counted(*cycles, "cycle"),
            count(whole(*effective)),
        ),
        RareMethod::Splitting { runs, effort, through } => format!(
            "Multilevel splitting: {} of {} at each stage, {through} of them through all stages.",
            counted(*runs, "run"),
            counted(*effort, "trajectory").replace("trajectorys", "trajectories"),
        ),
        RareMethod::NotApplicable(reason) => format!("Not applicable: {reason}."),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
fn whole(value: f64) -> u64 {
    value as u64
}

/// For files.
pub(super) fn value(one: &RareSummary) -> Value {
    let method = match &one.method {
        RareMethod::Biasing { cycles, effective, weight } => json!({
            "name": "failure-biasing",
            "theta": THETA,
            "cycles": cycles,
            "effective_samples": effective,
            "mean_weight": weight[0],
            "mean_weight_half_width": weight[1],
        }),
        RareMethod::Splitting { runs, effort, through } => {
            json!({ "name": "splitting", "runs": runs, "trajectories_per_stage": effort, "runs_through": through })
        }
        RareMethod::NotApplicable(reason) => json!({ "name": "none", "reason": reason }),
    };
    json!({
        "connection": one.connection,
        "fewer_than": one.below,
        "unavailability": one.unavailability.as_ref().map(estimate),
        "method": method,
    })
}
