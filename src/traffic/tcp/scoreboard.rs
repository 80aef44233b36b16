//! What has become of every segment sent: acknowledged, in flight or lost, found out by time (RACK, RFC 8985).
//!
//! ```text
//!  acknowledged | .. ring, one entry a segment: in flight, SACKed, lost, sent again .. | not yet sent
//!            first                                                                    next
//! ```

use std::collections::VecDeque;

use super::ranges::Ranges;
use crate::message::Segment;
use crate::units::{Span, Time};

/// RFC 5681 section 2: segments reported beyond a hole that make it a loss, while no reordering was seen.
const DUPLICATE_THRESHOLD: u32 = 3;

/// The segments of a connection that are not acknowledged.
#[derive(Debug, Clone, Default)]
pub struct Scoreboard {
    /// The first number not acknowledged.
    first: u32,
    /// The first number never sent.
    next: u32,
    ring: VecDeque<Sent>,
    sacked: Ranges,
    sacked_count: u32,
    lost_count: u32,
    again_count: u32,
    /// Lost segments in the order in which they are sent again; some may have been acknowledged since.
    lost: VecDeque<u32>,
    /// Segments sent again, in order of time; some may have been acknowledged or sent once more since.
    again: VecDeque<(u32, Time)>,
    /// Every segment below it is acknowledged, reported, lost, or was sent again.
    first_in_doubt: u32,
    /// One behind the highest number that was delivered.
    highest: u32,
    latest: Latest,
    reordering: Reordering,
}

/// A segment that was sent and is not acknowledged.
#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Time,
    state: State,
    /// Whether it was ever sent again.
    tried: Tried,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing is known of it.
    InFlight,
    /// It came, out of order.
    Reported,
    /// It is taken for lost and waits to be sent again.
    Lost,
    /// It was lost, and nothing is known of its latest transmission.
    Again,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    Once,
    Repeatedly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Reordering {
    #[default]
    Unseen,
    Seen,
}

/// Of all segments delivered, the one sent last (RACK.segment, RFC 8985 5.2).
#[derive(Debug, Clone, Copy, Default)]
struct Latest {
    at: Time,
    number: u32,
    round_trip: Span,
}

/// What an acknowledgement tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// Segments newly known to have been delivered.
    pub delivered: u32,
    /// Segments newly below the cumulative acknowledgement.
    pub acknowledged: u32,
}

/// What RACK needs to know of the rest of the sender.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The shortest round trip.
    pub least: Span,
    /// The smoothed round trip.
    pub smoothed: Span,
    /// Whether losses are being repaired.
    pub repairing: bool,
}

impl Scoreboard {
    /// The first number not acknowledged.
    pub const fn first(&self) -> u32 {
        self.first
    }

    /// The first number never sent.
    pub const fn next(&self) -> u32 {
        self.next
    }

    /// Segments sent and not acknowledged.
    pub const fn outstanding(&self) -> u32 {
        self.next - self.first
    }

    /// Segments thought to be in the network (RFC 6675's pipe, as Linux counts it).
    pub const fn in_flight(&self) -> u32 {
        self.outstanding() - self.sacked_count - self.lost_count
    }

    /// Whether nothing is reported out of order and nothing is lost.
    pub const fn is_orderly(&self) -> bool {
        self.sacked_count == 0 && self.lost_count == 0 && self.again_count == 0
    }

    /// Whether a segment waits to be sent again.
    pub const fn has_lost(&self) -> bool {
        self.lost_count > 0
    }

    /// When the first segment that is not acknowledged was sent last.
    pub fn first_sent(&self) -> Option<Time> {
        self.ring.front().map(|sent| sent.at)
    }

    /// Sends the next new segment.
    pub fn send_new(&mut self, now: Time) -> u32 {
        self.ring.push_back(Sent { at: now, state: State::InFlight, tried: Tried::Once });
        self.next += 1;
        self.next - 1
    }

    /// Sends the next lost segment again.
    pub fn send_lost(&mut self, now: Time) -> Option<u32> {
        while let Some(number) = self.lost.pop_front() {
            if number >= self.first && self.sent(number).state == State::Lost {
                self.repeat(number, now);
                return Some(number);
            }
        }
        None
    }

    /// Sends the highest segment again, as a probe (RFC 8985 7.3).
    pub fn send_last(&mut self, now: Time) -> u32 {
        let number = self.next - 1;
        self.repeat(number, now);
        number
    }

    fn repeat(&mut self, number: u32, now: Time) {
        self.set_state(number, State::Again);
        let sent = self.sent(number);
        sent.at = now;
        sent.tried = Tried::Repeatedly;
        self.again.push_back((number, now));
    }

    fn sent(&mut self, number: u32) -> &mut Sent {
        &mut self.ring[(number - self.first) as usize]
    }

