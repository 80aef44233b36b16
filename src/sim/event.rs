//! What can happen, and its place in the total order.
//!
//! At one instant the world changes first, then what routers know, then what they do, and packets move last.

use crate::engine::EventKey;
use crate::ids::{
    AttachmentId, ConnectionId, FailureId, FlowId, Id, LogicalLinkId, PortId, ProviderId, RouterId, SessionId,
};
use crate::sim::limits::LimitPlace;
use crate::units::Time;

/// An event names the thing that fires; all else is in that thing's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The next second of scenario time begins.
    SecondBegins,
    /// A failure begins.
    FailureBegins(FailureId),
    /// A failure ends.
    FailureEnds(FailureId),
    /// A later stage of a failure begins.
    StageBegins(usize),
    /// A stage of a failure ends before the failure does.
    StageEnds(usize),
    /// A scripted change, by its place in order of time.
    Change(usize),
    /// The next step in the life of a connection, by its place among those that are provisioned.
    Coordination(usize),
    /// A connection that moves to another interconnect is looked at.
    Migration(ConnectionId),
    /// The debounce of light is over at the end of a member where this port sends.
    Carrier(PortId),
    /// Key agreement at the end of a member where this port sends.
    KeyAgreement(PortId),
    /// LACP at the end of a member where this port sends.
    Lacp(PortId),
    /// Interior routing of a provider has converged on its next change.
    Interior(ProviderId),
    /// A router's next forwarding entry is installed.
    Install(RouterId),
    /// A router's processor has got to its next routing message.
    Process(RouterId),
    /// A router's decision process runs.
    Decide(RouterId),
    /// A BGP timer: session, end, index of its kind.
    BgpTimer(SessionId, usize, usize),
    /// A BFD timer: session, end, index of its kind.
    BfdTimer(usize, usize, usize),
    /// A control packet arrives by a wire.
    Control(PortId),
    /// The head of a wire, a packet of a flow, arrives.
    Wire(PortId),
    /// A packet that waits at a rate limit conforms.
    Release(LimitPlace),
    /// A packet of a flow that was late on its wire arrives.
    Late(PortId),
    /// A flow sends its next packet, or its next transfer or exchange is asked for.
    Source(FlowId),
    /// A timer of the end at which a flow of transfers or exchanges, or what comes back for them, begins.
    FlowTimer(FlowId),
    /// What goes by as a rate may change.
    Rates,
    /// Packets may have to begin, or end.
    Fidelity,
}

/// Kinds of BGP timers per session end.
pub const BGP_TIMERS: usize = 7;
/// Kinds of BFD timers per session end.
pub const BFD_TIMERS: usize = 2;

/// Rank of a wire's head.
const WIRE: u8 = 18;

impl Event {
    /// The event's key at `time`; `serial` counts the entity's events.
    #[must_use]
    #[inline(always)]
    pub fn key(self, time: Time, serial: u32) -> EventKey {
        let pair = |id: u32, end: usize| entity(id as usize * 2 + end);
        let (rank, entity) = match self {
            Self::SecondBegins => (0, 0),
            Self::FailureBegins(failure) => (1, failure.0),
            Self::FailureEnds(failure) => (2, failure.0),
            Self::StageBegins(stage) => (3, entity(stage)),
            Self::StageEnds(stage) => (4, entity(stage)),
            Self::Change(change) => (5, entity(change)),
            Self::Coordination(index) => (6, entity(index)),
            Self::Migration(connection) => (7, connection.0),
            Self::Carrier(port) => (8, port.0),
            Self::KeyAgreement(port) => (9, port.0),
            Self::Lacp(port) => (10, port.0),
            Self::Interior(provider) => (11, provider.0),
            Self::Install(router) => (12, router.0),
            Self::Process(router) => (13, router.0),
            Self::Decide(router) => (14, router.0),
            Self::BgpTimer(session, end, kind) => (15, entity((session.index() * 2 + end) * BGP_TIMERS + kind)),
            Self::BfdTimer(session, end, kind) => (16, entity((session * 2 + end) * BFD_TIMERS + kind)),
            Self::Control(port) => (17, port.0),
            Self::Wire(port) => (WIRE, port.0),
            Self::Late(port) => (19, port.0),
            Self::Release(LimitPlace::Link(link, end)) => (20, pair(link.0, end)),
            Self::Release(LimitPlace::Edge(connection, direction)) => (21, pair(connection.0, direction)),
            Self::Release(LimitPlace::Attachment(attachment)) => (22, attachment.0),
            Self::Source(flow) => (23, flow.0),
            Self::FlowTimer(flow) => (24, flow.0),
            Self::Rates => (200, 0),
            Self::Fidelity => (201, 0),
        };
        EventKey::new(time, rank, entity, serial)
    }

