//! Packets that went by as a rate: many at once, all in one bin and one second.

use super::trace::{Loss, Thinned};
use super::{EntryIndex, Recorder, count_many_drops};
use crate::ids::{FlowId, LogicalLinkId};
use crate::message::DropReason;
use crate::units::{Span, Time};

/// Consecutive packets of one flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) struct Stretch {
    pub flow: FlowId,
    /// Number of the first.
    pub first: u32,
    pub packets: u32,
    pub first_sent: Time,
    pub last_sent: Time,
}

impl Stretch {
    /// So many of its packets, behind the first `skipped` ones.
    pub fn part(&self, skipped: u32, packets: u32) -> Self {
        let length = self.last_sent.since(self.first_sent);
        let at = |number: u32| self.first_sent + length.scaled(u64::from(number), u64::from(self.packets - 1).max(1));
        let first = self.first.wrapping_add(skipped);
        Self { first, packets, first_sent: at(skipped), last_sent: at(skipped + packets - 1), ..*self }
    }
}

impl Recorder {
    /// Control packets that nobody looked at one by one: sent, and delivered so far.
    pub const fn control_went_by(&mut self, sent: u64, delivered: u64) {
        self.control.sent += sent;
        self.control.delivered += delivered;
    }

    fn bin_of(&self, stretch: &Stretch) -> usize {
        let bin = stretch.first_sent.since(self.origin).as_ps() / self.bin.as_ps().max(1);
        usize::try_from(bin).unwrap_or(usize::MAX).min(self.loss_bins.len().saturating_sub(1))
    }

    /// The packets leave their source, all together of so many bytes.
    pub fn went_out(&mut self, stretch: &Stretch, bytes: u64) {
        self.flows.went_out(stretch, bytes);
        self.seconds.sent(stretch.flow, stretch.packets);
        let bin = self.bin_of(stretch);
        self.loss_bins[bin].0 += u64::from(stretch.packets);
    }

    /// So many of the packets enter a logical link in a direction.
    pub fn rode_as_rate(
        &mut self,
        stretch: &Stretch,
        (logical_link, direction): (LogicalLinkId, usize),
        packets: u64,
        bytes: u64,
    ) {
        let bin = self.bin_of(stretch);
        let ridden = &mut self.logical_links[logical_link][direction];
        ridden.packets += packets;
        ridden.bytes += bytes;
        ridden.series[bin] += bytes;
    }

    /// So many of the packets reach their target, each with this latency and queueing delay.
    pub fn came_in(&mut self, stretch: &Stretch, packets: u64, bytes: u64, delays: (Span, Span)) {
        if packets == 0 {
            return;
        }
        let delivery = self.flows.came_in(stretch, packets, bytes, delays.0);
        if let Some(expected) = delivery.expected_instead {
            self.trace.out_of_turn_at(stretch.flow, stretch.first, stretch.first_sent, expected);
        }
        let bin = self.bin_of(stretch);
        self.latencies.record_many(delivery.class, bin, delays, packets);
    }

    /// All the packets die: a blackout, or a part of one.
    pub fn died_out(&mut self, stretch: &Stretch, reason: DropReason, entry: Option<EntryIndex>) {
        let Stretch { flow, first, packets, first_sent, last_sent } = *stretch;
        self.count_dead(stretch, packets, reason);
        let last = first.wrapping_add(packets - 1);
        let lull = self.trace.lull;
        self.trace.losses.push(Loss { flow, first, last, first_sent, last_sent, reason, entry, lull });
    }

    /// So many of the packets die, and others come through.
    pub fn thinned(&mut self, stretch: &Stretch, count: u32, reason: DropReason, entry: Option<EntryIndex>) {
        self.count_dead(stretch, count, reason);
        self.seconds.lost(stretch.flow, stretch.first_sent.since(self.origin), count);
        let lull = self.trace.lull;
        self.trace.thinned.push(Thinned { flow: stretch.flow, count, reason, entry, lull });
    }

    fn count_dead(&mut self, stretch: &Stretch, count: u32, reason: DropReason) {
        self.flows.dropped(stretch.flow, reason, u64::from(count));
        let bin = self.bin_of(stretch);
        count_many_drops(&mut self.loss_bins[bin].1, reason, u64::from(count));
    }
}
