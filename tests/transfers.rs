//! Do transfers over TCP behave as the RFCs and Linux say, and does the run's division leave no trace on them?
//!
//! ```text
//! left -- r1 ==== l1: loss, cut or bottleneck ==== r2 -- right
//! ```

mod common;

use common::{assert_conserved, failure, flow, network, path, run, run_seeded};
use fabricsim::rng::RunSeed;
use fabricsim::sim::Simulation;
use fabricsim::sim::record::{RunRecord, TransferRecord};
use fabricsim::units::Span;
use rayon::prelude::*;

/// Bytes of data in a full segment: 1500 less IPv4, TCP and timestamps.
const SEGMENT: u64 = 1_448;

fn transfers<'r>(record: &'r RunRecord, name: &str) -> &'r TransferRecord {
    let entry = record.flow_entries.iter().find(|entry| entry.name == name).unwrap();
    entry.transfers.as_ref().unwrap()
}

/// Mean window in segments over a round trip of `rtt_ms`, at a loss of one packet in `one_in`, over four runs; `widest` bounds what slow
/// start leaves behind.
fn mean_window(control: &str, rtt_ms: u64, one_in: u64, horizon: &str, widest: &str) -> f64 {
    let link = format!("rate = \"100 Gbps\"\ndelay = \"{} us\"\nbuffer = \"1 GiB\"", rtt_ms * 500);
    let keys = format!("transfer = \"unlimited\"\nreceive_window = {widest:?}\ncongestion_control = {control:?}");
    let probability = format!("at = \"0 s\"\nprobability = \"{}%\"", 100.0 / one_in as f64);
    let text = path(horizon, &link, &(flow("f", &keys) + &failure("grey_loss", &probability)));
    let rate = |seed| transfers(&run_seeded(&text, seed), "f").goodput.unwrap().as_bps();
    let rates: Vec<u64> = (1..=4u64).into_par_iter().map(rate).collect();
    let segments = rates.iter().sum::<u64>() as f64 / (4 * SEGMENT * 8) as f64;
    segments * rtt_ms as f64 / 1_000.0
}

/// Ott, Kemperman and Mathis, "The stationary behavior of ideal TCP congestion avoidance" (1996): with independent
/// losses the window is 1.31 / sqrt(p) in the mean over time. About 1000 losses: one standard error is 2%.
#[test]
fn new_reno_gets_what_the_square_root_of_loss_allows() {
    let window = mean_window("new-reno", 20, 10_000, "400 s", "1 MB");
    let expected = 1.31 * 100.0;
    assert!((window / expected - 1.0).abs() < 0.08, "{window} against {expected}");
}

/// The mean window of the law alone, W(t) = C (t - K)^3 + W_max (RFC 9438 4.2) with fast convergence (4.7), as a fluid
/// in which a loss strikes after an exponential amount of data: RFC 9438's own response function, 1.054 (RTT / p)^(3/4)
/// or 187 segments here, is for losses at equal distances, and independent ones allow more (Poojary and Sharma, "An
/// asymptotic approximation for TCP CUBIC", 2019).
fn cubic_fluid(rtt_s: f64, one_in: f64) -> f64 {
    let mut stream = RunSeed(1).stream("cubic", "fluid");
    let (mut window, mut peak) = (200.0f64, 200.0f64);
    let (mut data, mut rounds) = (0.0, 0.0);
    for _ in 0..20_000 {
        let at_loss = window;
        peak = if at_loss < peak { at_loss * 0.85 } else { at_loss };
        let start = 0.7 * at_loss;
        let plateau = peak.max(start);
        let until_plateau = libm::cbrt((plateau - start) / 0.4);
        let mut left = stream.exponential() * one_in;
        let mut t = 0.0;
        while left > 0.0 {
            let since_plateau: f64 = t - until_plateau;
            window = 0.4 * since_plateau * since_plateau * since_plateau + plateau;
            let share = (left / window).min(1.0);
            data += window * share;
            rounds += share;
            left -= window;
            t += rtt_s;
        }
    }
    data / rounds
}

/// About 900 losses: one standard error is 2%; and the packets' window grows a round trip ahead of the fluid's.
#[test]
fn cubic_gets_what_its_law_allows() {
    let window = mean_window("cubic", 100, 10_000, "1000 s", "2 MB");
    let expected = cubic_fluid(0.1, 10_000.0);
    assert!((window / expected - 1.0).abs() < 0.1, "{window} against {expected}");
    assert!(expected > 1.054 * libm::pow(0.1 * 10_000.0, 0.75), "{expected}");
}

