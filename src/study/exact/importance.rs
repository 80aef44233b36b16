//! What decides: importance of each component, and the smallest sets of failures that bring the level down (Rausand &
//! Høyland, "System Reliability Theory", chapter 5; the names are those of SCRAM and Open-PSA).

use super::enumeration::Enumeration;
use super::{Bounds, Component};

/// What one component means for the unavailability.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// Its index.
    pub component: usize,
    /// P(the level is low with it down and is not with it up).
    pub birnbaum: Bounds,
    /// P(some minimal cut set with it is down, given that the level is low).
    pub fussell_vesely: f64,
    /// Risk achievement worth: unavailability were it always down, over unavailability.
    pub achievement: Bounds,
    /// Risk reduction worth: unavailability over what it were if this never failed; infinite when nothing were left.
    pub reduction: Bounds,
}

/// Failures that together bring the level down, and would not without any one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct CutSet {
    /// Numbers of the failures ([`super::Failures`]) of one of the symmetric sets, increasing.
    pub failures: Vec<usize>,
    /// How many symmetric sets it stands for.
    pub sets: u64,
    /// P(all of one set are present).
    pub probability: f64,
    /// `sets` x `probability` over the unavailability. Shares sum to more than 1, for two sets can be down together.
    pub share: f64,
}

impl Enumeration {
    /// Birnbaum's importance by component. A component's own state does not enter, so it is P(critical and down) / P(down);
    /// what was left out with it down is the width.
    #[must_use]
    pub fn birnbaum(&self, k: u32) -> Vec<Bounds> {
        let below = self.of(k);
        (0..below.with.len())
            .map(|i| {
                let down = self.tree.unavailability[i];
                let low = below.critical[i] / down;
                Bounds { low, high: (low + self.left_out_with[i] / down).min(1.0) }
            })
            .collect()
    }

    /// All importances, by falling Fussell-Vesely.
    #[must_use]
    pub fn importance(&self, k: u32) -> Vec<Importance> {
        let below = self.of(k);
        let total = self.unavailability(k);
        let birnbaum = self.birnbaum(k);
        let mut all: Vec<Importance> = (0..below.with.len())
            .map(|i| {
                let (down, up) = (self.tree.unavailability[i], self.tree.availability[i]);
                let failed = below.with[i] / down;
                let failed = Bounds { low: failed, high: (failed + self.left_out_with[i] / down).min(1.0) };
                let without = (below.probability - below.with[i]).max(0.0) / up;
                let without = Bounds { low: without, high: without + self.remainder / up };
                Importance {
                    component: i,
                    birnbaum: birnbaum[i],
                    fussell_vesely: below.in_cut[i] / below.probability,
                    achievement: Bounds { low: failed.low / total.high, high: failed.high / total.low },
                    reduction: Bounds { low: total.low / without.high, high: total.high / without.low },
                }
            })
            .collect();
        all.sort_by(|a, b| b.fussell_vesely.total_cmp(&a.fussell_vesely).then(a.component.cmp(&b.component)));
        all
    }

    /// Minimal cut sets among the states looked at, by falling share.
    #[must_use]
    pub fn cut_sets(&self, k: u32) -> Vec<CutSet> {
        let below = self.of(k);
        let mut all: Vec<CutSet> = below
            .orbits
            .iter()
            .map(|(failures, sets)| {
                let probability: f64 = failures.iter().map(|failure| self.tree.present[*failure]).product();
                let share = *sets as f64 * probability / below.probability;
                CutSet { failures: failures.clone(), sets: *sets, probability, share }
            })
            .collect();
        all.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.failures.cmp(&b.failures)));
        all
    }
}

/// Which share of the outages each component's failure begins; sums to 1.
#[must_use]
pub fn frequency_shares(enumeration: &Enumeration, components: &[Component], k: u32) -> Vec<f64> {
    let parts: Vec<f64> = enumeration
        .birnbaum(k)
        .iter()
        .zip(components)
        .map(|(birnbaum, component)| birnbaum.low / (component.up_hours + component.down_hours))
        .collect();
    let total: f64 = parts.iter().sum();
    parts.iter().map(|part| part / total).collect()
}
