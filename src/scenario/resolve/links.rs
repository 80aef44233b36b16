//! Links, their members and ports, and the zone links of attachments.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Names, Resolver, link_id, zone_link};
use crate::ids::{InterconnectId, LinkId, RouterId};
use crate::network::{
    Agreement, BfdConfig, Buffer, Framing, LacpRate, Link, LinkKind, MacsecConfig, Member, Port, Queueing, RouterRole,
};
use crate::scenario::file::{AttachmentTable, Leaf, LinkTable, Switch};
use crate::scenario::read::peek_list;
use crate::scenario::source::join;
use crate::units::{Bytes, Length, Rate, Span};

/// A link as read; its ports are made once every name is known.
#[derive(Debug)]
pub(super) struct LinkDraft {
    pub name: String,
    pub place: String,
    pub ends: Option<[RouterId; 2]>,
    pub interconnect: Option<InterconnectId>,
    pub members: usize,
    pub min_links: usize,
    pub carrier: [Span; 2],
    pub bfd: Option<BfdConfig>,
    pub micro_bfd: Option<BfdConfig>,
    pub lacp: Option<LacpRate>,
    pub wire: Wire,
}

impl LinkDraft {
    /// Whether MACsec keys are agreed by messages.
    pub fn has_mka(&self) -> bool {
        self.wire.macsec.is_some_and(|[config, _]| matches!(config.agreement, Agreement::Mka(_)))
    }
}

/// What all ports of a link have in common.
#[derive(Debug)]
pub(super) struct Wire {
    rate: Rate,
    buffer: Buffer,
    queueing: Option<Arc<Queueing>>,
    mtu: Bytes,
    framed: Framed,
    /// By sending end.
    macsec: Option<[MacsecConfig; 2]>,
    propagation: Span,
}

#[derive(Debug, Clone, Copy)]
enum Framed {
    Ethernet,
    Bare,
}

/// Beyond any port sold: 400 Gbps and 800 Gbps exist, 1.6 Tbps is near.
const FASTEST_BPS: u64 = 10_000_000_000_000;

