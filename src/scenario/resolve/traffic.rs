//! Flows, down to their five-tuples.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::addresses::{host, host_count};
use super::exchanges::ExchangeDraft;
use super::flow_ends::pair;
use super::transfers::TcpDraft;
use super::{Names, Resolver};
use crate::ids::{AttachmentId, ConnectionId, DestinationId, FlowEntryId, FlowId, Id, ProviderId};
use crate::network::{ArrivalLaw, Attachment, Flow, FlowEntry, FlowRole, Profile, SizeLaw, TraceOf, Transport};
use crate::rng::named_hash;
use crate::scenario::file::{FlowTable, Leaf};
use crate::scenario::read::peek;
use crate::scenario::source::join;
use crate::units::{Bytes, Rate, Span, TrafficClass};

/// What the name of a flow's way back ends with.
const REVERSE: &str = " (reverse)";

/// The name that a flow entry has in the scenario, whichever of its directions is meant.
pub(in crate::scenario) fn written_name(entry: &str) -> &str {
    entry.strip_suffix(REVERSE).unwrap_or(entry)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    OneWay,
    Both,
}

/// A flow entry as read.
#[derive(Debug)]
pub(super) struct FlowDraft {
    name: String,
    /// Where its five-tuples begin and end, in id order.
    ends: Option<[Vec<AttachmentId>; 2]>,
    /// Forward, and back.
    offers: [Offer; 2],
    count: u32,
    carriage: Carriage,
    direction: Direction,
    protocol: u8,
    ports: [u16; 2],
    law: Law,
}

/// When packets are sent, and how long they are.
#[derive(Debug, Clone)]
pub(super) struct Law {
    pub arrivals: ArrivalLaw,
    pub sizes: SizeLaw,
    pub diurnal: Option<Arc<Profile>>,
    pub start: Span,
    pub stop: Span,
    pub ttl: u8,
    pub traffic_class: TrafficClass,
}

/// What a flow entry sends in one direction.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub sizes: SizeLaw,
    /// Of all its five-tuples; `None` when it takes what it gets.
    pub rate: Option<Rate>,
}

/// How the data of a flow entry travels.
#[derive(Debug)]
enum Carriage {
    Datagrams,
    Transfers(TcpDraft),
    Exchanges(ExchangeDraft),
}

impl Carriage {
    /// Over IPv4 or IPv6.
    fn transport(&self, is_ipv6: bool) -> Transport {
        match self {
            Self::Datagrams => Transport::Datagrams,
            Self::Transfers(draft) => Transport::Tcp(draft.config(is_ipv6)),
            Self::Exchanges(draft) => Transport::Exchanges(draft.config(is_ipv6)),
        }
    }

    /// What the packets of the way back are for.
    const fn way_back(&self) -> FlowRole {
        match self {
            Self::Datagrams => FlowRole::Data,
            Self::Transfers(_) | Self::Exchanges(_) => FlowRole::Answers,
        }
    }
}

/// The words for arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Constant,
    Poisson,
    OnOff,
    Trace,
}

/// Where a five-tuple leads.
pub(super) struct Way {
    pub ends: [AttachmentId; 2],
    pub connection: Option<ConnectionId>,
}

