//! Which incident is behind which loss, and what of that a rule does not count.

use crate::ids::FailureId;
use crate::network::{ChargedTo, Exclusion, Network, SlaRule};
use crate::sim::record::LedgerKind;
use crate::sla::{Exempt, Exemption, LossTimeline, Pieces};
use crate::units::{CalendarSpan, Share};

/// A failure began or ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Happening {
    pub at: CalendarSpan,
    pub kind: LedgerKind,
    /// Of an incident this entry, of a return this entry and the failure of the incident.
    pub cause: Cause,
}

/// A failure at one of the times that it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cause {
    pub failure: FailureId,
    /// Place of its incident in the ledger.
    pub entry: usize,
}

/// A stretch with loss, and the failures behind it: several that began at one instant, none where nothing had failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blame {
    pub from: CalendarSpan,
    pub to: CalendarSpan,
    pub causes: Vec<Cause>,
}

/// Failures that last, in order of their beginning, and those that ended last.
#[derive(Default)]
struct Standing {
    lasting: Vec<(CalendarSpan, Cause)>,
    ended: Vec<(CalendarSpan, Cause)>,
}

impl Standing {
    fn happens(&mut self, happening: &Happening) {
        let before = self.lasting.iter().position(|(_, cause)| cause.failure == happening.cause.failure);
        let ended = before.map(|index| self.lasting.remove(index).1);
        match happening.kind {
            LedgerKind::Incident => self.lasting.push((happening.at, happening.cause)),
            LedgerKind::Return => self.ended.extend(ended.map(|cause| (happening.at, cause))),
        }
    }

    /// Those that began last of those that last, or else ended last; all that did so at one instant.
    fn causes(&self) -> Vec<Cause> {
        let of = if self.lasting.is_empty() { &self.ended } else { &self.lasting };
        let latest = of.last().map(|(at, _)| *at);
        of.iter().filter(|(at, _)| Some(*at) == latest).map(|(_, cause)| *cause).collect()
    }
}

/// The failures behind all loss. Whenever more is lost than before, in either direction, it is laid at the failures that
/// began last of those that last, or else at the latest to end; there it stays while no more is lost. `resolution` is
/// how much earlier than its cause a loss may stand.
pub(super) fn blames(
    happenings: &[Happening],
    directions: [&LossTimeline; 2],
    resolution: CalendarSpan,
    ended: CalendarSpan,
) -> Vec<Blame> {
    let mut blames: Vec<Blame> = Vec::new();
    let mut ahead = happenings;
    let mut standing = Standing::default();
    let mut before = [Share::ZERO; 2];
    for piece in Pieces::new(directions, &[], ended) {
        while let Some((first, rest)) = ahead.split_first().filter(|(first, _)| first.at <= piece.from + resolution) {
            standing.happens(first);
            ahead = rest;
        }
        let is_lossy = piece.loss.iter().any(|loss| *loss > Share::ZERO);
        let is_more = piece.loss.iter().zip(before).any(|(loss, before)| *loss > before);
        match blames.last_mut() {
            _ if !is_lossy => {}
            Some(last) if last.to == piece.from && !is_more => last.to = piece.to,
            _ => blames.push(Blame { from: piece.from, to: piece.to, causes: standing.causes() }),
        }
        before = piece.loss;
    }
    // What is lost at the end goes on being lost.
    if let Some(last) = blames.last_mut()
        && last.to == ended
    {
        last.to = CalendarSpan::MAX;
    }
    blames
}

/// Why a rule does not count what a failure takes, if it does not.
pub(super) fn exempt(network: &Network, rule: &SlaRule, failure: FailureId) -> Option<Exempt> {
    let notice = network.failures[failure].kind.notice();
    let is_announced = notice.is_none_or(|notice| notice.to_calendar() >= rule.notice);
    let excluded = network.responsibility.failures[failure].excluded;
    let is_left_out = |exclusion: &Exclusion| rule.excludes.contains(exclusion) && is_announced;
    excluded.filter(is_left_out).map(Exempt::Excluded).or_else(|| match &rule.charged_to {
        ChargedTo::Everybody => None,
        ChargedTo::Parties(parties) => (!network.responsible(failure).is_among(parties)).then_some(Exempt::OtherParty),
    })
}

/// What of the losses a rule does not count.
pub(super) fn exemptions(network: &Network, rule: &SlaRule, blames: &[Blame]) -> Vec<Exemption> {
    // Of failures that hit together, one that counts is enough.
    let exempted = |blame: &Blame| {
        let whys: Option<Vec<Exempt>> = blame.causes.iter().map(|cause| exempt(network, rule, cause.failure)).collect();
        Some(Exemption { from: blame.from, to: blame.to, why: *whys?.first()? })
    };
    blames.iter().filter_map(exempted).collect()
}

/// Exemptions with others in their place where they meet; both are in order of time, and so is the result.
pub(super) fn but_for(exemptions: Vec<Exemption>, others: &[Exemption]) -> Vec<Exemption> {
    let mut all = others.to_vec();
    for exemption in exemptions {
        let mut from = exemption.from;
        for other in others.iter().filter(|other| other.from < exemption.to && other.to > exemption.from) {
            all.push(Exemption { from, to: other.from.max(from), ..exemption });
            from = other.to;
        }
        all.push(Exemption { from, ..exemption });
    }
    all.retain(|exemption| exemption.from < exemption.to);
    all.sort_by_key(|exemption| exemption.from);
    all
}

