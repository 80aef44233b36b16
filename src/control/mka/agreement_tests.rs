//! Two ends and a wire between them, held against IEEE 802.1X and two wpa_supplicants as measured.

use std::fmt::Write as _;

use super::*;
use crate::ids::PortId;
use crate::rng::RunSeed;

const HELLO: Span = Span::from_s(2);
const LIFE: Span = Span::from_s(6);
const RIGHT: ConnectivityKey = ConnectivityKey { name: 0, secret: 0 };

fn config(priority: u8, order: InstallOrder) -> MkaConfig {
    MkaConfig {
        priority,
        hello: HELLO,
        life: LIFE,
        retire: Span::from_s(3),
        install: Span::from_ms(15),
        rekey: None,
        order,
        distributed: Bytes(32),
    }
}

fn at(milliseconds: u64) -> Time {
    Time::ZERO + Span::from_ms(milliseconds)
}

/// Two ends, their timers, and what happened at each.
struct Pair {
    ends: [KeyAgreement; 2],
    timers: [Option<Time>; 2],
    now: Time,
    /// Whether messages of each end arrive.
    ways: [bool; 2],
    exhaustion: Exhaustion,
    log: Vec<(Time, usize, Action)>,
}

impl Pair {
    fn new(priorities: [u8; 2], order: InstallOrder, seed: u64) -> Self {
        let end = |index: u32, name: &str, priority: u8| {
            KeyAgreement::new(config(priority, order), PortId(index), RIGHT, RunSeed(seed).stream(name, "mka"))
        };
        Self {
            ends: [end(0, "one", priorities[0]), end(1, "other", priorities[1])],
            timers: [None; 2],
            now: Time::ZERO,
            ways: [true; 2],
            exhaustion: Exhaustion::Far,
            log: Vec::new(),
        }
    }

    /// Keys are in use, and light is there.
    fn established(order: InstallOrder) -> Self {
        let mut pair = Self::new([16, 128], order, 1);
        let [one, other] = &mut pair.ends;
        let _ = KeyAgreement::establish([one, other], Time::ZERO);
        pair.light();
        pair
    }

    fn light(&mut self) {
        (0..2).for_each(|end| self.tell(end, Input::LightUp));
    }

    fn tell(&mut self, end: usize, input: Input) {
        let mut out = Vec::new();
        self.ends[end].handle(self.now, input, &mut out);
        for action in out {
            self.log.push((self.now, end, action.clone()));
            match action {
                Action::SetTimer { at } => self.timers[end] = Some(at),
                Action::CancelTimer => self.timers[end] = None,
                Action::Send(message, _) if self.ways[end] => self.tell(1 - end, Input::Message(message)),
                Action::Send(..)
                | Action::Receive(_)
                | Action::Transmit(_)
                | Action::Retire(_)
                | Action::Secured
                | Action::Unsecured => {}
            }
        }
    }

    fn run(&mut self, until: Time) {
        while let Some((at, end)) = self
            .timers
            .iter()
            .enumerate()
            .filter_map(|(end, at)| at.map(|at| (at, end)))
            .min()
            .filter(|(at, _)| *at <= until)
        {
            self.now = at;
            self.timers[end] = None;
            self.tell(end, Input::Timer(self.exhaustion));
        }
        self.now = until;
    }

    /// When each end first did such a thing after `from`.
    fn first(&self, from: Time, is: fn(&Action) -> bool) -> [Option<Time>; 2] {
        [0, 1].map(|end| {
            self.log.iter().find(|(at, of, action)| *at >= from && *of == end && is(action)).map(|(at, ..)| *at)
        })
    }

    fn number(&self, end: usize) -> Option<u8> {
        self.ends[end].uses()[0].filter(|used| used.transmits).map(|used| used.sak.association_number)
    }
}

