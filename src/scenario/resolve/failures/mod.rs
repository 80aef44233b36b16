//! Scripted failures.

mod detection;
mod groups;
mod kinds;
mod maintenance;
mod rings;
mod wires;

use super::Resolver;
use crate::network::{Again, Failure, When};
use crate::scenario::file::{FailureTable, Leaf};
use crate::scenario::read::peek;
use crate::scenario::source::{item_place, join};
use crate::units::Span;

impl Resolver<'_> {
    pub(super) fn failures(&mut self) {
        let mut failures = self.maintenance();
        for (index, table) in self.file.failures.iter().enumerate() {
            let place = item_place("failures", index, peek(&table.name));
            let name = self.reader.text(&join(&place, "name"), &table.name, "cut").unwrap_or_default().to_owned();
            if failures.iter().any(|other| other.name == name) {
                self.reader.error(join(&place, "name"), "another failure has this name", "give it another");
            }
            if name.contains('#') {
                let remedy = "leave it out: \"flap #2\" is the second time that flap happens";
                self.reader.error(join(&place, "name"), "has a #", remedy);
            }
            let when = self.when(&place, table);
            if let Some(kind) = self.failure_kind(&place, table) {
                let failure = Failure { name, kind, when, detection: None };
                let detection = self.detection(&place, table, &failure);
                failures.push(Failure { detection, ..failure });
            }
        }
        failures.sort_by(|a, b| a.name.cmp(&b.name));
        self.network.failures = failures.into_iter().collect();
    }

    fn when(&mut self, place: &str, table: &FailureTable) -> When {
        let at = self.reader.span_or_zero(&join(place, "at"), &table.at, "30 s");
        if at >= self.network.horizon && table.at.is_some() {
            let message = format!("{at} is not before the end of the run at {}", self.network.horizon);
            self.reader.error(join(place, "at"), message, "fail earlier, or make the horizon longer");
        }
        let lasts = self.lasts(place, table);
        When { at, lasts, again: self.again(place, lasts, (&table.every, &table.times)) }
    }

    fn lasts(&mut self, place: &str, table: &FailureTable) -> Option<Span> {
        table.lasts.as_ref()?;
        let lasts = self.reader.span(&join(place, "lasts"), &table.lasts, "30 s")?;
        if lasts == Span::ZERO {
            self.reader.error(join(place, "lasts"), "is zero", "leave it out to fail until the end of the run");
        }
        Some(lasts)
    }

    /// A failure comes back only after it has ended.
    fn again(&mut self, place: &str, lasts: Option<Span>, (every, times): (&Leaf, &Leaf)) -> Option<Again> {
        if every.is_none() {
            if times.is_some() {
                self.reader.error(join(place, "times"), "is read only with every", "write every = \"10 s\"");
            }
            return None;
        }
        let at_every = join(place, "every");
        let every = self.positive_span(&at_every, every, "10 s");
        if lasts.is_none_or(|lasts| lasts >= every) {
            let message = "comes back before it has ended";
            self.reader.error(at_every, message, "write lasts = \"...\", shorter than every");
        }
        let count = match times {
            Some(_) => self.reader.number(&join(place, "times"), times, 1, u64::from(u32::MAX)),
            None => u64::MAX,
        };
        Some(Again { every, count })
    }
}
