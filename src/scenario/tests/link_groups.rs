//! Link groups as written, and what is wrong with them.

use super::*;
use crate::units::Share;

/// Two links to a cloud, one to an exchange, and `tables`.
fn with(tables: &str) -> String {
    format!(
        r#"
        horizon = "10 s"
        [providers]
        office = {{ asn = 65010 }}
        cloud = {{ asn = 65020 }}
        exchange = {{ asn = 65030 }}
        [routers]
        o1 = {{ provider = "office" }}
        o2 = {{ provider = "office" }}
        c = {{ provider = "cloud" }}
        x = {{ provider = "exchange" }}
        [links]
        b = {{ between = ["o1", "c"] }}
        a = {{ between = ["c", "o2"] }}
        inside = {{ between = ["o1", "o2"] }}
        other = {{ between = ["o1", "x"] }}
        [attachments]
        hall = {{ provider = "office", prefixes = ["10.0.0.0/16"], routers = ["o1"] }}
        vpc = {{ provider = "cloud", prefixes = ["10.1.0.0/16"], routers = ["c"] }}
        [flows.f]
        from = "hall"
        to = "vpc"
        rate = "1 Mbps"
        {tables}
        "#
    )
}

#[test]
fn a_group_has_its_links_in_order_of_name_and_the_credits_of_its_promise() {
    let tables = "[link_groups.dx]\nlinks = [\"b\", \"a\"]\nrule = \"aws-direct-connect\"\ntarget = \"95%\"\n";
    let network = good(&with(tables)).network;
    let group = network.link_groups.iter().next().unwrap();
    let links: Vec<&str> = group.links.iter().map(|link| network.links[*link].name.as_str()).collect();
    assert_eq!(links, ["a", "b"]);
    assert_eq!(group.providers.map(|provider| network.providers[provider].name.as_str()), ["cloud", "office"]);
    // The table of the 95% tier: below 95 / 92.5 / 90.
    let below: Vec<Share> = group.rule.credits.iter().map(|tier| tier.below).collect();
    assert_eq!(below, ["95%", "92.5%", "90%"].map(|text| text.parse().unwrap()));
    assert_eq!(group.price, None);
}

#[test]
fn a_group_that_cannot_be_is_refused_with_its_reason() {
    let wrong = [
        ("links = []\nrule = \"every-moment\"", "link_groups.g.links: names no link"),
        ("links = [\"z\"]\nrule = \"every-moment\"", "link_groups.g.links: no link is named \"z\""),
        ("links = [\"a\", \"a\"]\nrule = \"every-moment\"", "link_groups.g.links: names \"a\" twice"),
        ("links = [\"inside\"]\nrule = \"every-moment\"", "link_groups.g.links: \"inside\" is no link between two"),
        (
            "links = [\"a\", \"other\"]\nrule = \"every-moment\"",
            "\"other\" joins other providers than the links before",
        ),
        ("links = [\"a\"]", "link_groups.g.rule: is missing"),
        ("links = [\"a\"]\nrule = \"aws\"", "link_groups.g.rule: no rule is named \"aws\""),
        ("links = [\"a\"]\nrule = \"itu-g826\"", "link_groups.g.rule: \"itu-g826\" counts packets"),
        ("links = [\"a\"]\nrule = \"every-moment\"\ntarget = \"much\"", "link_groups.g.target: "),
        ("rule = \"every-moment\"", "link_groups.g.links: is missing"),
    ];
    for (keys, message) in wrong {
        let found = problems_of(&with(&format!("[link_groups.g]\n{keys}\n")), &[]);
        assert!(found.contains(message), "{keys}: {found}");
    }
    let expects = [
        ("expect.link_groups.h.charged = \"0 s\"", "expect.link_groups.h: no link group is named \"h\""),
        ("expect.link_groups.g.charge = \"0 s\"", "expect.link_groups.g.charge: unknown key"),
    ];
    for (expect, message) in expects {
        let group = "[link_groups.g]\nlinks = [\"a\"]\nrule = \"every-moment\"\n";
        let found = problems_of(&format!("{expect}\n{}", with(group)), &[]);
        assert!(found.contains(message), "{expect}: {found}");
    }
}

#[test]
fn channels_are_judged_by_their_connections() {
    let text = include_str!("../../../scenarios/quickstart.toml");
    let group = "\n[link_groups.g]\nlinks = [\"iad-channel-a1\"]\nrule = \"every-moment\"\n";
    let found = problems_of(&format!("{text}{group}"), &[]);
    assert!(found.contains("name peering links; channels are judged by their connections"), "{found}");
}
