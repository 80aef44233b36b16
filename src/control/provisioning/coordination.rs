//! One connection through all its life: what the customer orders, what the two providers ask of each other, and when.

use std::collections::{BTreeMap, VecDeque};

use super::machine::{Answer, Input, State};
use crate::ids::LinkId;
use crate::network::{AdminState, OfferedChannel, Provisioning, Purchase, SpanLaw};
use crate::rng::Stream;
use crate::units::{Span, Time};

/// Wait before a call that met a conflict is made again the first time; it doubles each time.
const FIRST_RETRY: Span = Span::from_s(1);
/// The longest such wait (the specification: back-off up to 60 s).
const LAST_RETRY: Span = Span::from_s(60);

/// A call of the API, of the other provider or by the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// The other provider asks whether the activation key is good.
    ConfirmActivationKey,
    /// It has its own connection, and creates the one at the first.
    CreateConnection,
    /// Which channels, subnets, VLANs and sizes may be used.
    GenerateFeatureGuidance,
    /// The feature of the channel of this index.
    CreateFeature(usize),
    /// This side has passed its local check.
    NotifyConnectionStatus(usize),
    /// Another bandwidth (PATCH).
    UpdateConnection(Purchase),
    /// The connection is to go.
    DeleteConnection,
}

/// What is worth a line in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// `Connection.state` changed.
    State(State),
    /// The activation key is out.
    KeyIssued,
    /// A call was answered with success.
    Answered(Call),
    /// A call was answered with 409, this being the so-manieth time, and is made again after this wait.
    Conflict(Call, u32, Span),
    /// Another bandwidth was ordered while so many earlier orders of one still wait: it waits for its turn.
    Queued(Purchase, usize),
    /// A call was answered with 404.
    NotFound(Call),
    /// `Feature.provisioningState` is `PROVISIONING_STATE_FINAL` on this channel: so many are.
    FeatureFinal(LinkId, usize),
    /// Enough features are final, of so many: both sides configure.
    Ready(usize, usize),
    /// This side's routers are set up.
    Configured(usize),
    /// `Connection.verificationState` is `VERIFICATION_STATE_VERIFIED`.
    Verified,
    /// What was never finalised, or is there on one side only, is deleted.
    CleanedUp,
}

/// What a coordination wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A line in the ledger.
    Tell(Told),
    /// Both sides have set the connection up on this channel: its session may come up, and learns nothing yet. Said
    /// again it changes nothing.
    SetUp(LinkId),
    /// It is carried there.
    Open(LinkId),
    /// It is not set up there any more.
    TearDown(LinkId),
    /// Another bandwidth; [`Coordination::updated`] is to be called when it is in force.
    Bandwidth(Purchase),
}

/// What is due at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
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
    /// The customer orders another bandwidth.
    Update(Purchase),
    /// The oldest order that waits is made; so many conflicts came before.
    Order(u32),
    UpdateConfigured(Purchase),
    Delete(u32),
    DeletePeer,
    CleanUp,
}

