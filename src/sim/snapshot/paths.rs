//! The ways of packets at one instant: through the same tables, hashes, ports and wires as packets themselves.

use std::collections::BTreeSet;

use crate::dataplane::Lookup;
use crate::ids::{AttachmentId, DestinationId, FlowId, PortId, RouterId};
use crate::message::{DropReason, NO_LOGICAL_LINK, NextHop, Packet, PacketKind};
use crate::network::{DestinationKind, Network};
use crate::sim::flow_level::{Course, Lost, Place};
use crate::sim::run::Run;
use crate::units::{Bytes, Share, Span, TrafficClass};

/// Whose ways are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathQuery {
    /// Where packets begin.
    pub from: AttachmentId,
    /// Where they end.
    pub to: AttachmentId,
    /// The five-tuples to follow, all between these two; empty when there are none.
    pub flows: Vec<FlowId>,
    /// Size of the IP packet.
    pub size: Bytes,
}

/// The ways between two attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathSnapshot {
    /// Scenario time.
    pub at: Span,
    /// Where packets begin.
    pub from: String,
    /// Where they end.
    pub to: String,
    /// Size of the IP packet.
    pub size: Bytes,
    /// Every way to every prefix that the five-tuples go to (the first one of the target without any), in order of
    /// prefix, then the widest first.
    pub paths: Vec<PathRecord>,
    /// The share of the hash space whose ways are not listed, because there are too many.
    pub omitted: Share,
}

/// One way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathRecord {
    /// The prefix it leads to.
    pub prefix: String,
    /// The share of all five-tuples that would take it, were their hashes even.
    pub share: Share,
    /// The five-tuples that do take it, in order.
    pub flows: Vec<String>,
    /// In order; the last one is that on which packets die, if they do so on a wire.
    pub hops: Vec<Hop>,
    /// How it ends.
    pub end: PathEnd,
    /// From the first router to the end of the way, queues apart.
    pub unloaded: Span,
}

/// One link on a way, with the time that each part of it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The sending router.
    pub from: String,
    /// The receiving router.
    pub to: String,
    /// The link.
    pub link: String,
    /// Index of its member.
    pub member: usize,
    /// How many members the link has.
    pub members: usize,
    /// The logical link that packets ride.
    pub logical_link: Option<String>,
    /// Transmission at the line rate as it is.
    pub serialization: Span,
    /// `MACsec` at the sender.
    pub encryption: Span,
    /// The fibre as it is.
    pub propagation: Span,
    /// `MACsec` at the receiver.
    pub decryption: Span,
    /// At the receiving router.
    pub forwarding: Span,
    /// Mean delay that an impairment adds.
    pub late: Span,
    /// What takes a part of the packets, and which.
    pub losses: Vec<(DropReason, Share)>,
}

/// How a way ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathEnd {
    /// At its target.
    Delivered,
    /// Packets die.
    Dropped {
        /// Why.
        reason: DropReason,
        /// The router or the port.
        place: String,
    },
    /// Packets go round until their TTL is used up.
    Loop {
        /// The routers, from the first one that is met again.
        routers: Vec<String>,
    },
}

/// Ways that are listed at most for one prefix.
const MOST_PATHS: usize = 1_024;

/// A way that is being followed.
#[derive(Clone)]
struct Way {
    router: RouterId,
    seen: Vec<RouterId>,
    ports: Vec<PortId>,
    hops: Vec<Hop>,
    course: Course,
    /// Parts per billion of the hash space.
    share: u64,
}

/// Which of several equal choices are followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choices {
    All,
    ByHash,
}

/// The ways that packets sent now would take.
pub(super) fn paths(run: &mut Run<'_>, query: &PathQuery, at: Span) -> PathSnapshot {
    let network = run.network;
    let mut found = PathSnapshot {
        at,
        from: network.attachments[query.from].name.clone(),
        to: network.attachments[query.to].name.clone(),
        size: query.size,
        paths: Vec::new(),
        omitted: Share::ZERO,
    };
    for destination in destinations(network, query) {
        let (paths, omitted) = to_destination(run, query, destination);
        found.paths.extend(paths);
        found.omitted = found.omitted.max(omitted);
    }
    found
}

