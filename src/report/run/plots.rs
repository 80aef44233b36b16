//! The plots of a run as data.

use std::collections::BTreeSet;

use super::{bin_end, bits_per_second, connection};
use crate::message::DropReason;
use crate::report::document::{Axis, Mark, Panel, Plot, Scale, Series, SeriesKind};
use crate::report::words::{plain, rate};
use crate::sim::record::{ConnectionRecord, DirectionRecord, Distribution, LedgerKind, RunRecord};
use crate::units::Span;

/// latency, latency-distribution, throughput and loss; exchange-latency when there are exchanges.
#[must_use]
pub fn plots(record: &RunRecord) -> Vec<Plot> {
    let mut plots = vec![latency(record), distribution(record), throughput(record), loss(record)];
    plots.extend(exchanges(record));
    plots
}

fn over_time(record: &RunRecord, name: &str, title: String, mut panels: Vec<Panel>) -> Plot {
    if panels.is_empty() {
        let y = from_zero(String::new(), 0.0);
        panels.push(Panel { title: "this scenario has no connection".to_owned(), y, series: Vec::new() });
    }
    let to = record.ended.max(Span::from_ps(1)).as_seconds();
    let x = Axis { label: "time, s".to_owned(), from: 0.0, to, scale: Scale::Linear };
    Plot { name: name.to_owned(), title, panels, x, marks: marks(record) }
}

/// Every incident, from its begin to its return or the end of the run.
fn marks(record: &RunRecord) -> Vec<Mark> {
    let incidents = record.ledger.iter().filter(|entry| entry.kind == LedgerKind::Incident && entry.at < record.ended);
    incidents
        .map(|entry| {
            let back = record.ledger.iter().find(|other| other.kind == LedgerKind::Return && other.name == entry.name);
            let to = back.map_or(record.ended, |entry| entry.at).as_seconds();
            Mark { from: entry.at.as_seconds(), to, label: entry.name.clone() }
        })
        .collect()
}

/// From zero to a little above the largest value; up to 1 when there is none.
fn from_zero(label: String, largest: f64) -> Axis {
    let to = if largest > 0.0 { largest * 1.08 } else { 1.0 };
    Axis { label, from: 0.0, to, scale: Scale::Linear }
}

fn titled(record: &RunRecord, one: &ConnectionRecord, direction: usize) -> String {
    let way = connection::way(one, direction);
    if record.connections.len() == 1 { way } else { format!("{}: {way}", one.name) }
}

/// The unit in which `largest` reads well: its name and picoseconds.
fn span_unit(largest: Span) -> (&'static str, f64) {
    if largest < Span::from_ms(1) { ("us", 1e6) } else { ("ms", 1e9) }
}

/// The directions of a connection by which anything was sent; both when nothing was.
fn used(one: &ConnectionRecord) -> impl Iterator<Item = (usize, &DirectionRecord)> {
    let is_idle = |direction: &DirectionRecord| direction.counts.sent == 0;
    let all_idle = one.directions.iter().all(is_idle);
    one.directions.iter().enumerate().filter(move |(_, direction)| all_idle || !is_idle(direction))
}

fn latency(record: &RunRecord) -> Plot {
    let directions = record.connections.iter().flat_map(|one| &one.directions);
    let bins = directions.flat_map(|direction| &direction.latency_series);
    let largest = bins.map(|bin| bin.max).max().unwrap_or(Span::ZERO);
    let (unit, scale) = span_unit(largest);
    let value = |span: Span| span.as_ps() as f64 / scale;
    let mut panels = Vec::new();
    for one in &record.connections {
        for (index, direction) in used(one) {
            let middle = |bin: usize| {
                let (from, to) = (record.bin.times(bin as u64), bin_end(record, bin));
                f64::midpoint(from.as_seconds(), to.as_seconds())
            };
            let bins = || direction.latency_series.iter().enumerate();
            let band = bins().map(|(bin, of)| (middle(bin), (of.count > 0).then(|| (value(of.min), value(of.max)))));
            let mean = bins().map(|(bin, of)| (middle(bin), (of.count > 0).then(|| value(of.mean))));
            panels.push(Panel {
                title: titled(record, one, index),
                y: from_zero(format!("one-way latency, {unit}"), value(largest)),
                series: vec![
                    Series { label: "smallest to largest".into(), kind: SeriesKind::Band(band.collect()), colour: 5 },
                    Series { label: "mean".into(), kind: SeriesKind::Line(mean.collect()), colour: 0 },
                ],
            });
        }
    }
    over_time(record, "latency", format!("Latency over time, per {}", record.bin), panels)
}

