//! BFD sessions: packets in, packets out, and what hears of a session that went down or came up.

use crate::control::bfd::{self, Action, Input, TimerKind};
use crate::control::bgp;
use crate::failures::Effect;
use crate::ids::{LinkId, RouterId};
use crate::message::{BfdDiagnostic, BfdPacket, BfdState, Control};
use crate::network::{Impairment, Network, Watched, Wires};
use crate::sim::control_packets::ControlWay;
use crate::sim::event::{BFD_TIMERS, Event};
use crate::sim::failing::RunningStage;
use crate::sim::run::Run;
use crate::units::{Share, Span};

const TIMERS: [TimerKind; BFD_TIMERS] = [TimerKind::Transmit, TimerKind::Detection];

pub(in crate::sim) const fn timer_index(kind: TimerKind) -> usize {
    match kind {
        TimerKind::Transmit => 0,
        TimerKind::Detection => 1,
    }
}

/// The timer of an end of a session.
pub(in crate::sim) const fn bfd_timer(session: usize, end: usize, kind: TimerKind) -> usize {
    (session * 2 + end) * BFD_TIMERS + timer_index(kind)
}

impl Run<'_> {
    pub fn bfd_router(&self, session: usize, end: usize) -> RouterId {
        self.network.links[self.network.bfd_sessions[session].link].ends[end]
    }

    /// A BFD packet reaches the other end of its session.
    pub fn bfd_packet_arrives(&mut self, packet: &BfdPacket) {
        self.tell_bfd(packet.session, 1 - packet.end, Input::Packet(*packet));
    }

    /// A timer entry fires.
    pub fn bfd_timer_fires(&mut self, session: usize, end: usize, kind: usize) {
        let fired = self.bfd_timers.fire((session * 2 + end) * BFD_TIMERS + kind, self.now);
        if self.expired(fired, Event::BfdTimer(session, end, kind)) {
            self.blame_link(self.network.bfd_sessions[session].link);
            let input = match TIMERS[kind] {
                TimerKind::Transmit if self.rests(session, end) => return,
                TimerKind::Transmit => Input::TransmitTimer,
                TimerKind::Detection => Input::DetectionTimer,
            };
            self.tell_bfd(session, end, input);
        }
    }

    /// Gives an endpoint an input and does what it wants; an endpoint without power does nothing.
    pub fn tell_bfd(&mut self, session: usize, end: usize, input: Input) {
        self.wake(session);
        let mut actions = Vec::new();
        self.bfd[session][end].handle(self.now, input, &mut actions);
        let powered = self.is_powered(self.bfd_router(session, end));
        let timer = |kind| bfd_timer(session, end, kind);
        for action in actions {
            match action {
                Action::CancelTimer { kind } => self.bfd_timers.cancel(timer(kind)),
                Action::SetTimer { kind, at } if powered => {
                    let at = at.max(self.after(Span::ZERO));
                    if let Some(serial) = self.bfd_timers.set(timer(kind), at) {
                        self.schedule(Event::BfdTimer(session, end, timer_index(kind)), at, serial);
                    }
                }
                Action::Send(packet) if powered => {
                    let configured = &self.network.bfd_sessions[session];
                    let way = match configured.watched {
                        Watched::Member(member) => {
                            ControlWay::Member(self.network.links[configured.link].members[member].ports[end])
                        }
                        Watched::Link(_) | Watched::Session(_) => {
                            ControlWay::Neighbour(self.control_port(configured.link, end))
                        }
                    };
                    self.send_control(way, Control::Bfd(packet), bfd::PACKET_SIZE);
                }
                Action::StateChanged { from, to, diagnostic } if powered => {
                    self.bfd_changed(session, end, (from, to), diagnostic);
                }
                Action::SetTimer { .. } | Action::Send(_) | Action::StateChanged { .. } => {}
            }
        }
    }

    /// Whether neither end of a session has lost its peer.
    pub fn is_alive(&self, session: usize) -> bool {
        self.bfd[session].iter().all(|endpoint| endpoint.state() == BfdState::Up)
    }

    /// Whether frames could pass both ways all the time in which this end missed its peer.
    fn is_false_detection(&self, session: usize, end: usize) -> bool {
        let network = self.network;
        let configured = &network.bfd_sessions[session];
        let (own, peer) = (configured.ends[end], configured.ends[1 - end]);
        let silence = own.receive.max(peer.transmit).times(u64::from(peer.multiplier));
        let ports = match configured.watched {
            Watched::Member(member) => network.links[configured.link].members[member].ports,
            Watched::Link(_) | Watched::Session(_) => [0, 1].map(|end| self.control_port(configured.link, end)),
        };
        let member = network.ports[ports[0]].member;
        let now = self.now.since(self.origin);
        let since = now.saturating_sub(silence);
        let has_cut = |running: &RunningStage| {
            let lasts = network.failures[running.failure].when.lasts_within(since, now);
            lasts && cuts(network, running.stage.effect, configured.link, member)
        };
        let carries = |end: usize| self.carries(ports[end]);
        [0, 1].into_iter().all(carries) && !self.stages.iter().any(has_cut)
    }

    fn bfd_changed(&mut self, session: usize, end: usize, change: (BfdState, BfdState), diagnostic: BfdDiagnostic) {
        let network = self.network;
        let configured = &network.bfd_sessions[session];
        let router = self.bfd_router(session, end);
        let lost = change.0 == BfdState::Up;
        if !lost && change.1 != BfdState::Up {
            return;
        }
        let name = &network.routers[router].name;
        let what = if lost { 101 } else { 102 };
        self.journal.chain_event(self.now, what, crate::rng::named_hash(&[&configured.name, name]));
        if lost && diagnostic == BfdDiagnostic::DetectionTimeExpired && self.now >= self.origin {
            self.routing.bfd_detections += 1;
            self.routing.false_detections += u64::from(self.is_false_detection(session, end));
        }
        let how = match (lost, diagnostic) {
            (false, _) => Some("bfd"),
            (true, BfdDiagnostic::DetectionTimeExpired) => Some("bfd"),
            (true, BfdDiagnostic::NeighbourSignalledDown) => Some("bfd-signalled"),
            // Light told the router before.
            (true, BfdDiagnostic::PathDown | BfdDiagnostic::None) => None,
        };
        if let Some(how) = how {
            let subject = configured.name.replacen("bfd:", "session ", 1);
            self.notice(configured.link, router, subject, how);
        }
        match configured.watched {
            // Until both ends have heard each other nothing is said: a link that comes up is not a link that went down.
            Watched::Link(link) if lost || self.is_alive(session) => self.announce_link(link),
            Watched::Link(_) => {}
            Watched::Member(_) => self.micro_session_changed(session, end, !lost),
            Watched::Session(watched) => {
                let peer = self.bfd[session][end].peer_control_plane();
                let session = watched;
                // Loss of light has its own way down; the session comes back with BFD or with light.
                let input = match (lost, diagnostic) {
                    (true, BfdDiagnostic::PathDown) => None,
                    (
                        true,
                        BfdDiagnostic::None
                        | BfdDiagnostic::DetectionTimeExpired
                        | BfdDiagnostic::NeighbourSignalledDown,
                    ) => Some(bgp::Input::TransportDown(session, bgp::Lost::BfdDown(peer))),
                    (false, _) => Some(bgp::Input::TransportUp(session)),
                };
                if let Some(input) = input {
                    self.tell_processor(router, input);
                }
            }
        }
    }
}

