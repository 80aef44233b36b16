//! Which keys the two sides of a wire use at a time: what the transmitter sends under, and what the receiver takes.
//!
//! The key of a frame follows from when its transmission began, so frames carry no association number of their own.
//! Only while the two sides differ, or have just changed, must frames be looked at.

use crate::message::KeyIdentifier;
use crate::network::SecurePolicy;
use crate::units::Time;

/// What covers a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// A key.
    Key(KeyIdentifier),
    /// Nothing: it is sent in clear.
    Clear,
}

/// Whether a receiver takes a frame, as far as its key goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Taken {
    /// Under the key of the latest frames.
    Latest,
    /// Under the key before.
    Former,
    /// In clear, which is allowed.
    Clear,
    /// Not: InPktsNotUsingSA, or InPktsNoTag.
    No,
}

/// Frames that a receiver saw beside those under its keys, by their counters in the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unkeyed {
    /// InPktsNotUsingSA: dropped, their association had no key in use.
    pub not_using_sa: u64,
    /// InPktsNoTag: dropped, in clear.
    pub no_tag: u64,
    /// InPktsUntagged: passed in clear.
    pub untagged: u64,
}

/// The keys on both sides of a wire.
#[derive(Debug, Clone)]
pub struct Associations {
    policy: SecurePolicy,
    /// From when on frames are sent under what, oldest first; never empty.
    sent: Vec<(Time, Cover)>,
    received: Vec<KeyIdentifier>,
    /// The key that frames were last sent under, and the one under which the latest of them arrived.
    latest: KeyIdentifier,
    numbered: KeyIdentifier,
    counters: Unkeyed,
}

impl Associations {
    /// Both sides use one key.
    #[must_use]
    pub fn new(policy: SecurePolicy, key: KeyIdentifier) -> Self {
        let sent = vec![(Time::ZERO, Cover::Key(key))];
        Self { policy, sent, received: vec![key], latest: key, numbered: key, counters: Unkeyed::default() }
    }

    /// What is sent now is covered so.
    #[must_use]
    pub fn cover(&self) -> Cover {
        self.sent.last().expect("never empty").1
    }

    /// Frames whose transmission begins now or later are covered so.
    pub fn send(&mut self, now: Time, cover: Cover) {
        self.sent.push((now, cover));
        if let Cover::Key(key) = cover {
            self.latest = key;
        }
    }

    /// Frames under a key are received.
    pub fn receive(&mut self, key: KeyIdentifier) {
        if !self.received.contains(&key) {
            self.received.push(key);
        }
    }

    /// Frames under a key are no longer received.
    pub fn retire(&mut self, key: KeyIdentifier) {
        self.received.retain(|received| *received != key);
    }

    /// Whether what is sent now is taken.
    #[must_use]
    pub fn agree(&self) -> bool {
        self.takes(self.cover())
    }

    /// Whether no frame needs to be looked at: all that is under way and all that follows is under one key, received.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.sent.len() == 1 && matches!(self.cover(), Cover::Key(_)) && self.agree()
    }

    fn takes(&self, cover: Cover) -> bool {
        match cover {
            Cover::Key(key) => self.received.contains(&key),
            Cover::Clear => self.policy == SecurePolicy::ShouldSecure,
        }
    }

    /// The cover of the next arrival in order of departure, whose transmission began at `begin`.
    pub fn arrives(&mut self, begin: Time) -> Cover {
        while self.sent.get(1).is_some_and(|(from, _)| *from <= begin) {
            self.sent.remove(0);
        }
        self.sent[0].1
    }

    /// Whether a frame so covered is the first under a new key, so that packet numbers begin with it.
    pub fn begins(&mut self, cover: Cover) -> bool {
        match cover {
            Cover::Key(key) if key != self.numbered => {
                self.numbered = key;
                true
            }
            Cover::Key(_) | Cover::Clear => false,
        }
    }

    /// The key that frames were last sent under.
    #[must_use]
    pub const fn latest(&self) -> KeyIdentifier {
        self.latest
    }

    /// Judges a frame by its cover, and counts it when it is not under a key in use.
    pub fn take(&mut self, cover: Cover) -> Taken {
        match (cover, self.takes(cover)) {
            (Cover::Key(_), true) if cover == self.sent[0].1 => Taken::Latest,
            (Cover::Key(_), true) => Taken::Former,
            (Cover::Clear, true) => {
                self.counters.untagged += 1;
                Taken::Clear
            }
            (Cover::Key(_), false) => {
                self.counters.not_using_sa += 1;
                Taken::No
            }
            (Cover::Clear, false) => {
                self.counters.no_tag += 1;
                Taken::No
            }
        }
    }

    /// Frames that were not under a key in use.
    #[must_use]
    pub const fn counters(&self) -> Unkeyed {
        self.counters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> KeyIdentifier {
        KeyIdentifier { server: 7, number }
    }

    fn at(ps: u64) -> Time {
        Time::from_ps(ps)
    }

    #[test]
    fn a_frame_is_under_the_key_of_the_instant_at_which_its_transmission_began() {
        let mut keys = Associations::new(SecurePolicy::MustSecure, key(1));
        assert!(keys.is_settled());
        keys.receive(key(2));
        assert!(keys.is_settled(), "receive first: nothing to look at yet");
        keys.send(at(100), Cover::Key(key(2)));
        assert!(keys.agree() && !keys.is_settled());
        assert_eq!(keys.arrives(at(99)), Cover::Key(key(1)));
        assert_eq!(keys.arrives(at(100)), Cover::Key(key(2)));
        assert!(keys.begins(Cover::Key(key(2))) && !keys.begins(Cover::Key(key(2))));
        assert!(keys.is_settled());
        assert_eq!(keys.take(Cover::Key(key(1))), Taken::Former, "late, and its key is not retired yet");
        keys.retire(key(1));
        assert_eq!(keys.take(Cover::Key(key(1))), Taken::No);
        assert_eq!(keys.counters(), Unkeyed { not_using_sa: 1, ..Unkeyed::default() });
    }

    #[test]
    fn a_key_that_the_receiver_does_not_have_is_not_taken() {
        let mut keys = Associations::new(SecurePolicy::MustSecure, key(1));
        keys.send(at(5), Cover::Key(key(2)));
        assert!(!keys.agree());
        assert_eq!(keys.take(Cover::Key(key(2))), Taken::No);
        keys.receive(key(2));
        assert!(keys.agree());
    }

    #[test]
    fn frames_in_clear_pass_only_where_the_policy_lets_them() {
        for (policy, taken) in [(SecurePolicy::MustSecure, Taken::No), (SecurePolicy::ShouldSecure, Taken::Clear)] {
            let mut keys = Associations::new(policy, key(1));
            keys.send(at(5), Cover::Clear);
            assert_eq!(keys.take(Cover::Clear), taken);
            let Unkeyed { not_using_sa, no_tag, untagged } = keys.counters();
            assert_eq!((not_using_sa, no_tag + untagged), (0, 1));
        }
    }
}
