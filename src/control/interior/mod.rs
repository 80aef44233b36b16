//! Link-state routing inside one provider: what its routers believe of links and routers, and the paths that follow.
//!
//! All routers of a provider share one view; `sim` delays it by the provider's interior convergence.

use std::collections::BTreeMap;

use crate::ids::{LinkId, ProviderId, RouterId};
use crate::network::graph::ShortestPaths;
use crate::network::{LinkKind, Network, RouterRole};

pub use crate::network::graph::Transit;

/// Whether a link is believed to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usable {
    /// It is used.
    Yes,
    /// It is not.
    No,
}

/// The believed view of one provider's interior.
#[derive(Debug, Clone)]
pub struct Interior {
    links: BTreeMap<LinkId, Usable>,
    routers: BTreeMap<RouterId, Part>,
}

/// A router's part in the interior.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// An attachment's edge: only ever an end.
    Edge,
    /// A router, and whether it carries transit now.
    Router(Transit),
}

/// Shortest interior paths that follow from a view; parallel links count apart.
#[derive(Debug, Clone, Default)]
pub struct InteriorPaths(ShortestPaths);

impl Interior {
    /// Everything works; an attachment's edge never carries transit.
    #[must_use]
    pub fn new(network: &Network, provider: ProviderId) -> Self {
        let routers: BTreeMap<_, _> = network
            .routers
            .enumerate()
            .filter(|(_, router)| router.provider == provider)
            .map(|(id, router)| match router.role {
                RouterRole::Border | RouterRole::Backbone => (id, Part::Router(Transit::Yes)),
                RouterRole::Edge(_) => (id, Part::Edge),
            })
            .collect();
        let links = network
            .links
            .enumerate()
            .filter(|(_, link)| match link.kind {
                LinkKind::Channel(_) | LinkKind::Peering => false,
                LinkKind::Backbone | LinkKind::Attachment => link.ends.iter().all(|end| routers.contains_key(end)),
            })
            .map(|(id, _)| (id, Usable::Yes))
            .collect();
        Self { links, routers }
    }

    /// Whether the link is one of this provider's own.
    #[must_use]
    pub fn has_link(&self, link: LinkId) -> bool {
        self.links.contains_key(&link)
    }

    /// Changes what is believed of a link; panics (our bug) on one of another provider.
    pub fn set_link(&mut self, link: LinkId, usable: Usable) {
        *self.links.get_mut(&link).expect("a link inside the provider") = usable;
    }

    /// Changes whether paths may lead through a router: one that is just back stays reachable as an end, but carries
    /// no transit until it is ready (as with the overload bit of IS-IS). Says nothing to an edge, which never carries
    /// transit; panics (our bug) on a router of another provider.
    pub fn set_transit(&mut self, router: RouterId, transit: Transit) {
        let part = self.routers.get_mut(&router).expect("a router of the provider");
        match part {
            Part::Edge => {}
            Part::Router(carries) => *carries = transit,
        }
    }

    /// The paths that follow from what is believed now.
    #[must_use]
    pub fn paths(&self, network: &Network) -> InteriorPaths {
        let routers: Vec<_> = self.routers.keys().copied().collect();
        let links: Vec<_> = self
            .links
            .iter()
            .filter(|(_, usable)| **usable == Usable::Yes)
            .map(|(link, _)| (*link, network.links[*link].ends))
            .collect();
        InteriorPaths(ShortestPaths::compute(&routers, &links, |router| match self.routers[&router] {
            Part::Edge => Transit::No,
            Part::Router(transit) => transit,
        }))
    }
}

impl InteriorPaths {
    /// The first links of all equal-cost paths by hop count, in id order; empty when unreachable or already there.
    #[must_use]
    pub fn first_hops(&self, from: RouterId, to: RouterId) -> Vec<LinkId> {
        self.0.first_hops(from, to)
    }

    /// Number of links on the way; `None` when unreachable, also between providers.
    #[must_use]
    pub fn hops(&self, from: RouterId, to: RouterId) -> Option<u32> {
        self.0.hops(from, to)
    }
}

#[cfg(test)]
mod tests;
