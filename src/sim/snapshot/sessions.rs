//! Sessions at one instant: their state, and every value that they run by.

use std::net::IpAddr;

use crate::control::bgp::{RouteCounts, State};
use crate::ids::{RouterId, SessionId};
use crate::message::BfdState;
use crate::network::{
    BgpTiming, ControlTiming, GracefulRestart, LoopAvoidance, Network, RouteFlapDamping, RoutePolicy, RouteReflection,
    Scope, SessionEnd, SessionKind,
};
use crate::sim::run::Run;
use crate::units::Span;

/// All sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionSnapshot {
    /// Scenario time.
    pub at: Span,
    /// Both ends of every BGP session, in order of session.
    pub bgp: Vec<BgpEnd>,
    /// Both ends of every BFD session, in order of session.
    pub bfd: Vec<BfdEnd>,
    /// How long routing takes in every router that has a BGP session, in order of name.
    pub routers: Vec<RouterTiming>,
}

/// One end of a BGP session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BgpEnd {
    /// Name of the session.
    pub session: String,
    /// "external", "peering" or "internal".
    pub kind: &'static str,
    /// The link of one with another provider.
    pub link: Option<String>,
    /// The router at this end.
    pub router: String,
    /// The router at the other end.
    pub peer: String,
    /// Its state.
    pub state: State,
    /// Address of this end.
    pub address: IpAddr,
    /// AS number of this end.
    pub asn: u32,
    /// AS number of the other end.
    pub peer_asn: u32,
    /// The timers as configured at this end.
    pub timing: BgpTiming,
    /// The hold time in use: the lower of both ends' (RFC 4271 4.2).
    pub hold: Span,
    /// The keepalive interval in use: a third of the hold time at most (RFC 4271 4.4).
    pub keepalive: Span,
    /// What it does not announce to the peer.
    pub loop_avoidance: LoopAvoidance,
    /// Which routes it announces to another provider.
    pub scope: Scope,
    /// Whether it reflects routes for the peer.
    pub reflection: RouteReflection,
    /// Name of the import policy; `None` when it accepts all.
    pub import: Option<String>,
    /// Name of the export policy; `None` when it accepts all.
    pub export: Option<String>,
    /// Whether its routes are kept while it is away, and it keeps the peer's.
    pub graceful_restart: GracefulRestart,
    /// So many prefixes at most are taken from the peer; `u32::MAX` is no limit.
    pub max_prefixes: u32,
    /// Whether routes that flap are put aside.
    pub damping: RouteFlapDamping,
    /// Prefixes heard and told.
    pub routes: RouteCounts,
}

/// How long routing takes in a router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterTiming {
    /// The router.
    pub router: String,
    /// Its times.
    pub control: ControlTiming,
}

/// One end of a BFD session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BfdEnd {
    /// Name of the session.
    pub session: String,
    /// The link that it rides.
    pub link: String,
    /// The router at this end.
    pub router: String,
    /// The router at the other end.
    pub peer: String,
    /// Its state.
    pub state: BfdState,
    /// Between its packets once Up, before jitter: the slower of what it wants and what the peer accepts
    /// (RFC 5880 6.8.2).
    pub transmit: Span,
    /// Its Detect Mult, by which the peer counts.
    pub multiplier: u8,
    /// Silence of the peer after which it is taken for dead: the peer's Detect Mult times the slower of what this end
    /// accepts and what the peer wants to send (RFC 5880 6.8.4).
    pub detection: Span,
}

/// The sessions of a run as it stands.
pub(in crate::sim) fn sessions(run: &Run<'_>, at: Span) -> SessionSnapshot {
    let network = run.network;
    let ends = |id| [0, 1].map(|end| bgp_end(run, id, end));
    let speaks = |router: RouterId| network.sessions.iter().any(|it| it.ends.iter().any(|end| end.router == router));
    let timing = |(_, router): (RouterId, &crate::network::Router)| RouterTiming {
        router: router.name.clone(),
        control: router.control,
    };
    let mut routers: Vec<RouterTiming> =
        network.routers.enumerate().filter(|(id, _)| speaks(*id)).map(timing).collect();
    routers.sort_by(|a, b| a.router.cmp(&b.router));
    SessionSnapshot {
        at,
        bgp: network.sessions.ids().flat_map(ends).collect(),
        bfd: (0..network.bfd_sessions.len()).flat_map(|session| [0, 1].map(|end| bfd_end(run, session, end))).collect(),
        routers,
    }
}

fn bgp_end(run: &Run<'_>, id: SessionId, end: usize) -> BgpEnd {
    let network = run.network;
    let session = &network.sessions[id];
    let (own, other) = (&session.ends[end], &session.ends[1 - end]);
    let name = |of: &SessionEnd| network.routers[of.router].name.clone();
    let policy = |policy: &RoutePolicy| Some(policy.name.clone()).filter(|name| !name.is_empty());
    let hold = own.timing.hold.min(other.timing.hold);
    let speaker = &run.speakers[own.router];
    BgpEnd {
        session: session.name.clone(),
        kind: match session.kind {
            SessionKind::External(_) => "external",
            SessionKind::Peering(_) => "peering",
            SessionKind::Internal(_) => "internal",
        },
        link: network.external_link(id).map(|link| network.links[link].name.clone()),
        router: name(own),
        peer: name(other),
        state: speaker.state(id),
        address: own.address,
        asn: own.asn,
        peer_asn: other.asn,
        timing: own.timing,
        hold,
        keepalive: own.timing.keepalive.min(hold.scaled(1, 3)),
        loop_avoidance: own.loop_avoidance,
        scope: own.scope,
        reflection: own.reflection,
        import: policy(&own.import),
        export: policy(&own.export),
        graceful_restart: own.graceful_restart,
        max_prefixes: own.max_prefixes,
        damping: own.damping,
        routes: speaker.route_counts(id),
    }
}

fn bfd_end(run: &Run<'_>, session: usize, end: usize) -> BfdEnd {
    let network: &Network = run.network;
    let configured = &network.bfd_sessions[session];
    let (own, peer) = (configured.ends[end], configured.ends[1 - end]);
    let link = &network.links[configured.link];
    BfdEnd {
        session: configured.name.clone(),
        link: link.name.clone(),
        router: network.routers[link.ends[end]].name.clone(),
        peer: network.routers[link.ends[1 - end]].name.clone(),
        state: run.bfd[session][end].state(),
        transmit: own.transmit.max(peer.receive),
        multiplier: own.multiplier,
        detection: own.receive.max(peer.transmit).times(u64::from(peer.multiplier)),
    }
}
