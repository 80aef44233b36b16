//! Two directions and what is exempt, side by side: one linear pass, without allocation.

use super::{Exempt, Exemption, LossTimeline, Segment};
use crate::units::{CalendarSpan, Share};

/// A stretch in which neither direction's loss changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Its begin.
    pub from: CalendarSpan,
    /// Its end.
    pub to: CalendarSpan,
    /// Loss of each direction.
    pub loss: [Share; 2],
    /// Why it is not counted, if it is not.
    pub exempt: Option<Exempt>,
}

impl Piece {
    /// The loss that counts: none while exempt.
    #[must_use]
    pub fn counted(&self) -> [Share; 2] {
        if self.exempt.is_some() { [Share::ZERO; 2] } else { self.loss }
    }
}

/// The pieces of [0, `until`) in order of time, without gaps and none empty.
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    /// What is still ahead of each direction.
    ahead: [&'a [Segment]; 2],
    exemptions: &'a [Exemption],
    loss: [Share; 2],
    at: CalendarSpan,
    until: CalendarSpan,
}

impl<'a> Pieces<'a> {
    /// Merges two directions; the same timeline twice stands for one direction. Exemptions are in order of time and
    /// do not overlap.
    #[must_use]
    pub fn new(directions: [&'a LossTimeline; 2], exemptions: &'a [Exemption], until: CalendarSpan) -> Self {
        Self {
            ahead: directions.map(LossTimeline::segments),
            exemptions,
            loss: [Share::ZERO; 2],
            at: CalendarSpan::ZERO,
            until,
        }
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.at >= self.until {
            return None;
        }
        let (from, mut to) = (self.at, self.until);
        for (ahead, loss) in self.ahead.iter_mut().zip(&mut self.loss) {
            while let Some((first, rest)) = ahead.split_first().filter(|(first, _)| first.from <= from) {
                *loss = first.loss;
                *ahead = rest;
            }
            to = ahead.first().map_or(to, |next| next.from.min(to));
        }
        while let Some((_, rest)) = self.exemptions.split_first().filter(|(first, _)| first.to <= from) {
            self.exemptions = rest;
        }
        let mut exempt = None;
        if let Some(first) = self.exemptions.first() {
            exempt = (first.from <= from).then_some(first.why);
            to = to.min(if first.from <= from { first.to } else { first.from });
        }
        self.at = to;
        Some(Piece { from, to, loss: self.loss, exempt })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sla::Evidence;

    fn timeline(changes: &[(u64, u64)]) -> LossTimeline {
        let mut timeline = LossTimeline::new();
        for (at, percent) in changes {
            timeline.push(CalendarSpan::from_s(*at), Share::from_ppb(percent * 10_000_000), Evidence::Measured);
        }
        timeline
    }

    fn seconds(at: CalendarSpan) -> u64 {
        at.as_ns() / 1_000_000_000
    }

    fn pieces(forward: &[(u64, u64)], back: &[(u64, u64)], until: u64) -> Vec<(u64, u64, [u64; 2])> {
        let (forward, back) = (timeline(forward), timeline(back));
        Pieces::new([&forward, &back], &[], CalendarSpan::from_s(until))
            .map(|piece| (seconds(piece.from), seconds(piece.to), piece.loss.map(|loss| loss.as_ppb() / 10_000_000)))
            .collect()
    }

    #[test]
    fn pieces_cover_the_observation_and_change_where_either_direction_does() {
        assert_eq!(
            pieces(&[(0, 0), (2, 50), (6, 0)], &[(2, 10), (4, 100), (20, 0)], 10),
            [(0, 2, [0, 0]), (2, 4, [50, 10]), (4, 6, [50, 100]), (6, 10, [0, 100])]
        );
    }

    #[test]
    fn before_its_first_segment_a_direction_loses_nothing() {
        assert_eq!(pieces(&[(3, 100)], &[], 5), [(0, 3, [0, 0]), (3, 5, [100, 0])]);
        assert_eq!(pieces(&[], &[], 5), [(0, 5, [0, 0])]);
        assert_eq!(pieces(&[(0, 100)], &[], 0), []);
    }

    #[test]
    fn an_exemption_parts_pieces_at_both_its_ends() {
        let dead = timeline(&[(0, 100)]);
        let exempt = |from, to| Exemption {
            from: CalendarSpan::from_s(from),
            to: CalendarSpan::from_s(to),
            why: Exempt::OtherParty,
        };
        let found: Vec<_> =
            Pieces::new([&dead, &dead], &[exempt(2, 4), exempt(4, 5), exempt(8, 20)], CalendarSpan::from_s(9))
                .map(|piece| (seconds(piece.from), seconds(piece.to), piece.counted()[0] == Share::ONE))
                .collect();
        assert_eq!(found, [(0, 2, true), (2, 4, false), (4, 5, false), (5, 8, true), (8, 9, false)]);
    }
}
