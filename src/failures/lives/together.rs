//! Components that wait for crews or fall to common causes: their lives are told together, event by event.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::{Aspect, Transition, Turn};
use crate::failures::law::Sampler;
use crate::ids::ComponentId;
use crate::network::{Component, Crew, LifeLaw, Reliability, Start};
use crate::rng::{BriefStream, BriefStreams, StreamName};
use crate::units::{CalendarSpan, Hours, Share};

/// What their replications share.
#[derive(Debug, Clone)]
pub(super) struct TogetherPlan<'n> {
    model: &'n Reliability,
    members: Vec<Member>,
    shocks: Vec<Shock>,
    /// Simulated before time 0, where no formula gives the steady state.
    burn_in: u64,
    /// End of time, burn-in included.
    end: u64,
}

#[derive(Debug, Clone)]
struct Member {
    id: ComponentId,
    /// Streams of its up and of its down times.
    names: [StreamName; 2],
    /// Until somebody notices a failure that no protocol does, and calls for repair.
    silence: Option<(StreamName, Sampler)>,
    /// Up times until its own failures, those that are shared left out.
    up: Sampler,
    down: Sampler,
}

/// A common cause: how often it comes, and which members it hits.
#[derive(Debug, Clone)]
struct Shock {
    name: StreamName,
    class: String,
    every: Sampler,
    hit: Vec<usize>,
}

/// Longest repair times before time 0, and times in which a crew's queue forgets how it began: e^-20 of it is left.
const REPAIRS: f64 = 50.0;
const MEMORIES: f64 = 20.0;
/// Longest time before time 0, in hours: 285 years, so that a period fits behind it.
const LONGEST: f64 = 2.5e6;

impl<'n> TogetherPlan<'n> {
    pub(super) fn new(model: &'n Reliability, members: &[ComponentId], length: u64) -> Self {
        let burn_in = match model.start {
            Start::Stationary => Hours::new(warm_up(model, members)).map_or(0, |hours| hours.to_calendar().as_ns()),
            Start::New => 0,
        };
        Self {
            model,
            members: members.iter().map(|id| Member::new(*id, model)).collect(),
            shocks: shocks(model, members),
            burn_in,
            end: burn_in.saturating_add(length),
        }
    }
}

/// Hours until nobody can tell that all began new.
///
/// A queue forgets within 1 / (c mu (1 - sqrt(rho))^2), rho = n lambda / (c mu) (relaxation time of M/M/c), and one of few
/// customers at the latest within an up time: the more have failed, the fewer can.
fn warm_up(model: &Reliability, members: &[ComponentId]) -> f64 {
    let components = || members.iter().map(|id| &model.components[*id]);
    let longest = components().map(Component::mean_outage).fold(0.0, f64::max);
    let memory = |(place, crew): (usize, &Crew)| {
        let of_crew = || components().filter(|one| one.crew == Some(place));
        let offered: f64 = of_crew().map(|one| one.down.mean.get() / one.up.mean.get()).sum();
        let (up, down) = of_crew()
            .fold((0.0f64, 0.0f64), |(up, down), one| (up.max(one.up.mean.get()), down.max(one.down.mean.get())));
        let slack = 1.0 - libm::sqrt(offered / f64::from(crew.size)).min(1.0);
        (down / (f64::from(crew.size) * slack * slack)).min(up)
    };
    let slowest = model.crews.iter().enumerate().map(memory).fold(0.0, f64::max);
    (REPAIRS * longest).max(MEMORIES * slowest).min(LONGEST)
}

impl Member {
    fn new(id: ComponentId, model: &Reliability) -> Self {
        let component = &model.components[id];
        Self {
            id,
            names: ["up", "down"].map(|purpose| StreamName::new(&component.name, purpose)),
            silence: component
                .detection
                .as_ref()
                .map(|detection| (StreamName::new(&component.name, "detection"), Sampler::new(&detection.law))),
            up: Sampler::new(&split(&component.up, component.shared.complement())),
            down: Sampler::new(&component.down),
        }
    }
}

