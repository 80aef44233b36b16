//! Common ground, issues, and who negotiates.

use super::*;

#[test]
fn transitions_of_issues_are_those_of_the_golden_table() {
    let mut table = "state | input | next state\n".to_owned();
    for state in IssueState::ALL {
        for input in IssueInput::ALL {
            let next = state.on(input).map_or("-", IssueState::word);
            writeln!(table, "{} | {input:?} | {next}", state.word()).unwrap();
        }
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/issues.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &table).expect("tests/golden can be written");
    }
    assert_eq!(table, std::fs::read_to_string(golden).expect("it is there"), "UPDATE_GOLDEN=1 rewrites it");
}

#[test]
fn a_channel_without_common_ground_is_an_issue_and_the_others_suffice() {
    let told = World::new(plan(), |index, _| index != 2, |_, _| true).until(200);
    assert_eq!(states(&told).last(), Some(&(AVAILABLE, State::Available)));
    assert_eq!(open(&told), [(AVAILABLE, 0), (AVAILABLE, 1), (AVAILABLE, 3)]);
    // Guidance comes after key, half and itself; the issue is taken up, and nobody offers anything else.
    let asked = 30 + 3 * CALL;
    let subject = Subject::NoCommonGround(LinkId(2));
    let expected = [
        (asked, 1, subject, IssueState::Open, Priority::P2),
        (asked + TRIAGE, 1, subject, IssueState::InProgress, Priority::P2),
    ];
    assert_eq!(issues(&told), expected);
}

#[test]
fn two_channels_without_common_ground_are_a_connection_that_fails() {
    let told = World::new(plan(), |index, _| index % 2 == 0, |_, _| true).until(200);
    let asked = 30 + 3 * CALL;
    assert_eq!(states(&told).last(), Some(&(asked, State::Failed)));
    assert!(told.contains(&(asked, Action::Tell(Told::TooFew(2, 4)))));
    assert!(told.contains(&(asked, Action::Release)), "what was agreed on is free for others");
    let finals = told.iter().filter(|(_, action)| matches!(action, Action::Tell(Told::FeatureFinal(..))));
    assert_eq!(finals.count(), 0, "nobody sets up what has failed");
    let priorities: Vec<Priority> = issues(&told).into_iter().map(|(.., priority)| priority).collect();
    // Open twice, taken up twice; with the second too few are left.
    assert_eq!(priorities, [Priority::P2, Priority::P1, Priority::P2, Priority::P1]);
}

#[test]
fn what_a_provider_offers_later_closes_the_issue_and_joins() {
    let mut later = plan();
    later.channels[1].reconsidered = Some(Span::from_s(500));
    later.channels[2].reconsidered = Some(Span::from_s(300));
    let told = World::new(
        later,
        |index, second| match index {
            1 => second >= 500,
            2 => second >= 900,
            _ => true,
        },
        |_, _| true,
    )
    .until(1_000);
    // Two features are not enough: it waits for the third at 500 s, as a guidance that will change may yet help.
    let third = 500 + CALL + FEATURE + CONFIGURE + VERIFY + CALL;
    assert_eq!(states(&told).last(), Some(&(third, State::Available)));
    let (asked, one, two) = (33, Subject::NoCommonGround(LinkId(1)), Subject::NoCommonGround(LinkId(2)));
    let expected = [
        (asked, 1, one, IssueState::Open, Priority::P2),
        (asked, 2, two, IssueState::Open, Priority::P2),
        (asked + TRIAGE, 1, one, IssueState::InProgress, Priority::P2),
        (asked + TRIAGE, 2, two, IssueState::InProgress, Priority::P2),
        // What the other provider offers at 300 s is to be tried, and does not help.
        (300, 2, two, IssueState::ActionRequired, Priority::P2),
        (300, 2, two, IssueState::InProgress, Priority::P2),
        (500, 1, one, IssueState::ActionRequired, Priority::P2),
        (500 + CALL, 1, one, IssueState::Closed, Priority::P2),
    ];
    assert_eq!(issues(&told), expected);
}

#[test]
fn a_side_that_sees_too_few_sessions_asks_the_other_and_looks_again() {
    // Two of four sessions come up 25 s late.
    let set_up = AVAILABLE - VERIFY - CALL;
    let told = World::new(plan(), |_, _| true, |link, second| link.0 < 2 || second >= set_up + 25).until(300);
    assert_eq!(states(&told).last(), Some(&(set_up + 3 * VERIFY + CALL, State::Available)), "the third look sees them");
    let (open, closed) = (IssueState::Open, IssueState::Closed);
    let side = Subject::Verification;
    let expected = [
        (set_up + VERIFY, 1, side(0), open, Priority::P1),
        (set_up + VERIFY, 2, side(1), open, Priority::P1),
        (set_up + 3 * VERIFY, 1, side(0), closed, Priority::P1),
        (set_up + 3 * VERIFY, 2, side(1), closed, Priority::P1),
    ];
    assert_eq!(issues(&told), expected);
    let unverified = |side| (set_up + VERIFY, Action::Tell(Told::Unverified(side, 2)));
    assert!(told.contains(&unverified(0)) && told.contains(&unverified(1)));
}

#[test]
fn a_logical_link_that_is_down_for_long_is_an_issue_until_it_is_back() {
    let plan = || Provisioning { create: None, ..plan() };
    let down = |from: u64, until: u64| move |link: LinkId, second: u64| link.0 != 3 || !(from..until).contains(&second);
    let told = World::new(plan(), |_, _| true, down(100, 399)).until(1_000);
    assert_eq!(issues(&told), [], "299 s are not 300 s");
    let told = World::new(plan(), |_, _| true, down(100, 900)).until(1_000);
    let subject = Subject::ChannelDown(LinkId(3));
    let expected = [
        (400, 1, subject, IssueState::Open, Priority::P2),
        (500, 1, subject, IssueState::InProgress, Priority::P2),
        (900, 1, subject, IssueState::Closed, Priority::P2),
    ];
    assert_eq!(issues(&told), expected);
    // All four: the customer has no path, and each channel is an issue.
    let told = World::new(plan(), |_, _| true, |_, second| second < 100).until(450);
    let opened: Vec<_> = issues(&told).into_iter().map(|(at, .., priority)| (at, priority)).collect();
    assert_eq!(opened, [(400, Priority::P0); 4]);
}

#[test]
fn a_deferred_connection_waits_for_the_other_provider_and_is_rolled_back_in_time() {
    let deferred = |taken_up: Option<u64>| {
        let taken_up = taken_up.map(|seconds| SpanLaw::Constant(Span::from_s(seconds)));
        Provisioning { deferral: Deferral::Yes { taken_up, timeout: Span::from_s(3_600) }, ..plan() }
    };
    let told = life(deferred(Some(1_000)));
    assert_eq!(states(&told).last(), Some(&(AVAILABLE + 1_000, State::Available)), "so much later");
    // Key and half take a call each; the half that waits is deleted with a call.
    let accepted = 30 + 2 * CALL;
    let over = accepted + 3_600;
    for late in [None, Some(3_590)] {
        let told = life(deferred(late));
        let expected =
            [(0, State::Requested), (accepted, State::Pending), (over, State::Failed), (over + CALL, State::Deleted)];
        assert_eq!(states(&told), expected);
        assert!(told.contains(&(over, Action::Release)), "what was agreed on is free again");
    }
}
