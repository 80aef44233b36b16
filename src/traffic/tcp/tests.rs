//! Sender and receiver over a toy link: a fixed delay each way, one bottleneck queue, and losses at will.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use super::{Action, Input, Receiver, Sender};
use crate::message::{Segment, SegmentKind};
use crate::network::{CongestionControl, EcnUse, TcpConfig, VolumeLaw};
use crate::rng::RunSeed;
use crate::units::{Bytes, Ecn, Rate, Span, Time};

/// What becomes of a data segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Passes,
    Dies,
    IsMarked,
    /// It comes this much later.
    Delayed(Span),
}

/// Decides what becomes of a segment sent now.
type Judge<'f> = Box<dyn FnMut(Time, &Segment) -> Fate + 'f>;

/// A path between a sender and a receiver.
struct Toy<'f> {
    sender: Sender,
    receiver: Receiver,
    /// One way.
    delay: Span,
    /// Between segments at the bottleneck.
    spacing: Span,
    free_at: Time,
    fate: Judge<'f>,
    events: BinaryHeap<Reverse<(Time, u64)>>,
    travelling: BTreeMap<u64, (Segment, bool)>,
    serial: u64,
    /// (When, number) of every data segment sent.
    sent: Vec<(Time, u32)>,
    done: Option<Time>,
}

const MSS: u32 = 1_448;

fn config(congestion_control: CongestionControl) -> TcpConfig {
    TcpConfig {
        volume: VolumeLaw::Unlimited,
        interval: Span::ZERO,
        segment: MSS,
        headers: 52,
        congestion_control,
        ecn: EcnUse::Off,
        receive_window: 100_000,
        initial_window: 10,
        application_rate: None,
        minimum_timeout: Span::from_ms(200),
    }
}

impl<'f> Toy<'f> {
    /// 10 ms each way and 100 Mbps, unless changed.
    fn new(config: TcpConfig, fate: impl FnMut(Time, &Segment) -> Fate + 'f) -> Self {
        Self {
            sender: Sender::new(Arc::new(config), Time::MAX),
            receiver: Receiver::default(),
            delay: Span::from_ms(10),
            spacing: Span::from_us(120),
            free_at: Time::ZERO,
            fate: Box::new(fate),
            events: BinaryHeap::new(),
            travelling: BTreeMap::new(),
            serial: 0,
            sent: Vec::new(),
            done: None,
        }
    }

    fn post(&mut self, at: Time, segment: Segment, marked: bool) {
        self.serial += 1;
        self.travelling.insert(self.serial, (segment, marked));
        self.events.push(Reverse((at, self.serial)));
    }

    fn act(&mut self, now: Time, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Done => self.done = Some(now),
                Action::Send(segment, ecn) => {
                    if segment.kind == SegmentKind::Data {
                        self.sent.push((now, segment.number));
                    }
                    let fate = (self.fate)(now, &segment);
                    self.free_at = self.free_at.max(now) + self.spacing;
                    let arrives = self.free_at + self.delay;
                    match fate {
                        Fate::Dies => {}
                        Fate::Passes => self.post(arrives, segment, false),
                        Fate::IsMarked => self.post(arrives, segment, ecn == Ecn::Capable0),
                        Fate::Delayed(span) => self.post(arrives + span, segment, false),
                    }
                }
            }
        }
    }

    /// Runs until the transfer is done or `until`.
    fn run(&mut self, size: Option<u64>, until: Time) {
        let mut out = Vec::new();
        self.sender.handle(Time::ZERO, Input::Start(size.map(Bytes)), &mut out);
        self.act(Time::ZERO, out);
        self.run_on(until);
    }

    fn run_on(&mut self, until: Time) {
        while self.done.is_none() {
            let timers = [self.sender.deadline(), self.receiver.deadline()].into_iter().flatten().min();
            let arrival = self.events.peek().map(|event| event.0.0);
            let now = arrival.into_iter().chain(timers).min().expect("something is always due");
            if now >= until {
                return;
            }
            let mut out = Vec::new();
            if arrival == Some(now) {
                let Reverse((_, serial)) = self.events.pop().unwrap();
                let (segment, marked) = self.travelling.remove(&serial).unwrap();
                match segment.kind {
                    SegmentKind::Synchronize | SegmentKind::Data => {
                        if let Some(answer) = self.receiver.receive(now, &segment, marked) {
                            self.post(now + self.delay, answer, false);
                        }
                    }
                    SegmentKind::SynchronizeAcknowledge | SegmentKind::Acknowledge => {
                        self.sender.handle(now, Input::Segment(&segment), &mut out);
                    }
                }
            } else {
                if let Some(answer) = self.receiver.timer(now) {
                    self.post(now + self.delay, answer, false);
                }
                if self.sender.deadline().is_some_and(|at| at <= now) {
                    self.sender.handle(now, Input::Timer, &mut out);
                }
            }
            self.act(now, out);
        }
    }
}

