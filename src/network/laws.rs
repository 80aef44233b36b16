//! By which laws traffic is drawn: when, how much, how long.

use std::sync::Arc;

use super::trace::TraceOf;
use crate::rng::Stream;
use crate::units::{Bytes, Span};

/// Time between the packets of a flow, or between its transfers or exchanges.
#[derive(Debug, Clone)]
pub enum ArrivalLaw {
    /// Equal intervals, random phase.
    Constant,
    /// Exponential intervals.
    Poisson,
    /// Equal intervals while on, nothing while off.
    OnOff(OnOff),
    /// One, at the start.
    Once,
    /// The next one so long after the end of the one before, the first one so long after the start.
    Closed(SpanLaw),
    /// As a file says, sizes included.
    Trace(TraceOf),
}

/// A source that is on and off in turn, off at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnOff {
    /// How long it is on.
    pub on: SpanLaw,
    /// How long it is off.
    pub off: SpanLaw,
}

/// How long something lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanLaw {
    /// Always as long.
    Constant(Span),
    /// Exponential with this mean.
    Exponential(Span),
    /// Pareto with this mean and shape, in thousandths above 1000.
    Pareto(Span, u32),
}

impl SpanLaw {
    /// The mean.
    #[must_use]
    pub const fn mean(self) -> Span {
        match self {
            Self::Constant(mean) | Self::Exponential(mean) | Self::Pareto(mean, _) => mean,
        }
    }

    /// How long it lasts this time.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
    pub fn draw(self, stream: &mut Stream) -> Span {
        match self {
            Self::Constant(span) => span,
            Self::Exponential(mean) => stream.exponential_span(mean),
            Self::Pareto(mean, shape) => Span::from_ps(libm::round(stream.pareto(shape) * mean.as_ps() as f64) as u64),
        }
    }
}

/// Sizes of a flow's IP packets.
#[derive(Debug, Clone)]
pub enum SizeLaw {
    /// All equal.
    Constant(Bytes),
    /// 40, 576 and 1500 bytes in the ratio 7:4:1 (64, 594 and 1518 as Ethernet frames).
    Imix,
    /// Exponential with this mean, rounded up to whole bytes.
    Exponential(Bytes),
    /// Some sizes, each with its weight.
    Weighted(Arc<Weighted>),
}

impl SizeLaw {
    /// The mean size as a fraction: bytes, and in how many packets.
    #[must_use]
    pub fn mean(&self) -> (u64, u64) {
        match self {
            Self::Constant(size) | Self::Exponential(size) => (size.0, 1),
            Self::Imix => (7 * 40 + 4 * 576 + 1500, 12),
            Self::Weighted(sizes) => sizes.mean(|size| size.0),
        }
    }
}

/// Bytes of data of a transfer, a request or a response.
#[derive(Debug, Clone)]
pub enum VolumeLaw {
    /// It goes on until its flow stops.
    Unlimited,
    /// All equal.
    Constant(Bytes),
    /// Exponential with this mean.
    Exponential(Bytes),
    /// Pareto with this mean and shape, in thousandths above 1000.
    Pareto(Bytes, u32),
    /// Some sizes, each with its weight.
    Weighted(Arc<Weighted>),
}

impl VolumeLaw {
    /// The mean as a fraction: bytes, and in how many; `None` without an end.
    #[must_use]
    pub fn mean(&self) -> Option<(u64, u64)> {
        match self {
            Self::Unlimited => None,
            Self::Constant(mean) | Self::Exponential(mean) | Self::Pareto(mean, _) => Some((mean.0, 1)),
            Self::Weighted(sizes) => Some(sizes.mean(|size| size.0)),
        }
    }
}

/// Sizes with weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighted {
    /// Each size, with the sum of the weights up to and with its own.
    sizes: Vec<(Bytes, u64)>,
}

impl Weighted {
    /// Sizes with their weights; `None` when all weights together are zero or too large.
    #[must_use]
    pub fn new(sizes: &[(Bytes, u32)]) -> Option<Self> {
        let mut sum = 0;
        let up_to = |(size, weight): &(Bytes, u32)| {
            sum += u64::from(*weight);
            (*size, sum)
        };
        let sizes: Vec<(Bytes, u64)> = sizes.iter().map(up_to).collect();
        (sum > 0).then_some(Self { sizes })
    }

    /// The sum of all weights.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.sizes.last().map_or(0, |last| last.1)
    }

    /// The smallest size with a weight.
    #[must_use]
    pub fn smallest(&self) -> Bytes {
        let mut before = 0;
        let weighs = |(_, sum): &&(Bytes, u64)| *sum > std::mem::replace(&mut before, *sum);
        self.sizes.iter().filter(weighs).map(|(size, _)| *size).min().unwrap_or(Bytes(0))
    }

    /// The size in whose part of the weights `below` lies; `below` is less than the total.
    #[must_use]
    pub fn at(&self, below: u64) -> Bytes {
        let index = self.sizes.partition_point(|(_, sum)| *sum <= below);
        self.sizes[index.min(self.sizes.len() - 1)].0
    }

    /// The weighted sum of what `of` makes of each size, and the sum of the weights.
    pub fn mean(&self, of: impl Fn(Bytes) -> u64) -> (u64, u64) {
        let mut before = 0;
        let part = |(size, sum): &(Bytes, u64)| of(*size).saturating_mul(sum - std::mem::replace(&mut before, *sum));
        (self.sizes.iter().map(part).fold(0, u64::saturating_add), self.total())
    }
}

/// How the rate of a flow changes over the day: per cent of its rate in each hour of scenario time, again every day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// At least one is not zero.
    pub percent: [u32; 24],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_divide_the_draws_and_make_the_mean() {
        let sizes = Weighted::new(&[(Bytes(40), 7), (Bytes(9_000), 0), (Bytes(576), 4), (Bytes(1500), 1)]).unwrap();
        let drawn: Vec<u64> = (0..sizes.total()).map(|below| sizes.at(below).0).collect();
        assert_eq!(drawn, [40, 40, 40, 40, 40, 40, 40, 576, 576, 576, 576, 1500]);
        // The same mean as IMIX.
        assert_eq!(SizeLaw::Weighted(Arc::new(sizes)).mean(), SizeLaw::Imix.mean());
        assert_eq!(Weighted::new(&[(Bytes(40), 0)]), None);
    }
}
