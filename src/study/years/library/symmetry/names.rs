//! A network in which things bear the names of others: their timers have these others' phases.

use super::Exchange;
use super::things::Things;
use crate::ids::{Id, IdVec};
use crate::network::Network;

/// The network in which everything has the name of what an exchange takes to it, and its identifiers as before.
pub(in crate::study::years::library) fn renamed(world: &Network, things: &Things, exchange: &Exchange) -> Network {
    let mut renamed = world.clone();
    let of = |kind| Names { exchange, first: things.first(kind) };
    of("FacilityId").go(&mut renamed.facilities, |one| &mut one.name);
    of("FeedId").go(&mut renamed.feeds, |one| &mut one.name);
    of("CardId").go(&mut renamed.cards, |one| &mut one.name);
    of("DuctId").go(&mut renamed.ducts, |one| &mut one.name);
    of("RouterId").go(&mut renamed.routers, |one| &mut one.name);
    of("RouterId").go(&mut renamed.routers, |one| &mut one.hash_seed);
    of("LinkId").go(&mut renamed.links, |one| &mut one.name);
    of("PortId").go(&mut renamed.ports, |one| &mut one.name);
    of("LogicalLinkId").go(&mut renamed.logical_links, |one| &mut one.name);
    of("SessionId").go(&mut renamed.sessions, |one| &mut one.name);
    of("bfd").each(renamed.bfd_sessions.iter_mut().map(|one| &mut one.name).collect());
    renamed
}

struct Names<'e> {
    exchange: &'e Exchange,
    first: usize,
}

impl Names<'_> {
    fn go<I: Id, T, N: Clone>(&self, of: &mut IdVec<I, T>, name: impl Fn(&mut T) -> &mut N) {
        self.each(of.iter_mut().map(name).collect());
    }

    fn each<N: Clone>(&self, mut names: Vec<&mut N>) {
        let before: Vec<N> = names.iter().map(|name| (**name).clone()).collect();
        for (index, name) in before.into_iter().enumerate() {
            *names[self.exchange[self.first + index] - self.first] = name;
        }
    }
}
