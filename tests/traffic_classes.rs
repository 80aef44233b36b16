//! Do classes, shapers and changed rates do to packets what theory says?
//!
//! ```text
//! left (edge) -- the queue --> r1 -- a thousand times faster --> right (edge)
//! ```

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use common::{direction, lost, network, run};
use fabricsim::message::DropReason;
use fabricsim::rng::RunSeed;
use fabricsim::scenario;
use fabricsim::sim::Simulation;
use fabricsim::sim::record::{FlowRecord, LinkDirectionRecord, RunRecord};

/// 1250 bytes take 100 us.
const RATE: &str = "100 Mbps";
const SERVICE: f64 = 100e-6;

/// One queue with these keys, and flows of (name, keys) from left to right.
fn one_queue(horizon: &str, keys: &str, rest: &str, flows: &[(&str, &str)]) -> String {
    let mut text = format!(
        "horizon = {horizon:?}\n[providers.net]\nforwarding_latency = \"0 s\"\n[routers.r1]\nprovider = \"net\"\n\
         [attachments.left]\nprovider = \"net\"\nprefixes = [\"10.1.0.0/24\"]\ndelay = \"0 s\"\nmtu = \"65535 B\"\n\
         framing = \"none\"\n{keys}\n\
         [attachments.right]\nprovider = \"net\"\nprefixes = [\"10.2.0.0/24\"]\ndelay = \"0 s\"\nmtu = \"65535 B\"\n\
         framing = \"none\"\nrate = \"1 Tbps\"\nbuffer = \"unlimited\"\n{rest}\n"
    );
    for (name, keys) in flows {
        writeln!(text, "[flows.{name}]\nfrom = \"left\"\nto = \"right\"\n{keys}").unwrap();
    }
    text
}

fn flow<'r>(record: &'r RunRecord, entry: &str) -> &'r FlowRecord {
    record.flows.iter().find(|flow| flow.name == format!("{entry}#0000")).expect("the flow is there")
}

/// Mean wait of a flow whose packets are alike and some of which waited for nothing.
fn mean_wait(flow: &FlowRecord) -> f64 {
    flow.latency_mean.as_seconds() - flow.latency_min.as_seconds()
}

fn assert_near(what: &str, measured: f64, expected: f64, share: f64) {
    let off = measured / expected - 1.0;
    assert!(off.abs() <= share, "{what}: {measured:.6e} is {:.2}% off {expected:.6e}", 100.0 * off);
}

/// Two classes without preemption: W_k = W_0 / ((1 - s_(k-1)) (1 - s_k)), s_k the load of the first k classes (Cobham,
/// "Priority Assignment in Waiting Line Problems", 1954). For constant service W_0 = rho S / 2.
#[test]
fn strict_classes_wait_as_cobham_says() {
    let queue = format!("rate = {RATE:?}\nbuffer = \"unlimited\"\nqueueing = \"two\"");
    let classes = "[queueing.two.classes.first]\nscheduler = \"strict\"\npriority = 1\ncode_points = [\"EF\"]\n\
                   [queueing.two.classes.second]\nscheduler = \"strict\"\npriority = 2";
    let flows = [
        ("first", "rate = \"30 Mbps\"\narrivals = \"poisson\"\nsize = \"1250 B\"\ndscp = \"EF\""),
        ("second", "rate = \"50 Mbps\"\narrivals = \"poisson\"\nsize = \"1250 B\""),
    ];
    let record = run(&one_queue("150 s", &queue, classes, &flows));
    let residual = 0.8 * SERVICE / 2.0;
    // Whitt 1989 for M/D/1 at 0.8 and 1.2 million packets: three standard errors are 2.5%; the first class has less.
    assert_near("first", mean_wait(flow(&record, "first")), residual / 0.7, 0.01);
    assert_near("second", mean_wait(flow(&record, "second")), residual / (0.7 * 0.2), 0.025);
    // The classes at the port tell the same; nothing was dropped, and what was not sent waits.
    let queue = direction(&record, "left/r1", "left");
    for (class, name) in queue.classes.iter().skip(1).zip(["first", "second"]) {
        assert_eq!(class.name, name);
        assert_near(name, class.wait_mean.as_seconds(), mean_wait(flow(&record, name)), 1e-4);
        assert_eq!((class.offered, class.dropped.len()), (flow(&record, name).sent, 0));
        assert!(class.offered - class.packets <= class.queue_max.0 / 1_250);
    }
}

