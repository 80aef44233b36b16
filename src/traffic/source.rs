//! One five-tuple's packets.

use std::sync::Arc;

use super::profile;
use crate::engine::prefetch;
use crate::network::{ArrivalLaw, Flow, OnOff, Profile, SizeLaw, TraceOf};
use crate::rng::{RunSeed, Stream};
use crate::units::{Span, Time};

/// Draws the intervals and sizes of one five-tuple. There may be a million, so it is small: two cache lines.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Source {
    stream: Stream,
    intervals: Intervals,
    sizes: SizeLaw,
}

const _: () = assert!(size_of::<Source>() == 128, "two cache lines");

/// Time between packets: the two laws that most flows have, and everything else.
#[derive(Debug, Clone)]
enum Intervals {
    /// Always this.
    Constant(Span),
    /// Exponential with this mean.
    Poisson(Span),
    Special(Box<Special>),
}

/// What few sources need.
#[derive(Debug, Clone)]
struct Special {
    arrivals: ArrivalLaw,
    interval: Span,
    diurnal: Option<Diurnal>,
    /// Packets of a trace whose size has been told.
    sent: usize,
    /// What is left of the stretch in which the source is on.
    on: Span,
}

/// A profile, and where in the day a source is.
#[derive(Debug, Clone)]
struct Diurnal {
    profile: Arc<Profile>,
    /// Scenario time of the latest packet.
    at: Span,
}

/// Packets that were sent as a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassedOver {
    /// How many.
    pub packets: u64,
    /// When the last of them was sent.
    pub last: Time,
    /// When the one after it is due.
    pub next: Option<Time>,
}

impl Source {
    /// The source of a flow; its draws depend on the seed and the flow's name only.
    #[must_use]
    pub fn new(flow: &Flow, seed: RunSeed) -> Self {
        let diurnal = |profile: &Arc<Profile>| Diurnal { profile: Arc::clone(profile), at: flow.start };
        let diurnal = flow.diurnal.as_ref().map(diurnal);
        Self {
            stream: seed.stream(&flow.name, "source"),
            intervals: Intervals::new(flow.arrivals.clone(), flow.interval, diurnal),
            sizes: flow.sizes.clone(),
        }
    }

    /// Time from the flow's start until its first packet: a random phase, an exponential wait, or as a trace says;
    /// `None` when there is no packet.
    pub fn first(&mut self) -> Option<Span> {
        match &mut self.intervals {
            Intervals::Constant(interval) => Some(Span::from_ps(self.stream.below(interval.as_ps()))),
            Intervals::Poisson(mean) => Some(self.stream.exponential_span(*mean)),
            Intervals::Special(special) => special.first(&mut self.stream),
        }
    }

    /// Time from the packet whose size was told last until the next one; `None` when there is none.
    #[inline]
    pub fn next_interval(&mut self) -> Option<Span> {
        match &mut self.intervals {
            Intervals::Constant(interval) => Some(*interval),
            Intervals::Poisson(mean) => Some(self.stream.exponential_span(*mean)),
            Intervals::Special(special) => special.next_interval(&mut self.stream),
        }
    }

    /// Fetches what the next packet needs.
    #[inline(always)]
    pub fn prefetch(&self) {
        prefetch(self.stream.drawn_ahead());
        prefetch(&self.intervals);
    }

    /// Sends as a rate: passes over the packets from the one that is `due` until `until`. Intervals are the mean one
    /// and nothing is drawn: the packet that comes after draws what it would have drawn at `due`. A trace tells its
    /// packets itself.
    pub fn pass_over(&mut self, due: Time, until: Time) -> PassedOver {
        match &mut self.intervals {
            Intervals::Constant(interval) | Intervals::Poisson(interval) => pass_over_evenly(*interval, due, until),
            Intervals::Special(special) => special.pass_over(&mut self.stream, due, until),
        }
    }

