//! Sessions and destinations: what the control plane is configured with.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::ids::{AttachmentId, DestinationId, LinkId, LogicalLinkId, ProviderId, RouterId, SessionId};
use crate::units::Span;

use super::RoutePolicy;

/// Something that forwarding tables have entries for.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The prefix; a router's own address is a host prefix.
    pub prefix: IpNet,
    /// What it leads to.
    pub kind: DestinationKind,
    /// The router at which packets to it are delivered.
    pub router: RouterId,
    /// The provider that originates it.
    pub provider: ProviderId,
    /// The longest shorter prefix that holds it, of an attachment that can reach its own.
    pub covering: Option<DestinationId>,
}

/// What a destination leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DestinationKind {
    /// A prefix of an attachment.
    Attachment(AttachmentId),
    /// A router itself: control traffic between routers of one provider.
    Loopback,
}

/// One BGP session.
#[derive(Debug, Clone)]
pub struct Session {
    /// "aws-r1=gcp-r1/conn" or "aws-r1=aws-bb1".
    pub name: String,
    /// External on a logical link, or internal.
    pub kind: SessionKind,
    /// Both ends.
    pub ends: [SessionEnd; 2],
    /// Destinations that may be announced over it, in id order: for an external session the prefixes of its
    /// connection's attachments; for an internal one every attachment prefix of the other providers.
    pub allowed: Vec<crate::ids::DestinationId>,
}

/// Where a session runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// eBGP on a logical link, one hop; goes down with its link.
    External(LogicalLinkId),
    /// eBGP on a plain link between two providers; goes down with its link.
    Peering(LinkId),
    /// iBGP between a border router and another router of its provider; its messages follow interior paths.
    Internal(ProviderId),
}

/// One end of a BGP session.
#[derive(Debug, Clone)]
pub struct SessionEnd {
    /// The speaker.
    pub router: RouterId,
    /// Its autonomous system.
    pub asn: u32,
    /// Its address on the session.
    pub address: IpAddr,
    /// BGP identifier of the speaker (RFC 4271 4.2).
    pub identifier: u32,
    /// Its timers as configured; hold is negotiated to the lower.
    pub timing: BgpTiming,
    /// What it does not announce to the peer.
    pub loop_avoidance: LoopAvoidance,
    /// Whether it keeps routes while the peer restarts.
    pub graceful_restart: GracefulRestart,
    /// Whether routes that flap are put aside.
    pub damping: RouteFlapDamping,
    /// So many prefixes at most are taken from the peer; one more ends the session.
    pub max_prefixes: u32,
    /// Which routes it announces to another provider.
    pub scope: Scope,
    /// Whether it reflects routes for the peer.
    pub reflection: RouteReflection,
    /// What it does with routes from the peer.
    pub import: Arc<RoutePolicy>,
    /// What it does with routes for the peer.
    pub export: Arc<RoutePolicy>,
}

/// BGP timers (RFC 4271 section 10) of one end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BgpTiming {
    /// Offered hold time.
    pub hold: Span,
    /// Offered keepalive interval; the session uses the lower of this and a third of the negotiated hold time.
    pub keepalive: Span,
    /// Between tries that nobody answers.
    pub connect_retry: Span,
    /// MinRouteAdvertisementIntervalTimer (RFC 4271 9.2.1.1), one for all destinations of the peer; zero is none.
    pub advertisement_interval: Span,
    /// From when it counts.
    pub advertisement_clock: AdvertisementClock,
    /// Whether withdrawals wait for it, too.
    pub withdrawals: Withdrawals,
    /// From Established to the first UPDATE, so that what is learned meanwhile leaves with it.
    pub first_update: Span,
    /// Whether timers are shortened at random.
    pub jitter: Jitter,
}

/// From when the advertisement interval of a peer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdvertisementClock {
    /// From the last announcement (RFC 4271 9.2.1.1).
    FromSent,
    /// From when the next route is there to be announced, less the whole seconds since the last UPDATE: FRR's
    /// bgp_adjust_routeadv, whose clock has whole seconds.
    FromQueued,
}

