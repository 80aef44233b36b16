//! The episode library: what connections lose from a failure or a return until routing has settled, as the real engine
//! has it with random phases of every timer.
//!
//! ```text
//! failure model --> events in the whole fabric, in degraded ones, and shortly after one another: the most frequent ones
//! those alike   --> one class: the same but for names, and one run of each lost the same
//! each class    --> some runs of the engine --> episodes
//! a period      --> an event, what else is down, and what came shortly before --> one of these episodes
//! ```

mod cache;
mod class;
mod down;
mod episode;
mod frequency;
mod selection;
mod symmetry;
mod unite;

pub use cache::{Cache, NoCache};
pub use class::{Draw, EpisodeClass, Happening, Joint, Setting};
pub use down::Down;
pub use episode::{Episode, Scene};
pub(in crate::study::years) use frequency::is_sudden;

use std::collections::BTreeMap;

use cache::Runs;
use down::Takes;
use frequency::Part;
use rayon::prelude::*;

use crate::failures::{Aspect, Transition, Turn};
use crate::ids::{ComponentId, Id, IdVec};
use crate::network::{Network, SlaRule};
use crate::rng::{BriefStreams, RunSeed};
use crate::study::statistics::mean::Moments;
use crate::study::statistics::two_part::{self, neyman};

/// Runs of each class before the others are dealt out.
const PILOT: u32 = 4;
/// Runs that the variance of all classes of a setting is worth in that of each.
const PRIOR: f64 = 2.0;
/// Parts of the time in which routing settles; two events that lie so far apart have a class of their own.
const BUCKETS: u16 = 4;

/// Every class of event, each with some runs.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// Those of the whole fabric in order of first use by a component, then those of degraded ones and those of two events
    /// shortly after one another, the most frequent first.
    pub classes: Vec<EpisodeClass>,
    /// What is left without a class of its own.
    pub left: Left,
    /// Runs by which events that are the same but for names were compared.
    pub compared: u32,
    /// Sudden failures in an hour.
    per_hour: f64,
    /// Per component and turn its class in the whole fabric; work that is announced has none.
    of: IdVec<ComponentId, Vec<Option<usize>>>,
    /// The same of what is taken out of service.
    shut: IdVec<ComponentId, Vec<Option<usize>>>,
    takes: Takes,
    /// Classes by event and state, and by pair of events and time between them.
    singles: BTreeMap<Vec<u16>, usize>,
    pairs: BTreeMap<Vec<u16>, usize>,
}

/// Events without a class of their own, failures and returns in an hour, in the long run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Left {
    /// Those in a degraded fabric, charged as if in the whole one.
    pub degraded: f64,
    /// Those before routing has settled from another, charged as total loss.
    pub joint: f64,
}

/// What the library has for an event.
#[derive(Debug, Clone)]
pub struct Found {
    /// One run.
    pub draw: Draw,
    /// Whether the run is of the state that the event meets; `None` where it is of the whole fabric and the state is not.
    pub setting: Option<Setting>,
}

/// An event from which routing may not have settled yet.
#[derive(Debug, Clone)]
pub struct Recent {
    at: u64,
    /// For so many nanoseconds.
    reach: u64,
    key: Vec<u16>,
    turn: Turn,
}

impl Library {
    /// Runs the engine for every class of event, on all cores: `samples` times in the mean. After some runs of each class
    /// those get more whose episodes differ more and come more often (Neyman's allocation), by what `rule` charges.
    ///
    /// Besides the events of the whole fabric, those of degraded ones and those shortly after another have classes, the most
    /// frequent first, up to [`StudyPlan::degraded`](crate::network::StudyPlan) and
    /// [`StudyPlan::joint`](crate::network::StudyPlan) of them or until those left hardly matter.
    #[must_use]
    pub fn simulate(network: &Network, rule: &SlaRule, seed: RunSeed, samples: u32, cache: &dyn Cache) -> Self {
        let runs = Runs::new(network, seed, cache);
        let mut library = Self::begin(network);
        let pilot = samples.min(PILOT);
        library.unite(&runs, 0);
        library.extend(&runs, 0, |_| pilot);
        let whole = library.classes.len();
        library.add_degraded(network, rule);
        library.unite(&runs, whole);
        library.extend(&runs, 0, |_| pilot);
        library.extend(&runs, 0, library.allocation(rule, samples, 0));
        let settled = library.classes.len();
        library.add_joint(network, rule);
        library.unite(&runs, settled);
        library.extend(&runs, settled, |_| pilot);
        library.extend(&runs, settled, library.allocation(rule, samples, settled));
        library
    }

