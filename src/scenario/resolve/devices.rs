//! Providers, buildings, routers, attachments and their addresses.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::control_plane::ControlLeaves;
use super::sessions::InternalSessions;
use super::{Names, Resolver, names_of};
use crate::ids::{AttachmentId, DestinationId, FacilityId, FeedId, Id, ProviderId, RouterId};
use crate::network::{
    Attachment, Destination, DestinationKind, Facility, HashKind, LivenessPlace, Provider, Router, RouterRole,
};
use crate::rng::named_hash;
use crate::scenario::file::{AttachmentTable, BgpTable, Leaf, ProviderTable, RouterTable};
use crate::scenario::profiles::{PROFILES, profile};
use crate::scenario::read::peek;
use crate::scenario::source::join;

const HASHES: [(&str, HashKind); 4] = [
    ("five-tuple", HashKind::FiveTuple),
    ("five-tuple-modulo", HashKind::Modulo),
    ("five-tuple-resilient", HashKind::Resilient),
    ("source-port-modulo", HashKind::SourcePortModulo),
];

/// The keys that a router and an attachment's edge share.
struct DeviceLeaves<'a> {
    forwarding_latency: &'a Leaf,
    hash: &'a Leaf,
    control: ControlLeaves<'a>,
    /// None at an edge, which is distributed: its liveness never fails.
    bfd_runs_in: Option<&'a Leaf>,
}

