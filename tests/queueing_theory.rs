//! Does a packet take as long as arithmetic says, and does a queue wait as long as queueing theory says?
//!
//! ```text
//! left (edge) -- hop 1 --> r1 -- hop 2 --> r2 ... -- hop n --> right (edge)
//! ```
//! Bare packets (framing "none"), no MACsec and no routing protocol, unless a test says otherwise: then nothing but
//! the flow itself is on the wires. Run lengths are chosen beforehand so that three standard errors of the estimate,
//! by the formula named at each test, stay below the stated share of the expected value.

mod common;

use std::fmt::Write as _;

use common::{lost, run};
use fabricsim::dataplane::{PacketStore, Port};
use fabricsim::ids::{DestinationId, FlowId};
use fabricsim::message::{DropReason, Packet, PacketKind};
use fabricsim::rng::RunSeed;
use fabricsim::sim::record::RunRecord;
use fabricsim::units::{Span, Time, TrafficClass};

/// One link of a chain.
#[derive(Clone, Copy)]
struct Hop {
    bits_per_second: u64,
    delay_ps: u64,
    buffer: &'static str,
    /// Of the router at its far end.
    forwarding_ps: u64,
}

impl Hop {
    const fn of(bits_per_second: u64) -> Self {
        Self { bits_per_second, delay_ps: 0, buffer: "unlimited", forwarding_ps: 0 }
    }

    /// ceil(8 L / R) + delay + forwarding, in picoseconds.
    fn latency(self, bytes: u64) -> u64 {
        let bits = u128::from(bytes) * 8 * 1_000_000_000_000;
        let transmission = bits.div_ceil(u128::from(self.bits_per_second));
        u64::try_from(transmission).unwrap() + self.delay_ps + self.forwarding_ps
    }

    fn wire(self) -> String {
        let Self { bits_per_second, delay_ps, buffer, .. } = self;
        format!(
            "rate = \"{bits_per_second} bps\"\ndelay = \"{delay_ps} ps\"\nbuffer = {buffer:?}\n\
             framing = \"none\"\nmtu = \"65535 B\"\n"
        )
    }
}

/// A chain of hops with one flow from its left to its right end; `flow` holds rate, arrivals and size.
fn chain(hops: &[Hop], horizon: &str, flow: &str) -> String {
    let (first, last) = (hops[0], hops[hops.len() - 1]);
    let routers = hops.len() - 1;
    let mut text = format!("horizon = {horizon:?}\n[providers.net]\n");
    for (index, hop) in hops[..routers].iter().enumerate() {
        let forwarding = hop.forwarding_ps;
        writeln!(text, "[routers.r{}]\nprovider = \"net\"\nforwarding_latency = \"{forwarding} ps\"", index + 1)
            .unwrap();
    }
    for (index, hop) in hops[1..routers].iter().enumerate() {
        let (near, far) = (index + 1, index + 2);
        writeln!(text, "[links.l{near}]\nbetween = [\"r{near}\", \"r{far}\"]\nmacsec = \"off\"\n{}", hop.wire())
            .unwrap();
    }
    for (name, prefix, router, hop) in [("left", 1, 1, first), ("right", 2, routers, last)] {
        let forwarding = hop.forwarding_ps;
        writeln!(
            text,
            "[attachments.{name}]\nprovider = \"net\"\nprefixes = [\"10.{prefix}.0.0/24\"]\nrouters = [\"r{router}\"]\n\
             forwarding_latency = \"{forwarding} ps\"\n{}",
            hop.wire()
        )
        .unwrap();
    }
    writeln!(text, "[flows.f]\nfrom = \"left\"\nto = \"right\"\n{flow}").unwrap();
    text
}

/// A single queue: the first hop; the second is so fast that it adds next to nothing.
fn one_queue(bits_per_second: u64, buffer: &'static str, horizon: &str, flow: &str) -> RunRecord {
    let queue = Hop { buffer, ..Hop::of(bits_per_second) };
    run(&chain(&[queue, Hop::of(1_000 * bits_per_second)], horizon, flow))
}

