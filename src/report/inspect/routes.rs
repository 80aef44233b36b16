//! Routing and forwarding tables, and why each route won or lost.

use serde_json::{Value, json};

use crate::control::bgp::{Freshness, Reason, Rejection, Standing};
use crate::message::Origin;
use crate::report::document::{Block, Report, Section};
use crate::report::words::{count, list};
use crate::sim::snapshot::{HopEntry, Known, Power, RouteEntry, RouteRecord, RouterTable, RoutingSnapshot, Target};

/// One section per router, one item per prefix.
pub fn report(title: &str, snapshot: &RoutingSnapshot) -> Report {
    let mut report = super::page(title, "routing and forwarding tables", snapshot.at);
    let known = snapshot.routers.iter().filter(|table| table.power == Power::Off || !table.entries.is_empty());
    report.sections = known.map(section).collect();
    report.verdict = vec![verdict(snapshot)];
    report
}

fn verdict(snapshot: &RoutingSnapshot) -> String {
    let entries = || snapshot.routers.iter().flat_map(|table| &table.entries);
    if entries().next().is_none() {
        return "No router knows a route.".to_owned();
    }
    let none = entries().filter(|entry| entry.known != Known::Here && entry.installed.is_empty()).count() as u64;
    let waiting = entries().filter(|entry| entry.undecided || entry.on_the_way.is_some()).count() as u64;
    format!(
        "{} table entries: {} without a next hop, {} not settled.",
        count(entries().count() as u64),
        count(none),
        count(waiting)
    )
}

fn section(table: &RouterTable) -> Section {
    let power = match table.power {
        Power::On => "",
        Power::Off => ", without power",
    };
    let facts = table.entries.iter().map(|entry| (entry.prefix.clone(), text(entry))).collect();
    Section { heading: format!("{} ({}{power})", table.router, table.provider), blocks: vec![Block::Facts(facts)] }
}

fn text(entry: &RouteEntry) -> String {
    let target = match &entry.target {
        Target::Attachment(name) => name.clone(),
        Target::Router(name) => format!("router {name}"),
    };
    let source = match entry.known {
        Known::Here => ", here",
        Known::Interior => ", by interior routing",
        Known::Bgp => "",
    };
    let mut lines = vec![format!("{target}{source}")];
    if entry.known != Known::Here {
        let covered = entry.covered_by.as_ref().map_or_else(String::new, |outer| format!(", the entry of {outer}"));
        lines.push(format!("forwards {}{covered}", hops(&entry.installed)));
    }
    if let Some(decided) = &entry.on_the_way {
        lines.push(format!("decided, not installed yet: {}", hops(decided)));
    }
    if entry.undecided {
        lines.push("routes have changed; the decision process has yet to run".to_owned());
    }
    lines.extend(entry.routes.iter().map(route));
    lines.join("\n")
}

fn hops(hops: &[HopEntry]) -> String {
    let hop = |hop: &HopEntry| {
        let rides = hop.logical_link.as_ref().map_or_else(String::new, |link| format!(" (logical link {link})"));
        format!("to {} on {}{rides}", hop.router, hop.link)
    };
    if hops.is_empty() { "nowhere".to_owned() } else { list(&hops.iter().map(hop).collect::<Vec<_>>()) }
}

fn route(route: &RouteRecord) -> String {
    let what = match route.standing {
        Standing::Best => "best".to_owned(),
        Standing::Multipath(step) => format!("in use as an equal (not best: {})", lost_by(step)),
        Standing::Lost(step) => format!("lost ({})", lost_by(step)),
        Standing::Rejected(rejection) => format!("rejected ({})", rejected_for(rejection)),
    };
    let stale = match route.freshness {
        Freshness::Fresh => "",
        Freshness::Stale => ", stale: kept while the peer is away",
    };
    format!("- {what}{stale}: from {} at {}; {}", route.peer, route.next_hop, attributes(route))
}

fn attributes(route: &RouteRecord) -> String {
    let numbers = |path: &[u32]| path.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    let path = if route.as_path.is_empty() { "empty".to_owned() } else { numbers(&route.as_path) };
    let mut parts = vec![format!("AS_PATH {path}")];
    parts.extend(route.local_pref.map(|value| format!("LOCAL_PREF {value}")));
    parts.extend(route.med.map(|value| format!("MED {value}")));
    if route.origin != Origin::Igp {
        parts.push(format!("ORIGIN {}", origin_word(route.origin)));
    }
    if !route.communities.is_empty() {
        parts.push(format!("communities {}", route.communities.join(" ")));
    }
    parts.extend(route.originator.map(|originator| format!("originator {originator}")));
    parts.join(", ")
}

const fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Igp => "igp",
        Origin::Egp => "egp",
        Origin::Incomplete => "incomplete",
    }
}

/// What the loser has that the winner has not.
const fn lost_by(step: Reason) -> &'static str {
    match step {
        Reason::Only => "no other route",
        Reason::LocalPreference => "lower LOCAL_PREF",
        Reason::AsPathLength => "longer AS_PATH",
        Reason::Origin => "higher ORIGIN",
        Reason::Med => "higher MED of the same neighbouring AS",
        Reason::ExternalOverInternal => "learned by iBGP, not eBGP",
        Reason::InteriorCost => "higher interior cost",
        Reason::Age => "younger, or not in use",
        Reason::Identifier => "higher BGP identifier",
        Reason::ClusterList => "longer CLUSTER_LIST",
        Reason::PeerAddress => "higher peer address",
    }
}

/// The step as a key for programs.
const fn step_word(step: Reason) -> &'static str {
    match step {
        Reason::Only => "only",
        Reason::LocalPreference => "local-preference",
        Reason::AsPathLength => "as-path-length",
        Reason::Origin => "origin",
        Reason::Med => "med",
        Reason::ExternalOverInternal => "external-over-internal",
        Reason::InteriorCost => "interior-cost",
        Reason::Age => "age",
        Reason::Identifier => "identifier",
        Reason::ClusterList => "cluster-list",
        Reason::PeerAddress => "peer-address",
    }
}

fn rejected_for(rejection: Rejection) -> String {
    match rejection {
        Rejection::NotAllowed => "the session is not for this prefix".to_owned(),
        Rejection::AsLoop => "the own AS number is in its path".to_owned(),
        Rejection::ReflectionLoop => "it was reflected here before".to_owned(),
        Rejection::Term(index) => format!("term {} of the import policy", index + 1),
        Rejection::Suppressed => "it flapped too often".to_owned(),
        Rejection::NoTerm => "no term of the import policy accepts it".to_owned(),
    }
}

const fn rejection_word(rejection: Rejection) -> &'static str {
    match rejection {
        Rejection::NotAllowed => "not-allowed",
        Rejection::AsLoop => "as-loop",
        Rejection::ReflectionLoop => "reflection-loop",
        Rejection::Suppressed => "suppressed",
        Rejection::Term(_) | Rejection::NoTerm => "policy",
    }
}

pub fn value(snapshot: &RoutingSnapshot) -> Value {
    let router = |table: &RouterTable| {
        json!({
            "router": table.router,
            "provider": table.provider,
            "powered": table.power == Power::On,
            "prefixes": table.entries.iter().map(entry_value).collect::<Vec<_>>(),
        })
    };
    json!({
        "at_s": snapshot.at.as_seconds(),
        "routers": snapshot.routers.iter().map(router).collect::<Vec<_>>(),
    })
}

fn entry_value(entry: &RouteEntry) -> Value {
    let hops = |hops: &[HopEntry]| {
        let hop = |hop: &HopEntry| json!({ "router": hop.router, "link": hop.link, "logical_link": hop.logical_link });
        hops.iter().map(hop).collect::<Vec<_>>()
    };
    let (target, name) = match &entry.target {
        Target::Attachment(name) => ("attachment", name),
        Target::Router(name) => ("router", name),
    };
    json!({
        "prefix": entry.prefix,
        target: name,
        "known": match entry.known {
            Known::Here => "here",
            Known::Interior => "interior",
            Known::Bgp => "bgp",
        },
        "installed": hops(&entry.installed),
        "covered_by": entry.covered_by,
        "decided_not_installed": entry.on_the_way.as_deref().map(hops),
        "undecided": entry.undecided,
        "routes": entry.routes.iter().map(route_value).collect::<Vec<_>>(),
    })
}

fn route_value(route: &RouteRecord) -> Value {
    let (standing, why, text) = match route.standing {
        Standing::Best => ("best", None, None),
        Standing::Multipath(step) => ("multipath", Some(step_word(step)), Some(lost_by(step).to_owned())),
        Standing::Lost(step) => ("lost", Some(step_word(step)), Some(lost_by(step).to_owned())),
        Standing::Rejected(why) => ("rejected", Some(rejection_word(why)), Some(rejected_for(why))),
    };
    json!({
        "standing": standing,
        "why": why,
        "why_text": text,
        "stale": route.freshness == Freshness::Stale,
        "session": route.session,
        "peer": route.peer,
        "next_hop": route.next_hop.to_string(),
        "as_path": route.as_path,
        "origin": origin_word(route.origin),
        "local_pref": route.local_pref,
        "med": route.med,
        "communities": route.communities,
        "originator": route.originator.map(|originator| originator.to_string()),
        "cluster_list": route.cluster_list.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
