//! What a failure does to components.

use crate::ids::RouterId;
use crate::network::{FailureKind, Impairment, Network, Wires, WrongKey};

/// One thing that a failure does to one component, and takes back when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The wires are dead, and light is gone at both ends of their members.
    Dark(Wires),
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
    /// The router has no BGP process.
    NoBgp(RouterId),
    /// Segments of sessions between the two are discarded.
    SegmentsRefused([RouterId; 2]),
    /// The first keeps its sessions with the second down.
    SessionsDown([RouterId; 2]),
}

/// The effects of a failure, in order of component.
#[must_use]
pub fn effects(network: &Network, kind: &FailureKind) -> Vec<Effect> {
    match *kind {
        FailureKind::FibreCut { wires } => vec![Effect::Dark(wires)],
        FailureKind::SilentCut { wires } => vec![Effect::Silent(wires)],
        FailureKind::Impaired { wires, by } => vec![Effect::Impaired(wires, by)],
        FailureKind::MkpduLoss { wires } => vec![Effect::MkpduLoss(wires)],
        FailureKind::WrongKey { wires, which } => vec![Effect::WrongKey(wires, which)],
        FailureKind::CpuHang { router } => vec![Effect::CpuHang(router)],
        FailureKind::RouterDown { router } => vec![Effect::PowerLoss(router)],
        FailureKind::BgpRestart { router } => vec![Effect::NoBgp(router)],
        FailureKind::WrongPassword { router, peer } => vec![Effect::SegmentsRefused([router, peer])],
        FailureKind::SessionReset { router, peer } => vec![Effect::SessionsDown([router, peer])],
        FailureKind::FacilityOutage { facility } => network
            .routers
            .enumerate()
            .filter(|(_, router)| router.facility == Some(facility))
            .map(|(id, _)| Effect::PowerLoss(id))
            .collect(),
    }
}
