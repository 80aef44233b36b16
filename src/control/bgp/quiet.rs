//! An established session whose ends tell each other only that they are there (RFC 4271 4.4).
//!
//! ```text
//! keepalive due -> KEEPALIVE on its way -> handled: hold timer restarted, acknowledged -> handled: nothing is owed
//! ```
//! Both ends follow it here together, from one keepalive to the next, without what carries their segments.

use super::session::Session;
use super::transport::Numbers;
use super::{DecisionRun, Speaker};
use crate::ids::SessionId;
use crate::message::{BgpMessage, BgpSegment};
use crate::units::{Bytes, Span, Time};

/// What an end says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A KEEPALIVE.
    Keepalive,
    /// A bare acknowledgement of one.
    Acknowledgement,
}

/// A segment that was sent and is not yet handled.
#[derive(Debug, Clone, Copy)]
pub struct Saying {
    /// The end that sent it.
    pub from: usize,
    /// What it says.
    pub word: Word,
    /// When it was sent.
    pub sent: Time,
    /// When the other end handles it.
    pub handled: Time,
    sequence: u64,
    acknowledges: u64,
}

/// How long segments of one end take until they are handled, and how large they are as IP packets.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// A KEEPALIVE.
    pub keepalive: Span,
    /// A bare acknowledgement.
    pub acknowledgement: Span,
}

/// One end.
#[derive(Debug, Clone, Copy)]
struct QuietEnd {
    keepalive: Time,
    hold: Time,
    hold_time: Span,
    numbers: Numbers,
}

/// Both ends of a session that is quiet.
#[derive(Debug, Clone)]
pub struct Quiet {
    ways: [Way; 2],
    ends: [QuietEnd; 2],
    under_way: Vec<Saying>,
    /// Segments handled, by the end that sent them: keepalives and acknowledgements.
    handled: [[u64; 2]; 2],
}

/// What an end goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    /// Its timers.
    pub keepalive: Time,
    /// When it gives up its peer.
    pub hold: Time,
    /// When it sends again what nobody has acknowledged.
    pub retransmit: Option<Time>,
}

impl Quiet {
    /// Two ends in order that have nothing on the way, with their next keepalives and hold deadlines.
    #[must_use]
    pub fn new(session: SessionId, ends: [&Speaker; 2], timers: [[Time; 2]; 2], ways: [Way; 2]) -> Option<Self> {
        let [one, other] = ends.map(|speaker| speaker.quiet(session));
        let (one, other) = (one?, other?);
        let in_step = |own: Numbers, peer: Numbers| own.next == peer.expected;
        let shortest = one.interval.min(other.interval).scaled(3, 4);
        let longest = ways[0].keepalive.max(ways[1].keepalive) + ways[0].acknowledgement.max(ways[1].acknowledgement);
        // What is said is acknowledged before more is said, and before it is said again.
        let in_time = longest < shortest.min(super::transport::FIRST_TIMEOUT);
        if !in_step(one.numbers, other.numbers) || !in_step(other.numbers, one.numbers) || !in_time {
            return None;
        }
        let end = |[keepalive, hold]: [Time; 2], state: Told| QuietEnd {
            keepalive,
            hold,
            hold_time: state.hold,
            numbers: state.numbers,
        };
        let ends = [end(timers[0], one), end(timers[1], other)];
        Some(Self { ways, ends, under_way: Vec::new(), handled: [[0; 2]; 2] })
    }

    /// What is said and handled before `now`; an end's next keepalive comes so long after the one before.
    pub fn advance(&mut self, now: Time, mut pause: impl FnMut(usize) -> Span) {
        loop {
            let said = (0..self.under_way.len()).map(|index| (self.under_way[index].handled, index)).min();
            let from = usize::from(self.ends[1].keepalive < self.ends[0].keepalive);
            let due = self.ends[from].keepalive;
            if let Some((at, index)) = said.filter(|(at, _)| *at < due) {
                if at >= now {
                    return;
                }
                let saying = self.under_way.swap_remove(index);
                self.hears(&saying);
                continue;
            }
            if due >= now {
                return;
            }
            self.say(from, Word::Keepalive, due);
            self.ends[from].numbers.next += 1;
            self.ends[from].keepalive = due + pause(from);
        }
    }

