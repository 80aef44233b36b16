//! Blackouts of five-tuples: from the sending time of the first packet lost to that of the first that passed again.
//!
//! Losses and arrivals come from all partitions in no particular order. A blackout is booked once nothing can change
//! it any more: when every packet up to the one that ended it is accounted for.

use std::collections::BTreeMap;

use super::ledger::{EntryIndex, Ledger};
use super::remedy::is_load;
use super::trace::{Loss, OutOfTurn};
use crate::ids::FlowId;
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
    losses: Vec<Loss>,
    /// Arrivals out of turn: a blackout may end with each.
    arrivals: Vec<(u32, Time)>,
    /// Numbers passed over and not accounted for, as [from, to).
    missing: Vec<(u32, u32)>,
    /// One more than the highest number that arrived out of turn.
    seen: u32,
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
            self.open.entry(loss.flow).or_default().losses.push(*loss);
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
            while let Some(blackout) = open.take_ended(certain) {
                let span = book(ledger, &blackout.losses, blackout.until);
                lasted(&mut self.longest, flow, span);
            }
            open.arrivals.retain(|(number, _)| *number >= certain);
            if open.losses.is_empty() && open.missing.is_empty() {
                self.open.remove(&flow);
            }
        }
        heard
    }

    /// Ends every blackout that is still open when the run does.
    pub fn close(&mut self, network: &Network, origin: Time, end: Time, ledger: &mut Ledger) {
        for (flow, mut open) in std::mem::take(&mut self.open) {
            let stop = origin + network.flows[flow].stop;
            while let Some(losses) = open.take_group() {
                let next = losses.last().map_or(0, |loss| loss.last.wrapping_add(1));
                let landed = open.arrivals.iter().find(|(number, _)| *number == next).map(|(_, sent)| *sent);
                let span = book(ledger, &losses, landed.unwrap_or(end.min(stop)));
                lasted(&mut self.longest, flow, span);
                // A flow that had nothing more to send has no blackout that goes on.
                if landed.is_none() && stop >= end {
                    ledger.unended(losses[0].entry);
                }
            }
        }
    }
}

fn lasted(longest: &mut BTreeMap<FlowId, Span>, flow: FlowId, span: Span) {
    let longest = longest.entry(flow).or_insert(span);
    *longest = span.max(*longest);
}

/// A blackout that has ended.
struct Blackout {
    losses: Vec<Loss>,
    until: Time,
}

impl Open {
    fn arrived(&mut self, arrival: &OutOfTurn) {
        self.arrivals.push((arrival.number, arrival.sent));
        if arrival.passed_over > 0 {
            self.missing.push((arrival.number - arrival.passed_over, arrival.number));
            self.seen = self.seen.max(arrival.number.saturating_add(1));
        }
    }

    /// Sorts everything, joins losses that belong together, and strikes out what is accounted for.
    fn tidy(&mut self) {
        self.losses.sort_unstable_by_key(|loss| loss.first);
        self.losses.dedup_by(|next, loss| {
            let joins = (loss.reason, loss.entry, loss.lull) == (next.reason, next.entry, next.lull)
                && loss.last + 1 == next.first;
            if joins {
                loss.last = next.last;
                loss.last_sent = next.last_sent;
            }
            joins
        });
        self.arrivals.sort_unstable();
        self.missing.sort_unstable();
        let lost = self.losses.iter().map(|loss| (loss.first, loss.last.saturating_add(1)));
        let mut known: Vec<(u32, u32)> =
            lost.chain(self.arrivals.iter().map(|(number, _)| (*number, number.saturating_add(1)))).collect();
        known.sort_unstable();
        self.missing = without(&self.missing, &known);
    }

    /// The first losses that follow one another without a gap.
    fn take_group(&mut self) -> Option<Vec<Loss>> {
        if self.losses.is_empty() {
            return None;
        }
        let follows = |pair: &[Loss]| pair[0].last.wrapping_add(1) == pair[1].first;
        let length = self.losses.windows(2).take_while(|pair| follows(pair)).count() + 1;
        Some(self.losses.drain(..length).collect())
    }

    /// The first blackout, when all numbers below `certain` are accounted for and the one that ended it is among them.
    fn take_ended(&mut self, certain: u32) -> Option<Blackout> {
        let follows = |pair: &[Loss]| pair[0].last.wrapping_add(1) == pair[1].first;
        let length = self.losses.windows(2).take_while(|pair| follows(pair)).count();
        let next = self.losses.get(length)?.last.wrapping_add(1);
        if next >= certain {
            return None;
        }
        let (_, until) = *self.arrivals.iter().find(|(number, _)| *number == next)?;
        let losses = self.take_group()?;
        Some(Blackout { losses, until })
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

/// Books a blackout and its losses; returns its length.
fn book(ledger: &mut Ledger, losses: &[Loss], until: Time) -> Span {
    let first = losses.first().expect("a blackout has a loss");
    let last_sent = losses.last().map_or(first.last_sent, |loss| loss.last_sent);
    let remedy = ledger.remedy(first.entry, first.flow, (last_sent, until));
    for loss in losses {
        let stage = ledger.stage(&remedy, loss.lull, loss.reason);
        ledger.lost(entry_of(loss, first.entry), loss.flow, loss.reason, (stage, u64::from(loss.count())));
    }
    ledger.blackout(first.entry, first.flow, (first.first_sent, until), remedy);
    until.since(first.first_sent)
}

/// One outage of a flow stands in one entry, the one it began with; what began without one belongs to none. Drops for
/// want of room or rate keep their own.
const fn entry_of(loss: &Loss, outage: Option<EntryIndex>) -> Option<EntryIndex> {
    if is_load(loss.reason) { loss.entry } else { outage }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::DropReason;
    use crate::sim::recorder::ledger::Lull;

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