/// Linux: tries at RTT + 200 ms after the first lost segment was sent, then after twice as long each time, so the n-th
/// comes at (2^n - 1) (RTT + 200 ms); with RTT near zero 0.2, 0.6, 1.4, 3.0, 6.2, 12.6 s.
#[test]
fn an_outage_stalls_a_transfer_until_the_try_after_it() {
    for (outage, tries, until) in [("900 ms", 3, 1_400), ("8800 ms", 6, 12_600)] {
        let link = "rate = \"10 Gbps\"\ndelay = \"749 us\"\nbuffer = \"16 MiB\"";
        let keys = "transfer = \"unlimited\"\nreceive_window = \"200 kB\"";
        let cut = failure("silent_cut", &format!("at = \"2 s\"\nlasts = {outage:?}"));
        let record = run(&path("20 s", link, &(flow("f", keys) + &cut)));
        let transfers = transfers(&record, "f");
        assert_eq!((transfers.timeouts, transfers.probes, transfers.recoveries), (tries, 1, 0), "{transfers:?}");
        // A round trip of 1.5 ms, some microseconds more while a window is sent.
        let least = Span::from_ms(until) + Span::from_us(1_500 * ((1 << tries) - 1));
        let stall = transfers.longest_stall;
        let most = least + Span::from_us(60 * (1 << tries)) + Span::from_ms(3);
        assert!((least.saturating_sub(Span::from_ms(2))..most).contains(&stall), "{stall}, not {least} to {most}");
    }
}

/// A queue of one bandwidth-delay product keeps the link busy under NewReno (a halved window still fills the path), and
/// equal flows share it: each gets half, within a fifth.
#[test]
fn two_transfers_fill_a_bottleneck_and_share_it() {
    for control in ["new-reno", "cubic"] {
        let link = "rate = \"100 Mbps\"\ndelay = \"10 ms\"\nbuffer = \"250 kB\"";
        let keys = format!("transfer = \"unlimited\"\ncongestion_control = {control:?}");
        let later = format!("{keys}\nstart = \"1 s\"");
        let record = run(&path("120 s", link, &(flow("f", &keys) + &flow("g", &later))));
        let rates = ["f", "g"].map(|name| transfers(&record, name).goodput.unwrap().as_bps() as f64 / 1e6);
        // 1448 of 1500 bytes are data.
        let all = 100.0 * SEGMENT as f64 / 1_500.0;
        let sum: f64 = rates.iter().sum();
        assert!(sum > 0.95 * all && sum < 1.01 * all, "{control}: {rates:?}");
        assert!(rates.iter().all(|rate| (rate / sum - 0.5).abs() < 0.1), "{control}: {rates:?}");
    }
}

/// Marks instead of losses: with RED that marks, ECN-capable transfers shrink their windows and lose nothing.
#[test]
fn transfers_that_see_marks_lose_nothing() {
    let link = "queueing = \"marking\"\nrate = \"100 Mbps\"\ndelay = \"10 ms\"\nbuffer = \"4 MB\"";
    let red = "red = { min = \"30 kB\", max = \"900 kB\", probability = \"50%\", weight = 4, ecn = \"mark\" }";
    let marking = format!("[queueing.marking.classes.all]\n{red}\n");
    let keys = "transfer = \"unlimited\"\ncount = 2\necn = \"ect0\"\nreceive_window = \"1 MB\"";
    let record = run(&path("20 s", link, &(marking + &flow("f", keys))));
    let transfers = transfers(&record, "f");
    assert!(transfers.marks > 10, "{transfers:?}");
    assert_eq!(transfers.retransmissions, 0, "{transfers:?}");
}

const MANY: &str = "transfer = \"pareto 100 kB 1.3\"\narrivals = \"poisson\"\ninterval = \"2 s\"\ncount = 1000";

#[test]
fn thousands_of_transfers_end_however_the_run_is_divided() {
    let link = "rate = \"1 Gbps\"\ndelay = \"5 ms\"\nbuffer = \"1 MB\"";
    let cut = failure("silent_cut", "at = \"3 s\"\nlasts = \"300 ms\"");
    let network = network(&path("6 s", link, &(flow("many", MANY) + &cut)));
    let whole = Simulation::new(&network, RunSeed(3)).run();
    assert_conserved(&whole);
    let many = transfers(&whole, "many");
    // Poisson: 1000 x 6 / 2, standard error 55.
    assert!(many.asked.abs_diff(3_000) < 250, "{many:?}");
    assert!(many.completion.count > 2_500, "{many:?}");
    for threads in [2, 3] {
        assert_eq!(Simulation::new(&network, RunSeed(3)).threads(threads).run(), whole, "{threads} threads");
    }
}

/// 100 kB are 70 segments: one round trip for the connection, then 10, 20 and 40 segments in one each.
#[test]
fn a_short_transfer_takes_the_round_trips_of_slow_start() {
    let link = "rate = \"100 Gbps\"\ndelay = \"9998 us\"\nbuffer = \"16 MiB\"";
    let record = run(&path("2 s", link, &flow("f", "transfer = \"100 kB\"")));
    let completion = &transfers(&record, "f").completion;
    assert_eq!(completion.count, 1);
    assert!((Span::from_ms(80)..Span::from_us(80_200)).contains(&completion.max), "{}", completion.max);
}
