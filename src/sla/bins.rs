//! Which time is bad: bin by bin, or moment by moment. Many equal bins are one stretch, so months cost nothing.

use super::{Piece, Pieces};
use crate::network::{BadTest, DeadDirection, SlaRule};
use crate::units::{CalendarSpan, Share};

/// Time judged alike: whole bins, or a piece where the rule has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub from: CalendarSpan,
    pub to: CalendarSpan,
    pub bad: bool,
}

/// The stretches of all pieces, in order and without gaps. Neighbours may be equal.
pub(super) struct Stretches<'a> {
    pieces: Pieces<'a>,
    /// What is left of the latest piece.
    rest: Option<Piece>,
    bin: Option<CalendarSpan>,
    bad: BadTest,
    dead: DeadDirection,
    filling: Bin,
}

/// A bin that is not yet full.
#[derive(Default)]
struct Bin {
    from: CalendarSpan,
    to: CalendarSpan,
    directions: [Sums; 2],
}

/// What one direction lost in a bin.
#[derive(Default, Clone, Copy)]
struct Sums {
    /// Parts per billion x nanoseconds.
    lost: u128,
    /// Time without any path.
    dead: CalendarSpan,
}

impl<'a> Stretches<'a> {
    pub fn new(rule: &SlaRule, pieces: Pieces<'a>) -> Self {
        Self { pieces, rest: None, bin: rule.bin, bad: rule.bad, dead: rule.dead, filling: Bin::default() }
    }

    fn moment(&self, piece: &Piece) -> Stretch {
        let bad = piece.counted().map(|loss| match self.bad {
            BadTest::LossAbove(limit) => loss > limit,
            BadTest::LossAtLeast(limit) => loss >= limit,
            BadTest::DeadLonger(_) => loss == Share::ONE,
        });
        Stretch { from: piece.from, to: piece.to, bad: self.dead.of(bad) }
    }

    fn judge(&self, sums: [Sums; 2], width: CalendarSpan) -> bool {
        let limit_of = |share: Share| u128::from(share.as_ppb()) * u128::from(width.as_ns());
        self.dead.of(sums.map(|sums| match self.bad {
            BadTest::LossAbove(limit) => sums.lost > limit_of(limit),
            BadTest::LossAtLeast(limit) => sums.lost >= limit_of(limit),
            BadTest::DeadLonger(limit) => sums.dead > limit,
        }))
    }

    /// As many whole bins as the piece fills, or what it adds to the one that is filling.
    fn fill(&mut self, mut piece: Piece, width: CalendarSpan) -> Option<Stretch> {
        let length = piece.to - piece.from;
        let is_new = self.filling.from == piece.from;
        if is_new && length >= width {
            let to = piece.to.saturating_sub(CalendarSpan::from_ns(length.as_ns() % width.as_ns()));
            let bad = self.judge(piece.counted().map(|loss| Sums::of(loss, width)), width);
            let stretch = Stretch { from: piece.from, to, bad };
            self.filling = Bin { from: to, to, ..Bin::default() };
            piece.from = to;
            self.rest = (piece.from < piece.to).then_some(piece);
            return Some(stretch);
        }
        let end = self.filling.from + width;
        let to = piece.to.min(end);
        for (sums, loss) in self.filling.directions.iter_mut().zip(piece.counted()) {
            let more = Sums::of(loss, to - piece.from);
            sums.lost += more.lost;
            sums.dead += more.dead;
        }
        self.filling.to = to;
        piece.from = to;
        self.rest = (piece.from < piece.to).then_some(piece);
        if to == end { self.close() } else { None }
    }

    /// Judges the bin that is filling, if anything is in it.
    fn close(&mut self) -> Option<Stretch> {
        let Bin { from, to, directions } = std::mem::take(&mut self.filling);
        self.filling = Bin { from: to, to, ..Bin::default() };
        (from < to).then(|| Stretch { from, to, bad: self.judge(directions, to - from) })
    }
}

impl Sums {
    fn of(loss: Share, length: CalendarSpan) -> Self {
        let dead = if loss == Share::ONE { length } else { CalendarSpan::ZERO };
        Self { lost: u128::from(loss.as_ppb()) * u128::from(length.as_ns()), dead }
    }
}

