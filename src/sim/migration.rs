//! A connection moves to another interconnect: the new logical links come up, traffic moves, the old ones go.

use crate::control::provisioning::{Migration, Move, NewSessions};
use crate::ids::{ConnectionId, InterconnectId, SessionId};
use crate::network::{Purchase, Way};
use crate::sim::event::Event;
use crate::sim::exports::Announce;
use crate::sim::record::OperationRecord;
use crate::sim::run::Run;

/// A migration under way.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Moving {
    purchase: Purchase,
    migration: Migration,
}

impl Run<'_> {
    /// A scripted change of bandwidth. What comes during a migration waits for its turn: what was ordered last is what
    /// the connection has in the end.
    pub fn bandwidth_change_happens(&mut self, connection: ConnectionId, purchase: Purchase) {
        if self.moving[connection].is_some() {
            self.tell(connection, "409", format!("{} waits for a migration to end", purchase.rate));
        }
        self.orders[connection].push_back(purchase);
        self.next_orders(connection);
    }

    /// Takes orders in their turn until one of them migrates or none is left.
    fn next_orders(&mut self, connection: ConnectionId) {
        while self.moving[connection].is_none() {
            let Some(purchase) = self.orders[connection].pop_front() else { return };
            self.buy(connection, purchase);
        }
    }

    /// Another bandwidth, where the connection is or elsewhere.
    pub fn buy(&mut self, connection: ConnectionId, purchase: Purchase) {
        let way = match purchase.way {
            Way::Migrates { to, .. } if !self.agree_elsewhere(connection, to) => Way::InPlace,
            way @ (Way::InPlace | Way::Migrates { .. }) => way,
        };
        match way {
            Way::InPlace => {
                self.limit_links(connection, self.homes[connection], purchase.rate);
                self.limit_edges(connection, purchase.rate);
                let name = &self.network.interconnects[self.homes[connection]].name;
                self.tell(connection, "updated", format!("{} on {name}", purchase.rate));
                self.bought(connection);
            }
            Way::Migrates { from, to } => {
                let names = [from, to].map(|id| &self.network.interconnects[id].name);
                let text = format!("{} does not fit {}: migrates to {}", purchase.rate, names[0], names[1]);
                self.tell(connection, "migrates", text);
                self.limit_links(connection, to, purchase.rate);
                for session in self.sessions_on(connection, to) {
                    if self.has_feature(connection, session) {
                        self.set_up(session);
                        self.open(session);
                    }
                }
                self.moving[connection] = Some(Moving { purchase, migration: Migration::Joining });
                self.migration_due(connection);
            }
        }
    }

    /// A migration is looked at.
    pub fn migration_due(&mut self, connection: ConnectionId) {
        let Some(Moving { purchase, mut migration }) = self.moving[connection] else { return };
        let Way::Migrates { from, to } = purchase.way else { return };
        self.cause = None;
        let channels = &self.network.interconnects[to].channels;
        let links = self.network.connections[connection].logical_links.iter();
        let agreed = |channel| self.features.contains_key(&(connection, channel));
        let is_new = |channel| channels.contains(&channel) && agreed(channel);
        let mut new = links.filter(|link| is_new(self.network.logical_links[**link].channel));
        let up = new.all(|link| self.journal.session_is_up(*link));
        let next = migration.look(self.now, if up { NewSessions::Up } else { NewSessions::Awaited });
        self.moving[connection] = Some(Moving { purchase, migration });
        match next {
            Move::Wait(at) => self.schedule(Event::Migration(connection), at, 0),
            Move::Deprefer(at) => {
                self.tell(connection, "de-preferred", "the new links are up, the old routes worse".to_owned());
                self.sessions_on(connection, from)
                    .into_iter()
                    .for_each(|session| self.announce_on(session, Announce::GracefulShutdown));
                self.schedule(Event::Migration(connection), at, 0);
            }
            Move::Leave => {
                self.settling.world_changed();
                self.sessions_on(connection, from).into_iter().for_each(|session| self.tear_down(session));
                self.release_features(connection, from);
                self.moving[connection] = None;
                self.homes[connection] = to;
                self.limit_edges(connection, purchase.rate);
                let name = &self.network.interconnects[to].name;
                self.tell(connection, "migrated", format!("{} on {name}, the old links are gone", purchase.rate));
                self.bought(connection);
                self.next_orders(connection);
            }
        }
    }

    /// The sessions of a connection on an interconnect.
    pub fn sessions_on(&self, connection: ConnectionId, interconnect: InterconnectId) -> Vec<SessionId> {
        let logical_links = self.network.connections[connection].logical_links.iter();
        let logical_links = logical_links.map(|id| &self.network.logical_links[*id]);
        let channels = &self.network.interconnects[interconnect].channels;
        logical_links.filter(|logical| channels.contains(&logical.channel)).map(|logical| logical.session).collect()
    }

    /// A step of a connection in the ledger.
    pub fn tell(&mut self, connection: ConnectionId, step: &'static str, text: String) {
        let component = format!("connection {}", self.network.connections[connection].name);
        self.journal.operations.push(OperationRecord { at: self.now.since(self.origin), component, step, text });
    }
}
