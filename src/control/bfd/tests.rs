//! Does BFD come up, tell its intervals, and notice silence when RFC 5880 says so?

use std::fmt::Write as _;

use super::session::next;
use super::*;
use crate::control::fixture;
use crate::message::{BfdDiagnostic, BfdPacket, BfdState};
use crate::network::BfdConfig;
use crate::rng::RunSeed;
use crate::units::{Span, Time};

const AWS: BfdConfig = BfdConfig { transmit: Span::from_ms(300), receive: Span::from_ms(300), multiplier: 3 };
const GOOGLE: BfdConfig = BfdConfig { transmit: Span::from_ms(1000), receive: Span::from_ms(1000), multiplier: 5 };

/// Two endpoints joined by wires that lose what the test tells them to.
struct Pair {
    ends: [Endpoint; 2],
    /// (end, kind) -> deadline
    timers: [[Option<Time>; 2]; 2],
    now: Time,
    /// Whether packets *from* this end arrive.
    delivers: [bool; 2],
    sent: [Vec<(Time, BfdPacket)>; 2],
    changes: Vec<(Time, usize, BfdState, BfdDiagnostic)>,
}

impl Pair {
    fn new(configs: [BfdConfig; 2], seed: u64) -> Self {
        let network = fixture::bfd(configs);
        let mut pair = Self {
            ends: [0, 1].map(|end| Endpoint::new(&network, 0, end, RunSeed(seed))),
            timers: [[None; 2]; 2],
            now: Time::ZERO,
            delivers: [true; 2],
            sent: [Vec::new(), Vec::new()],
            changes: Vec::new(),
        };
        pair.input(0, Input::Start);
        pair.input(1, Input::Start);
        pair
    }

    fn input(&mut self, end: usize, input: Input) {
        let mut out = Vec::new();
        self.ends[end].handle(self.now, input, &mut out);
        for action in out {
            match action {
                Action::Send(packet) => {
                    self.sent[end].push((self.now, packet));
                    if self.delivers[end] {
                        self.input(1 - end, Input::Packet(packet));
                    }
                }
                Action::SetTimer { kind, at } => self.timers[end][kind as usize] = Some(at),
                Action::CancelTimer { kind } => self.timers[end][kind as usize] = None,
                Action::StateChanged { to, diagnostic, .. } => self.changes.push((self.now, end, to, diagnostic)),
            }
        }
    }

    fn run_until(&mut self, stop: Time) {
        loop {
            let armed = (0..2).flat_map(|end| (0..2).map(move |kind| (end, kind)));
            let next = armed.filter_map(|(end, kind)| self.timers[end][kind].map(|at| (at, end, kind))).min();
            match next {
                Some((at, end, kind)) if at <= stop => {
                    self.now = at;
                    self.timers[end][kind] = None;
                    self.input(end, if kind == 0 { Input::TransmitTimer } else { Input::DetectionTimer });
                }
                Some(_) | None => break,
            }
        }
        self.now = stop;
    }

    fn down_since(&self, end: usize) -> Option<Time> {
        self.changes.iter().rev().find(|change| change.1 == end).filter(|c| c.2 == BfdState::Down).map(|c| c.0)
    }
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Span::from_s(seconds)
}

#[test]
fn the_transitions_are_those_of_rfc_5880_6_8_6() {
    use BfdState::{AdminDown, Down, Init, Up};
    let mut table = String::new();
    for own in [Down, Init, Up] {
        for received in [AdminDown, Down, Init, Up] {
            let to = next(own, received).map_or("-".to_owned(), |state| format!("{state:?}"));
            writeln!(table, "{own:?} + {received:?} -> {to}").unwrap();
        }
    }
    assert_eq!(table, include_str!("../../../tests/golden/bfd.txt"));
}

#[test]
fn a_packet_is_as_large_as_on_the_wire() {
    // Captured: a frame of 66 bytes without FCS, 14 of them Ethernet.
    assert_eq!(PACKET_SIZE.0 + 14, 66);
}

