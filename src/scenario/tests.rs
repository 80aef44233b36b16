//! What a person meets: messages, round trips, templates, and every shipped scenario.

use std::path::{Path, PathBuf};

use super::*;
use crate::network::{DestinationKind, LinkKind, SessionKind};
use crate::units::{Bytes, Span};

fn good(text: &str) -> Loaded {
    parse(text, "x.toml", &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

fn quickstart() -> Loaded {
    good(include_str!("../../scenarios/quickstart.toml"))
}

fn shipped() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), &mut found);
    found.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    found.sort();
    found
}

#[test]
fn every_shipped_scenario_loads_and_its_effective_form_is_the_same_network() {
    let paths = shipped();
    assert!(paths.len() >= 22, "{} scenarios", paths.len());
    for path in paths {
        let first = load(&path, &[]).unwrap_or_else(|problems| panic!("{}", problems.render()));
        assert!(!first.network.title.is_empty() && !first.network.expectations.is_empty(), "{}", path.display());
        let second = good(&first.effective);
        assert_eq!(format!("{:?}", first.network), format!("{:?}", second.network), "{}", path.display());
        assert_eq!((&first.effective, &first.hash), (&second.effective, &second.hash), "{}", path.display());
    }
}

#[test]
fn every_starter_loads() {
    for starter in starters() {
        parse(starter.text, starter.name, &[]).unwrap_or_else(|problems| panic!("{problems}"));
    }
}

#[test]
fn every_template_is_a_managed_design_without_a_single_point_of_failure() {
    for template in template_names() {
        let text = include_str!("../../scenarios/quickstart.toml").replace("aws-google/us-east-1", template.name);
        let text = text.split("[[failures]]").next().unwrap();
        let loaded = good(text);
        assert_eq!(loaded.warnings, [], "{}", template.name);
        // Four border and two backbone routers and one edge a side.
        assert_eq!(loaded.network.routers.len(), 14, "{}", template.name);
    }
}

/// Line 1 is the title; the other lines are named by the problems below.
const TWO_ROUTERS: &str = r#"title = "Two routers"
horizon = "10 s"
[providers.net]
[facilities.west]
[routers.r1]
provider = "net"
facility = "west"
[routers.r2]
provider = "net"
[links.l1]
between = ["r1", "r2"]
rate = "400 Gbps"
[attachments.left]
provider = "net"
prefixes = ["10.1.0.0/24"]
routers = ["r1"]
[attachments.right]
provider = "net"
prefixes = ["10.2.0.0/24"]
routers = ["r2"]
[flows.f]
from = "left"
to = "right"
rate = "10 Mbps"
[[failures]]
name = "cut"
kind = "fibre_cut"
link = "l1"
at = "4 s"
"#;

fn problems_of(text: &str, overrides: &[&str]) -> String {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    match parse(text, "x.toml", &overrides) {
        Ok(loaded) => panic!("loaded as {:?}", loaded.network.title),
        Err(problems) => problems.to_string(),
    }
}

