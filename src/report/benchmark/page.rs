//! The page on speed and accuracy as data.

use serde_json::Value;

use super::Measured;
use super::value::effort_word;
use crate::report::document::{
    Axis, Block, Cell, Check, Outcome, Panel, Plot, Report, Scale, Section, Series, SeriesKind, Table,
};
use crate::report::words::{count, counted};
use crate::study::benchmark::{
    Accuracy, Benchmark, Parallel, Routing, Shared, Speed, Spread, Studies, Way, bytes_per_hop,
};

pub(super) fn report(measured: &Measured) -> Report {
    let now = &measured.now;
    let mut sections = vec![speeds(now), parts(now), waits(now)];
    sections.extend(peers(measured));
    sections.extend(measured.earlier.as_ref().map(|earlier| against(now, earlier)));
    sections.push(method());
    Report {
        title: format!("fabricsim {} benchmark, {}", env!("CARGO_PKG_VERSION"), effort_word(now.effort)),
        subtitle: machine(now),
        verdict: now.speeds.iter().map(sentence).collect(),
        sections,
        checks: now.accuracies.iter().flat_map(checks).collect(),
    }
}

fn machine(now: &Benchmark) -> String {
    let machine = &now.machine;
    let cores = counted(machine.cores as u64, "core");
    let compiler = machine.compiler.as_deref().unwrap_or("compiler unknown");
    format!("{}, {cores}, {}, {compiler}", machine.processor, machine.system)
}

fn sentence(speed: &Speed) -> String {
    let rate = mega(speed.hops_per_second.median);
    let share = speed.ceiling_ratio.as_ref();
    let share = share.map_or_else(String::new, |ratio| format!(", {:.0}% of the bare loop", ratio.median * 100.0));
    format!("{}: {rate} million packet-hops per second and core{share}.", speed.workload.title())
}

/// Millions with three significant digits.
fn mega(value: f64) -> String {
    digits(value / 1e6)
}

fn digits(value: f64) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ if value >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn number(text: String) -> Cell {
    Cell::Number(text)
}

/// "27.1 [26.0-27.3]".
fn with_spread(spread: &Spread, write: impl Fn(f64) -> String) -> Cell {
    number(format!("{} [{}-{}]", write(spread.median), write(spread.min), write(spread.max)))
}

fn percent(value: f64) -> String {
    format!("{:.0}%", value * 100.0)
}

fn speeds(now: &Benchmark) -> Section {
    let mut table = Table::new(
        "speeds",
        &[
            ("workload", "workload"),
            ("mhops_per_s", "Mhops/s"),
            ("bare_mhops_per_s", "bare loop"),
            ("share", "share of it"),
            ("ns_per_hop", "ns/hop"),
            ("events_per_hop", "ev/hop"),
        ],
    );
    for speed in &now.speeds {
        table.push(vec![
            speed.workload.title().into(),
            with_spread(&speed.hops_per_second, mega),
            speed.ceiling_hops_per_second.as_ref().map_or(Cell::Empty, |ceiling| number(mega(ceiling.median))),
            speed.ceiling_ratio.as_ref().map_or(Cell::Empty, |ratio| with_spread(ratio, percent)),
            number(digits(speed.ns_per_hop())),
            number(format!("{:.2}", speed.events_per_hop())),
        ]);
    }
    let words = format!(
        "Mhops/s: million packet-hops per second of one thread, everything counted, set-up excluded; median \
         [smallest-largest] of rounds in which the bare loop and the engine take turns. A hop moves {} bytes of packet \
         state: a packet is read from the wire that it leaves and written for the one that it goes on to.",
        bytes_per_hop()
    );
    Section {
        heading: "Speed".to_owned(),
        blocks: vec![Block::Table(table), Block::Paragraph(words), Block::Plot(speed_plot(now))],
    }
}

/// Width of a bar; a workload has a place of width 1.
const BAR: f64 = 0.35;

