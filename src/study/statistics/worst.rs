//! The replications with the most downtime, kept while millions pass.

use serde::{Deserialize, Serialize};

/// The worst `capacity` replications: most downtime first, ties by the lower replication.
///
/// Which ones these are does not depend on the order in which they were seen, so parts merge in any order to the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worst {
    capacity: usize,
    found: Vec<Replication>,
}

/// One replication and what it lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replication {
    /// Its downtime, in the unit of the study.
    pub downtime: u64,
    /// Its number, which replays it.
    pub number: u64,
}

impl Worst {
    /// Keeps this many.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self { capacity, found: Vec::new() }
    }

    /// One more replication; those without downtime are never among the worst.
    pub fn add(&mut self, replication: Replication) {
        let key = |replication: &Replication| (u64::MAX - replication.downtime, replication.number);
        let full = self.found.len() == self.capacity;
        if replication.downtime == 0 || full && self.found.last().is_none_or(|last| key(last) < key(&replication)) {
            return;
        }
        let place = self.found.partition_point(|kept| key(kept) < key(&replication));
        self.found.insert(place, replication);
        self.found.truncate(self.capacity);
    }

    /// All replications of `other` as well.
    pub fn merge(&mut self, other: &Self) {
        other.found.iter().for_each(|replication| self.add(*replication));
    }

    /// The worst first.
    #[must_use]
    pub fn list(&self) -> &[Replication] {
        &self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_are_kept_whatever_the_order() {
        let downtimes = [5, 0, 9, 5, 7, 9, 1];
        let all: Vec<Replication> =
            downtimes.iter().zip(0..).map(|(downtime, number)| Replication { downtime: *downtime, number }).collect();
        let of = |replications: &[Replication]| {
            let mut worst = Worst::new(4);
            replications.iter().for_each(|replication| worst.add(*replication));
            worst
        };
        let numbers = |worst: &Worst| worst.list().iter().map(|found| found.number).collect::<Vec<_>>();
        assert_eq!(numbers(&of(&all)), [2, 5, 4, 0]);
        let reversed: Vec<Replication> = all.iter().rev().copied().collect();
        assert_eq!(of(&reversed), of(&all));
        for cut in 0..all.len() {
            let (mut left, right) = (of(&all[cut..]), of(&all[..cut]));
            left.merge(&right);
            assert_eq!(left, of(&all));
        }
        assert!(of(&[Replication { downtime: 0, number: 3 }]).list().is_empty());
    }
}
