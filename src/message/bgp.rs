//! BGP messages (RFC 4271) and the TCP segments that carry them.

use std::sync::Arc;

use crate::ids::{DestinationId, SessionId};
use crate::units::{Bytes, Community, Span};

/// One BGP message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BgpMessage {
    /// RFC 4271 4.2.
    Open {
        /// Autonomous system of the sender.
        asn: u32,
        /// Hold time it offers.
        hold: Span,
        /// Graceful restart capability (RFC 4724 section 3): how long its routes may be kept while it is away; zero
        /// without it.
        restart_time: Span,
        /// Restart State bit of the same capability.
        restart_state: RestartState,
    },
    /// RFC 4271 4.3: withdrawals first, then one attribute set with its destinations.
    Update {
        /// Destinations no longer reachable this way.
        withdrawn: Vec<DestinationId>,
        /// Attributes and the destinations they hold for; no destinations when only withdrawing.
        announced: Option<(Arc<PathAttributes>, Vec<DestinationId>)>,
    },
    /// RFC 4724 2: the empty UPDATE that ends the initial table.
    EndOfRib,
    /// RFC 2918: the peer is to tell all its routes again.
    RouteRefresh,
    /// RFC 4271 4.4.
    Keepalive,
    /// RFC 4271 4.5.
    Notification(NotificationReason),
    /// Not BGP but the TCP RST that answers a segment of a connection its receiver does not have (RFC 9293 3.5.2).
    ConnectionReset,
}

impl BgpMessage {
    /// How many prefixes it announces and withdraws.
    #[must_use]
    pub fn prefixes(&self) -> usize {
        match self {
            Self::Update { withdrawn, announced } => {
                withdrawn.len() + announced.as_ref().map_or(0, |(_, destinations)| destinations.len())
            }
            Self::Open { .. }
            | Self::EndOfRib
            | Self::RouteRefresh
            | Self::Keepalive
            | Self::Notification(_)
            | Self::ConnectionReset => 0,
        }
    }
}

/// Whether a speaker has just restarted (RFC 4724 section 3, R bit): its peers do not wait for its End-of-RIB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartState {
    /// It has not.
    Running,
    /// It has, and waits for End-of-RIB itself.
    Restarted,
}

/// Why a session is ended (error code and subcode).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationReason {
    /// Code 4.
    HoldTimerExpired,
    /// Code 5: a message that the state does not allow.
    FiniteStateMachineError,
    /// Cease (code 6), subcode 10: BFD Down (RFC 9384).
    BfdDown,
    /// Cease (code 6), subcode 1: Maximum Number of Prefixes Reached (RFC 4486).
    MaximumPrefixes,
    /// Cease (code 6), subcode 2: Administrative Shutdown.
    AdministrativeShutdown,
}

/// Path attributes of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathAttributes {
    /// ORIGIN.
    pub origin: Origin,
    /// AS_PATH, nearest first, one sequence.
    pub as_path: Vec<u32>,
    /// MULTI_EXIT_DISC; missing counts as 0.
    pub med: Option<u32>,
    /// LOCAL_PREF, only inside a provider.
    pub local_pref: Option<u32>,
    /// COMMUNITIES (RFC 1997), in order and each once.
    pub communities: Vec<Community>,
    /// ORIGINATOR_ID (RFC 4456): the router inside the provider that a reflected route came from.
    pub originator: Option<u32>,
    /// CLUSTER_LIST (RFC 4456): the reflectors on its way, the last one first.
    pub cluster_list: Vec<u32>,
}

/// ORIGIN (RFC 4271 5.1.1), the better first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Interior to the originating AS.
    #[default]
    Igp,
    /// Learned via EGP.
    Egp,
    /// Learned by other means.
    Incomplete,
}

/// A TCP segment of a BGP session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BgpSegment {
    /// The session.
    pub session: SessionId,
    /// The end that sent it (index into the session's ends).
    pub end: usize,
    /// Number of the TCP connection, counted by the end that opened it: a segment of an older one is ignored.
    pub connection: u64,
    /// Number of the message it carries, counted from 0 in this connection and direction.
    pub sequence: u64,
    /// All messages below this number have arrived at the sender.
    pub acknowledges: u64,
    /// The message; none in a bare acknowledgement.
    pub message: Option<BgpMessage>,
    /// Size of the IP packet.
    pub size: Bytes,
}
