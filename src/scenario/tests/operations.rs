//! Operations as written, and what is wrong with them.

use super::*;
use crate::network::AdminState;

/// A connection on four channels, and `tables`.
fn with(tables: &str) -> String {
    format!(
        r#"
        horizon = "1 h"
        [interconnects.i]
        template = "aws-google/us-east-1"
        [connections.shop]
        interconnect = "i"
        bandwidth = "1 Gbps"
        attachments = ["vpc-aws", "vpc-google"]
        [attachments.vpc-aws]
        provider = "aws"
        prefixes = ["10.0.0.0/16"]
        [attachments.vpc-google]
        provider = "google"
        prefixes = ["10.128.0.0/16"]
        [flows.f]
        from = "vpc-aws"
        to = "vpc-google"
        rate = "1 Mbps"
        {tables}
        "#
    )
}

#[test]
fn a_provisioned_connection_takes_the_orders_of_its_bandwidth() {
    let tables = "[provisioning.shop]\nat = \"1 s\"\ncreated_at = \"google\"\ndisabled = [\"iad-channel-b2\"]\n\
                  [[changes]]\nat = \"10 min\"\nconnection = \"shop\"\nbandwidth = \"2 Gbps\"\n";
    let network = good(&with(tables)).network;
    let [plan] = network.provisioning.as_slice() else { panic!("one connection is provisioned") };
    assert_eq!((plan.initiator, plan.updates.len(), network.changes.len()), (1, 1, 0));
    let disabled = plan.channels.iter().filter(|channel| channel.admin == AdminState::Disabled(None));
    assert_eq!((plan.channels.len(), disabled.count()), (4, 1));
    // The specification's clean-up.
    assert_eq!(plan.times.clean_up, "7 days".parse().unwrap());
}

#[test]
fn provisioning_that_cannot_be_is_refused_with_its_reason() {
    let wrong = [
        ("[provisioning.shup]\n", "provisioning.shup: no connection is named \"shup\""),
        ("[provisioning.shop]\naccept = \"1 s\"\n", "provisioning.shop: says how the connection is created, but not"),
        ("[provisioning.shop]\nat = \"2 h\"\n", "provisioning.shop.at: 7200 s is not before the end of the run"),
        (
            "[provisioning.shop]\nat = \"2 s\"\ndelete = \"1 s\"\n",
            "provisioning.shop.delete: is not after its creation",
        ),
        ("[provisioning.shop]\nconflict = \"100%\"\n", "provisioning.shop.conflict: lets no call ever succeed"),
        ("[provisioning.shop]\nenabled = \"1 s\"\n", "provisioning.shop.enabled: is read only with disabled"),
        ("[provisioning.shop]\ndisabled = [\"x\"]\n", "provisioning.shop.disabled: no link is named \"x\""),
        ("[provisioning.shop]\nverify = \"soon\"\n", "provisioning.shop.verify: \"soon\" is not a law of duration"),
        ("[expect]\nprovisioning.shop.available = \"1 s\"\n", "expect.provisioning.shop: no provisioned connection"),
    ];
    for (tables, message) in wrong {
        let found = problems_of(&with(tables), &[]);
        assert!(found.contains(message), "{tables}: {found}");
    }
}

/// Interconnects between two providers, each on one link from every one of its devices.
fn fabric(sets: &[&[&str]], maintenance: &str) -> String {
    let mut text = "horizon = \"1 h\"\n[providers]\nleft = { asn = 64512 }\nright = { asn = 64513 }\n\
                    [facilities.x]\n[facilities.y]\n[interconnects]\n"
        .to_owned();
    let mut devices: Vec<&str> = sets.concat();
    devices.sort_unstable();
    devices.dedup();
    for index in 0..sets.len() {
        text += &format!("i{index} = {{}}\n");
    }
    text += "[routers]\n";
    for device in &devices {
        text += &format!("{device} = {{ provider = \"left\", facility = \"x\" }}\n");
    }
    for index in 0..sets.len() {
        text += &format!("peer{index} = {{ provider = \"right\", facility = \"y\" }}\n");
    }
    text += "[links]\n";
    for (index, set) in sets.iter().enumerate() {
        for device in *set {
            text += &format!(
                "{device}-{index} = {{ between = [\"{device}\", \"peer{index}\"], interconnect = \"i{index}\" }}\n"
            );
        }
    }
    let first = devices[0];
    text + &format!(
        "[attachments.l]\nprovider = \"left\"\nprefixes = [\"10.0.0.0/16\"]\nrouters = [\"{first}\"]\n\
         [attachments.r]\nprovider = \"right\"\nprefixes = [\"10.1.0.0/16\"]\nrouters = [\"peer0\"]\n\
         [connections.c]\ninterconnect = \"i0\"\nbandwidth = \"1 Gbps\"\nattachments = [\"l\", \"r\"]\n\
         [flows.f]\nfrom = \"l\"\nto = \"r\"\nrate = \"1 Mbps\"\n\
         [[maintenance]]\nname = \"work\"\nrouter = \"{first}\"\nat = \"30 min\"\nlasts = \"1 min\"\n{maintenance}\n"
    )
}

