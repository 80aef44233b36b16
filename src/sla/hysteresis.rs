//! From bad bins to unavailable runs: so many bad ones in a row to enter, so many good ones to leave.

use super::bins::Stretch;
use crate::network::{Onset, SlaRule};
use crate::units::CalendarSpan;

/// A time in which the connection is unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub from: CalendarSpan,
    pub to: CalendarSpan,
}

/// The runs in order of time. One that has not ended with the last stretch ends there.
pub(super) struct Runs<Stretches> {
    stretches: Stretches,
    bin: Option<CalendarSpan>,
    enter: u32,
    leave: u32,
    onset: Onset,
    /// When the run in progress began.
    began: Option<CalendarSpan>,
    /// When the bins that speak against the present state began.
    streak: Option<CalendarSpan>,
    last: CalendarSpan,
}

impl<Stretches: Iterator<Item = Stretch>> Runs<Stretches> {
    pub fn new(rule: &SlaRule, stretches: Stretches) -> Self {
        let (enter, leave) = (rule.enter, rule.leave);
        let (began, streak, last) = (None, None, CalendarSpan::ZERO);
        Self { stretches, bin: rule.bin, enter, leave, onset: rule.onset, began, streak, last }
    }

    /// When the state changes, if `needed` bins have spoken against it by `to`.
    fn change(&self, from: CalendarSpan, to: CalendarSpan, needed: u32) -> Option<CalendarSpan> {
        let Some(bin) = self.bin else { return Some(from) };
        let bins = (to - from).as_ns().div_ceil(bin.as_ns());
        if bins < u64::from(needed) {
            return None;
        }
        match self.onset {
            Onset::FirstBin => Some(from),
            Onset::DecidingBin => Some(from + CalendarSpan::from_ns(bin.as_ns() * u64::from(needed.max(1) - 1))),
        }
    }
}

impl<Stretches: Iterator<Item = Stretch>> Iterator for Runs<Stretches> {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        while let Some(stretch) = self.stretches.next() {
            self.last = stretch.to;
            if stretch.bad == self.began.is_some() {
                self.streak = None;
                continue;
            }
            let from = *self.streak.get_or_insert(stretch.from);
            let needed = if stretch.bad { self.enter } else { self.leave };
            let Some(at) = self.change(from, stretch.to, needed) else { continue };
            self.streak = None;
            match self.began.take() {
                Some(from) => return Some(Run { from, to: at }),
                None => self.began = Some(at),
            }
        }
        self.began.take().map(|from| Run { from, to: self.last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs in seconds of bins of one second, 'x' bad and '.' good, with 10 to enter and 10 to leave.
    fn runs(onset: Onset, bins: &str) -> Vec<(u64, u64)> {
        let bin = CalendarSpan::from_s(1);
        let rule = SlaRule { bin: Some(bin), enter: 10, leave: 10, onset, ..SlaRule::default() };
        let stretches = bins.chars().enumerate().map(|(index, state)| {
            let from = CalendarSpan::from_s(index as u64);
            Stretch { from, to: from + bin, bad: state == 'x' }
        });
        let seconds = |at: CalendarSpan| at.as_ns() / 1_000_000_000;
        Runs::new(&rule, stretches).map(|run| (seconds(run.from), seconds(run.to))).collect()
    }

    fn repeated(parts: &[(char, usize)]) -> String {
        parts.iter().flat_map(|(state, count)| std::iter::repeat_n(*state, *count)).collect()
    }

    #[test]
    fn nine_bad_seconds_are_nothing_and_ten_count_from_the_first() {
        // ITU-T G.826 Annex A: the ten that lead into unavailability belong to it.
        for (bad, expected) in [(9, vec![]), (10, vec![(5, 15)]), (11, vec![(5, 16)])] {
            let bins = repeated(&[('.', 5), ('x', bad), ('.', 30)]);
            assert_eq!(runs(Onset::FirstBin, &bins), expected, "{bad} bad seconds");
        }
    }

    #[test]
    fn nine_good_seconds_do_not_end_it_and_ten_end_it_at_the_first() {
        // The ten that lead out of unavailability do not belong to it.
        for (good, expected) in [(9, vec![(0, 22)]), (10, vec![(0, 12)]), (11, vec![(0, 12)])] {
            let bins = repeated(&[('x', 12), ('.', good), ('x', 1), ('.', 30)]);
            assert_eq!(runs(Onset::FirstBin, &bins), expected, "{good} good seconds");
        }
    }

    #[test]
    fn from_the_deciding_bin_on_the_bins_before_keep_the_state_they_had() {
        let bins = repeated(&[('.', 5), ('x', 10), ('.', 10), ('x', 9), ('.', 3)]);
        // The tenth bad second is number 14, the tenth good one number 24.
        assert_eq!(runs(Onset::DecidingBin, &bins), [(14, 24)]);
    }

    #[test]
    fn a_single_contrary_bin_starts_the_count_again() {
        assert_eq!(runs(Onset::FirstBin, &repeated(&[('x', 9), ('.', 1), ('x', 9), ('.', 1), ('x', 9)])), []);
    }

    #[test]
    fn a_run_that_does_not_end_ends_with_what_was_seen() {
        assert_eq!(runs(Onset::FirstBin, &repeated(&[('.', 2), ('x', 20)])), [(2, 22)]);
        assert_eq!(runs(Onset::FirstBin, &repeated(&[('.', 2), ('x', 20), ('.', 9)])), [(2, 31)]);
    }
}