fn seconds(span: Span) -> f64 {
    span.as_seconds()
}

fn count(value: u64) -> f64 {
    value as f64
}

/// The estimate is within three of its standard errors, and these are small: at most a third of `vacuous`.
fn assert_within(what: &str, measured: f64, expected: f64, relative_error: f64, vacuous: f64) {
    let deviation = measured / expected - 1.0;
    assert!(3.0 * relative_error <= vacuous, "{what}: run longer, 3 x {relative_error:.4} proves little");
    assert!(
        deviation.abs() <= 3.0 * relative_error,
        "{what}: {measured:.6e} is {:.2}% off {expected:.6e}, allowed is {:.2}%",
        100.0 * deviation,
        300.0 * relative_error
    );
}

/// Relative standard error of the mean wait over `packets` in a queue at `load`, with squared coefficients of
/// variation of interarrival and service times that sum to `variability`. Heavy-traffic limit: reflected Brownian
/// motion has asymptotic variance c^6 / (2 (1 - rho)^4) in service times squared (W. Whitt, "Planning queueing
/// simulations", 1989); below heavy traffic it overstates (Daley 1968 gives 29 for M/M/1 at 0.5, this 64).
fn error_of_mean_wait(load: f64, variability: f64, packets: u64) -> f64 {
    let mean = load * variability / (2.0 * (1.0 - load));
    let variance = variability.powi(3) / (2.0 * (1.0 - load).powi(4));
    (variance / count(packets)).sqrt() / mean
}

/// A rate that loads `bits_per_second` to `percent`.
fn flow(bits_per_second: u64, percent: u64, arrivals: &str, size: &str) -> String {
    format!("rate = \"{} bps\"\narrivals = {arrivals:?}\nsize = {size:?}", bits_per_second * percent / 100)
}

#[test]
fn a_lone_packet_takes_the_sum_of_its_parts() {
    // Rates that do not divide, so that each hop rounds up by itself.
    let hops = [
        Hop { delay_ps: 1_234_567, forwarding_ps: 5_000_001, ..Hop::of(999_999_937) },
        Hop { delay_ps: 98_000_000, forwarding_ps: 0, ..Hop::of(40_000_000_000) },
        Hop { delay_ps: 1, forwarding_ps: 3, ..Hop::of(7_000_003) },
        Hop { delay_ps: 50_000_000, forwarding_ps: 700, ..Hop::of(400_000_000_000) },
    ];
    for bytes in [64, 1_400, 9_001] {
        // One packet each tenth of a second: never two at once.
        let flow = format!("rate = \"{} bps\"\nsize = \"{bytes} B\"", bytes * 80);
        let record = run(&chain(&hops, "1 s", &flow));
        let expected = Span::from_ps(hops.iter().map(|hop| hop.latency(bytes)).sum());
        let latency = &record.totals.latency;
        assert_eq!(latency.count, 10);
        assert_eq!((latency.min, latency.mean, latency.max), (expected, expected, expected));
        assert_eq!(record.totals.queueing.max, Span::ZERO);
    }
}

#[test]
fn the_first_packet_of_the_udp_echo_tutorial_takes_3_6864_ms() {
    // ns-3 tutorial, "first.cc": 1024 bytes, 28 of UDP and IP, 2 of PPP, over 5 Mbps and 2 ms, arrive after
    // 1054 x 8 / 5e6 s + 2 ms = 3.6864 ms. Our shortest chain has a second hop: 21.08 ns at 400 Gbps.
    let hops = [Hop { delay_ps: 2_000_000_000, ..Hop::of(5_000_000) }, Hop::of(400_000_000_000)];
    let record = run(&chain(&hops, "1 s", "rate = \"8432 bps\"\nsize = \"1054 B\""));
    assert_eq!(record.totals.latency.count, 1);
    assert_eq!(record.totals.latency.max, Span::from_ns(3_686_400) + Span::from_ps(21_080));
}

