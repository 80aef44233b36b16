//! From what was written down to the record: names resolved, scenario time, conservation asserted.

use std::collections::{BTreeMap, BTreeSet};

use super::flows::is_data;
use super::latency::mean;
use super::ports::{PortTotals, link_directions};
use super::{Drops, EntryIndex, Journal, Recorder, class_of, sum};
use crate::ids::{AttachmentId, ConnectionId, FlowId, Id, IdVec, LinkGroupId, LogicalLinkId, PortId};
use crate::message::{DropReason, PacketKind};
use crate::network::{Flow, FlowEntry, Network};
use crate::rng::{RunSeed, mix, named_hash};
use crate::sim::facts::Sold;
use crate::sim::limits::Limit;
use crate::sim::partition::Partition;
use crate::sim::record::{
    ConnectionRecord, Counts, DirectionRecord, FeatureRecord, FlowEntryRecord, FlowRecord, LinkGroupRecord,
    LogicalLinkRecord, LossBin, MacsecRecord, OperationRecord, RoutingRecord, RunRecord, Totals,
};
use crate::sim::run::Run;
use crate::sim::snapshot::{SessionSnapshot, sessions};
use crate::units::{Bytes, Span, Time};

/// All that was written down.
pub(super) struct Ending<'n> {
    pub(super) network: &'n Network,
    /// Scenario time 0.
    pub(super) origin: Time,
    end: Time,
    recorder: Recorder,
    pub(super) journal: Journal,
    /// Which entries befell which connection or link group.
    pub(super) touched: BTreeSet<(EntryIndex, Sold)>,
    ports: IdVec<PortId, PortTotals>,
    macsec: Vec<MacsecRecord>,
    routing: RoutingRecord,
    sessions: SessionSnapshot,
    features: Vec<FeatureRecord>,
    in_flight: IdVec<FlowId, u64>,
}

/// Makes the record of a run that has come to its end.
pub(in crate::sim) fn finish(mut run: Run<'_>) -> RunRecord {
    let (network, seed, origin, end) = (run.network, run.seed, run.origin, run.end);
    // Events without effect depend on how the run was divided.
    let of_packets = |partition: &Partition<'_>| partition.queue.fired() - partition.stale;
    let events = run.queue.fired() + run.partitions.iter().map(of_packets).sum::<u64>();
    let packet_hops = run.partitions.iter().map(|partition| partition.packet_hops).sum();
    let macsec = super::macsec::macsec(&run);
    let features = run.feature_records();
    let sessions = sessions(&run, end.since(origin));
    let oscillations = run.settling.oscillations(network, origin);
    let routing = RoutingRecord { oscillations, ..std::mem::take(&mut run.routing) };
    let mut in_flight = run.flow_level.in_flight;
    run.partitions.iter_mut().for_each(|partition| partition.audit(end));
    let ports = network.ports.ids().map(|id| PortTotals::new(network, &run.partitions, id)).collect();
    let (mut control_in_flight, mut duplicates_in_flight) = (0, 0);
    let on_wires = run.partitions.iter().flat_map(Partition::packets_on_wires);
    let at_limits = run.partitions.iter().flat_map(Partition::limits).flat_map(Limit::packets);
    for packet in on_wires.chain(at_limits) {
        match packet.kind {
            PacketKind::Data | PacketKind::Content | PacketKind::ProbeRequest | PacketKind::ProbeReply => {
                in_flight[packet.flow] += 1;
            }
            PacketKind::Duplicate => duplicates_in_flight += 1,
            PacketKind::ControlNeighbour
            | PacketKind::ControlRouted
            | PacketKind::ControlMember
            | PacketKind::Uncontrolled => control_in_flight += 1,
        }
    }
    let touched = std::mem::take(&mut run.facts.touched);
    let mut journal = run.journal;
    let mut partitions = run.partitions;
    for partition in &mut partitions {
        for (id, sender) in partition.ends.enumerate() {
            let Some(sender) = sender else { continue };
            let entry = network.flows[id].entry;
            if let Some(statistics) = sender.statistics(end) {
                partition.recorder.transfers.count(entry, &statistics);
            }
            if sender.open_exchanges() > 0 {
                partition.recorder.exchanges.left_open(entry, sender.open_exchanges());
            }
        }
    }
    let mut recorders = partitions.into_iter().map(|partition| partition.recorder);
    let mut recorder = recorders.next().expect("a run has a partition");
    recorders.for_each(|other| recorder.add(other));
    recorder.monitors.settle();
    journal.blackouts.close(network, origin, end, &mut journal.ledger);
    recorder.control.in_flight = control_in_flight;
    recorder.duplicates.in_flight = duplicates_in_flight;
    let mut ending = Ending {
        network,
        origin,
        end,
        recorder,
        journal,
        touched,
        ports,
        macsec,
        routing,
        sessions,
        features,
        in_flight,
    };
    ending.record(seed, events, packet_hops)
}

