//! Checks of the design as a whole, on the network that would be built.

mod sizes;

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::read::Reader;
use super::resolve::written_name;
use super::source::join;
use crate::ids::{AttachmentId, FlowEntryId, FlowId, InterconnectId, LinkId, RouterId, SessionId};
use crate::network::graph::{
    ShortestPaths, SinglePoint, Transit, all_joined, cut_links, is_joined, single_points_of_failure,
};
use crate::network::{
    Attachment, Buffer, Connection, ControlLimit, Fidelity, Flow, FlowEntry, Interconnect, InterconnectKind, Link,
    LinkKind, Network, Port, RouterRole, Session, SessionKind, SizeLaw, Transport,
};
use crate::units::{Bytes, Rate, Span};

/// Reports what is wrong, or risky, about the design.
pub(super) fn check(network: &Network, reader: &mut Reader) {
    clock(network, reader);
    rates(network, reader);
    overlaps(network, reader);
    smallest_packets(network, reader);
    for interconnect in &network.interconnects {
        match interconnect.kind {
            InterconnectKind::Managed => managed(network, interconnect, reader),
            InterconnectKind::Custom => {}
        }
    }
    paths(network, reader);
    borders_in_the_way(network, reader);
    loads(network, reader);
    efforts(network, reader);
    five_tuples(network, reader);
    sizes::common_ground(network, reader);
    sizes::too_large(network, reader);
}

/// Only traffic that does not listen can go by as rates; `auto` sends all as packets while something listens. Control
/// messages that share a bucket with data share it with packets.
fn rates(network: &Network, reader: &mut Reader) {
    if network.fidelity == Fidelity::Flow && network.flows.iter().any(Flow::listens) {
        let message = "transfers and exchanges follow the fate of every packet, which rates do not know";
        reader.error("fidelity", message, "write \"auto\" or \"packet\", or take them out");
    }
    let counts = |connection: &&Connection| connection.rate_limit.control == ControlLimit::Counted;
    for connection in network.connections.iter().filter(counts) {
        if network.fidelity != Fidelity::Packet {
            let at = format!("connections.{}.rate_limit.control", connection.name);
            let message = "rates take no tokens, so that no control message would find too few";
            reader.error(at, message, "write fidelity = \"packet\", or \"exempt\"");
        }
    }
}

fn clock(network: &Network, reader: &mut Reader) {
    let horizon = network.horizon;
    if horizon == Span::ZERO {
        reader.error("horizon", "is zero", "write for example \"150 s\"");
    }
    if network.warm_up.checked_add(horizon).is_none() {
        reader.beyond_clock("horizon", &horizon.to_string());
    }
    if network.bin == Span::ZERO || horizon.as_ps() / network.bin.as_ps().max(1) > 1_000_000 {
        let message = format!("{} cuts the run into too many bins", network.bin);
        reader.error("bin", message, format!("write for example \"{}\"", horizon.scaled(1, 300)));
    }
    for entry in &network.flow_entries {
        if network.flows[entry.first].start >= horizon {
            let place = join(&join("flows", written_name(&entry.name)), "start");
            reader.error(place, "is not before the end of the run", "start earlier, or make the horizon longer");
        }
    }
}

/// RFC 791 3.1: every host takes packets of 576 bytes, so routing protocols count on them.
const LEAST_MTU: Bytes = Bytes(576);

/// BGP messages are packets like others and must fit every link on their way.
fn smallest_packets(network: &Network, reader: &mut Reader) {
    for link in &network.links {
        let carries = |(id, session): (SessionId, &Session)| match (session.kind, link.kind) {
            (SessionKind::External(_) | SessionKind::Peering(_), _) => {
                network.external_link(id).is_some_and(|own| network.links[own].name == link.name)
            }
            (SessionKind::Internal(provider), LinkKind::Backbone | LinkKind::Attachment) => {
                network.routers[link.ends[0]].provider == provider
            }
            (SessionKind::Internal(_), LinkKind::Channel(_) | LinkKind::Peering) => false,
        };
        let mtu = network.ports[link.members[0].ports[0]].mtu;
        if mtu < LEAST_MTU && network.sessions.enumerate().any(carries) {
            let message = format!("{mtu} is below the {LEAST_MTU} that BGP sessions over this link need (RFC 791)");
            reader.error(join(&link_place(&link.name), "mtu"), message, "write \"576 B\" or more");
        }
    }
}

