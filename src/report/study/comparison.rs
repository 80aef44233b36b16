//! Two designs in the same weather, as text and JSON.

use serde_json::json;

use super::page::{number, share};
use crate::report::document::{Block, Report, Section};
use crate::report::run::provenance_value;
use crate::report::words::count;
use crate::report::{Provenance, SCHEMA_VERSION, write};
use crate::study::statistics::binomial::clopper_pearson;
use crate::study::years::CONFIDENCE;
use crate::study::years::compare::Comparison;

/// Seconds in the second less in the first, with the ends of the interval.
fn difference(comparison: &Comparison) -> [f64; 3] {
    let moments = comparison.charged.difference();
    let interval = moments.student(CONFIDENCE);
    let (low, high) = interval.map_or((moments.mean, moments.mean), |interval| (interval.low, interval.high));
    [moments.mean, low, high].map(|nanoseconds| nanoseconds / 1e9)
}

/// The difference as text of 80 columns.
#[must_use]
pub fn comparison_page(comparison: &Comparison, names: &[String; 2], provenance: &Provenance) -> String {
    let [first, second] = names;
    let periods = comparison.charged.count;
    let [mean, low, high] = difference(comparison);
    let signed = |value: f64| if value < 0.0 { format!("-{}", number(-value)) } else { number(value) };
    let (better, worse) = (comparison.charged.second_better, comparison.charged.first_better);
    let verdict = if better + worse == 0 {
        vec!["No period tells the two apart: the difference is exactly 0.".to_owned()]
    } else {
        let interval = clopper_pearson(better, better + worse, CONFIDENCE);
        vec![
            format!(
                "{second} is charged {} s a period ({} to {}) compared with {first}.",
                if mean > 0.0 { format!("{} more", signed(mean)) } else { format!("{} less", signed(-mean)) },
                signed(low),
                signed(high)
            ),
            format!(
                "Where they differ, {second} is better in {} of periods ({} to {}).",
                share(better as f64 / (better + worse) as f64),
                share(interval.low),
                share(interval.high)
            ),
        ]
    };
    let kept = |missed: u64| share(1.0 - missed as f64 / periods.max(1) as f64);
    let facts = vec![
        (format!("{first} keeps its promise in"), kept(comparison.missed[0])),
        (format!("{second} keeps its promise in"), kept(comparison.missed[1])),
        ("periods in which the first is better".to_owned(), count(worse)),
        ("in which the second is better".to_owned(), count(better)),
        ("in which they are charged alike".to_owned(), count(periods - better - worse)),
    ];
    write::terminal::render(&Report {
        title: format!("{first} against {second}"),
        subtitle: format!("seed {}, {} pairs of periods, each in the same weather", provenance.seed, count(periods)),
        verdict,
        sections: vec![Section {
            heading: "The worst connection of each".to_owned(),
            blocks: vec![Block::Facts(facts)],
        }],
        checks: Vec::new(),
    })
}

/// The difference as JSON.
#[must_use]
pub fn comparison_json(comparison: &Comparison, names: &[String; 2], provenance: &Provenance) -> String {
    let [mean, low, high] = difference(comparison);
    write::json::render(&json!({
        "schema_version": SCHEMA_VERSION,
        "provenance": provenance_value(provenance),
        "designs": names,
        "periods": comparison.charged.count,
        "missed_periods": comparison.missed,
        "difference_s": { "mean": mean, "interval": [low, high] },
        "first_better": comparison.charged.first_better,
        "second_better": comparison.charged.second_better,
    }))
}
