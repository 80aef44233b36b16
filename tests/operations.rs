//! Is what operators and customers do on purpose told, judged and carried as they would have it?

mod common;

use common::{run, s};
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
    assert!(text.ends_with("ahead, before the run"), "{text}");
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
