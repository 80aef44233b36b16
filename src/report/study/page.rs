//! The study's answer for people: the verdict first, then what it rests on.

use crate::network::LegalText;
use crate::report::Provenance;
use crate::report::document::{Block, Cell, Check, Outcome, Plot, Report, Section, Table};
use crate::report::words::{calendar, count, counted};
use crate::study::statistics::Interval;
use crate::study::years::engine::Stop;
use crate::study::years::{CauseKind, ConnectionSummary, Estimate, QUANTILES, RuleSummary, Setting, StudySummary};
use crate::units::CalendarSpan;

/// What "capacity" means beside other causes.
const CAPACITY: &str = "Capacity: channels are left that are too small for the demand. As much as the rule charges of such \
                        time, and of the rest, which it does not charge, the share of the demand that is short.";

/// The whole page.
pub(super) fn report(summary: &StudySummary, provenance: &Provenance, again: &str) -> Report {
    let mut sections = Vec::new();
    for one in &summary.connections {
        sections.push(charges(one));
        sections.push(channels(one));
        if !one.causes.is_empty() {
            let mut section = titled("What was charged, by cause", Block::Table(causes(one)));
            if one.causes.iter().any(|cause| cause.kind == CauseKind::Capacity) {
                section.blocks.push(Block::Paragraph(CAPACITY.to_owned()));
            }
            sections.push(section);
        }
        if !one.worst.is_empty() {
            sections.push(worst(summary, one, again));
        }
    }
    sections.extend(super::structure::sections(summary));
    sections.extend(super::rare::section(&summary.rare));
    if !summary.swings.is_empty() {
        sections.push(sensitivity(summary));
    }
    if !summary.episodes.is_empty() {
        sections.push(episodes(summary));
    }
    sections.push(method(summary));
    Report {
        title: summary.title.clone(),
        subtitle: format!(
            "{}, seed {}: {} {} ({} years), {} that fail, {}",
            provenance.scenario,
            provenance.seed,
            count(summary.periods),
            periods_word(summary.period, summary.periods),
            count(years(summary)),
            counted(summary.components, "component"),
            counted(summary.transitions, "transition"),
        ),
        verdict: verdict(summary),
        sections,
        checks: checks(summary),
    }
}

/// "month", "months", or "period of 7 days".
fn periods_word(period: CalendarSpan, number: u64) -> String {
    let days = period.as_ns() / CalendarSpan::from_days(1).as_ns();
    let plural = if number == 1 { "" } else { "s" };
    match days {
        28..=31 => format!("month{plural} of {days} days"),
        365 | 366 => format!("year{plural}"),
        _ => format!("period{plural} of {period}"),
    }
}

fn years(summary: &StudySummary) -> u64 {
    let days = u128::from(summary.periods) * u128::from(summary.period.as_ns())
        / u128::from(CalendarSpan::from_days(1).as_ns());
    u64::try_from(days / 365).unwrap_or(u64::MAX)
}

fn verdict(summary: &StudySummary) -> Vec<String> {
    let mut sentences = Vec::new();
    if summary.stop == Stop::Interrupted {
        let (done, all) = (count(summary.periods), count(summary.budget));
        sentences.push(format!("INTERRUPTED: {done} of at most {all}; all numbers are about these."));
    }
    for one in &summary.connections {
        let Some(rule) = one.rules.first() else { continue };
        sentences.push(format!("{} meets {} in {}, rule {}.", one.name, rule.target, meets(summary, rule), rule.rule));
        sentences.push(charge_sentence(summary, rule));
    }
    sentences.extend(decided_by(summary));
    sentences
}

/// "98.7% of months (98.4 to 98.9)".
fn meets(summary: &StudySummary, rule: &RuleSummary) -> String {
    let Interval { low, high } = rule.meets_interval;
    let of = periods_word(summary.period, 2);
    let of = of.split(' ').next().unwrap_or("periods");
    format!("{} of {of} ({} to {})", share(rule.meets), bare(low), bare(high))
}