/// The shocks of each class that has some.
fn shocks(model: &Reliability, members: &[ComponentId]) -> Vec<Shock> {
    let mut shocks: Vec<Shock> = Vec::new();
    for (place, id) in members.iter().enumerate() {
        let component = &model.components[*id];
        if component.shared == Share::ZERO {
            continue;
        }
        match shocks.iter_mut().find(|shock| shock.class == component.class) {
            Some(shock) => shock.hit.push(place),
            None => shocks.push(Shock {
                name: StreamName::new(&component.class, "shock"),
                class: component.class.clone(),
                every: Sampler::new(&split(&component.up, component.shared)),
                hit: vec![place],
            }),
        }
    }
    shocks
}

/// The law of those failures that are a share of all: of a Poisson process thinned by it.
fn split(up: &LifeLaw, share: Share) -> LifeLaw {
    if share == Share::ONE {
        return up.clone();
    }
    LifeLaw::new(up.mean.times(Share::ONE.as_ppb() as f64 / share.as_ppb() as f64), up.shape.clone())
}

/// One component's present condition.
#[derive(Debug)]
struct Unit {
    up: BriefStream,
    silence: Option<BriefStream>,
    down: BriefStream,
    condition: Condition,
    /// Counts what was scheduled for it, so that what a shock overtook is known as void.
    serial: u32,
    entry: u32,
    covered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Up,
    /// Down, and nobody knows.
    Silent,
    /// Down and under repair.
    Repair,
    /// Down, and nobody has time for it.
    Waiting,
}

/// What is due: of a member, or of a shock (behind all members).
type Due = Reverse<(u64, u32, u32)>;

/// One replication, event by event.
#[derive(Debug)]
pub(super) struct Together<'p> {
    plan: &'p TogetherPlan<'p>,
    units: Vec<Unit>,
    shock_streams: Vec<BriefStream>,
    due: BinaryHeap<Due>,
    crews: Vec<CrewState>,
}

#[derive(Debug, Clone, Default)]
struct CrewState {
    free: u32,
    waiting: VecDeque<usize>,
}

impl<'p> Together<'p> {
    pub(super) fn new(plan: &'p TogetherPlan<'p>) -> Self {
        Self { plan, units: Vec::new(), shock_streams: Vec::new(), due: BinaryHeap::new(), crews: Vec::new() }
    }

    /// The lives of all members in one replication; what is down at the end of the burn-in fails at 0.
    pub(super) fn live(&mut self, streams: BriefStreams, out: &mut Vec<Transition>) {
        self.begin(streams);
        self.run(self.plan.burn_in, out);
        for place in 0..self.units.len() {
            if self.units[place].condition != Condition::Up {
                self.tell(self.plan.burn_in, place, (Turn::Down, Aspect::Fault), out);
                let known = self.units[place].condition != Condition::Silent;
                if known && self.plan.members[place].silence.is_some() {
                    self.tell(self.plan.burn_in, place, (Turn::Down, Aspect::OutOfService), out);
                }
            }
        }
        self.run(self.plan.end, out);
    }

    /// Everything is up; the burn-in fills queues.
    fn begin(&mut self, streams: BriefStreams) {
        let plan = self.plan;
        self.units.clear();
        self.due.clear();
        self.crews.clear();
        self.crews.extend(plan.model.crews.iter().map(|crew| CrewState { free: crew.size, ..CrewState::default() }));
        for (place, member) in plan.members.iter().enumerate() {
            let [mut up, down] = member.names.map(|name| streams.stream(name));
            let first = match plan.model.start {
                Start::New => member.up.draw(&mut up),
                Start::Stationary => member.up.residual(&mut up),
            };
            // Which of several turns it is in is as random as its phase.
            let entry = match plan.model.components[member.id].turns.len() {
                1 => 0,
                turns => u32::try_from(up.below(turns as u64)).expect("few turns"),
            };
            let silence = member.silence.as_ref().map(|(name, _)| streams.stream(*name));
            self.units.push(Unit { up, silence, down, condition: Condition::Up, serial: 0, entry, covered: true });
            self.schedule(place, first, 0);
        }
        self.shock_streams.clear();
        for (index, shock) in plan.shocks.iter().enumerate() {
            let mut stream = streams.stream(shock.name);
            let first = shock.every.residual(&mut stream);
            self.shock_streams.push(stream);
            self.schedule(plan.members.len() + index, first, 0);
        }
    }

    /// All that is due before `end`.
    fn run(&mut self, end: u64, out: &mut Vec<Transition>) {
        while let Some(&Reverse((at, entity, serial))) = self.due.peek() {
            if at >= end {
                break;
            }
            self.due.pop();
            self.fire(at, entity as usize, serial, out);
        }
    }

