//! Is the life of a connection the one of the specification? Durations are constants here: no draw decides.

mod features;

use std::fmt::Write as _;

use super::{Action, Answer, Call, Coordination, Input, Issue, IssueInput, IssueState, Priority, State, Subject, Told};
use crate::ids::{ConnectionId, LinkId};
use crate::network::{
    AdminState, Deferral, NoCommonGround, OfferedChannel, Provisioning, ProvisioningTimes, Purchase, SpanLaw, Way,
};
use crate::rng::RunSeed;
use crate::units::{Rate, Share, Span, Time};

const CALL: u64 = 1;
const FEATURE: u64 = 5;
const CONFIGURE: u64 = 60;
const VERIFY: u64 = 10;
const TRIAGE: u64 = 100;
const REPORT_AFTER: u64 = 300;
const LINKS: [LinkId; 4] = [LinkId(0), LinkId(1), LinkId(2), LinkId(3)];

fn buys(mbps: u64) -> Purchase {
    Purchase { rate: Rate::from_bps(mbps * 1_000_000).unwrap(), way: Way::InPlace }
}

fn offered(link: u32) -> OfferedChannel {
    OfferedChannel { link: LinkId(link), admin: AdminState::Enabled, reconsidered: None }
}

/// Created at 0 s, accepted 30 s later, on four channels.
fn plan() -> Provisioning {
    let constant = |seconds| SpanLaw::Constant(Span::from_s(seconds));
    Provisioning {
        connection: ConnectionId(0),
        initiator: 0,
        create: Some(Span::ZERO),
        accept: Some(constant(30)),
        bandwidth: buys(500).rate,
        updates: Vec::new(),
        deferral: Deferral::No,
        delete: None,
        delete_peer: Some(constant(30)),
        channels: (0..4).map(offered).collect(),
        times: ProvisioningTimes {
            call: constant(CALL),
            feature: constant(FEATURE),
            configure: constant(CONFIGURE),
            verify: constant(VERIFY),
            triage: constant(TRIAGE),
            report_after: Span::from_s(REPORT_AFTER),
            clean_up: Span::from_s(7 * 86_400),
        },
        conflict: Share::ZERO,
    }
}

/// The world around a coordination: there is common ground where the test says so, orders of bandwidth are in force at
/// once, and sessions that are set up come up, but those that the test keeps away.
struct World<C, S> {
    coordination: Coordination,
    /// Whether there is common ground on a channel at a second.
    common_ground: C,
    /// Whether the session of a channel can be up at a second.
    session: S,
    set_up: Vec<LinkId>,
}

impl<C: Fn(usize, u64) -> bool, S: Fn(LinkId, u64) -> bool> World<C, S> {
    fn new(plan: Provisioning, common_ground: C, session: S) -> Self {
        let set_up = if plan.create.is_none() { LINKS.to_vec() } else { Vec::new() };
        let mut coordination = Coordination::new(plan, Time::ZERO, RunSeed(1).stream("shop", "provisioning"));
        coordination.sessions(Time::ZERO, &set_up, &mut Vec::new());
        Self { coordination, common_ground, session, set_up }
    }

    fn up(&self, second: u64) -> Vec<LinkId> {
        self.set_up.iter().copied().filter(|link| (self.session)(*link, second)).collect()
    }

    /// What happens at a second, with what follows from it.
    fn step(&mut self, second: u64) -> Vec<Action> {
        let now = at(second);
        let mut actions = Vec::new();
        self.coordination.advance(now, &mut actions);
        let mut done = 0;
        while let Some(action) = actions.get(done).copied() {
            done += 1;
            match action {
                Action::Tell(_) | Action::Open(_) | Action::Release => {}
                Action::Negotiate(index) => {
                    let agreed = (self.common_ground)(index, second).then_some(()).ok_or(NoCommonGround::Vlan);
                    self.coordination.negotiated(now, index, agreed, &mut actions);
                }
                Action::SetUp(link) if !self.set_up.contains(&link) => self.set_up.push(link),
                Action::SetUp(_) => {}
                Action::TearDown(link) => self.set_up.retain(|other| *other != link),
                Action::Bandwidth(_) => self.coordination.updated(now, &LINKS, &self.up(second), &mut actions),
            }
        }
        self.coordination.sessions(now, &self.up(second), &mut actions);
        actions
    }

    /// All that happens until a second.
    fn until(&mut self, last: u64) -> Vec<(u64, Action)> {
        let mut told = Vec::new();
        for second in 0..=last {
            told.extend(self.step(second).into_iter().map(|action| (second, action)));
        }
        told
    }
}

