//! Planned and emergency maintenance of routers.
//!
//! ```text
//! drain (graceful shutdown) | window (router off) | restore (on, still drained) | traffic returns
//! at - drain                at                    at + lasts                     at + lasts + restore
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::rings::ring;
use crate::ids::{Id, InterconnectId, RouterId};
use crate::network::{Failure, FailureKind, Urgency, When};
use crate::scenario::file::MaintenanceTable;
use crate::scenario::read::peek;
use crate::scenario::resolve::Resolver;
use crate::scenario::source::{item_place, join};
use crate::units::Span;

impl Resolver<'_> {
    /// Every maintenance is something that takes a router away, and so stands among the failures.
    pub(super) fn maintenance(&mut self) -> Vec<Failure> {
        let mut planned: Vec<(String, Failure)> = Vec::new();
        for (index, table) in self.file.maintenance.iter().enumerate() {
            let place = item_place("maintenance", index, peek(&table.name));
            let name = self.reader.text(&join(&place, "name"), &table.name, "upgrade").unwrap_or_default().to_owned();
            if planned.iter().any(|(_, other)| other.name == name) {
                self.reader.error(join(&place, "name"), "another maintenance has this name", "give it another");
            }
            if let Some((kind, when)) = self.work(&place, table) {
                planned.push((place, Failure { name, kind, when, detection: None }));
            }
        }
        // An emergency waits for nobody.
        let waits = |(_, failure): &&(String, Failure)| router_waiting(failure).is_some();
        if let Some((place, _)) = planned.iter().find(waits) {
            self.no_deadlock(place);
        }
        self.one_at_a_time(&planned);
        planned.into_iter().map(|(_, failure)| failure).collect()
    }

    fn work(&mut self, place: &str, table: &MaintenanceTable) -> Option<(FailureKind, When)> {
        let at = self.reader.span_or_zero(&join(place, "at"), &table.at, "30 min");
        let window = self.positive_span(&join(place, "lasts"), &table.lasts, "30 min");
        let drain = self.reader.span_or_zero(&join(place, "drain"), &table.drain, "5 min");
        let restore = self.reader.span_or_zero(&join(place, "restore"), &table.restore, "1 min");
        let notice = self.reader.span_or_zero(&join(place, "notice"), &table.notice, "14 days");
        if at >= self.network.horizon {
            let message = format!("{at} is not before the end of the run at {}", self.network.horizon);
            self.reader.error(join(place, "at"), message, "begin earlier, or make the horizon longer");
        }
        if drain > at {
            let message = format!("a drain of {drain} would begin before the run");
            self.reader.error(join(place, "drain"), message, "drain less long, or begin later");
        }
        let urgency = match table.emergency.as_ref().map(toml::Value::as_bool) {
            None | Some(Some(false)) => Urgency::Planned,
            Some(Some(true)) => Urgency::Emergency,
            Some(None) => {
                self.reader.error(join(place, "emergency"), "is neither true nor false", "write emergency = true");
                Urgency::Planned
            }
        };
        let whole = drain + window + restore;
        let again = self.again(place, Some(whole), (&table.every, &table.times));
        let router = self.failing_router(&join(place, "router"), &table.router)?;
        let when = When { at: at.saturating_sub(drain), lasts: Some(whole), again };
        Some((FailureKind::Maintenance { router, drain, window, notice, urgency }, when))
    }

    /// The routers at which the channels of each interconnect end.
    fn devices(&self) -> BTreeMap<InterconnectId, BTreeSet<RouterId>> {
        let mut devices: BTreeMap<InterconnectId, BTreeSet<RouterId>> = BTreeMap::new();
        for draft in &self.links {
            if let (Some(interconnect), Some(ends)) = (draft.interconnect, draft.ends) {
                devices.entry(interconnect).or_default().extend(ends);
            }
        }
        devices
    }

    /// Planned work is never done on two devices of one interconnect at once (the Interconnect specification).
    fn one_at_a_time(&mut self, planned: &[(String, Failure)]) {
        let devices = self.devices();
        for (index, (_, one)) in planned.iter().enumerate() {
            for (place, other) in &planned[index + 1..] {
                let (Some(a), Some(b)) = (router_waiting(one), router_waiting(other)) else { continue };
                let Some((id, _)) = devices.iter().find(|(_, set)| a != b && set.contains(&a) && set.contains(&b))
                else {
                    continue;
                };
                if meet(one.when, other.when, self.network.horizon) {
                    let interconnect = &self.names.interconnects[id.index()];
                    let message = format!(
                        "works on {} while {} works on {}, and both are devices of interconnect {interconnect}",
                        self.network.routers[b].name, one.name, self.network.routers[a].name
                    );
                    let remedy =
                        "let one end, its restore included, before the drain of the other, or write emergency = true";
                    self.reader.error(join(place, "at"), message, remedy);
                }
            }
        }
    }

    /// Sets of devices on which planned works would wait for each other for ever.
    fn no_deadlock(&mut self, place: &str) {
        let Some(ring) = ring(&self.devices()) else { return };
        let share = |(index, (id, router)): (usize, &(InterconnectId, RouterId))| {
            let [this, next] = [*id, ring[(index + 1) % ring.len()].0];
            let [this, next] = [this, next].map(|id| &self.names.interconnects[id.index()]);
            format!("{this} and {next} share {}", self.network.routers[*router].name)
        };
        let shares: Vec<String> = ring.iter().enumerate().map(share).collect();
        let message = format!(
            "interconnects overlap in a ring ({}): works on these devices would wait for each other for ever",
            shares.join(", ")
        );
        let remedy = "give interconnects identical or disjoint sets of devices";
        self.reader.error(join(place, "router"), message, remedy);
    }
}

/// The router of planned work.
fn router_waiting(work: &Failure) -> Option<RouterId> {
    let FailureKind::Maintenance { router, urgency: Urgency::Planned, .. } = work.kind else { return None };
    Some(router)
}

/// Whether the two last at one time.
fn meet(one: When, other: When, horizon: Span) -> bool {
    one.beginnings(horizon).any(|at| {
        let end = at + one.lasts.unwrap_or(Span::MAX);
        other.lasts_within(at, end.saturating_sub(Span::from_ps(1)))
    })
}
