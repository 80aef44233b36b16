//! Which incident a full queue or an exceeded rate is booked to.

use crate::sim::recorder::EntryIndex;

/// Whether a queue or policer dropped packets while nothing had failed: then none of its drops is an incident's.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::sim) struct Congestion {
    by_design: bool,
}

impl Congestion {
    /// The ledger entry behind a drop for want of room or rate: the incident that lasts, if any.
    pub const fn entry(&mut self, lasting: Option<EntryIndex>) -> Option<EntryIndex> {
        self.by_design |= lasting.is_none();
        if self.by_design { None } else { lasting }
    }
}