/// From the first message until both ends send under a key, for many phases of the two.
#[test]
fn a_cold_start_takes_one_to_two_hellos() {
    let mut times = Vec::new();
    for seed in 0..200 {
        let mut pair = Pair::new([16, 128], InstallOrder::ReceiveFirst, seed);
        pair.light();
        pair.run(at(20_000));
        let sent = |action: &Action| matches!(action, Action::Send(..));
        let first = pair.first(Time::ZERO, sent).into_iter().flatten().min().expect("both send");
        let [one, other] = pair.first(Time::ZERO, |action| matches!(action, Action::Transmit(_)));
        times.push(one.max(other).expect("keys are agreed") - first);
        assert_eq!([pair.number(0), pair.number(1)], [Some(0), Some(0)]);
    }
    let (shortest, longest) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    // A peer is live after one Hello of the earlier end; the server acts at its own next Hello; 45 ms to install.
    assert!(*shortest >= HELLO && *longest <= HELLO.times(2) + Span::from_ms(45), "{shortest} to {longest}");
    // Two wpa_supplicants took 3.2 s.
    assert!(*shortest < Span::from_ms(3_200) && *longest > Span::from_ms(3_200), "{shortest} to {longest}");
}

/// Measured on two wpa_supplicants: SAK sent 0, the peer receives +22 ms, the server receives and sends +33 ms, the peer
/// sends +47 ms, the old SA is deleted +3.04 s.
#[test]
fn a_rollover_is_receive_first_and_takes_what_was_measured() {
    let mut pair = Pair::established(InstallOrder::ReceiveFirst);
    pair.run(at(10_000));
    let begin = pair.now;
    pair.exhaustion = Exhaustion::Pending;
    pair.run(at(12_100));
    pair.exhaustion = Exhaustion::Far;
    pair.run(at(18_000));
    let distributes = |action: &Action| matches!(action, Action::Send(message, _) if message.distributed.is_some());
    let sent = pair.first(begin, distributes)[0].expect("end 0 has the lower priority number: it is the key server");
    assert!(sent <= begin + HELLO);
    let after = |is: fn(&Action) -> bool| pair.first(begin, is).map(|at| at.expect("it happened") - sent);
    let [server_receives, peer_receives] = after(|action| matches!(action, Action::Receive(_)));
    let [server_sends, peer_sends] = after(|action| matches!(action, Action::Transmit(_)));
    let [server_retires, peer_retires] = after(|action| matches!(action, Action::Retire(_)));
    assert_eq!([server_receives, peer_receives], [Span::from_ms(15); 2]);
    assert!(server_receives.max(peer_receives) <= server_sends && server_sends < peer_sends);
    assert_eq!([server_sends, peer_sends], [Span::from_ms(30), Span::from_ms(45)]);
    assert_eq!([server_retires, peer_retires], [Span::from_ms(3_030), Span::from_ms(3_045)]);
    assert_eq!([pair.number(0), pair.number(1)], [Some(1), Some(1)]);
}

#[test]
fn association_numbers_go_round_from_0_to_3() {
    let mut pair = Pair::established(InstallOrder::ReceiveFirst);
    pair.exhaustion = Exhaustion::Pending;
    pair.run(at(60_000));
    let numbers: Vec<u8> = pair
        .log
        .iter()
        .filter_map(|(_, end, action)| match action {
            Action::Transmit(sak) if *end == 0 => Some(sak.association_number),
            Action::Transmit(_)
            | Action::SetTimer { .. }
            | Action::CancelTimer
            | Action::Send(..)
            | Action::Receive(_)
            | Action::Retire(_)
            | Action::Secured
            | Action::Unsecured => None,
        })
        .collect();
    assert!(numbers.len() > 8);
    assert!(numbers.iter().enumerate().all(|(index, number)| usize::from(*number) == (index + 1) % 4), "{numbers:?}");
}

#[test]
fn a_silent_peer_is_removed_between_life_and_life_and_a_hello() {
    for seed in 0..100 {
        let mut pair = Pair::new([16, 128], InstallOrder::ReceiveFirst, seed);
        pair.light();
        pair.run(at(20_000));
        pair.ways = [true, false];
        let last = pair.log.iter().rev().find(|(_, end, action)| *end == 1 && matches!(action, Action::Send(..)));
        let last = last.expect("it sent").0;
        pair.run(at(40_000));
        let [first, other] = pair.first(last, |action| matches!(action, Action::Unsecured));
        let removed = first.expect("end 0 hears nothing") - last;
        assert!(removed >= LIFE && removed <= LIFE + HELLO, "{removed}");
        // The other hears, but is no longer named: its own Life Time runs from there.
        assert!(other.expect("it is not heard") > first.unwrap());
        pair.ways = [true, true];
        pair.run(at(60_000));
        assert!(pair.ends.iter().all(KeyAgreement::is_secured), "and they find each other again");
    }
}

