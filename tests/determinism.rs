//! Is a run a pure function of scenario and seed, and does a component's fortune depend on its own name only?

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{network, run, run_seeded, two_regions};
use fabricsim::report::{Provenance, write_results};
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::record::RunRecord;
use fabricsim::sim::{Simulation, Whole};
use fabricsim::study::repeat::{RepeatSummary, repeat};
use fabricsim::units::Span;

/// Random arrivals and sizes, jittered protocols, chance on a link, failures that overlap, and sessions that end, restart,
/// drain and change their policies.
const BUSY: &str = r#"
horizon = "32 s"
[interconnects.virginia]
template = "aws-google/us-east-1"
members = 2
[connections.shop]
interconnect = "virginia"
bandwidth = "20 Mbps"
attachments = ["vpc-aws", "vpc-google"]
bgp = { graceful_restart = "on", route_flap_damping = "cisco" }
[attachments.vpc-aws]
provider = "aws"
prefixes = ["10.0.0.0/16"]
routers = ["aws-iad-bb1", "aws-iad-bb2"]
[attachments.vpc-google]
provider = "google"
prefixes = ["10.128.0.0/16"]
routers = ["google-iad-bb1", "google-iad-bb2"]
[flows.mix]
from = "vpc-aws"
to = "vpc-google"
direction = "both"
rate = "8 Mbps"
count = 40
arrivals = "poisson"
size = "imix"
[flows.long]
from = "vpc-google"
to = "vpc-aws"
rate = "2 Mbps"
count = 10
arrivals = "poisson"
size = "exponential 900 B"
[monitors.synthetic]
from = "vpc-aws"
to = "vpc-google"
period = "30 s"
[[failures]]
name = "silent"
kind = "silent_cut"
link = "iad-channel-a1"
at = "2 s"
lasts = "6 s"
[[failures]]
name = "grey"
kind = "grey_loss"
link = "iad-channel-b1"
at = "1 s"
lasts = "9 s"
probability = "2%"
[links.iad-channel-b2]
lacp = "fast"
micro_bfd = { interval = "100 ms", multiplier = 3 }
[[failures]]
name = "hang"
kind = "cpu_hang"
router = "aws-iad-a2"
at = "1 s"
lasts = "4 s"
[links.iad-channel-a2]
macsec = { suite = "GCM-AES-128", rekey = "4 s", install_order = "transmit-first", policy = "should-secure" }
[[failures]]
name = "mute"
kind = "mkpdu_loss"
link = "iad-channel-a2"
member = 1
at = "3 s"
lasts = "12 s"
[[failures]]
name = "outage"
kind = "facility_outage"
facility = "iad-b"
at = "7 s"
lasts = "3 s"
[[failures]]
name = "flap"
kind = "protection_switch"
link = "iad-channel-b1"
delay = "700 us"
at = "1 s"
lasts = "500 ms"
every = "3 s"
[[failures]]
name = "hole"
kind = "black_hole"
link = "iad-channel-a1"
from = "aws-iad-a1"
at = "9 s"
lasts = "1 s"
[[failures]]
name = "fading"
kind = "optics_brownout"
link = "iad-channel-b1"
bit_error_rate = "1e-6"
at = "2 s"
[[failures]]
name = "zone"
kind = "zone_outage"
facility = "aws-iad-zone2"
at = "11 s"
lasts = "1 s"
[[failures]]
name = "reset"
kind = "session_reset"
router = "aws-iad-a1"
peer = "google-iad-a1"
at = "13 s"
every = "3 s"
[[failures]]
name = "upgrade"
kind = "bgp_restart"
router = "google-iad-b2"
at = "14 s"
lasts = "3 s"
[policies.second]
terms = [{ prepend = 2, med = 10 }]
[[changes]]
name = "prefer-others"
kind = "policies"
router = "aws-iad-b1"
peer = "google-iad-b1"
import = "second"
at = "18 s"
[[changes]]
name = "drain"
kind = "graceful_shutdown"
router = "google-iad-a2"
at = "20 s"
lasts = "6 s"
[[changes]]
name = "more"
at = "20 s"
connection = "shop"
bandwidth = "30 Mbps"
[provisioning.shop]
call = "exponential 200 ms"
configure = "exponential 500 ms"
conflict = "30%"
[expect]
charged = "0 s"
loss = { max = "20%" }

