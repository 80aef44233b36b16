//! The end that answers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::assembly::Assembly;
use super::workers::{Served, Workers};
use super::{Message, draw};
use crate::message::Piece;
use crate::network::{ExchangeConfig, Flow};
use crate::rng::{RunSeed, Stream};
use crate::units::{Bytes, Span, Time};

/// The server's end of one five-tuple. It serves each whole request that comes, also one that it has served before.
#[derive(Debug, Clone)]
pub struct Server {
    config: Arc<ExchangeConfig>,
    stream: Stream,
    requests: Assembly,
    /// When each response leaves, and to which request.
    due: BinaryHeap<Reverse<(Time, u32, u32)>>,
}

/// What a packet of a request brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Reception {
    /// More of its request is to come.
    Incomplete,
    /// The request is whole, and is served after waiting so long for a worker.
    Served(Span),
    /// The request is whole, and too many wait.
    Refused,
}

impl Server {
    /// The server behind a flow of responses; its draws depend on the seed and the flow's name only.
    #[must_use]
    pub fn new(flow: &Flow, config: Arc<ExchangeConfig>, seed: RunSeed) -> Self {
        let stream = seed.stream(&flow.name, "responses");
        Self { config, stream, requests: Assembly::default(), due: BinaryHeap::new() }
    }

    /// A packet of a request comes in.
    pub fn receive(&mut self, now: Time, piece: &Piece, workers: &mut Workers) -> Reception {
        if !self.requests.add(now, piece) {
            return Reception::Incomplete;
        }
        let service = self.config.service.draw(&mut self.stream);
        let Some(Served { begins, ends }) = workers.serve(now, service) else { return Reception::Refused };
        self.due.push(Reverse((ends, piece.exchange, piece.attempt)));
        Reception::Served(begins - now)
    }

    /// When the next response leaves.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        self.due.peek().map(|Reverse((at, ..))| *at)
    }

    /// A response that leaves now.
    pub fn respond(&mut self, now: Time) -> Option<Message> {
        self.deadline().filter(|at| *at <= now)?;
        let Reverse((_, exchange, attempt)) = self.due.pop()?;
        let volume = draw::volume(&self.config.response, &mut self.stream).unwrap_or(Bytes(1));
        Some(Message { exchange, attempt, volume })
    }
}
