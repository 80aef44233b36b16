//! When are peering links that one SLA holds for unavailable, and who is charged for it?

mod common;

use common::{incident, run};
use fabricsim::sim::record::{AvailabilityRecord, LinkGroupRecord, RunRecord};
use fabricsim::sla::{Exempt, Ruling};
use fabricsim::units::{CalendarSpan, Share, Span};

/// Two lines and a tunnel between a customer's network and a cloud; the tunnel's routes are preferred by nobody. `rest` comes
/// last.
fn office(horizon: &str, rest: &str) -> String {
    format!(
        r#"
horizon = "{horizon}"
[providers.office]
asn = 65010
[providers.aws]
asn = 64512
bgp = {{ advertisement_interval = "0 s" }}
[facilities]
east = {{}}
west = {{}}
[routers]
office-core = {{ provider = "office", role = "backbone", responsible = "customer" }}
office-a = {{ provider = "office", facility = "east", responsible = "customer" }}
office-b = {{ provider = "office", facility = "west", responsible = "customer" }}
office-vpn = {{ provider = "office", responsible = "customer" }}
aws-core = {{ provider = "aws", role = "backbone" }}
aws-a = {{ provider = "aws", facility = "east" }}
aws-b = {{ provider = "aws", facility = "west" }}
aws-vpn = {{ provider = "aws" }}
[links]
office-core-a = {{ between = ["office-core", "office-a"] }}
office-core-b = {{ between = ["office-core", "office-b"] }}
office-core-vpn = {{ between = ["office-core", "office-vpn"] }}
aws-core-a = {{ between = ["aws-core", "aws-a"] }}
aws-core-b = {{ between = ["aws-core", "aws-b"] }}
aws-core-vpn = {{ between = ["aws-core", "aws-vpn"] }}
dx-a = {{ between = ["aws-a", "office-a"] }}
dx-b = {{ between = ["aws-b", "office-b"] }}
vpn = {{ between = ["aws-vpn", "office-vpn"], macsec = "off" }}
[policies.last-resort]
terms = [{{ local_pref = 50 }}]
[policies.nothing]
otherwise = "reject"
[sessions]
office-vpn = {{ router = "office-vpn", peer = "aws-vpn", import = "last-resort" }}
aws-vpn = {{ router = "aws-vpn", peer = "office-vpn", import = "last-resort" }}
[link_groups.direct-connect]
links = ["dx-b", "dx-a"]
rule = "aws-direct-connect"
target = "99.9%"
price = "1 USD/h"
[link_groups.backup]
links = ["vpn"]
rule = "every-moment"
[attachments.hall]
provider = "office"
prefixes = ["10.0.0.0/16"]
routers = ["office-core"]
[attachments.vpc]
provider = "aws"
prefixes = ["10.128.0.0/16"]
routers = ["aws-core"]
[flows.web]
from = "hall"
to = "vpc"
direction = "both"
rate = "16 kbps"
size = "200 B"
{rest}
"#
    )
}

/// A failure from 10 s on.
fn failure(name: &str, lasts: &str, keys: &str) -> String {
    format!("[[failures]]\nname = {name:?}\nat = \"10 s\"\nlasts = {lasts:?}\n{keys}\n")
}

fn group<'r>(record: &'r RunRecord, name: &str) -> &'r LinkGroupRecord {
    record.link_groups.iter().find(|one| one.name == name).unwrap()
}

fn rulings(availability: &AvailabilityRecord) -> Vec<Ruling> {
    availability.runs.iter().map(|run| run.ruling).collect()
}

const fn s(seconds: u64) -> CalendarSpan {
    CalendarSpan::from_s(seconds)
}

/// A cut of both lines in one duct, so that light comes back at 10 s and `lasts`, and BGP a little later.
fn both_lines_cut(lasts: &str) -> RunRecord {
    let duct = "[ducts.street]\nlinks = [\"dx-a\", \"dx-b\"]\n";
    run(&office("200 s", &[duct, &failure("digger", lasts, "kind = \"duct_cut\"\nduct = \"street\"")].concat()))
}

#[test]
fn a_group_is_unavailable_while_no_link_of_it_is_usable_and_120_s_decide() {
    // The Direct Connect SLA as quoted: no data at all for 120 s or more (facts of AWS's own pages, by others).
    let record = both_lines_cut("100 s");
    let short = &group(&record, "direct-connect").availability;
    assert_eq!((rulings(short), short.charged), (vec![Ruling::TooShort], CalendarSpan::ZERO));
    let record = both_lines_cut("120 s");
    let long = &group(&record, "direct-connect").availability;
    assert_eq!(rulings(long), [Ruling::Charged]);
    // From the cut on, and until BGP has brought routes again after light: hold-up, MKA, session, UPDATE.
    assert_eq!(long.runs[0].from, s(10));
    assert!(long.charged >= s(120) && long.charged < s(140), "{}", long.charged);
    assert_eq!(incident(&record, "digger").charged, [("aws-direct-connect".to_owned(), long.charged)]);
    // 99.9% of 30 days allows 2,592 s: no credit.
    assert_eq!((long.worst().budget, long.worst().credit), (s(2_592), Share::ZERO));
}

