//! Failures begin and end: effects on links and routers, and their entries in the ledger.

use crate::control::interior::Transit;
use crate::dataplane::Impairment;
use crate::failures::{Effect, Stage, stages};
use crate::ids::{FailureId, FeedId, LinkId, PortId, RouterId};
use crate::message::DropReason;
use crate::network::{self, Failure, FailureKind, Maintenance, When, Wires};
use crate::sim::event::Event;
use crate::sim::interior::InteriorChange;
use crate::sim::partition::Reach;
use crate::sim::record::{LedgerKind, OperationRecord};
use crate::sim::recorder::{Cause, EntryIndex};
use crate::sim::run::Run;
use crate::units::{CalendarSpan, Span, Time};

/// What a failure does in this run, and whether it does so now.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct RunningStage {
    pub failure: FailureId,
    pub stage: Stage,
    pub lasts: bool,
}

/// Whether something begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Turn {
    Begins,
    Ends,
}

impl<'n> Run<'n> {
    /// The first beginning of every failure, and what failures do.
    pub fn start_failures(&mut self) {
        for (id, failure) in self.network.failures.enumerate() {
            let stages = stages(self.network, failure, self.seed);
            self.stages.extend(stages.into_iter().map(|stage| RunningStage { failure: id, stage, lasts: false }));
            self.schedule(Event::FailureBegins(id), self.origin + failure.when.at, 0);
            self.announce(failure);
        }
    }

    /// The notices of maintenance: each goes out so long before its window, what is due before the run stands at its begin.
    fn announce(&mut self, failure: &Failure) {
        let FailureKind::Maintenance { router, drain, window, notice, .. } = failure.kind else { return };
        let network = self.network;
        let provider = &network.providers[network.routers[router].provider].name;
        for (number, begin) in (1..).zip(failure.when.beginnings(network.horizon)) {
            let at = begin + drain;
            let early = if notice > at { ", before the run" } else { "" };
            let said = CalendarSpan::from_ns(notice.as_ps() / 1_000);
            self.journal.operations.push(OperationRecord {
                at: at.saturating_sub(notice),
                component: format!("maintenance {}", failure.occurrence(number)),
                step: "NotifyMaintenance",
                text: format!(
                    "{provider} announces work on {} at {at} for {window}, {said} ahead{early}",
                    network.routers[router].name
                ),
            });
        }
    }

    /// A failure begins.
    pub fn failure_begins(&mut self, id: FailureId) {
        self.facts.occurrences[id] += 1;
        let entry = self.open_entry(id, LedgerKind::Incident);
        self.facts.incidents[id] = Some(entry);
        self.facts.lasting.push(id);
        let When { lasts, again, .. } = self.network.failures[id].when;
        if let Some(lasts) = lasts {
            self.schedule(Event::FailureEnds(id), self.now + lasts, 0);
        }
        if let Some(again) = again.filter(|again| self.facts.occurrences[id] < again.count) {
            self.schedule(Event::FailureBegins(id), self.now + again.every, 0);
        }
        let lasts = lasts.unwrap_or(Span::MAX);
        for index in self.stages_of(id) {
            let Stage { from, until, .. } = self.stages[index].stage;
            if from == Span::ZERO {
                self.stage_turns(index, Turn::Begins);
            } else if from < lasts {
                self.schedule(Event::StageBegins(index), self.now + from, 0);
            }
            if let Some(until) = until.filter(|until| *until < lasts) {
                self.schedule(Event::StageEnds(index), self.now + until, 0);
            }
        }
    }

    /// A failure ends; what other failures hold down stays down.
    pub fn failure_ends(&mut self, id: FailureId) {
        self.open_entry(id, LedgerKind::Return);
        self.facts.lasting.retain(|lasting| *lasting != id);
        for index in self.stages_of(id) {
            if self.stages[index].lasts {
                self.stage_turns(index, Turn::Ends);
            }
        }
    }

    /// A later stage of a failure begins, or one ends before the failure does.
    pub fn stage_due(&mut self, index: usize, turn: Turn) {
        let id = self.stages[index].failure;
        self.world_turns(id, if turn == Turn::Begins { 113 } else { 114 });
        self.cause = self.facts.incidents[id].map(Cause::from);
        self.stage_turns(index, turn);
    }

    fn stages_of(&self, id: FailureId) -> Vec<usize> {
        let of_it = |(_, stage): &(usize, &RunningStage)| stage.failure == id;
        self.stages.iter().enumerate().filter(of_it).map(|(index, _)| index).collect()
    }

