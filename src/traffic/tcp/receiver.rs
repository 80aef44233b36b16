//! The receiver of data: acknowledges every second segment, or after 40 ms, or at once when something is missing or
//! data begins to come.

use super::ranges::Ranges;
use crate::message::{BLOCKS, Segment, SegmentKind};
use crate::units::{Span, Time};

/// How long an acknowledgement may wait (Linux TCP_DELACK_MIN; RFC 5681 4.2 allows 500 ms).
const DELAY: Span = Span::from_ms(40);

/// Segments answered one by one at the beginning and after a pause, so that a sender that begins is not held up
/// (Linux TCP_MAX_QUICKACKS).
const QUICK: u32 = 16;
/// A pause: longer than the shortest timeout (Linux TCP_RTO_MIN).
const PAUSE: Span = Span::from_ms(200);

/// The receiving end of the transfers of one five-tuple.
#[derive(Debug, Clone, Default)]
pub struct Receiver {
    /// The transfer being received.
    transfer: Option<u32>,
    /// Everything below this has come.
    next: u32,
    beyond: Ranges,
    /// A number in each block reported lately, newest first.
    newest: [Option<u32>; BLOCKS],
    /// Segments that came in order since the latest acknowledgement.
    unanswered: u32,
    /// Answers that are still given at once.
    quick: u32,
    /// When data came last.
    heard: Time,
    deadline: Option<Time>,
    /// The clock to be echoed: that of the first segment not yet acknowledged (RFC 7323 4.3).
    echo: Time,
    acknowledged: u32,
    congestion_echo: bool,
}

impl Receiver {
    /// When [`Self::timer`] is to be called, if it is.
    #[must_use]
    #[inline]
    pub const fn deadline(&self) -> Option<Time> {
        self.deadline
    }

    /// A segment came, marked by a congested router or not; returns the answer that it provokes at once.
    pub fn receive(&mut self, now: Time, segment: &Segment, marked: bool) -> Option<Segment> {
        match segment.kind {
            SegmentKind::Synchronize => Some(self.open(now, segment)),
            SegmentKind::Data if self.transfer == Some(segment.transfer) => self.data(now, segment, marked),
            SegmentKind::Data | SegmentKind::SynchronizeAcknowledge | SegmentKind::Acknowledge => None,
        }
    }

    /// The deadline has passed: a delayed acknowledgement is due.
    pub fn timer(&mut self, now: Time) -> Option<Segment> {
        let due = self.deadline.is_some_and(|deadline| deadline <= now);
        due.then(|| self.answer(now, false))
    }

    fn open(&mut self, now: Time, segment: &Segment) -> Segment {
        if self.transfer != Some(segment.transfer) {
            *self = Self { transfer: Some(segment.transfer), quick: QUICK, heard: now, ..Self::default() };
        }
        let mut answer = Segment::new(segment.transfer, SegmentKind::SynchronizeAcknowledge, now);
        answer.echo = segment.sent;
        answer
    }

    fn data(&mut self, now: Time, segment: &Segment, marked: bool) -> Option<Segment> {
        // RFC 3168 6.1.3: echo until the sender says that it has reduced its window.
        if segment.window_reduced {
            self.congestion_echo = false;
        }
        self.congestion_echo |= marked;
        if now.since(self.heard) > PAUSE {
            self.quick = QUICK;
        }
        self.heard = now;
        let number = segment.number;
        if number <= self.acknowledged {
            self.echo = segment.sent;
        }
        let duplicate = number < self.next || self.beyond.around(number).is_some();
        if duplicate {
            return Some(self.answer(now, true));
        }
        let was_missing = !self.beyond.is_empty();
        if number > self.next {
            self.beyond.insert(number, number + 1, |_| {});
            self.remember(number);
            return Some(self.answer(now, false));
        }
        self.next += 1;
        if let Some((_, end)) = self.beyond.around(self.next) {
            self.next = end;
            self.beyond.forget_below(end);
        }
        self.unanswered += 1;
        // RFC 5681 4.2: at least every second segment, and at once when it fills a gap; FIN is answered at once too.
        if self.unanswered >= 2 || was_missing || segment.last || self.quick > 0 {
            return Some(self.answer(now, false));
        }
        self.deadline = Some(now + DELAY);
        None
    }

    /// Puts the block around a number before the others (RFC 2018 section 4).
    fn remember(&mut self, number: u32) {
        let block = self.beyond.around(number);
        let is_older = |other: &u32| self.beyond.around(*other).is_some_and(|other| Some(other) != block);
        let older = self.newest.into_iter().flatten().filter(is_older);
        let mut newest = [None; BLOCKS];
        newest[0] = Some(number);
        for (slot, other) in newest[1..].iter_mut().zip(older) {
            *slot = Some(other);
        }
        self.newest = newest;
    }

    fn answer(&mut self, now: Time, duplicate: bool) -> Segment {
        self.unanswered = 0;
        self.quick = self.quick.saturating_sub(1);
        self.deadline = None;
        self.acknowledged = self.next;
        let mut answer = Segment::new(self.transfer.unwrap_or(0), SegmentKind::Acknowledge, now);
        answer.acknowledged = self.next;
        answer.echo = self.echo;
        answer.congestion_echo = self.congestion_echo;
        answer.duplicate = duplicate;
        let blocks = self.newest.into_iter().flatten().filter_map(|number| self.beyond.around(number));
        for (slot, block) in answer.blocks.iter_mut().zip(blocks) {
            *slot = block;
        }
        answer
    }
}
