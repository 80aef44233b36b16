//! The episode library: what connections lose from a failure or a return until routing has settled, as the real engine
//! has it with random phases of every timer.

mod cache;
mod episode;

pub use cache::{Cache, NoCache};
pub use episode::{Episode, Scene};

use cache::Runs;
use rayon::prelude::*;

use crate::failures::Turn;
use crate::ids::{ComponentId, Id, IdVec};
use crate::network::{FailureKind, Network, SlaRule};
use crate::rng::{BriefStreams, RunSeed, named_hash};
use crate::study::statistics::mean::Moments;
use crate::study::statistics::two_part::{self, neyman};

/// A component fails or comes back.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// Who.
    pub component: ComponentId,
    /// Which of its turns.
    pub entry: usize,
    /// Down or up.
    pub turn: Turn,
    /// The state that it was in before, by [`crate::failures::Standing::key`].
    pub before: u128,
}

/// Episodes of one kind of event.
#[derive(Debug, Clone)]
pub struct EpisodeClass {
    /// What fails.
    pub kinds: Vec<FailureKind>,
    /// The event in words: "router iad-aws-a1 down".
    pub name: String,
    /// `[fails, returns]`, one entry a run, in each one episode per connection.
    pub samples: [Vec<Vec<Episode>>; 2],
    /// Failures of this class in an hour, in the long run.
    pub per_hour: f64,
}

/// One run of the library, as a period draws it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// Which class of event, by index.
    pub class: usize,
    /// Failure or return.
    pub turn: Turn,
    /// Which of the class's runs.
    pub run: usize,
}

/// Runs of each class before the others are dealt out.
const PILOT: u32 = 4;

impl EpisodeClass {
    fn runs(&self) -> u32 {
        u32::try_from(self.samples[0].len()).expect("fewer than 2^32 runs")
    }

    /// The seed of a run, by its number, in a study of this seed: whatever is random in it.
    #[must_use]
    pub fn seed(&self, study: RunSeed, run: u32) -> RunSeed {
        RunSeed(named_hash(&[&self.name, &study.0.to_string(), &run.to_string()]))
    }

    fn of(&self, turn: Turn) -> &Vec<Vec<Episode>> {
        match turn {
            Turn::Down => &self.samples[0],
            Turn::Up => &self.samples[1],
        }
    }

    /// What a rule charges a connection for the episodes of a turn, in seconds.
    fn charged(&self, rule: &SlaRule, turn: usize, connection: usize) -> Moments {
        let charged = self.samples[turn].iter().map(|run| run[connection].charged_s(rule));
        Moments::of(&charged.collect::<Vec<f64>>())
    }

    /// Standard deviation in seconds of what a rule charges for a failure and its return, of the connection where that is
    /// largest.
    fn deviation(&self, rule: &SlaRule) -> f64 {
        let connections = self.samples[0].first().map_or(0, Vec::len);
        let variance = |connection| (0..2).map(|turn| self.charged(rule, turn, connection).variance).sum::<f64>();
        libm::sqrt((0..connections).map(variance).fold(0.0, f64::max))
    }
}

/// Every class of event, each with some runs.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// In order of first use by a component.
    pub classes: Vec<EpisodeClass>,
    /// Per component and turn its class.
    of: IdVec<ComponentId, Vec<usize>>,
}

impl Library {
    /// Runs the engine for every class of event, on all cores: `samples` times in the mean. After some runs of each class
    /// those get more whose episodes differ more and come more often (Neyman's allocation), by what `rule` charges.
    ///
    /// Every class begins in the whole fabric, so an event that meets a fabric with other failures is charged as if it had met
    /// the whole one; how often that happens is told with the result.
    #[must_use]
    pub fn simulate(network: &Network, rule: &SlaRule, seed: RunSeed, samples: u32, cache: &dyn Cache) -> Self {
        let mut library = Self::default();
        for component in &network.reliability.components {
            let of_turns: Vec<usize> = component.turns.iter().map(|kinds| library.class(network, kinds)).collect();
            let cycle = component.up.mean.get() + component.down.mean.get();
            for class in &of_turns {
                library.classes[*class].per_hour += 1.0 / cycle / of_turns.len() as f64;
            }
            library.of.push(of_turns);
        }
        let runs = Runs::new(network, seed, cache);
        let pilot = samples.min(PILOT);
        library.extend(&runs, |_| pilot);
        let wanted = library.allocation(rule, samples);
        library.extend(&runs, |class| wanted[class]);
        library
    }

