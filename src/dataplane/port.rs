//! A transmitter with its output queue, fused with the wire behind it.
//!
//! ```text
//!  offer -> | waiting ... | in service | ===== on the wire ===== | -> arrival at the next router's output port
//!           '---------------- one train, in order of departure --'
//! ```
//! Departure is known when a packet is offered, so a hop costs one event: the head's arrival. Only the head is in
//! the event queue. A control packet enters behind the packet in service, and those behind it are re-timed.
//! With several classes packets wait in [`ClassQueues`] instead, and the train holds what has begun. The packets themselves
//! are in a store that all ports of a partition share; every call that reaches them gets it.

mod arrivals;
mod classed;
mod faults;
mod gate;
mod paced;
mod rates;
mod train;
mod uncontrolled;

use crate::dataplane::propagation::FormerWays;
use crate::dataplane::{ClassQueues, Pace, QueueAudit, SecureTransmitter};
use crate::message::{DropReason, Packet};
use crate::network;
use crate::network::{Buffer, Framing};
use crate::units::{Bytes, Span, Time};
pub use faults::Impairment;
use gate::Gate;
use paced::FormerPaces;
pub use paced::Repaced;
pub use train::PacketStore;
use train::{OnWire, Train};

/// One direction of one member of a link. What every packet needs comes first: with what a simulation keeps ahead of it,
/// 112 bytes fill two cache lines.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Port {
    train: Train,
    /// From the end of transmission until the packet is offered to the next router's output port; [`Span::MAX`] where the
    /// fibre must be asked.
    way: Span,
    free_at: Time,
    mtu: u32,
    /// Hash chain over departures.
    chain: u64,
    arrived: u64,
    pace: Pace,
    frame: Frame,
    gate: Gate,
    sent: u64,
    waiting_bytes: u64,
    sent_bytes: u64,
    secure: Option<SecureTransmitter>,
    buffer: Buffer,
    queue_max: u64,
    audit: QueueAudit,
    former_paces: FormerPaces,
    /// From the end of transmission until the far end of the fibre.
    fibre_delay: Span,
    encrypt: Span,
    /// Where the fibre delay was another before.
    former_ways: Option<Box<FormerWays>>,
    /// From there until the packet is offered to the next router's output port: decryption and forwarding.
    receive_delay: Span,
    /// Where packets wait when there are several classes.
    queues: Option<Box<ClassQueues>>,
    /// Everything that may kill a packet on the wire, looked at only when there is something.
    impairments: Vec<Impairment>,
    /// Of those sent, frames of the uncontrolled port.
    uncontrolled: u64,
    /// Frames that had arrived when packet numbers began anew, less the number of the first.
    unnumbered: u64,
}

const _: () = assert!(std::mem::offset_of!(Port, secure) == 112, "two cache lines with what comes ahead of it");

/// Bytes around an IP packet.
#[derive(Debug, Clone, Copy)]
struct Frame {
    around: u16,
    between: u16,
    smallest: u16,
}

/// What became of an offered packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Offer {
    /// Accepted behind others; as things stand its transmission ends at this instant.
    Behind(Time),
    /// Accepted, and it is the wire's head: its arrival must be scheduled at this instant.
    Head(Time),
    /// Not accepted.
    Dropped(DropReason),
}

/// A packet at the far end, before impairments are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Arrival {
    /// The packet.
    pub packet: Packet,
    /// When its transmission ended.
    pub departure: Time,
    /// When the next packet on the wire arrives, if there is one and it is not a control packet: those are awaited by
    /// whoever sent them.
    pub next: Option<Time>,
}

/// Packets thrown out of a queue.
pub type Flushed = Vec<Packet>;

