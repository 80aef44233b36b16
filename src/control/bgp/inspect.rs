//! What a speaker knows at one instant and why it decided as it did: for people, not for the protocol.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decision::select_telling;
use super::{Reason, Rejection, Speaker};
use crate::ids::{DestinationId, SessionId};
use crate::message::PathAttributes;

/// A route that a peer announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The session with the peer.
    pub session: SessionId,
    /// Its attributes: as imported, or as they came when it was rejected.
    pub attributes: Arc<PathAttributes>,
    /// What became of it.
    pub standing: Standing,
    /// Whether it is kept from before the peer went away (RFC 4724 4.2).
    pub freshness: Freshness,
}

/// Whether a route was told in the connection that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It was.
    Fresh,
    /// It is kept from before the peer went away (RFC 4724 4.2).
    Stale,
}

/// What became of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The single best, which is announced.
    Best,
    /// In use beside the best, to which it lost at this step only.
    Multipath(Reason),
    /// Ruled out at this step.
    Lost(Reason),
    /// Never a candidate.
    Rejected(Rejection),
}

/// Prefixes of one session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RouteCounts {
    /// Heard and usable (Adj-RIB-In).
    pub accepted: usize,
    /// Heard and rejected.
    pub rejected: usize,
    /// Told to the peer (Adj-RIB-Out).
    pub announced: usize,
}

impl Speaker {
    /// Every route to a destination that peers announce now: the best first, then those in use, the losers from the
    /// last step to the first, the rejected; equals in order of session.
    #[must_use]
    pub fn heard(&self, destination: DestinationId) -> Vec<Heard> {
        let candidates = self.rib.candidates(destination);
        let mut steps = BTreeMap::new();
        let selection = select_telling(candidates.clone(), self.rib.rules, &mut |session, step| {
            steps.insert(session, step);
        });
        let standing = |session| {
            // Only a session beside another one with the same addresses is never ruled out by a step.
            let step = steps.get(&session).copied().unwrap_or(Reason::PeerAddress);
            match &selection {
                Some(selection) if selection.best.session == session => Standing::Best,
                Some(selection) if selection.multipath.contains(&session) => Standing::Multipath(step),
                Some(_) | None => Standing::Lost(step),
            }
        };
        let candidates = candidates.into_iter().map(|candidate| Heard {
            session: candidate.session,
            attributes: candidate.attributes,
            standing: standing(candidate.session),
            freshness: self.rib.freshness(candidate.session, destination),
        });
        let rejected = self.rib.peers.iter().filter_map(|peer| {
            let (attributes, rejection) = peer.rejected.get(&destination)?;
            let attributes = Arc::clone(attributes);
            let (session, standing) = (peer.session, Standing::Rejected(*rejection));
            Some(Heard { session, attributes, standing, freshness: Freshness::Fresh })
        });
        let suppressed = self.rib.peers.iter().filter(|peer| peer.damping.suppresses(destination)).filter_map(|peer| {
            let held = peer.adj_rib_in.get(&destination)?;
            let (attributes, freshness) = (Arc::clone(&held.attributes), held.freshness);
            let standing = Standing::Rejected(Rejection::Suppressed);
            Some(Heard { session: peer.session, attributes, standing, freshness })
        });
        let mut heard: Vec<Heard> = candidates.chain(rejected).chain(suppressed).collect();
        heard.sort_by_key(|route| match route.standing {
            Standing::Best => (0, None),
            Standing::Multipath(_) => (1, None),
            Standing::Lost(step) => (2, Some(std::cmp::Reverse(step))),
            Standing::Rejected(_) => (3, None),
        });
        heard
    }

    /// Whether routes to the destination changed and the decision process has yet to run.
    #[must_use]
    pub fn is_undecided(&self, destination: DestinationId) -> bool {
        self.rib.is_undecided(destination)
    }

    /// How many prefixes a session of this router carries; panics (our bug) on another router's.
    #[must_use]
    pub fn route_counts(&self, session: SessionId) -> RouteCounts {
        let peer = &self.rib.peers[self.index(session)];
        RouteCounts {
            accepted: peer.adj_rib_in.len(),
            rejected: peer.rejected.len(),
            announced: peer.adj_rib_out.len(),
        }
    }
}
