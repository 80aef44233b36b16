//! Timers with at most one live queue entry each: re-arming later only moves the deadline.

use crate::units::Time;

/// A set of timers of one kind, by entity number.
#[derive(Debug, Clone)]
pub struct Timers {
    slots: Vec<Slot>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    deadline: Option<Time>,
    queued: Option<Time>,
    serial: u32,
}

/// What a fired queue entry means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Fired {
    /// The timer has run out.
    Expired,
    /// Its deadline has moved: queue it again with this time and serial.
    Later(Time, u32),
    /// Nothing: cancelled, or replaced by an earlier entry.
    Stale,
}

impl Timers {
    /// `count` stopped timers.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { slots: vec![Slot::default(); count] }
    }

    /// Arms a timer; when an entry must be queued, returns its serial.
    #[must_use]
    pub fn set(&mut self, timer: usize, at: Time) -> Option<u32> {
        let slot = &mut self.slots[timer];
        slot.deadline = Some(at);
        if slot.queued.is_some_and(|queued| queued <= at) {
            return None;
        }
        slot.queued = Some(at);
        slot.serial = slot.serial.wrapping_add(1);
        Some(slot.serial)
    }

    /// An entry that should have fired fires at `at` instead; returns its serial, unless there is none.
    #[must_use]
    pub fn put_off(&mut self, timer: usize, at: Time) -> Option<u32> {
        let slot = &mut self.slots[timer];
        slot.queued.filter(|queued| *queued < at)?;
        slot.queued = Some(at);
        slot.serial = slot.serial.wrapping_add(1);
        Some(slot.serial)
    }

    /// Stops a timer.
    pub fn cancel(&mut self, timer: usize) {
        self.slots[timer].deadline = None;
    }

    /// When a timer will run out.
    pub fn deadline(&self, timer: usize) -> Option<Time> {
        self.slots[timer].deadline
    }

    /// Whether any timer is armed.
    pub fn any_armed(&self) -> bool {
        self.slots.iter().any(|slot| slot.deadline.is_some())
    }

    /// Judges the queue entry that fires at `now`.
    pub fn fire(&mut self, timer: usize, now: Time) -> Fired {
        let slot = &mut self.slots[timer];
        if slot.queued != Some(now) {
            return Fired::Stale;
        }
        slot.queued = None;
        match slot.deadline {
            None => Fired::Stale,
            Some(deadline) if deadline > now => {
                slot.queued = Some(deadline);
                slot.serial = slot.serial.wrapping_add(1);
                Fired::Later(deadline, slot.serial)
            }
            Some(_) => {
                slot.deadline = None;
                Fired::Expired
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ps: u64) -> Time {
        Time::from_ps(ps)
    }

    #[test]
    fn moving_a_deadline_later_queues_nothing() {
        let mut timers = Timers::new(1);
        assert!(timers.set(0, at(10)).is_some());
        assert_eq!(timers.set(0, at(20)), None);
        assert!(matches!(timers.fire(0, at(10)), Fired::Later(time, _) if time == at(20)));
        assert_eq!(timers.fire(0, at(20)), Fired::Expired);
    }

    #[test]
    fn an_earlier_deadline_makes_the_old_entry_stale() {
        let mut timers = Timers::new(1);
        assert!(timers.set(0, at(20)).is_some());
        assert!(timers.set(0, at(10)).is_some());
        assert_eq!(timers.fire(0, at(10)), Fired::Expired);
        assert_eq!(timers.fire(0, at(20)), Fired::Stale);
    }

    #[test]
    fn a_cancelled_timer_does_not_expire() {
        let mut timers = Timers::new(1);
        assert!(timers.set(0, at(20)).is_some());
        timers.cancel(0);
        assert_eq!(timers.fire(0, at(20)), Fired::Stale);
    }
}
