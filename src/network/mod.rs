//! The validated world: plain immutable data, no Options that mean "not decided", every name resolved to an id.
//!
//! ```text
//! Provider -- Router -- Port ==wire==> Port -- Router -- Provider
//!    |          |         \__ member of a Link; a channel is a Link between two providers' border routers
//! Attachment  Facility
//! ```
//! Only `graph.rs` knows petgraph.

mod change;
mod detection;
mod device;
mod exchange;
mod failure;
mod fidelity;
pub mod graph;
mod guidance;
mod impairment;
mod judgement;
mod laws;
mod limit;
mod link;
mod link_group;
mod macsec;
mod party;
mod policy;
mod prefix_table;
mod provisioning;
mod queueing;
mod reliability;
mod risk;
mod routing;
mod sla_presets;
mod sla_rule;
mod trace;
mod traffic;
mod transfer;

pub use change::{Change, ChangeKind, FormerKey, Maintenance, Purchase, Way};
pub use detection::{Detection, DetectionLaw, Mitigation};
pub use device::{
    Age, Announces, Attachment, ControlTiming, DecisionRules, Facility, FibSharing, HashKind, LivenessPlace,
    MedComparison, Multipath, Provider, Router, RouterRole,
};
pub use exchange::ExchangeConfig;
pub use failure::{Again, Failure, FailureKind, Members, RouterFault, Urgency, Ways, When, WireFault, Wires, WrongKey};
pub use fidelity::{Fidelity, Sharing};
pub use guidance::{
    FeatureRequest, Guidance, L3BaseConfig, L3BaseGuidance, LAST_VLAN, NoCommonGround, RESERVED_VLANS, Subnets,
    negotiate,
};
pub use impairment::{BrokenFcs, DeliveryOrder, Impairment, LossLaw};
pub use judgement::{Availability, Bound, ExchangeMetric, Expectation, Metric, ProvisioningMetric, TransferMetric};
pub use laws::{ArrivalLaw, OnOff, Profile, SizeLaw, SpanLaw, VolumeLaw, Weighted};
pub use limit::{
    AggregateLimit, AttachmentLimit, ColourMode, ControlLimit, Excess, MarkerStandard, PerLinkLimit, RateLimit,
    TokenBucket, TwoRates,
};
pub use link::{Buffer, Framing, LacpRate, Link, LinkKind, Member, Port};
pub use link_group::LinkGroup;
pub use macsec::{
    Agreement, InstallOrder, MacsecConfig, MkaConfig, PacketNumberWidth, Protection, Reflection, ReplayProtection,
    SecureKey, SecurePolicy, ValidateFrames,
};
pub use party::{Charge, Party, PartyRole, Responsibility};
pub use policy::{
    AsPathPattern, Destinations, PolicyTerm, RouteChanges, RouteMatch, RoutePolicy, Ruling, TermVerdict, WrongPattern,
};
pub use prefix_table::PrefixTable;
pub use provisioning::{AdminState, Deferral, OfferedChannel, Provisioning, ProvisioningTimes};
pub use queueing::{DropCurve, EarlyDetection, Marking, QueueClass, Queueing, Room, Service, Threshold};
pub use reliability::{Begin, Component, Crew, Level, LifeLaw, LifeShape, Reliability, Start, StudyPlan, Variation};
pub use risk::{Card, Duct, Feed};
pub use routing::{
    AdvertisementClock, BfdConfig, BfdSession, BgpTiming, Destination, DestinationKind, GracefulRestart, Jitter,
    LoopAvoidance, OnBfdDown, RouteFlapDamping, RouteReflection, Scope, Session, SessionEnd, SessionKind, Watched,
    Withdrawals,
};
pub use sla_rule::{
    BadTest, ChargedTo, CreditTier, DeadDirection, Exclusion, LegalText, Measure, Onset, Period, Rounding, SlaRule,
};
pub use trace::{Arrival, Trace, TraceOf};
pub use traffic::{
    Connection, Flow, FlowEntry, FlowRole, Interconnect, InterconnectKind, LogicalLink, Monitor, Transport,
};
pub use transfer::{CongestionControl, EcnUse, TcpConfig};

use crate::ids::{
    AttachmentId, CardId, ConnectionId, DestinationId, DuctId, FacilityId, FailureId, FeedId, FlowEntryId, FlowId,
    IdVec, InterconnectId, LinkGroupId, LinkId, LogicalLinkId, MonitorId, PortId, ProviderId, RouterId, SessionId,
};
use crate::units::Span;
use std::net::IpAddr;

