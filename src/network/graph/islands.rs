//! Which attachments the links inside providers, and between those that peer, join.

use std::collections::BTreeSet;

use petgraph::unionfind::UnionFind;

use crate::ids::{AttachmentId, Id, RouterId};
use crate::network::{LinkKind, Network, RouterRole};

/// Whether links inside providers and peering links join every source with every target; attachments carry no transit.
#[must_use]
pub fn all_joined(network: &Network, from: &[AttachmentId], to: &[AttachmentId]) -> bool {
    let carries = |router: RouterId| match network.routers[router].role {
        RouterRole::Border | RouterRole::Backbone => true,
        RouterRole::Edge(_) => false,
    };
    let mut islands = UnionFind::<usize>::new(network.routers.len());
    for link in &network.links {
        match link.kind {
            LinkKind::Backbone | LinkKind::Peering => drop(islands.union(link.ends[0].index(), link.ends[1].index())),
            LinkKind::Channel(_) | LinkKind::Attachment => {}
        }
    }
    // An attachment may reach several islands, and joins none of them.
    let reached = |attachment: &AttachmentId| -> BTreeSet<usize> {
        let edge = network.attachments[*attachment].edge;
        let ends = network.routers[edge].links.iter().flat_map(|link| network.links[*link].ends);
        ends.filter(|end| carries(*end)).map(|end| islands.find(end.index())).collect()
    };
    let kinds = |group: &[AttachmentId]| -> BTreeSet<BTreeSet<usize>> { group.iter().map(reached).collect() };
    let (from, to) = (kinds(from), kinds(to));
    from.iter().all(|from| to.iter().all(|to| !from.is_disjoint(to)))
}
