//! Every message has its place, reason and remedy.

use super::*;
use crate::ids::RouterId;

/// What stands in the file, what is written instead, the message.
const WRONG: &[(&str, &str, &str)] = &[
    ("400 Gbps", "400 Gbpss", r#"links.l1.rate: "400 Gbpss" is not a rate; write for example "400 Gbps" (x.toml:12)"#),
    ("\"400 Gbps\"", "400", r#"links.l1.rate: 400 is not text; write for example "100 Gbps" (x.toml:12)"#),
    (
        "400 Gbps",
        "150 MBps",
        r#"links.l1.rate: "150 MBps" is not a rate; rates count bits, and B is a byte: write "1.2 Gbps" (x.toml:12)"#,
    ),
    (
        "400 Gbps",
        "1.5 kB/s",
        r#"links.l1.rate: "1.5 kB/s" is not a rate; rates count bits, and B is a byte: write "12 kbps" (x.toml:12)"#,
    ),
    ("400 Gbps", "0 bps", r#"links.l1.rate: "0 bps" is not a rate; write for example "400 Gbps" (x.toml:12)"#),
    (
        "400 Gbps",
        "11 Tbps",
        r#"links.l1.rate: is above 10 Tbps, faster than any port; write for example "400 Gbps" (x.toml:12)"#,
    ),
    ("rate = \"400", "rat = \"400", r#"links.l1.rat: unknown key; did you mean "rate"? (x.toml:12)"#),
    ("[links.l1]", "[link.l1]", r#"link: unknown key; did you mean "links"? (x.toml:10)"#),
    (
        "rate = \"400",
        "members = 0\nrate = \"400",
        "links.l1.members: 0 is not a whole number from 1 to 64; write for example 1 (x.toml:12)",
    ),
    (
        "[\"r1\", \"r2\"]",
        "[\"r1\", \"r3\"]",
        r#"links.l1.between: no router is named "r3"; did you mean "r1"? (x.toml:11)"#,
    ),
    (
        "[\"r1\", \"r2\"]",
        "[\"r1\", \"r1\"]",
        "links.l1.between: both ends are the same router; name two routers (x.toml:11)",
    ),
    (
        "[\"r1\", \"r2\"]",
        "[]",
        r#"links.l1.between: names 0 routers; a link has two ends: write ["r1", "r2"] (x.toml:11)"#,
    ),
    (
        "[providers.net]",
        "[interconnects.q]\n[providers.net]",
        r#"interconnects.q: has no channel; add links with interconnect = "q", or a template (x.toml:3)"#,
    ),
    (
        "to = \"right\"",
        "to = \"nowhere\"",
        r#"flows.f.to: no attachment is named "nowhere"; there are: left, right (x.toml:23)"#,
    ),
    ("\"west\"", "\"wets\"", r#"routers.r1.facility: no facility is named "wets"; there are: west (x.toml:7)"#),
    (
        "10.2.0.0/24",
        "10.1.0.0/24",
        r#"attachments.right.prefixes: 10.1.0.0/24 is a prefix of "left", too, which it can reach; give them prefixes apart, or one within the other (x.toml:19)"#,
    ),
    (
        "10.2.0.0/24",
        "10.2.0.1/24",
        r#"attachments.right.prefixes: "10.2.0.1/24" has bits beyond its length; write "10.2.0.0/24" (x.toml:19)"#,
    ),
    (
        "10.2.0.0/24",
        "10.2.0.0.0",
        r#"attachments.right.prefixes: "10.2.0.0.0" is not a prefix; write for example "10.0.0.0/16" (x.toml:19)"#,
    ),
    (
        "\"10 s\"",
        "\"300 days\"",
        r#"horizon: "300 days" is beyond the clock of 213 days; write for example "200 days" (x.toml:2)"#,
    ),
    (
        "\"4 s\"",
        "\"10 s\"",
        "failures.cut.at: 10 s is not before the end of the run at 10 s; fail earlier, or make the horizon longer (x.toml:29)",
    ),
    (
        "link = \"l1\"",
        "router = \"r1\"\nlink = \"l1\"",
        "failures.cut.router: is not read by fibre_cut; known here: link, member, from (x.toml:28)",
    ),
    (
        "fibre_cut",
        "fiber_cut",
        r#"failures.cut.kind: "fiber_cut" is none of the known words; did you mean "fibre_cut"? (x.toml:27)"#,
    ),
    ("title = ", "title ", "not TOML: key with no value, expected `=` (x.toml:1)"),
    (
        "provider = \"net\"\nfacility",
        "facility",
        r#"routers.r1.provider: is missing; write for example "net" (x.toml:5)"#,
    ),
    (
        "[facilities.west]",
        "[facilities]\nwest = 3",
        "facilities.west: is not a table; write [facilities.west] above its keys (x.toml:5)",
    ),
    (
        "\n[flows.f]",
        "\nbuffer = \"big\"\n[flows.f]",
        r#"attachments.right.buffer: "big" is not a buffer; write for example "16 MiB", "64 packets" or "unlimited" (x.toml:21)"#,
    ),
    ("\"Two routers\"", "2", r#"title: 2 is not text; write for example "Two routers" (x.toml:1)"#),
    (
        "horizon",
        "description = [\"a\"]\nhorizon",
        r#"description: ["a"] is not text; write for example "What one will see." (x.toml:2)"#,
    ),
    (
        "[facilities.west]",
        "[facilities.west]\ntitle = true",
        r#"facilities.west.title: true is not text; write for example "Meeting place A" (x.toml:5)"#,
    ),
    (
        "[providers.net]",
        "[providers.net]\nbgp = { connect_retry = \"999 ms\" }",
        r#"providers.net.bgp.connect_retry: 999 ms is too short; write "1 s" or more; RFC 4271 section 10 suggests "120 s" (x.toml:4)"#,
    ),
    (
        "[providers.net]",
        "[providers.net]\nbgp = { hold = \"2 s\" }",
        r#"providers.net.bgp.hold: 2 s is too short; RFC 4271 4.2 allows "0 s" (no timers) and "3 s" or more (x.toml:4)"#,
    ),
    (
        "[providers.net]",
        "[providers.net]\nbgp = { keepalive = \"0.5 s\" }",
        r#"providers.net.bgp.keepalive: 500 ms is too short; RFC 4271 4.4 allows one a second at most: write for example "30 s" (x.toml:4)"#,
    ),
    (
        "[providers.net]",
        "[providers.net]\nbfd = { interval = \"999 us\" }",
        r#"providers.net.bfd.interval: a BFD interval of 999 us is below 1 ms, shorter than routers offer; write for example "300 ms" (x.toml:4)"#,
    ),
    (
        "[providers.net]",
        "[providers.net]\nbfd = { multiplier = 256 }",
        r#"providers.net.bfd.multiplier: 256 is not a whole number from 1 to 255; write for example 1 (x.toml:4)"#,
    ),
    (
        "rate = \"400",
        "bfd = { interval = \"0 s\", multiplier = 0 }\nrate = \"400",
        "links.l1.bfd.multiplier: 0 is not a whole number from 1 to 255; write for example 1 (x.toml:12)",
    ),
    (
        "[providers.net]",
        "[providers.idle]\nfib_install = \"soon\"\n[providers.net]",
        r#"providers.idle.fib_install: "soon" is not a duration; write for example "300 ms" (x.toml:4)"#,
    ),
    (
        "[providers.net]",
        "[providers.net]\nprofile = 3",
        r#"providers.net.profile: 3 is not text; write for example "rfc4271" (x.toml:4)"#,
    ),
    (
        "[providers.net]",
        "[providers.net]\ninternal_sessions = true",
        r#"providers.net.internal_sessions: true is not a word; write "borders-to-others" or "full-mesh" or "reflected" (x.toml:4)"#,
    ),
    (
        "[[failures]]",
        "[monitors.m]\nfrom = \"left\"\nto = \"right\"\ninterval = \"1 us\"\n[[failures]]",
        r#"monitors.m.interval: 1 us is below 1 ms; write for example "1 s" (x.toml:28)"#,
    ),
    (
        "[[failures]]",
        "[monitors.m]\nfrom = \"left\"\nto = \"right\"\ntimeout = \"1 us\"\n[[failures]]",
        r#"monitors.m.timeout: 1 us is below 1 ms; write for example "1 s" (x.toml:28)"#,
    ),
    (
        "[flows.f]",
        "[flows.\"f (reverse)\"]\nfrom = \"right\"\nto = \"left\"\nrate = \"1 Mbps\"\n[flows.f]\ndirection = \"both\"",
        "flows.f (reverse): is also the name of another flow's way back; give it another name (x.toml:21)",
    ),
    (
        "link = \"l1\"",
        "probability = \"5%\"\nlink = \"l1\"",
        "failures.cut.probability: is not read by fibre_cut; known here: link, member, from (x.toml:28)",
    ),
    (
        "10.2.0.0/24",
        "239.0.0.0/8",
        r#"attachments.right.prefixes: 239.0.0.0/8 is for multicast (RFC 5771, RFC 4291 2.7), and flows are unicast; write for example ["10.0.0.0/16"] (x.toml:19)"#,
    ),
    (
        "[providers.net]",
        "[interconnects.q]\ntemplate = \"aws-google/us-east-1\"\ncode = \"\"\nmembers = -5\n[providers.net]",
        "interconnects.q.code: is empty; leave it out, or write something (x.toml:5)",
    ),
    (
        "[providers.net]",
        "[interconnects.q]\ntemplate = \"aws-google/us-east-1\"\nmembers = -5\n[providers.net]",
        "interconnects.q.members: -5 is not a whole number from 1 to 64; write for example 1 (x.toml:5)",
    ),
    (
        "[providers.net]",
        "[expect]\ndrops.no-rout = 0\n[providers.net]",
        r#"expect.drops.no-rout: unknown key; did you mean "no-route"? (x.toml:4)"#,
    ),
];

#[test]
fn each_kind_of_problem_has_its_place_reason_and_remedy() {
    let mut unlike = Vec::new();
    for (from, to, message) in WRONG {
        assert!(TWO_ROUTERS.contains(*from), "{from}");
        let found = problems_of(&TWO_ROUTERS.replacen(*from, to, 1), &[]);
        if !found.lines().any(|line| line == *message) {
            unlike.push(format!("wanted {message}\nfound  {found}"));
        }
    }
    assert!(unlike.is_empty(), "{}", unlike.join("\n\n"));
}

/// Timers of a connection are checked like those of a provider, and the least allowed values pass.
#[test]
fn timers_of_connections_are_checked_too() {
    let custom = include_str!("../starters/custom.toml");
    let place = custom.lines().position(|line| line.starts_with("bandwidth")).unwrap() + 1;
    let with = |timers: &str| custom.replacen("bandwidth =", &format!("{timers}\nbandwidth ="), 1);
    for (key, value, rest) in [
        ("connect_retry", "1 ps", r#"write "1 s" or more; RFC 4271 section 10 suggests "120 s""#),
        ("hold", "2.9 s", r#"RFC 4271 4.2 allows "0 s" (no timers) and "3 s" or more"#),
        ("keepalive", "0 s", r#"RFC 4271 4.4 allows one a second at most: write for example "30 s""#),
    ] {
        let shown: Span = value.parse().unwrap();
        let wanted = format!("connections.c.bgp.{key}: {shown} is too short; {rest} (x.toml:{place})");
        assert_eq!(problems_of(&with(&format!("bgp.{key} = {value:?}")), &[]), wanted);
    }
    for hold in ["0 s", "3 s"] {
        let bgp = format!("bgp = {{ hold = {hold:?}, keepalive = \"1 s\", connect_retry = \"1 s\" }}");
        let network = good(&with(&format!("{bgp}\nbfd = {{ interval = \"1 ms\", multiplier = 255 }}"))).network;
        let external = network.sessions.iter().find(|s| matches!(s.kind, SessionKind::External(_))).unwrap();
        assert_eq!(external.ends[0].timing.hold.to_string(), hold);
    }
}

#[test]
fn a_scenario_without_anything_to_send_is_none() {
    let nobody = "attachments: there is none, so nobody sends and nobody receives; \
                  add [attachments.x] and [attachments.y], or begin with \"fabricsim new\" (x.toml)";
    let nothing = "flows: there is no flow and no monitor, so nothing is sent; \
                   add [flows.x] with from, to and rate, or [monitors.x] (x.toml)";
    for text in ["", "title = \"Nothing\"\n[providers.net]\n"] {
        assert_eq!(problems_of(text, &[]), format!("{nobody}\n{nothing}"));
    }
    let idle = TWO_ROUTERS.split("[flows.f]").next().unwrap();
    assert_eq!(problems_of(idle, &[]), nothing);
    let probed = good(&format!("{idle}[monitors.m]\nfrom = \"left\"\nto = \"right\"\n"));
    assert_eq!(probed.network.flows.len(), 2);
}

#[test]
fn links_that_carry_bgp_take_packets_of_576_bytes() {
    let custom = include_str!("../starters/custom.toml");
    let line = |text: &str, wanted: &str| text.lines().position(|line| line == wanted).unwrap() + 1;
    for (table, key) in [("[links.channel-1]", "links.channel-1"), ("[attachments.vpc-west]", "attachments.vpc-west")] {
        let with = |mtu: u32| custom.replacen(table, &format!("{table}\nmtu = \"{mtu} B\""), 1);
        let small = with(575);
        let wanted = format!(
            "{key}.mtu: 575 B is below the 576 B that BGP sessions over this link need (RFC 791); \
             write \"576 B\" or more (x.toml:{})",
            line(&small, "mtu = \"575 B\"")
        );
        assert_eq!(problems_of(&small, &[]), wanted);
        good(&with(576));
    }
    // Without sessions any IP packet's size will do.
    good(&TWO_ROUTERS.replace("rate = \"400", "mtu = \"68 B\"\nrate = \"400"));
}

#[test]
fn connections_of_the_same_providers_share_no_attachment() {
    let second = |attachments: &str| {
        let custom = include_str!("../starters/custom.toml");
        let more = "[attachments.east-too]\nprovider = \"east\"\nprefixes = [\"10.3.0.0/16\"]\nrouters = [\"east-1\"]\n\
                    [attachments.west-too]\nprovider = \"west\"\nprefixes = [\"10.4.0.0/16\"]\nrouters = [\"west-1\"]\n";
        format!(
            "{custom}\n{more}[connections.d]\ninterconnect = \"pair\"\nbandwidth = \"1 Gbps\"\n\
             attachments = {attachments}\n"
        )
    };
    let shared = second("[\"east-too\", \"vpc-west\"]");
    let line = shared.lines().count();
    let wanted = format!(
        "connections.d.attachments: \"vpc-west\" is in connection \"c\" between east and west too; \
         give each connection attachments of its own, or make one connection of both (x.toml:{line})"
    );
    assert!(problems_of(&shared, &[]).lines().any(|line| line == wanted), "{}", problems_of(&shared, &[]));
    assert_eq!(good(&second("[\"east-too\", \"west-too\"]")).network.connections.len(), 2);
    // To a third provider the same attachment may have a connection of its own.
    let third = "[providers.north]\nprofile = \"fast\"\n[routers.north-1]\nprovider = \"north\"\n\
                 [interconnects.other]\n[links.channel-3]\nbetween = [\"west-1\", \"north-1\"]\n\
                 interconnect = \"other\"\n[attachments.vpc-north]\nprovider = \"north\"\n\
                 prefixes = [\"10.5.0.0/16\"]\n";
    let third = format!("{}{third}", second("[\"vpc-north\", \"vpc-west\"]"))
        .replace("[connections.d]\ninterconnect = \"pair\"", "[connections.d]\ninterconnect = \"other\"");
    assert_eq!(good(&third).network.connections.len(), 2);
}

#[test]
fn a_queue_without_end_must_not_be_overloaded() {
    let text = TWO_ROUTERS.replace("400 Gbps\"", "10 Mbps\"\nbuffer = \"unlimited\"");
    // 1400 B take 1438 B on the wire: header 14, FCS 4, preamble 8, gap 12 (IEEE 802.3).
    assert_eq!(
        problems_of(&text, &[]),
        "links.l1: is offered 10.271428 Mbps on the wire, not below its 10 Mbps, with an unlimited buffer; \
         lower the flows' rates, or give the link a buffer (x.toml:10)"
    );
    good(&text.replace("\"unlimited\"", "\"16 MiB\""));
    parse(&text, "x.toml", &["flows.f.rate=9 Mbps".to_owned()]).unwrap();
}

#[test]
fn all_problems_are_told_at_once_with_their_lines() {
    let text = TWO_ROUTERS.replace("400 Gbps", "fast").replace("10 Mbps", "slow").replace("\"4 s\"", "\"soon\"");
    let Err(problems) = parse(&text, "x.toml", &[]) else { panic!("loaded") };
    assert_eq!(problems.iter().count(), 3, "{problems}");
    let rendered = problems.render();
    for wanted in ["x.toml:12", "rate = \"fast\"", "rate = \"slow\"", "at = \"soon\"", "write for example"] {
        assert!(rendered.contains(wanted), "{wanted} in\n{rendered}");
    }
}

#[test]
fn overrides_replace_what_the_file_says_and_are_named_when_wrong() {
    let overrides = ["flows.f.rate=20 Mbps", "flows.f.count=3", "failures.cut.at=5 s", "seed=7"].map(str::to_owned);
    let loaded = parse(TWO_ROUTERS, "folder/x.toml", &overrides).unwrap();
    let entry = loaded.network.flow_entries.iter().next().unwrap();
    assert_eq!((entry.rate.as_bps(), entry.count, loaded.seed), (20_000_000, 3, 7));
    assert_eq!(loaded.network.failures.iter().next().unwrap().when.at, Span::from_s(5));
    assert_eq!(loaded.name, "x");
    let cases = [
        (
            "flows.f.rate=fast",
            r#"flows.f.rate: "fast" is not a rate; write for example "400 Gbps" (--set flows.f.rate=fast)"#,
        ),
        ("flows.f.rat=1", r#"flows.f.rat: unknown key; did you mean "rate"? (--set flows.f.rat=1)"#),
        ("flows", r#"no "=" in the override; write for example "flows.web.rate=10 Mbps" (--set flows)"#),
        (
            "failures.x.at=1 s",
            r#"no failures named "x" (there are: cut); write for example "flows.web.rate=10 Mbps" (--set failures.x.at=1 s)"#,
        ),
    ];
    for (given, message) in cases {
        assert!(
            problems_of(TWO_ROUTERS, &[given]).lines().any(|line| line == message),
            "{}",
            problems_of(TWO_ROUTERS, &[given])
        );
    }
}

#[test]
fn a_table_alone_is_a_problem_and_no_panic() {
    for text in ["[interconnects.q]", "[connections.c]", "[links.l]", "[attachments.a]", "[flows.f]", "[monitors.m]"] {
        assert!(problems_of(text, &[]).contains("attachments"), "{text}");
    }
    let custom = include_str!("../starters/custom.toml");
    let line = custom.lines().position(|line| line.starts_with("attachments = ")).unwrap();
    let written = custom.lines().nth(line).unwrap();
    let wanted = format!(
        "connections.c.attachments: names no attachment; name at least one of each provider (x.toml:{})",
        line + 1
    );
    assert_eq!(problems_of(&custom.replace(written, "attachments = []"), &[]), wanted);
}

/// Router addresses come from 100.64.0.0/10, which a network may use for its hosts too.
#[test]
fn prefixes_may_cover_the_addresses_of_routers() {
    for prefix in ["100.64.0.0/10", "0.0.0.0/0", "169.254.0.0/16"] {
        let left = TWO_ROUTERS.replace("[\"10.1.0.0/24\"]", &format!("[\"{prefix}\", \"fd00:1::/64\"]"));
        good(&left.replace("10.2.0.0/24", "fd00:2::/64"));
    }
    // A written address goes before another router's default.
    let taken = good(TWO_ROUTERS).network;
    let address = taken.destinations[taken.routers[RouterId(1)].loopback].prefix.addr();
    let text = TWO_ROUTERS.replace("[routers.r2]", &format!("[routers.r2]\naddress = \"{address}\""));
    good(&text);
}

/// TOML has other escapes than Rust: what stands in a template's parameters must come out the same.
#[test]
fn template_parameters_may_be_any_text() {
    let quickstart = include_str!("../../../scenarios/quickstart.toml");
    let line = quickstart.lines().find(|line| line.starts_with("template = ")).unwrap();
    for text in ["\u{a0}", "\\u0007", "\\n", "\\\"", "\u{200b}"] {
        let wrong = quickstart.replace(line, &format!("{line}\nchannel_rate = \"1{text}xGbps\""));
        assert!(problems_of(&wrong, &[]).contains("is not a rate"), "{text:?}");
    }
}

#[test]
fn failures_without_a_name_have_a_place_and_take_overrides() {
    let text = TWO_ROUTERS.replace("name = \"cut\"\n", "");
    let wrong = text.replace("\"4 s\"", "\"soon\"");
    assert!(
        problems_of(&wrong, &[]).starts_with("failures.failure-1.at: \"soon\" is not"),
        "{}",
        problems_of(&wrong, &[])
    );
    assert!(problems_of(&wrong, &[]).ends_with("(x.toml:28)"), "{}", problems_of(&wrong, &[]));
    let moved = parse(&text, "x.toml", &["failures.failure-1.at=5 s".to_owned()]).unwrap().network;
    assert_eq!(moved.failures.iter().next().unwrap().when.at, Span::from_s(5));
}

#[test]
fn runs_without_an_end_are_warned_of_and_control_characters_refused() {
    // 50 Tbps of 1400 B is 4.5e9 packets a second for 10 s, over one zone link of 100 Gbps.
    let loaded = good(&TWO_ROUTERS.replace("10 Mbps", "50 Tbps"));
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert!(warnings.iter().any(|text| text.contains("packets are to be sent")), "{warnings:?}");
    assert!(warnings.iter().any(|text| text.contains("flows.f.rate: 50 Tbps is more than")), "{warnings:?}");
    let named = TWO_ROUTERS.replace("[providers.net]", "[providers.net]\n[facilities.\"a\\u0007\"]");
    assert!(problems_of(&named, &[]).contains("has a control character"));
    assert!(problems_of(&TWO_ROUTERS.replace("Two routers", "Two\\nrouters"), &[]).contains("title: has a control"));
}