/// Everything a simulation needs to know. Ids of one kind follow the sorted names of that kind.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// One line that says what the scenario shows.
    pub title: String,
    /// Some sentences for the report; may be empty.
    pub description: String,
    /// How long traffic is offered and measured.
    pub horizon: Span,
    /// Control-plane time before the first packet, in which sessions come up; scenario time 0 is its end.
    pub warm_up: Span,
    /// The width of the bins of every time series in the report.
    pub bin: Span,
    /// What travels as packets, and what as rates.
    pub fidelity: Fidelity,
    /// What becomes of rates that exceed what carries them.
    pub sharing: Sharing,
    /// The operators.
    pub providers: IdVec<ProviderId, Provider>,
    /// The buildings.
    pub facilities: IdVec<FacilityId, Facility>,
    /// Power feeds, in order of building and name.
    pub feeds: IdVec<FeedId, Feed>,
    /// Line cards.
    pub cards: IdVec<CardId, Card>,
    /// Ducts.
    pub ducts: IdVec<DuctId, Duct>,
    /// Routers, and one edge per attachment (named like the attachment).
    pub routers: IdVec<RouterId, Router>,
    /// Point-to-point links, channels among them.
    pub links: IdVec<LinkId, Link>,
    /// Both directions of every member of every link.
    pub ports: IdVec<PortId, Port>,
    /// Redundancy groups.
    pub interconnects: IdVec<InterconnectId, Interconnect>,
    /// Customers' purchases.
    pub connections: IdVec<ConnectionId, Connection>,
    /// One per connection and channel.
    pub logical_links: IdVec<LogicalLinkId, LogicalLink>,
    /// What else is sold with an SLA: peering links.
    pub link_groups: IdVec<LinkGroupId, LinkGroup>,
    /// VPCs and the like.
    pub attachments: IdVec<AttachmentId, Attachment>,
    /// What FIBs have entries for.
    pub destinations: IdVec<DestinationId, Destination>,
    /// BGP sessions, external and internal.
    pub sessions: IdVec<SessionId, Session>,
    /// BFD sessions, on logical links and on links inside a provider.
    pub bfd_sessions: Vec<BfdSession>,
    /// Flow entries as the scenario names them.
    pub flow_entries: IdVec<FlowEntryId, FlowEntry>,
    /// A hash of the text of every arrival trace; 0 without one.
    pub traces_hash: u64,
    /// Every five-tuple, probes of monitors included.
    pub flows: IdVec<FlowId, Flow>,
    /// Synthetic monitors.
    pub monitors: IdVec<MonitorId, Monitor>,
    /// Scripted failures, in order of name.
    pub failures: IdVec<FailureId, Failure>,
    /// Who is responsible for what.
    pub responsibility: Responsibility,
    /// Scripted changes, in order of time.
    pub changes: Vec<Change>,
    /// What providers can offer the connections of others.
    pub guidance: Guidance,
    /// How connections are ordered, changed and deleted, in order of connection.
    pub provisioning: Vec<Provisioning>,
    /// What fails by itself, and how often.
    pub reliability: Reliability,
    /// How a study of many periods goes about it.
    pub study: StudyPlan,
    /// How availability is judged.
    pub availability: Availability,
    /// What the scenario expects of itself.
    pub expectations: Vec<Expectation>,
}

impl Network {
    /// The longest time in which routing may still be about to change of itself: a hold time (RFC 4271 4.2) and the restart
    /// timer behind it (RFC 4724 3), of any session.
    #[must_use]
    pub fn longest_reaction(&self) -> Span {
        let ends = self.sessions.iter().flat_map(|session| &session.ends);
        let timers = ends.map(|end| match end.graceful_restart {
            GracefulRestart::On { restart_time, .. } => end.timing.hold + restart_time,
            GracefulRestart::Off => end.timing.hold,
        });
        timers.max().unwrap_or(Span::ZERO)
    }

    /// The longest time until a session that can come up is up and has told its first routes.
    #[must_use]
    pub fn longest_connecting(&self) -> Span {
        let ends = self.sessions.iter().flat_map(|session| &session.ends).map(|end| &end.timing);
        let longest =
            ends.map(|timing| timing.connect_retry + timing.first_update + timing.advertisement_interval).max();
        longest.unwrap_or(Span::ZERO)
    }

