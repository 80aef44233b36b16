//! Impairments, MACsec receivers, LAG members and forwarding in whole runs, against formulas.

mod common;

use common::{direction, lost, ms, network, run, s, two_regions};
use fabricsim::message::DropReason;
use fabricsim::rng::RunSeed;
use fabricsim::sim::Simulation;
use fabricsim::sim::record::{FlowRecord, PacketNumbers, RunRecord};
use fabricsim::units::{Share, Span};

/// Two routers with one link between them (`link` holds its keys), an attachment at each, and further tables.
fn pair(link: &str, rest: &str) -> String {
    format!(
        "horizon = \"1 s\"\n[providers.net]\n[routers]\nr1 = {{ provider = \"net\" }}\nr2 = {{ provider = \"net\" }}\n\
         [links.span]\nbetween = [\"r1\", \"r2\"]\n{link}\n[attachments]\n\
         left = {{ provider = \"net\", prefixes = [\"10.1.0.0/24\"], routers = [\"r1\"], mtu = \"9100 B\" }}\n\
         right = {{ provider = \"net\", prefixes = [\"10.2.0.0/24\"], routers = [\"r2\"], mtu = \"9100 B\" }}\n{rest}"
    )
}

fn flow(keys: &str) -> String {
    format!("[flows.f]\nfrom = \"left\"\nto = \"right\"\n{keys}\n")
}

/// A failure of the link from the beginning on.
fn failure(kind: &str, keys: &str) -> String {
    format!("[[failures]]\nname = \"{kind}\"\nkind = \"{kind}\"\nlink = \"span\"\nat = \"0 s\"\n{keys}\n")
}

fn dropped(record: &RunRecord, reason: DropReason) -> u64 {
    record.totals.data.dropped.get(&reason).copied().unwrap_or(0)
}

/// A port fed at line rate before the tag is added passes (L + 20)/(L + 52) of it with an SCI of 8 bytes in the SecTAG,
/// (L + 20)/(L + 44) without (IEEE 802.1AE 9.3; OpenConfig's PF-1.27 limits IMIX to 92.1%); L is the frame with its FCS.
#[test]
fn saturated_macsec_passes_what_its_overhead_leaves() {
    const RATE: u64 = 1_000_000_000;
    for (sci, added) in [("true", 32), ("false", 24)] {
        for frame in [64, 354, 1_518, 9_018] {
            let size = frame - 18;
            let link =
                format!("rate = \"1 Gbps\"\nmtu = \"9100 B\"\nbuffer = \"8 packets\"\nmacsec = {{ sci = {sci} }}");
            // Exactly as many frames as the line without MACsec would take.
            let rate = RATE * size / (frame + 20);
            let record = run(&pair(&link, &flow(&format!("rate = \"{rate} bps\"\nsize = \"{size} B\""))));
            let data = &record.totals.data;
            // The first packet arrives after the unloaded latency; the line is busy from then on.
            let busy = 1.0 - record.totals.latency.min.as_ps() as f64 * 1e-12;
            let expected = busy * RATE as f64 / (8 * (frame + 20 + added)) as f64;
            assert!((data.delivered as f64 - expected).abs() < 3.0, "{frame} B, {added}: {}", data.delivered);
            let line = RATE as f64 / (8 * (frame + 20)) as f64;
            assert!((data.sent as f64 - line).abs() < 3.0, "{frame} B: {}", data.sent);
            assert_eq!(lost(data), dropped(&record, DropReason::BufferFull));
        }
    }
}

/// Five-tuples over four parallel ways of different lengths, so that a way shows in the latency; the second is cut.
fn moved_share(hash: &str) -> f64 {
    let mut text = "horizon = \"4 s\"\n[providers.net]\n".to_owned();
    text += &format!("[routers]\nr1 = {{ provider = \"net\", hash = \"{hash}\" }}\nr2 = {{ provider = \"net\" }}\n");
    for way in 1..=4 {
        text += &format!("[links.p{way}]\nbetween = [\"r1\", \"r2\"]\nrate = \"400 Gbps\"\ndelay = \"{way}00 us\"\n");
    }
    text += "[attachments]\nleft = { provider = \"net\", prefixes = [\"10.1.0.0/16\"], routers = [\"r1\"], rate = \"400 Gbps\" }\n\
             right = { provider = \"net\", prefixes = [\"10.2.0.0/16\"], routers = [\"r2\"], rate = \"400 Gbps\" }\n";
    text += &flow("rate = \"80 Mbps\"\ncount = 10000\nsize = \"500 B\"");
    text += "[[failures]]\nname = \"cut\"\nkind = \"fibre_cut\"\nlink = \"p2\"\nat = \"2 s\"\n";
    let record = run(&text);
    let has_moved = |flow: &&FlowRecord| flow.latency_max.saturating_sub(flow.latency_min) > Span::from_us(50);
    record.flows.iter().filter(has_moved).count() as f64 / record.flows.len() as f64
}

