//! Members of a LAG that die silently, and processors that hang: who notices, how soon, and what is lost until then.

mod common;

use common::{direction, incident, lost, ms, noticed, returned, run, run_seeded, s};
use fabricsim::message::DropReason;
use fabricsim::sim::record::RunRecord;
use fabricsim::units::Span;

/// A channel of four members among four channels, BFD 300 ms x 3, and a failure at 10 s.
fn lag(link: &str, failure: &str, horizon: &str) -> String {
    format!(
        "horizon = \"{horizon}\"\nwarm_up = \"40 s\"\n[interconnects.virginia]\ntemplate = \"aws-google/us-east-1\"\nmembers = 4\n\
         [connections.shop]\ninterconnect = \"virginia\"\nbandwidth = \"500 Mbps\"\n\
         attachments = [\"vpc-aws\", \"vpc-google\"]\ntimers = \"fast\"\n\
         [attachments]\nvpc-aws = {{ provider = \"aws\", prefixes = [\"10.0.0.0/16\"] }}\n\
         vpc-google = {{ provider = \"google\", prefixes = [\"10.128.0.0/16\"] }}\n\
         [flows.web]\nfrom = \"vpc-aws\"\nto = \"vpc-google\"\ndirection = \"both\"\nrate = \"8 Mbps\"\ncount = 200\nsize = \"500 B\"\n\
         [links.iad-channel-a1]\n{link}\n[[failures]]\nname = \"cut\"\nlink = \"iad-channel-a1\"\nat = \"10 s\"\n{failure}\n"
    )
}

const SILENT: &str = "kind = \"silent_cut\"\nmember = 2";

fn longest(record: &RunRecord) -> Span {
    record
        .ledger
        .iter()
        .filter_map(|entry| entry.blackout.as_ref())
        .map(|spread| spread.max)
        .max()
        .unwrap_or(Span::ZERO)
}

/// BFD rides the first member: its silent death takes the whole channel down, within 0.9 s and processing.
#[test]
fn the_silent_death_of_the_member_that_bfd_rides_drops_the_channel() {
    let record = run(&lag("", "kind = \"silent_cut\"\nmember = 0", "20 s"));
    let cut = incident(&record, "cut");
    let by_bfd = noticed(cut, "aws-iad-a1", "bfd").or_else(|| noticed(cut, "aws-iad-a1", "bfd-signalled"));
    assert!(by_bfd.is_some_and(|at| at > ms(590) && at <= ms(910)), "{by_bfd:?}");
    assert!(record.logical_links.iter().any(|link| link.channel == "iad-channel-a1" && link.session_up.len() == 1));
    assert!(longest(&record) < ms(1_100), "{}", longest(&record));
}

/// The silent death of another member is nobody's business: its share of the flows is black-holed to the end.
#[test]
fn the_silent_death_of_another_member_is_invisible_to_bfd() {
    let record = run(&lag("", SILENT, "30 s"));
    assert_eq!(noticed(incident(&record, "cut"), "aws-iad-a1", "bfd"), None);
    let channel = direction(&record, "iad-channel-a1", "aws-iad-a1");
    let dead: u64 = channel.dropped.values().sum();
    let (hashed, dead) = ((channel.packets + dead) as f64 * 20.0 / 70.0 / 4.0, dead as f64);
    // A quarter of what the channel carries in 20 s of 30 (the warm-up carries none); 50 flows on four members.
    assert!(dead > hashed && dead < 4.0 * hashed * 2.0, "{dead} of {hashed}");
}