    /// Everything that a failure does, with what takes it back.
    fn stage_turns(&mut self, index: usize, turn: Turn) {
        let RunningStage { failure: id, stage: Stage { effect, .. }, .. } = self.stages[index];
        self.stages[index].lasts = turn == Turn::Begins;
        self.blame_turns(&effect, id, turn);
        match (effect, turn) {
            (Effect::Dark(wires, reason), Turn::Begins) => self.goes_dark(wires, id, reason),
            (Effect::Dark(wires, _), Turn::Ends) => self.is_lit_again(wires, id),
            (Effect::Silent(wires), Turn::Begins) => self.kill(wires, id, DropReason::SilentCut),
            (Effect::Silent(wires), Turn::Ends) => self.revive(wires, id),
            (Effect::Impaired(wires, impairment), Turn::Begins) => self.impair(wires, id, impairment),
            (Effect::Impaired(wires, impairment), Turn::Ends) => self.relieve(wires, id, impairment),
            (Effect::MkpduLoss(wires), Turn::Begins) => {
                self.network.ports_of(wires).for_each(|port| self.key_rings[port].unheard.push(id));
            }
            (Effect::MkpduLoss(wires), Turn::Ends) => {
                let network = self.network;
                network.ports_of(wires).for_each(|port| self.key_rings[port].unheard.retain(|of| *of != id));
            }
            (Effect::WrongKey(wires, which), Turn::Begins) => {
                self.network.ports_of(wires).for_each(|port| self.key_goes_wrong(port, which));
            }
            (Effect::WrongKey(wires, which), Turn::Ends) => {
                self.network.ports_of(wires).for_each(|port| self.key_is_right(port, which));
            }
            (Effect::CpuHang(router), Turn::Begins) => self.processor_hangs(router),
            (Effect::CpuHang(router), Turn::Ends) => self.processor_resumes(router),
            (Effect::PowerLoss(router), Turn::Begins) => self.router_loses_power(router, id),
            (Effect::PowerLoss(router), Turn::Ends) => self.router_regains_power(router, id),
            (Effect::FeedLoss(feed), Turn::Begins) => self.feed_dies(feed, id),
            (Effect::FeedLoss(feed), Turn::Ends) => self.feed_returns(feed, id),
            (Effect::HostsDown(facility), Turn::Begins) => self.facts.dead_zones.push((facility, id)),
            (Effect::HostsDown(facility), Turn::Ends) => {
                self.facts.dead_zones.retain(|zone| *zone != (facility, id));
            }
            (Effect::Drained(router), Turn::Begins) => self.graceful_shutdown(router, Maintenance::Begins),
            (Effect::Drained(router), Turn::Ends) => self.graceful_shutdown(router, Maintenance::Ends),
            (Effect::Exports(router), _) => self.exports_change(router),
            (Effect::NoBgp(router), Turn::Begins) => self.bgp_stops(router),
            (Effect::NoBgp(router), Turn::Ends) => self.bgp_starts(router),
            (Effect::SessionDown(router, session), Turn::Begins) => self.hold_session(router, session),
            (Effect::SessionDown(router, session), Turn::Ends) => self.release_session(router, session),
            (Effect::CostedOut(link), _) => self.costing_turns(link, id, turn),
            (Effect::AdminDown(wires), Turn::Begins) => self.is_shut(wires, id),
            (Effect::AdminDown(wires), Turn::Ends) => self.is_lit_again(wires, id),
            (Effect::SegmentsRefused(between), Turn::Begins) => {
                self.network.sessions_between(between).into_iter().for_each(|session| self.refused[session] += 1);
            }
            (Effect::SegmentsRefused(between), Turn::Ends) => {
                self.network.sessions_between(between).into_iter().for_each(|session| self.refused[session] -= 1);
            }
        }
    }

    /// What happens on these links from now on is because of the failure, or of its end. Power says so itself, where it
    /// really goes.
    fn blame_turns(&mut self, effect: &Effect, id: FailureId, turn: Turn) {
        let links: Vec<LinkId> = match effect {
            Effect::Dark(wires, _)
            | Effect::Silent(wires)
            | Effect::Impaired(wires, _)
            | Effect::MkpduLoss(wires)
            | Effect::AdminDown(wires)
            | Effect::WrongKey(wires, _) => vec![wires.link],
            Effect::CostedOut(link) => vec![*link],
            Effect::CpuHang(router) | Effect::NoBgp(router) | Effect::Drained(router) | Effect::Exports(router) => {
                self.network.routers[*router].links.clone()
            }
            Effect::SessionDown(_, session) => self.network.external_link(*session).into_iter().collect(),
            Effect::SegmentsRefused(between) => {
                let sessions = self.network.sessions_between(*between).into_iter();
                sessions.filter_map(|session| self.network.external_link(session)).collect()
            }
            Effect::PowerLoss(_) | Effect::FeedLoss(_) | Effect::HostsDown(_) => Vec::new(),
        };
        self.blame(&links, id, turn);
    }

    fn blame(&mut self, links: &[LinkId], id: FailureId, turn: Turn) {
        let entry = match turn {
            Turn::Begins => self.facts.incidents[id],
            // An early end of one stage is still part of the incident.
            Turn::Ends => self.cause.map(|cause| cause.entry),
        };
        let Some(entry) = entry else { return };
        for link in links {
            self.facts.touches(self.network, entry, *link);
            match turn {
                Turn::Begins => self.facts.link_blame[*link].begins(id, entry),
                Turn::Ends => self.facts.link_blame[*link].ends(id, entry),
            }
        }
    }

