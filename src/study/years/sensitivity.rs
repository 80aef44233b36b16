//! What each class of component does to the answer, in the same weather: the figures of its class at low and at high
//! risk, and where along the most important figure the answer turns.

use super::engine;
use super::library::Library;
use super::tally::in_seconds;
use super::walk::Plan;
use crate::network::{Network, SlaRule};
use crate::rng::RunSeed;

/// Blocks behind each point: differences come from the same weather, so few are enough.
const BLOCKS: u64 = 128;

/// One class of component with its figures at another level of risk.
#[derive(Debug, Clone)]
pub struct Variant {
    /// The class.
    pub class: String,
    /// The network with this class at low and at high risk.
    pub levels: [Network; 2],
}

/// What a class does to the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Swing {
    /// The class.
    pub class: String,
    /// Share of periods that keep the promise, with the class at low and at high risk.
    pub meets: [f64; 2],
    /// Mean charge of a period in seconds, alike.
    pub charged: [f64; 2],
    /// Both as things are, in the same weather.
    pub base: [f64; 2],
}

/// Where the answer turns.
#[derive(Debug, Clone, PartialEq)]
pub struct Flip {
    /// The class that decides.
    pub class: String,
    /// Share of periods that are to keep the promise.
    pub goal: f64,
    /// Mean up time now, in hours.
    pub now: f64,
    /// Mean up time at which the goal is just kept, in hours; `None` when no value of it turns the answer.
    pub turns: Option<f64>,
}

/// The answer in a nutshell: share of periods that keep the promise, and mean charge in seconds, of the worst connection.
fn answer(network: &Network, rules: &[SlaRule], library: Option<&Library>, seed: RunSeed) -> [f64; 2] {
    let plan = Plan::new(network, rules.to_vec(), library);
    let blocks = BLOCKS.min(network.study.periods.div_ceil(engine::BLOCK)).max(1);
    let tally = engine::blocks(&plan, seed, 0, blocks);
    let of = |index: usize| {
        let rule = &tally.connections[index].rules[0];
        [1.0 - rule.missed as f64 / tally.periods as f64, in_seconds(&rule.charged, tally.periods).mean]
    };
    let worst = (0..tally.connections.len()).map(of).min_by(|a, b| a[0].total_cmp(&b[0]));
    worst.unwrap_or([1.0, 0.0])
}

/// Every class at low and at high risk, the widest swing first.
#[must_use]
pub fn swings(
    base: &Network,
    rules: &[SlaRule],
    library: Option<&Library>,
    variants: &[Variant],
    seed: RunSeed,
) -> Vec<Swing> {
    let now = answer(base, rules, library, seed);
    let swing = |variant: &Variant| {
        let [low, high] = [0, 1].map(|level| answer(&variant.levels[level], rules, library, seed));
        Swing { class: variant.class.clone(), meets: [low[0], high[0]], charged: [low[1], high[1]], base: now }
    };
    let mut swings: Vec<Swing> = variants.iter().map(swing).collect();
    let width = |swing: &Swing| ((swing.meets[1] - swing.meets[0]).abs(), (swing.charged[1] - swing.charged[0]).abs());
    swings.sort_by(|a, b| {
        let (a_width, b_width) = (width(a), width(b));
        b_width.0.total_cmp(&a_width.0).then(b_width.1.total_cmp(&a_width.1)).then_with(|| a.class.cmp(&b.class))
    });
    swings
}

/// Halvings of the logarithm of the factor: to within 2% of where the answer turns.
const HALVINGS: u32 = 9;
/// The up time is varied by this factor either way.
const WIDEST: f64 = 100.0;

/// The mean up time of `class` at which `goal` of all periods just keep the promise.
#[must_use]
pub fn flip(
    network: &Network,
    rules: &[SlaRule],
    library: Option<&Library>,
    class: &str,
    goal: f64,
    seed: RunSeed,
) -> Option<Flip> {
    let member = network.reliability.components.iter().find(|component| component.class == class)?;
    let now = member.up.mean.get();
    let keeps = |factor: f64| answer(&scaled(network, class, factor), rules, library, seed)[0] >= goal;
    let (mut bad, mut good) = (1.0 / WIDEST, WIDEST);
    if keeps(bad) || !keeps(good) {
        return Some(Flip { class: class.to_owned(), goal, now, turns: None });
    }
    for _ in 0..HALVINGS {
        let middle = libm::sqrt(bad * good);
        *(if keeps(middle) { &mut good } else { &mut bad }) = middle;
    }
    Some(Flip { class: class.to_owned(), goal, now, turns: Some(now * libm::sqrt(bad * good)) })
}

/// The network with the up times of a class times a factor.
fn scaled(network: &Network, class: &str, factor: f64) -> Network {
    let mut scaled = network.clone();
    for component in scaled.reliability.components.iter_mut().filter(|component| component.class == class) {
        component.up.mean = component.up.mean.times(factor);
    }
    scaled
}