fn charge_sentence(summary: &StudySummary, rule: &RuleSummary) -> String {
    let period = summary.period.as_seconds();
    if rule.outages == 0 {
        let bound = crate::study::statistics::binomial::none_seen_bound(summary.periods, 0.95);
        return format!(
            "0 charged outages in {}: at most {} of them have one (95% upper bound).",
            counted(summary.periods, "period"),
            share(bound)
        );
    }
    let unavailable = rule.charged.mean / period;
    let nines = -libm::log10(unavailable);
    let interval = rule
        .charged
        .interval
        .map_or_else(String::new, |Interval { low, high }| format!(" ({} to {} s)", number(low), number(high)));
    let few = if rule.outages < 30 { "; few, so these are rough" } else { "" };
    format!(
        "Mean availability {} ({nines:.2} nines): {} s charged a period{interval}, {}{few}.",
        share(1.0 - unavailable),
        number(rule.charged.mean),
        counted(rule.outages, "charged outage"),
    )
}

fn decided_by(summary: &StudySummary) -> Option<String> {
    let flip = summary.flip.as_ref()?;
    let widest = summary.swings.first()?;
    let goal = share(flip.goal);
    let now = hours(flip.now);
    let from_to = format!("from {} to {}", share(widest.meets[0]), share(widest.meets[1]));
    let turn = match flip.turns {
        Some(turns) if turns < flip.now => {
            format!("it falls below {goal} at a mean up time under {} (now {now})", hours(turns))
        }
        Some(turns) => format!("it reaches {goal} at a mean up time of {} (now {now})", hours(turns)),
        None => format!("no mean up time within a factor of 100 of its {now} carries it across {goal}"),
    };
    Some(format!("{} decides: between its low and high figures the share goes {from_to}; {turn}.", flip.class))
}

fn titled(heading: &str, block: Block) -> Section {
    Section { heading: heading.to_owned(), blocks: vec![block] }
}

/// All plots.
pub(super) fn plots(plots: &[Plot]) -> Section {
    Section { heading: "Plots".to_owned(), blocks: plots.iter().cloned().map(Block::Plot).collect() }
}

fn charges(one: &ConnectionSummary) -> Section {
    let mut columns =
        vec![("rule", "rule"), ("meets_percent", "meets"), ("mean_s", "mean"), ("credit_percent", "credit")];
    columns.extend([("p50_s", "p50"), ("p90_s", "p90"), ("p99_s", "p99"), ("p999_s", "p99.9")]);
    let mut table = Table::new("charges", &columns);
    for rule in &one.rules {
        let mut row: Vec<Cell> = vec![
            rule.rule.clone().into(),
            Cell::Number(share(rule.meets)),
            Cell::Number(format!("{} s", number(rule.charged.mean))),
            Cell::Number(share(rule.credit)),
        ];
        row.extend(rule.quantiles.iter().map(|one| Cell::Number(format!("{} s", number(one.seconds)))));
        table.push(row);
    }
    let budget = one
        .rules
        .first()
        .map_or_else(String::new, |rule| format!("The promise allows {} a period.", calendar(rule.budget)));
    let few = QUANTILES.iter().zip(one.rules.iter().flat_map(|rule| &rule.quantiles));
    let unknown: Vec<String> =
        few.filter(|(_, one)| one.interval.is_none()).map(|(at, _)| format!("p{}", at * 100.0)).collect();
    let mut text = budget;
    if !unknown.is_empty() {
        text.push_str(&format!(" Too few periods for an interval of {}.", unknown.join(", ")));
    }
    let mut blocks = vec![Block::Table(table), Block::Paragraph(text)];
    // Where a rule comes from, when its text could not be confirmed.
    let assumed = one.rules.iter().filter(|rule| rule.text == LegalText::Assumed);
    blocks.extend(assumed.map(|rule| Block::Paragraph(format!("{}: {}.", rule.rule, rule.basis))));
    Section { heading: format!("{}: charged time of a period", one.name), blocks }
}