fn at_ms(milliseconds: u64) -> Time {
    Time::ZERO + Span::from_ms(milliseconds)
}

const FOREVER: Time = Time::MAX;

#[test]
fn slow_start_sends_ten_then_twice_as_many_each_round_trip() {
    // RFC 6928: 10 segments; RFC 5681: doubled each round trip of 20 ms, after one for the connection.
    let mut toy = Toy::new(config(CongestionControl::Cubic), |_, _| Fate::Passes);
    toy.spacing = Span::ZERO;
    toy.run(Some(150 * u64::from(MSS)), FOREVER);
    let in_round = |round: u64| toy.sent.iter().filter(|(at, _)| *at == at_ms(20 * round)).count();
    assert_eq!([in_round(1), in_round(2), in_round(3), in_round(4)], [10, 20, 40, 80]);
    assert_eq!(toy.done, Some(at_ms(100)));
    let statistics = toy.sender.statistics(at_ms(100));
    assert_eq!((statistics.segments, statistics.retransmissions), (150, 0));
    assert_eq!(statistics.acknowledged, 150 * u64::from(MSS));
}

#[test]
fn a_lone_segment_is_acknowledged_after_40_ms_the_first_and_the_last_at_once() {
    let mut slow = config(CongestionControl::Cubic);
    // Ten segments a second.
    slow.application_rate = Rate::from_bps(u64::from(MSS) * 80);
    let mut toy = Toy::new(slow, |_, _| Fate::Passes);
    toy.spacing = Span::ZERO;
    toy.run(Some(30 * u64::from(MSS)), at_ms(1_500));
    // The first 16 are answered at once: a round trip.
    assert_eq!(toy.sender.statistics(at_ms(1_500)).longest_stall, Span::from_ms(20));
    toy.run_on(at_ms(2_890));
    assert_eq!(toy.sender.statistics(at_ms(2_890)).longest_stall, Span::from_ms(60));
    toy.run_on(FOREVER);
    assert_eq!(toy.done, Some(at_ms(2_920)));
}

#[test]
fn one_loss_is_repaired_by_rack_in_one_round_trip() {
    let mut lost = false;
    let mut toy = Toy::new(config(CongestionControl::NewReno), |_, segment| {
        let dies = segment.number == 30 && !lost;
        lost |= dies;
        if dies { Fate::Dies } else { Fate::Passes }
    });
    toy.run(Some(300 * u64::from(MSS)), FOREVER);
    let statistics = toy.sender.statistics(at_ms(0));
    assert_eq!((statistics.retransmissions, statistics.timeouts, statistics.recoveries), (1, 0, 1));
    let again: Vec<Time> = toy.sent.iter().filter(|(_, number)| *number == 30).map(|(at, _)| *at).collect();
    // A round trip of 20 ms and the queue of one window.
    assert!(again[1].since(again[0]) < Span::from_ms(30), "{again:?}");
}

#[test]
fn reordering_within_a_quarter_of_a_round_trip_is_no_loss_once_seen() {
    // RFC 8985 6.2: after the first reordering seen, a quarter of the shortest round trip (5 ms) is waited.
    let mut toy = Toy::new(config(CongestionControl::Cubic), |_, segment| match segment.number {
        number if number % 20 == 7 => Fate::Delayed(Span::from_ms(2)),
        _ => Fate::Passes,
    });
    toy.run(Some(2_000 * u64::from(MSS)), FOREVER);
    let statistics = toy.sender.statistics(at_ms(0));
    assert!(statistics.retransmissions <= 1, "{statistics:?}");
}

#[test]
fn a_lost_tail_is_probed_after_two_round_trips() {
    let mut toy = Toy::new(config(CongestionControl::Cubic), |now, segment| {
        let tail = segment.number >= 8 && now < at_ms(30);
        if tail { Fate::Dies } else { Fate::Passes }
    });
    toy.spacing = Span::ZERO;
    toy.run(Some(10 * u64::from(MSS)), FOREVER);
    // 0..10 are sent at 20 ms; the last good news comes at 40 ms; RFC 8985 7.2: 2 x SRTT later the last one again.
    assert_eq!(toy.sent[10], (at_ms(80), 9));
    // Its block shows that 8 is lost too, and that is repaired at once.
    assert_eq!(toy.sent[11], (at_ms(100), 8));
    assert_eq!(toy.done, Some(at_ms(120)));
    let statistics = toy.sender.statistics(at_ms(120));
    assert_eq!((statistics.probes, statistics.timeouts), (1, 0));
}

#[test]
fn a_mark_halves_the_window_once_a_round_trip_without_loss() {
    let mut marking = config(CongestionControl::NewReno);
    marking.ecn = EcnUse::On;
    let mut toy =
        Toy::new(marking, |now, _| if (at_ms(100)..at_ms(101)).contains(&now) { Fate::IsMarked } else { Fate::Passes });
    toy.spacing = Span::ZERO;
    toy.run(Some(3_000 * u64::from(MSS)), FOREVER);
    let statistics = toy.sender.statistics(at_ms(0));
    assert_eq!((statistics.marks, statistics.retransmissions), (1, 0));
    let in_round = |round: u64| toy.sent.iter().filter(|(at, _)| *at == at_ms(20 * round)).count();
    // 10, 20, 40, 80, 160 segments; the whole round at 100 ms is marked.
    assert_eq!([in_round(5), in_round(7)], [160, 81]);
}