/// Backlogged classes share bytes by quantum, whatever their packets' sizes (Shreedhar and Varghese 1995).
#[test]
fn round_robin_classes_share_the_line_by_quantum() {
    let queue = format!("rate = {RATE:?}\nbuffer = \"300 kB\"\nqueueing = \"three\"");
    let class = |name: &str, quantum: u32, point: &str| {
        format!("[queueing.three.classes.{name}]\nquantum = \"{quantum} B\"\nlimit = \"100 kB\"\n{point}")
    };
    let classes = [
        class("one", 1_500, "code_points = [\"AF11\"]"),
        class("two", 3_000, "code_points = [\"AF21\", 8]"),
        class("four", 6_000, ""),
    ];
    let flows = [
        ("one", "rate = \"90 Mbps\"\nsize = \"1500 B\"\ndscp = \"AF11\""),
        ("two", "rate = \"90 Mbps\"\nsize = \"90 B\"\ndscp = 8"),
        ("four", "rate = \"90 Mbps\"\nsize = \"imix\""),
    ];
    let record = run(&one_queue("2 s", &queue, &classes.join("\n"), &flows));
    let bytes = |entry: &str| flow(&record, entry).delivered_bytes.0 as f64;
    let sent: f64 = ["one", "two", "four"].map(bytes).iter().sum();
    assert_near("all", sent, 25e6, 0.02);
    for (entry, part) in [("one", 1.0), ("two", 2.0), ("four", 4.0)] {
        // What is left in the queues at the end, 300 kB, is 1.2%.
        assert_near(entry, bytes(entry) / sent, part / 7.0, 0.012);
    }
}

/// M/M/1/K by a class of K - 1 packets besides the one in service: loss (1 - rho) rho^K / (1 - rho^(K + 1)), here
/// 0.050814 (Kleinrock I, 3.6). Three standard errors at 540,000 packets are 2.5% (Whitt 1992; the formula is in
/// queueing_theory.rs).
#[test]
fn a_class_with_room_for_nine_loses_as_m_m_1_10() {
    let queue = "rate = \"1 Gbps\"\nbuffer = \"100 packets\"\nqueueing = \"small\"";
    let class = "[queueing.small.classes.all]\nlimit = \"9 packets\"";
    let flows = [("f", "rate = \"900 Mbps\"\narrivals = \"poisson\"\nsize = \"exponential 4000 B\"")];
    let record = run(&one_queue("24 s", queue, class, &flows));
    let data = &record.totals.data;
    let loss = data.dropped[&DropReason::BufferFull] as f64 / data.sent as f64;
    assert_near("loss", loss, 0.050_814, 0.03);
}

/// Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches", 1998, equation 2: S queues that
/// are offered more than they are served settle at alpha B / (1 + alpha S) each, however much each is offered, and what
/// waits for nothing takes nothing. Packets of 1250 B, so within two of them.
#[test]
fn saturated_classes_share_a_buffer_as_dynamic_thresholds_say() {
    const BUFFER: f64 = 300_000.0;
    let points = ["AF11", "AF21", "AF31"];
    for (saturated, word, alpha) in [(1, "2", 2.0), (2, "1", 1.0), (3, "\"1/2\"", 0.5), (3, "4", 4.0)] {
        let queue = format!("rate = {RATE:?}\nbuffer = \"300 kB\"\nqueueing = \"pool\"");
        let mut classes = format!("[queueing.pool.classes.rest]\nthreshold = {word}\n");
        let flows: Vec<(String, String)> = (0..saturated)
            .map(|index| {
                let point = points[index];
                write!(classes, "[queueing.pool.classes.c{index}]\nthreshold = {word}\ncode_points = [{point:?}]\n")
                    .unwrap();
                let rate = 150 + 60 * index;
                let keys =
                    format!("rate = \"{rate} Mbps\"\narrivals = \"poisson\"\nsize = \"1250 B\"\ndscp = {point:?}");
                (format!("c{index}"), keys)
            })
            .chain([("rest".to_owned(), "rate = \"1 Mbps\"\nsize = \"1250 B\"".to_owned())])
            .collect();
        let flows: Vec<(&str, &str)> = flows.iter().map(|(name, keys)| (name.as_str(), keys.as_str())).collect();
        let record = run(&one_queue("20 s", &queue, &classes, &flows));
        let port = direction(&record, "left/r1", "left");
        let class = |name: &str| port.classes.iter().find(|class| class.name == name).expect("the class is there");
        let length = alpha * BUFFER / (1.0 + alpha * saturated as f64);
        for index in 0..saturated {
            let class = class(&format!("c{index}"));
            let what = format!("alpha {alpha}, {saturated} saturated, {}", class.name);
            // The one that fills faster is above that until the others have theirs.
            assert!(class.queue_max.0 as f64 > length - 2.5 * 1_250.0, "{what}: {} for {length}", class.queue_max);
            // Its line is an equal part of what the light class leaves, and that much waits ahead of each packet.
            let part = 99e6 / saturated as f64;
            assert_near(&what, class.wait_mean.as_seconds(), length * 8.0 / part, 0.03);
        }
        assert_eq!(class("rest").dropped.len(), 0);
    }
}