/// Whether an effect lets nothing through between the ends of a member of a link, one way at least, or stops one of
/// them.
fn cuts(network: &Network, effect: Effect, link: LinkId, member: usize) -> bool {
    let hits = |wires: Wires| wires.link == link && wires.members.include(member);
    let ends = network.links[link].ends;
    match effect {
        // The session rides the first member, and another one when the router knows that to be dark.
        // Without a key both ends of a member close it.
        Effect::Dark(wires, _)
        | Effect::Silent(wires)
        | Effect::AdminDown(wires)
        | Effect::MkpduLoss(wires)
        | Effect::WrongKey(wires, _) => hits(wires),
        Effect::Impaired(wires, Impairment::Loss(law)) => hits(wires) && law.mean() == Share::ONE,
        Effect::PowerLoss(router) | Effect::CpuHang(router) => ends.contains(&router),
        Effect::FeedLoss(feed) => ends.iter().any(|end| network.routers[*end].feeds.contains(&feed)),
        Effect::NoBgp(_)
        | Effect::CostedOut(_)
        | Effect::SegmentsRefused(_)
        | Effect::Drained(_)
        | Effect::Exports(_)
        | Effect::SessionDown(..)
        | Effect::HostsDown(_)
        | Effect::Impaired(
            _,
            Impairment::BitErrors(_)
            | Impairment::BlackHole
            | Impairment::Corruption { .. }
            | Impairment::Duplication { .. }
            | Impairment::Jitter { .. }
            | Impairment::Propagation(_),
        ) => false,
    }
}
