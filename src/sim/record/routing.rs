//! What routing did.

use crate::units::Span;

/// What BGP did from scenario time 0 on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoutingRecord {
    /// BGP messages sent, repetitions of lost ones included.
    pub messages: BgpMessages,
    /// Forwarding decisions that changed, over all routers and destinations.
    pub decisions: u64,
    /// How often an end of a BFD session took its peer for dead because it heard nothing.
    pub bfd_detections: u64,
    /// Of these, the ones in whose detection time nothing had cut the way: congestion or loss took the packets.
    pub false_detections: u64,
    /// Destinations whose routes did not settle, in order of destination.
    pub oscillations: Vec<Oscillation>,
}

/// BGP messages by kind (RFC 4271 section 4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BgpMessages {
    /// OPEN.
    pub open: u64,
    /// UPDATE, End-of-RIB included.
    pub update: u64,
    /// Prefixes in them, announced or withdrawn.
    pub prefixes: u64,
    /// ROUTE-REFRESH.
    pub route_refresh: u64,
    /// KEEPALIVE.
    pub keepalive: u64,
    /// NOTIFICATION.
    pub notification: u64,
}

/// Routes to a destination that repeat the same states again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oscillation {
    /// The destination.
    pub prefix: String,
    /// The routers that keep changing their minds, in order of name.
    pub routers: Vec<String>,
    /// One round of their changes.
    pub cycle: Vec<RouteMove>,
    /// From the first to the last change of that round.
    pub period: Span,
    /// When it was certain.
    pub found: Span,
    /// The last change.
    pub last: Span,
    /// Changes of the destination's routes in the whole run.
    pub changes: u64,
    /// When its routes were held, because it would never end.
    pub held: Option<Span>,
}

/// A router's new way to a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteMove {
    /// The router.
    pub router: String,
    /// Its next hops now; none when it has no route.
    pub via: Vec<String>,
}