fn destinations(network: &Network, query: &PathQuery) -> BTreeSet<DestinationId> {
    let used: BTreeSet<DestinationId> = query.flows.iter().map(|flow| network.flows[*flow].destination).collect();
    let first = network.attachments[query.to].prefixes.first().map(|(_, id)| *id);
    if used.is_empty() { first.into_iter().collect() } else { used }
}

fn to_destination(run: &mut Run<'_>, query: &PathQuery, destination: DestinationId) -> (Vec<PathRecord>, Share) {
    let network = run.network;
    let edge = network.attachments[query.from].edge;
    let packet = any_packet(run, query, destination);
    let (ways, omitted) = follow(run, edge, &packet, Choices::All);
    let mut paths: Vec<(Vec<PortId>, PathRecord)> =
        ways.into_iter().map(|(way, end)| record(network, destination, way, end)).collect();
    for flow in query.flows.iter().filter(|flow| network.flows[**flow].destination == destination) {
        let source = &run.partitions[run.layout.of(edge).0].sources[*flow];
        let own = Packet { hash: source.hash, ..packet };
        let (ways, _) = follow(run, edge, &own, Choices::ByHash);
        for (way, end) in ways {
            let (ports, path) = record(network, destination, Way { share: 0, ..way }, end);
            let name = network.flows[*flow].name.clone();
            match paths.iter_mut().find(|(of, _)| *of == ports) {
                Some((_, path)) => path.flows.push(name),
                None => paths.push((ports, PathRecord { flows: vec![name], ..path })),
            }
        }
    }
    // Ports tell ways apart that are alike otherwise, so the order is always the same.
    paths.sort_by(|(ports, a), (others, b)| (b.share, ports).cmp(&(a.share, others)));
    (paths.into_iter().map(|(_, path)| path).collect(), omitted)
}

fn any_packet(run: &Run<'_>, query: &PathQuery, destination: DestinationId) -> Packet {
    Packet {
        sent: run.now,
        waited: Span::ZERO,
        flow: query.flows.first().copied().unwrap_or(FlowId(0)),
        destination,
        hash: 0,
        size: u32::try_from(query.size.0).unwrap_or(u32::MAX),
        payload: 0,
        ttl: u8::MAX,
        kind: PacketKind::Data,
        traffic_class: query.flows.first().map_or(TrafficClass::DEFAULT, |flow| run.network.flows[*flow].traffic_class),
    }
}

/// Finished ways with how they end, and the share of the hash space that was left.
fn follow(run: &mut Run<'_>, edge: RouterId, packet: &Packet, choices: Choices) -> (Vec<(Way, PathEnd)>, Share) {
    let first = Way {
        router: edge,
        seen: Vec::new(),
        ports: Vec::new(),
        hops: Vec::new(),
        course: Course::default(),
        share: Share::ONE.as_ppb(),
    };
    let (mut open, mut done) = (vec![first], Vec::new());
    while let Some(mut way) = open.pop() {
        if done.len() >= MOST_PATHS {
            open.push(way);
            break;
        }
        match next_hops(run, &mut way, packet, choices) {
            Ok(hops) => {
                let share = way.share / hops.len() as u64;
                for hop in hops {
                    let (way, end) = step(run, Way { share, ..way.clone() }, hop, packet);
                    match end {
                        None => open.push(way),
                        Some(end) => done.push((way, end)),
                    }
                }
            }
            Err(end) => done.push((way, end)),
        }
    }
    let left: u64 = open.iter().map(|way| way.share).sum();
    (done, Share::from_ppb(left))
}

/// The next hops from where a way has come to, one per member of their links; or how it ends there.
fn next_hops(run: &Run<'_>, way: &mut Way, packet: &Packet, choices: Choices) -> Result<Vec<NextHop>, PathEnd> {
    let (network, router) = (run.network, way.router);
    if network.destinations[packet.destination].router == router {
        return Err(PathEnd::Delivered);
    }
    // A router decides alike on a packet that it has seen before.
    if let Some(first) = way.seen.iter().position(|seen| *seen == router) {
        let routers = way.seen[first..].iter().map(|seen| network.routers[*seen].name.clone()).collect();
        return Err(PathEnd::Loop { routers });
    }
    way.seen.push(router);
    let group = run.forwarder(router).group(packet.destination);
    if choices == Choices::All && !group.is_empty() {
        return Ok(group.iter().flat_map(|hop| members(run, *hop)).collect());
    }
    match run.partitions[run.layout.of(router).0].next_hop(router, packet) {
        Lookup::Via(hop) => Ok(vec![hop]),
        Lookup::Here => Err(PathEnd::Delivered),
        Lookup::NoRoute => {
            let place = network.routers[router].name.clone();
            Err(PathEnd::Dropped { reason: DropReason::NoRoute, place })
        }
    }
}

