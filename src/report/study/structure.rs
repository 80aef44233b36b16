//! What a study says of a connection exactly: time with fewer channels, what decides it, the smallest sets of failures.

use serde_json::{Value, json};

use super::page;
use crate::report::document::{Block, Cell, Section, Table};
use crate::report::words::counted;
use crate::study::exact::Bounds;
use crate::study::structure::{ComponentImportance, FewerChannels, Method, NamedCutSet, StructureSummary};
use crate::study::years::StudySummary;
use crate::units::Share;

/// Rows of a table on the page; files have all.
const ROWS: usize = 10;

/// The sections of all connections.
pub(super) fn sections(summary: &StudySummary) -> Vec<Section> {
    summary.structure.iter().flat_map(of_connection).collect()
}

fn of_connection(one: &StructureSummary) -> Vec<Section> {
    let mut blocks = vec![Block::Paragraph(method(one))];
    if !one.fewer.is_empty() {
        blocks.insert(0, Block::Table(fewer(one)));
    }
    let mut sections =
        vec![Section { heading: format!("{}: fewer channels in the long run, exactly", one.connection), blocks }];
    if !one.cut_sets.is_empty() {
        let heading = format!("{}: the likeliest ways to be without a channel", one.connection);
        sections.push(Section { heading, blocks: vec![Block::Table(cut_sets(&one.cut_sets))] });
    }
    if !one.importance.is_empty() {
        let text = "Fussell-Vesely: share of the time without a channel in which it is part of the cause. RAW: how many times as long \
                    if it were always down. RRW: how many times shorter if it never failed.";
        let heading = format!("{}: what being without a channel hangs on", one.connection);
        let blocks = vec![Block::Table(importance(&one.importance)), Block::Paragraph(text.to_owned())];
        sections.push(Section { heading, blocks });
    }
    sections
}

fn method(one: &StructureSummary) -> String {
    let found = how_found(one);
    let without = !one.fewer.is_empty() && one.demand.is_empty();
    let reason = " What is carried of the demand is not told: faults that are detected are something else from then on, which \
                  the chain does not have.";
    if without { found + reason } else { found }
}

fn how_found(one: &StructureSummary) -> String {
    match one.method {
        Method::Enumeration { states, remainder } => format!(
            "{} looked at, the most probable first; all others together have probability {remainder:.1e}, and the bounds hold \
             whatever they do. Routing settled, grey losses not counted.",
            counted(states, "state"),
        ),
        Method::Chain { states } => format!(
            "Repairs wait for each other or causes are shared: a Markov chain of {}, all laws taken as exponential.",
            counted(states, "state"),
        ),
        Method::Cycles { cycles } => format!(
            "Repairs wait for each other or causes are shared, among too many components to solve their Markov chain: up to {} of \
             it simulated with failures made common and weighed back, all laws taken as exponential; intervals of 95%.",
            counted(cycles, "cycle"),
        ),
        Method::Endless => {
            "Repairs wait for each other, and crews never come to the end of their work: only the periods above \
                            say what that means."
                .to_owned()
        }
        Method::TwoPhases => {
            "Repairs wait for each other or causes are shared, and some faults take channels along that are others once they \
             are detected: only the periods above say what that means."
                .to_owned()
        }
    }
}

fn fewer(one: &StructureSummary) -> Table {
    let columns =
        [("fewer_than", "channels"), ("share", "share of time"), ("per_year", "a year"), ("hours", "mean length")];
    let mut table = Table::new("structure", &columns);
    let all = one.fewer.len();
    let channels = one.fewer.iter().enumerate().rev().map(|(index, fewer)| {
        (if index == 0 { "none".to_owned() } else { format!("fewer than {} of {all}", index + 1) }, fewer)
    });
    let demand = one.demand.iter().rev().map(|(level, fewer)| (format!("less than {level} of the demand"), fewer));
    for (what, fewer) in channels.chain(demand) {
        let share = fewer
            .sampled
            .map_or_else(|| bounds(fewer.unavailability), |sampled| format!("{}, sampled", bounds(sampled)));
        table.push(vec![
            what.into(),
            Cell::Number(share),
            Cell::Number(bounds(fewer.per_year)),
            Cell::Number(format!("{} h", bounds(fewer.mean_hours))),
        ]);
    }
    table
}

fn cut_sets(all: &[NamedCutSet]) -> Table {
    let mut table = Table::new(
        "cut-sets",
        &[("failures", "all of these at once"), ("probability", "probability"), ("share", "share")],
    );
    for cut in all.iter().take(ROWS) {
        table.push(vec![
            cut.failures.join(", ").into(),
            Cell::Number(format!("{:.2e}", cut.probability)),
            Cell::Number(format!("{:.1}%", 100.0 * cut.share)),
        ]);
    }
    table
}

fn importance(all: &[ComponentImportance]) -> Table {
    let columns = [
        ("component", "component"),
        ("fussell_vesely", "Fussell-Vesely"),
        ("raw", "RAW"),
        ("rrw", "RRW"),
        ("birnbaum", "Birnbaum"),
    ];
    let mut table = Table::new("importance", &columns);
    for one in all.iter().take(ROWS) {
        table.push(vec![
            one.component.clone().into(),
            Cell::Number(format!("{:.1}%", 100.0 * one.fussell_vesely)),
            Cell::Number(factor(one.achievement)),
            Cell::Number(factor(one.reduction)),
            Cell::Number(bounds(one.birnbaum)),
        ]);
    }
    table
}

