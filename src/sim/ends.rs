//! Flows whose targets act on what comes: what stands at the beginning of each five-tuple, and what travels between.
//!
//! An end lives in the partition where its flow begins, and its peer, which stands where the flow ends, in the one where
//! the reverse flow begins; they share nothing but packets. What a packet carries waits in its partition's slab.

use crate::ids::FlowId;
use crate::message::{Content, Packet, PacketKind};
use crate::network::{Flow, FlowRole, Transport};
use crate::rng::RunSeed;
use crate::sim::event::Event;
use crate::sim::exchanges::{AnsweringEnd, AskingEnd};
use crate::sim::facts::Facts;
use crate::sim::partition::Partition;
use crate::sim::transfers::{ReceivingEnd, SendingEnd};
use crate::traffic::tcp::Statistics;
use crate::units::{Ecn, Span, Time};

/// Content on its way, with the number of its packet.
pub(in crate::sim) type Numbered = (u32, Content);

/// What stands at the beginning of a five-tuple.
pub(in crate::sim) enum End {
    /// Of transfers over TCP.
    Sender(Box<SendingEnd>),
    /// Of their acknowledgements.
    Receiver(Box<ReceivingEnd>),
    /// Of requests.
    Client(Box<AskingEnd>),
    /// Of responses.
    Server(Box<AnsweringEnd>),
}

/// The queue's entry for an end's deadline: at most one that counts; a later deadline waits until it fires.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::sim) struct Alarm {
    at: Option<Time>,
    serial: u32,
}

impl End {
    /// What stands at the beginning of a flow; none when its packets are drawn one by one. `origin` is scenario time 0.
    pub fn new(flow: &Flow, seed: RunSeed, origin: Time) -> Option<Self> {
        match (&flow.transport, flow.role) {
            (Transport::Tcp(config), FlowRole::Data) => {
                Some(Self::Sender(Box::new(SendingEnd::new(flow, config, seed, origin))))
            }
            (Transport::Tcp(config), FlowRole::Answers) => Some(Self::Receiver(Box::new(ReceivingEnd::new(config)))),
            (Transport::Exchanges(config), FlowRole::Data) => {
                Some(Self::Client(Box::new(AskingEnd::new(flow, config, seed))))
            }
            (Transport::Exchanges(config), FlowRole::Answers) => {
                Some(Self::Server(Box::new(AnsweringEnd::new(flow, config, seed))))
            }
            (Transport::Datagrams, _) | (_, FlowRole::ProbeRequest(_) | FlowRole::ProbeReply(_)) => None,
        }
    }

    fn deadline(&self) -> Option<Time> {
        match self {
            Self::Sender(end) => end.deadline(),
            Self::Receiver(end) => end.deadline(),
            Self::Client(end) => end.deadline(),
            Self::Server(end) => end.deadline(),
        }
    }

    const fn alarm(&mut self) -> &mut Alarm {
        match self {
            Self::Sender(end) => &mut end.alarm,
            Self::Receiver(end) => &mut end.alarm,
            Self::Client(end) => &mut end.alarm,
            Self::Server(end) => &mut end.alarm,
        }
    }

    /// Whether nothing is under way, as far as this end knows.
    pub fn is_idle(&self) -> bool {
        match self {
            Self::Sender(end) => end.is_idle(),
            Self::Client(end) => end.open() == 0,
            Self::Receiver(_) | Self::Server(_) => self.deadline().is_none(),
        }
    }

    /// What a sender has counted, by the end of the run.
    pub fn statistics(&self, now: Time) -> Option<Statistics> {
        match self {
            Self::Sender(end) => Some(end.statistics(now)),
            Self::Receiver(_) | Self::Client(_) | Self::Server(_) => None,
        }
    }

    /// Exchanges of a client that have not ended.
    pub fn open_exchanges(&self) -> u64 {
        match self {
            Self::Client(end) => end.open(),
            Self::Sender(_) | Self::Receiver(_) | Self::Server(_) => 0,
        }
    }
}

