//! Policies that conflict: the gadgets of Griffin, Shepherd and Wilfong ("The Stable Paths Problem and Interdomain
//! Routing", 2002), the wedgies of RFC 4264 and the oscillation of RFC 3345.

use super::*;
use crate::network::{AsPathPattern, PolicyTerm, RouteChanges, RouteMatch, RoutePolicy, Ruling, TermVerdict};
use crate::units::Community;

/// A policy that gives routes whose path fits a LOCAL_PREF, in order; the rest is rejected.
fn ranks(ranks: &[(&str, u32)]) -> Arc<RoutePolicy> {
    let term = |(path, local_pref): &(&str, u32)| PolicyTerm {
        matches: RouteMatch { as_path: path.parse::<AsPathPattern>().unwrap(), ..RouteMatch::everything() },
        changes: RouteChanges { local_pref: Some(*local_pref), ..RouteChanges::default() },
        verdict: TermVerdict::Final(Ruling::Accept),
    };
    Arc::new(RoutePolicy { name: String::new(), terms: ranks.iter().map(term).collect(), otherwise: Ruling::Reject })
}

/// Systems 1 to n around the origin 0, all peering with it and with each other as `pairs` say; each imports by its
/// ranks.
fn gadget(policies: &[&[(&str, u32)]], pairs: &[[u32; 2]], seed: u64) -> (Fabric, DestinationId) {
    let (mut network, destination) = fixture::systems(policies.len() + 1);
    let spokes = (1..=u32::try_from(policies.len()).unwrap()).map(|router| [0, router]);
    for ends in spokes.chain(pairs.iter().copied()) {
        let session = fixture::peering(&mut network, ends, AWS);
        for end in 0..2 {
            let router = network.sessions[session].ends[end].router.index();
            if router > 0 {
                network.sessions[session].ends[end].import = ranks(policies[router - 1]);
            }
        }
    }
    let sessions = u32::try_from(network.sessions.len()).unwrap();
    let count = u32::try_from(network.routers.len()).unwrap();
    let mut fabric = Fabric::new(network, seed);
    (1..count).for_each(|router| fabric.forward(router, destination, Installed::Yes));
    (0..sessions).for_each(|session| fabric.up(session));
    fabric.run_until(at(100));
    fabric.forward(0, destination, Installed::Yes);
    (fabric, destination)
}

/// The AS that each router's route enters first.
fn next_systems(fabric: &Fabric, destination: DestinationId) -> Vec<u32> {
    let next = |router: u32| {
        let best = fabric.best(router, destination);
        let ends = fabric.ends(best[0]);
        ends[usize::from(ends[0] == router)]
    };
    (1..u32::try_from(fabric.network.routers.len()).unwrap()).map(next).collect()
}

fn changes_since(fabric: &Fabric, since: Time) -> usize {
    fabric.routes.iter().filter(|(at, ..)| *at > since).count()
}

/// The path through the next system first, then the direct one; nothing else.
const INDIRECT_FIRST: [&[(&str, u32)]; 3] = [
    &[("65002 65000", 200), ("65000", 100)],
    &[("65003 65000", 200), ("65000", 100)],
    &[("65001 65000", 200), ("65000", 100)],
];

#[test]
fn a_good_gadget_settles_in_its_only_solution() {
    // As the bad one, but the third system prefers its direct route. FRR 8.4.4: 1 to 3 changes, then stable.
    let policies = [INDIRECT_FIRST[0], INDIRECT_FIRST[1], &[("65000", 200), ("65001 65000", 100)]];
    for seed in 0..5 {
        let (mut fabric, destination) = gadget(&policies, &[[1, 2], [2, 3], [3, 1]], seed);
        fabric.run_until(at(200));
        assert_eq!(changes_since(&fabric, at(110)), 0);
        // 3 goes direct, 2 through 3, and 1 direct, since 2 has no direct route to tell of.
        assert_eq!(next_systems(&fabric, destination), [0, 3, 0]);
    }
}

#[test]
fn a_bad_gadget_never_settles() {
    for seed in 0..5 {
        let (mut fabric, _) = gadget(&INDIRECT_FIRST, &[[1, 2], [2, 3], [3, 1]], seed);
        fabric.run_until(at(200));
        assert!(changes_since(&fabric, at(190)) > 100, "still going after 100 s");
    }
}