    /// The wire whose head arrives, if that is the event of this key: most are.
    #[must_use]
    #[inline(always)]
    pub fn wire_of(key: EventKey) -> Option<PortId> {
        (key.rank() == WIRE).then(|| PortId(key.entity()))
    }

    /// The event of a key that [`Self::key`] made.
    #[must_use]
    pub fn of(key: EventKey) -> Self {
        let entity = key.entity();
        let index = entity as usize;
        match key.rank() {
            0 => Self::SecondBegins,
            1 => Self::FailureBegins(FailureId(entity)),
            2 => Self::FailureEnds(FailureId(entity)),
            3 => Self::StageBegins(index),
            4 => Self::StageEnds(index),
            5 => Self::Change(index),
            6 => Self::Coordination(index),
            7 => Self::Migration(ConnectionId(entity)),
            8 => Self::Carrier(PortId(entity)),
            9 => Self::KeyAgreement(PortId(entity)),
            10 => Self::Lacp(PortId(entity)),
            11 => Self::Interior(ProviderId(entity)),
            12 => Self::Install(RouterId(entity)),
            13 => Self::Process(RouterId(entity)),
            14 => Self::Decide(RouterId(entity)),
            15 => {
                let end = index / BGP_TIMERS;
                Self::BgpTimer(SessionId::from_index(end / 2), end % 2, index % BGP_TIMERS)
            }
            16 => {
                let end = index / BFD_TIMERS;
                Self::BfdTimer(end / 2, end % 2, index % BFD_TIMERS)
            }
            17 => Self::Control(PortId(entity)),
            WIRE => Self::Wire(PortId(entity)),
            19 => Self::Late(PortId(entity)),
            20 => Self::Release(LimitPlace::Link(LogicalLinkId(entity / 2), index % 2)),
            21 => Self::Release(LimitPlace::Edge(ConnectionId(entity / 2), index % 2)),
            22 => Self::Release(LimitPlace::Attachment(AttachmentId(entity))),
            23 => Self::Source(FlowId(entity)),
            24 => Self::FlowTimer(FlowId(entity)),
            200 => Self::Rates,
            201 => Self::Fidelity,
            rank => unreachable!("no event has rank {rank}"),
        }
    }
}

fn entity(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 entities of a kind")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_survives_its_key() {
        let events = [
            Event::SecondBegins,
            Event::FailureBegins(FailureId(3)),
            Event::FailureEnds(FailureId(3)),
            Event::Change(2),
            Event::Coordination(3),
            Event::Migration(ConnectionId(2)),
            Event::Carrier(PortId(7)),
            Event::KeyAgreement(PortId(7)),
            Event::Lacp(PortId(7)),
            Event::Interior(ProviderId(1)),
            Event::Install(RouterId(9)),
            Event::Process(RouterId(9)),
            Event::Decide(RouterId(9)),
            Event::BgpTimer(SessionId(5), 1, 3),
            Event::BfdTimer(5, 1, 1),
            Event::Control(PortId(4)),
            Event::Wire(PortId(123)),
            Event::Late(PortId(123)),
            Event::Release(LimitPlace::Link(LogicalLinkId(11), 1)),
            Event::Release(LimitPlace::Edge(ConnectionId(11), 0)),
            Event::Release(LimitPlace::Attachment(AttachmentId(11))),
            Event::Source(FlowId(1_000_000)),
            Event::FlowTimer(FlowId(2)),
            Event::Rates,
            Event::Fidelity,
        ];
        let keys: Vec<EventKey> = events.iter().map(|event| event.key(Time::from_ps(42), 7)).collect();
        assert!(keys.is_sorted(), "ranks follow the order in which the world changes, then packets move");
        assert_eq!(keys.into_iter().map(Event::of).collect::<Vec<_>>(), events);
    }
}
