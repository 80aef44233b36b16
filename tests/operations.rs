//! Is what operators and customers do on purpose told, judged and carried as they would have it?

mod common;

use common::{run, s};
use fabricsim::message::DropReason;
use fabricsim::rng::RunSeed;
use fabricsim::sim::Simulation;
use fabricsim::sim::record::{OperationRecord, RunRecord};
use fabricsim::sla::{Exempt, Ruling};
use fabricsim::units::{CalendarSpan, Span};

/// One channel between two routers, and what is done.
fn one_channel(horizon: &str, tables: &str) -> String {
    format!(
        r#"
        horizon = "{horizon}"
        fidelity = "flow"
        [providers]
        east = {{ asn = 64512 }}
        west = {{ asn = 64513 }}
        [facilities]
        here = {{}}
        there = {{}}
        [routers]
        e = {{ provider = "east", facility = "here" }}
        w = {{ provider = "west", facility = "there" }}
        [links.channel]
        between = ["e", "w"]
        interconnect = "metro"
        macsec = "off"
        [interconnects.metro]
        [connections.shop]
        interconnect = "metro"
        bandwidth = "1 Gbps"
        attachments = ["left", "right"]
        [attachments.left]
        provider = "east"
        prefixes = ["10.0.0.0/16"]
        [attachments.right]
        provider = "west"
        prefixes = ["10.128.0.0/16"]
        [flows.web]
        from = "left"
        to = "right"
        rate = "8 Mbps"
        {tables}
        "#
    )
}

/// What the judging rule says of the one outage of the one connection.
fn ruling(record: &RunRecord) -> Ruling {
    let [connection] = record.connections.as_slice() else { panic!("one connection") };
    let long = connection.availability.runs.iter().find(|run| run.to - run.from > CalendarSpan::from_s(120));
    long.expect("an outage").ruling
}

fn steps<'r>(record: &'r RunRecord, step: &'static str) -> Vec<&'r OperationRecord> {
    record.operations.iter().filter(|one| one.step == step).collect()
}

/// Work on the only router of one side, for three minutes.
fn work(keys: &str) -> String {
    let work = "[[maintenance]]\nname = \"work\"\nrouter = \"w\"\nat = \"3 h\"\nlasts = \"3 min\"\n";
    one_channel("4 h", &format!("{work}{keys}"))
}

#[test]
fn a_notice_goes_out_so_long_before_the_window() {
    let told = |keys: &str| {
        let record = run(&work(keys));
        let [notice] = steps(&record, "NotifyMaintenance")[..] else { panic!("one notice") };
        (notice.at, notice.text.clone())
    };
    let (at, text) = told("emergency = true");
    // Two hours ahead of an emergency, as AWS Direct Connect says.
    assert_eq!(at, Span::from_s(3_600), "{text}");
    let (at, text) = told("");
    assert_eq!(at, Span::ZERO);
    assert!(text.ends_with(", 14 days ahead, before the run"), "{text}");
}

#[test]
fn work_without_the_notice_that_a_rule_asks_for_is_charged() {
    let by_default = |keys: &str| ruling(&run(&work(keys)));
    let is_excluded = |ruling| matches!(ruling, Ruling::Exempt(Exempt::Excluded(_)));
    assert!(is_excluded(by_default("")), "14 days");
    assert!(is_excluded(by_default("notice = \"24 h\"")));
    assert_eq!(by_default("notice = \"23 h\""), Ruling::Charged);
    assert_eq!(by_default("emergency = true"), Ruling::Charged, "2 hours");
    let rule = "[sla]\nrule = \"lenient\"\n[rules.lenient]\nbased_on = \"aws-interconnect\"\nnotice = \"1 h\"\n";
    assert!(is_excluded(by_default(&format!("emergency = true\n{rule}"))), "a rule that asks for an hour");
}

#[test]
fn nothing_is_carried_or_charged_before_a_connection_is_available() {
    let tables = "[provisioning.shop]\nat = \"10 s\"\naccept = \"200 s\"\n";
    let record = run(&one_channel("600 s", tables).replace("rate = \"8 Mbps\"", "rate = \"8 Mbps\"\nstart = \"1 s\""));
    let available = steps(&record, "available")[0].at;
    // Key, half, guidance, feature, routers, checks, notification.
    assert_eq!(available, s(10 + 200 + 4 + 5 + 60 + 30 + 1));
    assert_eq!(ruling(&record), Ruling::Exempt(Exempt::NotInService));
    let [connection] = record.connections.as_slice() else { panic!("one connection") };
    assert_eq!(connection.availability.charged, CalendarSpan::ZERO);
    let first = connection.directions[0].usable_paths.iter().find(|(_, share)| share.as_ppb() > 0).unwrap();
    assert!(first.0 > available && first.0 < available + s(1), "{first:?}");
    // What was sent before met no route.
    let lost = record.totals.data.dropped.values().sum::<u64>();
    let sent_before = record.totals.data.sent * (available.as_ps() / 1_000_000_000_000 - 1) / 599;
    assert!(lost.abs_diff(sent_before) < sent_before / 100, "{lost} of {sent_before}");
}

