//! Messages of which some packets have come.

use std::collections::BTreeMap;

use crate::message::Piece;
use crate::units::{Span, Time};

/// How long packets of a message are kept for the rest (RFC 8200 4.5: 60 s for the fragments of a packet).
const PATIENCE: Span = Span::from_s(60);

/// Puts messages together again. A message of one packet needs no memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Assembly {
    begun: BTreeMap<(u32, u32), Begun>,
}

#[derive(Debug, Clone, Copy)]
struct Begun {
    since: Time,
    pieces: u32,
}

impl Assembly {
    /// A packet comes in, which it does once; whether its message is whole now.
    pub fn add(&mut self, now: Time, piece: &Piece) -> bool {
        if piece.pieces == 1 {
            return true;
        }
        let key = (piece.exchange, piece.attempt);
        let begun = self.begun.entry(key).or_insert(Begun { since: now, pieces: 0 });
        begun.pieces += 1;
        let is_whole = begun.pieces == piece.pieces;
        if is_whole {
            self.begun.remove(&key);
        }
        self.forget_old(now);
        is_whole
    }

    /// Forgets an exchange.
    pub fn forget(&mut self, exchange: u32) {
        while let Some((key, _)) = self.begun.range((exchange, 0)..=(exchange, u32::MAX)).next() {
            let key = *key;
            self.begun.remove(&key);
        }
    }

    /// Exchanges are numbered in order of time, so the oldest stand first.
    fn forget_old(&mut self, now: Time) {
        while let Some(oldest) = self.begun.first_entry()
            && oldest.get().since + PATIENCE < now
        {
            oldest.remove();
        }
    }
}