impl Resolver<'_> {
    pub(super) fn flows(&mut self) -> Vec<FlowDraft> {
        let both = |name: &str| {
            let table = self.file.flows.get(name)?;
            let goes_back = table.transfer.is_some() || table.request.is_some();
            (peek(&table.direction) == Some("both") || goes_back).then_some(())
        };
        for name in self.file.flows.keys().filter(|name| name.strip_suffix(REVERSE).and_then(both).is_some()) {
            let message = "is also the name of another flow's way back";
            self.reader.error(join("flows", name), message, "give it another name");
        }
        self.file.flows.iter().map(|(name, table)| self.flow(name, table)).collect()
    }

    fn flow(&mut self, name: &str, table: &FlowTable) -> FlowDraft {
        let place = join("flows", name);
        let ends = self.flow_groups(&place, &table.from, &table.to);
        let count = self.reader.number(&join(&place, "count"), &table.count, 1, 1_000_000);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let directions = [("one-way", Direction::OneWay), ("both", Direction::Both)];
        let (arrivals, offers, carriage) = if table.request.is_some() {
            let (arrivals, exchanges) = self.exchanges(&place, table);
            (arrivals, exchanges.offers(count), Carriage::Exchanges(exchanges))
        } else if table.transfer.is_some() {
            let (arrivals, tcp) = self.tcp(&place, table, count);
            (arrivals, [tcp.offer(count), tcp.offer(count)], Carriage::Transfers(tcp))
        } else {
            let (arrivals, offer) = self.datagrams(&place, table, count);
            (arrivals, [offer.clone(), offer], Carriage::Datagrams)
        };
        let start = self.reader.span_or_zero(&join(&place, "start"), &table.start, "0 s");
        let stop = self.reader.span_or_zero(&join(&place, "stop"), &table.stop, "150 s");
        if stop <= start {
            self.reader.error(join(&place, "stop"), "is not after its start", "make it later");
        }
        let law = Law {
            arrivals,
            sizes: offers[0].sizes.clone(),
            diurnal: self.diurnal(&join(&place, "diurnal"), &table.diurnal),
            start,
            // Nothing is sent after the end of the run, however late an entry stops.
            stop: stop.min(self.network.horizon),
            ttl: self.octet(&join(&place, "ttl"), &table.ttl),
            traffic_class: self.traffic_class(&place, &table.dscp, &table.ecn),
        };
        FlowDraft {
            name: name.to_owned(),
            ends,
            offers,
            count,
            carriage,
            direction: self.reader.word(&join(&place, "direction"), &table.direction, &directions),
            protocol: self.protocol(&join(&place, "protocol"), &table.protocol),
            ports: [
                self.port_number(&join(&place, "source_port"), &table.source_port),
                self.port_number(&join(&place, "target_port"), &table.target_port),
            ],
            law,
        }
    }

    /// When packets are sent, how long they are, and the rate that this makes.
    fn datagrams(&mut self, place: &str, table: &FlowTable, count: u32) -> (ArrivalLaw, Offer) {
        self.refuse(place, "transfer or request is given", &[("interval", &table.interval)]);
        self.refuse(place, "transfer is given", &TcpDraft::keys(table));
        self.refuse(place, "request is given", &ExchangeDraft::keys(table));
        let words =
            [("constant", Word::Constant), ("poisson", Word::Poisson), ("on-off", Word::OnOff), ("trace", Word::Trace)];
        let word = self.reader.word(&join(place, "arrivals"), &table.arrivals, &words);
        if word != Word::Trace {
            self.refuse(place, "arrivals = \"trace\"", &[("trace", &table.trace)]);
        }
        if word != Word::OnOff {
            self.refuse(place, "arrivals = \"on-off\"", &[("on", &table.on), ("off", &table.off)]);
        }
        let arrivals = match word {
            Word::Constant => ArrivalLaw::Constant,
            Word::Poisson => ArrivalLaw::Poisson,
            Word::OnOff => ArrivalLaw::OnOff(self.on_off(place, table)),
            Word::Trace => return self.traced(place, table, count),
        };
        let rate: Option<Rate> = self.reader.quantity(&join(place, "rate"), &table.rate, "10 Mbps");
        (arrivals, Offer { sizes: self.sizes(&join(place, "size"), &table.size), rate })
    }

    /// Keys that are read only when something else is so.
    pub(super) fn refuse(&mut self, place: &str, only: &str, keys: &[(&str, &Leaf)]) {
        for (key, _) in keys.iter().filter(|(_, leaf)| leaf.is_some()) {
            self.reader.error(join(place, key), format!("is read only when {only}"), "leave it out");
        }
    }

    fn traced(&mut self, place: &str, table: &FlowTable, count: u32) -> (ArrivalLaw, Offer) {
        for (key, leaf) in [("rate", &table.rate), ("size", &table.size), ("diurnal", &table.diurnal)] {
            if leaf.is_some() {
                self.reader.error(join(place, key), "stands in the trace", "leave it out");
            }
        }
        let trace = self.trace(&join(place, "trace"), &table.trace, count);
        // The rate is the mean over the run.
        let horizon = self.network.horizon;
        let sizes = || trace.arrivals().iter().filter(|arrival| arrival.at < horizon).map(|one| u64::from(one.size));
        let (packets, bytes) = (sizes().count() as u64, sizes().sum::<u64>());
        let mean = Bytes((bytes / packets.max(1)).max(1));
        let bps = u128::from(bytes) * 8 * 1_000_000_000_000 / u128::from(horizon.as_ps().max(1));
        let rate = Rate::from_bps(u64::try_from(bps).unwrap_or(u64::MAX).max(1));
        let arrivals = ArrivalLaw::Trace(TraceOf { trace, index: 0 });
        (arrivals, Offer { sizes: SizeLaw::Constant(mean), rate })
    }

    pub(super) fn flow_ends(&mut self, place: &str, from: &Leaf, to: &Leaf) -> Option<[AttachmentId; 2]> {
        let from = self.refer(&join(place, "from"), from, "attachment", |n: &Names| &n.attachments);
        let to = self.refer(&join(place, "to"), to, "attachment", |n: &Names| &n.attachments);
        if from.is_some() && from == to {
            self.reader.error(join(place, "to"), "is where it comes from", "name another attachment");
            self.all_named = false;
        }
        Some([from?, to?])
    }

    /// Makes entries and their five-tuples, in order of entry name.
    pub(super) fn build_flows(&mut self, drafts: &[FlowDraft]) {
        let mut entries: Vec<(String, &FlowDraft, Direction)> = Vec::new();
        for draft in drafts {
            entries.push((draft.name.clone(), draft, Direction::OneWay));
            if draft.direction == Direction::Both || draft.carriage.way_back() == FlowRole::Answers {
                entries.push((format!("{}{REVERSE}", draft.name), draft, Direction::Both));
            }
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, draft, direction) in &entries {
            self.build_entry(name, draft, *direction);
        }
        self.pair_reverses();
    }

    fn build_entry(&mut self, name: &str, draft: &FlowDraft, direction: Direction) {
        let Some(forward) = &draft.ends else { return };
        let place = join("flows", &draft.name);
        let Some(connection) = self.connection_of(&place, draft, forward) else { return };
        let entry = FlowEntryId::from_index(self.network.flow_entries.len());
        let first = FlowId::from_index(self.network.flows.len());
        let (offer, role) = match direction {
            Direction::OneWay => (&draft.offers[0], FlowRole::Data),
            Direction::Both => (&draft.offers[1], draft.carriage.way_back()),
        };
        let rate = offer.rate.unwrap_or_else(|| self.capacity(&forward[0]));
        let interval = interval(rate, draft.count, &offer.sizes);
        let transports = [false, true].map(|is_ipv6| draft.carriage.transport(is_ipv6));
        for index in 0..draft.count {
            let ends = pair(forward, index);
            let prefixes = self.prefix_pair(ends).expect("every pair was looked at");
            let is_ipv6 = matches!(prefixes[0].0, IpNet::V6(_));
            let transport = transports[usize::from(is_ipv6)].clone();
            let (hosts, ports) = tuple(draft, prefixes.map(|(prefix, _)| prefix), index);
            let (ends, hosts, ports) = match direction {
                Direction::OneWay => (ends, hosts, ports),
                Direction::Both => ([ends[1], ends[0]], [hosts[1], hosts[0]], [ports[1], ports[0]]),
            };
            let way = Way { ends, connection };
            let label = format!("{name}#{index:04}");
            let flow = self.make_flow(label, role, &way, hosts, ports, (draft.protocol, &draft.law, interval));
            let arrivals = match flow.arrivals {
                ArrivalLaw::Trace(TraceOf { trace, .. }) => ArrivalLaw::Trace(TraceOf { trace, index }),
                law @ (ArrivalLaw::Constant
                | ArrivalLaw::Poisson
                | ArrivalLaw::OnOff(_)
                | ArrivalLaw::Once
                | ArrivalLaw::Closed(_)) => law,
            };
            let sizes = offer.sizes.clone();
            self.network.flows.push(Flow { entry: Some(entry), arrivals, sizes, transport, ..flow });
        }
        let [from, to] = match direction {
            Direction::OneWay => forward.clone(),
            Direction::Both => [forward[1].clone(), forward[0].clone()],
        };
        let (name, count) = (name.to_owned(), draft.count);
        self.network.flow_entries.push(FlowEntry { name, from, to, connection, rate, first, count });
    }

    /// The connection that all five-tuples of an entry cross, if they cross one; `None` with a problem when some pair
    /// of its ends cannot talk.
    fn connection_of(
        &mut self,
        place: &str,
        draft: &FlowDraft,
        ends: &[Vec<AttachmentId>; 2],
    ) -> Option<Option<ConnectionId>> {
        let room = u64::from(u16::MAX - draft.ports[0]) + 1;
        let mut common = None;
        for pair in (0..draft.count).map(|index| pair(ends, index)) {
            let Some([_, (target, _)]) = self.prefix_pair(pair) else {
                self.no_family(place, pair);
                return None;
            };
            if u64::from(draft.count).div_ceil(room) > host_count(&target) {
                let message =
                    format!("{} five-tuples do not fit the ports and addresses of its attachments", draft.count);
                self.reader.error(join(place, "count"), message, "lower the count or the source_port");
                return None;
            }
            let connection = self.connection_between(place, pair)?;
            if *common.get_or_insert(connection) != connection {
                let message = "its five-tuples would cross different connections";
                self.reader.error(place, message, "write one entry for each connection");
                return None;
            }
        }
        common
    }

    /// What the links of some attachments carry together.
    fn capacity(&self, attachments: &[AttachmentId]) -> Rate {
        let edges = attachments.iter().map(|attachment| self.network.attachments[*attachment].edge);
        let links = edges.flat_map(|edge| &self.network.routers[edge].links).map(|link| &self.network.links[*link]);
        let ports = links.flat_map(|link| &link.members).map(|member| &self.network.ports[member.ports[0]]);
        let one = Rate::from_bps(1).expect("not zero");
        Rate::from_bps(ports.map(|port| port.rate.as_bps()).sum()).unwrap_or(one)
    }

    pub(super) fn make_flow(
        &self,
        name: String,
        role: FlowRole,
        way: &Way,
        hosts: [IpAddr; 2],
        ports: [u16; 2],
        (protocol, law, interval): (u8, &Law, Span),
    ) -> Flow {
        let target = &self.network.attachments[way.ends[1]];
        Flow {
            name,
            entry: None,
            role,
            source: hosts[0],
            target: hosts[1],
            protocol,
            source_port: ports[0],
            target_port: ports[1],
            edge: self.network.attachments[way.ends[0]].edge,
            destination: self.longest_match(target, hosts[1]),
            connection: way.connection,
            arrivals: law.arrivals.clone(),
            interval,
            sizes: law.sizes.clone(),
            diurnal: law.diurnal.clone(),
            transport: Transport::Datagrams,
            start: law.start,
            stop: law.stop,
            ttl: law.ttl,
            traffic_class: law.traffic_class,
            reverse: None,
        }
    }

    /// The longest prefix that holds a host of an attachment: its own, or one of another within it.
    fn longest_match(&self, target: &Attachment, host: IpAddr) -> DestinationId {
        let mut longest = target.table.longest_match(host).expect("targets are hosts of a prefix");
        let within = |outer: DestinationId| {
            let destination = |id: &DestinationId| &self.network.destinations[*id];
            let holds =
                |id: &&DestinationId| destination(id).covering == Some(outer) && destination(id).prefix.contains(&host);
            self.nested.iter().find(holds).copied()
        };
        while let Some(inner) = within(longest) {
            longest = inner;
        }
        longest
    }

    /// The first prefixes of one family at both ends.
    pub(super) fn prefix_pair(&self, ends: [AttachmentId; 2]) -> Option<[(IpNet, DestinationId); 2]> {
        let [from, to] = ends.map(|end| &self.network.attachments[end].prefixes);
        let family = |prefix: &IpNet| matches!(prefix, IpNet::V4(_));
        from.iter().find_map(|a| {
            let b = to.iter().find(|b| family(&a.0) == family(&b.0))?;
            Some([*a, *b])
        })
    }

    pub(super) fn no_family(&mut self, place: &str, ends: [AttachmentId; 2]) {
        // What has no prefix at all was told before.
        if ends.into_iter().all(|end| !self.network.attachments[end].prefixes.is_empty()) {
            let message = "its attachments have no address family in common";
            self.reader.error(place, message, "give both an IPv4 or both an IPv6 prefix");
        }
    }

    /// The first connection, by name, that joins two attachments; none is needed inside one provider, and between two
    /// that peer. `None` with a problem when there is none.
    pub(super) fn connection_between(&mut self, place: &str, ends: [AttachmentId; 2]) -> Option<Option<ConnectionId>> {
        let attachments = ends.map(|end| &self.network.attachments[end]);
        if attachments[0].provider == attachments[1].provider {
            return Some(None);
        }
        let joins = |sides: &[Vec<AttachmentId>; 2]| {
            (sides[0].contains(&ends[0]) && sides[1].contains(&ends[1]))
                || (sides[0].contains(&ends[1]) && sides[1].contains(&ends[0]))
        };
        let found = self.network.connections.enumerate().find(|(_, connection)| joins(&connection.attachments));
        if found.is_none() && attachments.iter().all(|attachment| self.peers(attachment.provider)) {
            return Some(None);
        }
        if found.is_none() {
            let names = attachments.map(|attachment| attachment.name.clone());
            let message = format!("no connection joins {:?} and {:?}", names[0], names[1]);
            self.reader.error(place, message, "name both in the attachments of one connection");
        }
        found.map(|(id, _)| Some(id))
    }

    /// Whether a provider has a peering link.
    fn peers(&self, provider: ProviderId) -> bool {
        self.peerings().any(|pair| pair.contains(&provider))
    }

    fn pair_reverses(&mut self) {
        let network = &mut self.network;
        let mut pairs: Vec<(FlowId, FlowId)> = Vec::new();
        for entry in &network.flow_entries {
            let name = format!("{}{REVERSE}", entry.name);
            if let Some(reverse) = network.flow_entries.iter().find(|other| other.name == name) {
                pairs.extend(entry.flows().zip(reverse.flows()));
            }
        }
        for (a, b) in pairs {
            network.flows[a].reverse = Some(b);
            network.flows[b].reverse = Some(a);
        }
    }
}

