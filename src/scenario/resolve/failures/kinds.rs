//! Kinds of failures, and the keys that each reads.

use super::wires::{Fault, MODELS, Model};
use crate::ids::{AttachmentId, ConnectionId, FacilityId, Id, LinkId, ProviderId, RouterId};
use crate::network::{FailureKind, RouterFault, RouterRole, WrongKey};
use crate::scenario::file::{FailureTable, Keys, Leaf};
use crate::scenario::read::peek;
use crate::scenario::resolve::{Names, Resolver};
use crate::scenario::source::{item_place, join};
use crate::units::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Wires(Fault),
    Router(RouterFault),
    DuctCut,
    LineCard,
    WrongPassword,
    SessionReset,
    FailoverTest,
    FacilityOutage,
    PowerFeed,
    Cooling,
    ZoneOutage,
    EdgeOutage,
    SoftwarePush,
    PolicyPush,
    Surge,
}

const KINDS: [(&str, Kind); 29] = [
    ("fibre_cut", Kind::Wires(Fault::Cut)),
    ("silent_cut", Kind::Wires(Fault::SilentCut)),
    ("duct_cut", Kind::DuctCut),
    ("line_card", Kind::LineCard),
    ("router_down", Kind::Router(RouterFault::PowerLoss)),
    ("cpu_hang", Kind::Router(RouterFault::CpuHang)),
    ("bgp_restart", Kind::Router(RouterFault::BgpRestart)),
    ("wrong_password", Kind::WrongPassword),
    ("session_reset", Kind::SessionReset),
    ("failover_test", Kind::FailoverTest),
    ("facility_outage", Kind::FacilityOutage),
    ("power_feed", Kind::PowerFeed),
    ("cooling", Kind::Cooling),
    ("zone_outage", Kind::ZoneOutage),
    ("edge_outage", Kind::EdgeOutage),
    ("software_push", Kind::SoftwarePush),
    ("policy_push", Kind::PolicyPush),
    ("congestion_surge", Kind::Surge),
    ("mkpdu_loss", Kind::Wires(Fault::MkpduLoss)),
    ("wrong_key", Kind::Wires(Fault::WrongKey(WrongKey::Held))),
    ("rotation_error", Kind::Wires(Fault::WrongKey(WrongKey::Given))),
    ("grey_loss", Kind::Wires(Fault::Loss(Model::Independent))),
    ("optics_brownout", Kind::Wires(Fault::BitErrors)),
    ("black_hole", Kind::Wires(Fault::BlackHole)),
    ("corruption", Kind::Wires(Fault::Corruption)),
    ("duplication", Kind::Wires(Fault::Duplication)),
    ("jitter", Kind::Wires(Fault::Jitter)),
    ("delay_change", Kind::Wires(Fault::DelayChange)),
    ("protection_switch", Kind::Wires(Fault::Switch)),
];

const ROUTER_FAULTS: [(&str, RouterFault); 3] = [
    ("router_down", RouterFault::PowerLoss),
    ("cpu_hang", RouterFault::CpuHang),
    ("bgp_restart", RouterFault::BgpRestart),
];

/// AWS Direct Connect: a failover test takes sessions down for 72 hours at most.
const LONGEST_TEST_MINUTES: u64 = 4_320;

/// Keys that every kind reads, or whose readers are found elsewhere.
const COMMON: [&str; 12] = [
    "name",
    "kind",
    "at",
    "lasts",
    "every",
    "times",
    "responsible",
    "excluded",
    "detected_after",
    "detected_by",
    "mitigation",
    "drain",
];

impl Kind {
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Wires(fault) => fault.keys(),
            Self::Router(_) => &["router"],
            Self::DuctCut => &["duct"],
            Self::LineCard => &["card"],
            Self::WrongPassword | Self::SessionReset => &["router", "peer"],
            Self::FailoverTest => &["provider", "connection", "links"],
            Self::FacilityOutage | Self::ZoneOutage => &["facility"],
            Self::PowerFeed => &["facility", "feed"],
            Self::Cooling => &["facility", "interval"],
            Self::EdgeOutage => &["provider", "interconnect"],
            Self::PolicyPush => &["routers", "policy"],
            Self::SoftwarePush => &["routers", "share", "fault"],
            Self::Surge => &["from", "to", "rate", "size", "count", "dscp"],
        }
    }
}