#[test]
fn device_sets_that_deadlock_maintenance_are_refused_with_who_shares_what() {
    let example: [&[&str]; 3] = [&["a", "b", "c", "d"], &["a", "e", "c", "d"], &["b", "e"]];
    let found = problems_of(&fabric(&example, ""), &[]);
    let shares = "maintenance.work.router: interconnects overlap in a ring (i0 and i1 share a, i1 and i2 share e, i2 and i0 share b)";
    assert!(found.contains(shares), "{found}");
    // Four in a ring, of which no three make one.
    let four: [&[&str]; 4] = [&["a", "b"], &["b", "c"], &["c", "d"], &["d", "a"]];
    let found = problems_of(&fabric(&four, ""), &[]);
    assert!(found.contains("(i0 and i3 share a, i3 and i2 share d, i2 and i1 share c, i1 and i0 share b)"), "{found}");
    // Open at one place; and an emergency waits for nobody.
    good(&fabric(&four[..3], ""));
    good(&fabric(&four, "emergency = true"));
}

#[test]
fn a_bandwidth_that_fits_nowhere_is_told() {
    let change = "[[changes]]\nat = \"10 s\"\nconnection = \"shop\"\nbandwidth = \"200 Gbps\"\n";
    let warnings = good(&with(change)).warnings;
    let told = warnings.iter().any(|problem| problem.to_string().contains("200 Gbps does not fit its interconnect"));
    assert!(told, "{warnings:?}");
    let fits = good(&with(&change.replace("200", "100"))).warnings;
    assert!(fits.iter().all(|problem| !problem.to_string().contains("does not fit")), "{fits:?}");
}

#[test]
fn guidance_is_the_channels_own_until_its_time_and_inherits_the_rest() {
    let tables = "[provisioning.shop]\n[providers.aws.guidance]\nmtus = [\"1500\", \"2000-8500\"]\n\
                  [providers.aws.channel_guidance.iad-channel-a1]\nvlans = [\"2000-2010\"]\nuntil = \"10 s\"\n";
    let network = good(&with(tables)).network;
    let aws = network.providers.enumerate().find(|(_, provider)| provider.name == "aws").unwrap().0;
    let a1 = network.links.enumerate().find(|(_, link)| link.name == "iad-channel-a1").unwrap().0;
    let at = |seconds| network.guidance.of(aws, a1, Span::from_s(seconds));
    assert_eq!((at(9).vlans.as_slice(), at(10).vlans.as_slice()), (&[(2000, 2010)][..], &[(1025, 4094)][..]));
    assert_eq!(at(0).mtus, [(1500, 1500), (2000, 8500)]);
    // The specification's example subnets and lengths, and the provider's own AS number.
    let ipv4 = &at(0).ipv4;
    assert_eq!((ipv4.include[0].to_string(), ipv4.lengths[0]), ("169.254.0.0/16".to_owned(), 29));
    assert_eq!(at(0).asns, [(network.providers[aws].asn, network.providers[aws].asn)]);
    assert_eq!(network.provisioning[0].channels[0].reconsidered, Some(Span::from_s(10)));
}

#[test]
fn guidance_that_cannot_be_is_refused_with_its_reason() {
    let wrong = [
        ("vlans = [\"1024-2000\"]", "vlans: 1024-2000 has reserved VLANs"),
        ("vlans = [\"2000-1500\"]", "vlans: \"2000-1500\" is not a range from 1 to 65535"),
        ("vlans = []", "vlans: offers nothing"),
        ("mtus = [\"60\"]", "mtus: \"60\" is not a range from 68 to 65535"),
        ("ipv4 = [\"fd20::/16\"]", "ipv4: \"fd20::/16\" is not an IPv4 prefix"),
        ("ipv4_exclude = [\"10.0.0.1/8\"]", "ipv4_exclude: \"10.0.0.1/8\" is not an IPv4 prefix without host bits"),
        ("ipv4_lengths = [31]", "ipv4_lengths: 31 is not a prefix length from 1 to 30"),
        ("until = \"1 s\"", "until: is read only in the guidance of one channel"),
        ("vlan = [\"2000\"]", "vlan: unknown key; did you mean \"vlans\"?"),
    ];
    for (key, message) in wrong {
        let found = problems_of(&with(&format!("[provisioning.shop]\n[providers.aws.guidance]\n{key}\n")), &[]);
        assert!(found.contains(&format!("providers.aws.guidance.{message}")), "{key}: {found}");
    }
    let unread = problems_of(&with("[providers.aws.guidance]\nvlans = [\"2000\"]\n"), &[]);
    assert!(unread.contains("providers.aws.guidance: is read only where a connection is provisioned"), "{unread}");
    let lost = problems_of(&with("[provisioning.shop]\n[providers.aws.channel_guidance.x]\nvlans = [\"2000\"]\n"), &[]);
    assert!(lost.contains("providers.aws.channel_guidance.x: no link is named \"x\""), "{lost}");
    let timeout = problems_of(&with("[provisioning.shop]\nat = \"1 s\"\ndeferral_timeout = \"1 h\"\n"), &[]);
    assert!(timeout.contains("provisioning.shop.deferral_timeout: is read only with defer"), "{timeout}");
}