    /// Simulates what is missing of so many runs of each class from `first` on.
    fn extend(&mut self, runs: &Runs<'_>, first: usize, wanted: impl Fn(usize) -> u32) {
        let missing = |class: usize| self.classes[class].runs()..wanted(class);
        let jobs: Vec<(usize, u32)> =
            (first..self.classes.len()).flat_map(|class| missing(class).map(move |sample| (class, sample))).collect();
        let found: Vec<_> =
            jobs.par_iter().map(|(class, sample)| runs.episode(&self.classes[*class], *sample)).collect();
        for ((class, _), episodes) in jobs.into_iter().zip(found) {
            self.classes[class].keep(episodes);
        }
    }

    /// How many runs each class from `first` on is to have, `samples` in the mean.
    fn allocation(&self, rule: &SlaRule, samples: u32, first: usize) -> impl Fn(usize) -> u32 + use<> {
        let classes = &self.classes[first..];
        let variances: Vec<f64> = classes.iter().map(|class| class.variance(rule)).collect();
        // A few runs that came out alike may be luck: as if two more runs of each class had what those of its setting have.
        let of_setting = |setting: Setting| {
            let of = classes.iter().zip(&variances).filter(|(class, _)| class.happening.setting() == setting);
            Moments::of(&of.map(|(_, variance)| *variance).collect::<Vec<f64>>()).mean
        };
        let usual = [Setting::Whole, Setting::Degraded, Setting::Joint].map(of_setting);
        let weight = |(class, variance): (&EpisodeClass, &f64)| {
            let (runs, usual) = (f64::from(class.runs()), usual[class.happening.setting() as usize]);
            (class.per_hour, libm::sqrt((runs * variance + PRIOR * usual) / (runs + PRIOR)), 1.0)
        };
        let weights: Vec<(f64, f64, f64)> = classes.iter().zip(&variances).map(weight).collect();
        let pilots: u32 = classes.iter().map(EpisodeClass::runs).sum();
        let left = f64::from(samples) * classes.len() as f64 - f64::from(pilots);
        let more = neyman(&weights, left.max(0.0));
        let wanted: Vec<u32> = classes.iter().zip(more).map(|(class, more)| class.runs() + whole(more)).collect();
        move |class| wanted[class - first]
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
        Self { classes: self.classes.iter().map(class).collect(), ..self.clone() }
    }

    /// The longest time until routing had settled in any run, in nanoseconds.
    #[must_use]
    pub fn longest(&self) -> u64 {
        let turns = |class: &EpisodeClass| class.longest(Turn::Down).max(class.longest(Turn::Up));
        self.classes.iter().map(turns).max().unwrap_or(0)
    }

    /// Expected events a second, failures and returns, times the longest episode: how often one event meets another.
    #[must_use]
    pub fn separation(&self) -> f64 {
        2.0 * self.per_hour / 3_600.0 * self.longest() as f64 / 1e9
    }

    /// What the episodes of each class and turn bring to the variance of a connection's mean charge in a period.
    #[must_use]
    pub fn variances(&self, rule: &SlaRule, connection: usize, period_hours: f64) -> Vec<two_part::EpisodeClass> {
        let of = |class: &EpisodeClass| {
            let events = class.per_hour * period_hours;
            let turns = (0..2).filter(|turn| !class.samples[*turn].is_empty());
            let of_turn = |turn| {
                let Moments { count, variance, .. } = class.charged(rule, turn, connection);
                two_part::EpisodeClass { events, variance, episodes: count }
            };
            turns.map(of_turn).collect::<Vec<_>>()
        };
        self.classes.iter().flat_map(of).collect()
    }

    /// Something fails or returns: what is down after that. Whether it changes anything, and has runs to draw.
    pub fn turns(&self, down: &mut Down, transition: &Transition) -> bool {
        let Transition { component, turn, aspect, entry, .. } = *transition;
        match (turn, aspect) {
            (_, Aspect::Fault) => self.fault_turns(down, transition, turn),
            (Turn::Down, Aspect::OutOfService) => {
                self.fault_turns(down, transition, Turn::Up);
                down.turns(&self.takes.shut[component][entry as usize], turn);
            }
            (Turn::Up, Aspect::OutOfService) => down.turns(&self.takes.shut[component][entry as usize], turn),
        }
        !is_known(transition) || !down.is_unmoved()
    }