/// Two attachments that can reach each other must not claim the same prefix; one within another is the longest match's.
fn overlaps(network: &Network, reader: &mut Reader) {
    let claims = |(id, attachment): (AttachmentId, &Attachment)| {
        attachment.prefixes.iter().map(move |(prefix, _)| (*prefix, id)).collect::<Vec<_>>()
    };
    let mut claims: Vec<(IpNet, AttachmentId)> = network.attachments.enumerate().flat_map(claims).collect();
    claims.sort_unstable();
    let mut clashes: BTreeMap<[AttachmentId; 2], IpNet> = BTreeMap::new();
    for same in claims.chunk_by(|one, other| one.0 == other.0) {
        for (index, (prefix, second)) in same.iter().enumerate() {
            let firsts = same[..index].iter().map(|(_, first)| *first);
            for first in firsts.filter(|first| network.can_reach(*first, *second)) {
                clashes.entry([first, *second]).or_insert(*prefix);
            }
        }
    }
    for ([first, second], prefix) in clashes {
        let [first, second] = [first, second].map(|id| &network.attachments[id].name);
        let place = format!("attachments.{second}.prefixes");
        let message = format!("{prefix} is a prefix of {first:?}, too, which it can reach");
        reader.error(place, message, "give them prefixes apart, or one within the other");
    }
}

/// The rules of the service's specification for a redundancy group.
fn managed(network: &Network, interconnect: &Interconnect, reader: &mut Reader) {
    let place = join("interconnects", &interconnect.name);
    let custom = "or write kind = \"custom\"";
    let channels = &interconnect.channels;
    if channels.is_empty() {
        return;
    }
    if channels.len() < 4 {
        let message = format!("a managed interconnect has at least 4 channels, this one {}", channels.len());
        reader.error(&place, message, format!("add channels, {custom}"));
    }
    let capacity = |link: LinkId| capacity(network, link);
    if let Some(other) = channels.iter().find(|link| capacity(**link) != capacity(channels[0])) {
        let names = [channels[0], *other].map(|link| &network.links[link].name);
        let message = format!("channels {:?} and {:?} have different capacity", names[0], names[1]);
        reader.error(&place, message, format!("make members and rates equal, {custom}"));
    }
    let mut ends: BTreeMap<_, usize> = BTreeMap::new();
    for end in channels.iter().flat_map(|link| network.links[*link].ends) {
        *ends.entry(end).or_default() += 1;
    }
    for (router, count) in ends.iter().filter(|(_, count)| **count > 1) {
        let message = format!("router {:?} ends {count} of its channels", network.routers[*router].name);
        reader.error(&place, message, format!("give each channel its own pair of routers, {custom}"));
    }
    for link in channels.iter().map(|link| &network.links[*link]) {
        let open = |port: &Port| port.macsec.is_none();
        if link.members.iter().any(|member| open(&network.ports[member.ports[0]])) {
            let message = format!("channel {:?} has no MACsec", link.name);
            reader.error(&place, message, format!("leave macsec out or write a table, {custom}"));
        }
    }
    buildings(network, &place, channels, reader);
}

fn buildings(network: &Network, place: &str, channels: &[LinkId], reader: &mut Reader) {
    let custom = "or write kind = \"custom\"";
    let of = |link: &LinkId| network.links[*link].ends.map(|end| network.routers[end].facility);
    let all: BTreeSet<_> = channels.iter().flat_map(of).collect();
    if all.contains(&None) {
        reader.error(place, "a border router stands in no facility", format!("give each one a facility, {custom}"));
        return;
    }
    for facility in all.into_iter().flatten() {
        if channels.iter().all(|link| of(link).contains(&Some(facility))) {
            let message = format!("every channel ends in facility {:?}", network.facilities[facility].name);
            reader.error(place, message, format!("spread channels over two or more facilities, {custom}"));
        }
    }
}

fn capacity(network: &Network, link: LinkId) -> u128 {
    let members = &network.links[link].members;
    let rate = |port: &Port| u128::from(port.rate.as_bps());
    members.iter().map(|member| rate(&network.ports[member.ports[0]])).sum()
}

/// Attachments that flows or connections join must have a path; what alone can cut a connection is named.
fn paths(network: &Network, reader: &mut Reader) {
    for entry in &network.flow_entries {
        if entry.connection.is_none() && !all_joined(network, &entry.from, &entry.to) {
            let place = join("flows", written_name(&entry.name));
            reader.error(place, "no path leads from its source to its target", "add links between their routers");
        }
    }
    for (id, connection) in network.connections.enumerate() {
        let place = join("connections", &connection.name);
        for from in &connection.attachments[0] {
            for to in &connection.attachments[1] {
                if !is_joined(network, [*from, *to], Some(connection.interconnect)) {
                    let names = [from, to].map(|attachment| &network.attachments[*attachment].name);
                    let message = format!("no path leads from {:?} to {:?}", names[0], names[1]);
                    reader.error(&place, message, "add links between their routers");
                }
            }
        }
        let points = single_points_of_failure(network, id);
        if !points.is_empty() {
            let names: Vec<String> = points.into_iter().map(|point| point_name(network, point)).collect();
            let message = format!("single points of failure: {}", names.join(", "));
            reader.warning(place, message, "each of them alone can cut the connection");
        }
    }
}