#[test]
fn a_constant_flow_never_waits_in_a_chain_as_fast_as_itself() {
    // D/D/1 at a load of exactly 1 with buffers for no packet at all: each packet arrives as its predecessor leaves.
    let hops = [Hop { buffer: "0 packets", delay_ps: 10_000_000, forwarding_ps: 1_000_000, ..Hop::of(100_000_000) }; 5];
    let record = run(&chain(&hops, "10 s", &flow(100_000_000, 100, "constant", "1250 B")));
    let expected = Span::from_ps(hops.iter().map(|hop| hop.latency(1_250)).sum());
    let latency = &record.totals.latency;
    assert_eq!(record.totals.data.sent, 100_000);
    assert_eq!(lost(&record.totals.data), 0);
    assert_eq!((latency.min, latency.mean, latency.max), (expected, expected, expected));
    assert_eq!(record.totals.queueing.max, Span::ZERO);
}

#[test]
fn a_constant_flow_above_capacity_waits_longer_by_the_same_each_time() {
    // D/D/1 at a load of 10/9, unlimited: refused by the scenario's checks, so with room for all 1000 packets.
    // Packet k waits k (S - A), S = 100 us, A = 90 us; the mean over 1000 packets is 499.5 x 10 us.
    let queue = Hop { buffer: "1000 packets", ..Hop::of(100_000_000) };
    let flow = "rate = \"111111111 bps\"\nsize = \"1250 B\"\nstop = \"90 ms\"";
    let record = run(&chain(&[queue, Hop::of(1_000_000_000)], "1 s", flow));
    assert_eq!(record.totals.data.delivered, 1_000);
    let wait = seconds(record.totals.queueing.mean) * 1e6;
    // 111111111 bps is 1e-9 below 10/9 of capacity: the interval is 0.09 ps longer, 45 ps in the mean.
    assert!((wait - 4_995.0).abs() < 0.001, "{wait}");
    assert!((seconds(record.totals.queueing.max) * 1e6 - 9_990.0).abs() < 0.002);
}

#[test]
fn a_channel_adds_framing_macsec_and_its_latency_exactly() {
    // Attachment links: 14 Ethernet, 4 FCS, 8 preamble, 12 gap (IEEE 802.3). The channel: 4 of VLAN tag and 32 of
    // MACsec (SecTAG 16 with SCI, ICV 16; IEEE 802.1AE) besides, and what one end takes to encrypt and the other to decrypt.
    let attached = Hop { delay_ps: 50_000_000, forwarding_ps: 4_000_000, ..Hop::of(10_000_000_000) };
    let channel = |encrypt_ps: u64, decrypt_ps: u64| Hop {
        delay_ps: 490_000 + encrypt_ps + decrypt_ps,
        forwarding_ps: 4_000_000,
        ..Hop::of(100_000_000_000)
    };
    let text = r#"
horizon = "2 s"
[providers]
east = { asn = 64512, profile = "rfc4271", forwarding_latency = "4 us" }
west = { asn = 64513, profile = "rfc4271", forwarding_latency = "4 us" }
[routers]
e = { provider = "east" }
w = { provider = "west" }
[interconnects.pair]
kind = "custom"
[links.channel]
between = ["e", "w"]
interconnect = "pair"
rate = "100 Gbps"
length = "100 m"
macsec = { encrypt_latency = ["0.4 us", "0.7 us"], decrypt_latency = ["0.9 us", "0.5 us"] }
[connections.c]
interconnect = "pair"
bandwidth = "1 Gbps"
bfd = "off"
attachments = ["left", "right"]
[attachments]
left = { provider = "east", prefixes = ["10.1.0.0/24"], routers = ["e"], rate = "10 Gbps", delay = "50 us", bfd = "off" }
right = { provider = "west", prefixes = ["10.2.0.0/24"], routers = ["w"], rate = "10 Gbps", delay = "50 us", bfd = "off" }
[flows.f]
"#;
    let there = ("from = \"left\"\nto = \"right\"", channel(400_000, 500_000));
    let back = ("from = \"right\"\nto = \"left\"", channel(700_000, 900_000));
    for (bytes, (ends, channel)) in [20, 1_000, 8_500].into_iter().flat_map(|bytes| [(bytes, &there), (bytes, &back)]) {
        let record = run(&format!("{text}{ends}\nrate = \"{} bps\"\nsize = \"{bytes} B\"\n", bytes * 80));
        // Frames of less than 64 bytes are padded; MACsec's bytes count towards these.
        let plain = (bytes + 18).max(64) + 20;
        let tagged = (bytes + 18 + 4 + 32).max(64) + 20;
        let expected = attached.latency(plain) + channel.latency(tagged) + attached.latency(plain);
        let latency = &record.totals.latency;
        assert_eq!(latency.count, 20);
        let all = [latency.min, latency.mean, latency.max].map(Span::as_ps);
        assert_eq!(all, [expected; 3], "{bytes} B");
    }
}

