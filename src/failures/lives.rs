//! The lives of components: who goes down and who comes back, in order of time.
//!
//! Each component has two streams of its own, one for up and one for down times, so that two designs that share a
//! component meet the same weather, and a changed repair time moves no failure before it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::law::{draw, residual};
use crate::ids::{ComponentId, Id, IdVec};
use crate::network::{LifeLaw, Reliability, Start};
use crate::rng::{RunSeed, Stream, StreamName, Streams};
use crate::units::{CalendarSpan, Share};

/// Where a component turns to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It fails.
    Down,
    /// It is back.
    Up,
}

/// One component fails or comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// When; what is down when time begins fails at 0.
    pub at: CalendarSpan,
    /// Who.
    pub component: ComponentId,
    /// Down or up.
    pub turn: Turn,
    /// Which of the component's [`crate::network::Component::turns`] it is.
    pub entry: usize,
    /// Whether routing takes over from it.
    pub covered: bool,
}

/// What every replication of one model shares: names of streams, groups, how long to wait for a steady state.
#[derive(Debug, Clone)]
pub struct LivesPlan<'n> {
    model: &'n Reliability,
    names: IdVec<ComponentId, [StreamName; 2]>,
    /// Common-cause shocks: their stream, time between them, and whom they hit.
    shocks: Vec<(StreamName, LifeLaw, Vec<ComponentId>)>,
    /// Own failures of each component, those that are shared left out.
    own: IdVec<ComponentId, LifeLaw>,
    /// Simulated before time 0, where no formula gives the steady state: queues for crews, and shocks.
    burn_in: u64,
}

/// Longest repair times before time 0: after as many, queues have forgotten how they began.
const BURN_IN: u64 = 50;

impl<'n> LivesPlan<'n> {
    /// Prepares a failure model.
    #[must_use]
    pub fn new(model: &'n Reliability) -> Self {
        let stream = |component: &str| [StreamName::new(component, "up"), StreamName::new(component, "down")];
        let names = model.components.iter().map(|component| stream(&component.name)).collect();
        let own = model.components.iter().map(|one| split(&one.up, one.shared.complement())).collect();
        let shocks = shocks(model);
        let waits = model.components.iter().any(|component| component.crew.is_some()) || !shocks.is_empty();
        let longest =
            model.components.iter().map(|component| component.down.mean.to_calendar().as_ns()).max().unwrap_or(0);
        let burn_in = if waits && model.start == Start::Stationary { longest.saturating_mul(BURN_IN) } else { 0 };
        Self { model, names, shocks, own, burn_in }
    }
}

/// The shocks of each class that has some.
fn shocks(model: &Reliability) -> Vec<(StreamName, LifeLaw, Vec<ComponentId>)> {
    let mut classes: Vec<(&str, LifeLaw, Vec<ComponentId>)> = Vec::new();
    for (id, component) in model.components.enumerate().filter(|(_, component)| component.shared > Share::ZERO) {
        match classes.iter_mut().find(|(class, ..)| *class == component.class) {
            Some((_, _, hit)) => hit.push(id),
            None => classes.push((&component.class, split(&component.up, component.shared), vec![id])),
        }
    }
    classes.into_iter().map(|(class, law, hit)| (StreamName::new(class, "shock"), law, hit)).collect()
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
    up: Stream,
    down: Stream,
    condition: Condition,
    /// Counts what was scheduled for it, so that what a shock overtook is known as void.
    serial: u32,
    entry: usize,
    covered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Up,
    /// Down and under repair.
    Repair,
    /// Down, and nobody has time for it.
    Waiting,
}

/// What is due: of a component, or of a shock (behind all components).
type Due = Reverse<(u64, u32, u32)>;

/// One replication of a failure model, drawn as it is asked for.
#[derive(Debug)]
pub struct Lives<'p> {
    plan: &'p LivesPlan<'p>,
    units: Vec<Unit>,
    shock_streams: Vec<Stream>,
    due: BinaryHeap<Due>,
    crews: Vec<CrewState>,
    /// Transitions that are known and not told yet: of a shock there are many at once.
    ready: VecDeque<Transition>,
    end: u64,
}

#[derive(Debug, Clone, Default)]
struct CrewState {
    free: u32,
    waiting: VecDeque<ComponentId>,
}

impl<'p> Lives<'p> {
    /// The replication of this seed over [0, `length`).
    #[must_use]
    pub fn new(plan: &'p LivesPlan<'p>, seed: RunSeed, length: CalendarSpan) -> Self {
        let streams = seed.streams();
        let count = plan.model.components.len();
        let mut lives = Self {
            plan,
            units: Vec::with_capacity(count),
            shock_streams: Vec::new(),
            due: BinaryHeap::with_capacity(count + plan.shocks.len()),
            crews: plan.model.crews.iter().map(|crew| CrewState { free: crew.size, ..CrewState::default() }).collect(),
            ready: VecDeque::new(),
            end: plan.burn_in.saturating_add(length.as_ns()),
        };
        plan.model.components.ids().for_each(|id| lives.begin(id, &streams));
        for (index, (name, law, _)) in plan.shocks.iter().enumerate() {
            let mut stream = streams.stream(*name);
            lives.schedule_entity(count + index, residual(law, &mut stream).as_ns(), 0);
            lives.shock_streams.push(stream);
        }
        lives.settle_in();
        lives
    }

    /// The next transition before the end.
    #[expect(clippy::should_implement_trait, reason = "an iterator would hide that this draws")]
    pub fn next(&mut self) -> Option<Transition> {
        loop {
            if let Some(transition) = self.ready.pop_front() {
                return Some(transition);
            }
            let Reverse((at, entity, serial)) = *self.due.peek()?;
            if at >= self.end {
                return None;
            }
            self.due.pop();
            self.fire(at, entity as usize, serial);
        }
    }

