//! Failures and MACsec as written, and what is wrong with them.

use super::*;
use crate::network::{
    BrokenFcs, DeliveryOrder, FailureKind, Impairment, LossLaw, Members, Protection, ReplayProtection, ValidateFrames,
    Ways, WireFault, Wires,
};
use crate::units::Share;

/// [`TWO_ROUTERS`] with a link of four members and `failure` in the place of its cut.
fn with_failure(failure: &str) -> String {
    let (before, _) = TWO_ROUTERS.split_once("kind = ").unwrap();
    let text = format!("{before}{failure}\nlink = \"l1\"\nat = \"4 s\"\n");
    text.replace("rate = \"400 Gbps\"", "rate = \"400 Gbps\"\nmembers = 4")
}

fn kind(failure: &str) -> FailureKind {
    let loaded = good(&with_failure(failure));
    loaded.network.failures.iter().next().unwrap().kind.clone()
}

/// The wires and what is wrong with them.
fn on_wires(kind: &FailureKind) -> (Wires, WireFault) {
    let FailureKind::Wires { wires, fault } = kind else { panic!("not of wires: {kind:?}") };
    (*wires, *fault)
}

#[test]
fn a_failure_names_a_member_and_a_way() {
    let (wires, fault) = on_wires(&kind("kind = \"fibre_cut\""));
    assert_eq!(fault, WireFault::Cut);
    assert_eq!((wires.members, wires.ways), (Members::All, Ways::Both));
    let text = with_failure("kind = \"silent_cut\"\nmember = 2\nfrom = \"r2\"");
    let network = good(&text).network;
    let failure = network.failures.iter().next().unwrap();
    let (wires, fault) = on_wires(&failure.kind);
    assert_eq!(fault, WireFault::SilentCut);
    assert_eq!((wires.members, wires.ways), (Members::One(2), Ways::From(1)));
    let names: Vec<&str> = network.ports_of(wires).map(|port| network.ports[port].name.as_str()).collect();
    assert_eq!(names, ["l1/2 r2>r1"]);
    assert_eq!(network.failing_component(&failure.kind), "link l1 member 2 from r2");
}

#[test]
fn every_impairment_is_read() {
    let share = |percent: u64| Share::from_ppb(percent * 10_000_000);
    let cases = [
        ("kind = \"grey_loss\"\nprobability = \"5%\"", Impairment::Loss(LossLaw::Bernoulli(share(5)))),
        (
            "kind = \"grey_loss\"\nmodel = \"gilbert-elliott\"\ngood_to_bad = \"1%\"\nbad_to_good = \"10%\"",
            Impairment::Loss(LossLaw::GilbertElliott {
                good_to_bad: share(1),
                bad_to_good: share(10),
                loss_good: Share::ZERO,
                loss_bad: Share::ONE,
            }),
        ),
        (
            "kind = \"grey_loss\"\nmodel = \"bursts\"\nprobability = \"1%\"\nburst = [1, 4]",
            Impairment::Loss(LossLaw::Bursts { begin: share(1), shortest: 1, longest: 4 }),
        ),
        (
            "kind = \"corruption\"\nprobability = \"1%\"\nfcs = \"renewed\"",
            Impairment::Corruption { share: share(1), fcs: BrokenFcs::Renewed },
        ),
        ("kind = \"duplication\"\nprobability = \"1%\"", Impairment::Duplication { share: share(1) }),
        (
            "kind = \"jitter\"\njitter = \"50 us\"",
            Impairment::Jitter { most: Span::from_us(50), order: DeliveryOrder::Kept },
        ),
        (
            "kind = \"jitter\"\njitter = \"50 us\"\norder = \"free\"",
            Impairment::Jitter { most: Span::from_us(50), order: DeliveryOrder::Free },
        ),
        ("kind = \"delay_change\"\ndelay = \"1 ms\"", Impairment::Propagation(Span::from_ms(1))),
        ("kind = \"delay_change\"\nlength = \"100 km\"", Impairment::Propagation(Span::from_us(490))),
    ];
    for (text, expected) in cases {
        assert_eq!(on_wires(&kind(text)).1, WireFault::Impaired(expected), "{text}");
    }
}

