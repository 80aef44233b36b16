//! Do sources that change in time, through the front door, send what their laws say? The record's bins tell when.

mod common;

use common::{flow, path, run};
use fabricsim::sim::record::RunRecord;

/// What the source is on for, and between, in the mean.
const ON: f64 = 0.2;
const OFF: f64 = 0.3;
/// Packets a second: in the mean 800, so 2,000 while it is on, 20 a bin.
const RATE: f64 = 800.0;
const PEAK: f64 = RATE * (ON + OFF) / ON;
const HORIZON: f64 = 2_500.0;
const BIN: f64 = 0.01;

/// One source that is on and off, with the packets of each bin; nothing waits anywhere.
fn on_off(on: &str, off: &str) -> (RunRecord, Vec<u64>) {
    let bits = RATE * 8_000.0;
    let keys = format!("rate = \"{bits} bps\"\nsize = \"1000 B\"\narrivals = \"on-off\"\non = {on:?}\noff = {off:?}");
    let text = path(&format!("{HORIZON} s"), "rate = \"10 Gbps\"", &flow("f", &keys));
    let record = run(&text.replacen("\n", &format!("\nbin = \"{} ms\"\n", BIN * 1_000.0), 1));
    let sent: Vec<u64> = record.loss_series.iter().map(|bin| bin.sent).collect();
    assert_eq!(sent.len() as f64, HORIZON / BIN);
    (record, sent)
}

/// Lengths of the bursts in packets: a bin without any ends one.
fn bursts(sent: &[u64]) -> Vec<u64> {
    sent.split(|packets| *packets == 0).filter(|burst| !burst.is_empty()).map(|burst| burst.iter().sum()).collect()
}

/// Variance of the packets in windows of so many bins, over their mean.
fn dispersion(sent: &[u64], bins: usize) -> f64 {
    let windows: Vec<f64> = sent.chunks_exact(bins).map(|window| window.iter().sum::<u64>() as f64).collect();
    let count = windows.len() as f64;
    let mean = windows.iter().sum::<f64>() / count;
    windows.iter().map(|packets| (packets - mean).powi(2)).sum::<f64>() / count / mean
}

fn assert_near(what: &str, measured: f64, expected: f64, share: f64) {
    let off = measured / expected - 1.0;
    assert!(off.abs() <= share, "{what}: {measured:.6e} is {:.2}% off {expected:.6e}", 100.0 * off);
}

/// Some 5,000 cycles of on and off. A share g = 1/on + 1/off of its correlation is lost a second, so the packets within t
/// vary by 2 P^2 p (1 - p) (g t - 1 + exp(-g t)) / g^2, p = on / (on + off) and P the rate while on: the integral of the
/// covariance p (1 - p) exp(-g t) of a process of two states (Anick, Mitra and Sondhi 1982 use the same source).
#[test]
fn an_exponential_on_off_source_has_its_rate_bursts_and_variance() {
    let (record, sent) = on_off("exponential 200 ms", "exponential 300 ms");
    let cycles = HORIZON / (ON + OFF);
    // The share of time in which it is on varies by 2 p (1 - p) / (g T).
    let rate_of_change = 1.0 / ON + 1.0 / OFF;
    let on_share = ON / (ON + OFF);
    let error = (2.0 * (1.0 - on_share) / (on_share * rate_of_change * HORIZON)).sqrt();
    assert_near("rate", record.totals.data.sent as f64 / HORIZON, RATE, 3.0 * error);
    assert_eq!(sent.iter().max(), Some(&20), "a packet every 0.5 ms while it is on");
    // A pause shows when it leaves a bin empty: always above two bins, never below one. It begins a packet's time early.
    let gap = 1.0 / PEAK;
    let shows = OFF / BIN * (libm::exp(-(BIN - gap) / OFF) - libm::exp(-(2.0 * BIN - gap) / OFF));
    let bursts = bursts(&sent);
    // The variation of a cycle is 0.72, over 5,000 cycles; three standard errors.
    assert_near("bursts", bursts.len() as f64, cycles * shows, 3.0 * 0.72 / cycles.sqrt());
    let mean = bursts.iter().sum::<u64>() as f64 / bursts.len() as f64;
    assert_near("packets in a burst", mean * shows, ON * PEAK, 3.0 / cycles.sqrt());
    for (bins, seconds) in [(10, 0.1), (100, 1.0), (500, 5.0)] {
        let x = rate_of_change * seconds;
        let variance = 2.0 * PEAK * PEAK * on_share * (1.0 - on_share) * (x - 1.0 + libm::exp(-x))
            / (rate_of_change * rate_of_change);
        // The variance of n independent windows that are about normal varies by sqrt(2 / n) of itself.
        let windows = HORIZON / seconds.max(1.0 / rate_of_change);
        let allowed = 3.0 * (2.0 / windows).sqrt();
        assert_near(
            &format!("dispersion in {seconds} s"),
            dispersion(&sent, bins),
            variance / (RATE * seconds),
            allowed,
        );
    }
}

