//! One SLA period of a fabric's life: failures as drawn, what stands in between, and what every rule charges.

use super::course::{Course, charged_by, part};
use super::fits::{Fit, Fits};
use super::library::{Down, Draw, Library, Recent, Setting, is_sudden};
use crate::failures::{
    Aspect, BLOCK, ConnectionState, Lives, LivesPlan, Manner, Standing, StandingPlan, Transition, Turn,
};
use crate::ids::{ComponentId, Id, IdVec};
use crate::network::{Begin, Component, Exclusion, Network, Period as SlaPeriod, SlaRule};
use crate::rng::{BriefStreams, RunSeed};
use crate::sla::{LossTimeline, Observation, Outage, Ruling, evaluate};
use crate::units::{CalendarSpan, Share};

/// What all periods of a study share.
#[derive(Debug)]
pub struct Plan<'n> {
    /// The fabric.
    pub network: &'n Network,
    /// Its failure model.
    pub lives: LivesPlan<'n>,
    /// What failures leave standing.
    pub standing: StandingPlan<'n>,
    /// By which rules every period is judged; the first one decides.
    pub rules: Vec<SlaRule>,
    /// What failures and returns cost until routing has settled; `None` charges nothing for that.
    pub library: Option<&'n Library>,
    /// Names of the component classes, in order.
    pub classes: Vec<String>,
    /// The class of each component.
    pub class_of: IdVec<ComponentId, usize>,
    /// By component and turn: the connections that it touches, by index. Empty where no rule asks what was maintenance.
    touched: Vec<Vec<Vec<usize>>>,
}

/// What one connection met in one period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionPeriod {
    /// Time with fewer than `k + 1` usable channels, in nanoseconds; `[0]` is without any.
    pub below: Vec<u64>,
    /// Loss summed over time (ns x share): what the mean loss is made of.
    pub lost: u64,
    /// Times without a usable channel.
    pub outages: u32,
    /// By rule.
    pub rules: Vec<RulePeriod>,
    /// By [`StudyPlan::demand_levels`](crate::network::StudyPlan): time in which less of the demand is carried, in nanoseconds.
    pub lacking: Vec<u64>,
    /// Demand for which the channels left are too small, summed over time (ns x share).
    pub short: u64,
    /// Charged by the first rule, in nanoseconds, per class of component.
    pub causes: Vec<Parts>,
    /// Charged by the first rule up to the end of each of [`STEPS`] equal parts of the period, in nanoseconds.
    pub course: Vec<u64>,
}

/// What a class of components is charged with: what it broke; what was lost until routing had settled; and time for which what
/// is left is too small, as much as the rule charges, and of other time the share of the demand that is short (ns x share).
pub type Parts = [u64; 3];

/// Parts of a period in which the course of the charge is told.
pub const STEPS: usize = 30;

/// What one rule made of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RulePeriod {
    /// Charged time in nanoseconds.
    pub charged: u64,
    /// Charged outages.
    pub outages: u32,
    /// Credit that it earns, as a share of the period's price.
    pub credit: Share,
}

/// What one period brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Period {
    /// Components that failed or came back.
    pub transitions: u64,
    /// What was laid over those that have episodes.
    pub fits: Fits,
    /// Whether nothing was down at any time.
    pub is_quiet: bool,
    /// In order of connection id.
    pub connections: Vec<ConnectionPeriod>,
}

/// An event of a period and the run of the library that was laid over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    /// When, in nanoseconds.
    pub at: u64,
    /// The run.
    pub draw: Draw,
    /// How well the run suits it; where all was taken for lost it only says for how long.
    pub fit: Fit,
}

/// Walks through periods, one after another, with the same buffers.
#[derive(Debug)]
pub struct Walker<'p> {
    lives: Lives<'p>,
    walk: Walk<'p>,
}

/// What stands and what is lost in one period.
#[derive(Debug)]
struct Walk<'p> {
    plan: &'p Plan<'p>,
    standing: Standing<'p>,
    /// With everything up.
    whole: Vec<ConnectionState>,
    present: Vec<ConnectionState>,
    since: Vec<u64>,
    courses: Vec<Course>,
    outcome: Period,
    met: Vec<Met>,
    /// What is down, as the library has it.
    down: Down,
    /// The event from which routing may not have settled.
    recent: Option<Recent>,
}