/// Border routers have no iBGP among themselves, so one that stands in the way to another drops what it should pass on
/// while its own channels are down.
fn borders_in_the_way(network: &Network, reader: &mut Reader) {
    for (provider, configured) in network.providers.enumerate() {
        let internal = || network.sessions.iter().filter(|session| session.kind == SessionKind::Internal(provider));
        if internal().next().is_none() {
            continue;
        }
        let routers: Vec<RouterId> =
            network.routers.enumerate().filter(|(_, router)| router.provider == provider).map(|(id, _)| id).collect();
        let inside = |link: &Link| link.ends.iter().all(|end| network.routers[*end].provider == provider);
        let links: Vec<(LinkId, [RouterId; 2])> =
            network.links.enumerate().filter(|(_, link)| inside(link)).map(|(id, link)| (id, link.ends)).collect();
        let paths = |border: Transit| {
            ShortestPaths::compute(&routers, &links, |router| match network.routers[router].role {
                RouterRole::Edge(_) => Transit::No,
                RouterRole::Backbone => Transit::Yes,
                RouterRole::Border => border,
            })
        };
        let (through, around) = (paths(Transit::Yes), paths(Transit::No));
        let in_the_way: BTreeSet<&str> = internal()
            .map(|session| session.ends.each_ref().map(|end| end.router))
            .flat_map(|[one, other]| [[one, other], [other, one]])
            .filter(|[from, to]| through.first_hops(*from, *to) != around.first_hops(*from, *to))
            .map(|ends| ends.into_iter().find(|end| network.routers[*end].role == RouterRole::Border))
            .filter_map(|border| border.map(|border| network.routers[border].name.as_str()))
            .collect();
        if !in_the_way.is_empty() {
            let names: Vec<&str> = in_the_way.into_iter().collect();
            let message = format!("the way to border router {} leads through another border router", names.join(", "));
            let remedy = "write internal_sessions = \"full-mesh\", or join it to the backbone or attachment itself";
            reader.warning(join("providers", &configured.name), message, remedy);
        }
    }
}

fn point_name(network: &Network, point: SinglePoint) -> String {
    match point {
        SinglePoint::Facility(id) => format!("facility {}", network.facilities[id].name),
        SinglePoint::Router(id) => format!("router {}", network.routers[id].name),
        SinglePoint::Link(id) => format!("link {}", network.links[id].name),
    }
}

/// Two attachments and the interconnect that may be used between them.
type Pair = ([AttachmentId; 2], Option<InterconnectId>);

/// A queue without end must not be offered more than it can send: it would only grow. Entries between groups are not
/// followed.
fn loads(network: &Network, reader: &mut Reader) {
    if network.ports.iter().all(|port| port.buffer != Buffer::Unlimited) {
        return;
    }
    let mut offered: BTreeMap<(LinkId, usize), Vec<FlowEntryId>> = BTreeMap::new();
    let mut known: BTreeMap<Pair, Vec<(LinkId, usize)>> = BTreeMap::new();
    // Transfers send as much as the network lets them, so they never offer a queue too much for ever.
    let is_offered = |entry: &FlowEntry| matches!(network.flows[entry.first].transport, Transport::Datagrams);
    for (id, entry) in network.flow_entries.enumerate().filter(|(_, entry)| is_offered(entry)) {
        let across = entry.connection.map(|id| network.connections[id].interconnect);
        let ([from], [to]) = (entry.from.as_slice(), entry.to.as_slice()) else { continue };
        let ends = [*from, *to];
        let cuts = known
            .entry((ends, across))
            .or_insert_with(|| cut_links(network, ends, across).into_iter().map(|cut| (cut.link, cut.end)).collect());
        for cut in cuts.iter() {
            offered.entry(*cut).or_default().push(id);
        }
    }
    for ((link, end), entries) in offered {
        let port = &network.ports[network.links[link].members[0].ports[end]];
        if port.buffer != Buffer::Unlimited {
            continue;
        }
        let (load, capacity) = (peak(network, &entries, port), capacity(network, link));
        if load >= capacity {
            let place = link_place(&network.links[link].name);
            let [load, capacity] = [load, capacity].map(|bps| {
                let rate = u64::try_from(bps).ok().and_then(Rate::from_bps);
                rate.map_or_else(|| format!("{bps} bps"), |rate| rate.to_string())
            });
            let message = format!("is offered {load} on the wire, not below its {capacity}, with an unlimited buffer");
            reader.error(place, message, "lower the flows' rates, or give the link a buffer");
        }
    }
}

