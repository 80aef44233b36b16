//! Two ends of a member, held against IEEE 802.1AX.

use std::fmt::Write as _;

use super::*;
use crate::rng::RunSeed;

fn at(milliseconds: u64) -> Time {
    Time::ZERO + Span::from_ms(milliseconds)
}

struct Pair {
    ends: [Lacp; 2],
    timers: [Option<Time>; 2],
    /// Whether messages of each end arrive.
    ways: [bool; 2],
    table: String,
    event: &'static str,
}

impl Pair {
    fn new(rate: LacpRate, seed: u64) -> Self {
        let end = |port, name| Lacp::new(PortId(port), rate, RunSeed(seed).stream(name, "lacp"));
        let ends = [end(0, "one"), end(1, "other")];
        Self { ends, timers: [None; 2], ways: [true; 2], table: String::new(), event: "" }
    }

    fn established(rate: LacpRate, seed: u64) -> Self {
        let mut pair = Self::new(rate, seed);
        for end in 0..2 {
            let mut out = Vec::new();
            pair.ends[end].establish(Time::ZERO, &mut out);
            pair.act(Time::ZERO, end, out);
        }
        pair
    }

    fn tell(&mut self, now: Time, end: usize, input: Input) {
        let before = self.ends[end].states();
        let mut out = Vec::new();
        self.ends[end].handle(now, input, &mut out);
        let after = self.ends[end].states();
        if before != after {
            let at = now.since(Time::ZERO);
            writeln!(self.table, "{} | {at} | {end} | {} | {}", self.event, word(before), word(after)).unwrap();
        }
        self.act(now, end, out);
    }

    fn act(&mut self, now: Time, end: usize, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::SetTimer { at } => self.timers[end] = Some(at),
                Action::CancelTimer => self.timers[end] = None,
                Action::Send(message) if self.ways[end] => self.tell(now, 1 - end, Input::Message(message)),
                Action::Send(_) | Action::Changed(_) => {}
            }
        }
    }

    fn run(&mut self, event: &'static str, until: Time) {
        self.event = event;
        let next = |pair: &Self| pair.timers.iter().enumerate().filter_map(|(end, at)| at.map(|at| (at, end))).min();
        while let Some((at, end)) = next(self).filter(|(at, _)| *at <= until) {
            self.timers[end] = None;
            self.tell(at, end, Input::Timer);
        }
    }

    /// From `from` until an end stops distributing.
    fn left(&mut self, from: Time, until: Time, end: usize) -> Span {
        let mut now = from;
        while now < until {
            now += Span::from_ms(10);
            self.run("", now);
            if !self.ends[end].is_distributing() {
                return now - from;
            }
        }
        panic!("it distributes still")
    }
}

fn word((receive, mux): (Receive, Mux)) -> String {
    let mux = match mux {
        Mux::Waiting(_) => "Waiting".to_owned(),
        Mux::Detached | Mux::Attached | Mux::Collecting | Mux::Distributing => format!("{mux:?}"),
    };
    format!("{receive:?}, {mux}")
}

/// A message a second and three missed: 2 to 3 s after the silence begins; 60 to 90 s at the slow rate.
#[test]
fn a_silent_member_is_left_after_two_to_three_periods() {
    for (rate, shortest, longest) in [(LacpRate::Fast, 2_000, 3_010), (LacpRate::Slow, 60_000, 90_010)] {
        for seed in 0..50 {
            let mut pair = Pair::established(rate, seed);
            let cut = at(100_000 + 977 * seed);
            pair.run("", cut);
            pair.ways = [false, false];
            let left = pair.left(cut, at(400_000), 0);
            assert!(left >= Span::from_ms(shortest) && left <= Span::from_ms(longest), "{rate:?}: {left}");
        }
    }
}

/// The end that hears nothing says so, and the other stops sending at once.
#[test]
fn a_member_that_is_dead_one_way_is_left_by_both() {
    let mut pair = Pair::established(LacpRate::Fast, 1);
    pair.run("", at(10_000));
    pair.ways = [false, true];
    let left = pair.left(at(10_000), at(20_000), 1);
    assert!(left <= Span::from_ms(3_010) && !pair.ends[0].is_distributing());
    pair.ways = [true, true];
    pair.run("", at(30_000));
    assert!(pair.ends.iter().all(Lacp::is_distributing), "and it comes back");
}

#[test]
fn no_end_sends_before_the_other_collects() {
    let mut pair = Pair::new(LacpRate::Fast, 1);
    pair.tell(at(0), 0, Input::PortUp);
    pair.tell(at(700), 1, Input::PortUp);
    for step in 0..500 {
        pair.run("", at(700 + 10 * step));
        for end in 0..2 {
            assert!(!pair.ends[end].is_distributing() || pair.ends[1 - end].is_collecting());
        }
    }
    assert!(pair.ends.iter().all(Lacp::is_distributing));
}

#[test]
fn transitions_are_those_of_the_golden_table() {
    let mut pair = Pair::new(LacpRate::Fast, 1);
    pair.event = "carrier";
    pair.tell(at(0), 0, Input::PortUp);
    pair.tell(at(500), 1, Input::PortUp);
    pair.run("carrier", at(10_000));
    pair.ways = [false, true];
    pair.run("one way dead", at(20_000));
    pair.ways = [true, true];
    pair.run("heard again", at(30_000));
    pair.ways = [false, false];
    pair.run("both ways dead", at(40_000));
    pair.ways = [true, true];
    pair.run("heard again", at(50_000));
    pair.event = "no carrier at 0";
    pair.tell(at(50_000), 0, Input::PortDown);
    pair.run("no carrier at 0", at(60_000));
    let table = format!("event | at | end | before | after\n{}", pair.table);
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/lacp.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &table).expect("tests/golden can be written");
    }
    assert_eq!(table, std::fs::read_to_string(golden).expect("it is there"), "UPDATE_GOLDEN=1 rewrites it");
}