/// What a class has reserved is there although others fill all that is shared: of 50 packets that come while its turn
/// does not, 48 (60 kB) find room, and without the reservation those that win a place as it becomes free.
#[test]
fn a_reservation_is_there_when_others_have_filled_the_buffer() {
    let queue = format!("rate = {RATE:?}\nbuffer = \"300 kB\"\nqueueing = \"pool\"");
    let flows = [
        ("greedy", "rate = \"200 Mbps\"\nsize = \"1250 B\"\ndscp = \"EF\""),
        ("modest", "rate = \"1 Gbps\"\nsize = \"1250 B\"\nstart = \"500 ms\"\nstop = \"500.5 ms\""),
    ];
    let classes = |reserved: &str| {
        format!(
            "[queueing.pool.classes.greedy]\nscheduler = \"strict\"\npriority = 1\ncode_points = [\"EF\"]\n\
             [queueing.pool.classes.modest]\nlimit = \"60 kB\"\n{reserved}"
        )
    };
    for (reserved, for_others, found_room) in [("reserved = \"60 kB\"", 240_000, 48..=48), ("", 300_000, 0..=6)] {
        let record = run(&one_queue("1 s", &queue, &classes(reserved), &flows));
        let [_, greedy, modest] = direction(&record, "left/r1", "left").classes.as_slice() else { panic!("three") };
        assert!(greedy.queue_max.0.abs_diff(for_others) <= 1_250, "{greedy:?}");
        assert_eq!(modest.offered, 50);
        let refused = modest.dropped.get(&DropReason::BufferFull).copied().unwrap_or(0);
        assert!(found_room.contains(&(50 - refused)), "{reserved}: {refused} of 50 found no room");
        assert_eq!(modest.packets, 0, "strict priority serves it never");
    }
}

/// Weighted RED behind a two-rate marker. Floyd and Jacobson 1993, section 7: at an average queue that stays, the number of
/// packets of a colour from one drop to the next, N, has P(N > k) = 1 - k p, p the height of the colour's curve. The queue
/// stays where what is left of all colours is the rate of the line. RFC 2698: of 120 Mbps in one flow 40 stay green, 50
/// become yellow, and 30 pass the marker not at all; two other flows come green and red by another way.
#[test]
fn each_colour_is_thinned_out_by_its_own_curve() {
    const CURVES: [(f64, f64, f64); 3] = [(600.0, 2_600.0, 0.2), (400.0, 2_400.0, 0.4), (200.0, 2_200.0, 0.8)];
    const OFFERED: [f64; 3] = [40.0 + 20.0, 50.0, 30.0];
    let dropped_at = |queue: f64, colour: usize| {
        let (min, max, probability) = CURVES[colour];
        let p = probability * (queue - min) / (max - min);
        // The drop is certain at the first j with 1 - j p <= p.
        let longest = (1.0 / p - 1.0).ceil();
        1.0 / (longest + 1.0 - p * longest * (longest + 1.0) / 2.0)
    };
    let (mut low, mut high) = (600.0, 2_200.0);
    for _ in 0..60 {
        let queue = f64::midpoint(low, high);
        let left: f64 = (0..3).map(|colour| OFFERED[colour] * (1.0 - dropped_at(queue, colour))).sum();
        if left > 100.0 { low = queue } else { high = queue }
    }
    let expected = [0, 1, 2].map(|colour| dropped_at(low, colour));
    let curve = |colour: usize| {
        let (min, max, probability) = CURVES[colour];
        format!("min = \"{min} packets\", max = \"{max} packets\", probability = \"{}%\"", 100.0 * probability)
    };
    let text = one_queue(
        "100 s",
        "rate = \"1 Gbps\"\nbuffer = \"unlimited\"\nrate_limit = { bandwidth = \"40 Mbps\", excess = \"mark\", \
         peak = \"90 Mbps\", burst = \"1 ms\", peak_burst = \"1 ms\" }",
        &format!(
            "[queueing.colours.classes.all]\nred = {{ {}, weight = 8, medium = {{ {} }}, high = {{ {} }} }}\n\
             [attachments.other]\nprovider = \"net\"\nprefixes = [\"10.3.0.0/24\"]\nframing = \"none\"\n\
             rate = \"1 Gbps\"\nbuffer = \"unlimited\"\n",
            curve(0),
            curve(1),
            curve(2)
        ),
        &[("marked", "rate = \"120 Mbps\"\nsize = \"1250 B\"\ndscp = \"AF11\"")],
    );
    let text = text.replace(
        "rate = \"1 Tbps\"\nbuffer = \"unlimited\"",
        "rate = \"100 Mbps\"\nbuffer = \"4000 packets\"\nqueueing = \"colours\"",
    ) + "[flows.green]\nfrom = \"other\"\nto = \"right\"\nrate = \"20 Mbps\"\narrivals = \"poisson\"\n\
           size = \"1250 B\"\ndscp = \"AF11\"\n\
           [flows.red]\nfrom = \"other\"\nto = \"right\"\nrate = \"30 Mbps\"\narrivals = \"poisson\"\n\
           size = \"1250 B\"\ndscp = \"AF13\"\n";
    let record = run(&text);
    let thinned = |entry: &str| flow(&record, entry).dropped_by_cause[&DropReason::RedDrop] as f64;
    let share = |entry: &str| thinned(entry) / flow(&record, entry).sent as f64;
    let marked = flow(&record, "marked");
    let sent = marked.sent as f64;
    assert_near("above the peak", marked.dropped_by_cause[&DropReason::RateLimit] as f64, sent / 4.0, 0.002);
    // 200,000 and 300,000 packets of the other flows: three standard errors of the rarer drops are below 2%.
    assert_near("green", share("green"), expected[0], 0.03);
    assert_near("red", share("red"), expected[2], 0.01);
    let yellow = (thinned("marked") - sent / 3.0 * share("green")) / (sent * 5.0 / 12.0);
    assert_near("yellow", yellow, expected[1], 0.02);
    // Nobody else dropped anything, and the queue is where the curves meet the line.
    assert!(!record.totals.data.dropped.contains_key(&DropReason::BufferFull));
    let [_, class] = direction(&record, "right/r1", "r1").classes.as_slice() else { panic!("two") };
    assert_near("queue", class.wait_mean.as_seconds() / SERVICE, low, 0.02);
}