fn members(run: &Run<'_>, hop: NextHop) -> Vec<NextHop> {
    match &run.wire(hop.port).lag {
        None => vec![hop],
        Some(lag) => lag.members().iter().map(|port| NextHop { port: *port, ..hop }).collect(),
    }
}

/// One link further; with how the way ends when packets die there.
fn step(run: &mut Run<'_>, mut way: Way, hop: NextHop, packet: &Packet) -> (Way, Option<PathEnd>) {
    let (network, id) = (run.network, hop.port);
    let (before, steps) = (way.course.unloaded, way.course.steps.len());
    let crossed = run.cross_with(way.router, hop, packet, (0, 0), &mut way.course);
    let taken = Span::from_ps(way.course.unloaded.as_ps() - before.as_ps());
    way.ports.push(id);
    way.router = network.ports[id].to;
    if taken > Span::ZERO {
        let mut described = describe(run, hop, packet, taken);
        described.losses = losses(&way.course, steps);
        way.hops.push(described);
    }
    let end = crossed.err().map(|lost: Lost| PathEnd::Dropped {
        reason: lost.reason,
        place: network.ports[lost.port.unwrap_or(id)].name.clone(),
    });
    (way, end)
}

fn describe(run: &Run<'_>, hop: NextHop, packet: &Packet, taken: Span) -> Hop {
    let network = run.network;
    let configured = &network.ports[hop.port];
    let (link, port) = (&network.links[configured.link], &run.wire(hop.port).port);
    let size = configured.wire_size(Bytes(u64::from(packet.size)));
    let (encryption, decryption) =
        configured.macsec.map_or((Span::ZERO, Span::ZERO), |macsec| (macsec.encrypt_latency, macsec.decrypt_latency));
    let rides = (hop.logical_link != NO_LOGICAL_LINK).then(|| network.logical_links[hop.logical_link].name.clone());
    Hop {
        from: network.routers[configured.from].name.clone(),
        to: network.routers[configured.to].name.clone(),
        link: link.name.clone(),
        member: configured.member,
        members: link.members.len(),
        logical_link: rides,
        serialization: port.rate().transmission_time(size),
        encryption,
        propagation: port.propagation(),
        decryption,
        forwarding: network.routers[configured.to].forwarding_latency,
        late: taken.saturating_sub(port.unloaded(packet)),
        losses: Vec::new(),
    }
}

/// What the steps of a course from the given one on leave to chance.
fn losses(course: &Course, from: usize) -> Vec<(DropReason, Share)> {
    let chance = |step: &crate::sim::flow_level::Step| match step.place {
        Place::Chance(_, reason) => Some((reason, Share::from_ppb(step.passes).complement())),
        Place::Limit(..) | Place::Port(..) => None,
    };
    course.steps[from..].iter().filter_map(chance).collect()
}

fn record(network: &Network, destination: DestinationId, way: Way, end: PathEnd) -> (Vec<PortId>, PathRecord) {
    let path = PathRecord {
        prefix: network.destinations[destination].prefix.to_string(),
        share: Share::from_ppb(way.share),
        flows: Vec::new(),
        hops: way.hops,
        end,
        unloaded: way.course.unloaded,
    };
    (way.ports, path)
}

/// The five-tuples between two attachments, or of them those of one entry or one by its name.
#[must_use]
pub fn flows_between(network: &Network, from: AttachmentId, to: AttachmentId, only: Option<&str>) -> Vec<FlowId> {
    let leads_to = |destination: DestinationId| match network.destinations[destination].kind {
        DestinationKind::Attachment(attachment) => attachment == to,
        DestinationKind::Loopback => false,
    };
    let named = |flow: &crate::network::Flow| {
        let entry = flow.entry.map(|entry| network.flow_entries[entry].name.as_str());
        only.is_none_or(|name| flow.name == name || entry == Some(name))
    };
    let edge = network.attachments[from].edge;
    let wanted = network.flows.enumerate().filter(|(_, flow)| flow.edge == edge && leads_to(flow.destination));
    wanted.filter(|(_, flow)| named(flow)).map(|(id, _)| id).collect()
}
