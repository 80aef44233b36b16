//! Where a connection is carried when its bandwidth changes: where it is while that has room, else on another interconnect.

use std::collections::BTreeMap;

use super::Resolver;
use crate::ids::{ConnectionId, Id, InterconnectId, LinkId};
use crate::network::{ChangeKind, Purchase, Way};
use crate::scenario::source::join;

impl Resolver<'_> {
    /// Places every bandwidth that is bought, in order of time; returns the channels that connections need beside
    /// those of their own interconnects.
    pub(super) fn place_bandwidths(&mut self) -> Vec<(ConnectionId, LinkId)> {
        let mut homes: Vec<InterconnectId> = self.network.connections.iter().map(|one| one.interconnect).collect();
        let mut bought: Vec<u64> = self.network.connections.iter().map(|one| one.bandwidth.as_bps()).collect();
        let mut beside = Vec::new();
        let mut changes = std::mem::take(&mut self.network.changes);
        for change in &mut changes {
            let ChangeKind::Bandwidth { connection, purchase } = &mut change.kind else { continue };
            bought[connection.index()] = 0;
            let mut sold: BTreeMap<InterconnectId, u64> = BTreeMap::new();
            for (home, bought) in homes.iter().zip(&bought) {
                *sold.entry(*home).or_default() += bought;
            }
            let from = homes[connection.index()];
            match self.place(from, *purchase, &sold) {
                Some(to) if to != from => {
                    purchase.way = Way::Migrates { from, to };
                    homes[connection.index()] = to;
                    let channels = &self.network.interconnects[to].channels;
                    beside.extend(channels.iter().map(|channel| (*connection, *channel)));
                }
                Some(_) => {}
                None => {
                    let message = format!("{} does not fit its interconnect, nor another one", purchase.rate);
                    let place = join(&join("changes", &change.name), "bandwidth");
                    self.reader.warning(place, message, "buy less, or add an interconnect between the two providers");
                }
            }
            bought[connection.index()] = purchase.rate.as_bps();
        }
        self.network.changes = changes;
        let own = |(connection, channel): &(ConnectionId, LinkId)| {
            let interconnect = self.network.connections[*connection].interconnect;
            self.network.interconnects[interconnect].channels.contains(channel)
        };
        beside.retain(|pair| !own(pair));
        beside.sort_unstable();
        beside.dedup();
        beside
    }

    /// The interconnect on which a purchase fits: the one it is on, else the one of the same providers with the most free
    /// bandwidth (the specification's placement); `None` when it fits none.
    fn place(
        &self,
        from: InterconnectId,
        purchase: Purchase,
        sold: &BTreeMap<InterconnectId, u64>,
    ) -> Option<InterconnectId> {
        let free = |id| self.sellable(id).saturating_sub(sold.get(&id).copied().unwrap_or(0));
        let fits = |id: &InterconnectId| free(*id) >= purchase.rate.as_bps();
        if fits(&from) {
            return Some(from);
        }
        let providers = self.network.interconnects[from].providers;
        let alike = self.network.interconnects.enumerate().filter(|(_, other)| other.providers == providers);
        alike.map(|(id, _)| id).filter(fits).max_by_key(|id| (free(*id), std::cmp::Reverse(*id)))
    }

    /// `maxBandwidthMbps`: what the smallest channel of an interconnect carries, so that one that is left carries all.
    fn sellable(&self, interconnect: InterconnectId) -> u64 {
        let capacity = |link: &LinkId| {
            let members = self.network.links[*link].members.iter();
            members.map(|member| self.network.ports[member.ports[0]].rate.as_bps()).sum()
        };
        self.network.interconnects[interconnect].channels.iter().map(capacity).min().unwrap_or(0)
    }
}
