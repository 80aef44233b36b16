//! What is down, as the engine has it: two events are one when they take the same away from the same.
//!
//! ```text
//! component --> effects (power of router 3, light of link 7, ...) --> held by so many failures each
//! event in a state --> the effects that others hold | the effects that come or go
//! ```
//! A building that fails and its routers that fail one after another leave the same state; a router that fails while its
//! building is down changes nothing.

use crate::failures::{Stage, Turn, stages};
use crate::ids::{ComponentId, IdVec};
use crate::network::{Failure, FailureKind, Network, When};
use crate::rng::RunSeed;
use crate::units::Span;

/// Between the parts of a key.
const NEXT: u16 = u16::MAX;

/// What every component takes away when it fails.
#[derive(Debug, Clone, Default)]
pub(super) struct Takes {
    known: Vec<Stage>,
    /// By component and turn: places in the list, increasing.
    pub of: IdVec<ComponentId, Vec<Vec<u16>>>,
    /// The same of what is taken out of service once a fault is detected, in its place; nothing where protocols notice.
    pub shut: IdVec<ComponentId, Vec<Vec<u16>>>,
}

impl Takes {
    pub(super) fn new(network: &Network) -> Self {
        let mut takes = Self::default();
        for component in &network.reliability.components {
            let mut of_turn = |kinds: &Vec<_>| {
                let stages = kinds.iter().flat_map(|kind: &FailureKind| {
                    let when = When::once(Span::ZERO, None);
                    stages(
                        network,
                        &Failure { name: component.name.clone(), kind: kind.clone(), when, detection: None },
                        RunSeed(0),
                    )
                });
                let mut places: Vec<u16> = stages.map(|stage| takes.place(stage)).collect();
                places.sort_unstable();
                places.dedup();
                places
            };
            let of_turns = component.turns.iter().map(&mut of_turn).collect();
            let shut = |kinds: &Vec<FailureKind>| -> Vec<FailureKind> {
                let detected = kinds.iter().filter(|_| component.detection.is_some());
                detected.filter_map(FailureKind::out_of_service).collect()
            };
            let shut = component.turns.iter().map(shut).map(|kinds| of_turn(&kinds)).collect();
            takes.of.push(of_turns);
            takes.shut.push(shut);
        }
        takes
    }

    fn place(&mut self, stage: Stage) -> u16 {
        let place = self.known.iter().position(|known| *known == stage).unwrap_or_else(|| {
            self.known.push(stage);
            self.known.len() - 1
        });
        u16::try_from(place).ok().filter(|place| *place < NEXT).expect("fewer than 2^16 effects")
    }
}

/// What is down at one moment, and what the latest event changed.
#[derive(Debug, Clone, Default)]
pub struct Down {
    /// By effect: failures that hold it.
    held: Vec<u16>,
    /// The effects that are held, increasing.
    present: Vec<u16>,
    /// What came or went last, increasing.
    changed: Vec<u16>,
    /// Failures from which routing did not take over.
    stuck: u32,
}

impl Down {
    /// Nothing is down.
    pub fn clear(&mut self) {
        self.held.fill(0);
        self.present.clear();
        self.changed.clear();
        self.stuck = 0;
    }

    /// Something fails or returns.
    pub(super) fn turns(&mut self, takes: &[u16], turn: Turn) {
        self.changed.clear();
        self.changes(takes, turn);
    }

    /// Something fails at the moment of what changed last: both are one event.
    pub(super) fn fails_too(&mut self, takes: &[u16]) {
        self.changes(takes, Turn::Down);
        self.changed.sort_unstable();
    }

    fn changes(&mut self, takes: &[u16], turn: Turn) {
        for place in takes {
            let index = usize::from(*place);
            if self.held.len() <= index {
                self.held.resize(index + 1, 0);
            }
            let changes = match turn {
                Turn::Down => {
                    self.held[index] += 1;
                    self.held[index] == 1
                }
                Turn::Up => {
                    self.held[index] -= 1;
                    self.held[index] == 0
                }
            };
            if changes {
                self.changed.push(*place);
                match (turn, self.present.binary_search(place)) {
                    (Turn::Down, Err(free)) => self.present.insert(free, *place),
                    (Turn::Up, Ok(taken)) => {
                        self.present.remove(taken);
                    }
                    (Turn::Down, Ok(_)) | (Turn::Up, Err(_)) => unreachable!("held or not, never both"),
                }
            }
        }
    }

    /// Something fails, and routing does not take over from it; or that returns.
    pub(super) fn sticks(&mut self, turn: Turn) {
        self.changed.clear();
        match turn {
            Turn::Down => self.stuck += 1,
            Turn::Up => self.stuck -= 1,
        }
    }

    /// Whether something is down from which routing did not take over.
    pub(super) const fn is_stuck(&self) -> bool {
        self.stuck > 0
    }

    /// Whether the latest event changed nothing.
    pub(super) fn is_unmoved(&self) -> bool {
        self.changed.is_empty()
    }

    /// Whether nothing is down but what came last.
    pub(super) fn is_alone(&self) -> bool {
        self.stuck == 0 && self.others().next().is_none()
    }

    fn others(&self) -> impl Iterator<Item = u16> + '_ {
        self.present.iter().copied().filter(|place| self.changed.binary_search(place).is_err())
    }

    /// The latest event in its state.
    pub(super) fn key(&self) -> Vec<u16> {
        let mut key: Vec<u16> = self.others().collect();
        key.push(NEXT);
        key.extend(&self.changed);
        key
    }

    /// The latest event, so long after the one with the key `first`.
    pub(super) fn joint_key(&self, first: &[u16], turns: [Turn; 2], bucket: u16) -> Vec<u16> {
        let way = |turn| u16::from(turn == Turn::Up);
        let mut key = first.to_vec();
        key.extend([NEXT, way(turns[0]), NEXT]);
        key.extend(&self.changed);
        key.extend([NEXT, way(turns[1]), bucket]);
        key
    }
}