/// All that happens to a connection, with the second at which it does.
fn life(plan: Provisioning) -> Vec<(u64, Action)> {
    let mut world = World::new(plan, |_, _| true, |_, _| true);
    let mut told = Vec::new();
    while let Some(next) = world.coordination.next() {
        let second = next.since(Time::ZERO).as_ps() / 1_000_000_000_000;
        told.extend(world.step(second).into_iter().map(|action| (second, action)));
    }
    told
}

fn issues(life: &[(u64, Action)]) -> Vec<(u64, u32, Subject, IssueState, Priority)> {
    let issue = |(at, action): &(u64, Action)| match action {
        Action::Tell(Told::Issue(Issue { number, subject, state, priority })) => {
            Some((*at, *number, *subject, *state, *priority))
        }
        Action::Tell(_)
        | Action::Negotiate(_)
        | Action::Release
        | Action::SetUp(_)
        | Action::Open(_)
        | Action::TearDown(_)
        | Action::Bandwidth(_) => None,
    };
    life.iter().filter_map(issue).collect()
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Span::from_s(seconds)
}

fn states(life: &[(u64, Action)]) -> Vec<(u64, State)> {
    let state = |(at, action): &(u64, Action)| match action {
        Action::Tell(Told::State(state)) => Some((*at, *state)),
        Action::Tell(_)
        | Action::Negotiate(_)
        | Action::Release
        | Action::SetUp(_)
        | Action::Open(_)
        | Action::TearDown(_)
        | Action::Bandwidth(_) => None,
    };
    life.iter().filter_map(state).collect()
}

fn open(life: &[(u64, Action)]) -> Vec<(u64, u32)> {
    let open = |(at, action): &(u64, Action)| match action {
        Action::Open(link) => Some((*at, link.0)),
        Action::Tell(_)
        | Action::Negotiate(_)
        | Action::Release
        | Action::SetUp(_)
        | Action::TearDown(_)
        | Action::Bandwidth(_) => None,
    };
    life.iter().filter_map(open).collect()
}

/// Key, confirmation, creation, guidance, features, both sides at once, notification.
const AVAILABLE: u64 = 30 + 4 * CALL + FEATURE + CONFIGURE + VERIFY + CALL;

#[test]
fn transitions_are_those_of_the_golden_table() {
    let mut table = "state | input | answer\n".to_owned();
    for state in State::ALL {
        for input in Input::ALL {
            let answer = match state.on(input) {
                Answer::To(next) => next.word(),
                Answer::Conflict => "409",
                Answer::NotFound => "404",
            };
            writeln!(table, "{} | {input:?} | {answer}", state.word()).unwrap();
        }
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/provisioning.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &table).expect("tests/golden can be written");
    }
    assert_eq!(table, std::fs::read_to_string(golden).expect("it is there"), "UPDATE_GOLDEN=1 rewrites it");
}

#[test]
fn a_connection_is_available_when_all_its_steps_are_done() {
    let life = life(plan());
    let expected = [(0, State::Requested), (32, State::Pending), (AVAILABLE, State::Available)];
    assert_eq!(states(&life), expected);
    assert_eq!(open(&life), [0, 1, 2, 3].map(|link| (AVAILABLE, link)));
    let set_up = AVAILABLE - VERIFY - CALL;
    let sessions = life.iter().find(|(_, action)| *action == Action::SetUp(LinkId(0)));
    assert_eq!(sessions.map(|(at, _)| *at), Some(set_up), "the checks see sessions");
    let verified = life.iter().position(|(_, action)| *action == Action::Tell(Told::Verified));
    let notified = |side| {
        let call = Action::Tell(Told::Answered(Call::NotifyConnectionStatus(side)));
        life.iter().position(|(_, action)| *action == call)
    };
    assert!(verified > notified(0) && verified > notified(1), "both sides have notified before it is verified");
}

#[test]
fn three_of_four_features_suffice_and_the_fourth_comes_later() {
    let mut three = plan();
    three.channels[2].admin = AdminState::Disabled(Some(Span::from_s(1_000)));
    let told = life(three.clone());
    let late = 1_000 + CALL + FEATURE + CONFIGURE;
    assert_eq!(open(&told), [(AVAILABLE, 0), (AVAILABLE, 1), (AVAILABLE, 3), (late, 2)]);
    three.channels[0].admin = AdminState::Disabled(None);
    three.channels[2].admin = AdminState::Disabled(None);
    let told = life(three);
    let failed = 30 + 3 * CALL;
    let expected = [(0, State::Requested), (32, State::Pending), (failed, State::Failed), (7 * 86_400, State::Deleted)];
    assert_eq!(states(&told), expected);
    assert_eq!(open(&told), []);
}

