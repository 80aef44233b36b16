//! A port with several classes: its line takes the next packet from their queues whenever it becomes free.
//!
//! Which packet that is depends on nothing that comes later, so the choice is made when somebody looks: at the next
//! offer, or when the wire behind the line has run empty. A hop still costs one event.

use super::{Flushed, Gate, Offer, OnWire, PacketStore, Port};
use crate::dataplane::{ClassQueues, ClassTotals};
use crate::message::{DropReason, Packet};
use crate::network;
use crate::network::Queueing;
use crate::rng::Stream;
use crate::units::{Span, Time};

impl Port {
    /// An idle port whose packets wait by class; early detection draws from `stream`.
    #[must_use]
    pub fn with_classes(port: &network::Port, forwarding: Span, queueing: &Queueing, stream: Stream) -> Self {
        let queues = Some(Box::new(ClassQueues::new(queueing, port.buffer, stream)));
        Self { queues, gate: Gate::OpenByClass, ..Self::new(port, forwarding) }
    }

    /// An offer to a port that is closed or has classes.
    #[inline(never)]
    pub(super) fn offer_by_class(&mut self, store: &mut PacketStore, now: Time, packet: Packet) -> Offer {
        if let Some(queues) = &mut self.queues {
            queues.comes(&packet);
        }
        if self.gate == Gate::Closed {
            return Offer::Dropped(DropReason::PortDown);
        }
        if let Err(reason) = self.admits(&packet) {
            return Offer::Dropped(reason);
        }
        self.serve_classes(store, now);
        let bytes = self.wire_bytes(&packet);
        let time = self.pace.time(bytes);
        let Some(queues) = &mut self.queues else { unreachable!("a port open by class has classes") };
        let packet = match queues.judge(now, packet, time) {
            Ok(packet) => packet,
            Err(reason) => return Offer::Dropped(reason),
        };
        if self.free_at <= now {
            queues.passes_by(&packet, bytes);
            self.count(bytes);
            return self.begin(store, now, packet, time);
        }
        let before: u64 = queues.before(&packet).map(|bytes| self.pace.time(bytes).as_ps()).sum();
        if let Err(reason) = queues.enqueue(now, packet, bytes) {
            return Offer::Dropped(reason);
        }
        self.queue_max = self.queue_max.max(queues.waiting_bytes());
        self.count(bytes);
        Offer::Behind(self.free_at + Span::from_ps(before) + time)
    }

    /// The earliest instant after `now` at which a control packet may arrive, where that is not known when it is
    /// offered: in a class that others may overtake.
    pub fn next_control(&mut self, store: &mut PacketStore, now: Time) -> Option<Time> {
        if self.queues.as_ref().is_none_or(|queues| queues.control_is_first()) {
            return None;
        }
        self.serve_classes(store, now);
        let begun = self.train.all(store).filter(|entry| entry.packet.kind.is_control());
        let begun = begun.map(|entry| self.arrival_of(entry.departure)).find(|at| *at > now);
        begun.or_else(|| {
            let waiting = self.queues.as_ref()?.packets().find(|packet| packet.kind.is_control())?;
            Some(self.arrival_of(self.free_at + self.pace.time(self.wire_bytes(waiting))))
        })
    }

    /// A packet's transmission begins at `start`, when the line is free.
    fn begin(&mut self, store: &mut PacketStore, start: Time, packet: Packet, time: Span) -> Offer {
        self.free_at = start + time;
        self.train.push(store, OnWire { departure: self.free_at, packet });
        self.train.all_begun();
        self.accepted(self.free_at)
    }

    /// Begins every transmission that is due by `now`.
    pub(super) fn serve_classes(&mut self, store: &mut PacketStore, now: Time) {
        while self.free_at <= now {
            let Some(queues) = &mut self.queues else { return };
            let Some((packet, bytes)) = queues.dequeue(self.free_at) else { return };
            let _ = self.begin(store, self.free_at, packet, self.pace.time(bytes));
        }
    }

    /// A packet that departed then has arrived: an empty wire wants to know which one comes after it. Tells when that
    /// arrives.
    #[inline(never)]
    pub(super) fn serve_next(&mut self, store: &mut PacketStore, departure: Time) -> Option<Time> {
        if self.train.is_empty() {
            self.serve_classes(store, self.arrival_of(departure));
        }
        self.next_data_arrival(store)
    }

    /// When the control packets in the queues arrive, at the earliest if others may overtake them.
    pub(super) fn waiting_controls(&self) -> Vec<Time> {
        let mut end = self.free_at;
        let mut arrivals = Vec::new();
        for packet in self.queues.iter().flat_map(|queues| queues.packets_with_control()) {
            end += self.pace.time(self.wire_bytes(packet));
            if packet.kind.is_control() {
                arrivals.push(self.arrival_of(end));
            }
        }
        arrivals
    }

    /// Empties the queues of the classes.
    pub(super) fn flush_classes(&mut self, now: Time) -> Flushed {
        let flushed = self.queues.as_mut().map_or_else(Flushed::new, |queues| queues.flush(now));
        self.uncount(&flushed);
        flushed
    }

    /// The class of a packet, by its place among the classes; `None` without classes.
    #[must_use]
    pub fn class_of(&self, packet: &Packet) -> Option<usize> {
        Some(self.queues.as_ref()?.class_of(packet))
    }

    /// What each class has done, in order of class; nothing without classes.
    pub fn class_totals(&self) -> impl Iterator<Item = ClassTotals> + '_ {
        self.queues.iter().flat_map(|queues| queues.totals())
    }
}

#[cfg(test)]
#[path = "classed_tests.rs"]
mod tests;
