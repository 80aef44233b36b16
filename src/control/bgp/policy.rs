//! What a router takes from its peers and what it tells them: the rules of BGP, then the policies of the scenario.

use std::sync::Arc;

use super::decision::Peering;
use crate::ids::{DestinationId, IdVec, ProviderId};
use crate::message::{Origin, PathAttributes};
use crate::network::{Network, RouteChanges, RouteMatch, RoutePolicy, RouteReflection, Ruling, Scope, TermVerdict};
use crate::units::Community;

/// LOCAL_PREF of routes from another autonomous system (the default of all implementations).
const DEFAULT_LOCAL_PREFERENCE: u32 = 100;
/// LOCAL_PREF of routes whose session is about to go (RFC 8326 section 4.1).
pub(super) const LEAST_PREFERENCE: u32 = 0;

/// Why a route from a peer may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The session is not for this destination.
    NotAllowed,
    /// The own AS number is in its path (RFC 4271 9.1.2).
    AsLoop,
    /// It went through this router or its cluster before (RFC 4456 section 8).
    ReflectionLoop,
    /// This term of the import policy, counted from 0.
    Term(usize),
    /// It flapped too often (RFC 2439).
    Suppressed,
    /// No term of the import policy decided, and it rejects the rest.
    NoTerm,
}

/// A peer as policy sees it.
#[derive(Debug, Clone)]
pub(super) struct Neighbour {
    pub(super) peering: Peering,
    pub(super) asn: u32,
    /// The BGP identifier of its router.
    pub(super) identifier: u32,
    /// Destinations that may pass the session, either way, in id order.
    pub(super) allowed: Vec<DestinationId>,
    /// Which routes pass on to another provider.
    pub(super) scope: Scope,
    pub(super) reflection: RouteReflection,
    pub(super) import: Arc<RoutePolicy>,
    pub(super) export: Arc<RoutePolicy>,
}

/// How a route was learned that may be passed on.
pub(super) struct Learned<'a> {
    pub(super) from: &'a Neighbour,
    pub(super) attributes: &'a Arc<PathAttributes>,
}

/// The policy of one router.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    provider: ProviderId,
    asn: u32,
    /// The router's own BGP identifier, also its CLUSTER_ID (RFC 4456 section 7).
    identifier: u32,
    owners: IdVec<DestinationId, ProviderId>,
}

impl Policy {
    pub(super) fn new(network: &Network, provider: ProviderId, identifier: u32) -> Self {
        let owners = network.destinations.iter().map(|destination| destination.provider).collect();
        Self { provider, asn: network.providers[provider].asn, identifier, owners }
    }

    /// The route as it enters the Adj-RIB-In, or why it may not be used.
    pub(super) fn import(
        &self,
        from: &Neighbour,
        destination: DestinationId,
        attributes: &Arc<PathAttributes>,
    ) -> Result<Arc<PathAttributes>, Rejection> {
        if !is_allowed(from, destination) {
            return Err(Rejection::NotAllowed);
        }
        self.no_loop(attributes)?;
        match from.peering {
            Peering::Internal => apply(&from.import, destination, Arc::clone(attributes), self.asn),
            Peering::External => {
                // RFC 4271 5.1.5: LOCAL_PREF of an external peer is ignored.
                let taken = PathAttributes { local_pref: Some(DEFAULT_LOCAL_PREFERENCE), ..(**attributes).clone() };
                let mut route = apply(&from.import, destination, Arc::new(taken), from.asn)?;
                if route.communities.contains(&Community::GRACEFUL_SHUTDOWN) {
                    Arc::make_mut(&mut route).local_pref = Some(LEAST_PREFERENCE);
                }
                Ok(route)
            }
        }
    }

    /// RFC 4271 9.1.2: the own AS in the path; RFC 4456 section 8: this router or its cluster among the reflectors.
    fn no_loop(&self, attributes: &PathAttributes) -> Result<(), Rejection> {
        if attributes.as_path.contains(&self.asn) {
            return Err(Rejection::AsLoop);
        }
        let reflected = attributes.originator == Some(self.identifier);
        if reflected || attributes.cluster_list.contains(&self.identifier) {
            return Err(Rejection::ReflectionLoop);
        }
        Ok(())
    }