#[test]
fn what_is_not_accepted_is_deleted_after_seven_days() {
    let told = life(Provisioning { accept: None, ..plan() });
    assert_eq!(states(&told), [(0, State::Requested), (7 * 86_400, State::Deleted)]);
    let count = told.iter().filter(|(_, action)| *action == Action::Tell(Told::CleanedUp)).count();
    assert_eq!(count, 1);
}

#[test]
fn what_is_deleted_on_one_side_only_is_deleted_seven_days_later() {
    let delete = Some(Span::from_s(1_000));
    let both = life(Provisioning { delete, ..plan() });
    assert_eq!(states(&both)[3..], [(1_000, State::Deleting), (1_030 + CALL, State::Deleted)]);
    let one = life(Provisioning { delete, delete_peer: None, ..plan() });
    assert_eq!(states(&one)[3..], [(1_000, State::Deleting), (1_000 + 7 * 86_400, State::Deleted)]);
    let down = one.iter().filter(|(at, action)| *at == 1_000 && matches!(action, Action::TearDown(_)));
    assert_eq!(down.count(), 4, "traffic ends with the first half");
}

/// "This isn't really an operation that can be declined" (specification, Delete Connection Workflow): the update ends with it.
#[test]
fn a_deletion_during_an_update_is_not_declined_and_nothing_of_the_update_follows() {
    let updates = vec![(Span::from_s(1_000), buys(1_000))];
    let told = life(Provisioning { updates, delete: Some(Span::from_s(1_010)), ..plan() });
    let expected = [(1_000, State::Updating), (1_010, State::Deleting), (1_040 + CALL, State::Deleted)];
    assert_eq!(states(&told)[3..], expected);
    let is_refused = |action: &Action| matches!(action, Action::Tell(Told::Conflict(..)) | Action::Bandwidth(_));
    assert!(told.iter().all(|(_, action)| !is_refused(action)), "{told:?}");
}

#[test]
fn an_update_during_another_is_a_conflict_and_is_tried_again() {
    let updates = vec![(Span::from_s(1_000), buys(1_000)), (Span::from_s(1_010), buys(2_000))];
    let told = life(Provisioning { updates, ..plan() });
    let waits: Vec<(u64, u32, Span)> = told
        .iter()
        .filter_map(|(at, action)| match action {
            Action::Tell(Told::Conflict(_, times, wait)) => Some((*at, *times, *wait)),
            Action::Tell(_)
            | Action::Negotiate(_)
            | Action::Release
            | Action::SetUp(_)
            | Action::Open(_)
            | Action::TearDown(_)
            | Action::Bandwidth(_) => None,
        })
        .collect();
    // The first is in force at 1061 s; the second is refused at 1010, 1011, 1013, 1017, 1025 and 1041 s.
    let expected = [1, 2, 4, 8, 16, 32].map(Span::from_s);
    let times = [1_010, 1_011, 1_013, 1_017, 1_025, 1_041];
    assert_eq!(waits, (1..).zip(times).zip(expected).map(|((times, at), wait)| (at, times, wait)).collect::<Vec<_>>());
    let bandwidths: Vec<_> = told
        .iter()
        .filter(|(_, action)| matches!(action, Action::Bandwidth(_)))
        .map(|(at, action)| (*at, *action))
        .collect();
    let second = 1_073 + CALL + CONFIGURE;
    assert_eq!(bandwidths, [(1_061, Action::Bandwidth(buys(1_000))), (second, Action::Bandwidth(buys(2_000)))]);
}

#[test]
fn the_wait_between_conflicts_ends_at_a_minute() {
    // Seven calls of ten meet a conflict: over many lives every wait is a power of two seconds, 60 s at most.
    let mut longest = Span::ZERO;
    for seed in 0..200 {
        let plan = Provisioning { conflict: Share::from_ppb(700_000_000), ..plan() };
        let mut world = World::new(plan.clone(), |_, _| true, |_, _| true);
        world.coordination = Coordination::new(plan, Time::ZERO, RunSeed(seed).stream("shop", "provisioning"));
        while let Some(next) = world.coordination.next() {
            for action in world.step(next.since(Time::ZERO).as_ps() / 1_000_000_000_000) {
                if let Action::Tell(Told::Conflict(_, times, wait)) = action {
                    assert_eq!(wait, Span::from_s(2u64.pow(times - 1).min(60)));
                    longest = longest.max(wait);
                }
            }
        }
        assert_eq!(world.coordination.state(), State::Available, "retries come through");
    }
    assert_eq!(longest, Span::from_s(60));
}

