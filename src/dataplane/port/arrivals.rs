//! The far end of the wire behind a port: what is under way, and what arrives.

use super::{Arrival, Gate, OnWire, PacketStore, Port};
use crate::engine::prefetch;
use crate::message::Packet;
use crate::units::{Span, Time};

impl Port {
    /// When a packet reaches the far end of the fibre.
    pub(super) fn at_far_end(&self, departure: Time) -> Time {
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
    pub fn head_arrival(&self, store: &PacketStore) -> Option<Time> {
        self.train.front(store).map(|head| self.arrival_of(head.departure))
    }

    /// The head of the wire, when it arrives at `now` by a fibre of which nothing else need be asked.
    #[must_use]
    #[inline(always)]
    pub fn plain_head_at<'s>(&self, store: &'s PacketStore, now: Time) -> Option<&'s Packet> {
        self.train.front(store).filter(|head| head.departure + self.way == now).map(|head| &head.packet)
    }

    /// Fetches what counts packets here: the second of the lines that every packet needs.
    #[inline(always)]
    pub fn prefetch_counters(&self) {
        prefetch(&self.pace);
    }

    /// Fetches the head of the wire.
    #[inline(always)]
    pub fn prefetch_head(&self, store: &PacketStore) {
        self.train.prefetch_first(store);
    }

    /// Fetches the packet behind the head of the wire.
    #[inline(always)]
    pub fn prefetch_next(&self, store: &PacketStore) {
        self.train.prefetch_second(store);
    }

    /// The head of the wire, whenever it arrives.
    #[must_use]
    #[inline(always)]
    pub fn head<'s>(&self, store: &'s PacketStore) -> Option<&'s Packet> {
        self.train.front(store).map(|head| &head.packet)
    }

    /// The head of the wire, when it arrives at `now`.
    #[must_use]
    pub fn head_at<'s>(&self, store: &'s PacketStore, now: Time) -> Option<&'s Packet> {
        self.train.front(store).filter(|head| self.arrival_of(head.departure) == now).map(|head| &head.packet)
    }

    /// When the head arrives, unless it is a control packet.
    #[inline(always)]
    pub(super) fn next_data_arrival(&self, store: &PacketStore) -> Option<Time> {
        let head = self.train.front(store).filter(|head| !head.packet.kind.is_control())?;
        Some(self.arrival_of(head.departure))
    }

    /// The head leaves the train, and nobody has noticed that its transmission began.
    #[inline(never)]
    fn began(&mut self, store: &PacketStore) {
        if let Some(first) = self.train.first_waiting(store) {
            let head = store.entry(first);
            self.audit.sees(self.start(head), self.train.len() as usize);
            self.waiting_bytes -= self.wire_bytes(&head.packet);
            self.train.begins(first);
        }
    }

    /// Hands what departed until `now` to the far end's view of the same wire, which lies in another partition;
    /// `moved` sees each packet. Returns when the first of them arrives if that must be scheduled there.
    pub fn hand_over(
        &mut self,
        stores: (&mut PacketStore, &mut PacketStore),
        now: Time,
        far: &mut Self,
        mut moved: impl FnMut(&mut Packet),
    ) -> Option<Time> {
        let (store, far_store) = stores;
        let was_idle = far.train.is_empty();
        self.serve_classes(store, now);
        while let Some(mut entry) = self.train.front(store).copied().filter(|entry| entry.departure <= now) {
            if !self.train.has_begun() {
                self.began(store);
            }
            self.train.pop(store);
            moved(&mut entry.packet);
            debug_assert!(far.train.back(far_store).is_none_or(|last| last.departure <= entry.departure), "in order");
            far.train.push(far_store, entry);
            far.train.all_begun();
        }
        if was_idle { far.next_data_arrival(far_store) } else { None }
    }

    /// Takes the head off the wire; called at its arrival. Panics (our bug) on an empty wire.
    pub fn arrive(&mut self, store: &mut PacketStore) -> Arrival {
        let OnWire { packet, departure } = *self.train.front(store).expect("the wire's event has a packet");
        Arrival { packet, departure, next: self.advance(store) }
    }

    /// As [`Self::arrive`], when the head is known: tells when the next packet arrives.
    #[inline(always)]
    pub fn advance(&mut self, store: &mut PacketStore) -> Option<Time> {
        let head = self.train.front(store).expect("the wire's event has a packet");
        let departure = head.departure;
        let word = departure.as_ps() ^ (u64::from(head.packet.hash) << 20) ^ u64::from(head.packet.size);
        self.chain = (self.chain.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.arrived += 1;
        if !self.train.has_begun() {
            self.began(store);
        }
        self.train.pop(store);
        if self.gate == Gate::OpenByClass {
            return self.serve_next(store, departure);
        }
        self.next_data_arrival(store)
    }

    /// When the transmission of an arrived packet began and ended.
    #[must_use]
    pub fn transmission(&self, arrival: &Arrival) -> (Time, Time) {
        let pace = self.former_paces.of(arrival.departure).unwrap_or(self.pace);
        let time = pace.time(self.wire_bytes(&arrival.packet));
        (Time::from_ps(arrival.departure.as_ps() - time.as_ps()), arrival.departure)
    }
}