#[test]
fn a_short_silence_changes_nothing() {
    let mut pair = Pair::established(InstallOrder::ReceiveFirst);
    pair.run(at(10_000));
    pair.ways = [false, false];
    pair.run(at(13_900));
    pair.ways = [true, true];
    pair.run(at(30_000));
    assert_eq!(pair.first(Time::ZERO, |action| matches!(action, Action::Unsecured | Action::Transmit(_))), [None; 2]);
}

#[test]
fn the_lowest_priority_is_the_key_server_and_the_sci_decides_ties() {
    for (priorities, server) in [([16, 128], 0), ([128, 16], 1), ([15, 15], 0)] {
        let mut pair = Pair::new(priorities, InstallOrder::ReceiveFirst, 1);
        pair.light();
        pair.run(at(10_000));
        let made = pair.ends.each_ref().map(|end| end.made);
        assert_eq!(made, if server == 0 { [1, 0] } else { [0, 1] }, "{priorities:?}");
    }
}

/// IEEE 802.1X 9.8.1: with potential peers about, a fresh SAK comes no sooner than a Life Time after the one before.
#[test]
fn the_server_waits_while_a_potential_peer_remains() {
    let mut pair = Pair::established(InstallOrder::ReceiveFirst);
    pair.run(at(10_000));
    let stranger = Mkpdu {
        port: PortId(1),
        key: RIGHT,
        member: (99, 1),
        sci: 42,
        priority: 200,
        live: Vec::new(),
        potential: Vec::new(),
        uses: None,
        distributed: None,
    };
    pair.exhaustion = Exhaustion::Pending;
    pair.run(at(12_100));
    let first = pair.ends[0].distributed.expect("a key was made");
    for number in 2..10 {
        pair.tell(0, Input::Message(Mkpdu { member: (99, number), ..stranger.clone() }));
        pair.run(pair.now + Span::from_s(1));
    }
    let second = pair.ends[0].distributed.expect("another");
    assert!(second >= first + LIFE, "{} after the first", second - first);
}

#[test]
fn a_wrong_key_is_never_live_and_is_counted() {
    let mut pair = Pair::new([16, 128], InstallOrder::ReceiveFirst, 1);
    pair.tell(1, Input::Key(ConnectivityKey { name: 0, secret: 7 }, FormerKey::Forgotten));
    pair.light();
    pair.run(at(20_000));
    assert!(pair.ends.iter().all(|end| !end.is_secured() && end.counters().not_valid >= 9));
    pair.tell(1, Input::Key(RIGHT, FormerKey::Forgotten));
    pair.run(at(30_000));
    assert!(pair.ends.iter().all(KeyAgreement::is_secured));
}

#[test]
fn a_new_cak_takes_over_without_a_gap_and_the_former_goes_when_it_has_served() {
    let new = ConnectivityKey { name: 1, secret: 0 };
    let mut pair = Pair::established(InstallOrder::ReceiveFirst);
    pair.run(at(10_000));
    pair.tell(0, Input::Key(new, FormerKey::Kept));
    pair.run(at(15_000));
    assert!(pair.ends[1].counters().unknown_key > 0, "the other end was not given it yet");
    pair.tell(1, Input::Key(new, FormerKey::Kept));
    pair.run(at(30_000));
    assert_eq!(pair.first(Time::ZERO, |action| matches!(action, Action::Unsecured)), [None; 2]);
    assert_eq!([pair.number(0), pair.number(1)], [Some(1), Some(1)]);
    assert!(pair.ends.iter().all(|end| end.participants.len() == 1 && end.participants[0].key == new));
}

#[test]
fn a_rotation_with_another_cak_at_one_end_leaves_the_former_in_use() {
    let mut pair = Pair::established(InstallOrder::ReceiveFirst);
    pair.run(at(10_000));
    pair.tell(0, Input::Key(ConnectivityKey { name: 1, secret: 0 }, FormerKey::Kept));
    pair.tell(1, Input::Key(ConnectivityKey { name: 1, secret: 9 }, FormerKey::Kept));
    pair.run(at(60_000));
    assert!(pair.ends.iter().all(|end| end.is_secured() && end.counters().not_valid > 20));
    assert_eq!(pair.first(Time::ZERO, |action| matches!(action, Action::Unsecured | Action::Transmit(_))), [None; 2]);
}

