//! Features of connections: which VLAN, subnets and MTU each has on each channel, so that no two have the same.

use crate::ids::{ConnectionId, InterconnectId, LinkId, SessionId};
use crate::network::{FeatureRequest, L3BaseConfig, LinkKind, NoCommonGround, negotiate};
use crate::sim::record::FeatureRecord;
use crate::sim::run::Run;

impl Run<'_> {
    /// Where connections are provisioned, what is there from the first instant was agreed on before, connection by connection in order of name. Where there
    /// is no common ground the scenario's own links are set up all the same.
    pub(super) fn start_features(&mut self) {
        let network = self.network;
        if network.provisioning.is_empty() {
            return;
        }
        for (id, connection) in network.connections.enumerate() {
            let created = |plan: &&crate::network::Provisioning| plan.connection == id && plan.create.is_some();
            if network.provisioning.iter().any(|plan| created(&plan)) {
                continue;
            }
            for link in &network.interconnects[connection.interconnect].channels {
                if self.agree(id, *link, 1).is_ok() {
                    self.give_mtu(id, *link);
                }
            }
        }
    }

    /// The two providers of a connection compare their guidance for a channel, by its index.
    pub(super) fn negotiate_feature(&mut self, index: usize, at: usize) {
        let plan = &self.network.provisioning[index];
        let coordination = &self.coordinations[index];
        if !coordination.is_negotiated() {
            return;
        }
        // Sides of the interconnect; those of a coordination begin where the connection was created.
        let answering = (1 - coordination.negotiator()) ^ plan.initiator;
        let agreed = self.agree(plan.connection, coordination.channel(at), answering);
        let mut actions = Vec::new();
        self.coordinations[index].negotiated(self.now, at, agreed, &mut actions);
        self.coordinate(index, &actions);
    }

    /// A feature on a channel, of what is free there now; it is taken from then on.
    pub fn agree(&mut self, connection: ConnectionId, channel: LinkId, answering: usize) -> Result<(), NoCommonGround> {
        let network = self.network;
        let LinkKind::Channel(interconnect) = network.links[channel].kind else {
            unreachable!("connections use channels")
        };
        let interconnect = &network.interconnects[interconnect];
        let at = self.now.max(self.origin).since(self.origin);
        let others = self.features.iter().filter(|((holder, on), _)| *holder != connection || *on != channel);
        let others = others.filter(|((_, on), _)| interconnect.channels.contains(on));
        let on_it = others.clone().filter(|((_, on), _)| *on == channel);
        let vlans: Vec<u16> = on_it.map(|(_, config)| config.vlan).collect();
        let subnets: Vec<_> = others.flat_map(|(_, config)| [Some(config.ipv4), config.ipv6]).flatten().collect();
        let config = negotiate(&FeatureRequest {
            guidance: interconnect.providers.map(|provider| network.guidance.of(provider, channel, at)),
            asns: interconnect.providers.map(|provider| network.providers[provider].asn),
            answering,
            largest: network.ports[network.links[channel].members[0].ports[0]].largest_packet(),
            vlans_taken: &vlans,
            subnets_taken: &subnets,
        })?;
        self.features.insert((connection, channel), config);
        Ok(())
    }

    /// Features on the interconnect to which a connection is to move: where too few can be agreed on, it stays.
    pub fn agree_elsewhere(&mut self, connection: ConnectionId, to: InterconnectId) -> bool {
        let network = self.network;
        let channels = &network.interconnects[to].channels;
        let agreed = channels.iter().filter(|link| self.agree(connection, **link, 1).is_ok()).count();
        // As for a new connection: three of four.
        let suffices = agreed >= (channels.len() * 3).div_ceil(4);
        if suffices {
            channels.iter().for_each(|link| self.give_mtu(connection, *link));
        } else {
            self.release_features(connection, to);
            let (name, all) = (&network.interconnects[to].name, channels.len());
            let text = format!("only {agreed} of {all} features can be negotiated on {name}: it stays");
            self.tell(connection, "too few", text);
        }
        suffices
    }

    /// Whether a feature stands behind a session of a connection.
    pub fn has_feature(&self, connection: ConnectionId, session: SessionId) -> bool {
        let channel = self.network.external_link(session);
        channel.is_some_and(|channel| self.features.contains_key(&(connection, channel)))
    }

    /// A connection is carried by an interconnect no more.
    pub fn release_features(&mut self, connection: ConnectionId, interconnect: InterconnectId) {
        let channels = &self.network.interconnects[interconnect].channels;
        self.features.retain(|(holder, on), _| *holder != connection || !channels.contains(on));
    }

    /// The hand-off of a logical link takes packets of the agreed size.
    pub(super) fn give_mtu(&mut self, connection: ConnectionId, channel: LinkId) {
        let Some(L3BaseConfig { mtu, .. }) = self.features.get(&(connection, channel)) else { return };
        let mtu = u32::try_from(mtu.0).unwrap_or(u32::MAX);
        let network = self.network;
        for link in &network.connections[connection].logical_links {
            if network.logical_links[*link].channel == channel {
                self.partitions.iter_mut().for_each(|partition| partition.link_mtus[*link] = mtu);
            }
        }
    }

    /// Features as they are now, with names.
    pub fn feature_records(&self) -> Vec<FeatureRecord> {
        let network = self.network;
        let record = |(&(connection, channel), config): (&(ConnectionId, LinkId), &L3BaseConfig)| {
            let LinkKind::Channel(interconnect) = network.links[channel].kind else { unreachable!("a channel") };
            FeatureRecord {
                connection: network.connections[connection].name.clone(),
                channel: network.links[channel].name.clone(),
                providers: network.interconnects[interconnect].providers.map(|id| network.providers[id].name.clone()),
                config: *config,
            }
        };
        self.features.iter().map(record).collect()
    }
}
