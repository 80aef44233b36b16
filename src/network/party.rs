//! Who is responsible for what: each component has one party, and so has each failure.

use super::{Exclusion, FailureKind, Network, WireFault};
use crate::ids::{FacilityId, FailureId, IdVec, LinkId, RouterId};

/// Somebody who is responsible for components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Name, such as "aws".
    pub name: String,
    /// What they are to the customer.
    pub role: PartyRole,
}

/// What a party is to the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartyRole {
    /// It sells the connection, or one end of it.
    Provider,
    /// It runs a building.
    FacilityOperator,
    /// Somebody else, who carries traffic between them or to the customer.
    Carrier,
    /// The customer.
    Customer,
}

/// The party of every component. The specification of an interconnect splits its channels between both providers: one
/// manages the cross-connect, one the MACsec keys.
#[derive(Debug, Clone, Default)]
pub struct Responsibility {
    /// Of routers.
    pub routers: IdVec<RouterId, Party>,
    /// Of links: of a channel the manager of its cross-connect.
    pub links: IdVec<LinkId, Party>,
    /// Of the MACsec keys of links.
    pub keys: IdVec<LinkId, Party>,
    /// Of buildings.
    pub facilities: IdVec<FacilityId, Party>,
    /// What the scenario says of failures themselves.
    pub failures: IdVec<FailureId, Charge>,
}

/// What a scenario says of a failure, whatever fails.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Charge {
    /// Who answers for it; `None` is the party of the component.
    pub party: Option<Party>,
    /// Why rules may leave it out.
    pub excluded: Option<Exclusion>,
}

impl Party {
    /// The customer, as scenarios call them.
    #[must_use]
    pub fn customer() -> Self {
        Self { name: PartyRole::Customer.word().to_owned(), role: PartyRole::Customer }
    }

    /// Whether a rule's list of parties means this one: by name or by role.
    #[must_use]
    pub fn is_among(&self, parties: &[String]) -> bool {
        parties.iter().any(|party| *party == self.name || party == self.role.word())
    }
}

impl PartyRole {
    /// Its word in scenarios.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::FacilityOperator => "facility-operator",
            Self::Carrier => "carrier",
            Self::Customer => "customer",
        }
    }
}

impl Network {
    /// Who answers for a failure.
    #[must_use]
    pub fn responsible(&self, failure: FailureId) -> &Party {
        let parties = &self.responsibility;
        if let Some(party) = &parties.failures[failure].party {
            return party;
        }
        match &self.failures[failure].kind {
            FailureKind::Wires { wires, fault } => match fault {
                WireFault::MkpduLoss | WireFault::WrongKey(_) => &parties.keys[wires.link],
                WireFault::Cut | WireFault::SilentCut | WireFault::Impaired(_) | WireFault::Switched { .. } => {
                    &parties.links[wires.link]
                }
            },
            FailureKind::DuctCut { duct } => &parties.links[self.ducts[*duct].links[0]],
            FailureKind::LineCard { card } => &parties.routers[self.cards[*card].router],
            FailureKind::Router { router, .. }
            | FailureKind::WrongPassword { router, .. }
            | FailureKind::SessionReset { router, .. }
            | FailureKind::Maintenance { router, .. } => &parties.routers[*router],
            FailureKind::FailoverTest { provider, channels, .. } => {
                let ends = self.links[channels[0]].ends;
                let of_provider = |end: &RouterId| self.routers[*end].provider == *provider;
                &parties.routers[ends.into_iter().find(of_provider).unwrap_or(ends[0])]
            }
            FailureKind::FacilityOutage { facility }
            | FailureKind::Cooling { facility, .. }
            | FailureKind::ZoneOutage { facility } => &parties.facilities[*facility],
            FailureKind::PowerFeed { feed } => &parties.facilities[self.feeds[*feed].facility],
            FailureKind::EdgeOutage { routers, .. }
            | FailureKind::SoftwarePush { routers, .. }
            | FailureKind::PolicyPush { routers, .. } => &parties.routers[routers[0]],
            FailureKind::Surge { from, .. } => &parties.routers[self.attachments[*from].edge],
        }
    }
}
