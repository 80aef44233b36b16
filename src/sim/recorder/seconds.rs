//! What customers felt: how much of each five-tuple's traffic each second lost.

use std::collections::BTreeSet;

use crate::engine::prefetch;
use crate::ids::{FlowId, Id};
use crate::units::{Share, Span};

/// Seconds kept open, so that a loss is booked in the second in which its packet was sent. A packet that dies more
/// than seven seconds after it was sent is booked in the oldest open second.
const OPEN: usize = 8;

/// Sent and lost packets per five-tuple and open second, and the sums over closed ones.
pub(super) struct Seconds {
    present: u64,
    flows: usize,
    /// By second, then by flow: only the present second's counts change with every packet.
    open: [Second; OPEN],
    closed: u64,
    /// Seconds in which some flow lost more than one percent.
    bad: BTreeSet<u64>,
    flow_seconds: u64,
    lost_ppb: u128,
    by_class: Option<ByClass>,
}

/// The same over all flows of a class, kept second by second for rules that count packets.
pub(super) struct ByClass {
    /// Class of each flow; `None` for one that is not counted.
    pub classes: Vec<Option<usize>>,
    /// By class, then by second: sent and lost.
    pub series: Vec<Vec<[u64; 2]>>,
}

/// Counts by flow; empty until the second begins, or something is lost in it.
#[derive(Default)]
struct Second {
    sent: Vec<u32>,
    lost: Vec<u32>,
}

/// Sums over all seconds.
pub(super) struct Experience {
    pub seconds: u64,
    pub bad_seconds: u64,
    pub flow_seconds_lost: Share,
    /// By class, then by second: packets sent and lost; empty where no rule asks for them.
    pub series: Vec<Vec<[u64; 2]>>,
}

impl ByClass {
    fn close(&mut self, second: u64, flow: usize, counts: [u32; 2]) {
        let Some(class) = self.classes[flow] else { return };
        let second = usize::try_from(second).expect("a run has so many seconds");
        let series = &mut self.series[class];
        series.resize(series.len().max(second + 1), [0; 2]);
        series[second][0] += u64::from(counts[0]);
        series[second][1] += u64::from(counts[1]);
    }

    fn add(&mut self, other: &Self) {
        for (series, more) in self.series.iter_mut().zip(&other.series) {
            series.resize(series.len().max(more.len()), [0; 2]);
            for (counts, more) in series.iter_mut().zip(more) {
                counts[0] += more[0];
                counts[1] += more[1];
            }
        }
    }
}

impl Seconds {
    pub fn new(flows: usize, by_class: Option<ByClass>) -> Self {
        let mut open: [Second; OPEN] = Default::default();
        open[0].sent = vec![0; flows];
        Self { present: 0, flows, open, closed: 0, bad: BTreeSet::new(), flow_seconds: 0, lost_ppb: 0, by_class }
    }

    /// Fetches what the next packet that a flow sends changes.
    #[inline(always)]
    pub fn prefetch_sent(&self, flow: FlowId) {
        prefetch(&self.open[slot(self.present)].sent[flow.index()]);
    }

    #[inline]
    pub fn sent(&mut self, flow: FlowId, count: u32) {
        self.open[slot(self.present)].sent[flow.index()] += count;
    }

    /// So many packets, the first of them sent at `sent_at` and all in one second, were lost.
    pub fn lost(&mut self, flow: FlowId, sent_at: Span, count: u32) {
        let second = (sent_at.as_ps() / Span::from_s(1).as_ps()).max(self.oldest());
        let lost = &mut self.open[slot(second)].lost;
        lost.resize(self.flows, 0);
        lost[flow.index()] += count;
    }

    /// Adds what another partition counted of the same seconds; each flow begins in one of them.
    pub fn add(&mut self, other: &Self) {
        let add = |counts: &mut Vec<u32>, more: &[u32]| {
            counts.resize(counts.len().max(more.len()), 0);
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        };
        for (second, more) in self.open.iter_mut().zip(&other.open) {
            add(&mut second.sent, &more.sent);
            add(&mut second.lost, &more.lost);
        }
        self.bad.extend(&other.bad);
        self.flow_seconds += other.flow_seconds;
        self.lost_ppb += other.lost_ppb;
        if let (Some(by_class), Some(more)) = (&mut self.by_class, &other.by_class) {
            by_class.add(more);
        }
    }

    const fn oldest(&self) -> u64 {
        (self.present + 1).saturating_sub(OPEN as u64)
    }

    /// The next second begins; the oldest open one is closed to make room.
    pub fn advance(&mut self) {
        self.present += 1;
        if let Some(oldest) = self.present.checked_sub(OPEN as u64) {
            self.close(oldest);
        }
        self.open[slot(self.present)].sent.resize(self.flows, 0);
    }

    fn close(&mut self, second: u64) {
        let mut any_bad = false;
        let Second { sent, mut lost } = std::mem::take(&mut self.open[slot(second)]);
        lost.resize(sent.len(), 0);
        let counted = sent.into_iter().zip(lost).enumerate().filter(|(_, (sent, lost))| *sent > 0 || *lost > 0);
        for (flow, (sent, lost)) in counted {
            let lost = lost.min(sent.max(1));
            if let Some(by_class) = &mut self.by_class {
                by_class.close(second, flow, [sent, lost]);
            }
            any_bad |= u64::from(lost) * 100 > u64::from(sent);
            self.flow_seconds += 1;
            self.lost_ppb += u128::from(Share::of(u64::from(lost), u64::from(sent.max(1))).as_ppb());
        }
        self.closed += 1;
        if any_bad {
            self.bad.insert(second);
        }
    }

    /// Closes everything and sums up; `seconds` is the run's length, begun seconds included.
    pub fn finish(&mut self, seconds: u64) -> Experience {
        for second in self.closed..seconds.min(self.present + 1) {
            self.close(second);
        }
        let mean = self.lost_ppb / u128::from(self.flow_seconds.max(1));
        Experience {
            seconds,
            bad_seconds: self.bad.len() as u64,
            flow_seconds_lost: Share::from_ppb(u64::try_from(mean).unwrap_or(u64::MAX)),
            series: self.by_class.take().map_or_else(Vec::new, |by_class| by_class.series),
        }
    }
}

fn slot(second: u64) -> usize {
    usize::try_from(second % OPEN as u64).expect("a small number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_bad_above_one_percent_and_losses_count_when_sent() {
        let mut seconds = Seconds::new(2, Some(ByClass { classes: vec![Some(0), None], series: vec![Vec::new()] }));
        for second in 0..20u64 {
            for _ in 0..100 {
                seconds.sent(FlowId(0), 1);
            }
            if second == 3 {
                seconds.lost(FlowId(0), Span::from_s(3), 1); // exactly 1%: not bad
            }
            if second == 5 {
                seconds.lost(FlowId(0), Span::from_s(4), 1);
                seconds.lost(FlowId(0), Span::from_s(4), 1); // 2% of second 4, booked one second later
            }
            seconds.advance();
        }
        let experience = seconds.finish(20);
        assert_eq!((experience.seconds, experience.bad_seconds), (20, 1));
        // (1% + 2%) over 20 flow-seconds; the idle flow has none.
        assert_eq!(experience.flow_seconds_lost, Share::from_ppb(30_000_000 / 20));
        // The class of the first flow, second by second; a loss stands where its packet was sent.
        let [series] = experience.series.as_slice() else { panic!("one class") };
        assert_eq!((series[2], series[3], series[4], series[5]), ([100, 0], [100, 1], [100, 2], [100, 0]));
    }
}