/// Mean time between the packets of one of `count` five-tuples that offer `rate` together.
fn interval(rate: Rate, count: u32, sizes: &SizeLaw) -> Span {
    let (bytes, packets) = sizes.mean();
    let bits = u128::from(bytes) * 8 * u128::from(count);
    let divisor = u128::from(packets) * u128::from(rate.as_bps());
    let ps = (bits * 1_000_000_000_000 + divisor / 2) / divisor;
    Span::from_ps(u64::try_from(ps).unwrap_or(u64::MAX).max(1))
}

/// Hosts and ports of a five-tuple: source ports count up from the first, source hosts with them, and target
/// hosts each time the ports are used up, so that no two are alike.
fn tuple(draft: &FlowDraft, prefixes: [IpNet; 2], index: u32) -> ([IpAddr; 2], [u16; 2]) {
    let index = u64::from(index);
    let room = u64::from(u16::MAX - draft.ports[0]) + 1;
    let port = u16::try_from(u64::from(draft.ports[0]) + index % room).expect("within the room");
    let number = |end| named_hash(&["flow", &draft.name, end]) >> 32;
    let source = host(&prefixes[0], number("source") + index);
    let target = host(&prefixes[1], number("target") + index / room);
    ([source, target], [port, draft.ports[1]])
}
