//! Episodes that were simulated before: found again by a hash of all that they hang on.

use super::class::Happening;
use super::episode::{bare, episode};
use super::symmetry::Symmetries;
use super::{Episode, EpisodeClass};
use crate::network::Network;
use crate::rng::{RunSeed, named_hash};

/// Where runs are kept between studies. What it gives back must be what it was given under that name.
pub trait Cache: Sync {
    /// The text under a name.
    fn read(&self, name: &str) -> Option<String>;
    /// Keeps a text, whole or not at all; whoever cannot keep it says nothing.
    fn keep(&self, name: &str, text: &str);
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoCache;

impl Cache for NoCache {
    fn read(&self, _: &str) -> Option<String> {
        None
    }

    fn keep(&self, _: &str, _: &str) {}
}

/// Runs of the engine on one fabric, each from the cache where it is there.
pub(super) struct Runs<'c> {
    /// The fabric, without what only judges it, fails in it or is sold on it.
    pub world: Network,
    fabric: String,
    /// What can be exchanged in it; `None` where nothing can.
    pub symmetries: Option<Symmetries>,
    seed: RunSeed,
    cache: &'c dyn Cache,
}

impl<'c> Runs<'c> {
    pub(super) fn new(network: &Network, seed: RunSeed, cache: &'c dyn Cache) -> Self {
        let world = bare(network);
        Self { fabric: text(&world), symmetries: Symmetries::new(&world), world, seed, cache }
    }

    /// The run with this number of a class.
    pub(super) fn episode(&self, class: &EpisodeClass, sample: u32) -> [Vec<Episode>; 2] {
        self.episode_in(&self.world, &self.fabric, &class.happening, class.seed(self.seed, sample))
    }

    /// The first run of a class for another event: what bears the name of something of the class's has its phases.
    pub(super) fn like(&self, world: &Network, class: &EpisodeClass, happening: &Happening) -> [Vec<Episode>; 2] {
        self.episode_in(world, &text(world), happening, class.seed(self.seed, 0))
    }

    fn episode_in(&self, world: &Network, fabric: &str, happening: &Happening, seed: RunSeed) -> [Vec<Episode>; 2] {
        let (what, number) = (format!("{happening:?}"), seed.0.to_string());
        // Two hashes make a name that no two runs share.
        let half = |part: &str| named_hash(&[part, fabric, &what, &number]);
        let name = format!("{:016x}{:016x}.json", half("high"), half("low"));
        let known = self.cache.read(&name).and_then(|text| serde_json::from_str(&text).ok());
        known.unwrap_or_else(|| {
            let found = episode(world, happening, seed);
            self.cache.keep(&name, &serde_json::to_string(&found).expect("JSON"));
            found
        })
    }
}

/// All that a run hangs on besides its event.
fn text(world: &Network) -> String {
    let mut hashed = world.clone();
    hashed.availability.rules.clear();
    hashed.horizon = crate::units::Span::ZERO;
    format!("{hashed:?}")
}
