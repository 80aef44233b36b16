//! A transmitter with its output queue, fused with the wire behind it.
//!
//! ```text
//!  offer -> | waiting ... | in service | ===== on the wire ===== | -> arrival at the next router's output port
//!           '---------------- one ring, in order of departure ---'
//! ```
//! Departure is known when a packet is offered, so a hop costs one event: the head's arrival. Only the head is in
//! the event queue. A control packet enters behind the packet in service, and those behind it are re-timed.
//! With several classes packets wait in [`ClassQueues`] instead, and the ring holds what has begun.

mod classed;
mod faults;
mod gate;
mod paced;
mod rates;
mod ring;
mod uncontrolled;

use crate::dataplane::propagation::FormerWays;
use crate::dataplane::{ClassQueues, Pace, QueueAudit, SecureTransmitter};
use crate::engine::prefetch;
use crate::message::{DropReason, Packet};
use crate::network;
use crate::network::{Buffer, Framing};
use crate::units::{Bytes, Span, Time};
pub use faults::Impairment;
use gate::Gate;
use paced::FormerPaces;
pub use paced::Repaced;
use ring::{OnWire, Ring};

/// One direction of one member of a link. What every packet needs comes first: with what a simulation keeps ahead of it,
/// 112 bytes fill two cache lines.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Port {
    ring: Ring,
    /// From the end of transmission until the packet is offered to the next router's output port; [`Span::MAX`] where the
    /// fibre must be asked.
    way: Span,
    free_at: Time,
    /// Index in the ring of the first packet whose transmission had not begun when last looked.
    first_waiting: u32,
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
            ring: Ring::default(),
            way: fibre_delay + receive_delay,
            free_at: Time::ZERO,
            first_waiting: 0,
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
    pub fn offer(&mut self, now: Time, packet: &Packet) -> Offer {
        self.offer_onward(now, packet, packet.ttl)
    }

    /// As [`Self::offer`], when the packet goes on with this hop limit. What changes of a packet is written where it is
    /// put and not before: a processor that reads as one what was just written in pieces waits for the memory.
    #[inline(always)]
    pub fn offer_onward(&mut self, now: Time, packet: &Packet, ttl: u8) -> Offer {
        if self.gate != Gate::Open || packet.size > self.mtu {
            if self.gate == Gate::OpenByClass || self.gate == Gate::Closed {
                return self.offer_by_class(now, Packet { ttl, ..*packet });
            }
            if let Err(reason) = self.admits(packet) {
                return Offer::Dropped(reason);
            }
        }
        let bytes = self.wire_bytes(packet);
        let (begin, wait) = if self.free_at > now {
            self.settle(now);
            if packet.kind.is_control() {
                return self.insert(now, Packet { ttl, ..*packet }, bytes);
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
                self.settle(now); // for the audit
            }
            // All that was offered has departed.
            self.waiting_bytes = 0;
            self.first_waiting = self.ring.len() + 1;
            (now, Span::ZERO)
        };
        self.free_at = begin + self.pace.time(bytes);
        self.count(bytes);
        let packet = Packet { waited: packet.waited + wait, ttl, ..*packet };
        self.ring.push(OnWire { departure: self.free_at, packet });
        self.accepted(self.free_at)
    }

    #[inline(always)]
    fn accepted(&self, departure: Time) -> Offer {
        if self.ring.len() == 1 { Offer::Head(self.arrival_of(departure)) } else { Offer::Behind(departure) }
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
    fn settle(&mut self, now: Time) {
        while let Some(entry) = self.ring.get(self.first_waiting) {
            let start = self.start(entry);
            if start > now {
                break;
            }
            self.audit.sees(start, self.waiting());
            self.waiting_bytes -= self.wire_bytes(&entry.packet);
            self.first_waiting += 1;
        }
    }

    /// Sees to everything that began up to `now`.
    fn catch_up(&mut self, now: Time) {
        self.settle(now);
        self.serve_classes(now);
    }

    /// Number of packets that wait in the ring.
    #[inline]
    const fn waiting(&self) -> usize {
        self.ring.len().saturating_sub(self.first_waiting) as usize
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
    fn insert(&mut self, now: Time, mut packet: Packet, bytes: u64) -> Offer {
        let time = self.pace.time(bytes);
        let waiting = self.ring.from(self.first_waiting);
        let mut place = self.first_waiting;
        place += waiting.take_while(|entry| entry.packet.kind.is_control()).map(|_| 1).sum::<u32>();
        let before = place.checked_sub(1).and_then(|before| self.ring.get(before));
        let start = before.map_or(now, |entry| entry.departure.max(now));
        packet.waited += start - now;
        self.audit.sees(now, self.waiting());
        self.audit.tells(i128::from((start - now).as_ps()));
        for index in place..self.ring.len() {
            let entry = self.ring.at_mut(index);
            entry.departure += time;
            entry.packet.waited += time;
            self.audit.tells(i128::from(time.as_ps()));
        }
        let departure = start + time;
        self.ring.insert(place, OnWire { departure, packet });
        self.waiting_bytes += bytes;
        self.queue_max = self.queue_max.max(self.waiting_bytes);
        self.free_at += time;
        self.count(bytes);
        self.accepted(departure)
    }

    /// When a packet reaches the far end of the fibre.
    fn at_far_end(&self, departure: Time) -> Time {
        match &self.former_ways {
            None => departure + self.fibre_delay,
            Some(former) => former.arrival(departure, self.fibre_delay),
        }
    }

    /// When a packet is at the next router whose transmission ends at `departure`.
    #[must_use]
    #[inline(always)]
    pub fn arrival_of(&self, departure: Time) -> Time {
        if self.way == Span::MAX {
            return self.at_far_end(departure) + self.receive_delay;
        }
        departure + self.way
    }

    /// When the head of the wire arrives.
    #[must_use]
    pub fn head_arrival(&self) -> Option<Time> {
        self.ring.front().map(|head| self.arrival_of(head.departure))
    }

    /// The head of the wire, when it arrives at `now` by a fibre of which nothing else need be asked.
    #[must_use]
    #[inline(always)]
    pub fn plain_head_at(&self, now: Time) -> Option<&Packet> {
        self.ring.front().filter(|head| head.departure + self.way == now).map(|head| &head.packet)
    }

    /// Fetches what counts packets here: the second of the lines that every packet needs.
    #[inline(always)]
    pub fn prefetch_counters(&self) {
        prefetch(&self.pace);
    }

    /// Fetches the head of the wire and the packet behind it.
    #[inline(always)]
    pub fn prefetch_head(&self) {
        self.ring.prefetch(0);
        self.ring.prefetch(1);
    }

    /// The head of the wire, whenever it arrives.
    #[must_use]
    #[inline(always)]
    pub fn head(&self) -> Option<&Packet> {
        self.ring.front().map(|head| &head.packet)
    }

    /// The head of the wire, when it arrives at `now`.
    #[must_use]
    pub fn head_at(&self, now: Time) -> Option<&Packet> {
        self.ring.front().filter(|head| self.arrival_of(head.departure) == now).map(|head| &head.packet)
    }

    /// When the head arrives, unless it is a control packet.
    #[inline(always)]
    fn next_data_arrival(&self) -> Option<Time> {
        let head = self.ring.front().filter(|head| !head.packet.kind.is_control())?;
        Some(self.arrival_of(head.departure))
    }

    /// The head leaves the ring, and nobody has noticed that its transmission began.
    #[inline(never)]
    fn began(&mut self) {
        if let Some(head) = self.ring.front() {
            self.audit.sees(self.start(head), self.ring.len() as usize);
            self.waiting_bytes -= self.wire_bytes(&head.packet);
            self.first_waiting = 1;
        }
    }

    /// Hands what departed until `now` to the far end's view of the same wire, which lies in another partition;
    /// `moved` sees each packet. Returns when the first of them arrives if that must be scheduled there.
    pub fn hand_over(&mut self, now: Time, far: &mut Self, mut moved: impl FnMut(&mut Packet)) -> Option<Time> {
        let was_idle = far.ring.is_empty();
        self.serve_classes(now);
        while let Some(mut entry) = self.ring.front().copied().filter(|entry| entry.departure <= now) {
            if self.first_waiting == 0 {
                self.began();
            }
            self.first_waiting -= 1;
            self.ring.pop();
            moved(&mut entry.packet);
            far.ring.push(entry);
            far.first_waiting = far.ring.len();
        }
        if was_idle { far.next_data_arrival() } else { None }
    }

    /// Takes the head off the wire; called at its arrival. Panics (our bug) on an empty wire.
    pub fn arrive(&mut self) -> Arrival {
        let OnWire { packet, departure } = *self.ring.front().expect("the wire's event has a packet");
        Arrival { packet, departure, next: self.advance() }
    }

    /// As [`Self::arrive`], when the head is known: tells when the next packet arrives.
    #[inline(always)]
    pub fn advance(&mut self) -> Option<Time> {
        let head = self.ring.front().expect("the wire's event has a packet");
        let departure = head.departure;
        let word = departure.as_ps() ^ (u64::from(head.packet.hash) << 20) ^ u64::from(head.packet.size);
        self.chain = (self.chain.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.arrived += 1;
        if self.first_waiting == 0 {
            self.began();
        }
        self.first_waiting -= 1;
        self.ring.pop();
        if self.gate == Gate::OpenByClass {
            return self.serve_next(departure);
        }
        self.next_data_arrival()
    }

    /// When the transmission of an arrived packet began and ended.
    #[must_use]
    pub fn transmission(&self, arrival: &Arrival) -> (Time, Time) {
        let pace = self.former_paces.of(arrival.departure).unwrap_or(self.pace);
        let time = pace.time(self.wire_bytes(&arrival.packet));
        (Time::from_ps(arrival.departure.as_ps() - time.as_ps()), arrival.departure)
    }

    /// Picoseconds that the waiting packets were told to wait from `now` on, together.
    fn told_ahead(&self, now: Time) -> i128 {
        let waiting = self.ring.from(self.first_waiting);
        waiting.map(|entry| i128::from(self.start(entry).since(now).as_ps())).sum()
    }

    /// Asserts Little's law for this port's queues up to `now`; nothing in release builds.
    pub fn audit(&mut self, now: Time) {
        self.catch_up(now);
        self.audit.holds(now, self.waiting(), -self.told_ahead(now));
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
    pub fn packets(&self) -> impl Iterator<Item = &Packet> {
        let by_class = self.queues.iter().flat_map(|queues| queues.packets());
        self.ring.from(0).map(|entry| &entry.packet).chain(by_class)
    }

    /// Whether nothing is in the queue or on the wire.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.ring.is_empty()
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