/// What is behind an unavailable time: the causes of the first loss in it.
pub(super) fn behind(blames: &[Blame], from: CalendarSpan, to: CalendarSpan) -> &[Cause] {
    let first = blames.partition_point(|blame| blame.to <= from);
    blames.get(first).filter(|blame| blame.from < to).map_or(&[], |blame| &blame.causes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sla::Evidence;

    const fn s(seconds: u64) -> CalendarSpan {
        CalendarSpan::from_s(seconds)
    }

    /// (second, failure, begins) and (second, percent lost) to (from, to, failure).
    fn blamed(happenings: &[(u64, u32, bool)], losses: &[(u64, u64)]) -> Vec<(u64, u64, Vec<u32>)> {
        let mut timeline = LossTimeline::new();
        for (at, percent) in losses {
            timeline.push(s(*at), Share::from_ppb(percent * 10_000_000), Evidence::Measured);
        }
        let kind = |begins| if begins { LedgerKind::Incident } else { LedgerKind::Return };
        let happening = |(at, failure, begins): &(u64, u32, bool)| Happening {
            at: s(*at),
            kind: kind(*begins),
            cause: Cause { failure: FailureId(*failure), entry: 0 },
        };
        let happenings: Vec<Happening> = happenings.iter().map(happening).collect();
        let seconds = |at: CalendarSpan| if at == CalendarSpan::MAX { 999 } else { at.as_ns() / 1_000_000_000 };
        blames(&happenings, [&timeline; 2], CalendarSpan::ZERO, s(100))
            .iter()
            .map(|blame| {
                (seconds(blame.from), seconds(blame.to), blame.causes.iter().map(|cause| cause.failure.0).collect())
            })
            .collect()
    }

    #[test]
    fn a_loss_is_laid_at_the_failure_that_began_last() {
        assert_eq!(blamed(&[(10, 1, true), (20, 1, false)], &[(10, 100), (20, 0)]), [(10, 20, vec![1])]);
        // A quarter by the first, all by the second; when the second returns, less is lost, still of the same row.
        let both = [(10, 1, true), (20, 2, true), (30, 2, false)];
        assert_eq!(blamed(&both, &[(10, 25), (20, 100), (30, 25), (40, 0)]), [(10, 20, vec![1]), (20, 40, vec![2])]);
    }

    #[test]
    fn what_fails_elsewhere_meanwhile_takes_no_blame() {
        assert_eq!(blamed(&[(10, 1, true), (20, 2, true)], &[(10, 100), (40, 0)]), [(10, 40, vec![1])]);
    }

    #[test]
    fn a_loss_after_a_return_is_the_return_s_and_one_without_any_failure_nobody_s() {
        assert_eq!(blamed(&[(10, 1, true), (20, 1, false)], &[(21, 50), (22, 0)]), [(21, 22, vec![1])]);
        assert_eq!(blamed(&[], &[(21, 50), (22, 0)]), [(21, 22, vec![])]);
        // But while another failure lasts, it is that one's.
        let both = [(5, 2, true), (10, 1, true), (20, 1, false)];
        assert_eq!(blamed(&both, &[(21, 50), (22, 0)]), [(21, 22, vec![2])]);
    }

    #[test]
    fn failures_that_begin_at_one_instant_are_blamed_together() {
        let both = [(10, 1, true), (10, 2, true), (20, 1, false), (20, 2, false)];
        assert_eq!(blamed(&both, &[(10, 100), (20, 0)]), [(10, 20, vec![1, 2])]);
        // One that began before is not among them, nor is one that begins later.
        let later = [(5, 3, true), (10, 1, true), (10, 2, true), (11, 4, true)];
        assert_eq!(blamed(&later, &[(10, 100), (20, 0)]), [(10, 20, vec![1, 2])]);
        // What is lost on their return is that of all that returned at that instant.
        assert_eq!(blamed(&both, &[(21, 50), (22, 0)]), [(21, 22, vec![1, 2])]);
    }

    #[test]
    fn other_exemptions_take_the_place_of_those_they_meet() {
        let exemption = |(from, to), why| Exemption { from: s(from), to: s(to), why };
        let one = vec![exemption((0, 50), Exempt::OtherParty), exemption((60, 90), Exempt::OtherParty)];
        let others = [(10, 20), (30, 70)].map(|stretch| exemption(stretch, Exempt::NotInService));
        let all = but_for(one, &others).into_iter().map(|exemption| (exemption.from, exemption.to));
        let expected = [(0, 10), (10, 20), (20, 30), (30, 70), (70, 90)].map(|(from, to)| (s(from), s(to)));
        assert_eq!(all.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_loss_that_does_not_end_goes_on() {
        assert_eq!(blamed(&[(10, 1, true)], &[(10, 100)]), [(10, 999, vec![1])]);
    }
}
