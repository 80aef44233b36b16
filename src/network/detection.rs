//! Faults that no protocol notices: how long until somebody does, and what becomes of the component then.
//!
//! ```text
//! it begins, silent | detected: drained | out of service, under repair | it returns
//! ```

use super::{FailureKind, LifeLaw, Members, WireFault, Wires};
use crate::units::Span;

/// When a fault that no protocol notices is noticed, and what is done then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// From its beginning on; a fault that ends before is never noticed.
    pub after: Span,
    /// Who notices: "monitoring".
    pub by: String,
    /// What is done.
    pub mitigation: Mitigation,
}

/// How a component is taken out of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mitigation {
    /// It is shut at once: its light goes off.
    AdminDown,
    /// Routes are moved away first, and it is shut so long after that.
    Drain(Span),
}

/// How a component's faults are noticed: [`Detection`] with a law.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectionLaw {
    /// From the beginning of a fault until it is noticed.
    pub law: LifeLaw,
    /// Who notices.
    pub by: String,
    /// What is done.
    pub mitigation: Mitigation,
}

impl DetectionLaw {
    /// One that was drawn.
    #[must_use]
    pub fn at(&self, after: Span) -> Detection {
        Detection { after, by: self.by.clone(), mitigation: self.mitigation }
    }
}

impl WireFault {
    /// Whether it may go on unnoticed, so that a delay until it is detected makes sense: light tells of a cut at once, and
    /// switching to another path is what the transport network is for.
    #[must_use]
    pub const fn may_be_silent(self) -> bool {
        match self {
            Self::Cut | Self::Switched { .. } => false,
            Self::SilentCut | Self::MkpduLoss | Self::WrongKey(_) | Self::Impaired(_) => true,
        }
    }
}

impl FailureKind {
    /// The wires that are taken out of service when the fault is detected: both ways, even if only one is at fault.
    #[must_use]
    pub const fn wires_out_of_service(&self) -> Option<Wires> {
        match self {
            Self::Wires { wires, fault } if fault.may_be_silent() => {
                Some(Wires { members: wires.members, ..Wires::all(wires.link) })
            }
            Self::Wires { .. }
            | Self::Router { .. }
            | Self::DuctCut { .. }
            | Self::LineCard { .. }
            | Self::WrongPassword { .. }
            | Self::SessionReset { .. }
            | Self::FailoverTest { .. }
            | Self::Maintenance { .. }
            | Self::FacilityOutage { .. }
            | Self::PowerFeed { .. }
            | Self::Cooling { .. }
            | Self::ZoneOutage { .. }
            | Self::EdgeOutage { .. }
            | Self::SoftwarePush { .. }
            | Self::PolicyPush { .. }
            | Self::Surge { .. } => None,
        }
    }

    /// What stands in the place of the fault once it is out of service and routing has settled: no light.
    #[must_use]
    pub const fn out_of_service(&self) -> Option<Self> {
        match self.wires_out_of_service() {
            Some(wires) => Some(Self::Wires { wires, fault: WireFault::Cut }),
            None => None,
        }
    }
}

impl Members {
    /// Whether only a part of a link is meant: it has no routes of its own that could be moved away.
    #[must_use]
    pub const fn is_part(self) -> bool {
        match self {
            Self::All => false,
            Self::One(_) => true,
        }
    }
}
