//! What a person meets: messages, round trips, templates, and every shipped scenario.

mod fabrics;
mod failures;
mod flows;
mod link_groups;
mod operations;
mod problems;

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
    // With a link between them either channel will do, but its one border router and its zone link remain.
    let joined = format!("{one_zone}\n[links.west-12]\nbetween = [\"west-1\", \"west-2\"]\n");
    let warnings: Vec<String> = good(&joined).warnings.iter().map(ToString::to_string).collect();
    let wanted = format!(
        "warning: connections.c: single points of failure: facility meet-1, router west-1, link vpc-west/west-1; \
         each of them alone can cut the connection (x.toml:{line})"
    );
    let in_the_way = "warning: providers.west: the way to border router west-2 leads through another border router; \
                      write internal_sessions = \"full-mesh\", or join it to the backbone or attachment itself \
                      (x.toml:9)";
    assert_eq!(warnings, [in_the_way, &wanted]);
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

/// RFC 4632: the longest prefix that holds an address is the one it is routed by, whoever has it.
#[test]
fn prefixes_within_prefixes_know_what_is_around_them() {
    let text = TWO_ROUTERS.replace("10.1.0.0/24", "10.0.0.0/8").replace(
        "[flows.f]",
        "[attachments.between]\nprovider = \"net\"\nprefixes = [\"10.2.0.0/16\", \"10.3.0.0/24\"]\n[flows.f]",
    );
    let network = good(&text).network;
    let around = |prefix: &str| {
        let found = network.destinations.iter().find(|one| one.prefix.to_string() == prefix).unwrap();
        found.covering.map(|id| network.destinations[id].prefix.to_string())
    };
    assert_eq!(around("10.0.0.0/8"), None);
    assert_eq!(around("10.2.0.0/16").as_deref(), Some("10.0.0.0/8"));
    assert_eq!(around("10.2.0.0/24").as_deref(), Some("10.2.0.0/16"));
    assert_eq!(around("10.3.0.0/24").as_deref(), Some("10.0.0.0/8"));
}
