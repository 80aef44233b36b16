//! What the integration tests share: text in, record out, and the promise every record keeps.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod graphs;

use fabricsim::network::Network;
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::Simulation;
use fabricsim::sim::record::{Counts, LedgerEntry, LedgerKind, LinkDirectionRecord, RunRecord};
use fabricsim::units::Span;

/// The checked world of a scenario text.
pub fn network(text: &str) -> Network {
    match scenario::parse(text, "test.toml", &[]) {
        Ok(loaded) => loaded.network,
        Err(problems) => panic!("{problems}"),
    }
}

/// Runs a scenario text with a seed.
pub fn run_seeded(text: &str, seed: u64) -> RunRecord {
    let record = Simulation::new(&network(text), RunSeed(seed)).run();
    assert_conserved(&record);
    record
}

/// Runs a scenario text with seed 1.
pub fn run(text: &str) -> RunRecord {
    run_seeded(text, 1)
}

/// sent = delivered + dropped + in flight, for every class of packets, every connection and every flow entry; and
/// the parts add up to the whole. What is charged is booked once.
pub fn assert_conserved(record: &RunRecord) {
    assert_booked_once(record);
    let conserved = |counts: &Counts, what: &str| {
        let dropped: u64 = counts.dropped.values().sum();
        assert_eq!(counts.sent, counts.delivered + dropped + counts.in_flight, "{what} of {:?}", record.title);
    };
    let totals = &record.totals;
    conserved(&totals.data, "data");
    conserved(&totals.probes, "probes");
    conserved(&totals.control, "control");
    conserved(&totals.duplicates, "duplicates");
    for connection in &record.connections {
        connection.directions.iter().for_each(|direction| conserved(&direction.counts, &connection.name));
    }
    record.flow_entries.iter().for_each(|entry| conserved(&entry.counts, &entry.name));
    let of_entries =
        |count: fn(&Counts) -> u64| record.flow_entries.iter().map(|entry| count(&entry.counts)).sum::<u64>();
    assert_eq!(totals.data.sent, of_entries(|counts| counts.sent));
    assert_eq!(totals.data.delivered, of_entries(|counts| counts.delivered));
    assert_eq!(totals.data.in_flight, of_entries(|counts| counts.in_flight));
    let of_flows = |count: fn(&fabricsim::sim::record::FlowRecord) -> u64| record.flows.iter().map(count).sum::<u64>();
    assert_eq!(totals.data.sent, of_flows(|flow| flow.sent));
    assert_eq!(totals.data.delivered, of_flows(|flow| flow.delivered));
    assert_eq!(totals.data.dropped.values().sum::<u64>(), of_flows(|flow| flow.dropped));
    let of_bins = record.loss_series.iter();
    assert_eq!(totals.data.sent, of_bins.clone().map(|bin| bin.sent).sum::<u64>());
    assert_eq!(totals.data.dropped.values().sum::<u64>(), of_bins.flat_map(|bin| bin.dropped.values()).sum::<u64>());
}

/// Incidents are booked no more than what a rule charges for connections.
fn assert_booked_once(record: &RunRecord) {
    let of_connections =
        record.connections.iter().flat_map(|one| std::iter::once(&one.availability).chain(&one.other_rules));
    let rules: Vec<_> = of_connections.chain(record.link_groups.iter().map(|one| &one.availability)).collect();
    let names: std::collections::BTreeSet<&str> = rules.iter().map(|rule| rule.rule.name.as_str()).collect();
    for name in names {
        let rules = || rules.iter().filter(|rule| rule.rule.name == name);
        let charged: u64 = rules().map(|rule| rule.charged.as_ns()).sum();
        let of_rule = record.ledger.iter().flat_map(|entry| &entry.charged).filter(|(rule, _)| rule == name);
        let booked: u64 = of_rule.map(|(_, charged)| charged.as_ns()).sum();
        assert!(booked <= charged, "{name} books {booked} ns of {charged} ns");
        let with_cause = rules().flat_map(|rule| &rule.runs).filter(|run| !run.incidents.is_empty());
        assert_eq!(booked, with_cause.map(|run| run.charged.as_ns()).sum::<u64>(), "{name}");
    }
}

/// Packets lost, whatever the cause.
pub fn lost(counts: &Counts) -> u64 {
    counts.dropped.values().sum()
}

/// The incident of this name.
pub fn incident<'r>(record: &'r RunRecord, name: &str) -> &'r LedgerEntry {
    entry(record, name, LedgerKind::Incident)
}

/// The return from the incident of this name.
pub fn returned<'r>(record: &'r RunRecord, name: &str) -> &'r LedgerEntry {
    entry(record, name, LedgerKind::Return)
}

fn entry<'r>(record: &'r RunRecord, name: &str, kind: LedgerKind) -> &'r LedgerEntry {
    let is = |entry: &&LedgerEntry| entry.name == name && entry.kind == kind;
    record.ledger.iter().find(is).unwrap_or_else(|| panic!("no {kind:?} {name} in {:?}", record.ledger))
}

