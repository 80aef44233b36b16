//! Members whose keys rest: both ends use one key, and say so once a Hello Time (IEEE 802.1X 9.4).
//!
//! Whole Hello Times are passed over at once; the messages of the last Life Time are said and heard one by one.

use crate::control::mka::{Action, Exhaustion, Input, KeyAgreement};
use crate::dataplane::Passed;
use crate::ids::{Id, PortId};
use crate::message::{Control, Mkpdu, Packet, PacketKind};
use crate::sim::control_packets::neighbour_packet;
use crate::sim::keys::Keys;
use crate::sim::recorder::Cause;
use crate::sim::run::Run;
use crate::units::{Bytes, Span, Time};

/// Hello Times of one rest: message numbers have 32 bits.
const LONGEST: u64 = 1 << 30;

/// A message on its way.
struct Said {
    from: usize,
    sent: Time,
    arrives: Time,
    message: Mkpdu,
    size: Bytes,
}

/// What both ends of a member said meanwhile.
#[derive(Default)]
struct Course {
    /// Messages that each end sent, and those of them that arrived.
    sent: [u64; 2],
    arrived: [u64; 2],
    /// Of a message, the same for all.
    size: Bytes,
    under_way: Vec<Said>,
}

impl Run<'_> {
    /// The keys' timer of an end has run out: true when the member's keys rest from now on.
    pub fn keys_rest(&mut self, port: PortId) -> bool {
        let network = self.network;
        let at = &network.ports[port];
        let ports = network.links[at.link].members[at.member].ports;
        let clear = |port| self.is_clear(port) && self.loses_mkpdus(port).is_none();
        if !self.may_rest() || !ports.into_iter().all(clear) {
            return false;
        }
        let keys = |end: usize| self.link_ends[at.link][end].members[at.member].keys.as_ref();
        let [Some(Keys::Mka(one, _)), Some(Keys::Mka(other, _))] = [keys(0), keys(1)] else { return false };
        if !one.only_repeats(other) || !other.only_repeats(one) {
            return false;
        }
        let rekey = [one, other].into_iter().filter_map(|end| end.next_rekey());
        let longest = self.now + one.hello_time().times(LONGEST);
        // Just before it, so that it happens on time.
        let until = Time::from_ps(rekey.min().map_or(longest, |at| at.min(longest)).as_ps().saturating_sub(1));
        if until <= self.now {
            return false;
        }
        ports.into_iter().for_each(|port| self.key_timers.cancel(port.index()));
        self.resting_keys[ports[0]] = true;
        self.arm_keys(ports[0], until);
        true
    }

    /// The keys of a member go on message by message, as if they had never rested; true when they did rest.
    pub fn wake_keys(&mut self, port: PortId) -> bool {
        let at = &self.network.ports[port];
        let ports = self.network.links[at.link].members[at.member].ports;
        if !std::mem::take(&mut self.resting_keys[ports[0]]) {
            return false;
        }
        let mut kept = ports.map(|port| self.member_end(port).keys.take());
        let [Some(Keys::Mka(one, _)), Some(Keys::Mka(other, _))] = &mut kept else {
            unreachable!("keys that are agreed rest")
        };
        let course = self.talk(ports, [one, other]);
        let next = [one.next_hello(), other.next_hello()];
        for ((port, keys), hello) in ports.into_iter().zip(kept).zip(next) {
            self.member_end(port).keys = keys;
            if let Some(at) = hello {
                self.arm_keys(port, at);
            }
        }
        self.count_talk(ports, course);
        true
    }

    /// What both ends say and hear until now.
    fn talk(&self, ports: [PortId; 2], mut ends: [&mut KeyAgreement; 2]) -> Course {
        let [one, other] = &mut ends;
        let passed = KeyAgreement::pass_over([one, other], self.now);
        let mut course = Course { sent: [passed; 2], arrived: [passed; 2], ..Course::default() };
        let mut actions = Vec::new();
        loop {
            let arrival = (0..course.under_way.len()).map(|index| (course.under_way[index].arrives, index)).min();
            let hello = [0, 1].into_iter().filter_map(|end| Some((ends[end].next_hello()?, end))).min();
            if let Some((at, index)) = arrival.filter(|(at, _)| hello.is_none_or(|(hello, _)| *at < hello)) {
                if at >= self.now {
                    break;
                }
                let said = course.under_way.swap_remove(index);
                course.arrived[said.from] += 1;
                ends[1 - said.from].handle(at, Input::Message(said.message), &mut actions);
                actions.clear();
                continue;
            }
            let Some((at, from)) = hello.filter(|(at, _)| *at < self.now) else { break };
            ends[from].handle(at, Input::Timer(Exhaustion::Far), &mut actions);
            for action in actions.drain(..) {
                match action {
                    Action::Send(message, bytes) => {
                        let port = &self.wire(ports[from]).port;
                        let size = port.uncontrolled_size(bytes);
                        let arrives = at + port.unloaded(&neighbour_packet(size));
                        course.sent[from] += 1;
                        course.size = size;
                        course.under_way.push(Said { from, sent: at, arrives, message, size });
                    }
                    Action::SetTimer { .. } => {}
                    Action::CancelTimer
                    | Action::Receive(_)
                    | Action::Transmit(_)
                    | Action::Retire(_)
                    | Action::Secured
                    | Action::Unsecured => unreachable!("ends that only repeat themselves do nothing else"),
                }
            }
        }
        course
    }

    fn count_talk(&mut self, ports: [PortId; 2], course: Course) {
        for (end, port) in ports.into_iter().enumerate() {
            let configured = &self.network.ports[port];
            let class = configured.queueing.as_ref().map_or(0, |queueing| queueing.control);
            let (packets, size) = (course.sent[end], configured.wire_size(course.size).0);
            let passed = Passed { packets, wire_bytes: packets * size, wait: Span::ZERO };
            let far = self.layout.of(configured.to).0;
            self.partitions[far].wires[port].came_by_unnumbered(course.arrived[end]);
            let sender = self.sender(port);
            sender.wires[port].port.uncontrolled_went_by(class, &passed);
            sender.recorder.control_went_by(packets, course.arrived[end]);
        }
        for said in course.under_way {
            let port = ports[said.from];
            let cause = self.facts.link_blame[self.network.ports[port].link].entry().map(Cause::from);
            let packet = Packet { sent: said.sent, kind: PacketKind::Uncontrolled, ..neighbour_packet(said.size) };
            self.put_on_wire(port, said.sent, (cause, Control::Mka(said.message)), packet);
        }
    }
}
