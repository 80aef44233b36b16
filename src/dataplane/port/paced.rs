//! A port's rate changes while packets wait.

use super::{PacketStore, Port};
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
    pub fn of(&self, departure: Time) -> Option<Pace> {
        self.paces.iter().find(|(until, _)| departure <= *until).map(|(_, pace)| *pace)
    }

    fn add(&mut self, until: Time, pace: Pace, oldest: Time) {
        self.paces.retain(|(until, _)| *until >= oldest);
        self.paces.push((until, pace));
    }
}

/// What a change of rate means for those who wait for packets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Repaced {
    /// Transmissions that end until then were at the old rate.
    pub until: Time,
    /// New arrivals of control packets that wait: whoever sent them awaits them at another instant.
    pub controls: Vec<Time>,
}

impl Port {
    /// The line's rate changes: the packet in transmission is finished at the old rate, those that wait are re-timed.
    pub fn set_rate(&mut self, store: &mut PacketStore, now: Time, rate: Rate) -> Repaced {
        self.catch_up(store, now);
        let last = self.train.border();
        let until = last.map_or(now, |last| store.entry(last).departure.max(now));
        let old = self.pace;
        self.repace(store, until, rate);
        self.audit.sees(now, self.waiting());
        let mut end = until;
        let mut controls = Vec::new();
        let mut waiting = self.train.after(store, last);
        while let Some(id) = waiting {
            let mut entry = *store.entry(id);
            let bytes = self.wire_bytes(&entry.packet);
            let old_start = Time::from_ps(entry.departure.as_ps() - old.time(bytes).as_ps());
            self.audit.tells(i128::from(end.as_ps()) - i128::from(old_start.as_ps()));
            entry.packet.waited = (end + entry.packet.waited) - old_start;
            end += self.pace.time(bytes);
            entry.departure = end;
            *store.entry_mut(id) = entry;
            waiting = self.train.after(store, waiting);
            if entry.packet.kind.is_control() {
                controls.push(self.arrival_of(end));
            }
        }
        if self.train.waiting() > 0 {
            self.free_at = end;
        }
        controls.extend(self.waiting_controls());
        Repaced { until, controls }
    }

    /// From the end of the transmission at `until` on, the rate is another one: also for the far end's view of a wire
    /// that leads to another partition.
    pub fn repace(&mut self, store: &PacketStore, until: Time, rate: Rate) {
        let oldest = self.train.front(store).map_or(until, |head| head.departure);
        self.former_paces.add(until, self.pace, oldest);
        self.pace = Pace::new(rate);
    }
}