#[test]
fn an_order_for_a_connection_that_is_gone_is_not_found() {
    let updates = vec![(Span::from_s(5_000), buys(1_000))];
    let told = life(Provisioning { updates, delete: Some(Span::from_s(1_000)), ..plan() });
    let not_found = Action::Tell(Told::NotFound(Call::UpdateConnection(buys(1_000))));
    assert_eq!(told.last(), Some(&(5_000, not_found)));
}

#[test]
fn without_a_session_a_connection_is_down_until_one_is_back() {
    let mut coordination =
        Coordination::new(Provisioning { create: None, ..plan() }, at(100), RunSeed(1).stream("shop", "provisioning"));
    let mut tell = |second, up: &[LinkId]| {
        let mut actions = Vec::new();
        coordination.sessions(at(second), up, &mut actions);
        coordination.advance(at(second), &mut actions);
        (actions.len(), coordination.state())
    };
    // The run begins at 100 s; before, sessions come up one by one and the state is not read.
    assert_eq!(tell(10, &[]), (0, State::Available));
    assert_eq!(tell(20, &LINKS), (0, State::Available));
    assert_eq!(tell(100, &LINKS), (0, State::Available));
    assert_eq!(tell(200, &LINKS[1..2]), (0, State::Available), "one path is enough");
    assert_eq!(tell(210, &[]), (1, State::Down));
    assert_eq!(tell(220, &LINKS[..1]), (1, State::Available));
    assert_eq!(tell(230, &LINKS), (0, State::Available));
}

#[test]
fn a_run_that_begins_without_a_session_begins_down() {
    let mut coordination =
        Coordination::new(Provisioning { create: None, ..plan() }, at(100), RunSeed(1).stream("shop", "provisioning"));
    let mut actions = Vec::new();
    coordination.advance(at(100), &mut actions);
    assert_eq!(actions, [Action::Tell(Told::State(State::Down))]);
}

#[test]
fn an_update_outlasts_an_outage_and_none_begins_during_one() {
    let updates = vec![(Span::from_s(100), buys(1_000)), (Span::from_s(300), buys(2_000))];
    let plan = Provisioning { create: None, updates, ..plan() };
    let told = World::new(plan, |_, _| true, |_, second| !(110..310).contains(&second)).until(400);
    // A call of 1 s and 60 s for the routers: updated at 161 s, without a path. The second order is refused at 300, 301, 303
    // and 307 s, and made again at 315 s.
    let expected = [
        (100, State::Updating),
        (161, State::Available),
        (161, State::Down),
        (310, State::Available),
        (315, State::Updating),
        (376, State::Available),
    ];
    assert_eq!(states(&told), expected);
}

#[test]
fn both_sides_tell_that_an_update_is_done() {
    let told = World::new(
        Provisioning { create: None, updates: vec![(Span::from_s(100), buys(1_000))], ..plan() },
        |_, _| true,
        |_, _| true,
    )
    .until(300);
    // In force after a call and the routers; the notification is a call (`Protocols.md`, "Update Connection Workflow").
    let done = 100 + CALL + CONFIGURE + CALL;
    for side in [0, 1] {
        assert!(told.contains(&(done, Action::Tell(Told::Answered(Call::NotifyUpdated(side))))), "{told:?}");
    }
}

#[test]
fn orders_that_wait_are_taken_in_the_order_in_which_they_were_made() {
    // The first is accepted at 1000 s and in force at 1061 s; the second is refused until 1073 s, just after the third
    // was made, which would have been accepted at once.
    let updates = [(1_000, 1_000), (1_010, 2_000), (1_070, 3_000)];
    let orders = updates.map(|(at, mbps)| (Span::from_s(at), buys(mbps))).to_vec();
    let told = life(Provisioning { updates: orders, ..plan() });
    let in_force: Vec<Purchase> = told
        .iter()
        .filter_map(|(_, action)| match action {
            Action::Bandwidth(purchase) => Some(*purchase),
            Action::Tell(_)
            | Action::Negotiate(_)
            | Action::Release
            | Action::SetUp(_)
            | Action::Open(_)
            | Action::TearDown(_) => None,
        })
        .collect();
    assert_eq!(in_force, [1_000, 2_000, 3_000].map(buys), "the last one wins");
    let told_at = |told_of| told.iter().find(|(_, action)| *action == Action::Tell(told_of)).map(|(at, _)| *at);
    let call = |mbps| Call::UpdateConnection(buys(mbps));
    assert_eq!(told_at(Told::Conflict(call(2_000), 1, Span::from_s(1))), Some(1_010));
    assert_eq!(told_at(Told::Queued(buys(3_000), 1)), Some(1_070));
    assert_eq!(told_at(Told::Conflict(call(3_000), 1, Span::from_s(1))), Some(1_073), "its turn comes");
}
