//! Blackouts of five-tuples: from the sending time of the first packet lost to that of the first that passed again.
//!
//! Losses and arrivals come from all partitions in no particular order. A blackout is booked once nothing can change
//! it any more: when every packet up to the one that ended it is accounted for.

use std::collections::BTreeMap;

use super::ledger::{EntryIndex, Ledger, Lull};
use super::remedy::is_load;
use super::trace::{Loss, OutOfTurn};
use crate::ids::FlowId;
use crate::message::DropReason;
use crate::network::Network;
use crate::units::{Span, Time};

/// What is known of the losses of all flows.
pub(super) struct Blackouts {
    open: BTreeMap<FlowId, Open>,
    heard: Vec<Loss>,
    arrivals: Vec<OutOfTurn>,
    /// The longest blackout of each flow that had one.
    longest: BTreeMap<FlowId, Span>,
}

/// What is not yet certain of one flow, in order of number.
#[derive(Default)]
struct Open {
    dark: Vec<Dark>,
    /// Arrivals out of turn: a blackout may end with each.
    arrivals: Vec<(u32, Time)>,
    /// Numbers passed over and not accounted for, as [from, to).
    missing: Vec<(u32, u32)>,
    /// One more than the highest number that arrived out of turn.
    seen: u32,
}

/// Packets in a row that all died. Of these only the first, the last and the count of each kind are kept: an outage may
/// take millions, of several causes in turn.
struct Dark {
    first: u32,
    last: u32,
    first_sent: Time,
    last_sent: Time,
    /// Of the first packet, and how many died like it.
    kind: Kind,
    count: u64,
    others: Vec<(Kind, u64)>,
}

/// What is told of a packet that died.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Kind {
    reason: DropReason,
    entry: Option<EntryIndex>,
    lull: Lull,
}

impl Blackouts {
    pub const fn new() -> Self {
        Self { open: BTreeMap::new(), heard: Vec::new(), arrivals: Vec::new(), longest: BTreeMap::new() }
    }

    /// The longest blackout of a flow; zero without one.
    pub fn longest(&self, flow: FlowId) -> Span {
        self.longest.get(&flow).copied().unwrap_or(Span::ZERO)
    }

    /// Takes what a partition saw.
    pub fn hear(&mut self, mut losses: Vec<Loss>, mut arrivals: Vec<OutOfTurn>) {
        self.heard.append(&mut losses);
        self.arrivals.append(&mut arrivals);
    }

    /// Books what is certain; returns the losses heard since the last call.
    pub fn settle(&mut self, ledger: &mut Ledger) -> Vec<Loss> {
        let heard = std::mem::take(&mut self.heard);
        let mut touched: Vec<FlowId> = Vec::new();
        for loss in &heard {
            self.open.entry(loss.flow).or_default().dark.push(Dark::of(loss));
            touched.push(loss.flow);
        }
        for arrival in self.arrivals.drain(..) {
            self.open.entry(arrival.flow).or_default().arrived(&arrival);
            touched.push(arrival.flow);
        }
        touched.sort_unstable();
        touched.dedup();
        for flow in touched {
            let open = self.open.get_mut(&flow).expect("it was touched");
            open.tidy();
            let certain = open.missing.first().map_or(open.seen, |gap| gap.0);
            let mut ended = 0;
            for dark in &open.dark {
                // Numbers that are not accounted for may join it to others, or hold the packet that ended it.
                let next = dark.last.wrapping_add(1);
                let Some(until) = open.landed(next).filter(|_| next < certain) else { break };
                let span = dark.book(flow, ledger, until);
                lasted(&mut self.longest, flow, span);
                ended += 1;
            }
            open.dark.drain(..ended);
            open.arrivals.retain(|(number, _)| *number >= certain);
            if open.dark.is_empty() && open.missing.is_empty() {
                self.open.remove(&flow);
            }
        }
        heard
    }

    /// Ends every blackout that is still open when the run does.
    pub fn close(&mut self, network: &Network, origin: Time, end: Time, ledger: &mut Ledger) {
        for (flow, open) in std::mem::take(&mut self.open) {
            let stop = origin + network.flows[flow].stop;
            for dark in &open.dark {
                let landed = open.landed(dark.last.wrapping_add(1));
                let span = dark.book(flow, ledger, landed.unwrap_or(end.min(stop)));
                lasted(&mut self.longest, flow, span);
                // A flow that had nothing more to send has no blackout that goes on.
                if landed.is_none() && stop >= end {
                    ledger.unended(dark.kind.entry);
                }
            }
        }
    }

