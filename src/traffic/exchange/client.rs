//! The end that asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Message;
use super::assembly::Assembly;
use crate::message::Piece;
use crate::network::ExchangeConfig;
use crate::units::{Bytes, Span, Time};

/// What happens to a client.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// An exchange begins, with so much data to send.
    Begin(Bytes),
    /// A packet of a response comes in.
    Piece(&'a Piece),
    /// A deadline has come.
    Timer,
}

/// What a client wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A request leaves.
    Send(Message),
    /// The same, because the one before was not answered in time.
    SendAgain(Message),
    /// A whole response has come, so long after the first request left.
    Done(Span),
    /// The last request was not answered in time.
    GiveUp,
}

/// The client of one five-tuple. Any whole response to any of an exchange's requests ends it.
#[derive(Debug, Clone)]
pub struct Client {
    config: Arc<ExchangeConfig>,
    /// Number of the next exchange.
    next: u32,
    open: BTreeMap<u32, Exchange>,
    /// Of all open exchanges.
    deadlines: BTreeSet<(Time, u32)>,
    responses: Assembly,
}

/// One that has not ended.
#[derive(Debug, Clone, Copy)]
struct Exchange {
    begun: Time,
    volume: Bytes,
    /// Of the latest request, counted from 0.
    attempt: u32,
    deadline: Time,
}

impl Client {
    /// A client that has asked for nothing yet.
    #[must_use]
    pub fn new(config: Arc<ExchangeConfig>) -> Self {
        let (open, deadlines) = (BTreeMap::new(), BTreeSet::new());
        Self { config, next: 0, open, deadlines, responses: Assembly::default() }
    }

    /// Takes an input and appends what is to be done.
    pub fn handle(&mut self, now: Time, input: Input<'_>, out: &mut Vec<Action>) {
        match input {
            Input::Begin(volume) => self.begin(now, volume, out),
            Input::Piece(piece) => self.receive(now, piece, out),
            Input::Timer => self.look_at_deadlines(now, out),
        }
    }

    /// When it wants to be told the time.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Exchanges that have not ended.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.open.len() as u64
    }

    fn begin(&mut self, now: Time, volume: Bytes, out: &mut Vec<Action>) {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let deadline = now + self.config.timeout;
        self.open.insert(number, Exchange { begun: now, volume, attempt: 0, deadline });
        self.deadlines.insert((deadline, number));
        out.push(Action::Send(Message { exchange: number, attempt: 0, volume }));
    }

    fn receive(&mut self, now: Time, piece: &Piece, out: &mut Vec<Action>) {
        let Some(exchange) = self.open.get(&piece.exchange).copied() else { return };
        if self.responses.add(now, piece) {
            self.end(piece.exchange, exchange.deadline);
            out.push(Action::Done(now - exchange.begun));
        }
    }

    fn look_at_deadlines(&mut self, now: Time, out: &mut Vec<Action>) {
        while let Some((deadline, number)) = self.deadlines.first().copied()
            && deadline <= now
        {
            let exchange = self.open.get_mut(&number).expect("deadlines are those of open exchanges");
            if exchange.attempt == self.config.retries {
                self.end(number, deadline);
                out.push(Action::GiveUp);
                continue;
            }
            exchange.attempt += 1;
            exchange.deadline = now + doubled(self.config.timeout, exchange.attempt);
            self.deadlines.remove(&(deadline, number));
            self.deadlines.insert((exchange.deadline, number));
            let (attempt, volume) = (exchange.attempt, exchange.volume);
            out.push(Action::SendAgain(Message { exchange: number, attempt, volume }));
        }
    }

    fn end(&mut self, number: u32, deadline: Time) {
        self.open.remove(&number);
        self.deadlines.remove(&(deadline, number));
        self.responses.forget(number);
    }
}

/// `timeout` doubled so many times (RFC 7252 4.2), a day at most.
fn doubled(timeout: Span, times: u32) -> Span {
    let longest = Span::from_s(86_400);
    let factor = 1u64.checked_shl(times).unwrap_or(u64::MAX);
    Span::from_ps(timeout.as_ps().saturating_mul(factor)).min(longest)
}
