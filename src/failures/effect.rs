//! What a failure does to components.

use crate::ids::{ConnectionId, FacilityId, FeedId, LinkId, ProviderId, RouterId, SessionId};
use crate::message::DropReason;
use crate::network::{
    Detection, Failure, FailureKind, Impairment, Mitigation, Network, RouterFault, Session, SessionKind, WireFault,
    Wires, WrongKey,
};
use crate::rng::RunSeed;
use crate::units::Span;

/// One thing that a failure does to one component, and takes back when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The wires are dead, and light is gone at both ends of their members; packets die of this cause.
    Dark(Wires, DropReason),
    /// The wires are dead, light stays.
    Silent(Wires),
    /// Something befalls frames on the wires.
    Impaired(Wires, Impairment),
    /// Key agreement messages on the wires are lost.
    MkpduLoss(Wires),
    /// Those who send on the wires hold, or are given, a wrong key.
    WrongKey(Wires, WrongKey),
    /// The router's processor hangs.
    CpuHang(RouterId),
    /// The router has no power.
    PowerLoss(RouterId),
    /// The feed is dead; routers that hang on no other one have no power.
    FeedLoss(FeedId),
    /// Hosts of attachments in the building are down.
    HostsDown(FacilityId),
    /// Traffic is drained from the router (RFC 8326).
    Drained(RouterId),
    /// The router tells other systems what the policy of the failure has it tell.
    Exports(RouterId),
    /// The router has no BGP process.
    NoBgp(RouterId),
    /// Segments of sessions between the two are discarded.
    SegmentsRefused([RouterId; 2]),
    /// The router keeps the session down.
    SessionDown(RouterId, SessionId),
    /// Routes are moved away from the link: it is costed out inside a provider, and the sessions over it announce
    /// GRACEFUL_SHUTDOWN (RFC 8326).
    CostedOut(LinkId),
    /// The wires are shut on purpose: light is gone at both ends of their members.
    AdminDown(Wires),
}

/// An effect, and when within its failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// From so long after the failure begins.
    pub from: Span,
    /// Until so long after it begins, at most; `None` until it ends.
    pub until: Option<Span>,
    /// The effect.
    pub effect: Effect,
}

impl Stage {
    /// As long as the failure.
    const fn whole(effect: Effect) -> Self {
        Self { from: Span::ZERO, until: None, effect }
    }
}

/// What a failure does, in order of component. A software push draws its routers once for a run, by its own name.
#[must_use]
pub fn stages(network: &Network, failure: &Failure, seed: RunSeed) -> Vec<Stage> {
    let mut stages = of_kind(network, failure, seed);
    if let (Some(detection), Some(wires)) = (&failure.detection, failure.kind.wires_out_of_service()) {
        stages.extend(out_of_service(detection, wires));
    }
    stages
}

/// What follows when a fault is detected: it stays out of service until it is repaired.
fn out_of_service(detection: &Detection, wires: Wires) -> Vec<Stage> {
    let from = |from, effect| Stage { from, until: None, effect };
    let after = detection.after;
    match detection.mitigation {
        Mitigation::AdminDown => vec![from(after, Effect::AdminDown(wires))],
        Mitigation::Drain(drain) => {
            vec![from(after, Effect::CostedOut(wires.link)), from(after + drain, Effect::AdminDown(wires))]
        }
    }
}