fn problem(text: &str) -> String {
    let Err(problems) = parse(text, "x.toml", &[]) else { panic!("nothing is wrong with {text}") };
    problems.to_string()
}

#[test]
fn wrong_failures_are_told() {
    let cases = [
        ("kind = \"fibre_cut\"\nmember = 4", "member: 4 is not a whole number from 0 to 3; write for example 0"),
        ("kind = \"fibre_cut\"\nfrom = \"left\"", r#"from: the link does not end at this router; write "r1" or "r2""#),
        (
            "kind = \"grey_loss\"\nmodel = \"bursts\"\nprobability = \"1%\"\nburst = [4, 1]",
            "burst: is not the shortest and the longest burst in frames; write for example [1, 4]",
        ),
        (
            "kind = \"grey_loss\"\nmodel = \"gilbert-elliott\"\nprobability = \"1%\"",
            r#"probability: is not read by model = "gilbert-elliott"; known here: link, member, from, model, good_to_bad"#,
        ),
        ("kind = \"jitter\"", r#"jitter: is missing; write for example "50 us""#),
        ("kind = \"duplication\"\nprobability = \"200%\"", "probability: \"200%\" is not a percentage"),
    ];
    for (text, expected) in cases {
        let told = problem(&with_failure(text));
        assert!(told.contains(expected), "{told}");
    }
}

/// The MACsec of both directions of the link.
fn macsec(keys: &str) -> [crate::network::MacsecConfig; 2] {
    let text = TWO_ROUTERS.replace("rate = \"400 Gbps\"", &format!("rate = \"400 Gbps\"\nmacsec = {{ {keys} }}"));
    let network = good(&text).network;
    let member = &network.links.iter().find(|link| link.name == "l1").unwrap().members[0];
    member.ports.map(|port| network.ports[port].macsec.unwrap())
}

#[test]
fn macsec_latency_may_differ_by_direction_and_end() {
    let latencies =
        |keys| macsec(keys).map(|one| (one.encrypt_latency.as_ps() / 1000, one.decrypt_latency.as_ps() / 1000));
    assert_eq!(latencies(""), [(500, 500); 2]);
    assert_eq!(latencies("latency = \"0.7 us\""), [(700, 700); 2]);
    assert_eq!(latencies("latency = \"0.7 us\", decrypt_latency = \"1 us\""), [(700, 1000); 2]);
    // What r1 sends is decrypted by r2.
    let keys = "encrypt_latency = [\"0.4 us\", \"0.6 us\"], decrypt_latency = [\"0.8 us\", \"1 us\"]";
    assert_eq!(latencies(keys), [(400, 1000), (600, 800)]);
}

#[test]
fn macsec_receivers_are_strict_by_default() {
    let [one, other] = macsec("");
    assert_eq!(one, other);
    assert_eq!((one.validate, one.replay), (ValidateFrames::Strict, ReplayProtection::Window(0)));
    let [one, _] = macsec("validate = \"check\", replay_window = 32, protection = \"integrity\"");
    assert_eq!((one.validate, one.replay), (ValidateFrames::Check, ReplayProtection::Window(32)));
    assert_eq!(one.protection, Protection::Integrity);
    assert_eq!(macsec("replay_window = \"off\"")[0].replay, ReplayProtection::Off);
    let told = |keys: &str| {
        problem(&TWO_ROUTERS.replace("rate = \"400 Gbps\"", &format!("rate = \"400 Gbps\"\nmacsec = {{ {keys} }}")))
    };
    // IEEE 802.1AEbw: an extended packet number allows a window of at most 2^30 - 1.
    assert!(told("replay_window = 1073741824").contains("from 0 to 1073741823"));
    assert!(told("replay_window = \"on\"").contains("is neither a number of frames nor \"off\""));
    assert!(told("latency = \"9 us\", rate = 3").contains("macsec.rate: unknown key"));
    assert!(told("encrypt_latency = [\"1 us\"]").contains("has 1 durations for two ends"));
}

/// [`TWO_ROUTERS`] with MACsec on its link, and what is said of its keys.
fn with_keys(macsec: &str, rest: &str) -> String {
    let text = TWO_ROUTERS.replace("rate = \"400 Gbps\"", &format!("rate = \"400 Gbps\"\nmacsec = {{ {macsec} }}"));
    format!("{text}\n{rest}")
}

#[test]
fn each_problem_with_keys_has_its_place_reason_and_remedy() {
    let wrong = [
        ("hello = \"0 s\"", "links.l1.macsec.hello: is below 1 ms"),
        ("key_life = \"2 s\"", "links.l1.macsec.key_life: is not above hello (2 s), so that peers come and go"),
        ("key_agreement = \"3 s\", rekey = \"1 h\"", "links.l1.macsec.rekey: is read only where MKA agrees on keys"),
        ("key_server_priority = 255", "links.l1.macsec.key_server_priority: 255 is not a whole number from 0 to 254"),
        ("key_server_priority = [1]", "links.l1.macsec.key_server_priority: has 1 priorities for two ends"),
        ("install_order = \"any\"", "links.l1.macsec.install_order: \"any\" is none of the known words"),
        ("policy = \"open\"", "links.l1.macsec.policy: \"open\" is none of the known words"),
        ("reflect_macsec_on_line = \"yes\"", "links.l1.macsec.reflect_macsec_on_line: is neither true nor false"),
    ];
    for (macsec, message) in wrong {
        let found = problems_of(&with_keys(macsec, ""), &[]);
        assert!(found.contains(message), "{macsec}: {found}");
    }
}

#[test]
fn key_failures_and_rotations_need_mka_and_their_own_keys() {
    let failing = |kind: &str| format!("[[failures]]\nname = \"f\"\nkind = \"{kind}\"\nlink = \"l1\"\nat = \"1 s\"\n");
    for kind in ["mkpdu_loss", "wrong_key", "rotation_error"] {
        assert_eq!(good(&with_keys("", &failing(kind))).network.failures.len(), 2);
        let found = problems_of(&with_keys("key_agreement = \"3 s\"", &failing(kind)), &[]);
        assert!(found.contains("failures.f.link: the keys of this link are not agreed by MKA"), "{found}");
    }
    let change = "[[changes]]\nname = \"c\"\nat = \"1 s\"\nlink = \"l1\"\nrate = \"1 Gbps\"\nbake = \"1 s\"\n";
    let found = problems_of(&with_keys("", change), &[]);
    assert!(found.contains("changes.c.bake: is read only with rotate_keys"), "{found}");
}

#[test]
fn members_have_lacp_and_micro_bfd_where_a_link_says_so() {
    let with =
        |keys: &str| TWO_ROUTERS.replace("rate = \"400 Gbps\"", &format!("rate = \"400 Gbps\"\nmembers = 3\n{keys}"));
    let network = good(&with("lacp = \"slow\"\nmicro_bfd = { interval = \"50 ms\" }")).network;
    let link = network.links.iter().find(|link| link.name == "l1").unwrap();
    assert_eq!(link.lacp, Some(crate::network::LacpRate::Slow));
    let names: Vec<&str> = network.bfd_sessions.iter().map(|session| session.name.as_str()).collect();
    assert!(["bfd:l1/0", "bfd:l1/1", "bfd:l1/2"].iter().all(|name| names.contains(name)), "{names:?}");
    let wrong = [
        (
            "lacp = \"often\"",
            "links.l1.lacp: \"often\" is none of the known words; write \"off\" or \"fast\" or \"slow\"",
        ),
        (
            "micro_bfd = { interval = \"0.1 ms\" }",
            "links.l1.micro_bfd.interval: a BFD interval of 100 us is below 1 ms",
        ),
        ("micro_bfd = { intervall = \"1 ms\" }", "links.l1.micro_bfd.intervall: unknown key"),
    ];
    for (keys, message) in wrong {
        let found = problems_of(&with(keys), &[]);
        assert!(found.contains(message), "{keys}: {found}");
    }
}