/// Time with fewer channels than there are.
fn channels(one: &ConnectionSummary) -> Section {
    let all = one.below.len();
    let mut facts = Vec::new();
    for (index, below) in one.below.iter().enumerate().rev() {
        let what = match index {
            0 => "no channel".to_owned(),
            _ => format!("fewer than {} of {all}", index + 1),
        };
        facts.push((what, ppm(below)));
    }
    facts.extend(one.lacking.iter().map(|(level, lacking)| (format!("less than {level} of the demand"), ppm(lacking))));
    facts.push(("packets lost, mean".to_owned(), ppm(&one.lost)));
    facts.push(("demand too much for the channels left, mean".to_owned(), ppm(&one.short)));
    titled(&format!("{}: share of time with fewer channels", one.name), Block::Facts(facts))
}

fn causes(one: &ConnectionSummary) -> Table {
    let columns = [("class", "class"), ("kind", "kind"), ("charged_s", "charged a period"), ("share_percent", "share")];
    let mut table = Table::new("causes", &columns);
    for cause in &one.causes {
        table.push(vec![
            cause.class.clone().into(),
            kind_word(cause.kind).into(),
            Cell::Number(format!("{} s", number(cause.seconds))),
            Cell::Number(share(cause.share)),
        ]);
    }
    table
}

/// Every cause of every connection, for files.
pub(super) fn causes_table(summary: &StudySummary) -> Table {
    let columns = [("connection", ""), ("class", ""), ("kind", ""), ("charged_s", ""), ("share", "")];
    let mut table = Table::new("study-causes", &columns);
    for one in &summary.connections {
        for cause in &one.causes {
            table.push(vec![
                one.name.clone().into(),
                cause.class.clone().into(),
                kind_word(cause.kind).into(),
                Cell::Number(format!("{:.6}", cause.seconds)),
                Cell::Number(format!("{:.6}", cause.share)),
            ]);
        }
    }
    table
}

/// Every swing, for files.
pub(super) fn swings_table(summary: &StudySummary) -> Table {
    let columns = [
        ("class", ""),
        ("meets_low", ""),
        ("meets_base", ""),
        ("meets_high", ""),
        ("charged_low_s", ""),
        ("charged_high_s", ""),
    ];
    let mut table = Table::new("study-sensitivity", &columns);
    for swing in &summary.swings {
        let six = |value: f64| Cell::Number(format!("{value:.6}"));
        table.push(vec![
            swing.class.clone().into(),
            six(swing.meets[0]),
            six(swing.base[0]),
            six(swing.meets[1]),
            six(swing.charged[0]),
            six(swing.charged[1]),
        ]);
    }
    table
}

fn worst(summary: &StudySummary, one: &ConnectionSummary, again: &str) -> Section {
    let mut table =
        Table::new("worst", &[("replication", "period"), ("charged_s", "charged"), ("replay", "see it again with")]);
    for worst in &one.worst {
        table.push(vec![
            worst.replication.into(),
            Cell::Number(calendar(worst.charged)),
            format!("--replay {}", worst.replication).into(),
        ]);
    }
    let first = one.worst.first().map_or(0, |worst| worst.replication);
    // On a line of its own that nothing breaks, to be pasted.
    let command = Block::Verbatim(format!("{again} --replay {first}"));
    let text = "runs the worst one again, packet by packet around its events; likewise the others.".to_owned();
    let heading =
        format!("{}: worst {}", one.name, periods_word(summary.period, 2).split(' ').next().unwrap_or("periods"));
    Section { heading, blocks: vec![Block::Table(table), command, Block::Paragraph(text)] }
}

