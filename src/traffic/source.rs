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
    /// Packets of a trace whose size has been told.
    sent: usize,
}

impl Source {
    /// The source of a flow; its draws depend on the seed and the flow's name only.
    #[must_use]
    pub fn new(flow: &Flow, seed: RunSeed) -> Self {
        Self {
            arrivals: flow.arrivals.clone(),
            interval: flow.interval,
            sizes: flow.sizes,
            stream: seed.stream(&flow.name, "source"),
            sent: 0,
        }
    }

    /// Time from the flow's start until its first packet: a random phase, an exponential wait, or as a trace says;
    /// `None` when there is no packet.
    pub fn first(&mut self) -> Option<Span> {
        match &self.arrivals {
            ArrivalLaw::Constant => Some(Span::from_ps(self.stream.below(self.interval.as_ps()))),
            ArrivalLaw::Poisson => Some(self.stream.exponential_span(self.interval)),
            ArrivalLaw::Trace(trace) => trace.arrivals().first().map(|arrival| arrival.at),
        }
    }

    /// Time from the packet whose size was told last until the next one; `None` when there is none.
    #[inline]
    pub fn next_interval(&mut self) -> Option<Span> {
        match &self.arrivals {
            ArrivalLaw::Constant => Some(self.interval),
            ArrivalLaw::Poisson => Some(self.stream.exponential_span(self.interval)),
            ArrivalLaw::Trace(trace) => {
                let arrivals = trace.arrivals();
                let next = arrivals.get(self.sent)?;
                Some(next.at.saturating_sub(arrivals[self.sent - 1].at))
            }
        }
    }

    /// Size of the next IP packet in bytes.
    #[inline]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
    pub fn next_size(&mut self) -> u32 {
        if let ArrivalLaw::Trace(trace) = &self.arrivals {
            self.sent += 1;
            return trace.arrivals()[self.sent - 1].size;
        }
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
