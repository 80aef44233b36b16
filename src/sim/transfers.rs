//! Transfers over TCP: their two ends, each at an edge of the network, and the segments that travel between them.
//!
//! A sender lives in the partition where its flow begins, a receiver in the one where the acknowledgements begin; they
//! share nothing but packets. A segment waits in its partition's slab while its packet travels.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::ids::FlowId;
use crate::message::{Packet, PacketKind, Segment};
use crate::network::{Flow, FlowRole, TcpConfig, Transport};
use crate::rng::RunSeed;
use crate::sim::event::Event;
use crate::sim::facts::Facts;
use crate::sim::partition::Partition;
use crate::traffic::Transfers;
use crate::traffic::tcp::{Action, Input, Receiver, Sender, Statistics};
use crate::units::{Bytes, Ecn, Time};

/// A segment on its way, with the number of its packet.
pub(in crate::sim) type Numbered = (u32, Segment);

/// What stands at the beginning of a five-tuple.
pub(in crate::sim) enum End {
    Sender(Box<SendingEnd>),
    Receiver(Box<ReceivingEnd>),
}

/// The end that has data.
pub(in crate::sim) struct SendingEnd {
    config: Arc<TcpConfig>,
    sender: Sender,
    transfers: Transfers,
    /// Transfers asked for while another was under way.
    waiting: VecDeque<(Time, Option<Bytes>)>,
    /// When the transfer under way was asked for.
    asked: Time,
    alarm: Alarm,
}

/// The end that acknowledges.
pub(in crate::sim) struct ReceivingEnd {
    headers: u32,
    receiver: Receiver,
    alarm: Alarm,
}

/// The queue's entry for an end's deadline: at most one that counts; a later deadline waits until it fires.
#[derive(Debug, Clone, Copy, Default)]
struct Alarm {
    at: Option<Time>,
    serial: u32,
}

impl End {
    /// What stands at the beginning of a flow; none when its packets are drawn one by one. `origin` is scenario time 0.
    pub fn new(flow: &Flow, seed: RunSeed, origin: Time) -> Option<Self> {
        let Transport::Tcp(config) = &flow.transport else { return None };
        let alarm = Alarm::default();
        match flow.role {
            FlowRole::Data => Some(Self::Sender(Box::new(SendingEnd {
                config: Arc::clone(config),
                sender: Sender::new(Arc::clone(config), origin + flow.stop),
                transfers: Transfers::new(flow, config, seed),
                waiting: VecDeque::new(),
                asked: origin,
                alarm,
            }))),
            FlowRole::Acknowledgements => {
                let headers = config.headers;
                Some(Self::Receiver(Box::new(ReceivingEnd { headers, receiver: Receiver::default(), alarm })))
            }
            FlowRole::ProbeRequest(_) | FlowRole::ProbeReply(_) => None,
        }
    }

    fn deadline(&self) -> Option<Time> {
        match self {
            Self::Sender(end) => end.sender.deadline(),
            Self::Receiver(end) => end.receiver.deadline(),
        }
    }

    const fn alarm(&mut self) -> &mut Alarm {
        match self {
            Self::Sender(end) => &mut end.alarm,
            Self::Receiver(end) => &mut end.alarm,
        }
    }

    /// What a sender has counted, by the end of the run.
    pub fn statistics(&self, now: Time) -> Option<Statistics> {
        match self {
            Self::Sender(end) => Some(end.sender.statistics(now)),
            Self::Receiver(_) => None,
        }
    }
}

