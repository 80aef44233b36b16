//! What a study says: every number with its interval and what stands behind it.

use super::engine::Stop;
use super::fits::Fits;
use super::library::{self, Episode, Library, Setting};
use super::sensitivity::{Flip, Swing};
use super::tally::{ConnectionTally, RuleTally, Tally, at_rank, in_seconds};
use super::walk::{Plan, STEPS};
use crate::network::{Begin, LegalText, SlaRule};
use crate::study::rare::RareSummary;
use crate::study::statistics::Interval;
use crate::study::statistics::binomial::clopper_pearson;
use crate::study::statistics::mean::Moments;
use crate::study::statistics::quantile::{QuantileInterval, quantile_interval, quantile_rank};
use crate::study::statistics::sums::Sums;
use crate::study::statistics::two_part::{EpisodeClass, TwoPart};
use crate::study::structure::{Structure, StructureSummary};
use crate::units::{CalendarSpan, Share};

/// Two-sided confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;

/// What a study of many periods says.
#[derive(Debug, Clone, PartialEq)]
pub struct StudySummary {
    /// The scenario's title.
    pub title: String,
    /// The reliability pack; empty without one.
    pub pack: String,
    /// What its figures are.
    pub basis: String,
    /// One SLA period.
    pub period: CalendarSpan,
    /// How many were simulated.
    pub periods: u64,
    /// How many there were to be at most.
    pub budget: u64,
    /// Why it ended.
    pub stop: Stop,
    /// Failures and returns in all of them.
    pub transitions: u64,
    /// How well the episodes suited those that have any.
    pub fits: Fits,
    /// No episode lasts longer, in seconds: the longest of any run, and a session's way up behind it.
    pub slowest: f64,
    /// Events for which the library has no class of their own, expected in a period: `[in a degraded fabric, before routing has
    /// settled from another]`.
    pub left: [f64; 2],
    /// Components that fail.
    pub components: u64,
    /// In order of name.
    pub connections: Vec<ConnectionSummary>,
    /// What each connection has left in the long run, exactly, in order of name.
    pub structure: Vec<StructureSummary>,
    /// What the periods never or hardly saw, found by making it common; empty when nobody asked.
    pub rare: Vec<RareSummary>,
    /// What convergence costs; empty when it is not charged.
    pub episodes: Vec<EpisodeSummary>,
    /// Runs by which events that are the same but for names were compared.
    pub compared: u64,
    /// Rate of transitions times the longest episode: how often one meets another.
    pub separation: f64,
    /// What each class of component does to the answer, the widest first.
    pub swings: Vec<Swing>,
    /// The figure that decides, and where the answer turns.
    pub flip: Option<Flip>,
}

/// One connection.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionSummary {
    /// Name.
    pub name: String,
    /// By rule, the one that decides first.
    pub rules: Vec<RuleSummary>,
    /// Share of time with fewer than `k + 1` usable channels.
    pub below: Vec<Estimate>,
    /// Mean share of packets lost, routing settled.
    pub lost: Estimate,
    /// Share of time with less than each level of the demand carried.
    pub lacking: Vec<(Share, Estimate)>,
    /// Mean share of the demand for which the channels left were too small.
    pub short: Estimate,
    /// Times without a usable channel.
    pub outages: u64,
    /// What the first rule charged, and what was short besides, by cause, the largest first.
    pub causes: Vec<Cause>,
    /// Charged by the first rule up to the end of each part of the period: of it the p50, p90, p99 and p99.9, in seconds.
    pub course: Vec<[f64; 4]>,
    /// The worst periods, worst first.
    pub worst: Vec<WorstPeriod>,
}

/// The quantiles that reports show.
pub const QUANTILES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// A mean over periods.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Log-t interval; `None` when nothing was seen.
    pub interval: Option<Interval>,
}

/// What one rule says of one connection.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSummary {
    /// Name of the rule.
    pub rule: String,
    /// Where it comes from.
    pub basis: String,
    /// Whether its legal text was read.
    pub text: LegalText,
    /// The promise.
    pub target: Share,
    /// Unavailable time that it allows in a period.
    pub budget: CalendarSpan,
    /// Share of periods that keep it, with Clopper and Pearson's interval.
    pub meets: f64,
    /// Its interval.
    pub meets_interval: Interval,
    /// Periods that broke it.
    pub missed: u64,
    /// Charged time of a period in seconds.
    pub charged: Estimate,
    /// What its variance is made of, in square seconds.
    pub variance: TwoPart,
    /// Charged outages in all periods.
    pub outages: u64,
    /// Charged time at quantiles, in seconds.
    pub quantiles: Vec<QuantileOfPeriods>,
    /// Expected credit of a period, as a share of its price.
    pub credit: f64,
    /// (seconds, share of periods charged longer), from the shortest charge on.
    pub exceedance: Vec<(f64, f64)>,
}