/// More packets than a run of hours can send.
const MANY_PACKETS: u128 = 10_000_000_000;

/// Warns of runs that would hardly end, and of flows that their own attachment cannot send.
fn efforts(network: &Network, reader: &mut Reader) {
    let sent = |flow: &Flow| {
        let sending = flow.stop.as_ps().saturating_sub(flow.start.as_ps());
        u128::from(sending / flow.interval.as_ps().max(1))
    };
    let packets: u128 = network.flows.iter().map(sent).sum();
    if packets > MANY_PACKETS {
        let message = format!("about {packets} packets are to be sent, which takes hours or longer");
        reader.warning("flows", message, "lower the rates, or make the horizon shorter");
    }
    for entry in &network.flow_entries {
        let edges = entry.from.iter().map(|attachment| network.attachments[*attachment].edge);
        let most: u128 = edges.flat_map(|edge| &network.routers[edge].links).map(|link| capacity(network, *link)).sum();
        if u128::from(entry.rate.as_bps()) > most {
            let place = join(&join("flows", written_name(&entry.name)), "rate");
            let message = format!("{} is more than the links of its attachment carry together", entry.rate);
            reader.warning(place, message, "lower it, or raise the rate of the attachment");
        }
    }
}

/// "links.x", or the attachment whose zone link it is.
fn link_place(name: &str) -> String {
    name.split_once('/').map_or_else(|| join("links", name), |(attachment, _)| join("attachments", attachment))
}

/// Most bits per second on the wire at any time; the load changes only when an entry starts.
fn peak(network: &Network, entries: &[FlowEntryId], port: &Port) -> u128 {
    let windows: Vec<(Span, Span, u128)> = entries
        .iter()
        .map(|entry| {
            let flow = &network.flows[network.flow_entries[*entry].first];
            let load = on_the_wire(network.flow_entries[*entry].rate, &flow.sizes, port);
            (flow.start, flow.stop, load)
        })
        .collect();
    let at =
        |time: Span| windows.iter().filter(|(start, stop, _)| (*start..*stop).contains(&time)).map(|(.., l)| l).sum();
    windows.iter().map(|(start, ..)| at(*start)).max().unwrap_or(0)
}

/// A rate of IP packets with what the wire adds to each.
fn on_the_wire(rate: Rate, sizes: &SizeLaw, port: &Port) -> u128 {
    let wire = |size: u64| port.wire_size(Bytes(size)).0;
    let (bytes, packets) = match sizes {
        // Padding aside, the mean on the wire is that of the mean size.
        SizeLaw::Constant(size) | SizeLaw::Exponential(size) => (wire(size.0), 1),
        SizeLaw::Imix => (7 * wire(40) + 4 * wire(576) + wire(1500), 12),
        SizeLaw::Weighted(sizes) => sizes.mean(|size| wire(size.0)),
    };
    let (mean_bytes, mean_packets) = sizes.mean();
    let share = u128::from(mean_bytes) * u128::from(packets);
    u128::from(rate.as_bps()) * u128::from(bytes) * u128::from(mean_packets) / share.max(1)
}

/// Two flows with one five-tuple could not be told apart by a router.
fn five_tuples(network: &Network, reader: &mut Reader) {
    let tuple = |flow: &Flow| (flow.source, flow.target, flow.protocol, flow.source_port, flow.target_port);
    let mut order: Vec<FlowId> = network.flows.ids().collect();
    order.sort_unstable_by_key(|id| (tuple(&network.flows[*id]), *id));
    let alike = |pair: &&[FlowId]| tuple(&network.flows[pair[0]]) == tuple(&network.flows[pair[1]]);
    let Some(&[other, flow]) = order.windows(2).filter(alike).min_by_key(|pair| pair[1]) else { return };
    let [flow, other] = [flow, other].map(|id| &network.flows[id]);
    let entry = flow.entry.map(|entry| &network.flow_entries[entry].name);
    let place = entry.map_or_else(|| "monitors".to_owned(), |entry| join("flows", written_name(entry)));
    let message = format!("five-tuple {:?} is that of {:?} too", flow.name, other.name);
    reader.error(place, message, "set source_port or target_port apart");
}
