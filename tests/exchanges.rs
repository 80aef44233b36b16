//! Do requests and responses take as long as arithmetic and queueing theory say, and is loss answered as RFC 7252 says?
//!
//! ```text
//! left: clients -- r1 ==== l1: loss or cut ==== r2 -- right: workers
//! ```

mod common;

use common::{assert_conserved, failure, flow, network, path, run};
use fabricsim::rng::RunSeed;
use fabricsim::sim::Simulation;
use fabricsim::sim::record::{ExchangeRecord, RunRecord};
use fabricsim::units::Span;

/// Bytes of IPv4 and UDP headers.
const HEADERS: u64 = 28;

fn exchanges<'r>(record: &'r RunRecord, name: &str) -> &'r ExchangeRecord {
    let entry = record.flow_entries.iter().find(|entry| entry.name == name).unwrap();
    entry.exchanges.as_ref().unwrap()
}

/// Nothing but requests and responses that take no time on the way.
fn server(horizon: &str, keys: &str) -> ExchangeRecord {
    let link = "rate = \"400 Gbps\"\ndelay = \"1 us\"\nbuffer = \"1 GiB\"";
    let keys = format!("request = \"10 B\"\nresponse = \"10 B\"\ntimeout = \"1000 s\"\nretries = 0\n{keys}");
    let record = run(&path(horizon, link, &flow("ask", &keys)));
    let exchanges = exchanges(&record, "ask").clone();
    assert_eq!((exchanges.retries, exchanges.given_up), (0, 0));
    exchanges
}

fn seconds(span: Span) -> f64 {
    span.as_seconds()
}

/// (rate in bits a second, propagation in picoseconds) of the links of [`path`], from left to right.
const LINKS: [(u64, u64); 3] =
    [(400_000_000_000, 1_000_000), (1_000_000_000, 2_000_000_000), (400_000_000_000, 1_000_000)];

/// When the last of some packets that leave together comes in: on each link it waits for those before it.
fn arrival(links: impl Iterator<Item = (u64, u64)>, packets: &[u64]) -> u64 {
    let mut ready = vec![0; packets.len()];
    for (rate, propagation) in links {
        let mut free = 0;
        for (at, bytes) in ready.iter_mut().zip(packets) {
            free = free.max(*at) + (bytes * 8 * 1_000_000_000_000).div_ceil(rate);
            *at = free + propagation;
        }
    }
    ready[packets.len() - 1]
}

#[test]
fn a_lone_exchange_takes_both_ways_and_the_service_to_the_picosecond() {
    let link = "rate = \"1 Gbps\"\ndelay = \"2 ms\"\nbuffer = \"16 MiB\"";
    for (request, response, packets) in
        [(1_000, 400, vec![400 + HEADERS]), (50, 3_500, vec![1_500, 1_500, 556 + HEADERS])]
    {
        let keys =
            format!("request = \"{request} B\"\nresponse = \"{response} B\"\nservice = \"3 ms\"\nthink = \"20 ms\"\n");
        let record = run(&path("1 s", link, &flow("ask", &keys)));
        let exchanges = exchanges(&record, "ask");
        let there = arrival(LINKS.into_iter(), &[request + HEADERS]);
        let back = arrival(LINKS.into_iter().rev(), &packets);
        let expected = Span::from_ps(there + 3_000_000_000 + back);
        assert_eq!([exchanges.latency.min, exchanges.latency.max], [expected; 2]);
        // The first one after a think time, the next one so long after the end of the one before.
        let cycle = (expected + Span::from_ms(20)).as_ps();
        assert_eq!(exchanges.begun, (1_000_000_000_000 - 20_000_000_000u64).div_ceil(cycle));
        assert_eq!(exchanges.begun, exchanges.latency.count + exchanges.open);
        // Every packet is counted, in both directions.
        let sent: Vec<u64> = record.flow_entries.iter().map(|entry| entry.counts.sent).collect();
        assert_eq!(sent[0], exchanges.begun);
        assert!(sent[1].abs_diff(exchanges.begun * packets.len() as u64) <= packets.len() as u64);
    }
}

