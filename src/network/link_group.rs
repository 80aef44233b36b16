//! Peering links that one SLA holds for.

use super::{LinkKind, Network, SessionKind, SlaRule};
use crate::ids::{LinkId, ProviderId, SessionId};
use crate::units::Price;

/// Peering links between two providers, sold together: a Direct Connect of two links, a VPN of one tunnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkGroup {
    /// Name in the scenario.
    pub name: String,
    /// The two providers, in order of name.
    pub providers: [ProviderId; 2],
    /// Its links, in id order; at least one.
    pub links: Vec<LinkId>,
    /// The SLA; it is judged by paths.
    pub rule: SlaRule,
    /// What it costs.
    pub price: Option<Price>,
}

impl Network {
    /// The external sessions on a peering link.
    pub fn peering_sessions(&self, link: LinkId) -> impl Iterator<Item = SessionId> + '_ {
        debug_assert_eq!(self.links[link].kind, LinkKind::Peering, "groups have peering links");
        let on_it = move |kind: &SessionKind| *kind == SessionKind::Peering(link);
        self.sessions.enumerate().filter(move |(_, session)| on_it(&session.kind)).map(|(id, _)| id)
    }
}
