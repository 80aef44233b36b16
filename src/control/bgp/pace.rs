//! When routes may be told to a peer: the advertisement interval (RFC 4271 9.2.1.1) and the pause before the first table.

use super::session::jittered;
use crate::network::{AdvertisementClock, BgpTiming, Withdrawals};
use crate::rng::Stream;
use crate::units::{Span, Time};

/// What may be told to the peer now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// Everything.
    Open,
    /// Only that a destination is gone.
    Withdrawals,
    /// Nothing.
    Shut,
}

/// What a batch of UPDATEs held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Announcements,
    OnlyWithdrawals,
}

/// Whether the advertisement timer runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// What is new may leave at once, unless the clock still has some of the interval.
    Free,
    /// The interval is over.
    Released,
    /// Announcements wait, and withdrawals where they are limited.
    Waiting,
    /// The first table is still put together: everything waits.
    Gathering,
}

/// The pace of one end of a session. What returns a time wants the advertisement timer set to it.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    timing: BgpTiming,
    state: State,
    /// When routes were last sent in this connection.
    last_update: Option<Time>,
    jitter: Stream,
}

impl Pace {
    pub(super) fn new(timing: BgpTiming, jitter: Stream) -> Self {
        Self { timing, state: State::Free, last_update: None, jitter }
    }

    /// The session has ended.
    pub(super) fn reset(&mut self) {
        self.state = State::Free;
        self.last_update = None;
    }

    /// The session is Established.
    #[must_use]
    pub(super) fn begin(&mut self, now: Time) -> Option<Time> {
        if self.timing.first_update == Span::ZERO {
            return None;
        }
        self.state = State::Gathering;
        Some(now + self.timing.first_update)
    }

    /// The timer fired.
    pub(super) fn release(&mut self) {
        self.state = State::Released;
    }

    /// Which routes may be sent now.
    pub(super) fn gate(&self, now: Time) -> Gate {
        match (self.state, self.timing.advertisement_clock) {
            (State::Free, AdvertisementClock::FromQueued) if self.left(now) > Span::ZERO => self.closed(),
            (State::Free | State::Released, _) => Gate::Open,
            (State::Waiting, _) => self.closed(),
            (State::Gathering, _) => Gate::Shut,
        }
    }

    /// Routes wait that could not be sent.
    #[must_use]
    pub(super) fn wait(&mut self, now: Time) -> Option<Time> {
        let counts = self.timing.advertisement_clock == AdvertisementClock::FromQueued;
        if !counts || self.state != State::Free {
            return None;
        }
        self.state = State::Waiting;
        Some(now + self.left(now))
    }

    /// Routes were sent: the next ones wait for the advertisement interval.
    #[must_use]
    pub(super) fn sent(&mut self, now: Time, sent: Sent) -> Option<Time> {
        self.last_update = Some(now);
        match self.timing.advertisement_clock {
            AdvertisementClock::FromSent => {}
            AdvertisementClock::FromQueued => {
                if sent == Sent::Announcements && self.state == State::Released {
                    self.state = State::Free;
                }
                return None;
            }
        }
        let counts = match (sent, self.timing.withdrawals) {
            (Sent::Announcements, _) | (Sent::OnlyWithdrawals, Withdrawals::Limited) => true,
            (Sent::OnlyWithdrawals, Withdrawals::AtOnce) => false,
        };
        if !counts || self.timing.advertisement_interval == Span::ZERO {
            return None;
        }
        self.state = State::Waiting;
        Some(now + jittered(&mut self.jitter, self.timing.advertisement_interval, self.timing.jitter))
    }

    /// What may be sent while announcements wait.
    fn closed(&self) -> Gate {
        match self.timing.withdrawals {
            Withdrawals::AtOnce => Gate::Withdrawals,
            Withdrawals::Limited => Gate::Shut,
        }
    }

    /// How long a route that is queued now has to wait, by a clock of whole seconds.
    fn left(&self, now: Time) -> Span {
        let second = |time: Time| time.as_ps() / Span::from_s(1).as_ps();
        let interval = self.timing.advertisement_interval;
        match self.last_update.map(|last| Span::from_s(second(now) - second(last))) {
            Some(passed) if passed <= interval => interval.saturating_sub(passed),
            Some(_) | None => Span::ZERO,
        }
    }
}