/// Bars side by side: the bare loop where there is one, then the engine.
fn speed_plot(now: &Benchmark) -> Plot {
    let places = || (0u32..).map(f64::from);
    // Two corners of a bar, then a gap.
    let bar = |from: f64, height: f64| {
        let area = Some((0.0, height));
        [(from, area), (from + BAR, area), (from + BAR, None)]
    };
    let bars = |offset: f64, value: &dyn Fn(&Speed) -> f64| {
        let of = |(speed, place): (&Speed, f64)| bar(place + offset, value(speed) / 1e6);
        SeriesKind::Band(now.speeds.iter().zip(places()).flat_map(of).collect())
    };
    let ceiling = |speed: &Speed| speed.ceiling_hops_per_second.as_ref().map_or(0.0, |ceiling| ceiling.median);
    let engine = |speed: &Speed| speed.hops_per_second.median;
    let largest = now.speeds.iter().map(|speed| ceiling(speed).max(engine(speed))).fold(1.0, f64::max) / 1e6;
    let names = now.speeds.iter().map(|speed| speed.workload.title().to_owned());
    Plot {
        name: "speeds".to_owned(),
        title: "Packet-hops per second and core".to_owned(),
        panels: vec![Panel {
            title: String::new(),
            y: linear("million packet-hops per second", 0.0, largest * 1.08),
            series: vec![
                Series { label: "bare loop".to_owned(), kind: bars(0.1, &ceiling), colour: 7 },
                Series { label: "engine".to_owned(), kind: bars(0.55, &engine), colour: 0 },
            ],
        }],
        x: Axis { scale: Scale::Named(names.collect()), ..linear("workload", 0.0, now.speeds.len() as f64) },
        marks: Vec::new(),
    }
}

fn linear(label: &str, from: f64, to: f64) -> Axis {
    Axis { label: label.to_owned(), from, to, scale: Scale::Linear }
}

/// What several threads mean to runs that are too small for them.
fn shared(parallel: &Parallel) -> String {
    let one = |of: &Shared| {
        let Spread { median, min, max } = of.speed_up;
        format!("{} {median:.2} times as fast [{min:.2}-{max:.2}]", of.workload.title())
    };
    let all: Vec<String> = parallel.small.iter().map(one).collect();
    format!("{}; where parts would meet too often the run stays on one thread", all.join(", "))
}

fn parts(now: &Benchmark) -> Section {
    let mut table =
        Table::new("event-queue", &[("pending", "pending events"), ("mops_per_s", "million pop + push per s")]);
    for hold in &now.holds {
        table.push(vec![u64::from(hold.pending).into(), with_spread(&hold.operations_per_second, mega)]);
    }
    let parallel = &now.parallel;
    let memory: Vec<String> = now
        .speeds
        .iter()
        .filter_map(|speed| Some(format!("{} {} MiB", speed.workload.title(), speed.peak_memory?.0 >> 20)))
        .collect();
    let facts = [
        (
            "One run, several threads",
            format!(
                "{:.2} times as fast [{:.2}-{:.2}] on {} with {}, efficiency {}; {} routers, two regions 10 ms apart",
                parallel.speed_up.median,
                parallel.speed_up.min,
                parallel.speed_up.max,
                counted(parallel.threads as u64, "thread"),
                counted(parallel.partitions as u64, "partition"),
                percent(parallel.speed_up.median / parallel.threads.min(now.machine.cores).max(1) as f64),
                parallel.routers,
            ),
        ),
        ("Several threads asked of the workloads", shared(parallel)),
        ("BGP", bgp(&now.routing)),
        ("Studies", years(&now.studies)),
        ("Time to 10% of a rare share of time", ways(&now.studies)),
        (
            "Time to first result",
            format!(
                "{:.3} s for the quickstart, {:.1} ms of them until its scenario is read and checked",
                now.first_result.read_s + now.first_result.run_s,
                now.first_result.read_s * 1e3
            ),
        ),
        ("Most memory resident", if memory.is_empty() { "not known here".to_owned() } else { memory.join(", ") }),
    ];
    let facts = facts.map(|(label, text)| (label.to_owned(), text)).to_vec();
    Section {
        heading: "Event queue, threads, memory".to_owned(),
        blocks: vec![Block::Table(table), Block::Facts(facts), Block::Plot(queue_plot(now))],
    }
}

