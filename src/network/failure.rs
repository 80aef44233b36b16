//! Scripted failures as resolved: what, when, for how long.

use crate::ids::{FacilityId, LinkId, RouterId};
use crate::units::{Share, Span};

/// One scripted failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Name in the scenario.
    pub name: String,
    /// What fails.
    pub kind: FailureKind,
    /// When, in scenario time.
    pub at: Span,
    /// For how long; `None` until the end of the run.
    pub lasts: Option<Span>,
}

/// What fails, and how it looks to the routers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Every member of the link is cut; both ends lose light.
    FibreCut {
        /// The link.
        link: LinkId,
    },
    /// Every member of the link is cut, but light stays (transport gear in between): only BFD or the hold timer
    /// notices.
    SilentCut {
        /// The link.
        link: LinkId,
    },
    /// The router loses power: its neighbours lose light, its queues and sessions are gone.
    RouterDown {
        /// The router.
        router: RouterId,
    },
    /// Everything in the building loses power.
    FacilityOutage {
        /// The building.
        facility: FacilityId,
    },
    /// Each packet on the link, either way, is lost with this probability; nobody is told.
    GreyLoss {
        /// The link.
        link: LinkId,
        /// Probability of loss.
        share: Share,
    },
}

impl FailureKind {
    /// The kind's word in scenarios and reports.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::FibreCut { .. } => "fibre_cut",
            Self::SilentCut { .. } => "silent_cut",
            Self::RouterDown { .. } => "router_down",
            Self::FacilityOutage { .. } => "facility_outage",
            Self::GreyLoss { .. } => "grey_loss",
        }
    }
}
