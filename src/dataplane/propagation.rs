//! A way whose length changes while packets are on it.

use crate::units::{Span, Time};

/// The ways that were in use before the present one.
#[derive(Debug, Clone, Default)]
pub struct FormerWays {
    /// Until when, and how long each was, in order of time.
    ways: Vec<(Time, Span)>,
}

impl FormerWays {
    /// The way of this length was in use until `until`.
    pub fn push(&mut self, until: Time, length: Span) {
        // What left by a former way has arrived once its length has passed, and so it is forgotten.
        self.ways.retain(|(until_then, length)| *until_then + *length > until);
        self.ways.push((until, length));
    }

    /// When a packet reaches the far end that departs at `departure`, now that the way is `present` long. A packet keeps
    /// the way by which it left. After a change to a shorter one nothing arrives before the last of the longer one:
    /// transport gear switches without reordering.
    #[cold]
    #[must_use]
    pub fn arrival(&self, departure: Time, present: Span) -> Time {
        let mut earliest = Time::ZERO;
        for (until, length) in &self.ways {
            if departure <= *until {
                return (departure + *length).max(earliest);
            }
            earliest = earliest.max(*until + *length);
        }
        (departure + present).max(earliest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us(us: u64) -> Time {
        Time::ZERO + Span::from_us(us)
    }

    /// Sent every microsecond; the way becomes 30 us longer at 100, and 60 us shorter at 140.
    #[test]
    fn each_packet_keeps_its_way_and_none_overtakes() {
        let mut former = FormerWays::default();
        let way = Span::from_us;
        former.push(us(100), way(50));
        former.push(us(140), way(80));
        let arrivals: Vec<Time> = (0..400).map(|at| former.arrival(us(at), way(20))).collect();
        assert!(arrivals.is_sorted());
        let at = |departure: usize| arrivals[departure];
        assert_eq!([at(0), at(100), at(101), at(140)], [us(50), us(150), us(181), us(220)]);
        // The shorter way would be there at 161; the last packet of the longer one is not before 220.
        assert_eq!([at(141), at(200), at(201)], [us(220), us(220), us(221)]);
        // When all of a way has arrived, it leaves nothing behind.
        former.push(us(1_000), way(20));
        assert_eq!(former.ways, [(us(1_000), way(20))]);
    }
}