/// Whether the advertisement interval holds back withdrawals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawals {
    /// They leave at once, as RFC 1771 9.2.1.1 had it and most implementations do.
    AtOnce,
    /// They wait like announcements (RFC 4271 9.2.1.1).
    Limited,
}

/// Whether timers are shortened at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jitter {
    /// A factor uniform between 0.75 and 1 on connect retry, keepalive and advertisement (RFC 4271 section 10).
    Rfc4271,
    /// Exactly as configured.
    None,
}

/// What a speaker checks before it announces a route to a peer. The peer rejects its own AS number in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoopAvoidance {
    /// Nothing, as RFC 4271 asks for nothing.
    None,
    /// A route is not announced to the peer it was learned from.
    SplitHorizon,
    /// Nor to a peer whose AS number stands in its path.
    SenderSide,
}

/// Which routes a session announces to another provider, before its policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The provider's own prefixes: nobody transits.
    Own,
    /// What it learned from others, too.
    All,
}

/// Whether an end of an internal session reflects routes for its peer (RFC 4456).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteReflection {
    /// It does not.
    None,
    /// The peer is its client.
    Client,
}

/// Graceful restart (RFC 4724, with hold timers as in RFC 8538).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GracefulRestart {
    /// Routes of a session go with it.
    Off,
    /// Routes of a peer that can restart are kept as stale ones.
    On {
        /// How long this end may be away: its peer keeps routes for so long.
        restart_time: Span,
        /// How long stale routes may wait for End-of-RIB once the session is back.
        stale_time: Span,
        /// What becomes of them when BFD says that the peer is gone.
        on_bfd_down: OnBfdDown,
    },
}

/// Route-flap damping (RFC 2439) of the routes of external peers, with half-life 15 min and reuse threshold 750: 1000
/// for a withdrawal, 500 for other attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteFlapDamping {
    /// Routes are used however often they flap.
    Off,
    /// Above the suppress threshold they are not, until the penalty has decayed to the reuse threshold.
    On {
        /// Suppress threshold.
        suppress: u32,
        /// Largest penalty.
        ceiling: u32,
    },
}

impl RouteFlapDamping {
    /// Defaults of IOS and bgpd: suppress at 2000, suppressed for 60 min at most: 750 x 2^(60 / 15).
    pub const CISCO: Self = Self::On { suppress: 2_000, ceiling: 12_000 };
    /// RFC 7196 section 6: suppress at 6000 or more, and a largest penalty of 50,000.
    pub const RFC_7196: Self = Self::On { suppress: 6_000, ceiling: 50_000 };
}

/// What becomes of routes when BFD goes down on a session with graceful restart (RFC 5882 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBfdDown {
    /// They are kept: BFD may have gone with the control plane. A dead path is used until the restart time is over.
    KeepRoutes,
    /// As the C bit in the peer's BFD packets says: kept when its BFD shares the fate of its control plane.
    AsPeerSays,
    /// They go: BFD is independent of the control plane, so the path is dead.
    DropRoutes,
}

/// One BFD session (RFC 5880).
#[derive(Debug, Clone)]
pub struct BfdSession {
    /// Name of what it watches, with "bfd:" before it.
    pub name: String,
    /// The link it runs on, one hop; it rides the first member that is up, a micro-BFD session its own.
    pub link: LinkId,
    /// Configuration at the routers of `link.ends`, in that order.
    pub ends: [BfdConfig; 2],
    /// What learns of it when the session goes down.
    pub watched: Watched,
}

/// What a BFD session protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// An external BGP session.
    Session(SessionId),
    /// A link inside a provider: interior routing.
    Link(LinkId),
    /// One member of its link, which it rides (micro-BFD, RFC 7130): whether that carries traffic.
    Member(usize),
}

/// BFD parameters of one end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BfdConfig {
    /// Desired Min TX Interval once Up.
    pub transmit: Span,
    /// Required Min RX Interval.
    pub receive: Span,
    /// Detect Mult that this end announces: its *peer* waits so many intervals.
    pub multiplier: u8,
}