impl Port {
    /// An idle port; `forwarding` is the receiving router's forwarding latency.
    #[must_use]
    pub fn new(port: &network::Port, forwarding: Span) -> Self {
        let (around, between) = port.overhead();
        let few = |bytes: Bytes| u16::try_from(bytes.0).expect("what surrounds a packet is small");
        let smallest = match port.framing {
            Framing::Ethernet { .. } => 64,
            Framing::None => 0,
        };
        let (encrypt, decrypt) =
            port.macsec.map_or((Span::ZERO, Span::ZERO), |config| (config.encrypt_latency, config.decrypt_latency));
        let (fibre_delay, receive_delay) = (encrypt + port.propagation, decrypt + forwarding);
        let mut idle = Self {
            train: Train::new(),
            way: fibre_delay + receive_delay,
            free_at: Time::ZERO,
            mtu: u32::try_from(port.largest_packet().0).unwrap_or(u32::MAX),
            chain: 0,
            arrived: 0,
            pace: Pace::new(port.rate),
            frame: Frame { around: few(around), between: few(between), smallest },
            gate: Gate::Closed,
            sent: 0,
            waiting_bytes: 0,
            sent_bytes: 0,
            secure: port.macsec.as_ref().map(SecureTransmitter::new),
            buffer: port.buffer,
            queue_max: 0,
            audit: QueueAudit::default(),
            former_paces: FormerPaces::default(),
            fibre_delay,
            encrypt,
            former_ways: None,
            receive_delay,
            queues: None,
            impairments: Vec::new(),
            uncontrolled: 0,
            unnumbered: 1u64.wrapping_sub(port.macsec.map_or(1, |config| config.first_packet_number)),
        };
        idle.open();
        idle
    }

    /// Bytes an IP packet takes on the wire.
    #[inline(always)]
    fn wire_bytes(&self, packet: &Packet) -> u64 {
        let Frame { around, between, smallest } = self.frame;
        (u64::from(packet.size) + u64::from(around)).max(u64::from(smallest)) + u64::from(between)
    }

    /// When the transmission of a packet that waits begins.
    #[inline]
    fn start(&self, entry: &OnWire) -> Time {
        Time::from_ps(entry.departure.as_ps() - self.pace.time(self.wire_bytes(&entry.packet)).as_ps())
    }

    /// Offers a packet to the output queue at `now`, not before the last offer.
    #[inline(always)]
    pub fn offer(&mut self, store: &mut PacketStore, now: Time, packet: &Packet) -> Offer {
        self.offer_onward(store, now, packet, packet.ttl)
    }

    /// As [`Self::offer`], when the packet goes on with this hop limit. What changes of a packet is written where it is
    /// put and not before: a processor that reads as one what was just written in pieces waits for the memory.
    #[inline(always)]
    pub fn offer_onward(&mut self, store: &mut PacketStore, now: Time, packet: &Packet, ttl: u8) -> Offer {
        if self.gate != Gate::Open || packet.size > self.mtu {
            if self.gate == Gate::OpenByClass || self.gate == Gate::Closed {
                return self.offer_by_class(store, now, Packet { ttl, ..*packet });
            }
            if let Err(reason) = self.admits(packet) {
                return Offer::Dropped(reason);
            }
        }
        let bytes = self.wire_bytes(packet);
        let (begin, wait) = if self.free_at > now {
            self.settle(store, now);
            if packet.kind.is_control() {
                return self.insert(store, now, Packet { ttl, ..*packet }, bytes);
            }
            if self.overflows(bytes) {
                return Offer::Dropped(DropReason::BufferFull);
            }
            let wait = self.free_at - now;
            self.waiting_bytes += bytes;
            self.queue_max = self.queue_max.max(self.waiting_bytes);
            self.audit.sees(now, self.waiting());
            self.audit.tells(i128::from(wait.as_ps()));
            (self.free_at, wait)
        } else {
            if cfg!(debug_assertions) {
                self.settle(store, now); // for the audit
            }
            // All that was offered has departed.
            self.waiting_bytes = 0;
            (now, Span::ZERO)
        };
        self.free_at = begin + self.pace.time(bytes);
        self.count(bytes);
        let packet = Packet { waited: packet.waited + wait, ttl, ..*packet };
        self.train.push(store, OnWire { departure: self.free_at, packet });
        if begin == now {
            self.train.all_begun();
        }
        self.accepted(self.free_at)
    }

    #[inline(always)]
    fn accepted(&self, departure: Time) -> Offer {
        if self.train.len() == 1 { Offer::Head(self.arrival_of(departure)) } else { Offer::Behind(departure) }
    }

    #[inline]
    fn admits(&self, packet: &Packet) -> Result<(), DropReason> {
        if packet.size > self.mtu {
            return Err(DropReason::TooBig);
        }
        self.secure.as_ref().map_or(Ok(()), SecureTransmitter::permits)
    }

    #[inline]
    fn count(&mut self, bytes: u64) {
        self.sent += 1;
        self.sent_bytes += bytes;
        if self.gate != Gate::Open
            && let Some(secure) = &mut self.secure
        {
            secure.protect();
        }
    }

