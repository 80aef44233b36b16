//! Scripted changes.

use super::links::LinkDraft;
use super::{Names, Resolver};
use crate::ids::{Id, LinkId, RouterId};
use crate::network::{Change, ChangeKind, FormerKey, Maintenance, Purchase, Way};
use crate::scenario::file::{ChangeTable, Leaf};
use crate::scenario::read::peek;
use crate::scenario::source::{item_place, join};
use crate::units::Span;

/// Kinds of changes that operators of routers make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    GracefulShutdown,
    Policies,
}

impl Resolver<'_> {
    pub(super) fn changes(&mut self) {
        let mut changes: Vec<Change> = Vec::new();
        for (index, table) in self.file.changes.iter().enumerate() {
            let place = item_place("changes", index, peek(&table.name));
            let name = self.reader.text(&join(&place, "name"), &table.name, "upgrade").unwrap_or_default().to_owned();
            if changes.iter().any(|other| other.name == name) {
                self.reader.error(join(&place, "name"), "another change has this name", "give it another");
            }
            let at = self.reader.span_or_zero(&join(&place, "at"), &table.at, "30 s");
            if at >= self.network.horizon && table.at.is_some() {
                let message = format!("{at} is not before the end of the run at {}", self.network.horizon);
                self.reader.error(join(&place, "at"), message, "change earlier, or make the horizon longer");
            }
            if table.kind.is_some() {
                changes.extend(self.operation(&place, table, &name, at));
            } else if table.rotate_keys.is_some() {
                changes.extend(self.rotation(&place, table, &name, at));
            } else if let Some(kind) = self.change_kind(&place, table) {
                changes.push(Change { name, at, kind });
            }
        }
        // At one instant they happen in the order of their names.
        changes.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
        self.network.changes = changes;
    }

    /// The channels of an interconnect get new keys one after another, in order of name, with a time to bake between two
    /// of them. The provider that manages a channel's keys has each first; they take turns.
    fn rotation(&mut self, place: &str, table: &ChangeTable, name: &str, at: Span) -> Vec<Change> {
        let others = [&table.connection, &table.link, &table.bandwidth, &table.rate];
        if others.into_iter().any(Option::is_some) {
            self.reader.error(place, "rotates keys and changes something else", "write two [[changes]]");
        }
        let at_keys = join(place, "rotate_keys");
        let interconnect = self.refer(&at_keys, &table.rotate_keys, "interconnect", |n: &Names| &n.interconnects);
        let bake = self.reader.span_or_zero(&join(place, "bake"), &table.bake, "2 h");
        let delay = self.reader.span_or_zero(&join(place, "delay"), &table.delay, "1 s");
        let words = [("kept", FormerKey::Kept), ("forgotten", FormerKey::Forgotten)];
        let former = self.reader.word(&join(place, "former_key"), &table.former_key, &words);
        let Some(interconnect) = interconnect else { return Vec::new() };
        let of_it = |(_, draft): &(usize, &LinkDraft)| draft.interconnect == Some(interconnect);
        let channels = self.links.iter().enumerate().filter(of_it);
        let (keyed, others): (Vec<_>, Vec<_>) = channels.partition(|(_, draft)| draft.has_mka());
        let channels: Vec<LinkId> = keyed.into_iter().map(|(index, _)| LinkId::from_index(index)).collect();
        if !others.is_empty() || channels.is_empty() {
            let remedy = "write key_agreement = \"mka\" under macsec of each channel";
            self.reader.error(at_keys, "has channels whose keys are not agreed by MKA", remedy);
        }
        let mut changes = Vec::new();
        for (turn, link) in channels.into_iter().enumerate() {
            let begin = at + bake.times(turn as u64);
            let manager = turn % 2;
            for (end, at) in [(manager, begin), (1 - manager, begin + delay)] {
                changes.push(Change { name: name.to_owned(), at, kind: ChangeKind::NewKey { link, end, former } });
            }
        }
        let last = changes.iter().map(|change| change.at).max().unwrap_or(at);
        if last >= self.network.horizon {
            let message = format!("the last channel is due at {last}, after the end of the run");
            self.reader.warning(join(place, "bake"), message, "bake less long, or make the horizon longer");
        }
        changes
    }

    /// What the operator of a router does.
    fn operation(&mut self, place: &str, table: &ChangeTable, name: &str, at: Span) -> Vec<Change> {
        let others = [&table.connection, &table.link, &table.bandwidth, &table.rate, &table.rotate_keys];
        if others.into_iter().any(Option::is_some) {
            self.reader.error(place, "is of a kind and changes something else", "write two [[changes]]");
        }
        self.not_of_rotation(place, table);
        let words = [("graceful_shutdown", Operation::GracefulShutdown), ("policies", Operation::Policies)];
        match self.reader.word(&join(place, "kind"), &table.kind, &words) {
            Operation::GracefulShutdown => {
                self.only_with_a_kind(
                    place,
                    [("peer", &table.peer), ("import", &table.import), ("export", &table.export)],
                );
                self.graceful_shutdown(place, table, name, at)
            }
            Operation::Policies => {
                self.only_with_a_kind(place, [("lasts", &table.lasts)]);
                self.other_policies(place, table, name, at)
            }
        }
    }

    /// Keys that another kind of change reads.
    fn only_with_a_kind<const COUNT: usize>(&mut self, place: &str, leaves: [(&str, &Leaf); COUNT]) {
        for (key, leaf) in leaves {
            if leaf.is_some() {
                let remedy =
                    "kind = \"graceful_shutdown\" has router and lasts, \"policies\" router, peer, import and export";
                self.reader.error(join(place, key), "is not read by this change", remedy);
            }
        }
    }

    /// Other policies for the sessions of a router with another one.
    fn other_policies(&mut self, place: &str, table: &ChangeTable, name: &str, at: Span) -> Vec<Change> {
        let router: Option<RouterId> = self.refer(&join(place, "router"), &table.router, "router", |n| &n.routers);
        let peer: Option<RouterId> = self.refer(&join(place, "peer"), &table.peer, "router", |n| &n.routers);
        let import = self.named_policy(&join(place, "import"), &table.import);
        let export = self.named_policy(&join(place, "export"), &table.export);
        if table.import.is_none() && table.export.is_none() {
            self.reader.error(place, "changes no policy", "name import or export, or both");
        }
        let (Some(router), Some(peer)) = (router, peer) else { return Vec::new() };
        vec![Change { name: name.to_owned(), at, kind: ChangeKind::Policies { router, peer, import, export } }]
    }

    /// Policies belong to sessions; known once sessions are.
    pub(super) fn changing_sessions(&mut self) {
        for (index, table) in self.file.changes.iter().enumerate() {
            let place = item_place("changes", index, peek(&table.name));
            let change = self.network.changes.iter().find(|known| Some(known.name.as_str()) == peek(&table.name));
            if let Some(ChangeKind::Policies { router, peer, .. }) = change.map(|change| &change.kind)
                && self.network.sessions_between([*router, *peer]).is_empty()
            {
                let message = "there is no session between the two";
                self.reader.error(join(&place, "peer"), message, "name two routers that have a BGP session");
            }
        }
    }

    /// Its begin, and its end when it has one.
    fn graceful_shutdown(&mut self, place: &str, table: &ChangeTable, name: &str, at: Span) -> Vec<Change> {
        let router: Option<RouterId> = self.refer(&join(place, "router"), &table.router, "router", |n| &n.routers);
        let lasts = table.lasts.as_ref().and_then(|_| self.reader.span(&join(place, "lasts"), &table.lasts, "10 min"));
        let Some(router) = router else { return Vec::new() };
        let change = |at, maintenance| {
            let kind = ChangeKind::GracefulShutdown { router, maintenance };
            Change { name: name.to_owned(), at, kind }
        };
        let end = lasts.map(|lasts| change(at + lasts, Maintenance::Ends));
        std::iter::once(change(at, Maintenance::Begins)).chain(end).collect()
    }

    /// Keys of rotations stand with rotations only.
    fn not_of_rotation(&mut self, place: &str, table: &ChangeTable) {
        for (key, leaf) in [("bake", &table.bake), ("delay", &table.delay), ("former_key", &table.former_key)] {
            if leaf.is_some() {
                self.reader.error(join(place, key), "is read only with rotate_keys", "leave it out");
            }
        }
    }

    fn change_kind(&mut self, place: &str, table: &ChangeTable) -> Option<ChangeKind> {
        self.not_of_rotation(place, table);
        let of_kinds = [
            ("router", &table.router),
            ("lasts", &table.lasts),
            ("peer", &table.peer),
            ("import", &table.import),
            ("export", &table.export),
        ];
        self.only_with_a_kind(place, of_kinds);
        let remedy = "name a connection with its bandwidth, a link with its rate, or rotate_keys of an interconnect";
        match (&table.connection, &table.link) {
            (Some(_), None) => {
                if table.rate.is_some() {
                    self.reader.error(
                        join(place, "rate"),
                        "is not read with a connection",
                        "write bandwidth = \"...\"",
                    );
                }
                let at = join(place, "connection");
                let connection = self.refer(&at, &table.connection, "connection", |n: &Names| &n.connections);
                let rate = self.reader.quantity(&join(place, "bandwidth"), &table.bandwidth, "5 Gbps");
                let purchase = Purchase { rate: rate?, way: Way::InPlace };
                Some(ChangeKind::Bandwidth { connection: connection?, purchase })
            }
            (None, Some(_)) => {
                if table.bandwidth.is_some() {
                    self.reader.error(join(place, "bandwidth"), "is not read with a link", "write rate = \"...\"");
                }
                let link: Option<LinkId> = self.refer(&join(place, "link"), &table.link, "link", |n: &Names| &n.links);
                let rate = self.link_rate(&join(place, "rate"), &table.rate);
                Some(ChangeKind::LinkRate { link: link?, rate: rate? })
            }
            (Some(_), Some(_)) => {
                self.reader.error(place, "names a connection and a link", remedy);
                None
            }
            (None, None) => {
                self.reader.error(place, "changes nothing", remedy);
                None
            }
        }
    }
}