/// What stands in the file, what is written instead, the message.
const WRONG: &[(&str, &str, &str)] = &[
    ("400 Gbps", "400 Gbpss", r#"links.l1.rate: "400 Gbpss" is not a rate; write for example "400 Gbps" (x.toml:12)"#),
    ("\"400 Gbps\"", "400", r#"links.l1.rate: 400 is not text; write for example "100 Gbps" (x.toml:12)"#),
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
        "to = \"right\"",
        "to = \"nowhere\"",
        r#"flows.f.to: no attachment is named "nowhere"; there are: left, right (x.toml:23)"#,
    ),
    ("\"west\"", "\"wets\"", r#"routers.r1.facility: no facility is named "wets"; there are: west (x.toml:7)"#),
    (
        "10.2.0.0/24",
        "10.1.0.128/25",
        r#"attachments.right.prefixes: 10.1.0.128/25 overlaps 10.1.0.0/24 of "left", which it can reach; give them prefixes apart (x.toml:19)"#,
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
        "failures.cut.router: is not read by fibre_cut; name a link (x.toml:28)",
    ),
    (
        "fibre_cut",
        "fiber_cut",
        r#"failures.cut.kind: "fiber_cut" is none of the known words; write "fibre_cut" or "silent_cut" or "router_down" or "facility_outage" or "grey_loss" (x.toml:27)"#,
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
    assert_eq!(loaded.network.failures.iter().next().unwrap().at, Span::from_s(5));
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
            r#"no failures named "x"; write for example "flows.web.rate=10 Mbps" (--set failures.x.at=1 s)"#,
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
fn template_and_explicit_tables_mix_key_by_key() {
    let template = include_str!("../../scenarios/quickstart.toml");
    let changed = format!("{template}\n[links.iad-channel-a1]\ndelay = \"7 us\"\nmacsec = {{ sci = false }}\n");
    let loaded = good(&changed);
    let (_, link) = loaded.network.links.enumerate().find(|(_, link)| link.name == "iad-channel-a1").unwrap();
    let port = &loaded.network.ports[link.members[0].ports[0]];
    // The template's length gives way to the delay; its rate and ends stay.
    assert_eq!(port.propagation, Span::from_us(7));
    assert_eq!(port.rate.to_string(), "100 Gbps");
    assert_eq!(port.macsec.unwrap().overhead(), Bytes(24));
    // All that the template says can be said explicitly: the effective scenario has no template line.
    assert!(!loaded.effective.contains("template"));
    assert_eq!(format!("{:?}", good(&loaded.effective).network), format!("{:?}", loaded.network));
}

#[test]
fn managed_interconnects_follow_the_rules_of_the_service() {
    let base = quickstart().effective;
    let cases = [
        (vec!["links.iad-channel-a1.rate=400 Gbps"], "have different capacity"),
        (vec!["links.iad-channel-a1.macsec=off"], "channel \"iad-channel-a1\" has no MACsec"),
        (
            vec!["links.iad-channel-a1.between=[\"aws-iad-a2\", \"google-iad-a1\"]"],
            "router \"aws-iad-a2\" ends 2 of its channels",
        ),
        (
            vec!["routers.aws-iad-b1.facility=iad-a", "routers.aws-iad-b2.facility=iad-a"],
            "every channel ends in facility \"iad-a\"",
        ),
    ];
    for (overrides, message) in cases {
        let found = problems_of(&base, &overrides);
        assert!(found.contains(message), "wanted {message} in\n{found}");
        let mut custom = overrides.clone();
        custom.push("interconnects.virginia.kind=custom");
        let custom: Vec<String> = custom.into_iter().map(str::to_owned).collect();
        assert!(parse(&base, "x.toml", &custom).is_ok());
    }
}

#[test]
fn a_custom_design_is_warned_of_its_single_points_of_failure() {
    let text = include_str!("starters/custom.toml");
    assert_eq!(good(text).warnings, []);
    let one_zone = text.replace(r#"routers = ["west-1", "west-2"]"#, r#"routers = ["west-1"]"#);
    let loaded = good(&one_zone);
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    // west-1 alone joins vpc-west, and west-1 and west-2 have no link: all hangs on channel-1.
    let line = one_zone.lines().position(|line| line == "[connections.c]").unwrap() + 1;
    let wanted = format!(
        "warning: connections.c: single points of failure: facility meet-1, router east-1, router west-1, \
         link channel-1, link vpc-east/east-1, link vpc-west/west-1; \
         each of them alone can cut the connection (x.toml:{line})"
    );
    assert_eq!(warnings, [wanted]);
}

#[test]
fn parallel_links_are_links_of_their_own() {
    let network = good(include_str!("../../scenarios/basics/parallel-links.toml")).network;
    let backbone: Vec<_> = network.links.enumerate().filter(|(_, link)| link.kind == LinkKind::Backbone).collect();
    assert_eq!(backbone.len(), 4);
    let (r1, _) = network.routers.enumerate().find(|(_, router)| router.name == "r1").unwrap();
    // Four parallel links and one to the attachment.
    assert_eq!(network.routers[r1].links.len(), 5);
    for (id, link) in backbone {
        let port = network.ports_from(id, r1).next().unwrap();
        assert_eq!((network.ports[port].from, network.ports[port].link), (r1, id));
        assert!(link.members.len() == 1);
    }
    assert!(network.sessions.is_empty() && network.bfd_sessions.is_empty());
    let ports: Vec<u16> = network.flows.iter().map(|flow| flow.source_port).collect();
    assert_eq!(ports, [50_000, 50_001, 50_002, 50_003]);
}

#[test]
fn the_quickstart_has_its_sessions_and_five_tuples() {
    let network = quickstart().network;
    let external = network.sessions.iter().filter(|session| matches!(session.kind, SessionKind::External(_)));
    for session in external.clone() {
        assert_eq!(session.allowed.len(), 2, "{}", session.name);
        assert_ne!(session.ends[0].asn, session.ends[1].asn);
        assert_eq!(session.ends[0].timing.hold.min(session.ends[1].timing.hold), Span::from_s(60));
    }
    assert_eq!(external.count(), 4);
    // A side's four border routers with its two backbone routers and its edge, on both sides.
    assert_eq!(network.sessions.len(), 4 + 2 * 4 * 3);
    // Four logical links; per side eight backbone links and two zone links.
    assert_eq!(network.bfd_sessions.len(), 4 + 2 * (8 + 2));
    // Longest keepalive (AWS, 30 s) and 10 s.
    assert_eq!(network.warm_up, Span::from_s(40));
    assert_eq!(network.flows.len(), 2 * 200 + 2);
    let flow = network.flows.iter().next().unwrap();
    // 1400 B x 8 x 200 five-tuples / 150 Mbps.
    assert_eq!(flow.interval, Span::from_ps(14_933_333_333));
    for (id, flow) in network.flows.enumerate() {
        let reverse = &network.flows[flow.reverse.unwrap()];
        assert_eq!(reverse.reverse, Some(id));
        assert_eq!((reverse.source, reverse.target_port), (flow.target, flow.source_port));
        let destination = &network.destinations[flow.destination];
        assert!(destination.prefix.contains(&flow.target), "{}", flow.name);
        assert!(matches!(destination.kind, DestinationKind::Attachment(_)));
    }
}

#[test]
fn an_added_router_moves_no_other_default() {
    let spare = "[routers.a-spare]\nprovider = \"net\"\n";
    let (before, after) = (good(TWO_ROUTERS).network, good(&format!("{TWO_ROUTERS}{spare}")).network);
    for router in &before.routers {
        let same = after.routers.iter().find(|other| other.name == router.name).unwrap();
        assert_eq!(same.hash_seed, router.hash_seed);
        let address = |network: &Network, id| network.destinations[id].prefix;
        assert_eq!(address(&after, same.loopback), address(&before, router.loopback));
    }
    let tuples = |network: &Network| -> Vec<_> {
        network.flows.iter().map(|flow| (flow.source, flow.target, flow.source_port)).collect()
    };
    assert_eq!(tuples(&before), tuples(&after));
}
