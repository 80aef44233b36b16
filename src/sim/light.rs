//! Light, its debounce, keys, and what follows when one end of a link goes down or comes up.
//!
//! ```text
//! fibre, far router's power -> light -> carrier delay -> + keys -> member is up or down
//!                                      enough members -> end is up or down -> BFD, BGP, interior
//! ```

use crate::control::interior::Usable;
use crate::control::lacp::Lacp;
use crate::control::{bfd, bgp};
use crate::ids::{Id, LinkId, PortId, SessionId};
use crate::message::DropReason;
use crate::network::{LinkKind, Member, Network, Watched};
use crate::rng::RunSeed;
use crate::sim::bundle::MicroSession;
use crate::sim::event::Event;
use crate::sim::keys::Keys;
use crate::sim::run::Run;

/// What one router knows of one member of a link.
#[derive(Debug, Clone)]
pub(in crate::sim) struct MemberEnd {
    light: bool,
    /// Light after debounce.
    pub carrier: bool,
    pub keys: Option<Keys>,
    pub lacp: Option<Lacp>,
    pub micro: Option<MicroSession>,
    /// Carrier and keys: packets may pass.
    pub up: bool,
}

impl MemberEnd {
    /// Up means carrier, and what keys, LACP and micro-BFD say.
    fn should_be_up(&self) -> bool {
        self.carrier
            && self.keys.as_ref().is_none_or(|keys| keys.let_up(self.up))
            && self.lacp.as_ref().is_none_or(Lacp::is_distributing)
            && self.micro.is_none_or(|micro| micro.up)
    }
}

/// What one router knows of one of its links.
#[derive(Debug, Clone)]
pub(in crate::sim) struct LinkEnd {
    pub members: Vec<MemberEnd>,
    /// Enough members are up: packets may pass and protocols run.
    pub up: bool,
    /// BFD sessions that run on the link.
    pub bfd: Vec<usize>,
    /// External BGP sessions on the link.
    pub sessions: Vec<SessionId>,
}

impl LinkEnd {
    /// Both ends of a link, up and with keys in use (unless these differ).
    pub fn pair(network: &Network, link: LinkId, seed: RunSeed) -> [Self; 2] {
        let here = || network.bfd_sessions.iter().enumerate().filter(|(_, session)| session.link == link);
        let bfd = here().filter(|(_, session)| !matches!(session.watched, Watched::Member(_)));
        let bfd: Vec<usize> = bfd.map(|(index, _)| index).collect();
        let sessions: Vec<SessionId> =
            network.sessions.ids().filter(|session| network.external_link(*session) == Some(link)).collect();
        [0, 1].map(|end| {
            let member = |member: &Member| {
                let keys = Keys::new(network, member.ports[end], seed);
                let port = member.ports[end];
                let random = || seed.stream(&network.ports[port].name, "lacp");
                let lacp = network.links[link].lacp.map(|timeout| Lacp::new(port, timeout, random()));
                let watched = Watched::Member(network.ports[port].member);
                let micro = here().find(|(_, session)| session.watched == watched);
                let micro = micro.map(|(session, _)| MicroSession { session, up: true });
                MemberEnd { light: true, carrier: true, keys, lacp, micro, up: true }
            };
            let members = network.links[link].members.iter().map(member).collect();
            Self { members, up: true, bfd: bfd.clone(), sessions: sessions.clone() }
        })
    }
}

