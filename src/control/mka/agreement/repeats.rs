//! Two ends that have agreed only say so again, once a Hello Time, until a fresh key is due.
//!
//! ```text
//! state k Hello Times later = state now, with its times k Hello Times later and its numbers k higher
//! ```

use super::{Fresh, KeyAgreement, Light};
use crate::units::{Span, Time};

impl KeyAgreement {
    /// Whether this end and its peer say nothing new: every message of theirs has arrived, one key is in use, and none
    /// is wanted.
    #[must_use]
    pub fn only_repeats(&self, peer: &Self) -> bool {
        let ([own], [other]) = (self.participants.as_slice(), peer.participants.as_slice()) else { return false };
        let uses = self.latest.filter(|used| used.receives && used.transmits);
        self.light == Light::On
            && self.principal == Some(own.member.0)
            && own.key == other.key
            && own.knows_only(other, peer.latest)
            && uses.is_some()
            && uses.map(|used| used.sak) == peer.latest.map(|used| used.sak)
            && (self.old, self.installs, self.retires) == (None, None, None)
            && self.fresh == Fresh::NotWanted
            && self.config.hello == peer.config.hello
            && own.has_numbers_left()
            // A list is recent with messages of three Hello Times.
            && self.config.life >= self.config.hello.times(3)
    }

    /// When this end sends its next periodic message.
    #[must_use]
    pub const fn next_hello(&self) -> Option<Time> {
        self.hello
    }

    /// Between two periodic messages.
    #[must_use]
    pub const fn hello_time(&self) -> Span {
        self.config.hello
    }

    /// The first of its periodic messages, from the next on, before which this end would make a fresh key.
    #[must_use]
    pub fn next_rekey(&self) -> Option<Time> {
        let (hello, due) = (self.hello?, self.distributed? + self.config.rekey?);
        let every = self.config.hello.as_ps().max(1);
        Some(hello + self.config.hello.times(due.since(hello).as_ps().div_ceil(every)))
    }

    /// Lets pass so many whole Hello Times of two ends that only repeat themselves that a Life Time and more before `now`
    /// is left; returns how many.
    pub fn pass_over(ends: [&mut Self; 2], now: Time) -> u64 {
        let every = ends[0].config.hello;
        let latest = ends.iter().filter_map(|end| end.hello).max().unwrap_or(now);
        let left = ends[0].config.life + every.times(2);
        let periods = now.since(latest).saturating_sub(left).as_ps() / every.as_ps().max(1);
        let gone = every.times(periods);
        for end in ends {
            end.hello = end.hello.map(|at| at + gone);
            end.counters.sent += periods;
            end.counters.received += periods;
            end.participants.iter_mut().for_each(|participant| participant.pass_over(periods, gone));
        }
        periods
    }
}
