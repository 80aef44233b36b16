//! What routes cost: memory of each, and BGP messages and prefixes a second, for tables from 1,000 to 100,000 prefixes.
//!
//! ```text
//! a (all prefixes) -- b (transit) -- c     the session of a and b ends at 5 s and is back, so all is told twice
//! ```
//! `cargo bench --bench routes` prints the table of docs/performance.md; `cargo bench --bench routes -- 1000` measures one
//! row. Every row runs in a process of its own, so that its memory is its own.

use std::process::Command;

use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::Simulation;
use fabricsim::study::benchmark::peak_memory;

const ROWS: [u32; 3] = [1_000, 10_000, 100_000];

/// Each prefix is held in the Adj-RIB-In of b, of c and of the edges behind b and c.
const HELD: f64 = 4.0;

fn main() {
    if let Some(prefixes) = std::env::args().find_map(|argument| argument.parse().ok()) {
        return row(prefixes);
    }
    println!("| prefixes | run | BGP messages | prefixes in them | messages/s | prefixes/s | memory for each route |");
    println!("|---|---|---|---|---|---|---|");
    for prefixes in ROWS {
        let own = std::env::current_exe().expect("a program has a file");
        let done = Command::new(own).arg(prefixes.to_string()).status();
        assert!(done.expect("it starts").success(), "{prefixes} prefixes");
    }
}

fn text(prefixes: u32) -> String {
    let list: Vec<String> = (0..prefixes)
        .map(|index| format!("\"{}.{}.{}.0/24\"", 20 + index / 65_536, index / 256 % 256, index % 256))
        .collect();
    format!(
        r#"
horizon = "20 s"
[providers]
a = {{ asn = 65001, profile = "fast" }}
b = {{ asn = 65002, profile = "fast" }}
c = {{ asn = 65003, profile = "fast" }}
[routers]
ra = {{ provider = "a" }}
rb = {{ provider = "b" }}
rc = {{ provider = "c" }}
[links]
ab = {{ between = ["ra", "rb"] }}
bc = {{ between = ["rb", "rc"] }}
[attachments]
all = {{ provider = "a", routers = ["ra"], prefixes = [{}] }}
middle = {{ provider = "b", routers = ["rb"], prefixes = ["10.2.0.0/16"] }}
one = {{ provider = "c", routers = ["rc"], prefixes = ["10.3.0.0/16"] }}
[flows.f]
from = "one"
to = "all"
rate = "8 kbps"
size = "100 B"
[[failures]]
name = "reset"
kind = "session_reset"
router = "ra"
peer = "rb"
at = "5 s"
"#,
        list.join(", ")
    )
}

fn row(prefixes: u32) {
    let network =
        scenario::parse(&text(prefixes), "routes", &[]).unwrap_or_else(|problems| panic!("{problems}")).network;
    let loaded = peak_memory();
    let begin = seconds_used();
    let record = Simulation::new(&network, RunSeed(1)).run();
    let seconds = seconds_used() - begin;
    let messages = record.routing.messages;
    // The record counts from scenario time 0; the warm-up told everything once before.
    let sent = messages.open + messages.update + messages.keepalive + messages.notification;
    let each =
        loaded.zip(peak_memory()).map(|(before, after)| (after.0 - before.0) as f64 / f64::from(prefixes) / HELD);
    let each = each.map_or_else(String::new, |bytes| format!("{bytes:.0} B"));
    println!(
        "| {prefixes} | {seconds:.2} s | {sent} | {} | {:.0} | {:.0} | {each} |",
        messages.prefixes,
        sent as f64 / seconds,
        messages.prefixes as f64 / seconds
    );
}

/// Seconds that this process ran on a processor: others on the machine do not count.
fn seconds_used() -> f64 {
    let times = std::fs::read_to_string("/proc/self/schedstat").expect("Linux tells");
    let nanoseconds: f64 = times.split(' ').next().and_then(|field| field.parse().ok()).expect("proc(5)");
    nanoseconds / 1e9
}