/// A quantile of the periods.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileOfPeriods {
    /// Which one, such as 0.99.
    pub at: f64,
    /// Seconds.
    pub seconds: f64,
    /// Interval from order statistics; `None` when there are too few periods.
    pub interval: Option<Interval>,
}

/// What charged time is put down to.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// The class of component.
    pub class: String,
    /// What kind of cause that is.
    pub kind: CauseKind,
    /// Seconds a period; of capacity that the rule does not charge, times the share of the demand that was short.
    pub seconds: f64,
    /// Share of all causes.
    pub share: f64,
}

/// What kind of cause took a connection away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CauseKind {
    /// Too many components down at once.
    Structure,
    /// Routing had not settled yet.
    Convergence,
    /// Planned work.
    Maintenance,
    /// One fault in many components.
    CommonMode,
    /// Partial loss that nobody notices.
    Grey,
    /// Channels are left that are too small for what is asked of them.
    Capacity,
}

/// One of the worst periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorstPeriod {
    /// Which replication.
    pub replication: u64,
    /// Charged time.
    pub charged: CalendarSpan,
}

/// What one class of event costs until routing has settled.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeSummary {
    /// The event, and the state that it meets.
    pub name: String,
    /// Other events that are the same but for names, and share its runs.
    pub alike: Vec<String>,
    /// The setting of its runs.
    pub setting: Setting,
    /// Failures, or joint events, expected in a period, those that are alike with them.
    pub expected: f64,
    /// Runs of the engine.
    pub runs: u64,
    /// Mean loss after `[failure, return]`, in seconds of total loss of the connection that lost most.
    pub lost: [f64; 2],
    /// The longest time until routing had settled, in seconds.
    pub longest: f64,
}

impl StudySummary {
    /// Puts together what was counted.
    #[must_use]
    pub fn new(plan: &Plan<'_>, tally: &Tally, stop: Stop, swings: Vec<Swing>, flip: Option<Flip>) -> Self {
        let network = plan.network;
        let hours = plan.period().as_seconds() / 3_600.0;
        let episodes = plan.library.map_or_else(Vec::new, |library| episodes(library, hours));
        let left = plan.library.map_or([0.0; 2], |library| [library.left.degraded, library.left.joint]);
        let longest = episodes.iter().fold(0.0f64, |longest, one| longest.max(one.longest));
        let seconds = plan.period().as_seconds() * tally.periods.max(1) as f64;
        let connections = tally.connections.iter().enumerate();
        let structure = Structure::new(network, &plan.standing);
        Self {
            title: network.title.clone(),
            pack: network.reliability.pack.clone(),
            basis: network.reliability.basis.clone(),
            period: plan.period(),
            periods: tally.periods,
            budget: network.study.periods,
            stop,
            transitions: tally.transitions,
            fits: tally.fits,
            slowest: longest + network.longest_connecting().to_calendar().as_seconds(),
            left: left.map(|per_hour| per_hour * hours),
            components: network.reliability.components.len() as u64,
            connections: connections.map(|(index, of)| connection(plan, index, of, tally.periods)).collect(),
            structure: network.connections.ids().map(|id| structure.connection(id)).collect(),
            rare: Vec::new(),
            episodes,
            compared: plan.library.map_or(0, |library| library.compared.into()),
            separation: longest * tally.transitions as f64 / seconds,
            swings,
            flip,
        }
    }

    /// The smallest share of periods that any connection keeps its promise in, by the first rule.
    #[must_use]
    pub fn meets(&self) -> Option<&RuleSummary> {
        let first = self.connections.iter().filter_map(|one| one.rules.first());
        first.min_by(|a, b| a.meets.total_cmp(&b.meets))
    }
}

fn connection(plan: &Plan<'_>, index: usize, tally: &ConnectionTally, periods: u64) -> ConnectionSummary {
    let length = plan.period().as_seconds();
    let levels = &plan.network.study.demand_levels;
    let name = &plan.network.connections.iter().nth(index).expect("a connection of the plan").name;
    let episodes =
        |rule: &SlaRule| plan.library.map_or_else(Vec::new, |library| library.variances(rule, index, length / 3_600.0));
    let share = |sums: &Sums| {
        let Moments { count, mean, variance } = in_seconds(sums, periods);
        estimate(Moments { count, mean: mean / length, variance: variance / length / length })
    };
    ConnectionSummary {
        name: name.clone(),
        rules: plan
            .rules
            .iter()
            .zip(&tally.rules)
            .map(|(of, rule)| rule_summary(of, rule, plan.period(), periods, episodes(of)))
            .collect(),
        below: tally.below.iter().map(share).collect(),
        lost: share(&tally.lost),
        lacking: levels.iter().copied().zip(tally.lacking.iter().map(share)).collect(),
        short: share(&tally.short),
        outages: tally.outages,
        causes: causes(plan, tally, periods),
        course: (0..STEPS)
            .map(|step| QUANTILES.map(|at| at_rank(&tally.course[step], periods, quantile_rank(periods, at))))
            .collect(),
        worst: tally
            .worst
            .list()
            .iter()
            .map(|one| WorstPeriod { replication: one.number, charged: CalendarSpan::from_ns(one.downtime) })
            .collect(),
    }
}