    fn say(&mut self, from: usize, word: Word, sent: Time) {
        let Numbers { next, expected, .. } = self.ends[from].numbers;
        let handled = sent
            + match word {
                Word::Keepalive => self.ways[from].keepalive,
                Word::Acknowledgement => self.ways[from].acknowledgement,
            };
        self.under_way.push(Saying { from, word, sent, handled, sequence: next, acknowledges: expected });
    }

    fn hears(&mut self, saying: &Saying) {
        self.handled[saying.from][saying.word as usize] += 1;
        let to = 1 - saying.from;
        let end = &mut self.ends[to];
        end.numbers.acknowledged = end.numbers.acknowledged.max(saying.acknowledges);
        match saying.word {
            Word::Keepalive => {
                end.numbers.expected = saying.sequence + 1;
                end.hold = saying.handled + end.hold_time;
                self.say(to, Word::Acknowledgement, saying.handled);
            }
            Word::Acknowledgement => {}
        }
    }

    /// Segments of an end that were handled: keepalives and acknowledgements.
    #[must_use]
    pub const fn handled(&self, end: usize) -> [u64; 2] {
        self.handled[end]
    }

    /// Segments that are not.
    #[must_use]
    pub fn under_way(&self) -> &[Saying] {
        &self.under_way
    }

    /// An end goes on by itself.
    pub fn resume(&self, session: SessionId, end: usize, speaker: &mut Speaker) -> Resumed {
        let QuietEnd { keepalive, hold, numbers, .. } = self.ends[end];
        let own = |saying: &&Saying| saying.from == end && saying.word == Word::Keepalive;
        let acknowledgement = |saying: &&Saying| saying.from != end && saying.word == Word::Acknowledgement;
        let unheard = self.under_way.iter().find(own).map(|saying| saying.sent);
        // It was sent so long before its acknowledgement.
        let way = self.ways[end].keepalive;
        let heard =
            self.under_way.iter().find(acknowledgement).map(|saying| Time::from_ps(saying.sent.as_ps() - way.as_ps()));
        let retransmit = heard.into_iter().chain(unheard).min().map(|sent| sent + super::transport::FIRST_TIMEOUT);
        speaker.session_mut(session).resume(numbers);
        Resumed { keepalive, hold, retransmit }
    }
}

/// What an end tells of itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub interval: Span,
    pub hold: Span,
    pub numbers: Numbers,
}

impl Speaker {
    fn session(&self, session: SessionId) -> &Session {
        &self.sessions[self.index(session)]
    }

    fn session_mut(&mut self, session: SessionId) -> &mut Session {
        let index = self.index(session);
        &mut self.sessions[index]
    }

    /// What an end that only says that it is there tells of itself; none when it has more to say.
    fn quiet(&self, session: SessionId) -> Option<Told> {
        (self.decision == DecisionRun::Idle).then(|| self.session(session).quiet()).flatten()
    }

    /// Draws how long after a keepalive the next one follows.
    pub fn keepalive_pause(&mut self, session: SessionId) -> Span {
        self.session_mut(session).keepalive_pause()
    }

    /// The sizes of an end's keepalives and acknowledgements as IP packets.
    #[must_use]
    pub fn quiet_sizes(&self, session: SessionId) -> [Bytes; 2] {
        self.session(session).quiet_sizes()
    }

    /// The segment that says something.
    #[must_use]
    pub fn segment(&self, session: SessionId, saying: &Saying) -> BgpSegment {
        let message = match saying.word {
            Word::Keepalive => Some(BgpMessage::Keepalive),
            Word::Acknowledgement => None,
        };
        self.session(session).numbered(saying.sequence, saying.acknowledges, message)
    }
}