impl<'n> Plan<'n> {
    /// Prepares a study of `network` by some rules; all are judged over the period of the first.
    ///
    /// # Panics
    /// Without a rule.
    #[must_use]
    pub fn new(network: &'n Network, rules: Vec<SlaRule>, library: Option<&'n Library>) -> Self {
        let components = &network.reliability.components;
        let mut classes: Vec<String> = components.iter().map(|component| component.class.clone()).collect();
        classes.sort();
        classes.dedup();
        let place = |class: &String| classes.binary_search(class).expect("a class of a component");
        let period = length(&rules[0]);
        let rules: Vec<SlaRule> =
            rules.into_iter().map(|rule| SlaRule { period: SlaPeriod::Rolling(period), ..rule }).collect();
        let class_of = components.iter().map(|component| place(&component.class)).collect();
        let standing = StandingPlan::new(network);
        let asks = |rule: &SlaRule| rule.excludes.contains(&Exclusion::Maintenance);
        let is_asked = rules.iter().any(asks) && components.iter().any(|one| one.begins == Begin::Drained);
        Self {
            network,
            lives: LivesPlan::new(&network.reliability, period),
            touched: if is_asked { touched(&standing, components) } else { Vec::new() },
            standing,
            rules,
            library,
            classes,
            class_of,
        }
    }

    /// How long a period is.
    #[must_use]
    pub fn period(&self) -> CalendarSpan {
        length(&self.rules[0])
    }
}

/// Which connections each component leaves other than whole when it alone has failed, or is out of service.
fn touched(plan: &StandingPlan<'_>, components: &IdVec<ComponentId, Component>) -> Vec<Vec<Vec<usize>>> {
    let mut standing = Standing::new(plan);
    let whole = standing.states().to_vec();
    let mut hit = |component: ComponentId, entry: usize, manner: Manner| {
        standing.fails(component, entry, manner);
        let hit = standing.states().iter().zip(&whole).map(|(state, whole)| state != whole).collect::<Vec<_>>();
        standing.returns(component, entry, manner);
        hit
    };
    let mut by = |component: ComponentId, entry: usize| {
        let [fault, shut] = [Manner::Failover, Manner::OutOfService].map(|manner| hit(component, entry, manner));
        (0..fault.len()).filter(|index| fault[*index] || shut[*index]).collect()
    };
    components.enumerate().map(|(id, one)| (0..one.turns.len()).map(|entry| by(id, entry)).collect()).collect()
}

/// How long a rule's period is; of calendar months 30 days.
fn length(rule: &SlaRule) -> CalendarSpan {
    match rule.period {
        SlaPeriod::Rolling(length) => length,
        SlaPeriod::Months(_) => CalendarSpan::from_days(30),
    }
}

impl<'p> Walker<'p> {
    /// A walker that has not begun.
    #[must_use]
    pub fn new(plan: &'p Plan<'p>) -> Self {
        Self { lives: Lives::new(&plan.lives), walk: Walk::new(plan) }
    }

    /// One period.
    pub fn period(&mut self, seed: RunSeed, replication: u64) -> &Period {
        self.walk.period(seed.brief_streams(replication), self.lives.replication(seed, replication))
    }

    /// The 64 periods of a block, in order.
    pub fn block(&mut self, seed: RunSeed, block: u64, mut observe: impl FnMut(u64, &Period)) {
        for (transitions, replication) in self.lives.block(seed, block).iter().zip(block * BLOCK..) {
            observe(replication, self.walk.period(seed.brief_streams(replication), transitions));
        }
    }

    /// What the first rule charged the worst connection in each period of a block, in nanoseconds.
    pub fn worst_charges(&mut self, seed: RunSeed, block: u64) -> Vec<u64> {
        let mut charged = Vec::new();
        self.block(seed, block, |_, period| {
            charged.push(period.connections.iter().map(|one| one.rules[0].charged).max().unwrap_or(0));
        });
        charged
    }

    /// The events of the period that was walked last over which runs of the library were laid.
    #[must_use]
    pub fn met(&self) -> &[Met] {
        &self.walk.met
    }

    /// What the first rule makes of a connection's losses in the period that was walked last, outage by outage.
    #[must_use]
    pub fn outages(&self, connection: usize) -> Vec<Outage> {
        let (plan, course) = (self.walk.plan, &self.walk.courses[connection]);
        let excludes = plan.rules[0].excludes.contains(&Exclusion::Maintenance);
        let observation = Observation {
            directions: [&course.directions[0], &course.directions[1]],
            exemptions: if excludes { &course.maintenance } else { &[] },
            observed: plan.period(),
        };
        evaluate(&plan.rules[0], &observation).outages
    }

    /// The losses of a connection over the period that was walked last, both directions.
    #[must_use]
    pub fn timelines(&self, connection: usize) -> &[LossTimeline; 2] {
        &self.walk.courses[connection].directions
    }
}

