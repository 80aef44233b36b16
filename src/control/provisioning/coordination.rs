//! One connection through all its life: what the customer orders, what the two providers ask of each other, and when.

mod features;
mod issues;
mod orders;

use std::collections::{BTreeMap, VecDeque};

use super::action::{Action, Call, Told};
use super::issue::{Issue, Priority, Subject};
use super::machine::{Answer, Input, State};
use crate::ids::LinkId;
use crate::network::{AdminState, Provisioning, Purchase, SpanLaw};
use crate::rng::Stream;
use crate::units::{Span, Time};

/// Wait before a call that met a conflict is made again the first time; it doubles each time.
const FIRST_RETRY: Span = Span::from_s(1);
/// The longest such wait (the specification: back-off up to 60 s).
const LAST_RETRY: Span = Span::from_s(60);

/// What is due at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The run begins: from now on the state is read.
    Begins,
    Create,
    Accept,
    /// The other provider answers; so many conflicts came before.
    Answer(Call, u32),
    FeatureFinal(usize),
    /// A side has its routers set up for all final features.
    Configured(usize),
    /// Both have them set up for a feature that came late.
    ConfiguredLate(usize),
    Checked(usize),
    /// The `adminState` of a channel is `ADMIN_STATE_ENABLED`.
    Enabled(usize),
    /// A provider offers something else on a channel.
    Reconsidered(usize),
    /// The provider to which the connection was deferred takes it up.
    TakenUp,
    /// It was waited for long enough.
    DeferralEnds,
    /// The issue of this number is taken up.
    Triage(Subject, u32),
    /// The logical link on a channel may have been down for long.
    Overdue(usize),
    /// The customer orders another bandwidth.
    Update(Purchase),
    /// The oldest order that waits is made; so many conflicts came before.
    Order(u32),
    UpdateConfigured(Purchase),
    Delete(u32),
    DeletePeer,
    CleanUp,
}

impl Step {
    /// Whether it is about one channel of the interconnect.
    const fn is_of_a_channel(self) -> bool {
        match self {
            Self::FeatureFinal(_)
            | Self::ConfiguredLate(_)
            | Self::Enabled(_)
            | Self::Reconsidered(_)
            | Self::Overdue(_)
            | Self::Answer(Call::CreateFeature(_), _) => true,
            Self::Begins
            | Self::Create
            | Self::Accept
            | Self::Answer(..)
            | Self::Configured(_)
            | Self::Checked(_)
            | Self::TakenUp
            | Self::DeferralEnds
            | Self::Triage(..)
            | Self::Update(_)
            | Self::Order(_)
            | Self::UpdateConfigured(_)
            | Self::Delete(_)
            | Self::DeletePeer
            | Self::CleanUp => false,
        }
    }
}

/// `Feature.provisioningState` of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FeatureState {
    Absent,
    /// There is no common ground.
    Refused,
    /// `PROVISIONING_STATE_PENDING`.
    Pending,
    /// `PROVISIONING_STATE_FINAL`.
    Final,
}

/// Whether the providers know each other's `FeatureGuidance`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guidance {
    Awaited,
    Given,
}

/// A connection between two coordinators.
#[derive(Debug, Clone)]
pub struct Coordination {
    plan: Provisioning,
    stream: Stream,
    /// When the run begins; nothing that sessions do before moves the state.
    origin: Time,
    state: State,
    /// How many of its logical links have their sessions up, on whatever interconnect.
    sessions: usize,
    features: Vec<FeatureState>,
    /// By channel: whether its session is up, and if not, while it should be, since when.
    up: Vec<bool>,
    down_since: Vec<Option<Time>>,
    issues: BTreeMap<Subject, Issue>,
    /// So many issues were opened so far.
    opened: u32,
    enabled: Vec<bool>,
    guidance: Guidance,
    /// Whose routers are set up.
    configured: [bool; 2],
    /// Whose notification has come.
    notified: [bool; 2],
    /// Bandwidths that the customer has ordered and no one has accepted yet, oldest first: what was ordered last is what
    /// the connection has in the end.
    orders: VecDeque<Purchase>,
    /// By time and order of planning.
    agenda: BTreeMap<(Time, u32), Step>,
    planned: u32,
    /// The one clean-up that is meant; a later one replaces it.
    clean_up: Option<Time>,
}