#[test]
fn a_probe_takes_the_way_there_and_the_way_back() {
    let hops = [
        Hop { delay_ps: 1_000_003, forwarding_ps: 4_000_000, ..Hop::of(3_000_000) },
        Hop { delay_ps: 77_000_000, forwarding_ps: 1_000, ..Hop::of(999_999_937) },
        Hop { delay_ps: 2, forwarding_ps: 9, ..Hop::of(10_000_000_000) },
    ];
    // The flow sends nothing but perhaps one packet in the first 10 ms, so the probes are alone on the wires.
    let text = chain(&hops, "31 s", "rate = \"8 kbps\"\nstop = \"10 ms\"")
        + "[monitors.m]\nfrom = \"left\"\nto = \"right\"\nperiod = \"30 s\"\nsize = \"84 B\"\n";
    let record = run(&text);
    let [monitor] = record.monitors.as_slice() else { panic!("one monitor") };
    // Each router and each edge forwards once more on the way back: r2, r1 and the left edge instead of r1, r2 and
    // the right one.
    let there: u64 = hops.iter().map(|hop| hop.latency(84)).sum();
    let back = there - hops[2].forwarding_ps + hops[0].forwarding_ps;
    let expected = Span::from_ps(there + back);
    // One a second; the last one's time-out of 1 s lies behind the end, so it is not judged.
    assert_eq!((monitor.sent, monitor.lost, monitor.round_trip.count), (30, 0, 30));
    assert_eq!((monitor.round_trip.min, monitor.round_trip.max), (expected, expected));
    assert_eq!(monitor.points[0].rtt_us, Some((there + back) / 1_000_000));
}

#[test]
fn room_in_bytes_and_room_in_packets_are_the_same_for_equal_packets() {
    let rate = 100_000_000;
    let offered = flow(rate, 95, "poisson", "1250 B");
    let [packets, bytes] = ["7 packets", "8750 B"].map(|buffer| one_queue(rate, buffer, "5 s", &offered));
    assert!(lost(&packets.totals.data) > 100);
    assert_eq!(packets.flows, bytes.flows);
    assert_eq!(packets.totals, bytes.totals);
}

#[test]
fn m_d_1_waits_as_pollaczek_and_khinchine_say() {
    // Mean wait S rho / (2 (1 - rho)) (Kleinrock, "Queueing Systems" I, 5.6).
    let rate = 100_000_000;
    // In service times 0.5, 2, 4.5 and 9.5.
    for (percent, horizon) in [(50, "100 s"), (80, "200 s"), (90, "450 s"), (95, "1000 s")] {
        let record = one_queue(rate, "unlimited", horizon, &flow(rate, percent, "poisson", "1250 B"));
        let load = count(percent) / 100.0;
        let expected = 100e-6 * load / (2.0 * (1.0 - load));
        let error = error_of_mean_wait(load, 1.0, record.totals.data.delivered);
        let measured = seconds(record.totals.queueing.mean);
        assert_within(&format!("M/D/1 at {load}"), measured, expected, error, 0.03);
    }
}

