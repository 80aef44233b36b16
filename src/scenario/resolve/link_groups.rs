//! `[link_groups.x]`: peering links that one SLA holds for.

use super::{Names, Resolver};
use crate::ids::{Id, LinkId, ProviderId};
use crate::network::{LinkGroup, Measure, SlaRule};
use crate::scenario::file::LinkGroupTable;
use crate::scenario::read::peek_list;
use crate::scenario::source::join;

impl Resolver<'_> {
    /// Links are read, and the rules known.
    pub(super) fn link_groups(&mut self, known: &[SlaRule]) {
        for (name, table) in &self.file.link_groups {
            let place = join("link_groups", name);
            let sold = self.links_of_group(&join(&place, "links"), table);
            let rule = self.rule_of_group(&place, table, known);
            let price = self.optional(&join(&place, "price"), &table.price, "0.30 USD/h");
            if let (Some((links, providers)), Some(rule)) = (sold, rule) {
                let group = LinkGroup { name: name.clone(), providers, links, rule, price };
                self.network.link_groups.push(group);
            }
        }
    }

    fn rule_of_group(&mut self, place: &str, table: &LinkGroupTable, known: &[SlaRule]) -> Option<SlaRule> {
        let at = join(place, "rule");
        let name = self.reader.text(&at, &table.rule, "aws-direct-connect")?;
        let mut rule = self.known_rule(&at, name, known)?;
        if let Some(target) = self.optional(&join(place, "target"), &table.target, "99.9%") {
            rule = rule.promising(target);
        }
        match rule.measure {
            Measure::Paths => Some(rule),
            Measure::Packets => {
                let message = format!("{name:?} counts packets, and none belongs to a group of links");
                self.reader.error(at, message, "name a rule that judges paths, such as \"aws-direct-connect\"");
                None
            }
        }
    }

    /// The links, in id order, and the two providers that they join.
    fn links_of_group(&mut self, place: &str, table: &LinkGroupTable) -> Option<(Vec<LinkId>, [ProviderId; 2])> {
        let names = self.reader.list(place, &table.links, "[\"dx-a\", \"dx-b\"]");
        if peek_list(&table.links).is_some_and(<[_]>::is_empty) {
            self.reader.error(place, "names no link", "name at least one peering link");
        }
        let mut links: Vec<LinkId> = Vec::new();
        let mut joined: Option<[ProviderId; 2]> = None;
        for name in &names {
            let Some(link) = self.named::<LinkId>(place, name, "link", |n: &Names| &n.links) else { continue };
            if links.contains(&link) {
                self.reader.error(place, format!("names {name:?} twice"), "name each link once");
                continue;
            }
            let Some(pair) = self.peering(link) else {
                let message = format!("{name:?} is no link between two providers outside every interconnect");
                self.reader.error(place, message, "name peering links; channels are judged by their connections");
                continue;
            };
            if joined.is_some_and(|joined| joined != pair) {
                let message = format!("{name:?} joins other providers than the links before it");
                self.reader.error(place, message, "make a group of each pair of providers");
                continue;
            }
            joined = Some(pair);
            links.push(link);
        }
        links.sort_unstable();
        joined.map(|pair| (links, pair))
    }

    /// The two providers of a peering link, in order of name; `None` for every other link.
    fn peering(&self, link: LinkId) -> Option<[ProviderId; 2]> {
        let draft = &self.links[link.index()];
        let mut pair = draft.ends?.map(|end| self.network.routers[end].provider);
        pair.sort_unstable();
        (draft.interconnect.is_none() && pair[0] != pair[1]).then_some(pair)
    }
}
