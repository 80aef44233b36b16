//! Where packets go once sessions are up.

use std::collections::{BTreeMap, BTreeSet};

use super::Exchange;
use super::things::Things;
use crate::ids::{Id, IdVec};
use crate::network::Network;
use crate::rng::RunSeed;
use crate::sim::{Continue, Simulation};
use crate::units::Span;

/// When forwarding tables are compared: sessions came up before time 0.
const SETTLED: Span = Span::from_s(2);

/// By router and destination the next hops, routers and links.
#[derive(Debug, Default)]
pub(super) struct Tables(BTreeMap<[usize; 2], BTreeSet<[usize; 2]>>);

impl Tables {
    /// Of a network of which nothing fails.
    pub(super) fn of(world: &Network, things: &Things) -> Option<Self> {
        let mut world = world.clone();
        world.horizon = SETTLED + SETTLED;
        let paused = Simulation::new(&world, RunSeed(0)).pause_at(SETTLED, &mut |_| Continue::Yes)?;
        let routers = places(things.first("RouterId"), &world.routers, |one| one.name.clone());
        let links = places(things.first("LinkId"), &world.links, |one| one.name.clone());
        let destinations = places(things.first("DestinationId"), &world.destinations, |one| one.prefix.to_string());
        let mut tables = Self::default();
        for table in paused.routes().routers {
            for entry in &table.entries {
                let of = [*routers.get(&table.router)?, *destinations.get(&entry.prefix)?];
                let hop =
                    |hop: &crate::sim::snapshot::HopEntry| Some([*routers.get(&hop.router)?, *links.get(&hop.link)?]);
                tables.0.insert(of, entry.installed.iter().map(hop).collect::<Option<_>>()?);
            }
        }
        Some(tables)
    }

    /// Whether an exchange takes every way to one that packets go, too.
    pub(super) fn keep(&self, exchange: &Exchange) -> bool {
        let image = |[a, b]: [usize; 2]| [exchange[a], exchange[b]];
        let kept = |(of, hops): (&[usize; 2], &BTreeSet<[usize; 2]>)| {
            let hops: BTreeSet<[usize; 2]> = hops.iter().map(|hop| image(*hop)).collect();
            self.0.get(&image(*of)) == Some(&hops)
        };
        self.0.iter().all(kept)
    }
}

/// The place of each thing by its name.
fn places<I: Id, T>(first: usize, of: &IdVec<I, T>, name: impl Fn(&T) -> String) -> BTreeMap<String, usize> {
    of.iter().map(name).zip(first..).collect()
}
