//! What fails together: ducts, line cards, power feeds.

use crate::ids::{FacilityId, LinkId, RouterId};
use crate::network::Wires;

/// Links that lie in one duct: a digger cuts them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duct {
    /// Name in the scenario.
    pub name: String,
    /// The links, in id order.
    pub links: Vec<LinkId>,
}

/// A line card of a router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Name in the scenario.
    pub name: String,
    /// The router it is in.
    pub router: RouterId,
    /// Links, or members of links, whose ports at the router are on it.
    pub ports: Vec<Wires>,
}

/// One power feed of a building.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its name in the building, such as "a".
    pub name: String,
    /// The building.
    pub facility: FacilityId,
}
