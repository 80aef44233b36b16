//! Scripted failures.

use super::{Names, Resolver};
use crate::ids::{FacilityId, LinkId, RouterId};
use crate::network::{Failure, FailureKind};
use crate::scenario::file::{FailureTable, Leaf};
use crate::scenario::read::peek;
use crate::scenario::source::{item_place, join};
use crate::units::{Share, Span};

/// Kinds with the key that names what fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    FibreCut,
    SilentCut,
    RouterDown,
    FacilityOutage,
    GreyLoss,
}

impl Kind {
    const fn subject(self) -> &'static str {
        match self {
            Self::FibreCut | Self::SilentCut | Self::GreyLoss => "link",
            Self::RouterDown => "router",
            Self::FacilityOutage => "facility",
        }
    }
}

impl Resolver<'_> {
    pub(super) fn failures(&mut self) {
        let mut failures: Vec<Failure> = Vec::new();
        for (index, table) in self.file.failures.iter().enumerate() {
            let place = item_place("failures", index, peek(&table.name));
            let name = self.reader.text(&join(&place, "name"), &table.name, "cut").unwrap_or_default().to_owned();
            if failures.iter().any(|other| other.name == name) {
                self.reader.error(join(&place, "name"), "another failure has this name", "give it another");
            }
            let at = self.reader.span_or_zero(&join(&place, "at"), &table.at, "30 s");
            if at >= self.network.horizon && table.at.is_some() {
                let message = format!("{at} is not before the end of the run at {}", self.network.horizon);
                self.reader.error(join(&place, "at"), message, "fail earlier, or make the horizon longer");
            }
            let lasts = self.lasts(&place, table);
            if let Some(kind) = self.failure_kind(&place, table) {
                failures.push(Failure { name, kind, at, lasts });
            }
        }
        failures.sort_by(|a, b| a.name.cmp(&b.name));
        self.network.failures = failures.into_iter().collect();
    }

    fn lasts(&mut self, place: &str, table: &FailureTable) -> Option<Span> {
        table.lasts.as_ref()?;
        let lasts = self.reader.span(&join(place, "lasts"), &table.lasts, "30 s")?;
        if lasts == Span::ZERO {
            self.reader.error(join(place, "lasts"), "is zero", "leave it out to fail until the end of the run");
        }
        Some(lasts)
    }

    fn failure_kind(&mut self, place: &str, table: &FailureTable) -> Option<FailureKind> {
        let kinds = [
            ("fibre_cut", Kind::FibreCut),
            ("silent_cut", Kind::SilentCut),
            ("router_down", Kind::RouterDown),
            ("facility_outage", Kind::FacilityOutage),
            ("grey_loss", Kind::GreyLoss),
        ];
        let kind = self.reader.word(&join(place, "kind"), &table.kind, &kinds);
        self.superfluous(place, kind, table);
        match kind {
            Kind::FibreCut => self.failing_link(place, &table.link).map(|link| FailureKind::FibreCut { link }),
            Kind::SilentCut => self.failing_link(place, &table.link).map(|link| FailureKind::SilentCut { link }),
            Kind::RouterDown => {
                let at = join(place, "router");
                let router: RouterId = self.refer(&at, &table.router, "router", |n: &Names| &n.routers)?;
                let edge = peek(&table.router).is_some_and(|name| self.file.attachments.contains_key(name));
                if edge {
                    let message = "an attachment's edge is distributed and modelled as never failing";
                    self.reader.error(at, message, "name a router");
                }
                Some(FailureKind::RouterDown { router })
            }
            Kind::FacilityOutage => {
                let at = join(place, "facility");
                let facility: FacilityId = self.refer(&at, &table.facility, "facility", |n: &Names| &n.facilities)?;
                Some(FailureKind::FacilityOutage { facility })
            }
            Kind::GreyLoss => {
                let link = self.failing_link(place, &table.link);
                let share: Option<Share> = self.reader.quantity(&join(place, "probability"), &table.probability, "5%");
                Some(FailureKind::GreyLoss { link: link?, share: share? })
            }
        }
    }

    fn failing_link(&mut self, place: &str, link: &Leaf) -> Option<LinkId> {
        self.refer(&join(place, "link"), link, "link", |n: &Names| &n.links)
    }

    fn superfluous(&mut self, place: &str, kind: Kind, table: &FailureTable) {
        let keys = [
            ("link", &table.link, kind.subject() == "link"),
            ("router", &table.router, kind.subject() == "router"),
            ("facility", &table.facility, kind.subject() == "facility"),
            ("probability", &table.probability, kind == Kind::GreyLoss),
        ];
        for (key, leaf, used) in keys {
            if leaf.is_some() && !used {
                let message = format!("is not read by {}", peek(&table.kind).unwrap_or("this kind"));
                let remedy = match key {
                    "probability" => "leave it out, or write kind = \"grey_loss\"".to_owned(),
                    _ => format!("name a {}", kind.subject()),
                };
                self.reader.error(join(place, key), message, remedy);
            }
        }
    }
}
