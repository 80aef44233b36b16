//! One class of event with its runs: what is down before, what comes, and what may come shortly after it.

use super::episode::Episode;
use crate::failures::Turn;
use crate::network::{FailureKind, SlaRule};
use crate::rng::{RunSeed, named_hash};
use crate::study::statistics::mean::Moments;
use crate::units::Span;

/// What happens in every run of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// What is down when it begins, and has been for so long that routing has settled: one entry a component.
    pub down: Vec<Vec<FailureKind>>,
    /// What fails or returns; all of an entry at once.
    pub kinds: Vec<FailureKind>,
    /// What comes before routing has settled from that; `None` lets it settle, and the kinds return after that.
    pub joint: Option<Joint>,
}

/// Two events of which the second one comes before routing has settled from the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joint {
    /// What the first one is.
    pub first: Turn,
    /// What fails or returns second.
    pub kinds: Vec<FailureKind>,
    /// Which of the two.
    pub second: Turn,
    /// The shortest and the longest time between them; every run draws its own, each as likely.
    pub gap: [Span; 2],
}

/// How an event of a period and the runs of a class suit each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// Nothing else is down.
    Whole,
    /// Something else is down, and was for long.
    Degraded,
    /// Two events shortly after one another.
    Joint,
}

impl Happening {
    /// In which setting it happens.
    #[must_use]
    pub fn setting(&self) -> Setting {
        match (&self.joint, self.down.is_empty()) {
            (Some(_), _) => Setting::Joint,
            (None, true) => Setting::Whole,
            (None, false) => Setting::Degraded,
        }
    }
}

/// Episodes of one kind of event.
#[derive(Debug, Clone)]
pub struct EpisodeClass {
    /// What happens.
    pub happening: Happening,
    /// The event in words: "router iad-aws-a1 down".
    pub name: String,
    /// Other events in words that are the same but for names, and whose episodes are these.
    pub alike: Vec<String>,
    /// `[fails, returns]`, one entry a run, in each one episode per connection; of a joint event only its second turn.
    pub samples: [Vec<Vec<Episode>>; 2],
    /// Failures of this class in an hour, of those that are alike, too, in the long run, and as many returns; of joint events those themselves.
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

impl EpisodeClass {
    /// How many runs there are.
    #[must_use]
    pub fn runs(&self) -> u32 {
        let runs = self.samples.each_ref().map(Vec::len).into_iter().max().unwrap_or(0);
        u32::try_from(runs).expect("fewer than 2^32 runs")
    }

    /// The seed of a run, by its number, in a study of this seed: whatever is random in it.
    #[must_use]
    pub fn seed(&self, study: RunSeed, run: u32) -> RunSeed {
        RunSeed(named_hash(&[&self.name, &study.0.to_string(), &run.to_string()]))
    }

    pub(super) fn of(&self, turn: Turn) -> &Vec<Vec<Episode>> {
        match turn {
            Turn::Down => &self.samples[0],
            Turn::Up => &self.samples[1],
        }
    }

    /// Keeps what a run brought.
    pub(super) fn keep(&mut self, [fails, returns]: [Vec<Episode>; 2]) {
        let turns = self.happening.joint.as_ref().map(|joint| joint.second);
        if turns != Some(Turn::Up) {
            self.samples[0].push(fails);
        }
        if turns != Some(Turn::Down) {
            self.samples[1].push(returns);
        }
    }

    /// The longest time until routing had settled after a turn, in nanoseconds.
    #[must_use]
    pub fn longest(&self, turn: Turn) -> u64 {
        self.of(turn).iter().flatten().map(Episode::length).max().unwrap_or(0)
    }

    /// What a rule charges a connection for the episodes of a turn, in seconds.
    pub(super) fn charged(&self, rule: &SlaRule, turn: usize, connection: usize) -> Moments {
        let charged = self.samples[turn].iter().map(|run| run[connection].charged_s(rule));
        Moments::of(&charged.collect::<Vec<f64>>())
    }

    /// Variance in square seconds of what a rule charges for a failure and its return, of the connection where that is
    /// largest.
    pub(super) fn variance(&self, rule: &SlaRule) -> f64 {
        let turns = (0..2).filter(|turn| !self.samples[*turn].is_empty());
        let connections = self.samples.iter().find_map(|runs| runs.first()).map_or(0, Vec::len);
        let variance =
            |connection| turns.clone().map(|turn| self.charged(rule, turn, connection).variance).sum::<f64>();
        (0..connections).map(variance).fold(0.0, f64::max)
    }
}

/// "router iad-aws-a1: router_down", "8 components: bgp_restart".
pub(super) fn event(names: &[String], kinds: &[FailureKind]) -> String {
    let word = kinds.first().map_or("nothing", FailureKind::word).replace('_', " ");
    match names {
        [one] => format!("{one}: {word}"),
        _ => format!("{} components from {}: {word}", names.len(), names.first().map_or("", String::as_str)),
    }
}
