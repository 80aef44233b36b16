//! Scripted failures as resolved: what, when, for how long.

use std::sync::Arc;

use crate::ids::{
    AttachmentId, CardId, ConnectionId, DuctId, FacilityId, FeedId, LinkId, PortId, ProviderId, RouterId,
};
use crate::network::{Detection, Impairment, Network, RoutePolicy};
use crate::units::{Share, Span};

/// One scripted failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Name in the scenario.
    pub name: String,
    /// What fails.
    pub kind: FailureKind,
    /// When.
    pub when: When,
    /// When a fault that no protocol notices is noticed; `None` when nobody looks for it.
    pub detection: Option<Detection>,
}

/// When a failure happens, in scenario time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The first time.
    pub at: Span,
    /// For how long each time; `None` until the end of the run.
    pub lasts: Option<Span>,
    /// Whether it comes back.
    pub again: Option<Again>,
}

/// A failure that comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// From one beginning to the next.
    pub every: Span,
    /// How often at most, the first time counted.
    pub count: u64,
}

impl Failure {
    /// The name of one time that it happens, counted from 1: "flap", "flap #2".
    #[must_use]
    pub fn occurrence(&self, number: u64) -> String {
        if number <= 1 { self.name.clone() } else { format!("{} #{number}", self.name) }
    }
}

impl When {
    /// Once.
    #[must_use]
    pub const fn once(at: Span, lasts: Option<Span>) -> Self {
        Self { at, lasts, again: None }
    }

    /// Its beginnings before `end`, in order.
    pub fn beginnings(&self, end: Span) -> impl Iterator<Item = Span> + use<> {
        let (at, again) = (self.at, self.again);
        let count = again.map_or(1, |again| again.count);
        let nth = move |index: u64| again.map_or(at, |again| at + again.every.times(index));
        (0..count).map(nth).take_while(move |at| *at < end)
    }

    /// Whether it lasts at any time from `from` to `to`.
    #[must_use]
    pub fn lasts_within(&self, from: Span, to: Span) -> bool {
        if self.at > to {
            return false;
        }
        // Only the last beginning until then counts: the ones before it ended before it.
        let last = self.again.map_or(self.at, |again| {
            let index = to.saturating_sub(self.at).as_ps() / again.every.as_ps();
            self.at + again.every.times(index.min(again.count - 1))
        });
        self.lasts.is_none_or(|lasts| last + lasts > from)
    }
}

