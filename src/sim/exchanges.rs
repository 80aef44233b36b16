//! Requests and responses: their two ends, each at an edge of the network, and the workers behind it.

use std::sync::Arc;

use crate::ids::FlowId;
use crate::message::{Content, Piece};
use crate::network::{ExchangeConfig, Flow};
use crate::rng::RunSeed;
use crate::sim::ends::Alarm;
use crate::sim::facts::Facts;
use crate::sim::partition::Partition;
use crate::traffic::Demand;
use crate::traffic::exchange::{Action, Client, Input, Message, Reception, Server, Workers};
use crate::units::{Bytes, Span, Time};

/// The end that asks.
pub(in crate::sim) struct AskingEnd {
    config: Arc<ExchangeConfig>,
    client: Client,
    demand: Demand,
    pub alarm: Alarm,
}

/// The end that answers.
pub(in crate::sim) struct AnsweringEnd {
    config: Arc<ExchangeConfig>,
    server: Server,
    pub alarm: Alarm,
}

impl AskingEnd {
    pub fn new(flow: &Flow, config: &Arc<ExchangeConfig>, seed: RunSeed) -> Self {
        Self {
            config: Arc::clone(config),
            client: Client::new(Arc::clone(config)),
            demand: Demand::of_requests(flow, config, seed),
            alarm: Alarm::default(),
        }
    }

    pub fn first(&mut self) -> Span {
        self.demand.first()
    }

    pub fn deadline(&self) -> Option<Time> {
        self.client.deadline()
    }

    /// Exchanges that have not ended.
    pub fn open(&self) -> u64 {
        self.client.open()
    }
}

impl AnsweringEnd {
    pub fn new(flow: &Flow, config: &Arc<ExchangeConfig>, seed: RunSeed) -> Self {
        let config = Arc::clone(config);
        Self { server: Server::new(flow, Arc::clone(&config), seed), config, alarm: Alarm::default() }
    }

    pub fn deadline(&self) -> Option<Time> {
        self.server.deadline()
    }
}

impl Partition<'_> {
    /// A flow's next exchange begins.
    pub fn exchange_begins(&mut self, id: FlowId, asking: &mut AskingEnd, facts: &Facts) {
        self.recorder.exchanges.begun(self.network.flows[id].entry);
        let volume = asking.demand.next_volume().unwrap_or(Bytes(1));
        if let Some(interval) = asking.demand.next_interval() {
            self.schedule_source(id, self.now + interval);
        }
        self.tell_client(id, asking, Input::Begin(volume), facts);
    }

    pub fn response_arrives(&mut self, id: FlowId, asking: &mut AskingEnd, piece: &Piece, facts: &Facts) {
        self.tell_client(id, asking, Input::Piece(piece), facts);
    }

    pub fn exchanges_time_out(&mut self, id: FlowId, asking: &mut AskingEnd, facts: &Facts) {
        self.tell_client(id, asking, Input::Timer, facts);
    }

    /// A packet of a request reaches the server, which may be served in time, and may have to wait for a worker.
    pub fn request_arrives(&mut self, id: FlowId, answering: &mut AnsweringEnd, piece: &Piece) {
        let flow = &self.network.flows[id];
        let entry = flow.entry.expect("responses belong to an entry");
        let workers = self.workers.entry((entry, flow.edge)).or_insert_with(|| Workers::new(&answering.config));
        let requests = flow.reverse.and_then(|requests| self.network.flows[requests].entry);
        match answering.server.receive(self.now, piece, workers) {
            Reception::Incomplete => {}
            Reception::Served(waited) => self.recorder.exchanges.served(requests, waited),
            Reception::Refused => self.recorder.exchanges.refused(requests),
        }
    }

    pub fn responses_are_due(&mut self, id: FlowId, answering: &mut AnsweringEnd, facts: &Facts) {
        while let Some(response) = answering.server.respond(self.now) {
            self.inject_message(id, &answering.config, response, facts);
        }
    }

    fn tell_client(&mut self, id: FlowId, asking: &mut AskingEnd, input: Input<'_>, facts: &Facts) {
        let mut actions = std::mem::take(&mut self.exchange_actions);
        asking.client.handle(self.now, input, &mut actions);
        let entry = self.network.flows[id].entry;
        for action in actions.drain(..) {
            match action {
                Action::Send(request) => self.inject_message(id, &asking.config, request, facts),
                Action::SendAgain(request) => {
                    self.recorder.exchanges.retried(entry);
                    self.inject_message(id, &asking.config, request, facts);
                }
                Action::Done(took) => {
                    self.recorder.exchanges.done(entry, took);
                    self.think(id, asking);
                }
                Action::GiveUp => {
                    self.recorder.exchanges.given_up(entry);
                    self.think(id, asking);
                }
            }
        }
        self.exchange_actions = actions;
    }

    /// Where each exchange waits for the end of the one before: the next one is arranged.
    fn think(&mut self, id: FlowId, asking: &mut AskingEnd) {
        if let Some(think) = asking.demand.think_time() {
            self.schedule_source(id, self.now + think);
        }
    }

    fn inject_message(&mut self, id: FlowId, config: &ExchangeConfig, message: Message, facts: &Facts) {
        let ecn = self.sources[id].traffic_class.ecn();
        for (piece, bytes) in message.pieces(config.piece) {
            self.inject_content(id, Content::Piece(piece), config.headers + bytes, ecn, facts);
        }
    }
}