    /// Moves the border between waiting and begun packets up to `now`.
    #[inline]
    fn settle(&mut self, store: &PacketStore, now: Time) {
        while let Some(first) = self.train.first_waiting(store) {
            let entry = store.entry(first);
            let start = self.start(entry);
            if start > now {
                break;
            }
            self.audit.sees(start, self.waiting());
            self.waiting_bytes -= self.wire_bytes(&entry.packet);
            self.train.begins(first);
        }
    }

    /// Sees to everything that began up to `now`.
    fn catch_up(&mut self, store: &mut PacketStore, now: Time) {
        self.settle(store, now);
        self.serve_classes(store, now);
    }

    /// Number of packets that wait in the train.
    #[inline]
    const fn waiting(&self) -> usize {
        self.train.waiting() as usize
    }

    #[inline]
    fn overflows(&self, bytes: u64) -> bool {
        match self.buffer {
            Buffer::Bytes(limit) => self.waiting_bytes + bytes > limit.0,
            Buffer::Packets(limit) => self.waiting() >= limit as usize,
            Buffer::Unlimited => false,
        }
    }

    /// Puts a control packet behind the packet in service and earlier control packets; what waits departs later by
    /// its transmission time.
    #[cold]
    fn insert(&mut self, store: &mut PacketStore, now: Time, mut packet: Packet, bytes: u64) -> Offer {
        let time = self.pace.time(bytes);
        let mut before = self.train.border();
        while let Some(next) = self.train.after(store, before)
            && store.entry(next).packet.kind.is_control()
        {
            before = Some(next);
        }
        let start = before.map_or(now, |before| store.entry(before).departure.max(now));
        packet.waited += start - now;
        self.audit.sees(now, self.waiting());
        self.audit.tells(i128::from((start - now).as_ps()));
        let mut later = self.train.after(store, before);
        while let Some(id) = later {
            let entry = store.entry_mut(id);
            entry.departure += time;
            entry.packet.waited += time;
            self.audit.tells(i128::from(time.as_ps()));
            later = self.train.after(store, later);
        }
        let departure = start + time;
        self.train.insert(store, before, OnWire { departure, packet });
        self.waiting_bytes += bytes;
        self.queue_max = self.queue_max.max(self.waiting_bytes);
        self.free_at += time;
        self.count(bytes);
        self.accepted(departure)
    }

    /// Picoseconds that the waiting packets were told to wait from `now` on, together.
    fn told_ahead(&self, store: &PacketStore, now: Time) -> i128 {
        let waiting = self.train.all_waiting(store);
        waiting.map(|entry| i128::from(self.start(entry).since(now).as_ps())).sum()
    }

    /// Asserts Little's law for this port's queues up to `now`; nothing in release builds.
    pub fn audit(&mut self, store: &mut PacketStore, now: Time) {
        self.catch_up(store, now);
        self.audit.holds(now, self.waiting(), -self.told_ahead(store, now));
        if let Some(queues) = &self.queues {
            queues.audit(now);
        }
    }

    /// The MACsec entity, when there is one.
    #[must_use]
    pub const fn secure(&self) -> Option<&SecureTransmitter> {
        self.secure.as_ref()
    }

    /// The MACsec entity, when there is one, to change it.
    pub const fn secure_mut(&mut self) -> Option<&mut SecureTransmitter> {
        self.secure.as_mut()
    }

    /// The packets in the queue and on the wire.
    pub fn packets<'a>(&'a self, store: &'a PacketStore) -> impl Iterator<Item = &'a Packet> {
        let by_class = self.queues.iter().flat_map(|queues| queues.packets());
        self.train.all(store).map(|entry| &entry.packet).chain(by_class)
    }

    /// Whether nothing is in the queue or on the wire.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.train.is_empty()
    }

    /// Packets and wire bytes transmitted, and the most bytes that ever waited.
    #[must_use]
    pub const fn counters(&self) -> (u64, Bytes, Bytes) {
        (self.sent, Bytes(self.sent_bytes), Bytes(self.queue_max))
    }

    /// Hash chain over everything that left.
    #[must_use]
    pub const fn chain(&self) -> u64 {
        self.chain
    }
}

#[cfg(test)]
#[path = "port_tests.rs"]
mod tests;