/// What fails, and how it looks to the routers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
    /// Something is wrong with wires of a link.
    Wires {
        /// The wires.
        wires: Wires,
        /// What is wrong.
        fault: WireFault,
    },
    /// Something is wrong with a router.
    Router {
        /// The router.
        router: RouterId,
        /// What is wrong.
        fault: RouterFault,
    },
    /// Everything in a duct is cut.
    DuctCut {
        /// The duct.
        duct: DuctId,
    },
    /// A line card dies, and with it all of its ports.
    LineCard {
        /// The card.
        card: CardId,
    },
    /// The TCP MD5 password (RFC 2385) of a router's sessions with another one is wrong: segments are discarded.
    WrongPassword {
        /// The router.
        router: RouterId,
        /// The one at the other end.
        peer: RouterId,
    },
    /// The operator of a router ends its sessions with another one and keeps them down.
    SessionReset {
        /// The router.
        router: RouterId,
        /// The one at the other end.
        peer: RouterId,
    },
    /// The provider's own failover test: sessions of a connection are taken down on its side.
    FailoverTest {
        /// Whose.
        provider: ProviderId,
        /// The connection.
        connection: ConnectionId,
        /// Its sessions on these channels.
        channels: Vec<LinkId>,
    },
    /// Work on a router: traffic is drained, it is switched off, comes back, and traffic returns at the end.
    Maintenance {
        /// The router.
        router: RouterId,
        /// From the begin of the drain to the begin of the window.
        drain: Span,
        /// How long it is off.
        window: Span,
        /// How long before the window it was announced.
        notice: Span,
        /// Whether it could wait.
        urgency: Urgency,
    },
    /// Everything in the building loses power.
    FacilityOutage {
        /// The building.
        facility: FacilityId,
    },
    /// One power feed of a building is lost: routers that hang on it alone lose power.
    PowerFeed {
        /// The feed.
        feed: FeedId,
    },
    /// A building grows hot: its routers shut themselves down one after another, in order of name.
    Cooling {
        /// The building.
        facility: FacilityId,
        /// From one router to the next.
        interval: Span,
    },
    /// An availability zone is lost: everything in the building, and the hosts of the attachments there.
    ZoneOutage {
        /// The building.
        facility: FacilityId,
    },
    /// A provider loses its routers at the edge of a region.
    EdgeOutage {
        /// The provider.
        provider: ProviderId,
        /// Its routers there.
        routers: Vec<RouterId>,
    },
    /// A software push goes wrong on some of the routers.
    SoftwarePush {
        /// All that get it.
        routers: Vec<RouterId>,
        /// The probability for each.
        share: Share,
        /// What becomes of those.
        fault: RouterFault,
    },
    /// Another export policy goes to routers, by mistake: it stands for that of every session to another system.
    PolicyPush {
        /// All that get it, wherever they stand.
        routers: Vec<RouterId>,
        /// The policy.
        policy: Arc<RoutePolicy>,
    },
    /// More traffic than usual; it is sent by flow entries of its own.
    Surge {
        /// From here.
        from: AttachmentId,
        /// To here.
        to: AttachmentId,
    },
}

/// What is wrong with wires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireFault {
    /// They are cut; both ends lose light, the one that sends on by remote fault signalling (IEEE 802.3 81.3.4).
    Cut,
    /// They are cut, but light stays (transport gear in between): only BFD or the hold timer notices.
    SilentCut,
    /// MACsec key agreement messages are lost, and nothing else.
    MkpduLoss,
    /// The routers that send on them hold another connectivity association key than the other end.
    WrongKey(WrongKey),
    /// Something befalls frames; nobody is told.
    Impaired(Impairment),
    /// The transport network switches to another path: a short hit, then another length.
    Switched {
        /// How long nothing passes.
        hit: Span,
        /// One way from then on.
        propagation: Span,
    },
}

/// What is wrong with a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouterFault {
    /// It loses power: its neighbours lose light, its queues and sessions are gone.
    PowerLoss,
    /// Its processor hangs, its line cards go on: packets are forwarded, BGP stands still.
    CpuHang,
    /// Its BGP process dies, and its TCP connections with it; forwarding goes on as it can.
    BgpRestart,
}

/// Whether work on a device can wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// It can: never two devices of one interconnect at once.
    Planned,
    /// It cannot.
    Emergency,
}

/// Which connectivity association key of a router is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongKey {
    /// The one it holds, from now on.
    Held,
    /// Those that it is given in rotations while the failure lasts.
    Given,
}

/// Wires of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wires {
    /// The link.
    pub link: LinkId,
    /// Of which members.
    pub members: Members,
    /// Which way.
    pub ways: Ways,
}

/// Members of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Members {
    /// All.
    All,
    /// The one of this index.
    One(usize),
}

/// Directions of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    /// Both.
    Both,
    /// Only what this end (0 or 1) sends.
    From(usize),
}

impl Members {
    /// Whether the member of this index is meant.
    #[must_use]
    pub const fn include(self, member: usize) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => one == member,
        }
    }
}

impl Ways {
    /// Whether what this end sends is meant.
    #[must_use]
    pub const fn include(self, end: usize) -> bool {
        match self {
            Self::Both => true,
            Self::From(from) => from == end,
        }
    }
}

