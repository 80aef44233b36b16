//! Route-flap damping (RFC 2439): a penalty for each flap of a route, which decays with time.
//!
//! ```text
//! penalty  ^   suppress ----/|\------------        not used from here
//!          |             /|/   ` .                 500 for other attributes, 1000 for a withdrawal
//!          |   reuse ---/----------` . ----        used again from here
//! ```

use std::collections::BTreeMap;

use crate::ids::DestinationId;
use crate::network::RouteFlapDamping;
use crate::units::{Span, Time};

/// Time in which a penalty halves (IOS, bgpd).
const HALF_LIFE: Span = Span::from_s(15 * 60);
/// A suppressed route is used again at this penalty.
const REUSE: f64 = 750.0;
/// For a withdrawal, and for a route that replaces another one of the peer.
const WITHDRAWN: f64 = 1_000.0;
const CHANGED: f64 = 500.0;

/// The flaps of one peer's routes.
#[derive(Debug, Clone)]
pub(super) struct Damping {
    rule: RouteFlapDamping,
    flaps: BTreeMap<DestinationId, Flaps>,
}

/// What is held against one route.
#[derive(Debug, Clone, Copy)]
struct Flaps {
    /// At `at`.
    penalty: f64,
    at: Time,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Used,
    Suppressed,
}

impl Damping {
    pub(super) fn new(rule: RouteFlapDamping) -> Self {
        Self { rule, flaps: BTreeMap::new() }
    }

    /// The peer withdrew a route.
    pub(super) fn withdrawn(&mut self, now: Time, destination: DestinationId) {
        self.flap(now, destination, WITHDRAWN);
    }

    /// The peer replaced a route.
    pub(super) fn changed(&mut self, now: Time, destination: DestinationId) {
        self.flap(now, destination, CHANGED);
    }

    /// Whether a route may not be used for now.
    pub(super) fn suppresses(&self, destination: DestinationId) -> bool {
        self.flaps.get(&destination).is_some_and(|flaps| flaps.standing == Standing::Suppressed)
    }

    /// When the next suppressed route may be used again.
    pub(super) fn next_reuse(&self, now: Time) -> Option<Time> {
        let suppressed = self.flaps.values().filter(|flaps| flaps.standing == Standing::Suppressed);
        suppressed.map(|flaps| flaps.reuse_at(now)).min()
    }

    /// The suppressed routes that may be used again; what has decayed by half of that is forgotten.
    pub(super) fn release(&mut self, now: Time) -> Vec<DestinationId> {
        let mut released = Vec::new();
        self.flaps.retain(|destination, flaps| {
            let penalty = flaps.decayed(now);
            // The last bit of the exponential.
            if flaps.standing == Standing::Suppressed && penalty <= REUSE * (1.0 + 1e-9) {
                flaps.standing = Standing::Used;
                released.push(*destination);
            }
            penalty > REUSE / 2.0
        });
        released
    }

    fn flap(&mut self, now: Time, destination: DestinationId, by: f64) {
        let RouteFlapDamping::On { suppress, ceiling } = self.rule else { return };
        let new = Flaps { penalty: 0.0, at: now, standing: Standing::Used };
        let flaps = self.flaps.entry(destination).or_insert(new);
        flaps.penalty = (flaps.decayed(now) + by).min(f64::from(ceiling));
        flaps.at = now;
        if flaps.penalty > f64::from(suppress) {
            flaps.standing = Standing::Suppressed;
        }
    }
}

impl Flaps {
    fn decayed(&self, now: Time) -> f64 {
        let passed = now.since(self.at).as_ps() as f64 / HALF_LIFE.as_ps() as f64;
        self.penalty * libm::exp2(-passed)
    }

    /// Half-life x log2(penalty / reuse threshold).
    #[allow(clippy::cast_possible_truncation, reason = "at most seven half-lives in picoseconds")]
    fn reuse_at(&self, now: Time) -> Time {
        let half_lives = libm::log2(self.penalty / REUSE).max(0.0);
        let wait = Span::from_ps(libm::ceil(half_lives * HALF_LIFE.as_ps() as f64) as u64);
        (self.at + wait).max(now + Span::from_ps(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTE: DestinationId = DestinationId(0);

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_s(seconds)
    }

    #[test]
    fn three_withdrawals_at_once_suppress_for_two_half_lives() {
        // RFC 2439 4.8.6: half-life x log2(3000 / 750) = 30 min, with the defaults of IOS.
        let mut damping = Damping::new(RouteFlapDamping::CISCO);
        for _ in 0..2 {
            damping.withdrawn(at(0), ROUTE);
            assert!(!damping.suppresses(ROUTE), "2000 is not above the threshold");
        }
        damping.withdrawn(at(0), ROUTE);
        assert!(damping.suppresses(ROUTE));
        let reuse = damping.next_reuse(at(0)).unwrap();
        assert_eq!(reuse.since(at(0)).as_ps() / 1_000_000, 1_800_000_000, "microseconds");
        assert!(damping.release(at(1_799)).is_empty() && damping.suppresses(ROUTE));
        assert_eq!(damping.release(reuse), [ROUTE]);
        assert_eq!((damping.suppresses(ROUTE), damping.next_reuse(reuse)), (false, None));
    }

    #[test]
    fn nothing_is_suppressed_for_more_than_an_hour() {
        // The ceiling is 750 x 2^(60 / 15) = 12,000.
        let mut damping = Damping::new(RouteFlapDamping::CISCO);
        (0..100).for_each(|_| damping.withdrawn(at(0), ROUTE));
        assert_eq!(damping.next_reuse(at(0)).unwrap(), at(3_600));
    }

    #[test]
    fn exploring_paths_does_not_suppress_with_the_threshold_of_rfc_7196() {
        // RFC 7196 section 3: one withdrawal explored over five other paths passes 2000, and not 6000.
        for (rule, suppressed) in [(RouteFlapDamping::CISCO, true), (RouteFlapDamping::RFC_7196, false)] {
            let mut damping = Damping::new(rule);
            (0..5).for_each(|second| damping.changed(at(second), ROUTE));
            damping.withdrawn(at(5), ROUTE);
            assert_eq!(damping.suppresses(ROUTE), suppressed, "{rule:?}");
        }
        let mut off = Damping::new(RouteFlapDamping::Off);
        (0..100).for_each(|_| off.withdrawn(at(0), ROUTE));
        assert!(!off.suppresses(ROUTE));
    }
}
