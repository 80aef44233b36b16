//! What is asked for on one five-tuple, transfers or requests: when, and how much each carries.

use super::draw;
use crate::network::{ArrivalLaw, ExchangeConfig, Flow, TcpConfig, VolumeLaw};
use crate::rng::{RunSeed, Stream};
use crate::units::{Bytes, Span};

/// Draws the times and volumes of what is asked for on one five-tuple.
#[derive(Debug, Clone)]
pub struct Demand {
    arrivals: ArrivalLaw,
    interval: Span,
    volume: VolumeLaw,
    stream: Stream,
}

impl Demand {
    /// The transfers of a flow; their draws depend on the seed and the flow's name only.
    #[must_use]
    pub fn of_transfers(flow: &Flow, config: &TcpConfig, seed: RunSeed) -> Self {
        Self {
            arrivals: flow.arrivals.clone(),
            interval: config.interval,
            volume: config.volume.clone(),
            stream: seed.stream(&flow.name, "transfers"),
        }
    }

    /// The requests of a flow; their draws depend on the seed and the flow's name only.
    #[must_use]
    pub fn of_requests(flow: &Flow, config: &ExchangeConfig, seed: RunSeed) -> Self {
        Self {
            arrivals: flow.arrivals.clone(),
            interval: config.interval,
            volume: config.request.clone(),
            stream: seed.stream(&flow.name, "requests"),
        }
    }

    /// Time from the flow's start until the first one.
    pub fn first(&mut self) -> Span {
        match self.arrivals {
            ArrivalLaw::Constant => Span::from_ps(self.stream.below(self.interval.as_ps())),
            ArrivalLaw::Poisson => self.stream.exponential_span(self.interval),
            ArrivalLaw::Once => Span::ZERO,
            ArrivalLaw::Closed(think) => think.draw(&mut self.stream),
            ArrivalLaw::OnOff(_) | ArrivalLaw::Trace(_) => unreachable!("nothing is asked for by such a law"),
        }
    }

    /// Time from one to the next, when it does not depend on the end of the one before; `None` when there is none.
    pub fn next_interval(&mut self) -> Option<Span> {
        match self.arrivals {
            ArrivalLaw::Constant => Some(self.interval),
            ArrivalLaw::Poisson => Some(self.stream.exponential_span(self.interval)),
            ArrivalLaw::Once | ArrivalLaw::Closed(_) => None,
            ArrivalLaw::OnOff(_) | ArrivalLaw::Trace(_) => unreachable!("nothing is asked for by such a law"),
        }
    }

    /// Time from the end of one to the next, when it depends on that.
    pub fn think_time(&mut self) -> Option<Span> {
        match self.arrivals {
            ArrivalLaw::Closed(think) => Some(think.draw(&mut self.stream)),
            ArrivalLaw::Constant | ArrivalLaw::Poisson | ArrivalLaw::Once => None,
            ArrivalLaw::OnOff(_) | ArrivalLaw::Trace(_) => unreachable!("nothing is asked for by such a law"),
        }
    }

    /// Bytes of the next one; `None` when it has no end.
    pub fn next_volume(&mut self) -> Option<Bytes> {
        draw::volume(&self.volume, &mut self.stream)
    }
}
