//! Failures begin and end: effects on links and routers, and their entries in the ledger.

use crate::control::bgp::Wanted;
use crate::control::interior::Transit;
use crate::dataplane::Impairment;
use crate::failures::{Effect, effects};
use crate::ids::{FailureId, PortId, RouterId};
use crate::message::DropReason;
use crate::network::{self, Wires};
use crate::sim::event::Event;
use crate::sim::interior::InteriorChange;
use crate::sim::partition::Reach;
use crate::sim::record::LedgerKind;
use crate::sim::recorder::EntryIndex;
use crate::sim::run::Run;
use crate::units::Time;

impl<'n> Run<'n> {
    /// A failure begins.
    pub fn failure_begins(&mut self, id: FailureId) {
        let entry = self.open_entry(id, LedgerKind::Incident);
        self.facts.incidents[id] = Some(entry);
        self.facts.lasting.push(id);
        for effect in effects(self.network, &self.network.failures[id].kind) {
            match effect {
                Effect::Dark(wires) => {
                    self.facts.link_blame[wires.link].begins(id, entry);
                    self.members_hit(wires).for_each(|port| self.dark[port] += 1);
                    self.kill(wires, id, DropReason::FibreCut);
                    self.update_light(wires.link);
                }
                Effect::Silent(wires) => {
                    self.facts.link_blame[wires.link].begins(id, entry);
                    self.kill(wires, id, DropReason::SilentCut);
                }
                Effect::Impaired(wires, impairment) => {
                    self.facts.link_blame[wires.link].begins(id, entry);
                    self.impair(wires, id, impairment);
                }
                Effect::MkpduLoss(wires) => {
                    self.facts.link_blame[wires.link].begins(id, entry);
                    self.network.ports_of(wires).for_each(|port| self.key_rings[port].unheard.push(id));
                }
                Effect::WrongKey(wires, which) => {
                    self.facts.link_blame[wires.link].begins(id, entry);
                    self.network.ports_of(wires).for_each(|port| self.key_goes_wrong(port, which));
                }
                Effect::CpuHang(router) => {
                    let links = &self.network.routers[router].links;
                    links.iter().for_each(|link| self.facts.link_blame[*link].begins(id, entry));
                    self.processor_hangs(router);
                }
                Effect::PowerLoss(router) => self.router_loses_power(router, id, entry),
                Effect::NoBgp(router) => {
                    for link in &self.network.routers[router].links {
                        self.facts.link_blame[*link].begins(id, entry);
                    }
                    self.bgp_stops(router);
                }
                Effect::SegmentsRefused(between) => {
                    self.network.sessions_between(between).into_iter().for_each(|session| self.refused[session] += 1);
                    self.blame_sessions(between, |blame| blame.begins(id, entry));
                }
                Effect::SessionsDown(between) => {
                    self.blame_sessions(between, |blame| blame.begins(id, entry));
                    self.administer(between, Wanted::Down);
                }
            }
        }
    }

    /// A failure ends; what other failures hold down stays down.
    pub fn failure_ends(&mut self, id: FailureId) {
        let entry = self.open_entry(id, LedgerKind::Return);
        self.facts.lasting.retain(|lasting| *lasting != id);
        for effect in effects(self.network, &self.network.failures[id].kind) {
            match effect {
                Effect::Dark(wires) => {
                    self.facts.link_blame[wires.link].ends(id, entry);
                    self.members_hit(wires).for_each(|port| self.dark[port] -= 1);
                    self.revive(wires, id);
                    self.update_light(wires.link);
                }
                Effect::Silent(wires) => {
                    self.facts.link_blame[wires.link].ends(id, entry);
                    self.revive(wires, id);
                }
                Effect::Impaired(wires, impairment) => {
                    self.facts.link_blame[wires.link].ends(id, entry);
                    self.relieve(wires, id, impairment);
                }
                Effect::MkpduLoss(wires) => {
                    self.facts.link_blame[wires.link].ends(id, entry);
                    let network = self.network;
                    network.ports_of(wires).for_each(|port| self.key_rings[port].unheard.retain(|of| *of != id));
                }
                Effect::WrongKey(wires, which) => {
                    self.facts.link_blame[wires.link].ends(id, entry);
                    self.network.ports_of(wires).for_each(|port| self.key_is_right(port, which));
                }
                Effect::CpuHang(router) => {
                    let links = &self.network.routers[router].links;
                    links.iter().for_each(|link| self.facts.link_blame[*link].ends(id, entry));
                    self.processor_resumes(router);
                }
                Effect::PowerLoss(router) => self.router_regains_power(router, id, entry),
                Effect::NoBgp(router) => {
                    for link in &self.network.routers[router].links {
                        self.facts.link_blame[*link].ends(id, entry);
                    }
                    self.bgp_starts(router);
                }
                Effect::SegmentsRefused(between) => {
                    self.network.sessions_between(between).into_iter().for_each(|session| self.refused[session] -= 1);
                    self.blame_sessions(between, |blame| blame.ends(id, entry));
                }
                Effect::SessionsDown(between) => {
                    self.blame_sessions(between, |blame| blame.ends(id, entry));
                    self.administer(between, Wanted::Up);
                }
            }
        }
    }