[sla]
rule = "every-moment"
rules = ["itu-g826", "experienced", "azure-expressroute", "strict"]

[rules.strict]
measure = "packets"
bin = "1 s"
loss_above = "0%"
charged_to = ["provider"]
"#;

/// Requests and responses, transfers, and their way through all that and work on a router.
const ASKING: &str = r#"
[flows.api]
from = "vpc-aws"
to = "vpc-google"
request = "exponential 300 B"
response = "pareto 4 kB 1.5"
service = "exponential 20 ms"
workers = 2
think = "exponential 300 ms"
timeout = "200 ms"
count = 20
[flows.backup]
from = "vpc-google"
to = "vpc-aws"
transfer = "exponential 100 kB"
arrivals = "poisson"
interval = "5 s"
count = 5
[[maintenance]]
name = "work"
router = "google-iad-a1"
at = "18 s"
lasts = "2 s"
drain = "2 s"
restore = "1 s"
notice = "10 s"
"#;

const RARE: &str = r#"
[flows.backup]
from = "vpc-google"
to = "vpc-aws"
transfer = "exponential 1 MB"
arrivals = "poisson"
interval = "15 s"
"#;

/// Every file of a run's report.
fn files(record: &RunRecord) -> BTreeMap<String, Vec<u8>> {
    let loaded = scenario::parse(BUSY, "busy.toml", &[]).unwrap();
    let provenance = Provenance {
        version: "test".to_owned(),
        scenario: "busy.toml".to_owned(),
        hash: loaded.hash,
        seed: record.seed,
        overrides: Vec::new(),
        command: "test".to_owned(),
        effective: loaded.effective,
    };
    let folder = tempfile::tempdir().unwrap();
    let written = write_results(folder.path(), record, &provenance).unwrap();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    written.iter().map(|path| folder.path().join(path)).map(|path| (name(&path), fs::read(&path).unwrap())).collect()
}

/// Adds a router to Amazon's side that leads nowhere, with a name that comes first, so that every id moves.
fn with_an_idle_router(text: &str) -> String {
    let idle = r#"
[routers.aaa-idle]
provider = "aws"
facility = "iad-a"
[links.aaa-stub]
between = ["aaa-idle", "aws-iad-bb1"]
"#;
    text.replace("[expect]", &format!("{idle}[expect]"))
}

/// The same tables in the opposite order; what stands before the first table stays in front.
fn reordered(text: &str) -> String {
    let mut tables = text.split("\n[").map(str::to_owned).collect::<Vec<_>>();
    let top = tables.remove(0);
    // "[[failures]]" was split behind its first bracket.
    tables.reverse();
    tables.into_iter().fold(top, |text, table| format!("{text}\n[{table}"))
}

#[test]
fn the_same_seed_gives_the_same_record_and_the_same_files() {
    let (once, twice) = (run(BUSY), run(BUSY));
    assert_eq!(once, twice);
    let (once, twice) = (files(&once), files(&twice));
    assert!(once.contains_key("summary.json") && once.keys().any(|name| name.ends_with(".csv")), "{:?}", once.keys());
    assert!(once.values().all(|bytes| !bytes.is_empty()));
    for (name, bytes) in &once {
        assert!(twice[name] == *bytes, "{name} differs");
    }
    assert_eq!(once.len(), twice.len());
}

#[test]
fn another_seed_gives_another_run() {
    let records: Vec<RunRecord> = (1..=4).map(|seed| run_seeded(BUSY, seed)).collect();
    let mut fingerprints: Vec<u64> = records.iter().map(|record| record.fingerprint).collect();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), records.len());
    // Another run, not merely another number: somebody sent at other times.
    assert_ne!(records[0].flows, records[1].flows);
}

#[test]
fn an_idle_router_changes_nobodys_draws() {
    let (without, with) = (run(BUSY), run(&with_an_idle_router(BUSY)));
    let is_idle = |link: &str| link == "aaa-stub";
    assert_eq!(with.links.iter().filter(|direction| is_idle(&direction.link)).count(), 2);
    assert_eq!(without.flows, with.flows);
    assert_eq!(without.flow_entries, with.flow_entries);
    assert_eq!(without.monitors, with.monitors);
    for (without, with) in without.connections.iter().zip(&with.connections) {
        assert_eq!(without.availability, with.availability);
        for (without, with) in without.directions.iter().zip(&with.directions) {
            assert_eq!((&without.counts, &without.latency), (&with.counts, &with.latency));
        }
    }
    // The idle router has routing messages of its own to receive. They go over others' wires, so that a message to
    // somebody else may come a few nanoseconds later: times of routing are not compared.
    assert!(with.totals.control.sent > without.totals.control.sent);
}

