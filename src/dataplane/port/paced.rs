//! A port's rate changes while packets wait.

use super::{Gate, Port};
use crate::dataplane::Pace;
use crate::units::{Rate, Time};

/// Paces that a port had before, for the packets under way that were sent at them.
#[derive(Debug, Clone, Default)]
pub(super) struct FormerPaces {
    /// Each with the end of the last transmission at it, in order.
    paces: Vec<(Time, Pace)>,
}

impl FormerPaces {
    /// The pace of a transmission that ended at `departure`, unless it is the present one.
    #[inline]
    pub fn of(&self, departure: Time) -> Option<Pace> {
        if self.paces.is_empty() { None } else { self.search(departure) }
    }

    #[cold]
    fn search(&self, departure: Time) -> Option<Pace> {
        self.paces.iter().find(|(until, _)| departure <= *until).map(|(_, pace)| *pace)
    }

    fn add(&mut self, until: Time, pace: Pace, oldest: Time) {
        self.paces.retain(|(until, _)| *until >= oldest);
        self.paces.push((until, pace));
    }
}

impl Port {
    /// The line's rate changes: the packet in transmission is finished at the old rate, those that wait are re-timed.
    pub fn set_rate(&mut self, now: Time, rate: Rate) {
        self.catch_up(now);
        let begun = self.first_waiting.min(self.ring.len());
        let last = begun.checked_sub(1).map(|last| self.ring[last].departure);
        let mut end = last.map_or(now, |departure| departure.max(now));
        let old = std::mem::replace(&mut self.pace, Pace::new(rate));
        self.audit.sees(now, self.waiting());
        for index in begun..self.ring.len() {
            let mut entry = self.ring[index];
            let bytes = self.wire_bytes(&entry.packet);
            let old_start = Time::from_ps(entry.departure.as_ps() - old.time(bytes).as_ps());
            self.audit.tells(i128::from(end.as_ps()) - i128::from(old_start.as_ps()));
            entry.packet.waited = (Time::ZERO + entry.packet.waited + (end - Time::ZERO)) - old_start;
            end += self.pace.time(bytes);
            entry.departure = end;
            self.ring[index] = entry;
        }
        if let Some(last) = last {
            let oldest = self.ring[0].departure;
            self.former_paces.add(last, old, oldest);
        }
        self.free_at = if self.ring.len() > begun { end } else { self.free_at };
        debug_assert!(self.gate != Gate::OpenByClass || self.ring.len() == begun, "classes wait elsewhere");
    }
}