impl Resolver<'_> {
    /// Reads `[links]` and the zone links of `[attachments]` in one order of name.
    pub(super) fn links(&mut self) {
        let mut drafts: BTreeMap<String, LinkDraft> = BTreeMap::new();
        for (name, table) in &self.file.links {
            drafts.insert(name.clone(), self.link(name, table));
        }
        for (name, table) in &self.file.attachments {
            for draft in self.zone_links(name, table) {
                if let Some(other) = drafts.insert(draft.name.clone(), draft) {
                    self.reader.error(&other.place, "is also the name of a zone link", "give the link another name");
                }
            }
        }
        self.names.links = drafts.keys().cloned().collect();
        self.links = drafts.into_values().collect();
    }

    fn link(&mut self, name: &str, table: &LinkTable) -> LinkDraft {
        let place = join("links", name);
        let ends = self.ends(&join(&place, "between"), table);
        let interconnect = if table.interconnect.is_some() {
            // Interconnects are resolved after links, but their names are known.
            self.names.interconnects = super::names_of(&self.file.interconnects);
            self.refer(&join(&place, "interconnect"), &table.interconnect, "interconnect", |n: &Names| &n.interconnects)
        } else {
            None
        };
        let members = self.reader.number(&join(&place, "members"), &table.members, 1, 64);
        let min_links = self.reader.number(&join(&place, "min_links"), &table.min_links, 1, members);
        let carrier_down = self.reader.span_or_zero(&join(&place, "carrier_down"), &table.carrier_down, "10 ms");
        let carrier_up = self.reader.span_or_zero(&join(&place, "carrier_up"), &table.carrier_up, "200 ms");
        let bfd = self.bfd(&join(&place, "bfd"), table.bfd.as_ref());
        let micro_bfd = self.bfd(&join(&place, "micro_bfd"), table.micro_bfd.as_ref());
        let words = [("off", None), ("fast", Some(LacpRate::Fast)), ("slow", Some(LacpRate::Slow))];
        let lacp = self.reader.word(&join(&place, "lacp"), &table.lacp, &words);
        let wire = self.wire(&place, table);
        LinkDraft {
            name: name.to_owned(),
            place,
            ends,
            interconnect,
            members: usize::try_from(members).unwrap_or(1),
            min_links: usize::try_from(min_links).unwrap_or(1),
            carrier: [carrier_down, carrier_up],
            bfd,
            micro_bfd,
            lacp,
            wire,
        }
    }

    fn ends(&mut self, place: &str, table: &LinkTable) -> Option<[RouterId; 2]> {
        let names = self.reader.list(place, &table.between, "[\"r1\", \"r2\"]");
        let [a, b] = names.as_slice() else {
            self.all_named = false;
            // A list with something else than text in it has been refused already.
            if peek_list(&table.between).is_some_and(|items| items.len() == names.len()) {
                let message = format!("names {} routers", names.len());
                self.reader.error(place, message, "a link has two ends: write [\"r1\", \"r2\"]");
            }
            return None;
        };
        let [first, second]: [Option<RouterId>; 2] =
            [a, b].map(|name| self.named(place, name, "router", |n: &Names| &n.routers));
        if first.is_some() && first == second {
            self.reader.error(place, "both ends are the same router", "name two routers");
            self.all_named = false;
            return None;
        }
        Some([first?, second?])
    }

    /// An attachment has one link to each router it names; all are alike.
    fn zone_links(&mut self, name: &str, table: &AttachmentTable) -> Vec<LinkDraft> {
        let place = join("attachments", name);
        let at = join(&place, "routers");
        let routers = self.reader.list(&at, &table.routers, "[\"r1\", \"r2\"]");
        if routers.is_empty() {
            self.reader.error(&at, "no router joins the attachment", "write for example [\"r1\", \"r2\"]");
        }
        let alike = LinkTable {
            rate: table.rate.clone(),
            length: table.length.clone(),
            delay: table.delay.clone(),
            buffer: table.buffer.clone(),
            queueing: table.queueing.clone(),
            mtu: table.mtu.clone(),
            framing: table.framing.clone(),
            macsec: Some(Switch::Word("off".into())),
            ..LinkTable::default()
        };
        let carrier_down = self.reader.span_or_zero(&join(&place, "carrier_down"), &table.carrier_down, "10 ms");
        let carrier_up = self.reader.span_or_zero(&join(&place, "carrier_up"), &table.carrier_up, "200 ms");
        let bfd = self.bfd(&join(&place, "bfd"), table.bfd.as_ref());
        let edge = self.names.routers.binary_search(&name.to_owned()).ok();
        let edge = edge.map(<RouterId as crate::ids::Id>::from_index);
        let mut drafts = Vec::new();
        for router in routers {
            let end: Option<RouterId> = self.named(&at, &router, "router", |n: &Names| &n.routers);
            if end.is_some() && self.file.attachments.contains_key(&router) {
                self.reader.error(&at, format!("{router:?} is an attachment"), "name routers");
                self.all_named = false;
            }
            drafts.push(LinkDraft {
                name: zone_link(name, &router),
                place: place.clone(),
                ends: edge.zip(end).map(|(edge, end)| [edge, end]),
                interconnect: None,
                members: 1,
                min_links: 1,
                carrier: [carrier_down, carrier_up],
                bfd,
                micro_bfd: None,
                lacp: None,
                wire: self.wire(&place, &alike),
            });
        }
        drafts
    }

    fn wire(&mut self, place: &str, table: &LinkTable) -> Wire {
        let rate = self.link_rate(&join(place, "rate"), &table.rate);
        let propagation = self.propagation(place, &table.length, &table.delay);
        let mtu: Option<Bytes> = self.reader.quantity(&join(place, "mtu"), &table.mtu, "8500 B");
        // RFC 791: every link must carry 68 bytes; a packet's size is kept in 16 bits.
        if mtu.is_some_and(|mtu| !(68..=65_535).contains(&mtu.0)) {
            let remedy = "write \"68 B\" to \"65535 B\"";
            self.reader.error(join(place, "mtu"), "is not the size of an IP packet", remedy);
        }
        let buffer = self.buffer(&join(place, "buffer"), &table.buffer);
        let framings = [("ethernet", Framed::Ethernet), ("none", Framed::Bare)];
        Wire {
            rate: rate.unwrap_or_else(|| Rate::from_bps(FASTEST_BPS).expect("not zero")),
            buffer,
            queueing: self.queueing_of(&join(place, "queueing"), &table.queueing, buffer).map(Arc::new),
            mtu: mtu.unwrap_or(Bytes(8500)),
            framed: self.reader.word(&join(place, "framing"), &table.framing, &framings),
            macsec: self.macsec(&join(place, "macsec"), table.macsec.as_ref()),
            propagation,
        }
    }

    pub(super) fn link_rate(&mut self, place: &str, leaf: &Leaf) -> Option<Rate> {
        let rate: Option<Rate> = self.reader.quantity(place, leaf, "100 Gbps");
        if rate.is_some_and(|rate| rate.as_bps() > FASTEST_BPS) {
            self.reader.error(place, "is above 10 Tbps, faster than any port", "write for example \"400 Gbps\"");
        }
        rate
    }

    /// Of a length of fibre, or of a delay.
    pub(super) fn propagation(&mut self, place: &str, length: &Leaf, delay: &Leaf) -> Span {
        if length.is_none() {
            return self.reader.span_or_zero(&join(place, "delay"), delay, "100 us");
        }
        if delay.is_some() {
            self.reader.error(place, "has both length and delay", "leave one of them out");
        }
        let length: Option<Length> = self.reader.quantity(&join(place, "length"), length, "20 km");
        length.unwrap_or_default().propagation()
    }

    pub(super) fn buffer(&mut self, place: &str, leaf: &Leaf) -> Buffer {
        let Some(text) = self.reader.text(place, leaf, "16 MiB") else { return Buffer::Unlimited };
        if text == "unlimited" {
            return Buffer::Unlimited;
        }
        let packets = text.strip_suffix("packets").and_then(|count| count.trim().parse().ok());
        match (packets, text.parse::<Bytes>()) {
            (Some(packets), _) => Buffer::Packets(packets),
            (None, Ok(bytes)) => Buffer::Bytes(bytes),
            (None, Err(_)) => {
                let remedy = "write for example \"16 MiB\", \"64 packets\" or \"unlimited\"";
                self.reader.error(place, format!("{text:?} is not a buffer"), remedy);
                Buffer::Bytes(Bytes(1 << 24))
            }
        }
    }

    /// Makes links and ports once every end is known.
    pub(super) fn build_links(&mut self) {
        let drafts = std::mem::take(&mut self.links);
        for (index, draft) in drafts.iter().enumerate() {
            let id = link_id(index);
            let Some(ends) = draft.ends else { continue };
            let kind = self.kind(&draft.place, ends, draft.interconnect);
            for end in ends {
                self.network.routers[end].links.push(id);
            }
            let mut members = Vec::with_capacity(draft.members);
            for member in 0..draft.members {
                let ports = [0, 1].map(|end| self.port(id, draft, member, end, ends, kind));
                members.push(Member { ports: ports.map(|port| self.network.ports.push(port)) });
            }
            let [carrier_down, carrier_up] = draft.carrier;
            let (name, min_links, lacp) = (draft.name.clone(), draft.min_links, draft.lacp);
            self.network.links.push(Link { name, kind, ends, members, min_links, lacp, carrier_down, carrier_up });
        }
        self.links = drafts;
    }

    fn port(
        &self,
        link: LinkId,
        draft: &LinkDraft,
        member: usize,
        end: usize,
        ends: [RouterId; 2],
        kind: LinkKind,
    ) -> Port {
        let [from, to] = [ends[end], ends[1 - end]];
        let names = [from, to].map(|router| self.network.routers[router].name.as_str());
        let framing = match (draft.wire.framed, kind) {
            // Logical links are told apart by their VLAN tags.
            (Framed::Ethernet, LinkKind::Channel(_)) => Framing::Ethernet { tagged: true },
            (Framed::Ethernet, LinkKind::Peering | LinkKind::Backbone | LinkKind::Attachment) => {
                Framing::Ethernet { tagged: false }
            }
            (Framed::Bare, _) => Framing::None,
        };
        let wire = &draft.wire;
        Port {
            name: format!("{}/{member} {}>{}", draft.name, names[0], names[1]),
            link,
            member,
            end,
            from,
            to,
            rate: wire.rate,
            buffer: wire.buffer,
            queueing: wire.queueing.clone(),
            mtu: wire.mtu,
            framing,
            macsec: wire.macsec.map(|ends| ends[end]),
            propagation: wire.propagation,
        }
    }

    /// What a link is for follows from whom its ends belong to.
    fn kind(&mut self, place: &str, ends: [RouterId; 2], interconnect: Option<InterconnectId>) -> LinkKind {
        let [a, b] = ends.map(|end| &self.network.routers[end]);
        let edge = |role| matches!(role, RouterRole::Edge(_));
        let (same, attached) = (a.provider == b.provider, edge(a.role) || edge(b.role));
        let not_border = [a, b].into_iter().find(|router| router.role != RouterRole::Border);
        let not_border = not_border.map(|router| router.name.clone());
        match (same, attached, interconnect) {
            (true, true, None) => LinkKind::Attachment,
            (true, false, None) => LinkKind::Backbone,
            (true, _, Some(_)) => {
                let message = "both ends belong to one provider, so it is no channel";
                self.reader.error(join(place, "interconnect"), message, "leave the key out");
                LinkKind::Backbone
            }
            (false, true, _) => {
                self.reader.error(place, "leads from an attachment to another provider", "name routers of its own");
                LinkKind::Attachment
            }
            (false, false, None) => LinkKind::Peering,
            (false, false, Some(interconnect)) => {
                if let Some(router) = not_border {
                    let message = format!("ends a channel (of {place})");
                    self.reader.error(join(&join("routers", &router), "role"), message, "write \"border\"");
                }
                LinkKind::Channel(interconnect)
            }
        }
    }
}