/// N*D/D/1 (Eckberg 1979; Roberts, Mocci and Virtamo, "Broadband Network Teletraffic", 1996, 15.2): N sources of one
/// packet in D slots at random phases have
/// P(Q > x) = sum over n from x+ to N of C(N, n) ((n - x) / D)^n (1 - (n - x) / D)^(N - n) (D - N + x) / (D - n + x).
/// A packet meets the queue of the N - 1 others.
#[test]
fn periodic_sources_at_random_phases_wait_as_n_d_d_1() {
    const SOURCES: i32 = 20;
    const PERIOD: f64 = 25.0;
    let others = SOURCES - 1;
    let beyond = |x: f64| -> f64 {
        let mut sum = 0.0;
        let mut choose = 1.0;
        for n in 1..=others {
            choose *= f64::from(others - n + 1) / f64::from(n);
            let left = f64::from(n) - x;
            if left > 0.0 {
                let rest = PERIOD - f64::from(others) + x;
                let part = left / PERIOD;
                sum += choose * part.powi(n) * (1.0 - part).powi(others - n) * rest / (PERIOD - f64::from(n) + x);
            }
        }
        sum
    };
    // Mean queue: the integral of P(Q > x), in slots.
    let expected: f64 = (0..2_000).map(|step| beyond((f64::from(step) + 0.5) / 100.0) / 100.0).sum();
    let queue = format!("rate = {RATE:?}\nbuffer = \"unlimited\"\nqueueing = \"one\"");
    let flows = [("f", "rate = \"80 Mbps\"\ncount = 20\nsize = \"1250 B\"")];
    let world = network(&one_queue("125 ms", &queue, "[queueing.one.classes.all]", &flows));
    let waits: Vec<f64> = (0..1_500)
        .map(|seed| Simulation::new(&world, RunSeed(seed)).run().totals.queueing.mean.as_seconds() / SERVICE)
        .collect();
    let mean = waits.iter().sum::<f64>() / waits.len() as f64;
    let variance = waits.iter().map(|wait| (wait - mean).powi(2)).sum::<f64>() / waits.len() as f64;
    let error = (variance / waits.len() as f64).sqrt();
    // The first of the 50 periods begins with an empty queue: at most 2% too little.
    assert!(3.0 * error < 0.06 * expected, "{error}");
    assert!((mean - expected).abs() < 3.0 * error + 0.02 * expected, "{mean} for {expected}");
}