    /// The links of sessions between two routers.
    fn blame_sessions(&mut self, between: [RouterId; 2], change: impl Fn(&mut LinkBlame)) {
        for session in self.network.sessions_between(between) {
            if let Some(link) = self.network.external_link(session) {
                change(&mut self.facts.link_blame[link]);
            }
        }
    }

    fn open_entry(&mut self, id: FailureId, kind: LedgerKind) -> EntryIndex {
        self.paths_changed = true;
        let what = if kind == LedgerKind::Incident { 110 } else { 111 };
        let name = crate::rng::named_hash(&[&self.network.failures[id].name]);
        self.journal.chain_event(self.now, what, name);
        self.settling.world_changed();
        let entry = self.journal.ledger.open(self.now, id, kind);
        self.cause = Some(entry.into());
        entry
    }

    /// The first ports of the members of a link that fail.
    fn members_hit(&self, wires: Wires) -> impl Iterator<Item = PortId> + use<'n> {
        let members = self.network.links[wires.link].members.iter().enumerate();
        members.filter(move |(index, _)| wires.members.include(*index)).map(|(_, member)| member.ports[0])
    }

    fn kill(&mut self, wires: Wires, failure: FailureId, reason: DropReason) {
        let dead = Impairment::Dead { failure, reason, from: self.now, to: Time::MAX };
        for port in self.network.ports_of(wires) {
            self.on_wire(port, |wire| wire.port.impair(dead));
        }
    }

    fn revive(&mut self, wires: Wires, failure: FailureId) {
        let now = self.now;
        for port in self.network.ports_of(wires) {
            self.on_wire(port, |wire| wire.port.relieve(now, failure));
        }
    }

    fn impair(&mut self, wires: Wires, failure: FailureId, impairment: network::Impairment) {
        let network = self.network;
        for port in network.ports_of(wires) {
            let configured = &network.ports[port];
            let purpose = format!("{} {}", impairment.word(), network.failures[failure].name);
            let stream = self.seed.stream(&configured.name, &purpose);
            self.on_wire(port, |wire| {
                let far_end = wire.watch(configured.macsec.as_ref());
                far_end.impairments.begin(failure, impairment, stream.clone());
            });
            self.measure_way(port);
        }
    }

    fn relieve(&mut self, wires: Wires, failure: FailureId, impairment: network::Impairment) {
        for port in self.network.ports_of(wires) {
            self.on_wire(port, |wire| {
                if let Some(far_end) = &mut wire.far_end {
                    far_end.impairments.end(failure);
                }
            });
            if matches!(impairment, network::Impairment::Propagation(_)) {
                self.measure_way(port);
            }
        }
    }

    /// The way of a wire has the length that the latest lasting failure gives it, otherwise its own.
    fn measure_way(&mut self, port: PortId) {
        let (network, now) = (self.network, self.now);
        let lasting = self.facts.lasting.iter().rev();
        let changed = lasting.filter_map(|failure| network.changed_propagation(*failure, port)).next();
        let propagation = changed.unwrap_or(network.ports[port].propagation);
        if propagation == self.wire(port).port.propagation() {
            return;
        }
        self.on_wire(port, |wire| wire.port.change_propagation(now, propagation));
        // What has not departed arrives at another time than it was awaited.
        let (control, head) = self.wire(port).port.arrivals_to_come(now);
        for at in control {
            let serial = self.wire_mut(port).next_serial();
            self.schedule(Event::Control(port), at, serial);
        }
        let sender = self.sender(port);
        if let Some(at) = head.filter(|_| sender.wires[port].reach == Reach::Inside) {
            sender.await_head(port, at);
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
            self.wake_link(*link);
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
