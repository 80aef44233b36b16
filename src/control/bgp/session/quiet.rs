//! What an established session tells of itself while it only says that it is there.

use super::{Session, jittered};
use crate::control::bgp::State;
use crate::control::bgp::quiet::Told;
use crate::control::bgp::transport::Numbers;
use crate::message::{BgpMessage, BgpSegment};
use crate::units::{Bytes, Span};

impl Session {
    /// RFC 4271 4.4: a third of the hold time at most; zero means no keepalives.
    pub(super) fn keepalive_interval(&self) -> Span {
        self.timing.keepalive.min(self.hold.scaled(1, 3))
    }

    /// Draws how long after a message the next keepalive follows.
    pub(in crate::control::bgp) fn keepalive_pause(&mut self) -> Span {
        let interval = self.keepalive_interval();
        jittered(&mut self.keepalive_jitter, interval, self.timing.jitter)
    }

    /// What it tells of itself when nothing of it is on the way and nothing else is due.
    pub(in crate::control::bgp) fn quiet(&self) -> Option<Told> {
        let interval = self.keepalive_interval();
        let in_order = self.state == State::Established && interval > Span::ZERO;
        let numbers = self.transport.quiet_numbers().filter(|_| in_order)?;
        Some(Told { interval, hold: self.hold, numbers })
    }

    /// The sizes of its keepalives and acknowledgements as IP packets.
    pub(in crate::control::bgp) fn quiet_sizes(&self) -> [Bytes; 2] {
        [Some(self.prefixes.size(&BgpMessage::Keepalive)), None]
            .map(|size| self.transport.packet(size.unwrap_or_default()))
    }

    /// A segment of the open connection.
    pub(in crate::control::bgp) fn numbered(
        &self,
        sequence: u64,
        acknowledges: u64,
        message: Option<BgpMessage>,
    ) -> BgpSegment {
        let size = message.as_ref().map_or_else(Bytes::default, |message| self.prefixes.size(message));
        self.transport.numbered(sequence, acknowledges, message, size)
    }

    /// It goes on with these numbers.
    pub(in crate::control::bgp) fn resume(&mut self, numbers: Numbers) {
        let size = self.prefixes.size(&BgpMessage::Keepalive);
        self.transport.resume(numbers, size);
    }
}