    fn count(&mut self, state: State) -> Option<&mut u32> {
        match state {
            State::InFlight => None,
            State::Reported => Some(&mut self.sacked_count),
            State::Lost => Some(&mut self.lost_count),
            State::Again => Some(&mut self.again_count),
        }
    }

    fn set_state(&mut self, number: u32, state: State) {
        let before = std::mem::replace(&mut self.sent(number).state, state);
        if let Some(count) = self.count(before) {
            *count -= 1;
        }
        if let Some(count) = self.count(state) {
            *count += 1;
        }
    }

    /// Takes in an acknowledgement.
    pub fn acknowledge(&mut self, now: Time, segment: &Segment, least: Span) -> News {
        let mut news = News { delivered: 0, acknowledged: 0 };
        while self.first < segment.acknowledged.min(self.next) {
            let number = self.first;
            if self.sent(number).state != State::Reported {
                self.delivered(now, number, least);
                news.delivered += 1;
            }
            self.set_state(number, State::InFlight);
            self.ring.pop_front();
            self.first += 1;
            news.acknowledged += 1;
        }
        self.sacked.forget_below(self.first);
        for (from, to) in segment.blocks {
            let mut sacked = std::mem::take(&mut self.sacked);
            sacked.insert(from.max(self.first), to.min(self.next), |number| {
                self.delivered(now, number, least);
                self.set_state(number, State::Reported);
                news.delivered += 1;
            });
            self.sacked = sacked;
        }
        news
    }

    /// RFC 8985 6.2, steps 2 and 3.
    fn delivered(&mut self, now: Time, number: u32, least: Span) {
        let sent = *self.sent(number);
        let round_trip = now.since(sent.at);
        if sent.tried == Tried::Once && number < self.highest {
            self.reordering = Reordering::Seen;
        }
        self.highest = self.highest.max(number + 1);
        // The answer to an earlier transmission says nothing about the latest one.
        let to_earlier = sent.tried == Tried::Repeatedly && round_trip < least;
        if !to_earlier && (sent.at, number) >= (self.latest.at, self.latest.number) {
            self.latest = Latest { at: sent.at, number, round_trip };
        }
    }

    /// Takes for lost what was sent long enough before something that came; returns the time until the next segment
    /// is due to be looked at, when there is one (RFC 8985 6.2, steps 4 and 5).
    pub fn detect(&mut self, now: Time, patience: Patience) -> Option<Span> {
        let grace = self.latest.round_trip + self.reordering_window(patience);
        let mut wait = None;
        self.first_in_doubt = self.first_in_doubt.max(self.first);
        while self.first_in_doubt < self.next {
            let number = self.first_in_doubt;
            let sent = *self.sent(number);
            if sent.state == State::InFlight {
                match self.verdict(now, number, sent.at, grace) {
                    Verdict::Lost => self.lose(number),
                    Verdict::Wait(span) => {
                        wait = Some(span);
                        break;
                    }
                    Verdict::Unknown => break,
                }
            }
            self.first_in_doubt += 1;
        }
        while let Some(&(number, at)) = self.again.front() {
            let current = number >= self.first && {
                let sent = self.sent(number);
                sent.state == State::Again && sent.at == at
            };
            if current {
                match self.verdict(now, number, at, grace) {
                    Verdict::Lost => self.lose(number),
                    Verdict::Wait(span) => {
                        wait = Some(wait.map_or(span, |wait: Span| wait.min(span)));
                        break;
                    }
                    Verdict::Unknown => break,
                }
            }
            self.again.pop_front();
        }
        wait
    }

    fn reordering_window(&self, patience: Patience) -> Span {
        let hasty = patience.repairing || self.sacked_count >= DUPLICATE_THRESHOLD;
        match self.reordering {
            Reordering::Unseen if hasty => Span::ZERO,
            Reordering::Unseen | Reordering::Seen => Span::from_ps(patience.least.as_ps() / 4).min(patience.smoothed),
        }
    }

    fn verdict(&self, now: Time, number: u32, at: Time, grace: Span) -> Verdict {
        if (at, number) >= (self.latest.at, self.latest.number) {
            return Verdict::Unknown;
        }
        let waited = now.since(at);
        if waited >= grace { Verdict::Lost } else { Verdict::Wait(grace.saturating_sub(waited)) }
    }

    fn lose(&mut self, number: u32) {
        self.set_state(number, State::Lost);
        self.lost.push_back(number);
    }

    /// The timeout ran out: all that is not reported is taken for lost (RFC 6298 5.4, as Linux).
    pub fn lose_all(&mut self) {
        self.lost.clear();
        self.again.clear();
        for number in self.first..self.next {
            if self.sent(number).state != State::Reported {
                self.lose(number);
            }
        }
        self.first_in_doubt = self.next;
    }
}

/// What RACK makes of a segment.
enum Verdict {
    Lost,
    Wait(Span),
    /// Nothing that was sent after it has come.
    Unknown,
}
