//! Loss of one connection over one period, and what began it.

use super::library::Episode;
use super::walk::Parts;
use crate::failures::Turn;
use crate::network::{Begin, Exclusion};
use crate::sla::{Evidence, Exempt, Exemption, LossTimeline, Outage};
use crate::units::{CalendarSpan, Share};

/// Loss of one connection over the period, and what began it.
#[derive(Debug, Clone, Default)]
pub(super) struct Course {
    /// Losses, both ways.
    pub directions: [LossTimeline; 2],
    /// What may have begun an outage, in order of time.
    marks: Vec<Mark>,
    /// When the channels left were too small, in order of time.
    shortages: Vec<Shortage>,
    /// Until when an episode lasts, in nanoseconds.
    pub busy: u64,
    /// Failures present that touch it, begun suddenly and after draining.
    present: [u32; 2],
    /// Time in which drained work is all that touches it.
    pub maintenance: Vec<Exemption>,
}

/// A moment from which more was lost, in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: u64,
    /// Until when it is routing that has not settled, and not what is broken, that loses packets.
    unsettled: u64,
    class: usize,
}

/// Time in which a share of the demand was too much, in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Shortage {
    from: u64,
    to: u64,
    short: Share,
    class: usize,
}

impl Course {
    /// Nothing has happened yet.
    pub fn clear(&mut self) {
        self.directions.iter_mut().for_each(LossTimeline::clear);
        self.marks.clear();
        self.shortages.clear();
        self.maintenance.clear();
        (self.busy, self.present) = (0, [0; 2]);
    }

    /// More is lost from `at` on because of a class of components.
    pub fn worsens(&mut self, at: u64, class: usize) {
        self.marks.push(Mark { at, unsettled: at, class });
    }

    /// Another share of the demand is too much from `at` on; a class of components answers for what it adds to.
    pub fn shrinks(&mut self, at: u64, before: Share, after: Share, class: usize) {
        if before == after {
            return;
        }
        let mut by = class;
        if let Some(last) = self.shortages.last_mut().filter(|_| before > Share::ZERO) {
            last.to = at;
            by = if after > before { class } else { last.class };
        }
        if after > Share::ZERO {
            self.shortages.push(Shortage { from: at, to: at, short: after, class: by });
        }
    }

    /// A failure that touches the connection came or went. Loss is maintenance while nothing else is at fault, as runs of
    /// the simulator have it.
    pub fn holds(&mut self, at: u64, begins: Begin, turn: Turn, end: CalendarSpan) {
        let count = match begins {
            Begin::Sudden => &mut self.present[0],
            Begin::Drained => &mut self.present[1],
        };
        match turn {
            Turn::Down => *count += 1,
            Turn::Up => *count -= 1,
        }
        let is_work = self.present[0] == 0 && self.present[1] > 0;
        let open = self.maintenance.last_mut().filter(|last| last.to == end);
        match open {
            Some(open) if !is_work => open.to = CalendarSpan::from_ns(at),
            None if is_work => {
                // What a sudden failure's return costs is not of the work.
                let from = CalendarSpan::from_ns(at.max(self.busy)).min(end);
                self.maintenance.push(Exemption { from, to: end, why: Exempt::Excluded(Exclusion::Maintenance) });
            }
            Some(_) | None => {}
        }
        self.maintenance.pop_if(|last| last.to <= last.from);
    }

    /// From `at` on, routing settled, so much is lost.
    pub fn steady(&mut self, at: u64, loss: Share) {
        // Behind an episode that still lasts.
        let from = CalendarSpan::from_ns(at.max(self.busy));
        self.directions.iter_mut().for_each(|direction| direction.push(from, loss, Evidence::Inferred));
    }

