//! The sender of data.

use std::sync::Arc;

use super::congestion::Congestion;
use super::reduction::Reduction;
use super::scoreboard::{News, Patience, Scoreboard};
use super::statistics::Statistics;
use super::timeout::Timeout;
use crate::message::{Segment, SegmentKind};
use crate::network::{EcnUse, TcpConfig};
use crate::units::{Bytes, Ecn, Span, Time};

/// RFC 8985 7.2, TLP.max_ack_delay: added to a probe's wait when one segment is in flight (Linux: 200 ms).
const ACKNOWLEDGEMENT_DELAY: Span = Span::from_ms(200);
/// A timeout follows its probe by this at least (a tick of Linux's clock).
const TICK: Span = Span::from_ms(1);

/// What a sender is told.
#[derive(Debug, Clone, Copy)]
pub enum Input<'s> {
    /// Begin a transfer of so many bytes, or without end. The one before must be done.
    Start(Option<Bytes>),
    /// A segment came from the receiver.
    Segment(&'s Segment),
    /// The deadline has passed.
    Timer,
}

/// What a sender wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Send this in a packet with this ECN field.
    Send(Segment, Ecn),
    /// The transfer is done: everything was acknowledged.
    Done,
}

/// The sending end of the transfers of one five-tuple.
#[derive(Debug, Clone)]
pub struct Sender {
    config: Arc<TcpConfig>,
    /// No new data at or after this.
    closes: Time,
    transfer: u32,
    phase: Phase,
    /// Number of segments of the transfer, and bytes of data in the last one; without end none.
    end: Option<(u32, u32)>,
    started: Time,
    last_sent: Time,
    /// When data was acknowledged last, or began to wait.
    progress: Time,
    scoreboard: Scoreboard,
    congestion: Congestion,
    timeout: Timeout,
    held_back_by: Limit,
    probe: Option<Probe>,
    /// Marks echoed for data below this are answered already.
    answered: u32,
    /// Whether the next data is to say that the window was reduced.
    tell_reduced: bool,
    retransmit_at: Option<Time>,
    probe_at: Option<Time>,
    reorder_at: Option<Time>,
    application_at: Option<Time>,
    statistics: Statistics,
}

/// Where a connection stands (RFC 5681, RFC 6675, Linux's states of the same names).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing to send.
    Idle,
    /// The connection is asked for.
    Opening,
    /// No loss is being repaired.
    Open,
    /// Losses are being repaired without a timeout.
    Recovery(Reduction),
    /// A timeout ran out; over when everything below this number is acknowledged.
    Loss(u32),
}

/// What kept the sender from sending more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    Window,
    Data,
}

/// A tail loss probe that is not answered (RFC 8985 7.4).
#[derive(Debug, Clone, Copy)]
struct Probe {
    /// The first number not sent when it was.
    end: u32,
    /// Whether it carried data sent before.
    repeats: bool,
}

impl Sender {
    /// A sender with nothing to send; from `closes` on no new data is sent.
    #[must_use]
    pub fn new(config: Arc<TcpConfig>, closes: Time) -> Self {
        let congestion = Congestion::new(config.congestion_control, config.initial_window);
        let timeout = Timeout::new(config.minimum_timeout);
        Self {
            config,
            closes,
            transfer: 0,
            phase: Phase::Idle,
            end: None,
            started: Time::ZERO,
            last_sent: Time::ZERO,
            progress: Time::ZERO,
            scoreboard: Scoreboard::default(),
            congestion,
            timeout,
            held_back_by: Limit::Data,
            probe: None,
            answered: 0,
            tell_reduced: false,
            retransmit_at: None,
            probe_at: None,
            reorder_at: None,
            application_at: None,
            statistics: Statistics::default(),
        }
    }

    /// Whether no transfer is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }

    /// What was counted, with a stall that goes on at `now`.
    #[must_use]
    pub fn statistics(&self, now: Time) -> Statistics {
        let mut statistics = self.statistics.clone();
        if self.scoreboard.outstanding() > 0 || self.phase == Phase::Opening {
            statistics.longest_stall = statistics.longest_stall.max(now.since(self.progress));
        }
        statistics
    }

