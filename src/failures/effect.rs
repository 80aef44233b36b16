//! What a failure does to components.

use crate::ids::{LinkId, RouterId};
use crate::network::{FailureKind, Network};
use crate::units::Share;

/// One thing that a failure does to one component, and takes back when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Both directions dead, and light is gone at both ends.
    Dark(LinkId),
    /// Both directions dead, light stays.
    Silent(LinkId),
    /// Both directions lose this share of packets.
    Grey(LinkId, Share),
    /// The router has no power.
    PowerLoss(RouterId),
}

/// The effects of a failure, in order of component.
#[must_use]
pub fn effects(network: &Network, kind: &FailureKind) -> Vec<Effect> {
    match *kind {
        FailureKind::FibreCut { link } => vec![Effect::Dark(link)],
        FailureKind::SilentCut { link } => vec![Effect::Silent(link)],
        FailureKind::GreyLoss { link, share } => vec![Effect::Grey(link, share)],
        FailureKind::RouterDown { router } => vec![Effect::PowerLoss(router)],
        FailureKind::FacilityOutage { facility } => network
            .routers
            .enumerate()
            .filter(|(_, router)| router.facility == Some(facility))
            .map(|(id, _)| Effect::PowerLoss(id))
            .collect(),
    }
}
