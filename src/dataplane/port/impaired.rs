//! What kills packets on the wire behind a port.

use super::Port;
use crate::ids::FailureId;
use crate::message::DropReason;
use crate::units::Time;

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
    /// Each packet is lost with this probability.
    Grey {
        /// The failure behind it.
        failure: FailureId,
        /// Probability in parts per billion.
        parts_per_billion: u64,
    },
    /// The receiving end's link is not up.
    ReceiverClosed,
}

impl Port {
    /// Whether anything on the wire may kill packets.
    #[must_use]
    #[inline]
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
        let arrived = transmission.1 + self.fibre_delay;
        self.impairments.iter().find_map(|impairment| match *impairment {
            Impairment::Dead { failure, reason, from, to } => {
                (transmission.0 < to && arrived > from).then_some((reason, failure))
            }
            Impairment::Grey { .. } | Impairment::ReceiverClosed => None,
        })
    }

    /// Adds an impairment.
    pub fn impair(&mut self, impairment: Impairment) {
        self.impairments.push(impairment);
    }

    /// Ends the impairments of `failure` at `now`: dead times keep their end until no packet can have met them.
    pub fn relieve(&mut self, now: Time, failure: FailureId) {
        for impairment in &mut self.impairments {
            if let Impairment::Dead { failure: of, to, .. } = impairment
                && *of == failure
                && *to == Time::MAX
            {
                *to = now;
            }
        }
        self.impairments
            .retain(|impairment| !matches!(impairment, Impairment::Grey { failure: of, .. } if *of == failure));
    }

    /// Forgets dead times that no later packet can meet, once one has arrived whose transmission began at `begin`.
    pub fn forget_dead_times(&mut self, begin: Time) {
        self.impairments.retain(|impairment| match impairment {
            Impairment::Dead { to, .. } => *to > begin,
            Impairment::Grey { .. } | Impairment::ReceiverClosed => true,
        });
    }

    /// The receiving end's link came up.
    pub fn receiver_opened(&mut self) {
        self.impairments.retain(|impairment| *impairment != Impairment::ReceiverClosed);
    }

    /// The receiving end's link went down.
    pub fn receiver_closed(&mut self) {
        self.receiver_opened();
        self.impairments.push(Impairment::ReceiverClosed);
    }
}
