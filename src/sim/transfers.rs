//! Transfers over TCP: their two ends, each at an edge of the network.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::ids::FlowId;
use crate::message::{Content, Segment};
use crate::network::{Flow, TcpConfig};
use crate::rng::RunSeed;
use crate::sim::ends::Alarm;
use crate::sim::facts::Facts;
use crate::sim::partition::Partition;
use crate::traffic::Demand;
use crate::traffic::tcp::{Action, Input, Receiver, Sender, Statistics};
use crate::units::{Bytes, Ecn, Span, Time};

/// The end that has data.
pub(in crate::sim) struct SendingEnd {
    config: Arc<TcpConfig>,
    sender: Sender,
    demand: Demand,
    /// Transfers asked for while another was under way.
    waiting: VecDeque<(Time, Option<Bytes>)>,
    /// When the transfer under way was asked for.
    asked: Time,
    pub alarm: Alarm,
}

/// The end that acknowledges.
pub(in crate::sim) struct ReceivingEnd {
    headers: u32,
    receiver: Receiver,
    pub alarm: Alarm,
}

impl SendingEnd {
    pub fn new(flow: &Flow, config: &Arc<TcpConfig>, seed: RunSeed, origin: Time) -> Self {
        Self {
            config: Arc::clone(config),
            sender: Sender::new(Arc::clone(config), origin + flow.stop),
            demand: Demand::of_transfers(flow, config, seed),
            waiting: VecDeque::new(),
            asked: origin,
            alarm: Alarm::default(),
        }
    }

    pub fn first(&mut self) -> Span {
        self.demand.first()
    }

    pub fn deadline(&self) -> Option<Time> {
        self.sender.deadline()
    }

    /// Whether no transfer is under way or waits.
    pub fn is_idle(&self) -> bool {
        self.sender.is_idle() && self.waiting.is_empty()
    }

    pub fn statistics(&self, now: Time) -> Statistics {
        self.sender.statistics(now)
    }
}

impl ReceivingEnd {
    pub fn new(config: &TcpConfig) -> Self {
        Self { headers: config.headers, receiver: Receiver::default(), alarm: Alarm::default() }
    }

    pub fn deadline(&self) -> Option<Time> {
        self.receiver.deadline()
    }
}

impl Partition<'_> {
    /// A flow's next transfer is asked for.
    pub fn transfer_asked_for(&mut self, id: FlowId, sending: &mut SendingEnd, facts: &Facts) {
        self.recorder.transfers.asked(self.network.flows[id].entry);
        sending.waiting.push_back((self.now, sending.demand.next_volume()));
        if let Some(interval) = sending.demand.next_interval() {
            self.schedule_source(id, self.now + interval);
        }
        self.begin_next(id, sending, facts);
    }

    /// A segment with what the receiver says reaches the sender.
    pub fn acknowledged(&mut self, id: FlowId, sending: &mut SendingEnd, segment: &Segment, facts: &Facts) {
        self.tell(id, sending, Input::Segment(segment), facts);
    }

    /// A segment reaches the receiver, marked by congestion or not.
    pub fn segment_arrives(
        &mut self,
        id: FlowId,
        receiving: &mut ReceivingEnd,
        (segment, marked): (&Segment, bool),
        facts: &Facts,
    ) {
        if let Some(answer) = receiving.receiver.receive(self.now, segment, marked) {
            self.inject_segment(id, answer, Ecn::NotCapable, receiving.headers, facts);
        }
    }

    pub fn sender_times_out(&mut self, id: FlowId, sending: &mut SendingEnd, facts: &Facts) {
        self.tell(id, sending, Input::Timer, facts);
    }

    pub fn acknowledgement_is_due(&mut self, id: FlowId, receiving: &mut ReceivingEnd, facts: &Facts) {
        if let Some(answer) = receiving.receiver.timer(self.now) {
            self.inject_segment(id, answer, Ecn::NotCapable, receiving.headers, facts);
        }
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
        let mut actions = std::mem::take(&mut self.tcp_actions);
        sending.sender.handle(self.now, input, &mut actions);
        let mut is_done = false;
        for action in actions.drain(..) {
            match action {
                Action::Send(segment, ecn) => self.inject_segment(id, segment, ecn, sending.config.headers, facts),
                Action::Done => is_done = true,
            }
        }
        self.tcp_actions = actions;
        if is_done {
            self.recorder.transfers.done(self.network.flows[id].entry, self.now.since(sending.asked));
            self.begin_next(id, sending, facts);
        }
    }

    fn inject_segment(&mut self, id: FlowId, segment: Segment, ecn: Ecn, headers: u32, facts: &Facts) {
        let size = headers + segment.option_bytes() + segment.length;
        self.inject_content(id, Content::Segment(segment), size, ecn, facts);
    }
}
