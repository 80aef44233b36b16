//! The rules of the network applied to what was written down of its connections.

use super::finish::Ending;
use super::seconds::ByClass;
use super::{blame, class_of};
use crate::ids::{ConnectionId, Id};
use crate::network::{Measure, Network, SlaRule};
use crate::sim::record::{AvailabilityRecord, ConnectionRecord, LedgerEntry, LedgerKind};
use crate::sla::{self, Evidence, Exempt, Exemption, LossTimeline, Observation, Ruling};
use crate::units::{CalendarSpan, Share, Span};

/// Where packets are counted second by second, when a rule asks for it.
pub(super) fn by_class(network: &Network) -> Option<ByClass> {
    let wanted = network.availability.rules.iter().any(|rule| rule.measure == Measure::Packets);
    let data = |flow| (super::flows::is_data(flow)).then_some(());
    wanted.then(|| ByClass {
        classes: network
            .flows
            .iter()
            .map(|flow| data(flow.role).and(flow.connection).map(|_| class_of(network, flow)))
            .collect(),
        series: vec![Vec::new(); network.connections.len() * 2],
    })
}

/// Packets lost of those sent; in a second without packets, what the paths say.
fn packets(series: &[[u64; 2]], paths: &LossTimeline, ended: CalendarSpan) -> LossTimeline {
    let mut timeline = LossTimeline::new();
    let second = CalendarSpan::from_s(1);
    let mut at = CalendarSpan::ZERO;
    let silent = std::iter::repeat(&[0; 2]);
    for [sent, lost] in series.iter().chain(silent) {
        if at >= ended {
            break;
        }
        if *sent > 0 {
            timeline.push(at, Share::of(*lost, *sent), Evidence::Measured);
        } else {
            timeline.push(at, paths.loss_at(at), Evidence::Inferred);
            for segment in paths.segments().iter().filter(|segment| segment.from > at && segment.from < at + second) {
                timeline.push(segment.from, segment.loss, Evidence::Inferred);
            }
        }
        at += second;
    }
    timeline.push(ended, paths.loss_at(ended), Evidence::Inferred);
    timeline
}

/// Books to every incident what each rule charges for it; of incidents that hit together, to each of them the whole.
pub(super) fn charge(ledger: &mut [LedgerEntry], connections: &[ConnectionRecord]) {
    for rule in connections.iter().flat_map(|one| std::iter::once(&one.availability).chain(&one.other_rules)) {
        for run in rule.runs.iter().filter(|run| run.ruling == Ruling::Charged) {
            let is_behind =
                |entry: &&mut LedgerEntry| entry.kind == LedgerKind::Incident && run.incidents.contains(&entry.name);
            let length = run.to - run.from;
            for entry in ledger.iter_mut().filter(is_behind) {
                match entry.charged.iter_mut().find(|(name, _)| *name == rule.rule.name) {
                    Some((_, charged)) => *charged += length,
                    None => entry.charged.push((rule.rule.name.clone(), length)),
                }
            }
        }
    }
}

impl Ending<'_> {
    /// A connection by every rule; the judging one comes first.
    pub(super) fn availability(
        &self,
        id: ConnectionId,
        ended: Span,
        series: &[Vec<[u64; 2]>],
    ) -> Vec<AvailabilityRecord> {
        let ended = ended.to_calendar();
        let paths = [0, 1].map(|direction| LossTimeline::from_usable_paths(&self.journal.paths[id][direction]));
        let packets = [0, 1].map(|direction| {
            series.get(id.index() * 2 + direction).map(|series| packets(series, &paths[direction], ended))
        });
        let timelines = |rule: &SlaRule| match (rule.measure, &packets) {
            (Measure::Packets, [Some(forward), Some(back)]) => [forward, back],
            (Measure::Packets | Measure::Paths, _) => [&paths[0], &paths[1]],
        };
        let rules = &self.network.availability.rules;
        let absent = self.absent(id);
        rules.iter().map(|rule| self.by_rule(rule, timelines(rule), &absent, ended)).collect()
    }

    /// When the connection was not there for its customer.
    fn absent(&self, id: ConnectionId) -> Vec<Exemption> {
        let stretch = |(from, to): &(Span, Option<Span>)| Exemption {
            from: from.to_calendar(),
            to: to.map_or(CalendarSpan::MAX, Span::to_calendar),
            why: Exempt::NotInService,
        };
        self.journal.absent[id].iter().map(stretch).collect()
    }

    fn by_rule(
        &self,
        rule: &SlaRule,
        directions: [&LossTimeline; 2],
        absent: &[Exemption],
        observed: CalendarSpan,
    ) -> AvailabilityRecord {
        // A second's losses stand at its beginning, before what caused them.
        let resolution = match rule.measure {
            Measure::Paths => CalendarSpan::ZERO,
            Measure::Packets => CalendarSpan::from_s(1),
        };
        let blames = blame::blames(&self.journal.ledger.happenings(self.origin), directions, resolution, observed);
        let exemptions = blame::but_for(blame::exemptions(self.network, rule, &blames), absent);
        let evaluation = sla::evaluate(rule, &Observation { directions, exemptions: &exemptions, observed });
        let price = self.network.availability.price.clone();
        let mut record = AvailabilityRecord::new(rule.clone(), evaluation, price);
        for run in &mut record.runs {
            for cause in blame::behind(&blames, run.from, run.to) {
                run.incidents.push(self.journal.ledger.name(self.network, cause.entry));
                let party = &self.network.responsible(cause.failure).name;
                if !run.responsible.contains(party) {
                    run.responsible.push(party.clone());
                }
            }
        }
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_without_packets_takes_the_paths_word() {
        let half = Share::from_ppb(500_000_000);
        let paths = LossTimeline::from_usable_paths(&[
            (Span::ZERO, Share::ONE),
            (Span::from_ms(2_300), Share::ZERO),
            (Span::from_ms(2_700), Share::ONE),
        ]);
        let timeline = packets(&[[10, 0], [10, 5], [0, 0], [4, 0]], &paths, CalendarSpan::from_s(4));
        let found: Vec<(u64, Share, Evidence)> = timeline
            .segments()
            .iter()
            .map(|segment| (segment.from.as_ns() / 1_000_000, segment.loss, segment.evidence))
            .collect();
        assert_eq!(
            found,
            [
                (0, Share::ZERO, Evidence::Measured),
                (1_000, half, Evidence::Measured),
                (2_000, Share::ZERO, Evidence::Inferred),
                (2_300, Share::ONE, Evidence::Inferred),
                (2_700, Share::ZERO, Evidence::Inferred),
                (3_000, Share::ZERO, Evidence::Measured),
                (4_000, Share::ZERO, Evidence::Inferred),
            ]
        );
    }
}
