//! The lives of components: who goes down and who comes back, in order of time.
//!
//! A life of the fabric over one period is a *replication*; 64 of them are a block and are drawn at once. Most components
//! stay up through most periods, so each first says with one bit a period whether it is touched (`alone.rs`); only what
//! waits for crews or falls to common causes needs its whole history (`together.rs`).
//!
//! Every number belongs to (seed, replication, component, purpose), up and down times apart: two designs that share a
//! component meet the same weather, a changed repair time moves the failures of hardly any period (only of those that it leaves, or no longer leaves, beginning
//! with the component down), and any period can be drawn alone.

mod alone;
#[cfg(test)]
mod tests;
mod together;

use alone::Alone;
use together::{Together, TogetherPlan};

use crate::ids::ComponentId;
use crate::network::Reliability;
use crate::rng::RunSeed;
use crate::units::{CalendarSpan, Share};

/// Replications of one block: as many as a word has bits.
pub const BLOCK: u64 = 64;

/// Where a component turns to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It fails.
    Down,
    /// It is back.
    Up,
}

/// What of a component's failure turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// The failure itself.
    Fault,
    /// What is done about one that no protocol notices, once somebody does: it is taken out of service, and returns
    /// together with the fault.
    OutOfService,
}

/// One component fails or comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// When; what is down when time begins fails at 0.
    pub at: CalendarSpan,
    /// Who.
    pub component: ComponentId,
    /// Down or up.
    pub turn: Turn,
    /// What of it.
    pub aspect: Aspect,
    /// Which of the component's [`crate::network::Component::turns`] it is.
    pub entry: u32,
    /// Whether routing takes over from it.
    pub covered: bool,
}

/// What every replication of one model over one length of time shares.
#[derive(Debug, Clone)]
pub struct LivesPlan<'n> {
    /// Those whose lives hang on nobody else's.
    alone: Vec<Alone>,
    /// Those who share crews or causes.
    together: Option<TogetherPlan<'n>>,
    /// End of time in nanoseconds.
    length: u64,
}

impl<'n> LivesPlan<'n> {
    /// Prepares a failure model for replications over [0, `length`).
    #[must_use]
    pub fn new(model: &'n Reliability, length: CalendarSpan) -> Self {
        let shares = |id: &ComponentId| {
            let component = &model.components[*id];
            component.crew.is_some() || component.shared > Share::ZERO
        };
        let (together, alone): (Vec<ComponentId>, Vec<ComponentId>) = model.components.ids().partition(shares);
        let length = length.as_ns();
        Self {
            alone: alone.into_iter().map(|id| Alone::new(id, &model.components[id], model.start, length)).collect(),
            together: (!together.is_empty()).then(|| TogetherPlan::new(model, &together, length)),
            length,
        }
    }
}

/// Draws replications of a failure model, one after another, with the same buffers.
#[derive(Debug)]
pub struct Lives<'p> {
    plan: &'p LivesPlan<'p>,
    /// Of the block that was drawn last.
    periods: Vec<Vec<Transition>>,
    together: Option<Together<'p>>,
}

impl<'p> Lives<'p> {
    /// Nothing drawn yet.
    #[must_use]
    pub fn new(plan: &'p LivesPlan<'p>) -> Self {
        let together = plan.together.as_ref().map(Together::new);
        Self { plan, periods: (0..BLOCK).map(|_| Vec::new()).collect(), together }
    }

    /// All replications of a block, each in order of time.
    pub fn block(&mut self, seed: RunSeed, block: u64) -> &[Vec<Transition>] {
        self.draw(seed, block, u64::MAX);
        &self.periods
    }

    /// One replication, in order of time.
    pub fn replication(&mut self, seed: RunSeed, replication: u64) -> &[Transition] {
        let place = replication % BLOCK;
        self.draw(seed, replication / BLOCK, 1 << place);
        &self.periods[usize::try_from(place).expect("a place in a block")]
    }

    /// The replications of a block whose bits are set.
    fn draw(&mut self, seed: RunSeed, block: u64, wanted: u64) {
        self.periods.iter_mut().for_each(Vec::clear);
        let streams = seed.brief_streams(block);
        for component in &self.plan.alone {
            for place in bits(component.touched(streams) & wanted) {
                let own = seed.brief_streams(block * BLOCK + place as u64);
                component.live(own, self.plan.length, &mut self.periods[place]);
            }
        }
        if let Some(together) = &mut self.together {
            for place in bits(wanted) {
                together.live(seed.brief_streams(block * BLOCK + place as u64), &mut self.periods[place]);
            }
        }
        for period in &mut self.periods {
            period.sort_by_key(|transition| (transition.at, transition.component));
        }
    }
}

/// The places of the bits that are set, from the lowest on.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (place < u64::BITS).then_some(place as usize)
    })
}