#[test]
fn m_m_1_waits_and_takes_as_theory_says() {
    // Mean wait S rho / (1 - rho); the sojourn time is exponential with mean S / (1 - rho) (Kleinrock I, 3.2).
    // Sizes are rounded up to bytes, which adds half a byte to a mean of 4000; one in 10^7 exceeds the largest
    // packet of IP.
    let rate = 1_000_000_000;
    let service = 8.0 * 4_000.5 / count(rate);
    for (percent, horizon) in [(50, "64 s"), (80, "128 s")] {
        let record = one_queue(rate, "unlimited", horizon, &flow(rate, percent, "poisson", "exponential 4000 B"));
        let load = count(percent) / 100.0 * 4_000.5 / 4_000.0;
        assert!(lost(&record.totals.data) < 10, "{:?}", record.totals.data.dropped);
        let error = error_of_mean_wait(load, 2.0, record.totals.data.delivered);
        let wait = seconds(record.totals.queueing.mean);
        assert_within(&format!("M/M/1 wait at {load}"), wait, service * load / (1.0 - load), error, 0.03);
        // All quantiles of an exponential scale with its mean, and vary with it over the run; 0.1% is the record's
        // resolution, and the second hop adds a thousandth of S.
        let mean_sojourn = service / (1.0 - load);
        for (share, measured) in [(0.5, record.totals.latency.p50), (0.9, record.totals.latency.p90)] {
            let expected = -libm::log(1.0 - share) * mean_sojourn + service / 1_000.0;
            assert_within(&format!("sojourn p{share} at {load}"), seconds(measured), expected, error + 0.0005, 0.03);
        }
        // The 99th percentile is off by what the share beyond it is off, divided by ln 100.
        let state = (libm::log(0.01) / libm::log(load)).ceil();
        let error = error_of_share(load, record.totals.data.delivered, |n| f64::from(n) >= state) / libm::log(100.0);
        let expected = libm::log(100.0) * mean_sojourn + service / 1_000.0;
        let measured = seconds(record.totals.latency.p99);
        assert_within(&format!("sojourn p99 at {load}"), measured, expected, error + 0.0005, 0.05);
    }
}

/// Relative standard error of the share of `packets` that find M/M/1 in a state that counts: the time in these states has
/// the asymptotic variance of a birth-death process, as in [`error_of_finite_queue_loss`].
fn error_of_share(load: f64, packets: u64, counts: impl Fn(u32) -> bool) -> f64 {
    let share = |state: u32| (1.0 - load) * libm::pow(load, f64::from(state));
    // Beyond these nothing is left but rounding.
    let states = || (0..).take_while(|state| share(*state) > 1e-12);
    let mean: f64 = states().filter(|state| counts(*state)).map(share).sum();
    let mut below = 0.0;
    let mut variance = 0.0;
    for state in states() {
        below += (f64::from(u8::from(counts(state))) - mean) * share(state);
        variance += 2.0 * below * below / (load * share(state));
    }
    (variance * load / count(packets)).sqrt() / mean
}

