//! Components that wait for crews or fall to common causes, where they are too many for a Markov chain to be solved.
//!
//! Cycles begin faultless, as in [`super::biasing`]: of some, failures and shocks are favoured until the level is first low, which
//! gives the time below it in a cycle; of others nothing is, which gives the length of a cycle. Times are exponential.

use super::biasing::{Cycles, kind};
use super::exact::repair::{QueueOrder, RepairModel};
use super::exact::{Bounds, Failures, Level};
use super::statistics::mean::Moments;
use super::statistics::weighted::Weighted;
use crate::rng::{RunSeed, Stream};

/// Probability of a failure while anything is failed.
const THETA: f64 = 0.6;
/// Cycles of a block, blocks at most, and the relative half-width at which it may stop.
const CYCLES: u64 = 1_024;
const MOST_BLOCKS: u64 = 64;
const PRECISION: f64 = 0.05;
/// Blocks that measure the length of a cycle.
const LENGTH_BLOCKS: u64 = 8;
/// A cycle with more transitions is of crews that never come to the end of their work.
const MOST_STEPS: u64 = 20_000;
const CONFIDENCE: f64 = 0.95;

/// What cycles say of a level: intervals of 95%.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Share of time below it.
    pub unavailability: Bounds,
    /// How often an hour that begins.
    pub per_hour: Bounds,
    /// Cycles in which failures were favoured.
    pub cycles: u64,
}

/// By level, from 1 up to that of the faultless state; `None` when crews never come to the end of their work.
#[must_use]
pub fn simulate(model: &RepairModel, level: Level<'_>, seed: RunSeed) -> Option<Vec<Found>> {
    let failures = Failures::of(&model.components);
    let world = World { model, failures: &failures, level, pools: pools(model) };
    let mut length = Weighted::default();
    for block in 0..LENGTH_BLOCKS {
        let mut stream = seed.replication(block).stream("length", "coupled");
        for _ in 0..CYCLES {
            length.add(1.0, world.cycle(None, &mut stream)?.hours);
        }
    }
    let length = length.moments();
    (1..=level(&[])).map(|below| world.below(below, &length, seed)).collect()
}

/// The pool of each component.
fn pools(model: &RepairModel) -> Vec<Option<usize>> {
    let of = |component: usize| model.pools.iter().position(|pool| pool.members.contains(&component));
    (0..model.components.len()).map(of).collect()
}

struct World<'a> {
    model: &'a RepairModel,
    failures: &'a Failures,
    level: Level<'a>,
    pools: Vec<Option<usize>>,
}

/// What may come next.
#[derive(Debug, Clone, Copy)]
enum Event {
    Failure(usize),
    Shock(usize),
    Repair(usize),
}

/// What one cycle brought; times and entries weighted.
#[derive(Debug, Default)]
struct Cycle {
    hours: f64,
    weight: f64,
    down_hours: f64,
    outages: f64,
    steps: u64,
}

/// Who is failed, and who of them is repaired.
#[derive(Debug)]
struct State {
    /// By component: its failure.
    failed: Vec<Option<usize>>,
    in_repair: Vec<usize>,
    /// By pool, in order of failure.
    waiting: Vec<Vec<usize>>,
}