    /// What is announced to a peer about a destination.
    ///
    /// Own destinations go to other providers; routes learned from them go to the routers of this one, and on to
    /// other providers where the session's scope has it.
    pub(super) fn export(
        &self,
        to: &Neighbour,
        destination: DestinationId,
        learned: Option<Learned<'_>>,
    ) -> Option<Arc<PathAttributes>> {
        if !is_allowed(to, destination) {
            return None;
        }
        let is_own = self.owners[destination] == self.provider;
        let route = match (to.peering, learned) {
            (Peering::External, _) if is_own => Some(Arc::new(self.originated())),
            (Peering::External, Some(learned)) => self.passed_out(to, learned.attributes),
            (Peering::Internal, Some(learned)) if !is_own => self.passed_inside(to, &learned),
            (Peering::External | Peering::Internal, _) => None,
        }?;
        apply(&to.export, destination, route, self.asn).ok()
    }

    fn originated(&self) -> PathAttributes {
        PathAttributes { as_path: vec![self.asn], origin: Origin::Igp, ..PathAttributes::default() }
    }

    /// To another provider: RFC 4271 5.1.2 (own number first), 5.1.4 (MED stays with those who got it), 5.1.5.
    fn passed_out(&self, to: &Neighbour, attributes: &PathAttributes) -> Option<Arc<PathAttributes>> {
        let stays = |community: &Community| [Community::NO_EXPORT, Community::NO_ADVERTISE].contains(community);
        match to.scope {
            Scope::Own => return None,
            Scope::All if attributes.communities.iter().any(stays) => return None,
            Scope::All => {}
        }
        let as_path = std::iter::once(self.asn).chain(attributes.as_path.iter().copied()).collect();
        let communities = attributes.communities.clone();
        Some(Arc::new(PathAttributes { as_path, origin: attributes.origin, communities, ..PathAttributes::default() }))
    }

    /// To a router of this provider. A route learned inside is not passed on inside (RFC 4271 9.2), except by a
    /// reflector: what a client says goes to all, what others say goes to clients (RFC 4456 section 6).
    fn passed_inside(&self, to: &Neighbour, learned: &Learned<'_>) -> Option<Arc<PathAttributes>> {
        let attributes = learned.attributes;
        if attributes.communities.contains(&Community::NO_ADVERTISE) {
            return None;
        }
        match (learned.from.peering, learned.from.reflection, to.reflection) {
            (Peering::External, _, _) => Some(Arc::clone(attributes)),
            (Peering::Internal, RouteReflection::None, RouteReflection::None) => None,
            (Peering::Internal, RouteReflection::Client, RouteReflection::None | RouteReflection::Client)
            | (Peering::Internal, RouteReflection::None, RouteReflection::Client) => {
                let mut reflected = (**attributes).clone();
                reflected.originator.get_or_insert(learned.from.identifier);
                reflected.cluster_list.insert(0, self.identifier);
                Some(Arc::new(reflected))
            }
        }
    }
}

/// Applies a policy: the route as it comes out, or what rejects it. `prepended` is the AS number that
/// prepending repeats.
fn apply(
    policy: &RoutePolicy,
    destination: DestinationId,
    mut route: Arc<PathAttributes>,
    prepended: u32,
) -> Result<Arc<PathAttributes>, Rejection> {
    for (index, term) in policy.terms.iter().enumerate() {
        if !matches(&term.matches, destination, &route) {
            continue;
        }
        if term.verdict != TermVerdict::Final(Ruling::Reject) && term.changes != RouteChanges::default() {
            change(Arc::make_mut(&mut route), &term.changes, prepended);
        }
        match term.verdict {
            TermVerdict::Final(Ruling::Accept) => return Ok(route),
            TermVerdict::Final(Ruling::Reject) => return Err(Rejection::Term(index)),
            TermVerdict::Next => {}
        }
    }
    match policy.otherwise {
        Ruling::Accept => Ok(route),
        Ruling::Reject => Err(Rejection::NoTerm),
    }
}

fn matches(wanted: &RouteMatch, destination: DestinationId, route: &PathAttributes) -> bool {
    wanted.destinations.contain(destination)
        && wanted.communities.iter().all(|community| route.communities.contains(community))
        && wanted.as_path.fits(&route.as_path)
}

fn change(route: &mut PathAttributes, changes: &RouteChanges, prepended: u32) {
    route.local_pref = changes.local_pref.or(route.local_pref);
    route.med = changes.med.or(route.med);
    for _ in 0..changes.prepend {
        route.as_path.insert(0, prepended);
    }
    route.communities.retain(|community| !changes.remove_communities.contains(community));
    route.communities.extend(&changes.add_communities);
    route.communities.sort_unstable();
    route.communities.dedup();
}

fn is_allowed(neighbour: &Neighbour, destination: DestinationId) -> bool {
    neighbour.allowed.binary_search(&destination).is_ok()
}
