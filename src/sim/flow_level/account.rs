//! What went by as a rate, counted as packets: whole ones, each in the bin and second in which it was sent.

use super::course::{Crossing, End, Lost, Place, accumulate};
use super::{Rated, Travel};
use crate::dataplane::Passed;
use crate::message::DropReason;
use crate::sim::recorder::Stretch;
use crate::sim::run::Run;
use crate::units::{Bytes, Span, Time};

/// How many of the packets of a stretch died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    All,
    Some,
}

impl Run<'_> {
    /// Records what went by until `until`, at the rates found last. Called at least once a second.
    pub fn account(&mut self, until: Time) {
        let from = std::mem::replace(&mut self.flow_level.since, until);
        if self.flow_level.travel == Travel::Packets || until <= from {
            return;
        }
        let mut flows = std::mem::take(&mut self.flow_level.flows);
        let bin = self.network.bin;
        let mut begin = from;
        while begin < until {
            let index = begin.since(self.origin).as_ps() / bin.as_ps().max(1);
            let end = until.min(self.origin + bin.times(index + 1));
            for rated in &mut flows {
                self.account_flow(rated, end);
            }
            begin = end;
        }
        self.flow_level.flows = flows;
    }

    /// The packets of one flow that are due before `until`, all in one bin.
    fn account_flow(&mut self, rated: &mut Rated, until: Time) {
        let index = self.layout.of(self.network.flows[rated.id].edge).0;
        let source = &mut self.partitions[index].sources[rated.id];
        let until = until.min(source.stop);
        let Some(due) = rated.due.filter(|due| *due < until) else { return };
        let passed = source.source.pass_over(due, until);
        rated.due = passed.next;
        let packets = accumulate(passed.packets, rated.sends, &mut rated.sends_carry);
        if packets == 0 {
            return;
        }
        let first = source.number.wrapping_add(1);
        let count = u32::try_from(packets).expect("a flow sends fewer than 2^32 packets a second");
        source.number = source.number.wrapping_add(count);
        let size = source.source.mean_size();
        let stretch = Stretch { flow: rated.id, first, packets: count, first_sent: due, last_sent: passed.last };
        let bytes = whole_bytes(packets, size, &mut rated.sent_remainder);
        self.partitions[index].recorder.went_out(&stretch, bytes);
        let mut losses = Vec::new();
        let survivors = self.take_losses(rated, &stretch, size, &mut losses);
        match rated.course.end {
            End::Delivered => {
                let arrived = survivors - self.still_under_way(rated, &stretch, survivors);
                let bytes = whole_bytes(arrived, size, &mut rated.delivered_remainder);
                let delays = (rated.course.unloaded + rated.course.waits, rated.course.waits);
                self.partitions[index].recorder.came_in(&stretch, arrived, bytes, delays);
                self.bury(&stretch, &losses, if survivors == 0 { Extent::All } else { Extent::Some });
            }
            End::Lost(lost) => {
                losses.push((survivors, lost));
                self.bury(&stretch, &losses, Extent::All);
            }
        }
    }

    /// Takes what is lost on the way, and counts what rides where; returns how many packets come to its end.
    fn take_losses(
        &mut self,
        rated: &mut Rated,
        stretch: &Stretch,
        size: (u64, u64),
        losses: &mut Vec<(u64, Lost)>,
    ) -> u64 {
        let mut packets = u64::from(stretch.packets);
        for step in &mut rated.course.steps {
            let offered = packets;
            let passed = step.pass(packets);
            if passed < packets {
                let lost = Lost { reason: step.place.reason(), entry: step.entry, port: step.place.port() };
                losses.push((packets - passed, lost));
            }
            packets = passed;
            if let Place::Port(Crossing { port, class, rides, .. }) = step.place {
                let wire_size = self.network.ports[port].wire_size(Bytes(size.0.div_ceil(size.1))).0;
                let far = self.layout.of(self.network.ports[port].to).0;
                self.partitions[far].wires[port].came_by(packets);
                let sender = self.sender(port);
                let sent = Passed { packets, wire_bytes: packets * wire_size, wait: step.wait };
                sender.wires[port].port.went_by(class, offered, &sent);
                if let Some(ridden) = rides {
                    let bytes = whole_bytes(packets, size, &mut step.remainder);
                    sender.recorder.rode_as_rate(stretch, ridden, packets, bytes);
                }
            }
        }
        packets
    }

    /// Records the dead of a stretch. When nobody came through, they died one cause after another.
    fn bury(&mut self, stretch: &Stretch, losses: &[(u64, Lost)], extent: Extent) {
        let index = self.layout.of(self.network.flows[stretch.flow].edge).0;
        let packet = self.partitions[index].sources[stretch.flow].packet(stretch.flow, stretch.first_sent, 0);
        let mut before = 0;
        for (packets, lost) in losses.iter().filter(|(packets, _)| *packets > 0) {
            if let Some(port) = lost.port {
                let wire = self.wire_mut(port);
                wire.drops.get_or_insert_default().count(&wire.port, &packet, lost.reason, *packets);
                if dies_on_wire(lost.reason) {
                    let far = self.layout.of(self.network.ports[port].to).0;
                    self.partitions[far].wires[port].died_unheard(*packets);
                }
            }
            let count = u32::try_from(*packets).expect("not more than were sent");
            let recorder = &mut self.partitions[index].recorder;
            match extent {
                Extent::All => recorder.died_out(&stretch.part(before, count), lost.reason, lost.entry),
                Extent::Some => recorder.thinned(stretch, count, lost.reason, lost.entry),
            }
            before += count;
        }
    }

    /// Of the packets that come through, those that are still on their way when the run ends.
    fn still_under_way(&mut self, rated: &Rated, stretch: &Stretch, packets: u64) -> u64 {
        let latency = rated.course.unloaded + rated.course.waits;
        if stretch.last_sent + latency < self.end {
            return 0;
        }
        let interval = self.interval_at(rated.id, stretch.last_sent).unwrap_or(Span::MAX);
        let late = (stretch.last_sent + latency).since(self.end).as_ps() / interval.as_ps() + 1;
        let late = late.min(packets);
        self.flow_level.in_flight[rated.id] += late;
        late
    }
}

/// Whether a packet that dies so has left its port, and is heard by no receiver.
const fn dies_on_wire(reason: DropReason) -> bool {
    match reason {
        DropReason::FibreCut
        | DropReason::SilentCut
        | DropReason::GreyLoss
        | DropReason::CorruptedFcs
        | DropReason::MacsecIcv
        | DropReason::MacsecNoSa
        | DropReason::LineCard
        | DropReason::RouterDown => true,
        DropReason::BufferFull
        | DropReason::RedDrop
        | DropReason::RateLimit
        | DropReason::TooBig
        | DropReason::MacsecNoKey
        | DropReason::MacsecPacketNumbers
        | DropReason::MacsecLate
        | DropReason::PortDown
        | DropReason::NoRoute
        | DropReason::TtlExpired
        | DropReason::ZoneDown => false,
    }
}

/// Whole bytes of packets of a mean size; the rest is remembered.
fn whole_bytes(packets: u64, (bytes, of): (u64, u64), remainder: &mut u64) -> u64 {
    let sum = u128::from(packets) * u128::from(bytes) + u128::from(*remainder);
    let whole = |part: u128| u64::try_from(part).expect("a flow sends fewer than 2^64 bytes");
    *remainder = whole(sum % u128::from(of));
    whole(sum / u128::from(of))
}
