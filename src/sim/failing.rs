//! Failures begin and end: effects on links and routers, and their entries in the ledger.

use crate::control::interior::Transit;
use crate::dataplane::Impairment;
use crate::failures::{Effect, effects};
use crate::ids::{FailureId, LinkId, RouterId};
use crate::message::DropReason;
use crate::sim::interior::InteriorChange;
use crate::sim::record::LedgerKind;
use crate::sim::recorder::EntryIndex;
use crate::sim::run::Run;
use crate::units::Time;

impl Run<'_> {
    /// A failure begins.
    pub fn failure_begins(&mut self, id: FailureId) {
        let entry = self.open_entry(id, LedgerKind::Incident);
        self.facts.incidents[id] = Some(entry);
        self.facts.lasting.push(id);
        for effect in effects(self.network, &self.network.failures[id].kind) {
            match effect {
                Effect::Dark(link) => {
                    self.facts.link_blame[link].begins(id, entry);
                    self.dark[link] += 1;
                    self.kill_wires(link, id, DropReason::FibreCut);
                    self.update_light(link);
                }
                Effect::Silent(link) => {
                    self.facts.link_blame[link].begins(id, entry);
                    self.kill_wires(link, id, DropReason::SilentCut);
                }
                Effect::Grey(link, share) => {
                    self.facts.link_blame[link].begins(id, entry);
                    let grey = Impairment::Grey { failure: id, parts_per_billion: share.as_ppb() };
                    self.impair(link, grey);
                }
                Effect::PowerLoss(router) => self.router_loses_power(router, id, entry),
            }
        }
    }

    /// A failure ends; what other failures hold down stays down.
    pub fn failure_ends(&mut self, id: FailureId) {
        let entry = self.open_entry(id, LedgerKind::Return);
        self.facts.lasting.retain(|lasting| *lasting != id);
        for effect in effects(self.network, &self.network.failures[id].kind) {
            match effect {
                Effect::Dark(link) => {
                    self.facts.link_blame[link].ends(id, entry);
                    self.dark[link] -= 1;
                    self.relieve(link, id);
                    self.update_light(link);
                }
                Effect::Silent(link) | Effect::Grey(link, _) => {
                    self.facts.link_blame[link].ends(id, entry);
                    self.relieve(link, id);
                }
                Effect::PowerLoss(router) => self.router_regains_power(router, id, entry),
            }
        }
    }

    fn open_entry(&mut self, id: FailureId, kind: LedgerKind) -> EntryIndex {
        self.paths_changed = true;
        let what = if kind == LedgerKind::Incident { 110 } else { 111 };
        let name = crate::rng::named_hash(&[&self.network.failures[id].name]);
        self.journal.chain_event(self.now, what, name);
        let entry = self.journal.ledger.open(self.now, id, kind);
        self.cause = Some(entry);
        entry
    }

    fn kill_wires(&mut self, link: LinkId, failure: FailureId, reason: DropReason) {
        self.impair(link, Impairment::Dead { failure, reason, from: self.now, to: Time::MAX });
    }

    fn impair(&mut self, link: LinkId, impairment: Impairment) {
        for port in [self.ports_from(link, 0), self.ports_from(link, 1)].concat() {
            self.on_wire(port, |wire| wire.port.impair(impairment));
        }
    }

    fn relieve(&mut self, link: LinkId, failure: FailureId) {
        for port in [self.ports_from(link, 0), self.ports_from(link, 1)].concat() {
            let now = self.now;
            self.on_wire(port, |wire| wire.port.relieve(now, failure));
        }
    }

    fn router_loses_power(&mut self, router: RouterId, failure: FailureId, entry: EntryIndex) {
        let links = &self.network.routers[router].links;
        links.iter().for_each(|link| self.facts.link_blame[*link].begins(failure, entry));
        self.facts.power_causes[router].push(failure);
        if self.facts.power_causes[router].len() > 1 {
            return;
        }
        for link in links {
            let end = self.network.end_of(*link, router);
            for port in self.ports_from(*link, end) {
                let now = self.now;
                let flushed = self.wire_mut(port).port.power_off(now);
                self.drop_flushed(port, &flushed, DropReason::RouterDown, Some(entry));
            }
            self.flush_limits(*link, end, DropReason::RouterDown, Some(entry));
            self.end_loses_power(*link, end);
            self.update_light(*link);
        }
        self.forget_routing(router);
    }

    fn router_regains_power(&mut self, router: RouterId, failure: FailureId, entry: EntryIndex) {
        let links = &self.network.routers[router].links;
        links.iter().for_each(|link| self.facts.link_blame[*link].ends(failure, entry));
        self.facts.power_causes[router].retain(|cause| *cause != failure);
        if !self.is_powered(router) {
            return;
        }
        // Said before its links are: it carries no transit until its tables are complete again.
        let provider = self.network.routers[router].provider;
        self.interior_changes(provider, InteriorChange::Transit(router, Transit::No));
        for link in links {
            self.update_light(*link);
        }
        self.decide_all(router);
    }
}

/// Which entry of the ledger stands behind what happens on a link: the latest failure that lasts, otherwise the
/// latest return.
#[derive(Debug, Clone, Default)]
pub(in crate::sim) struct LinkBlame {
    lasting: Vec<(FailureId, EntryIndex)>,
    returned: Option<EntryIndex>,
}

impl LinkBlame {
    fn begins(&mut self, failure: FailureId, entry: EntryIndex) {
        self.lasting.push((failure, entry));
    }

    fn ends(&mut self, failure: FailureId, entry: EntryIndex) {
        self.lasting.retain(|(of, _)| *of != failure);
        self.returned = Some(entry);
    }

    /// The entry to blame.
    pub fn entry(&self) -> Option<EntryIndex> {
        self.lasting.last().map(|(_, entry)| *entry).or(self.returned)
    }
}