/// Two interconnects between the same providers: channels of 1 Gbps, and of 10; 600 Mbps are sold on the small one.
fn two_interconnects(tables: &str) -> String {
    format!(
        r#"
        horizon = "120 s"
        bin = "1 s"
        [interconnects.small]
        template = "aws-google/us-east-1"
        channel_rate = "1 Gbps"
        [interconnects.large]
        template = "aws-google/us-east-1"
        code = "dca"
        channel_rate = "10 Gbps"
        [connections.shop]
        interconnect = "small"
        bandwidth = "600 Mbps"
        attachments = ["vpc-aws", "vpc-google"]
        [attachments.vpc-aws]
        provider = "aws"
        prefixes = ["10.0.0.0/16"]
        routers = ["aws-iad-bb1", "aws-iad-bb2", "aws-dca-bb1", "aws-dca-bb2"]
        [attachments.vpc-google]
        provider = "google"
        prefixes = ["10.128.0.0/16"]
        routers = ["google-iad-bb1", "google-iad-bb2", "google-dca-bb1", "google-dca-bb2"]
        [flows.web]
        from = "vpc-aws"
        to = "vpc-google"
        direction = "both"
        rate = "2 Mbps"
        count = 40
        size = "500 B"
        {tables}
        "#
    )
}

/// A change of bandwidth.
fn buys(name: &str, at: u64, bandwidth: &str) -> String {
    format!("[[changes]]\nname = {name:?}\nat = \"{at} s\"\nconnection = \"shop\"\nbandwidth = {bandwidth:?}\n")
}

/// Bytes that rode a connection's links on interconnect "iad" or "dca" in each second, both ways.
fn ridden(record: &RunRecord, code: &str) -> Vec<u64> {
    let links = record.logical_links.iter().filter(|link| link.channel.starts_with(code));
    let series: Vec<&Vec<u64>> = links.flat_map(|link| &link.series).collect();
    (0..120).map(|second| series.iter().map(|series| series[second]).sum()).collect()
}

#[test]
fn a_bandwidth_that_does_not_fit_moves_to_another_interconnect_and_loses_nothing() {
    let record = run(&two_interconnects(&buys("more", 5, "2 Gbps")));
    assert_eq!(record.totals.data.dropped.values().sum::<u64>(), 0);
    let second = |step| usize::try_from(steps(&record, step)[0].at.as_ps() / 1_000_000_000_000).unwrap();
    let (begins, worse, ends) = (second("migrates"), second("de-preferred"), second("migrated"));
    assert!(begins == 5 && worse > begins && ends == worse + 60, "{begins} {worse} {ends}");
    let (old, new) = (ridden(&record, "iad"), ridden(&record, "dca"));
    assert!(new[..begins].iter().all(|bytes| *bytes == 0) && old[..begins].iter().all(|bytes| *bytes > 0));
    // The old routes are worse: a decision and a table later nobody uses them, long before their sessions end.
    assert!(old[worse + 2..].iter().all(|bytes| *bytes == 0), "{old:?}");
    assert!(new[worse + 2..].iter().all(|bytes| *bytes > 0), "{new:?}");
    let up = |code: &str| {
        let links = record.logical_links.iter().filter(move |link| link.channel.starts_with(code));
        links.filter(|link| link.session_up.last().is_some_and(|(_, until)| *until == s(120))).count()
    };
    assert_eq!((up("iad"), up("dca")), (0, 4));
}

#[test]
fn a_bandwidth_that_fits_stays_and_one_that_comes_during_a_migration_waits() {
    let stays = run(&two_interconnects(&buys("more", 5, "1 Gbps")));
    assert_eq!((steps(&stays, "migrates").len(), ridden(&stays, "dca").iter().sum::<u64>()), (0, 0));
    let both = run(&two_interconnects(&(buys("a", 5, "2 Gbps") + &buys("b", 20, "3 Gbps"))));
    let [waits] = steps(&both, "409")[..] else { panic!("one conflict") };
    let [moved] = steps(&both, "migrated")[..] else { panic!("one migration") };
    let [updated] = steps(&both, "updated")[..] else { panic!("one change in place") };
    assert_eq!((waits.at, waits.text.as_str()), (s(20), "3 Gbps waits for a migration to end"));
    assert_eq!((updated.at, updated.text.as_str()), (moved.at, "3 Gbps on large"), "as soon as the migration is over");
}