    /// The end of `link` (0 or 1) at `router`; panics (our bug) when the link does not touch the router.
    #[must_use]
    pub fn end_of(&self, link: LinkId, router: RouterId) -> usize {
        let ends = self.links[link].ends;
        ends.iter().position(|end| *end == router).expect("the link ends at the router")
    }

    /// The ports by which `router` sends on `link`, one per member.
    pub fn ports_from(&self, link: LinkId, router: RouterId) -> impl Iterator<Item = PortId> + '_ {
        let end = self.end_of(link, router);
        self.links[link].members.iter().map(move |member| member.ports[end])
    }

    /// The ports behind some wires of a link, in order of member and end.
    pub fn ports_of(&self, wires: Wires) -> impl Iterator<Item = PortId> + '_ {
        let members = self.links[wires.link].members.iter().enumerate();
        let chosen = members.filter(move |(index, _)| wires.members.include(*index));
        chosen.flat_map(move |(_, member)| {
            [0, 1].into_iter().filter(move |end| wires.ways.include(*end)).map(|end| member.ports[end])
        })
    }

    /// How many channels the interconnect has on which a connection begins.
    #[must_use]
    pub fn channels_of(&self, connection: &Connection) -> usize {
        self.interconnects[connection.interconnect].channels.len()
    }

    /// How many channels the interconnect of a channel has.
    #[must_use]
    pub fn channels_beside(&self, channel: LinkId) -> usize {
        match self.links[channel].kind {
            LinkKind::Channel(interconnect) => self.interconnects[interconnect].channels.len(),
            LinkKind::Backbone | LinkKind::Attachment | LinkKind::Peering => 1,
        }
    }

    /// The link that an external session runs on; `None` for an internal one.
    #[must_use]
    pub fn external_link(&self, session: SessionId) -> Option<LinkId> {
        match self.sessions[session].kind {
            SessionKind::External(logical) => Some(self.logical_links[logical].channel),
            SessionKind::Peering(link) => Some(link),
            SessionKind::Internal(_) => None,
        }
    }

    /// The sessions between two routers.
    #[must_use]
    pub fn sessions_between(&self, [one, other]: [RouterId; 2]) -> Vec<SessionId> {
        let meant = |(_, session): &(SessionId, &Session)| {
            let ends = session.ends.each_ref().map(|end| end.router);
            ends == [one, other] || ends == [other, one]
        };
        self.sessions.enumerate().filter(meant).map(|(id, _)| id).collect()
    }

    /// Whether routes may lead from one attachment to the other: of one provider, on one connection, or of providers
    /// that peer, where policy decides.
    #[must_use]
    pub fn can_reach(&self, one: AttachmentId, other: AttachmentId) -> bool {
        let peers = |attachment: AttachmentId| {
            let provider = self.attachments[attachment].provider;
            self.links.iter().any(|link| {
                link.kind == LinkKind::Peering && link.ends.iter().any(|end| self.routers[*end].provider == provider)
            })
        };
        self.attachments[one].provider == self.attachments[other].provider
            || (peers(one) && peers(other))
            || self.connections.iter().any(|connection| {
                [one, other].iter().all(|id| connection.attachments.iter().any(|side| side.contains(id)))
            })
    }

    /// The zone in which a host of an attachment stands: hosts are spread over its routers, by a hash of their address,
    /// and are in the same building. `None` when that router has none.
    #[must_use]
    pub fn zone_of(&self, edge: RouterId, host: IpAddr) -> Option<FacilityId> {
        let bits = match host {
            IpAddr::V4(address) => u64::from(u32::from(address)),
            IpAddr::V6(address) => {
                address.octets().iter().fold(0, |bits, octet| crate::rng::mix(bits ^ u64::from(*octet)))
            }
        };
        let links = &self.routers[edge].links;
        let chosen = crate::rng::mix(bits).checked_rem(links.len() as u64)?;
        let link = links[usize::try_from(chosen).unwrap_or(0)];
        self.routers[self.links[link].ends[1 - self.end_of(link, edge)]].facility
    }

    /// The port that sends the other way on the same member.
    #[must_use]
    pub fn opposite(&self, port: PortId) -> PortId {
        let at = &self.ports[port];
        self.links[at.link].members[at.member].ports[1 - at.end]
    }
}