/// (sigma, rho): a constant source at twice the rate for a second is 1 MB ahead at its end, less a bucket of 10 kB
/// (Le Boudec and Thiran, "Network Calculus", 1.5): its last packet waits 0.99 s, and none is lost.
#[test]
fn a_shaper_delays_what_a_policer_drops() {
    let limit = |excess: &str| {
        format!("rate = \"1 Gbps\"\nrate_limit = {{ bandwidth = \"8 Mbps\", burst = \"10 ms\", {excess} }}")
    };
    let flows = [("f", "rate = \"16 Mbps\"\nsize = \"1000 B\"\nstop = \"1 s\"")];
    let shaped = run(&one_queue("3 s", &limit("excess = \"delay\", queue = \"2 MB\""), "", &flows));
    assert_eq!((shaped.totals.data.delivered, lost(&shaped.totals.data)), (2_000, 0));
    let wait = shaped.totals.queueing.max.as_seconds();
    assert!((wait - 0.990).abs() < 0.0016, "{wait}");
    let policed = run(&one_queue("3 s", &limit("excess = \"drop\""), "", &flows));
    let passed = policed.totals.data.delivered;
    // A bucket and a second of the rate: 1010 packets.
    assert!(passed.abs_diff(1_010) <= 2, "{passed}");
    // With room for 100 kB, the queue holds 100 packets at the end besides.
    let short = run(&one_queue("3 s", &limit("excess = \"delay\", queue = \"100 kB\""), "", &flows));
    assert!(short.totals.data.delivered.abs_diff(1_110) <= 2, "{}", short.totals.data.delivered);
}

/// A policer that is offered twice its rate passes half, and of packets of one size it knows none from another: BFD (52 B:
/// RFC 5880 section 4.1 in UDP and IP) loses half when it is counted, and nothing when it is not. Its intervals are 75 to
/// 100% of 10 ms (6.8.7).
#[test]
fn control_messages_take_tokens_where_they_are_counted() {
    let text = |control: &str| {
        format!(
            "horizon = \"60 s\"\n[providers]\neast = {{ asn = 64512 }}\nwest = {{ asn = 64513 }}\n\
             [routers]\ne = {{ provider = \"east\" }}\nw = {{ provider = \"west\" }}\n[interconnects.pair]\n\
             kind = \"custom\"\n[links.channel]\nbetween = [\"e\", \"w\"]\ninterconnect = \"pair\"\nmacsec = \"off\"\n\
             [connections.c]\ninterconnect = \"pair\"\nbandwidth = \"520 kbps\"\nattachments = [\"left\", \"right\"]\n\
             bfd = {{ interval = \"10 ms\", multiplier = 50 }}\n\
             rate_limit = {{ aggregate_at = \"none\"{control} }}\n[attachments]\n\
             left = {{ provider = \"east\", prefixes = [\"10.1.0.0/24\"], bfd = \"off\" }}\n\
             right = {{ provider = \"west\", prefixes = [\"10.2.0.0/24\"], bfd = \"off\" }}\n\
             [flows.f]\nfrom = \"left\"\nto = \"right\"\ndirection = \"both\"\nrate = \"1040 kbps\"\n\
             arrivals = \"poisson\"\nsize = \"52 B\"\n"
        )
    };
    let exempt = run(&text(""));
    assert_eq!(lost(&exempt.totals.control), 0);
    assert!(exempt.totals.data.dropped[&DropReason::RateLimit] > 100_000);
    let counted = run(&text(", control = \"counted\""));
    let control = &counted.totals.control;
    // Two ends send every 8.75 ms, and meet the flow for 60 s; BGP sends little besides.
    let sent = 2.0 * 60.0 / 0.00875;
    assert_near("sent, with what went before time 0", control.sent as f64, exempt.totals.control.sent as f64, 0.02);
    // The offer is 2 + 52 * 8 / 0.00875 / 520,000 times the rate. Binomial: four standard deviations are 3.4%.
    let share = 1.0 - 1.0 / (2.0 + 52.0 * 8.0 / 0.00875 / 520_000.0);
    assert_near("lost", control.dropped[&DropReason::RateLimit] as f64, share * sent, 0.034 + 0.02);
    // Fifty in a row are never lost: 2^-50.
    assert_eq!(counted.routing.bfd_detections, 0);
}

