//! What periods add up to: whole numbers only, so that parts merge in any order to the same bytes.

use serde::{Deserialize, Serialize};

use super::fits::Fits;
use super::walk::{ConnectionPeriod, Period, Plan, RulePeriod, STEPS};
use crate::network::SlaRule;
use crate::study::statistics::histogram::Histogram;
use crate::study::statistics::mean::Moments;
use crate::study::statistics::sums::Sums;
use crate::study::statistics::worst::{Replication, Worst};
use crate::units::CalendarSpan;

/// How many of the worst periods are kept.
const WORST: usize = 10;

/// Some replications of a study.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Periods.
    pub periods: u64,
    /// Components that failed or came back.
    pub transitions: u64,
    /// What was laid over those that have episodes.
    pub fits: Fits,
    /// In order of connection id.
    pub connections: Vec<ConnectionTally>,
}

/// One connection's periods; of times only those that are not zero are added, in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionTally {
    /// Time with fewer than `k + 1` usable channels in each period.
    pub below: Vec<Sums>,
    /// Loss summed over time.
    pub lost: Sums,
    /// Times without a usable channel.
    pub outages: u64,
    /// By rule.
    pub rules: Vec<RuleTally>,
    /// Time with less than each level of the demand carried in each period.
    pub lacking: Vec<Sums>,
    /// Demand for which the channels left were too small, summed over time.
    pub short: Sums,
    /// Charged by the first rule, per class, as [`Parts`](super::Parts).
    pub causes: Vec<[u128; 3]>,
    /// Charged by the first rule up to the end of each part of the period.
    pub course: Vec<Histogram>,
    /// The worst periods by the first rule, worst first.
    pub worst: Worst,
}

/// What one rule made of the periods.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleTally {
    /// Charged time.
    pub charged: Sums,
    /// Charged outages.
    pub outages: u64,
    /// Periods that broke the promise.
    pub missed: u64,
    /// Credits in parts per billion of the price, summed.
    pub credit: u128,
    /// Charged times, those that are not zero.
    pub spread: Histogram,
}

impl Tally {
    /// No period yet.
    #[must_use]
    pub fn new(plan: &Plan<'_>) -> Self {
        let connection = |channels: usize| ConnectionTally {
            below: vec![Sums::default(); channels],
            lost: Sums::default(),
            outages: 0,
            rules: vec![RuleTally::default(); plan.rules.len()],
            lacking: vec![Sums::default(); plan.network.study.demand_levels.len()],
            short: Sums::default(),
            causes: vec![[0; 3]; plan.classes.len()],
            course: vec![Histogram::default(); STEPS],
            worst: Worst::new(WORST),
        };
        let connections =
            plan.network.connections.iter().map(|one| connection(plan.network.channels_of(one))).collect();
        Self { connections, ..Self::default() }
    }

    /// Counts the period of a replication.
    pub fn count(&mut self, plan: &Plan<'_>, replication: u64, period: &Period) {
        self.periods += 1;
        if period.is_quiet {
            return;
        }
        self.transitions += period.transitions;
        self.fits.merge(&period.fits);
        for (tally, one) in self.connections.iter_mut().zip(&period.connections) {
            tally.count(plan, replication, one);
        }
    }

    /// Adds other replications.
    pub fn merge(&mut self, other: &Self) {
        self.periods += other.periods;
        self.transitions += other.transitions;
        self.fits.merge(&other.fits);
        for (one, other) in self.connections.iter_mut().zip(&other.connections) {
            one.merge(other);
        }
    }
}

impl ConnectionTally {
    fn count(&mut self, plan: &Plan<'_>, replication: u64, one: &ConnectionPeriod) {
        let below = self.below.iter_mut().zip(&one.below);
        let lacking = self.lacking.iter_mut().zip(&one.lacking);
        let single = [(&mut self.lost, &one.lost), (&mut self.short, &one.short)];
        let all = below.chain(lacking).chain(single).filter(|(_, time)| **time > 0);
        all.for_each(|(sums, time)| sums.add(*time));
        self.outages += u64::from(one.outages);
        for (sum, charged) in self.causes.iter_mut().flatten().zip(one.causes.iter().flatten()) {
            *sum += u128::from(*charged);
        }
        let charged = one.rules[0].charged;
        for ((tally, rule), of) in self.rules.iter_mut().zip(&one.rules).zip(&plan.rules) {
            tally.count(rule, of, plan.period());
        }
        if charged == 0 {
            return;
        }
        for (spread, charged) in self.course.iter_mut().zip(&one.course).filter(|(_, charged)| **charged > 0) {
            spread.add(*charged);
        }
        self.worst.add(Replication { downtime: charged, number: replication });
    }

    fn merge(&mut self, other: &Self) {
        self.below.iter_mut().zip(&other.below).for_each(|(sums, other)| sums.merge(other));
        self.lost.merge(&other.lost);
        self.lacking.iter_mut().zip(&other.lacking).for_each(|(sums, other)| sums.merge(other));
        self.short.merge(&other.short);
        self.outages += other.outages;
        self.rules.iter_mut().zip(&other.rules).for_each(|(one, other)| one.merge(other));
        self.course.iter_mut().zip(&other.course).for_each(|(one, other)| one.merge(other));
        for (sum, other) in self.causes.iter_mut().flatten().zip(other.causes.iter().flatten()) {
            *sum += other;
        }
        self.worst.merge(&other.worst);
    }
}

impl RuleTally {
    fn count(&mut self, one: &RulePeriod, rule: &SlaRule, period: CalendarSpan) {
        if one.charged == 0 {
            return;
        }
        self.charged.add(one.charged);
        self.outages += u64::from(one.outages);
        self.credit += u128::from(one.credit.as_ppb());
        self.missed += u64::from(one.charged > period.part(rule.target.complement()).as_ns());
        self.spread.add(one.charged);
    }

    fn merge(&mut self, other: &Self) {
        self.charged.merge(&other.charged);
        self.outages += other.outages;
        self.missed += other.missed;
        self.credit += other.credit;
        self.spread.merge(&other.spread);
    }

    /// Share of periods with a longer charge than each of these seconds, from the shortest charge on.
    #[must_use]
    pub fn exceedance(&self, periods: u64) -> Vec<(f64, f64)> {
        let mut left = self.charged.count();
        let mut points = Vec::new();
        for (least, count) in self.spread.buckets() {
            points.push((least as f64 / 1e9, left as f64 / periods.max(1) as f64));
            left -= count;
        }
        points
    }
}

/// The `rank`-th smallest of `periods` charged times, of which `spread` holds those that are not zero, in seconds: the
/// upper end of its bucket, at most 0.8% too long.
#[must_use]
pub fn at_rank(spread: &Histogram, periods: u64, rank: u64) -> f64 {
    let behind_zeros = rank.saturating_sub(periods - spread.count());
    spread.at_rank(behind_zeros).map_or(0.0, |(_, greatest)| greatest as f64 / 1e9)
}

/// Moments of times in nanoseconds over so many periods, in seconds.
#[must_use]
pub fn in_seconds(sums: &Sums, periods: u64) -> Moments {
    let moments = sums.moments_over(periods);
    Moments { mean: moments.mean / 1e9, variance: moments.variance / 1e18, ..moments }
}
