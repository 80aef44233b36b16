//! Which states are the same but for names: two routers of a facility, two facilities with all that is in them.

use std::collections::BTreeMap;

use super::{Failures, Level};

/// Blocks of components that may change places as wholes: the n-th component of one block plays the part of the n-th of
/// every other. Blocks of one component each are plain interchangeable components.
///
/// List inner symmetries before outer ones: ports of each router, then routers, then facilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symmetry {
    /// Component indices, all blocks of one length.
    pub blocks: Vec<Vec<usize>>,
}

impl Symmetry {
    /// Components that are interchangeable one by one.
    #[must_use]
    pub fn of_components(components: &[usize]) -> Self {
        Self { blocks: components.iter().map(|component| vec![*component]).collect() }
    }
}

/// The state that stands for all that the symmetries make of this one: in each symmetry, blocks with failures first.
#[must_use]
pub fn representative(failed: &[usize], failures: &Failures, symmetries: &[Symmetry]) -> Vec<usize> {
    if symmetries.is_empty() {
        return failed.to_vec();
    }
    // Which kind of failure each component has, from 1.
    let mut kinds = vec![0; failures.first.len()];
    for failure in failed {
        let component = failures.component[*failure];
        kinds[component] = failure - failures.first[component] + 1;
    }
    for symmetry in symmetries {
        let mut patterns: Vec<Vec<usize>> =
            symmetry.blocks.iter().map(|block| block.iter().map(|component| kinds[*component]).collect()).collect();
        patterns.sort_by(|a, b| b.cmp(a));
        for (block, pattern) in symmetry.blocks.iter().zip(patterns) {
            block.iter().zip(pattern).for_each(|(component, kind)| kinds[*component] = kind);
        }
    }
    let present = kinds.iter().enumerate().filter(|(_, kind)| **kind > 0);
    present.map(|(component, kind)| failures.first[component] + kind - 1).collect()
}

/// Remembers levels by representative: walking a network for its paths costs more than looking a state up.
pub struct Levels<'a> {
    level: Level<'a>,
    failures: &'a Failures,
    symmetries: &'a [Symmetry],
    known: BTreeMap<Vec<usize>, u32>,
}

impl<'a> Levels<'a> {
    /// Nothing known yet.
    #[must_use]
    pub fn new(level: Level<'a>, failures: &'a Failures, symmetries: &'a [Symmetry]) -> Self {
        Self { level, failures, symmetries, known: BTreeMap::new() }
    }

    /// The level of a state, asked for once per set of symmetric states.
    pub fn of(&mut self, failed: &[usize]) -> u32 {
        if self.symmetries.is_empty() {
            return self.of_representative(failed);
        }
        self.of_representative(&representative(failed, self.failures, self.symmetries))
    }

    fn of_representative(&mut self, failed: &[usize]) -> u32 {
        if let Some(level) = self.known.get(failed) {
            return *level;
        }
        let level = self.level;
        let found = level(failed);
        self.known.insert(failed.to_vec(), found);
        found
    }

    /// How many states the level was really asked of.
    #[must_use]
    pub fn evaluated(&self) -> usize {
        self.known.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::exact::Component;
    use std::collections::BTreeSet;

    fn failures(components: usize) -> Failures {
        Failures::of(&vec![Component::new("c", 1.0, 1.0); components])
    }

    /// Two facilities (0, 5), each with two routers (1, 2 and 6, 7) with a link each (3, 4 and 8, 9). Orbits by Burnside
    /// over the wreath product: a facility has 2 x (4 x 5 / 2) = 20 states, so there are 20 x 21 / 2 = 210 of 1,024.
    #[test]
    fn nested_symmetries_leave_as_many_states_as_burnside_counts() {
        let symmetries = [
            Symmetry { blocks: vec![vec![1, 3], vec![2, 4]] },
            Symmetry { blocks: vec![vec![6, 8], vec![7, 9]] },
            Symmetry { blocks: vec![(0..5).collect(), (5..10).collect()] },
        ];
        let failures = failures(10);
        let set = |bits: usize| (0..10).filter(|i| bits >> i & 1 == 1).collect::<Vec<usize>>();
        let representatives: BTreeSet<Vec<usize>> =
            (0..1_024).map(|bits| representative(&set(bits), &failures, &symmetries)).collect();
        assert_eq!(representatives.len(), 210);
        for representative_state in &representatives {
            assert_eq!(&representative(representative_state, &failures, &symmetries), representative_state);
        }
        assert_eq!(representative(&[7, 8], &failures, &symmetries), [1, 4]);
    }

    #[test]
    fn a_level_is_asked_for_once_per_orbit() {
        let symmetries = [Symmetry::of_components(&[0, 1, 2, 3])];
        let level = |failed: &[usize]| u32::try_from(4 - failed.len()).expect("small");
        let failures = failures(4);
        let mut levels = Levels::new(&level, &failures, &symmetries);
        assert_eq!((levels.of(&[3]), levels.of(&[1]), levels.of(&[0, 2]), levels.of(&[])), (3, 3, 2, 4));
        assert_eq!(levels.evaluated(), 3);
    }
}
