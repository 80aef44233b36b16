//! The study's pictures: how long periods are charged, what for, what the answer hangs on, and the budget over a period.

use crate::report::document::{Axis, Panel, Plot, Scale, Series, SeriesKind};
use crate::study::years::{Cause, CauseKind, ConnectionSummary, STEPS, StudySummary};

/// Every plot of a study, those of the first connection.
pub(super) fn plots(summary: &StudySummary) -> Vec<Plot> {
    let Some(one) = summary.connections.first() else { return Vec::new() };
    let mut plots = Vec::new();
    plots.extend(exceedance(summary, one));
    plots.extend(waterfall(summary, one));
    plots.extend(tornado(summary));
    plots.extend(budget(summary, one));
    plots
}

fn axis(label: &str, from: f64, to: f64, scale: Scale) -> Axis {
    Axis { label: label.to_owned(), from, to, scale }
}

/// Share of periods that are charged longer than so many seconds, on logarithmic axes.
fn exceedance(summary: &StudySummary, one: &ConnectionSummary) -> Option<Plot> {
    let mut series = Vec::new();
    let (mut least, mut most, mut rarest) = (f64::MAX, f64::MIN, 0.0f64);
    for (colour, rule) in one.rules.iter().enumerate() {
        let points: Vec<(f64, Option<f64>)> =
            rule.exceedance.iter().map(|(seconds, share)| (libm::log10(*seconds), Some(libm::log10(*share)))).collect();
        for (x, y) in &points {
            (least, most) = (least.min(*x), most.max(*x));
            rarest = rarest.min(y.unwrap_or(0.0));
        }
        series.push(Series { label: rule.rule.clone(), kind: SeriesKind::Line(points), colour });
    }
    if series.iter().all(|one| matches!(&one.kind, SeriesKind::Line(points) if points.is_empty())) {
        return None;
    }
    let rule = one.rules.first()?;
    let (from, to) = (libm::floor(least), libm::ceil(most).max(libm::floor(least) + 1.0));
    let floor = libm::floor(rarest).min(-1.0);
    let promised = libm::log10(rule.budget.as_seconds());
    if promised > from && promised < to {
        let line = vec![(promised, Some(floor)), (promised, Some(0.0))];
        series.push(Series { label: "the promise allows".to_owned(), kind: SeriesKind::Line(line), colour: 6 });
    }
    let title = format!("{}: periods charged longer than this", one.name);
    Some(Plot {
        name: "study-charged".to_owned(),
        title: summary.title.clone(),
        panels: vec![Panel { title, y: axis("1 in so many periods", floor, 0.0, Scale::OneIn), series }],
        x: axis("charged in a period, s", from, to, Scale::PowersOfTen),
        marks: Vec::new(),
    })
}

/// What was charged, one cause after another, up to all of it.
fn waterfall(summary: &StudySummary, one: &ConnectionSummary) -> Option<Plot> {
    let causes = &one.causes[..one.causes.len().min(6)];
    let mut reached = 0.0;
    let mut bars = Vec::new();
    for (place, cause) in causes.iter().enumerate() {
        bars.push((place, reached, reached + cause.seconds));
        reached += cause.seconds;
    }
    let total: f64 = one.causes.iter().map(|cause| cause.seconds).sum();
    if total <= 0.0 {
        return None;
    }
    let mut names: Vec<String> = causes.iter().map(bar).collect();
    names.push("all".to_owned());
    bars.push((causes.len(), 0.0, total));
    let series = bars
        .into_iter()
        .map(|(place, low, high)| {
            let ends = [0.15, 0.85].map(|offset| (place as f64 + offset, Some((low, high))));
            let is_all = place == causes.len();
            let label = if is_all {
                "all causes".to_owned()
            } else if place == 0 {
                "one cause".to_owned()
            } else {
                String::new()
            };
            Series { label, kind: SeriesKind::Band(ends.to_vec()), colour: usize::from(is_all) }
        })
        .collect();
    let rule = one.rules.first().map_or("", |rule| rule.rule.as_str());
    let panel = Panel {
        title: format!("{}: mean charge of a period by what began the outage, rule {rule}", one.name),
        y: axis("s a period", 0.0, total * 1.08, Scale::Linear),
        series,
    };
    let x = axis("class of component", 0.0, names.len() as f64, Scale::Named(names));
    Some(Plot {
        name: "study-causes".to_owned(),
        title: summary.title.clone(),
        panels: vec![panel],
        x,
        marks: Vec::new(),
    })
}

