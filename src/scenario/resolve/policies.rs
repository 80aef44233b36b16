//! Routing policies, and the ends of sessions that scenarios name.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;

use super::{Names, Resolver};
use crate::ids::{ConnectionId, ProviderId, RouterId};
use crate::network::{
    AsPathPattern, Destinations, PolicyTerm, RouteChanges, RouteMatch, RoutePolicy, Ruling, Session, SessionKind,
    TermVerdict, WrongPattern,
};
use crate::scenario::file::{BgpTable, Leaf, PolicyTable, SessionTable, TermTable};
use crate::scenario::source::{item_place, join};
use crate::units::Community;

/// A longer path than any in use; prepending more often than this is a slip.
const MOST_PREPENDS: u64 = 50;

/// Ends of sessions, and what is different there.
#[derive(Debug)]
pub(super) struct SessionDraft {
    place: String,
    provider: Option<ProviderId>,
    router: Option<RouterId>,
    peer: Option<RouterId>,
    connection: Option<ConnectionId>,
    bgp: BgpTable,
    import: Option<Arc<RoutePolicy>>,
    export: Option<Arc<RoutePolicy>>,
}

impl SessionDraft {
    /// How many things it names: what names more goes before what names less.
    fn precision(&self) -> usize {
        let ends = [self.router.is_some(), self.peer.is_some(), self.connection.is_some(), self.provider.is_some()];
        ends.into_iter().filter(|named| *named).count()
    }
}