    /// Simulates what is missing of so many runs of each class.
    fn extend(&mut self, runs: &Runs<'_>, wanted: impl Fn(usize) -> u32) {
        let missing = |class: usize| self.classes[class].runs()..wanted(class);
        let jobs: Vec<(usize, u32)> =
            (0..self.classes.len()).flat_map(|class| missing(class).map(move |sample| (class, sample))).collect();
        let found: Vec<[Vec<Episode>; 2]> =
            jobs.par_iter().map(|(class, sample)| runs.episode(&self.classes[*class], *sample)).collect();
        for ((class, _), [fails, returns]) in jobs.into_iter().zip(found) {
            self.classes[class].samples[0].push(fails);
            self.classes[class].samples[1].push(returns);
        }
    }

    /// How many runs each class is to have, `samples` in the mean.
    fn allocation(&self, rule: &SlaRule, samples: u32) -> Vec<u32> {
        let weights: Vec<(f64, f64, f64)> =
            self.classes.iter().map(|class| (class.per_hour, class.deviation(rule), 1.0)).collect();
        let pilots: u32 = self.classes.iter().map(EpisodeClass::runs).sum();
        let left = f64::from(samples) * self.classes.len() as f64 - f64::from(pilots);
        let more = neyman(&weights, left.max(0.0));
        self.classes.iter().zip(more).map(|(class, more)| class.runs() + whole(more)).collect()
    }

    /// One run of each class, in which nothing passes for twice as long as routing took in the slowest of its runs.
    #[must_use]
    pub fn slowest(&self) -> Self {
        let slowest = |runs: &Vec<Vec<Episode>>| -> Vec<Vec<Episode>> {
            let longest = runs.iter().flatten().map(Episode::length).max();
            let run = longest.map(|longest| vec![Episode::blackout(2 * longest); runs[0].len()]);
            run.into_iter().collect()
        };
        let class =
            |class: &EpisodeClass| EpisodeClass { samples: class.samples.each_ref().map(slowest), ..class.clone() };
        Self { classes: self.classes.iter().map(class).collect(), of: self.of.clone() }
    }

    /// Expected events a second, failures and returns, times the longest episode: how often one event meets another.
    #[must_use]
    pub fn separation(&self) -> f64 {
        let per_hour: f64 = self.classes.iter().map(|class| 2.0 * class.per_hour).sum();
        let episodes = self.classes.iter().flat_map(|class| class.samples.iter().flatten().flatten());
        per_hour / 3_600.0 * episodes.map(Episode::length).max().unwrap_or(0) as f64 / 1e9
    }

    /// What the episodes of each class and turn bring to the variance of a connection's mean charge in a period.
    #[must_use]
    pub fn variances(&self, rule: &SlaRule, connection: usize, period_hours: f64) -> Vec<two_part::EpisodeClass> {
        let of = |class: &EpisodeClass| {
            let events = class.per_hour * period_hours;
            [0, 1].map(|turn| {
                let Moments { count, variance, .. } = class.charged(rule, turn, connection);
                two_part::EpisodeClass { events, variance, episodes: count }
            })
        };
        self.classes.iter().flat_map(of).collect()
    }

    fn class(&mut self, network: &Network, kinds: &[FailureKind]) -> usize {
        if let Some(known) = self.classes.iter().position(|class| class.kinds == kinds) {
            return known;
        }
        let names: Vec<String> = kinds.iter().map(|kind| network.failing_component(kind)).collect();
        self.classes.push(EpisodeClass {
            kinds: kinds.to_vec(),
            name: event(&names, kinds),
            per_hour: 0.0,
            samples: Default::default(),
        });
        self.classes.len() - 1
    }

    /// The run that all connections meet in one period at one instant.
    #[must_use]
    pub fn draw(&self, streams: BriefStreams, at: u64, change: &Move) -> Option<Draw> {
        let class = *self.of.get(change.component)?.get(change.entry)?;
        let runs = self.classes[class].of(change.turn).len();
        let chosen = streams.pick(at, change.component.index() as u64, runs as u64);
        let run = usize::try_from(chosen).expect("an index of a slice");
        (run < runs).then_some(Draw { class, turn: change.turn, run })
    }

    /// What one connection met in a run.
    #[must_use]
    pub fn episode(&self, draw: Draw, connection: usize) -> Option<&Episode> {
        self.classes[draw.class].of(draw.turn).get(draw.run)?.get(connection)
    }

    /// Puts what connections met in another run of the same event in the place of one that was drawn.
    pub fn replace(&mut self, draw: Draw, episodes: Vec<Episode>) {
        let samples = &mut self.classes[draw.class].samples;
        samples[usize::from(draw.turn == Turn::Up)][draw.run] = episodes;
    }
}

/// "router iad-aws-a1: router_down", "8 components: bgp_restart".
fn event(names: &[String], kinds: &[FailureKind]) -> String {
    let word = kinds.first().map_or("nothing", FailureKind::word).replace('_', " ");
    match names {
        [one] => format!("{one}: {word}"),
        _ => format!("{} components from {}: {word}", names.len(), names.first().map_or("", String::as_str)),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
fn whole(runs: f64) -> u32 {
    runs as u32
}
