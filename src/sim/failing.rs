//! Failures begin and end: effects on links and routers, and their entries in the ledger.

use crate::control::bgp;
use crate::control::interior::Transit;
use crate::dataplane::Impairment;
use crate::failures::{Effect, effects};
use crate::ids::{FailureId, LinkId, RouterId};
use crate::message::DropReason;
use crate::sim::partition::Partition;
use crate::sim::record::LedgerKind;
use crate::sim::recorder::EntryIndex;
use crate::sim::routing::InteriorChange;
use crate::units::Time;

impl Partition<'_> {
    /// A failure begins.
    pub fn failure_begins(&mut self, id: FailureId) {
        let entry = self.open_entry(id, LedgerKind::Incident);
        for effect in effects(self.network, &self.network.failures[id].kind) {
            match effect {
                Effect::Dark(link) => {
                    self.blame_link(link, entry);
                    self.dark[link] += 1;
                    self.kill_wires(link, id, DropReason::FibreCut);
                    self.update_light(link);
                }
                Effect::Silent(link) => {
                    self.blame_link(link, entry);
                    self.kill_wires(link, id, DropReason::SilentCut);
                }
                Effect::Grey(link, share) => {
                    self.blame_link(link, entry);
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
        for effect in effects(self.network, &self.network.failures[id].kind) {
            match effect {
                Effect::Dark(link) => {
                    self.blame_link(link, entry);
                    self.dark[link] -= 1;
                    self.relieve(link, id);
                    self.update_light(link);
                }
                Effect::Silent(link) | Effect::Grey(link, _) => {
                    self.blame_link(link, entry);
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
        self.recorder.chain_event(self.now, what, name);
        self.recorder.ledger.open(self.now, id, kind)
    }

    fn blame_link(&mut self, link: LinkId, entry: EntryIndex) {
        self.link_blame[link] = Some(entry);
    }

    fn kill_wires(&mut self, link: LinkId, failure: FailureId, reason: DropReason) {
        self.impair(link, Impairment::Dead { failure, reason, from: self.now, to: Time::MAX });
    }

    fn impair(&mut self, link: LinkId, impairment: Impairment) {
        for port in [self.ports_from(link, 0), self.ports_from(link, 1)].concat() {
            self.wires[port].port.impair(impairment);
        }
    }

    fn relieve(&mut self, link: LinkId, failure: FailureId) {
        for port in [self.ports_from(link, 0), self.ports_from(link, 1)].concat() {
            self.wires[port].port.relieve(self.now, failure);
        }
    }

    fn router_loses_power(&mut self, router: RouterId, failure: FailureId, entry: EntryIndex) {
        let links = &self.network.routers[router].links;
        links.iter().for_each(|link| self.blame_link(*link, entry));
        self.power_causes[router].push(failure);
        if self.power_causes[router].len() > 1 {
            return;
        }
        for link in links {
            let end = self.network.end_of(*link, router);
            for port in self.ports_from(*link, end) {
                let flushed = self.wires[port].port.power_off(self.now);
                flushed.iter().for_each(|packet| self.drop_at(port, packet, DropReason::RouterDown, Some(entry)));
            }
            self.end_loses_power(*link, end);
            self.update_light(*link);
        }
        self.forget_routing(router);
        let provider = self.network.routers[router].provider;
        self.interior_changes(provider, InteriorChange::Transit(router, Transit::No));
    }

    fn router_regains_power(&mut self, router: RouterId, failure: FailureId, entry: EntryIndex) {
        let links = &self.network.routers[router].links;
        links.iter().for_each(|link| self.blame_link(*link, entry));
        self.power_causes[router].retain(|cause| *cause != failure);
        if !self.is_powered(router) {
            return;
        }
        for link in links {
            self.update_light(*link);
        }
        // Where nobody noticed the outage, internal peers are still believed reachable.
        for (session, peer) in self.internal_sessions(router) {
            if self.reaches(router, peer) {
                self.tell_processor(router, bgp::Input::TransportUp(session));
            }
        }
        self.decide_all(router);
    }
}