#[test]
fn channels_without_common_ground_are_told_before_the_run() {
    let warnings = |count: usize| {
        let names = ["iad-channel-a1", "iad-channel-a2", "iad-channel-b1"];
        let own: String = names[..count].iter().map(|name| format!("{name} = {{ mtus = [\"9000\"] }}\n")).collect();
        let tables = format!("[provisioning.shop]\nat = \"1 s\"\n[providers.aws.channel_guidance]\n{own}");
        let warnings = good(&with(&tables)).warnings;
        warnings.iter().map(ToString::to_string).filter(|text| text.contains("has no feature on")).collect::<Vec<_>>()
    };
    assert_eq!(warnings(0), [] as [String; 0]);
    let one = "warning: provisioning.shop: has no feature on \"iad-channel-a1\": mtuRanges have nothing in common that the \
               channel carries; widen the guidance of one of the two providers, or expect it";
    assert!(warnings(1).len() == 1 && warnings(1)[0].starts_with(one), "{:?}", warnings(1));
    // Two of four are fewer than three.
    assert_eq!(warnings(2).iter().filter(|text| text.contains("it will fail")).count(), 2);
}

#[test]
fn packets_that_fit_no_way_are_told_with_the_link_that_stops_them() {
    let told = |keys: &str, tables: &str| {
        let text = with(tables).replace("rate = \"1 Mbps\"", &format!("rate = \"1 Mbps\"\n{keys}"));
        let warnings = good(&text).warnings;
        warnings.iter().map(ToString::to_string).filter(|text| text.contains("too big")).collect::<Vec<_>>()
    };
    // 8532 bytes less the 32 of MACsec.
    assert_eq!(told("size = \"8500 B\"", ""), [] as [String; 0]);
    let [large] = &told("size = \"8501 B\"", "")[..] else { panic!("one warning") };
    let wanted = "warning: flows.f: every packet of 8501 B will be dropped as too big: from \"vpc-aws\" to \"vpc-google\" no \
                  way takes more than 8500 B (";
    assert!(large.starts_with(wanted) && large.contains("send 8500 B or less, or raise "), "{large}");
    // One channel of four is small: there are other ways. All four: the first is named.
    let links = |count: usize| {
        let names = ["iad-channel-a1", "iad-channel-a2", "iad-channel-b1", "iad-channel-b2"];
        names[..count].iter().map(|name| format!("[links.{name}]\nmtu = \"1532 B\"\n")).collect::<String>()
    };
    assert_eq!(told("size = \"1501 B\"", &links(3)), [] as [String; 0]);
    let [small] = &told("size = \"1501 B\"", &links(4))[..] else { panic!("one warning") };
    assert!(small.contains("no way takes more than 1500 B (\"iad-channel-a1\" and 3 more)"), "{small}");
    assert!(small.contains("send 1500 B or less, or raise links.iad-channel-a1.mtu"), "{small}");
    // The hand-off that two providers agree on counts as well.
    let guided = "[provisioning.shop]\n[providers.aws.guidance]\nmtus = [\"1440-4000\"]\n";
    let [handed] = &told("size = \"4001 B\"", guided)[..] else { panic!("one warning") };
    assert!(handed.contains("or raise mtus in the guidance for iad-channel-a1"), "{handed}");
    // Sizes that sometimes fit are the run's to tell.
    assert_eq!(told("size = \"exponential 9000 B\"", ""), [] as [String; 0]);
    let monitor = "[monitors.m]\nfrom = \"vpc-aws\"\nto = \"vpc-google\"\nsize = \"8500 B\"\n";
    let [probe] = &told("", &(monitor.to_owned() + &links(4)))[..] else { panic!("one warning") };
    assert!(probe.starts_with("warning: monitors.m: every packet of 8500 B"), "{probe}");
}
