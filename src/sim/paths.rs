//! Which share of the equal-cost paths leads to the other side, read from forwarding tables and wires.

use crate::dataplane::Impairment;
use crate::ids::{DestinationId, IdVec, PortId, RouterId};
use crate::network::{Connection, Network};
use crate::sim::partition::Partition;
use crate::units::Share;

/// How far a walk has got with a router.
#[derive(Clone, Copy)]
enum Visit {
    Unseen,
    /// On the present way: met again, it is a loop.
    OnTheWay,
    /// Parts per billion of its paths that lead on.
    Done(u64),
}

impl Partition<'_> {
    /// Records the state of all connections' paths as of the last instant.
    pub fn record_paths(&mut self) {
        self.paths_changed = false;
        let at = self.now.max(self.origin);
        for (id, connection) in self.network.connections.enumerate() {
            for direction in [0, 1] {
                let share = self.usable_share(connection, direction);
                self.recorder.usable(at, id, direction, share);
            }
        }
    }

    /// The best share over the connection's pairs of attachments: a connection is unavailable when none has a path.
    fn usable_share(&self, connection: &Connection, direction: usize) -> Share {
        let share = |(edge, destination)| {
            let mut visits: IdVec<RouterId, Visit> = self.network.routers.iter().map(|_| Visit::Unseen).collect();
            self.walk(edge, destination, &mut visits)
        };
        let pairs = attachment_pairs(self.network, connection, direction);
        Share::from_ppb(pairs.into_iter().map(share).max().unwrap_or(0))
    }

    /// Parts per billion of the paths from a router that reach the destination; every router is walked once.
    fn walk(&self, router: RouterId, destination: DestinationId, visits: &mut IdVec<RouterId, Visit>) -> u64 {
        match visits[router] {
            Visit::OnTheWay => return 0,
            Visit::Done(share) => return share,
            Visit::Unseen => {}
        }
        if self.delivers_at[destination] == router {
            return Share::ONE.as_ppb();
        }
        visits[router] = Visit::OnTheWay;
        let group = self.forwarders[router].group(destination);
        let mut sum = 0;
        for hop in group {
            let carried = self.carried_share(hop.port);
            if carried > 0 {
                sum += self.walk(self.wires[hop.port].to, destination, visits) * carried / Share::ONE.as_ppb();
            }
        }
        let share = sum / group.len().max(1) as u64;
        visits[router] = Visit::Done(share);
        share
    }

    /// Parts per billion of the five-tuples on a next hop whose member would carry a packet sent now.
    fn carried_share(&self, first: PortId) -> u64 {
        let wire = &self.wires[first];
        let members = &self.network.links[wire.link].members;
        let alive = members.iter().filter(|member| self.carries(member.ports[wire.end])).count();
        Share::of(alive as u64, members.len() as u64).as_ppb()
    }

    /// Whether a packet sent now would arrive, chance apart.
    fn carries(&self, port: PortId) -> bool {
        let port = &self.wires[port].port;
        let alive = |impairment: &Impairment| match *impairment {
            Impairment::Dead { to, .. } => to <= self.now,
            Impairment::Grey { parts_per_billion, .. } => parts_per_billion < Share::ONE.as_ppb(),
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
