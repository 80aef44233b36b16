//! From the filled file to the network: names become ids, texts become quantities.
//!
//! ```text
//! devices -> links -> connections -> traffic, failures, judgement     every table is read, whatever is wrong
//!                 \-> ports, sessions, five-tuples                    only when every name was found
//! ```

mod addresses;
mod changes;
mod classes;
mod connections;
mod control_plane;
mod devices;
mod exchanges;
mod failures;
mod flow_ends;
mod guidance;
mod headers;
mod judgement;
mod laws;
mod life_laws;
mod limits;
mod link_groups;
mod links;
mod macsec;
mod mka;
mod monitors;
mod parties;
mod placement;
mod policies;
mod provisioning;
mod queueing;
mod reliability;
mod rules;
mod sessions;
mod trace;
mod traffic;
mod transfers;

pub(super) use traffic::written_name;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use super::file::{BfdTable, File, Leaf, Switch};
use super::read::Reader;
use super::source::join;
use crate::ids::{DestinationId, Id, IdVec, LinkId, ProviderId, RouterId};
use crate::network::{BfdConfig, Fidelity, Network, RoutePolicy, Sharing};
use crate::units::Span;
use addresses::Addresses;
use connections::ConnectionDraft;
use control_plane::BgpDraft;
use links::LinkDraft;
use monitors::MonitorDraft;
use policies::SessionDraft;
use provisioning::ProvisioningDraft;
use queueing::QueueingDraft;
use sessions::InternalSessions;
use traffic::FlowDraft;

/// Resolves a filled file. `None` when names were missing, so that no network can be built; whether the problems
/// found forbid to run is the caller's to see.
pub(super) fn resolve(file: &File, folder: &Path, reader: &mut Reader) -> Option<Network> {
    let mut resolver = Resolver {
        file,
        folder,
        reader,
        network: Network::default(),
        names: Names::default(),
        all_named: true,
        addresses: Addresses::default(),
        router_addresses: IdVec::new(),
        bgp: IdVec::new(),
        internal: IdVec::new(),
        liveness: IdVec::new(),
        queueing: BTreeMap::new(),
        policies: BTreeMap::new(),
        sessions: Vec::new(),
        links: Vec::new(),
        connections: Vec::new(),
        provisioning: Vec::new(),
        nested: Vec::new(),
    };
    resolver.top();
    resolver.contents();
    resolver.providers();
    resolver.facilities();
    resolver.feeds();
    resolver.routers();
    resolver.reflectors();
    resolver.attachments();
    resolver.queueing();
    resolver.loopbacks();
    resolver.links();
    resolver.interconnects();
    resolver.ducts_and_cards();
    resolver.connections();
    resolver.policies();
    resolver.session_drafts();
    let flows = resolver.flows();
    let monitors = resolver.monitors();
    resolver.failures();
    resolver.changes();
    resolver.guidance();
    resolver.provisioning();
    resolver.availability();
    resolver.expectations();
    resolver.all_named.then(|| resolver.build(&flows, &monitors))
}

/// What stands under each name: ids are places in the sorted names.
#[derive(Debug, Default)]
struct Names {
    providers: Vec<String>,
    facilities: Vec<String>,
    /// Routers and the edges of attachments.
    routers: Vec<String>,
    /// Links and the zone links of attachments.
    links: Vec<String>,
    interconnects: Vec<String>,
    ducts: Vec<String>,
    cards: Vec<String>,
    connections: Vec<String>,
    attachments: Vec<String>,
}

struct Resolver<'a> {
    file: &'a File,
    /// Where the scenario's other files lie.
    folder: &'a Path,
    reader: &'a mut Reader,
    network: Network,
    names: Names,
    /// Whether every name referred to was found so far.
    all_named: bool,
    addresses: Addresses,
    router_addresses: IdVec<RouterId, IpAddr>,
    /// BGP of each provider.
    bgp: IdVec<ProviderId, BgpDraft>,
    /// Who has internal sessions in each provider.
    internal: IdVec<ProviderId, InternalSessions>,
    /// BFD of each provider towards others; `None` when off.
    liveness: IdVec<ProviderId, Option<BfdConfig>>,
    /// By name.
    queueing: BTreeMap<String, QueueingDraft>,
    /// By name.
    policies: BTreeMap<String, Arc<RoutePolicy>>,
    sessions: Vec<SessionDraft>,
    /// In order of link id.
    links: Vec<LinkDraft>,
    /// In order of connection id.
    connections: Vec<ConnectionDraft>,
    /// In order of connection.
    provisioning: Vec<ProvisioningDraft>,
    /// Destinations within others.
    nested: Vec<DestinationId>,
}

