//! How the classes of a port share its line, as rates.

use super::shares::{MilliBps, scale};
use crate::network::{QueueClass, Service};

/// The line of a port with classes. Each class is a resource of its own; they stand together, in order of service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The resource of its first class.
    pub first: usize,
    pub capacity: MilliBps,
    turns: Vec<Turn>,
}

/// When a class is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Before all behind it.
    Strict,
    /// After these, in proportion to its quantum.
    Quantum(u32),
}

impl Line {
    pub fn new(first: usize, capacity: MilliBps, classes: &[QueueClass]) -> Self {
        let turn = |class: &QueueClass| match class.service {
            Service::Strict => Turn::Strict,
            Service::DeficitRoundRobin { quantum } => Turn::Quantum(quantum),
        };
        Self { first, capacity, turns: classes.iter().map(turn).collect() }
    }

    /// The resources of its classes.
    pub fn resources(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.turns.len()
    }

    /// What each class gets of the line when it asks for so much: strict ones all they ask for, in order, as far as it
    /// goes; the others max-min shares of what is left, weighted by quantum. What one leaves, others take.
    pub fn divide(&self, asked: &[MilliBps]) -> Vec<MilliBps> {
        let mut left = self.capacity;
        let mut gets = vec![0; self.turns.len()];
        let mut hungry: Vec<(usize, u64)> = Vec::new();
        for (class, turn) in self.turns.iter().enumerate() {
            match turn {
                Turn::Strict => {
                    gets[class] = asked[class].min(left);
                    left -= gets[class];
                }
                Turn::Quantum(quantum) => hungry.push((class, u64::from(*quantum))),
            }
        }
        // Classes that ask for less than their share come first, because they leave more to the others.
        while !hungry.is_empty() {
            let weights: u64 = hungry.iter().map(|(_, weight)| weight).sum();
            let share = |weight: u64| scale(left, weight, weights);
            let (content, rest): (Vec<_>, Vec<_>) =
                hungry.iter().copied().partition(|(class, weight)| asked[*class] <= share(*weight));
            if content.is_empty() {
                rest.iter().for_each(|(class, weight)| gets[*class] = share(*weight));
                break;
            }
            for (class, _) in content {
                gets[class] = asked[class];
                left -= asked[class];
            }
            hungry = rest;
        }
        gets
    }

    /// The most that one class could get while the others ask for so much.
    pub fn most(&self, class: usize, asked: &[MilliBps]) -> MilliBps {
        let mut asked = asked.to_vec();
        asked[class] = MilliBps::MAX;
        self.divide(&asked)[class]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn line(turns: Vec<Turn>) -> Line {
        Line { first: 0, capacity: 1_000, turns }
    }

    #[test]
    fn strict_classes_take_what_they_ask_for_and_quanta_divide_the_rest() {
        let line = line(vec![Turn::Strict, Turn::Strict, Turn::Quantum(1_000), Turn::Quantum(3_000)]);
        assert_eq!(line.divide(&[100, 0, 5_000, 5_000]), [100, 0, 225, 675]);
        assert_eq!(line.divide(&[700, 900, 10, 10]), [700, 300, 0, 0]);
        // The last asks for less than three quarters: the other takes what it leaves.
        assert_eq!(line.divide(&[100, 100, 5_000, 200]), [100, 100, 600, 200]);
        assert_eq!(line.divide(&[100, 100, 200, 200]), [100, 100, 200, 200]);
    }

    #[test]
    fn a_class_can_have_what_others_leave() {
        let line = line(vec![Turn::Strict, Turn::Quantum(1_000), Turn::Quantum(1_000)]);
        assert_eq!(line.most(1, &[200, 0, 100]), 700);
        assert_eq!(line.most(1, &[200, 0, 900]), 400);
        assert_eq!(line.most(0, &[0, 900, 900]), 1_000);
    }
}
