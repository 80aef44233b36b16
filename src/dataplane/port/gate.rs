//! Whether a port takes packets, and what becomes of those that it has when it no longer does.

use super::{Flushed, PacketStore, Port};
use crate::dataplane::SecureTransmitter;
use crate::message::{Packet, PacketKind};
use crate::units::Time;

/// What becomes of offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// Packets wait in the train.
    Open,
    /// As well, and each gets a MACsec packet number.
    OpenSecured,
    /// Packets wait by class.
    OpenByClass,
    /// Offers are refused: the sending end knows that its link is down.
    Closed,
}

impl Port {
    /// The sending end knows that its link is down: refuses offers and returns what waited.
    pub fn close(&mut self, store: &mut PacketStore, now: Time) -> Flushed {
        self.catch_up(store, now);
        self.gate = Gate::Closed;
        let mut flushed = self.cut_train(store, now, self.train.border());
        flushed.append(&mut self.flush_classes(now));
        self.free_at = self.train.back(store).map_or(now, |last| last.departure).min(self.free_at);
        flushed
    }

    /// The sending end's link is up again.
    pub const fn open(&mut self) {
        self.gate = match (&self.queues, &self.secure) {
            (Some(_), _) => Gate::OpenByClass,
            (None, Some(_)) => Gate::OpenSecured,
            (None, None) => Gate::Open,
        };
    }

    /// Whether the sending end accepts packets and has a key where it needs one.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.gate != Gate::Closed && self.secure.as_ref().is_none_or(SecureTransmitter::is_keyed)
    }

    /// The sending router lost its power: returns all that had not left it completely.
    pub fn power_off(&mut self, store: &mut PacketStore, now: Time) -> Flushed {
        self.catch_up(store, now);
        let mut left = None;
        while let Some(next) = self.train.after(store, left)
            && store.entry(next).departure <= now
        {
            left = Some(next);
        }
        let mut flushed = self.cut_train(store, now, left);
        flushed.append(&mut self.flush_classes(now));
        self.train.all_begun();
        self.waiting_bytes = 0;
        self.free_at = now;
        self.gate = Gate::Closed;
        flushed
    }

    fn cut_train(&mut self, store: &mut PacketStore, now: Time, behind: Option<u32>) -> Flushed {
        self.audit.sees(now, self.waiting());
        self.audit.tells(-self.told_ahead(store, now));
        let flushed = self.train.cut(store, behind);
        let bytes = self.uncount(&flushed);
        self.waiting_bytes = self.waiting_bytes.saturating_sub(bytes);
        flushed
    }

    /// Packets will not be sent after all; returns their bytes.
    pub(super) fn uncount(&mut self, flushed: &[Packet]) -> u64 {
        let bytes: u64 = flushed.iter().map(|packet| self.wire_bytes(packet)).sum();
        self.sent -= flushed.len() as u64;
        self.sent_bytes -= bytes;
        let uncontrolled = flushed.iter().filter(|packet| packet.kind == PacketKind::Uncontrolled).count() as u64;
        self.uncontrolled -= uncontrolled;
        if let Some(secure) = &mut self.secure {
            secure.give_back(flushed.len() as u64 - uncontrolled);
        }
        bytes
    }
}
