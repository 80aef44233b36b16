//! The rules of the network applied to what was written down of its connections.

use super::blame::{self, Cause, Happening};
use super::class_of;
use super::finish::Ending;
use super::seconds::ByClass;
use crate::ids::{ConnectionId, FlowId, Id, LinkGroupId};
use crate::network::{Measure, Network, SlaRule};
use crate::sim::facts::Sold;
use crate::sim::record::{
    AvailabilityRecord, ConnectionRecord, LedgerEntry, LedgerKind, LinkGroupRecord, UnavailableRun,
};
use crate::sla::{self, Evidence, Exempt, Exemption, LossTimeline, Observation};
use crate::units::{CalendarSpan, Price, Share, Span};

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

/// Books to every incident its part of what each rule charges.
pub(super) fn charge(ledger: &mut [LedgerEntry], connections: &[ConnectionRecord], groups: &[LinkGroupRecord]) {
    let of_connections = connections.iter().flat_map(|one| std::iter::once(&one.availability).chain(&one.other_rules));
    for rule in of_connections.chain(groups.iter().map(|group| &group.availability)) {
        for (incident, part) in rule.runs.iter().flat_map(|run| &run.booked) {
            let is_it = |entry: &&mut LedgerEntry| entry.kind == LedgerKind::Incident && entry.name == *incident;
            let entry = ledger.iter_mut().find(is_it).expect("what is booked to an incident is in the ledger");
            match entry.charged.iter_mut().find(|(name, _)| *name == rule.rule.name) {
                Some((_, charged)) => *charged += *part,
                None => entry.charged.push((rule.rule.name.clone(), *part)),
            }
        }
    }
}

/// A charge in as many equal parts; what does not divide is the first one's.
fn shared(charge: CalendarSpan, among: usize) -> impl Iterator<Item = CalendarSpan> {
    let among = among as u64;
    let part = charge.as_ns() / among.max(1);
    (0..among)
        .map(move |index| CalendarSpan::from_ns(if index == 0 { charge.as_ns() - part * (among - 1) } else { part }))
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
        let (absent, price) = (self.absent(id), &self.network.availability.price);
        let judged = |rule| self.by_rule((Sold::Connection(id), price), rule, timelines(rule), &absent, ended);
        rules.iter().map(judged).collect()
    }

    /// A link group by its rule.
    pub(super) fn group_availability(&self, id: LinkGroupId, ended: Span) -> AvailabilityRecord {
        let group = &self.network.link_groups[id];
        let links = [0, 1].map(|way| LossTimeline::from_usable_paths(&self.journal.group_paths[id][way]));
        let sold = (Sold::LinkGroup(id), &group.price);
        self.by_rule(sold, &group.rule, links.each_ref(), &[], ended.to_calendar())
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
        (sold, price): (Sold, &Option<Price>),
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
        let blames = blame::blames(&self.befell(sold, rule.measure), directions, resolution, observed);
        let exemptions = blame::but_for(blame::exemptions(self.network, rule, &blames), absent);
        let evaluation = sla::evaluate(rule, &Observation { directions, exemptions: &exemptions, observed });
        let mut record = AvailabilityRecord::new(rule.clone(), evaluation, price.clone());
        for run in &mut record.runs {
            self.name_causes(rule, blame::behind(&blames, run.from, run.to), run);
        }
        record
    }

    /// The failures that may be behind what was lost: those that befell the channels, links or paths, and where packets
    /// are counted, those that lost packets of the connection.
    fn befell(&self, sold: Sold, measure: Measure) -> Vec<Happening> {
        let is_its = |flow: FlowId| self.network.flows[flow].connection.map(Sold::Connection) == Some(sold);
        self.journal.ledger.happenings(
            |entry| self.touched.contains(&(entry, sold)),
            |flow| measure == Measure::Packets && is_its(flow),
            self.origin,
        )
    }

    /// What stands behind a run, who answers for it, and what of the charge is booked where.
    fn name_causes(&self, rule: &SlaRule, causes: &[Cause], run: &mut UnavailableRun) {
        let name = |cause: &Cause| self.journal.ledger.name(self.network, cause.entry);
        run.incidents = causes.iter().map(name).collect();
        for cause in causes {
            let party = &self.network.responsible(cause.failure).name;
            if !run.responsible.contains(party) {
                run.responsible.push(party.clone());
            }
        }
        if run.charged == CalendarSpan::ZERO {
            return;
        }
        let counted = |cause: &&Cause| blame::exempt(self.network, rule, cause.failure).is_none();
        let mut payers: Vec<String> = causes.iter().filter(counted).map(name).collect();
        if payers.is_empty() {
            // A bin is bad in spite of an exempt part.
            payers.clone_from(&run.incidents);
        }
        let parts = shared(run.charged, payers.len());
        run.booked = payers.into_iter().zip(parts).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_charge_are_alike_and_add_up_to_it() {
        let parts =
            |charge, among| shared(CalendarSpan::from_ns(charge), among).map(CalendarSpan::as_ns).collect::<Vec<_>>();
        assert_eq!(parts(130, 1), [130]);
        assert_eq!(parts(130, 4), [34, 32, 32, 32]);
        assert!(parts(130, 0).is_empty());
    }

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
