//! What a router takes from its peers and what it tells them.

use std::sync::Arc;

use super::decision::Peering;
use crate::ids::{DestinationId, IdVec, ProviderId};
use crate::message::{Origin, PathAttributes};
use crate::network::Network;

/// LOCAL_PREF of routes from another autonomous system (the default of all implementations).
const DEFAULT_LOCAL_PREFERENCE: u32 = 100;

/// A peer as policy sees it.
#[derive(Debug, Clone)]
pub(super) struct Neighbour {
    pub(super) peering: Peering,
    /// Destinations that may pass the session, either way, in id order.
    pub(super) allowed: Vec<DestinationId>,
}

/// How a route was learned that may be passed on.
pub(super) struct Learned<'a> {
    pub(super) peering: Peering,
    pub(super) attributes: &'a Arc<PathAttributes>,
}

/// The policy of one router.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    provider: ProviderId,
    asn: u32,
    owners: IdVec<DestinationId, ProviderId>,
}

impl Policy {
    pub(super) fn new(network: &Network, provider: ProviderId) -> Self {
        let owners = network.destinations.iter().map(|destination| destination.provider).collect();
        Self { provider, asn: network.providers[provider].asn, owners }
    }

    /// The route as it enters the Adj-RIB-In, or `None` when it may not be used.
    pub(super) fn import(
        &self,
        from: &Neighbour,
        destination: DestinationId,
        attributes: &Arc<PathAttributes>,
    ) -> Option<Arc<PathAttributes>> {
        // RFC 4271 9.1.2: a path that contains the own AS is a loop.
        if !is_allowed(from, destination) || attributes.as_path.contains(&self.asn) {
            return None;
        }
        match from.peering {
            Peering::Internal => Some(Arc::clone(attributes)),
            // RFC 4271 5.1.5: LOCAL_PREF of an external peer is ignored.
            Peering::External => {
                Some(Arc::new(PathAttributes { local_pref: Some(DEFAULT_LOCAL_PREFERENCE), ..(**attributes).clone() }))
            }
        }
    }

    /// What is announced to a peer about a destination that this router can forward to.
    ///
    /// Own destinations go to other providers, theirs go to the routers of this one; a route learned inside is not
    /// passed on inside (RFC 4271 9.2), and nobody transits.
    pub(super) fn export(
        &self,
        to: &Neighbour,
        destination: DestinationId,
        learned: Option<Learned<'_>>,
    ) -> Option<Arc<PathAttributes>> {
        let is_own = self.owners[destination] == self.provider;
        if !is_allowed(to, destination) {
            return None;
        }
        match (to.peering, learned) {
            (Peering::External, _) if is_own => Some(Arc::new(PathAttributes {
                origin: Origin::Igp,
                as_path: vec![self.asn],
                med: None,
                local_pref: None,
            })),
            (Peering::Internal, Some(Learned { peering: Peering::External, attributes })) if !is_own => {
                Some(Arc::clone(attributes))
            }
            (Peering::External | Peering::Internal, _) => None,
        }
    }
}

fn is_allowed(neighbour: &Neighbour, destination: DestinationId) -> bool {
    neighbour.allowed.binary_search(&destination).is_ok()
}