    /// The mean time between packets at the full rate, the time included in which the source is off.
    #[must_use]
    pub fn mean_interval(&self) -> Span {
        match &self.intervals {
            Intervals::Constant(interval) | Intervals::Poisson(interval) => *interval,
            Intervals::Special(special) => special.mean_interval(),
        }
    }

    /// The mean packet size as a fraction: bytes, and in how many packets.
    #[must_use]
    pub fn mean_size(&self) -> (u64, u64) {
        let Some(trace) = self.trace() else { return self.sizes.mean() };
        let bytes = trace.arrivals().iter().map(|arrival| u64::from(arrival.size)).sum();
        (bytes, (trace.arrivals().len() as u64).max(1))
    }

    const fn trace(&self) -> Option<&TraceOf> {
        match &self.intervals {
            Intervals::Constant(_) | Intervals::Poisson(_) => None,
            Intervals::Special(special) => match &special.arrivals {
                ArrivalLaw::Trace(trace) => Some(trace),
                ArrivalLaw::Constant
                | ArrivalLaw::Poisson
                | ArrivalLaw::OnOff(_)
                | ArrivalLaw::Once
                | ArrivalLaw::Closed(_) => None,
            },
        }
    }

    /// The mean time between packets as it is at scenario time `at`; `None` in an hour without any.
    #[must_use]
    pub fn interval_at(&self, at: Span) -> Option<Span> {
        let interval = self.mean_interval().max(Span::from_ps(1));
        let Some(diurnal) = self.diurnal() else { return Some(interval) };
        let percent = u64::from(profile::percent(&diurnal.profile, at));
        (percent > 0).then(|| interval.scaled(100, percent))
    }

    const fn diurnal(&self) -> Option<&Diurnal> {
        match &self.intervals {
            Intervals::Constant(_) | Intervals::Poisson(_) => None,
            Intervals::Special(special) => special.diurnal.as_ref(),
        }
    }

