//! What periods add up to: whole numbers only, so that parts merge in any order to the same bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::walk::{ConnectionPeriod, Period, Plan, STEPS};

/// How many of the worst periods are kept.
const WORST: usize = 10;

/// Some replications of a study.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Periods.
    pub periods: u64,
    /// Components that failed or came back.
    pub transitions: u64,
    /// Of these, how many came before routing had settled from the one before.
    pub overlaps: u64,
    /// In order of connection id.
    pub connections: Vec<ConnectionTally>,
}

/// One connection's periods.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionTally {
    /// Time with fewer than `k + 1` usable channels in each period: sum, and sum of squares.
    pub below: Vec<Sums>,
    /// Loss summed over time.
    pub lost: Sums,
    /// Times without a usable channel.
    pub outages: u64,
    /// By rule.
    pub rules: Vec<RuleTally>,
    /// Charged by the first rule in nanoseconds, per class: what it broke, and what was lost until routing had settled.
    pub causes: Vec<[u128; 2]>,
    /// Charged by the first rule up to the end of each part of the period, as [`RuleTally::spread`] of the whole.
    pub course: Vec<BTreeMap<u16, u64>>,
    /// The worst periods by the first rule, worst first.
    pub worst: Vec<Worst>,
}

/// What one rule made of the periods.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleTally {
    /// Charged time.
    pub charged: Sums,
    /// Charged outages.
    pub outages: u64,
    /// Periods in which something was charged.
    pub touched: u64,
    /// Periods that broke the promise.
    pub missed: u64,
    /// Credits in parts per billion of the price, summed.
    pub credit: u128,
    /// Charged times, by bucket (64 to each doubling of nanoseconds); those without a charge are not here.
    pub spread: BTreeMap<u16, u64>,
}

/// A sum of times, and of their squares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// In nanoseconds.
    pub sum: u128,
    /// In square microseconds: squares of nanoseconds would not fit.
    pub squares: u128,
}

/// A bad period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Worst {
    /// Charged time in nanoseconds.
    pub charged: u64,
    /// The replication that it is.
    pub replication: u64,
}

impl Sums {
    fn count(&mut self, nanoseconds: u64) {
        let microseconds = u128::from(nanoseconds / 1_000);
        self.sum += u128::from(nanoseconds);
        self.squares += microseconds * microseconds;
    }

    fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// Mean in seconds over so many.
    #[must_use]
    pub fn mean(&self, count: u64) -> f64 {
        self.sum as f64 / 1e9 / count.max(1) as f64
    }

    /// Variance in square seconds over so many; 0 of fewer than two.
    #[must_use]
    pub fn variance(&self, count: u64) -> f64 {
        if count < 2 {
            return 0.0;
        }
        let mean = self.mean(count);
        let squares = self.squares as f64 / 1e12;
        ((squares - count as f64 * mean * mean) / (count - 1) as f64).max(0.0)
    }
}

impl Tally {
    /// No period yet.
    #[must_use]
    pub fn new(plan: &Plan<'_>) -> Self {
        let connection = |channels: usize| ConnectionTally {
            below: vec![Sums::default(); channels],
            rules: vec![RuleTally::default(); plan.rules.len()],
            causes: vec![[0; 2]; plan.classes.len()],
            course: vec![BTreeMap::new(); STEPS],
            ..ConnectionTally::default()
        };
        let connections = plan.network.connections.iter().map(|one| connection(one.logical_links.len())).collect();
        Self { connections, ..Self::default() }
    }

    /// Counts the period of a replication.
    pub fn count(&mut self, plan: &Plan<'_>, replication: u64, period: &Period) {
        self.periods += 1;
        self.transitions += period.transitions;
        self.overlaps += period.overlaps;
        for (tally, one) in self.connections.iter_mut().zip(&period.connections) {
            tally.count(plan, replication, one);
        }
    }

    /// Adds other replications.
    pub fn merge(&mut self, other: &Self) {
        self.periods += other.periods;
        self.transitions += other.transitions;
        self.overlaps += other.overlaps;
        for (one, other) in self.connections.iter_mut().zip(&other.connections) {
            one.merge(other);
        }
    }
}

