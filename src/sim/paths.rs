//! Which share of the equal-cost paths leads to the other side, read from forwarding tables and wires.

use crate::dataplane::Impairment;
use crate::ids::{DestinationId, IdVec, PortId, RouterId};
use crate::network::{Connection, LinkGroup, Network};
use crate::sim::facts::Sold;
use crate::sim::recorder::EntryIndex;
use crate::sim::run::Run;
use crate::units::{Share, Time};

/// How far a walk has got with a router.
#[derive(Clone, Copy)]
enum Visit {
    Unseen,
    /// On the present way: met again, it is a loop.
    OnTheWay,
    /// Parts per billion of its paths that lead on.
    Done(u64),
}

/// From an edge to a destination.
struct Walk<'b> {
    destination: DestinationId,
    visits: IdVec<RouterId, Visit>,
    /// Entries of the ledger behind what is lost on the way.
    behind: &'b mut Vec<EntryIndex>,
}

impl Run<'_> {
    /// Records the state of all connections' paths from `at` on.
    pub fn record_paths(&mut self, at: Time) {
        self.paths_changed = false;
        for (id, connection) in self.network.connections.enumerate() {
            for direction in [0, 1] {
                let mut behind = Vec::new();
                let share = self.usable_share(connection, direction, &mut behind);
                self.is_usable(at, Sold::Connection(id), direction, share, behind);
            }
        }
        for (id, group) in self.network.link_groups.enumerate() {
            for direction in [0, 1] {
                let mut behind = Vec::new();
                let share = self.usable_links(group, direction, &mut behind);
                self.is_usable(at, Sold::LinkGroup(id), direction, share, behind);
            }
        }
    }

    fn is_usable(&mut self, at: Time, sold: Sold, direction: usize, share: Share, behind: Vec<EntryIndex>) {
        self.journal.usable(at, sold, direction, share);
        self.facts.touched.extend(behind.into_iter().map(|entry| (entry, sold)));
    }

    /// The share of a group's links that would carry a packet sent now and by which its sender has heard of a route,
    /// whether or not it prefers that one: a backup is there while it waits.
    fn usable_links(&self, group: &LinkGroup, direction: usize, behind: &mut Vec<EntryIndex>) -> Share {
        let mut usable = 0;
        for link in &group.links {
            let ends = self.network.links[*link].ends;
            let is_sender = |end: &RouterId| self.network.routers[*end].provider == group.providers[direction];
            let sender = ends.into_iter().find(is_sender).expect("the group joins its providers");
            let carries = self.network.ports_from(*link, sender).any(|port| self.carries(port));
            let hears = |session| self.speakers[sender].route_counts(session).accepted > 0;
            if carries && self.network.peering_sessions(*link).any(hears) {
                usable += 1;
            } else {
                behind.extend(self.facts.link_blame[*link].entries());
            }
        }
        Share::of(usable, group.links.len() as u64)
    }

    /// Ports used up their MACsec numbers while packets moved: in order of time, each changes the paths.
    pub fn note_used_up(&mut self) {
        let mut ports: Vec<(Time, PortId)> =
            self.partitions.iter_mut().flat_map(|partition| partition.used_up.drain(..)).collect();
        ports.sort_unstable();
        for (at, port) in ports {
            self.used_up[port] = true;
            self.record_paths(at.max(self.origin));
        }
    }

    /// The best share over the connection's pairs of attachments: a connection is unavailable when none has a path. What
    /// stands behind that which is lost on the way is added to `behind`.
    fn usable_share(&self, connection: &Connection, direction: usize, behind: &mut Vec<EntryIndex>) -> Share {
        let mut share = |(edge, destination)| {
            let visits = self.network.routers.iter().map(|_| Visit::Unseen).collect();
            self.walk(edge, &mut Walk { destination, visits, behind })
        };
        let pairs = attachment_pairs(self.network, connection, direction);
        Share::from_ppb(pairs.into_iter().map(&mut share).max().unwrap_or(0))
    }

    /// Parts per billion of the paths from a router that reach the destination; every router is walked once.
    fn walk(&self, router: RouterId, walk: &mut Walk<'_>) -> u64 {
        match walk.visits[router] {
            Visit::OnTheWay => {
                walk.behind.extend(self.facts.route_entry(router, walk.destination));
                return 0;
            }
            Visit::Done(share) => return share,
            Visit::Unseen => {}
        }
        if self.network.destinations[walk.destination].router == router {
            return Share::ONE.as_ppb();
        }
        walk.visits[router] = Visit::OnTheWay;
        let group = self.forwarder(router).group(walk.destination);
        if group.is_empty() {
            walk.behind.extend(self.facts.route_entry(router, walk.destination));
        }
        let mut sum = 0;
        for hop in group {
            let carried = self.carried_share(hop.port);
            if carried < Share::ONE.as_ppb() {
                walk.behind.extend(self.facts.link_blame[self.network.ports[hop.port].link].entries());
            }
            if carried > 0 {
                sum += self.walk(self.network.ports[hop.port].to, walk) * carried / Share::ONE.as_ppb();
            }
        }
        let share = sum / group.len().max(1) as u64;
        walk.visits[router] = Visit::Done(share);
        share
    }

    /// Parts per billion of the five-tuples on a next hop whose member would carry a packet sent now.
    fn carried_share(&self, first: PortId) -> u64 {
        let members = self.wire(first).lag.as_ref().map_or(std::slice::from_ref(&first), |lag| lag.members());
        let alive = members.iter().filter(|member| self.carries(**member)).count();
        Share::of(alive as u64, members.len() as u64).as_ppb()
    }

    /// Whether a packet sent now would arrive, chance apart.
    pub fn carries(&self, id: PortId) -> bool {
        let wire = self.wire(id);
        let (port, far_end) = (&wire.port, wire.far_end.as_ref());
        let alive = |impairment: &Impairment| match *impairment {
            Impairment::Dead { to, .. } => to <= self.now,
            Impairment::Watched => far_end.is_none_or(|far_end| !far_end.impairments.loses_all()),
            Impairment::Rekeying => wire.keys.as_ref().is_none_or(|keys| keys.agree()),
            Impairment::ReceiverClosed => false,
        };
        port.passes() && !self.used_up[id] && port.impairments().iter().all(alive)
    }
}

/// Sending edge and target prefix of every pair of attachments, in the given direction.
fn attachment_pairs(network: &Network, connection: &Connection, direction: usize) -> Vec<(RouterId, DestinationId)> {
    let (from, to) = (&connection.attachments[direction], &connection.attachments[1 - direction]);
    let targets = || to.iter().flat_map(|attachment| &network.attachments[*attachment].prefixes);
    from.iter().flat_map(|attachment| targets().map(|(_, id)| (network.attachments[*attachment].edge, *id))).collect()
}