impl Wires {
    /// All wires of a link.
    #[must_use]
    pub const fn all(link: LinkId) -> Self {
        Self { link, members: Members::All, ways: Ways::Both }
    }
}

impl RouterFault {
    /// The fault's word in scenarios and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PowerLoss => "router_down",
            Self::CpuHang => "cpu_hang",
            Self::BgpRestart => "bgp_restart",
        }
    }
}

impl FailureKind {
    /// How long before it was announced; `None` of what is not announced.
    #[must_use]
    pub const fn notice(&self) -> Option<Span> {
        if let Self::Maintenance { notice, .. } = self { Some(*notice) } else { None }
    }

    /// The kind's word in scenarios and reports.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Wires { fault, .. } => match fault {
                WireFault::Cut => "fibre_cut",
                WireFault::SilentCut => "silent_cut",
                WireFault::MkpduLoss => "mkpdu_loss",
                WireFault::WrongKey(WrongKey::Held) => "wrong_key",
                WireFault::WrongKey(WrongKey::Given) => "rotation_error",
                WireFault::Impaired(by) => by.word(),
                WireFault::Switched { .. } => "protection_switch",
            },
            Self::Router { fault, .. } => fault.word(),
            Self::DuctCut { .. } => "duct_cut",
            Self::LineCard { .. } => "line_card",
            Self::WrongPassword { .. } => "wrong_password",
            Self::SessionReset { .. } => "session_reset",
            Self::FailoverTest { .. } => "failover_test",
            Self::Maintenance { urgency: Urgency::Planned, .. } => "maintenance",
            Self::Maintenance { urgency: Urgency::Emergency, .. } => "emergency_maintenance",
            Self::FacilityOutage { .. } => "facility_outage",
            Self::PowerFeed { .. } => "power_feed",
            Self::Cooling { .. } => "cooling",
            Self::ZoneOutage { .. } => "zone_outage",
            Self::EdgeOutage { .. } => "edge_outage",
            Self::SoftwarePush { .. } => "software_push",
            Self::PolicyPush { .. } => "policy_push",
            Self::Surge { .. } => "congestion_surge",
        }
    }
}

impl Network {
    /// The component that fails, in words, such as "link use1-channel-1 member 2 from aws-r1".
    #[must_use]
    pub fn failing_component(&self, kind: &FailureKind) -> String {
        let router = |id: RouterId| &self.routers[id].name;
        match kind {
            FailureKind::Wires { wires, .. } => self.name_of_wires(*wires),
            FailureKind::Router { router: id, .. } | FailureKind::Maintenance { router: id, .. } => {
                format!("router {}", router(*id))
            }
            FailureKind::DuctCut { duct } => {
                let links: Vec<&str> =
                    self.ducts[*duct].links.iter().map(|link| self.links[*link].name.as_str()).collect();
                format!("duct {} (links {})", self.ducts[*duct].name, links.join(", "))
            }
            FailureKind::LineCard { card } => {
                let card = &self.cards[*card];
                let ports: Vec<String> = card.ports.iter().map(|wires| self.name_of_wires(*wires)).collect();
                format!("card {} of {} ({})", card.name, router(card.router), ports.join(", "))
            }
            FailureKind::WrongPassword { router: one, peer } | FailureKind::SessionReset { router: one, peer } => {
                format!("sessions of {} with {}", router(*one), router(*peer))
            }
            FailureKind::FailoverTest { provider, connection, channels } => {
                let names: Vec<&str> = channels.iter().map(|link| self.links[*link].name.as_str()).collect();
                let (provider, connection) = (&self.providers[*provider].name, &self.connections[*connection].name);
                format!("sessions of connection {connection} at {provider} on {}", names.join(", "))
            }
            FailureKind::FacilityOutage { facility } | FailureKind::Cooling { facility, .. } => {
                format!("facility {}", self.facilities[*facility].name)
            }
            FailureKind::PowerFeed { feed } => {
                let feed = &self.feeds[*feed];
                format!("feed {} of facility {}", feed.name, self.facilities[feed.facility].name)
            }
            FailureKind::ZoneOutage { facility } => format!("zone {}", self.facilities[*facility].name),
            FailureKind::EdgeOutage { provider, routers } => {
                format!("{} edge routers of {}", routers.len(), self.providers[*provider].name)
            }
            FailureKind::SoftwarePush { routers, share, .. } => format!("{share} of {} routers", routers.len()),
            FailureKind::PolicyPush { routers, policy } => {
                let names: Vec<&str> = routers.iter().map(|id| router(*id).as_str()).collect();
                format!("export policy \"{}\" on {}", policy.name, names.join(", "))
            }
            FailureKind::Surge { from, to } => {
                format!("traffic from {} to {}", self.attachments[*from].name, self.attachments[*to].name)
            }
        }
    }