impl Resolver<'_> {
    pub(super) fn providers(&mut self) {
        self.names.providers = names_of(&self.file.providers);
        for (name, table) in &self.file.providers {
            let place = join("providers", name);
            // RFC 6793: four octets; 0 is reserved (RFC 7607).
            let asn = self.reader.number(&join(&place, "asn"), &table.asn, 1, u64::from(u32::MAX));
            let asn = u32::try_from(asn).unwrap_or(u32::MAX);
            let at = join(&place, "interior_convergence");
            let interior_convergence = self.reader.span_or_zero(&at, &table.interior_convergence, "200 ms");
            // Read here although routers and links inherit them: nobody may.
            self.control(&place, &ControlLeaves::of_provider(table));
            self.reader.span_or_zero(&join(&place, "forwarding_latency"), &table.forwarding_latency, "5 us");
            self.reader.span_or_zero(&join(&place, "carrier_down"), &table.carrier_down, "10 ms");
            self.reader.span_or_zero(&join(&place, "carrier_up"), &table.carrier_up, "200 ms");
            let written = self.reader.text(&join(&place, "profile"), &table.profile, "rfc4271");
            if let Some(word) = written.filter(|word| profile(word).is_none()) {
                let known: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
                let remedy = format!("there are: {}", known.join(", "));
                self.reader.error(join(&place, "profile"), format!("no profile is named {word:?}"), remedy);
            }
            let bgp = table.bgp.clone().unwrap_or_else(BgpTable::default);
            let bgp = self.provider_bgp(&join(&place, "bgp"), &bgp);
            let decision = table.decision.clone().unwrap_or_default();
            let decision = self.decision(&join(&place, "decision"), &decision);
            let liveness = self.bfd(&join(&place, "bfd"), table.bfd.as_ref());
            self.bgp.push(bgp);
            self.liveness.push(liveness);
            self.network.providers.push(Provider { name: name.clone(), asn, decision, interior_convergence });
        }
    }

    /// Who has internal sessions with whom, once routers are known.
    pub(super) fn reflectors(&mut self) {
        for (index, (name, table)) in self.file.providers.iter().enumerate() {
            let place = join("providers", name);
            let (at, list) = (join(&place, "internal_sessions"), join(&place, "reflectors"));
            let words = [("borders-to-others", 0), ("full-mesh", 1), ("reflected", 2)];
            let kind = self.reader.word(&at, &table.internal_sessions, &words);
            if kind != 2 && table.reflectors.is_some() {
                self.reader.error(&list, "is read with \"reflected\" only", "write internal_sessions = \"reflected\"");
            }
            let internal = match kind {
                0 => InternalSessions::BordersToOthers,
                1 => InternalSessions::FullMesh,
                _ => {
                    let mut reflectors: Vec<RouterId> = Vec::new();
                    for router in self.reader.list(&list, &table.reflectors, "[\"r1\", \"r2\"]") {
                        let Some(id) = self.named::<RouterId>(&list, &router, "router", |n: &Names| &n.routers) else {
                            continue;
                        };
                        if self.network.routers[id].provider.index() != index {
                            let message = format!("{router:?} belongs to another provider");
                            self.reader.error(&list, message, "name routers of this one");
                        }
                        reflectors.push(id);
                    }
                    if reflectors.is_empty() && table.reflectors.is_some() {
                        self.reader.error(&list, "names no router", "name at least one, such as [\"r1\"]");
                    }
                    reflectors.sort_unstable();
                    reflectors.dedup();
                    InternalSessions::Reflected(reflectors)
                }
            };
            self.internal.push(internal);
        }
    }

    pub(super) fn facilities(&mut self) {
        self.names.facilities = names_of(&self.file.facilities);
        for (name, table) in &self.file.facilities {
            if table.title.is_some() {
                self.reader.text(&join(&join("facilities", name), "title"), &table.title, "Meeting place A");
            }
            self.network.facilities.push(Facility { name: name.clone() });
        }
    }

    /// Routers and attachment edges, in one order of name; each gets its own destination.
    pub(super) fn routers(&mut self) {
        self.names.attachments = names_of(&self.file.attachments);
        let names: BTreeSet<&String> = self.file.routers.keys().chain(self.file.attachments.keys()).collect();
        self.names.routers = names.into_iter().cloned().collect();
        self.reserve_addresses();
        for name in self.names.routers.clone() {
            if let Some(table) = self.file.routers.get(&name) {
                if self.file.attachments.contains_key(&name) {
                    let place = join("attachments", &name);
                    self.reader.error(place, "is also the name of a router", "give one of them another name");
                    self.all_named = false;
                }
                self.router(&name, table);
            } else if let Some(table) = self.file.attachments.get(&name) {
                self.edge(&name, table);
            }
        }
    }

    fn reserve_addresses(&mut self) {
        for address in self.file.routers.values().filter_map(|table| peek(&table.address)?.parse().ok()) {
            self.addresses.reserve(address);
        }
    }

    fn default_address(&mut self, place: &str, name: &str) -> IpAddr {
        self.addresses.router(name).unwrap_or_else(|| {
            let message = "every address of 100.64.0.0/10 is in use";
            self.reader.error(place, message, "write address = \"...\" in some routers");
            IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        })
    }

    fn router(&mut self, name: &str, table: &RouterTable) {
        let place = join("routers", name);
        let provider = self.refer(&join(&place, "provider"), &table.provider, "provider", |n: &Names| &n.providers);
        let facility: Option<FacilityId> = if table.facility.is_some() {
            self.refer(&join(&place, "facility"), &table.facility, "facility", |n: &Names| &n.facilities)
        } else {
            None
        };
        let roles = [("border", RouterRole::Border), ("backbone", RouterRole::Backbone)];
        let role = self.reader.word(&join(&place, "role"), &table.role, &roles);
        let address =
            if table.address.is_some() { self.written_address(&join(&place, "address"), &table.address) } else { None };
        let address = address.unwrap_or_else(|| self.default_address(&place, name));
        let leaves = DeviceLeaves {
            forwarding_latency: &table.forwarding_latency,
            hash: &table.hash,
            control: ControlLeaves::of_router(table),
            bfd_runs_in: Some(&table.bfd_runs_in),
        };
        let feeds = self.feeds_of(facility, table);
        self.device(&place, name, &leaves, (provider, facility, role, address), feeds);
    }

    fn written_address(&mut self, place: &str, leaf: &Leaf) -> Option<IpAddr> {
        let text = self.reader.text(place, leaf, "100.64.0.1")?;
        let Ok(address) = text.parse::<IpAddr>() else {
            self.reader.error(place, format!("{text:?} is not an address"), "write for example \"100.64.0.1\"");
            return None;
        };
        if !self.addresses.take(address) {
            self.reader.error(place, format!("{address} is in use by another router"), "give each router its own");
            return None;
        }
        Some(address)
    }

    fn edge(&mut self, name: &str, table: &AttachmentTable) {
        let place = join("attachments", name);
        let provider = self.refer(&join(&place, "provider"), &table.provider, "provider", |n: &Names| &n.providers);
        let index = self.names.attachments.binary_search(&name.to_owned()).expect("its own name");
        let role = RouterRole::Edge(AttachmentId::from_index(index));
        let address = self.default_address(&place, name);
        // One that is not there is told of where it is named.
        let nobody = ProviderTable::default();
        let owner = peek(&table.provider).and_then(|name| self.file.providers.get(name)).unwrap_or(&nobody);
        let leaves = DeviceLeaves {
            forwarding_latency: &table.forwarding_latency,
            hash: &table.hash,
            control: ControlLeaves::of_edge(table, owner),
            bfd_runs_in: None,
        };
        self.device(&place, name, &leaves, (provider, None, role, address), Vec::new());
    }

    fn device(
        &mut self,
        place: &str,
        name: &str,
        leaves: &DeviceLeaves<'_>,
        (provider, facility, role, address): (Option<ProviderId>, Option<FacilityId>, RouterRole, IpAddr),
        feeds: Vec<FeedId>,
    ) {
        // A stand-in after a dangling name; no network is built then.
        let provider = provider.unwrap_or(ProviderId(0));
        self.router_addresses.push(address);
        let forwarding_latency =
            self.reader.span_or_zero(&join(place, "forwarding_latency"), leaves.forwarding_latency, "5 us");
        let hash = self.reader.word(&join(place, "hash"), leaves.hash, &HASHES);
        let control = self.control(place, &leaves.control);
        let places = [("line-card", LivenessPlace::LineCard), ("cpu", LivenessPlace::Processor)];
        let liveness = leaves.bfd_runs_in.map(|leaf| self.reader.word(&join(place, "bfd_runs_in"), leaf, &places));
        let liveness = liveness.unwrap_or(LivenessPlace::LineCard);
        self.network.routers.push(Router {
            name: name.to_owned(),
            provider,
            facility,
            feeds,
            role,
            forwarding_latency,
            hash,
            hash_seed: named_hash(&["router", name, "hash"]),
            // Numbered later, behind all prefixes.
            loopback: DestinationId(0),
            control,
            liveness,
            links: Vec::new(),
        });
    }

    /// Attachments and the destinations of their prefixes.
    pub(super) fn attachments(&mut self) {
        for (name, table) in &self.file.attachments {
            let place = join("attachments", name);
            let index = self.names.routers.binary_search(name).expect("edges are among the routers");
            let edge = RouterId::from_index(index);
            let provider = self.network.routers[edge].provider;
            let attachment = AttachmentId::from_index(self.network.attachments.len());
            let prefixes = self.prefixes(&join(&place, "prefixes"), &table.prefixes);
            let mut destined: Vec<(IpNet, DestinationId)> = Vec::new();
            for prefix in prefixes {
                let kind = DestinationKind::Attachment(attachment);
                let covering = None;
                let destination = Destination { prefix, kind, router: edge, provider, covering };
                let destination = self.network.destinations.push(destination);
                destined.push((prefix, destination));
            }
            let limit = self.attachment_limit(&join(&place, "rate_limit"), table.rate_limit.as_ref());
            let table = destined.iter().copied().collect();
            let name = name.clone();
            self.network.attachments.push(Attachment { name, provider, prefixes: destined, table, edge, limit });
        }
    }

    /// Every router is a destination, too. They come last, so that tables need no room for those nobody sends to.
    pub(super) fn loopbacks(&mut self) {
        for (id, address) in self.router_addresses.enumerate() {
            let router = &mut self.network.routers[id];
            router.loopback = self.network.destinations.push(Destination {
                prefix: IpNet::from(*address),
                kind: DestinationKind::Loopback,
                router: id,
                provider: router.provider,
                covering: None,
            });
        }
    }

    /// Finds the longest prefix around each prefix, among the attachments that can reach its own.
    pub(super) fn nest_prefixes(&mut self) {
        let network = &self.network;
        let mut prefixes: Vec<(IpNet, DestinationId, AttachmentId)> = Vec::new();
        for (id, attachment) in network.attachments.enumerate() {
            prefixes.extend(attachment.prefixes.iter().map(|(prefix, destination)| (*prefix, *destination, id)));
        }
        // In order of address, then length: what holds a prefix stands before it.
        prefixes.sort_unstable();
        let mut around: Vec<(IpNet, DestinationId, AttachmentId)> = Vec::new();
        let mut nested = Vec::new();
        for inner in prefixes {
            while around.last().is_some_and(|outer| !outer.0.contains(&inner.0)) {
                around.pop();
            }
            let holds = |outer: &&(IpNet, DestinationId, AttachmentId)| {
                outer.0 != inner.0 && network.can_reach(outer.2, inner.2)
            };
            nested.extend(around.iter().rev().find(holds).map(|outer| (inner.1, outer.1)));
            around.push(inner);
        }
        for (inner, outer) in nested {
            self.network.destinations[inner].covering = Some(outer);
            self.nested.push(inner);
        }
    }

    fn prefixes(&mut self, place: &str, leaf: &Leaf) -> Vec<IpNet> {
        let example = "[\"10.0.0.0/16\"]";
        let texts = self.reader.list(place, leaf, example);
        if leaf.is_some() && texts.is_empty() {
            self.reader.error(place, "is empty", format!("write for example {example}"));
        }
        let mut prefixes: Vec<IpNet> = Vec::new();
        // Apart from each other: one that overlaps stands next to it, in order of address and length.
        let mut known: BTreeSet<IpNet> = BTreeSet::new();
        for text in texts {
            match text.parse::<IpNet>() {
                Ok(prefix) if prefix.trunc() != prefix => {
                    let remedy = format!("write \"{}\"", prefix.trunc());
                    self.reader.error(place, format!("{text:?} has bits beyond its length"), remedy);
                }
                Ok(prefix) if is_multicast(&prefix) => {
                    let message = format!("{prefix} is for multicast (RFC 5771, RFC 4291 2.7), and flows are unicast");
                    self.reader.error(place, message, format!("write for example {example}"));
                }
                Ok(prefix) => match overlapped(&known, prefix) {
                    Some(other) => {
                        let message = format!("{prefix} overlaps {other} of the same attachment");
                        self.reader.error(place, message, "leave one of them out");
                    }
                    None => {
                        known.insert(prefix);
                        prefixes.push(prefix);
                    }
                },
                Err(_) => {
                    let message = format!("{text:?} is not a prefix");
                    self.reader.error(place, message, "write for example \"10.0.0.0/16\"");
                }
            }
        }
        prefixes
    }
}

/// Whether every address of a prefix is a group: 224.0.0.0/4 and ff00::/8.
fn is_multicast(prefix: &IpNet) -> bool {
    prefix.network().is_multicast() && prefix.broadcast().is_multicast()
}

/// Whichever of the prefixes right before and right behind another one overlaps it.
fn overlapped(known: &BTreeSet<IpNet>, prefix: IpNet) -> Option<IpNet> {
    let beside = [known.range(..=prefix).next_back(), known.range(prefix..).next()];
    beside.into_iter().flatten().copied().find(|other| other.contains(&prefix) || prefix.contains(other))
}
