//! Scripted failures.

use super::{Names, Resolver};
use crate::ids::{FacilityId, Id, LinkId, RouterId};
use crate::network::{
    BrokenFcs, DeliveryOrder, Failure, FailureKind, Impairment, LossLaw, Members, Ways, Wires, WrongKey,
};
use crate::scenario::file::{FailureTable, Leaf};
use crate::scenario::read::{peek, peek_list};
use crate::scenario::source::{item_place, join};
use crate::units::{Share, Span};

/// Kinds with the keys that each reads, what fails first. The laws of loss are kinds here: they read other keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    FibreCut,
    SilentCut,
    RouterDown,
    CpuHang,
    BgpRestart,
    WrongPassword,
    SessionReset,
    FacilityOutage,
    MkpduLoss,
    WrongKey(WrongKey),
    Loss(Model),
    Corruption,
    Duplication,
    Jitter,
    DelayChange,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    Independent,
    GilbertElliott,
    Bursts,
}

const KINDS: [(&str, Kind); 16] = [
    ("fibre_cut", Kind::FibreCut),
    ("silent_cut", Kind::SilentCut),
    ("router_down", Kind::RouterDown),
    ("cpu_hang", Kind::CpuHang),
    ("bgp_restart", Kind::BgpRestart),
    ("wrong_password", Kind::WrongPassword),
    ("session_reset", Kind::SessionReset),
    ("facility_outage", Kind::FacilityOutage),
    ("mkpdu_loss", Kind::MkpduLoss),
    ("wrong_key", Kind::WrongKey(WrongKey::Held)),
    ("rotation_error", Kind::WrongKey(WrongKey::Given)),
    ("grey_loss", Kind::Loss(Model::Independent)),
    ("corruption", Kind::Corruption),
    ("duplication", Kind::Duplication),
    ("jitter", Kind::Jitter),
    ("delay_change", Kind::DelayChange),
];

/// How long a reset session is kept down, unless the scenario says more.
const RESET: Span = Span::from_s(1);

const MODELS: [(&str, Model); 3] =
    [("independent", Model::Independent), ("gilbert-elliott", Model::GilbertElliott), ("bursts", Model::Bursts)];

