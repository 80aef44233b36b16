//! What a partition saw of losses: which packets of a flow died, and which arrived when another was expected.
//!
//! Packets of a five-tuple are numbered by their source. A blackout ends with the packet after the last lost one, and
//! that packet may arrive in another partition: so both sides are written down and put together later.

use super::ledger::{EntryIndex, Lull};
use crate::ids::{FlowId, MonitorId};
use crate::message::{DropReason, Packet};
use crate::units::{Span, Time};

/// Entries after which a trace should be taken.
const LONG: usize = 1 << 15;

/// Losses and arrivals out of turn.
#[derive(Default)]
pub(in crate::sim) struct Trace {
    pub losses: Vec<Loss>,
    pub arrivals: Vec<OutOfTurn>,
    pub probes: Vec<(Option<EntryIndex>, Option<MonitorId>)>,
    pub thinned: Vec<Thinned>,
    /// The present one.
    pub lull: Lull,
}

/// So many packets of a flow died, and others between them came through: no blackout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) struct Thinned {
    pub flow: FlowId,
    pub count: u32,
    pub reason: DropReason,
    pub entry: Option<EntryIndex>,
    /// When they died.
    pub lull: Lull,
}

/// A run of packets of one flow, sent one after another within one second, that died of one cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) struct Loss {
    pub flow: FlowId,
    /// Numbers of the first and the last packet.
    pub first: u32,
    pub last: u32,
    pub first_sent: Time,
    pub last_sent: Time,
    pub reason: DropReason,
    pub entry: Option<EntryIndex>,
    /// When they died.
    pub lull: Lull,
}

/// A packet that arrived when another number was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) struct OutOfTurn {
    pub flow: FlowId,
    pub number: u32,
    pub sent: Time,
    /// Numbers passed over: positive when it came before its turn; zero when it came late.
    pub passed_over: u32,
}

impl Loss {
    /// How many packets.
    pub const fn count(&self) -> u32 {
        self.last - self.first + 1
    }
}

impl Trace {
    /// Whether it should be taken soon.
    pub const fn is_long(&self) -> bool {
        self.losses.len() + self.arrivals.len() + self.thinned.len() > LONG
    }

    /// A data packet died.
    pub fn lost(&mut self, packet: &Packet, origin: Time, reason: DropReason, entry: Option<EntryIndex>) {
        let number = packet.payload;
        if let Some(last) = self.losses.last_mut()
            && (last.flow, last.reason, last.entry, last.lull) == (packet.flow, reason, entry, self.lull)
            && last.last + 1 == number
            && second(last.first_sent, origin) == second(packet.sent, origin)
        {
            last.last = number;
            last.last_sent = packet.sent;
            return;
        }
        let sent = packet.sent;
        let (flow, lull) = (packet.flow, self.lull);
        let (first, last, first_sent, last_sent) = (number, number, sent, sent);
        self.losses.push(Loss { flow, first, last, first_sent, last_sent, reason, entry, lull });
    }

    /// A data packet arrived when `expected` was.
    pub fn out_of_turn(&mut self, packet: &Packet, expected: u32) {
        self.out_of_turn_at(packet.flow, packet.payload, packet.sent, expected);
    }

    /// As [`Self::out_of_turn`], for the first packet of a stretch.
    pub fn out_of_turn_at(&mut self, flow: FlowId, number: u32, sent: Time, expected: u32) {
        self.arrivals.push(OutOfTurn { flow, number, sent, passed_over: number.saturating_sub(expected) });
    }

    /// A probe died.
    pub fn probe_lost(&mut self, entry: Option<EntryIndex>, monitor: Option<MonitorId>) {
        self.probes.push((entry, monitor));
    }
}

const fn second(sent: Time, origin: Time) -> u64 {
    sent.since(origin).as_ps() / Span::from_s(1).as_ps()
}