#[test]
fn one_link_of_two_is_enough_and_a_backup_is_there_while_it_waits() {
    let record = run(&office("60 s", &failure("cut", "20 s", "kind = \"fibre_cut\"\nlink = \"dx-a\"")));
    let lines = group(&record, "direct-connect");
    assert!(lines.availability.runs.is_empty());
    // Half of the links are left from the instant of the cut on.
    for way in &lines.usable_links {
        assert_eq!(way[..2], [(Span::ZERO, Share::ONE), (Span::from_s(10), Share::from_ppb(500_000_000))]);
        assert_eq!(way.last().unwrap().1, Share::ONE);
    }
    // Nothing is ever sent through the tunnel, and its routes are in no forwarding table.
    let backup = group(&record, "backup");
    assert_eq!(backup.usable_links, [vec![(Span::ZERO, Share::ONE)], vec![(Span::ZERO, Share::ONE)]]);
}

#[test]
fn a_backup_that_dies_unseen_is_charged_though_nobody_used_it() {
    let record = run(&office("60 s", &failure("cut", "20 s", "kind = \"fibre_cut\"\nlink = \"vpn\"")));
    let backup = &group(&record, "backup").availability;
    let [run] = backup.runs.as_slice() else { panic!("{:?}", backup.runs) };
    assert_eq!((run.from, run.incidents.as_slice()), (s(10), ["cut".to_owned()].as_slice()));
    assert!(run.charged >= s(20), "light, session and routes come later: {}", run.charged);
    assert_eq!(record.totals.data.dropped.values().sum::<u64>(), 0);
}

#[test]
fn a_link_without_a_route_is_as_dead_as_one_without_light() {
    // Light and BFD stay; a session that is held down, or a policy that withdraws everything, leaves nothing to send by.
    for keys in [
        "kind = \"session_reset\"\nrouter = \"aws-vpn\"\npeer = \"office-vpn\"",
        "kind = \"policy_push\"\nrouters = [\"aws-vpn\"]\npolicy = \"nothing\"",
    ] {
        let record = run(&office("60 s", &failure("mistake", "20 s", keys)));
        let backup = &group(&record, "backup").availability;
        let [run] = backup.runs.as_slice() else { panic!("{keys}: {:?}", backup.runs) };
        assert_eq!(run.incidents, ["mistake"], "{keys}");
        // Until the UPDATE or the Cease has been worked on, some milliseconds, packets would still pass.
        assert!(run.from >= s(10) && run.from < s(11), "{keys}: {}", run.from);
        assert!(run.to >= s(29) && run.to < s(45), "{keys}: {}", run.to);
    }
}

#[test]
fn maintenance_and_the_customer_s_own_failures_are_not_charged_to_a_group() {
    let off = |router: &str| {
        format!(
            "[[maintenance]]\nname = \"work on {router}\"\nrouter = {router:?}\nat = \"10 s\"\nlasts = \"150 s\"\n\
             drain = \"1 s\"\nrestore = \"1 s\"\n"
        )
    };
    let record = run(&office("200 s", &[off("aws-a"), off("aws-b")].concat()));
    let work = &group(&record, "direct-connect").availability;
    let maintenance = Exempt::Excluded(fabricsim::network::Exclusion::Maintenance);
    assert_eq!((rulings(work), work.charged), (vec![Ruling::Exempt(maintenance)], CalendarSpan::ZERO));
    let down = |router: &str| failure(router, "150 s", &format!("kind = \"router_down\"\nrouter = {router:?}"));
    let record = run(&office("200 s", &[down("office-a"), down("office-b")].concat()));
    let own = &group(&record, "direct-connect").availability;
    assert_eq!((rulings(own), own.charged), (vec![Ruling::Exempt(Exempt::OtherParty)], CalendarSpan::ZERO));
    assert_eq!(own.runs[0].responsible, ["customer"]);
    // The same two minutes by the other side are.
    let record = run(&office("200 s", &[down("aws-a"), down("aws-b")].concat()));
    let theirs = &group(&record, "direct-connect").availability;
    assert_eq!(rulings(theirs), [Ruling::Charged]);
    assert_eq!(theirs.runs[0].responsible, ["aws"]);
}

#[test]
fn a_credit_is_in_money_by_the_group_s_own_price() {
    // The run ends without any line: the rest of 30 days is charged, far below 95%, so everything comes back: 720 h at 1 USD.
    let duct = "[ducts.street]\nlinks = [\"dx-a\", \"dx-b\"]\n\
                [[failures]]\nname = \"digger\"\nkind = \"duct_cut\"\nduct = \"street\"\nat = \"10 s\"\n";
    let record = run(&office("20 s", duct));
    let worst = group(&record, "direct-connect").availability.worst().clone();
    assert_eq!((worst.credit, worst.charged_in_all()), (Share::ONE, s(30 * 86_400 - 10)));
    let price = group(&record, "direct-connect").availability.price.clone().unwrap();
    assert_eq!(price.part(worst.length(), worst.credit).as_units(), 720.0);
}