impl Kind {
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::FibreCut | Self::SilentCut | Self::MkpduLoss | Self::WrongKey(_) => &["link", "member", "from"],
            Self::RouterDown | Self::CpuHang | Self::BgpRestart => &["router"],
            Self::WrongPassword | Self::SessionReset => &["router", "peer"],
            Self::FacilityOutage => &["facility"],
            Self::Loss(Model::Independent) => &["link", "member", "from", "model", "probability"],
            Self::Loss(Model::Bursts) => &["link", "member", "from", "model", "probability", "burst"],
            Self::Loss(Model::GilbertElliott) => {
                &["link", "member", "from", "model", "good_to_bad", "bad_to_good", "loss_good", "loss_bad"]
            }
            Self::Corruption => &["link", "member", "from", "probability", "fcs"],
            Self::Duplication => &["link", "member", "from", "probability"],
            Self::Jitter => &["link", "member", "from", "jitter", "order"],
            Self::DelayChange => &["link", "member", "from", "delay", "length"],
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
                let reset = matches!(kind, FailureKind::SessionReset { .. });
                let lasts = lasts.or(reset.then_some(RESET));
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
        let mut kind = self.reader.word(&join(place, "kind"), &table.kind, &KINDS);
        if kind == Kind::Loss(Model::Independent) {
            kind = Kind::Loss(self.reader.word(&join(place, "model"), &table.model, &MODELS));
        }
        self.superfluous(place, kind, table);
        let impairment = match kind {
            Kind::FibreCut => return self.wires(place, table).map(|wires| FailureKind::FibreCut { wires }),
            Kind::SilentCut => return self.wires(place, table).map(|wires| FailureKind::SilentCut { wires }),
            Kind::MkpduLoss => return self.keyed_wires(place, table).map(|wires| FailureKind::MkpduLoss { wires }),
            Kind::WrongKey(which) => {
                return self.keyed_wires(place, table).map(|wires| FailureKind::WrongKey { wires, which });
            }
            Kind::RouterDown => {
                let router = self.failing_router(&join(place, "router"), &table.router)?;
                return Some(FailureKind::RouterDown { router });
            }
            Kind::CpuHang => {
                let router = self.failing_router(&join(place, "router"), &table.router)?;
                return Some(FailureKind::CpuHang { router });
            }
            Kind::BgpRestart => {
                let router = self.failing_router(&join(place, "router"), &table.router)?;
                return Some(FailureKind::BgpRestart { router });
            }
            Kind::WrongPassword => {
                let router = self.failing_router(&join(place, "router"), &table.router)?;
                let peer = self.failing_router(&join(place, "peer"), &table.peer)?;
                return Some(FailureKind::WrongPassword { router, peer });
            }
            Kind::SessionReset => {
                let router = self.failing_router(&join(place, "router"), &table.router)?;
                let peer = self.failing_router(&join(place, "peer"), &table.peer)?;
                return Some(FailureKind::SessionReset { router, peer });
            }
            Kind::FacilityOutage => {
                let at = join(place, "facility");
                let facility: FacilityId = self.refer(&at, &table.facility, "facility", |n: &Names| &n.facilities)?;
                return Some(FailureKind::FacilityOutage { facility });
            }
            Kind::Loss(model) => self.loss(place, model, table).map(Impairment::Loss),
            Kind::Corruption => {
                let words = [("broken", BrokenFcs::Yes), ("renewed", BrokenFcs::Renewed)];
                let fcs = self.reader.word(&join(place, "fcs"), &table.fcs, &words);
                self.share(place, "probability", &table.probability).map(|share| Impairment::Corruption { share, fcs })
            }
            Kind::Duplication => {
                self.share(place, "probability", &table.probability).map(|share| Impairment::Duplication { share })
            }
            Kind::Jitter => {
                let words = [("kept", DeliveryOrder::Kept), ("free", DeliveryOrder::Free)];
                let order = self.reader.word(&join(place, "order"), &table.order, &words);
                let most = self.reader.span(&join(place, "jitter"), &table.jitter, "50 us");
                most.map(|most| Impairment::Jitter { most, order })
            }
            Kind::DelayChange => Some(Impairment::Propagation(self.propagation(place, &table.length, &table.delay))),
        };
        let wires = self.wires(place, table)?;
        Some(FailureKind::Impaired { wires, by: impairment? })
    }

    /// Failures of sessions need some; known once sessions are.
    pub(super) fn failing_sessions(&mut self) {
        for (index, table) in self.file.failures.iter().enumerate() {
            let place = item_place("failures", index, peek(&table.name));
            let failure = self.network.failures.iter().find(|failure| Some(failure.name.as_str()) == peek(&table.name));
            let Some(FailureKind::WrongPassword { router, peer } | FailureKind::SessionReset { router, peer }) =
                failure.map(|failure| failure.kind)
            else {
                continue;
            };
            if self.network.sessions_between([router, peer]).is_empty() {
                let message = "there is no session between the two";
                self.reader.error(join(&place, "peer"), message, "name two routers that have a BGP session");
            }
        }
    }

    fn failing_router(&mut self, place: &str, leaf: &Leaf) -> Option<RouterId> {
        let router: RouterId = self.refer(place, leaf, "router", |n: &Names| &n.routers)?;
        if peek(leaf).is_some_and(|name| self.file.attachments.contains_key(name)) {
            let message = "an attachment's edge is distributed and modelled as never failing";
            self.reader.error(place, message, "name a router");
        }
        Some(router)
    }

    fn loss(&mut self, place: &str, model: Model, table: &FailureTable) -> Option<LossLaw> {
        match model {
            Model::Independent => self.share(place, "probability", &table.probability).map(LossLaw::Bernoulli),
            Model::GilbertElliott => {
                let good_to_bad = self.share(place, "good_to_bad", &table.good_to_bad);
                let bad_to_good = self.share(place, "bad_to_good", &table.bad_to_good);
                let loss_good = self.share(place, "loss_good", &table.loss_good);
                let loss_bad = self.share(place, "loss_bad", &table.loss_bad);
                Some(LossLaw::GilbertElliott {
                    good_to_bad: good_to_bad?,
                    bad_to_good: bad_to_good?,
                    loss_good: loss_good?,
                    loss_bad: loss_bad?,
                })
            }
            Model::Bursts => {
                let begin = self.share(place, "probability", &table.probability);
                let [shortest, longest] = self.burst(&join(place, "burst"), &table.burst)?;
                Some(LossLaw::Bursts { begin: begin?, shortest, longest })
            }
        }
    }

    /// Shortest and longest burst in frames.
    fn burst(&mut self, place: &str, leaf: &Leaf) -> Option<[u32; 2]> {
        let lengths: Option<Vec<u32>> = peek_list(leaf).and_then(|items| {
            items.iter().map(|item| item.as_integer().and_then(|length| u32::try_from(length).ok())).collect()
        });
        match lengths.as_deref() {
            Some([shortest, longest]) if *shortest > 0 && shortest <= longest => Some([*shortest, *longest]),
            Some(_) | None => {
                self.reader.error(
                    place,
                    "is not the shortest and the longest burst in frames",
                    "write for example [1, 4]",
                );
                None
            }
        }
    }

    fn share(&mut self, place: &str, key: &str, leaf: &Leaf) -> Option<Share> {
        self.reader.quantity(&join(place, key), leaf, "5%")
    }

    /// The wires of the link that fails: all, one member's, or what one end sends.
    fn wires(&mut self, place: &str, table: &FailureTable) -> Option<Wires> {
        let link: LinkId = self.refer(&join(place, "link"), &table.link, "link", |n: &Names| &n.links)?;
        let (count, ends) = (self.links[link.index()].members, self.links[link.index()].ends);
        let members = if table.member.is_some() {
            let member = self.reader.number(&join(place, "member"), &table.member, 0, count as u64 - 1);
            Members::One(usize::try_from(member).unwrap_or(0))
        } else {
            Members::All
        };
        let ways = if table.from.is_some() {
            let at = join(place, "from");
            let router: RouterId = self.refer(&at, &table.from, "router", |n: &Names| &n.routers)?;
            let Some(end) = ends?.iter().position(|end| *end == router) else {
                let names = ends?.map(|end| format!("{:?}", self.network.routers[end].name));
                let remedy = format!("write {}", names.join(" or "));
                self.reader.error(at, "the link does not end at this router", remedy);
                return None;
            };
            Ways::From(end)
        } else {
            Ways::Both
        };
        Some(Wires { link, members, ways })
    }

    /// The wires of a link whose keys are agreed by MKA.
    fn keyed_wires(&mut self, place: &str, table: &FailureTable) -> Option<Wires> {
        let wires = self.wires(place, table)?;
        if !self.links[wires.link.index()].has_mka() {
            let remedy = "write key_agreement = \"mka\" under its macsec";
            self.reader.error(join(place, "link"), "the keys of this link are not agreed by MKA", remedy);
        }
        Some(wires)
    }

    fn superfluous(&mut self, place: &str, kind: Kind, table: &FailureTable) {
        let leaves = [
            ("link", &table.link),
            ("member", &table.member),
            ("from", &table.from),
            ("router", &table.router),
            ("peer", &table.peer),
            ("facility", &table.facility),
            ("model", &table.model),
            ("probability", &table.probability),
            ("burst", &table.burst),
            ("good_to_bad", &table.good_to_bad),
            ("bad_to_good", &table.bad_to_good),
            ("loss_good", &table.loss_good),
            ("loss_bad", &table.loss_bad),
            ("fcs", &table.fcs),
            ("jitter", &table.jitter),
            ("order", &table.order),
            ("delay", &table.delay),
            ("length", &table.length),
        ];
        for (key, leaf) in leaves {
            if leaf.is_some() && !kind.keys().contains(&key) {
                let message = match kind {
                    Kind::Loss(_) => format!("is not read by model = {:?}", peek(&table.model).unwrap_or_default()),
                    Kind::FibreCut
                    | Kind::SilentCut
                    | Kind::RouterDown
                    | Kind::CpuHang
                    | Kind::BgpRestart
                    | Kind::WrongPassword
                    | Kind::SessionReset
                    | Kind::FacilityOutage
                    | Kind::MkpduLoss
                    | Kind::WrongKey(_)
                    | Kind::Corruption
                    | Kind::Duplication
                    | Kind::Jitter
                    | Kind::DelayChange => {
                        format!("is not read by {}", peek(&table.kind).unwrap_or("this kind"))
                    }
                };
                self.reader.error(join(place, key), message, format!("known here: {}", kind.keys().join(", ")));
            }
        }
    }
}