    fn fault_turns(&self, down: &mut Down, transition: &Transition, turn: Turn) {
        let Transition { component, entry, covered, .. } = *transition;
        if covered {
            down.turns(&self.takes.of[component][entry as usize], turn);
        } else {
            down.sticks(turn);
        }
    }

    /// What else fails at the same moment as the latest failure, as one event with it.
    pub fn fails_too(&self, down: &mut Down, transition: &Transition) {
        down.fails_too(&self.takes.of[transition.component][transition.entry as usize]);
    }

    /// Whether runs are here of all these failures at once, from what is down.
    #[must_use]
    pub fn has_at_once(&self, down: &Down, failures: &[Transition]) -> bool {
        let mut down = down.clone();
        for (index, failure) in failures.iter().enumerate() {
            if index == 0 {
                self.turns(&mut down, failure);
            } else {
                self.fails_too(&mut down, failure);
            }
        }
        !down.is_stuck() && self.singles.contains_key(&down.key())
    }

    /// The run that all connections meet in one period at one instant, when nothing came shortly before.
    #[must_use]
    pub fn draw(&self, streams: BriefStreams, transition: &Transition, down: &Down) -> Option<Found> {
        let Transition { component, turn, aspect, entry, .. } = *transition;
        let whole = self.whole((component, entry as usize, aspect))?;
        let covered = is_known(transition);
        let known = if covered && !down.is_stuck() { self.singles.get(&down.key()).copied() } else { None };
        let draw = self.pick(streams, transition, known.unwrap_or(whole), turn)?;
        let setting = known.map(|class| self.classes[class].happening.setting());
        Some(Found { draw, setting: setting.or((covered && down.is_alone()).then_some(Setting::Whole)) })
    }

    /// The run that they meet so shortly after another event; `None` where no class is of the two.
    #[must_use]
    pub fn draw_joint(
        &self,
        streams: BriefStreams,
        transition: &Transition,
        down: &Down,
        first: &Recent,
    ) -> Option<Found> {
        let gap = transition.at.as_ns() - first.at;
        if !is_known(transition) || down.is_stuck() || gap >= first.reach {
            return None;
        }
        let bucket = u128::from(gap) * u128::from(BUCKETS) / u128::from(first.reach);
        let bucket = u16::try_from(bucket).expect("below the number of buckets");
        let class = *self.pairs.get(&down.joint_key(&first.key, [first.turn, transition.turn], bucket))?;
        let draw = self.pick(streams, transition, class, transition.turn)?;
        Some(Found { draw, setting: Some(Setting::Joint) })
    }

    /// What the next event has to know of this one.
    #[must_use]
    pub fn recent(&self, transition: &Transition, down: &Down, found: &Found) -> Option<Recent> {
        let Draw { class, turn, .. } = found.draw;
        let (at, reach) = (transition.at.as_ns(), self.classes[class].longest(turn));
        (is_known(transition) && !down.is_stuck()).then(|| Recent { at, reach, key: down.key(), turn })
    }

    /// The class of a part in the whole fabric.
    fn whole(&self, (component, entry, aspect): Part) -> Option<usize> {
        let classes = match aspect {
            Aspect::Fault => &self.of,
            Aspect::OutOfService => &self.shut,
        };
        *classes.get(component)?.get(entry)?
    }

    fn pick(&self, streams: BriefStreams, transition: &Transition, class: usize, turn: Turn) -> Option<Draw> {
        let runs = self.classes[class].of(turn).len();
        let chosen = streams.pick(transition.at.as_ns(), transition.component.index() as u64, runs as u64);
        let run = usize::try_from(chosen).expect("an index of a slice");
        (run < runs).then_some(Draw { class, turn, run })
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

/// Whether routing takes over from it, or somebody sees to that.
const fn is_known(transition: &Transition) -> bool {
    transition.covered || matches!(transition.aspect, Aspect::OutOfService)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
fn whole(runs: f64) -> u32 {
    runs as u32
}
