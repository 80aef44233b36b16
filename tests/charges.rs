//! Who is named for what a connection lost, and what is booked to them.

mod common;

use common::{incident, run};
use fabricsim::sim::record::{ConnectionRecord, RunRecord};
use fabricsim::units::CalendarSpan;

/// The service in Virginia and in Oregon, a connection on each, and every moment charged.
fn two_regions(rest: &str) -> String {
    let side = |name: &str, provider: &str, city: &str, prefix: &str| {
        format!(
            "[attachments.{name}-{provider}]\nprovider = \"{provider}\"\nprefixes = [\"{prefix}\"]\n\
             routers = [\"{provider}-{city}-bb1\", \"{provider}-{city}-bb2\"]\n"
        )
    };
    let region = |name: &str, template: &str| {
        format!(
            "[interconnects.{name}]\ntemplate = \"aws-google/{template}\"\n\
             [connections.{name}]\ninterconnect = \"{name}\"\nbandwidth = \"500 Mbps\"\n\
             attachments = [\"{name}-aws\", \"{name}-google\"]\n\
             [flows.{name}]\nfrom = \"{name}-aws\"\nto = \"{name}-google\"\ndirection = \"both\"\nrate = \"160 kbps\"\n\
             count = 10\nsize = \"200 B\"\n"
        )
    };
    [
        "horizon = \"30 s\"\n[sla]\nrules = [\"every-moment\", \"experienced\"]\n".to_owned(),
        region("virginia", "us-east-1"),
        side("virginia", "aws", "iad", "10.0.0.0/16"),
        side("virginia", "google", "iad", "10.128.0.0/16"),
        region("oregon", "us-west-2"),
        side("oregon", "aws", "pdx", "10.1.0.0/16"),
        side("oregon", "google", "pdx", "10.129.0.0/16"),
        rest.to_owned(),
    ]
    .concat()
}

/// Border routers of a provider without power from 5 s to 8 s.
fn outage(name: &str, provider: &str, interconnect: &str) -> String {
    format!(
        "[[failures]]\nname = {name:?}\nkind = \"edge_outage\"\nprovider = {provider:?}\ninterconnect = {interconnect:?}\n\
         at = \"5 s\"\nlasts = \"3 s\"\n"
    )
}

fn connection<'r>(record: &'r RunRecord, name: &str) -> &'r ConnectionRecord {
    record.connections.iter().find(|one| one.name == name).unwrap()
}

/// What a rule charges the connection for in the run.
fn charged(connection: &ConnectionRecord, rule: &str) -> CalendarSpan {
    let mut rules = std::iter::once(&connection.availability).chain(&connection.other_rules);
    rules.find(|record| record.rule.name == rule).unwrap().charged
}

/// What a rule has booked to the incident.
fn booked(record: &RunRecord, name: &str, rule: &str) -> CalendarSpan {
    let mut all = incident(record, name).charged.iter();
    all.find(|(of, _)| of == rule).map_or(CalendarSpan::ZERO, |(_, charged)| *charged)
}

/// The incidents behind anything that any rule calls unavailable.
fn named(connection: &ConnectionRecord) -> Vec<&str> {
    let rules = std::iter::once(&connection.availability).chain(&connection.other_rules);
    let mut names: Vec<&str> =
        rules.flat_map(|rule| &rule.runs).flat_map(|run| &run.incidents).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[test]
fn of_failures_of_one_instant_only_that_is_named_and_charged_which_befell_the_connection() {
    let text = two_regions(&[outage("east", "aws", "virginia"), outage("west", "aws", "oregon")].concat());
    let record = run(&text);
    for (connection_name, its) in [("virginia", "east"), ("oregon", "west")] {
        let connection = connection(&record, connection_name);
        assert_eq!(named(connection), [its]);
        for rule in ["every-moment", "experienced"] {
            assert!(charged(connection, rule) >= CalendarSpan::from_s(3), "{rule}");
            assert_eq!(booked(&record, its, rule), charged(connection, rule), "{rule}");
        }
    }
}

#[test]
fn one_that_spares_a_connection_does_not_stand_before_one_that_ended_it() {
    // Packets are counted by the second, so what began later in the first bad one might be behind it.
    let later = outage("west", "aws", "oregon").replace("at = \"5 s\"", "at = \"5500 ms\"");
    let record = run(&two_regions(&[outage("east", "google", "virginia"), later].concat()));
    assert_eq!(named(connection(&record, "virginia")), ["east"]);
    assert_eq!(named(connection(&record, "oregon")), ["west"]);
}

#[test]
fn failures_of_one_instant_that_both_befell_it_share_the_charge_alike() {
    let text = two_regions(&[outage("east", "aws", "virginia"), outage("their-east", "google", "virginia")].concat());
    let record = run(&text);
    let virginia = connection(&record, "virginia");
    assert_eq!(named(virginia), ["east", "their-east"]);
    assert!(named(connection(&record, "oregon")).is_empty());
    for rule in ["every-moment", "experienced"] {
        let (one, other) = (booked(&record, "east", rule), booked(&record, "their-east", rule));
        assert_eq!(one + other, charged(virginia, rule), "{rule}");
        // What does not divide is a nanosecond.
        assert!(one - other <= CalendarSpan::from_ns(1), "{rule}: {one} and {other}");
    }
}

#[test]
fn a_full_queue_is_laid_at_what_befell_the_connection_not_at_what_began_last() {
    // Half of what was bought is left in Virginia and three quarters are sent; Oregon loses a channel meanwhile.
    let cut = |name: &str, link: &str, at: &str, lasts: &str| {
        format!(
            "[[failures]]\nname = {name:?}\nkind = \"fibre_cut\"\nlink = {link:?}\nat = {at:?}\nlasts = {lasts:?}\n"
        )
    };
    let text = two_regions(
        &[
            cut("a1", "iad-channel-a1", "5 s", "10 s"),
            cut("a2", "iad-channel-a2", "5 s", "10 s"),
            cut("far", "pdx-channel-a1", "6 s", "5 s"),
        ]
        .concat(),
    )
    .replace("rate = \"160 kbps\"\ncount = 10\nsize = \"200 B\"", "rate = \"3 Mbps\"\ncount = 40\nsize = \"1500 B\"")
    .replace(
        "bandwidth = \"500 Mbps\"",
        "bandwidth = \"4 Mbps\"\nrate_limit = { per_link = \"equal-share\", aggregate_at = \"none\" }",
    );
    let record = run(&text);
    let load = |name: &str| incident(&record, name).lost_in.load;
    assert!(load("a2") > 0, "two of four equal shares carry half of what was bought");
    let of_virginia = |flow: &str| flow.starts_with("virginia");
    assert!(!incident(&record, "far").hits.iter().any(|hit| of_virginia(&hit.flow)));
}