    /// When [`Input::Timer`] is due, if it is: the earliest of the timers.
    #[must_use]
    #[inline]
    pub fn deadline(&self) -> Option<Time> {
        let timers = [self.retransmit_at, self.probe_at, self.reorder_at, self.application_at];
        timers.into_iter().flatten().min()
    }

    /// Takes in what happened and adds what is to be done to `out`.
    pub fn handle(&mut self, now: Time, input: Input<'_>, out: &mut Vec<Action>) {
        match input {
            Input::Start(size) => self.start(now, size, out),
            Input::Segment(segment) if segment.transfer == self.transfer && !self.is_idle() => match segment.kind {
                SegmentKind::SynchronizeAcknowledge => self.granted(now, segment, out),
                SegmentKind::Acknowledge if self.phase != Phase::Opening => self.acknowledged(now, segment, out),
                SegmentKind::Acknowledge | SegmentKind::Synchronize | SegmentKind::Data => {}
            },
            Input::Segment(_) => {}
            Input::Timer => self.timer(now, out),
        }
    }

    fn start(&mut self, now: Time, size: Option<Bytes>, out: &mut Vec<Action>) {
        assert!(self.is_idle(), "a transfer begins when the one before is done");
        let fresh = Self::new(Arc::clone(&self.config), self.closes);
        let statistics = std::mem::take(&mut self.statistics);
        let segment = u64::from(self.config.segment);
        let end = size.map(|size| {
            let segments = size.0.max(1).div_ceil(segment);
            let last = size.0.max(1) - (segments - 1) * segment;
            (u32::try_from(segments).unwrap_or(u32::MAX), u32::try_from(last).expect("at most a segment"))
        });
        let transfer = self.transfer.wrapping_add(1);
        *self = Self { transfer, end, statistics, started: now, progress: now, phase: Phase::Opening, ..fresh };
        self.synchronize(now, out);
    }

    /// Asks for the connection. Requests and retransmissions are not ECN-capable (RFC 3168 6.1.1 and 6.1.5).
    fn synchronize(&mut self, now: Time, out: &mut Vec<Action>) {
        out.push(Action::Send(Segment::new(self.transfer, SegmentKind::Synchronize, now), Ecn::NotCapable));
        self.retransmit_at = Some(now + self.timeout.span());
    }

    fn granted(&mut self, now: Time, segment: &Segment, out: &mut Vec<Action>) {
        if self.phase == Phase::Opening {
            self.timeout.measured(now.since(segment.echo));
            self.phase = Phase::Open;
            self.retransmit_at = None;
            self.progressed(now);
            self.transmit(now, out);
        }
    }

    fn progressed(&mut self, now: Time) {
        self.statistics.longest_stall = self.statistics.longest_stall.max(now.since(self.progress));
        self.progress = now;
    }

    fn acknowledged(&mut self, now: Time, segment: &Segment, out: &mut Vec<Action>) {
        if segment.acknowledged > self.scoreboard.first() {
            self.timeout.measured(now.since(segment.echo));
            self.progressed(now);
        }
        let news = self.scoreboard.acknowledge(now, segment, self.timeout.least());
        self.count(news);
        if self.end.is_some_and(|(segments, _)| self.scoreboard.first() >= segments) {
            return self.done(out);
        }
        self.detect(now);
        self.probe_answered(segment);
        self.leave_repair();
        if segment.congestion_echo {
            self.marked();
        }
        self.enter_recovery();
        self.size_window(now, news);
        if news.acknowledged > 0 {
            self.retransmit_at = (self.scoreboard.outstanding() > 0).then(|| now + self.timeout.span());
        }
        self.transmit(now, out);
    }

    fn count(&mut self, news: News) {
        let mut bytes = u64::from(news.acknowledged) * u64::from(self.config.segment);
        if let Some((segments, last)) = self.end
            && news.acknowledged > 0
            && self.scoreboard.first() >= segments
        {
            bytes -= u64::from(self.config.segment - last);
        }
        self.statistics.acknowledged += bytes;
    }

    fn done(&mut self, out: &mut Vec<Action>) {
        self.phase = Phase::Idle;
        [self.retransmit_at, self.probe_at, self.reorder_at, self.application_at] = [None; 4];
        out.push(Action::Done);
    }