/// The logical links of two connections ride the same members, each five-tuple by its hash: a member that dies silently takes a
/// quarter of a channel's five-tuples of either connection, a sixteenth of all over four channels.
#[test]
fn connections_share_the_members_of_a_channel() {
    let second = "[connections.depot]\ninterconnect = \"virginia\"\nbandwidth = \"500 Mbps\"\nattachments = [\"b-aws\", \"b-google\"]\n\
         timers = \"fast\"\n[attachments.b-aws]\nprovider = \"aws\"\nprefixes = [\"10.1.0.0/16\"]\n\
         [attachments.b-google]\nprovider = \"google\"\nprefixes = [\"10.129.0.0/16\"]\n[flows.stock]\nfrom = \"b-aws\"\n\
         to = \"b-google\"\ndirection = \"both\"\nrate = \"8 Mbps\"\ncount = 200\nsize = \"500 B\"\n";
    let record = run(&(lag("", SILENT, "30 s") + second));
    assert_eq!(record.connections.len(), 2);
    for connection in &record.connections {
        let counts = connection.directions.each_ref().map(|direction| &direction.counts);
        let sent: u64 = counts.iter().map(|counts| counts.sent).sum();
        let dead: u64 = counts.iter().map(|counts| lost(counts)).sum();
        // Binomial(400, 1/16) five-tuples, mean 25 and standard deviation 4.8, are dead for 20 s of 30; four of these.
        let tuples = dead as f64 / sent as f64 * 400.0 * 30.0 / 20.0;
        assert!((tuples - 25.0).abs() < 4.0 * 4.8, "{}: {tuples} five-tuples", connection.name);
    }
}

/// Its MKA misses the peer after 6 to 8 s, and takes it out where MACsec is reflected on the line.
#[test]
fn key_agreement_takes_the_member_out_where_the_line_shows_it() {
    let record = run(&lag("macsec = { reflect_macsec_on_line = true }", SILENT, "30 s"));
    let out = noticed(incident(&record, "cut"), "aws-iad-a1", "mka").expect("it is missed");
    assert!(out >= s(4) && out <= s(8), "{out}");
    assert!(longest(&record) <= s(8) + ms(20), "{}", longest(&record));
}

/// LACP takes it out 2 to 3 s after it fell silent at the fast rate, 60 to 90 s at the slow one (IEEE 802.1AX 6.4.4).
#[test]
fn lacp_takes_the_member_out_after_its_timeout() {
    for (rate, shortest, most, horizon) in [("fast", s(2), s(3), "20 s"), ("slow", s(60), s(90), "110 s")] {
        for seed in 1..=3 {
            let record = run_seeded(&lag(&format!("lacp = \"{rate}\""), SILENT, horizon), seed);
            for router in ["aws-iad-a1", "google-iad-a1"] {
                let out = noticed(incident(&record, "cut"), router, "lacp").expect("it is missed");
                assert!(out >= shortest && out <= most + ms(10), "{rate}: {out}");
            }
            assert!(longest(&record) <= most + ms(20), "{rate}: {}", longest(&record));
        }
    }
}

/// The end that no longer hears tells the other, and both leave the member.
#[test]
fn lacp_takes_out_a_member_that_is_dead_one_way() {
    let failure = format!("{SILENT}\nfrom = \"aws-iad-a1\"\nlasts = \"5 s\"");
    let record = run(&lag("lacp = \"fast\"", &failure, "40 s"));
    let [deaf, told] = ["google-iad-a1", "aws-iad-a1"].map(|router| noticed(incident(&record, "cut"), router, "lacp"));
    assert!(deaf.is_some_and(|at| at >= s(2) && at <= ms(3_010)), "{deaf:?}");
    assert!(told.is_some_and(|at| at <= ms(3_010)), "{told:?}");
    let back = noticed(returned(&record, "cut"), "aws-iad-a1", "lacp");
    // A message within 1 s, and Aggregate_Wait_Time of 2 s.
    assert!(back.is_some_and(|at| at >= s(2) && at <= s(3) + ms(100)), "{back:?}");
    assert_eq!(returned(&record, "cut").dropped.values().sum::<u64>(), 0, "nobody sends before the other collects");
}

