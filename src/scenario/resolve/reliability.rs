//! The failure model: classes of components become components, each with its laws.

use toml::{Table, Value};

use super::Resolver;
use crate::ids::{CardId, DuctId, FacilityId, InterconnectId, LinkId, RouterId};
use crate::network::{
    Begin, Component, Crew, Duct, FailureKind, Fidelity, Impairment, Level, LifeLaw, LifeShape, LinkKind, LossLaw,
    Members, Reliability, RouterFault, RouterRole, Start, StudyPlan, Variation, Ways, WireFault, Wires,
};
use crate::scenario::file::{Leaf, LifeTable};
use crate::scenario::read::{peek, peek_list};
use crate::scenario::source::join;
use crate::units::{Hours, Share};

/// What a class is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Routers,
    BorderRouters,
    BackboneRouters,
    Links,
    Channels,
    BackboneLinks,
    ChannelEnds,
    MemberEnds,
    Ducts,
    Cards,
    Facilities,
    Interconnects,
}

const OF: [(&str, Of); 12] = [
    ("routers", Of::Routers),
    ("border-routers", Of::BorderRouters),
    ("backbone-routers", Of::BackboneRouters),
    ("links", Of::Links),
    ("channels", Of::Channels),
    ("backbone-links", Of::BackboneLinks),
    ("channel-ends", Of::ChannelEnds),
    ("member-ends", Of::MemberEnds),
    ("ducts", Of::Ducts),
    ("cards", Of::Cards),
    ("facilities", Of::Facilities),
    ("interconnects", Of::Interconnects),
];

/// What becomes of a component that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    FibreCut,
    SilentCut,
    GreyLoss,
    RouterDown,
    CpuHang,
    BgpRestart,
    DuctCut,
    LineCard,
    FacilityOutage,
}

const KINDS: [(&str, Kind); 9] = [
    ("fibre_cut", Kind::FibreCut),
    ("silent_cut", Kind::SilentCut),
    ("grey_loss", Kind::GreyLoss),
    ("router_down", Kind::RouterDown),
    ("cpu_hang", Kind::CpuHang),
    ("bgp_restart", Kind::BgpRestart),
    ("duct_cut", Kind::DuctCut),
    ("line_card", Kind::LineCard),
    ("facility_outage", Kind::FacilityOutage),
];

/// Something that may fail: its name, and how long it is.
struct Member {
    name: String,
    what: What,
    km: f64,
}

enum What {
    Router(RouterId),
    Wires(Wires),
    Duct(DuctId),
    Card(CardId),
    Facility(FacilityId),
    Interconnect(InterconnectId),
}

/// Metres of fibre to the microsecond of propagation: 4.9 us a kilometre.
const KM_PER_PS: f64 = 1.0 / 4.9e6;

