//! What providers can agree on, and packets that fit on no way.

use super::link_place;
use crate::ids::{AttachmentId, InterconnectId, LinkId};
use crate::network::graph::largest_packet;
use crate::network::{
    AdminState, FeatureRequest, FlowRole, L3BaseConfig, LinkKind, Network, NoCommonGround, Provisioning, SizeLaw,
    negotiate,
};
use crate::scenario::read::Reader;
use crate::scenario::resolve::written_name;
use crate::scenario::source::join;
use crate::units::{Bytes, Span};

/// What two providers agree on for the first connection on a channel, at a scenario time.
fn agreed(network: &Network, channel: LinkId, id: InterconnectId, at: Span) -> Result<L3BaseConfig, NoCommonGround> {
    let providers = network.interconnects[id].providers;
    negotiate(&FeatureRequest {
        guidance: providers.map(|provider| network.guidance.of(provider, channel, at)),
        asns: providers.map(|provider| network.providers[provider].asn),
        answering: 1,
        largest: own_largest(network, channel),
        vlans_taken: &[],
        subnets_taken: &[],
    })
}

fn own_largest(network: &Network, link: LinkId) -> Bytes {
    network.ports[network.links[link].members[0].ports[0]].largest_packet()
}

/// The largest packet that a link ever carries: on a channel what the two providers agree on, if they do.
fn ever_carried(network: &Network, link: LinkId) -> Bytes {
    let own = own_largest(network, link);
    let LinkKind::Channel(id) = network.links[link].kind else { return own };
    let changes = network.interconnects[id].providers.map(|provider| network.guidance.changes(provider, link));
    let times = std::iter::once(Span::ZERO).chain(changes.into_iter().flatten());
    let handed_off = times.filter_map(|at| agreed(network, link, id, at).ok()).map(|config| config.mtu).max();
    handed_off.unwrap_or(own)
}

/// Channels for which the providers of a connection have nothing in common: its feature there is never agreed on.
pub(super) fn common_ground(network: &Network, reader: &mut Reader) {
    for plan in &network.provisioning {
        let connection = &network.connections[plan.connection];
        let without: Vec<(LinkId, NoCommonGround)> = plan
            .channels
            .iter()
            .filter(|channel| channel.admin != AdminState::Disabled(None))
            .filter_map(|channel| {
                let at = channel.reconsidered.unwrap_or(Span::ZERO);
                agreed(network, channel.link, connection.interconnect, at).err().map(|reason| (channel.link, reason))
            })
            .collect();
        for (link, reason) in &without {
            let message = format!("has no feature on {:?}: {reason}", network.links[*link].name);
            let remedy = format!("{}, or expect it", outlook(plan, without.len()));
            reader.warning(join("provisioning", &connection.name), message, remedy);
        }
    }
}

/// What becomes of a connection with so many channels that have no common ground.
fn outlook(plan: &Provisioning, without: usize) -> &'static str {
    let disabled = plan.channels.iter().filter(|channel| channel.admin == AdminState::Disabled(None)).count();
    let (all, left) = (plan.channels.len(), plan.channels.len() - disabled - without);
    match (plan.create, left * 4 >= all * 3) {
        (Some(_), false) => "it will fail: widen the guidance of one of the two providers",
        (Some(_), true) | (None, _) => "widen the guidance of one of the two providers",
    }
}

/// Flows and probes of which every packet is larger than what any way carries: a black hole, which may be meant.
pub(super) fn too_large(network: &Network, reader: &mut Reader) {
    let Some(least) = network.links.ids().map(|link| ever_carried(network, link)).min() else { return };
    let warn = |reader: &mut Reader, place: String, size: Bytes, ends: [AttachmentId; 2], across| {
        let Some((largest, stopping)) = largest_packet(network, ends, across, |link| ever_carried(network, link))
        else {
            return;
        };
        if size <= largest {
            return;
        }
        let [from, to] = ends.map(|end| &network.attachments[end].name);
        let names: Vec<String> = stopping.iter().map(|link| format!("{:?}", network.links[*link].name)).collect();
        let more = if names.len() > 1 { format!(" and {} more", names.len() - 1) } else { String::new() };
        let message = format!(
            "every packet of {size} will be dropped as too big: from {from:?} to {to:?} no way takes more than {largest} \
             ({}{more})",
            names.first().map_or("", String::as_str)
        );
        let raise = stopping.first().map_or_else(String::new, |link| {
            if own_largest(network, *link) > largest {
                format!("raise mtus in the guidance for {}", network.links[*link].name)
            } else {
                format!("raise {}.mtu", link_place(&network.links[*link].name))
            }
        });
        reader.warning(place, message, format!("send {largest} or less, or {raise}"));
    };
    for entry in &network.flow_entries {
        let smallest = smallest_packet(&network.flows[entry.first].sizes);
        let Some(size) = smallest.filter(|size| *size > least) else { continue };
        let across = entry.connection.map(|id| network.connections[id].interconnect);
        // Groups are not followed: some of their pairs may fit.
        if let ([from], [to]) = (entry.from.as_slice(), entry.to.as_slice()) {
            warn(reader, join("flows", written_name(&entry.name)), size, [*from, *to], across);
        }
    }
    for monitor in &network.monitors {
        let flow = &network.flows[monitor.request];
        let Some(size) = smallest_packet(&flow.sizes).filter(|size| *size > least) else { continue };
        let of_edge = |edge| network.attachments.enumerate().find(|(_, one)| one.edge == edge).map(|(id, _)| id);
        let ends = [of_edge(flow.edge), of_edge(network.destinations[flow.destination].router)];
        let across = flow.connection.map(|id| network.connections[id].interconnect);
        if let ([Some(from), Some(to)], FlowRole::ProbeRequest(_)) = (ends, flow.role) {
            warn(reader, join("monitors", &monitor.name), size, [from, to], across);
        }
    }
}

/// The smallest packet that a law makes, where it has one that matters.
fn smallest_packet(sizes: &SizeLaw) -> Option<Bytes> {
    match sizes {
        SizeLaw::Constant(size) => Some(*size),
        SizeLaw::Weighted(sizes) => Some(sizes.smallest()),
        // 40 bytes; and an exponential law makes small packets, too.
        SizeLaw::Imix | SizeLaw::Exponential(_) => None,
    }
}