impl Coordination {
    /// A connection as its customer plans it, and what the customer will do. `stream` draws durations and conflicts.
    #[must_use]
    pub fn new(plan: Provisioning, origin: Time, stream: Stream) -> Self {
        let count = plan.channels.len();
        let (state, feature, guidance) = match plan.create {
            Some(_) => (State::Absent, FeatureState::Absent, Guidance::Awaited),
            None => (State::Available, FeatureState::Final, Guidance::Given),
        };
        let mut coordination = Self {
            stream,
            origin,
            state,
            sessions: 0,
            features: vec![feature; count],
            up: vec![false; count],
            down_since: vec![None; count],
            issues: BTreeMap::new(),
            opened: 0,
            enabled: plan.channels.iter().map(|channel| channel.admin == AdminState::Enabled).collect(),
            guidance,
            configured: [plan.create.is_none(); 2],
            notified: [plan.create.is_none(); 2],
            orders: VecDeque::new(),
            agenda: BTreeMap::new(),
            planned: 0,
            clean_up: None,
            plan,
        };
        coordination.plan_orders();
        coordination
    }

    fn plan_orders(&mut self) {
        let origin = self.origin;
        self.plan_at(origin, Step::Begins);
        let plan = self.plan.clone();
        let create = plan.create.map(|at| (at, Step::Create));
        let updates = plan.updates.into_iter().map(|(at, purchase)| (at, Step::Update(purchase)));
        let delete = plan.delete.map(|at| (at, Step::Delete(0)));
        for (at, step) in create.into_iter().chain(updates).chain(delete) {
            self.plan_at(origin + at, step);
        }
        for (index, channel) in plan.channels.iter().enumerate() {
            if let AdminState::Disabled(Some(until)) = channel.admin {
                self.plan_at(origin + until, Step::Enabled(index));
            }
            if let Some(at) = channel.reconsidered {
                self.plan_at(origin + at, Step::Reconsidered(index));
            }
        }
    }

