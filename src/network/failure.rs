//! Scripted failures as resolved: what, when, for how long.

use crate::ids::{FacilityId, LinkId, RouterId};
use crate::network::Impairment;
use crate::units::Span;

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
    /// The wires are cut; both ends lose light, the one that sends on by remote fault signalling (IEEE 802.3 81.3.4).
    FibreCut {
        /// The wires.
        wires: Wires,
    },
    /// The wires are cut, but light stays (transport gear in between): only BFD or the hold timer notices.
    SilentCut {
        /// The wires.
        wires: Wires,
    },
    /// The router loses power: its neighbours lose light, its queues and sessions are gone.
    RouterDown {
        /// The router.
        router: RouterId,
    },
    /// The router's processor hangs, its line cards go on: packets are forwarded, BGP stands still.
    CpuHang {
        /// The router.
        router: RouterId,
    },
    /// The BGP process of a router dies, and its TCP connections with it; forwarding goes on as it can.
    BgpRestart {
        /// The router.
        router: RouterId,
    },
    /// The TCP MD5 password (RFC 2385) of a router's sessions with another one is wrong: segments are discarded.
    WrongPassword {
        /// The router.
        router: RouterId,
        /// The one at the other end.
        peer: RouterId,
    },
    /// The operator of a router ends its sessions with another one and keeps them down.
    SessionReset {
        /// The router.
        router: RouterId,
        /// The one at the other end.
        peer: RouterId,
    },
    /// Everything in the building loses power.
    FacilityOutage {
        /// The building.
        facility: FacilityId,
    },
    /// MACsec key agreement messages on the wires are lost, and nothing else.
    MkpduLoss {
        /// The wires.
        wires: Wires,
    },
    /// The routers that send on the wires hold another connectivity association key than the other end.
    WrongKey {
        /// The wires.
        wires: Wires,
        /// Which key is wrong.
        which: WrongKey,
    },
    /// Something befalls frames on the wires; nobody is told.
    Impaired {
        /// The wires.
        wires: Wires,
        /// What befalls them.
        by: Impairment,
    },
}

/// Which connectivity association key of a router is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongKey {
    /// The one it holds, from now on.
    Held,
    /// Those that it is given in rotations while the failure lasts.
    Given,
}

/// Wires of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wires {
    /// The link.
    pub link: LinkId,
    /// Of which members.
    pub members: Members,
    /// Which way.
    pub ways: Ways,
}

/// Members of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Members {
    /// All.
    All,
    /// The one of this index.
    One(usize),
}

/// Directions of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    /// Both.
    Both,
    /// Only what this end (0 or 1) sends.
    From(usize),
}

impl Members {
    /// Whether the member of this index is meant.
    #[must_use]
    pub const fn include(self, member: usize) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => one == member,
        }
    }
}

impl Ways {
    /// Whether what this end sends is meant.
    #[must_use]
    pub const fn include(self, end: usize) -> bool {
        match self {
            Self::Both => true,
            Self::From(from) => from == end,
        }
    }
}

impl Wires {
    /// All wires of a link.
    #[must_use]
    pub const fn all(link: LinkId) -> Self {
        Self { link, members: Members::All, ways: Ways::Both }
    }
}

impl FailureKind {
    /// The kind's word in scenarios and reports.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::FibreCut { .. } => "fibre_cut",
            Self::SilentCut { .. } => "silent_cut",
            Self::RouterDown { .. } => "router_down",
            Self::CpuHang { .. } => "cpu_hang",
            Self::BgpRestart { .. } => "bgp_restart",
            Self::WrongPassword { .. } => "wrong_password",
            Self::SessionReset { .. } => "session_reset",
            Self::FacilityOutage { .. } => "facility_outage",
            Self::MkpduLoss { .. } => "mkpdu_loss",
            Self::WrongKey { which: WrongKey::Held, .. } => "wrong_key",
            Self::WrongKey { which: WrongKey::Given, .. } => "rotation_error",
            Self::Impaired { by, .. } => by.word(),
        }
    }
}
