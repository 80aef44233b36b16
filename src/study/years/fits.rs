//! How well the library suited the events of periods.

use serde::{Deserialize, Serialize};

/// What was laid over an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// A run of the event in the whole fabric, as it was.
    Whole,
    /// A run of the event in the degraded fabric that it met.
    Degraded,
    /// A run in which it comes as shortly after another one as here.
    Joint,
    /// A run in the whole fabric, though it met a degraded one.
    Borrowed,
    /// Total loss: routing had not settled from an event before it.
    Lost,
}

/// How many events had which.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fits {
    /// [`Fit::Whole`].
    pub whole: u64,
    /// [`Fit::Degraded`].
    pub degraded: u64,
    /// [`Fit::Joint`].
    pub joint: u64,
    /// [`Fit::Borrowed`].
    pub borrowed: u64,
    /// [`Fit::Lost`].
    pub lost: u64,
    /// How long all was taken for lost, of the connection where that was longest, in nanoseconds.
    pub lost_ns: u128,
}

impl Fits {
    /// One more event.
    pub fn count(&mut self, fit: Fit) {
        *match fit {
            Fit::Whole => &mut self.whole,
            Fit::Degraded => &mut self.degraded,
            Fit::Joint => &mut self.joint,
            Fit::Borrowed => &mut self.borrowed,
            Fit::Lost => &mut self.lost,
        } += 1;
    }

    /// Adds others.
    pub fn merge(&mut self, other: &Self) {
        self.whole += other.whole;
        self.degraded += other.degraded;
        self.joint += other.joint;
        self.borrowed += other.borrowed;
        self.lost += other.lost;
        self.lost_ns += other.lost_ns;
    }

    /// Events over which anything was laid.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.whole + self.degraded + self.joint + self.borrowed + self.lost
    }
}