/// One end of a member is named by the port that sends there.
impl Run<'_> {
    /// At the beginning of time all light is on and keys are agreed.
    pub fn start_link(&mut self, link: LinkId) {
        self.start_keys(link);
        self.start_bundle(link);
        for end in [0, 1] {
            let first = self.network.links[link].members[0].ports[end];
            if !self.can_agree(first) && !self.link_ends[link][end].bfd.is_empty() && self.is_interior(link) {
                // BFD never comes up on it, so interior routing never uses it.
                self.interior_hears(link, Usable::No);
            }
            for session in self.link_ends[link][end].bfd.clone() {
                self.tell_bfd(session, end, bfd::Input::Start);
            }
        }
    }

    pub fn member_end(&mut self, port: PortId) -> &mut MemberEnd {
        let at = &self.network.ports[port];
        &mut self.link_ends[at.link][at.end].members[at.member]
    }

    /// Light at both ends of every member follows its fibres and the power of the far router. A fibre that is cut one
    /// way darkens both ends: the one that sees no light tells the other (IEEE 802.3 81.3.4, remote fault).
    pub fn update_light(&mut self, link: LinkId) {
        let network = self.network;
        let ends = network.links[link].ends;
        for member in &network.links[link].members {
            for end in [0, 1] {
                let port = member.ports[end];
                let lit = self.dark[member.ports[0]] == 0;
                let light = lit && self.is_powered(ends[1 - end]) && self.is_powered(ends[end]);
                if light != self.member_end(port).light {
                    self.member_end(port).light = light;
                    self.keys_see_light(port, light);
                    if self.is_powered(ends[end]) {
                        self.debounce(port, light);
                    }
                }
            }
        }
    }

    fn debounce(&mut self, port: PortId, light: bool) {
        if light == self.member_end(port).carrier {
            return self.carrier_timers.cancel(port.index());
        }
        let configured = &self.network.links[self.network.ports[port].link];
        let at = self.after(if light { configured.carrier_up } else { configured.carrier_down });
        if let Some(serial) = self.carrier_timers.set(port.index(), at) {
            self.schedule(Event::Carrier(port), at, serial);
        }
    }

    /// The debounce is over: the router believes its light.
    pub fn carrier_settles(&mut self, port: PortId) {
        let fired = self.carrier_timers.fire(port.index(), self.now);
        if self.expired(fired, Event::Carrier(port)) {
            self.blame_link(self.network.ports[port].link);
            let state = self.member_end(port);
            state.carrier = state.light;
            let carrier = state.carrier;
            self.note(port, "carrier");
            self.bundle_sees_carrier(port, carrier);
            self.settle_member(port);
        }
    }

    /// The router of this end lost its power: it forgets everything about the link, and notices nothing.
    pub fn end_loses_power(&mut self, link: LinkId, end: usize) {
        for port in self.ports_from(link, end) {
            self.carrier_timers.cancel(port.index());
            self.bundle_sees_carrier(port, false);
        }
        self.lose_keys(link, end);
        let state = &mut self.link_ends[link][end];
        for member in &mut state.members {
            member.carrier = false;
            member.up = false;
        }
        state.up = false;
        for session in state.bfd.clone() {
            self.tell_bfd(session, end, bfd::Input::PathDown);
        }
        for port in self.ports_towards(link, end) {
            self.on_wire(port, |wire| wire.port.receiver_closed());
        }
    }

    /// A member goes down or comes up at this end, and the link with it when too few or enough members are up.
    pub fn settle_member(&mut self, port: PortId) {
        let at = &self.network.ports[port];
        let (link, end) = (at.link, at.end);
        let state = self.member_end(port);
        let up = state.should_be_up();
        if up == state.up || !self.is_powered(self.network.ports[port].from) {
            return;
        }
        self.wake_link(link);
        self.member_end(port).up = up;
        let was_up = self.link_ends[link][end].up;
        let members = self.link_ends[link][end].members.iter().filter(|member| member.up).count();
        self.link_ends[link][end].up = members >= self.network.links[link].min_links;
        self.choose_among_members(link, end);
        match (was_up, self.link_ends[link][end].up) {
            (true, true) if up => self.open_member(port),
            (true, true) => self.close_member(port),
            (true, false) => self.end_goes_down(link, end),
            (false, true) => self.end_comes_up(link, end),
            (false, false) => {}
        }
    }

    /// Packets are hashed over the members that are up.
    fn choose_among_members(&mut self, link: LinkId, end: usize) {
        let network = self.network;
        let members = &network.links[link].members;
        let up = self.link_ends[link][end].members.iter().zip(members).filter(|(state, _)| state.up);
        let up: Vec<PortId> = up.map(|(_, member)| member.ports[end]).collect();
        self.paths_changed = true;
        if let Some(lag) = &mut self.wire_mut(members[0].ports[end]).lag {
            lag.set_members(up);
        }
    }

    fn open_member(&mut self, port: PortId) {
        self.wire_mut(port).port.open();
        self.on_wire(self.network.opposite(port), |wire| wire.port.receiver_opened());
    }

    fn close_member(&mut self, port: PortId) {
        let now = self.now;
        let (wire, store) = self.wire_and_store(port);
        let flushed = wire.port.close(store, now);
        let blame = self.facts.link_blame[self.network.ports[port].link].entry();
        self.drop_flushed(port, &flushed, DropReason::PortDown, blame);
        self.on_wire(self.network.opposite(port), |wire| wire.port.receiver_closed());
    }

    fn end_goes_down(&mut self, link: LinkId, end: usize) {
        for port in self.ports_from(link, end) {
            self.close_member(port);
        }
        for session in self.link_ends[link][end].bfd.clone() {
            self.tell_bfd(session, end, bfd::Input::PathDown);
        }
        let router = self.network.links[link].ends[end];
        for session in self.link_ends[link][end].sessions.clone() {
            self.tell_processor(router, bgp::Input::TransportDown(session, bgp::Lost::Carrier));
        }
        self.announce_link(link);
    }

    fn end_comes_up(&mut self, link: LinkId, end: usize) {
        for port in self.ports_from(link, end) {
            if self.member_end(port).up {
                self.open_member(port);
            }
        }
        for session in self.link_ends[link][end].bfd.clone() {
            self.tell_bfd(session, end, bfd::Input::PathUp);
        }
        let router = self.network.links[link].ends[end];
        for session in self.link_ends[link][end].sessions.clone() {
            self.tell_processor(router, bgp::Input::TransportUp(session));
        }
        self.announce_link(link);
    }

    /// The router of this end learned something of the link, or of one member, by itself.
    pub fn note(&mut self, port: PortId, how: &'static str) {
        self.paths_changed = true;
        let network = self.network;
        let at = &network.ports[port];
        let link = &network.links[at.link];
        let router = &network.routers[at.from].name;
        self.journal.chain_event(self.now, 100, crate::rng::named_hash(&[&link.name, router]));
        let lit = self.link_ends[at.link][at.end].members.iter().filter(|member| member.light).count();
        let whole = lit == link.members.len() || lit < link.min_links;
        let subject =
            if whole { format!("link {}", link.name) } else { format!("link {} member {}", link.name, at.member) };
        self.notice(at.link, at.from, subject, how);
    }

    /// The port by which a router sends control messages on a link: that of the first member that is up.
    pub fn control_port(&self, link: LinkId, end: usize) -> PortId {
        let up = self.link_ends[link][end].members.iter().position(|member| member.up).unwrap_or(0);
        self.network.links[link].members[up].ports[end]
    }

    /// Interior routing uses a link inside a provider when both ends are up and BFD, if it runs, is too, and it is not
    /// costed out.
    pub fn announce_link(&mut self, link: LinkId) {
        if self.is_interior(link) {
            let ends_up = self.link_ends[link].iter().all(|end| end.up);
            let watched = |session: &&usize| self.network.bfd_sessions[**session].watched == Watched::Link(link);
            let alive = self.link_ends[link][0].bfd.iter().filter(watched).all(|session| self.is_alive(*session));
            let offered = self.facts.costed_out[link].is_empty();
            self.interior_hears(link, if ends_up && alive && offered { Usable::Yes } else { Usable::No });
        }
    }

    pub fn is_interior(&self, link: LinkId) -> bool {
        match self.network.links[link].kind {
            LinkKind::Channel(_) | LinkKind::Peering => false,
            LinkKind::Backbone | LinkKind::Attachment => true,
        }
    }

    /// The ports by which the router of this end sends.
    pub fn ports_from(&self, link: LinkId, end: usize) -> Vec<PortId> {
        self.network.links[link].members.iter().map(|member| member.ports[end]).collect()
    }

    /// The ports by which the router of this end receives.
    pub fn ports_towards(&self, link: LinkId, end: usize) -> Vec<PortId> {
        self.ports_from(link, 1 - end)
    }
}