impl Resolver<'_> {
    pub(super) fn failure_kind(&mut self, place: &str, table: &FailureTable) -> Option<FailureKind> {
        let mut kind = self.reader.word(&join(place, "kind"), &table.kind, &KINDS);
        if kind == Kind::Wires(Fault::Loss(Model::Independent)) {
            kind = Kind::Wires(Fault::Loss(self.reader.word(&join(place, "model"), &table.model, &MODELS)));
        }
        self.superfluous(place, kind, table);
        match kind {
            Kind::Wires(fault) => {
                let wires = match fault {
                    Fault::MkpduLoss | Fault::WrongKey(_) => self.keyed_wires(place, table),
                    Fault::Cut
                    | Fault::SilentCut
                    | Fault::Loss(_)
                    | Fault::BitErrors
                    | Fault::BlackHole
                    | Fault::Corruption
                    | Fault::Duplication
                    | Fault::Jitter
                    | Fault::DelayChange
                    | Fault::Switch => self.wires(place, table),
                };
                let fault = self.wire_fault(place, fault, table);
                Some(FailureKind::Wires { wires: wires?, fault: fault? })
            }
            Kind::Router(fault) => {
                let router = self.failing_router(&join(place, "router"), &table.router)?;
                Some(FailureKind::Router { router, fault })
            }
            Kind::DuctCut => self.failing_duct(place, table).map(|duct| FailureKind::DuctCut { duct }),
            Kind::LineCard => self.failing_card(place, table).map(|card| FailureKind::LineCard { card }),
            Kind::WrongPassword => {
                let router = self.failing_router(&join(place, "router"), &table.router)?;
                let peer = self.failing_router(&join(place, "peer"), &table.peer)?;
                Some(FailureKind::WrongPassword { router, peer })
            }
            Kind::SessionReset => {
                let router = self.failing_router(&join(place, "router"), &table.router)?;
                let peer = self.failing_router(&join(place, "peer"), &table.peer)?;
                Some(FailureKind::SessionReset { router, peer })
            }
            Kind::FailoverTest => self.failover_test(place, table),
            Kind::FacilityOutage => {
                self.failing_facility(place, table).map(|facility| FailureKind::FacilityOutage { facility })
            }
            Kind::ZoneOutage => {
                self.failing_facility(place, table).map(|facility| FailureKind::ZoneOutage { facility })
            }
            Kind::Cooling => {
                let interval = self.positive_span(&join(place, "interval"), &table.interval, "60 s");
                self.failing_facility(place, table).map(|facility| FailureKind::Cooling { facility, interval })
            }
            Kind::PowerFeed => self.failing_feed(place, table).map(|feed| FailureKind::PowerFeed { feed }),
            Kind::EdgeOutage => self.failing_edge(place, table),
            Kind::SoftwarePush => {
                let routers = self.failing_routers(place, table)?;
                let fault = self.reader.word(&join(place, "fault"), &table.fault, &ROUTER_FAULTS);
                let share = self.share(place, "share", &table.share)?;
                Some(FailureKind::SoftwarePush { routers, share, fault })
            }
            Kind::PolicyPush => self.policy_push(place, table),
            Kind::Surge => {
                let from = self.surging(&join(place, "from"), &table.from);
                let to = self.surging(&join(place, "to"), &table.to);
                Some(FailureKind::Surge { from: from?, to: to? })
            }
        }
    }

    /// Sessions of a connection, on all of its channels or on some, which one provider takes down.
    fn failover_test(&mut self, place: &str, table: &FailureTable) -> Option<FailureKind> {
        let provider: ProviderId =
            self.refer(&join(place, "provider"), &table.provider, "provider", |n: &Names| &n.providers)?;
        let connection: ConnectionId =
            self.refer(&join(place, "connection"), &table.connection, "connection", |n: &Names| &n.connections)?;
        let interconnect = self.connections[connection.index()].interconnect;
        let all = self.links.iter().enumerate().filter(|(_, draft)| draft.interconnect == interconnect);
        let all: Vec<LinkId> = all.map(|(index, _)| LinkId::from_index(index)).collect();
        let at = join(place, "links");
        let mut channels = Vec::new();
        if table.links.is_some() {
            for name in self.reader.list(&at, &table.links, "[\"channel-1\"]") {
                channels.push(self.named::<LinkId>(&at, &name, "link", |n: &Names| &n.links)?);
            }
        } else {
            channels.clone_from(&all);
        }
        if channels.is_empty() {
            self.reader.error(&at, "names no channel", "name at least one, or leave it out for all");
        }
        if channels.iter().any(|channel| !all.contains(channel)) {
            self.reader.error(
                at,
                "names a link that is no channel of the connection",
                "name channels of its interconnect",
            );
        }
        let longest = Span::from_s(LONGEST_TEST_MINUTES * 60);
        if table.lasts.as_ref().and_then(|_| self.reader.span(&join(place, "lasts"), &table.lasts, "180 min"))
            > Some(longest)
        {
            let message = format!("a failover test lasts {LONGEST_TEST_MINUTES} min at most");
            self.reader.error(join(place, "lasts"), message, "write for example \"180 min\"");
        }
        Some(FailureKind::FailoverTest { provider, connection, channels })
    }

    fn policy_push(&mut self, place: &str, table: &FailureTable) -> Option<FailureKind> {
        let routers = self.failing_routers(place, table)?;
        let at = join(place, "policy");
        if table.policy.is_none() {
            self.reader.error(&at, "is missing", "name one of [policies]");
        }
        let policy = self.named_policy(&at, &table.policy)?;
        Some(FailureKind::PolicyPush { routers, policy })
    }

    fn surging(&mut self, place: &str, leaf: &Leaf) -> Option<AttachmentId> {
        self.refer(place, leaf, "attachment", |n: &Names| &n.attachments)
    }

    fn failing_facility(&mut self, place: &str, table: &FailureTable) -> Option<FacilityId> {
        self.refer(&join(place, "facility"), &table.facility, "facility", |n: &Names| &n.facilities)
    }

    pub(super) fn failing_router(&mut self, place: &str, leaf: &Leaf) -> Option<RouterId> {
        let router: RouterId = self.refer(place, leaf, "router", |n: &Names| &n.routers)?;
        self.is_no_edge(place, router).then_some(router)
    }

    /// The routers of a list; those that do not exist, or never fail, are told of.
    fn failing_routers(&mut self, place: &str, table: &FailureTable) -> Option<Vec<RouterId>> {
        let at = join(place, "routers");
        let names = self.reader.list(&at, &table.routers, "[\"r1\", \"r2\"]");
        let mut routers = Vec::new();
        for name in names {
            let router = self.named::<RouterId>(&at, &name, "router", |n: &Names| &n.routers)?;
            if self.is_no_edge(&at, router) {
                routers.push(router);
            }
        }
        routers.sort_unstable();
        routers.dedup();
        if routers.is_empty() && table.routers.is_some() {
            self.reader.error(at, "names no router", "name at least one");
        }
        Some(routers)
    }

    fn is_no_edge(&mut self, place: &str, router: RouterId) -> bool {
        match self.network.routers[router].role {
            RouterRole::Edge(_) => {
                let message = "an attachment's edge is distributed and modelled as never failing";
                self.reader.error(place, message, "name a router, or a zone_outage for its hosts");
                false
            }
            RouterRole::Border | RouterRole::Backbone => true,
        }
    }

    /// The border routers of a provider, of one interconnect or of all.
    fn failing_edge(&mut self, place: &str, table: &FailureTable) -> Option<FailureKind> {
        let provider: ProviderId =
            self.refer(&join(place, "provider"), &table.provider, "provider", |n: &Names| &n.providers)?;
        let at = join(place, "interconnect");
        let interconnect = match &table.interconnect {
            Some(_) => Some(self.refer(&at, &table.interconnect, "interconnect", |n: &Names| &n.interconnects)?),
            None => None,
        };
        let mut routers: Vec<RouterId> = Vec::new();
        for draft in &self.links {
            let is_meant =
                draft.interconnect.is_some() && (interconnect.is_none() || draft.interconnect == interconnect);
            let ends = draft.ends.into_iter().flatten();
            routers.extend(ends.filter(|end| is_meant && self.network.routers[*end].provider == provider));
        }
        routers.sort_unstable();
        routers.dedup();
        if routers.is_empty() {
            let message = "has no border router there";
            self.reader.error(join(place, "provider"), message, "name a provider of an interconnect");
        }
        Some(FailureKind::EdgeOutage { provider, routers })
    }

    fn superfluous(&mut self, place: &str, kind: Kind, table: &FailureTable) {
        for (key, leaf) in table.leaves() {
            if leaf.is_some() && !kind.keys().contains(&key) && !COMMON.contains(&key) {
                let message = match peek(&table.model) {
                    Some(model) => format!("is not read by model = {model:?}"),
                    None => format!("is not read by {}", peek(&table.kind).unwrap_or("this kind")),
                };
                self.reader.error(join(place, key), message, format!("known here: {}", kind.keys().join(", ")));
            }
        }
    }

    /// Failures of sessions need some; known once sessions are.
    pub(in crate::scenario::resolve) fn failing_sessions(&mut self) {
        for (index, table) in self.file.failures.iter().enumerate() {
            let place = item_place("failures", index, peek(&table.name));
            let failure = self.network.failures.iter().find(|failure| Some(failure.name.as_str()) == peek(&table.name));
            let Some(FailureKind::WrongPassword { router, peer } | FailureKind::SessionReset { router, peer }) =
                failure.map(|failure| &failure.kind)
            else {
                continue;
            };
            if self.network.sessions_between([*router, *peer]).is_empty() {
                let message = "there is no session between the two";
                self.reader.error(join(&place, "peer"), message, "name two routers that have a BGP session");
            }
        }
    }
}