    /// How many things are kept of losses that are not certain yet.
    #[cfg(test)]
    fn kept(&self) -> usize {
        let of_flow = |open: &Open| {
            let kinds: usize = open.dark.iter().map(|dark| 1 + dark.others.len()).sum();
            kinds + open.arrivals.len() + open.missing.len()
        };
        self.open.values().map(of_flow).sum::<usize>() + self.heard.len() + self.arrivals.len()
    }
}

fn lasted(longest: &mut BTreeMap<FlowId, Span>, flow: FlowId, span: Span) {
    let longest = longest.entry(flow).or_insert(span);
    *longest = span.max(*longest);
}

impl Open {
    fn arrived(&mut self, arrival: &OutOfTurn) {
        self.arrivals.push((arrival.number, arrival.sent));
        if arrival.passed_over > 0 {
            self.missing.push((arrival.number - arrival.passed_over, arrival.number));
            self.seen = self.seen.max(arrival.number.saturating_add(1));
        }
    }

    /// Sorts everything, joins losses that follow one another, and strikes out what is accounted for.
    fn tidy(&mut self) {
        self.dark.sort_by_key(|dark| dark.first);
        self.dark.dedup_by(|next, dark| {
            let joins = dark.last.wrapping_add(1) == next.first;
            if joins {
                dark.join(next);
            }
            joins
        });
        self.arrivals.sort_unstable();
        self.missing.sort_unstable();
        let lost = self.dark.iter().map(|dark| (dark.first, dark.last.saturating_add(1)));
        let mut known: Vec<(u32, u32)> =
            lost.chain(self.arrivals.iter().map(|(number, _)| (*number, number.saturating_add(1)))).collect();
        known.sort_unstable();
        self.missing = without(&self.missing, &known);
    }

    /// When the packet of this number was sent, if it arrived out of turn.
    fn landed(&self, number: u32) -> Option<Time> {
        let place = self.arrivals.partition_point(|(earlier, _)| *earlier < number);
        self.arrivals.get(place).filter(|(found, _)| *found == number).map(|(_, sent)| *sent)
    }
}

impl Dark {
    fn of(loss: &Loss) -> Self {
        let Loss { first, last, first_sent, last_sent, reason, entry, lull, flow: _ } = *loss;
        let kind = Kind { reason, entry, lull };
        Self { first, last, first_sent, last_sent, kind, count: u64::from(loss.count()), others: Vec::new() }
    }

    /// Takes in what follows.
    fn join(&mut self, next: &mut Self) {
        self.last = next.last;
        self.last_sent = next.last_sent;
        let others = std::mem::take(&mut next.others);
        for (kind, count) in std::iter::once((next.kind, next.count)).chain(others) {
            if kind == self.kind {
                self.count += count;
            } else if let Some(known) = self.others.iter_mut().rev().find(|(other, _)| *other == kind) {
                known.1 += count;
            } else {
                self.others.push((kind, count));
            }
        }
    }

    /// Books a blackout and its losses; returns its length.
    fn book(&self, flow: FlowId, ledger: &mut Ledger, until: Time) -> Span {
        let first = self.kind.entry;
        let remedy = ledger.remedy(first, flow, (self.last_sent, until));
        for (kind, count) in std::iter::once((self.kind, self.count)).chain(self.others.iter().copied()) {
            let stage = ledger.stage(&remedy, kind.lull, kind.reason);
            ledger.lost(kind.entry_within(first), flow, kind.reason, (stage, count));
        }
        ledger.blackout(first, flow, (self.first_sent, until), remedy);
        until.since(self.first_sent)
    }
}

impl Kind {
    /// One outage of a flow stands in one entry, the one it began with; what began without one belongs to none. Drops for
    /// want of room or rate keep their own.
    const fn entry_within(self, outage: Option<EntryIndex>) -> Option<EntryIndex> {
        if is_load(self.reason) { self.entry } else { outage }
    }
}