    /// Size of the next IP packet in bytes.
    #[inline]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
    pub fn next_size(&mut self) -> u32 {
        if let Intervals::Special(special) = &mut self.intervals
            && let Some(size) = special.next_size()
        {
            return size;
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

impl Intervals {
    fn new(arrivals: ArrivalLaw, interval: Span, diurnal: Option<Diurnal>) -> Self {
        match (arrivals, diurnal) {
            (ArrivalLaw::Constant, None) => Self::Constant(interval),
            (ArrivalLaw::Poisson, None) => Self::Poisson(interval),
            (arrivals, diurnal) => {
                Self::Special(Box::new(Special { arrivals, interval, diurnal, sent: 0, on: Span::ZERO }))
            }
        }
    }
}

impl Special {
    fn first(&mut self, stream: &mut Stream) -> Option<Span> {
        let span = match &self.arrivals {
            ArrivalLaw::Constant => Span::from_ps(stream.below(self.interval.as_ps())),
            ArrivalLaw::Poisson => stream.exponential_span(self.interval),
            ArrivalLaw::OnOff(law) => burst(*law, self.interval, &mut self.on, stream),
            ArrivalLaw::Once => Span::ZERO,
            ArrivalLaw::Closed(_) => unreachable!("only exchanges have such a law"),
            ArrivalLaw::Trace(trace) => return trace.arrivals().first().map(|arrival| arrival.at),
        };
        self.over_the_day(span)
    }

    fn next_interval(&mut self, stream: &mut Stream) -> Option<Span> {
        let span = match &self.arrivals {
            ArrivalLaw::Constant => self.interval,
            ArrivalLaw::Poisson => stream.exponential_span(self.interval),
            ArrivalLaw::OnOff(law) => burst(*law, self.interval, &mut self.on, stream),
            ArrivalLaw::Once => return None,
            ArrivalLaw::Closed(_) => unreachable!("only exchanges have such a law"),
            ArrivalLaw::Trace(trace) => {
                let arrivals = trace.arrivals();
                let next = arrivals.get(self.sent)?;
                return Some(next.at.saturating_sub(arrivals[self.sent - 1].at));
            }
        };
        self.over_the_day(span)
    }

    fn over_the_day(&mut self, span: Span) -> Option<Span> {
        let Some(diurnal) = &mut self.diurnal else { return Some(span) };
        let stretched = profile::stretched(&diurnal.profile, diurnal.at, span)?;
        diurnal.at = diurnal.at.checked_add(stretched)?;
        Some(stretched)
    }

    /// What the trace says of the next packet, if there is one.
    fn next_size(&mut self) -> Option<u32> {
        match &self.arrivals {
            ArrivalLaw::Trace(trace) => {
                self.sent += 1;
                Some(trace.arrivals()[self.sent - 1].size)
            }
            ArrivalLaw::Constant
            | ArrivalLaw::Poisson
            | ArrivalLaw::OnOff(_)
            | ArrivalLaw::Once
            | ArrivalLaw::Closed(_) => None,
        }
    }

    fn mean_interval(&self) -> Span {
        match &self.arrivals {
            ArrivalLaw::OnOff(law) => {
                let (on, off) = (law.on.mean(), law.off.mean());
                self.interval.scaled(on.as_ps().saturating_add(off.as_ps()), on.as_ps().max(1))
            }
            ArrivalLaw::Constant
            | ArrivalLaw::Poisson
            | ArrivalLaw::Once
            | ArrivalLaw::Closed(_)
            | ArrivalLaw::Trace(_) => self.interval,
        }
    }

    fn pass_over(&mut self, stream: &mut Stream, due: Time, until: Time) -> PassedOver {
        match &self.arrivals {
            ArrivalLaw::Constant | ArrivalLaw::Poisson | ArrivalLaw::OnOff(_) => {
                let interval = self.mean_interval();
                match &mut self.diurnal {
                    None => pass_over_evenly(interval, due, until),
                    Some(diurnal) => diurnal.pass_over(interval, due, until),
                }
            }
            ArrivalLaw::Once => PassedOver { packets: u64::from(due < until), last: due, next: None },
            ArrivalLaw::Closed(_) => unreachable!("exchanges do not go by as rates"),
            ArrivalLaw::Trace(_) => {
                let mut passed = PassedOver { packets: 0, last: due, next: Some(due) };
                while let Some(at) = passed.next.filter(|at| *at < until) {
                    self.sent += 1;
                    let next = self.next_interval(stream).map(|interval| at + interval);
                    passed = PassedOver { packets: passed.packets + 1, last: at, next };
                }
                passed
            }
        }
    }
}

impl Diurnal {
    fn pass_over(&mut self, interval: Span, due: Time, until: Time) -> PassedOver {
        let interval = interval.max(Span::from_ps(1));
        let used = profile::used(&self.profile, self.at, until.since(due));
        let packets = used.as_ps().div_ceil(interval.as_ps()).max(u64::from(due < until));
        let after = |packets| profile::stretched(&self.profile, self.at, interval.times(packets));
        let last = due + after(packets.saturating_sub(1)).unwrap_or(Span::ZERO);
        let step = after(packets);
        self.at = self.at.checked_add(step.unwrap_or(Span::ZERO)).unwrap_or(self.at);
        PassedOver { packets, last, next: step.map(|step| due + step) }
    }
}

fn pass_over_evenly(interval: Span, due: Time, until: Time) -> PassedOver {
    let interval = interval.max(Span::from_ps(1));
    let packets = until.since(due).as_ps().div_ceil(interval.as_ps());
    let last = due + interval.times(packets.saturating_sub(1));
    PassedOver { packets, last, next: Some(due + interval.times(packets)) }
}

/// Time until the next packet of a source that is on and off in turn, with `interval` between packets in the mean over
/// both: while it is on, they are closer by the share of time in which it is.
fn burst(law: OnOff, interval: Span, on: &mut Span, stream: &mut Stream) -> Span {
    let on_mean = law.on.mean().as_ps();
    let mut needed = interval.scaled(on_mean, on_mean.saturating_add(law.off.mean().as_ps()));
    let mut passed = Span::ZERO;
    while needed > *on {
        needed = needed.saturating_sub(*on);
        passed = passed.checked_add(*on).unwrap_or(Span::MAX);
        passed = passed.checked_add(law.off.draw(stream)).unwrap_or(Span::MAX);
        *on = law.on.draw(stream).max(Span::from_ps(1));
        if passed == Span::MAX {
            return passed;
        }
    }
    *on = on.saturating_sub(needed);
    passed.checked_add(needed).unwrap_or(Span::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Arrival, SpanLaw, Trace, Weighted};
    use crate::units::Bytes;

    fn source(arrivals: ArrivalLaw) -> Source {
        let stream = RunSeed(1).stream("flow#1", "source");
        let sizes = SizeLaw::Constant(Bytes(1_000));
        Source { stream, intervals: Intervals::new(arrivals, Span::from_us(10), None), sizes }
    }

    fn at(us: u64) -> Time {
        Time::ZERO + Span::from_us(us)
    }

    #[test]
    fn a_rate_has_the_packets_of_its_mean_interval_and_draws_nothing() {
        for law in [ArrivalLaw::Constant, ArrivalLaw::Poisson] {
            let mut resting = source(law.clone());
            // Packets at 3, 13, ..., 93 us.
            let passed = resting.pass_over(at(3), at(100));
            assert_eq!(passed, PassedOver { packets: 10, last: at(93), next: Some(at(103)) });
            // One is due at the very end: it is not passed over.
            assert_eq!(resting.pass_over(at(103), at(103)).packets, 0);
            assert_eq!(resting.next_interval(), source(law).next_interval());
        }
    }

    #[test]
    fn a_trace_goes_on_where_the_rate_left_it() {
        let arrivals = [5u32, 6, 40, 90].map(|us| (0, Arrival { at: Span::from_us(u64::from(us)), size: 100 + us }));
        let trace = std::sync::Arc::new(Trace::new(arrivals.to_vec(), 1));
        let mut source = source(ArrivalLaw::Trace(TraceOf { trace, index: 0 }));
        let passed = source.pass_over(at(5), at(40));
        assert_eq!(passed, PassedOver { packets: 2, last: at(6), next: Some(at(40)) });
        assert_eq!((source.next_size(), source.next_interval()), (140, Some(Span::from_us(50))));
    }

    #[test]
    fn an_on_off_source_has_its_mean_rate_and_its_pauses() {
        let on = SpanLaw::Exponential(Span::from_us(50));
        let off = SpanLaw::Pareto(Span::from_us(150), 2_500);
        let mut source = source(ArrivalLaw::OnOff(OnOff { on, off }));
        let spans: Vec<Span> = (0..200_000).map(|_| source.next_interval().unwrap()).collect();
        // 10 us in the mean; about 10,000 cycles of 200 us, whose variation is about one: a standard error of 1%.
        let mean = spans.iter().map(|span| span.as_ps()).sum::<u64>() / 200_000;
        assert!(mean.abs_diff(10_000_000) < 400_000, "{mean}");
        // While it is on, a packet every 2.5 us: all but one of 20 in a cycle.
        let close = spans.iter().filter(|span| **span == Span::from_ps(2_500_000)).count();
        assert!(close.abs_diff(190_000) < 2_000, "{close}");
    }

    #[test]
    fn weighted_sizes_come_as_often_as_their_weights_say() {
        let mut source = source(ArrivalLaw::Poisson);
        let sizes = [(Bytes(40), 7), (Bytes(576), 4), (Bytes(1_500), 1)];
        source.sizes = SizeLaw::Weighted(Arc::new(Weighted::new(&sizes).unwrap()));
        let small = (0..12_000).filter(|_| source.next_size() == 40).count();
        // 7 of 12; three standard errors are 162.
        assert!(small.abs_diff(7_000) < 162, "{small}");
    }
}
