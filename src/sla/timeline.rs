//! Loss over time, piecewise constant and run-length coded.

use crate::units::{CalendarSpan, Share, Span};

/// Where the value of a segment comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Seen on packets or read from forwarding tables.
    Measured,
    /// Nothing was sent, so the state of the paths stands in for a measurement.
    Inferred,
}

/// A stretch of constant loss; it lasts until the next segment begins, the last one without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// When it begins.
    pub from: CalendarSpan,
    /// Share lost; 100% means that there is no usable path.
    pub loss: Share,
    /// Measured or inferred.
    pub evidence: Evidence,
}

/// Piecewise-constant loss of one direction, from scenario time 0 on, in calendar time: a packet run and a century of
/// drawn failures are judged alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LossTimeline {
    segments: Vec<Segment>,
}

impl LossTimeline {
    /// An empty timeline; before its first segment nothing is lost.
    #[must_use]
    pub const fn new() -> Self {
        Self { segments: Vec::new() }
    }

    /// The timeline of a path series (from, share of the equal-cost paths that lead to the other side); instants are
    /// rounded down to nanoseconds.
    #[must_use]
    pub fn from_usable_paths(usable: &[(Span, Share)]) -> Self {
        let mut timeline = Self::new();
        for (from, share) in usable {
            timeline.push(from.to_calendar(), share.complement(), Evidence::Measured);
        }
        timeline
    }

    /// From `from` on the loss is `loss`. Equal neighbours become one segment, and of two values for one instant the
    /// later one counts. Panics (our bug) when `from` lies before the last segment.
    pub fn push(&mut self, from: CalendarSpan, loss: Share, evidence: Evidence) {
        if let Some(last) = self.segments.last() {
            assert!(from >= last.from, "a loss timeline is written forward: {from} after {}", last.from);
            if from == last.from {
                self.segments.pop();
            }
        }
        let equal = |last: &Segment| last.loss == loss && last.evidence == evidence;
        if !self.segments.last().is_some_and(equal) {
            self.segments.push(Segment { from, loss, evidence });
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.segments.clear();
    }

    /// Forgets what begins at `from` or later.
    pub fn truncate(&mut self, from: CalendarSpan) {
        self.segments.truncate(self.segments.partition_point(|segment| segment.from < from));
    }

    /// The segments in order of time; no two neighbours are equal.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The loss at an instant.
    #[must_use]
    pub fn loss_at(&self, at: CalendarSpan) -> Share {
        let after = self.segments.partition_point(|segment| segment.from <= at);
        after.checked_sub(1).map_or(Share::ZERO, |index| self.segments[index].loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(seconds: u64, loss: Share, evidence: Evidence) -> Segment {
        Segment { from: CalendarSpan::from_s(seconds), loss, evidence }
    }

    #[test]
    fn equal_neighbours_become_one_segment() {
        let half = Share::from_ppb(500_000_000);
        let mut timeline = LossTimeline::new();
        timeline.push(CalendarSpan::ZERO, Share::ZERO, Evidence::Measured);
        timeline.push(CalendarSpan::from_s(1), Share::ZERO, Evidence::Measured);
        timeline.push(CalendarSpan::from_s(2), half, Evidence::Measured);
        timeline.push(CalendarSpan::from_s(3), half, Evidence::Inferred);
        timeline.push(CalendarSpan::from_s(4), half, Evidence::Inferred);
        let expected = [
            segment(0, Share::ZERO, Evidence::Measured),
            segment(2, half, Evidence::Measured),
            segment(3, half, Evidence::Inferred),
        ];
        assert_eq!(timeline.segments(), expected);
    }

    #[test]
    fn a_later_value_for_the_same_instant_replaces_the_earlier_and_may_merge_back() {
        let mut timeline = LossTimeline::new();
        timeline.push(CalendarSpan::ZERO, Share::ZERO, Evidence::Measured);
        timeline.push(CalendarSpan::from_s(5), Share::ONE, Evidence::Measured);
        timeline.push(CalendarSpan::from_s(5), Share::ZERO, Evidence::Measured);
        assert_eq!(timeline.segments(), [segment(0, Share::ZERO, Evidence::Measured)]);
    }

    #[test]
    fn loss_holds_from_its_instant_until_the_next() {
        let usable = [(Span::ZERO, Share::ONE), (Span::from_s(2), Share::ZERO), (Span::from_s(3), Share::ONE)];
        let timeline = LossTimeline::from_usable_paths(&usable);
        assert_eq!(timeline.loss_at(CalendarSpan::from_ns(1_999_999_999)), Share::ZERO);
        assert_eq!(timeline.loss_at(CalendarSpan::from_s(2)), Share::ONE);
        assert_eq!(timeline.loss_at(CalendarSpan::from_s(3)), Share::ZERO);
        assert_eq!(LossTimeline::new().loss_at(CalendarSpan::ZERO), Share::ZERO);
    }

    #[test]
    #[should_panic(expected = "written forward")]
    fn a_timeline_is_never_written_backward() {
        let mut timeline = LossTimeline::new();
        timeline.push(CalendarSpan::from_s(2), Share::ZERO, Evidence::Measured);
        timeline.push(CalendarSpan::from_s(1), Share::ZERO, Evidence::Measured);
    }
}