    fn schedule(&mut self, entity: usize, after: u64, now: u64) {
        let serial = self.units.get(entity).map_or(0, |unit| unit.serial);
        let entity = u32::try_from(entity).expect("fewer than 2^32 components");
        self.due.push(Reverse((now.saturating_add(after), entity, serial)));
    }

    fn fire(&mut self, now: u64, entity: usize, serial: u32, out: &mut Vec<Transition>) {
        let Some(unit) = self.units.get(entity) else { return self.shock(now, entity - self.units.len(), out) };
        if unit.serial != serial {
            return;
        }
        match unit.condition {
            Condition::Up => self.fails(now, entity, out),
            Condition::Silent => {
                self.tell(now, entity, (Turn::Down, Aspect::OutOfService), out);
                self.calls_for_repair(now, entity);
            }
            Condition::Repair => self.returns(now, entity, out),
            Condition::Waiting => unreachable!("nothing is due of what waits"),
        }
    }

    /// Every member of a class that is up fails at once.
    fn shock(&mut self, now: u64, index: usize, out: &mut Vec<Transition>) {
        let shock = &self.plan.shocks[index];
        let after = shock.every.draw(&mut self.shock_streams[index]);
        self.schedule(self.units.len() + index, after, now);
        for place in &shock.hit {
            if self.units[*place].condition == Condition::Up {
                // What was due of its own failure is void.
                self.units[*place].serial += 1;
                self.fails(now, *place, out);
            }
        }
    }

    fn fails(&mut self, now: u64, place: usize, out: &mut Vec<Transition>) {
        let component = &self.plan.model.components[self.plan.members[place].id];
        let unit = &mut self.units[place];
        unit.covered = component.coverage == Share::ONE || unit.down.chance(component.coverage.as_ppb());
        self.tell(now, place, (Turn::Down, Aspect::Fault), out);
        let member = &self.plan.members[place];
        let unit = &mut self.units[place];
        if let (Some((_, law)), Some(stream)) = (&member.silence, &mut unit.silence) {
            unit.condition = Condition::Silent;
            let takes = law.draw(stream);
            return self.schedule(place, takes, now);
        }
        self.calls_for_repair(now, place);
    }

    /// A crew comes, or it waits for one.
    fn calls_for_repair(&mut self, now: u64, place: usize) {
        let component = &self.plan.model.components[self.plan.members[place].id];
        match component.crew {
            Some(crew) if self.crews[crew].free == 0 => {
                self.units[place].condition = Condition::Waiting;
                self.crews[crew].waiting.push_back(place);
            }
            Some(crew) => {
                self.crews[crew].free -= 1;
                self.repair(now, place);
            }
            None => self.repair(now, place),
        }
    }

    fn repair(&mut self, now: u64, place: usize) {
        let unit = &mut self.units[place];
        unit.condition = Condition::Repair;
        let takes = self.plan.members[place].down.draw(&mut unit.down);
        self.schedule(place, takes, now);
    }

    fn returns(&mut self, now: u64, place: usize, out: &mut Vec<Transition>) {
        let silent = self.plan.members[place].silence.is_some();
        let aspect = if silent { Aspect::OutOfService } else { Aspect::Fault };
        self.tell(now, place, (Turn::Up, aspect), out);
        let component = &self.plan.model.components[self.plan.members[place].id];
        let unit = &mut self.units[place];
        unit.condition = Condition::Up;
        unit.entry = (unit.entry + 1) % u32::try_from(component.turns.len()).expect("few turns");
        let lasts = self.plan.members[place].up.draw(&mut unit.up);
        self.schedule(place, lasts, now);
        let Some(crew) = component.crew else { return };
        match self.crews[crew].waiting.pop_front() {
            Some(next) => self.repair(now, next),
            None => self.crews[crew].free += 1,
        }
    }

    fn tell(&self, now: u64, place: usize, (turn, aspect): (Turn, Aspect), out: &mut Vec<Transition>) {
        // What happens in the burn-in is told of nobody.
        let Some(at) = now.checked_sub(self.plan.burn_in) else { return };
        let Unit { entry, covered, .. } = self.units[place];
        let component = self.plan.members[place].id;
        out.push(Transition { at: CalendarSpan::from_ns(at), component, turn, aspect, entry, covered });
    }
}
