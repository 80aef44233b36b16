//! What fails together: ducts, line cards, power feeds.

use crate::ids::{CardId, DuctId, FacilityId, FeedId, Id, LinkId, RouterId};
use crate::network::{Card, Duct, Feed, Members, Wires};
use crate::scenario::file::{FailureTable, RouterTable};
use crate::scenario::read::peek;
use crate::scenario::resolve::{Names, Resolver};
use crate::scenario::source::join;

impl Resolver<'_> {
    /// The feeds that routers hang on, by building and name.
    pub(in crate::scenario::resolve) fn feeds(&mut self) {
        let mut feeds: Vec<(FacilityId, String)> = Vec::new();
        for (name, table) in self.file.routers.iter().filter(|(_, table)| table.feeds.is_some()) {
            let place = join(&join("routers", name), "feeds");
            let names = self.reader.list(&place, &table.feeds, "[\"a\", \"b\"]");
            let facility = peek(&table.facility)
                .and_then(|facility| self.names.facilities.binary_search_by(|known| known.as_str().cmp(facility)).ok());
            match facility {
                Some(index) => feeds.extend(names.into_iter().map(|name| (FacilityId::from_index(index), name))),
                None => self.reader.error(place, "stands without a facility", "write facility = \"...\", too"),
            }
        }
        feeds.sort_unstable();
        feeds.dedup();
        self.network.feeds = feeds.into_iter().map(|(facility, name)| Feed { name, facility }).collect();
    }

    /// The feeds of one router.
    pub(in crate::scenario::resolve) fn feeds_of(
        &self,
        facility: Option<FacilityId>,
        table: &RouterTable,
    ) -> Vec<FeedId> {
        let written = crate::scenario::read::peek_list(&table.feeds).unwrap_or_default();
        let names: Vec<&str> = written.iter().filter_map(toml::Value::as_str).collect();
        let is_one =
            |feed: &&(FeedId, &Feed)| Some(feed.1.facility) == facility && names.contains(&feed.1.name.as_str());
        let feeds: Vec<(FeedId, &Feed)> = self.network.feeds.enumerate().collect();
        feeds.iter().filter(is_one).map(|(id, _)| *id).collect()
    }

    /// Ducts and cards, once links are known.
    pub(in crate::scenario::resolve) fn ducts_and_cards(&mut self) {
        self.names.ducts = super::super::names_of(&self.file.ducts);
        for (name, table) in &self.file.ducts {
            let place = join(&join("ducts", name), "links");
            let mut links: Vec<LinkId> = Vec::new();
            for link in self.reader.list(&place, &table.links, "[\"l1\", \"l2\"]") {
                links.extend(self.named::<LinkId>(&place, &link, "link", |n: &Names| &n.links));
            }
            links.sort_unstable();
            links.dedup();
            if links.is_empty() && table.links.is_some() {
                self.reader.error(&place, "names no link", "name at least one");
            }
            self.network.ducts.push(Duct { name: name.clone(), links });
        }
        self.names.cards = super::super::names_of(&self.file.cards);
        for (name, table) in &self.file.cards {
            let place = join("cards", name);
            let router: Option<RouterId> =
                self.refer(&join(&place, "router"), &table.router, "router", |n: &Names| &n.routers);
            let at = join(&place, "ports");
            let mut ports = Vec::new();
            for port in self.reader.list(&at, &table.ports, "[\"l1\", \"l2 member 0\"]") {
                ports.extend(self.port_on_card(&at, router, &port));
            }
            if ports.is_empty() && table.ports.is_some() {
                self.reader.error(&at, "names no port", "name a link, or a member of one: \"l1 member 0\"");
            }
            self.network.cards.push(Card { name: name.clone(), router: router.unwrap_or(RouterId(0)), ports });
        }
    }

    /// "l1" is all of the router's ports on the link, "l1 member 0" one.
    fn port_on_card(&mut self, place: &str, router: Option<RouterId>, text: &str) -> Option<Wires> {
        let (name, member) = match text.rsplit_once(" member ") {
            Some((name, member)) => (name, Some(member)),
            None => (text, None),
        };
        let link: LinkId = self.named(place, name, "link", |n: &Names| &n.links)?;
        let (count, ends) = (self.links[link.index()].members, self.links[link.index()].ends?);
        if !router.is_some_and(|router| ends.contains(&router)) {
            self.reader.error(place, format!("{name:?} does not end at the card's router"), "name a link that does");
            return None;
        }
        let members = match member.map(str::parse::<usize>) {
            None => Members::All,
            Some(Ok(member)) if member < count => Members::One(member),
            Some(_) => {
                let message = format!("{text:?} is no member of {name}");
                self.reader.error(place, message, format!("members are counted from 0, and there are {count}"));
                return None;
            }
        };
        Some(Wires { members, ..Wires::all(link) })
    }

    pub(super) fn failing_duct(&mut self, place: &str, table: &FailureTable) -> Option<DuctId> {
        self.refer(&join(place, "duct"), &table.duct, "duct", |n: &Names| &n.ducts)
    }

    pub(super) fn failing_card(&mut self, place: &str, table: &FailureTable) -> Option<CardId> {
        self.refer(&join(place, "card"), &table.card, "card", |n: &Names| &n.cards)
    }

    pub(super) fn failing_feed(&mut self, place: &str, table: &FailureTable) -> Option<FeedId> {
        let at = join(place, "facility");
        let facility: FacilityId = self.refer(&at, &table.facility, "facility", |n: &Names| &n.facilities)?;
        let at = join(place, "feed");
        let name = self.reader.text(&at, &table.feed, "a")?.to_owned();
        let there: Vec<(FeedId, &Feed)> =
            self.network.feeds.enumerate().filter(|(_, feed)| feed.facility == facility).collect();
        let found = there.iter().find(|(_, feed)| feed.name == name).map(|(id, _)| *id);
        if found.is_none() {
            let known: Vec<String> = there.iter().map(|(_, feed)| feed.name.clone()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            self.reader.dangling(&at, &name, "feed", &known);
        }
        found
    }
}