impl Iterator for Stretches<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        loop {
            let Some(piece) = self.rest.take().or_else(|| self.pieces.next()) else { return self.close() };
            let Some(width) = self.bin else { return Some(self.moment(&piece)) };
            if let Some(stretch) = self.fill(piece, width) {
                return Some(stretch);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sla::{Evidence, LossTimeline};

    /// Bad time as (from, to) in milliseconds, neighbours joined.
    fn bad(rule: &SlaRule, changes: &[(u64, u64)], until: u64) -> Vec<(u64, u64)> {
        let mut timeline = LossTimeline::new();
        for (at, percent) in changes {
            let at = CalendarSpan::from_ns(at * 1_000_000);
            timeline.push(at, Share::from_ppb(percent * 10_000_000), Evidence::Measured);
        }
        let until = CalendarSpan::from_ns(until * 1_000_000);
        let mut found: Vec<(u64, u64)> = Vec::new();
        let mut covered = CalendarSpan::ZERO;
        for stretch in Stretches::new(rule, Pieces::new([&timeline, &timeline], &[], until)) {
            assert_eq!(stretch.from, covered, "without gaps");
            covered = stretch.to;
            let [from, to] = [stretch.from, stretch.to].map(|at| at.as_ns() / 1_000_000);
            match found.last_mut() {
                Some(last) if stretch.bad && last.1 == from => last.1 = to,
                _ if stretch.bad => found.push((from, to)),
                _ => {}
            }
        }
        assert_eq!(covered, until);
        found
    }

    fn binned(bad: BadTest) -> SlaRule {
        SlaRule { bin: Some(CalendarSpan::from_s(1)), bad, ..SlaRule::default() }
    }

    const fn percent(percent: u64) -> Share {
        Share::from_ppb(percent * 10_000_000)
    }

    #[test]
    fn a_bin_is_judged_by_its_mean_loss() {
        // Second 1 loses 100% of 0.5 s: its mean is 50%.
        let changes = [(0, 0), (1_250, 100), (1_750, 0)];
        assert_eq!(bad(&binned(BadTest::LossAtLeast(percent(50))), &changes, 3_000), [(1_000, 2_000)]);
        assert_eq!(bad(&binned(BadTest::LossAbove(percent(50))), &changes, 3_000), []);
        assert_eq!(bad(&binned(BadTest::LossAbove(percent(49))), &changes, 3_000), [(1_000, 2_000)]);
    }

    #[test]
    fn a_bin_is_dead_longer_by_its_dead_time_alone() {
        let half = BadTest::DeadLonger(CalendarSpan::from_ns(500_000_000));
        assert_eq!(bad(&binned(half), &[(1_250, 100), (1_750, 0)], 3_000), []);
        assert_eq!(bad(&binned(half), &[(1_250, 100), (1_751, 0)], 3_000), [(1_000, 2_000)]);
        assert_eq!(bad(&binned(half), &[(0, 99)], 3_000), []);
    }

    #[test]
    fn many_bins_in_one_piece_and_the_rest_of_it_are_judged_as_bins_are() {
        let all = BadTest::LossAtLeast(Share::ONE);
        assert_eq!(bad(&binned(all), &[(300, 100), (5_200, 0)], 7_000), [(1_000, 5_000)]);
        let any = BadTest::LossAbove(Share::ZERO);
        assert_eq!(bad(&binned(any), &[(300, 100), (5_200, 0)], 7_000), [(0, 6_000)]);
    }

    #[test]
    fn a_bin_cut_short_by_the_end_is_judged_by_what_there_is_of_it() {
        let all = BadTest::LossAtLeast(Share::ONE);
        assert_eq!(bad(&binned(all), &[(2_000, 100)], 2_400), [(2_000, 2_400)]);
        assert_eq!(bad(&binned(all), &[(2_100, 100)], 2_400), []);
    }

    #[test]
    fn without_bins_every_moment_is_judged_by_itself() {
        let rule = |bad| SlaRule { bad, ..SlaRule::default() };
        let changes = [(0, 25), (1_500, 100), (1_700, 0)];
        assert_eq!(bad(&rule(BadTest::LossAbove(percent(20))), &changes, 3_000), [(0, 1_700)]);
        assert_eq!(bad(&rule(BadTest::LossAbove(percent(50))), &changes, 3_000), [(1_500, 1_700)]);
        assert_eq!(bad(&rule(BadTest::DeadLonger(CalendarSpan::ZERO)), &changes, 3_000), [(1_500, 1_700)]);
    }
}
