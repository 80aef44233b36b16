//! Which events are the same but for names: ways to exchange routers, links and buildings that leave every attribute of the
//! network and every forwarding table as it was.
//!
//! ```text
//! network --> everything that has an id, its attributes, and what it refers to                               things.rs
//!         --> colours (attributes and neighbours' colours, until nothing changes) --> exchanges that hold    exchange.rs
//!         --> those that keep where packets go                                                               tables.rs
//! event   --> where the exchanges take it --> the same event by other names --> with these names in a run    names.rs
//! ```
//! Names, addresses, VLAN numbers and hash seeds tell things apart and do nothing else, but that routing breaks its last ties
//! by identifiers. Connections, attachments and providers stay where they are, so that an episode holds for an exchanged
//! event connection by connection.

mod exchange;
mod names;
mod tables;
mod things;

use std::collections::BTreeMap;

use super::class::Happening;
use crate::failures::Turn;
use crate::network::{FailureKind, Network};
use crate::units::Span;
pub(super) use names::renamed;
use tables::Tables;
pub(super) use things::Things;

/// Where everything goes: by its place among things, that of another one.
pub(super) type Exchange = Vec<usize>;

/// Events by other names that are looked for, of each.
const ORBIT: usize = 4_096;

/// Exchanges of one network that leave it as it was.
#[derive(Debug)]
pub(super) struct Symmetries {
    things: Things,
    /// All others are these one after another.
    generators: Vec<Exchange>,
}

/// Something that fails: its attributes, and what it refers to.
type Part = (String, Vec<Vec<usize>>);

/// A happening without names; what comes at the same moment has no order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form {
    down: Vec<Vec<Part>>,
    kinds: Vec<Part>,
    joint: Option<(bool, Vec<Part>, bool, [Span; 2])>,
}

impl Symmetries {
    /// Of a network in which nothing fails; `None` where nothing can be exchanged.
    pub(super) fn new(world: &Network) -> Option<Self> {
        let things = Things::of(world)?;
        let candidates = things.exchanges();
        // Where packets go is asked only where it matters.
        let tables = if candidates.is_empty() { None } else { Tables::of(world, &things) }?;
        let generators: Vec<Exchange> = candidates.into_iter().filter(|exchange| tables.keep(exchange)).collect();
        (!generators.is_empty()).then_some(Self { things, generators })
    }

    /// A happening without names; `None` where it refers to something unknown.
    pub(super) fn form(&self, happening: &Happening) -> Option<Form> {
        let part = |kind: &FailureKind| self.things.parse(&format!("{kind:?}"));
        let parts = |kinds: &[FailureKind]| kinds.iter().map(part).collect::<Option<Vec<Part>>>();
        let joint = match &happening.joint {
            None => None,
            Some(joint) => {
                let is_up = |turn| turn == Turn::Up;
                Some((is_up(joint.first), parts(&joint.kinds)?, is_up(joint.second), joint.gap))
            }
        };
        let down = happening.down.iter().map(|kinds| parts(kinds)).collect::<Option<_>>()?;
        Some(Form { down, kinds: parts(&happening.kinds)?, joint }.sorted())
    }

    /// The same event by all its names, each with an exchange that takes it there.
    pub(super) fn orbit(&self, form: &Form) -> Vec<(Form, Exchange)> {
        let mut found = BTreeMap::from([(form.clone(), self.things.identity())]);
        let mut next = vec![form.clone()];
        while let Some(form) = next.pop() {
            for generator in &self.generators {
                let image = form.image(generator);
                if found.len() < ORBIT && !found.contains_key(&image) {
                    let exchange = found[&form].iter().map(|thing| generator[*thing]).collect();
                    found.insert(image.clone(), exchange);
                    next.push(image);
                }
            }
        }
        found.into_iter().collect()
    }

    /// What can be exchanged.
    pub(super) const fn things(&self) -> &Things {
        &self.things
    }
}

impl Form {
    fn image(&self, exchange: &Exchange) -> Self {
        let part = |(label, refers): &Part| (label.clone(), things::image(refers, exchange));
        let parts = |parts: &Vec<Part>| parts.iter().map(part).collect();
        let joint = self.joint.as_ref();
        Self {
            down: self.down.iter().map(parts).collect(),
            kinds: parts(&self.kinds),
            joint: joint.map(|(first, kinds, second, gap)| (*first, parts(kinds), *second, *gap)),
        }
        .sorted()
    }

    fn sorted(mut self) -> Self {
        self.kinds.sort();
        self.down.iter_mut().for_each(|parts| parts.sort());
        self.down.sort();
        if let Some((_, parts, ..)) = &mut self.joint {
            parts.sort();
        }
        self
    }
}
