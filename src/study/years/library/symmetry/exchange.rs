//! The search for exchanges that leave a network as it was.

use std::collections::{BTreeMap, BTreeSet};

use super::Exchange;
use super::things::Things;
use crate::rng::{mix, named_hash};

/// Visits of things while exchanges are looked for; what takes more is not found.
const VISITS: usize = 20_000_000;
/// Kinds of which one is brought to the place of another, and the kind that follows; what moves little comes first.
const MOVED: [(&str, &str); 3] = [("LinkId", "PortId"), ("RouterId", "LinkId"), ("FacilityId", "FeedId")];

/// Which things are known to go to one another's places.
struct Alike(Vec<usize>);

impl Alike {
    fn root(&self, mut thing: usize) -> usize {
        while self.0[thing] != thing {
            thing = self.0[thing];
        }
        thing
    }

    fn join(&mut self, exchange: &Exchange) {
        for (from, to) in exchange.iter().enumerate() {
            let (from, to) = (self.root(from), self.root(*to));
            self.0[from.max(to)] = from.min(to);
        }
    }
}

impl Things {
    /// Exchanges that bring one router, link or building to the place of another.
    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        let mut visits = VISITS;
        let hashed: Vec<u64> = self.all.iter().map(|thing| named_hash(&[&thing.label])).collect();
        let Some(colours) = self.refined(hashed, &mut visits) else { return Vec::new() };
        let (mut found, mut alike) = (Vec::new(), Alike(self.identity()));
        for (from, to) in MOVED {
            let of_kind = self.first(from)..self.first(to);
            for index in of_kind.clone() {
                let mut tried = BTreeSet::new();
                for other in (of_kind.start..index).filter(|other| colours[*other] == colours[index]) {
                    let root = alike.root(other);
                    if root == alike.root(index) || !tried.insert(root) {
                        continue;
                    }
                    let exchange = self.exchange(&colours, [other, index], &mut visits);
                    if let Some(exchange) = exchange.filter(|exchange| self.keeps(exchange)) {
                        alike.join(&exchange);
                        found.push(exchange);
                    }
                }
            }
        }
        found
    }

    /// The way to exchange two that moves the least, as colours tell.
    fn exchange(&self, colours: &[u64], pair: [usize; 2], visits: &mut usize) -> Option<Exchange> {
        let mut sides = pair.map(|thing| {
            let mut side = colours.to_vec();
            side[thing] = mix(side[thing] ^ 1);
            side
        });
        loop {
            let [from, to] = sides;
            sides = [self.refined(from, visits)?, self.refined(to, visits)?];
            let places = sides.each_ref().map(|side| {
                let mut places: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
                side.iter().enumerate().for_each(|(thing, colour)| places.entry(*colour).or_default().push(thing));
                places
            });
            let same = places[0].iter().map(|(colour, of)| (colour, of.len()));
            if !same.eq(places[1].iter().map(|(colour, of)| (colour, of.len()))) {
                return None;
            }
            let several = places[0].iter().filter(|(_, of)| of.len() > 1).min_by_key(|(_, of)| of[0]);
            let Some((colour, of)) = several else {
                return Some(sides[0].iter().map(|colour| places[1][colour][0]).collect());
            };
            let (from, others) = (of[0], &places[1][colour]);
            let to = if others.contains(&from) { from } else { others[0] };
            sides[0][from] = mix(colour ^ 1);
            sides[1][to] = mix(colour ^ 1);
        }
    }

    /// Colours by what things refer to and what refers to them, until they tell no more apart; `None` when it takes too long.
    fn refined(&self, mut colours: Vec<u64>, visits: &mut usize) -> Option<Vec<u64>> {
        let different = |colours: &[u64]| colours.iter().collect::<BTreeSet<_>>().len();
        let mut count = different(&colours);
        loop {
            let mut next: Vec<u64> = colours.iter().map(|colour| mix(*colour)).collect();
            for (index, thing) in self.all.iter().enumerate() {
                for (place, group) in (1u64..).zip(&thing.refers) {
                    *visits = visits.checked_sub(group.len() + 1)?;
                    // Sums do not hang on the order within a group.
                    for other in group {
                        let towards = mix(mix(colours[*other] ^ place).wrapping_add(place));
                        let from = mix(mix(colours[index] ^ !place).wrapping_sub(place));
                        next[index] = next[index].wrapping_add(towards);
                        next[*other] = next[*other].wrapping_add(from);
                    }
                }
            }
            let now = different(&next);
            if now == count {
                return Some(colours);
            }
            (colours, count) = (next, now);
        }
    }
}