/// How long after the incident this router first noticed it by this mechanism.
pub fn noticed(entry: &LedgerEntry, router: &str, how: &str) -> Option<Span> {
    let mine = |notice: &&fabricsim::sim::record::Notice| notice.router == router && notice.how == how;
    entry.notices.iter().find(mine).map(|notice| notice.at.saturating_sub(entry.at))
}

/// One direction of a link, by its sending router.
pub fn direction<'r>(record: &'r RunRecord, link: &str, from: &str) -> &'r LinkDirectionRecord {
    let is = |one: &&LinkDirectionRecord| one.link == link && one.from == from;
    record.links.iter().find(is).unwrap_or_else(|| panic!("no link {link} from {from}"))
}

pub const fn ms(milliseconds: u64) -> Span {
    Span::from_ms(milliseconds)
}

pub const fn s(seconds: u64) -> Span {
    Span::from_s(seconds)
}

/// Two routers; `link` holds rate, delay and buffer of what is between them, the rest is as fast as nothing.
///
/// ```text
/// left -- r1 ==== l1 ==== r2 -- right
/// ```
pub fn path(horizon: &str, link: &str, rest: &str) -> String {
    let attachment = |name: &str, prefix: u8, router: &str| {
        format!(
            "[attachments.{name}]\nprovider = \"net\"\nprefixes = [\"10.{prefix}.0.0/16\"]\nrouters = [\"{router}\"]\n\
             rate = \"400 Gbps\"\ndelay = \"1 us\"\nbuffer = \"1 GiB\"\nframing = \"none\"\n"
        )
    };
    format!(
        "horizon = {horizon:?}\n[providers.net]\nforwarding_latency = \"0 ps\"\n[routers.r1]\nprovider = \"net\"\n\
         [routers.r2]\nprovider = \"net\"\n[links.l1]\nbetween = [\"r1\", \"r2\"]\nframing = \"none\"\nmacsec = \"off\"\n\
         bfd = \"off\"\n{link}\n{}{}{rest}",
        attachment("left", 1, "r1"),
        attachment("right", 2, "r2"),
    )
}

/// A flow from the left to the right end of [`path`].
pub fn flow(name: &str, keys: &str) -> String {
    format!("[flows.{name}]\nfrom = \"left\"\nto = \"right\"\n{keys}\n")
}

/// A failure of the link of [`path`].
pub fn failure(kind: &str, keys: &str) -> String {
    format!("[[failures]]\nname = \"fault\"\nkind = {kind:?}\nlink = \"l1\"\n{keys}\n")
}

/// Two regions of one provider, `leaves` routers each under two spines, 10 ms apart: traffic within each region, and
/// some between them; a cut in one region and a grey link in the other.
pub fn two_regions(leaves: usize, rate: &str, horizon: &str) -> String {
    let mut text = format!(
        "title = \"Two regions of {leaves} leaves\"\nhorizon = \"{horizon}\"\n[providers.net]\nasn = 64512\n\
         [links.between]\nbetween = [\"west-spine-0\", \"east-spine-0\"]\nrate = \"100 Gbps\"\ndelay = \"10 ms\"\n\
         [links.spare]\nbetween = [\"west-spine-1\", \"east-spine-1\"]\nrate = \"100 Gbps\"\ndelay = \"12 ms\"\n"
    );
    for (index, region) in ["west", "east"].iter().enumerate() {
        for spine in 0..2 {
            text += &format!("[routers.{region}-spine-{spine}]\nprovider = \"net\"\nrole = \"backbone\"\n");
        }
        for leaf in 0..leaves {
            text += &format!("[routers.{region}-leaf-{leaf}]\nprovider = \"net\"\nrole = \"backbone\"\n");
            for spine in 0..2 {
                text += &format!(
                    "[links.{region}-{leaf}-{spine}]\nbetween = [\"{region}-leaf-{leaf}\", \"{region}-spine-{spine}\"]\n\
                     rate = \"10 Gbps\"\ndelay = \"2 us\"\n"
                );
            }
            text += &format!(
                "[attachments.{region}-{leaf}]\nprovider = \"net\"\nprefixes = [\"10.{index}.{leaf}.0/24\"]\n\
                 routers = [\"{region}-leaf-{leaf}\"]\nrate = \"10 Gbps\"\n"
            );
            let (next, other) = ((leaf + 1) % leaves, ["east", "west"][index]);
            for (kind, to) in [("near", format!("{region}-{next}")), ("far", format!("{other}-{leaf}"))] {
                text += &format!(
                    "[flows.{region}-{leaf}-{kind}]\nfrom = \"{region}-{leaf}\"\nto = \"{to}\"\nrate = \"{rate}\"\n\
                     count = 4\narrivals = \"poisson\"\nsize = \"imix\"\n"
                );
            }
        }
    }
    text + "[[failures]]\nname = \"cut\"\nkind = \"fibre_cut\"\nlink = \"west-0-0\"\nat = \"100 ms\"\nlasts = \"600 ms\"\n\
            [[failures]]\nname = \"grey\"\nkind = \"grey_loss\"\nlink = \"between\"\nprobability = \"1%\"\nat = \"50 ms\"\n"
}
