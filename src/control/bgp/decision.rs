//! Which routes to a destination are used (RFC 4271 9.1.2.2), and why.

use std::net::IpAddr;
use std::sync::Arc;

use crate::ids::SessionId;
use crate::message::PathAttributes;

/// Whether a peer belongs to another autonomous system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peering {
    /// eBGP: preferred.
    External,
    /// iBGP.
    Internal,
}

/// A route that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) session: SessionId,
    pub(super) attributes: Arc<PathAttributes>,
    pub(super) peering: Peering,
    /// Links to the peer inside the provider; 0 for an external one.
    pub(super) interior_cost: u32,
    /// ORIGINATOR_ID where there is one (RFC 4456 section 9), else the peer's BGP identifier.
    pub(super) identifier: u32,
    pub(super) address: IpAddr,
}

/// The step that decided, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// There was only one route.
    Only,
    /// Higher LOCAL_PREF (RFC 4271 9.1.1).
    LocalPreference,
    /// Shorter AS_PATH (9.1.2.2 a).
    AsPathLength,
    /// Lower ORIGIN (b).
    Origin,
    /// Lower MULTI_EXIT_DISC among routes of the same neighbouring AS (c).
    Med,
    /// eBGP before iBGP (d).
    ExternalOverInternal,
    /// Lower interior cost (e).
    InteriorCost,
    /// Lower BGP identifier (f).
    Identifier,
    /// Shorter CLUSTER_LIST (RFC 4456 section 9).
    ClusterList,
    /// Lower peer address (g).
    PeerAddress,
}

/// The outcome for one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selection {
    /// The single best route, which is announced.
    pub(super) best: Candidate,
    /// All routes in use, in order of session.
    pub(super) multipath: Vec<SessionId>,
    /// The last step that ruled a route out.
    pub(super) reason: Reason,
}

/// Selects among the candidates; `None` when there are none.
///
/// Each step rules out routes that are worse than another one *still in the set*, so the result does not depend on
/// the order of arrival, MED included.
pub(super) fn select(candidates: Vec<Candidate>) -> Option<Selection> {
    select_telling(candidates, &mut |_, _| {})
}

/// As [`select`], and says of every route that is ruled out at which step it was.
pub(super) fn select_telling(
    mut candidates: Vec<Candidate>,
    ruled_out: &mut dyn FnMut(SessionId, Reason),
) -> Option<Selection> {
    let mut reason = Reason::Only;
    let mut take_step = |candidates: &mut Vec<Candidate>, step| rule_out(candidates, step, &mut reason, ruled_out);
    for step in [
        Reason::LocalPreference,
        Reason::AsPathLength,
        Reason::Origin,
        Reason::Med,
        Reason::ExternalOverInternal,
        Reason::InteriorCost,
    ] {
        take_step(&mut candidates, step);
    }
    let mut equal = candidates.clone();
    for step in [Reason::Identifier, Reason::ClusterList, Reason::PeerAddress] {
        take_step(&mut candidates, step);
    }
    // Two sessions between the same addresses cannot be; the session's id keeps the result defined even so.
    let best = candidates.into_iter().min_by_key(|candidate| candidate.session)?;
    equal.retain(|candidate| neighbour(candidate) == neighbour(&best));
    let mut multipath: Vec<_> = equal.iter().map(|candidate| candidate.session).collect();
    multipath.sort_unstable();
    Some(Selection { best, multipath, reason })
}

fn rule_out(
    candidates: &mut Vec<Candidate>,
    step: Reason,
    last: &mut Reason,
    ruled_out: &mut dyn FnMut(SessionId, Reason),
) {
    let rivals = candidates.clone();
    candidates.retain(|candidate| {
        let stays = !rivals.iter().any(|rival| beats(rival, candidate, step));
        if !stays {
            *last = step;
            ruled_out(candidate.session, step);
        }
        stays
    });
}

/// Whether `rival` is better than `candidate` at this step alone.
fn beats(rival: &Candidate, candidate: &Candidate, step: Reason) -> bool {
    let (ours, theirs) = (&candidate.attributes, &rival.attributes);
    match step {
        Reason::Only => false,
        Reason::LocalPreference => theirs.local_pref.unwrap_or(0) > ours.local_pref.unwrap_or(0),
        Reason::AsPathLength => theirs.as_path.len() < ours.as_path.len(),
        Reason::Origin => theirs.origin < ours.origin,
        Reason::Med => neighbour(rival) == neighbour(candidate) && theirs.med.unwrap_or(0) < ours.med.unwrap_or(0),
        Reason::ExternalOverInternal => rival.peering < candidate.peering,
        Reason::InteriorCost => rival.interior_cost < candidate.interior_cost,
        Reason::ClusterList => theirs.cluster_list.len() < ours.cluster_list.len(),
        Reason::Identifier => rival.identifier < candidate.identifier,
        Reason::PeerAddress => rival.address < candidate.address,
    }
}

