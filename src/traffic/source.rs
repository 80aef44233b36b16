//! One five-tuple's packets.

use std::sync::Arc;

use super::profile;
use crate::network::{ArrivalLaw, Flow, OnOff, Profile, SizeLaw, SpanLaw};
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
    /// What is left of the stretch in which the source is on.
    on: Span,
    diurnal: Option<Diurnal>,
}

/// A profile, and where in the day a source is.
#[derive(Debug, Clone)]
struct Diurnal {
    profile: Arc<Profile>,
    /// Scenario time of the latest packet.
    at: Span,
}

impl Source {
    /// The source of a flow; its draws depend on the seed and the flow's name only.
    #[must_use]
    pub fn new(flow: &Flow, seed: RunSeed) -> Self {
        let diurnal = |profile: &Arc<Profile>| Diurnal { profile: Arc::clone(profile), at: flow.start };
        Self {
            arrivals: flow.arrivals.clone(),
            interval: flow.interval,
            sizes: flow.sizes.clone(),
            stream: seed.stream(&flow.name, "source"),
            sent: 0,
            on: Span::ZERO,
            diurnal: flow.diurnal.as_ref().map(diurnal),
        }
    }

    /// Time from the flow's start until its first packet: a random phase, an exponential wait, or as a trace says;
    /// `None` when there is no packet.
    pub fn first(&mut self) -> Option<Span> {
        let span = match &self.arrivals {
            ArrivalLaw::Constant => Span::from_ps(self.stream.below(self.interval.as_ps())),
            ArrivalLaw::Poisson => self.stream.exponential_span(self.interval),
            ArrivalLaw::OnOff(law) => burst(*law, self.interval, &mut self.on, &mut self.stream),
            ArrivalLaw::Once => Span::ZERO,
            ArrivalLaw::Trace(trace) => return trace.arrivals().first().map(|arrival| arrival.at),
        };
        self.over_the_day(span)
    }

    /// Time from the packet whose size was told last until the next one; `None` when there is none.
    #[inline]
    pub fn next_interval(&mut self) -> Option<Span> {
        let span = match &self.arrivals {
            ArrivalLaw::Constant => self.interval,
            ArrivalLaw::Poisson => self.stream.exponential_span(self.interval),
            ArrivalLaw::OnOff(law) => burst(*law, self.interval, &mut self.on, &mut self.stream),
            ArrivalLaw::Once => return None,
            ArrivalLaw::Trace(trace) => {
                let arrivals = trace.arrivals();
                let next = arrivals.get(self.sent)?;
                return Some(next.at.saturating_sub(arrivals[self.sent - 1].at));
            }
        };
        self.over_the_day(span)
    }

    #[inline]
    fn over_the_day(&mut self, span: Span) -> Option<Span> {
        let Some(diurnal) = &mut self.diurnal else { return Some(span) };
        let stretched = profile::stretched(&diurnal.profile, diurnal.at, span)?;
        diurnal.at = diurnal.at.checked_add(stretched)?;
        Some(stretched)
    }

    /// Size of the next IP packet in bytes.
    #[inline]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
    pub fn next_size(&mut self) -> u32 {
        if let ArrivalLaw::Trace(trace) = &self.arrivals {
            self.sent += 1;
            return trace.arrivals()[self.sent - 1].size;
        }
        match &self.sizes {
            SizeLaw::Constant(size) => u32::try_from(size.0).unwrap_or(u32::MAX),
            SizeLaw::Imix => match self.stream.below(12) {
                0..7 => 40,
                7..11 => 576,
                _ => 1500,
            },
            SizeLaw::Exponential(mean) => (self.stream.exponential() * mean.0 as f64).ceil().max(1.0) as u32,
            SizeLaw::Weighted(sizes) => u32::try_from(sizes.at(self.stream.below(sizes.total())).0).unwrap_or(u32::MAX),
        }
    }
}

/// Time until the next packet of a source that sends every `interval` of the time in which it is on.
fn burst(law: OnOff, interval: Span, on: &mut Span, stream: &mut Stream) -> Span {
    let mut needed = interval;
    let mut passed = Span::ZERO;
    while needed > *on {
        needed = needed.saturating_sub(*on);
        passed = passed.checked_add(*on).unwrap_or(Span::MAX);
        passed = passed.checked_add(drawn(law.off, stream)).unwrap_or(Span::MAX);
        *on = drawn(law.on, stream).max(Span::from_ps(1));
        if passed == Span::MAX {
            return passed;
        }
    }
    *on = on.saturating_sub(needed);
    passed.checked_add(needed).unwrap_or(Span::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
fn drawn(law: SpanLaw, stream: &mut Stream) -> Span {
    match law {
        SpanLaw::Exponential(mean) => stream.exponential_span(mean),
        SpanLaw::Pareto(mean, shape) => Span::from_ps(libm::round(stream.pareto(shape) * mean.as_ps() as f64) as u64),
    }
}