impl Partition<'_> {
    /// Whether no transfer and no exchange is under way, as far as this partition knows.
    pub fn is_quiet(&self) -> bool {
        self.contents.is_empty() && self.ends.iter().flatten().all(End::is_idle)
    }

    /// When a transfer or an exchange is asked for next.
    pub fn next_asking(&mut self) -> Option<Time> {
        let network = self.network;
        let mut next: Option<Time> = None;
        self.queue.sources.retain(|key| {
            if let Event::Source(flow) = Event::of(key)
                && network.flows[flow].listens()
            {
                next = Some(next.map_or(key.time(), |next| next.min(key.time())));
            }
            true
        });
        next
    }

    /// When something is asked for on a flow for the first time, counted from the flow's start.
    pub fn first_asked_for(&mut self, id: FlowId) -> Option<Span> {
        match &mut self.ends[id] {
            Some(End::Sender(end)) => Some(end.first()),
            Some(End::Client(end)) => Some(end.first()),
            Some(End::Receiver(_) | End::Server(_)) | None => None,
        }
    }

    /// A flow's next transfer or exchange is asked for.
    pub fn next_asked_for(&mut self, id: FlowId, facts: &Facts) {
        let mut end = self.ends[id].take().expect("what is asked for, is asked of an end");
        match &mut end {
            End::Sender(sending) => self.transfer_asked_for(id, sending, facts),
            End::Client(asking) => self.exchange_begins(id, asking, facts),
            End::Receiver(_) | End::Server(_) => unreachable!("nothing is asked of those who answer"),
        }
        self.settle(id, end);
    }

    /// Content is delivered: it reaches the edge at which its answers begin.
    pub fn deliver_content(&mut self, packet: &Packet, facts: &Facts) {
        self.recorder.delivered(self.now, &self.numbered(packet));
        let (_, content) = self.contents.take(packet.payload);
        let id = self.network.flows[packet.flow].reverse.expect("what is acted on has a way back");
        let mut end = self.ends[id].take().expect("content goes to an end");
        match (&mut end, &content) {
            (End::Sender(sending), Content::Segment(segment)) => self.acknowledged(id, sending, segment, facts),
            (End::Receiver(receiving), Content::Segment(segment)) => {
                let marked = packet.traffic_class.ecn() == Ecn::CongestionExperienced;
                self.segment_arrives(id, receiving, (segment, marked), facts);
            }
            (End::Client(asking), Content::Piece(piece)) => self.response_arrives(id, asking, piece, facts),
            (End::Server(answering), Content::Piece(piece)) => self.request_arrives(id, answering, piece),
            (End::Sender(_) | End::Receiver(_), Content::Piece(_))
            | (End::Client(_) | End::Server(_), Content::Segment(_)) => unreachable!("both ends speak alike"),
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
                    End::Sender(sending) => self.sender_times_out(id, sending, facts),
                    End::Receiver(receiving) => self.acknowledgement_is_due(id, receiving, facts),
                    End::Client(asking) => self.exchanges_time_out(id, asking, facts),
                    End::Server(answering) => self.responses_are_due(id, answering, facts),
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

    /// A packet with content enters the network: an IP packet of `size` bytes.
    pub fn inject_content(&mut self, id: FlowId, content: Content, size: u32, ecn: Ecn, facts: &Facts) {
        let source = &mut self.sources[id];
        source.number = source.number.wrapping_add(1);
        let number = source.number;
        let payload = self.contents.insert((number, content));
        let packet = self.packet_of(id, PacketKind::Content, size, payload);
        let traffic_class = packet.traffic_class.with_ecn(ecn);
        self.admit(&mut Packet { traffic_class, ..packet }, facts);
    }

    /// A packet as statistics see it: data, with its number in its flow.
    #[inline]
    pub fn numbered(&self, packet: &Packet) -> Packet {
        if packet.kind == PacketKind::Content {
            let (number, _) = self.contents.get(packet.payload);
            return Packet { kind: PacketKind::Data, payload: *number, ..*packet };
        }
        *packet
    }
}
