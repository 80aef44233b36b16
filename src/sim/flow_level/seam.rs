//! From packets to rates and back.
//!
//! A source keeps the instant of its next packet over the seam. While it is a rate, its packets are due at the mean
//! interval from that instant on and nothing is drawn; the first one that is due after the rates end is sent as a
//! packet, with the next number, and draws what comes next. So every packet is counted once, as what it was when sent.

use super::Travel;
use crate::control::bgp::{Speaker, State};
use crate::ids::{FlowId, IdVec, LinkId, PortId};
use crate::network::{Fidelity, SessionKind};
use crate::sim::event::Event;
use crate::sim::partition::Partition;
use crate::sim::run::Run;
use crate::units::{Span, Time};

const HOUR: Span = Span::from_s(3_600);

impl Run<'_> {
    /// Before the first event: how data travels at scenario time 0, and what is known of changes to come.
    pub fn start_flow_level(&mut self) {
        match self.network.fidelity {
            Fidelity::Packet => return,
            Fidelity::Flow | Fidelity::Timeline => {}
            Fidelity::Auto { lead, .. } => {
                for begin in self.scripted() {
                    self.look_at((self.origin).max(Time::from_ps(begin.as_ps().saturating_sub(lead.as_ps()))));
                }
            }
        }
        self.rest_sources();
        self.await_asking();
        let flows = self.flow_level.flows.iter().map(|rated| &self.network.flows[rated.id]);
        let mut changes: Vec<Span> = flows.flat_map(|flow| [flow.start, flow.stop]).collect();
        if self.flow_level.flows.iter().any(|rated| self.network.flows[rated.id].diurnal.is_some()) {
            let hours = self.network.horizon.as_ps() / HOUR.as_ps();
            changes.extend((1..=hours).map(|hour| HOUR.times(hour)));
        }
        changes.sort_unstable();
        changes.dedup();
        for at in changes.into_iter().filter(|at| *at > Span::ZERO) {
            let serial = self.flow_level.next_serial();
            self.schedule(Event::Rates, self.origin + at, serial);
        }
    }

    /// Beginnings and ends of all scripted failures and of their stages, and scripted changes.
    fn scripted(&self) -> Vec<Time> {
        let mut times: Vec<Span> = self.network.changes.iter().map(|change| change.at).collect();
        for (id, failure) in self.network.failures.enumerate() {
            let stages = self.stages.iter().filter(|stage| stage.failure == id).map(|running| running.stage);
            let within: Vec<Span> = stages
                .flat_map(|stage| [Some(stage.from), stage.until])
                .chain([failure.when.lasts])
                .flatten()
                .collect();
            for at in failure.when.beginnings(self.network.horizon) {
                times.push(at);
                times.extend(within.iter().map(|within| at + *within));
            }
        }
        times.sort_unstable();
        times.dedup();
        times.into_iter().map(|at| self.origin + at).collect()
    }

    fn look_at(&mut self, at: Time) {
        let serial = self.flow_level.next_serial();
        self.schedule(Event::Fidelity, at, serial);
    }

    /// Rates are found anew: a flow starts or stops, or packet numbers are used up.
    pub fn rates_due(&mut self) {
        if self.flow_level.travel == Travel::Rates {
            self.account(self.now);
            self.find_rates(self.now);
        }
    }

    /// An incident is near, or it is time to look whether all has settled.
    pub fn fidelity_due(&mut self) {
        let Fidelity::Auto { lead, settle } = self.network.fidelity else { return };
        let now = self.now;
        let is_near = |at: &Time| *at >= now && at.since(now) <= lead;
        let near = self.scripted().iter().chain(&self.flow_level.next_asking).any(is_near);
        match self.flow_level.travel {
            Travel::Rates if near => self.begin_packets(now, settle),
            Travel::Packets if now >= self.flow_level.next_look => {
                if !near && self.is_quiet(lead) && self.has_settled(settle) {
                    self.begin_rates(now);
                } else {
                    self.look_again(now, settle);
                }
            }
            Travel::Rates | Travel::Packets => {}
        }
    }

    fn look_again(&mut self, now: Time, settle: Span) {
        self.flow_level.next_look = now + settle;
        self.look_at(now + settle);
    }

    /// Sources send packets from `now` on.
    pub(super) fn begin_packets(&mut self, now: Time, settle: Span) {
        self.account(now);
        self.wake_all();
        self.flow_level.travel = Travel::Packets;
        self.flow_level.next_asking = None;
        self.flow_level.backlogs = None;
        let mut flows = std::mem::take(&mut self.flow_level.flows);
        for rated in &mut flows {
            if let Some(due) = rated.due.take() {
                let edge = self.network.flows[rated.id].edge;
                self.partitions[self.layout.of(edge).0].schedule_source(rated.id, due);
            }
        }
        self.flow_level.flows = flows;
        self.look_again(now, settle);
    }

    /// Sources rest from `now` on, and their traffic goes by as a rate.
    fn begin_rates(&mut self, now: Time) {
        self.rest_sources();
        self.await_asking();
        self.flow_level.since = now;
        self.find_rates(now);
    }

    /// Takes every pending data packet out of the queues, and remembers when it is due.
    fn rest_sources(&mut self) {
        self.flow_level.travel = Travel::Rates;
        let mut due: IdVec<FlowId, Option<Time>> = self.network.flows.iter().map(|_| None).collect();
        for partition in &mut self.partitions {
            partition.rest_sources(&mut due);
        }
        for rated in &mut self.flow_level.flows {
            rated.due = due[rated.id];
        }
    }

    /// Among rates: packets are to begin in time for the next transfer or exchange.
    fn await_asking(&mut self) {
        let Fidelity::Auto { lead, .. } = self.network.fidelity else { return };
        self.flow_level.next_asking = self.next_asking();
        if let Some(at) = self.flow_level.next_asking {
            self.look_at(self.now.max(self.origin).max(Time::from_ps(at.as_ps().saturating_sub(lead.as_ps()))));
        }
    }

    fn next_asking(&mut self) -> Option<Time> {
        if !self.flow_level.listens {
            return None;
        }
        self.partitions.iter_mut().filter_map(Partition::next_asking).min()
    }

    /// Whether no transfer and no exchange is under way, nor will be within `lead`.
    fn is_quiet(&mut self, lead: Span) -> bool {
        let now = self.now;
        !self.flow_level.listens
            || self.partitions.iter().all(Partition::is_quiet)
                && self.next_asking().is_none_or(|at| at.since(now) > lead)
    }

    /// Whether nothing has changed for `settle`, nothing is about to, and no queue has moved since the last look. What may
    /// last for hours, such as a session that stays down over a link that works, is waited for no longer than any timer of
    /// routing runs.
    fn has_settled(&mut self, settle: Span) -> bool {
        let now = self.now;
        let backlogs: IdVec<PortId, Span> =
            self.network.ports.ids().map(|port| self.wire(port).port.backlog(now)).collect();
        let before = self.flow_level.backlogs.replace(backlogs);
        // A queue that moves by a hundredth of the time is one into which more than a hundredth of the rate too much
        // comes, or too little.
        let least = Span::from_ps(settle.as_ps() / 100);
        let backlogs = self.flow_level.backlogs.as_ref();
        let steady = before.as_ref().zip(backlogs).is_some_and(|(before, backlogs)| {
            let moved = |port: PortId| backlogs[port].as_ps().abs_diff(before[port].as_ps());
            self.network.ports.ids().all(|port| moved(port) <= least.as_ps())
        });
        let unchanged = now.since(self.flow_level.changed_at);
        let is_at_rest = || self.is_idle() && self.sessions_agree();
        steady && unchanged >= settle && (unchanged >= self.network.longest_reaction() || is_at_rest())
    }

    /// Whether no router and no link has anything to do yet.
    fn is_idle(&self) -> bool {
        self.installs.iter().all(|queue| queue.is_empty())
            && self.processors.iter().all(|queue| queue.is_empty())
            && self.speakers.iter().all(Speaker::is_quiet)
            && self.interiors.iter().all(|interior| interior.is_settled())
            && !self.carrier_timers.any_armed()
            && !self.key_timers.any_armed()
    }

    /// Whether every session is up where its packets pass both ways, and down where they do not.
    fn sessions_agree(&self) -> bool {
        let passes = |link: LinkId| [0, 1].into_iter().all(|end| self.carries(self.control_port(link, end)));
        let liveness = self.network.bfd_sessions.iter().enumerate();
        let mut alive = liveness.map(|(index, session)| self.is_alive(index) == passes(session.link));
        let mut routing = self.network.sessions.enumerate().map(|(id, session)| {
            let routers = session.ends.each_ref().map(|end| end.router);
            let is_up = routers.iter().all(|router| self.speakers[*router].state(id) == State::Established);
            is_up
                == match session.kind {
                    SessionKind::External(logical) => passes(self.network.logical_links[logical].channel),
                    SessionKind::Peering(link) => passes(link),
                    SessionKind::Internal(_) => {
                        let [one, other] = routers;
                        let powered = self.is_powered(one) && self.is_powered(other);
                        powered && self.reaches(one, other) && self.reaches(other, one)
                    }
                }
        });
        alive.all(|agrees| agrees) && routing.all(|agrees| agrees)
    }
}
