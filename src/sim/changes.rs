//! Scripted changes that are no failures: bandwidths, line rates, keys, and what operators say to routers.

use std::sync::Arc;

use crate::control::bgp::Input;
use crate::ids::{ConnectionId, InterconnectId, LinkId, LogicalLinkId, PortId, RouterId};
use crate::message::{DropReason, Packet};
use crate::network::{ChangeKind, Maintenance, RoutePolicy};
use crate::sim::control_packets::first_port;
use crate::sim::event::Event;
use crate::sim::limits::LimitPlace;
use crate::sim::recorder::EntryIndex;
use crate::sim::run::Run;
use crate::units::Rate;

impl Run<'_> {
    /// A scripted change happens.
    pub fn change_happens(&mut self, index: usize) {
        let change = &self.network.changes[index];
        self.cause = None;
        self.paths_changed = true;
        self.journal.chain_event(self.now, 112, crate::rng::named_hash(&[&change.name]));
        match &change.kind {
            ChangeKind::Bandwidth { connection, purchase } => {
                self.bandwidth_change_happens(*connection, *purchase);
            }
            ChangeKind::LinkRate { link, rate } => self.link_rate_changes(*link, *rate),
            ChangeKind::GracefulShutdown { router, maintenance } => self.graceful_shutdown(*router, *maintenance),
            ChangeKind::Policies { router, peer, import, export } => {
                self.policies_change([*router, *peer], import, export)
            }
            ChangeKind::NewKey { link, end, former } => {
                self.ports_from(*link, *end).into_iter().for_each(|port| self.key_rotates(port, *former));
            }
        }
    }

    /// A router is shut down gracefully, or back: what its operator says outlives a loss of power and of the process.
    pub fn graceful_shutdown(&mut self, router: RouterId, maintenance: Maintenance) {
        self.settling.world_changed();
        self.speak(router, Input::GracefulShutdown(maintenance));
    }

    /// The operator of a router gives its sessions with another one other policies.
    fn policies_change(
        &mut self,
        [router, peer]: [RouterId; 2],
        import: &Option<Arc<RoutePolicy>>,
        export: &Option<Arc<RoutePolicy>>,
    ) {
        self.settling.world_changed();
        for session in self.network.sessions_between([router, peer]) {
            if let Some(policy) = export {
                self.give_export(router, session, policy);
            }
            if import.is_some() {
                self.speak(router, Input::Policies { session, import: import.clone(), export: None });
            }
        }
    }

    /// The limits of a connection's logical links on an interconnect.
    pub fn limit_links(&mut self, id: ConnectionId, interconnect: InterconnectId, bandwidth: Rate) {
        let (connection, channels) =
            (&self.network.connections[id], &self.network.interconnects[interconnect].channels);
        let share = connection.rate_limit.per_link.share(bandwidth, channels.len());
        for link in &connection.logical_links {
            if channels.contains(&self.network.logical_links[*link].channel) {
                for end in [0, 1] {
                    let port = self.channel_port(*link, end);
                    self.sender(port).set_limit(LimitPlace::Link(*link, end), share);
                }
            }
        }
    }

    /// The limits of a connection at the edges of its attachments.
    pub fn limit_edges(&mut self, id: ConnectionId, bandwidth: Rate) {
        for (direction, side) in self.network.connections[id].attachments.iter().enumerate() {
            // All edges of one side are in one partition: they share a bucket.
            let Some(attachment) = side.first() else { continue };
            let edge = self.network.attachments[*attachment].edge;
            let partition = &mut self.partitions[self.layout.of(edge).0];
            partition.set_limit(LimitPlace::Edge(id, direction), bandwidth);
        }
    }

    fn channel_port(&self, link: LogicalLinkId, end: usize) -> PortId {
        first_port(self.network, self.network.logical_links[link].channel, end)
    }

    fn link_rate_changes(&mut self, link: LinkId, rate: Rate) {
        self.wake_link(link);
        for port in self.network.links[link].members.iter().flat_map(|member| member.ports) {
            let now = self.now;
            let (wire, store) = self.wire_and_store(port);
            let repaced = wire.port.set_rate(store, now, rate);
            let configured = &self.network.ports[port];
            let (from, to) = (self.layout.of(configured.from), self.layout.of(configured.to));
            if from != to {
                let far = &mut self.partitions[to.0];
                far.wires[port].port.repace(&far.packets, repaced.until, rate);
            }
            for at in repaced.controls {
                self.await_control(port, at);
            }
        }
    }

    /// What waits at the limits of a link's logical links at one end dies.
    pub fn flush_limits(&mut self, link: LinkId, end: usize, reason: DropReason, entry: Option<EntryIndex>) {
        let network = self.network;
        for (id, _) in network.logical_links.enumerate().filter(|(_, logical)| logical.channel == link) {
            let port = self.channel_port(id, end);
            let flushed: Vec<Packet> = self.sender(port).flush_limit(LimitPlace::Link(id, end));
            self.drop_flushed(port, &flushed, reason, entry);
        }
    }

    /// A control packet may arrive at this instant.
    pub fn await_control(&mut self, port: PortId, at: crate::units::Time) {
        let serial = self.wire_mut(port).next_serial();
        self.schedule(Event::Control(port), at, serial);
    }
}