impl<'p> Walk<'p> {
    fn new(plan: &'p Plan<'p>) -> Self {
        let connections = &plan.network.connections;
        let mut standing = Standing::new(&plan.standing);
        let whole = standing.states().to_vec();
        let nothing = |channels: usize| ConnectionPeriod {
            below: vec![0; channels],
            rules: vec![RulePeriod::default(); plan.rules.len()],
            lacking: vec![0; plan.network.study.demand_levels.len()],
            causes: vec![Parts::default(); plan.classes.len()],
            course: Vec::with_capacity(STEPS),
            ..ConnectionPeriod::default()
        };
        let connections = connections.iter().map(|connection| nothing(plan.network.channels_of(connection)));
        Self {
            plan,
            met: Vec::new(),
            down: Down::default(),
            recent: None,
            standing,
            present: whole.clone(),
            since: vec![0; whole.len()],
            courses: vec![Course::default(); whole.len()],
            outcome: Period { connections: connections.collect(), is_quiet: true, ..Period::default() },
            whole,
        }
    }

    /// What becomes of the connections with these failures and returns.
    fn period(&mut self, streams: BriefStreams, transitions: &[Transition]) -> &Period {
        let is_clean = self.outcome.is_quiet;
        self.outcome.is_quiet = transitions.is_empty();
        if !is_clean {
            self.begin();
        }
        if !transitions.is_empty() {
            let mut left = transitions;
            while !left.is_empty() {
                let (once, later) = left.split_at(self.at_once(left));
                for (index, transition) in once.iter().enumerate() {
                    self.apply(streams, transition, [index > 0, index + 1 < once.len()]);
                }
                left = later;
            }
            self.end();
        }
        &self.outcome
    }

    fn begin(&mut self) {
        self.standing.reset();
        self.present.copy_from_slice(&self.whole);
        self.since.fill(0);
        self.courses.iter_mut().for_each(Course::clear);
        self.met.clear();
        self.down.clear();
        self.recent = None;
        (self.outcome.transitions, self.outcome.fits) = (0, Fits::default());
        for one in &mut self.outcome.connections {
            one.below.fill(0);
            one.rules.fill(RulePeriod::default());
            one.causes.fill(Parts::default());
            one.lacking.fill(0);
            one.course.clear();
            (one.lost, one.short, one.outages) = (0, 0, 0);
        }
    }

    /// How many of the next failures are one event, of which the library has runs: a common cause hits at one moment.
    fn at_once(&self, next: &[Transition]) -> usize {
        let Some(library) = self.plan.library else { return 1 };
        let first = &next[0];
        let is_one = |other: &&Transition| {
            let component = &self.plan.network.reliability.components[other.component];
            let is_sudden = component.begins == Begin::Sudden && other.covered;
            let fails = (other.turn, other.aspect) == (Turn::Down, Aspect::Fault);
            other.at == first.at && fails && is_sudden && first.at > CalendarSpan::ZERO
        };
        let many = next.iter().take_while(is_one).count();
        if many > 1 && library.has_at_once(&self.down, &next[..many]) { many } else { 1 }
    }

    /// Something fails or returns; `[it is one event with the one before, it is with the one behind]`.
    fn apply(&mut self, streams: BriefStreams, transition: &Transition, [is_more, has_more]: [bool; 2]) {
        let plan = self.plan;
        let Transition { at, component, turn, aspect, entry, .. } = *transition;
        let begins = plan.network.reliability.components[component].begins;
        let changes = match plan.library {
            None => false,
            Some(library) if is_more => {
                library.fails_too(&mut self.down, transition);
                true
            }
            Some(library) => library.turns(&mut self.down, transition),
        };
        self.standing.turns(transition);
        // What is down when time begins fell before it.
        let moved = at > CalendarSpan::ZERO;
        self.outcome.transitions += u64::from(moved);
        let class = plan.class_of[component];
        for index in 0..self.present.len() {
            let after = self.standing.states()[index];
            self.arrive(index, at.as_ns(), after, class);
        }
        // Who was drained first takes nobody's packets along.
        if moved
            && changes
            && !has_more
            && is_sudden(&plan.network.reliability.components[component], aspect)
            && let Some(library) = plan.library
        {
            self.disturb(streams, transition, library);
        }
        // A failure that is taken out of service is the same failure.
        if (turn, aspect) == (Turn::Down, Aspect::OutOfService) {
            return;
        }
        for index in plan.touched.get(component.index()).into_iter().flat_map(|entries| &entries[entry as usize]) {
            self.courses[*index].holds(at.as_ns(), begins, turn, plan.period());
        }
    }

    /// A connection has another state from `at` on.
    fn arrive(&mut self, index: usize, at: u64, after: ConnectionState, class: usize) {
        let before = self.present[index];
        if before == after {
            return;
        }
        self.pass(index, at);
        self.present[index] = after;
        let one = &mut self.outcome.connections[index];
        one.outages += u32::from(after.usable == 0 && before.usable > 0);
        self.courses[index].shrinks(at, before.short, after.short, class);
        if before.loss == after.loss {
            return;
        }
        let course = &mut self.courses[index];
        if after.loss > before.loss {
            course.worsens(at, class);
        }
        course.steady(at, after.loss);
    }

