//! What a fabric stands for, and what is told of a wrong one.

use super::{good, problems_of};
use crate::network::{LinkKind, Port, RouterRole};

const FABRIC: &str = r#"
horizon = "1 ms"
[providers.net]
[fabrics.west]
provider = "net"
prefix = "10.0.0.0/16"
leaves = 5
spines = 3
rate = "100 Gbps"
delay = "2 us"
rack_rate = "10 Gbps"
rack_delay = "1 us"
[flows.f]
from = "fabric:west"
to = "fabric:west"
rate = "1 Gbps"
count = 40
"#;

#[test]
fn a_fabric_is_leaves_spines_racks_and_all_links_between_them() {
    let loaded = good(FABRIC);
    let network = &loaded.network;
    let edges = network.routers.iter().filter(|router| matches!(router.role, RouterRole::Edge(_))).count();
    assert_eq!((network.routers.len(), edges), (5 + 3 + 5, 5));
    let inside: Vec<_> = network.links.iter().filter(|link| link.kind == LinkKind::Backbone).collect();
    assert_eq!((network.links.len(), inside.len()), (5 * 3 + 5, 5 * 3));
    let port = |name: &str| network.ports.iter().find(|port| port.name.starts_with(name)).unwrap();
    let (long, access) = (port("west-leaf1-spine2"), port("west-rack1/west-leaf1"));
    assert_eq!((long.rate.to_string(), long.propagation.to_string()), ("100 Gbps".to_owned(), "2 us".to_owned()));
    assert_eq!((access.rate.to_string(), access.propagation.to_string()), ("10 Gbps".to_owned(), "1 us".to_owned()));
    // Five racks take eight parts of a /16.
    let prefixes: Vec<String> = network.attachments.iter().map(|rack| rack.prefixes[0].0.to_string()).collect();
    assert_eq!(prefixes, ["10.0.0.0/19", "10.0.32.0/19", "10.0.64.0/19", "10.0.96.0/19", "10.0.128.0/19"]);
}

/// 40 five-tuples over the 20 ordered pairs of five racks.
#[test]
fn flows_of_a_fabric_use_every_pair_of_racks_alike() {
    let network = good(FABRIC).network;
    let mut pairs: Vec<_> = network.flows.iter().map(|flow| (flow.edge, flow.destination)).collect();
    pairs.sort_unstable();
    assert!(pairs.chunks(2).all(|pair| pair[0] == pair[1]), "{pairs:?}");
    pairs.dedup();
    assert_eq!(pairs.len(), 20);
}

#[test]
fn a_file_may_say_more_of_what_a_fabric_made() {
    let text = FABRIC.replace("[flows.f]", "[links.west-leaf1-spine1]\nrate = \"400 Gbps\"\n[flows.f]");
    let network = good(&text).network;
    let rates: Vec<String> = network.ports.iter().map(|port| port.rate.to_string()).collect();
    assert_eq!(rates.iter().filter(|rate| *rate == "400 Gbps").count(), 2);
    assert_eq!(rates.iter().filter(|rate| *rate == "100 Gbps").count(), 28);
}

#[test]
fn all_ports_of_a_fabric_have_its_classes() {
    let text = FABRIC.replace("leaves = 5", "queueing = \"two\"\nleaves = 5");
    let classes = "[queueing.two.classes.urgent]\nscheduler = \"strict\"\npriority = 1\ncode_points = [\"EF\"]\n\
                   [queueing.two.classes.rest]\n";
    let network = good(&(text + classes)).network;
    // Control has a class of its own besides.
    let classes = |port: &Port| port.queueing.as_ref().map(|queueing| queueing.classes.len());
    assert!(network.ports.iter().all(|port| classes(port) == Some(3)));
    let unknown = problems_of(&FABRIC.replace("leaves = 5", "queueing = \"three\"\nleaves = 5"), &[]);
    assert!(unknown.contains("fabrics.west.queueing: no queueing is named \"three\""), "{unknown}");
}

#[test]
fn what_is_wrong_with_a_fabric_is_told_once_and_where_it_stands() {
    let told = |wrong: &str, right: &str| problems_of(&FABRIC.replace(right, wrong), &[]);
    let cases = [
        ("leaves = 0", "leaves = 5", "fabrics.west.leaves: 0 is not a whole number from 1 to 100000"),
        ("", "spines = 3", "fabrics.west.spines: is missing"),
        ("rate = \"fast\"", "rate = \"100 Gbps\"", "fabrics.west.rate: \"fast\" is not a"),
        ("rack_delay = \"1\"", "rack_delay = \"1 us\"", "fabrics.west.rack_delay: \"1\" is not a"),
        ("bfd = \"fast\"\nrack_delay = \"1 us\"", "rack_delay = \"1 us\"", "fabrics.west.bfd: \"fast\" is neither"),
        ("shape = \"torus\"\nleaves = 5", "leaves = 5", "fabrics.west.shape: \"torus\" is none of the known words"),
        ("colour = 1\nleaves = 5", "leaves = 5", "fabrics.west.colour: unknown key"),
        ("prefix = \"10.0.0.0/28\"", "prefix = \"10.0.0.0/16\"", "10.0.0.0/28 has no room for 5 racks"),
        ("prefix = \"10.0.0.1/16\"", "prefix = \"10.0.0.0/16\"", "fabrics.west.prefix: \"10.0.0.1/16\" has bits"),
        ("to = \"fabric:east\"", "to = \"fabric:west\"", "flows.f.to: no fabric is named \"east\""),
        ("to = []", "to = \"fabric:west\"", "flows.f.to: is empty"),
        ("to = [\"west-rack1\", \"west-rack1\"]", "to = \"fabric:west\"", "flows.f.to: names \"west-rack1\" twice"),
    ];
    for (wrong, right, wanted) in cases {
        let told = told(wrong, right);
        assert!(told.contains(wanted), "{wanted}\n{told}");
        let lines = told.lines().filter(|line| line.contains("error") || line.contains(".west")).count();
        assert!(lines <= 4, "{wrong} is told too often:\n{told}");
    }
    let second = FABRIC.replace(
        "[flows.f]",
        &format!(
            "{}\n[flows.f]",
            &FABRIC["\nhorizon = \"1 ms\"\n[providers.net]\n".len()..FABRIC.find("[flows.f]").unwrap()]
                .replace("west", "east")
        ),
    );
    let told = problems_of(&second, &[]);
    assert!(told.contains("fabrics.west.prefix: ") && told.matches("is a prefix of").count() == 1, "{told}");
}