    /// The state that the customer reads.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// When the next step is due.
    #[must_use]
    pub fn next(&self) -> Option<Time> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes every step that is due.
    pub fn advance(&mut self, now: Time, out: &mut Vec<Action>) {
        while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= now) {
            let step = entry.remove();
            self.take(now, step, out);
        }
    }

    fn take(&mut self, now: Time, step: Step, out: &mut Vec<Action>) {
        match step {
            Step::Begins => self.in_service(now, out),
            Step::Create => self.create(now, out),
            Step::Accept => self.call(now, Call::ConfirmActivationKey, 0),
            Step::Answer(call, before) => self.answer(now, call, before, out),
            Step::FeatureFinal(index) => self.feature_final(now, index, out),
            Step::Configured(side) => self.configured(now, side, out),
            Step::ConfiguredLate(index) => {
                let link = self.plan.channels[index].link;
                out.extend([Action::SetUp(link), Action::Open(link)]);
                self.follow_channel(now, index, out);
            }
            Step::Checked(side) => self.checked(now, side, out),
            Step::Enabled(index) => self.enabled(index, out),
            Step::Reconsidered(index) => self.reconsidered(index, out),
            Step::TakenUp => self.call(now, Call::GenerateFeatureGuidance, 0),
            Step::DeferralEnds => self.deferral_ends(now, out),
            Step::Triage(subject, number) => self.triage(subject, number, out),
            Step::Overdue(index) => self.overdue(now, index, out),
            Step::Update(purchase) => self.update(now, purchase, out),
            Step::Order(before) => self.order(now, before, out),
            Step::UpdateConfigured(purchase) => out.push(Action::Bandwidth(purchase)),
            Step::Delete(before) => self.delete(now, before, out),
            Step::DeletePeer => self.call(now, Call::DeleteConnection, 0),
            Step::CleanUp => self.clean_up(now, out),
        }
    }

    fn create(&mut self, now: Time, out: &mut Vec<Action>) {
        self.moves(Input::Create, out);
        out.push(Action::Tell(Told::KeyIssued));
        self.clean_up_later(now);
        if let Some(law) = self.plan.accept {
            self.after(now, law, Step::Accept);
        }
    }

    /// The other provider answers a call, unless it has a conflict: then it is asked again later.
    fn answer(&mut self, now: Time, call: Call, before: u32, out: &mut Vec<Action>) {
        if self.stream.chance(self.plan.conflict.as_ppb()) {
            let wait = self.conflict(call, before, out);
            let at = now + wait + self.plan.times.call.draw(&mut self.stream);
            self.plan_at(at, Step::Answer(call, before + 1));
            return;
        }
        out.push(Action::Tell(Told::Answered(call)));
        match call {
            Call::ConfirmActivationKey => self.call(now, Call::CreateConnection, 0),
            Call::CreateConnection => {
                self.moves(Input::Accept, out);
                self.negotiator_begins(now, out);
            }
            Call::GenerateFeatureGuidance => self.negotiate(out),
            Call::CreateFeature(index) => self.feature_created(now, index, out),
            Call::NotifyConnectionStatus(side) => self.notified(now, side, out),
            Call::NotifyUpdated(_) => {}
            Call::UpdateConnection(purchase) => {
                let set_up = self.configured_by_both(now);
                self.plan_at(set_up, Step::UpdateConfigured(purchase));
            }
            Call::DeleteConnection => self.moves(Input::Removed, out),
        }
    }

    /// A side has its routers set up; with both, sessions come up for the local checks to see.
    fn configured(&mut self, now: Time, side: usize, out: &mut Vec<Action>) {
        out.push(Action::Tell(Told::Configured(side)));
        self.configured[side] = true;
        if self.configured != [true; 2] {
            return;
        }
        out.extend(self.final_channels().map(Action::SetUp));
        for side in [0, 1] {
            self.after(now, self.plan.times.verify, Step::Checked(side));
        }
    }

    /// A side looks whether as many sessions are up as suffice; if not, it asks the other one, and looks again.
    fn checked(&mut self, now: Time, side: usize, out: &mut Vec<Action>) {
        let subject = Subject::Verification(side);
        let up = self.up.iter().filter(|up| **up).count();
        if up >= self.needed() {
            self.mended(subject, out);
            self.call(now, Call::NotifyConnectionStatus(side), 0);
            return;
        }
        if !self.issues.contains_key(&subject) {
            out.push(Action::Tell(Told::Unverified(side, up)));
            self.open_issue(now, subject, Priority::P1, out);
        }
        // A check that takes no time is not made again at the same instant.
        let wait = self.plan.times.verify.draw(&mut self.stream).max(FIRST_RETRY);
        self.plan_at(now + wait, Step::Checked(side));
    }

    /// A side has told the other one that its check was passed.
    fn notified(&mut self, now: Time, side: usize, out: &mut Vec<Action>) {
        self.notified[side] = true;
        if self.notified != [true; 2] {
            return;
        }
        out.push(Action::Tell(Told::Verified));
        self.moves(Input::Verified, out);
        self.in_service(now, out);
        // What became final during the checks is not set up before.
        out.extend(self.final_channels().flat_map(|link| [Action::SetUp(link), Action::Open(link)]));
    }

    /// An input that the state allows.
    fn moves(&mut self, input: Input, out: &mut Vec<Action>) {
        let Answer::To(state) = self.state.on(input) else { return };
        self.state = state;
        out.push(Action::Tell(Told::State(state)));
    }

    /// Notes a conflict; returns the wait before the call is made again.
    fn conflict(&self, call: Call, before: u32, out: &mut Vec<Action>) -> Span {
        let wait = FIRST_RETRY.times(1 << before.min(6)).min(LAST_RETRY);
        out.push(Action::Tell(Told::Conflict(call, before + 1, wait)));
        wait
    }

    fn call(&mut self, now: Time, call: Call, before: u32) {
        self.after(now, self.plan.times.call, Step::Answer(call, before));
    }

    fn clean_up_later(&mut self, now: Time) {
        let at = now + self.plan.times.clean_up;
        self.clean_up = Some(at);
        self.plan_at(at, Step::CleanUp);
    }

    /// Channels whose features are final.
    fn final_channels(&self) -> impl Iterator<Item = LinkId> {
        let channels = self.plan.channels.iter().zip(&self.features);
        channels.filter(|(_, feature)| **feature == FeatureState::Final).map(|(channel, _)| channel.link)
    }

    fn configured_by_both(&mut self, now: Time) -> Time {
        let [one, other] = [(); 2].map(|()| self.plan.times.configure.draw(&mut self.stream));
        now + one.max(other)
    }

    fn after(&mut self, now: Time, law: SpanLaw, step: Step) {
        let at = now + law.draw(&mut self.stream);
        self.plan_at(at, step);
    }

    fn plan_at(&mut self, at: Time, step: Step) {
        self.agenda.insert((at, self.planned), step);
        self.planned += 1;
    }

    fn finals(&self) -> usize {
        self.features.iter().filter(|feature| **feature == FeatureState::Final).count()
    }

    /// The specification: ready to provision once three of four features are negotiated.
    fn needed(&self) -> usize {
        (self.features.len() * 3).div_ceil(4)
    }
}
