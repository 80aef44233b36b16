//! What each end of a session tells its peer: the operator's policy, and what stands in its way for a while. Whoever
//! changes one of them leaves the others as they are.

use std::sync::Arc;

use crate::control::bgp::Input;
use crate::ids::{LinkId, RouterId, SessionId};
use crate::network::{
    FailureKind, PolicyTerm, RouteChanges, RouteMatch, RoutePolicy, Ruling, Session, SessionKind, TermVerdict,
};
use crate::sim::run::Run;
use crate::units::Community;

/// How far a session of a connection is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Announce {
    /// It is set up and not open yet.
    Nothing,
    /// As the policies of its ends say.
    Routes,
    /// It is about to go (RFC 8326): the peer prefers every other way.
    GracefulShutdown,
}

/// What one end of a session tells its peer.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Export {
    /// The policy that its operator gave it last.
    policy: Arc<RoutePolicy>,
    announce: Announce,
}

impl Export {
    /// Of both ends of a session in use, with the policies of the scenario.
    pub fn of_both_ends(session: &Session) -> [Self; 2] {
        let announce = Announce::Routes;
        session.ends.each_ref().map(|end| Self { policy: Arc::clone(&end.export), announce })
    }
}

impl Run<'_> {
    /// Both ends of a session tell each other nothing, their routes, or worse ones.
    pub fn announce_on(&mut self, session: SessionId, announce: Announce) {
        for end in [0, 1] {
            self.exports[session][end].announce = announce;
            self.speak_export(session, end);
        }
    }

    /// The operator of a router gives a session another export policy.
    pub fn give_export(&mut self, router: RouterId, session: SessionId, policy: &Arc<RoutePolicy>) {
        let end = self.session_end(router, session);
        self.exports[session][end].policy = Arc::clone(policy);
        self.speak_export(session, end);
    }

    /// What sessions over a link tell each other hangs on whether it is costed out.
    pub fn exports_over(&mut self, link: LinkId) {
        for session in self.link_ends[link][0].sessions.clone() {
            [0, 1].into_iter().for_each(|end| self.speak_export(session, end));
        }
    }

    /// A policy was pushed to a router by mistake, or is taken back.
    pub fn exports_change(&mut self, router: RouterId) {
        self.settling.world_changed();
        for (session, configured) in self.network.sessions.enumerate() {
            if !crosses_providers(configured.kind) {
                continue;
            }
            if let Some(end) = configured.ends.iter().position(|end| end.router == router) {
                self.speak_export(session, end);
            }
        }
    }

    fn speak_export(&mut self, session: SessionId, end: usize) {
        let configured = &self.network.sessions[session];
        let router = configured.ends[end].router;
        let pushed = self.pushed_policy(router).filter(|_| crosses_providers(configured.kind));
        let Export { policy, announce } = &self.exports[session][end];
        let policy = pushed.unwrap_or(policy);
        let costed_out =
            self.network.external_link(session).is_some_and(|link| !self.facts.costed_out[link].is_empty());
        let announce = match announce {
            Announce::Routes if costed_out => Announce::GracefulShutdown,
            Announce::Nothing | Announce::Routes | Announce::GracefulShutdown => *announce,
        };
        let export = match announce {
            Announce::Nothing => Arc::new(RoutePolicy { otherwise: Ruling::Reject, ..RoutePolicy::ACCEPT }),
            Announce::Routes => Arc::clone(policy),
            Announce::GracefulShutdown => Arc::new(about_to_go(policy)),
        };
        self.speak(router, Input::Policies { session, import: None, export: Some(export) });
    }

    /// The export policy that a router has by mistake: what was pushed last of what lasts.
    fn pushed_policy(&self, of: RouterId) -> Option<&Arc<RoutePolicy>> {
        self.facts.lasting.iter().rev().find_map(|failure| {
            let FailureKind::PolicyPush { routers, policy } = &self.network.failures[*failure].kind else {
                return None;
            };
            routers.contains(&of).then_some(policy)
        })
    }
}

const fn crosses_providers(kind: SessionKind) -> bool {
    match kind {
        SessionKind::External(_) | SessionKind::Peering(_) => true,
        SessionKind::Internal(_) => false,
    }
}

/// A policy whose routes carry GRACEFUL_SHUTDOWN.
fn about_to_go(policy: &RoutePolicy) -> RoutePolicy {
    let changes = RouteChanges { add_communities: vec![Community::GRACEFUL_SHUTDOWN], ..RouteChanges::default() };
    let tag = PolicyTerm { matches: RouteMatch::everything(), changes, verdict: TermVerdict::Next };
    let mut tagged = policy.clone();
    tagged.terms.insert(0, tag);
    tagged
}
