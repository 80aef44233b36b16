//! The ledger: what each incident and each return did, when, and what it cost.

use std::collections::BTreeMap;

use crate::message::DropReason;
use crate::units::{CalendarSpan, Span};

/// How somebody who is no router notices a fault, as in [`Notice::how`].
pub const DETECTED: &str = "detected";

/// Incident or return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerKind {
    /// A failure begins.
    Incident,
    /// It ends, and what failed comes back.
    Return,
}

/// One incident, or the return from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Name of the failure.
    pub name: String,
    /// Incident or return.
    pub kind: LedgerKind,
    /// "fibre_cut", "silent_cut", "router_down", "facility_outage" or "grey_loss".
    pub what: &'static str,
    /// The component that failed, such as "link use1-channel-1".
    pub component: String,
    /// The party that answers for it.
    pub responsible: String,
    /// Of an incident, what each rule charges for it on all connections: name of the rule, its part of the charge for the
    /// runs behind which it is.
    pub charged: Vec<(String, CalendarSpan)>,
    /// When.
    pub at: Span,
    /// What else lasted when it happened, maintenance included, in order of its beginning.
    pub during: Vec<String>,
    /// Who noticed, in order of time; each router once per mechanism.
    pub notices: Vec<Notice>,
    /// When its component was taken out of service, after somebody detected a fault that no protocol notices.
    pub shut: Option<Span>,
    /// What followed, step by step, in the order of [`Phase`]; only what happened.
    pub phases: Vec<PhaseTime>,
    /// First and last forwarding-table change that followed, before the next entry.
    pub forwarding: Option<(Span, Span)>,
    /// How many forwarding-table entries changed.
    pub fib_changes: u64,
    /// UPDATE messages that followed.
    pub updates: u64,
    /// Data packets lost to it, by cause.
    pub dropped: BTreeMap<DropReason, u64>,
    /// The same packets, by what was still to be done for their flow.
    pub lost_in: LostIn,
    /// Five-tuples that lost packets.
    pub flows_hit: u64,
    /// One-way blackout over the five-tuples hit; `None` when none was hit.
    pub blackout: Option<Spread>,
    /// Round-trip blackout over the pairs of five-tuples hit (either direction dead); `None` when no flow is two-way.
    pub blackout_round_trip: Option<Spread>,
    /// Five-tuples whose blackout had not ended when the run did.
    pub unended: u64,
    /// The five-tuples hit, in order of name.
    pub hits: Vec<FlowHit>,
}

/// What an incident or return cost one five-tuple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowHit {
    /// Name of the five-tuple.
    pub flow: String,
    /// Packets it lost.
    pub lost: u64,
    /// The same packets, by what was still to be done.
    pub lost_in: LostIn,
    /// Who noticed what led to its way out, or, without one, who noticed first.
    pub detected: Option<Detected>,
    /// When a router on the way decided on the next hops that ended its longest blackout.
    pub routes_moved: Option<Span>,
    /// When these were in its forwarding table.
    pub fib_done: Option<Span>,
    /// Its longest blackout: sending time of the first packet lost, and of the first that passed again. `None` when
    /// its losses belong to a blackout that began with another entry.
    pub blackout: Option<(Span, Span)>,
}

/// Minimum, median and maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spread {
    /// Smallest.
    pub min: Span,
    /// Median (the lower of the two middle ones).
    pub median: Span,
    /// Largest.
    pub max: Span,
}

/// A router learned of an incident or a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub at: Span,
    /// The router, or who else it was.
    pub router: String,
    /// What it noticed, such as "link use1-channel-1" or "session c/use1-channel-1".
    pub subject: String,
    /// How: "carrier", "keys", "bfd", "bfd-signalled", "hold-timer", "interior", "session", "session-established",
    /// and of who is no router [`DETECTED`].
    pub how: &'static str,
}

/// A router learned what moved a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// When.
    pub at: Span,
    /// The router.
    pub router: String,
    /// How, as in [`Notice`].
    pub how: &'static str,
}

/// Packets lost to an incident or return, by what was still to be done when they died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LostIn {
    /// Nobody had noticed what would move the flow; all of it when nobody ever did.
    pub detection: u64,
    /// Noticed, but no router had chosen the next hops that ended it.
    pub routes: u64,
    /// Chosen, but not yet in the forwarding table, or on the way past it.
    pub fib: u64,
    /// Dropped for want of room or rate, whatever routing did.
    pub load: u64,
}

impl LostIn {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.detection + self.routes + self.fib + self.load
    }

    /// Adds others.
    pub const fn add(&mut self, other: &Self) {
        self.detection += other.detection;
        self.routes += other.routes;
        self.fib += other.fib;
        self.load += other.load;
    }
}

/// A step of what follows an incident or a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Light was gone, or back, for the carrier delay.
    Light,
    /// MACsec keys were agreed or given up.
    Keys,
    /// LACP, at an end of a member.
    Lacp,
    /// BFD went down or came up.
    Bfd,
    /// A BGP session ended.
    SessionClosed,
    /// A BGP session was Established.
    Session,
    /// An UPDATE was sent.
    Updates,
    /// An End-of-RIB was sent.
    EndOfRib,
    /// A router chose other next hops.
    Routes,
    /// A forwarding entry was written.
    Fib,
}

impl Phase {
    /// Its word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Keys => "keys",
            Self::Lacp => "lacp",
            Self::Bfd => "bfd",
            Self::SessionClosed => "session-closed",
            Self::Session => "session",
            Self::Updates => "updates",
            Self::EndOfRib => "end-of-rib",
            Self::Routes => "routes",
            Self::Fib => "fib",
        }
    }

    /// The step that a router's notice stands for, by [`Notice::how`].
    #[must_use]
    pub fn of_notice(how: &str) -> Option<Self> {
        match how {
            "carrier" => Some(Self::Light),
            "keys" | "mka" => Some(Self::Keys),
            "lacp" => Some(Self::Lacp),
            "bfd" | "bfd-signalled" => Some(Self::Bfd),
            "hold-timer" | "session" => Some(Self::SessionClosed),
            "session-established" => Some(Self::Session),
            _ => None,
        }
    }
}

/// When a step was taken, by all routers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseTime {
    /// The step.
    pub phase: Phase,
    /// By the first.
    pub first: Span,
    /// By the last.
    pub last: Span,
}