#[test]
fn disagree_ends_in_one_of_two_solutions_when_one_is_first() {
    let policies: [&[(&str, u32)]; 2] =
        [&[("65002 65000", 200), ("65000", 100)], &[("65001 65000", 200), ("65000", 100)]];
    for (first, solution) in [(1, [0, 1]), (2, [2, 0])] {
        let (mut fabric, destination) = gadget(&policies, &[[1, 2]], 1);
        // The other one's spoke comes up a second later.
        let late = 2 - first;
        fabric.down(late, Lost::Carrier);
        fabric.run_until(at(101));
        fabric.up(late);
        fabric.run_until(at(200));
        assert_eq!(changes_since(&fabric, at(110)), 0);
        assert_eq!(next_systems(&fabric, destination), solution);
    }
    // In lockstep both change their minds at once, for ever (synchronous activation in the paper).
    let (mut fabric, _) = gadget(&policies, &[[1, 2]], 1);
    fabric.run_until(at(200));
    assert!(changes_since(&fabric, at(190)) > 100);
}

/// Session numbers of the wedgie.
const PRIMARY: u32 = 0;
const BACKUP: u32 = 1;

/// RFC 4264 section 3: customer 0 has a primary provider 1 and a backup provider 2, which is a customer of 3; 1 and 3
/// are peers. The backup route carries a community that makes 2 prefer everybody else's.
fn wedgie() -> (Fabric, DestinationId) {
    let (mut network, destination) = fixture::systems(4);
    let backup = Community(65002 << 16 | 80);
    let prefer = |local_pref| RouteChanges { local_pref: Some(local_pref), ..RouteChanges::default() };
    let all = |changes| PolicyTerm {
        matches: RouteMatch::everything(),
        changes,
        verdict: TermVerdict::Final(Ruling::Accept),
    };
    let policy = |terms| Arc::new(RoutePolicy { name: String::new(), terms, otherwise: Ruling::Accept });
    for ends in [[0, 1], [0, 2], [2, 3], [1, 3]] {
        fixture::peering(&mut network, ends, AWS);
    }
    let ends = |network: &mut Network, session: u32, end: usize, import: Option<Vec<PolicyTerm>>| {
        if let Some(terms) = import {
            network.sessions[SessionId(session)].ends[end].import = policy(terms);
        }
    };
    // Customers before peers before providers; what is marked as backup comes last.
    let marked =
        PolicyTerm { matches: RouteMatch { communities: vec![backup], ..RouteMatch::everything() }, ..all(prefer(50)) };
    ends(&mut network, PRIMARY, 1, Some(vec![all(prefer(200))]));
    ends(&mut network, BACKUP, 1, Some(vec![marked, all(prefer(200))]));
    // 2 learns from its provider 3; 3 from its customer 2, and from its peer 1.
    ends(&mut network, 2, 0, Some(vec![all(prefer(90))]));
    ends(&mut network, 2, 1, Some(vec![all(prefer(200))]));
    ends(&mut network, 3, 0, Some(vec![all(prefer(100))]));
    ends(&mut network, 3, 1, Some(vec![all(prefer(100))]));
    let mark = RouteChanges { add_communities: vec![backup], ..RouteChanges::default() };
    network.sessions[SessionId(BACKUP)].ends[0].export = policy(vec![all(mark)]);
    // What 2 tells its provider 3 of its customer leaves without the mark.
    let unmark = RouteChanges { remove_communities: vec![backup], ..RouteChanges::default() };
    network.sessions[SessionId(2)].ends[0].export = policy(vec![all(unmark)]);
    let mut fabric = Fabric::new(network, 3);
    (0..4).for_each(|router| fabric.forward(router, destination, Installed::Yes));
    fabric.up(PRIMARY);
    fabric.up(2);
    fabric.up(3);
    fabric.run_until(at(100));
    fabric.up(BACKUP);
    fabric.run_until(at(200));
    (fabric, destination)
}