/// "4.27e-8", or "4.2e-8 to 4.9e-8" where the bounds tell digits apart.
fn bounds(of: Bounds) -> String {
    let [low, high] = [number(of.low), number(of.high)];
    if low == high { low } else { format!("{low} to {high}") }
}

/// Three digits: "4.27e-8", "0.798", "13.4", "54,313".
fn number(value: f64) -> String {
    match value {
        0.9995.. => page::number(value),
        0.01.. => format!("{value:.3}"),
        _ => format!("{value:.2e}"),
    }
}

/// One number where the bounds agree to a tenth: a factor needs no more.
fn factor(of: Bounds) -> String {
    if of.high <= 1.1 * of.low {
        number(0.5 * (of.low + of.high))
    } else {
        format!("{} to {}", number(of.low), number(of.high))
    }
}

/// Time with too little of every connection, for files.
pub(super) fn lacking_table(summary: &StudySummary) -> Table {
    let columns = [
        ("connection", ""),
        ("less_than", ""),
        ("share_low", ""),
        ("share_high", ""),
        ("per_year_low", ""),
        ("per_year_high", ""),
        ("mean_h_low", ""),
        ("mean_h_high", ""),
    ];
    let mut table = Table::new("study-structure", &columns);
    for one in &summary.structure {
        let channels = (1..).zip(&one.fewer).map(|(k, fewer)| (counted(k, "channel"), fewer));
        let demand = one.demand.iter().map(|(level, fewer)| (format!("{level} of the demand"), fewer));
        for (what, fewer) in channels.chain(demand) {
            let mut row: Vec<Cell> = vec![one.connection.clone().into(), what.into()];
            for bounds in [fewer.unavailability, fewer.per_year, fewer.mean_hours] {
                row.extend([bounds.low, bounds.high].map(|value| Cell::Number(format!("{value:e}"))));
            }
            table.push(row);
        }
    }
    table
}

/// Every cut set of every connection, for files.
pub(super) fn cut_sets_table(summary: &StudySummary) -> Table {
    let columns = [("connection", ""), ("failures", ""), ("probability", ""), ("share", "")];
    let mut table = Table::new("study-cut-sets", &columns);
    for one in &summary.structure {
        for cut in &one.cut_sets {
            table.push(vec![
                one.connection.clone().into(),
                cut.failures.join("; ").into(),
                Cell::Number(format!("{:e}", cut.probability)),
                Cell::Number(format!("{:.6}", cut.share)),
            ]);
        }
    }
    table
}

/// Every importance of every connection, for files.
pub(super) fn importance_table(summary: &StudySummary) -> Table {
    let columns = [
        ("connection", ""),
        ("component", ""),
        ("fussell_vesely", ""),
        ("birnbaum_low", ""),
        ("birnbaum_high", ""),
        ("raw_low", ""),
        ("raw_high", ""),
        ("rrw_low", ""),
        ("rrw_high", ""),
    ];
    let mut table = Table::new("study-importance", &columns);
    for one in &summary.structure {
        for part in &one.importance {
            let mut row: Vec<Cell> = vec![one.connection.clone().into(), part.component.clone().into()];
            row.push(Cell::Number(format!("{:.6}", part.fussell_vesely)));
            for bounds in [part.birnbaum, part.achievement, part.reduction] {
                row.extend([bounds.low, bounds.high].map(|value| Cell::Number(format!("{value:e}"))));
            }
            table.push(row);
        }
    }
    table
}

/// One connection, for `study.json`; the most important parts only, all are in the tables.
pub(super) fn value(one: &StructureSummary) -> Value {
    let pair = |of: Bounds| json!([of.low, of.high]);
    let lacking = |(word, what): (&str, Value), of: &FewerChannels| {
        json!({
            word: what,
            "share_of_time": pair(of.unavailability),
            "share_of_time_sampled": of.sampled.map(pair),
            "per_year": pair(of.per_year),
            "mean_h": pair(of.mean_hours),
        })
    };
    let fewer = |(index, of): (usize, &FewerChannels)| lacking(("fewer_than", json!(index + 1)), of);
    let demand = |(level, of): &(Share, FewerChannels)| lacking(("less_than", json!(level.to_string())), of);
    let (method, states, remainder, cycles) = match one.method {
        Method::Enumeration { states, remainder } => ("enumeration", Some(states), Some(remainder), None),
        Method::Chain { states } => ("markov-chain", Some(states), None, None),
        Method::Cycles { cycles } => ("simulated-cycles", None, None, Some(cycles)),
        Method::Endless | Method::TwoPhases => ("none", None, None, None),
    };
    json!({
        "connection": one.connection,
        "method": method,
        "states": states,
        "cycles": cycles,
        "remainder": remainder,
        "fewer_channels": one.fewer.iter().enumerate().map(fewer).collect::<Vec<_>>(),
        "demand": one.demand.iter().map(demand).collect::<Vec<_>>(),
        "cut_sets": one.cut_sets.iter().take(ROWS).map(|cut| json!({
            "failures": cut.failures,
            "probability": cut.probability,
            "share": cut.share,
        })).collect::<Vec<_>>(),
        "importance": one.importance.iter().take(ROWS).map(|part| json!({
            "component": part.component,
            "fussell_vesely": part.fussell_vesely,
            "birnbaum": pair(part.birnbaum),
            "raw": pair(part.achievement),
            "rrw": pair(part.reduction),
        })).collect::<Vec<_>>(),
    })
}
