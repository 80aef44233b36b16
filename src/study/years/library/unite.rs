//! Events that are the same but for names share their episodes.
//!
//! ```text
//! class, class, class --> exchanges of the fabric --> one that stands for others, if they hold
//! each of the others  --> one run with the phases of the first one's --> the same losses? --> one class
//! ```
//! What routing decides after a failure may hang on identifiers, which no exchange keeps: so the run, and where it differs
//! a class of its own.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Library;
use super::cache::Runs;
use super::class::EpisodeClass;
use super::symmetry::{Exchange, Symmetries, renamed};

/// A class that another one may stand for.
#[derive(Debug)]
struct Candidate {
    class: usize,
    /// The one that may stand for it.
    first: usize,
    /// Takes the event of that one to this one's.
    exchange: Exchange,
}

impl Library {
    /// Joins the classes from `first` on, none of which has runs yet.
    pub(super) fn unite(&mut self, runs: &Runs<'_>, first: usize) {
        let Some(symmetries) = &runs.symmetries else { return };
        let candidates = self.candidates(symmetries, first);
        if candidates.is_empty() {
            return;
        }
        let mut wanted = vec![0; self.classes.len()];
        candidates.iter().for_each(|one| wanted[one.first] = 1);
        self.extend(runs, first, |class| wanted[class]);
        let alike = |one: &Candidate| {
            let world = renamed(&runs.world, symmetries.things(), &one.exchange);
            let mut class = self.classes[one.class].clone();
            class.keep(runs.like(&world, &self.classes[one.first], &class.happening));
            class.samples == self.classes[one.first].samples
        };
        let same: Vec<bool> = candidates.par_iter().map(alike).collect();
        self.compared += u32::try_from(candidates.len()).expect("fewer than 2^32 classes");
        let same = candidates.into_iter().zip(same).filter(|(_, same)| *same);
        self.join(same.map(|(one, _)| (one.class, one.first)).collect());
    }

    fn candidates(&self, symmetries: &Symmetries, first: usize) -> Vec<Candidate> {
        let mut known = BTreeMap::new();
        let mut candidates = Vec::new();
        for (index, class) in self.classes.iter().enumerate().skip(first) {
            let Some(form) = symmetries.form(&class.happening) else { continue };
            match known.get(&form) {
                Some((first, exchange)) => {
                    candidates.push(Candidate { class: index, first: *first, exchange: Exchange::clone(exchange) });
                }
                None => {
                    let orbit = symmetries.orbit(&form).into_iter();
                    known.extend(orbit.map(|(image, exchange)| (image, (index, exchange))));
                }
            }
        }
        candidates
    }

    /// Puts classes, by index, into those that stand for them.
    fn join(&mut self, into: BTreeMap<usize, usize>) {
        for (class, first) in &into {
            let EpisodeClass { name, per_hour, .. } = self.classes[*class].clone();
            self.classes[*first].alike.push(name);
            self.classes[*first].per_hour += per_hour;
        }
        let mut kept = 0;
        let mut place = Vec::with_capacity(self.classes.len());
        for class in 0..self.classes.len() {
            // Whoever stands for another comes before it.
            let of: usize = into.get(&class).map_or(kept, |first| place[*first]);
            place.push(of);
            kept += usize::from(!into.contains_key(&class));
        }
        let mut index = 0..;
        self.classes.retain(|_| !into.contains_key(&index.next().expect("endless")));
        let all = self.of.iter_mut().chain(self.shut.iter_mut()).flatten().flatten();
        all.chain(self.singles.values_mut()).chain(self.pairs.values_mut()).for_each(|class| *class = place[*class]);
    }
}
