//! The transfers of one five-tuple: when each is asked for, and how much it carries.

use crate::network::{ArrivalLaw, Flow, TcpConfig, VolumeLaw};
use crate::rng::{RunSeed, Stream};
use crate::units::{Bytes, Span};

/// Draws the times and volumes of one five-tuple's transfers.
#[derive(Debug, Clone)]
pub struct Transfers {
    arrivals: ArrivalLaw,
    interval: Span,
    volume: VolumeLaw,
    stream: Stream,
}

impl Transfers {
    /// The transfers of a flow; their draws depend on the seed and the flow's name only.
    #[must_use]
    pub fn new(flow: &Flow, config: &TcpConfig, seed: RunSeed) -> Self {
        Self {
            arrivals: flow.arrivals.clone(),
            interval: config.interval,
            volume: config.volume.clone(),
            stream: seed.stream(&flow.name, "transfers"),
        }
    }

    /// Time from the flow's start until its first transfer.
    pub fn first(&mut self) -> Span {
        match self.arrivals {
            ArrivalLaw::Constant => Span::from_ps(self.stream.below(self.interval.as_ps())),
            ArrivalLaw::Poisson => self.stream.exponential_span(self.interval),
            ArrivalLaw::Once => Span::ZERO,
            ArrivalLaw::OnOff(_) | ArrivalLaw::Trace(_) => unreachable!("transfers have no such law"),
        }
    }

    /// Time until the next one; `None` when there is none.
    pub fn next_interval(&mut self) -> Option<Span> {
        match self.arrivals {
            ArrivalLaw::Constant => Some(self.interval),
            ArrivalLaw::Poisson => Some(self.stream.exponential_span(self.interval)),
            ArrivalLaw::Once => None,
            ArrivalLaw::OnOff(_) | ArrivalLaw::Trace(_) => unreachable!("transfers have no such law"),
        }
    }

    /// Bytes of the next one; `None` when it has no end.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
    pub fn next_volume(&mut self) -> Option<Bytes> {
        let scaled = |mean: Bytes, factor: f64| Bytes((factor * mean.0 as f64).ceil().max(1.0) as u64);
        match &self.volume {
            VolumeLaw::Unlimited => None,
            VolumeLaw::Constant(size) => Some(*size),
            VolumeLaw::Exponential(mean) => Some(scaled(*mean, self.stream.exponential())),
            VolumeLaw::Pareto(mean, shape) => Some(scaled(*mean, self.stream.pareto(*shape))),
            VolumeLaw::Weighted(sizes) => Some(sizes.at(self.stream.below(sizes.total()))),
        }
    }
}