    /// Accounts for the time up to `at` in the present state.
    fn pass(&mut self, index: usize, at: u64) {
        let state = self.present[index];
        let one = &mut self.outcome.connections[index];
        let length = at - self.since[index];
        self.since[index] = at;
        // Too few channels for those places that stand for more.
        one.below.iter_mut().skip(state.usable.into()).for_each(|below| *below += length);
        if state.carried == Share::ONE {
            return;
        }
        one.lost += part(length, state.loss);
        one.short += part(length, state.short);
        let levels = self.plan.network.study.demand_levels.iter();
        let lacking = one.lacking.iter_mut().zip(levels).filter(|(_, level)| state.carried < **level);
        lacking.for_each(|(lacking, _)| *lacking += length);
    }

    /// Routing needs its time: lays what an episode of the library lost over the settled state.
    fn disturb(&mut self, streams: BriefStreams, transition: &Transition, library: &Library) {
        let (at, class) = (transition.at.as_ns(), self.plan.class_of[transition.component]);
        let end = self.plan.period().as_ns();
        let recent = self.recent.take();
        let joint = recent.and_then(|first| library.draw_joint(streams, transition, &self.down, &first));
        let Some(found) = joint.or_else(|| library.draw(streams, transition, &self.down)) else { return };
        let is_joint = found.setting == Some(Setting::Joint);
        let mut lost = None;
        for index in 0..self.courses.len() {
            let Some(episode) = library.episode(found.draw, index) else { continue };
            let settled = self.present[index].loss;
            let course = &mut self.courses[index];
            if at < course.busy && !is_joint {
                let until = course.busy.max(at + episode.length()).min(end);
                lost = lost.max(Some(until - at));
                course.total_loss(at, until, settled, class);
            } else {
                course.lay(at, episode, settled, class, end);
            }
        }
        let fit = match (lost, found.setting) {
            (Some(_), _) => Fit::Lost,
            (None, Some(Setting::Whole)) => Fit::Whole,
            (None, Some(Setting::Degraded)) => Fit::Degraded,
            (None, Some(Setting::Joint)) => Fit::Joint,
            (None, None) => Fit::Borrowed,
        };
        self.outcome.fits.count(fit);
        self.outcome.fits.lost_ns += u128::from(lost.unwrap_or(0));
        if !is_joint && lost.is_none() {
            self.recent = library.recent(transition, &self.down, &found);
        }
        self.met.push(Met { at, draw: found.draw, fit });
    }

    /// Judges the whole period.
    fn end(&mut self) {
        let end = self.plan.period();
        for index in 0..self.present.len() {
            self.pass(index, end.as_ns());
            let (course, one) = (&mut self.courses[index], &mut self.outcome.connections[index]);
            course.shrinks(end.as_ns(), self.present[index].short, Share::ZERO, 0);
            let charged = judge(self.plan, course, one);
            course.blame(&charged, self.plan.rules[0].bin, &mut one.causes);
        }
    }
}

/// What every rule makes of a connection's losses; returns what the first one charges.
fn judge(plan: &Plan<'_>, course: &Course, one: &mut ConnectionPeriod) -> Vec<Outage> {
    let end = plan.period();
    let mut first = Vec::new();
    let losses = course.directions.iter().flat_map(|direction| direction.segments());
    let Some(most) = losses.map(|segment| segment.loss).max() else { return first };
    for (index, rule) in plan.rules.iter().enumerate().filter(|(_, rule)| rule.bad.can_follow(most)) {
        let excludes = rule.excludes.contains(&Exclusion::Maintenance);
        let observation = Observation {
            directions: [&course.directions[0], &course.directions[1]],
            exemptions: if excludes { &course.maintenance } else { &[] },
            observed: end,
        };
        let mut evaluation = evaluate(rule, &observation);
        let verdict = evaluation.worst().clone();
        evaluation.outages.retain(|outage| outage.ruling == Ruling::Charged);
        one.rules[index] = RulePeriod {
            charged: verdict.charged.as_ns(),
            outages: u32::try_from(evaluation.outages.len()).unwrap_or(u32::MAX),
            credit: verdict.credit,
        };
        if index == 0 && verdict.charged > CalendarSpan::ZERO {
            let part = end.as_ns() / STEPS as u64;
            let by =
                |step: usize| evaluation.outages.iter().map(|run| charged_by(run, part * step as u64)).sum::<u64>();
            one.course.extend((1..=STEPS).map(by));
            first = evaluation.outages;
        }
    }
    first
}