/// Sorted ranges less other sorted ranges.
fn without(ranges: &[(u32, u32)], known: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut rest = Vec::new();
    let mut known = known.iter().peekable();
    for (mut from, to) in ranges.iter().copied() {
        while let Some((begin, end)) = known.peek().copied().copied().filter(|(begin, _)| *begin < to) {
            if begin > from {
                rest.push((from, begin));
            }
            from = from.max(end);
            if end > to {
                break;
            }
            known.next();
        }
        if from < to {
            rest.push((from, to));
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::ZERO + Span::from_ms(ms)
    }

    fn loss(number: u32) -> Loss {
        let sent = at(u64::from(number));
        Loss {
            flow: FlowId(0),
            first: number,
            last: number,
            first_sent: sent,
            last_sent: sent,
            reason: DropReason::FibreCut,
            entry: None,
            lull: Lull::default(),
        }
    }

    fn arrival(number: u32, passed_over: u32) -> OutOfTurn {
        OutOfTurn { flow: FlowId(0), number, sent: at(u64::from(number)), passed_over }
    }

    #[test]
    fn a_blackout_lasts_from_the_first_loss_to_the_next_arrival_in_any_order_of_news() {
        for order in 0..4 {
            let mut blackouts = Blackouts::new();
            let mut ledger = Ledger::default();
            let news = [(vec![loss(5), loss(7)], vec![]), (vec![loss(6)], vec![arrival(8, 3)])];
            for step in 0..2 {
                let (losses, arrivals) = news[(step + order) % 2].clone();
                blackouts.hear(losses, arrivals);
                if order < 2 {
                    blackouts.settle(&mut ledger);
                }
            }
            blackouts.settle(&mut ledger);
            assert_eq!(blackouts.longest(FlowId(0)), Span::from_ms(3), "5 to 8 ms");
            assert!(blackouts.open.is_empty());
        }
    }

    /// Half of a flow dies at a limit and the other half in the outage behind it, then every other packet at the limit:
    /// what is kept is the same for a thousand packets as for a hundred thousand, and so is what is booked of each.
    #[test]
    fn what_is_kept_of_losses_does_not_grow_with_them() {
        for packets in [1_000, 100_000] {
            let mut blackouts = Blackouts::new();
            let mut ledger = Ledger::default();
            for first in (1..packets).step_by(100) {
                let dead = |number| Loss {
                    reason: if number % 2 == 0 { DropReason::RateLimit } else { DropReason::SilentCut },
                    ..loss(number)
                };
                blackouts.hear((first..first + 100).map(dead).collect(), vec![]);
                blackouts.settle(&mut ledger);
                assert_eq!(blackouts.kept(), 2, "one of each cause");
            }
            let [dark] = blackouts.open[&FlowId(0)].dark.as_slice() else { panic!("one outage") };
            assert_eq!((dark.count, dark.others[0].1), (u64::from(packets) / 2, u64::from(packets) / 2));
            for first in (packets + 1..2 * packets).step_by(100) {
                let odd = || (first..first + 100).step_by(2);
                let passed_over = if first == packets + 1 { packets } else { 1 };
                let mut arrivals: Vec<OutOfTurn> = odd().map(|number| arrival(number, 1)).collect();
                arrivals[0].passed_over = passed_over;
                blackouts.hear(odd().map(|number| loss(number + 1)).collect(), arrivals);
                blackouts.settle(&mut ledger);
                assert!(blackouts.kept() <= 1, "the last packet of the hundred");
            }
            assert_eq!(blackouts.longest(FlowId(0)), Span::from_ms(u64::from(packets)));
        }
    }

    #[test]
    fn what_was_only_late_is_no_blackout() {
        let mut blackouts = Blackouts::new();
        blackouts.hear(vec![], vec![arrival(8, 3), arrival(5, 0), arrival(7, 0), arrival(6, 0)]);
        blackouts.settle(&mut Ledger::default());
        assert_eq!(blackouts.longest(FlowId(0)), Span::ZERO);
        assert!(blackouts.open.is_empty());
    }

    #[test]
    fn ranges_are_struck_out() {
        assert_eq!(without(&[(1, 10), (20, 30)], &[(0, 2), (4, 5), (9, 25)]), [(2, 4), (5, 9), (25, 30)]);
        assert_eq!(without(&[(1, 3)], &[]), [(1, 3)]);
        assert_eq!(without(&[(1, 3), (5, 6)], &[(0, 9)]), []);
    }
}
