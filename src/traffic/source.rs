//! One five-tuple's packets.

use crate::network::{ArrivalLaw, Flow, SizeLaw};
use crate::rng::{RunSeed, Stream};
use crate::units::Span;

/// Draws the intervals and sizes of one five-tuple.
#[derive(Debug, Clone)]
pub struct Source {
    arrivals: ArrivalLaw,
    interval: Span,
    sizes: SizeLaw,
    stream: Stream,
}

impl Source {
    /// The source of a flow; its draws depend on the seed and the flow's name only.
    #[must_use]
    pub fn new(flow: &Flow, seed: RunSeed) -> Self {
        Self {
            arrivals: flow.arrivals,
            interval: flow.interval,
            sizes: flow.sizes,
            stream: seed.stream(&flow.name, "source"),
        }
    }

    /// Time from the flow's start until its first packet: a random phase, or an exponential wait.
    pub fn first(&mut self) -> Span {
        match self.arrivals {
            ArrivalLaw::Constant => Span::from_ps(self.stream.below(self.interval.as_ps())),
            ArrivalLaw::Poisson => self.stream.exponential_span(self.interval),
        }
    }

    /// Time until the next packet.
    #[inline]
    pub fn next_interval(&mut self) -> Span {
        match self.arrivals {
            ArrivalLaw::Constant => self.interval,
            ArrivalLaw::Poisson => self.stream.exponential_span(self.interval),
        }
    }

    /// Size of the next IP packet in bytes.
    #[inline]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
    pub fn next_size(&mut self) -> u32 {
        match self.sizes {
            SizeLaw::Constant(size) => u32::try_from(size.0).unwrap_or(u32::MAX),
            SizeLaw::Imix => match self.stream.below(12) {
                0..7 => 40,
                7..11 => 576,
                _ => 1500,
            },
            SizeLaw::Exponential(mean) => (self.stream.exponential() * mean.0 as f64).ceil().max(1.0) as u32,
        }
    }
}
