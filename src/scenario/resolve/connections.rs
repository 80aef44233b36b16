//! Interconnects, connections and their logical links.

use std::collections::BTreeSet;

use super::{Names, Resolver, names_of};
use crate::ids::{AttachmentId, ConnectionId, Id, InterconnectId, LinkId, LogicalLinkId, ProviderId, SessionId};
use crate::network::{BfdConfig, Connection, Interconnect, InterconnectKind, LinkKind, LogicalLink, RateLimit};
use crate::rng::named_hash;
use crate::scenario::file::{BgpTable, ConnectionTable};
use crate::scenario::read::peek_list;
use crate::scenario::source::join;
use crate::units::Rate;

/// A connection as read.
#[derive(Debug)]
pub(super) struct ConnectionDraft {
    pub interconnect: Option<InterconnectId>,
    pub bandwidth: Rate,
    pub rate_limit: RateLimit,
    pub attachments: Vec<AttachmentId>,
    /// BFD on its logical links.
    pub liveness: Liveness,
    /// BGP timers that replace the providers'.
    pub bgp: BgpTable,
}

/// BFD on the logical links of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Liveness {
    /// Each end as its provider does.
    Provider,
    /// Both ends alike.
    Both(BfdConfig),
    /// None.
    Off,
}

impl Resolver<'_> {
    pub(super) fn interconnects(&mut self) {
        self.names.interconnects = names_of(&self.file.interconnects);
        for (name, table) in &self.file.interconnects {
            let kinds = [("custom", InterconnectKind::Custom), ("managed", InterconnectKind::Managed)];
            let kind = self.reader.word(&join(&join("interconnects", name), "kind"), &table.kind, &kinds);
            let providers = [ProviderId(0); 2];
            self.network.interconnects.push(Interconnect { name: name.clone(), kind, providers, channels: Vec::new() });
        }
    }

    pub(super) fn connections(&mut self) {
        self.names.connections = names_of(&self.file.connections);
        for (name, table) in &self.file.connections {
            let draft = self.connection(&join("connections", name), table);
            self.connections.push(draft);
        }
    }

    fn connection(&mut self, place: &str, table: &ConnectionTable) -> ConnectionDraft {
        let at = join(place, "interconnect");
        let interconnect = self.refer(&at, &table.interconnect, "interconnect", |n: &Names| &n.interconnects);
        let bandwidth = self.reader.quantity(&join(place, "bandwidth"), &table.bandwidth, "500 Mbps");
        let at = join(place, "attachments");
        let names = self.reader.list(&at, &table.attachments, "[\"vpc-a\", \"vpc-b\"]");
        let attachments: Vec<Option<AttachmentId>> =
            names.iter().map(|name| self.named(&at, name, "attachment", |n: &Names| &n.attachments)).collect();
        if names.is_empty() {
            self.all_named = false;
            if peek_list(&table.attachments).is_some_and(<[_]>::is_empty) {
                self.reader.error(&at, "names no attachment", "name at least one of each provider");
            }
        }
        let attachments: BTreeSet<AttachmentId> = attachments.into_iter().flatten().collect();
        self.reader.word(&join(place, "timers"), &table.timers, &[("aws-google", ()), ("fast", ())]);
        let liveness = match &table.bfd {
            None => Liveness::Provider,
            Some(bfd) => self.bfd(&join(place, "bfd"), Some(bfd)).map_or(Liveness::Off, Liveness::Both),
        };
        ConnectionDraft {
            interconnect,
            bandwidth: bandwidth.unwrap_or_else(|| Rate::from_bps(1_000_000_000).expect("not zero")),
            rate_limit: self.rate_limit(&join(place, "rate_limit"), table, bandwidth),
            attachments: attachments.into_iter().collect(),
            liveness,
            bgp: table.bgp.clone().unwrap_or_default(),
        }
    }

    /// Groups channels and makes one logical link per connection and channel, in order of their names.
    pub(super) fn build_connections(&mut self) {
        self.group_channels();
        let names: Vec<String> = self.file.connections.keys().cloned().collect();
        let mut links: Vec<(String, ConnectionId, LinkId)> = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let id = ConnectionId::from_index(index);
            let draft = &self.connections[index];
            let interconnect = draft.interconnect.expect("every name was found");
            let (bandwidth, rate_limit) = (draft.bandwidth, draft.rate_limit);
            let channels = self.network.interconnects[interconnect].channels.clone();
            let labels = channels.iter().map(|link| format!("{name}/{}", self.network.links[*link].name));
            links.extend(labels.zip(&channels).map(|(label, channel)| (label, id, *channel)));
            let attachments = self.sides(&join("connections", name), index, interconnect);
            self.network.connections.push(Connection {
                name: name.clone(),
                interconnect,
                bandwidth,
                rate_limit,
                attachments,
                logical_links: Vec::new(),
            });
        }
        self.shared_attachments();
        for (connection, channel) in self.place_bandwidths() {
            let label = format!("{}/{}", names[connection.index()], self.network.links[channel].name);
            links.push((label, connection, channel));
        }
        links.sort();
        for (name, connection, channel) in links {
            self.logical_link(name, connection, channel);
        }
        let logical_links = &self.network.logical_links;
        for connection in self.network.connections.iter_mut() {
            connection.logical_links.sort_by_key(|link| logical_links[*link].channel);
        }
    }

    /// Routes are kept per destination, not per connection: between two providers an attachment's traffic would ride
    /// the links of both connections, whichever it belongs to.
    fn shared_attachments(&mut self) {
        let connections = &self.network.connections;
        let providers = |connection: &Connection| self.network.interconnects[connection.interconnect].providers;
        let all = |connection: &Connection| connection.attachments.concat();
        for (b, second) in connections.enumerate() {
            for (_, first) in connections.enumerate().filter(|(a, _)| *a < b) {
                if providers(first) != providers(second) {
                    continue;
                }
                let shared = all(first).into_iter().find(|attachment| all(second).contains(attachment));
                let Some(shared) = shared else { continue };
                let (name, pair) = (&self.network.attachments[shared].name, providers(first));
                let [one, other] = pair.map(|provider| &self.network.providers[provider].name);
                let message = format!("{name:?} is in connection {:?} between {one} and {other} too", first.name);
                let remedy = "give each connection attachments of its own, or make one connection of both";
                self.reader.error(join(&join("connections", &second.name), "attachments"), message, remedy);
            }
        }
    }

    fn logical_link(&mut self, name: String, connection: ConnectionId, channel: LinkId) {
        let id = LogicalLinkId::from_index(self.network.logical_links.len());
        let sold = &mut self.network.connections[connection];
        sold.logical_links.push(id);
        let (rate_limit, bandwidth) = (sold.rate_limit, sold.bandwidth);
        let limit = Some(rate_limit.per_link.share(bandwidth, self.network.channels_beside(channel)));
        let used: BTreeSet<u16> = self
            .network
            .logical_links
            .iter()
            .filter(|other| other.channel == channel)
            .map(|other| other.vlan)
            .collect();
        // The specification reserves VLAN ids to 1024; 4095 is reserved by IEEE 802.1Q.
        let first = u16::try_from(named_hash(&["logical link", &name, "vlan"]) % 3_070).expect("below 3070");
        let vlan = (0..3_070).map(|step| 1_025 + (first + step) % 3_070).find(|vlan| !used.contains(vlan));
        let vlan = vlan.unwrap_or_else(|| {
            self.reader.error("connections", "more than 3070 on one channel", "sell them on another interconnect");
            0
        });
        // Sessions are numbered by name too, which is known only when all are made.
        let session = SessionId(0);
        self.network.logical_links.push(LogicalLink { name, connection, channel, vlan, session, limit });
    }

    /// The attachments of a connection by side.
    fn sides(&mut self, place: &str, index: usize, interconnect: InterconnectId) -> [Vec<AttachmentId>; 2] {
        let providers = self.network.interconnects[interconnect].providers;
        let attachments = &self.connections[index].attachments;
        let of = |provider| {
            let mine = |id: &&AttachmentId| self.network.attachments[**id].provider == provider;
            attachments.iter().filter(mine).copied().collect::<Vec<_>>()
        };
        let sides = providers.map(of);
        let at = join(place, "attachments");
        if self.network.interconnects[interconnect].channels.is_empty() {
            return sides;
        }
        let strangers = attachments.iter().filter(|id| !sides.iter().any(|side| side.contains(id)));
        for stranger in strangers {
            let attachment = &self.network.attachments[*stranger];
            let provider = &self.network.providers[attachment.provider].name;
            let message = format!("{:?} belongs to {provider}, which the interconnect does not join", attachment.name);
            self.reader.error(&at, message, "name attachments of its two providers");
        }
        for (side, provider) in sides.iter().zip(providers) {
            if side.is_empty() {
                let message = format!("none of {}", self.network.providers[provider].name);
                self.reader.error(&at, message, "name at least one attachment of each provider");
            }
        }
        sides
    }

    fn group_channels(&mut self) {
        for (id, link) in self.network.links.enumerate() {
            if let LinkKind::Channel(interconnect) = link.kind {
                self.network.interconnects[interconnect].channels.push(id);
            }
        }
        for interconnect in self.network.interconnects.iter_mut() {
            let place = join("interconnects", &interconnect.name);
            let mut pairs: Vec<[ProviderId; 2]> = Vec::new();
            for channel in &interconnect.channels {
                let mut pair = self.network.links[*channel].ends.map(|end| self.network.routers[end].provider);
                pair.sort();
                pairs.push(pair);
            }
            pairs.sort();
            pairs.dedup();
            match pairs.as_slice() {
                [] => {
                    let remedy = format!("add links with interconnect = {:?}, or a template", interconnect.name);
                    self.reader.error(place, "has no channel", remedy);
                }
                [pair] => interconnect.providers = *pair,
                [pair, ..] => {
                    interconnect.providers = *pair;
                    self.reader.error(place, "its channels join more than two providers", "make one for each pair");
                }
            }
        }
        self.same_numbers();
    }

    /// The two providers of every peering link.
    pub(super) fn peerings(&self) -> impl Iterator<Item = [ProviderId; 2]> {
        let plain = self.links.iter().filter(|draft| draft.interconnect.is_none());
        let owners =
            plain.filter_map(|draft| draft.ends.map(|ends| ends.map(|end| self.network.routers[end].provider)));
        owners.filter(|[a, b]| a != b)
    }

    /// Two providers with one AS number would refuse each other's routes as loops (RFC 4271 9.1.2).
    fn same_numbers(&mut self) {
        // Without a channel an interconnect has no providers, and the scenario may have none either.
        let channels = self.network.interconnects.iter().filter(|interconnect| !interconnect.channels.is_empty());
        let mut joined: Vec<[ProviderId; 2]> = channels.map(|interconnect| interconnect.providers).collect();
        joined.extend(self.peerings());
        joined.sort_unstable();
        joined.dedup();
        for pair in joined {
            let [a, b] = pair.map(|provider| &self.network.providers[provider]);
            if a.asn == b.asn {
                let message = format!("AS {} is also that of {}", b.asn, a.name);
                let place = format!("providers.{}.asn", b.name);
                self.reader.error(place, message, "joined providers need different numbers");
            }
        }
    }

    /// The two ends' BFD on the logical links of a connection; `None` when off at either end.
    pub(super) fn logical_liveness(
        &self,
        connection: ConnectionId,
        providers: [ProviderId; 2],
    ) -> Option<[BfdConfig; 2]> {
        match self.connections[connection.index()].liveness {
            Liveness::Off => None,
            Liveness::Both(config) => Some([config; 2]),
            Liveness::Provider => {
                let [a, b] = providers.map(|provider| self.liveness[provider]);
                Some([a?, b?])
            }
        }
    }
}