fn of_kind(network: &Network, failure: &Failure, seed: RunSeed) -> Vec<Stage> {
    let whole = |effects: Vec<Effect>| effects.into_iter().map(Stage::whole).collect();
    match &failure.kind {
        FailureKind::Wires { wires, fault } => on_wires(*wires, *fault),
        FailureKind::Router { router, fault } => whole(vec![on_router(*router, *fault)]),
        FailureKind::DuctCut { duct } => {
            let cut = |link| Effect::Dark(Wires::all(link), DropReason::FibreCut);
            whole(network.ducts[*duct].links.iter().copied().map(cut).collect())
        }
        FailureKind::LineCard { card } => {
            let dead = |wires| Effect::Dark(wires, DropReason::LineCard);
            whole(network.cards[*card].ports.iter().copied().map(dead).collect())
        }
        FailureKind::WrongPassword { router, peer } => whole(vec![Effect::SegmentsRefused([*router, *peer])]),
        FailureKind::SessionReset { router, peer } => {
            let sessions = network.sessions_between([*router, *peer]).into_iter();
            whole(sessions.map(|session| Effect::SessionDown(*router, session)).collect())
        }
        FailureKind::FailoverTest { provider, connection, channels } => {
            whole(tested(network, *provider, *connection, channels))
        }
        FailureKind::Maintenance { router, drain, window, .. } => {
            let off = Stage { from: *drain, until: Some(*drain + *window), effect: Effect::PowerLoss(*router) };
            vec![Stage::whole(Effect::Drained(*router)), off]
        }
        FailureKind::FacilityOutage { facility } => {
            whole(routers_in(network, *facility).map(Effect::PowerLoss).collect())
        }
        FailureKind::PowerFeed { feed } => whole(vec![Effect::FeedLoss(*feed)]),
        FailureKind::Cooling { facility, interval } => {
            let late = |(turn, router)| {
                let from = interval.times(turn as u64);
                Stage { from, until: None, effect: Effect::PowerLoss(router) }
            };
            routers_in(network, *facility).enumerate().map(late).collect()
        }
        FailureKind::ZoneOutage { facility } => {
            let routers = routers_in(network, *facility).map(Effect::PowerLoss);
            whole(routers.chain([Effect::HostsDown(*facility)]).collect())
        }
        FailureKind::EdgeOutage { routers, .. } => whole(routers.iter().copied().map(Effect::PowerLoss).collect()),
        FailureKind::SoftwarePush { routers, share, fault } => {
            let goes_wrong = |router: &&RouterId| {
                let mut stream = seed.stream(&network.routers[**router].name, &format!("push {}", failure.name));
                stream.chance(share.as_ppb())
            };
            whole(routers.iter().filter(goes_wrong).map(|router| on_router(*router, *fault)).collect())
        }
        FailureKind::PolicyPush { routers, .. } => whole(routers.iter().copied().map(Effect::Exports).collect()),
        // Its flow entries send by themselves.
        FailureKind::Surge { .. } => Vec::new(),
    }
}

/// Sessions of a connection on some channels, taken down by the routers of one side.
fn tested(network: &Network, provider: ProviderId, connection: ConnectionId, channels: &[LinkId]) -> Vec<Effect> {
    let down = |(id, session): (SessionId, &Session)| {
        let SessionKind::External(logical) = session.kind else { return None };
        let logical = &network.logical_links[logical];
        let router =
            session.ends.iter().map(|end| end.router).find(|router| network.routers[*router].provider == provider)?;
        let is_meant = logical.connection == connection && channels.contains(&logical.channel);
        is_meant.then_some(Effect::SessionDown(router, id))
    };
    network.sessions.enumerate().filter_map(down).collect()
}

fn on_wires(wires: Wires, fault: WireFault) -> Vec<Stage> {
    let effect = match fault {
        WireFault::Cut => Effect::Dark(wires, DropReason::FibreCut),
        WireFault::SilentCut => Effect::Silent(wires),
        WireFault::MkpduLoss => Effect::MkpduLoss(wires),
        WireFault::WrongKey(which) => Effect::WrongKey(wires, which),
        WireFault::Impaired(by) => Effect::Impaired(wires, by),
        WireFault::Switched { hit, propagation } => {
            return vec![
                Stage { from: Span::ZERO, until: Some(hit), effect: Effect::Silent(wires) },
                Stage::whole(Effect::Impaired(wires, Impairment::Propagation(propagation))),
            ];
        }
    };
    vec![Stage::whole(effect)]
}

const fn on_router(router: RouterId, fault: RouterFault) -> Effect {
    match fault {
        RouterFault::PowerLoss => Effect::PowerLoss(router),
        RouterFault::CpuHang => Effect::CpuHang(router),
        RouterFault::BgpRestart => Effect::NoBgp(router),
    }
}

fn routers_in(network: &Network, facility: FacilityId) -> impl Iterator<Item = RouterId> + '_ {
    network.routers.enumerate().filter(move |(_, router)| router.facility == Some(facility)).map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::LinkId;
    use crate::network::When;

    fn failure(kind: FailureKind) -> Failure {
        Failure { name: "push".to_owned(), kind, when: When::once(Span::ZERO, None), detection: None }
    }

    #[test]
    fn protection_switching_is_a_hit_and_then_another_length() {
        let wires = Wires::all(LinkId(0));
        let (hit, propagation) = (Span::from_ms(50), Span::from_ms(3));
        let kind = FailureKind::Wires { wires, fault: WireFault::Switched { hit, propagation } };
        let stages = stages(&Network::default(), &failure(kind), RunSeed(1));
        let longer = Effect::Impaired(wires, Impairment::Propagation(propagation));
        assert_eq!(stages[0], Stage { from: Span::ZERO, until: Some(hit), effect: Effect::Silent(wires) });
        assert_eq!(stages[1], Stage::whole(longer));
    }
}