impl Partition<'_> {
    /// When the first transfer of a flow is asked for, counted from the flow's start.
    pub fn first_transfer(&mut self, id: FlowId) -> Option<crate::units::Span> {
        match &mut self.ends[id] {
            Some(End::Sender(end)) => Some(end.transfers.first()),
            Some(End::Receiver(_)) | None => None,
        }
    }

    /// A flow's next transfer is asked for.
    pub fn transfer_asked_for(&mut self, id: FlowId, facts: &Facts) {
        self.recorder.transfers.asked(self.network.flows[id].entry);
        let mut end = self.ends[id].take().expect("a flow of transfers has an end");
        if let End::Sender(sending) = &mut end {
            sending.waiting.push_back((self.now, sending.transfers.next_volume()));
            if let Some(interval) = sending.transfers.next_interval() {
                self.schedule_source(id, self.now + interval);
            }
            self.begin_next(id, sending, facts);
        }
        self.settle(id, end);
    }

    /// A segment is delivered.
    pub fn deliver_segment(&mut self, packet: &Packet, facts: &Facts) {
        self.recorder.delivered(self.now, &self.numbered(packet));
        let (_, segment) = self.segments.take(packet.payload);
        self.segment_arrives(packet, &segment, facts);
    }

    /// A segment reaches the edge at which its answers begin.
    fn segment_arrives(&mut self, packet: &Packet, segment: &Segment, facts: &Facts) {
        let id = self.network.flows[packet.flow].reverse.expect("transfers have a way back");
        let mut end = self.ends[id].take().expect("segments go to an end");
        match &mut end {
            End::Sender(sending) => self.tell(id, sending, Input::Segment(segment), facts),
            End::Receiver(receiving) => {
                let marked = packet.traffic_class.ecn() == Ecn::CongestionExperienced;
                if let Some(answer) = receiving.receiver.receive(self.now, segment, marked) {
                    self.inject_segment(id, answer, Ecn::NotCapable, receiving.headers, facts);
                }
            }
        }
        self.settle(id, end);
    }

    /// The queue's entry for an end's deadline fires.
    pub fn flow_timer_fires(&mut self, id: FlowId, facts: &Facts) {
        let mut end = self.ends[id].take().expect("timers belong to an end");
        if end.alarm().at == Some(self.now) {
            end.alarm().at = None;
            if end.deadline().is_some_and(|deadline| deadline <= self.now) {
                match &mut end {
                    End::Sender(sending) => self.tell(id, sending, Input::Timer, facts),
                    End::Receiver(receiving) => {
                        if let Some(answer) = receiving.receiver.timer(self.now) {
                            self.inject_segment(id, answer, Ecn::NotCapable, receiving.headers, facts);
                        }
                    }
                }
            }
        }
        self.settle(id, end);
    }

    /// Puts an end back and sees that its deadline has an entry in the queue.
    fn settle(&mut self, id: FlowId, mut end: End) {
        let deadline = end.deadline();
        let alarm = end.alarm();
        if let Some(deadline) = deadline
            && alarm.at.is_none_or(|at| deadline < at)
        {
            alarm.at = Some(deadline);
            alarm.serial = alarm.serial.wrapping_add(1);
            let serial = alarm.serial;
            self.schedule(Event::FlowTimer(id), deadline, serial);
        }
        self.ends[id] = Some(end);
    }

    /// Begins the transfer that has waited longest, if none is under way.
    fn begin_next(&mut self, id: FlowId, sending: &mut SendingEnd, facts: &Facts) {
        while sending.sender.is_idle()
            && let Some((asked, volume)) = sending.waiting.pop_front()
        {
            sending.asked = asked;
            self.tell(id, sending, Input::Start(volume), facts);
        }
    }

    fn tell(&mut self, id: FlowId, sending: &mut SendingEnd, input: Input<'_>, facts: &Facts) {
        let mut actions = std::mem::take(&mut self.actions);
        sending.sender.handle(self.now, input, &mut actions);
        let mut is_done = false;
        for action in actions.drain(..) {
            match action {
                Action::Send(segment, ecn) => self.inject_segment(id, segment, ecn, sending.config.headers, facts),
                Action::Done => is_done = true,
            }
        }
        self.actions = actions;
        if is_done {
            self.recorder.transfers.done(self.network.flows[id].entry, self.now.since(sending.asked));
            self.begin_next(id, sending, facts);
        }
    }

    fn inject_segment(&mut self, id: FlowId, segment: Segment, ecn: Ecn, headers: u32, facts: &Facts) {
        let source = &mut self.sources[id];
        source.number = source.number.wrapping_add(1);
        let number = source.number;
        let size = headers + segment.option_bytes() + segment.length;
        let payload = self.segments.insert((number, segment));
        let packet = self.packet_of(id, PacketKind::Segment, size, payload);
        let traffic_class = packet.traffic_class.with_ecn(ecn);
        self.admit(Packet { traffic_class, ..packet }, facts);
    }

    /// A packet as statistics see it: data, with its number in its flow.
    #[inline]
    pub fn numbered(&self, packet: &Packet) -> Packet {
        if packet.kind == PacketKind::Segment {
            let (number, _) = self.segments.get(packet.payload);
            return Packet { kind: PacketKind::Data, payload: *number, ..*packet };
        }
        *packet
    }
}
