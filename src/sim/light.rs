//! Light, its debounce, keys, and what follows when one end of a link goes down or comes up.
//!
//! ```text
//! fibre, far router's power -> light -> carrier delay -> + keys -> end is up or down -> BFD, BGP, interior
//! ```

use crate::control::interior::Usable;
use crate::control::mka::{Action as KeyAction, Input as KeyInput, KeyAgreement, State as KeyState};
use crate::control::{bfd, bgp};
use crate::dataplane::SecureTransmitter;
use crate::ids::{Id, LinkId, PortId, SessionId};
use crate::message::DropReason;
use crate::network::{LinkKind, Network, SessionKind, Watched};
use crate::sim::control_packets::first_port;
use crate::sim::event::Event;
use crate::sim::run::Run;
use crate::units::{Span, Time};

/// What one router knows of one of its links.
#[derive(Debug, Clone)]
pub(in crate::sim) struct LinkEnd {
    light: bool,
    /// Light after debounce.
    carrier: bool,
    keys: Option<KeyAgreement>,
    /// Carrier and keys: packets may pass and protocols run.
    pub up: bool,
    /// BFD sessions that run on the link.
    bfd: Vec<usize>,
    /// External BGP sessions on the link.
    pub sessions: Vec<SessionId>,
}

impl LinkEnd {
    /// Both ends of a link, up and with keys in use (unless these differ).
    pub fn pair(network: &Network, link: LinkId) -> [Self; 2] {
        let runs_here =
            |(index, session): (usize, &crate::network::BfdSession)| (session.link == link).then_some(index);
        let bfd: Vec<usize> = network.bfd_sessions.iter().enumerate().filter_map(runs_here).collect();
        let on_link = |(id, session): (SessionId, &crate::network::Session)| match session.kind {
            SessionKind::External(logical) => (network.logical_links[logical].channel == link).then_some(id),
            SessionKind::Internal(_) => None,
        };
        let sessions: Vec<SessionId> = network.sessions.enumerate().filter_map(on_link).collect();
        [0, 1].map(|end| {
            let port = network.links[link].members[0].ports[end];
            let keys = network.ports[port].macsec.as_ref().map(KeyAgreement::new);
            Self { light: true, carrier: true, keys, up: true, bfd: bfd.clone(), sessions: sessions.clone() }
        })
    }

    /// Up means carrier, and keys where keys can ever be agreed: a link whose keys differ stays up and drops all.
    fn is_up(&self, before: bool) -> bool {
        let keyed = match self.keys.as_ref().map(KeyAgreement::state) {
            None | Some(KeyState::Secured | KeyState::Failed) => true,
            // Keys are agreed before the link comes up; one that is up goes down by its carrier only.
            Some(KeyState::Dark | KeyState::Agreeing(_) | KeyState::Retained(_)) => before,
        };
        self.carrier && keyed
    }
}

