//! What a scenario changes while it runs.

use std::sync::Arc;

use super::RoutePolicy;
use crate::ids::{ConnectionId, InterconnectId, LinkId, RouterId};
use crate::units::{Rate, Span};

/// A scripted change that is no failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Name in the scenario.
    pub name: String,
    /// When, in scenario time.
    pub at: Span,
    /// What changes.
    pub kind: ChangeKind,
}

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// The purchased bandwidth of a connection: all its limits follow at once.
    Bandwidth {
        /// The connection.
        connection: ConnectionId,
        /// The new bandwidth.
        purchase: Purchase,
    },
    /// The line rate of every member of a link, in both directions.
    LinkRate {
        /// The link.
        link: LinkId,
        /// The new rate.
        rate: Rate,
    },
    /// One end of a channel is given its next connectivity association key.
    NewKey {
        /// The channel.
        link: LinkId,
        /// The end: 0 or 1.
        end: usize,
        /// What becomes of the key held so far.
        former: FormerKey,
    },
    /// The policies of a router's sessions with another one; what is not given stays.
    Policies {
        /// The router.
        router: RouterId,
        /// The one at the other end.
        peer: RouterId,
        /// For routes from the peer, which is asked to tell them again (RFC 2918).
        import: Option<Arc<RoutePolicy>>,
        /// For routes to the peer.
        export: Option<Arc<RoutePolicy>>,
    },
    /// A router is shut down gracefully for work on it (RFC 8326), or the work is over.
    GracefulShutdown {
        /// The router.
        router: RouterId,
        /// Which.
        maintenance: Maintenance,
    },
}

/// A bandwidth that is bought while a connection exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// In each direction, in bits of IP packets.
    pub rate: Rate,
    /// Where it is carried.
    pub way: Way,
}

/// Whether a connection stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It does: there is room.
    InPlace,
    /// It moves, make before break.
    Migrates {
        /// From this interconnect.
        from: InterconnectId,
        /// To this one.
        to: InterconnectId,
    },
}

/// Work on a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maintenance {
    /// It is about to begin: traffic is to leave.
    Begins,
    /// It is over.
    Ends,
}

/// What becomes of the connectivity association key held so far when another one is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormerKey {
    /// It is kept until the new one is in use.
    Kept,
    /// It is forgotten at once.
    Forgotten,
}