fn sensitivity(summary: &StudySummary) -> Section {
    let columns = [("class", "class of component"), ("low", "low risk"), ("base", "as planned"), ("high", "high risk")];
    let mut table = Table::new("sensitivity", &columns);
    for swing in &summary.swings {
        table.push(vec![
            swing.class.clone().into(),
            Cell::Number(share(swing.meets[0])),
            Cell::Number(share(swing.base[0])),
            Cell::Number(share(swing.meets[1])),
        ]);
    }
    let text = "Share of periods that keep the promise, one class at a time at the low or the high figure of its pack; \
                all in the same weather, so that a difference comes from the figure.";
    Section {
        heading: "What the answer hangs on".to_owned(),
        blocks: vec![Block::Table(table), Block::Paragraph(text.to_owned())],
    }
}

fn episodes(summary: &StudySummary) -> Section {
    let columns = [
        ("event", "event"),
        ("runs", "runs"),
        ("failure_s", "lost at failure"),
        ("return_s", "at return"),
        ("longest_s", "settled after"),
    ];
    let mut table = Table::new("episodes", &columns);
    let mut rows: Vec<_> = summary.episodes.iter().collect();
    rows.sort_by(|a, b| (b.lost[0] + b.lost[1]).total_cmp(&(a.lost[0] + a.lost[1])).then_with(|| a.name.cmp(&b.name)));
    for one in rows.iter().take(8) {
        let seconds = |value: f64| Cell::Number(format!("{} s", number(value)));
        table.push(vec![
            one.name.clone().into(),
            one.runs.into(),
            seconds(one.lost[0]),
            seconds(one.lost[1]),
            seconds(one.longest),
        ]);
    }
    let rules = summary.connections.iter().filter_map(|one| Some((&one.name, one.rules.first()?)));
    let errors = rules.map(|(name, rule)| {
        let [periods, episodes] = [rule.variance.years, rule.variance.episodes].map(|part| number(part.sqrt()));
        format!(
            " Standard error of the mean charge of {name}: {periods} s from a finite number of periods, {episodes} s from a \
             finite number of episodes."
        )
    });
    let text = format!(
        "{} of the engine behind them;{} lost: seconds of total loss of a connection. Rate of events x longest episode: {:.1e}.{}",
        counted(rows.iter().map(|one| one.runs).sum(), "run"),
        alike(summary),
        summary.separation,
        fits(summary),
    );
    Section {
        heading: "Until routing settles: the costliest events".to_owned(),
        blocks: vec![Block::Table(table), Block::Paragraph(text + &errors.collect::<String>())],
    }
}

/// For how many events the kinds stand.
fn alike(summary: &StudySummary) -> String {
    let kinds = summary.episodes.len() as u64;
    let others: u64 = summary.episodes.iter().map(|one| one.alike.len() as u64).sum();
    if others == 0 {
        return String::new();
    }
    format!(
        " {} of event {} for {}: the others are the same but for names, and in one run each, of {} with the phases of the \
         first one's, they lost the same;",
        counted(kinds, "kind"),
        if kinds == 1 { "stands" } else { "stand" },
        count(kinds + others),
        count(summary.compared),
    )
}

/// How well the episodes suited the events, and what they could be wrong by.
fn fits(summary: &StudySummary) -> String {
    let fits = &summary.fits;
    let of_all = |events: u64| share(events as f64 / fits.events().max(1) as f64);
    let classes = |setting: Setting| {
        let classes = summary.episodes.iter().filter(|one| one.setting == setting).count();
        counted(classes as u64, "kind")
    };
    let seconds = |value: f64| number(value / summary.periods.max(1) as f64);
    format!(
        " Of {}, {} met the whole fabric, {} a degraded one of which the engine has run them ({}), and {} came so shortly after \
         another one that routing had not settled and were charged by runs of both ({}). {} ({}) met a degraded fabric and were \
         charged as in the whole one: were each of them wrong by the longest episode and a session's way up, {} s a period. {} came before routing had \
         settled, and were charged as total loss until it had: {} s a period, of which some may be too much.",
        counted(fits.events(), "event"),
        of_all(fits.whole),
        of_all(fits.degraded),
        classes(Setting::Degraded),
        of_all(fits.joint),
        classes(Setting::Joint),
        counted(fits.borrowed, "event"),
        of_all(fits.borrowed),
        seconds(fits.borrowed as f64 * summary.slowest),
        counted(fits.lost, "event"),
        seconds(fits.lost_ns as f64 / 1e9),
    )
}

