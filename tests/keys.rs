//! MACsec key agreement in whole runs: rekeying under load, exhaustion, loss of messages, wrong keys, rotation.

mod common;

use common::{incident, lost, ms, noticed, run, run_seeded, s};
use fabricsim::message::DropReason;
use fabricsim::sim::record::{MacsecRecord, MkaRecord, RunRecord};
use fabricsim::units::Span;

/// Two routers, one link with MACsec by MKA, data both ways, and further tables.
fn pair(macsec: &str, flow: &str, rest: &str) -> String {
    format!(
        "horizon = \"20 s\"\n[providers.net]\n[routers]\nr1 = {{ provider = \"net\" }}\nr2 = {{ provider = \"net\" }}\n\
         [links.span]\nbetween = [\"r1\", \"r2\"]\nrate = \"100 Mbps\"\nlength = \"20 km\"\nbfd = \"off\"\n\
         macsec = {{ key_agreement = \"mka\", {macsec} }}\n[attachments]\n\
         left = {{ provider = \"net\", prefixes = [\"10.1.0.0/24\"], routers = [\"r1\"] }}\n\
         right = {{ provider = \"net\", prefixes = [\"10.2.0.0/24\"], routers = [\"r2\"] }}\n\
         [flows.f]\nfrom = \"left\"\nto = \"right\"\ndirection = \"both\"\n{flow}\n{rest}"
    )
}

/// More than the line takes, so that a queue waits at every instant.
const FULL: &str = "rate = \"100 Mbps\"\nsize = \"1000 B\"";

fn dropped(record: &RunRecord, reason: DropReason) -> u64 {
    record.totals.data.dropped.get(&reason).copied().unwrap_or(0)
}

fn member<'r>(record: &'r RunRecord, from: &str) -> &'r MacsecRecord {
    record.macsec.iter().find(|member| member.from == from).expect("it has MACsec")
}

fn mka(record: &RunRecord, from: &str) -> MkaRecord {
    member(record, from).mka.expect("it uses MKA")
}

/// IEEE 802.1X 9.8.3: receive first, then the server sends, then the others.
#[test]
fn a_rekey_under_full_load_loses_nothing_and_reversed_installation_loses_some() {
    let rekeyed = |order: &str| run(&pair(&format!("rekey = \"5 s\", install_order = \"{order}\""), FULL, ""));
    let record = rekeyed("receive-first");
    assert!(mka(&record, "r1").keys_used >= 3 && mka(&record, "r2").keys_used >= 3);
    assert!(dropped(&record, DropReason::BufferFull) > 0, "the line was full");
    assert_eq!(lost(&record.totals.data), dropped(&record, DropReason::BufferFull));
    let reversed = rekeyed("transmit-first");
    let without_key = dropped(&reversed, DropReason::MacsecNoSa);
    // Each rekey and direction: 15 ms from the first frame under the new key until it is received, less or more by
    // 0.1 ms of fibre; 1000 bytes take 1088 on the wire.
    let rekeys = mka(&reversed, "r1").keys_used - 1;
    let expected = 2 * rekeys * 15_000 / 87;
    assert!(rekeys >= 2 && without_key.abs_diff(expected) <= 4 * rekeys, "{without_key} of {expected}");
    let not_using = member(&reversed, "r1").not_using_sa + member(&reversed, "r2").not_using_sa;
    assert_eq!(not_using, without_key + dropped_control(&reversed, DropReason::MacsecNoSa));
}

fn dropped_control(record: &RunRecord, reason: DropReason) -> u64 {
    record.totals.control.dropped.get(&reason).copied().unwrap_or(0)
}

/// Frames of the old key in the queue are re-numbered, so that after a rekey every number belongs to one frame.
#[test]
fn packet_numbers_follow_the_frames_of_each_key() {
    let record = run(&pair("rekey = \"17 s\"", "rate = \"8 Mbps\"\nsize = \"1000 B\"", ""));
    for from in ["r1", "r2"] {
        let member = member(&record, from);
        assert_eq!(member.mka.expect("MKA").keys_used, 2);
        assert!(member.protected - member.ok <= 1, "all that left arrived, but what is on its way at the end");
        // The server's first Hello after 17 s, and 1000 frames a second from then on.
        let next = member.next_packet_number.expect("plenty");
        assert!(next > 900 && next < 3_000, "{next}");
    }
}

