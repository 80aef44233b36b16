//! Providers, buildings, routers and attachments.

use ipnet::IpNet;

use super::{AttachmentLimit, PrefixTable};
use crate::ids::{AttachmentId, DestinationId, FacilityId, FeedId, LinkId, ProviderId};
use crate::units::Span;

/// A cloud or network operator: one autonomous system.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Name in the scenario.
    pub name: String,
    /// Autonomous system number.
    pub asn: u32,
    /// How its routers choose among routes.
    pub decision: DecisionRules,
    /// From the first notice of a lost or returned interior link or router until every router of the provider
    /// has computed its new interior paths. FIB installation comes on top.
    pub interior_convergence: Span,
}

/// What RFC 4271 9.1.2.2 leaves to implementations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionRules {
    /// Between which routes MED is compared.
    pub med: MedComparison,
    /// Whether the older of two external routes wins before identifiers are compared.
    pub age: Age,
    /// Which equal routes are used together.
    pub multipath: Multipath,
}

/// Between which routes `MULTI_EXIT_DISC` is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MedComparison {
    /// Of one neighbouring system, group by group ("deterministic MED").
    SameNeighbour,
    /// Of all.
    Always,
}

/// Whether the age of external routes counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// It does not: the lower identifier wins, whoever came first.
    Ignored,
    /// The older route wins, which spares changes and makes results depend on history.
    OlderFirst,
    /// The route in use wins, whatever its age: what bgpd of FRR does in this step.
    InUseFirst,
}

/// Which routes that are equal up to interior cost are used together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multipath {
    /// Only the best one.
    Off,
    /// Those of the best one's neighbouring system.
    SameNeighbour,
    /// All of them, `AS_PATH`s of equal length included.
    AnyNeighbour,
}

impl DecisionRules {
    /// Nothing depends on the order of arrival.
    pub const DETERMINISTIC: Self =
        Self { med: MedComparison::SameNeighbour, age: Age::Ignored, multipath: Multipath::SameNeighbour };
}

/// A building: everything in it shares its fate.
#[derive(Debug, Clone)]
pub struct Facility {
    /// Name in the scenario.
    pub name: String,
}

/// What a router is for; it decides which internal sessions it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouterRole {
    /// Ends channels to another provider; speaks eBGP on every logical link.
    Border,
    /// Joins facilities and attachments inside a provider.
    Backbone,
    /// The distributed edge of an attachment (a VPC's virtual router). Modelled as never failing.
    Edge(AttachmentId),
}

/// How a router picks among equal-cost next hops and LAG members, seeded by its name, so each decides on its own.
/// They differ in how many flows move when one of N choices goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashKind {
    /// Hash-threshold over the five-tuple (RFC 2992): a quarter to a half of the flows move.
    FiveTuple,
    /// The five-tuple's hash modulo the number of choices: (N - 1)/N of the flows move.
    Modulo,
    /// Resilient hashing over the five-tuple, by a fixed table of buckets: 1/N of the flows move.
    Resilient,
    /// The source port modulo the number of next hops: for oracles with a known spread.
    SourcePortModulo,
}

/// Where BFD runs in a router (the C bit of RFC 5880 tells it to the peer; RFC 5882 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LivenessPlace {
    /// In the line card: it goes on while the processor hangs.
    LineCard,
    /// On the processor, whose fate it shares.
    Processor,
}

/// A store-and-forward router.
#[derive(Debug, Clone)]
pub struct Router {
    /// Name in the scenario.
    pub name: String,
    /// Owner.
    pub provider: ProviderId,
    /// The building it stands in; an attachment's edge has none.
    pub facility: Option<FacilityId>,
    /// The power feeds that keep it up, each alone; with none named it depends on the building only.
    pub feeds: Vec<FeedId>,
    /// What it is for.
    pub role: RouterRole,
    /// From the last bit in until the packet is offered to its output port.
    pub forwarding_latency: Span,
    /// Choice among equal-cost next hops.
    pub hash: HashKind,
    /// Seed of that choice: a function of the router's name.
    pub hash_seed: u64,
    /// The destination that is the router itself.
    pub loopback: DestinationId,
    /// How long its routing takes.
    pub control: ControlTiming,
    /// Where BFD runs.
    pub liveness: LivenessPlace,
    /// Links that end here, in id order.
    pub links: Vec<LinkId>,
}

/// How long a router's routing takes, and what it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlTiming {
    /// From a received routing message or a lost session until the router acts on it; many may wait at once.
    pub processing: Span,
    /// Time of its processor for each routing message; one is served at a time.
    pub processing_per_message: Span,
    /// Time of its processor for each prefix in an UPDATE.
    pub processing_per_prefix: Span,
    /// From the first change of the candidates until the decision process runs over all that changed.
    pub decision_delay: Span,
    /// What a learned route waits for before it is announced.
    pub announces: Announces,
    /// From a routing decision until the forwarding table follows it.
    pub fib_install: Span,
    /// Time to write one entry of the forwarding table; one is written at a time.
    pub fib_per_prefix: Span,
    /// Whether changing the way of many prefixes is one write.
    pub fib: FibSharing,
}

/// What a route waits for before it is announced to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announces {
    /// Its forwarding entry: nothing attracts traffic before this router can forward it.
    WhenInstalled,
    /// Nothing but the decision, as most implementations have it unless told otherwise.
    WhenDecided,
}

/// Whether entries of a forwarding table share their next hops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FibSharing {
    /// Prefix-independent convergence: prefixes that had a way and get another one are one write.
    PrefixIndependent,
    /// Each prefix is written by itself.
    PerPrefix,
}

impl ControlTiming {
    /// A router that takes no time.
    pub const INSTANT: Self = Self {
        processing: Span::ZERO,
        processing_per_message: Span::ZERO,
        processing_per_prefix: Span::ZERO,
        decision_delay: Span::ZERO,
        announces: Announces::WhenInstalled,
        fib_install: Span::ZERO,
        fib_per_prefix: Span::ZERO,
        fib: FibSharing::PrefixIndependent,
    };
}

/// Where flows begin and end: a VPC or the like.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Name in the scenario.
    pub name: String,
    /// The provider it lives in.
    pub provider: ProviderId,
    /// Its prefixes, each a destination of its own.
    pub prefixes: Vec<(IpNet, DestinationId)>,
    /// The same prefixes for look-ups by address.
    pub table: PrefixTable,
    /// The router that stands for it.
    pub edge: crate::ids::RouterId,
    /// What it may send; `None` without a limit.
    pub limit: Option<AttachmentLimit>,
}