#[test]
fn a_rotation_that_forgets_the_former_key_costs_a_new_start() {
    let new = ConnectivityKey { name: 1, secret: 0 };
    let mut pair = Pair::established(InstallOrder::ReceiveFirst);
    pair.run(at(10_000));
    (0..2).for_each(|end| pair.tell(end, Input::Key(new, FormerKey::Forgotten)));
    pair.run(at(20_000));
    let secured = pair.first(at(10_000), |action| matches!(action, Action::Secured)).map(|at| at.expect("again"));
    let outage = secured[0].max(secured[1]) - at(10_000);
    assert!(outage > HELLO && outage < HELLO.times(3), "{outage}");
}

/// Sizes on the wire of two wpa_supplicants with a CKN of 32 bytes: 98 basic, 118 with a peer, 162 with SAK use,
/// 150 and 194 with a distributed SAK, without FCS.
#[test]
fn messages_have_the_measured_sizes() {
    let mut pair = Pair::new([16, 128], InstallOrder::ReceiveFirst, 3);
    pair.light();
    pair.run(at(20_000));
    let mut sizes: Vec<u64> = pair
        .log
        .iter()
        .filter_map(|(_, _, action)| match action {
            Action::Send(_, bytes) => Some(bytes.0),
            Action::Transmit(_)
            | Action::SetTimer { .. }
            | Action::CancelTimer
            | Action::Receive(_)
            | Action::Retire(_)
            | Action::Secured
            | Action::Unsecured => None,
        })
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    assert_eq!(sizes, [98, 118, 162, 194]);
}

/// Every state that two ends go through, with what made it so: a change here is a change of the protocol.
#[test]
fn transitions_are_those_of_the_golden_table() {
    let mut table = String::from("order | event | end | before | after\n");
    for (name, order) in
        [("receive-first", InstallOrder::ReceiveFirst), ("transmit-first", InstallOrder::TransmitFirst)]
    {
        let mut pair = Pair::new([16, 128], order, 1);
        let mut row = |pair: &mut Pair, event: &str, act: &mut dyn FnMut(&mut Pair)| {
            let before = pair.ends.each_ref().map(state);
            act(pair);
            for (end, before) in before.iter().enumerate() {
                let after = state(&pair.ends[end]);
                if after != *before {
                    writeln!(table, "{name} | {event} | {end} | {before} | {after}").unwrap();
                }
            }
        };
        let mut steps = |pair: &mut Pair, what: &str, until: Time| {
            while let Some((at, end)) =
                pair.timers.iter().enumerate().filter_map(|(end, at)| at.map(|at| (at, end))).min()
                && at <= until
            {
                let event = format!("{what}, timer of {end}");
                row(pair, &event, &mut |pair| {
                    pair.now = at;
                    pair.timers[end] = None;
                    pair.tell(end, Input::Timer(pair.exhaustion));
                });
            }
            pair.now = until;
        };
        pair.light();
        steps(&mut pair, "cold start", at(10_000));
        pair.exhaustion = Exhaustion::Pending;
        steps(&mut pair, "numbers pending", at(12_100));
        pair.exhaustion = Exhaustion::Far;
        steps(&mut pair, "numbers far", at(20_000));
        pair.ways = [false, false];
        steps(&mut pair, "silence", at(30_000));
        pair.ways = [true, true];
        steps(&mut pair, "heard again", at(45_000));
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/mka.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &table).expect("tests/golden can be written");
    }
    assert_eq!(table, std::fs::read_to_string(golden).expect("it is there"), "UPDATE_GOLDEN=1 rewrites it");
}

fn state(end: &KeyAgreement) -> String {
    let used = |used: Option<SakUse>| match used {
        None => "-".to_owned(),
        Some(used) => {
            let flag = |is, word| if is { word } else { "" };
            let flags = format!("{}{}", flag(used.receives, "r"), flag(used.transmits, "t"));
            format!("AN{}{}{flags}", used.sak.association_number, if flags.is_empty() { "" } else { " " })
        }
    };
    let peers = |standing| end.participants.iter().map(|own| own.list(standing).len()).sum::<usize>();
    format!(
        "peers {}+{}, latest {}, old {}",
        peers(Standing::Live),
        peers(Standing::Potential),
        used(end.latest),
        used(end.old)
    )
}