/// `Feature.provisioningState` of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FeatureState {
    Absent,
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
    state: State,
    features: Vec<FeatureState>,
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
            state,
            features: vec![feature; count],
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
        coordination.plan_orders(origin);
        coordination
    }

    fn plan_orders(&mut self, origin: Time) {
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

    /// The bandwidth that was asked for is in force.
    pub fn updated(&mut self, out: &mut Vec<Action>) {
        self.moves(Input::Updated, out);
    }

    fn take(&mut self, now: Time, step: Step, out: &mut Vec<Action>) {
        match step {
            Step::Create => self.create(now, out),
            Step::Accept => self.call(now, Call::ConfirmActivationKey, 0),
            Step::Answer(call, before) => self.answer(now, call, before, out),
            Step::FeatureFinal(index) => self.feature_final(now, index, out),
            Step::Configured(side) => self.configured(now, side, out),
            Step::ConfiguredLate(index) => {
                let link = self.plan.channels[index].link;
                out.extend([Action::SetUp(link), Action::Open(link)]);
            }
            Step::Checked(side) => self.call(now, Call::NotifyConnectionStatus(side), 0),
            Step::Enabled(index) => self.enabled(now, index),
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
                self.call(now, Call::GenerateFeatureGuidance, 0);
            }
            Call::GenerateFeatureGuidance => self.negotiate(now, out),
            Call::CreateFeature(index) => {
                self.features[index] = FeatureState::Pending;
                self.after(now, self.plan.times.feature, Step::FeatureFinal(index));
            }
            Call::NotifyConnectionStatus(side) => self.notified(side, out),
            Call::UpdateConnection(purchase) => {
                let set_up = self.configured_by_both(now);
                self.plan_at(set_up, Step::UpdateConfigured(purchase));
            }
            Call::DeleteConnection => self.moves(Input::Removed, out),
        }
    }

    /// A feature for every channel that the guidance says is enabled.
    fn negotiate(&mut self, now: Time, out: &mut Vec<Action>) {
        self.guidance = Guidance::Given;
        let never = |channel: &&OfferedChannel| channel.admin == AdminState::Disabled(None);
        let possible = self.features.len() - self.plan.channels.iter().filter(never).count();
        if possible < self.needed() {
            self.moves(Input::TooFew, out);
            return;
        }
        for index in 0..self.features.len() {
            if self.enabled[index] {
                self.call(now, Call::CreateFeature(index), 0);
            }
        }
    }

    /// A channel is enabled: its feature can be negotiated.
    fn enabled(&mut self, now: Time, index: usize) {
        self.enabled[index] = true;
        if self.guidance == Guidance::Given && self.features[index] == FeatureState::Absent {
            self.call(now, Call::CreateFeature(index), 0);
        }
    }

    fn feature_final(&mut self, now: Time, index: usize, out: &mut Vec<Action>) {
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

    /// A side has told the other one that its check was passed.
    fn notified(&mut self, side: usize, out: &mut Vec<Action>) {
        self.notified[side] = true;
        if self.notified != [true; 2] {
            return;
        }
        out.push(Action::Tell(Told::Verified));
        self.moves(Input::Verified, out);
        // What became final during the checks is not set up before.
        out.extend(self.final_channels().flat_map(|link| [Action::SetUp(link), Action::Open(link)]));
    }

    /// The customer wants another bandwidth: once those that were ordered before have been accepted.
    fn update(&mut self, now: Time, purchase: Purchase, out: &mut Vec<Action>) {
        let before = self.orders.len();
        self.orders.push_back(purchase);
        match before {
            0 => self.order(now, 0, out),
            _ => out.push(Action::Tell(Told::Queued(purchase, before))),
        }
    }

    /// The oldest order is made, again when the connection is not in a state for it.
    fn order(&mut self, now: Time, before: u32, out: &mut Vec<Action>) {
        let Some(&purchase) = self.orders.front() else { return };
        let call = Call::UpdateConnection(purchase);
        match self.state.on(Input::Update) {
            Answer::Conflict => {
                let wait = self.conflict(call, before, out);
                self.plan_at(now + wait, Step::Order(before + 1));
                return;
            }
            Answer::To(_) => {
                self.moves(Input::Update, out);
                self.call(now, call, 0);
            }
            Answer::NotFound => out.push(Action::Tell(Told::NotFound(call))),
        }
        self.orders.pop_front();
        self.plan_at(now, Step::Order(0));
    }

    /// The customer deletes the connection on one side: nothing else that was planned for it happens any more.
    fn delete(&mut self, now: Time, before: u32, out: &mut Vec<Action>) {
        match self.state.on(Input::Delete) {
            Answer::To(State::Deleted) => {
                self.moves(Input::Delete, out);
                self.drop_plans();
            }
            Answer::To(_) => {
                self.moves(Input::Delete, out);
                self.drop_plans();
                self.retire(out);
                self.clean_up_later(now);
                if let Some(law) = self.plan.delete_peer {
                    self.after(now, law, Step::DeletePeer);
                }
            }
            Answer::Conflict => {
                let wait = self.conflict(Call::DeleteConnection, before, out);
                self.plan_at(now + wait, Step::Delete(before + 1));
            }
            Answer::NotFound => out.push(Action::Tell(Told::NotFound(Call::DeleteConnection))),
        }
    }

    /// The time for finalising the connection, or for deleting it on both sides, is over.
    fn clean_up(&mut self, now: Time, out: &mut Vec<Action>) {
        if self.clean_up != Some(now) || self.state.on(Input::CleanUp) != Answer::To(State::Deleted) {
            return;
        }
        out.push(Action::Tell(Told::CleanedUp));
        self.moves(Input::CleanUp, out);
        self.drop_plans();
        self.retire(out);
    }

    /// Nothing goes on any more but what the customer still asks for.
    fn drop_plans(&mut self) {
        self.agenda.retain(|_, step| matches!(step, Step::Update(_) | Step::Order(_) | Step::Delete(_)));
    }

    /// No feature any more.
    fn retire(&mut self, out: &mut Vec<Action>) {
        for (channel, feature) in self.plan.channels.iter().zip(&mut self.features) {
            if std::mem::replace(feature, FeatureState::Absent) == FeatureState::Final {
                out.push(Action::TearDown(channel.link));
            }
        }
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