impl ConnectionTally {
    fn count(&mut self, plan: &Plan<'_>, replication: u64, one: &ConnectionPeriod) {
        self.below.iter_mut().zip(&one.below).for_each(|(sums, below)| sums.count(*below));
        self.lost.count(one.lost);
        self.outages += u64::from(one.outages);
        for ((tally, rule), of) in self.rules.iter_mut().zip(&one.rules).zip(&plan.rules) {
            tally.charged.count(rule.charged);
            tally.outages += u64::from(rule.outages);
            if rule.charged == 0 {
                continue;
            }
            tally.touched += 1;
            let budget = plan.period().part(of.target.complement());
            tally.credit += u128::from(rule.credit.as_ppb());
            tally.missed += u64::from(rule.charged > budget.as_ns());
            *tally.spread.entry(bucket(rule.charged)).or_default() += 1;
        }
        for (sum, charged) in self.causes.iter_mut().flatten().zip(one.causes.iter().flatten()) {
            *sum += u128::from(*charged);
        }
        for (spread, charged) in self.course.iter_mut().zip(&one.course).filter(|(_, charged)| **charged > 0) {
            *spread.entry(bucket(*charged)).or_default() += 1;
        }
        let charged = one.rules[0].charged;
        if charged > 0 {
            self.keep(Worst { charged, replication });
        }
    }

    fn keep(&mut self, one: Worst) {
        // The earlier of two equal ones is kept, in whatever order they come.
        let key = |worst: &Worst| (u64::MAX - worst.charged, worst.replication);
        let place = self.worst.partition_point(|known| key(known) < key(&one));
        if place < WORST {
            self.worst.insert(place, one);
            self.worst.truncate(WORST);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.below.iter_mut().zip(&other.below).for_each(|(sums, other)| sums.merge(other));
        self.lost.merge(&other.lost);
        self.outages += other.outages;
        for (one, other) in self.rules.iter_mut().zip(&other.rules) {
            one.charged.merge(&other.charged);
            one.outages += other.outages;
            one.touched += other.touched;
            one.missed += other.missed;
            one.credit += other.credit;
            add(&mut one.spread, &other.spread);
        }
        self.course.iter_mut().zip(&other.course).for_each(|(one, other)| add(one, other));
        for (sum, other) in self.causes.iter_mut().flatten().zip(other.causes.iter().flatten()) {
            *sum += other;
        }
        other.worst.iter().for_each(|worst| self.keep(*worst));
    }
}

fn add(spread: &mut BTreeMap<u16, u64>, other: &BTreeMap<u16, u64>) {
    other.iter().for_each(|(bucket, count)| *spread.entry(*bucket).or_default() += count);
}

/// The `rank`-th smallest of `periods` charged times, of which `spread` holds those that are not zero, in seconds: the
/// upper end of its bucket, at most 1.6% too long.
#[must_use]
pub fn at_rank(spread: &BTreeMap<u16, u64>, periods: u64, rank: u64) -> f64 {
    let mut seen = periods - spread.values().sum::<u64>();
    if rank <= seen {
        return 0.0;
    }
    for (bucket, count) in spread {
        seen += count;
        if rank <= seen {
            return upper_end(*bucket);
        }
    }
    0.0
}

impl RuleTally {
    /// Share of periods with a longer charge than each of these seconds, from the shortest charge on.
    #[must_use]
    pub fn exceedance(&self, periods: u64) -> Vec<(f64, f64)> {
        let mut left = self.touched;
        let mut points = Vec::new();
        for (bucket, count) in &self.spread {
            points.push((upper_end(bucket.saturating_sub(1)), left as f64 / periods.max(1) as f64));
            left -= count;
        }
        points
    }
}

/// 64 buckets to each doubling, of nanoseconds.
#[must_use]
pub fn bucket(nanoseconds: u64) -> u16 {
    let value = nanoseconds.max(64);
    let doublings = 63 - value.leading_zeros();
    let part = (value >> (doublings - 6)) & 63;
    u16::try_from(u64::from(doublings) * 64 + part).expect("64 doublings of 64 parts")
}

/// The end of a bucket in seconds.
fn upper_end(bucket: u16) -> f64 {
    let (doublings, part) = (i32::from(bucket / 64), f64::from(bucket % 64));
    libm::ldexp(1.0 + (part + 1.0) / 64.0, doublings) / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_within_a_sixty_fourth_of_what_they_hold() {
        for value in [64, 65, 1_000, 259_200_000_000_000, 12_345_678_901, u64::MAX / 3] {
            let end = upper_end(bucket(value));
            let seconds = value as f64 / 1e9;
            assert!(end >= seconds * 0.999_999 && end <= seconds * (1.0 + 1.0 / 63.0), "{value}: {end}");
        }
    }

    #[test]
    fn the_worst_are_the_same_in_any_order() {
        let worst: Vec<Worst> =
            (0..40).map(|replication| Worst { charged: (replication * 7_919) % 23, replication }).collect();
        let of = |order: &mut dyn Iterator<Item = &Worst>| {
            let mut tally = ConnectionTally::default();
            order.for_each(|one| tally.keep(*one));
            tally.worst
        };
        let forward = of(&mut worst.iter());
        assert_eq!(forward, of(&mut worst.iter().rev()));
        assert_eq!((forward.len(), forward[0].charged), (10, 22));
    }
}