/// Deleted in the middle of a migration, while the old routes are worse (ordered at 5 s, configured by both at 16 s; sessions and a
/// look every 5 s; then 60 s of draining), it is gone on both interconnects at once, and the migration does not go on.
#[test]
fn a_connection_that_is_deleted_while_it_migrates_arrives_nowhere() {
    let provisioning = "[provisioning.shop]\ncall = \"1 s\"\nconfigure = \"10 s\"\ndelete = \"60 s\"\n";
    let record = run(&two_interconnects(&(buys("more", 5, "2 Gbps") + provisioning)));
    let told = |step| steps(&record, step).iter().map(|one| one.at).collect::<Vec<_>>();
    assert!(told("de-preferred")[0] < s(60), "{:?}", record.operations);
    assert_eq!((told("deleting"), told("migrated"), told("409")), (vec![s(60)], vec![], vec![]));
    for (code, before) in [("iad", 20), ("dca", 58)] {
        let ridden = ridden(&record, code);
        assert!(ridden[before] > 0 && ridden[62..].iter().all(|bytes| *bytes == 0), "{code}: {ridden:?}");
    }
}

#[test]
fn of_orders_that_wait_the_last_one_wins() {
    let orders = [(5, "2 Gbps"), (20, "3 Gbps"), (40, "4 Gbps")];
    let orders = orders.map(|(at, bandwidth)| buys(&format!("at-{at}"), at, bandwidth)).concat();
    let record = run(&two_interconnects(&orders));
    let told = |step| steps(&record, step).into_iter().map(|one| (one.at, one.text.as_str())).collect::<Vec<_>>();
    let waits = |rate| format!("{rate} waits for a migration to end");
    assert_eq!(told("409"), [(s(20), waits("3 Gbps").as_str()), (s(40), waits("4 Gbps").as_str())]);
    let migrated = steps(&record, "migrated")[0].at;
    assert_eq!(told("updated"), [(migrated, "3 Gbps on large"), (migrated, "4 Gbps on large")]);
}

#[test]
fn a_policy_that_an_operator_changed_outlives_a_migration() {
    let silent = r#"
        [policies.nothing]
        otherwise = "reject"
        [[changes]]
        name = "silent"
        kind = "policies"
        router = "google-dca-a1"
        peer = "aws-dca-a1"
        export = "nothing"
        at = "2 s"
        "#;
    let record = run(&two_interconnects(&(buys("more", 5, "2 Gbps") + silent)));
    // Bytes of the last second, each way, on the channels of the new interconnect.
    let links = record.logical_links.iter().filter(|link| link.channel.starts_with("dca"));
    let last: Vec<[bool; 2]> = links.map(|link| link.series.each_ref().map(|series| series[118] > 0)).collect();
    assert_eq!(last.iter().filter(|used| **used == [true; 2]).count(), 3, "{last:?}");
    assert_eq!(last.iter().filter(|used| used[0] != used[1]).count(), 1, "one hears of no way there: {last:?}");
}

#[test]
fn a_migration_is_the_same_however_the_run_is_divided() {
    let network = common::network(&two_interconnects(&buys("more", 5, "2 Gbps")));
    let record = |threads| Simulation::new(&network, RunSeed(3)).threads(threads).divided_anyway().run();
    let one = record(1);
    assert!(record(2) == one && record(3) == one);
}

/// The template's four channels, and what is provisioned on them.
fn four_channels(horizon: &str, connections: &[&str], tables: &str) -> String {
    let mut text = format!(
        "horizon = \"{horizon}\"\nfidelity = \"flow\"\n[interconnects.metro]\ntemplate = \"aws-google/us-east-1\"\n"
    );
    for (index, name) in connections.iter().enumerate() {
        text += &format!(
            "[connections.{name}]\ninterconnect = \"metro\"\nbandwidth = \"1 Gbps\"\n\
             attachments = [\"{name}-aws\", \"{name}-google\"]\n\
             [attachments.{name}-aws]\nprovider = \"aws\"\nprefixes = [\"10.{index}.0.0/16\"]\n\
             [attachments.{name}-google]\nprovider = \"google\"\nprefixes = [\"10.{}.0.0/16\"]\n\
             [flows.{name}]\nfrom = \"{name}-aws\"\nto = \"{name}-google\"\nrate = \"8 Mbps\"\n",
            100 + index
        );
    }
    text + tables
}