/// The name of a cause's bar.
fn bar(cause: &Cause) -> String {
    if cause.kind == CauseKind::Capacity { format!("{} (capacity)", cause.class) } else { cause.class.clone() }
}

/// Share of periods that miss, each class at low and at high risk.
fn tornado(summary: &StudySummary) -> Option<Plot> {
    let swings = &summary.swings[..summary.swings.len().min(8)];
    let first = swings.first()?;
    let miss = |meets: f64| (1.0 - meets) * 100.0;
    let names: Vec<String> = swings.iter().map(|swing| swing.class.clone()).collect();
    let mut series = Vec::new();
    let mut largest = miss(first.base[0]);
    for (place, swing) in swings.iter().enumerate() {
        let (low, high) =
            (miss(swing.meets[0]).min(miss(swing.meets[1])), miss(swing.meets[0]).max(miss(swing.meets[1])));
        largest = largest.max(high);
        let ends = [0.2, 0.8].map(|offset| (place as f64 + offset, Some((low, high))));
        let label = if place == 0 { "low to high figure of one class".to_owned() } else { String::new() };
        series.push(Series { label, kind: SeriesKind::Band(ends.to_vec()), colour: 0 });
    }
    let base = miss(first.base[0]);
    let line = vec![(0.0, Some(base)), (names.len() as f64, Some(base))];
    series.push(Series { label: "as planned".to_owned(), kind: SeriesKind::Line(line), colour: 1 });
    let panel = Panel {
        title: "Periods that break the promise".to_owned(),
        y: axis("% of periods", 0.0, if largest > 0.0 { largest * 1.08 } else { 1.0 }, Scale::Linear),
        series,
    };
    let x = axis("class of component", 0.0, names.len() as f64, Scale::Named(names));
    Some(Plot {
        name: "study-sensitivity".to_owned(),
        title: summary.title.clone(),
        panels: vec![panel],
        x,
        marks: Vec::new(),
    })
}

/// The charge over the days of a period: bands of the best 90%, 99% and 99.9% of periods.
fn budget(summary: &StudySummary, one: &ConnectionSummary) -> Option<Plot> {
    let rule = one.rules.first()?;
    let days = summary.period.as_seconds() / 86_400.0;
    let along = |step: usize| (step + 1) as f64 / STEPS as f64 * days;
    let labels = ["half of periods", "9 of 10", "99 of 100", "999 of 1,000"];
    let mut series = Vec::new();
    let mut largest = rule.budget.as_seconds();
    for (index, label) in labels.into_iter().enumerate().rev() {
        let points: Vec<(f64, Option<f64>)> = std::iter::once((0.0, Some(0.0)))
            .chain(one.course.iter().enumerate().map(|(step, at)| (along(step), Some(at[index]))))
            .collect();
        largest = points.iter().fold(largest, |largest, (_, y)| largest.max(y.unwrap_or(0.0)));
        series.push(Series { label: format!("{label} stay below"), kind: SeriesKind::Line(points), colour: index });
    }
    let line = vec![(0.0, Some(rule.budget.as_seconds())), (days, Some(rule.budget.as_seconds()))];
    series.push(Series { label: "the promise allows".to_owned(), kind: SeriesKind::Line(line), colour: 6 });
    let panel = Panel {
        title: format!("{}: charged since the period began, rule {}", one.name, rule.rule),
        y: axis("s", 0.0, largest * 1.08, Scale::Linear),
        series,
    };
    Some(Plot {
        name: "study-budget".to_owned(),
        title: summary.title.clone(),
        panels: vec![panel],
        x: axis("day of the period", 0.0, days, Scale::Linear),
        marks: Vec::new(),
    })
}