/// A 32-bit suite begins at 2^32 - 1 - 3000: when nothing rekeys, frame 3001 of each direction dies.
#[test]
fn exhausted_packet_numbers_stop_traffic_at_the_computed_frame_and_a_rekey_prevents_it() {
    const FIRST: u64 = (1 << 32) - 1 - 3_000;
    let flow = "rate = \"8 Mbps\"\nsize = \"1000 B\"";
    let suite = format!("suite = \"GCM-AES-256\", first_packet_number = {FIRST}");
    // A Hello so long that nobody looks at the numbers before they are used up: 1000 frames a second for 20 s.
    let record = run(&pair(&format!("{suite}, hello = \"1000 s\", key_life = \"3000 s\""), flow, ""));
    for from in ["r1", "r2"] {
        let secured = member(&record, from);
        assert_eq!((secured.protected, secured.ok, secured.next_packet_number), (3_001, 3_001, None));
        assert_eq!(mka(&record, from).keys_used, 1);
    }
    assert_eq!(dropped(&record, DropReason::MacsecPacketNumbers), 2 * (20_000 - 3_001));
    // With a Hello of 2 s the server sees the threshold passed at its first Hello, before 3 s are over.
    let record = run(&pair(&suite, flow, ""));
    assert_eq!(lost(&record.totals.data), 0);
    assert_eq!([mka(&record, "r1").keys_used, mka(&record, "r2").keys_used], [2, 2]);
}

/// Losing messages does not stop data: the key in use carries on until the peer is removed, a Life Time to a Life Time
/// and a Hello after the last message (IEEE 802.1X table 9-3: 6 to 8 s; two wpa_supplicants 6.78 s).
#[test]
fn without_key_messages_data_flows_until_the_peer_is_removed() {
    let loss =
        "[[failures]]\nname = \"mute\"\nkind = \"mkpdu_loss\"\nlink = \"span\"\nat = \"4 s\"\nlasts = \"10 s\"\n";
    let flow = "rate = \"8 Mbps\"\nsize = \"1000 B\"";
    for seed in 1..=5 {
        let record = run_seeded(&pair("", flow, loss), seed);
        let mute = incident(&record, "mute");
        for router in ["r1", "r2"] {
            // The last message came up to a Hello before the failure.
            let removed = noticed(mute, router, "mka").expect("the peer is removed");
            assert!(removed >= s(4) && removed <= s(8), "{removed}");
        }
        assert!(dropped(&record, DropReason::MacsecNoKey) > 1_000);
        // Messages come through again at 14 s: live, a key, installed, in two Hellos and 45 ms at most.
        let again = noticed(common::returned(&record, "mute"), "r1", "keys").expect("secured again");
        assert!(again <= s(4) + ms(100), "{again}");
    }
}

#[test]
fn should_secure_passes_in_clear_and_counts_it() {
    let loss =
        "[[failures]]\nname = \"mute\"\nkind = \"mkpdu_loss\"\nlink = \"span\"\nat = \"1 s\"\nlasts = \"14 s\"\n";
    let flow = "rate = \"8 Mbps\"\nsize = \"1000 B\"";
    let record = run(&pair("policy = \"should-secure\"", flow, loss));
    assert_eq!(dropped(&record, DropReason::MacsecNoKey), 0);
    // Only while one end has given up and the other has not: at most a Hello in each direction.
    assert!(lost(&record.totals.data) < 2 * 2_100, "{}", lost(&record.totals.data));
    for from in ["r1", "r2"] {
        let member = member(&record, from);
        assert!(member.clear > 5_000, "OutPktsUntagged {}", member.clear);
        assert!(member.untagged > 5_000 && member.untagged <= member.clear, "InPktsUntagged {}", member.untagged);
        assert_eq!(member.protected, member.ok + member.not_using_sa);
        assert!(member.mka.expect("MKA").keys_used == 2, "and it is secured again");
    }
}

#[test]
fn a_wrong_key_at_one_end_stops_traffic_until_it_is_right_again() {
    let wrong = "[[failures]]\nname = \"wrong\"\nkind = \"wrong_key\"\nlink = \"span\"\nfrom = \"r2\"\nat = \"3 s\"\nlasts = \"4 s\"\n";
    let record = run(&pair("", "rate = \"8 Mbps\"\nsize = \"1000 B\"", wrong));
    let entry = incident(&record, "wrong");
    assert_eq!(noticed(entry, "r2", "mka"), Some(Span::ZERO), "it has forgotten the key");
    assert!(mka(&record, "r1").not_valid >= 1, "messages that another key proves");
    // The other end goes on sending under the old key until it misses its peer: nobody there receives it.
    assert!(member(&record, "r1").not_using_sa > 3_000);
    let back = noticed(common::returned(&record, "wrong"), "r2", "keys").expect("secured again");
    assert!(back > ms(45) && back <= s(6) + ms(100), "{back}");
}

/// Frames whose ICV is wrong behind a good FCS are dropped and counted as InPktsNotValid; keys stay.
#[test]
fn tampered_frames_fail_their_icv() {
    let tampering = "[[failures]]\nname = \"tampering\"\nkind = \"corruption\"\nlink = \"span\"\nfcs = \"renewed\"\nprobability = \"10%\"\nat = \"0 s\"\n";
    let record = run(&pair("", "rate = \"8 Mbps\"\nsize = \"1000 B\"", tampering));
    let not_valid: u64 = record.macsec.iter().map(|member| member.not_valid).sum();
    assert_eq!(not_valid, dropped(&record, DropReason::MacsecIcv));
    assert!(not_valid.abs_diff(4_000) < 300, "{not_valid}");
    assert_eq!(mka(&record, "r1").keys_used, 1);
}

