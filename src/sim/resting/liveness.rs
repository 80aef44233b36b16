//! BFD sessions that rest: up at both ends, over a wire on which nothing is out of order.

use crate::control::bfd::{self, TimerKind};
use crate::ids::PortId;
use crate::message::{Control, Packet};
use crate::network::Watched;
use crate::sim::control_packets::neighbour_packet;
use crate::sim::event::{BFD_TIMERS, Event};
use crate::sim::liveness::{bfd_timer, timer_index};
use crate::sim::recorder::Cause;
use crate::sim::run::Run;
use crate::units::{Span, Time};

/// A session that rests.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Rest {
    /// By which port each end sends.
    ports: [PortId; 2],
    /// When each end sends next.
    transmit: [Time; 2],
    /// When each end would miss the other.
    detection: [Time; 2],
}

impl Run<'_> {
    /// The transmit timer of an end has run out: true when the session rests from now on.
    pub fn rests(&mut self, session: usize, end: usize) -> bool {
        if !self.may_rest() {
            return false;
        }
        let link = self.network.bfd_sessions[session].link;
        if [0, 1].into_iter().any(|end| self.liveness_hangs(self.bfd_router(session, end))) {
            return false;
        }
        if matches!(self.network.bfd_sessions[session].watched, Watched::Member(_)) {
            return false;
        }
        let ports = [0, 1].map(|end| self.control_port(link, end));
        let [one, other] = &self.bfd[session];
        if !one.only_repeats(other) || !other.only_repeats(one) || !ports.into_iter().all(|port| self.is_clear(port)) {
            return false;
        }
        let deadline = |end, kind| self.bfd_timers.deadline(bfd_timer(session, end, kind));
        let [Some(detection), Some(of_other)] = [0, 1].map(|end| deadline(end, TimerKind::Detection)) else {
            return false;
        };
        let Some(transmit) = deadline(1 - end, TimerKind::Transmit) else { return false };
        let transmit = if end == 0 { [self.now, transmit] } else { [transmit, self.now] };
        for timer in 0..2 * BFD_TIMERS {
            self.bfd_timers.cancel(session * 2 * BFD_TIMERS + timer);
        }
        self.resting[session] = Some(Rest { ports, transmit, detection: [detection, of_other] });
        true
    }

    /// A session goes on packet by packet, as if it had never rested.
    pub fn wake(&mut self, session: usize) {
        let Some(mut rest) = self.resting[session].take() else { return };
        for end in [0, 1] {
            self.catch_up(session, end, &mut rest);
        }
        for end in [0, 1] {
            self.arm(session, end, TimerKind::Transmit, rest.transmit[end]);
            self.arm(session, end, TimerKind::Detection, rest.detection[end]);
        }
    }

    /// Sends what an end would have sent before now.
    fn catch_up(&mut self, session: usize, end: usize, rest: &mut Rest) {
        let now = self.now;
        let port = rest.ports[end];
        let way = self.wire(port).port.unloaded(&neighbour_packet(bfd::PACKET_SIZE));
        let detection = self.bfd[session][1 - end].detection_time();
        let (mut sent, mut arrived) = (0, 0);
        let mut under_way = Vec::new();
        while rest.transmit[end] < now {
            let at = rest.transmit[end];
            sent += 1;
            if at + way < now {
                arrived += 1;
                rest.detection[1 - end] = at + way + detection;
            } else {
                under_way.push(at);
            }
            rest.transmit[end] = at + self.bfd[session][end].next_interval();
        }
        self.count_passed(port, bfd::PACKET_SIZE, sent, arrived);
        self.sender(port).recorder.control_went_by(sent, arrived);
        for at in under_way {
            self.put_under_way(session, end, port, at);
        }
    }

    /// A packet that an end sent by a port at `at` has not arrived yet.
    fn put_under_way(&mut self, session: usize, end: usize, port: PortId, at: Time) {
        let cause = self.facts.link_blame[self.network.bfd_sessions[session].link].entry().map(Cause::from);
        let message = Control::Bfd(self.bfd[session][end].periodic());
        let packet = Packet { sent: at, ..neighbour_packet(bfd::PACKET_SIZE) };
        self.put_on_wire(port, at, (cause, message), packet);
    }

    fn arm(&mut self, session: usize, end: usize, kind: TimerKind, at: Time) {
        let at = at.max(self.after(Span::ZERO));
        if let Some(serial) = self.bfd_timers.set(bfd_timer(session, end, kind), at) {
            self.schedule(Event::BfdTimer(session, end, timer_index(kind)), at, serial);
        }
    }
}
