//! What may befall frames on a wire without cutting it.

use crate::units::{BitErrorRate, Share, Span};

/// An impairment of a wire; nobody is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Impairment {
    /// Frames are lost.
    Loss(LossLaw),
    /// Bits are wrong (fading optics): the longer a frame, the likelier its frame check sequence is wrong.
    BitErrors(BitErrorRate),
    /// Data is lost, control messages pass: a forwarding entry of a line card is broken.
    BlackHole,
    /// Frames are damaged.
    Corruption {
        /// Probability for each frame.
        share: Share,
        /// Whether the damage shows at the next port.
        fcs: BrokenFcs,
    },
    /// Frames arrive twice.
    Duplication {
        /// Probability for each frame.
        share: Share,
    },
    /// Each frame is late by a time of its own, uniform from zero to `most`.
    Jitter {
        /// The latest.
        most: Span,
        /// Whether frames may overtake each other.
        order: DeliveryOrder,
    },
    /// The way has another length.
    Propagation(Span),
}

/// Which frames are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossLaw {
    /// Each with this probability, whatever became of the others.
    Bernoulli(Share),
    /// Two states, good and bad, with a step after every frame (Gilbert 1960, Elliott 1963).
    GilbertElliott {
        /// Probability of the step from good to bad.
        good_to_bad: Share,
        /// Probability of the step from bad to good.
        bad_to_good: Share,
        /// Probability of loss in the good state.
        loss_good: Share,
        /// Probability of loss in the bad state.
        loss_bad: Share,
    },
    /// With this probability a frame outside any burst begins one, which takes `shortest` to `longest` frames, each
    /// length as likely.
    Bursts {
        /// Probability that a burst begins.
        begin: Share,
        /// Frames of the shortest burst.
        shortest: u32,
        /// Frames of the longest.
        longest: u32,
    },
}

impl LossLaw {
    /// The share of frames that is lost in the long run.
    #[must_use]
    pub fn mean(&self) -> Share {
        const WHOLE: u128 = 1_000_000_000;
        let share =
            |parts: u128, of: u128| Share::from_ppb(u64::try_from(WHOLE * parts / of.max(1)).unwrap_or(u64::MAX));
        let ppb = |share: Share| u128::from(share.as_ppb());
        match *self {
            Self::Bernoulli(share) => share,
            // The bad state has the part p / (p + r) of all frames (Gilbert 1960).
            Self::GilbertElliott { good_to_bad, bad_to_good, loss_good, loss_bad } => {
                let (to_bad, to_good) = (ppb(good_to_bad), ppb(bad_to_good));
                share((ppb(loss_bad) * to_bad + ppb(loss_good) * to_good) / WHOLE, to_bad + to_good)
            }
            // A burst of L frames in the mean comes after (1 - b) / b frames that pass.
            Self::Bursts { begin, shortest, longest } => {
                let twice_length = u128::from(shortest) + u128::from(longest);
                let lost = twice_length * ppb(begin);
                share(lost, lost + 2 * ppb(begin.complement()))
            }
        }
    }
}

/// Whether the frame check sequence of a damaged frame tells of the damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokenFcs {
    /// It does: bits were hit on the fibre.
    Yes,
    /// It does not: gear on the way damaged the frame and then gave it a new FCS. Only an ICV can tell.
    Renewed,
}

/// Whether frames may overtake each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOrder {
    /// None does: one that would waits until the one before it has arrived.
    Kept,
    /// The wire is free to reorder.
    Free,
}

impl Impairment {
    /// The kind's word in scenarios and reports.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Loss(_) => "grey_loss",
            Self::BitErrors(_) => "optics_brownout",
            Self::BlackHole => "black_hole",
            Self::Corruption { .. } => "corruption",
            Self::Duplication { .. } => "duplication",
            Self::Jitter { .. } => "jitter",
            Self::Propagation(_) => "delay_change",
        }
    }
}