impl Resolver<'_> {
    fn top(&mut self) {
        let top = &self.file.top;
        self.network.title = self.reader.text("title", &top.title, "Two routers").unwrap_or_default().to_owned();
        if self.network.title.chars().any(char::is_control) {
            self.reader.error("title", "has a control character", "write it on one line");
        }
        let description = self.reader.text("description", &top.description, "What one will see.");
        self.network.description = description.unwrap_or_default().to_owned();
        self.network.horizon = self.reader.span_or_zero("horizon", &top.horizon, "150 s");
        self.network.warm_up = self.reader.span_or_zero("warm_up", &top.warm_up, "40 s");
        self.network.bin = self.reader.span("bin", &top.bin, "500 ms").unwrap_or(Span::from_s(1));
        self.fidelity();
    }

    /// What travels as packets, and what as rates.
    fn fidelity(&mut self) {
        let (top, auto) = (&self.file.top, &self.file.auto);
        let lead = self.reader.span_or_zero("auto.lead", &auto.lead, "1 s");
        let settle = self.positive_span("auto.settle", &auto.settle, "2 s");
        let fidelities = [
            ("packet", Fidelity::Packet),
            ("flow", Fidelity::Flow),
            ("auto", Fidelity::Auto { lead, settle }),
            ("timeline", Fidelity::Timeline),
        ];
        self.network.fidelity = self.reader.word("fidelity", &top.fidelity, &fidelities);
        let sharings = [("drop-proportional", Sharing::DropProportional), ("max-min", Sharing::MaxMin)];
        self.network.sharing = self.reader.word("sharing", &top.sharing, &sharings);
        match (self.network.sharing, self.network.fidelity) {
            (Sharing::MaxMin, Fidelity::Packet | Fidelity::Auto { .. }) => {
                let message = "\"max-min\" is a law of rates, and packets keep none";
                self.reader.error("sharing", message, "write fidelity = \"flow\", or leave sharing out");
            }
            (Sharing::MaxMin, Fidelity::Flow | Fidelity::Timeline) | (Sharing::DropProportional, _) => {}
        }
    }

    /// A run needs somewhere to send from and something to send.
    fn contents(&mut self) {
        if self.file.attachments.is_empty() {
            let remedy = "add [attachments.x] and [attachments.y], or begin with \"fabricsim new\"";
            self.reader.error("attachments", "there is none, so nobody sends and nobody receives", remedy);
        }
        if self.file.flows.is_empty() && self.file.monitors.is_empty() {
            let remedy = "add [flows.x] with from, to and rate, or [monitors.x]";
            self.reader.error("flows", "there is no flow and no monitor, so nothing is sent", remedy);
        }
    }

    /// Everything that needs all names: ports, sessions, five-tuples.
    fn build(mut self, flows: &[FlowDraft], monitors: &[MonitorDraft]) -> Network {
        self.build_links();
        self.build_connections();
        self.build_provisioning();
        self.nest_prefixes();
        self.build_sessions();
        self.failing_sessions();
        self.changing_sessions();
        self.build_liveness();
        self.parties();
        self.build_flows(flows);
        self.build_monitors(monitors);
        self.reliability();
        self.network
    }

    /// The id of a name, or `None` with a problem.
    fn named<I: Id>(&mut self, place: &str, name: &str, kind: &str, names: fn(&Names) -> &Vec<String>) -> Option<I> {
        let known = names(&self.names);
        if let Ok(index) = known.binary_search_by(|known| known.as_str().cmp(name)) {
            return Some(I::from_index(index));
        }
        let known: Vec<String> = known.clone();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        self.reader.dangling(place, name, kind, &known);
        self.all_named = false;
        None
    }

    /// The id that a leaf names, or `None` with a problem.
    fn refer<I: Id>(&mut self, place: &str, leaf: &Leaf, kind: &str, names: fn(&Names) -> &Vec<String>) -> Option<I> {
        let example = names(&self.names).first().map_or("x", String::as_str).to_owned();
        let Some(name) = self.reader.text(place, leaf, &example) else {
            self.all_named = false;
            return None;
        };
        self.named(place, name, kind, names)
    }

    /// BFD as written; `None` when off.
    fn bfd(&mut self, place: &str, bfd: Option<&Switch<BfdTable>>) -> Option<BfdConfig> {
        let table = self.switch(place, bfd)?;
        let at = join(place, "interval");
        let interval = self.positive_span(&at, &table.interval, "300 ms");
        if interval < Span::from_ms(1) {
            let message = format!("a BFD interval of {interval} is below 1 ms, shorter than routers offer");
            self.reader.error(at, message, "write for example \"300 ms\"");
        }
        let multiplier = self.reader.number(&join(place, "multiplier"), &table.multiplier, 1, 255);
        // RFC 5880 4.1: the multiplier is one octet.
        let multiplier = u8::try_from(multiplier).unwrap_or(u8::MAX);
        Some(BfdConfig { transmit: interval, receive: interval, multiplier })
    }

    /// The table of a switch; `None` when it is off, or wrong with a problem.
    fn switch<'t, T>(&mut self, place: &str, switch: Option<&'t Switch<T>>) -> Option<&'t T> {
        match switch {
            Some(Switch::Table(table)) => Some(table),
            Some(Switch::Word(word)) if word.as_str() == Some("off") => None,
            Some(Switch::Word(word)) => {
                self.reader.error(place, format!("{word} is neither a table nor off"), "write \"off\" or a table");
                None
            }
            None => None,
        }
    }

    fn positive_span(&mut self, place: &str, leaf: &Leaf, example: &str) -> Span {
        let span = self.reader.span(place, leaf, example);
        if span == Some(Span::ZERO) {
            self.reader.error(place, "is zero", format!("write for example \"{example}\""));
        }
        span.filter(|span| *span > Span::ZERO).unwrap_or(Span::from_s(1))
    }
}

/// The place of a name among sorted names.
fn names_of<T>(tables: &BTreeMap<String, T>) -> Vec<String> {
    tables.keys().cloned().collect()
}

/// The name of an attachment's link to a router.
fn zone_link(attachment: &str, router: &str) -> String {
    format!("{attachment}/{router}")
}

/// The link that a draft stands for.
fn link_id(index: usize) -> LinkId {
    LinkId::from_index(index)
}