#[test]
fn a_wedgie_stays_in_the_unintended_state_until_the_backup_session_is_reset() {
    let (mut fabric, destination) = wedgie();
    // Intended: all traffic by the primary, 2 by way of 3.
    assert_eq!(next_systems(&fabric, destination), [0, 3, 1]);
    fabric.down(PRIMARY, Lost::Carrier);
    fabric.run_until(at(300));
    assert_eq!(next_systems(&fabric, destination), [3, 0, 2], "the backup carries it");
    fabric.up(PRIMARY);
    fabric.run_until(at(400));
    // RFC 4264 section 3: 3 prefers its customer's route, so 2 never hears of the primary again.
    assert_eq!(next_systems(&fabric, destination), [0, 0, 2], "wedged");
    fabric.down(PRIMARY, Lost::Carrier);
    fabric.run_until(at(500));
    fabric.up(PRIMARY);
    fabric.run_until(at(600));
    assert_eq!(next_systems(&fabric, destination), [0, 0, 2], "resetting the primary does not help");
    fabric.down(BACKUP, Lost::Carrier);
    fabric.run_until(at(700));
    fabric.up(BACKUP);
    fabric.run_until(at(800));
    assert_eq!(next_systems(&fabric, destination), [0, 3, 1], "as intended");
}

/// A wedgie of more parties (RFC 4264 section 4): customer 0 has a primary provider 1 and two backup providers, 2 and 4, both customers of 3; 1 and 3
/// are peers.
fn two_backups() -> (Fabric, DestinationId) {
    let (mut network, destination) = fixture::systems(5);
    let community = Community(65000 << 16 | 80);
    let prefer = |local_pref| RouteChanges { local_pref: Some(local_pref), ..RouteChanges::default() };
    let all = |changes| PolicyTerm {
        matches: RouteMatch::everything(),
        changes,
        verdict: TermVerdict::Final(Ruling::Accept),
    };
    let policy = |terms| Arc::new(RoutePolicy { name: String::new(), terms, otherwise: Ruling::Accept });
    let customer = || {
        let backup = RouteMatch { communities: vec![community], ..RouteMatch::everything() };
        policy(vec![PolicyTerm { matches: backup, ..all(prefer(50)) }, all(prefer(200))])
    };
    let mark = policy(vec![all(RouteChanges { add_communities: vec![community], ..RouteChanges::default() })]);
    let unmark = policy(vec![all(RouteChanges { remove_communities: vec![community], ..RouteChanges::default() })]);
    // Each with its customer first.
    for ends in [[0, 1], [0, 2], [0, 4], [2, 3], [4, 3], [1, 3]] {
        let id = fixture::peering(&mut network, ends, AWS);
        let session = &mut network.sessions[id];
        if ends == [1, 3] {
            session.ends.iter_mut().for_each(|end| end.import = policy(vec![all(prefer(100))]));
            continue;
        }
        session.ends[1].import = customer();
        session.ends[0].import = policy(vec![all(prefer(90))]);
        match ends {
            [0, 2 | 4] => session.ends[0].export = Arc::clone(&mark),
            [2 | 4, 3] => session.ends[0].export = Arc::clone(&unmark),
            _ => {}
        }
    }
    let mut fabric = Fabric::new(network, 3);
    (0..5).for_each(|router| fabric.forward(router, destination, Installed::Yes));
    [PRIMARY, 3, 4, 5].into_iter().for_each(|session| fabric.up(session));
    fabric.run_until(at(100));
    [1, 2].into_iter().for_each(|session| fabric.up(session));
    fabric.run_until(at(200));
    (fabric, destination)
}

#[test]
fn of_two_backups_only_the_reset_of_the_one_in_use_ends_the_wedgie() {
    // Systems 1 to 4. Intended: all traffic by the primary. Wedged: 3 stays with its customer 2, whose route 4 prefers to
    // its own backup, so 4 has told 3 nothing.
    let (intended, wedged) = ([0, 3, 1, 3], [0, 0, 2, 3]);
    for (reset, then) in [(PRIMARY, wedged), (2, wedged), (1, intended)] {
        let (mut fabric, destination) = two_backups();
        assert_eq!(next_systems(&fabric, destination), intended);
        for (round, session, expected) in [(0, PRIMARY, wedged), (1, reset, then)] {
            fabric.down(session, Lost::Carrier);
            fabric.run_until(at(300 + 200 * round));
            fabric.up(session);
            fabric.run_until(at(400 + 200 * round));
            assert_eq!(next_systems(&fabric, destination), expected, "after session {session}");
        }
    }
}