fn distribution(record: &RunRecord) -> Plot {
    let mut measured = Vec::new();
    for one in &record.connections {
        let ways = one.directions.iter().enumerate();
        measured.extend(ways.map(|(index, direction)| (titled(record, one, index), &direction.latency)));
    }
    if measured.is_empty() {
        measured.push(("all packets".to_owned(), &record.totals.latency));
    }
    let names = [("latency-distribution", "Latency distribution"), ("packets", "one-way latency")];
    shares_slower(names, measured)
}

/// From the first request until the whole response.
fn exchanges(record: &RunRecord) -> Option<Plot> {
    let entries = record.flow_entries.iter();
    let measured: Vec<(String, &Distribution)> =
        entries.filter_map(|entry| Some((entry.name.clone(), &entry.exchanges.as_ref()?.latency))).collect();
    let names = [("exchange-latency", "Latency of exchanges"), ("exchanges", "until the whole response")];
    (!measured.is_empty()).then(|| shares_slower(names, measured))
}

/// Share of packets, or of whatever `what` says, slower than x, on a logarithmic axis: the tail is what hurts.
fn shares_slower(
    [(name, title), (what, label)]: [(&str, &str); 2],
    mut measured: Vec<(String, &Distribution)>,
) -> Plot {
    measured.retain(|(_, latency)| latency.count > 0);
    let largest = measured.iter().map(|(_, latency)| latency.max).max().unwrap_or(Span::ZERO);
    let smallest = measured.iter().map(|(_, latency)| latency.min).min().unwrap_or(Span::ZERO);
    let (unit, scale) = span_unit(largest);
    let value = |span: Span| span.as_ps() as f64 / scale;
    let (labels, lines): (Vec<String>, Vec<_>) =
        measured.into_iter().map(|(label, latency)| (label, slower_than(latency, &value))).unzip();
    let rarest = lines.iter().flatten().filter_map(|(_, level)| *level).fold(-1.0, f64::min);
    let lines = labels.into_iter().zip(lines).enumerate();
    let series = lines.map(|(colour, (label, line))| Series { label, kind: SeriesKind::Line(line), colour });
    let series = series.collect();
    let y = Axis { label: format!("{what} slower than this"), from: rarest.floor(), to: 0.0, scale: Scale::OneIn };
    let margin = (value(largest) - value(smallest)).max(value(largest) * 0.02).max(1e-3) * 0.04;
    // Where it begins close to zero, it may as well begin there.
    let from = if value(smallest) < value(largest) * 0.1 { 0.0 } else { (value(smallest) - margin).max(0.0) };
    let x = Axis {
        label: if from > 0.0 {
            format!("{label}, {unit} (the axis does not begin at zero)")
        } else {
            format!("{label}, {unit}")
        },
        from,
        to: value(largest) + margin,
        scale: Scale::Linear,
    };
    let panels = vec![Panel { title: String::new(), y, series }];
    Plot { name: name.to_owned(), title: title.to_owned(), panels, x, marks: Vec::new() }
}