    fn name_of_wires(&self, wires: Wires) -> String {
        let link = &self.links[wires.link];
        let member = match wires.members {
            Members::All => String::new(),
            Members::One(index) => format!(" member {index}"),
        };
        let from = match wires.ways {
            Ways::Both => String::new(),
            Ways::From(end) => format!(" from {}", self.routers[link.ends[end]].name),
        };
        format!("link {}{member}{from}", link.name)
    }

    /// The propagation that a failure gives a wire, if it changes it.
    #[must_use]
    pub fn changed_propagation(&self, failure: crate::ids::FailureId, port: PortId) -> Option<Span> {
        let port = &self.ports[port];
        let FailureKind::Wires { wires, fault } = &self.failures[failure].kind else { return None };
        let hit = wires.link == port.link && wires.members.include(port.member) && wires.ways.include(port.end);
        match fault {
            WireFault::Impaired(Impairment::Propagation(propagation)) | WireFault::Switched { propagation, .. } => {
                hit.then_some(*propagation)
            }
            WireFault::Cut
            | WireFault::SilentCut
            | WireFault::MkpduLoss
            | WireFault::WrongKey(_)
            | WireFault::Impaired(
                Impairment::Loss(_)
                | Impairment::BitErrors(_)
                | Impairment::BlackHole
                | Impairment::Corruption { .. }
                | Impairment::Duplication { .. }
                | Impairment::Jitter { .. },
            ) => None,
        }
    }

    /// The shortest propagation that a wire ever has, failures that change it counted.
    #[must_use]
    pub fn least_propagation(&self, port: PortId) -> Span {
        let changed = self.failures.ids().filter_map(|failure| self.changed_propagation(failure, port));
        changed.fold(self.ports[port].propagation, Span::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Span {
        Span::from_s(seconds)
    }

    #[test]
    fn a_failure_comes_back_until_its_count_or_the_end() {
        let flap = When { at: s(1), lasts: Some(s(1)), again: Some(Again { every: s(3), count: 3 }) };
        assert_eq!(flap.beginnings(s(100)).collect::<Vec<_>>(), [s(1), s(4), s(7)]);
        assert_eq!(flap.beginnings(s(7)).collect::<Vec<_>>(), [s(1), s(4)]);
        assert_eq!(When::once(s(5), None).beginnings(s(6)).collect::<Vec<_>>(), [s(5)]);
    }

    #[test]
    fn a_failure_lasts_between_its_beginnings_and_ends() {
        let flap = When { at: s(1), lasts: Some(s(1)), again: Some(Again { every: s(3), count: u64::MAX }) };
        let cases = [((0, 0), false), ((0, 1), true), ((2, 3), false), ((3, 4), true), ((5, 6), false), ((0, 9), true)];
        for ((from, to), expected) in cases {
            assert_eq!(flap.lasts_within(s(from), s(to)), expected, "from {from} to {to}");
        }
        assert!(When::once(s(1), None).lasts_within(s(50), s(60)));
    }
}