/// RFC 2698: up to the committed rate packets keep AF11, up to the peak rate they become AF12, and no more passes. AF12
/// waits in a class of its own here, with room for one packet behind another flow that takes the whole line.
#[test]
fn a_marker_passes_the_peak_rate_and_colours_what_is_above_the_committed_one() {
    let limit = "rate = \"100 Mbps\"\nbuffer = \"1 MB\"\nrate_limit = { bandwidth = \"20 Mbps\", excess = \"mark\", \
                 peak = \"50 Mbps\", burst = \"1 ms\", peak_burst = \"1 ms\" }\nqueueing = \"colours\"";
    let flows = [("f", "rate = \"80 Mbps\"\nsize = \"1000 B\"\ndscp = \"AF11\"")];
    // 50 of 80 Mbps pass.
    let record = run(&one_queue("1 s", limit, "[queueing.colours.classes.all]", &flows));
    assert_near("passed", record.totals.data.delivered as f64, 6_250.0, 0.003);
    // On a line of 10 Mbps the class of AF12 gets nothing while AF11 takes all: 20 Mbps of it are offered.
    let slow = limit.replace("rate = \"100 Mbps\"", "rate = \"10 Mbps\"");
    let classes = "[queueing.colours.classes.green]\nscheduler = \"strict\"\npriority = 1\ncode_points = [\"AF11\"]\n\
                   limit = \"100 kB\"\n[queueing.colours.classes.rest]\nlimit = \"10 kB\"";
    let record = run(&one_queue("1 s", &slow, classes, &flows));
    // Green: 2500 packets, 1250 of them sent in the second, 100 queued. Yellow: 3750, 10 queued.
    let dropped = record.totals.data.dropped[&DropReason::BufferFull];
    assert!(dropped.abs_diff(2_500 - 1_350 + 3_750 - 10) <= 20, "{dropped}");
}

/// A packet's time on a line of 100 Mbps is 100 us, on one of 50 Mbps 200 us.
#[test]
fn a_line_changes_its_rate_under_traffic() {
    let queue = format!("rate = {RATE:?}\nbuffer = \"unlimited\"");
    let change = "[[changes]]\nat = \"500 ms\"\nlink = \"left/r1\"\nrate = \"50 Mbps\"";
    let flows = [("f", "rate = \"20 Mbps\"\nsize = \"1250 B\"")];
    let record = run(&one_queue("1 s", &queue, change, &flows));
    let flow = flow(&record, "f");
    let beyond = 10_000; // the second hop
    assert_eq!(flow.latency_min.as_ps(), 100_000_000 + beyond);
    assert_eq!(flow.latency_max.as_ps(), 200_000_000 + beyond);
    assert_near("mean", flow.latency_mean.as_seconds(), 150e-6, 0.002);
}

/// Full channels of 10 Mbps, a cut, a router without power, and rates that change; `keys` of each channel.
fn region(keys: &str, rate_limit: &str, rest: &str) -> String {
    let channel = |name: &str| format!("[links.iad-channel-{name}]\nrate = \"10 Mbps\"\nbuffer = \"30 kB\"\n{keys}\n");
    let channels: String = ["a1", "a2", "b1", "b2"].map(channel).concat();
    format!(
        "horizon = \"12 s\"\n[interconnects.virginia]\ntemplate = \"aws-google/us-east-1\"\n\
         [connections.shop]\ninterconnect = \"virginia\"\nbandwidth = \"34 Mbps\"\nattachments = [\"x\", \"y\"]\n{rate_limit}\n\
         [attachments.x]\nprovider = \"aws\"\nprefixes = [\"10.0.0.0/16\"]\n\
         [attachments.y]\nprovider = \"google\"\nprefixes = [\"10.128.0.0/16\"]\n\
         [flows.web]\nfrom = \"x\"\nto = \"y\"\ndirection = \"both\"\nrate = \"33 Mbps\"\narrivals = \"poisson\"\n\
         size = \"imix\"\ncount = 100\n\
         [flows.voice]\nfrom = \"x\"\nto = \"y\"\nrate = \"1 Mbps\"\nsize = \"200 B\"\ndscp = \"EF\"\n{rest}\n\
         [[failures]]\nkind = \"fibre_cut\"\nlink = \"iad-channel-a1\"\nat = \"3 s\"\nlasts = \"2 s\"\n\
         [[failures]]\nkind = \"router_down\"\nrouter = \"aws-iad-b1\"\nat = \"5 s\"\nlasts = \"1 s\"\n\
         [[changes]]\nat = \"4 s\"\nlink = \"iad-channel-a2\"\nrate = \"6 Mbps\"\n\
         [[changes]]\nat = \"8 s\"\nlink = \"iad-channel-a2\"\nrate = \"12 Mbps\"\n{channels}"
    )
}

