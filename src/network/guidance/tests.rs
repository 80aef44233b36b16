//! Do two providers agree on what both offer, and on nothing else? What is expected is worked out by hand from the
//! specification's rules: VLANs above 1024, the highest common MTU, subnets of an allowed length within what both include.

use std::fmt::Write as _;

use super::*;

fn nets(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn any() -> L3BaseGuidance {
    L3BaseGuidance::default()
}

fn vlans(ranges: &[(u16, u16)]) -> L3BaseGuidance {
    L3BaseGuidance { vlans: ranges.to_vec(), ..any() }
}

fn mtus(ranges: &[(u32, u32)]) -> L3BaseGuidance {
    L3BaseGuidance { mtus: ranges.to_vec(), ..any() }
}

fn asns(ranges: &[(u32, u32)]) -> L3BaseGuidance {
    L3BaseGuidance { asns: ranges.to_vec(), ..any() }
}

fn ipv4(include: &[&str], exclude: &[&str], preferred: Option<&str>, lengths: &[u8]) -> L3BaseGuidance {
    let preferred = preferred.map(|text| text.parse().unwrap());
    let ipv4 = Subnets { include: nets(include), exclude: nets(exclude), preferred, lengths: lengths.to_vec() };
    L3BaseGuidance { ipv4, ..any() }
}

fn no_ipv6() -> L3BaseGuidance {
    L3BaseGuidance { ipv6: Subnets::default(), ..any() }
}

struct Case {
    name: &'static str,
    sides: [L3BaseGuidance; 2],
    vlans_taken: Vec<u16>,
    subnets_taken: Vec<IpNet>,
}

fn case(name: &'static str, one: L3BaseGuidance, other: L3BaseGuidance) -> Case {
    Case { name, sides: [one, other], vlans_taken: Vec::new(), subnets_taken: Vec::new() }
}

fn cases() -> Vec<Case> {
    let link_local = || ipv4(&["169.254.0.0/16"], &[], None, &[29]);
    let preferred = |text| ipv4(&["169.254.0.0/16"], &[], Some(text), &[29]);
    vec![
        case("all that the specification leaves", any(), any()),
        Case { vlans_taken: vec![1025, 1026], ..case("two VLANs are taken", any(), any()) },
        case("ranges of VLANs overlap", vlans(&[(1500, 2000), (3000, 3100)]), vlans(&[(1990, 3050)])),
        case("no VLAN in common", vlans(&[(1500, 1600)]), vlans(&[(1601, 1700)])),
        Case { vlans_taken: vec![1500], ..case("the one common VLAN is taken", vlans(&[(1500, 1500)]), any()) },
        case("one MTU of a list", mtus(&[(1440, 1440), (1500, 1500), (8896, 8896)]), mtus(&[(1500, 8500)])),
        case("an MTU above what the channel carries", mtus(&[(8896, 8896)]), any()),
        case("no MTU in common", mtus(&[(1440, 1440)]), mtus(&[(1500, 8500)])),
        case("an AS number of the first side", asns(&[(64_512, 65_000)]), any()),
        case("an AS number of the second side", any(), asns(&[(1, 64_999), (65_002, 65_535)])),
        case("the answering side prefers a subnet", link_local(), preferred("169.254.1.16/29")),
        case("both prefer one", preferred("169.254.2.0/29"), preferred("169.254.1.16/29")),
        case("one prefers what the other excludes", ipv4(&["169.254.0.0/16"], &["169.254.1.0/24"], None, &[29]), {
            preferred("169.254.1.16/29")
        }),
        case("a preferred length that is not allowed", link_local(), preferred("169.254.1.16/30")),
        case("subnets within each other", ipv4(&["10.0.0.0/8"], &[], None, &[29]), {
            ipv4(&["10.7.0.0/24"], &["10.7.0.0/27"], None, &[29])
        }),
        case("the longest common length", ipv4(&["169.254.0.0/16"], &[], None, &[29, 30]), {
            ipv4(&["169.254.0.0/16"], &[], None, &[28, 29, 30])
        }),
        case("no length in common", link_local(), ipv4(&["169.254.0.0/16"], &[], None, &[30])),
        case("no subnet in common", link_local(), ipv4(&["10.0.0.0/8"], &[], None, &[29])),
        case("everything is excluded", link_local(), ipv4(&["169.254.0.0/16"], &["169.254.0.0/16"], None, &[29])),
        Case {
            subnets_taken: nets(&["169.254.0.0/29", "169.254.0.8/30", "fd20::/64"]),
            ..case("subnets are in use", any(), any())
        },
        Case {
            subnets_taken: nets(&["169.254.4.0/29"]),
            ..case("the only subnet is in use", ipv4(&["169.254.4.0/29"], &[], None, &[29]), link_local())
        },
        case("one side offers no IPv6", no_ipv6(), any()),
    ]
}

#[test]
fn agreements_are_those_of_the_golden_table() {
    let mut table = "guidance | agreement, or why there is none\n".to_owned();
    for Case { name, sides, vlans_taken, subnets_taken } in cases() {
        let request = FeatureRequest {
            guidance: sides.each_ref(),
            asns: [65_000, 65_001],
            answering: 1,
            largest: Bytes(8500),
            vlans_taken: &vlans_taken,
            subnets_taken: &subnets_taken,
        };
        let answer = negotiate(&request);
        match answer {
            Ok(config) => writeln!(table, "{name} | {config}").unwrap(),
            Err(reason) => writeln!(table, "{name} | {reason}").unwrap(),
        }
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/guidance.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &table).expect("tests/golden can be written");
    }
    assert_eq!(table, std::fs::read_to_string(golden).expect("it is there"), "UPDATE_GOLDEN=1 rewrites it");
}