/// Modulo: (N - 1)/N. Hash-threshold (RFC 2992 section 3): 1/3 when the second of four goes. Resilient: 1/N.
#[test]
fn the_hash_decides_how_many_flows_move_when_a_next_hop_goes() {
    // Links 0, 1, 2, 3 without 1 are 0, 2, 3: a flow stays when [0, 2, 3][h mod 3] = h mod 4.
    let stays = (0..12).filter(|h| [0, 2, 3][h % 3] == h % 4).count();
    let modulo = 1.0 - stays as f64 / 12.0;
    assert!((modulo - 0.75).abs() < 1e-9, "(N - 1)/N of the flows");
    for (hash, expected) in [("five-tuple-modulo", modulo), ("five-tuple", 1.0 / 3.0), ("five-tuple-resilient", 0.25)] {
        let share = moved_share(hash);
        // Binomial over 10,000 flows, four standard deviations.
        let error = 4.0 * (expected * (1.0 - expected) / 10_000.0f64).sqrt();
        assert!((share - expected).abs() < error, "{hash}: {share}, not {expected}");
    }
}

/// A copy has the packet number of its original: strict order drops it as late, a window lets it pass, and so does a
/// wire without MACsec (Linux 6.1, "PN 3 again").
#[test]
fn copies_are_conserved_and_die_at_a_strict_replay_window_only() {
    let copies = failure("duplication", "probability = \"20%\"");
    let load = flow("rate = \"80 Mbps\"\nsize = \"1000 B\"");
    for (macsec, passes) in [
        ("\"off\"", true),
        ("{ replay_window = 0 }", false),
        ("{ replay_window = 1 }", true),
        ("{ replay_window = \"off\" }", true),
    ] {
        let record = run(&pair(&format!("macsec = {macsec}"), &format!("{load}{copies}")));
        let (data, doubles) = (&record.totals.data, &record.totals.duplicates);
        assert_eq!(data.sent, data.delivered + data.in_flight, "{macsec}: the originals are not touched");
        // Binomial(10,000, 0.2): standard deviation 40.
        assert!(doubles.sent.abs_diff(2_000) < 160, "{macsec}: {}", doubles.sent);
        let late = doubles.dropped.get(&DropReason::MacsecLate).copied().unwrap_or(0);
        assert_eq!(doubles.sent, doubles.delivered + late + doubles.in_flight, "{macsec}");
        assert_eq!(late == 0, passes, "{macsec}: {late}");
    }
}

/// Packets 100 us apart, each late by 0 to 200 us: the next overtakes with (1 - 1/2)^2 / 2 = 1/8, no later one can. An
/// Then next is two above the overtaken one's number: a window of 2 reaches it.
#[test]
fn a_replay_window_must_be_as_wide_as_the_reordering() {
    let load = flow("rate = \"80 Mbps\"\nsize = \"1000 B\"");
    let late = |window: u32, order: &str| {
        let jitter = failure("jitter", &format!("jitter = \"200 us\"\norder = \"{order}\""));
        let record = run(&pair(&format!("macsec = {{ replay_window = {window} }}"), &format!("{load}{jitter}")));
        let spread = record.totals.latency.max.saturating_sub(record.totals.latency.min);
        assert!(spread > Span::from_us(190) && spread <= Span::from_us(200), "{spread}");
        dropped(&record, DropReason::MacsecLate)
    };
    // 10,000 packets, neighbours weakly correlated: standard deviation below 40.
    assert!(late(0, "free").abs_diff(1_250) < 160, "{}", late(0, "free"));
    assert!(late(1, "free").abs_diff(1_250) < 160);
    assert_eq!(late(2, "free"), 0);
    assert_eq!(late(0, "kept"), 0, "what does not reorder disturbs nobody");
}