/// Four channels between two providers; keys are rotated in turn.
fn channels(change: &str, failure: &str) -> String {
    let mut text = String::from(
        "horizon = \"60 s\"\nwarm_up = \"20 s\"\n[providers]\na = { asn = 1, profile = \"fast\" }\nb = { asn = 2, profile = \"fast\" }\n\
         [facilities.x]\n[facilities.y]\n[interconnects.ix]\n[attachments]\n\
         left = { provider = \"a\", prefixes = [\"10.1.0.0/24\"], routers = [\"a-bb\"] }\n\
         right = { provider = \"b\", prefixes = [\"10.2.0.0/24\"], routers = [\"b-bb\"] }\n\
         [connections.c]\ninterconnect = \"ix\"\nbandwidth = \"1 Gbps\"\nattachments = [\"left\", \"right\"]\ntimers = \"fast\"\n\
         [flows.f]\nfrom = \"left\"\nto = \"right\"\ndirection = \"both\"\nrate = \"4 Mbps\"\ncount = 32\nsize = \"500 B\"\n\
         [routers]\na-bb = { provider = \"a\" }\nb-bb = { provider = \"b\" }\n",
    );
    for n in 1..=4 {
        let facility = ["x", "y"][n / 3];
        for side in ["a", "b"] {
            text += &format!("{side}-{n} = {{ provider = \"{side}\", facility = \"{facility}\" }}\n");
        }
    }
    text += "[links]\n";
    for n in 1..=4 {
        text += &format!(
            "channel-{n} = {{ between = [\"a-{n}\", \"b-{n}\"], interconnect = \"ix\", macsec = {{ key_agreement = \"mka\" }} }}\n"
        );
        for side in ["a", "b"] {
            text += &format!("{side}-bb-{n} = {{ between = [\"{side}-bb\", \"{side}-{n}\"] }}\n");
        }
    }
    text + change + failure
}

/// One channel at a time, then bake time; each provider manages half of the channels. Nothing is lost.
#[test]
fn a_rotation_of_all_channels_in_turn_loses_nothing() {
    let change = "[[changes]]\nname = \"rotation\"\nat = \"5 s\"\nrotate_keys = \"ix\"\nbake = \"10 s\"\n";
    let record = run(&channels(change, ""));
    assert_eq!(lost(&record.totals.data), 0);
    for member in &record.macsec {
        let mka = member.mka.expect("MKA");
        assert_eq!(mka.keys_used, 2, "{} from {}", member.member, member.from);
    }
}

/// With the former key forgotten each channel is down for the delay and a new start; the others carry its traffic.
#[test]
fn a_rotation_that_forgets_the_former_key_costs_each_channel_its_traffic_for_a_while() {
    let change = "[[changes]]\nname = \"rotation\"\nat = \"5 s\"\nrotate_keys = \"ix\"\nbake = \"12 s\"\nformer_key = \"forgotten\"\n";
    let record = run(&channels(change, ""));
    let dead = dropped(&record, DropReason::MacsecNoKey) + dropped(&record, DropReason::MacsecNoSa);
    // Each five-tuple's channel in turn is dead until BFD at 300 ms x 3 (0.6 to 0.9 s), processing (20 ms) and the FIB
    // (100 ms) are through; 1000 packets a second and direction.
    assert!((1_440..=2_040).contains(&dead), "{dead}");
}

/// A key that one side got wrong is never used: the former one carries on, and messages are counted as not valid.
#[test]
fn a_rotation_with_a_wrong_key_at_one_side_leaves_the_former_key_in_use() {
    let change = "[[changes]]\nname = \"rotation\"\nat = \"5 s\"\nrotate_keys = \"ix\"\nbake = \"2 s\"\n";
    let failure = "[[failures]]\nname = \"typo\"\nkind = \"rotation_error\"\nlink = \"channel-2\"\nfrom = \"a-2\"\nat = \"4 s\"\nlasts = \"26 s\"\n";
    let record = run(&channels(change, failure));
    assert_eq!(lost(&record.totals.data), 0);
    let of =
        |from: &str| record.macsec.iter().find(|member| member.from == from).and_then(|member| member.mka).unwrap();
    assert!(of("a-2").not_valid >= 8 && of("b-2").not_valid >= 8);
    assert_eq!([of("a-2").keys_used, of("b-2").keys_used], [2, 2], "and taken over once it is right, at 30 s");
    assert_eq!(of("a-1").not_valid, 0);
}