#[test]
fn no_two_connections_have_a_vlan_on_a_channel_or_a_subnet_in_common() {
    let tables = "[provisioning.a]\nat = \"1 s\"\naccept = \"1 s\"\n[provisioning.c]\nat = \"1 s\"\naccept = \"1 s\"\n";
    let record = run(&four_channels("60 s", &["a", "b", "c"], tables));
    assert_eq!(record.features.len(), 12, "three connections on four channels, one of them without orders");
    let mut vlans: Vec<_> = record.features.iter().map(|one| (one.channel.as_str(), one.config.vlan)).collect();
    let mut subnets: Vec<_> = record.features.iter().flat_map(|one| [Some(one.config.ipv4), one.config.ipv6]).collect();
    vlans.sort_unstable();
    vlans.dedup();
    subnets.sort_unstable();
    subnets.dedup();
    assert_eq!((vlans.len(), subnets.len()), (12, 24));
    // The specification: 1024 and lower are reserved; prefix lengths 29 and 64; the highest common MTU is the channel's.
    for one in &record.features {
        let config = &one.config;
        assert!((1025..=1027).contains(&config.vlan), "{config}");
        assert_eq!((config.ipv4.prefix_len(), config.ipv6.unwrap().prefix_len(), config.mtu.0), (29, 64, 8500));
    }
}

#[test]
fn what_a_connection_had_is_free_when_it_is_deleted() {
    let side = "[providers.aws.guidance]\nvlans = [\"1500\"]\n";
    let orders = |at: u64| {
        format!(
            "{side}[provisioning.a]\nat = \"1 s\"\naccept = \"1 s\"\ndelete = \"120 s\"\n\
             [provisioning.b]\nat = \"{at} s\"\naccept = \"1 s\"\n"
        )
    };
    // One VLAN on each channel: the second connection has no common ground while the first is there.
    let meanwhile = run(&four_channels("400 s", &["a", "b"], &orders(60)));
    let failed: Vec<&str> = steps(&meanwhile, "failed").iter().map(|one| one.component.as_str()).collect();
    assert_eq!(failed, ["connection b"]);
    assert!(steps(&meanwhile, "no common ground")[0].text.ends_with("every VLAN in the vlanRanges of both is taken"));
    let after = run(&four_channels("400 s", &["a", "b"], &orders(130)));
    assert_eq!(steps(&after, "failed").len(), 0);
    let holders: Vec<&str> = after.features.iter().map(|one| one.connection.as_str()).collect();
    assert_eq!(holders, ["b"; 4]);
}

#[test]
fn the_agreed_mtu_is_that_of_the_hand_off_in_packets_and_in_rates() {
    let lost = |fidelity: &str, size: u64| {
        let tables = "[provisioning.a]\n[providers.google.guidance]\nmtus = [\"1440\", \"8896\"]\n";
        let text = four_channels("10 s", &["a"], tables).replace("\"flow\"", &format!("\"{fidelity}\""));
        let text = text.replace("rate = \"8 Mbps\"", &format!("rate = \"8 Mbps\"\nsize = \"{size} B\""));
        let record = run(&text);
        record.totals.data.dropped.get(&DropReason::TooBig).copied().unwrap_or(0)
    };
    for fidelity in ["packet", "flow"] {
        assert_eq!(lost(fidelity, 1440), 0, "{fidelity}");
        // 8 Mbps for 10 s.
        assert_eq!(lost(fidelity, 2000), 5_000, "{fidelity}");
    }
}

#[test]
fn a_migration_agrees_on_features_elsewhere_or_stays() {
    let moves = run(&two_interconnects(&buys("more", 5, "2 Gbps")));
    assert!(moves.features.len() == 4 && moves.features.iter().all(|one| one.channel.starts_with("dca")));
    // The guidance for two channels of the other interconnect has no common ground.
    let own = "[provisioning.shop]\nconfigure = \"5 s\"\n[providers.aws.channel_guidance]\n\
               dca-channel-a1 = { mtus = [\"9000\"] }\ndca-channel-b1 = { mtus = [\"9000\"] }\n";
    let stays = run(&two_interconnects(&(buys("more", 5, "2 Gbps") + own)));
    let [few] = steps(&stays, "too few")[..] else { panic!("told once") };
    assert_eq!(few.text, "only 2 of 4 features can be negotiated on large: it stays");
    assert_eq!((steps(&stays, "migrates").len(), steps(&stays, "updated")[0].text.as_str()), (0, "2 Gbps on small"));
    assert!(stays.features.iter().all(|one| one.channel.starts_with("iad")));
    // One of four: the others suffice, and nothing waits for it.
    let own = "[provisioning.shop]\nconfigure = \"5 s\"\n[providers.aws.channel_guidance]\n\
               dca-channel-a1 = { mtus = [\"9000\"] }\n";
    let three = run(&two_interconnects(&(buys("more", 5, "2 Gbps") + own)));
    assert_eq!((steps(&three, "migrated").len(), three.features.len()), (1, 3));
}