impl World<'_> {
    /// Blocks until the time below a level is known well enough, looked at after 1, 2, 4, 8 ... of them.
    fn below(&self, below: u32, length: &Moments, seed: RunSeed) -> Option<Found> {
        let (mut all, mut done) = (Cycles::default(), 0u64);
        while done < MOST_BLOCKS && !(done.is_power_of_two() && is_precise(&all)) {
            let mut stream = seed.replication(done).stream("cycles", "coupled");
            let mut block = Cycles::default();
            for _ in 0..CYCLES {
                let cycle = self.cycle(Some(below), &mut stream)?;
                block.downtime.add(cycle.weight, cycle.down_hours);
                block.outages.add(cycle.weight, cycle.outages);
                block.steps += cycle.steps;
            }
            all.merge(&block);
            done += 1;
        }
        Some(Found {
            unavailability: ratio(&all.downtime.moments(), length),
            per_hour: ratio(&all.outages.moments(), length),
            cycles: done * CYCLES,
        })
    }

    /// From faultless to faultless; failures are favoured until the level is first below `below`.
    fn cycle(&self, below: Option<u32>, stream: &mut Stream) -> Option<Cycle> {
        let mut state = State {
            failed: vec![None; self.model.components.len()],
            in_repair: Vec::new(),
            waiting: vec![Vec::new(); self.model.pools.len()],
        };
        let mut cycle = Cycle { weight: 1.0, ..Cycle::default() };
        let (mut is_seen, mut was_low) = (false, false);
        let (mut blows, mut repairs, mut present) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let rates = [self.blows(&state, &mut blows), self.repairs(&state, &mut repairs)];
            let stay = 1.0 / (rates[0] + rates[1]);
            cycle.hours += cycle.weight * stay;
            if let Some(below) = below.filter(|_| cycle.steps > 0) {
                present.clear();
                present.extend(state.failed.iter().flatten());
                let is_low = (self.level)(&present) < below;
                if is_low {
                    // The mean stay instead of a drawn one: less variance for nothing.
                    cycle.down_hours += cycle.weight * stay;
                    cycle.outages += if was_low { 0.0 } else { cycle.weight };
                }
                (is_seen, was_low) = (is_seen || is_low, is_low);
            }
            let theta = match (below.is_some() && !is_seen, repairs.is_empty(), blows.is_empty()) {
                (true, false, false) => Some(THETA),
                (true, true, _) => Some(1.0),
                (true, false, true) | (false, ..) => None,
            };
            let (event, ratio) = choose(theta, [&blows, &repairs], rates, stream);
            cycle.weight *= ratio;
            cycle.steps += 1;
            self.happens(event, &mut state, stream);
            if state.in_repair.is_empty() {
                return Some(cycle);
            }
            if cycle.steps > MOST_STEPS {
                return None;
            }
        }
    }

    /// Failures and shocks that would change anything, with their rates; returns the sum.
    fn blows(&self, state: &State, out: &mut Vec<(Event, f64)>) -> f64 {
        out.clear();
        let is_up = |component: &usize| state.failed[*component].is_none();
        let components = self.model.components.iter().enumerate().filter(|(index, _)| is_up(index));
        out.extend(components.map(|(index, component)| (Event::Failure(index), 1.0 / component.up_hours)));
        let shocks = self.model.shocks.iter().enumerate().filter(|(_, shock)| shock.members.iter().any(is_up));
        out.extend(shocks.map(|(index, shock)| (Event::Shock(index), 1.0 / shock.every_hours)));
        out.iter().map(|(_, rate)| rate).sum()
    }

    fn repairs(&self, state: &State, out: &mut Vec<(Event, f64)>) -> f64 {
        out.clear();
        let rate = |component: usize| 1.0 / self.model.components[component].down_hours;
        out.extend(state.in_repair.iter().map(|component| (Event::Repair(*component), rate(*component))));
        out.iter().map(|(_, rate)| rate).sum()
    }

    fn happens(&self, event: Event, state: &mut State, stream: &mut Stream) {
        match event {
            Event::Failure(component) => self.fails(component, state, stream),
            Event::Shock(index) => {
                for member in &self.model.shocks[index].members {
                    if state.failed[*member].is_none() {
                        self.fails(*member, state, stream);
                    }
                }
            }
            Event::Repair(component) => self.returns(component, state, stream),
        }
    }

    fn fails(&self, component: usize, state: &mut State, stream: &mut Stream) {
        let kind = kind(&self.model.components[component].kinds, stream);
        state.failed[component] = Some(self.failures.first[component] + kind);
        let busy = |pool: usize| state.in_repair.iter().filter(|other| self.pools[**other] == Some(pool)).count();
        match self.pools[component].filter(|pool| busy(*pool) >= self.model.pools[*pool].crews) {
            Some(pool) => state.waiting[pool].push(component),
            None => state.in_repair.push(component),
        }
    }

    fn returns(&self, component: usize, state: &mut State, stream: &mut Stream) {
        state.failed[component] = None;
        state.in_repair.retain(|other| *other != component);
        if let Some(pool) = self.pools[component].filter(|pool| !state.waiting[*pool].is_empty()) {
            let next = match self.model.pools[pool].order {
                QueueOrder::Fifo => 0,
                QueueOrder::Random => usize::try_from(stream.below(state.waiting[pool].len() as u64)).expect("fits"),
            };
            state.in_repair.push(state.waiting[pool].remove(next));
        }
    }
}

/// What happens next, and how much more likely that is without bias: with probability `theta` one of the blows, each alike.
fn choose(
    theta: Option<f64>,
    [blows, repairs]: [&[(Event, f64)]; 2],
    rates: [f64; 2],
    stream: &mut Stream,
) -> (Event, f64) {
    let total = rates[0] + rates[1];
    let Some(theta) = theta else {
        let target = stream.uniform() * total;
        let event = if target < rates[1] { pick(repairs, target) } else { pick(blows, target - rates[1]) };
        return (event, 1.0);
    };
    if stream.uniform() < theta {
        let (event, rate) = blows[usize::try_from(stream.below(blows.len() as u64)).expect("fits")];
        (event, rate / total / (theta / blows.len() as f64))
    } else {
        (pick(repairs, stream.uniform() * rates[1]), rates[1] / total / (1.0 - theta))
    }
}