#[test]
fn the_highest_common_mtu_is_found_whatever_the_ranges() {
    // Against trying every size, over ranges drawn by a small linear generator.
    let mut state = 1u32;
    let mut draw = |most: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % most
    };
    for _ in 0..200 {
        let mut side = || {
            let ranges = (0..2).map(|_| {
                let low = 576 + draw(200);
                (low, low + draw(60))
            });
            ranges.collect::<Vec<_>>()
        };
        let (one, other) = (mtus(&side()), mtus(&side()));
        let offers =
            |side: &L3BaseGuidance, mtu: u32| side.mtus.iter().any(|(low, high)| (*low..=*high).contains(&mtu));
        let expected = (576..=750).rev().find(|mtu| offers(&one, *mtu) && offers(&other, *mtu));
        let request = FeatureRequest {
            guidance: [&one, &other],
            asns: [1, 2],
            answering: 1,
            largest: Bytes(750),
            vlans_taken: &[],
            subnets_taken: &[],
        };
        let agreed = negotiate(&request).map(|config| u32::try_from(config.mtu.0).unwrap());
        assert_eq!(agreed, expected.ok_or(NoCommonGround::Mtu));
    }
}

#[test]
fn every_connection_on_a_channel_has_its_own_vlan_and_subnet_until_none_is_left() {
    // A /24 has 32 subnets of length 29.
    let side = ipv4(&["169.254.7.0/24"], &[], None, &[29]);
    let (mut vlans_taken, mut subnets_taken) = (Vec::new(), Vec::new());
    for number in 0u16..32 {
        let request = FeatureRequest {
            guidance: [&side, &any()],
            asns: [1, 2],
            answering: 1,
            largest: Bytes(1500),
            vlans_taken: &vlans_taken,
            subnets_taken: &subnets_taken,
        };
        // The other side's subnets are within 169.254.0.0/16, too.
        let config = negotiate(&request).expect("there is room");
        assert_eq!(config.vlan, 1025 + number);
        assert_eq!(config.ipv4, format!("169.254.7.{}/29", number * 8).parse::<IpNet>().unwrap());
        vlans_taken.push(config.vlan);
        subnets_taken.extend([config.ipv4, config.ipv6.expect("offered by both")]);
    }
    let full = FeatureRequest {
        guidance: [&side, &any()],
        asns: [1, 2],
        answering: 1,
        largest: Bytes(1500),
        vlans_taken: &vlans_taken,
        subnets_taken: &subnets_taken,
    };
    assert_eq!(negotiate(&full), Err(NoCommonGround::Ipv4Taken));
}
