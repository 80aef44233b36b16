//! BGP and BFD sessions.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use super::Resolver;
use crate::ids::{DestinationId, Id, LinkId, LogicalLinkId, RouterId, SessionId};
use crate::network::{
    BfdSession, BgpTiming, DestinationKind, LinkKind, RouterRole, Session, SessionEnd, SessionKind, Watched,
};
use crate::scenario::source::join;

impl Resolver<'_> {
    /// One external session per logical link; internal ones from every border router in use to every router of its
    /// provider that is none. All in order of name.
    pub(super) fn build_internal_sessions(&mut self) {
        let mut sessions = self.external_sessions();
        let borders: BTreeSet<RouterId> =
            sessions.iter().flat_map(|session| session.ends.iter().map(|end| end.router)).collect();
        for border in borders {
            sessions.extend(self.internal_sessions_of(border));
        }
        sessions.sort_by(|a, b| a.name.cmp(&b.name));
        for (index, session) in sessions.iter().enumerate() {
            if let SessionKind::External(link) = session.kind {
                self.network.logical_links[link].session = SessionId::from_index(index);
            }
        }
        self.network.sessions = sessions.into_iter().collect();
    }

    fn external_sessions(&mut self) -> Vec<Session> {
        let ids: Vec<LogicalLinkId> = self.network.logical_links.ids().collect();
        ids.into_iter().map(|id| self.external_session(id)).collect()
    }

    fn external_session(&mut self, id: LogicalLinkId) -> Session {
        let link = &self.network.logical_links[id];
        let (name, connection, channel) = (link.name.clone(), link.connection, link.channel);
        let addresses = self.addresses.pair(&name).unwrap_or_else(|| {
            let remedy = "sell fewer connections over this many channels";
            self.reader.error("connections", "more than 16384 logical links, all that 169.254.0.0/16 has", remedy);
            [IpAddr::V4(Ipv4Addr::UNSPECIFIED); 2]
        });
        let routers = self.network.links[channel].ends;
        let providers = routers.map(|router| self.network.routers[router].provider);
        let place = join(&join("connections", &self.network.connections[connection].name), "bgp");
        let table = self.connections[connection.index()].bgp.clone();
        let timings: [BgpTiming; 2] = providers.map(|provider| {
            let otherwise = self.timing[provider];
            self.bgp(&place, &table, otherwise)
        });
        let end = |index: usize| SessionEnd {
            router: routers[index],
            asn: self.network.providers[providers[index]].asn,
            address: addresses[index],
            timing: timings[index],
        };
        let attachments = &self.network.connections[connection].attachments;
        let mut allowed: Vec<DestinationId> = attachments
            .iter()
            .flatten()
            .flat_map(|attachment| self.network.attachments[*attachment].prefixes.iter().map(|(_, id)| *id))
            .collect();
        allowed.sort();
        Session { name, kind: SessionKind::External(id), ends: [end(0), end(1)], allowed }
    }

    fn internal_sessions_of(&self, border: RouterId) -> Vec<Session> {
        let network = &self.network;
        let provider = network.routers[border].provider;
        let foreign = |(id, destination): (DestinationId, &crate::network::Destination)| {
            let attached = matches!(destination.kind, DestinationKind::Attachment(_));
            (attached && destination.provider != provider).then_some(id)
        };
        let allowed: Vec<DestinationId> = network.destinations.enumerate().filter_map(foreign).collect();
        let end = |router: RouterId| SessionEnd {
            router,
            asn: network.providers[provider].asn,
            address: network.destinations[network.routers[router].loopback].prefix.addr(),
            timing: self.timing[provider],
        };
        let inside = network
            .routers
            .enumerate()
            .filter(|(_, router)| router.provider == provider && router.role != RouterRole::Border);
        inside
            .map(|(id, router)| Session {
                name: format!("{}={}", network.routers[border].name, router.name),
                kind: SessionKind::Internal(provider),
                ends: [end(border), end(id)],
                allowed: allowed.clone(),
            })
            .collect()
    }

    /// BFD on every logical link and on every link inside a provider, unless off.
    pub(super) fn build_liveness(&mut self) {
        let mut sessions: Vec<BfdSession> = Vec::new();
        for (id, session) in self.network.sessions.enumerate() {
            let SessionKind::External(logical) = session.kind else { continue };
            let logical = &self.network.logical_links[logical];
            let providers = session.ends.each_ref().map(|end| self.network.routers[end.router].provider);
            if let Some(ends) = self.logical_liveness(logical.connection, providers) {
                let (name, link) = (format!("bfd:{}", session.name), logical.channel);
                sessions.push(BfdSession { name, link, ends, watched: Watched::Session(id) });
            }
        }
        for (index, draft) in self.links.iter().enumerate() {
            let id = LinkId::from_index(index);
            let Some(config) = draft.bfd else { continue };
            match self.network.links[id].kind {
                LinkKind::Channel(_) => {
                    let remedy = "set bfd in the connections that use the channel";
                    self.reader.error(join(&draft.place, "bfd"), "a channel has no BFD of its own", remedy);
                }
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