impl Resolver<'_> {
    /// Reads every policy, by name.
    pub(super) fn policies(&mut self) {
        let read: BTreeMap<String, Arc<RoutePolicy>> = (self.file.policies.iter())
            .map(|(name, table)| (name.clone(), Arc::new(self.policy(name, table))))
            .collect();
        self.policies = read;
    }

    fn policy(&mut self, name: &str, table: &PolicyTable) -> RoutePolicy {
        let place = join("policies", name);
        let rulings = [("accept", Ruling::Accept), ("reject", Ruling::Reject)];
        let otherwise = self.reader.word(&join(&place, "otherwise"), &table.otherwise, &rulings);
        let at = join(&place, "terms");
        let terms = table.terms.iter().flatten().enumerate();
        let terms = terms.map(|(index, term)| self.term(&item_place(&at, index, None), term)).collect();
        RoutePolicy { name: name.to_owned(), terms, otherwise }
    }

    fn term(&mut self, place: &str, table: &TermTable) -> PolicyTerm {
        let as_path = match &table.as_path {
            None => AsPathPattern::any(),
            leaf @ Some(_) => self.as_path(&join(place, "as_path"), leaf),
        };
        let matches = RouteMatch {
            destinations: self.matched_prefixes(&join(place, "prefixes"), &table.prefixes),
            communities: self.items(&join(place, "communities"), &table.communities, "[\"65001:80\"]"),
            as_path,
        };
        let mut number =
            |key, leaf: &Leaf, most| leaf.as_ref().map(|_| self.reader.number(&join(place, key), leaf, 0, most));
        let attribute = |value: Option<u64>| value.map(|value| u32::try_from(value).unwrap_or(u32::MAX));
        let local_pref = attribute(number("local_pref", &table.local_pref, u64::from(u32::MAX)));
        let med = attribute(number("med", &table.med, u64::from(u32::MAX)));
        let prepend = attribute(number("prepend", &table.prepend, MOST_PREPENDS)).unwrap_or(0);
        let example = "[\"65001:80\"]";
        let changes = RouteChanges {
            local_pref,
            med,
            prepend,
            add_communities: self.items(&join(place, "add_communities"), &table.add_communities, example),
            remove_communities: self.items(&join(place, "remove_communities"), &table.remove_communities, example),
        };
        let verdicts = [
            ("accept", TermVerdict::Final(Ruling::Accept)),
            ("reject", TermVerdict::Final(Ruling::Reject)),
            ("next", TermVerdict::Next),
        ];
        let verdict = self.reader.word(&join(place, "then"), &table.then, &verdicts);
        if verdict == TermVerdict::Final(Ruling::Reject) && changes != RouteChanges::default() {
            let message = "changes routes that it rejects";
            self.reader.error(place, message, "leave the changes out, or write then = \"accept\" or \"next\"");
        }
        PolicyTerm { matches, changes, verdict }
    }

    fn as_path(&mut self, place: &str, leaf: &Leaf) -> AsPathPattern {
        let text = self.reader.text(place, leaf, "65001 *").unwrap_or("*");
        AsPathPattern::from_str(text).unwrap_or_else(|WrongPattern(word)| {
            let message = format!("{word:?} is no AS number");
            self.reader.error(
                place,
                message,
                "write numbers, \"?\" for any one and \"*\" for any, such as \"65001 *\"",
            );
            AsPathPattern::any()
        })
    }

    /// The destinations within the prefixes of a term.
    fn matched_prefixes(&mut self, place: &str, leaf: &Leaf) -> Destinations {
        if leaf.is_none() {
            return Destinations::All;
        }
        let prefixes: Vec<IpNet> = self
            .reader
            .list(place, leaf, "[\"10.0.0.0/8\"]")
            .into_iter()
            .filter_map(|text| match text.parse() {
                Ok(prefix) => Some(prefix),
                Err(_) => {
                    let message = format!("{text:?} is not a prefix");
                    self.reader.error(place, message, "write for example \"10.0.0.0/16\"");
                    None
                }
            })
            .collect();
        let destinations = self.network.destinations.enumerate();
        let within = destinations.filter(|(_, known)| prefixes.iter().any(|prefix| prefix.contains(&known.prefix)));
        Destinations::Only(within.map(|(id, _)| id).collect())
    }

    fn items(&mut self, place: &str, leaf: &Leaf, example: &str) -> Vec<Community> {
        if leaf.is_none() {
            return Vec::new();
        }
        let mut communities = Vec::new();
        for text in self.reader.list(place, leaf, example) {
            match text.parse() {
                Ok(community) => communities.push(community),
                Err(error) => self.reader.not_a(place, &error),
            }
        }
        communities
    }

    /// Reads `[sessions]`, once everything that they name is known.
    pub(super) fn session_drafts(&mut self) {
        for (name, table) in &self.file.sessions {
            let draft = self.session_draft(&join("sessions", name), table);
            self.sessions.push(draft);
        }
        // What names less is applied first.
        self.sessions.sort_by_key(SessionDraft::precision);
    }

    fn session_draft(&mut self, place: &str, table: &SessionTable) -> SessionDraft {
        if [&table.provider, &table.router, &table.peer, &table.connection].into_iter().all(Option::is_none) {
            let message = "says of no session that it is meant";
            self.reader.error(place, message, "name its router, peer, provider or connection");
        }
        let provider = self.if_named(&join(place, "provider"), &table.provider, "provider", |n| &n.providers);
        let router = self.if_named(&join(place, "router"), &table.router, "router", |n| &n.routers);
        let peer = self.if_named(&join(place, "peer"), &table.peer, "router", |n| &n.routers);
        let connection = self.if_named(&join(place, "connection"), &table.connection, "connection", |n| &n.connections);
        SessionDraft {
            place: place.to_owned(),
            provider,
            router,
            peer,
            connection,
            bgp: table.bgp.clone().unwrap_or_default(),
            import: self.named_policy(&join(place, "import"), &table.import),
            export: self.named_policy(&join(place, "export"), &table.export),
        }
    }

    /// The id that a leaf names, when it is there.
    fn if_named<I: crate::ids::Id>(
        &mut self,
        place: &str,
        leaf: &Leaf,
        kind: &str,
        names: fn(&Names) -> &Vec<String>,
    ) -> Option<I> {
        leaf.as_ref().and_then(|_| self.refer(place, leaf, kind, names))
    }

    pub(super) fn named_policy(&mut self, place: &str, leaf: &Leaf) -> Option<Arc<RoutePolicy>> {
        leaf.as_ref()?;
        let name = self.reader.text(place, leaf, "prefer-backup")?;
        let policy = self.policies.get(name).cloned();
        if policy.is_none() {
            let known: Vec<&str> = self.policies.keys().map(String::as_str).collect();
            self.reader.dangling(place, name, "policy", &known);
        }
        policy
    }

    /// Changes the ends of sessions as `[sessions]` says.
    pub(super) fn apply_session_drafts(&mut self, sessions: &mut [Session]) {
        let mut decided: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for index in 0..self.sessions.len() {
            let mut hits = 0;
            for (number, session) in sessions.iter_mut().enumerate() {
                for end in 0..2 {
                    if !self.is_meant(index, session, end) {
                        continue;
                    }
                    hits += 1;
                    let place = self.sessions[index].place.clone();
                    let before = decided.insert((number, end), index);
                    if let Some(other) =
                        before.filter(|other| self.sessions[*other].precision() == self.sessions[index].precision())
                    {
                        let message = format!(
                            "is about an end of {} that {} is about, too",
                            session.name, self.sessions[other].place
                        );
                        self.reader.error(place, message, "name router, peer or connection in one of them");
                        return;
                    }
                    self.change_end(index, session, end);
                }
            }
            if hits == 0 {
                let place = self.sessions[index].place.clone();
                self.reader.error(place, "is about no session", "name routers that have a BGP session");
            }
        }
    }

    fn is_meant(&self, draft: usize, session: &Session, end: usize) -> bool {
        let draft = &self.sessions[draft];
        let [own, peer] = [session.ends[end].router, session.ends[1 - end].router];
        let connection = match session.kind {
            SessionKind::External(logical) => Some(self.network.logical_links[logical].connection),
            SessionKind::Peering(_) | SessionKind::Internal(_) => None,
        };
        let external = !matches!(session.kind, SessionKind::Internal(_));
        draft.router.is_none_or(|router| router == own)
            && draft.peer.is_none_or(|router| router == peer)
            && draft.connection.is_none_or(|wanted| connection == Some(wanted))
            && draft.provider.is_none_or(|provider| self.network.routers[own].provider == provider)
            // Inside a provider only what is named by its peer.
            && (external || draft.peer.is_some())
    }

    fn change_end(&mut self, draft: usize, session: &mut Session, end: usize) {
        let (table, place) = (self.sessions[draft].bgp.clone(), join(&self.sessions[draft].place, "bgp"));
        let own = &mut session.ends[end];
        let provider = self.network.routers[own.router].provider;
        let base = super::control_plane::BgpDraft::of(own, &self.bgp[provider]);
        self.bgp(&place, &table, base).apply(own);
        let draft = &self.sessions[draft];
        if let Some(policy) = &draft.import {
            own.import = Arc::clone(policy);
        }
        if let Some(policy) = &draft.export {
            own.export = Arc::clone(policy);
        }
    }
}