impl Resolver<'_> {
    /// Needs every name: components are routers, links and buildings.
    pub(super) fn reliability(&mut self) {
        let file = self.file;
        let table = &file.reliability;
        let Some(classes) = &table.classes else { return };
        let mut model = Reliability {
            pack: peek(&table.pack).unwrap_or_default().to_owned(),
            basis: peek(&table.basis).unwrap_or_default().to_owned(),
            ..Reliability::default()
        };
        let starts = [("stationary", Start::Stationary), ("new", Start::New)];
        model.start = self.reader.word("reliability.start", &table.start, &starts);
        for (name, crew) in table.crews.iter().flatten() {
            let size = self.reader.number(&format!("reliability.crews.{name}.size"), &crew.size, 1, 1_000_000);
            model.crews.push(Crew { name: name.clone(), size: u32::try_from(size).unwrap_or(u32::MAX) });
        }
        let mut components = Vec::new();
        for (name, class) in self.classes_that_are(classes) {
            components.extend(self.components_of(name, class, &model.crews));
        }
        components.sort_by(|a, b| a.name.cmp(&b.name));
        model.components = components.into_iter().collect();
        self.network.reliability = model;
        self.network.study = self.study_plan();
    }

    fn study_plan(&mut self) -> StudyPlan {
        let table = &self.file.study;
        let periods = self.reader.number("study.periods", &table.periods, 1, 1 << 40);
        let precision: Option<Share> = self.reader.quantity("study.precision", &table.precision, "10%");
        if precision == Some(Share::ZERO) {
            self.reader.error("study.precision", "is zero, which no study reaches", "write for example \"10%\"");
        }
        let mut whole =
            |key: &str, leaf: &Leaf, most| u32::try_from(self.reader.number(key, leaf, 0, most)).unwrap_or(u32::MAX);
        let episodes = whole("study.episodes", &table.episodes, 100_000);
        let degraded = whole("study.degraded", &table.degraded, 10_000);
        let joint = whole("study.joint", &table.joint, 10_000);
        let demand = self.demand(&table.demand);
        let demand_levels = self.demand_levels(&table.demand_levels);
        let vary = table.vary.as_ref().map_or_else(Vec::new, |table| self.variations("study.vary", "", table));
        StudyPlan {
            periods,
            degraded,
            joint,
            demand,
            demand_levels,
            vary,
            precision: precision.unwrap_or_default(),
            // Without packets there is no convergence.
            episodes: if self.network.fidelity == Fidelity::Timeline { 0 } else { episodes },
        }
    }

    fn demand(&mut self, leaf: &Leaf) -> Share {
        let demand: Option<Share> = self.reader.quantity("study.demand", leaf, "80%");
        if demand == Some(Share::ZERO) {
            self.reader.error("study.demand", "is zero, so nothing can be short", "write for example \"80%\"");
        }
        demand.unwrap_or(Share::ONE)
    }

    /// Increasing, each once.
    fn demand_levels(&mut self, leaf: &Leaf) -> Vec<Share> {
        let place = "study.demand_levels";
        let mut levels = Vec::new();
        for text in self.reader.list(place, leaf, "[\"50%\", \"100%\"]") {
            match text.parse::<Share>() {
                Ok(Share::ZERO) => self.reader.error(place, "has zero, and less is never carried", "leave it out"),
                Ok(level) => levels.push(level),
                Err(error) => self.reader.not_a(place, &error),
            }
        }
        levels.sort_unstable();
        levels.dedup();
        levels
    }

    /// Every list in the table with the key that leads to it: `"sla.rule" = [..]` and `sla = { rule = [..] }` are the same.
    fn variations(&mut self, place: &str, path: &str, table: &Table) -> Vec<Variation> {
        let mut found = Vec::new();
        for (name, value) in table {
            let place = join(place, name);
            let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match value {
                Value::Table(inner) => found.extend(self.variations(&place, &key, inner)),
                Value::Array(values) if !values.is_empty() => {
                    let values: Vec<String> = values.iter().map(as_written).collect();
                    if (1..values.len()).any(|index| values[..index].contains(&values[index])) {
                        self.reader.error(&place, "has a value that stands there twice", "give each value once");
                    }
                    found.push(Variation { key, values });
                }
                Value::Array(_)
                | Value::String(_)
                | Value::Integer(_)
                | Value::Float(_)
                | Value::Boolean(_)
                | Value::Datetime(_) => {
                    self.reader.error(&place, "is no list of values", "write for example [\"low\", \"high\"]");
                }
            }
        }
        found
    }

    fn components_of(&mut self, name: &str, table: &LifeTable, crews: &[Crew]) -> Vec<Component> {
        let place = format!("reliability.classes.{name}");
        let levels = [("low", Level::Low), ("base", Level::Base), ("high", Level::High)];
        let level = self.reader.word(&join(&place, "level"), &table.level, &levels);
        let up = self.law(&place, "up", table, level);
        let down = self.law(&place, "down", table, level);
        let detection = self.detection_law(&place, table, level);
        let begins = [("sudden", Begin::Sudden), ("drained", Begin::Drained)];
        let begins = self.reader.word(&join(&place, "begins"), &table.begins, &begins);
        let shared: Option<Share> = self.reader.quantity(&join(&place, "shared"), &table.shared, "5%");
        let coverage: Option<Share> = self.reader.quantity(&join(&place, "coverage"), &table.coverage, "99%");
        let crew = self.crew(&place, &table.crew, crews);
        let members = self.members(&join(&place, "of"), &table.of);
        let kind = self.reader.word(&join(&place, "kind"), &table.kind, &KINDS);
        let per_km = self.yes_or_no(&join(&place, "per_km"), &table.per_km);
        let in_turn = self.yes_or_no(&join(&place, "in_turn"), &table.in_turn);
        let probability = self.grey_share(&place, kind, table);
        if shared.is_some_and(|shared| shared > Share::ZERO)
            && up.as_ref().is_some_and(|up| up.shape != LifeShape::Exponential)
        {
            let remedy = "write up_law = \"exponential\", or leave shared out";
            self.reader.error(join(&place, "shared"), "needs failures without memory", remedy);
        }
        let (Some(up), Some(down), Some(detection), Some(shared), Some(coverage), Some(probability)) =
            (up, down, detection, shared, coverage, probability)
        else {
            return Vec::new();
        };
        let mut components = Vec::new();
        for member in members {
            let Some(kinds) = self.kinds(&place, kind, probability, &member.what) else { return Vec::new() };
            let mean = if per_km { Hours::new(up.mean.get() / member.km) } else { Some(up.mean) };
            // What has no length is never cut.
            let Some(mean) = mean else { continue };
            components.push(Component {
                name: format!("{name} of {}", member.name),
                class: name.to_owned(),
                turns: vec![kinds],
                up: LifeLaw { mean, ..up.clone() },
                detection: detection.clone(),
                down: down.clone(),
                begins,
                shared,
                coverage,
                crew,
            });
        }
        if in_turn { one_by_one(name, components) } else { components }
    }

    /// The share that a grey failure loses.
    fn grey_share(&mut self, place: &str, kind: Kind, table: &LifeTable) -> Option<Share> {
        let at = join(place, "probability");
        match (kind, &table.probability) {
            (Kind::GreyLoss, leaf) => self.reader.quantity(&at, leaf, "3%"),
            (_, None) => Some(Share::ZERO),
            (_, Some(_)) => {
                self.reader.error(at, "is read by grey_loss only", "leave it out");
                None
            }
        }
    }

    fn crew(&mut self, place: &str, leaf: &Leaf, crews: &[Crew]) -> Option<usize> {
        leaf.as_ref()?;
        let at = join(place, "crew");
        let named = self.reader.text(&at, leaf, "field")?;
        let found = crews.iter().position(|crew| crew.name == named);
        if found.is_none() {
            let remedy = format!("add [reliability.crews.{named}] with size = 1");
            self.reader.error(at, format!("no crew is named {named:?}"), remedy);
        }
        found
    }

    fn yes_or_no(&mut self, place: &str, leaf: &Leaf) -> bool {
        let answer = leaf.as_ref().and_then(Value::as_bool);
        if answer.is_none() {
            self.reader.error(place, "is neither true nor false", "write true or false");
        }
        answer.unwrap_or(false)
    }

    /// A kind of thing, or a list of names.
    fn members(&mut self, place: &str, leaf: &Leaf) -> Vec<Member> {
        let Some(names) = peek_list(leaf) else {
            let of = self.reader.word(place, leaf, &OF);
            return self.members_of(of);
        };
        if names.is_empty() {
            self.reader.error(place, "is empty", "name routers, links or facilities, or write for example \"routers\"");
        }
        let everything = [Of::Routers, Of::Links, Of::Ducts, Of::Cards, Of::Facilities, Of::Interconnects];
        let mut known: Vec<Member> = everything.into_iter().flat_map(|of| self.members_of(of)).collect();
        let mut members = Vec::new();
        for name in self.reader.list(place, leaf, "[\"r1\", \"r2\"]") {
            match known.iter().position(|member| member.name == name) {
                Some(index) => members.push(known.swap_remove(index)),
                None => {
                    let remedy = "name each router, link, duct, card, facility or interconnect once";
                    self.reader.error(place, format!("nothing that can fail is named {name:?}"), remedy);
                }
            }
        }
        members
    }

    fn members_of(&self, of: Of) -> Vec<Member> {
        match of {
            Of::Routers | Of::BorderRouters | Of::BackboneRouters => self.random_routers(of),
            Of::Links | Of::Channels | Of::BackboneLinks | Of::ChannelEnds | Of::MemberEnds => self.random_links(of),
            Of::Ducts => {
                let km = |duct: &Duct| duct.links.iter().map(|link| self.kilometres(*link)).fold(0.0, f64::max);
                let all = self.network.ducts.enumerate();
                all.map(|(id, one)| Member { name: one.name.clone(), what: What::Duct(id), km: km(one) }).collect()
            }
            Of::Cards => {
                let all = self.network.cards.enumerate();
                all.map(|(id, one)| Member { name: one.name.clone(), what: What::Card(id), km: 0.0 }).collect()
            }
            Of::Facilities => {
                let all = self.network.facilities.enumerate();
                all.map(|(id, one)| Member { name: one.name.clone(), what: What::Facility(id), km: 0.0 }).collect()
            }
            Of::Interconnects => {
                let all = self.network.interconnects.enumerate();
                all.map(|(id, one)| Member { name: one.name.clone(), what: What::Interconnect(id), km: 0.0 }).collect()
            }
        }
    }

    fn kilometres(&self, link: LinkId) -> f64 {
        let port = self.network.links[link].members[0].ports[0];
        self.network.ports[port].propagation.as_ps() as f64 * KM_PER_PS
    }

    fn random_routers(&self, of: Of) -> Vec<Member> {
        let chosen = |role: RouterRole| match role {
            RouterRole::Border => of != Of::BackboneRouters,
            RouterRole::Backbone => of != Of::BorderRouters,
            RouterRole::Edge(_) => false,
        };
        let routers = self.network.routers.enumerate().filter(|(_, router)| chosen(router.role));
        routers.map(|(id, router)| Member { name: router.name.clone(), what: What::Router(id), km: 0.0 }).collect()
    }

    fn random_links(&self, of: Of) -> Vec<Member> {
        let network = &self.network;
        let chosen = |kind: LinkKind| match kind {
            LinkKind::Channel(_) | LinkKind::Peering => of != Of::BackboneLinks,
            LinkKind::Backbone => matches!(of, Of::Links | Of::BackboneLinks),
            LinkKind::Attachment => false,
        };
        let mut members = Vec::new();
        for (id, link) in network.links.enumerate().filter(|(_, link)| chosen(link.kind)) {
            let km = self.kilometres(id);
            let mut push = |name: String, wires: Wires| members.push(Member { name, what: What::Wires(wires), km });
            match of {
                Of::ChannelEnds => {
                    let names = link.ends.map(|end| &network.routers[end].name);
                    names.iter().for_each(|end| push(format!("{} at {end}", link.name), Wires::all(id)));
                }
                Of::MemberEnds => {
                    for (member, end) in (0..link.members.len()).flat_map(|member| [(member, 0), (member, 1)]) {
                        let at = &network.routers[link.ends[end]].name;
                        let wires = Wires { link: id, members: Members::One(member), ways: Ways::Both };
                        push(format!("{} member {member} at {at}", link.name), wires);
                    }
                }
                Of::Routers
                | Of::BorderRouters
                | Of::BackboneRouters
                | Of::Links
                | Of::Channels
                | Of::BackboneLinks
                | Of::Ducts
                | Of::Cards
                | Of::Facilities
                | Of::Interconnects => push(link.name.clone(), Wires::all(id)),
            }
        }
        members
    }

    /// What fails when a member of a class does; `None` with a problem when the kind does not fit.
    fn kinds(&mut self, place: &str, kind: Kind, share: Share, what: &What) -> Option<Vec<FailureKind>> {
        let of_router = |router: RouterId| match kind {
            Kind::RouterDown => Some(FailureKind::Router { router, fault: RouterFault::PowerLoss }),
            Kind::CpuHang => Some(FailureKind::Router { router, fault: RouterFault::CpuHang }),
            Kind::BgpRestart => Some(FailureKind::Router { router, fault: RouterFault::BgpRestart }),
            Kind::FibreCut
            | Kind::SilentCut
            | Kind::GreyLoss
            | Kind::DuctCut
            | Kind::LineCard
            | Kind::FacilityOutage => None,
        };
        let of_wires = |wires: Wires| match kind {
            Kind::FibreCut => Some(FailureKind::Wires { wires, fault: WireFault::Cut }),
            Kind::SilentCut => Some(FailureKind::Wires { wires, fault: WireFault::SilentCut }),
            Kind::GreyLoss => {
                let fault = WireFault::Impaired(Impairment::Loss(LossLaw::Bernoulli(share)));
                Some(FailureKind::Wires { wires, fault })
            }
            Kind::RouterDown
            | Kind::CpuHang
            | Kind::BgpRestart
            | Kind::DuctCut
            | Kind::LineCard
            | Kind::FacilityOutage => None,
        };
        let of_interconnect = |id: InterconnectId| -> Option<Vec<FailureKind>> {
            let channels: &[LinkId] = &self.network.interconnects[id].channels;
            let mut ends: Vec<RouterId> = channels.iter().flat_map(|link| self.network.links[*link].ends).collect();
            ends.sort_unstable();
            ends.dedup();
            let of_all_routers: Option<Vec<_>> = ends.into_iter().map(of_router).collect();
            of_all_routers.or_else(|| channels.iter().map(|link| of_wires(Wires::all(*link))).collect())
        };
        let kinds = match *what {
            What::Router(router) => of_router(router).map(|kind| vec![kind]),
            What::Wires(wires) => of_wires(wires).map(|kind| vec![kind]),
            What::Duct(duct) => (kind == Kind::DuctCut).then(|| vec![FailureKind::DuctCut { duct }]),
            What::Card(card) => (kind == Kind::LineCard).then(|| vec![FailureKind::LineCard { card }]),
            What::Facility(facility) => {
                (kind == Kind::FacilityOutage).then(|| vec![FailureKind::FacilityOutage { facility }])
            }
            What::Interconnect(id) => of_interconnect(id),
        };
        if kinds.is_none() {
            let message = match what {
                What::Router(_) => "does not befall routers",
                What::Wires(_) => "does not befall links",
                What::Duct(_) => "does not befall ducts",
                What::Card(_) => "does not befall line cards",
                What::Facility(_) => "does not befall facilities",
                What::Interconnect(_) => "does not befall interconnects",
            };
            self.reader.error(join(place, "kind"), message, "see the table of kinds in docs/scenario-reference.md");
        }
        kinds
    }
}

/// All members as one component that hits them in turn: never two at once.
fn one_by_one(class: &str, members: Vec<Component>) -> Vec<Component> {
    let turns: Vec<Vec<FailureKind>> = members.iter().flat_map(|member| member.turns.clone()).collect();
    let first = members.into_iter().next();
    first.map(|first| Component { name: format!("{class} in turn"), turns, ..first }).into_iter().collect()
}

/// A value as `--set` reads it.
fn as_written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::Table(_) => value.to_string(),
    }
}