/// Damage behind a renewed FCS: dropped by a MACsec receiver, unless its frames can be read and it need not be strict.
#[test]
fn hidden_damage_is_found_by_the_icv_only() {
    let load = flow("rate = \"80 Mbps\"\nsize = \"1000 B\"");
    let damage = failure("corruption", "probability = \"10%\"\nfcs = \"renewed\"");
    for (macsec, found) in [
        ("\"off\"", false),
        ("{ validate = \"strict\" }", true),
        ("{ validate = \"disabled\" }", true),
        ("{ validate = \"strict\", protection = \"integrity\" }", true),
        ("{ validate = \"check\", protection = \"integrity\" }", false),
    ] {
        let record = run(&pair(&format!("macsec = {macsec}"), &format!("{load}{damage}")));
        let icv = dropped(&record, DropReason::MacsecIcv);
        assert_eq!(lost(&record.totals.data), icv);
        // Binomial(10,000, 0.1): standard deviation 30.
        assert!(if found { icv.abs_diff(1_000) < 120 } else { icv == 0 }, "{macsec}: {icv}");
    }
}

/// Every frame that was given a number is counted where it arrives, or is still under way (IEEE 802.1AE 10.7.9).
#[test]
fn macsec_counters_tell_what_became_of_every_frame() {
    let load = flow("rate = \"80 Mbps\"\nsize = \"1000 B\"\nstop = \"900 ms\"");
    let rest = [
        load,
        failure("jitter", "jitter = \"200 us\"\norder = \"free\""),
        failure("duplication", "probability = \"10%\""),
        failure("corruption", "probability = \"10%\"\nfcs = \"renewed\""),
    ];
    let counted = |macsec: &str, rest: &str| {
        let record = run(&pair(&format!("macsec = {{ {macsec} }}"), rest));
        let [there, back] = record.macsec.as_slice() else { panic!("one member: {:?}", record.macsec) };
        assert_eq!((there.member.as_str(), there.from.as_str(), back.from.as_str()), ("span/0", "r1", "r2"));
        assert_eq!((back.protected, back.ok), (0, 0));
        assert_eq!(there.next_packet_number, Some(there.protected + 1));
        let copies = record.totals.duplicates.sent;
        let received = there.ok + there.late + there.not_valid + there.invalid + there.unchecked;
        assert_eq!(received, there.protected + copies, "{macsec}: {there:?}");
        there.clone()
    };
    let quiet = counted("", &rest[0]);
    assert_eq!((quiet.ok, quiet.late), (quiet.protected, 0));
    let strict = counted("replay_window = 0", &rest.concat());
    assert!(strict.late > 500 && strict.not_valid > 500 && strict.invalid == 0, "{strict:?}");
    let check = counted("replay_window = 0, validate = \"check\", protection = \"integrity\"", &rest.concat());
    assert!(check.late > 500 && check.not_valid == 0 && check.invalid > 500, "{check:?}");
    let blind = counted("replay_window = \"off\", validate = \"disabled\", protection = \"integrity\"", &rest.concat());
    assert_eq!((blind.ok, blind.late, blind.not_valid, blind.invalid), (0, 0, 0, 0));
}

/// Three quarters of 2^32 numbers are a reason to ask for a new key (wpa_supplicant: 0xC0000000); the last one is the end.
#[test]
fn packet_numbers_are_counted_per_member() {
    let load = flow("rate = \"8 Mbps\"\nsize = \"1000 B\"\nstop = \"500 ms\"");
    let after = |first: u64| {
        let macsec = format!("macsec = {{ suite = \"GCM-AES-256\", first_packet_number = {first} }}");
        run(&pair(&macsec, &load)).macsec[0].packet_numbers
    };
    assert_eq!(after(1), PacketNumbers::Plenty);
    assert_eq!(after(0xc000_0000 - 400), PacketNumbers::Pending);
    assert_eq!(after(0xffff_ffff - 400), PacketNumbers::UsedUp);
}

