//! Two directions side by side: one linear pass over both timelines, without allocation.

use super::{LossTimeline, Segment};
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
}

/// The pieces of [0, `ended`) in order of time, without gaps and none empty.
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    /// What is still ahead of each direction.
    ahead: [&'a [Segment]; 2],
    loss: [Share; 2],
    at: CalendarSpan,
    ended: CalendarSpan,
}

impl<'a> Pieces<'a> {
    /// Merges two directions; the same timeline twice stands for one direction.
    #[must_use]
    pub fn new(directions: [&'a LossTimeline; 2], ended: CalendarSpan) -> Self {
        Self { ahead: directions.map(LossTimeline::segments), loss: [Share::ZERO; 2], at: CalendarSpan::ZERO, ended }
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.at >= self.ended {
            return None;
        }
        let (from, mut to) = (self.at, self.ended);
        for (ahead, loss) in self.ahead.iter_mut().zip(&mut self.loss) {
            while let Some((first, rest)) = ahead.split_first().filter(|(first, _)| first.from <= from) {
                *loss = first.loss;
                *ahead = rest;
            }
            to = ahead.first().map_or(to, |next| next.from.min(to));
        }
        self.at = to;
        Some(Piece { from, to, loss: self.loss })
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

    fn pieces(forward: &[(u64, u64)], back: &[(u64, u64)], ended: u64) -> Vec<(u64, u64, [u64; 2])> {
        let (forward, back) = (timeline(forward), timeline(back));
        Pieces::new([&forward, &back], CalendarSpan::from_s(ended))
            .map(|piece| {
                let seconds = |at: CalendarSpan| at.as_ns() / 1_000_000_000;
                (seconds(piece.from), seconds(piece.to), piece.loss.map(|loss| loss.as_ppb() / 10_000_000))
            })
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
}