    fn detect(&mut self, now: Time) {
        let patience = Patience {
            least: self.timeout.least(),
            smoothed: self.timeout.smoothed().unwrap_or(Span::ZERO),
            repairing: !matches!(self.phase, Phase::Open),
        };
        self.reorder_at = self.scoreboard.detect(now, patience).map(|wait| now + wait);
    }

    /// RFC 8985 7.4.2: a probe that repaired a loss by itself is one all the same.
    fn probe_answered(&mut self, segment: &Segment) {
        let Some(probe) = self.probe.filter(|probe| segment.acknowledged >= probe.end) else { return };
        if !probe.repeats || segment.duplicate {
            self.probe = None;
        } else if segment.acknowledged > probe.end {
            self.probe = None;
            if self.phase == Phase::Open {
                self.reduce();
                self.congestion.settle();
            }
        }
    }

    fn reduce(&mut self) {
        self.congestion.reduce();
        self.answered = self.scoreboard.next();
        self.tell_reduced = self.config.ecn == EcnUse::On;
    }

    fn leave_repair(&mut self) {
        match self.phase {
            Phase::Recovery(reduction) if self.scoreboard.first() >= reduction.point() => {
                self.congestion.settle();
                self.phase = Phase::Open;
            }
            Phase::Loss(point) if self.scoreboard.first() >= point => self.phase = Phase::Open,
            Phase::Idle | Phase::Opening | Phase::Open | Phase::Recovery(_) | Phase::Loss(_) => {}
        }
    }

    /// A mark was echoed: as for a loss, once a round trip (RFC 3168 6.1.2).
    fn marked(&mut self) {
        if self.phase == Phase::Open && self.scoreboard.first() > self.answered {
            self.statistics.marks += 1;
            self.reduce();
            self.congestion.settle();
        }
    }

    fn enter_recovery(&mut self) {
        if self.phase == Phase::Open && self.scoreboard.has_lost() {
            self.statistics.recoveries += 1;
            let prior = self.congestion.window();
            self.reduce();
            self.phase = Phase::Recovery(Reduction::new(self.scoreboard.next(), prior));
        }
    }

    fn size_window(&mut self, now: Time, news: News) {
        match &mut self.phase {
            Phase::Recovery(reduction) => {
                let in_flight = self.scoreboard.in_flight();
                let more = reduction.delivered(in_flight, self.congestion.threshold(), news.delivered);
                self.congestion.set_window(in_flight + more);
            }
            Phase::Open | Phase::Loss(_) => self.grow_window(now, news.delivered),
            Phase::Idle | Phase::Opening => {}
        }
    }

    fn grow_window(&mut self, now: Time, delivered: u32) {
        // For a round trip after a mark the window stays, so that what is in flight can drain.
        if self.phase == Phase::Open && self.scoreboard.first() < self.answered {
            return;
        }
        let halfway = self.congestion.window() < self.scoreboard.outstanding().saturating_mul(2);
        if self.held_back_by == Limit::Window || (self.congestion.in_slow_start() && halfway) {
            let round_trip = self.timeout.smoothed().unwrap_or(Span::ZERO);
            self.congestion.acknowledged(now, delivered, round_trip);
        } else {
            self.congestion.idle();
        }
    }

    /// Sends what the window allows: lost segments first, then new ones.
    fn transmit(&mut self, now: Time, out: &mut Vec<Action>) {
        if self.scoreboard.outstanding() == 0 && now.since(self.last_sent) > self.timeout.span() {
            self.congestion.restart(self.config.initial_window);
        }
        self.application_at = None;
        self.held_back_by = loop {
            if self.scoreboard.in_flight() >= self.congestion.window() {
                break Limit::Window;
            }
            if let Some(number) = self.scoreboard.send_lost(now) {
                self.send_again(now, number, out);
            } else if self.has_new(now) {
                self.send_new(now, out);
            } else {
                break Limit::Data;
            }
        };
        self.schedule_probe(now);
    }

    /// Whether new data may be sent, the congestion window aside; notes when the application will have written more.
    fn has_new(&mut self, now: Time) -> bool {
        let next = self.scoreboard.next();
        if self.end.is_some_and(|(segments, _)| next >= segments) || now >= self.closes {
            return false;
        }
        if self.scoreboard.outstanding() >= self.config.receive_window {
            return false;
        }
        let Some(rate) = self.config.application_rate else { return true };
        let written = self.started + rate.transmission_time(Bytes(u64::from(next) * u64::from(self.config.segment)));
        if written > now {
            self.application_at = Some(written);
        }
        written <= now
    }

