//! Faults that no protocol notices: who does at last, and what is done about them.

use crate::network::{Detection, Failure, Mitigation};
use crate::scenario::file::{FailureTable, Keys, Leaf};
use crate::scenario::read::peek;
use crate::scenario::resolve::Resolver;
use crate::scenario::source::join;

/// What is read beside `detected_after`.
const WITH_IT: [&str; 3] = ["detected_by", "mitigation", "drain"];

impl Resolver<'_> {
    /// How a scripted fault is detected; `None` when nobody looks for it, or protocols notice it.
    pub(super) fn detection(&mut self, place: &str, table: &FailureTable, failure: &Failure) -> Option<Detection> {
        let at = join(place, "detected_after");
        if table.detected_after.is_none() {
            for (key, _) in table.leaves().into_iter().filter(|(key, leaf)| leaf.is_some() && WITH_IT.contains(key)) {
                let remedy = "write detected_after = \"14 min\"";
                self.reader.error(join(place, key), "is read only with detected_after", remedy);
            }
            return None;
        }
        let Some(wires) = failure.kind.wires_out_of_service() else {
            let kind = peek(&table.kind).unwrap_or("this kind");
            let remedy = "leave it out; it is for faults on wires that nobody may notice, such as grey_loss";
            self.reader.error(at, format!("is not read by {kind}"), remedy);
            return None;
        };
        let after = self.reader.span_or_zero(&at, &table.detected_after, "14 min");
        let by = self.reader.text(&join(place, "detected_by"), &table.detected_by, "monitoring")?.to_owned();
        let mitigation = self.mitigation(place, [&table.mitigation, &table.drain]);
        match mitigation {
            Mitigation::Drain(_) if wires.members.is_part() => {
                let message = "a member of a link has no routes of its own that could be moved away";
                self.reader.error(join(place, "mitigation"), message, "write mitigation = \"admin-down\"");
            }
            Mitigation::Drain(_) | Mitigation::AdminDown => {}
        }
        Some(Detection { after, by, mitigation })
    }

    /// How a component is taken out of service.
    pub(in crate::scenario::resolve) fn mitigation(
        &mut self,
        place: &str,
        [mitigation, drain]: [&Leaf; 2],
    ) -> Mitigation {
        let at = join(place, "drain");
        let words = [("drain", true), ("admin-down", false)];
        if self.reader.word(&join(place, "mitigation"), mitigation, &words) {
            return Mitigation::Drain(self.reader.span_or_zero(&at, drain, "60 s"));
        }
        if drain.is_some() {
            self.reader.error(at, "is not read by mitigation = \"admin-down\"", "leave it out");
        }
        Mitigation::AdminDown
    }
}
