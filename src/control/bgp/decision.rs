//! Which routes to a destination are used (RFC 4271 9.1.2.2), and why.

use std::net::IpAddr;
use std::sync::Arc;

use crate::ids::SessionId;
use crate::message::PathAttributes;
use crate::network::{Age, DecisionRules, MedComparison, Multipath};

/// Whether a peer belongs to another autonomous system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peering {
    /// eBGP: preferred.
    External,
    /// iBGP.
    Internal,
}

/// Whether a route was the best one until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    InUse,
    Spare,
}

/// A route that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) session: SessionId,
    pub(super) attributes: Arc<PathAttributes>,
    pub(super) peering: Peering,
    /// Links to the peer inside the provider; 0 for an external one.
    pub(super) interior_cost: u32,
    /// Number of the UPDATE that brought it, counted by the speaker: the lower, the older.
    pub(super) age: u64,
    /// Whether it is the one that was chosen last.
    pub(super) standing: Standing,
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
    /// Learned earlier, between two routes of other systems; no step of RFC 4271, but of most implementations.
    Age,
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
    /// Who brought each into the provider, where that was another router than the peer (`ORIGINATOR_ID`).
    pub(super) originators: Vec<Option<u32>>,
    /// The last step that ruled a route out.
    pub(super) reason: Reason,
}

/// Selects among the candidates; `None` when there are none.
///
/// Each step rules out routes that are worse than another one *still in the set*, so the result does not depend on
/// the order of arrival, MED included, unless age counts.
pub(super) fn select(candidates: Vec<Candidate>, rules: DecisionRules) -> Option<Selection> {
    select_telling(candidates, rules, &mut |_, _| {})
}

/// As [`select`], and says of every route that is ruled out at which step it was.
pub(super) fn select_telling(
    mut candidates: Vec<Candidate>,
    rules: DecisionRules,
    ruled_out: &mut dyn FnMut(SessionId, Reason),
) -> Option<Selection> {
    if let [_] = candidates.as_slice() {
        let best = candidates.pop()?;
        let (multipath, originators) = (vec![best.session], vec![best.attributes.originator]);
        return Some(Selection { best, multipath, originators, reason: Reason::Only });
    }
    let mut reason = Reason::Only;
    let mut take_step =
        |candidates: &mut Vec<Candidate>, step| rule_out(candidates, step, rules, &mut reason, ruled_out);
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
    for step in [Reason::Age, Reason::Identifier, Reason::ClusterList, Reason::PeerAddress] {
        take_step(&mut candidates, step);
    }
    // Two sessions between the same addresses cannot be; the session's id keeps the result defined even so.
    let best = candidates.into_iter().min_by_key(|candidate| candidate.session)?;
    equal.retain(|candidate| match rules.multipath {
        Multipath::Off => candidate.session == best.session,
        Multipath::SameNeighbour => neighbour(candidate) == neighbour(&best),
        Multipath::AnyNeighbour => true,
    });
    equal.sort_unstable_by_key(|candidate| candidate.session);
    let multipath = equal.iter().map(|candidate| candidate.session).collect();
    let originators = equal.iter().map(|candidate| candidate.attributes.originator).collect();
    Some(Selection { best, multipath, originators, reason })
}

fn rule_out(
    candidates: &mut Vec<Candidate>,
    step: Reason,
    rules: DecisionRules,
    last: &mut Reason,
    ruled_out: &mut dyn FnMut(SessionId, Reason),
) {
    let rivals = candidates.clone();
    candidates.retain(|candidate| {
        let stays = !rivals.iter().any(|rival| beats(rival, candidate, step, rules));
        if !stays {
            *last = step;
            ruled_out(candidate.session, step);
        }
        stays
    });
}

/// Whether `rival` is better than `candidate` at this step alone.
fn beats(rival: &Candidate, candidate: &Candidate, step: Reason, rules: DecisionRules) -> bool {
    let (ours, theirs) = (&candidate.attributes, &rival.attributes);
    match step {
        Reason::Only => false,
        Reason::LocalPreference => theirs.local_pref.unwrap_or(0) > ours.local_pref.unwrap_or(0),
        Reason::AsPathLength => theirs.as_path.len() < ours.as_path.len(),
        Reason::Origin => theirs.origin < ours.origin,
        Reason::Med => {
            let comparable = match rules.med {
                MedComparison::SameNeighbour => neighbour(rival) == neighbour(candidate),
                MedComparison::Always => true,
            };
            comparable && theirs.med.unwrap_or(0) < ours.med.unwrap_or(0)
        }
        Reason::ExternalOverInternal => rival.peering < candidate.peering,
        Reason::Age => {
            let external = [rival, candidate].iter().all(|one| one.peering == Peering::External);
            let older = match rules.age {
                Age::Ignored => false,
                Age::OlderFirst => rival.age < candidate.age,
                Age::InUseFirst => rival.standing == Standing::InUse,
            };
            external && older && rival.session != candidate.session
        }
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