#[test]
fn it_comes_up_slowly_and_then_speeds_up_by_a_poll_sequence() {
    for seed in 0..20 {
        let mut pair = Pair::new([AWS, AWS], seed);
        pair.run_until(at(10));
        assert!(pair.ends.iter().all(|end| end.state() == BfdState::Up));
        // First packets within 1 s; Down, Init, Up need no more than the first two of them.
        assert!(pair.changes.iter().all(|change| change.0 <= at(2)), "{:?}", pair.changes);
        for sent in &pair.sent {
            let (down, up): (Vec<_>, Vec<_>) = sent.iter().partition(|(_, packet)| packet.state != BfdState::Up);
            // 6.8.3: at least 1 s is announced while not Up.
            assert!(down.iter().all(|(_, packet)| packet.desired_min_tx == Span::from_s(1)));
            assert!(up.iter().all(|(_, packet)| packet.desired_min_tx == Span::from_ms(300)));
            assert!(up.iter().any(|(_, packet)| packet.poll) && up.iter().any(|(_, packet)| packet.r#final));
            assert!(up.iter().all(|(_, packet)| !(packet.poll && packet.r#final)));
            assert!(!up.last().unwrap().1.poll, "the sequence ends");
        }
    }
}

#[test]
fn detection_takes_the_peers_multiplier_and_the_slower_interval() {
    let mut pair = Pair::new([AWS, GOOGLE], 1);
    pair.run_until(at(20));
    // max(300, 1000) ms times the *peer's* multiplier: AWS waits 5 s, Google 3 s (RFC 5880 6.8.4).
    assert_eq!(pair.ends[0].detection_time(), Span::from_s(5));
    assert_eq!(pair.ends[1].detection_time(), Span::from_s(3));
    assert_eq!(Pair::new([AWS, AWS], 1).ends[0].detection_time(), Span::MAX);
}

#[test]
fn silence_is_noticed_within_the_window_of_the_last_packets_age() {
    for (configs, low_high) in [
        // 3 x 300 ms less the last packet's age of at most 300 ms.
        ([AWS, AWS], [(600, 900), (600, 900)]),
        // Each direction costs what its receiver's detection takes: 5 x 1 s at AWS, 3 x 1 s at Google.
        ([AWS, GOOGLE], [(4000, 5000), (2000, 3000)]),
    ] {
        for seed in 0..40 {
            let mut pair = Pair::new(configs, seed);
            let cut = at(20) + Span::from_ms(37 * seed);
            pair.run_until(cut);
            pair.delivers = [false; 2];
            pair.run_until(cut + Span::from_s(10));
            for (end, (low, high)) in low_high.into_iter().enumerate() {
                let took = pair.down_since(end).expect("noticed") - cut;
                assert!(took >= Span::from_ms(low) && took <= Span::from_ms(high), "seed {seed} end {end}: {took}");
            }
            assert!(pair.changes[pair.changes.len() - 2..].iter().all(|c| c.3 == BfdDiagnostic::DetectionTimeExpired));
            let last = pair.sent[0].last().unwrap().1;
            assert!(!last.heard && last.desired_min_tx == Span::from_s(1), "back to slow and unheard");
        }
    }
}

#[test]
fn one_dead_direction_takes_both_ends_down() {
    let mut pair = Pair::new([AWS, AWS], 3);
    pair.run_until(at(20));
    pair.delivers = [true, false];
    pair.run_until(at(22));
    // End 0 hears nothing and says so; end 1 learns it from that packet, and then still hears Down: Init (6.8.6).
    let after: Vec<_> = pair.changes.iter().filter(|change| change.0 > at(20)).map(|c| (c.1, c.2, c.3)).collect();
    let expected = [
        (0, BfdState::Down, BfdDiagnostic::DetectionTimeExpired),
        (1, BfdState::Down, BfdDiagnostic::NeighbourSignalledDown),
        (1, BfdState::Init, BfdDiagnostic::None),
    ];
    assert_eq!(after, expected);
    pair.delivers = [true; 2];
    pair.run_until(at(25));
    assert!(pair.ends.iter().all(|end| end.state() == BfdState::Up), "and it heals");
}

#[test]
fn intervals_are_shortened_by_a_quarter_at_most() {
    // 6.8.7: 75-100% of the interval, 75-90% when the multiplier is 1. FRR at 300 ms measured: 225.1 to 300.3 ms.
    for (multiplier, longest) in [(3, 300), (1, 270)] {
        let config = BfdConfig { multiplier, ..AWS };
        let mut pair = Pair::new([config, config], 7);
        pair.run_until(at(5));
        pair.sent = [Vec::new(), Vec::new()];
        pair.run_until(at(400));
        let gaps: Vec<_> = pair.sent[0].windows(2).map(|pair| (pair[1].0 - pair[0].0).as_ps() / 1_000).collect();
        let (low, high) = (*gaps.iter().min().unwrap(), *gaps.iter().max().unwrap());
        assert!(low >= 225_000_000 && high <= longest * 1_000_000, "{low} to {high} ns");
        let mean = gaps.iter().sum::<u64>() / gaps.len() as u64;
        // Uniform: the middle of both bounds; some 1400 draws, standard error below 0.7 ms.
        assert!(mean.abs_diff((225 + longest) * 500_000) < 3_000_000, "{mean} ns");
    }
}

#[test]
fn loss_of_light_acts_at_once_and_nothing_is_sent_into_the_dark() {
    let mut pair = Pair::new([AWS, AWS], 5);
    pair.run_until(at(20));
    pair.input(0, Input::PathDown);
    pair.input(1, Input::PathDown);
    assert_eq!(pair.changes.last().map(|change| (change.0, change.3)), Some((at(20), BfdDiagnostic::PathDown)));
    assert_eq!(pair.timers, [[None; 2]; 2]);
    let sent = pair.sent[0].len();
    pair.run_until(at(30));
    assert_eq!(pair.sent[0].len(), sent);
    pair.input(0, Input::PathUp);
    pair.input(1, Input::PathUp);
    pair.run_until(at(33));
    assert!(pair.ends.iter().all(|end| end.state() == BfdState::Up));
}

#[test]
fn a_packet_that_claims_more_than_it_can_know_is_discarded() {
    let mut pair = Pair::new([AWS, AWS], 5);
    pair.delivers = [false; 2];
    pair.run_until(at(1));
    let mut packet = pair.sent[1][0].1;
    packet.state = BfdState::Init;
    // 6.8.6: Your Discriminator zero with a state other than Down or AdminDown.
    pair.input(0, Input::Packet(packet));
    assert_eq!(pair.ends[0].state(), BfdState::Down);
}
