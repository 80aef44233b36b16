//! BGP sessions that rest: established, with nothing to say but that they are there, over ways on which all arrives.
//!
//! Anything that happens to the fabric, or that a speaker is told, wakes all of them: they use many wires.

use crate::control::bgp::{Input, Quiet, Saying, TimerKind, Way, Word};
use crate::dataplane::Lookup;
use crate::ids::{Id, LinkId, PortId, RouterId, SessionId};
use crate::message::{Control, Packet, PacketKind};
use crate::sim::control_packets::{CONTROL_TTL, neighbour_packet};
use crate::sim::event::{BGP_TIMERS, Event};
use crate::sim::recorder::Cause;
use crate::sim::run::Run;
use crate::units::{Bytes, Span, Time};

/// A session that rests.
#[derive(Debug, Clone)]
pub(in crate::sim) struct RestingSession {
    quiet: Quiet,
    /// The ports on the way from each end to the other.
    ways: [Vec<PortId>; 2],
}

fn timer(session: SessionId, end: usize, kind: TimerKind) -> usize {
    let kind = TimerKind::ALL.iter().position(|known| *known == kind).expect("all kinds are listed");
    (session.index() * 2 + end) * BGP_TIMERS + kind
}

impl Run<'_> {
    /// The keepalive timer of an end has run out: true when the session rests from now on.
    pub fn session_rests(&mut self, session: SessionId, end: usize) -> bool {
        if !self.may_rest() || self.now < self.origin {
            return false;
        }
        let Some(resting) = self.quiet_session(session, end) else { return false };
        for end in [0, 1] {
            for kind in [TimerKind::Keepalive, TimerKind::Hold] {
                self.bgp_timers.cancel(timer(session, end, kind));
            }
        }
        self.resting_sessions.insert(session, resting);
        true
    }

    fn quiet_session(&self, session: SessionId, end: usize) -> Option<RestingSession> {
        let routers = [0, 1].map(|end| self.network.sessions[session].ends[end].router);
        if self.refused[session] > 0 || !routers.into_iter().all(|router| self.listens(router)) {
            return None;
        }
        let deadline = |end, kind| self.bgp_timers.deadline(timer(session, end, kind));
        let is_periodic = |kind: &TimerKind| matches!(kind, TimerKind::Keepalive | TimerKind::Hold);
        let mut others = TimerKind::ALL.into_iter().filter(|kind| !is_periodic(kind));
        if others.any(|kind| (0..2).any(|end| deadline(end, kind).is_some())) {
            return None;
        }
        let keepalive = |of: usize| if of == end { Some(self.now) } else { deadline(of, TimerKind::Keepalive) };
        let timers = |end: usize| Some([keepalive(end)?, deadline(end, TimerKind::Hold)?]);
        let timers = [timers(0)?, timers(1)?];
        let ways = [self.way(session, 0)?, self.way(session, 1)?];
        let speakers = routers.map(|router| &self.speakers[router]);
        let took = [0, 1].map(|end| {
            let [keepalive, acknowledgement] =
                speakers[end].quiet_sizes(session).map(|size| self.until_handled(&ways[end], routers[1 - end], size));
            Way { keepalive, acknowledgement }
        });
        let quiet = Quiet::new(session, speakers, timers, took)?;
        Some(RestingSession { quiet, ways })
    }

    /// Whether a router handles segments after its processing delay, with nothing before them.
    fn listens(&self, router: RouterId) -> bool {
        self.is_powered(router)
            && self.without_bgp[router] == 0
            && !self.cpus.hangs(router)
            && self.processors[router].is_empty()
            && self.network.routers[router].control.processing_per_message == Span::ZERO
    }

    /// The ports on the way from an end of a session to the other; none where something may be lost on it.
    fn way(&self, session: SessionId, end: usize) -> Option<Vec<PortId>> {
        let [from, to] = [end, 1 - end].map(|end| self.network.sessions[session].ends[end].router);
        let ways = match self.network.external_link(session) {
            Some(link) => vec![self.control_port(link, self.network.end_of(link, from))],
            None => self.routed_way(from, to)?,
        };
        ways.iter().all(|port| self.is_passable(*port)).then_some(ways)
    }

    fn routed_way(&self, from: RouterId, to: RouterId) -> Option<Vec<PortId>> {
        let packet = Packet { destination: self.network.routers[to].loopback, ..neighbour_packet(Bytes(0)) };
        let packet = Packet { kind: PacketKind::ControlRouted, ..packet };
        let mut ports = Vec::new();
        let mut router = from;
        while router != to {
            let index = self.layout.of(router).0;
            let Lookup::Via(hop) = self.partitions[index].next_hop(router, &packet) else { return None };
            ports.push(hop.port);
            if ports.len() >= usize::from(CONTROL_TTL) {
                return None;
            }
            router = self.network.ports[hop.port].to;
        }
        Some(ports)
    }

    fn until_handled(&self, ways: &[PortId], to: RouterId, size: Bytes) -> Span {
        let packet = neighbour_packet(size);
        let travel = ways.iter().fold(Span::ZERO, |sum, port| sum + self.wire(*port).port.unloaded(&packet));
        travel + self.network.routers[to].control.processing.max(Span::from_ps(1))
    }

    /// What rests goes on packet by packet, before something happens.
    pub fn wake_for(&mut self, event: Event) {
        match event {
            // They may reach anything.
            Event::FailureBegins(_)
            | Event::FailureEnds(_)
            | Event::StageBegins(_)
            | Event::StageEnds(_)
            | Event::Change(_)
            | Event::Coordination(_)
            | Event::Migration(_) => self.wake_all(),
            Event::Carrier(_) | Event::Interior(_) | Event::Install(_) | Event::Decide(_) => self.wake_routing(),
            // What they tell speakers, or do to a wire, wakes.
            Event::SecondBegins
            | Event::Rates
            | Event::Fidelity
            | Event::KeyAgreement(_)
            | Event::Lacp(_)
            | Event::Process(_)
            | Event::BgpTimer(..)
            | Event::BfdTimer(..)
            | Event::Control(_)
            | Event::Wire(_)
            | Event::Late(_)
            | Event::Source(_)
            | Event::Release(_)
            | Event::FlowTimer(_) => {}
        }
    }

    /// All sessions go on segment by segment, before a speaker is told something new.
    pub fn wake_before(&mut self, input: &Input) {
        if !input.only_repeats() {
            self.wake_routing();
        }
    }

    /// All sessions go on segment by segment, as if they had never rested.
    pub(super) fn wake_routing(&mut self) {
        for (session, resting) in std::mem::take(&mut self.resting_sessions) {
            self.wake_session(session, resting);
        }
    }

    fn wake_session(&mut self, session: SessionId, resting: RestingSession) {
        let RestingSession { mut quiet, ways } = resting;
        let routers = [0, 1].map(|end| self.network.sessions[session].ends[end].router);
        let speakers = &mut self.speakers;
        quiet.advance(self.now, |end| speakers[routers[end]].keepalive_pause(session));
        for end in [0, 1] {
            let resumed = quiet.resume(session, end, &mut self.speakers[routers[end]]);
            let timers = [
                (TimerKind::Keepalive, Some(resumed.keepalive)),
                (TimerKind::Hold, Some(resumed.hold)),
                (TimerKind::Retransmit, resumed.retransmit),
            ];
            for (kind, at) in timers {
                at.into_iter().for_each(|at| self.arm_session(session, end, kind, at));
            }
            let sizes = self.speakers[routers[end]].quiet_sizes(session);
            let [keepalives, acknowledgements] = quiet.handled(end);
            self.routing.messages.keepalive += keepalives;
            for (count, size) in [(keepalives, sizes[0]), (acknowledgements, sizes[1])] {
                ways[end].iter().for_each(|port| self.count_passed(*port, size, count, count));
            }
            let all = keepalives + acknowledgements;
            self.partitions[self.layout.of(routers[end]).0].recorder.control_went_by(all, 0);
            self.partitions[self.layout.of(routers[1 - end]).0].recorder.control_went_by(0, all);
        }
        for saying in quiet.under_way() {
            self.put_segment_under_way(session, &ways[saying.from], saying);
        }
    }

    /// A segment is on one of the wires on its way, or waits for the processor that it is for.
    fn put_segment_under_way(&mut self, session: SessionId, ways: &[PortId], saying: &Saying) {
        let network = self.network;
        let [from, to] = [saying.from, 1 - saying.from].map(|end| network.sessions[session].ends[end].router);
        let segment = self.speakers[from].segment(session, saying);
        let link: Option<LinkId> = network.external_link(session);
        let cause = link.and_then(|link| self.facts.link_blame[link].entry()).map(Cause::from);
        self.routing.messages.keepalive += u64::from(saying.word == Word::Keepalive);
        let mut packet = Packet { sent: saying.sent, ..neighbour_packet(segment.size) };
        if link.is_none() {
            packet = Packet { kind: PacketKind::ControlRouted, destination: network.routers[to].loopback, ..packet };
        }
        self.partitions[self.layout.of(from).0].recorder.control_went_by(1, 0);
        let mut at = saying.sent;
        for port in ways {
            packet.ttl -= u8::from(link.is_none());
            let arrives = at + self.wire(*port).port.unloaded(&packet);
            if arrives >= self.now {
                self.count_passed(*port, segment.size, 1, 0);
                return self.put_on_wire(*port, at, (cause, Control::Bgp(segment)), packet);
            }
            self.count_passed(*port, segment.size, 1, 1);
            at = arrives;
        }
        self.partitions[self.layout.of(to).0].recorder.control_went_by(0, 1);
        let input = Input::Segment(segment);
        if let Some(serial) = self.processors[to].insert(saying.handled, (cause, input)) {
            self.schedule(Event::Process(to), saying.handled, serial);
        }
    }

    fn arm_session(&mut self, session: SessionId, end: usize, kind: TimerKind, at: Time) {
        let at = at.max(self.after(Span::ZERO));
        let kind_index = TimerKind::ALL.iter().position(|known| *known == kind).expect("all kinds are listed");
        if let Some(serial) = self.bgp_timers.set(timer(session, end, kind), at) {
            self.schedule(Event::BgpTimer(session, end, kind_index), at, serial);
        }
    }
}
