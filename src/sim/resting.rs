//! BFD sessions that rest: up at both ends, over wires on which nothing is out of order, their packets change nothing.
//!
//! ```text
//! transmit timer -> may rest? -> Rest (when each end sends next) ... change of a wire -> wake: packets and timers
//!                                                                                        as they would stand
//! ```
//! What they would have sent is drawn, counted and put on its way at once when something on the way changes. They meet
//! no other packet on an otherwise empty port, so this is for runs whose data goes by as rates.

use crate::control::bfd::{self, TimerKind};
use crate::dataplane::Passed;
use crate::ids::{LinkId, PortId};
use crate::message::{Control, Packet};
use crate::network::Watched;
use crate::sim::control_packets::neighbour_packet;
use crate::sim::event::{BFD_TIMERS, Event};
use crate::sim::liveness::{bfd_timer, timer_index};
use crate::sim::recorder::Cause;
use crate::sim::run::Run;
use crate::units::{Span, Time};

/// Whether BFD sessions rest where they can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Liveness {
    /// They do, among rates.
    #[default]
    Resting,
    /// Every packet is an event: the same run, more slowly.
    EachPacket,
}

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

/// A key with fewer numbers left than this may come to their end: its frames are counted one by one.
const PLENTY: u64 = 1 << 40;

impl Run<'_> {
    /// The transmit timer of an end has run out: true when the session rests from now on.
    pub fn rests(&mut self, session: usize, end: usize) -> bool {
        if self.liveness == Liveness::EachPacket || !self.flow_level.is_rates() {
            return false;
        }
        let link = self.network.bfd_sessions[session].link;
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

    /// Whether whatever is sent by a port arrives, and no control packet is on its way.
    fn is_clear(&self, id: PortId) -> bool {
        let wire = self.wire(id);
        let beyond = &self.partitions[self.layout.of(wire.to).0];
        let far = &beyond.wires[id];
        let configured = &self.network.ports[id];
        let plenty = configured.macsec.is_none() || wire.port.frames_left() > PLENTY;
        let mut under_way = wire.packets(self.store(id)).chain(far.packets(&beyond.packets));
        let quiet = under_way.all(|packet| !packet.kind.is_control());
        // A dead time that is over is forgotten at the far end.
        wire.port.passes()
            && !far.port.is_impaired()
            && !self.used_up[id]
            && plenty
            && quiet
            && configured.queueing.is_none()
    }

    /// All sessions go on packet by packet.
    pub fn wake_all(&mut self) {
        (0..self.resting.len()).for_each(|session| self.wake(session));
    }

    /// Sessions on a link go on packet by packet: something on it is about to change.
    pub fn wake_link(&mut self, link: LinkId) {
        for index in 0..self.link_ends[link][0].bfd.len() {
            self.wake(self.link_ends[link][0].bfd[index]);
        }
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
        let size = self.network.ports[port].wire_size(bfd::PACKET_SIZE).0;
        let control = self.network.ports[port].queueing.as_ref().map_or(0, |queueing| queueing.control);
        let far = self.layout.of(self.network.ports[port].to).0;
        self.partitions[far].wires[port].came_by(arrived);
        let sender = self.sender(port);
        let passed = Passed { packets: sent, wire_bytes: sent * size, wait: Span::ZERO };
        sender.wires[port].port.went_by(control, sent, &passed);
        sender.recorder.control_went_by(sent, arrived);
        for at in under_way {
            self.put_under_way(session, end, port, at);
        }
    }

    /// A packet that an end sent by a port at `at` has not arrived yet.
    fn put_under_way(&mut self, session: usize, end: usize, port: PortId, at: Time) {
        let now = self.now;
        let cause = self.facts.link_blame[self.network.bfd_sessions[session].link].entry().map(Cause::from);
        let payload = self.payloads.insert((cause, Control::Bfd(self.bfd[session][end].periodic())));
        let packet = Packet { sent: at, payload, ..neighbour_packet(bfd::PACKET_SIZE) };
        let (wire, store) = self.wire_and_store(port);
        let arrival = wire.port.put_under_way(store, now, packet);
        let serial = wire.next_serial();
        self.schedule(Event::Control(port), arrival, serial);
    }

    fn arm(&mut self, session: usize, end: usize, kind: TimerKind, at: Time) {
        let at = at.max(self.after(Span::ZERO));
        if let Some(serial) = self.bfd_timers.set(bfd_timer(session, end, kind), at) {
            self.schedule(Event::BfdTimer(session, end, timer_index(kind)), at, serial);
        }
    }
}
