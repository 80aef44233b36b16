//! From what was written down to the record: names resolved, scenario time, conservation asserted.

use std::collections::BTreeMap;

use super::flows::{Drops, is_data};
use super::latency::mean;
use super::{Recorder, class_of};
use crate::ids::{ConnectionId, FlowId, Id, IdVec, LinkId, LogicalLinkId, PortId};
use crate::message::{DropReason, Packet, PacketKind};
use crate::network::{Flow, FlowEntry, LinkKind, Network};
use crate::rng::{RunSeed, mix, named_hash};
use crate::sim::record::{
    AvailabilityRecord, ConnectionRecord, Counts, DirectionRecord, FlowEntryRecord, FlowRecord, LinkDirectionRecord,
    LogicalLinkRecord, LossBin, RunRecord, Totals, UnavailableRun,
};
use crate::sla::{self, LossTimeline};
use crate::units::{Bytes, Rate, Span, Time};

/// What a port has to tell at the end.
pub(in crate::sim) struct PortTotals {
    pub packets: u64,
    pub wire_bytes: Bytes,
    pub queue_max: Bytes,
    pub chain: u64,
    pub dropped: Drops,
}

/// How the run ended.
pub(in crate::sim) struct RunEnd<'n> {
    pub network: &'n Network,
    pub seed: RunSeed,
    pub end: Time,
    pub events: u64,
    pub packet_hops: u64,
}

/// Facts of the run that the recorder has not seen itself.
struct Ending<'a> {
    network: &'a Network,
    end: Time,
    in_flight: IdVec<FlowId, u64>,
}