/// The event in whose part of the sum of rates the target lies; rounding may leave a little after the last one.
fn pick(events: &[(Event, f64)], mut target: f64) -> Event {
    let passes = |(_, rate): &&(Event, f64)| {
        target -= rate;
        target < 0.0
    };
    events.iter().find(passes).or(events.last()).expect("something happens").0
}

fn is_precise(cycles: &Cycles) -> bool {
    let width = cycles.downtime.moments().relative_half_width(CONFIDENCE);
    cycles.downtime.effective_samples() >= 100.0 && width.is_some_and(|width| width <= PRECISION)
}

/// A mean over another, independent one: their relative half-widths add up as squares. All is possible where nothing was seen.
fn ratio(of: &Moments, over: &Moments) -> Bounds {
    let widths = [of, over].map(|moments| moments.relative_half_width(CONFIDENCE));
    let [Some(a), Some(b)] = widths else { return Bounds { low: 0.0, high: 1.0 } };
    let (mean, width) = (of.mean / over.mean, libm::sqrt(a * a + b * b));
    Bounds { low: (mean * (1.0 - width)).max(0.0), high: mean * (1.0 + width) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::exact::Component;
    use crate::study::exact::markov::Chain;
    use crate::study::exact::repair::{Pool, Shock};

    const UNITS: usize = 12;

    /// Four while none is failed, and one less for each of the first four.
    fn up_of(failed: &[usize]) -> u32 {
        4 - u32::try_from(failed.len().min(4)).expect("small")
    }

    /// Twelve alike, 1,000 h up and 6 h down: their chain has millions of states, as the order in which they wait counts.
    fn model(crews: usize, shock: Option<f64>) -> RepairModel {
        let members: Vec<usize> = (0..UNITS).collect();
        let mut model =
            RepairModel::new(members.iter().map(|i| Component::new(format!("u{i}"), 1_000.0, 6.0)).collect());
        model.pools.push(Pool { members: members.clone(), crews, order: QueueOrder::Fifo });
        model.shocks.extend(shock.map(|every_hours| Shock { members, every_hours }));
        model
    }

    /// The same by how many are failed: thirteen states (they are alike, so the chain can be lumped; Kemeny and Snell 1960).
    fn lumped(crews: usize, shock: Option<f64>) -> (Chain, Vec<f64>) {
        let mut chain = Chain::new(UNITS + 1);
        for failed in 0..UNITS {
            chain.add_rate(failed, failed + 1, (UNITS - failed) as f64 / 1_000.0);
            chain.add_rate(failed + 1, failed, (failed + 1).min(crews) as f64 / 6.0);
            if let Some(every_hours) = shock {
                chain.add_rate(failed, UNITS, 1.0 / every_hours);
            }
        }
        let share = chain.stationary();
        (chain, share)
    }

    #[test]
    fn crews_and_shocks_among_too_many_for_a_chain_are_down_as_the_lumped_chain_says() {
        for (crews, shock) in [(1, None), (2, Some(20_000.0))] {
            let model = model(crews, shock);
            assert!(model.solve(3_000, &up_of).is_err());
            let found = simulate(&model, &up_of, RunSeed(1)).expect("crews come to an end");
            let (chain, share) = lumped(crews, shock);
            for failed in 1..=4 {
                let truth: f64 = share[failed..].iter().sum();
                let low: Vec<bool> = (0..=UNITS).map(|state| state >= failed).collect();
                let found = &found[4 - failed];
                // Of 16 intervals of 95% one or the other may miss by a little: half as wide again is 99.7%.
                for (bounds, truth) in [(found.unavailability, truth), (found.per_hour, chain.entries(&share, &low))] {
                    let (mean, half) = (0.5 * (bounds.low + bounds.high), 0.5 * (bounds.high - bounds.low));
                    assert!((mean - truth).abs() < 1.5 * half, "{crews} crews, {failed} failed: {bounds:?}, {truth}");
                    assert!(half < 0.15 * truth, "{crews} crews, {failed} failed: {bounds:?} says too little");
                }
            }
        }
    }

    #[test]
    fn crews_that_never_come_to_an_end_are_told_apart() {
        let mut model = model(1, None);
        model.components.iter_mut().for_each(|component| component.down_hours = 10_000.0);
        assert_eq!(simulate(&model, &up_of, RunSeed(1)), None);
    }
}