/// The AS that a route enters first.
fn neighbour(candidate: &Candidate) -> Option<u32> {
    candidate.attributes.as_path.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Origin;

    /// The peers of a comparison of four daemons: name -> (session, peering, id, address).
    fn peer(name: &str) -> (u32, Peering, [u8; 4], &'static str) {
        match name {
            "e1" => (0, Peering::External, [1, 1, 1, 1], "10.1.0.11"),
            "e2" => (1, Peering::External, [1, 1, 1, 2], "10.1.0.12"),
            "e3" => (2, Peering::External, [1, 1, 1, 3], "10.1.0.13"),
            "i1" => (3, Peering::Internal, [1, 1, 1, 4], "10.1.0.14"),
            "i2" => (4, Peering::Internal, [1, 1, 1, 5], "10.1.0.15"),
            "e4" => (5, Peering::External, [0, 1, 1, 1], "10.1.0.16"),
            "e5" => (6, Peering::External, [1, 1, 1, 3], "10.1.0.17"),
            other => panic!("no peer {other}"),
        }
    }

    /// "e1 path=1,2 med=5 lp=200 origin=incomplete"
    fn candidate(text: &str) -> Candidate {
        let mut words = text.split_whitespace();
        let (session, peering, identifier, address) = peer(words.next().unwrap());
        let mut attributes = PathAttributes {
            origin: Origin::Igp,
            as_path: vec![match session {
                1 | 5 => 65002,
                0 | 2 | 3 | 4 | 6 => 65001,
                _ => unreachable!(),
            }],
            local_pref: Some(100),
            ..PathAttributes::default()
        };
        for word in words {
            match word.split_once('=').unwrap() {
                ("path", path) => attributes.as_path = path.split(',').map(|number| number.parse().unwrap()).collect(),
                ("med", value) => attributes.med = value.parse().ok(),
                ("lp", value) => attributes.local_pref = value.parse().ok(),
                ("origin", "incomplete") => attributes.origin = Origin::Incomplete,
                (key, _) => panic!("no attribute {key}"),
            }
        }
        Candidate {
            session: SessionId(session),
            attributes: Arc::new(attributes),
            peering,
            interior_cost: 0,
            identifier: u32::from_be_bytes(identifier),
            address: address.parse().unwrap(),
        }
    }

    #[test]
    fn the_table_of_four_daemons_holds_in_every_order() {
        // Winners with deterministic MED and router-id instead of age: what FRR 8.4.4 (bestpath compare-routerid,
        // deterministic-med), BIRD 2.0.12 and OpenBGPD 7.7 agree on; the reasons follow RFC 4271 9.1.2.2.
        let table: [(&str, &[&str], &str, Reason); 16] = [
            ("as path", &["e1 path=65001,65100,65200", "e2 path=65002,65200"], "e2", Reason::AsPathLength),
            ("origin", &["e1 origin=incomplete", "e2"], "e2", Reason::Origin),
            ("med, same AS", &["e1 med=20", "e3 med=10"], "e3", Reason::Med),
            ("med, other AS", &["e1 med=20", "e2 med=10"], "e1", Reason::Identifier),
            ("med missing", &["e1 med=5", "e3"], "e3", Reason::Med),
            ("local-pref", &["i1 lp=100", "i2 lp=200 path=65001,65100"], "i2", Reason::LocalPreference),
            ("ebgp over ibgp", &["i1", "e1"], "e1", Reason::ExternalOverInternal),
            ("ibgp lp 101", &["e1", "i1 lp=101 path=65001,65100"], "i1", Reason::LocalPreference),
            ("router-id, not age", &["e2", "e1"], "e1", Reason::Identifier),
            ("age agrees", &["e1", "e2"], "e1", Reason::Identifier),
            ("router-id ibgp", &["i2", "i1"], "i1", Reason::Identifier),
            ("peer address", &["e5", "e3"], "e3", Reason::PeerAddress),
            ("med cycle a", &["e1 med=20", "e4 med=100", "e3 med=10"], "e4", Reason::Identifier),
            ("med cycle b", &["e3 med=10", "e4 med=100", "e1 med=20"], "e4", Reason::Identifier),
            ("only", &["e2"], "e2", Reason::Only),
            ("as path before med", &["e1 med=1 path=65001,65100", "e3 med=9"], "e3", Reason::AsPathLength),
        ];
        for (case, routes, winner, reason) in table {
            for order in permutations(routes) {
                let selection = select(order.iter().map(|text| candidate(text)).collect()).unwrap();
                assert_eq!(selection.best.session, SessionId(peer(winner).0), "{case} {order:?}");
                assert_eq!(selection.reason, reason, "{case} {order:?}");
            }
        }
        assert_eq!(select(Vec::new()), None);
    }

    #[test]
    fn multipath_takes_equals_of_one_neighbouring_as() {
        let set = |routes: &[&str]| select(routes.iter().map(|text| candidate(text)).collect()).unwrap().multipath;
        assert_eq!(set(&["e3", "e1"]), [SessionId(0), SessionId(2)]);
        // FRR step 11 without multipath-relax: the other AS stays out.
        assert_eq!(set(&["e1", "e2", "e3"]), [SessionId(0), SessionId(2)]);
        assert_eq!(set(&["e1 med=1", "e3 med=2"]), [SessionId(0)]);
        assert_eq!(set(&["i2", "i1"]), [SessionId(3), SessionId(4)]);
    }

    fn permutations<'a>(items: &[&'a str]) -> Vec<Vec<&'a str>> {
        if items.is_empty() {
            return vec![Vec::new()];
        }
        let mut all = Vec::new();
        for (index, first) in items.iter().enumerate() {
            let rest: Vec<_> = items[..index].iter().chain(&items[index + 1..]).copied().collect();
            all.extend(permutations(&rest).into_iter().map(|mut tail| {
                tail.insert(0, *first);
                tail
            }));
        }
        all
    }
}
