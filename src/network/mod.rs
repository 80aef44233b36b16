//! The validated world: plain immutable data, no Options that mean "not decided", every name resolved to an id.
//!
//! ```text
//! Provider -- Router -- Port ==wire==> Port -- Router -- Provider
//!    |          |         \__ member of a Link; a channel is a Link between two providers' border routers
//! Attachment  Facility
//! ```
//! Only `graph.rs` knows petgraph.

mod change;
mod device;
mod failure;
pub mod graph;
mod impairment;
mod judgement;
mod limit;
mod link;
mod prefix_table;
mod queueing;
mod routing;
mod trace;
mod traffic;

pub use change::{Change, ChangeKind};
pub use device::{Attachment, Facility, HashKind, Provider, Router, RouterRole};
pub use failure::{Failure, FailureKind};
pub use impairment::{BrokenFcs, DeliveryOrder, Impairment, LossLaw};
pub use judgement::{Availability, Bound, DeadDirection, Expectation, Metric, SlaRule};
pub use limit::{
    AggregateLimit, AttachmentLimit, ColourMode, Excess, MarkerStandard, PerLinkLimit, RateLimit, TokenBucket, TwoRates,
};
pub use link::{
    Buffer, Framing, Link, LinkKind, MacsecConfig, Member, PacketNumberWidth, Port, Protection, ReplayProtection,
    SecureKey, ValidateFrames,
};
pub use prefix_table::PrefixTable;
pub use queueing::{DropCurve, EarlyDetection, Marking, QueueClass, Queueing, Room, Service, Threshold};
pub use routing::{
    BfdConfig, BfdSession, BgpTiming, Destination, DestinationKind, Session, SessionEnd, SessionKind, Watched,
};
pub use trace::{Arrival, Trace, TraceOf};
pub use traffic::{
    ArrivalLaw, Connection, Flow, FlowEntry, FlowRole, Interconnect, InterconnectKind, LogicalLink, Monitor, SizeLaw,
};

use crate::ids::{
    AttachmentId, ConnectionId, DestinationId, FacilityId, FailureId, FlowEntryId, FlowId, IdVec, InterconnectId,
    LinkId, LogicalLinkId, MonitorId, PortId, ProviderId, RouterId, SessionId,
};
use crate::units::Span;

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
    /// The operators.
    pub providers: IdVec<ProviderId, Provider>,
    /// The buildings.
    pub facilities: IdVec<FacilityId, Facility>,
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
    /// Scripted changes, in order of time.
    pub changes: Vec<Change>,
    /// How availability is judged.
    pub availability: Availability,
    /// What the scenario expects of itself.
    pub expectations: Vec<Expectation>,
}

impl Network {
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
}
