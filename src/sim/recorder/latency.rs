//! Latency and queueing delay: histograms of three digits, exact sums and extremes, and a series over time.

use super::tally::Tally;
use crate::sim::record::{Distribution, LatencyBin};
use crate::units::Span;

/// A distribution in the making.
#[derive(Clone)]
pub(super) struct Sample {
    tally: Tally,
    sum: u128,
    min: Span,
    max: Span,
}

/// One-way latency by class, and queueing delay over all.
pub(super) struct Latencies {
    pub classes: Vec<Sample>,
    pub queueing: Sample,
    series: Vec<Vec<Bin>>,
}

#[derive(Clone, Copy, Default)]
struct Bin {
    count: u64,
    sum: u128,
    min: Span,
    max: Span,
}

impl Bin {
    fn add(&mut self, other: &Self) {
        self.min = match (self.count, other.count) {
            (0, _) => other.min,
            (_, 0) => self.min,
            (_, _) => self.min.min(other.min),
        };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum += other.sum;
    }
}

impl Sample {
    pub fn new() -> Self {
        Self { tally: Tally::new(), sum: 0, min: Span::MAX, max: Span::ZERO }
    }

    #[inline]
    pub fn record(&mut self, value: Span) {
        self.tally.add(value.as_ps(), 1);
        self.sum += u128::from(value.as_ps());
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    fn record_many(&mut self, value: Span, count: u64) {
        self.tally.add(value.as_ps(), count);
        self.sum += u128::from(value.as_ps()) * u128::from(count);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    pub fn add(&mut self, other: &Self) {
        self.tally.add_all(&other.tally);
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    pub fn distribution(&self) -> Distribution {
        let histogram = self.tally.histogram();
        let count = histogram.len();
        if count == 0 {
            return Distribution::default();
        }
        // The library answers with a bucket's upper edge, which may lie above the largest value.
        let quantile = |q: f64| Span::from_ps(histogram.value_at_quantile(q)).clamp(self.min, self.max);
        let buckets = histogram
            .iter_quantiles(7)
            .filter(|step| step.count_since_last_iteration() > 0)
            .map(|step| (Span::from_ps(step.value_iterated_to()).min(self.max), step.count_since_last_iteration()))
            .collect();
        Distribution {
            count,
            min: self.min,
            mean: mean(self.sum, count),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: self.max,
            buckets,
        }
    }
}

impl Latencies {
    pub fn new(connection_classes: usize, bins: usize) -> Self {
        Self {
            classes: vec![Sample::new(); connection_classes + 1],
            queueing: Sample::new(),
            series: vec![vec![Bin::default(); bins]; connection_classes],
        }
    }

    #[inline]
    pub fn record(&mut self, class: usize, bin: usize, latency: Span, waited: Span) {
        self.classes[class].record(latency);
        self.queueing.record(waited);
        if let Some(series) = self.series.get_mut(class) {
            let bin = &mut series[bin];
            bin.min = if bin.count == 0 { latency } else { bin.min.min(latency) };
            bin.max = bin.max.max(latency);
            bin.count += 1;
            bin.sum += u128::from(latency.as_ps());
        }
    }

    /// So many packets of the same latency and queueing delay.
    pub fn record_many(&mut self, class: usize, bin: usize, (latency, waited): (Span, Span), count: u64) {
        self.classes[class].record_many(latency, count);
        self.queueing.record_many(waited, count);
        if let Some(series) = self.series.get_mut(class) {
            let sum = u128::from(latency.as_ps()) * u128::from(count);
            series[bin].add(&Bin { count, sum, min: latency, max: latency });
        }
    }

    /// Adds what another partition recorded.
    pub fn add(&mut self, other: &Self) {
        self.classes.iter_mut().zip(&other.classes).for_each(|(class, more)| class.add(more));
        self.queueing.add(&other.queueing);
        for (series, more) in self.series.iter_mut().zip(&other.series) {
            series.iter_mut().zip(more).for_each(|(bin, more)| bin.add(more));
        }
    }

    pub fn series(&self, class: usize) -> Vec<LatencyBin> {
        let bin =
            |bin: &Bin| LatencyBin { count: bin.count, min: bin.min, mean: mean(bin.sum, bin.count), max: bin.max };
        self.series[class].iter().map(bin).collect()
    }

    pub fn total(&self) -> Sample {
        let mut total = Sample::new();
        self.classes.iter().for_each(|class| total.add(class));
        total
    }
}

/// `sum / count` rounded down; zero of nothing.
pub(super) fn mean(sum: u128, count: u64) -> Span {
    Span::from_ps(u64::try_from(sum / u128::from(count.max(1))).unwrap_or(u64::MAX))
}
