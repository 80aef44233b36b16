//! One place at which a purchased rate is enforced.

use super::{Colour, Marker, Policer, Shaped, Shaper, Verdict};
use crate::message::Packet;
use crate::network::{Excess, TokenBucket};
use crate::units::{Rate, Span, Time, TrafficClass};

/// A rate with what happens to packets above it.
#[derive(Debug, Clone)]
pub enum Limiter {
    /// They are dropped.
    Policer(Policer),
    /// They are coloured, and dropped when red.
    Marker(Marker),
    /// They wait.
    Shaper(Box<Shaper>),
}

/// What a limiter does with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Limited {
    /// It goes on.
    Pass,
    /// The limiter keeps it for later.
    Held,
    /// The limiter keeps it as the first: its release must be scheduled at this instant.
    HeldFirst(Time),
    /// It dies.
    Drop,
}

impl Limiter {
    /// A limit with full buckets.
    #[must_use]
    pub fn new(rate: Rate, bucket: &TokenBucket) -> Self {
        match bucket.excess {
            Excess::Drop => Self::Policer(Policer::new(rate, bucket.depth)),
            Excess::Mark(second) => Self::Marker(Marker::new(rate, bucket.depth, &second)),
            Excess::Delay { queue } => Self::Shaper(Box::new(Shaper::new(rate, bucket.depth, queue))),
        }
    }

    /// A packet wants to pass; it may come back with a higher drop precedence.
    #[inline]
    pub fn offer(&mut self, now: Time, packet: &mut Packet) -> Limited {
        match self {
            Self::Policer(policer) => match policer.offer(now, u64::from(packet.size)) {
                Verdict::Pass => Limited::Pass,
                Verdict::Drop => Limited::Drop,
            },
            Self::Marker(marker) => mark(marker, now, packet),
            Self::Shaper(shaper) => match shaper.offer(now, *packet) {
                Shaped::Pass => Limited::Pass,
                Shaped::Behind => Limited::Held,
                Shaped::Head(at) => Limited::HeldFirst(at),
                Shaped::Full => Limited::Drop,
            },
        }
    }

    /// What passes in the long run, however much comes.
    #[must_use]
    pub fn passes(&self) -> Rate {
        match self {
            Self::Policer(policer) => policer.rate(),
            Self::Marker(marker) => marker.passes(),
            Self::Shaper(shaper) => shaper.rate(),
        }
    }

    /// How long those wait that pass while more comes than passes.
    #[must_use]
    pub fn full_wait(&self) -> Span {
        match self {
            Self::Policer(_) | Self::Marker(_) => Span::ZERO,
            Self::Shaper(shaper) => shaper.full_wait(),
        }
    }

    /// The rate changes from `now` on; returns when the first packet that waits is released, if there is one.
    pub fn set_rate(&mut self, now: Time, rate: Rate) -> Option<Time> {
        match self {
            Self::Policer(policer) => policer.set_rate(now, rate),
            Self::Marker(marker) => marker.set_rate(now, rate),
            Self::Shaper(shaper) => {
                shaper.set_rate(now, rate);
                return shaper.next_release(now);
            }
        }
        None
    }

    /// The shaper, when it is one.
    pub fn shaper_mut(&mut self) -> Option<&mut Shaper> {
        match self {
            Self::Shaper(shaper) => Some(shaper),
            Self::Policer(_) | Self::Marker(_) => None,
        }
    }

    /// Asserts Little's law for what waits here up to `now`; nothing in release builds.
    pub fn audit(&self, now: Time) {
        match self {
            Self::Shaper(shaper) => shaper.audit(now),
            Self::Policer(_) | Self::Marker(_) => {}
        }
    }

    /// The packets that wait.
    pub fn packets(&self) -> impl Iterator<Item = &Packet> {
        let shaper = match self {
            Self::Shaper(shaper) => Some(shaper),
            Self::Policer(_) | Self::Marker(_) => None,
        };
        shaper.into_iter().flat_map(|shaper| shaper.packets())
    }
}

/// A packet's colour is the drop precedence of its code point (RFC 2698 section 4, RFC 2597): green low, yellow medium,
/// red high.
fn mark(marker: &mut Marker, now: Time, packet: &mut Packet) -> Limited {
    let before = match packet.traffic_class.drop_precedence() {
        TrafficClass::LOW_DROP => Colour::Green,
        TrafficClass::MEDIUM_DROP => Colour::Yellow,
        _ => Colour::Red,
    };
    match marker.colour(now, u64::from(packet.size), before) {
        Colour::Green => packet.traffic_class = packet.traffic_class.with_drop_precedence(TrafficClass::LOW_DROP),
        Colour::Yellow => packet.traffic_class = packet.traffic_class.with_drop_precedence(TrafficClass::MEDIUM_DROP),
        Colour::Red => return Limited::Drop,
    }
    Limited::Pass
}