/// P(on > x) = (m / x)^a with m = mean (a - 1) / a. With a = 1.5 a burst of ten means is a hundred times as frequent as
/// with an exponential law, and what a window holds disperses more the longer it is: by t^(2 - a) (Taqqu, Willinger and
/// Sherman, "Proof of a fundamental result in self-similar traffic modeling", 1997: H = (3 - a) / 2). With a = 2.5 the
/// variance is finite, and the mean can be held against the law.
#[test]
fn a_pareto_on_off_source_has_its_mean_and_its_tail() {
    let off = "300 ms"; // always: each pause shows
    let (_, light) = on_off("pareto 200 ms 2.5", off);
    let lengths = bursts(&light);
    // The variation of such a length is 1 / (a (a - 2)) = 0.8; on and off together, 5,000 cycles.
    let cycles = HORIZON / (ON + OFF);
    let length = lengths.iter().sum::<u64>() as f64 / lengths.len() as f64;
    assert_near("packets in a burst", length, ON * PEAK, 3.0 * (0.8 / cycles).sqrt());
    let (_, heavy) = on_off("pareto 200 ms 1.5", off);
    let (_, exponential) = on_off("exponential 200 ms", off);
    let longer = |bursts: &[u64], seconds: f64| bursts.iter().filter(|burst| **burst as f64 > seconds * PEAK).count();
    let [heavy_bursts, exponential_bursts] = [&heavy, &exponential].map(|sent| bursts(sent));
    for seconds in [0.1, 0.2, 0.5, 2.0] {
        let laws = [
            ("pareto", &heavy_bursts, libm::pow(ON / 3.0 / seconds, 1.5)),
            ("exponential", &exponential_bursts, libm::exp(-seconds / ON)),
        ];
        for (law, bursts, share) in laws {
            let expected = share * bursts.len() as f64;
            let allowed = 4.0 * (expected * (1.0 - share)).sqrt() + 1.0;
            let found = longer(bursts, seconds) as f64;
            assert!((found - expected).abs() <= allowed, "{law}: {found} of {expected} bursts above {seconds} s");
        }
    }
    let [short, long] = [10, 1_000].map(|bins| dispersion(&heavy, bins) / dispersion(&exponential, bins));
    assert!(long > 2.0 && long > 1.5 * short, "{short} times as dispersed in 0.1 s, {long} times in 10 s");
}

/// Each hour carries its per cent of the rate, and the second day is like the first: a constant flow to the packet, a Poisson
/// one within four standard deviations.
#[test]
fn a_profile_gives_each_hour_its_share() {
    let percent: Vec<u64> = (0..24).map(|hour| if hour == 3 { 0 } else { 20 + 7 * ((hour * 5) % 24) }).collect();
    let profile: Vec<String> = percent.iter().map(|percent| format!("\"{percent}%\"")).collect();
    for arrivals in ["constant", "poisson"] {
        let keys =
            format!("rate = \"8 kbps\"\nsize = \"100 B\"\narrivals = {arrivals:?}\ndiurnal = [{}]", profile.join(", "));
        let text = path("30 h", "rate = \"10 Gbps\"", &flow("f", &keys));
        let record = run(&text.replacen("\n", "\nbin = \"1 h\"\n", 1));
        assert_eq!(record.loss_series.len(), 30);
        for (hour, bin) in record.loss_series.iter().enumerate() {
            let expected = (10 * 3_600 * percent[hour % 24]) as f64 / 100.0;
            let allowed = if arrivals == "constant" { 1.0 } else { 4.0 * expected.sqrt() };
            assert!(
                (bin.sent as f64 - expected).abs() <= allowed,
                "{arrivals}, hour {hour}: {} of {expected}",
                bin.sent
            );
        }
    }
}
