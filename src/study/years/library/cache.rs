//! Episodes that were simulated before: found again by a hash of all that they hang on.

use super::episode::{bare, episode};
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
    world: Network,
    /// Of the fabric, without what only judges it, fails in it or is sold on it.
    fabric: String,
    seed: RunSeed,
    cache: &'c dyn Cache,
}

impl<'c> Runs<'c> {
    pub(super) fn new(network: &Network, seed: RunSeed, cache: &'c dyn Cache) -> Self {
        let world = bare(network);
        let mut hashed = world.clone();
        hashed.availability.rules.clear();
        hashed.horizon = crate::units::Span::ZERO;
        Self { world, fabric: format!("{hashed:?}"), seed, cache }
    }

    /// The run with this number of a class.
    pub(super) fn episode(&self, class: &EpisodeClass, sample: u32) -> [Vec<Episode>; 2] {
        let happening = format!("{:?}", class.happening);
        let (seed, number) = (self.seed.0.to_string(), sample.to_string());
        // Two hashes make a name that no two runs share.
        let half = |part: &str| named_hash(&[part, &self.fabric, &happening, &seed, &number]);
        let name = format!("{:016x}{:016x}.json", half("high"), half("low"));
        let known = self.cache.read(&name).and_then(|text| serde_json::from_str(&text).ok());
        known.unwrap_or_else(|| {
            let found = episode(&self.world, &class.happening, class.seed(self.seed, sample));
            self.cache.keep(&name, &serde_json::to_string(&found).expect("JSON"));
            found
        })
    }
}