/// (latency, log10 of the share of packets slower), as steps that never claim more than was counted.
fn slower_than(latency: &Distribution, value: &impl Fn(Span) -> f64) -> Vec<(f64, Option<f64>)> {
    if latency.count == 0 {
        return Vec::new();
    }
    let mut slower = latency.count;
    let level = |slower: u64| libm::log10(slower as f64 / latency.count as f64);
    let mut points = vec![(value(latency.min), Some(0.0))];
    for (edge, count) in &latency.buckets {
        let x = value((*edge).clamp(latency.min, latency.max));
        points.push((x, Some(level(slower))));
        slower = slower.saturating_sub(*count);
        if slower > 0 {
            points.push((x, Some(level(slower))));
        }
    }
    points
}

fn throughput(record: &RunRecord) -> Plot {
    let mut panels: Vec<Panel> = Vec::new();
    for one in &record.connections {
        for (index, _) in used(one) {
            panels.push(stacked_links(record, one, index));
        }
    }
    // One scale for all panels, so that they can be compared.
    let top = panels.iter().map(|panel| panel.y.to).fold(0.0, f64::max);
    panels.iter_mut().for_each(|panel| panel.y.to = top);
    let title = format!("Throughput per logical link, stacked, per {}", record.bin);
    over_time(record, "throughput", title, panels)
}

fn stacked_links(record: &RunRecord, one: &ConnectionRecord, index: usize) -> Panel {
    let links: Vec<_> = record.logical_links.iter().filter(|link| link.connection == one.name).collect();
    let bins = links.iter().map(|link| link.series[index].len()).max().unwrap_or(0);
    let width = |bin: usize| bin_end(record, bin).saturating_sub(record.bin.times(bin as u64));
    let megabits = |bytes: u64, bin: usize| bits_per_second(bytes, width(bin)) as f64 / 1e6;
    let total = |bin: usize| links.iter().map(|link| link.series[index].get(bin).copied().unwrap_or(0)).sum();
    let largest = (0..bins).map(|bin| megabits(total(bin), bin)).fold(0.0, f64::max);
    let series = links.iter().enumerate().map(|(colour, link)| {
        let bars = link.series[index].iter().enumerate().map(|(bin, bytes)| {
            (record.bin.times(bin as u64).as_seconds(), bin_end(record, bin).as_seconds(), megabits(*bytes, bin))
        });
        Series { label: link.channel.clone(), kind: SeriesKind::Stack(bars.collect()), colour }
    });
    let provisioned = rate(one.provisioned.as_bps());
    Panel {
        title: format!("{} ({provisioned} provisioned)", titled(record, one, index)),
        y: from_zero("IP traffic, Mbps".to_owned(), largest),
        series: series.collect(),
    }
}

fn loss(record: &RunRecord) -> Plot {
    let causes: BTreeSet<DropReason> = record.loss_series.iter().flat_map(|bin| bin.dropped.keys().copied()).collect();
    let percent = |part: u64, sent: u64| if sent == 0 { 0.0 } else { part as f64 * 100.0 / sent as f64 };
    let series = causes.iter().enumerate().map(|(colour, reason)| {
        let bars = record.loss_series.iter().enumerate().map(|(index, bin)| {
            let lost = percent(bin.dropped.get(reason).copied().unwrap_or(0), bin.sent);
            (record.bin.times(index as u64).as_seconds(), bin_end(record, index).as_seconds(), lost)
        });
        Series { label: plain(reason.word()), kind: SeriesKind::Stack(bars.collect()), colour }
    });
    let largest =
        record.loss_series.iter().map(|bin| percent(bin.dropped.values().sum(), bin.sent)).fold(0.0, f64::max);
    let y = from_zero("lost, % of packets sent".to_owned(), largest);
    let title = if causes.is_empty() { "no packet was lost" } else { "all connections, both directions" };
    let panels = vec![Panel { title: title.to_owned(), y, series: series.collect() }];
    over_time(record, "loss", format!("Loss over time by cause, per {}", record.bin), panels)
}
