//! What the customer orders of a connection that exists, and its end.

use super::super::action::{Action, Call, Told};
use super::super::machine::{Answer, Input, State};
use super::{Coordination, FeatureState, Step};
use crate::network::Purchase;
use crate::units::Time;

impl Coordination {
    /// The customer wants another bandwidth: once those that were ordered before have been accepted.
    pub(super) fn update(&mut self, now: Time, purchase: Purchase, out: &mut Vec<Action>) {
        let before = self.orders.len();
        self.orders.push_back(purchase);
        match before {
            0 => self.order(now, 0, out),
            _ => out.push(Action::Tell(Told::Queued(purchase, before))),
        }
    }

    /// The oldest order is made, again when the connection is not in a state for it.
    pub(super) fn order(&mut self, now: Time, before: u32, out: &mut Vec<Action>) {
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
    pub(super) fn delete(&mut self, now: Time, before: u32, out: &mut Vec<Action>) {
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
    pub(super) fn clean_up(&mut self, now: Time, out: &mut Vec<Action>) {
        if self.clean_up != Some(now) || self.state.on(Input::CleanUp) != Answer::To(State::Deleted) {
            return;
        }
        out.push(Action::Tell(Told::CleanedUp));
        self.moves(Input::CleanUp, out);
        self.drop_plans();
        self.retire(out);
    }

    /// Nothing goes on any more but what the customer still asks for.
    pub(super) fn drop_plans(&mut self) {
        self.agenda.retain(|_, step| matches!(step, Step::Update(_) | Step::Order(_) | Step::Delete(_)));
    }

    /// No feature any more.
    pub(super) fn retire(&mut self, out: &mut Vec<Action>) {
        for (channel, feature) in self.plan.channels.iter().zip(&mut self.features) {
            if std::mem::replace(feature, FeatureState::Absent) == FeatureState::Final {
                out.push(Action::TearDown(channel.link));
            }
        }
        self.down_since.fill(None);
        self.close_issues(out);
        out.push(Action::Release);
    }
}