/// M/M/c (Erlang C): the mean wait is C(c, a) S / (c - a) with offered load a; for one worker rho S / (1 - rho). Some
/// 280,000 requests; the standard error is below 2% (Whitt 1989, as in `queueing_theory.rs`).
#[test]
fn requests_wait_for_workers_as_erlang_says() {
    // (workers, requests a second of each of 20 five-tuples, expected wait in service times of 1 ms)
    let cases = [(1, 35, 0.7 / 0.3), (4, 140, erlang_c(4, 2.8) / (4.0 - 2.8))];
    for (workers, rate, expected) in cases {
        let interval = Span::from_s(1).scaled(1, rate);
        let keys = format!(
            "count = 20\nworkers = {workers}\nservice = \"exponential 1 ms\"\narrivals = \"poisson\"\n\
             interval = \"{} ps\"",
            interval.as_ps()
        );
        let exchanges = server(if workers == 1 { "400 s" } else { "100 s" }, &keys);
        let wait = seconds(exchanges.wait.mean) * 1_000.0;
        assert!((wait / expected - 1.0).abs() < 0.06, "{workers} workers: {wait} against {expected}");
        // Latency is the wait, the service and 6 us on the way.
        let latency = seconds(exchanges.latency.mean) * 1_000.0;
        assert!((latency - wait - 1.006).abs() < 0.01, "{latency} after {wait}");
    }
}

/// Erlang B: of requests with an offered load of 8 to ten workers without a place to wait, 0.121661 find all busy (the
/// telephone engineers' tables). 320,000 requests; the share of time blocked has a relative standard error below 1%.
#[test]
fn workers_without_a_place_to_wait_refuse_as_erlang_says() {
    let link = "rate = \"400 Gbps\"\ndelay = \"1 us\"\nbuffer = \"1 GiB\"";
    let keys = "request = \"10 B\"\nresponse = \"10 B\"\ntimeout = \"1 s\"\nretries = 0\nworkers = 10\nbacklog = 0\n\
                service = \"exponential 1 ms\"\ncount = 20\narrivals = \"poisson\"\ninterval = \"2500 us\"";
    let record = run(&path("40 s", link, &flow("ask", keys)));
    let exchanges = exchanges(&record, "ask");
    let came = exchanges.wait.count + exchanges.refused;
    assert_eq!(exchanges.wait.max, Span::ZERO);
    let refused = exchanges.refused as f64 / came as f64;
    assert!((refused / 0.121_661 - 1.0).abs() < 0.03, "{refused}");
    // Nobody tells the client: it gives up when its time has run out, all but those of the last second.
    assert!(exchanges.refused - exchanges.given_up <= exchanges.open, "{exchanges:?}");
}

/// The probability to wait among `workers` at an offered load of `load` Erlang.
fn erlang_c(workers: u32, load: f64) -> f64 {
    let terms: Vec<f64> =
        (0..=workers).scan(1.0, |term, n| Some(std::mem::replace(term, *term * load / f64::from(n + 1)))).collect();
    let last = terms[workers as usize] * f64::from(workers) / (f64::from(workers) - load);
    last / (terms[..workers as usize].iter().sum::<f64>() + last)
}

/// The machine repairman (M/M/1//N, Kleinrock 1975, 3.8): N clients that think for Z in the mean and one worker that
/// takes S have a throughput of (1 - p0) / S, 1 / p0 = sum of N! / (N - n)! (S / Z)^n; and by the interactive
/// response-time law (Little) the response takes N / X - Z.
#[test]
fn clients_that_think_slow_themselves_down() {
    let (clients, think, service) = (12u32, 0.010, 0.001);
    let keys = "count = 12\nworkers = 1\nservice = \"exponential 1 ms\"\nthink = \"exponential 10 ms\"";
    let exchanges = server("200 s", keys);
    let terms = (1..=clients).scan(1.0, |term, n| {
        *term *= f64::from(clients - n + 1) * service / think;
        Some(*term)
    });
    let throughput = (1.0 - 1.0 / (1.0 + terms.sum::<f64>())) / service;
    let measured = exchanges.latency.count as f64 / 200.0;
    // 160,000 services: a standard error of 0.25%.
    assert!((measured / throughput - 1.0).abs() < 0.01, "{measured} against {throughput} a second");
    let response = f64::from(clients) / measured - think;
    let mean = seconds(exchanges.latency.mean);
    assert!((mean / response - 1.0).abs() < 0.02, "{mean} against {response}");
}

