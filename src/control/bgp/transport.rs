//! TCP as BGP sees it: messages arrive once and in order, or not at all.
//!
//! One segment carries one message; acknowledgements are cumulative; what is not acknowledged in time is sent
//! again from the first such message on. Congestion control is left out: routing messages are few and small.

use std::collections::VecDeque;

use super::{Action, TimerKind};
use crate::ids::SessionId;
use crate::message::{BgpMessage, BgpSegment};
use crate::units::{Bytes, Span, Time};

/// Retransmission timeout before and after progress (RFC 6298 2.1 and 2.4: at least 1 s).
pub(super) const FIRST_TIMEOUT: Span = Span::from_s(1);
/// Ceiling of the doubled timeout (RFC 6298 2.5 allows 60 s or more).
const LAST_TIMEOUT: Span = Span::from_s(60);
/// With so many messages on the way nothing new is begun: the sender's buffer is bounded.
const WINDOW: usize = 32;
/// An RST has no options and no payload: 20 bytes of TCP instead of 32.
const OPTIONS: u64 = 12;

/// Whether there is a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Closed,
    Open,
}

/// Whether the peer waits for an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acknowledgement {
    Sent,
    Owed,
}

/// How far the two directions of a connection are, as one end sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    /// The next message that it sends.
    pub next: u64,
    /// All that it sent below this number has arrived.
    pub acknowledged: u64,
    /// The next message that it expects.
    pub expected: u64,
}

/// One end of the connection below a session.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    session: SessionId,
    end: usize,
    headers: Bytes,
    connection: u64,
    standing: Standing,
    /// Messages sent and not acknowledged with their sizes; the first has the number `acknowledged`.
    in_flight: VecDeque<(BgpMessage, Bytes)>,
    acknowledged: u64,
    expected: u64,
    timeout: Span,
    acknowledgement: Acknowledgement,
}

impl Transport {
    /// A closed transport; `headers` are the bytes of IP and TCP around each message.
    pub(super) fn new(session: SessionId, end: usize, headers: Bytes) -> Self {
        Self {
            session,
            end,
            headers,
            connection: 0,
            standing: Standing::Closed,
            in_flight: VecDeque::new(),
            acknowledged: 0,
            expected: 0,
            timeout: FIRST_TIMEOUT,
            acknowledgement: Acknowledgement::Sent,
        }
    }

    /// Number of the newest connection, open or closed; 0 before the first.
    pub(super) fn connection(&self) -> u64 {
        self.connection
    }

    /// Begins a connection, forgetting any other.
    pub(super) fn open(&mut self, connection: u64) {
        *self = Self { connection, standing: Standing::Open, ..Self::new(self.session, self.end, self.headers) };
    }

    /// Ends the connection; its number stays known.
    pub(super) fn close(&mut self) {
        *self = Self { connection: self.connection, ..Self::new(self.session, self.end, self.headers) };
    }

    /// Whether segments of `connection` belong to the connection that is open.
    pub(super) fn is_open_as(&self, connection: u64) -> bool {
        self.is_open() && self.connection == connection
    }

    /// Whether there is a connection.
    pub(super) fn is_open(&self) -> bool {
        self.standing == Standing::Open
    }

    /// Whether another message may be begun.
    pub(super) fn has_room(&self) -> bool {
        self.is_open() && self.in_flight.len() < WINDOW
    }

    /// Sends a message of `size` bytes (BGP header included) and keeps it until it is acknowledged.
    pub(super) fn send(&mut self, now: Time, message: BgpMessage, size: Bytes, out: &mut Vec<Action>) {
        assert!(self.is_open(), "messages are sent on open connections");
        let sequence = self.acknowledged + self.in_flight.len() as u64;
        let idle = self.in_flight.is_empty();
        self.in_flight.push_back((message.clone(), size));
        self.emit(sequence, Some(message), size, out);
        if idle {
            self.arm(now, out);
        }
    }

    /// Takes a segment of the open connection: what it carries, if that is the next message in order.
    pub(super) fn receive(&mut self, now: Time, segment: BgpSegment, out: &mut Vec<Action>) -> Option<BgpMessage> {
        self.acknowledge(now, segment.acknowledges, out);
        let message = segment.message?;
        if matches!(message, BgpMessage::Notification(_) | BgpMessage::ConnectionReset) {
            // The closing end keeps nothing to send again here, so its last word counts even after a gap.
            return Some(message);
        }
        self.acknowledgement = Acknowledgement::Owed;
        if segment.sequence != self.expected {
            return None;
        }
        self.expected += 1;
        Some(message)
    }

    /// The retransmission timer fired: everything not acknowledged goes out again (RFC 6298 5.4 to 5.6).
    pub(super) fn retransmit(&mut self, now: Time, out: &mut Vec<Action>) {
        if self.in_flight.is_empty() {
            return;
        }
        self.timeout = self.timeout.times(2).min(LAST_TIMEOUT);
        let first = self.acknowledged;
        for (sequence, (message, size)) in (first..).zip(self.in_flight.clone()) {
            self.emit(sequence, Some(message), size, out);
        }
        self.arm(now, out);
    }