#[test]
fn the_order_of_tables_in_the_file_means_nothing() {
    let other = reordered(BUSY);
    assert!(other.find("[expect]").unwrap() < other.find("[flows.mix]").unwrap());
    assert_eq!(run(BUSY), run(&other));
}

#[test]
fn the_effective_scenario_runs_as_the_one_it_was_made_from() {
    let effective = scenario::parse(BUSY, "busy.toml", &[]).unwrap().effective;
    assert_eq!(run(BUSY), run(&effective));
}

#[test]
fn repeated_runs_are_the_same_on_any_number_of_threads() {
    let network = network(BUSY);
    let on = |threads: usize| -> RepeatSummary {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| repeat(&network, RunSeed(1), 6, &|_, _| fabricsim::sim::Continue::Yes))
    };
    let one = on(1);
    assert_eq!(one.runs.len(), 6);
    assert_eq!(one, on(4));
}

#[test]
fn a_run_is_the_same_however_it_is_divided() {
    let regions = two_regions(4, "40 Mbps", "2 s");
    let asking = format!("{BUSY}{ASKING}");
    // Seldom enough that rates go by between two transfers.
    let rare = format!("fidelity = \"auto\"\n{BUSY}{}", RARE);
    let [flow, auto] = ["flow", "auto"].map(|fidelity| format!("fidelity = \"{fidelity}\"\n{BUSY}"));
    // Keys change twice, in the wrong order, while packets are on their way from one region to the other.
    let keys = "macsec = { hello = \"100 ms\", rekey = \"600 ms\", sak_retire = \"200 ms\", install_order = \"transmit-first\" }";
    let rekeyed = two_regions(4, "40 Mbps", "2 s").replacen("[links.spare]", &format!("{keys}\n[links.spare]"), 1);
    for text in [BUSY, &reordered(BUSY), &asking, &flow, &auto, &rare, &regions, &rekeyed] {
        let network = network(text);
        let whole = Simulation::new(&network, RunSeed(3)).run();
        let expected = files(&whole);
        for threads in [1, 2, 3, 8] {
            let simulation = Simulation::new(&network, RunSeed(3)).threads(threads).divided_anyway();
            assert_eq!(simulation.layout().count() > 1, threads > 1, "{}", whole.title);
            let divided = simulation.run();
            assert_eq!(divided.fingerprint, whole.fingerprint, "{} with {threads} threads", whole.title);
            assert_eq!(divided.totals.events, whole.totals.events);
            let differs = |(name, bytes): &(String, Vec<u8>)| expected.get(name) != Some(bytes);
            let differing: Vec<String> = files(&divided).into_iter().filter(differs).map(|(name, _)| name).collect();
            assert!(differing.is_empty(), "{} with {threads} threads: {differing:?}", whole.title);
        }
    }
}

#[test]
fn a_run_is_divided_where_that_gains_something() {
    let layout = |text: &str| Simulation::new(&network(text), RunSeed(1)).threads(2).layout();
    let busy = layout(&two_regions(4, "8 Gbps", "1 s"));
    assert_eq!((busy.count(), busy.reason()), (2, Whole::No));
    assert!(busy.lookahead() >= Span::from_ms(10), "the way between the regions");
    let quiet = layout(&two_regions(4, "10 kbps", "1 s"));
    assert_eq!((quiet.count(), quiet.reason()), (1, Whole::TooQuiet));
    // One router with its two attachments next to it.
    let near = r#"
horizon = "1 s"
[providers.net]
asn = 64512
forwarding_latency = "0 ps"
[routers.only]
provider = "net"
role = "backbone"
[attachments.a]
provider = "net"
prefixes = ["10.1.0.0/16"]
routers = ["only"]
delay = "1 us"
[attachments.b]
provider = "net"
prefixes = ["10.2.0.0/16"]
routers = ["only"]
delay = "1 us"
[flows.all]
from = "a"
to = "b"
rate = "50 Gbps"
"#;
    assert_eq!(layout(near).reason(), Whole::TooClose);
}