/// "8.24 thousand messages a second [7.62-8.41] with 726 thousand prefixes [672-742], ...".
fn bgp(routing: &Routing) -> String {
    let thousands = |value: f64| digits(value / 1e3);
    let (messages, told) = (&routing.messages_per_second, &routing.told_per_second);
    format!(
        "{} thousand messages a second [{}-{}] with {} thousand prefixes [{}-{}], while {} come up and {} prefixes cross a \
         provider with route reflectors: {} messages",
        thousands(messages.median),
        thousands(messages.min),
        thousands(messages.max),
        thousands(told.median),
        thousands(told.min),
        thousands(told.max),
        counted(routing.sessions as u64, "session"),
        count(routing.prefixes.into()),
        count(routing.messages),
    )
}

/// "12.8 million transitions a second [...], 290 thousand years a second [...], quad fabric, without episodes".
fn years(studies: &Studies) -> String {
    let (transitions, years) = (&studies.transitions_per_second, &studies.years_per_second);
    format!(
        "{} million failures and returns a second and core [{}-{}], {} thousand years a second [{}-{}]: the quad fabric judged \
         month by month, without episodes",
        digits(transitions.median / 1e6),
        digits(transitions.min / 1e6),
        digits(transitions.max / 1e6),
        digits(years.median / 1e3),
        digits(years.min / 1e3),
        digits(years.max / 1e3),
    )
}

/// "crude simulation 310 ms [300-330], ...".
fn ways(studies: &Studies) -> String {
    let of = |way: &Way| {
        let Spread { median, min, max } = way.seconds;
        let digits = |seconds: f64| digits(seconds * 1e3);
        format!("{} {} ms [{}-{}]", way.method.name(), digits(median), digits(min), digits(max))
    };
    let ways: Vec<String> = studies.ways.iter().map(of).collect();
    format!("{}, for fewer than two of the reference fabric's four paths (4.93e-6), one core", ways.join(", "))
}

fn queue_plot(now: &Benchmark) -> Plot {
    let point = |hold: &crate::study::benchmark::Hold| {
        (f64::from(hold.pending).log10(), Some(hold.operations_per_second.median / 1e6))
    };
    let largest = now.holds.iter().map(|hold| hold.operations_per_second.median / 1e6).fold(1.0, f64::max);
    let series = Series {
        label: "pop + push".to_owned(),
        kind: SeriesKind::Line(now.holds.iter().map(point).collect()),
        colour: 0,
    };
    Plot {
        name: "event-queue".to_owned(),
        title: "The event queue under the hold model".to_owned(),
        panels: vec![Panel {
            title: String::new(),
            y: linear("million per second", 0.0, largest * 1.08),
            series: vec![series],
        }],
        x: Axis { scale: Scale::PowersOfTen, ..linear("pending events", 1.0, 7.0) },
        marks: Vec::new(),
    }
}

fn waits(now: &Benchmark) -> Section {
    let mut table = Table::new(
        "waits",
        &[
            ("workload", "workload"),
            ("packets", "packets"),
            ("mean_ns", "mean, ns"),
            ("mean_expected_ns", "expected"),
            ("p99_ns", "p99, ns"),
            ("p99_expected_ns", "expected"),
        ],
    );
    for accuracy in &now.accuracies {
        table.push(vec![
            accuracy.workload.title().into(),
            accuracy.packets.into(),
            number(format!("{:.2}", nanoseconds(accuracy.mean))),
            number(format!("{:.2}", accuracy.oracle.mean_ns)),
            number(format!("{:.1}", nanoseconds(accuracy.p99))),
            accuracy.oracle.p99_ns.map_or(Cell::Empty, |p99| number(format!("{p99:.1}"))),
        ]);
    }
    let sources: Vec<String> = now
        .accuracies
        .iter()
        .map(|accuracy| format!("{}: {}.", accuracy.workload.title(), accuracy.oracle.source))
        .collect();
    let words = format!("Expected by: {} The mean is exact; percentiles are within 0.1%.", sources.join(" "));
    Section { heading: "Waits in queues".to_owned(), blocks: vec![Block::Table(table), Block::Paragraph(words)] }
}

fn nanoseconds(span: crate::units::Span) -> f64 {
    span.as_ps() as f64 / 1e3
}

