//! What alone can part two attachments: single points of failure.

use std::collections::BTreeSet;

use petgraph::algo::articulation_points::articulation_points;
use petgraph::algo::bridges::bridges;
use petgraph::algo::has_path_connecting;
use petgraph::graph::{NodeIndex, UnGraph};
use petgraph::visit::EdgeRef;

use crate::ids::{AttachmentId, ConnectionId, FacilityId, Id, InterconnectId, LinkId, RouterId};
use crate::network::{LinkKind, Network, RouterRole};
use crate::units::Bytes;

/// Something whose loss alone cuts a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SinglePoint {
    /// A building.
    Facility(FacilityId),
    /// A router.
    Router(RouterId),
    /// A link, with all its members.
    Link(LinkId),
}

/// A link that every packet from one attachment to another must cross, and from which end (0 or 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutLink {
    /// The link.
    pub link: LinkId,
    /// The sending end.
    pub end: usize,
}

/// Routers and links that can carry packets between two attachments. Attachments carry no transit.
struct Ways {
    graph: UnGraph<RouterId, LinkId>,
    from: NodeIndex,
    to: NodeIndex,
}

impl Ways {
    /// `across` is the interconnect that may be used, besides the providers' own links.
    fn new(network: &Network, ends: [AttachmentId; 2], across: Option<InterconnectId>) -> Self {
        let mut graph = UnGraph::default();
        let nodes: Vec<NodeIndex> = network.routers.ids().map(|router| graph.add_node(router)).collect();
        let carries = |router: RouterId| match network.routers[router].role {
            RouterRole::Border | RouterRole::Backbone => true,
            RouterRole::Edge(attachment) => ends.contains(&attachment),
        };
        for (id, link) in network.links.enumerate() {
            let usable = match link.kind {
                LinkKind::Channel(interconnect) => across == Some(interconnect),
                // What no connection carries may cross them.
                LinkKind::Peering => across.is_none(),
                LinkKind::Backbone | LinkKind::Attachment => true,
            };
            if usable && link.ends.into_iter().all(carries) {
                graph.add_edge(nodes[link.ends[0].index()], nodes[link.ends[1].index()], id);
            }
        }
        let [from, to] = ends.map(|end| nodes[network.attachments[end].edge.index()]);
        Self { graph, from, to }
    }

    fn joined(&self) -> bool {
        has_path_connecting(&self.graph, self.from, self.to, None)
    }

    fn joined_without(&self, network: &Network, lost: SinglePoint) -> bool {
        let keeps_router = |router: RouterId| match lost {
            SinglePoint::Facility(facility) => network.routers[router].facility != Some(facility),
            SinglePoint::Router(gone) => router != gone,
            SinglePoint::Link(_) => true,
        };
        let rest = self.graph.filter_map(
            |_, router| Some(*router),
            |edge, link| {
                let (a, b) = self.graph.edge_endpoints(edge)?;
                let kept = lost != SinglePoint::Link(*link) && [a, b].into_iter().all(|n| keeps_router(self.graph[n]));
                kept.then_some(*link)
            },
        );
        has_path_connecting(&rest, self.from, self.to, None)
    }

    /// petgraph names candidates in the whole graph, and takes parallel links for bridges; trying each one
    /// without it leaves those that part these two attachments.
    fn single_points(&self, network: &Network) -> Vec<SinglePoint> {
        let routers = articulation_points(&self.graph).into_iter().map(|node| self.graph[node]);
        let routers = routers.filter(|router| !matches!(network.routers[*router].role, RouterRole::Edge(_)));
        let links = bridges(&self.graph).map(|edge| *self.graph.edge_weight(edge.id()).expect("its own edge"));
        let candidates: BTreeSet<SinglePoint> = network
            .facilities
            .ids()
            .map(SinglePoint::Facility)
            .chain(routers.map(SinglePoint::Router))
            .chain(links.map(SinglePoint::Link))
            .collect();
        candidates.into_iter().filter(|lost| !self.joined_without(network, *lost)).collect()
    }
}

/// Whether any path leads from one attachment to another.
#[must_use]
pub fn is_joined(network: &Network, ends: [AttachmentId; 2], across: Option<InterconnectId>) -> bool {
    Ways::new(network, ends, across).joined()
}

/// What alone cuts some attachment of a connection from some attachment of its other side; attachments that no path
/// joins even now do not count.
#[must_use]
pub fn single_points_of_failure(network: &Network, connection: ConnectionId) -> Vec<SinglePoint> {
    let connection = &network.connections[connection];
    let mut found = BTreeSet::new();
    for from in &connection.attachments[0] {
        for to in &connection.attachments[1] {
            let ways = Ways::new(network, [*from, *to], Some(connection.interconnect));
            if ways.joined() {
                found.extend(ways.single_points(network));
            }
        }
    }
    found.into_iter().collect()
}

/// The links that every path from one attachment to another crosses.
#[must_use]
pub fn cut_links(network: &Network, ends: [AttachmentId; 2], across: Option<InterconnectId>) -> Vec<CutLink> {
    let ways = Ways::new(network, ends, across);
    if !ways.joined() {
        return Vec::new();
    }
    let mut cuts = Vec::new();
    for point in ways.single_points(network) {
        let SinglePoint::Link(link) = point else { continue };
        let near = network.links[link].ends.iter().position(|end| {
            let rest = ways.graph.filter_map(|_, router| Some(*router), |_, id| (*id != link).then_some(*id));
            has_path_connecting(&rest, ways.from, NodeIndex::new(end.index()), None)
        });
        cuts.push(CutLink { link, end: near.expect("one end stays with the source") });
    }
    cuts
}

/// The largest packet that some way from one attachment to another carries, by what each link carries, and the links that
/// stop larger ones on the source's side; `None` when no path joins the two.
#[must_use]
pub fn largest_packet(
    network: &Network,
    ends: [AttachmentId; 2],
    across: Option<InterconnectId>,
    carried: impl Fn(LinkId) -> Bytes,
) -> Option<(Bytes, Vec<LinkId>)> {
    let ways = Ways::new(network, ends, across);
    let with = |fits: &dyn Fn(Bytes) -> bool| {
        ways.graph.filter_map(|_, router| Some(*router), |_, link| fits(carried(*link)).then_some(*link))
    };
    let sizes: BTreeSet<Bytes> = ways.graph.edge_weights().map(|link| carried(*link)).collect();
    let joins = |size: &Bytes| has_path_connecting(&with(&|carried| carried >= *size), ways.from, ways.to, None);
    let largest = sizes.into_iter().rev().find(joins)?;
    let larger = with(&|carried| carried > largest);
    let reached = |router: RouterId| has_path_connecting(&larger, ways.from, NodeIndex::new(router.index()), None);
    let stops = |link: &LinkId| {
        let [a, b] = network.links[*link].ends.map(reached);
        carried(*link) == largest && a != b
    };
    let mut stopping: Vec<LinkId> = ways.graph.edge_weights().copied().filter(stops).collect();
    stopping.sort_unstable();
    Some((largest, stopping))
}
