//! What ends an outage: who noticed, when next hops were chosen and written, and what died before each.

use std::collections::BTreeMap;

use crate::ids::DestinationId;
use crate::message::DropReason;
use crate::sim::record::{LostIn, Phase};
use crate::units::{Span, Time};

/// Packets that a router handles within this time after they were sent felt what it did then.
const ON_THE_WAY: Span = Span::from_ms(1);

/// Steps taken after one incident or return.
#[derive(Default)]
pub(super) struct Steps {
    /// First and last time of each.
    pub times: BTreeMap<Phase, (Time, Time)>,
    /// Next hops that routers chose.
    moves: BTreeMap<DestinationId, Vec<Move>>,
}

/// A router chose other next hops for a destination.
struct Move {
    decided: Time,
    written: Time,
    /// The notice that led to it.
    notice: Option<usize>,
}

/// What ended an outage of a flow.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Remedy {
    /// Place of the notice among those of the entry.
    pub notice: Option<usize>,
    detected: Option<Time>,
    pub decided: Option<Time>,
    pub written: Option<Time>,
}

/// What was still to be done when a packet died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Detection,
    Routes,
    Fib,
    Load,
}

impl Steps {
    /// A step was taken.
    pub fn took(&mut self, now: Time, phase: Phase) {
        self.times.entry(phase).or_insert((now, now)).1 = now;
    }

    /// A router chose next hops, which will be in its table at `written`.
    pub fn moved(&mut self, now: Time, destination: DestinationId, written: Time, notice: Option<usize>) {
        self.moves.entry(destination).or_default().push(Move { decided: now, written, notice });
    }

    /// What ended an outage to a destination: the first next hops written after its last packet was sent. Without any,
    /// what a router noticed then (a member left its group, a line came back), or what was noticed first.
    pub fn remedy(&self, notices: &[Time], destination: DestinationId, outage: (Time, Time)) -> Remedy {
        let (last_sent, until) = outage;
        let moves = self.moves.get(&destination).into_iter().flatten();
        let cure = moves.filter(|step| step.written > last_sent).min_by_key(|step| step.written);
        let first = if notices.is_empty() { None } else { Some(0) };
        let at_the_end = || notices.iter().position(|at| *at > last_sent && *at <= until + ON_THE_WAY);
        let notice = match cure {
            Some(cure) => cure.notice.or(first),
            None => at_the_end().or(first),
        };
        Remedy {
            notice,
            detected: notice.map(|index| notices[index]),
            decided: cure.map(|step| step.decided),
            written: cure.map(|step| step.written),
        }
    }
}

impl Remedy {
    /// The stage in which a packet died.
    pub fn stage(&self, died: Time, reason: DropReason) -> Stage {
        let was = |at: Option<Time>| at.is_some_and(|at| at <= died);
        match (is_load(reason), was(self.detected), was(self.decided)) {
            (true, _, _) => Stage::Load,
            (false, false, _) => Stage::Detection,
            (false, true, false) => Stage::Routes,
            (false, true, true) => Stage::Fib,
        }
    }
}

impl Stage {
    /// Counts packets that died in it.
    pub const fn count(self, lost: &mut LostIn, packets: u64) {
        match self {
            Self::Detection => lost.detection += packets,
            Self::Routes => lost.routes += packets,
            Self::Fib => lost.fib += packets,
            Self::Load => lost.load += packets,
        }
    }
}

/// Whether packets die of this for want of room or rate.
pub(super) const fn is_load(reason: DropReason) -> bool {
    match reason {
        DropReason::RateLimit | DropReason::BufferFull | DropReason::RedDrop => true,
        DropReason::FibreCut
        | DropReason::SilentCut
        | DropReason::GreyLoss
        | DropReason::RouterDown
        | DropReason::PortDown
        | DropReason::NoRoute
        | DropReason::TtlExpired
        | DropReason::TooBig
        | DropReason::MacsecNoKey
        | DropReason::MacsecPacketNumbers
        | DropReason::CorruptedFcs
        | DropReason::MacsecIcv
        | DropReason::MacsecNoSa
        | DropReason::MacsecLate
        | DropReason::LineCard
        | DropReason::ZoneDown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::ZERO + Span::from_ms(ms)
    }

    const HERE: DestinationId = DestinationId(0);

    #[test]
    fn an_outage_ends_with_the_first_entry_written_after_its_last_packet() {
        let mut steps = Steps::default();
        steps.moved(at(12), HERE, at(60), Some(0));
        steps.moved(at(30), HERE, at(130), Some(1));
        steps.moved(at(50), HERE, at(150), Some(1));
        let remedy = steps.remedy(&[at(10), at(11)], HERE, (at(129), at(130)));
        assert_eq!((remedy.notice, remedy.decided, remedy.written), (Some(1), Some(at(30)), Some(at(130))));
        let stage = |ms| remedy.stage(at(ms), DropReason::FibreCut);
        assert_eq!(
            [10, 11, 29, 30, 129].map(stage),
            [Stage::Detection, Stage::Routes, Stage::Routes, Stage::Fib, Stage::Fib]
        );
        assert_eq!(remedy.stage(at(10), DropReason::BufferFull), Stage::Load);
    }

    #[test]
    fn what_no_route_ended_is_booked_by_who_noticed_when_it_ended() {
        let steps = Steps::default();
        let notices = [at(10), at(2_500), at(2_900)];
        let remedy = steps.remedy(&notices, HERE, (at(2_499), at(2_500)));
        assert_eq!((remedy.notice, remedy.decided), (Some(1), None));
        assert_eq!(steps.remedy(&notices, HERE, (at(2_000), at(2_001))).notice, Some(0));
        let unnoticed = steps.remedy(&[], HERE, (at(2_000), at(2_001)));
        assert_eq!(unnoticed.stage(at(1_999), DropReason::GreyLoss), Stage::Detection);
    }
}