/// With a loss of 10% each way a request is answered with probability q = 0.81: of all exchanges (1 - q)^3 are given up
/// when two more requests are allowed, after (1 - q) + (1 - q)^2 retries in the mean.
#[test]
fn loss_is_answered_by_sending_again() {
    let link = "rate = \"10 Gbps\"\ndelay = \"10 us\"\nbuffer = \"16 MiB\"";
    let keys =
        "request = \"100 B\"\nresponse = \"1 kB\"\ncount = 50\nthink = \"1 ms\"\ntimeout = \"1 ms\"\nretries = 2";
    let loss = failure("grey_loss", "at = \"0 s\"\nprobability = \"10%\"");
    let record = run(&path("5 s", link, &(flow("ask", keys) + &loss)));
    let exchanges = exchanges(&record, "ask");
    let ended = (exchanges.latency.count + exchanges.given_up) as f64;
    assert!(ended > 100_000.0, "{exchanges:?}");
    let (failed, tolerance) = (1.0 - 0.81f64, 4.0 / ended.sqrt());
    let given_up = exchanges.given_up as f64 / ended;
    // Four standard errors of a share.
    assert!((given_up - failed.powi(3)).abs() < tolerance * failed.powi(3).sqrt(), "{given_up}");
    let retries = exchanges.retries as f64 / ended;
    assert!((retries - failed - failed.powi(2)).abs() < tolerance * 0.6, "{retries}");
    // Requests are sent after 0, 1 and 3 ms, so no response comes later than 3 ms and the way.
    assert!((Span::from_us(3_024)..Span::from_us(3_030)).contains(&exchanges.latency.max), "{exchanges:?}");
}

#[test]
fn a_slow_server_answers_the_first_request_after_the_second() {
    let keys = "request = \"1 B\"\nresponse = \"1 B\"\nservice = \"300 ms\"\nthink = \"10 s\"\ntimeout = \"200 ms\"";
    let link = "rate = \"400 Gbps\"\ndelay = \"1 us\"\nbuffer = \"1 GiB\"";
    let record = run(&path("11 s", link, &flow("ask", keys)));
    let exchanges = exchanges(&record, "ask");
    // Both requests are served; the second response finds nobody who waits.
    assert_eq!((exchanges.begun, exchanges.retries, exchanges.given_up, exchanges.wait.count), (1, 1, 0, 2));
    assert_eq!(exchanges.latency.max.as_ps() / 1_000_000, 300_006);
    assert_eq!(record.flow_entries[1].counts.delivered, 2);
}

/// Ends in different partitions: the whole record is the same on any number of threads.
#[test]
fn exchanges_end_alike_however_the_run_is_divided() {
    let link = "rate = \"1 Gbps\"\ndelay = \"5 ms\"\nbuffer = \"200 kB\"";
    let keys = "request = \"exponential 2 kB\"\nresponse = \"pareto 20 kB 1.3\"\ncount = 300\narrivals = \"poisson\"\n\
                interval = \"100 ms\"\nservice = \"pareto 2 ms 2.5\"\nworkers = 8\ntimeout = \"50 ms\"";
    let cut = failure("silent_cut", "at = \"1 s\"\nlasts = \"300 ms\"");
    let network = network(&path("3 s", link, &(flow("ask", keys) + &cut)));
    let whole = Simulation::new(&network, RunSeed(3)).run();
    assert_conserved(&whole);
    let exchanges = exchanges(&whole, "ask");
    assert!(exchanges.latency.count > 5_000 && exchanges.retries > 500, "{exchanges:?}");
    for threads in [2, 3, 8] {
        let simulation = Simulation::new(&network, RunSeed(3)).threads(threads).divided_anyway();
        assert!(simulation.layout().count() > 1);
        assert_eq!(simulation.run(), whole, "{threads} threads");
    }
}
