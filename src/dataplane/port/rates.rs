//! A port by which traffic goes as a rate: what it would do to a packet, and what went by.

use super::{Gate, OnWire, PacketStore, Port};
use crate::dataplane::{Passed, SecureTransmitter};
use crate::message::{DropReason, Packet};
use crate::units::{Rate, Span, Time};

impl Port {
    /// Whether an offer of this packet would be refused whatever waits, and why.
    ///
    /// # Errors
    /// The cause of the drop.
    pub fn would_admit(&self, packet: &Packet) -> Result<(), DropReason> {
        if self.gate == Gate::Closed {
            return Err(DropReason::PortDown);
        }
        self.admits(packet)
    }

    /// From the offer of a packet to an empty queue until it is at the next router.
    #[must_use]
    pub fn unloaded(&self, packet: &Packet) -> Span {
        self.transmission_time(packet) + self.fibre_delay + self.receive_delay
    }

    /// From the first bit of a packet on the line to the last.
    #[must_use]
    pub fn transmission_time(&self, packet: &Packet) -> Span {
        self.pace.time(self.wire_bytes(packet))
    }

    /// Counts packets of a class that came as a rate, and those of them that left.
    pub fn went_by(&mut self, class: usize, offered: u64, passed: &Passed) {
        self.sent += passed.packets;
        self.sent_bytes += passed.wire_bytes;
        if let Some(queues) = &mut self.queues {
            queues.went_by(class, offered, passed);
        }
        if let Some(secure) = &mut self.secure {
            secure.protect_all(passed.packets);
        }
    }

    /// Counts messages of the uncontrolled port that came as a rate, and left.
    pub fn uncontrolled_went_by(&mut self, class: usize, passed: &Passed) {
        let secure = self.secure.take();
        self.went_by(class, passed.packets, passed);
        self.secure = secure;
        self.uncontrolled += passed.packets;
    }

    /// Counts packets that arrived as a rate.
    pub const fn came_by(&mut self, packets: u64) {
        self.arrived += packets;
    }

    /// A packet that is counted already was offered to an otherwise idle port at `at`, and has not arrived at `now`;
    /// returns when it does.
    pub fn put_under_way(&mut self, store: &mut PacketStore, now: Time, at: Time, packet: Packet) -> Time {
        self.settle(store, now);
        let departure = at + self.transmission_time(&packet);
        let mut before = None;
        while let Some(next) = self.train.after(store, before)
            && store.entry(next).departure <= departure
        {
            before = Some(next);
        }
        self.train.insert_begun(store, before, OnWire { departure, packet });
        self.free_at = self.free_at.max(departure);
        self.arrival_of(departure)
    }

    /// Time until all that was offered has departed.
    #[must_use]
    pub const fn backlog(&self, now: Time) -> Span {
        self.free_at.since(now)
    }

    /// The line rate as it is now.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.pace.rate()
    }

    /// Frames that the present MACsec key can yet number; none where there is no MACsec.
    #[must_use]
    pub fn frames_left(&self) -> u64 {
        self.secure.as_ref().map_or(0, SecureTransmitter::frames_left)
    }
}