impl Ending<'_> {
    fn record(&mut self, seed: RunSeed, events: u64, packet_hops: u64) -> RunRecord {
        let network = self.network;
        let ended = self.end.since(self.origin);
        let experience = self.recorder.seconds.finish(ended.as_ps().div_ceil(Span::from_s(1).as_ps()));
        let totals = Totals {
            data: self.counts(self.flows(|flow| is_data(flow.role)), &sum(&self.recorder.flows.class_drops)),
            probes: self.counts(self.flows(|flow| !is_data(flow.role)), &self.recorder.flows.probe_drops),
            control: self.recorder.control.clone(),
            duplicates: self.recorder.duplicates.clone(),
            packet_hops,
            events,
            latency: self.recorder.latencies.total().distribution(),
            queueing: self.recorder.latencies.queueing.distribution(),
            bad_seconds: experience.bad_seconds,
            seconds: experience.seconds,
            flow_seconds_lost: experience.flow_seconds_lost,
        };
        for counts in [&totals.data, &totals.probes, &totals.control, &totals.duplicates] {
            assert_conserved(counts);
        }
        let connections: Vec<ConnectionRecord> =
            network.connections.ids().map(|id| self.connection(id, ended, &experience.series)).collect();
        let link_groups: Vec<LinkGroupRecord> =
            network.link_groups.ids().map(|id| self.link_group(id, ended)).collect();
        let mut ledger = self.journal.ledger.records(network, self.origin);
        super::availability::charge(&mut ledger, &connections, &link_groups);
        RunRecord {
            title: network.title.clone(),
            description: network.description.clone(),
            seed: seed.0,
            horizon: network.horizon,
            warm_up: network.warm_up,
            ended,
            bin: network.bin,
            fidelity: network.fidelity,
            connections,
            link_groups,
            logical_links: network.logical_links.ids().map(|id| self.logical_link(id)).collect(),
            links: network.links.ids().flat_map(|id| link_directions(network, &self.ports, id)).collect(),
            macsec: std::mem::take(&mut self.macsec),
            flow_entries: self.flow_entries(),
            flows: self.flow_records(),
            monitors: self.recorder.monitors.records(network, &self.journal.ledger, self.origin, self.end),
            ledger,
            operations: self.operations(ended),
            features: std::mem::take(&mut self.features),
            routing: std::mem::take(&mut self.routing),
            sessions: std::mem::take(&mut self.sessions),
            loss_series: self.recorder.loss_bins.iter().map(|(sent, drops)| loss_bin(*sent, drops)).collect(),
            expectations: Vec::new(),
            fingerprint: self.fingerprint(),
            totals,
        }
    }

    /// What was done on purpose while the run went on.
    fn operations(&mut self, ended: Span) -> Vec<OperationRecord> {
        let mut operations = std::mem::take(&mut self.journal.operations);
        operations.retain(|one| one.at <= ended);
        // Notices are known from the beginning.
        operations.sort_by_key(|one| one.at);
        operations
    }

    /// The flows that `of` selects.
    fn flows(&self, of: impl Fn(&Flow) -> bool) -> impl Iterator<Item = FlowId> {
        self.network.flows.enumerate().filter(move |(_, flow)| of(flow)).map(|(id, _)| id)
    }

    /// Counts over some flows, conservation of each asserted.
    fn counts(&self, flows: impl Iterator<Item = FlowId>, drops: &Drops) -> Counts {
        let mut counts = Counts { dropped: by_cause(drops), ..Counts::default() };
        for id in flows {
            let (stats, in_flight) = (self.recorder.flows.stats(id), self.in_flight[id]);
            assert_eq!(stats.sent, stats.delivered + stats.dropped + in_flight, "packets are conserved in every flow");
            counts.sent += stats.sent;
            counts.delivered += stats.delivered;
            counts.in_flight += in_flight;
        }
        counts
    }

    fn bytes(&self, flows: impl Iterator<Item = FlowId>) -> (Bytes, Bytes) {
        flows.map(|id| self.recorder.flows.stats(id)).fold((Bytes(0), Bytes(0)), |(sent, delivered), stats| {
            (sent + Bytes(stats.sent_bytes), delivered + Bytes(stats.delivered_bytes))
        })
    }

    fn connection(&self, id: ConnectionId, ended: Span, series: &[Vec<[u64; 2]>]) -> ConnectionRecord {
        let network = self.network;
        let connection = &network.connections[id];
        let mut rules = self.availability(id, ended, series).into_iter();
        let interconnect = &network.interconnects[connection.interconnect];
        ConnectionRecord {
            name: connection.name.clone(),
            interconnect: interconnect.name.clone(),
            providers: interconnect.providers.map(|provider| network.providers[provider].name.clone()),
            provisioned: connection.bandwidth,
            directions: [0, 1].map(|direction| self.direction(id, direction)),
            availability: rules.next().expect("a network has a rule"),
            other_rules: rules.collect(),
        }
    }

    fn link_group(&self, id: LinkGroupId, ended: Span) -> LinkGroupRecord {
        let network = self.network;
        let group = &network.link_groups[id];
        LinkGroupRecord {
            name: group.name.clone(),
            links: group.links.iter().map(|link| network.links[*link].name.clone()).collect(),
            providers: group.providers.map(|provider| network.providers[provider].name.clone()),
            usable_links: self.journal.group_paths[id].clone(),
            availability: self.group_availability(id, ended),
        }
    }

    fn direction(&self, id: ConnectionId, direction: usize) -> DirectionRecord {
        let class = id.index() * 2 + direction;
        let of = |flow: &Flow| is_data(flow.role) && class_of(self.network, flow) == class;
        let (sent_bytes, delivered_bytes) = self.bytes(self.flows(of));
        DirectionRecord {
            counts: self.counts(self.flows(of), &self.recorder.flows.class_drops[class]),
            sent_bytes,
            delivered_bytes,
            latency: self.recorder.latencies.classes[class].distribution(),
            latency_series: self.recorder.latencies.series(class),
            usable_paths: self.journal.paths[id][direction].clone(),
        }
    }

    fn logical_link(&self, id: LogicalLinkId) -> LogicalLinkRecord {
        let network = self.network;
        let link = &network.logical_links[id];
        let channel = &network.links[link.channel];
        let connection = &network.connections[link.connection];
        let first = network.interconnects[connection.interconnect].providers[0];
        let sender = |direction: usize| {
            let is_first = |router: &crate::ids::RouterId| network.routers[*router].provider == first;
            channel.ends.into_iter().find(|end| is_first(end) == (direction == 0)).unwrap_or(channel.ends[direction])
        };
        let ridden = &self.recorder.logical_links[id];
        let span =
            |(from, to): &(Time, Option<Time>)| (from.since(self.origin), to.unwrap_or(self.end).since(self.origin));
        LogicalLinkRecord {
            name: link.name.clone(),
            connection: connection.name.clone(),
            channel: channel.name.clone(),
            routers: [0, 1].map(|direction| network.routers[sender(direction)].name.clone()),
            packets: [0, 1].map(|direction| ridden[direction].packets),
            bytes: [0, 1].map(|direction| Bytes(ridden[direction].bytes)),
            series: [0, 1].map(|direction| ridden[direction].series.clone()),
            provisioned: connection.bandwidth,
            session_up: self.journal.session_up[id].iter().map(span).collect(),
        }
    }

    fn flow_entries(&self) -> Vec<FlowEntryRecord> {
        let network = self.network;
        let record = |(id, entry): (crate::ids::FlowEntryId, &FlowEntry)| {
            let (sent_bytes, delivered_bytes) = self.bytes(entry.flows());
            FlowEntryRecord {
                name: entry.name.clone(),
                from: group_name(network, &entry.from),
                to: group_name(network, &entry.to),
                connection: entry.connection.map(|connection| network.connections[connection].name.clone()),
                rate: entry.rate,
                five_tuples: entry.count,
                counts: self.counts(entry.flows(), &self.recorder.flows.entry_drops[id.index()]),
                sent_bytes,
                delivered_bytes,
                transfers: self.recorder.transfers.record(id, self.end.since(self.origin)),
                exchanges: self.recorder.exchanges.record(id),
            }
        };
        network.flow_entries.enumerate().map(record).collect()
    }

    fn flow_records(&self) -> Vec<FlowRecord> {
        let record = |(id, flow): (FlowId, &Flow)| {
            let stats = self.recorder.flows.stats(id);
            FlowRecord {
                name: flow.name.clone(),
                five_tuple: format!(
                    "{}:{}>{}:{}/{}",
                    flow.source, flow.source_port, flow.target, flow.target_port, flow.protocol
                ),
                sent: stats.sent,
                delivered: stats.delivered,
                dropped: stats.dropped,
                dropped_by_cause: by_cause(&self.recorder.flows.drops(id)),
                sent_bytes: Bytes(stats.sent_bytes),
                delivered_bytes: Bytes(stats.delivered_bytes),
                latency_min: if stats.delivered == 0 { Span::ZERO } else { stats.latency_min },
                latency_mean: mean(stats.latency_sum, stats.delivered),
                latency_max: stats.latency_max,
                longest_blackout: self.journal.blackouts.longest(id),
            }
        };
        self.network.flows.enumerate().filter(|(_, flow)| is_data(flow.role)).map(record).collect()
    }

    /// Combined by addition and keyed by name, so that neither ids nor partitions enter.
    fn fingerprint(&self) -> u64 {
        let network = self.network;
        let port = |(id, totals): (PortId, &PortTotals)| mix(named_hash(&[&network.ports[id].name]) ^ totals.chain);
        let flow = |(id, flow): (FlowId, &Flow)| {
            let stats = self.recorder.flows.stats(id);
            let counts = stats.delivered.rotate_left(32) ^ stats.dropped ^ mean(stats.latency_sum, 1).as_ps();
            mix(named_hash(&["flow", &flow.name]) ^ counts)
        };
        let changes = self.journal.chain.wrapping_add(self.recorder.chain);
        let ports = self.ports.enumerate().map(port).fold(changes, u64::wrapping_add);
        network.flows.enumerate().map(flow).fold(ports, u64::wrapping_add)
    }
}

/// The name of an attachment, or how many there are.
fn group_name(network: &Network, group: &[AttachmentId]) -> String {
    match group {
        [only] => network.attachments[*only].name.clone(),
        [first, .., last] => {
            let [first, last] = [first, last].map(|id| &network.attachments[*id].name);
            format!("{first} .. {last} ({})", group.len())
        }
        [] => String::new(),
    }
}

/// Every packet sent is delivered, dropped with a cause, or in flight at the end.
fn assert_conserved(counts: &Counts) {
    let dropped: u64 = counts.dropped.values().sum();
    assert_eq!(counts.sent, counts.delivered + dropped + counts.in_flight, "packets are conserved");
}

fn loss_bin(sent: u64, drops: &Drops) -> LossBin {
    LossBin { sent, dropped: by_cause(drops) }
}

/// Drops by cause, without the causes that had none.
pub(super) fn by_cause(drops: &Drops) -> BTreeMap<DropReason, u64> {
    DropReason::ALL.into_iter().map(|reason| (reason, drops[reason.index()])).filter(|(_, count)| *count > 0).collect()
}
