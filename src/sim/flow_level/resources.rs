//! What rates share, by number: the classes of ports, then limits of logical links, of connections and of attachments.

use super::course::Place;
use crate::ids::{Id, IdVec, PortId};
use crate::network::Network;
use crate::sim::limits::LimitPlace;

/// Numbers of everything shared.
pub(super) struct Resources {
    /// The first class of each port.
    ports: IdVec<PortId, usize>,
    links: usize,
    connections: usize,
    attachments: usize,
    /// How many there are.
    pub count: usize,
}

impl Resources {
    pub fn new(network: &Network) -> Self {
        let classes = |port: &crate::network::Port| port.queueing.as_ref().map_or(1, |queueing| queueing.classes.len());
        let mut links = 0;
        let mut ports = IdVec::new();
        for port in &network.ports {
            ports.push(links);
            links += classes(port);
        }
        let connections = links + 2 * network.logical_links.len();
        let attachments = connections + 2 * network.connections.len();
        Self { ports, links, connections, attachments, count: attachments + network.attachments.len() }
    }

    /// The first class of a port.
    pub fn port(&self, port: PortId) -> usize {
        self.ports[port]
    }

    /// What is shared at a place; nothing where only chance rules.
    pub fn at(&self, place: Place) -> Option<usize> {
        match place {
            Place::Port(crossing) => Some(self.ports[crossing.port] + crossing.class),
            Place::Limit(LimitPlace::Link(link, end), ..) => Some(self.links + 2 * link.index() + end),
            Place::Limit(LimitPlace::Edge(connection, direction), ..) => {
                Some(self.connections + 2 * connection.index() + direction)
            }
            Place::Limit(LimitPlace::Attachment(attachment), ..) => Some(self.attachments + attachment.index()),
            Place::Chance(..) => None,
        }
    }
}
