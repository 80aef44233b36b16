//! What ports and wires have to tell at the end: links in both directions, with their classes.

use super::{Drops, sum};
use crate::dataplane::ClassTotals;
use crate::ids::{IdVec, LinkId, PortId};
use crate::network::{LinkKind, Network};
use crate::sim::partition::Partition;
use crate::sim::record::{ClassRecord, LinkDirectionRecord};
use crate::units::{Bytes, Rate};

use super::finish::by_cause;
use super::latency::mean;

/// Both sides of a port's wire.
pub(super) struct PortTotals {
    packets: u64,
    protected: u64,
    wire_bytes: Bytes,
    queue_max: Bytes,
    pub chain: u64,
    dropped: Drops,
    classes: Vec<ClassTotals>,
    dropped_by_class: Vec<Drops>,
}

impl PortTotals {
    /// A port whose queues have been looked at, at the end.
    pub fn new(network: &Network, partitions: &[Partition<'_>], id: PortId) -> Self {
        let classes = network.ports[id].queueing.as_ref().map_or(0, |queueing| queueing.classes.len());
        let mut totals = Self {
            packets: 0,
            protected: 0,
            wire_bytes: Bytes(0),
            queue_max: Bytes(0),
            chain: 0,
            dropped: Drops::default(),
            classes: vec![ClassTotals::default(); classes],
            dropped_by_class: vec![Drops::default(); classes],
        };
        // A wire between partitions has its queue in one and its arrivals in the other.
        for wire in partitions.iter().map(|partition| &partition.wires[id]) {
            let (packets, wire_bytes, queue_max) = wire.port.counters();
            totals.packets += packets;
            totals.protected += wire.port.protected();
            totals.wire_bytes += wire_bytes;
            totals.queue_max = totals.queue_max.max(queue_max);
            totals.chain ^= wire.port.chain();
            totals.classes.iter_mut().zip(wire.port.class_totals()).for_each(|(class, more)| class.add(&more));
            if let Some(drops) = &wire.drops {
                totals.dropped = sum([&totals.dropped, &drops.all]);
                let by_class = totals.dropped_by_class.iter_mut().zip(&drops.by_class);
                by_class.for_each(|(class, more)| *class = sum([class, more]));
            }
        }
        totals
    }
}

/// Both directions of a link, its members taken together.
pub(super) fn link_directions(
    network: &Network,
    ports: &IdVec<PortId, PortTotals>,
    id: LinkId,
) -> [LinkDirectionRecord; 2] {
    let link = &network.links[id];
    [0, 1].map(|end| {
        let members: Vec<PortId> = link.members.iter().map(|member| member.ports[end]).collect();
        let totals = || members.iter().map(|port| &ports[*port]);
        let bps = members.iter().map(|port| network.ports[*port].rate.as_bps()).sum();
        let packets = totals().map(|port| port.packets).sum();
        let has_macsec = members.iter().any(|port| network.ports[*port].macsec.is_some());
        LinkDirectionRecord {
            link: link.name.clone(),
            kind: match link.kind {
                LinkKind::Channel(_) => "channel",
                LinkKind::Peering => "peering",
                LinkKind::Backbone => "backbone",
                LinkKind::Attachment => "attachment",
            },
            from: network.routers[link.ends[end]].name.clone(),
            to: network.routers[link.ends[1 - end]].name.clone(),
            rate: Rate::from_bps(bps).unwrap_or(network.ports[members[0]].rate),
            packets,
            wire_bytes: Bytes(totals().map(|port| port.wire_bytes.0).sum()),
            dropped: by_cause(&sum(totals().map(|port| &port.dropped))),
            queue_max: totals().map(|port| port.queue_max).max().unwrap_or_default(),
            macsec_frames: has_macsec.then(|| totals().map(|port| port.protected).sum()),
            classes: classes(network, ports, &members),
        }
    })
}

/// The classes of some ports with the same profile; none where they have none.
fn classes(network: &Network, ports: &IdVec<PortId, PortTotals>, members: &[PortId]) -> Vec<ClassRecord> {
    let queueing = network.ports[members[0]].queueing.as_ref();
    let names = queueing.iter().flat_map(|queueing| &queueing.classes).map(|class| &class.name).enumerate();
    let record = |(index, name): (usize, &String)| {
        let mut totals = ClassTotals::default();
        members.iter().for_each(|port| totals.add(&ports[*port].classes[index]));
        ClassRecord {
            name: name.clone(),
            offered: totals.offered,
            packets: totals.packets,
            wire_bytes: Bytes(totals.wire_bytes),
            dropped: by_cause(&sum(members.iter().map(|port| &ports[*port].dropped_by_class[index]))),
            marked: totals.marked,
            queue_max: Bytes(totals.longest),
            wait_mean: mean(totals.waited, totals.packets),
            wait_max: totals.longest_wait,
        }
    };
    names.map(record).collect()
}