    /// Sends a bare acknowledgement when one is owed and no message carried it.
    pub(super) fn settle(&mut self, out: &mut Vec<Action>) {
        if self.is_open() && self.acknowledgement == Acknowledgement::Owed {
            let sequence = self.acknowledged + self.in_flight.len() as u64;
            self.emit(sequence, None, Bytes(0), out);
        }
    }

    /// The process that has the connection is gone: its kernel resets it.
    pub(super) fn abort(&self, out: &mut Vec<Action>) {
        if self.is_open() {
            let sequence = self.acknowledged + self.in_flight.len() as u64;
            let size = Bytes(self.headers.0 - OPTIONS);
            let (session, end, connection) = (self.session, self.end, self.connection);
            let message = Some(BgpMessage::ConnectionReset);
            let acknowledges = self.expected;
            let segment = BgpSegment { session, end, connection, sequence, acknowledges, message, size };
            out.push(Action::Send { session, segment });
        }
    }

    /// Answers a segment of a connection that this end does not have.
    pub(super) fn refuse(&self, segment: &BgpSegment, out: &mut Vec<Action>) {
        self.answer_once(segment, BgpMessage::ConnectionReset, Bytes(self.headers.0 - OPTIONS), out);
    }

    /// Answers the first segment of a connection with a message of `size` bytes, and does not keep the connection.
    pub(super) fn answer(&self, segment: &BgpSegment, message: BgpMessage, size: Bytes, out: &mut Vec<Action>) {
        self.answer_once(segment, message, self.headers + size, out);
    }

    fn answer_once(&self, segment: &BgpSegment, message: BgpMessage, size: Bytes, out: &mut Vec<Action>) {
        let refusal = BgpSegment {
            session: self.session,
            end: self.end,
            connection: segment.connection,
            sequence: segment.acknowledges,
            acknowledges: 0,
            message: Some(message),
            size,
        };
        out.push(Action::Send { session: self.session, segment: refusal });
    }

    fn acknowledge(&mut self, now: Time, acknowledges: u64, out: &mut Vec<Action>) {
        let arrived = acknowledges.saturating_sub(self.acknowledged);
        let arrived = usize::try_from(arrived).map_or(self.in_flight.len(), |count| count.min(self.in_flight.len()));
        if arrived == 0 {
            return;
        }
        self.in_flight.drain(..arrived);
        self.acknowledged += arrived as u64;
        self.timeout = FIRST_TIMEOUT;
        if self.in_flight.is_empty() {
            out.push(Action::CancelTimer { session: self.session, kind: TimerKind::Retransmit });
        } else {
            self.arm(now, out);
        }
    }

    fn arm(&self, now: Time, out: &mut Vec<Action>) {
        let at = now + self.timeout;
        out.push(Action::SetTimer { session: self.session, kind: TimerKind::Retransmit, at });
    }

    fn emit(&mut self, sequence: u64, message: Option<BgpMessage>, size: Bytes, out: &mut Vec<Action>) {
        self.acknowledgement = Acknowledgement::Sent;
        let segment = self.numbered(sequence, self.expected, message, size);
        out.push(Action::Send { session: self.session, segment });
    }

    /// A segment of the open connection around a message of `size` bytes.
    pub(super) fn numbered(
        &self,
        sequence: u64,
        acknowledges: u64,
        message: Option<BgpMessage>,
        size: Bytes,
    ) -> BgpSegment {
        let size = self.packet(size);
        BgpSegment {
            session: self.session,
            end: self.end,
            connection: self.connection,
            sequence,
            acknowledges,
            message,
            size,
        }
    }

    /// The IP packet around a message of `size` bytes.
    pub(super) fn packet(&self, size: Bytes) -> Bytes {
        self.headers + size
    }

    /// Its numbers, when all that was sent has arrived and is acknowledged.
    pub(super) fn quiet_numbers(&self) -> Option<Numbers> {
        let is_quiet = self.is_open()
            && self.in_flight.is_empty()
            && self.acknowledgement == Acknowledgement::Sent
            && self.timeout == FIRST_TIMEOUT;
        let (acknowledged, expected) = (self.acknowledged, self.expected);
        is_quiet.then_some(Numbers { next: acknowledged, acknowledged, expected })
    }

    /// It goes on with these numbers: what is not acknowledged are keepalives of `size` bytes.
    pub(super) fn resume(&mut self, numbers: Numbers, size: Bytes) {
        let Numbers { next, acknowledged, expected } = numbers;
        self.in_flight = (acknowledged..next).map(|_| (BgpMessage::Keepalive, size)).collect();
        (self.acknowledged, self.expected) = (acknowledged, expected);
    }
}