/// The service with channels of four members, the failure on channel a1.
fn service(keys: &str, failure: &str) -> String {
    format!(
        "horizon = \"6 s\"\n[interconnects.virginia]\ntemplate = \"aws-google/us-east-1\"\nmembers = 4\n\
         [links.iad-channel-a1]\nmin_links = 1\n{keys}\n[connections.shop]\ninterconnect = \"virginia\"\n\
         bandwidth = \"500 Mbps\"\nattachments = [\"vpc-aws\", \"vpc-google\"]\n\
         [attachments.vpc-aws]\nprovider = \"aws\"\nprefixes = [\"10.0.0.0/16\"]\n\
         [attachments.vpc-google]\nprovider = \"google\"\nprefixes = [\"10.128.0.0/16\"]\n\
         [flows.web]\nfrom = \"vpc-aws\"\nto = \"vpc-google\"\nrate = \"16 Mbps\"\ncount = 1000\nsize = \"200 B\"\n\
         [[failures]]\nname = \"cut\"\nlink = \"iad-channel-a1\"\nmember = 2\nat = \"2 s\"\nlasts = \"2 s\"\n{failure}\n"
    )
}

/// One member of four of one of four channels is 1/16 of all paths. Cut with light, it is gone until the carrier delay
/// of 10 ms is over and its flows have moved; cut silently, for as long as it lasts.
#[test]
fn usable_paths_count_members() {
    let sixteenth = Share::from_ppb(937_500_000);
    let shares = |kind: &str| {
        let record = run(&service("", &format!("kind = \"{kind}\"")));
        record.connections[0].directions[0].usable_paths.clone()
    };
    let [whole, s2, s4] = [Span::ZERO, s(2), s(4)];
    assert_eq!(shares("fibre_cut"), [(whole, Share::ONE), (s2, sixteenth), (s2 + ms(10), Share::ONE)]);
    assert_eq!(shares("silent_cut"), [(whole, Share::ONE), (s2, sixteenth), (s4, Share::ONE)]);
}

/// A sixteenth of the flows ride the dead member and no other flow loses anything; every flow loses all of 2 s, or none.
#[test]
fn a_silent_member_takes_only_its_flows() {
    let record = run(&service("", "kind = \"silent_cut\""));
    let hit: Vec<&FlowRecord> = record.flows.iter().filter(|flow| flow.dropped > 0).collect();
    // Binomial(1000, 1/16): standard deviation 7.7.
    assert!(hit.len().abs_diff(62) < 31, "{}", hit.len());
    // One packet each 100 ms.
    assert!(hit.iter().all(|flow| (20..=21).contains(&flow.dropped)));
    assert!(record.ledger[0].notices.is_empty(), "{:?}", record.ledger[0].notices);
}

/// BFD rides the first member that is up: when that one dies silently, the whole link goes down with it.
#[test]
fn a_silent_first_member_takes_the_link_down() {
    let text = service("", "kind = \"silent_cut\"").replace("member = 2", "member = 0");
    let record = run(&text.replace("[connections.shop]\n", "[connections.shop]\ntimers = \"fast\"\n"));
    let noticed: Vec<&str> = record.ledger[0].notices.iter().map(|notice| notice.how).collect();
    assert!(noticed.contains(&"bfd"), "{noticed:?}");
}

/// Every kind of impairment, LAG members and one-way faults: the same record however the run is divided.
#[test]
fn impaired_runs_do_not_depend_on_threads() {
    let mut text = two_regions(4, "20 Mbps", "1 s");
    text = text.replace("[links.between]\n", "[links.between]\nmembers = 4\nmacsec = { replay_window = 4 }\n");
    for (index, keys) in [
        "kind = \"jitter\"\njitter = \"300 us\"\norder = \"free\"\nlasts = \"300 ms\"",
        "kind = \"jitter\"\njitter = \"200 us\"\nfrom = \"east-spine-0\"",
        "kind = \"duplication\"\nprobability = \"5%\"\nmember = 1",
        "kind = \"corruption\"\nprobability = \"1%\"\nfcs = \"renewed\"",
        "kind = \"delay_change\"\ndelay = \"7 ms\"\nlasts = \"400 ms\"",
        "kind = \"silent_cut\"\nmember = 3\nfrom = \"west-spine-0\"\nlasts = \"200 ms\"",
        "kind = \"fibre_cut\"\nmember = 2\nlasts = \"300 ms\"",
    ]
    .iter()
    .enumerate()
    {
        text += &format!(
            "[[failures]]\nname = \"x{index}\"\nlink = \"between\"\nat = \"{}0 ms\"\n{keys}\n",
            10 + index * 3
        );
    }
    let network = network(&text);
    let whole = Simulation::new(&network, RunSeed(3)).run();
    assert!(whole.totals.duplicates.delivered > 0 && dropped(&whole, DropReason::MacsecLate) > 0);
    for threads in [2, 3] {
        let simulation = Simulation::new(&network, RunSeed(3)).threads(threads).divided_anyway();
        assert!(simulation.layout().count() > 1);
        let divided = simulation.run();
        assert_eq!(divided.fingerprint, whole.fingerprint, "{threads} threads");
        assert_eq!(divided.totals, whole.totals, "{threads} threads");
        assert_eq!(divided.flows, whole.flows, "{threads} threads");
    }
}

