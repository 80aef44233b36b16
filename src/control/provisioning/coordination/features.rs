//! Who negotiates features, which of them become final, and what sessions say of their channels.

use super::super::action::{Action, Call, Told};
use super::super::issue::{IssueInput, Priority, Subject};
use super::super::machine::{Input, State};
use super::{Coordination, FeatureState, Guidance, Step};
use crate::ids::LinkId;
use crate::network::{AdminState, Deferral, NoCommonGround, OfferedChannel};
use crate::units::Time;

impl Coordination {
    /// The side that makes proposals: the one that got the activation key, unless it deferred.
    #[must_use]
    pub const fn negotiator(&self) -> usize {
        match self.plan.deferral {
            Deferral::No => 1,
            Deferral::Yes { .. } => 0,
        }
    }

    /// The channels of its interconnect, by index.
    #[must_use]
    pub fn channel(&self, index: usize) -> LinkId {
        self.plan.channels[index].link
    }

    /// How many channels need a feature.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.plan.channels.len()
    }

    /// Both sides have the connection: who negotiates asks for guidance.
    pub(super) fn negotiator_begins(&mut self, now: Time, out: &mut Vec<Action>) {
        match self.plan.deferral {
            Deferral::No => self.call(now, Call::GenerateFeatureGuidance, 0),
            Deferral::Yes { taken_up, timeout } => {
                out.push(Action::Tell(Told::Deferred(timeout)));
                if let Some(law) = taken_up {
                    self.after(now, law, Step::TakenUp);
                }
                self.plan_at(now + timeout, Step::DeferralEnds);
            }
        }
    }

    /// The deferring provider gives up unless the other one has finished its part: it cancels there, then deletes its own.
    pub(super) fn deferral_ends(&mut self, now: Time, out: &mut Vec<Action>) {
        if self.state != State::Pending || self.notified[self.negotiator()] {
            return;
        }
        out.push(Action::Tell(Told::DeferralOver));
        self.moves(Input::TimedOut, out);
        self.drop_plans();
        self.retire(out);
        self.call(now, Call::DeleteConnection, 0);
    }

    /// The guidance of both sides is known: a feature is wanted for every channel that is enabled.
    pub(super) fn negotiate(&mut self, out: &mut Vec<Action>) {
        self.guidance = Guidance::Given;
        if self.fails(None, out) {
            return;
        }
        let enabled = self.enabled.iter().enumerate().filter(|(_, enabled)| **enabled);
        out.extend(enabled.map(|(index, _)| Action::Negotiate(index)));
    }

    /// What came of comparing guidance for a channel.
    pub fn negotiated(&mut self, now: Time, index: usize, agreed: Result<(), NoCommonGround>, out: &mut Vec<Action>) {
        let Err(reason) = agreed else {
            self.call(now, Call::CreateFeature(index), 0);
            return;
        };
        self.features[index] = FeatureState::Refused;
        out.push(Action::Tell(Told::NoCommonGround(self.channel(index), reason)));
        let priority = if self.possible(Some(now)) < self.needed() { Priority::P1 } else { Priority::P2 };
        self.open_issue(now, Subject::NoCommonGround(self.channel(index)), priority, out);
        self.fails(Some(now), out);
    }

    /// Whether too few features can ever become final; then the connection has failed.
    fn fails(&mut self, now: Option<Time>, out: &mut Vec<Action>) -> bool {
        let possible = self.possible(now);
        let fails = self.state == State::Pending && possible < self.needed();
        if fails {
            out.push(Action::Tell(Told::TooFew(possible, self.features.len())));
            self.moves(Input::TooFew, out);
            self.agenda.retain(|_, step| !step.is_of_a_channel());
            out.push(Action::Release);
        }
        fails
    }

    /// How many features may become final: of channels that are or will be enabled, where there is common ground or a
    /// provider will offer something else.
    fn possible(&self, now: Option<Time>) -> usize {
        let is_possible = |(channel, feature): &(&OfferedChannel, &FeatureState)| {
            let will_change = channel.reconsidered.is_some_and(|at| now.is_none_or(|now| self.origin + at > now));
            channel.admin != AdminState::Disabled(None) && (**feature != FeatureState::Refused || will_change)
        };
        self.plan.channels.iter().zip(&self.features).filter(is_possible).count()
    }

    /// A channel is enabled: its feature can be negotiated.
    pub(super) fn enabled(&mut self, index: usize, out: &mut Vec<Action>) {
        self.enabled[index] = true;
        if self.is_negotiated() && self.features[index] == FeatureState::Absent {
            out.push(Action::Negotiate(index));
        }
    }

    /// A provider offers something else on a channel: where there was no common ground, it is looked for again.
    pub(super) fn reconsidered(&mut self, index: usize, out: &mut Vec<Action>) {
        if self.is_negotiated() && self.features[index] == FeatureState::Refused {
            self.issue_turns(Subject::NoCommonGround(self.channel(index)), IssueInput::Answered, out);
            out.push(Action::Negotiate(index));
        }
    }

    /// Whether features are asked for: guidance is known, and the connection is neither given up nor going.
    #[must_use]
    pub fn is_negotiated(&self) -> bool {
        self.guidance == Guidance::Given && (self.state == State::Pending || self.state.is_in_service())
    }

    /// The other provider has accepted the feature of a channel.
    pub(super) fn feature_created(&mut self, now: Time, index: usize, out: &mut Vec<Action>) {
        self.features[index] = FeatureState::Pending;
        self.mended(Subject::NoCommonGround(self.channel(index)), out);
        self.after(now, self.plan.times.feature, Step::FeatureFinal(index));
    }

    pub(super) fn feature_final(&mut self, now: Time, index: usize, out: &mut Vec<Action>) {
        let ready = self.finals() >= self.needed();
        self.features[index] = FeatureState::Final;
        out.push(Action::Tell(Told::FeatureFinal(self.plan.channels[index].link, self.finals())));
        if ready && self.state.is_in_service() {
            let set_up = self.configured_by_both(now);
            self.plan_at(set_up, Step::ConfiguredLate(index));
        } else if !ready && self.finals() >= self.needed() {
            out.push(Action::Tell(Told::Ready(self.finals(), self.features.len())));
            for side in [0, 1] {
                self.after(now, self.plan.times.configure, Step::Configured(side));
            }
        }
    }

    /// The sessions of these logical links are up now, and no others.
    pub fn sessions(&mut self, now: Time, up: &[LinkId], out: &mut Vec<Action>) {
        self.sessions = up.len();
        let before = std::mem::take(&mut self.up);
        self.up = self.plan.channels.iter().map(|channel| up.contains(&channel.link)).collect();
        if now < self.origin {
            return;
        }
        self.follow_sessions(out);
        for (index, was_up) in before.into_iter().enumerate() {
            if was_up != self.up[index] {
                self.follow_channel(now, index, out);
            }
        }
    }

    /// Without a session there is no path. A state that says something else of the connection stays.
    pub(super) fn follow_sessions(&mut self, out: &mut Vec<Action>) {
        self.moves(if self.sessions == 0 { Input::PathsLost } else { Input::PathFound }, out);
    }

    /// The connection is there for its customer: its sessions are looked at.
    pub(super) fn in_service(&mut self, now: Time, out: &mut Vec<Action>) {
        self.follow_sessions(out);
        for index in 0..self.up.len() {
            self.follow_channel(now, index, out);
        }
    }

    /// A logical link that is down, and should be up, is an issue when it stays so.
    pub(super) fn follow_channel(&mut self, now: Time, index: usize, out: &mut Vec<Action>) {
        let misses = self.state.is_in_service() && self.features[index] == FeatureState::Final && !self.up[index];
        match (misses, self.down_since[index]) {
            (true, None) => {
                self.down_since[index] = Some(now);
                self.plan_at(now + self.plan.times.report_after, Step::Overdue(index));
            }
            (true, Some(_)) => {}
            (false, _) => {
                self.down_since[index] = None;
                self.mended(Subject::ChannelDown(self.channel(index)), out);
            }
        }
    }

    /// It has been down for long, unless it was up meanwhile.
    pub(super) fn overdue(&mut self, now: Time, index: usize, out: &mut Vec<Action>) {
        let report_after = self.plan.times.report_after;
        if self.down_since[index].is_some_and(|since| since + report_after <= now) {
            let priority = if self.sessions == 0 { Priority::P0 } else { Priority::P2 };
            self.open_issue(now, Subject::ChannelDown(self.channel(index)), priority, out);
        }
    }

    /// The bandwidth that was asked for is in force, on the interconnect of these channels; those of `up` have sessions.
    pub fn updated(&mut self, now: Time, channels: &[LinkId], up: &[LinkId], out: &mut Vec<Action>) {
        if self.state != State::Updating {
            return;
        }
        if self.plan.channels.iter().any(|channel| !channels.contains(&channel.link)) {
            self.moved(channels, out);
        }
        for side in [0, 1] {
            self.call(now, Call::NotifyUpdated(side), 0);
        }
        self.moves(Input::Updated, out);
        self.sessions(now, up, out);
        self.in_service(now, out);
    }

    /// It is carried by another interconnect: what was to happen on the channels of the old one does not.
    fn moved(&mut self, channels: &[LinkId], out: &mut Vec<Action>) {
        let offered = |link: &LinkId| OfferedChannel { link: *link, admin: AdminState::Enabled, reconsidered: None };
        self.plan.channels = channels.iter().map(offered).collect();
        let count = channels.len();
        self.features = vec![FeatureState::Final; count];
        self.enabled = vec![true; count];
        self.up = vec![false; count];
        self.down_since = vec![None; count];
        self.agenda.retain(|_, step| !step.is_of_a_channel());
        self.close_issues(out);
    }
}