/// Packets find n others in M/M/1 with P(N = n) = (1 - r) r^n (Kleinrock I, 3.2; Poisson arrivals see time averages: Wolff
/// 1982). A port is asked at each arrival what it holds: no record tells it.
#[test]
fn packets_find_as_many_others_in_m_m_1_as_theory_says() {
    const PACKETS: u64 = 2_000_000;
    let rate = 1_000_000_000;
    let network = common::network(&chain(&[Hop::of(rate); 2], "1 s", &flow(rate, 50, "poisson", "4000 B")));
    let configured = network.ports.iter().find(|port| port.name.starts_with("left")).expect("a port of the left edge");
    for percent in [50, 80] {
        let load = count(percent) / 100.0;
        let (mut port, mut store) = (Port::new(configured, Span::ZERO), PacketStore::new());
        let mut stream = RunSeed(1).stream("queue", "test");
        // 4000.5 bytes in the mean, rounding up included, at 8 ns a byte.
        let interval = Span::from_ps(4_000_500 * 8 * 100 / percent);
        let mut now = Time::ZERO;
        let mut found = [0u64; 10];
        for _ in 0..PACKETS {
            now += stream.exponential_span(interval);
            while port.head_arrival(&store).is_some_and(|at| at <= now) {
                let _ = port.arrive(&mut store);
            }
            if let Some(times) = found.get_mut(port.packets(&store).count()) {
                *times += 1;
            }
            let _ = port.offer(&mut store, now, &packet(stream.exponential() * 4_000.0));
        }
        for (n, times) in (0..).zip(found) {
            let error = error_of_share(load, PACKETS, |state| state == n).hypot((1.0 / count(times)).sqrt());
            let expected = (1.0 - load) * libm::pow(load, f64::from(n));
            assert_within(&format!("{n} others at {load}"), count(times) / count(PACKETS), expected, error, 0.25);
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive size; float to int saturates")]
fn packet(size: f64) -> Packet {
    Packet {
        sent: Time::ZERO,
        waited: Span::ZERO,
        flow: FlowId(0),
        destination: DestinationId(0),
        hash: 0,
        size: size.ceil() as u32,
        payload: 0,
        ttl: 64,
        kind: PacketKind::Data,
        traffic_class: TrafficClass::DEFAULT,
    }
}

#[test]
fn m_g_1_with_internet_mix_waits_as_pollaczek_and_khinchine_say() {
    // 40, 576 and 1500 bytes, 7 : 4 : 1. W = lambda E[S^2] / (2 (1 - rho)) = rho (1 + c^2) E[S] / (2 (1 - rho)).
    let rate = 100_000_000;
    let mean = (7.0 * 40.0 + 4.0 * 576.0 + 1_500.0) / 12.0;
    let square = (7.0 * 40.0 * 40.0 + 4.0 * 576.0 * 576.0 + 1_500.0 * 1_500.0) / 12.0;
    let variability = square / (mean * mean);
    let record = one_queue(rate, "unlimited", "100 s", &flow(rate, 80, "poisson", "imix"));
    let expected = 8.0 * mean / count(rate) * 0.8 * variability / (2.0 * 0.2);
    let error = error_of_mean_wait(0.8, variability, record.totals.data.delivered);
    assert_within("M/G/1 IMIX", seconds(record.totals.queueing.mean), expected, error, 0.03);
}

/// Loss of M/M/1/K: (1 - rho) rho^K / (1 - rho^(K + 1)), K places including the one in service (Kleinrock I, 3.6).
fn finite_queue_loss(load: f64, places: i32) -> f64 {
    (1.0 - load) * load.powi(places) / (1.0 - load.powi(places + 1))
}

/// Relative standard error of the share lost by M/M/1/K in `packets` arrivals. Losses are a Poisson process while the
/// queue is full; the time full has the asymptotic variance of a birth-death process, 2 sum over j of
/// (sum over i <= j of (f_i - mean f) p_i)^2 / (lambda p_j) (W. Whitt, "Asymptotic formulas for Markov processes with
/// applications to simulation", 1992). Time is in service times.
fn error_of_finite_queue_loss(load: f64, places: i32, packets: u64) -> f64 {
    let full = finite_queue_loss(load, places);
    let share = |state: i32| full * load.powi(state - places);
    let mut below = 0.0;
    let mut variance = 0.0;
    for state in 0..places {
        below -= full * share(state);
        variance += 2.0 * below * below / (load * share(state));
    }
    let time = count(packets) / load;
    let losses = load * full * time;
    ((load * load * variance * time + losses) / (losses * losses)).sqrt()
}

#[test]
fn m_m_1_k_loses_what_theory_says() {
    // "N packets" is room for N that wait besides the one in service: K = N + 1.
    let rate = 1_000_000_000;
    let cases = [(90, 10, "9 packets", 0.050_814, "96 s", 0.03), (80, 20, "19 packets", 0.002_327_3, "360 s", 0.08)];
    for (percent, places, buffer, table, horizon, vacuous) in cases {
        let record = one_queue(rate, buffer, horizon, &flow(rate, percent, "poisson", "exponential 4000 B"));
        let load = count(percent) / 100.0;
        assert!((finite_queue_loss(load, places) / table - 1.0).abs() < 1e-4);
        // Half a byte of rounding up.
        let expected = finite_queue_loss(load * 4_000.5 / 4_000.0, places);
        let data = &record.totals.data;
        let measured = count(data.dropped[&DropReason::BufferFull]) / count(data.sent);
        let error = error_of_finite_queue_loss(load, places, data.sent);
        assert_within(&format!("M/M/1/{places} at {load}"), measured, expected, error, vacuous);
    }
}

/// Loss of M/D/1/K by the chain at departures (Kleinrock I, 5.6; Gross and Harris 5.1.8): with a_j = e^-r r^j / j! arrivals
/// during a service, the probabilities at departures of M/G/1, cut off at K places and normalised, give pi_0, and of all
/// packets 1 - 1 / (pi_0 + r) are lost.
fn deterministic_queue_loss(load: f64, places: usize) -> f64 {
    let arrivals: Vec<f64> =
        (1..=places).scan(libm::exp(-load), |a, j| Some(std::mem::replace(a, *a * load / j as f64))).collect();
    let mut at_departures = vec![1.0];
    for state in 0..places - 1 {
        let from_empty = at_departures[0] * arrivals[state];
        let from_others: f64 = (1..=state).map(|before| at_departures[before] * arrivals[state + 1 - before]).sum();
        at_departures.push((at_departures[state] - from_empty - from_others) / arrivals[0]);
    }
    let empty = 1.0 / at_departures.iter().sum::<f64>();
    1.0 - 1.0 / (empty + load)
}

#[test]
fn m_d_1_k_loses_what_the_embedded_chain_says() {
    // K = 1 is Erlang B with one server, r / (1 + r).
    assert!((deterministic_queue_loss(0.9, 1) - 0.9 / 1.9).abs() < 1e-12);
    let rate = 1_000_000_000;
    for (percent, places, buffer, horizon) in [(90, 5, "4 packets", "40 s"), (95, 10, "9 packets", "80 s")] {
        let record = one_queue(rate, buffer, horizon, &flow(rate, percent, "poisson", "4000 B"));
        let data = &record.totals.data;
        let measured = count(data.dropped[&DropReason::BufferFull]) / count(data.sent);
        let load = count(percent) / 100.0;
        // Losses come in shorter rows than with exponential services: the error of M/M/1/K is above that of M/D/1/K when
        // both are told in shares of all packets.
        let of_exponential = finite_queue_loss(load, places.try_into().unwrap());
        let expected = deterministic_queue_loss(load, places);
        let error = error_of_finite_queue_loss(load, places.try_into().unwrap(), data.sent) * of_exponential / expected;
        assert_within(&format!("M/D/1/{places} at {load}"), measured, expected, error, 0.06);
    }
}

/// D/M/1: W = S s / (1 - s) with s = exp(-(1 - s) / r) (Kleinrock I, 6.4); and Kingman's bound for GI/G/1,
/// W <= (variances of both laws) / (2 (1 - r)) times the arrival rate, holds: "The single server queue in heavy traffic",
/// 1961.
#[test]
fn d_m_1_waits_as_the_root_of_its_equation_says() {
    let rate = 1_000_000_000;
    let service = 8.0 * 4_000.5 / count(rate);
    let record = one_queue(rate, "unlimited", "100 s", &flow(rate, 80, "constant", "exponential 4000 B"));
    let load = 0.8 * 4_000.5 / 4_000.0;
    let root = (0..1_000).fold(0.5, |root: f64, _| libm::exp((root - 1.0) / load));
    let expected = service * root / (1.0 - root);
    let measured = seconds(record.totals.queueing.mean);
    let error = error_of_mean_wait(load, 1.0, record.totals.data.delivered);
    assert_within("D/M/1", measured, expected, error, 0.03);
    let kingman = load / service * service * service / (2.0 * (1.0 - load));
    assert!(measured < kingman, "{measured} is not below {kingman}");
}