/// IPv6 packets of a size take the same bytes on the wire and so the same time as IPv4's: the size is that of the whole
/// IP packet, 40 bytes of header included (RFC 8200).
#[test]
fn ipv6_flows_are_routed_and_timed_like_ipv4() {
    let both = |family: &str| {
        let text = pair("macsec = {}", &flow("rate = \"8 Mbps\"\nsize = \"1000 B\""));
        let text =
            text.replace("10.1.0.0/24", &format!("{family}1::/64")).replace("10.2.0.0/24", &format!("{family}2::/64"));
        run(&text)
    };
    let six = both("fd00:");
    let four = run(&pair("macsec = {}", &flow("rate = \"8 Mbps\"\nsize = \"1000 B\"")));
    assert!(six.flows[0].five_tuple.starts_with("fd00:1::"), "{}", six.flows[0].five_tuple);
    assert_eq!(six.totals.data.delivered + six.totals.data.in_flight, six.totals.data.sent);
    assert_eq!((six.totals.latency.min, six.totals.latency.max), (four.totals.latency.min, four.totals.latency.max));
}

/// Edge, r1, r2: three routers decrement the hop limit (RFC 1812 5.3.1), the edge of the target delivers.
#[test]
fn the_hop_limit_counts_routers() {
    for (ttl, arrives) in [(2, false), (3, true)] {
        let record = run(&pair("", &flow(&format!("rate = \"1 Mbps\"\nsize = \"100 B\"\nttl = {ttl}"))));
        let data = &record.totals.data;
        assert_eq!(data.delivered > 0, arrives, "{ttl}");
        assert_eq!(lost(data), dropped(&record, DropReason::TtlExpired));
        assert_eq!(lost(data) > 0, !arrives, "{ttl}");
    }
}

/// Linux takes 32 bytes off the MTU of a MACsec interface: 1468 under 1500. Larger packets die at that port.
#[test]
fn packets_above_the_mtu_die_at_the_port_that_has_it() {
    for (size, arrives) in [(1_468, true), (1_469, false)] {
        let load = flow(&format!("rate = \"8 Mbps\"\nsize = \"{size} B\""));
        let record = run(&pair("mtu = \"1500 B\"\nmacsec = {}", &load));
        assert_eq!(record.totals.data.delivered > 0, arrives, "{size}");
        let at_port = direction(&record, "span", "r1").dropped.get(&DropReason::TooBig).copied().unwrap_or(0);
        assert_eq!(at_port, lost(&record.totals.data));
        assert_eq!(at_port > 0, !arrives, "{size}");
    }
}

/// Without any way left packets go on dying at the port that is down until the table says so, and then for want of a
/// route: 10 ms of carrier, 200 ms of convergence, 100 ms of installation at a packet a millisecond.
#[test]
fn a_black_hole_becomes_a_missing_route() {
    let cut = failure("fibre_cut", "lasts = \"900 ms\"").replace("at = \"0 s\"", "at = \"50 ms\"");
    let record = run(&pair("delay = \"100 us\"", &format!("{}{cut}", flow("rate = \"8 Mbps\"\nsize = \"1000 B\""))));
    let counts =
        [DropReason::FibreCut, DropReason::PortDown, DropReason::NoRoute].map(|reason| dropped(&record, reason));
    assert!((10..=11).contains(&counts[0]) && (299..=301).contains(&counts[1]), "{counts:?}");
    // The run ends before the return of light is believed, 200 ms after it.
    assert!(counts[2].abs_diff(1_000 - 50 - 310) <= 2, "{counts:?}");
}
