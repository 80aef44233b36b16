//! What befalls the frames of one wire by chance: loss, damage, duplication, jitter.
//!
//! ```text
//! far end of the fibre -> Impairments (lost? damaged? twice? late?) -> LateFrames (only when late) -> receiver
//! ```

use std::collections::BTreeMap;

use crate::dataplane::Cover;
use crate::ids::FailureId;
use crate::message::{DropReason, Packet, PacketKind};
use crate::network::{BrokenFcs, DeliveryOrder, Impairment, LossLaw};
use crate::rng::Stream;
use crate::units::{BitErrorRate, Bytes, Share, Span, Time};

/// Everything that befalls the frames of one wire, in the order in which it began.
#[derive(Debug, Clone, Default)]
pub struct Impairments {
    active: Vec<Active>,
}

#[derive(Debug, Clone)]
struct Active {
    failure: FailureId,
    process: Process,
    stream: Stream,
}

#[derive(Debug, Clone)]
enum Process {
    Loss(LossProcess),
    BitErrors(BitErrorRate),
    BlackHole,
    Corruption { parts_per_billion: u64, fcs: BrokenFcs },
    Duplication { parts_per_billion: u64 },
    Jitter { most: Span, order: DeliveryOrder },
}

/// What befalls frames in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A share of them is lost.
    Lost {
        /// The cause of the drops.
        reason: DropReason,
        /// The failure behind it.
        failure: FailureId,
        /// The share.
        parts_per_billion: u64,
    },
    /// A share of them is damaged in a way that only an ICV can tell.
    Damaged {
        /// The failure behind it.
        failure: FailureId,
        /// The share.
        parts_per_billion: u64,
    },
    /// They are late by so much on average.
    Late(Span),
}

/// What befalls one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Fate {
    /// It is lost, and by which failure.
    pub lost: Option<(DropReason, FailureId)>,
    /// It is damaged in a way that only an ICV can tell.
    pub damaged: Option<FailureId>,
    /// A second one follows it at once.
    pub copied: Option<FailureId>,
    /// How late it is.
    pub late: Span,
    /// Whether it may overtake and be overtaken.
    pub order: DeliveryOrder,
}

impl Fate {
    /// Nothing befalls it.
    pub const UNHARMED: Self =
        Self { lost: None, damaged: None, copied: None, late: Span::ZERO, order: DeliveryOrder::Kept };
}

impl Impairments {
    /// A failure brings an impairment; `stream` is its own. A changed propagation is the port's, not chance's.
    pub fn begin(&mut self, failure: FailureId, impairment: Impairment, stream: Stream) {
        let process = match impairment {
            Impairment::Loss(law) => Process::Loss(LossProcess::new(law)),
            Impairment::BitErrors(rate) => Process::BitErrors(rate),
            Impairment::BlackHole => Process::BlackHole,
            Impairment::Corruption { share, fcs } => Process::Corruption { parts_per_billion: share.as_ppb(), fcs },
            Impairment::Duplication { share } => Process::Duplication { parts_per_billion: share.as_ppb() },
            Impairment::Jitter { most, order } => Process::Jitter { most, order },
            Impairment::Propagation(_) => return,
        };
        self.active.push(Active { failure, process, stream });
    }

    /// The impairments of a failure end.
    pub fn end(&mut self, failure: FailureId) {
        self.active.retain(|active| active.failure != failure);
    }

    /// Whether nothing can befall a frame.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// Whether no data can pass.
    #[must_use]
    pub fn loses_all(&self) -> bool {
        self.active.iter().any(|active| match &active.process {
            Process::Loss(process) => process.law == LossLaw::Bernoulli(Share::ONE),
            Process::Corruption { parts_per_billion, fcs: BrokenFcs::Yes } => *parts_per_billion == Share::ONE.as_ppb(),
            Process::BlackHole => true,
            Process::BitErrors(_)
            | Process::Corruption { fcs: BrokenFcs::Renewed, .. }
            | Process::Duplication { .. }
            | Process::Jitter { .. } => false,
        })
    }