impl Recorder {
    /// Makes the record. `under_way` are the packets on wires and in queues at `end`.
    pub fn finish<'p>(
        mut self,
        run: &RunEnd<'_>,
        ports: &IdVec<PortId, PortTotals>,
        under_way: impl Iterator<Item = &'p Packet>,
    ) -> RunRecord {
        let RunEnd { network, seed, end, events, packet_hops } = *run;
        self.flows.close_gaps(network, self.origin, end, &mut self.ledger);
        let mut in_flight: IdVec<FlowId, u64> = network.flows.iter().map(|_| 0).collect();
        for packet in under_way {
            match packet.kind {
                PacketKind::Data | PacketKind::ProbeRequest | PacketKind::ProbeReply => in_flight[packet.flow] += 1,
                PacketKind::ControlNeighbour | PacketKind::ControlRouted => self.control.in_flight += 1,
            }
        }
        let ending = Ending { network, end, in_flight };
        let ended = end.since(self.origin);
        let experience = self.seconds.finish(ended.as_ps().div_ceil(Span::from_s(1).as_ps()));
        let totals = Totals {
            data: self.counts(&ending, |flow| is_data(flow.role), &sum(&self.flows.class_drops)),
            probes: self.counts(&ending, |flow| !is_data(flow.role), &self.flows.probe_drops),
            control: self.control.clone(),
            packet_hops,
            events,
            latency: self.latencies.total().distribution(),
            queueing: self.latencies.queueing.distribution(),
            bad_seconds: experience.bad_seconds,
            seconds: experience.seconds,
            flow_seconds_lost: experience.flow_seconds_lost,
        };
        for counts in [&totals.data, &totals.probes, &totals.control] {
            assert_conserved(counts);
        }
        RunRecord {
            title: network.title.clone(),
            description: network.description.clone(),
            seed: seed.0,
            horizon: network.horizon,
            warm_up: network.warm_up,
            ended,
            bin: network.bin,
            connections: network.connections.ids().map(|id| self.connection(&ending, id, ended)).collect(),
            logical_links: network.logical_links.ids().map(|id| self.logical_link(&ending, id)).collect(),
            links: network.links.ids().flat_map(|id| link_directions(network, ports, id)).collect(),
            flow_entries: self.flow_entries(&ending),
            flows: self.flow_records(&ending),
            monitors: self.monitors.records(network, &self.ledger, self.origin, end),
            ledger: self.ledger.records(network, self.origin),
            loss_series: self.loss_bins.iter().map(|(sent, drops)| loss_bin(*sent, drops)).collect(),
            expectations: Vec::new(),
            fingerprint: self.fingerprint(network, ports),
            totals,
        }
    }

    /// Counts over the flows that `of` selects, conservation of each asserted.
    fn counts(&self, ending: &Ending<'_>, of: impl Fn(&Flow) -> bool, drops: &Drops) -> Counts {
        let mut counts = Counts { dropped: by_cause(drops), ..Counts::default() };
        for (id, _) in ending.network.flows.enumerate().filter(|(_, flow)| of(flow)) {
            let (stats, in_flight) = (&self.flows.stats[id], ending.in_flight[id]);
            assert_eq!(stats.sent, stats.delivered + stats.dropped + in_flight, "packets are conserved in every flow");
            counts.sent += stats.sent;
            counts.delivered += stats.delivered;
            counts.in_flight += in_flight;
        }
        counts
    }

    fn bytes(&self, ending: &Ending<'_>, of: impl Fn(&Flow) -> bool) -> (Bytes, Bytes) {
        let selected = ending.network.flows.enumerate().filter(|(_, flow)| of(flow));
        selected.map(|(id, _)| &self.flows.stats[id]).fold((Bytes(0), Bytes(0)), |(sent, delivered), stats| {
            (sent + Bytes(stats.sent_bytes), delivered + Bytes(stats.delivered_bytes))
        })
    }

    fn connection(&self, ending: &Ending<'_>, id: ConnectionId, ended: Span) -> ConnectionRecord {
        let network = ending.network;
        let connection = &network.connections[id];
        let interconnect = &network.interconnects[connection.interconnect];
        ConnectionRecord {
            name: connection.name.clone(),
            interconnect: interconnect.name.clone(),
            providers: interconnect.providers.map(|provider| network.providers[provider].name.clone()),
            provisioned: connection.bandwidth,
            directions: [0, 1].map(|direction| self.direction(ending, id, direction)),
            availability: self.availability(network, id, ended),
        }
    }

    fn direction(&self, ending: &Ending<'_>, id: ConnectionId, direction: usize) -> DirectionRecord {
        let class = id.index() * 2 + direction;
        let of = |flow: &Flow| is_data(flow.role) && class_of(ending.network, flow) == class;
        let (sent_bytes, delivered_bytes) = self.bytes(ending, of);
        DirectionRecord {
            counts: self.counts(ending, of, &self.flows.class_drops[class]),
            sent_bytes,
            delivered_bytes,
            latency: self.latencies.classes[class].distribution(),
            latency_series: self.latencies.series(class),
            usable_paths: self.paths[id][direction].clone(),
        }
    }

    fn availability(&self, network: &Network, id: ConnectionId, ended: Span) -> AvailabilityRecord {
        let rule = &network.availability;
        let timelines = [0, 1].map(|direction| LossTimeline::from_usable_paths(&self.paths[id][direction]));
        let judgement = sla::judge(rule, [&timelines[0], &timelines[1]], ended);
        let run = |outage: &sla::Outage| UnavailableRun { from: outage.from, to: outage.to, charged: outage.charged };
        AvailabilityRecord {
            rule: rule.rule.clone(),
            dead: rule.rule.dead,
            target: rule.target,
            period: rule.period,
            budget: judgement.budget,
            runs: judgement.runs.iter().map(run).collect(),
            charged: judgement.charged,
            charged_rest: judgement.charged_rest,
            window: judgement.window,
        }
    }

    fn logical_link(&self, ending: &Ending<'_>, id: LogicalLinkId) -> LogicalLinkRecord {
        let network = ending.network;
        let link = &network.logical_links[id];
        let channel = &network.links[link.channel];
        let connection = &network.connections[link.connection];
        let first = network.interconnects[connection.interconnect].providers[0];
        let sender = |direction: usize| {
            let is_first = |router: &crate::ids::RouterId| network.routers[*router].provider == first;
            channel.ends.into_iter().find(|end| is_first(end) == (direction == 0)).unwrap_or(channel.ends[direction])
        };
        let ridden = &self.logical_links[id];
        let span =
            |(from, to): &(Time, Option<Time>)| (from.since(self.origin), to.unwrap_or(ending.end).since(self.origin));
        LogicalLinkRecord {
            name: link.name.clone(),
            connection: connection.name.clone(),
            channel: channel.name.clone(),
            routers: [0, 1].map(|direction| network.routers[sender(direction)].name.clone()),
            packets: [0, 1].map(|direction| ridden[direction].packets),
            bytes: [0, 1].map(|direction| Bytes(ridden[direction].bytes)),
            series: [0, 1].map(|direction| ridden[direction].series.clone()),
            provisioned: connection.bandwidth,
            session_up: self.session_up[id].iter().map(span).collect(),
        }
    }

    fn flow_entries(&self, ending: &Ending<'_>) -> Vec<FlowEntryRecord> {
        let network = ending.network;
        let record = |(id, entry): (crate::ids::FlowEntryId, &FlowEntry)| {
            let of = |flow: &Flow| flow.entry == Some(id);
            let (sent_bytes, delivered_bytes) = self.bytes(ending, of);
            FlowEntryRecord {
                name: entry.name.clone(),
                from: network.attachments[entry.from].name.clone(),
                to: network.attachments[entry.to].name.clone(),
                connection: entry.connection.map(|connection| network.connections[connection].name.clone()),
                rate: entry.rate,
                five_tuples: entry.count,
                counts: self.counts(ending, of, &self.flows.entry_drops[id.index()]),
                sent_bytes,
                delivered_bytes,
            }
        };
        network.flow_entries.enumerate().map(record).collect()
    }

    fn flow_records(&self, ending: &Ending<'_>) -> Vec<FlowRecord> {
        let record = |(id, flow): (FlowId, &Flow)| {
            let stats = &self.flows.stats[id];
            FlowRecord {
                name: flow.name.clone(),
                five_tuple: format!(
                    "{}:{}>{}:{}/{}",
                    flow.source, flow.source_port, flow.target, flow.target_port, flow.protocol
                ),
                sent: stats.sent,
                delivered: stats.delivered,
                dropped: stats.dropped,
                dropped_by_cause: by_cause(&self.flows.flow_drops[id]),
                sent_bytes: Bytes(stats.sent_bytes),
                delivered_bytes: Bytes(stats.delivered_bytes),
                latency_min: if stats.delivered == 0 { Span::ZERO } else { stats.latency_min },
                latency_mean: mean(stats.latency_sum, stats.delivered),
                latency_max: stats.latency_max,
                longest_blackout: stats.longest_blackout,
            }
        };
        ending.network.flows.enumerate().filter(|(_, flow)| is_data(flow.role)).map(record).collect()
    }

    /// Combined by addition and keyed by name, so that neither ids nor partitions enter.
    fn fingerprint(&self, network: &Network, ports: &IdVec<PortId, PortTotals>) -> u64 {
        let port = |(id, totals): (PortId, &PortTotals)| mix(named_hash(&[&network.ports[id].name]) ^ totals.chain);
        let flow = |(id, flow): (FlowId, &Flow)| {
            let stats = &self.flows.stats[id];
            let counts = stats.delivered.rotate_left(32) ^ stats.dropped ^ mean(stats.latency_sum, 1).as_ps();
            mix(named_hash(&["flow", &flow.name]) ^ counts)
        };
        let ports = ports.enumerate().map(port).fold(self.chain, u64::wrapping_add);
        network.flows.enumerate().map(flow).fold(ports, u64::wrapping_add)
    }
}