/// One micro-BFD session a member (RFC 7130): 300 ms x 3 takes out just the one that died, within (0.6, 0.9] s.
#[test]
fn micro_bfd_takes_out_just_the_dead_member() {
    for seed in 1..=5 {
        let link = "micro_bfd = { interval = \"300 ms\", multiplier = 3 }";
        let record = run_seeded(&lag(link, SILENT, "20 s"), seed);
        let cut = incident(&record, "cut");
        let out = noticed(cut, "aws-iad-a1", "bfd").or_else(|| noticed(cut, "aws-iad-a1", "bfd-signalled"));
        assert!(out.is_some_and(|at| at > ms(590) && at <= ms(910)), "{out:?}");
        assert!(longest(&record) <= ms(930), "no route moves, so no FIB is waited for: {}", longest(&record));
        let sessions = record.logical_links.iter().find(|link| link.channel == "iad-channel-a1").expect("one");
        assert_eq!(sessions.session_up.len(), 1, "BGP stays up");
    }
}

#[test]
fn lacp_and_micro_bfd_cost_nothing_while_all_is_well() {
    let link = "lacp = \"fast\"\nmicro_bfd = { interval = \"300 ms\", multiplier = 3 }\nmin_links = 4";
    let record = run(&lag(link, "kind = \"grey_loss\"\nprobability = \"0%\"", "20 s"));
    assert_eq!(lost(&record.totals.data), 0);
    let control = &record.totals.control;
    assert_eq!(control.dropped.values().sum::<u64>(), 0);
}

/// A border router's processor hangs at 10 s.
fn hang(place: &str, lasts: &str) -> String {
    let text = lag("", &format!("kind = \"cpu_hang\"\nrouter = \"aws-iad-a1\"\n{lasts}"), "60 s");
    let text = text.replacen("link = \"iad-channel-a1\"\nat", "at", 1);
    let text = text.replacen("timers = \"fast\"", "timers = \"fast\"\nbgp = { hold = \"30 s\" }", 1);
    format!("{text}[routers.aws-iad-a1]\nbfd_runs_in = \"{place}\"\n")
}

/// RFC 5882 4.3: BFD in the line card is independent of the control plane, so only the hold timer of the peer (30 s, less
/// up to a keepalive interval of 10 s) tells; BFD on the processor is missed after 0.6 to 0.9 s.
#[test]
fn where_bfd_runs_decides_who_notices_a_hung_processor() {
    for seed in 1..=5 {
        let record = run_seeded(&hang("line-card", ""), seed);
        let cut = incident(&record, "cut");
        assert_eq!(noticed(cut, "google-iad-a1", "bfd"), None);
        let held = noticed(cut, "google-iad-a1", "hold-timer").expect("nothing comes");
        assert!(held >= s(20) && held <= s(30) + ms(100), "{held}");
        // Line cards go on. What is lost finds no route where the hold timer took it away, until the neighbours know.
        assert_eq!(
            lost(&record.totals.data),
            record.totals.data.dropped.get(&DropReason::NoRoute).copied().unwrap_or(0)
        );
        assert!(longest(&record) < ms(150), "{}", longest(&record));
        let record = run_seeded(&hang("cpu", ""), seed);
        let missed = noticed(incident(&record, "cut"), "google-iad-a1", "bfd").expect("nothing comes");
        assert!(missed > ms(590) && missed <= ms(910), "{missed}");
    }
}

#[test]
fn a_processor_that_resumes_brings_its_sessions_back() {
    let record = run(&hang("cpu", "lasts = \"20 s\""));
    let link = record.logical_links.iter().find(|link| link.channel == "iad-channel-a1").expect("one");
    assert_eq!(link.session_up.len(), 2, "{:?}", link.session_up);
    assert_eq!(record.totals.data.dropped.get(&DropReason::TtlExpired), None);
    let short = run(&hang("line-card", "lasts = \"5 s\""));
    let link = short.logical_links.iter().find(|link| link.channel == "iad-channel-a1").expect("one");
    assert_eq!(link.session_up.len(), 1, "shorter than the hold time less a keepalive: nobody noticed");
    assert_eq!(lost(&short.totals.data), 0);
}