fn checks(accuracy: &Accuracy) -> Vec<Check> {
    let verdict = |holds: bool| if holds { Outcome::Pass } else { Outcome::Fail };
    let (oracle, title) = (&accuracy.oracle, accuracy.workload.title());
    let mut checks = vec![Check {
        outcome: verdict(accuracy.mean_holds()),
        text: format!(
            "{title}: mean wait {:.2} ns, within {}% of {:.2} ns at {} packets",
            nanoseconds(accuracy.mean),
            oracle.mean_within_percent,
            oracle.mean_ns,
            count(accuracy.packets)
        ),
    }];
    if let (Some(holds), Some(p99)) = (accuracy.p99_holds(), oracle.p99_ns) {
        let measured = nanoseconds(accuracy.p99);
        let text =
            format!("{title}: 99th percentile {measured:.1} ns, within {} ns of {p99:.1} ns", oracle.p99_within_ns);
        checks.push(Check { outcome: verdict(holds), text });
    }
    checks
}

fn peers(measured: &Measured) -> Option<Section> {
    let results = &measured.now.peers;
    if results.is_empty() && measured.absent.is_empty() {
        return None;
    }
    let mut table = Table::new(
        "peers",
        &[
            ("peer", "simulator"),
            ("workload", "workload"),
            ("mhops_per_s", "Mhops/s"),
            ("ratio", "we are faster by"),
            ("mean_ns", "mean wait, ns"),
        ],
    );
    for peer in results {
        table.push(vec![
            peer.kind.name().into(),
            peer.workload.title().into(),
            with_spread(&peer.hops_per_second, mega),
            with_spread(&peer.ratio, digits),
            number(format!("{:.2}", peer.mean_ns)),
        ]);
    }
    let mut blocks = vec![Block::Table(table)];
    let mut kinds: Vec<_> = results.iter().map(|peer| peer.kind).collect();
    kinds.dedup();
    kinds.sort_by_key(|kind| kind.name());
    kinds.dedup();
    let version = |kind| results.iter().find(|peer| peer.kind == kind).map_or("", |peer| peer.version.as_str());
    blocks.extend(kinds.iter().map(|kind| Block::Paragraph(format!("{} ({})", kind.difference(), version(*kind)))));
    let absent = measured.absent.iter();
    blocks.extend(absent.map(|(name, reason)| Block::Paragraph(format!("{name} was not run: {reason}."))));
    Some(Section { heading: "Other simulators, in turn with ours".to_owned(), blocks })
}

/// The medians now and in the earlier file.
fn against(now: &Benchmark, earlier: &Value) -> Section {
    let mut table = Table::new(
        "earlier",
        &[
            ("workload", "workload"),
            ("before", "Mhops/s before"),
            ("now", "now"),
            ("share_before", "share before"),
            ("share_now", "now"),
        ],
    );
    for speed in &now.speeds {
        let before = earlier["workloads"].as_array().into_iter().flatten();
        let Some(before) = before.into_iter().find(|item| item["name"] == speed.workload.name()) else { continue };
        let median = |key: &str| before[key]["median"].as_f64();
        table.push(vec![
            speed.workload.title().into(),
            median("hops_per_second").map_or(Cell::Empty, |rate| number(mega(rate))),
            number(mega(speed.hops_per_second.median)),
            median("ceiling_ratio").map_or(Cell::Empty, |ratio| number(percent(ratio))),
            speed.ceiling_ratio.as_ref().map_or(Cell::Empty, |ratio| number(percent(ratio.median))),
        ]);
    }
    let word = |key: &str| earlier[key].as_str().unwrap_or("unknown");
    let processor = earlier["machine"]["processor"].as_str().unwrap_or("unknown");
    let words = format!(
        "Before: version {}, {}, on {processor}. A machine's speed drifts; the share of the bare loop, which runs in the \
         same minutes, says more.",
        word("version"),
        word("effort")
    );
    Section {
        heading: "Against the earlier result".to_owned(),
        blocks: vec![Block::Table(table), Block::Paragraph(words)],
    }
}

fn method() -> Section {
    let words = "W1 and W2 are scenarios/benchmark/*.toml through the normal front door, with every counter, histogram and \
                 check on; the quickstart is as shipped, failures included. The bare loop is hand-written for them: arrays, \
                 a packed heap, one event per hop and a histogram of waits; no headers, tables, protocols, failures or \
                 counters. BGP is measured by whole runs: sessions, UPDATEs, decisions and forwarding tables.";
    Section { heading: "How it is measured".to_owned(), blocks: vec![Block::Paragraph(words.to_owned())] }
}