/// Every packet sent is delivered, dropped with a cause, or in flight at the end.
fn assert_conserved(counts: &Counts) {
    let dropped: u64 = counts.dropped.values().sum();
    assert_eq!(counts.sent, counts.delivered + dropped + counts.in_flight, "packets are conserved");
}

/// Both directions of a link, its members taken together.
fn link_directions(network: &Network, ports: &IdVec<PortId, PortTotals>, id: LinkId) -> Vec<LinkDirectionRecord> {
    let link = &network.links[id];
    let direction = |end: usize| {
        let members: Vec<PortId> = link.members.iter().map(|member| member.ports[end]).collect();
        let totals = || members.iter().map(|port| &ports[*port]);
        let bps = members.iter().map(|port| network.ports[*port].rate.as_bps()).sum();
        let packets = totals().map(|port| port.packets).sum();
        let has_macsec = members.iter().any(|port| network.ports[*port].macsec.is_some());
        LinkDirectionRecord {
            link: link.name.clone(),
            kind: match link.kind {
                LinkKind::Channel(_) => "channel",
                LinkKind::Backbone => "backbone",
                LinkKind::Attachment => "attachment",
            },
            from: network.routers[link.ends[end]].name.clone(),
            to: network.routers[link.ends[1 - end]].name.clone(),
            rate: Rate::from_bps(bps).unwrap_or(network.ports[members[0]].rate),
            packets,
            wire_bytes: Bytes(totals().map(|port| port.wire_bytes.0).sum()),
            dropped: by_cause(&sum(&totals().map(|port| port.dropped).collect::<Vec<_>>())),
            queue_max: totals().map(|port| port.queue_max).max().unwrap_or_default(),
            macsec_frames: has_macsec.then_some(packets),
        }
    };
    vec![direction(0), direction(1)]
}

fn loss_bin(sent: u64, drops: &Drops) -> LossBin {
    LossBin { sent, dropped: by_cause(drops) }
}

/// Drops by cause, without the causes that had none.
pub(super) fn by_cause(drops: &Drops) -> BTreeMap<DropReason, u64> {
    DropReason::ALL.into_iter().map(|reason| (reason, drops[reason.index()])).filter(|(_, count)| *count > 0).collect()
}

fn sum(all: &[Drops]) -> Drops {
    all.iter().fold(Drops::default(), |mut total, drops| {
        total.iter_mut().zip(drops).for_each(|(total, count)| *total += count);
        total
    })
}