/// A run in which ports wait by class, with one class for all data, is the run in which they do not: through a cut, a
/// rate change, full queues and all that routing does about them.
#[test]
fn one_class_changes_nothing_in_a_whole_run() {
    let profile = "[queueing.one.classes.data]";
    let (fused, classed) = (run(&region("", "", profile)), run(&region("queueing = \"one\"", "", profile)));
    assert!(fused.totals.data.dropped[&DropReason::BufferFull] > 1_000);
    assert_eq!(fused.flows, classed.flows);
    assert_eq!(fused.totals, classed.totals);
    for (fused, classed) in fused.links.iter().zip(&classed.links) {
        assert_eq!(*fused, LinkDirectionRecord { classes: Vec::new(), ..classed.clone() });
    }
    assert_eq!(fused.fingerprint, classed.fingerprint);
}

/// Control messages in a class that voice overtakes and RED thins out, shapers at every place, bandwidths that change:
/// the same run in one partition and in several.
#[test]
fn classes_limits_and_changes_are_the_same_however_a_run_is_divided() {
    let profile = "[queueing.mixed]\ncontrol = \"rest\"\n[queueing.mixed.classes.voice]\nscheduler = \"strict\"\n\
                   priority = 1\ncode_points = [\"EF\"]\n[queueing.mixed.classes.rest]\n\
                   red = { min = \"5 kB\", max = \"20 kB\", weight = 4 }\n\
                   [[changes]]\nat = \"2 s\"\nconnection = \"shop\"\nbandwidth = \"30 Mbps\"\n\
                   [[changes]]\nat = \"9 s\"\nconnection = \"shop\"\nbandwidth = \"60 Mbps\"";
    let limit = "rate_limit = { per_link = \"equal-share\", burst = \"5 ms\", excess = \"delay\", queue = \"50 kB\" }";
    let world = network(&region("queueing = \"mixed\"", limit, profile));
    let whole = Simulation::new(&world, RunSeed(1)).run();
    let dropped = &whole.totals.data.dropped;
    assert!(dropped[&DropReason::RedDrop] > 100 && dropped[&DropReason::RateLimit] > 100, "{dropped:?}");
    for threads in [2, 3] {
        let simulation = Simulation::new(&world, RunSeed(1)).threads(threads).divided_anyway();
        assert!(simulation.layout().count() > 1);
        let divided = simulation.run();
        assert_eq!(divided.fingerprint, whole.fingerprint);
        assert_eq!(divided.flows, whole.flows);
        assert_eq!(divided.totals, whole.totals);
        assert_eq!(divided.links, whole.links);
    }
    for link in whole.links.iter().filter(|link| !link.classes.is_empty()) {
        let mut of_classes = BTreeMap::new();
        for class in &link.classes {
            for (reason, count) in &class.dropped {
                *of_classes.entry(*reason).or_insert(0) += count;
            }
            assert!(class.packets <= class.offered, "{class:?}");
        }
        assert_eq!(of_classes, link.dropped, "{} from {}: every drop belongs to a class", link.link, link.from);
    }
}

/// What comes to a class of a port that stays up is sent, refused for room or by early detection, or waits at the end.
#[test]
fn packets_of_a_class_are_conserved() {
    let queue = format!("rate = {RATE:?}\nbuffer = \"300 kB\"\nqueueing = \"two\"");
    let classes = "[queueing.two.classes.urgent]\nscheduler = \"strict\"\npriority = 1\ncode_points = [\"EF\"]\n\
                   [queueing.two.classes.rest]\nlimit = \"280 kB\"\nred = { min = \"20 kB\", max = \"250 kB\", ecn = \"mark\" }";
    let flows = [
        ("urgent", "rate = \"60 Mbps\"\narrivals = \"poisson\"\nsize = \"1250 B\"\ndscp = \"EF\""),
        ("marked", "rate = \"30 Mbps\"\narrivals = \"poisson\"\nsize = \"imix\"\necn = \"ect0\""),
        ("rest", "rate = \"30 Mbps\"\narrivals = \"poisson\"\nsize = \"imix\""),
    ];
    let record = run(&one_queue("2 s", &queue, classes, &flows));
    let [control, urgent, rest] = direction(&record, "left/r1", "left").classes.as_slice() else { panic!("three") };
    assert_eq!((control.name.as_str(), control.offered), ("control", 0));
    assert_eq!((urgent.offered, urgent.dropped.len(), urgent.marked), (flow(&record, "urgent").sent, 0, 0));
    let dropped: u64 = rest.dropped.values().sum();
    let waiting = rest.offered - rest.packets - dropped;
    assert_eq!(rest.offered, flow(&record, "marked").sent + flow(&record, "rest").sent);
    assert!(dropped > 100 && rest.marked > 100 && waiting > 10, "{rest:?}");
    assert!(waiting * 40 <= rest.queue_max.0 && rest.queue_max.0 <= 300_000, "{rest:?}");
    // Strict is first: at 60% load M/D/1 waits 0.75 service times and at most the rest of one packet of 1500 bytes.
    assert!(urgent.wait_mean < rest.wait_mean && rest.wait_mean < rest.wait_max, "{urgent:?} {rest:?}");
}

