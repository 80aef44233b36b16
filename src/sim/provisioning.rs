//! Connections are ordered, changed and deleted while the run goes on: what their coordination wants, done.

use crate::control::provisioning::{Action, Call, Coordination, State, Told};
use crate::ids::{ConnectionId, LinkId, LogicalLinkId, SessionId};
use crate::network::{Network, Provisioning};
use crate::sim::event::Event;
use crate::sim::exports::Announce;
use crate::sim::run::Run;

/// Turns a plan into what goes on with it in a run.
pub(in crate::sim) fn coordination(network: &Network, plan: &Provisioning, run: &Run<'_>) -> Coordination {
    let name = &network.connections[plan.connection].name;
    Coordination::new(plan.clone(), run.origin, run.seed.stream(name, "provisioning"))
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
            self.await_coordination(index);
        }
    }

    /// A coordination has something to do.
    pub fn coordination_due(&mut self, index: usize) {
        let mut actions = Vec::new();
        self.coordinations[index].advance(self.now, &mut actions);
        self.coordinate(index, &actions);
        self.await_coordination(index);
    }

    fn await_coordination(&mut self, index: usize) {
        if let Some(at) = self.coordinations[index].next() {
            self.schedule(Event::Coordination(index), at, 0);
        }
    }

    fn coordinate(&mut self, index: usize, actions: &[Action]) {
        let connection = self.network.provisioning[index].connection;
        self.cause = None;
        for action in actions {
            match action {
                Action::Tell(told) => self.tell_of(index, *told),
                Action::SetUp(link) => self.session_turns(connection, *link, Self::set_up),
                Action::Open(link) => self.session_turns(connection, *link, Self::open),
                // Wherever it is carried by now.
                Action::TearDown(_) => {
                    self.sessions_of(connection).into_iter().for_each(|session| self.tear_down(session))
                }
                Action::Bandwidth(purchase) => self.buy(connection, *purchase),
            }
        }
    }

    /// A connection has the bandwidth that was bought.
    pub fn bought(&mut self, connection: ConnectionId) {
        let network = self.network;
        let Some(index) = network.provisioning.iter().position(|plan| plan.connection == connection) else { return };
        let mut actions = Vec::new();
        self.coordinations[index].updated(&mut actions);
        self.coordinate(index, &actions);
    }

    /// The session of a logical link came up or went down.
    pub fn logical_link_turned(&mut self, link: LogicalLinkId) {
        let network = self.network;
        let connection = network.logical_links[link].connection;
        let Some(index) = network.provisioning.iter().position(|plan| plan.connection == connection) else { return };
        let links = network.connections[connection].logical_links.iter();
        let up = links.filter(|link| self.journal.session_is_up(**link)).count();
        let mut actions = Vec::new();
        self.coordinations[index].sessions(self.now, up, &mut actions);
        let cause = self.cause;
        self.coordinate(index, &actions);
        self.cause = cause;
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
        self.tell(plan.connection, step(told), text(network, plan, told));
    }
}

/// The word of the specification.
fn step(told: Told) -> &'static str {
    match told {
        Told::State(state) => state.word(),
        Told::KeyIssued => "activationKey",
        Told::Answered(call) => word(call),
        Told::Conflict(..) | Told::Queued(..) => "409",
        Told::NotFound(_) => "404",
        Told::FeatureFinal(..) => "PROVISIONING_STATE_FINAL",
        Told::Ready(..) => "ready",
        Told::Configured(_) => "configured",
        Told::Verified => "VERIFICATION_STATE_VERIFIED",
        Told::CleanedUp => "clean-up",
    }
}

const fn word(call: Call) -> &'static str {
    match call {
        Call::ConfirmActivationKey => "ConfirmActivationKey",
        Call::CreateConnection => "CreateConnection",
        Call::GenerateFeatureGuidance => "GenerateFeatureGuidance",
        Call::CreateFeature(_) => "CreateFeature",
        Call::NotifyConnectionStatus(_) => "NotifyConnectionStatus",
        Call::UpdateConnection(_) => "UpdateConnection",
        Call::DeleteConnection => "DeleteConnection",
    }
}

/// What happened, in words.
fn text(network: &Network, plan: &Provisioning, told: Told) -> String {
    let providers = network.interconnects[network.connections[plan.connection].interconnect].providers;
    // Side 0 of a coordination is where the connection was created.
    let side = |side: usize| &network.providers[providers[side ^ plan.initiator]].name;
    let (one, other) = (side(0), side(1));
    let link = |link: LinkId| &network.links[link].name;
    match told {
        Told::State(State::Requested) => format!("created at {one} with {}", plan.bandwidth),
        Told::State(State::Failed) => "fewer than three of four features can be negotiated".to_owned(),
        Told::State(State::Down) => "state down: no session of its logical links is up".to_owned(),
        Told::State(state) => format!("state {}", state.word()),
        Told::KeyIssued => format!("{one} gives out an activation key for {}", plan.bandwidth),
        Told::Answered(Call::ConfirmActivationKey) => format!("{other} has the key confirmed by {one}: keyValid"),
        Told::Answered(Call::CreateConnection) => format!("{other} has a connection, and creates its half at {one}"),
        Told::Answered(Call::GenerateFeatureGuidance) => format!("guidance for {} channels", plan.channels.len()),
        Told::Answered(Call::CreateFeature(index)) => {
            format!("{}: PROVISIONING_STATE_PENDING", link(plan.channels[index].link))
        }
        Told::Answered(Call::NotifyConnectionStatus(from)) => {
            format!("{} is verified and has told {}", side(from), side(1 - from))
        }
        Told::Answered(Call::UpdateConnection(purchase)) => format!("{} accepted by both", purchase.rate),
        Told::Answered(Call::DeleteConnection) => format!("deleted at {other} too"),
        Told::Conflict(call, times, wait) => {
            format!("{} answered 409 (conflict {times}), again in {wait}", word(call))
        }
        Told::Queued(purchase, before) => format!("{} ordered, after {before} that wait", purchase.rate),
        Told::NotFound(call) => format!("{} answered 404: there is no connection", word(call)),
        Told::FeatureFinal(channel, finals) => {
            format!("{}: {finals} of {} features are final", link(channel), plan.channels.len())
        }
        Told::Ready(finals, all) => format!("{finals} of {all} features suffice to provision"),
        Told::Configured(at) => format!("{} has set its routers up", side(at)),
        Told::Verified => "verified by both sides".to_owned(),
        Told::CleanedUp => "never finalised, or left on one side only: deleted".to_owned(),
    }
}
