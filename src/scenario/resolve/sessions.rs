//! BGP and BFD sessions.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::Resolver;
use super::control_plane::BgpDraft;
use crate::ids::{DestinationId, Id, LinkId, LogicalLinkId, ProviderId, RouterId, SessionId};
use crate::network::{
    BfdSession, DestinationKind, LinkKind, RoutePolicy, RouteReflection, RouterRole, Scope, Session, SessionEnd,
    SessionKind, Watched,
};
use crate::scenario::source::join;

/// Who has internal sessions with whom inside a provider.
#[derive(Debug, Clone)]
pub(super) enum InternalSessions {
    /// Every border router in use with every router that is none.
    BordersToOthers,
    /// And with every other border router.
    FullMesh,
    /// Every router with each reflector; reflectors with each other.
    Reflected(Vec<RouterId>),
}

impl Resolver<'_> {
    /// One external session per logical link and peering link, and internal ones. All in order of name.
    pub(super) fn build_sessions(&mut self) {
        let ids: Vec<LogicalLinkId> = self.network.logical_links.ids().collect();
        let mut sessions: Vec<Session> = ids.into_iter().map(|id| self.external_session(id)).collect();
        let peerings: Vec<LinkId> = self
            .network
            .links
            .enumerate()
            .filter(|(_, link)| link.kind == LinkKind::Peering)
            .map(|(id, _)| id)
            .collect();
        sessions.extend(peerings.into_iter().map(|link| self.peering_session(link)));
        let borders: BTreeSet<RouterId> =
            sessions.iter().flat_map(|session| session.ends.iter().map(|end| end.router)).collect();
        for provider in self.network.providers.ids() {
            sessions.extend(self.internal_sessions_of(provider, &borders));
        }
        sessions.sort_by(|a, b| a.name.cmp(&b.name));
        self.apply_session_drafts(&mut sessions);
        for (index, session) in sessions.iter().enumerate() {
            if let SessionKind::External(link) = session.kind {
                self.network.logical_links[link].session = SessionId::from_index(index);
            }
        }
        self.network.sessions = sessions.into_iter().collect();
    }

    fn external_session(&mut self, id: LogicalLinkId) -> Session {
        let link = &self.network.logical_links[id];
        let (name, connection, channel) = (link.name.clone(), link.connection, link.channel);
        let addresses = self.session_addresses(&name);
        let routers = self.network.links[channel].ends;
        let place = join(&join("connections", &self.network.connections[connection].name), "bgp");
        let table = self.connections[connection.index()].bgp.clone();
        let ends = [0, 1].map(|end| {
            let otherwise = self.bgp[self.network.routers[routers[end]].provider];
            let bgp = self.bgp(&place, &table, otherwise);
            self.session_end(routers[end], addresses[end], bgp, Scope::Own)
        });
        let attachments = &self.network.connections[connection].attachments;
        let mut allowed: Vec<DestinationId> = attachments
            .iter()
            .flatten()
            .flat_map(|attachment| self.network.attachments[*attachment].prefixes.iter().map(|(_, id)| *id))
            .collect();
        allowed.sort();
        Session { name, kind: SessionKind::External(id), ends, allowed }
    }

    /// Plain eBGP on a link between two providers: every prefix may pass, policy permitting.
    fn peering_session(&mut self, id: LinkId) -> Session {
        let routers = self.network.links[id].ends;
        let names = routers.map(|router| self.network.routers[router].name.clone());
        let name = format!("{}={}/{}", names[0], names[1], self.network.links[id].name);
        let addresses = self.session_addresses(&name);
        let ends = [0, 1].map(|end| {
            let bgp = self.bgp[self.network.routers[routers[end]].provider];
            self.session_end(routers[end], addresses[end], bgp, Scope::All)
        });
        let allowed = self.attached(|_| true);
        Session { name, kind: SessionKind::Peering(id), ends, allowed }
    }

    fn session_end(&self, router: RouterId, address: IpAddr, bgp: BgpDraft, scope: Scope) -> SessionEnd {
        SessionEnd {
            router,
            asn: self.network.providers[self.network.routers[router].provider].asn,
            address,
            identifier: identifier(self.network.destinations[self.network.routers[router].loopback].prefix.addr()),
            timing: bgp.timing,
            loop_avoidance: bgp.loop_avoidance,
            graceful_restart: bgp.graceful.resolved(),
            damping: bgp.damping,
            max_prefixes: bgp.max_prefixes,
            scope,
            reflection: RouteReflection::None,
            import: Arc::new(RoutePolicy::ACCEPT),
            export: Arc::new(RoutePolicy::ACCEPT),
        }
    }

    fn session_addresses(&mut self, name: &str) -> [IpAddr; 2] {
        self.addresses.pair(name).unwrap_or_else(|| {
            let remedy = "sell fewer connections over this many channels";
            let message = "more than 16384 sessions with other providers, all that 169.254.0.0/16 has";
            self.reader.error("connections", message, remedy);
            [IpAddr::V4(Ipv4Addr::UNSPECIFIED); 2]
        })
    }

    /// The prefixes of the attachments of some providers.
    fn attached(&self, wanted: impl Fn(ProviderId) -> bool) -> Vec<DestinationId> {
        let of = |(id, destination): (DestinationId, &crate::network::Destination)| {
            let attached = matches!(destination.kind, DestinationKind::Attachment(_));
            (attached && wanted(destination.provider)).then_some(id)
        };
        self.network.destinations.enumerate().filter_map(of).collect()
    }

    fn internal_sessions_of(&self, provider: ProviderId, borders: &BTreeSet<RouterId>) -> Vec<Session> {
        let network = &self.network;
        let inside: Vec<(RouterId, RouterRole)> = network
            .routers
            .enumerate()
            .filter(|(_, router)| router.provider == provider)
            .map(|(id, router)| (id, router.role))
            .collect();
        let mine: Vec<RouterId> = inside.iter().filter(|(id, _)| borders.contains(id)).map(|(id, _)| *id).collect();
        if mine.is_empty() {
            return Vec::new();
        }
        let plain = |pair: (RouterId, RouterId)| (pair, [RouteReflection::None; 2]);
        let to_others = || {
            let others = inside.iter().filter(|(_, role)| *role != RouterRole::Border).map(|(id, _)| *id);
            others.flat_map(|other| mine.iter().map(move |border| (*border, other)))
        };
        let mesh = |group: &[RouterId]| -> Vec<(RouterId, RouterId)> {
            let pairs = |index: usize| group[index + 1..].iter().map(move |other| (group[index], *other));
            (0..group.len()).flat_map(pairs).collect()
        };
        let pairs: Vec<((RouterId, RouterId), [RouteReflection; 2])> = match &self.internal[provider] {
            InternalSessions::BordersToOthers => to_others().map(plain).collect(),
            InternalSessions::FullMesh => to_others().chain(mesh(&mine)).map(plain).collect(),
            InternalSessions::Reflected(reflectors) => {
                let clients = inside.iter().map(|(id, _)| *id).filter(|id| !reflectors.contains(id));
                let served = clients.flat_map(|client| {
                    let ends = [RouteReflection::Client, RouteReflection::None];
                    reflectors.iter().map(move |reflector| ((*reflector, client), ends))
                });
                served.chain(mesh(reflectors).into_iter().map(plain)).collect()
            }
        };
        // A router of another role that peers is on both sides: one session a pair, and none with itself.
        let mut known = BTreeSet::new();
        let is_new = |((one, other), _): &((RouterId, RouterId), [RouteReflection; 2])| {
            one != other && known.insert((*one.min(other), *one.max(other)))
        };
        let pairs: Vec<_> = pairs.into_iter().filter(is_new).collect();
        let allowed = self.attached(|owner| owner != provider);
        let session = |((one, other), reflections): ((RouterId, RouterId), [RouteReflection; 2])| {
            let address = |router: RouterId| network.destinations[network.routers[router].loopback].prefix.addr();
            let bgp = self.bgp[provider].internal();
            let mut ends = [one, other].map(|router| self.session_end(router, address(router), bgp, Scope::Own));
            ends.iter_mut().zip(reflections).for_each(|(end, reflection)| end.reflection = reflection);
            Session {
                name: format!("{}={}", network.routers[one].name, network.routers[other].name),
                kind: SessionKind::Internal(provider),
                ends,
                allowed: allowed.clone(),
            }
        };
        pairs.into_iter().map(session).collect()
    }

    /// BFD on every logical link and on every link inside a provider, unless off.
    pub(super) fn build_liveness(&mut self) {
        let mut sessions: Vec<BfdSession> = Vec::new();
        for (id, session) in self.network.sessions.enumerate() {
            let providers = session.ends.each_ref().map(|end| self.network.routers[end.router].provider);
            let (link, ends) = match session.kind {
                SessionKind::External(logical) => {
                    let logical = &self.network.logical_links[logical];
                    (logical.channel, self.logical_liveness(logical.connection, providers))
                }
                SessionKind::Peering(link) => (link, self.links[link.index()].bfd.map(|config| [config; 2])),
                SessionKind::Internal(_) => continue,
            };
            if let Some(ends) = ends {
                let name = format!("bfd:{}", session.name);
                sessions.push(BfdSession { name, link, ends, watched: Watched::Session(id) });
            }
        }
        for (index, draft) in self.links.iter().enumerate() {
            let id = LinkId::from_index(index);
            if let Some(config) = draft.micro_bfd {
                for member in 0..draft.members {
                    let name = format!("bfd:{}/{member}", draft.name);
                    let watched = Watched::Member(member);
                    sessions.push(BfdSession { name, link: id, ends: [config; 2], watched });
                }
            }
            let Some(config) = draft.bfd else { continue };
            match self.network.links[id].kind {
                LinkKind::Channel(_) => {
                    let remedy = "set bfd in the connections that use the channel";
                    self.reader.error(join(&draft.place, "bfd"), "a channel has no BFD of its own", remedy);
                }
                // Watches the session on it, above.
                LinkKind::Peering => {}
                LinkKind::Backbone | LinkKind::Attachment => {
                    let name = format!("bfd:{}", draft.name);
                    sessions.push(BfdSession { name, link: id, ends: [config; 2], watched: Watched::Link(id) });
                }
            }
        }
        sessions.sort_by(|a, b| a.name.cmp(&b.name));
        self.network.bfd_sessions = sessions;
    }
}

/// The BGP identifier of the router with an address: the address itself, or the last four bytes of an IPv6 one.
fn identifier(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(address) => address.to_bits(),
        IpAddr::V6(address) => {
            let [.., a, b, c, d] = address.octets();
            u32::from_be_bytes([a, b, c, d])
        }
    }
}