#[test]
fn what_is_wrong_with_classes_limits_and_changes_is_told() {
    let flows = [("f", "rate = \"1 Mbps\"\ndscp = \"AF44\"")];
    let told = |keys: &str, rest: &str| match scenario::parse(&one_queue("1 s", keys, rest, &flows), "x.toml", &[]) {
        Ok(_) => panic!("nothing is told of {keys} {rest}"),
        Err(problems) => problems.to_string(),
    };
    let class = |keys: &str| format!("[queueing.q.classes.a]\n{keys}");
    let cases: [(&str, String, &str); 27] = [
        ("", String::new(), "flows.f.dscp: \"AF44\" is not a code point"),
        ("queueing = \"r\"", class(""), "no queueing is named \"r\""),
        ("buffer = \"9 packets\"\nqueueing = \"q\"", class("limit = \"1 kB\""), "told in bytes, the buffer in packets"),
        ("buffer = \"1 kB\"\nqueueing = \"q\"", class("reserved = \"2 kB\""), "reserve more than the buffer"),
        ("", "[queueing.q]".to_owned(), "queueing.q: has no class"),
        ("", class("scheduler = \"fair\""), "\"fair\" is none of the known words"),
        ("", class("scheduler = \"strict\"\npriority = 0"), "0 is not a whole number from 1 to 64"),
        (
            "",
            class("scheduler = \"strict\"\npriority = 1\nquantum = \"1 kB\""),
            "quantum: is not read by this scheduler",
        ),
        ("", class("priority = 1"), "priority: is not read by this scheduler"),
        ("", class("quantum = \"63 B\""), "is not a turn of 64 B to 1 GB"),
        ("", class("limit = \"1 kB\"\nreserved = \"2 kB\""), "reserved: is above its limit"),
        ("", class("limit = \"1 kB\"\nreserved = \"2 packets\""), "others of the profile are not"),
        ("", class("threshold = \"a half\""), "\"a half\" is not a threshold"),
        ("", class("code_points = [64]"), "64 is not a code point"),
        ("", class("code_points = []"), "is not a list of code points"),
        ("", class("code_points = [1]"), "no class takes the other code points"),
        ("", class("[queueing.q.classes.b]"), "a, b all take every other code point"),
        ("", class("red = { min = \"2 kB\", max = \"1 kB\" }"), "red.max: is not above its min"),
        ("", class("red = { min = \"2 kB\", max = \"3 kB\", weight = 16 }"), "16 is not a whole number from 0 to 15"),
        ("", class("red = { min = \"2 kB\", maxx = \"3 kB\" }"), "did you mean \"max\"?"),
        ("", "[queueing.q]\ncontrol = \"c\"\n[queueing.q.classes.a]".to_owned(), "no class is named \"c\""),
        ("", "[queueing.q.classes.control]".to_owned(), "that control messages have by themselves"),
        (
            "rate_limit = { bandwidth = \"1 Mbps\", queue = \"1 kB\" }",
            String::new(),
            "is not read with excess = \"drop\"",
        ),
        (
            "rate_limit = { bandwidth = \"1 Mbps\", control = \"counted\" }",
            String::new(),
            "control: is not read in the limit of an attachment",
        ),
        (
            "rate_limit = { bandwidth = \"2 Mbps\", excess = \"mark\", peak = \"1 Mbps\" }",
            String::new(),
            "peak: is not above the bandwidth",
        ),
        ("", "[[changes]]\nat = \"2 s\"\nlink = \"left/r1\"\nrate = \"1 Mbps\"".to_owned(), "is not before the end"),
        ("", "[[changes]]\nat = \"1 ms\"".to_owned(), "changes.change-1: changes nothing"),
    ];
    for (keys, rest, expected) in cases {
        let problems = told(keys, &rest);
        assert!(problems.contains(expected), "{expected:?} is not in: {problems}");
    }
}
