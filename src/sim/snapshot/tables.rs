//! Routing and forwarding tables at one instant.

use std::net::{IpAddr, Ipv4Addr};

use crate::control::bgp::{Freshness, Heard, Standing};
use crate::ids::{DestinationId, RouterId};
use crate::message::{NO_LOGICAL_LINK, NextHop, Origin};
use crate::network::{DestinationKind, Network};
use crate::sim::run::Run;
use crate::units::Span;

/// The tables of all routers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutingSnapshot {
    /// Scenario time.
    pub at: Span,
    /// In order of name.
    pub routers: Vec<RouterTable>,
}

/// The tables of one router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterTable {
    /// Its name.
    pub router: String,
    /// Its provider.
    pub provider: String,
    /// Whether it runs at all.
    pub power: Power,
    /// One per destination of which it knows anything, in order of prefix.
    pub entries: Vec<RouteEntry>,
}

/// Whether a router has power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// It has.
    On,
    /// It has none.
    Off,
}

/// What a router knows of one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteEntry {
    /// The prefix.
    pub prefix: String,
    /// What it leads to.
    pub target: Target,
    /// Where the knowledge comes from.
    pub known: Known,
    /// The equal next hops that packets take now; none when they find no way.
    pub installed: Vec<HopEntry>,
    /// The prefix around this one whose entry they take for want of one of its own.
    pub covered_by: Option<String>,
    /// What was decided since and is not installed yet; `None` when the table follows the decision.
    pub on_the_way: Option<Vec<HopEntry>>,
    /// Whether routes changed of which the decision process has not heard yet.
    pub undecided: bool,
    /// What peers announce, the best first.
    pub routes: Vec<RouteRecord>,
}

/// What a destination leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An attachment.
    Attachment(String),
    /// A router itself.
    Router(String),
}

/// Where a router's knowledge of a destination comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It ends here.
    Here,
    /// Interior routing of the router's provider.
    Interior,
    /// BGP.
    Bgp,
}

/// A next hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopEntry {
    /// The next router.
    pub router: String,
    /// The link to it.
    pub link: String,
    /// The logical link that packets ride on it, between providers.
    pub logical_link: Option<String>,
}

/// A route that a peer announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRecord {
    /// The session.
    pub session: String,
    /// The peer.
    pub peer: String,
    /// The peer's address.
    pub next_hop: IpAddr,
    /// `AS_PATH`, nearest first.
    pub as_path: Vec<u32>,
    /// `ORIGIN`.
    pub origin: Origin,
    /// `LOCAL_PREF`; none in what an external peer sent and was rejected.
    pub local_pref: Option<u32>,
    /// `MULTI_EXIT_DISC`.
    pub med: Option<u32>,
    /// `COMMUNITIES`, in order.
    pub communities: Vec<String>,
    /// `ORIGINATOR_ID` of a reflected route.
    pub originator: Option<Ipv4Addr>,
    /// `CLUSTER_LIST` of a reflected route.
    pub cluster_list: Vec<Ipv4Addr>,
    /// What became of it.
    pub standing: Standing,
    /// Whether it is kept from before the peer went away.
    pub freshness: Freshness,
}

/// The tables of all routers.
pub(super) fn tables(run: &Run<'_>) -> Vec<RouterTable> {
    let network = run.network;
    let table = |(id, router): (RouterId, &crate::network::Router)| RouterTable {
        router: router.name.clone(),
        provider: network.providers[router.provider].name.clone(),
        power: if run.is_powered(id) { Power::On } else { Power::Off },
        entries: network.destinations.ids().filter_map(|destination| entry(run, id, destination)).collect(),
    };
    let mut tables: Vec<RouterTable> = network.routers.enumerate().map(table).collect();
    tables.sort_by(|a, b| a.router.cmp(&b.router));
    tables
}

fn entry(run: &Run<'_>, router: RouterId, id: DestinationId) -> Option<RouteEntry> {
    let network = run.network;
    let destination = &network.destinations[id];
    let (forwarder, speaker) = (run.forwarder(router), &run.speakers[router]);
    let known = match () {
        () if destination.router == router => Known::Here,
        () if destination.provider == network.routers[router].provider => Known::Interior,
        () => Known::Bgp,
    };
    let heard = if known == Known::Bgp { speaker.heard(id) } else { Vec::new() };
    let (installed, decided) = (forwarder.group(id), run.decided[router].group(id));
    let own = if forwarder.has_entry(id) { installed } else { &[] };
    if heard.is_empty() && installed.is_empty() && decided.is_empty() && known != Known::Here {
        return None;
    }
    let around = |inner: &DestinationId| network.destinations[*inner].covering;
    let covering = || std::iter::successors(around(&id), around).find(|outer| forwarder.has_entry(*outer));
    let covered_by = if own.is_empty() && !installed.is_empty() { covering() } else { None };
    let hops = |group: &[NextHop]| group.iter().map(|hop| hop_entry(network, *hop)).collect::<Vec<_>>();
    Some(RouteEntry {
        prefix: destination.prefix.to_string(),
        target: match destination.kind {
            DestinationKind::Attachment(attachment) => Target::Attachment(network.attachments[attachment].name.clone()),
            DestinationKind::Loopback => Target::Router(network.routers[destination.router].name.clone()),
        },
        known,
        installed: hops(installed),
        covered_by: covered_by.map(|outer| network.destinations[outer].prefix.to_string()),
        on_the_way: (decided != own).then(|| hops(decided)),
        undecided: speaker.is_undecided(id),
        routes: heard.into_iter().map(|route| route_record(network, router, route)).collect(),
    })
}

fn hop_entry(network: &Network, hop: NextHop) -> HopEntry {
    let port = &network.ports[hop.port];
    let rides = (hop.logical_link != NO_LOGICAL_LINK).then(|| network.logical_links[hop.logical_link].name.clone());
    HopEntry {
        router: network.routers[port.to].name.clone(),
        link: network.links[port.link].name.clone(),
        logical_link: rides,
    }
}

fn route_record(network: &Network, router: RouterId, route: Heard) -> RouteRecord {
    let session = &network.sessions[route.session];
    let peer = &session.ends[usize::from(session.ends[0].router == router)];
    let attributes = &route.attributes;
    RouteRecord {
        session: session.name.clone(),
        peer: network.routers[peer.router].name.clone(),
        next_hop: peer.address,
        as_path: attributes.as_path.clone(),
        origin: attributes.origin,
        local_pref: attributes.local_pref,
        med: attributes.med,
        communities: attributes.communities.iter().map(ToString::to_string).collect(),
        originator: attributes.originator.map(Ipv4Addr::from_bits),
        cluster_list: attributes.cluster_list.iter().copied().map(Ipv4Addr::from_bits).collect(),
        standing: route.standing,
        freshness: route.freshness,
    }
}
