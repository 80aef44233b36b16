//! Which share of the equal-cost paths leads to the other side, read from forwarding tables and wires.

use crate::dataplane::Impairment;
use crate::ids::{ConnectionId, DestinationId, RouterId};
use crate::network::{Connection, Network};
use crate::sim::partition::Partition;
use crate::units::{Share, Time};

/// Longer walks are loops.
const LONGEST_WALK: u32 = 32;

impl Partition<'_> {
    /// Records the state of all connections' paths as of the last instant.
    pub fn record_paths(&mut self) {
        self.paths_changed = false;
        let at = self.now.max(self.origin);
        for (id, connection) in self.network.connections.enumerate() {
            for direction in [0, 1] {
                let share = self.usable_share(connection, direction);
                self.record_share(at, id, direction, share);
            }
        }
    }

    fn record_share(&mut self, at: Time, id: ConnectionId, direction: usize, share: Share) {
        self.recorder.usable(at, id, direction, share);
    }

    /// The best share over the connection's pairs of attachments: a connection is unavailable when none has a path.
    fn usable_share(&self, connection: &Connection, direction: usize) -> Share {
        let pairs = attachment_pairs(self.network, connection, direction);
        let best = pairs.into_iter().map(|(edge, destination)| self.walk(edge, destination, LONGEST_WALK)).max();
        Share::from_ppb(best.unwrap_or(0))
    }

    /// Parts per billion of the paths from a router that reach the destination.
    fn walk(&self, router: RouterId, destination: DestinationId, left: u32) -> u64 {
        if self.delivers_at[destination] == router {
            return Share::ONE.as_ppb();
        }
        let group = self.forwarders[router].group(destination);
        if left == 0 || group.is_empty() {
            return 0;
        }
        let sum: u64 = group
            .iter()
            .map(
                |hop| {
                    if self.carries(hop.port) { self.walk(self.wires[hop.port].to, destination, left - 1) } else { 0 }
                },
            )
            .sum();
        sum / group.len() as u64
    }

    /// Whether a packet sent now would arrive, chance apart.
    fn carries(&self, port: crate::ids::PortId) -> bool {
        let port = &self.wires[port].port;
        let alive = |impairment: &Impairment| match *impairment {
            Impairment::Dead { to, .. } => to <= self.now,
            Impairment::Grey { .. } => true,
            Impairment::ReceiverClosed => false,
        };
        port.passes() && port.impairments().iter().all(alive)
    }
}

/// Sending edge and target prefix of every pair of attachments, in the given direction.
fn attachment_pairs(network: &Network, connection: &Connection, direction: usize) -> Vec<(RouterId, DestinationId)> {
    let (from, to) = (&connection.attachments[direction], &connection.attachments[1 - direction]);
    let targets = || to.iter().flat_map(|attachment| &network.attachments[*attachment].prefixes);
    from.iter().flat_map(|attachment| targets().map(|(_, id)| (network.attachments[*attachment].edge, *id))).collect()
}
