//! Small networks for the tests of protocols, built by hand.

use crate::ids::{AttachmentId, DestinationId, Id, InterconnectId, LinkId, LogicalLinkId, ProviderId, RouterId};
use crate::network::{
    AdvertisementClock, BfdConfig, BfdSession, BgpTiming, ControlTiming, DecisionRules, Destination, DestinationKind,
    GracefulRestart, HashKind, Jitter, Link, LinkKind, LoopAvoidance, Network, Provider, RouteFlapDamping, RoutePolicy,
    RouteReflection, Router, RouterRole, Scope, Session, SessionEnd, SessionKind, Watched, Withdrawals,
};
use crate::units::Span;
use std::sync::Arc;

/// AWS's documented timers: hold 90 s, keepalive 30 s.
pub(super) const AWS: BgpTiming = BgpTiming {
    hold: Span::from_s(90),
    keepalive: Span::from_s(30),
    connect_retry: Span::from_s(10),
    advertisement_interval: Span::ZERO,
    advertisement_clock: AdvertisementClock::FromSent,
    withdrawals: Withdrawals::AtOnce,
    first_update: Span::ZERO,
    jitter: Jitter::Rfc4271,
};
/// Google's documented timers: hold 60 s, keepalive 20 s.
pub(super) const GOOGLE: BgpTiming = BgpTiming { hold: Span::from_s(60), keepalive: Span::from_s(20), ..AWS };

/// A network without anything but providers `names` with AS numbers 65000, 65001 and so on.
pub(super) fn providers(names: &[&str]) -> Network {
    let mut network = Network::default();
    for (asn, name) in (65000..).zip(names) {
        network.providers.push(Provider {
            name: (*name).to_owned(),
            asn,
            decision: DecisionRules::DETERMINISTIC,
            interior_convergence: Span::from_ms(200),
        });
    }
    network
}

/// Adds a router; its loopback is not there.
pub(super) fn router(network: &mut Network, provider: u32, role: RouterRole) -> RouterId {
    let index = u32::try_from(network.routers.len()).unwrap();
    network.routers.push(Router {
        name: format!("r{index}"),
        provider: ProviderId(provider),
        facility: None,
        feeds: Vec::new(),
        role,
        forwarding_latency: Span::ZERO,
        hash: HashKind::FiveTuple,
        hash_seed: 0,
        loopback: DestinationId(0),
        control: ControlTiming::INSTANT,
        liveness: crate::network::LivenessPlace::LineCard,
        links: Vec::new(),
    })
}

/// Adds a link without members: a channel between providers, else a backbone or attachment link.
pub(super) fn link(network: &mut Network, a: RouterId, b: RouterId) -> LinkId {
    let (first, second) = (&network.routers[a], &network.routers[b]);
    let kind = match (first.role, second.role) {
        (RouterRole::Edge(_), _) | (_, RouterRole::Edge(_)) => LinkKind::Attachment,
        (RouterRole::Border | RouterRole::Backbone, RouterRole::Border | RouterRole::Backbone) => {
            if first.provider == second.provider { LinkKind::Backbone } else { LinkKind::Channel(InterconnectId(0)) }
        }
    };
    let index = network.links.len();
    network.links.push(Link {
        name: format!("l{index}"),
        kind,
        ends: [a, b],
        members: Vec::new(),
        min_links: 1,
        lacp: None,
        carrier_down: Span::ZERO,
        carrier_up: Span::ZERO,
    })
}

/// Adds a destination of a provider.
pub(super) fn destination(network: &mut Network, provider: u32, prefix: &str) -> DestinationId {
    network.destinations.push(Destination {
        prefix: prefix.parse().unwrap(),
        kind: DestinationKind::Attachment(AttachmentId(0)),
        router: RouterId(0),
        provider: ProviderId(provider),
        covering: None,
    })
}

/// Adds a session that may carry every destination; external when the routers' providers differ.
pub(super) fn session(network: &mut Network, ends: [(RouterId, BgpTiming); 2]) -> crate::ids::SessionId {
    let index = network.sessions.len();
    let provider = |router: RouterId| network.routers[router].provider;
    let kind = if provider(ends[0].0) == provider(ends[1].0) {
        SessionKind::Internal(provider(ends[0].0))
    } else {
        SessionKind::External(LogicalLinkId::from_index(index))
    };
    let end = |side: usize| SessionEnd {
        router: ends[side].0,
        asn: network.providers[provider(ends[side].0)].asn,
        address: format!("169.254.{index}.{}", side + 1).parse().unwrap(),
        identifier: u32::try_from(ends[side].0.index()).unwrap() + 1,
        timing: ends[side].1,
        loop_avoidance: LoopAvoidance::SplitHorizon,
        graceful_restart: GracefulRestart::Off,
        damping: RouteFlapDamping::Off,
        max_prefixes: u32::MAX,
        scope: Scope::Own,
        reflection: RouteReflection::None,
        import: Arc::new(RoutePolicy::ACCEPT),
        export: Arc::new(RoutePolicy::ACCEPT),
    };
    let session = Session {
        name: format!("s{index}"),
        kind,
        ends: [end(0), end(1)],
        allowed: network.destinations.ids().collect(),
    };
    network.sessions.push(session)
}

/// One router for each of `count` autonomous systems, 65000 and so on, and nothing between them; the first one has
/// the destination.
pub(super) fn systems(count: usize) -> (Network, DestinationId) {
    let names: Vec<String> = (0..count).map(|index| format!("as{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut network = providers(&names);
    for provider in 0..u32::try_from(count).unwrap() {
        router(&mut network, provider, RouterRole::Border);
    }
    let destination = destination(&mut network, 0, "10.0.0.0/16");
    (network, destination)
}

/// Adds plain eBGP between two routers: all routes pass, as policies have it.
pub(super) fn peering(network: &mut Network, ends: [u32; 2], timing: BgpTiming) -> crate::ids::SessionId {
    let id = session(network, ends.map(|end| (RouterId(end), timing)));
    let session = &mut network.sessions[id];
    session.kind = SessionKind::Peering(LinkId(id.0));
    for end in &mut session.ends {
        end.scope = Scope::All;
        end.loop_avoidance = LoopAvoidance::None;
    }
    id
}

/// A network of two routers of two providers with one BFD session.
pub(super) fn bfd(ends: [BfdConfig; 2]) -> Network {
    let mut network = providers(&["aws", "google"]);
    let (a, b) = (router(&mut network, 0, RouterRole::Border), router(&mut network, 1, RouterRole::Border));
    let link = link(&mut network, a, b);
    network.bfd_sessions.push(BfdSession { name: "bfd:l0".to_owned(), link, ends, watched: Watched::Link(link) });
    network
}