    /// An episode, over what is lost once routing has settled, in the place of what lasts of an earlier one; time ends at `end`.
    pub fn lay(&mut self, at: u64, episode: &Episode, settled: Share, class: usize, end: u64) {
        self.cut(at);
        for (direction, losses) in self.directions.iter_mut().zip(&episode.losses) {
            for (offset, loss) in losses {
                let from = at + offset;
                if from < end {
                    direction.push(CalendarSpan::from_ns(from), (*loss).max(settled), Evidence::Measured);
                }
            }
        }
        self.busy = (at + episode.length()).min(end);
        if episode.hurts() {
            self.mark(at, settled, class);
        }
        self.close(settled, end);
    }

    /// One event met another's episode: all is lost until both have ended.
    pub fn total_loss(&mut self, at: u64, until: u64, settled: Share, class: usize) {
        self.cut(at);
        for direction in &mut self.directions {
            direction.push(CalendarSpan::from_ns(at), Share::ONE, Evidence::Inferred);
        }
        self.busy = until;
        self.mark(at, settled, class);
        self.close(settled, u64::MAX);
    }

    /// Ends an episode that still lasts.
    fn cut(&mut self, at: u64) {
        if at < self.busy {
            self.directions.iter_mut().for_each(|direction| direction.truncate(CalendarSpan::from_ns(at)));
            self.marks.iter_mut().for_each(|mark| mark.unsettled = mark.unsettled.min(at.max(mark.at)));
        }
    }

    /// An episode until `busy`: where nothing is left behind it either, it is what is broken that counts.
    fn mark(&mut self, at: u64, settled: Share, class: usize) {
        let unsettled = if settled == Share::ONE { at } else { self.busy };
        self.marks.push(Mark { at, unsettled, class });
    }

    /// Behind the episode the settled state holds.
    fn close(&mut self, settled: Share, end: u64) {
        if self.busy < end {
            let from = CalendarSpan::from_ns(self.busy);
            self.directions.iter_mut().for_each(|direction| direction.push(from, settled, Evidence::Inferred));
        }
    }

    /// Puts what was charged down to causes, and what was short besides.
    pub fn blame(&self, charged: &[Outage], bin: Option<CalendarSpan>, causes: &mut [Parts]) {
        charged.iter().for_each(|run| self.blame_for(run, bin, causes));
        for shortage in &self.shortages {
            let length = shortage.to - shortage.from;
            let within: u64 = charged.iter().map(|run| shortage.within(run)).sum();
            causes[shortage.class][2] += part(length.saturating_sub(within), shortage.short);
        }
    }

    /// Puts a charged outage down to what began it: the latest event before it, or in the bin with which it begins. What of it
    /// passed until routing had settled, from that event or from others on the way, is convergence.
    fn blame_for(&self, run: &Outage, bin: Option<CalendarSpan>, causes: &mut [Parts]) {
        let latest = run.from.as_ns() + bin.map_or(0, |bin| bin.as_ns().saturating_sub(1));
        let by = self.marks.iter().rposition(|mark| mark.at <= latest).unwrap_or(0);
        if let Some(mark) = self.marks.get(by) {
            let later =
                self.marks[by + 1..].iter().map(|mark| charged_by(run, mark.unsettled) - charged_by(run, mark.at));
            let unsettled = charged_by(run, mark.unsettled) + later.sum::<u64>();
            let rest = run.charged.as_ns() - unsettled;
            let short = rest.min(self.shortages.iter().map(|shortage| shortage.within(run)).sum());
            for (part, charged) in causes[mark.class].iter_mut().zip([rest - short, unsettled, short]) {
                *part += charged;
            }
        }
    }
}

impl Shortage {
    /// What of it was charged with an outage.
    fn within(&self, run: &Outage) -> u64 {
        charged_by(run, self.to) - charged_by(run, self.from)
    }
}

/// What was charged of an outage up to `by` nanoseconds.
pub(super) fn charged_by(run: &Outage, by: u64) -> u64 {
    by.saturating_sub(run.charged_from.as_ns()).min(run.charged.as_ns())
}

/// A share of a time in nanoseconds.
pub(super) fn part(length: u64, share: Share) -> u64 {
    let part = u128::from(length) * u128::from(share.as_ppb()) / u128::from(Share::ONE.as_ppb());
    u64::try_from(part).expect("a part of the period")
}