impl Run<'_> {
    /// At the beginning of time all light is on and keys are agreed.
    pub fn start_link(&mut self, link: LinkId) {
        for end in [0, 1] {
            self.tell_keys(link, end, KeyInput::LightUp);
            self.tell_keys(link, end, KeyInput::Timer);
            if matches!(self.link_ends[link][end].keys.as_ref().map(KeyAgreement::state), Some(KeyState::Failed)) {
                self.on_secured_ports(link, end, SecureTransmitter::unsecure);
                if !self.link_ends[link][end].bfd.is_empty() && self.is_interior(link) {
                    // BFD never comes up on it, so interior routing never uses it.
                    self.interior_hears(link, Usable::No);
                }
            }
            for session in self.link_ends[link][end].bfd.clone() {
                self.tell_bfd(session, end, bfd::Input::Start);
            }
        }
    }

    /// Light at both ends follows the fibre and the power of the far router.
    pub fn update_light(&mut self, link: LinkId) {
        let ends = self.network.links[link].ends;
        for end in [0, 1] {
            let light = self.dark[link] == 0 && self.is_powered(ends[1 - end]) && self.is_powered(ends[end]);
            if light != self.link_ends[link][end].light {
                self.link_ends[link][end].light = light;
                self.tell_keys(link, end, if light { KeyInput::LightUp } else { KeyInput::LightDown });
                if self.is_powered(ends[end]) {
                    self.debounce(link, end, light);
                }
            }
        }
    }

    fn debounce(&mut self, link: LinkId, end: usize, light: bool) {
        let timer = link.index() * 2 + end;
        if light == self.link_ends[link][end].carrier {
            return self.carrier_timers.cancel(timer);
        }
        let configured = &self.network.links[link];
        let at = self.after(if light { configured.carrier_up } else { configured.carrier_down });
        if let Some(serial) = self.carrier_timers.set(timer, at) {
            self.schedule(Event::Carrier(link, end), at, serial);
        }
    }

    /// The debounce is over: the router believes its light.
    pub fn carrier_settles(&mut self, link: LinkId, end: usize) {
        let fired = self.carrier_timers.fire(link.index() * 2 + end, self.now);
        if self.expired(fired, Event::Carrier(link, end)) {
            self.cause = self.facts.link_blame[link].entry();
            self.link_ends[link][end].carrier = self.link_ends[link][end].light;
            self.note(link, end, "carrier");
            self.settle_end(link, end);
        }
    }

    /// The router of this end lost its power: it forgets everything about the link, and notices nothing.
    pub fn end_loses_power(&mut self, link: LinkId, end: usize) {
        self.carrier_timers.cancel(link.index() * 2 + end);
        self.lose_keys(link);
        let state = &mut self.link_ends[link][end];
        state.carrier = false;
        state.up = false;
        for session in state.bfd.clone() {
            self.tell_bfd(session, end, bfd::Input::PathDown);
        }
        for port in self.ports_towards(link, end) {
            self.on_wire(port, |wire| wire.port.receiver_closed());
        }
    }

    /// The keys' timer of this end fires.
    pub fn key_timer_fires(&mut self, link: LinkId, end: usize) {
        let fired = self.key_timers.fire(link.index() * 2 + end, self.now);
        if self.expired(fired, Event::KeyAgreement(link, end)) {
            self.cause = self.facts.link_blame[link].entry();
            self.tell_keys(link, end, KeyInput::Timer);
        }
    }

    fn tell_keys(&mut self, link: LinkId, end: usize, input: KeyInput) {
        let mut actions = Vec::new();
        let Some(keys) = &mut self.link_ends[link][end].keys else { return };
        let before = keys.state();
        keys.handle(self.now, input, &mut actions);
        let timer = link.index() * 2 + end;
        for action in actions {
            match action {
                KeyAction::SetTimer { at } => {
                    let at = at.max(self.after(Span::ZERO));
                    if let Some(serial) = self.key_timers.set(timer, at) {
                        self.schedule(Event::KeyAgreement(link, end), at, serial);
                    }
                }
                KeyAction::CancelTimer => self.key_timers.cancel(timer),
                KeyAction::Secured if matches!(before, KeyState::Retained(_)) => {
                    self.on_secured_ports(link, end, SecureTransmitter::secure);
                    self.settle_end(link, end);
                }
                KeyAction::Secured => {
                    // At the beginning of time the configured first packet number holds.
                    let begin = self.now == Time::ZERO;
                    let open = if begin { SecureTransmitter::secure } else { SecureTransmitter::rekey };
                    self.on_secured_ports(link, end, open);
                    if !begin {
                        self.note(link, end, "keys");
                    }
                    self.settle_end(link, end);
                }
                KeyAction::Unsecured => {
                    self.on_secured_ports(link, end, SecureTransmitter::unsecure);
                    self.settle_end(link, end);
                }
            }
        }
    }

    /// Keys do not survive a loss of power: both ends agree anew when light is back.
    fn lose_keys(&mut self, link: LinkId) {
        for end in [0, 1] {
            self.key_timers.cancel(link.index() * 2 + end);
            let port = first_port(self.network, link, end);
            self.link_ends[link][end].keys = self.network.ports[port].macsec.as_ref().map(KeyAgreement::new);
        }
    }

    fn on_secured_ports(&mut self, link: LinkId, end: usize, change: fn(&mut SecureTransmitter)) {
        self.paths_changed = true;
        for port in self.ports_from(link, end) {
            self.used_up[port] = false;
            let wire = self.wire_mut(port);
            wire.used_up = false;
            if let Some(secure) = wire.port.secure_mut() {
                change(secure);
            }
        }
    }

    fn settle_end(&mut self, link: LinkId, end: usize) {
        let state = &self.link_ends[link][end];
        let up = state.is_up(state.up);
        if up != state.up && self.is_powered(self.network.links[link].ends[end]) {
            self.link_ends[link][end].up = up;
            if up { self.end_comes_up(link, end) } else { self.end_goes_down(link, end) }
        }
    }

    fn end_goes_down(&mut self, link: LinkId, end: usize) {
        for port in self.ports_from(link, end) {
            let now = self.now;
            let flushed = self.wire_mut(port).port.close(now);
            let blame = self.facts.link_blame[link].entry();
            self.drop_flushed(port, &flushed, DropReason::PortDown, blame);
        }
        for port in self.ports_towards(link, end) {
            self.on_wire(port, |wire| wire.port.receiver_closed());
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
            self.wire_mut(port).port.open();
        }
        for port in self.ports_towards(link, end) {
            self.on_wire(port, |wire| wire.port.receiver_opened());
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

    /// The router of this end learned something of the link by itself.
    fn note(&mut self, link: LinkId, end: usize, how: &'static str) {
        self.paths_changed = true;
        let network = self.network;
        let (name, router) = (&network.links[link].name, &network.routers[network.links[link].ends[end]].name);
        self.journal.chain_event(self.now, 100, crate::rng::named_hash(&[name, router]));
        self.journal.ledger.notice(self.facts.link_blame[link].entry(), self.now, router, format!("link {name}"), how);
    }

    /// Interior routing uses a link inside a provider when both ends are up and BFD, if it runs, is too.
    pub fn announce_link(&mut self, link: LinkId) {
        if self.is_interior(link) {
            let ends_up = self.link_ends[link].iter().all(|end| end.up);
            let watched = |session: &&usize| self.network.bfd_sessions[**session].watched == Watched::Link(link);
            let alive = self.link_ends[link][0].bfd.iter().filter(watched).all(|session| self.is_alive(*session));
            self.interior_hears(link, if ends_up && alive { Usable::Yes } else { Usable::No });
        }
    }

    fn is_interior(&self, link: LinkId) -> bool {
        match self.network.links[link].kind {
            LinkKind::Channel(_) => false,
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