    fn send_new(&mut self, now: Time, out: &mut Vec<Action>) {
        if self.scoreboard.outstanding() == 0 {
            self.progress = now;
        }
        let number = self.scoreboard.send_new(now);
        let ecn = match self.config.ecn {
            EcnUse::On => Ecn::Capable0,
            EcnUse::Off => Ecn::NotCapable,
        };
        let mut segment = self.data(now, number);
        segment.window_reduced = std::mem::take(&mut self.tell_reduced);
        self.send(now, segment, ecn, out);
    }

    fn send_again(&mut self, now: Time, number: u32, out: &mut Vec<Action>) {
        self.statistics.retransmissions += 1;
        let segment = self.data(now, number);
        self.send(now, segment, Ecn::NotCapable, out);
    }

    fn data(&self, now: Time, number: u32) -> Segment {
        let mut segment = Segment::new(self.transfer, SegmentKind::Data, now);
        segment.number = number;
        segment.length = self.config.segment;
        if let Some((segments, last)) = self.end
            && number + 1 == segments
        {
            segment.length = last;
            segment.last = true;
        }
        segment
    }

    fn send(&mut self, now: Time, segment: Segment, ecn: Ecn, out: &mut Vec<Action>) {
        self.statistics.segments += 1;
        if let Phase::Recovery(reduction) = &mut self.phase {
            reduction.sent();
        }
        self.last_sent = now;
        self.retransmit_at.get_or_insert(now + self.timeout.span());
        out.push(Action::Send(segment, ecn));
    }

    /// RFC 8985 7.2: after twice the round trip without news, unless a timeout comes first.
    fn schedule_probe(&mut self, now: Time) {
        self.probe_at = None;
        let outstanding = self.scoreboard.outstanding();
        let quiet = self.phase == Phase::Open && self.scoreboard.is_orderly() && self.probe.is_none();
        if let (true, Some(smoothed), Some(timeout)) =
            (quiet && outstanding > 0, self.timeout.smoothed(), self.retransmit_at)
        {
            let delay = if outstanding == 1 { ACKNOWLEDGEMENT_DELAY } else { Span::ZERO };
            self.probe_at = Some((now + smoothed.times(2) + delay).min(timeout));
        }
    }

    fn timer(&mut self, now: Time, out: &mut Vec<Action>) {
        let due = |timer: Option<Time>| timer.is_some_and(|at| at <= now);
        if self.phase == Phase::Opening {
            if due(self.retransmit_at) {
                self.statistics.timeouts += 1;
                self.timeout.back_off();
                self.synchronize(now, out);
            }
            return;
        }
        let application_only = !due(self.reorder_at) && !due(self.probe_at) && !due(self.retransmit_at);
        if due(self.reorder_at) {
            self.detect(now);
            self.enter_recovery();
            self.size_window(now, News { delivered: 0, acknowledged: 0 });
        }
        if due(self.probe_at) {
            return self.send_probe(now, out);
        }
        if due(self.retransmit_at) {
            self.timed_out(now);
        }
        if !application_only || due(self.application_at) {
            self.transmit(now, out);
        }
    }

    fn send_probe(&mut self, now: Time, out: &mut Vec<Action>) {
        self.probe_at = None;
        self.statistics.probes += 1;
        let new = self.has_new(now);
        if new {
            self.send_new(now, out);
        } else {
            let number = self.scoreboard.send_last(now);
            self.send_again(now, number, out);
        }
        self.probe = Some(Probe { end: self.scoreboard.next(), repeats: !new });
        // As Linux: the timeout runs from the first segment that is not acknowledged.
        let first = self.scoreboard.first_sent().unwrap_or(now);
        self.retransmit_at = Some((first + self.timeout.span()).max(now + TICK));
    }

    fn timed_out(&mut self, now: Time) {
        self.statistics.timeouts += 1;
        if self.phase == Phase::Open {
            self.reduce();
        }
        self.scoreboard.lose_all();
        self.congestion.set_window(1);
        self.phase = Phase::Loss(self.scoreboard.next());
        self.probe = None;
        self.reorder_at = None;
        self.timeout.back_off();
        self.retransmit_at = Some(now + self.timeout.span());
    }
}
