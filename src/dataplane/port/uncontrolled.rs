//! The uncontrolled port: MACsec key agreement messages pass without a key, without a tag, and with the link down.

use super::{Gate, Offer, PacketStore, Port};
use crate::dataplane::SecureTransmitter;
use crate::message::{Packet, PacketKind};
use crate::units::{Bytes, Time};

/// FCS of an Ethernet frame.
const FCS: u64 = 4;

impl Port {
    /// The size of a packet whose frame, without FCS and without what this port puts around the packets of the
    /// controlled port, has so many bytes.
    #[must_use]
    pub fn uncontrolled_size(&self, frame: Bytes) -> Bytes {
        Bytes((frame.0 + FCS).saturating_sub(u64::from(self.frame.around)))
    }

    /// Offers a message to the output queue at `now`, not before the last offer.
    pub fn offer_uncontrolled(&mut self, store: &mut PacketStore, now: Time, packet: &Packet) -> Offer {
        let (secure, gate) = (self.secure.take(), self.gate);
        if gate == Gate::Closed {
            self.open();
        }
        let offer = self.offer(store, now, packet);
        (self.secure, self.gate) = (secure, gate);
        match offer {
            Offer::Behind(_) | Offer::Head(_) => self.uncontrolled += 1,
            Offer::Dropped(_) => {}
        }
        offer
    }

    /// Offers a message of the member itself, which passes while the link or the member is down for traffic.
    pub fn offer_of_member(&mut self, store: &mut PacketStore, now: Time, packet: &Packet) -> Offer {
        let gate = self.gate;
        if gate == Gate::Closed {
            self.open();
        }
        let offer = self.offer(store, now, packet);
        self.gate = gate;
        offer
    }

    /// A new key is in use: packet numbers begin anew with the first frame that has not begun to leave.
    pub fn rekey(&mut self, store: &mut PacketStore, now: Time) {
        self.catch_up(store, now);
        let train = self.train.all(store).filter(|entry| self.start(entry) >= now).map(|entry| &entry.packet);
        let by_class = self.queues.iter().flat_map(|queues| queues.packets());
        let waiting = train.chain(by_class).filter(|packet| packet.kind != PacketKind::Uncontrolled).count();
        if let Some(secure) = &mut self.secure {
            secure.rekey(waiting as u64);
        }
    }

    /// Frames that left with a MACsec tag, where there is MACsec.
    #[must_use]
    pub fn protected(&self) -> u64 {
        let clear = self.secure.as_ref().map_or(0, SecureTransmitter::clear);
        self.sent - self.uncontrolled - clear
    }
}
