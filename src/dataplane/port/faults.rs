//! What may befall the wire behind a port: dead times, a receiver that is down, another propagation.

use super::{PacketStore, Port};
use crate::ids::FailureId;
use crate::message::DropReason;
use crate::units::{Span, Time};

/// Something on the wire that kills packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Impairment {
    /// The path was dead from `from` until `to`: whatever was being sent or under way in that time is lost.
    Dead {
        /// The failure behind it.
        failure: FailureId,
        /// The cause of the drops.
        reason: DropReason,
        /// Begin.
        from: Time,
        /// End; [`Time::MAX`] while it lasts.
        to: Time,
    },
    /// Something befalls, or befell, frames by chance: each must be looked at.
    Watched,
    /// The two sides use different MACsec keys, or one has just changed its own: each frame must be looked at.
    Rekeying,
    /// The receiving end's link is not up.
    ReceiverClosed,
}

impl Port {
    /// From `now` on packets leave by a way of this propagation.
    pub fn change_propagation(&mut self, now: Time, propagation: Span) {
        let length = self.encrypt + propagation;
        self.former_ways.get_or_insert_default().push(now, self.fibre_delay);
        self.fibre_delay = length;
        self.fibre_changed();
    }

    /// Notes whether it must be asked of a packet what befalls it.
    fn fibre_changed(&mut self) {
        let is_plain = self.former_ways.is_none() && self.impairments.is_empty();
        self.way = if is_plain { self.fibre_delay + self.receive_delay } else { Span::MAX };
    }

    /// The propagation of the fibre as it is now.
    #[must_use]
    pub fn propagation(&self) -> Span {
        self.fibre_delay.saturating_sub(self.encrypt)
    }

    /// When packets arrive that had not departed at `now`: control packets, and the head if it is another.
    pub fn arrivals_to_come(&self, store: &PacketStore, now: Time) -> (Vec<Time>, Option<Time>) {
        let to_come = self.train.all(store).filter(|entry| entry.departure > now);
        let control = to_come.filter(|entry| entry.packet.kind.is_control());
        let control = control.map(|entry| self.arrival_of(entry.departure)).chain(self.waiting_controls()).collect();
        let head =
            self.train.front(store).filter(|head| head.departure > now).and_then(|_| self.next_data_arrival(store));
        (control, head)
    }

    /// The MACsec packet number of the latest arrival: numbers are given in order of departure, which is the order of
    /// arrivals here, and a frame that is thrown away before it departs gives its number back.
    #[must_use]
    pub const fn arrived_number(&self) -> u64 {
        self.arrived.wrapping_sub(self.unnumbered)
    }

    /// A new key: packet numbers begin at 1.
    pub const fn renumber(&mut self) {
        self.unnumbered = self.arrived;
    }

    /// The latest arrival is the first under a new key: its packet number is 1.
    pub const fn renumber_latest(&mut self) {
        self.unnumbered = self.arrived - 1;
    }

    /// The latest arrival has no packet number.
    pub const fn arrived_unnumbered(&mut self) {
        self.unnumbered = self.unnumbered.wrapping_add(1);
    }

    /// Messages of the uncontrolled port arrived as a rate: they have no packet numbers.
    pub const fn came_by_unnumbered(&mut self, packets: u64) {
        self.arrived += packets;
        self.unnumbered = self.unnumbered.wrapping_add(packets);
    }

    /// Frames must be looked at for their keys, or no longer.
    pub fn rekeying(&mut self, rekeying: bool) {
        self.impairments.retain(|impairment| *impairment != Impairment::Rekeying);
        if rekeying {
            self.impairments.push(Impairment::Rekeying);
        }
    }

    /// Frames that have arrived.
    #[must_use]
    pub const fn arrived(&self) -> u64 {
        self.arrived
    }

    /// Whether anything on the wire may kill packets.
    #[must_use]
    pub const fn is_impaired(&self) -> bool {
        !self.impairments.is_empty()
    }

    /// Everything that may kill packets on this wire.
    #[must_use]
    pub fn impairments(&self) -> &[Impairment] {
        &self.impairments
    }

    /// The dead time, if any, that a transmission meets on its way to the far end of the fibre.
    #[must_use]
    pub fn meets_dead_time(&self, transmission: (Time, Time)) -> Option<(DropReason, FailureId)> {
        let arrived = self.at_far_end(transmission.1);
        self.impairments.iter().find_map(|impairment| match *impairment {
            Impairment::Dead { failure, reason, from, to } => {
                (transmission.0 < to && arrived > from).then_some((reason, failure))
            }
            Impairment::Watched | Impairment::Rekeying | Impairment::ReceiverClosed => None,
        })
    }

    /// Adds an impairment.
    pub fn impair(&mut self, impairment: Impairment) {
        self.impairments.push(impairment);
        self.fibre_changed();
    }

    /// Ends the dead times of `failure` at `now`; they stay known until no packet can have met them.
    pub fn relieve(&mut self, now: Time, failure: FailureId) {
        for impairment in &mut self.impairments {
            if let Impairment::Dead { failure: of, to, .. } = impairment
                && *of == failure
                && *to == Time::MAX
            {
                *to = now;
            }
        }
    }

    /// Forgets dead times that no later packet can meet, once one has arrived whose transmission began at `begin`.
    pub fn forget_dead_times(&mut self, begin: Time) {
        self.impairments.retain(|impairment| match impairment {
            Impairment::Dead { to, .. } => *to > begin,
            Impairment::Watched | Impairment::Rekeying | Impairment::ReceiverClosed => true,
        });
        self.fibre_changed();
    }

    /// The receiving end's link came up.
    pub fn receiver_opened(&mut self) {
        self.impairments.retain(|impairment| *impairment != Impairment::ReceiverClosed);
        self.fibre_changed();
    }

    /// Whether the receiving end's link is down.
    #[must_use]
    pub fn is_receiver_closed(&self) -> bool {
        self.impairments.contains(&Impairment::ReceiverClosed)
    }

    /// The receiving end's link went down.
    pub fn receiver_closed(&mut self) {
        self.receiver_opened();
        self.impair(Impairment::ReceiverClosed);
    }
}
