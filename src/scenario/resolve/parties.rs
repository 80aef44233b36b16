//! Who is responsible: what the scenario says, and what follows from who owns a component.

use super::Resolver;
use crate::ids::{Id, LinkId};
use crate::network::{Charge, Exclusion, Failure, LinkKind, Party, PartyRole};
use crate::scenario::file::{Leaf, LinkTable};
use crate::scenario::read::peek;
use crate::scenario::source::{item_place, join};

impl Resolver<'_> {
    /// Every component's party; all components exist.
    pub(super) fn parties(&mut self) {
        self.parties_of_facilities();
        self.parties_of_routers();
        self.parties_of_links();
        self.parties_of_failures();
    }

    fn parties_of_facilities(&mut self) {
        for (name, table) in &self.file.facilities {
            let place = join(&join("facilities", name), "operator");
            let operator = Party { name: "facility operator".to_owned(), role: PartyRole::FacilityOperator };
            let written = table.operator.as_ref().and_then(|_| self.reader.text(&place, &table.operator, "operator a"));
            let party = written.map_or(operator, |name| Party { name: name.into(), role: PartyRole::FacilityOperator });
            self.network.responsibility.facilities.push(party);
        }
    }

    fn parties_of_routers(&mut self) {
        for name in self.names.routers.clone() {
            let (section, written, default) = if let Some(table) = self.file.routers.get(&name) {
                let index = self.names.routers.binary_search(&name).expect("its own name");
                let provider = self.network.routers[Id::from_index(index)].provider;
                ("routers", &table.responsible, sold_by(self.network.providers[provider].name.clone()))
            } else {
                // An attachment's edge: the customer set it up.
                ("attachments", &self.file.attachments[&name].responsible, Party::customer())
            };
            let place = join(&join(section, &name), "responsible");
            let party = self.party(&place, written).unwrap_or(default);
            self.network.responsibility.routers.push(party);
        }
    }

    fn parties_of_links(&mut self) {
        let mut seen = vec![0usize; self.network.interconnects.len()];
        for id in self.network.links.ids() {
            let link = &self.network.links[id];
            let (kind, ends, name) = (link.kind, link.ends, link.name.clone());
            let table = self.file.links.get(&name).cloned().unwrap_or_default();
            let place = join("links", &name);
            let owner = self.network.responsibility.routers[ends[0]].clone();
            let [mut of_link, mut of_keys] = match kind {
                LinkKind::Channel(interconnect) => {
                    // In turns, so that one provider's mistake hits half of the channels at most.
                    let number = seen[interconnect.index()];
                    seen[interconnect.index()] += 1;
                    let provider = self.network.interconnects[interconnect].providers[number % 2];
                    let manager = sold_by(self.network.providers[provider].name.clone());
                    [manager.clone(), manager]
                }
                LinkKind::Attachment => {
                    let edge =
                        ends.iter().find(|end| self.file.attachments.contains_key(&self.network.routers[**end].name));
                    let party = edge.map_or(owner, |edge| self.network.responsibility.routers[*edge].clone());
                    [party.clone(), party]
                }
                LinkKind::Backbone | LinkKind::Peering => [owner.clone(), owner],
            };
            if let Some(party) = self.party(&join(&place, "responsible"), &table.responsible) {
                of_link = party;
            }
            self.managers(id, kind, &table, [&mut of_link, &mut of_keys]);
            self.network.responsibility.links.push(of_link);
            self.network.responsibility.keys.push(of_keys);
        }
    }

    /// The two managers of a channel, each of which is one of its providers.
    fn managers(&mut self, link: LinkId, kind: LinkKind, table: &LinkTable, parties: [&mut Party; 2]) {
        let place = join("links", &self.network.links[link].name.clone());
        let leaves =
            [("cross_connect_manager", &table.cross_connect_manager), ("macsec_manager", &table.macsec_manager)];
        for ((key, leaf), party) in leaves.into_iter().zip(parties) {
            let Some(written) = self.party(&join(&place, key), leaf) else { continue };
            let LinkKind::Channel(interconnect) = kind else {
                self.reader.error(
                    join(&place, key),
                    "only channels of an interconnect have managers",
                    "write responsible",
                );
                continue;
            };
            let providers = self.network.interconnects[interconnect].providers;
            let names = providers.map(|provider| self.network.providers[provider].name.as_str());
            if names.contains(&written.name.as_str()) {
                *party = written;
            } else {
                let names = names.map(str::to_owned).to_vec();
                let known: Vec<&str> = names.iter().map(String::as_str).collect();
                self.reader.dangling(&join(&place, key), &written.name, "provider of this channel", &known);
            }
        }
    }

    fn parties_of_failures(&mut self) {
        // Whether maintenance was announced early enough is each rule's to say.
        let announced = |failure: &Failure| failure.kind.notice().map(|_| Exclusion::Maintenance);
        let charge = |failure: &Failure| Charge { party: None, excluded: announced(failure) };
        let mut charges: Vec<Charge> = self.network.failures.iter().map(charge).collect();
        let words = [Exclusion::Maintenance, Exclusion::ForceMajeure].map(|exclusion| (exclusion.word(), exclusion));
        for (index, table) in self.file.failures.iter().enumerate() {
            let name = peek(&table.name).unwrap_or_default();
            let place = item_place("failures", index, Some(name));
            let party = self.party(&join(&place, "responsible"), &table.responsible);
            let excluded =
                table.excluded.as_ref().map(|_| self.reader.word(&join(&place, "excluded"), &table.excluded, &words));
            if let Some(at) = self.network.failures.iter().position(|failure| failure.name == name) {
                charges[at] = Charge { party, excluded };
            }
        }
        self.network.responsibility.failures = charges.into_iter().collect();
    }

    /// A party as written: a provider or an operator of a building by its name, the customer, or somebody else.
    fn party(&mut self, place: &str, leaf: &Leaf) -> Option<Party> {
        leaf.as_ref()?;
        let name = self.reader.text(place, leaf, "aws")?.to_owned();
        let facilities = &self.network.responsibility.facilities;
        let role = if self.names.providers.contains(&name) {
            PartyRole::Provider
        } else if name == PartyRole::Customer.word() {
            PartyRole::Customer
        } else if facilities.iter().any(|operator| operator.name == name) {
            PartyRole::FacilityOperator
        } else {
            PartyRole::Carrier
        };
        Some(Party { name, role })
    }
}

const fn sold_by(name: String) -> Party {
    Party { name, role: PartyRole::Provider }
}