fn estimate(moments: Moments) -> Estimate {
    Estimate { mean: moments.mean, interval: moments.log_t(CONFIDENCE) }
}

fn rule_summary(
    rule: &SlaRule,
    tally: &RuleTally,
    length: CalendarSpan,
    periods: u64,
    episodes: Vec<EpisodeClass>,
) -> RuleSummary {
    let years = in_seconds(&tally.charged, periods);
    let variance = TwoPart::new(years.variance, periods.max(1), &episodes);
    let kept = periods - tally.missed;
    RuleSummary {
        rule: rule.name.clone(),
        basis: rule.basis.clone(),
        text: rule.text,
        target: rule.target,
        budget: length.part(rule.target.complement()),
        meets: kept as f64 / periods.max(1) as f64,
        meets_interval: clopper_pearson(kept, periods.max(1), CONFIDENCE),
        missed: tally.missed,
        // Episodes that are drawn again and again are no new ones: their part does not shrink with the periods.
        charged: estimate(Moments { variance: (variance.years + variance.episodes) * periods as f64, ..years }),
        variance,
        outages: tally.outages,
        quantiles: QUANTILES.map(|at| quantile_of(tally, at, periods)).to_vec(),
        credit: tally.credit as f64 / 1e9 / periods.max(1) as f64,
        exceedance: tally.exceedance(periods),
    }
}

fn quantile_of(tally: &RuleTally, at: f64, periods: u64) -> QuantileOfPeriods {
    let value = |rank: u64| at_rank(&tally.spread, periods, rank);
    let interval = match quantile_interval(periods, at, CONFIDENCE) {
        QuantileInterval::Ranks { low, high } => Some(Interval { low: value(low), high: value(high) }),
        QuantileInterval::TooFew { .. } => None,
    };
    QuantileOfPeriods { at, seconds: value(quantile_rank(periods, at)), interval }
}

fn causes(plan: &Plan<'_>, tally: &ConnectionTally, periods: u64) -> Vec<Cause> {
    let total: f64 = tally.causes.iter().flatten().map(|charged| *charged as f64).sum();
    let mut causes = Vec::new();
    for (class, parts) in plan.classes.iter().zip(&tally.causes) {
        let kind = kind_of(plan, class);
        for (charged, kind) in parts.iter().zip([kind, CauseKind::Convergence, CauseKind::Capacity]) {
            if *charged > 0 {
                let seconds = *charged as f64 / 1e9 / periods.max(1) as f64;
                causes.push(Cause { class: class.clone(), kind, seconds, share: *charged as f64 / total });
            }
        }
    }
    causes.sort_by(|a, b| b.seconds.total_cmp(&a.seconds).then_with(|| a.class.cmp(&b.class)));
    causes
}

/// What kind of cause a class of component is.
fn kind_of(plan: &Plan<'_>, class: &str) -> CauseKind {
    let component = plan.network.reliability.components.iter().find(|component| component.class == class);
    let Some(component) = component else { return CauseKind::Structure };
    if component.begins == Begin::Drained {
        CauseKind::Maintenance
    } else if component.turns.iter().any(|kinds| kinds.len() > 1) {
        CauseKind::CommonMode
    } else if component.turns.iter().flatten().any(|kind| kind.word() == "grey_loss") {
        CauseKind::Grey
    } else {
        CauseKind::Structure
    }
}

fn episodes(library: &Library, hours: f64) -> Vec<EpisodeSummary> {
    let summary = |class: &library::EpisodeClass| {
        let worst = |episodes: &Vec<Episode>| episodes.iter().map(Episode::lost_ns).fold(0.0f64, f64::max);
        let mean =
            |samples: &Vec<Vec<Episode>>| samples.iter().map(worst).sum::<f64>() / 1e9 / samples.len().max(1) as f64;
        let all = class.samples.iter().flatten().flatten();
        EpisodeSummary {
            name: class.name.clone(),
            alike: class.alike.clone(),
            setting: class.happening.setting(),
            expected: class.per_hour * hours,
            runs: class.runs().into(),
            lost: [mean(&class.samples[0]), mean(&class.samples[1])],
            longest: all.map(Episode::length).max().unwrap_or(0) as f64 / 1e9,
        }
    };
    library.classes.iter().map(summary).collect()
}