fn method(summary: &StudySummary) -> Section {
    let stop = match summary.stop {
        Stop::Precise => "stopped when the mean was precise enough",
        Stop::Budget => "stopped on budget",
        Stop::Interrupted => "interrupted",
    };
    let mut facts = vec![
        ("periods".to_owned(), format!("{} of at most {}, {stop}", count(summary.periods), count(summary.budget))),
        (
            "intervals".to_owned(),
            "95%: shares by Clopper and Pearson, means by log-t, quantiles by order statistics".to_owned(),
        ),
        (
            "start".to_owned(),
            "each period begins at a random moment of a long life, independent of the others".to_owned(),
        ),
    ];
    if !summary.basis.is_empty() {
        facts.push(("failure figures".to_owned(), summary.basis.clone()));
    }
    titled("How this was found", Block::Facts(facts))
}

fn checks(summary: &StudySummary) -> Vec<Check> {
    let check = |one: &ConnectionSummary| {
        let rule = one.rules.first()?;
        let outcome = if rule.missed == 0 { Outcome::Within } else { Outcome::Over };
        let text = format!(
            "{}: {} of {} broke {}",
            one.name,
            count(rule.missed),
            counted(summary.periods, "period"),
            rule.target
        );
        Some(Check { outcome, text })
    };
    summary.connections.iter().filter_map(check).collect()
}

/// The word of a cause's kind.
pub(super) fn kind_word(of: CauseKind) -> &'static str {
    match of {
        CauseKind::Structure => "structure",
        CauseKind::Convergence => "convergence",
        CauseKind::Maintenance => "maintenance",
        CauseKind::CommonMode => "common mode",
        CauseKind::Grey => "grey",
        CauseKind::Capacity => "capacity",
    }
}

/// A share in percent with as many digits as tell it from all: "98.7%", "99.99976%".
pub(super) fn share(value: f64) -> String {
    format!("{}%", bare(value))
}

fn bare(value: f64) -> String {
    let percent = value * 100.0;
    let rest = (100.0 - percent).min(percent).max(0.0);
    let places = match rest {
        0.0 | 3.0.. => 1,
        0.3.. => 2,
        _ => 2 + places_of(rest),
    };
    let text = format!("{percent:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Leading zeros behind the point: 0 for 0.3, 2 for 0.003.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number of digits")]
fn places_of(value: f64) -> usize {
    libm::ceil(-libm::log10(value)).clamp(0.0, 12.0) as usize
}

/// Three significant digits.
pub(super) fn number(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        _ if value >= 99.95 => count(whole(value)),
        _ if value >= 9.995 => format!("{value:.1}"),
        _ if value >= 0.9995 => format!("{value:.2}"),
        _ => format!("{value:.*}", 2 + places_of(value)),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
fn whole(value: f64) -> u64 {
    libm::round(value) as u64
}

fn hours(value: f64) -> String {
    let digits = libm::pow(10.0, libm::floor(libm::log10(value)) - 2.0).max(1e-9);
    format!("{} h", number(libm::round(value / digits) * digits))
}

/// A share of time with its interval, in scientific notation when it is small.
fn ppm(of: &Estimate) -> String {
    let small = |value: f64| format!("{value:.2e}");
    match of.interval {
        Some(Interval { low, high }) => format!("{} ({} to {})", small(of.mean), small(low), small(high)),
        None => "never seen".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_what_tells_them_from_all() {
        assert_eq!(
            ["100%", "98.7%", "99.988%", "99.99976%", "0%", "50%"],
            [1.0, 0.987, 0.999_88, 0.999_997_6, 0.0, 0.5].map(share)
        );
        assert_eq!(["0", "0.0123", "4.57", "12.3", "1,235"], [0.0, 0.0123, 4.567, 12.34, 1234.6].map(number));
    }
}
