//! What the world writes down: the ledger, sessions, usable paths, and the blackouts that all partitions' losses make.

use super::blackouts::Blackouts;
use super::event_hash;
use super::ledger::Ledger;
use super::trace::{Loss, Trace};
use crate::ids::{ConnectionId, IdVec, LinkGroupId, LogicalLinkId};
use crate::network::Network;
use crate::sim::facts::Sold;
use crate::sim::record::OperationRecord;
use crate::units::{Share, Span, Time};

/// By direction: since when which share of the paths is usable.
pub(super) type UsablePaths = [Vec<(Span, Share)>; 2];

/// The world's part of the record.
pub(in crate::sim) struct Journal {
    pub(super) origin: Time,
    pub ledger: Ledger,
    pub(super) blackouts: Blackouts,
    pub(super) session_up: IdVec<LogicalLinkId, Vec<(Time, Option<Time>)>>,
    /// Usable paths of each direction of each connection, from scenario time on.
    pub(super) paths: IdVec<ConnectionId, UsablePaths>,
    /// Usable links of each direction of each link group, likewise.
    pub(super) group_paths: IdVec<LinkGroupId, UsablePaths>,
    /// What operators and customers did on purpose.
    pub operations: Vec<OperationRecord>,
    /// When each connection did not exist for its customer.
    pub(super) absent: IdVec<ConnectionId, Vec<(Span, Option<Span>)>>,
    /// Hash over state changes.
    pub(super) chain: u64,
}

impl Journal {
    pub fn new(network: &Network) -> Self {
        Self {
            origin: Time::ZERO + network.warm_up,
            ledger: Ledger::new(network),
            blackouts: Blackouts::new(),
            session_up: network.logical_links.iter().map(|_| Vec::new()).collect(),
            paths: network.connections.iter().map(|_| [Vec::new(), Vec::new()]).collect(),
            group_paths: network.link_groups.iter().map(|_| [Vec::new(), Vec::new()]).collect(),
            operations: Vec::new(),
            absent: network.connections.iter().map(|_| Vec::new()).collect(),
            chain: 0,
        }
    }

    /// Takes the trace of a partition.
    pub fn hear(&mut self, trace: Trace) {
        for (entry, monitor) in trace.probes {
            self.ledger.probe_dropped(entry, monitor);
        }
        trace.thinned.iter().for_each(|thinned| self.ledger.thinned(thinned));
        self.blackouts.hear(trace.losses, trace.arrivals);
    }

    /// Books what is certain by now; returns every loss heard since the last call.
    pub fn settle(&mut self) -> Vec<Loss> {
        self.blackouts.settle(&mut self.ledger)
    }

    /// The share of equal-cost paths, or of links, that lead to the other side, from `now` on.
    pub fn usable(&mut self, now: Time, sold: Sold, direction: usize, share: Share) {
        let at = now.since(self.origin);
        let usable = match sold {
            Sold::Connection(connection) => &mut self.paths[connection][direction],
            Sold::LinkGroup(group) => &mut self.group_paths[group][direction],
        };
        if let Some(last) = usable.last_mut()
            && last.0 == at
        {
            last.1 = share;
        } else if usable.last().is_none_or(|last| last.1 != share) {
            usable.push((at, share));
        }
    }

    /// The eBGP session of a logical link came up.
    pub fn session_came_up(&mut self, now: Time, logical_link: LogicalLinkId) {
        self.session_up[logical_link].push((now, None));
    }

    /// Whether the eBGP session of a logical link is up.
    pub fn session_is_up(&self, logical_link: LogicalLinkId) -> bool {
        self.session_up[logical_link].last().is_some_and(|(_, until)| until.is_none())
    }

    /// The eBGP session of a logical link went down.
    pub fn session_went_down(&mut self, now: Time, logical_link: LogicalLinkId) {
        if let Some(last) = self.session_up[logical_link].last_mut() {
            last.1.get_or_insert(now);
        }
    }

    /// The connection is not there for its customer from now on.
    pub fn out_of_service(&mut self, now: Time, connection: ConnectionId) {
        let absent = &mut self.absent[connection];
        if absent.last().is_none_or(|(_, until)| until.is_some()) {
            absent.push((now.since(self.origin), None));
        }
    }

    /// It is there.
    pub fn in_service(&mut self, now: Time, connection: ConnectionId) {
        if let Some((_, until)) = self.absent[connection].last_mut() {
            until.get_or_insert(now.since(self.origin));
        }
    }

    /// Adds a state change to the fingerprint.
    pub fn chain_event(&mut self, now: Time, what: u64, whom: u64) {
        self.chain = self.chain.wrapping_add(event_hash(now, what, whom));
    }
}