    /// What befalls data frames of a size in the long run, in the order in which it does. Copies are not counted.
    pub fn expected(&self, size: Bytes) -> impl Iterator<Item = Expected> + '_ {
        self.active.iter().filter_map(move |active| {
            let failure = active.failure;
            match &active.process {
                Process::Loss(process) => {
                    let parts_per_billion = process.law.mean().as_ppb();
                    Some(Expected::Lost { reason: DropReason::GreyLoss, failure, parts_per_billion })
                }
                Process::BitErrors(rate) => {
                    let parts_per_billion = rate.share_of_frames(size).as_ppb();
                    Some(Expected::Lost { reason: DropReason::CorruptedFcs, failure, parts_per_billion })
                }
                Process::BlackHole => {
                    let parts_per_billion = Share::ONE.as_ppb();
                    Some(Expected::Lost { reason: DropReason::SilentCut, failure, parts_per_billion })
                }
                Process::Corruption { parts_per_billion, fcs: BrokenFcs::Yes } => {
                    let reason = DropReason::CorruptedFcs;
                    Some(Expected::Lost { reason, failure, parts_per_billion: *parts_per_billion })
                }
                Process::Corruption { parts_per_billion, fcs: BrokenFcs::Renewed } => {
                    Some(Expected::Damaged { failure, parts_per_billion: *parts_per_billion })
                }
                Process::Duplication { .. } => None,
                Process::Jitter { most, .. } => Some(Expected::Late(most.scaled(1, 2))),
            }
        })
    }

    /// Draws what befalls a frame that carries this packet.
    pub fn befall(&mut self, packet: &Packet) -> Fate {
        let mut fate = Fate::UNHARMED;
        for Active { failure, process, stream } in &mut self.active {
            match process {
                Process::Loss(process) => {
                    if process.loses(stream) {
                        return Fate { lost: Some((DropReason::GreyLoss, *failure)), ..fate };
                    }
                }
                Process::BitErrors(rate) => {
                    if stream.uniform() < rate.hits_frame(Bytes(u64::from(packet.size))) {
                        return Fate { lost: Some((DropReason::CorruptedFcs, *failure)), ..fate };
                    }
                }
                Process::BlackHole => {
                    if !packet.kind.is_control() {
                        return Fate { lost: Some((DropReason::SilentCut, *failure)), ..fate };
                    }
                }
                Process::Corruption { parts_per_billion, fcs } => {
                    if stream.chance(*parts_per_billion) {
                        match fcs {
                            BrokenFcs::Yes => return Fate { lost: Some((DropReason::CorruptedFcs, *failure)), ..fate },
                            BrokenFcs::Renewed => fate.damaged = Some(*failure),
                        }
                    }
                }
                Process::Duplication { parts_per_billion } => {
                    if stream.chance(*parts_per_billion) {
                        fate.copied = Some(*failure);
                    }
                }
                Process::Jitter { most, order } => {
                    fate.late += stream.span_between(Span::ZERO, *most);
                    if *order == DeliveryOrder::Free {
                        fate.order = DeliveryOrder::Free;
                    }
                }
            }
        }
        fate
    }
}

/// The state of a law of loss.
#[derive(Debug, Clone)]
struct LossProcess {
    law: LossLaw,
    /// Frames of the present burst to come; for the two-state law 1 in the bad state.
    bad: u32,
}

impl LossProcess {
    /// It begins in the good state.
    const fn new(law: LossLaw) -> Self {
        Self { law, bad: 0 }
    }

    fn loses(&mut self, stream: &mut Stream) -> bool {
        match self.law {
            LossLaw::Bernoulli(share) => stream.chance(share.as_ppb()),
            LossLaw::GilbertElliott { good_to_bad, bad_to_good, loss_good, loss_bad } => {
                let (loss, step) = if self.bad > 0 { (loss_bad, bad_to_good) } else { (loss_good, good_to_bad) };
                let lost = stream.chance(loss.as_ppb());
                if stream.chance(step.as_ppb()) {
                    self.bad = 1 - self.bad;
                }
                lost
            }
            LossLaw::Bursts { begin, shortest, longest } => {
                if self.bad == 0 && stream.chance(begin.as_ppb()) {
                    let more = stream.below(u64::from(longest.saturating_sub(shortest)) + 1);
                    self.bad = shortest.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
                }
                let lost = self.bad > 0;
                self.bad = self.bad.saturating_sub(1);
                lost
            }
        }
    }
}

/// A frame with what the receiver must know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// The packet.
    pub packet: Packet,
    /// Its MACsec packet number; zero without MACsec.
    pub number: u64,
    /// What covers it, where that may differ from frame to frame.
    pub cover: Option<Cover>,
    /// The failure that damaged it, when only an ICV can tell.
    pub damaged: Option<FailureId>,
}

/// Frames that are late, in the order in which they will arrive; each has an event of its own.
#[derive(Debug, Clone, Default)]
pub struct LateFrames {
    frames: BTreeMap<(Time, u64), Frame>,
    serial: u64,
    /// No frame in order arrives before this.
    last: Time,
}

impl LateFrames {
    /// When a frame that is `late` at `now` arrives.
    #[must_use]
    pub fn due(&self, now: Time, late: Span, order: DeliveryOrder) -> Time {
        match order {
            DeliveryOrder::Kept => (now + late).max(self.last),
            DeliveryOrder::Free => now + late,
        }
    }

    /// Whether no frame is late.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Keeps a frame until `due`, behind those of the same instant.
    pub fn keep(&mut self, due: Time, order: DeliveryOrder, frame: Frame) {
        if order == DeliveryOrder::Kept {
            self.last = due;
        }
        self.serial += 1;
        self.frames.insert((due, self.serial), frame);
    }

    /// Takes the first frame of a wanted kind that is due; `None` when there is none, or none any more.
    pub fn take(&mut self, now: Time, wanted: fn(PacketKind) -> bool) -> Option<Frame> {
        let due = self.frames.range(..=(now, u64::MAX));
        let key = *due.filter(|(_, frame)| wanted(frame.packet.kind)).map(|(key, _)| key).next()?;
        self.frames.remove(&key)
    }

    /// When the head is due.
    #[must_use]
    pub fn head(&self) -> Option<Time> {
        self.frames.first_key_value().map(|((due, _), _)| *due)
    }

    /// The late frames.
    pub fn iter(&self) -> impl Iterator<Item = &Frame> {
        self.frames.values()
    }
}

#[cfg(test)]
#[path = "impairment_tests.rs"]
mod tests;
