//! Connections are ordered, changed and deleted while the run goes on: what their coordination wants, done.

mod features;
mod words;

use crate::control::provisioning::{Action, Coordination, Told};
use crate::ids::{ConnectionId, LinkId, LogicalLinkId, SessionId};
use crate::network::{Network, Provisioning};
use crate::sim::event::Event;
use crate::sim::exports::Announce;
use crate::sim::run::Run;
use crate::units::Time;
use words::{step, text};

/// Turns a plan into what goes on with it in a run.
pub(in crate::sim) fn coordination(network: &Network, plan: &Provisioning, run: &Run<'_>) -> Coordination {
    let name = &network.connections[plan.connection].name;
    Coordination::new(plan.clone(), run.origin, run.seed.stream(name, "provisioning"))
}

/// When the world looks at a coordination next.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::sim) struct Awaited {
    at: Option<Time>,
    serial: u32,
}

impl Run<'_> {
    /// What does not exist yet has no session; the first orders are scheduled.
    pub fn start_provisioning(&mut self) {
        let network = self.network;
        for (id, connection) in network.connections.enumerate() {
            let home = self.sessions_on(id, connection.interconnect);
            let elsewhere = self.sessions_of(id).into_iter().filter(|session| !home.contains(session));
            elsewhere.collect::<Vec<_>>().into_iter().for_each(|session| self.tear_down(session));
        }
        for (index, plan) in network.provisioning.iter().enumerate() {
            let coordination = coordination(network, plan, self);
            if !coordination.state().is_in_service() {
                self.sessions_of(plan.connection).into_iter().for_each(|session| self.tear_down(session));
                self.journal.out_of_service(self.origin, plan.connection);
            }
            self.coordinations.push(coordination);
            self.awaited.push(Awaited::default());
            self.await_coordination(index);
        }
        self.start_features();
    }

    /// A coordination has something to do.
    pub fn coordination_due(&mut self, index: usize) {
        let awaited = &mut self.awaited[index].at;
        *awaited = awaited.filter(|at| *at > self.now);
        let mut actions = Vec::new();
        self.coordinations[index].advance(self.now, &mut actions);
        self.coordinate(index, &actions);
        self.await_coordination(index);
    }

    fn await_coordination(&mut self, index: usize) {
        let Awaited { at: awaited, serial } = self.awaited[index];
        let next = self.coordinations[index].next();
        if let Some(at) = next.filter(|at| awaited.is_none_or(|before| *at < before)) {
            self.awaited[index] = Awaited { at: Some(at), serial: serial + 1 };
            self.schedule(Event::Coordination(index), at, serial);
        }
    }

    fn coordinate(&mut self, index: usize, actions: &[Action]) {
        let connection = self.network.provisioning[index].connection;
        self.cause = None;
        for action in actions {
            match action {
                Action::Tell(told) => self.tell_of(index, *told),
                Action::Negotiate(at) => self.negotiate_feature(index, *at),
                Action::Release => {
                    self.features.retain(|(holder, _), _| *holder != connection);
                    // Deleted on its way to another interconnect, it arrives nowhere.
                    self.moving[connection] = None;
                }
                Action::SetUp(link) => {
                    self.give_mtu(connection, *link);
                    self.session_turns(connection, *link, Self::set_up);
                }
                Action::Open(link) => self.session_turns(connection, *link, Self::open),
                // Wherever it is carried by now.
                Action::TearDown(_) => {
                    self.sessions_of(connection).into_iter().for_each(|session| self.tear_down(session))
                }
                // Deleted at the same instant, it is not changed any more.
                Action::Bandwidth(_) if !self.coordinations[index].state().is_in_service() => {}
                Action::Bandwidth(purchase) => self.buy(connection, *purchase),
            }
        }
    }

    /// A connection has the bandwidth that was bought.
    pub fn bought(&mut self, connection: ConnectionId) {
        let network = self.network;
        let Some(index) = network.provisioning.iter().position(|plan| plan.connection == connection) else { return };
        let channels = network.interconnects[self.homes[connection]].channels.iter().copied();
        let agreed: Vec<LinkId> = channels.filter(|link| self.features.contains_key(&(connection, *link))).collect();
        let up = self.channels_with_sessions(connection);
        let mut actions = Vec::new();
        self.coordinations[index].updated(self.now, &agreed, &up, &mut actions);
        self.coordinate(index, &actions);
        self.await_coordination(index);
    }

    /// The session of a logical link came up or went down.
    pub fn logical_link_turned(&mut self, link: LogicalLinkId) {
        let network = self.network;
        let connection = network.logical_links[link].connection;
        let Some(index) = network.provisioning.iter().position(|plan| plan.connection == connection) else { return };
        let up = self.channels_with_sessions(connection);
        let mut actions = Vec::new();
        self.coordinations[index].sessions(self.now, &up, &mut actions);
        let cause = self.cause;
        self.coordinate(index, &actions);
        self.await_coordination(index);
        self.cause = cause;
    }

    /// The channels on which a connection has a session that is up.
    fn channels_with_sessions(&self, connection: ConnectionId) -> Vec<LinkId> {
        let links = self.network.connections[connection].logical_links.iter();
        let up = links.filter(|link| self.journal.session_is_up(**link));
        up.map(|link| self.network.logical_links[*link].channel).collect()
    }

    fn session_turns(&mut self, connection: ConnectionId, link: LinkId, turn: fn(&mut Self, SessionId)) {
        self.settling.world_changed();
        let sessions = self.sessions_of(connection).into_iter();
        let on_link = sessions.filter(|session| self.network.external_link(*session) == Some(link));
        on_link.collect::<Vec<_>>().into_iter().for_each(|session| turn(self, session));
    }

    /// The sessions of a connection.
    fn sessions_of(&self, connection: ConnectionId) -> Vec<SessionId> {
        let logical_links = self.network.connections[connection].logical_links.iter();
        logical_links.map(|id| self.network.logical_links[*id].session).collect()
    }

    /// Neither end has the session configured.
    pub fn tear_down(&mut self, session: SessionId) {
        if !std::mem::replace(&mut self.set_up[session], false) {
            return;
        }
        let network = self.network;
        network.sessions[session].ends.iter().for_each(|end| self.hold_session(end.router, session));
    }

    /// Both ends have it configured, and tell each other no route before it is open.
    pub fn set_up(&mut self, session: SessionId) {
        if std::mem::replace(&mut self.set_up[session], true) {
            return;
        }
        self.announce_on(session, Announce::Nothing);
        let network = self.network;
        network.sessions[session].ends.iter().for_each(|end| self.release_session(end.router, session));
    }

    /// Both ends tell each other what they have.
    pub fn open(&mut self, session: SessionId) {
        self.announce_on(session, Announce::Routes);
    }

    /// A line for the ledger, and what follows from a new state.
    fn tell_of(&mut self, index: usize, told: Told) {
        let network = self.network;
        let plan = &network.provisioning[index];
        if let Told::State(state) = told {
            self.paths_changed = true;
            self.journal.chain_event(self.now, 130, state as u64);
            if state.is_in_service() {
                self.journal.in_service(self.now, plan.connection);
            } else {
                self.journal.out_of_service(self.now, plan.connection);
            }
        }
        self.tell(plan.connection, step(told), text(self, index, told));
    }
}