    fn open_entry(&mut self, id: FailureId, kind: LedgerKind) -> EntryIndex {
        self.world_turns(id, if kind == LedgerKind::Incident { 110 } else { 111 });
        let entry = {
            let others = self.facts.lasting.iter().filter(|other| **other != id);
            let during = others.filter_map(|other| self.facts.incidents[*other]).collect();
            self.journal.ledger.open(self.now, (id, self.facts.occurrences[id]), kind, during)
        };
        self.cause = Some(entry.into());
        entry
    }

    fn world_turns(&mut self, id: FailureId, what: u64) {
        self.paths_changed = true;
        let name = crate::rng::named_hash(&[&self.network.failures[id].name]);
        self.journal.chain_event(self.now, what, name);
        self.settling.world_changed();
    }

    pub(in crate::sim) fn goes_dark(&mut self, wires: Wires, failure: FailureId, reason: DropReason) {
        self.members_hit(wires).for_each(|port| self.dark[port] += 1);
        self.kill(wires, failure, reason);
        self.update_light(wires.link);
    }

    fn is_lit_again(&mut self, wires: Wires, failure: FailureId) {
        self.members_hit(wires).for_each(|port| self.dark[port] -= 1);
        self.revive(wires, failure);
        self.update_light(wires.link);
    }

    /// Routers that hang on this feed alone, or whose others are dead too, lose power.
    fn feed_dies(&mut self, feed: FeedId, failure: FailureId) {
        self.facts.dead_feeds[feed].push(failure);
        for (router, fed) in self.network.routers.enumerate().filter(|(_, fed)| fed.feeds.contains(&feed)) {
            let dead = fed.feeds.iter().all(|feed| !self.facts.dead_feeds[*feed].is_empty());
            if dead && self.facts.starved[router].is_none() {
                self.facts.starved[router] = Some(failure);
                self.router_loses_power(router, failure);
            }
        }
    }

    fn feed_returns(&mut self, feed: FeedId, failure: FailureId) {
        self.facts.dead_feeds[feed].retain(|of| *of != failure);
        for (router, fed) in self.network.routers.enumerate().filter(|(_, fed)| fed.feeds.contains(&feed)) {
            let is_fed = fed.feeds.iter().any(|feed| self.facts.dead_feeds[*feed].is_empty());
            if let Some(cause) = self.facts.starved[router].filter(|_| is_fed) {
                self.facts.starved[router] = None;
                self.router_regains_power(router, cause);
            }
        }
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
        let (control, head) = self.wire(port).port.arrivals_to_come(self.store(port), now);
        for at in control {
            let serial = self.wire_mut(port).next_serial();
            self.schedule(Event::Control(port), at, serial);
        }
        let sender = self.sender(port);
        if let Some(at) = head.filter(|_| sender.wires[port].reach == Reach::Inside) {
            sender.await_head(port, at);
        }
    }

    fn router_loses_power(&mut self, router: RouterId, failure: FailureId) {
        let links = &self.network.routers[router].links;
        self.blame(links, failure, Turn::Begins);
        self.facts.power_causes[router].push(failure);
        if self.facts.power_causes[router].len() > 1 {
            return;
        }
        let entry = self.facts.incidents[failure];
        for link in links {
            self.wake_link(*link);
            let end = self.network.end_of(*link, router);
            for port in self.ports_from(*link, end) {
                let now = self.now;
                let (wire, store) = self.wire_and_store(port);
                let flushed = wire.port.power_off(store, now);
                self.drop_flushed(port, &flushed, DropReason::RouterDown, entry);
            }
            self.flush_limits(*link, end, DropReason::RouterDown, entry);
            self.end_loses_power(*link, end);
            self.update_light(*link);
        }
        self.forget_routing(router);
    }

    fn router_regains_power(&mut self, router: RouterId, failure: FailureId) {
        let links = &self.network.routers[router].links;
        self.blame(links, failure, Turn::Ends);
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
        // One failure may hold a link in several ways.
        if let Some(index) = self.lasting.iter().position(|(of, _)| *of == failure) {
            self.lasting.remove(index);
        }
        self.returned = Some(entry);
    }

    /// All that keeps it from being as it was: every failure that lasts, otherwise the latest return.
    pub fn entries(&self) -> impl Iterator<Item = EntryIndex> + '_ {
        let returned = self.returned.filter(|_| self.lasting.is_empty());
        self.lasting.iter().map(|(_, entry)| *entry).chain(returned)
    }

    /// The entry to blame.
    pub fn entry(&self) -> Option<EntryIndex> {
        self.lasting.last().map(|(_, entry)| *entry).or(self.returned)
    }
}
