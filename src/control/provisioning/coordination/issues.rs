//! Issues that the two providers of a connection open and close.

use super::super::action::{Action, Told};
use super::super::issue::{Issue, IssueInput, IssueState, Priority, Subject};
use super::{Coordination, Step};
use crate::units::Time;

impl Coordination {
    /// Something is wrong that the other provider must act on; what is known to it was tried in vain.
    pub(super) fn open_issue(&mut self, now: Time, subject: Subject, priority: Priority, out: &mut Vec<Action>) {
        if self.issues.contains_key(&subject) {
            self.issue_turns(subject, IssueInput::TriedInVain, out);
            return;
        }
        self.opened += 1;
        let issue = Issue { number: self.opened, subject, state: IssueState::Open, priority };
        self.issues.insert(subject, issue);
        out.push(Action::Tell(Told::Issue(issue)));
        self.after(now, self.plan.times.triage, Step::Triage(subject, issue.number));
    }

    /// The other provider takes an issue up, if it is still that one.
    pub(super) fn triage(&mut self, subject: Subject, number: u32, out: &mut Vec<Action>) {
        if self.issues.get(&subject).is_some_and(|issue| issue.number == number) {
            self.issue_turns(subject, IssueInput::TakenUp, out);
        }
    }

    /// What was wrong is not any more.
    pub(super) fn mended(&mut self, subject: Subject, out: &mut Vec<Action>) {
        self.issue_turns(subject, IssueInput::Mended, out);
    }

    /// Something happens to an issue, if there is one and it cares.
    pub(super) fn issue_turns(&mut self, subject: Subject, input: IssueInput, out: &mut Vec<Action>) {
        let Some(issue) = self.issues.get_mut(&subject) else { return };
        let Some(state) = issue.state.on(input) else { return };
        issue.state = state;
        out.push(Action::Tell(Told::Issue(*issue)));
        if state == IssueState::Closed {
            self.issues.remove(&subject);
        }
    }

    /// Nothing is wanted any more of what issues are about.
    pub(super) fn close_issues(&mut self, out: &mut Vec<Action>) {
        for subject in self.issues.keys().copied().collect::<Vec<_>>() {
            self.mended(subject, out);
        }
    }
}