/// Times of the first segment sent again and again by timeouts, through an outage of so many milliseconds.
fn through_outage(milliseconds: u64) -> (Vec<Span>, Time, super::Statistics) {
    let outage = at_ms(500)..at_ms(500 + milliseconds);
    // Less than the 166 segments that fit the path, so that no queue adds to the 20 ms.
    let mut narrow = config(CongestionControl::Cubic);
    narrow.receive_window = 100;
    let mut toy = Toy::new(narrow, |now, _| if outage.contains(&now) { Fate::Dies } else { Fate::Passes });
    toy.run(Some(20_000 * u64::from(MSS)), FOREVER);
    let first_lost = toy.sent.iter().find(|(at, _)| *at >= at_ms(500)).unwrap().1;
    let times = toy.sent.iter().filter(|(_, number)| *number == first_lost);
    let times = times.map(|(at, _)| at.since(at_ms(500))).collect();
    (times, toy.done.unwrap(), toy.sender.statistics(at_ms(0)))
}

#[test]
fn an_outage_is_tried_after_rtt_and_200_ms_and_then_after_twice_as_long_each_time() {
    for (outage, retries) in [(900, 3), (8_800, 6)] {
        let (times, _, statistics) = through_outage(outage);
        assert_eq!(statistics.probes, 1);
        assert_eq!(statistics.timeouts, retries);
        assert_eq!(times.len() as u64, 1 + retries, "{times:?}");
        let first = times[1].saturating_sub(times[0]);
        // SRTT + 200 ms: 20 ms and what the burst of a window adds.
        assert!((Span::from_ms(220)..Span::from_ms(233)).contains(&first), "{first}");
        for (index, pair) in times[1..].windows(2).enumerate() {
            assert_eq!(pair[1].saturating_sub(pair[0]), first.times(2 << index), "{times:?}");
        }
    }
}

#[test]
fn losses_at_random_are_all_repaired() {
    for (seed, law) in [(1, CongestionControl::Cubic), (2, CongestionControl::NewReno)] {
        let mut stream = RunSeed(seed).stream("toy", "loss");
        let mut toy =
            Toy::new(config(law), move |_, _| if stream.chance(30_000_000) { Fate::Dies } else { Fate::Passes });
        toy.run(Some(5_000 * u64::from(MSS)), FOREVER);
        let statistics = toy.sender.statistics(at_ms(0));
        assert_eq!(statistics.acknowledged, 5_000 * u64::from(MSS));
        let share = statistics.retransmissions as f64 / statistics.segments as f64;
        // 3% of all segments are lost; a repair may be superfluous now and then.
        assert!((0.02..0.05).contains(&share), "{statistics:?}");
    }
}

/// Mean window in segments when one segment in `one_in` dies, over so many losses after the first 20; no window is
/// wider than `widest`, so that slow start is soon forgotten.
fn window_at_loss(law: CongestionControl, one_in: u64, losses: u64, widest: u32) -> f64 {
    let mut sent = 0;
    let mut from = Time::ZERO;
    let mut until = Time::ZERO;
    let mut config = config(law);
    config.receive_window = widest;
    let mut toy = Toy::new(config, |now, segment| {
        sent += u64::from(segment.kind == SegmentKind::Data);
        match sent {
            sent if sent == 20 * one_in => from = now,
            sent if sent == (20 + losses) * one_in => until = now,
            _ => {}
        }
        if sent % one_in == one_in - 1 && segment.kind == SegmentKind::Data { Fate::Dies } else { Fate::Passes }
    });
    (toy.spacing, toy.delay) = (Span::ZERO, Span::from_ms(50));
    toy.run(Some(one_in * (losses + 21) * u64::from(MSS)), FOREVER);
    drop(toy);
    (one_in * losses) as f64 * 0.1 / until.since(from).as_seconds()
}

#[test]
fn windows_at_a_steady_loss_are_those_of_the_response_functions() {
    // Mathis et al. (1997): sqrt(3 / (2 p)).
    let reno = window_at_loss(CongestionControl::NewReno, 5_000, 30, 400);
    assert!((reno / libm::sqrt(7_500.0) - 1.0).abs() < 0.03, "{reno}");
    // RFC 9438 section 5.1: 1.054 (RTT / p)^(3/4), in segments.
    let cubic = window_at_loss(CongestionControl::Cubic, 20_000, 30, 1_500);
    assert!((cubic / (1.054 * libm::pow(2_000.0, 0.75)) - 1.0).abs() < 0.05, "{cubic}");
}