    /// The state in which a component's time begins.
    fn begin(&mut self, id: ComponentId, streams: &Streams) {
        let component = &self.plan.model.components[id];
        let [up, down] = self.plan.names[id];
        let (mut up, mut down) = (streams.stream(up), streams.stream(down));
        let own = &self.plan.own[id];
        // Who shares a crew begins up: the time before 0 fills the queues.
        let is_down = match self.plan.model.start {
            Start::Stationary if component.crew.is_none() => up.uniform() < component.unavailability(),
            Start::Stationary | Start::New => false,
        };
        let first = match self.plan.model.start {
            Start::New => draw(own, &mut up),
            Start::Stationary if is_down => residual(&component.down, &mut down),
            Start::Stationary => residual(own, &mut up),
        };
        // Which of several turns it is in is as random as its phase.
        let entry = match component.turns.len() {
            1 => 0,
            turns => usize::try_from(up.below(turns as u64)).expect("an index of a slice"),
        };
        let mut unit = Unit { up, down, condition: Condition::Up, serial: 0, entry, covered: true };
        if is_down {
            unit.condition = Condition::Repair;
            unit.covered = component.coverage == Share::ONE || unit.down.chance(component.coverage.as_ppb());
        }
        let covered = unit.covered;
        self.units.push(unit);
        self.schedule_entity(id.index(), first.as_ns(), 0);
        if is_down {
            self.tell(0, id, Turn::Down, entry, covered);
        }
    }

    /// Lets the time before 0 pass; what is down at its end fails at 0.
    fn settle_in(&mut self) {
        if self.plan.burn_in == 0 {
            return;
        }
        while let Some(&Reverse((at, entity, serial))) = self.due.peek() {
            if at >= self.plan.burn_in {
                break;
            }
            self.due.pop();
            self.fire(at, entity as usize, serial);
        }
        self.ready.clear();
        for index in 0..self.units.len() {
            let unit = &self.units[index];
            if unit.condition != Condition::Up {
                let (entry, covered) = (unit.entry, unit.covered);
                self.tell(self.plan.burn_in, ComponentId::from_index(index), Turn::Down, entry, covered);
            }
        }
    }

    fn schedule_entity(&mut self, entity: usize, after: u64, now: u64) {
        let serial = self.units.get(entity).map_or(0, |unit| unit.serial);
        let entity = u32::try_from(entity).expect("fewer than 2^32 components");
        self.due.push(Reverse((now.saturating_add(after), entity, serial)));
    }

    fn fire(&mut self, now: u64, entity: usize, serial: u32) {
        if entity >= self.units.len() {
            self.shock(now, entity - self.units.len());
            return;
        }
        let unit = &self.units[entity];
        if unit.serial != serial {
            return;
        }
        let id = ComponentId::from_index(entity);
        match unit.condition {
            Condition::Up => self.fails(now, id),
            Condition::Repair => self.returns(now, id),
            Condition::Waiting => unreachable!("nothing is due of what waits"),
        }
    }

    /// Every component of a class that is up fails at once.
    fn shock(&mut self, now: u64, index: usize) {
        let (_, law, hit) = &self.plan.shocks[index];
        let after = draw(law, &mut self.shock_streams[index]).as_ns();
        self.schedule_entity(self.units.len() + index, after, now);
        for id in hit {
            if self.units[id.index()].condition == Condition::Up {
                // What was due of its own failure is void.
                self.units[id.index()].serial += 1;
                self.fails(now, *id);
            }
        }
    }

    fn fails(&mut self, now: u64, id: ComponentId) {
        let component = &self.plan.model.components[id];
        let unit = &mut self.units[id.index()];
        unit.covered = component.coverage == Share::ONE || unit.down.chance(component.coverage.as_ppb());
        let (entry, covered) = (unit.entry, unit.covered);
        self.tell(now, id, Turn::Down, entry, covered);
        match component.crew {
            Some(crew) if self.crews[crew].free == 0 => {
                self.units[id.index()].condition = Condition::Waiting;
                self.crews[crew].waiting.push_back(id);
            }
            Some(crew) => {
                self.crews[crew].free -= 1;
                self.repair(now, id);
            }
            None => self.repair(now, id),
        }
    }

    fn repair(&mut self, now: u64, id: ComponentId) {
        let unit = &mut self.units[id.index()];
        unit.condition = Condition::Repair;
        let takes = draw(&self.plan.model.components[id].down, &mut unit.down).as_ns();
        self.schedule_entity(id.index(), takes, now);
    }

    fn returns(&mut self, now: u64, id: ComponentId) {
        let component = &self.plan.model.components[id];
        let unit = &mut self.units[id.index()];
        let (entry, covered) = (unit.entry, unit.covered);
        unit.condition = Condition::Up;
        unit.entry = (entry + 1) % component.turns.len();
        let lasts = draw(&self.plan.own[id], &mut unit.up).as_ns();
        self.schedule_entity(id.index(), lasts, now);
        self.tell(now, id, Turn::Up, entry, covered);
        let Some(crew) = component.crew else { return };
        match self.crews[crew].waiting.pop_front() {
            Some(next) => self.repair(now, next),
            None => self.crews[crew].free += 1,
        }
    }

    fn tell(&mut self, now: u64, component: ComponentId, turn: Turn, entry: usize, covered: bool) {
        let at = CalendarSpan::from_ns(now.saturating_sub(self.plan.burn_in));
        self.ready.push_back(Transition { at, component, turn, entry, covered });
    }
}
