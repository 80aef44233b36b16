//! The variance of a hybrid estimate: years were drawn, and so were the episodes that they are charged with.
//!
//! E[charged time] = Σ_c (events of class c per period) x E[episode of class c]. Twenty episodes reused a million times
//! still are twenty episodes, so their part is printed beside that of the years.

/// The episodes of one class of transition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpisodeClass {
    /// Events of this class expected in a period.
    pub events: f64,
    /// Variance of the time that one episode charges.
    pub variance: f64,
    /// Episodes simulated.
    pub episodes: u64,
}

/// The two parts of the variance of a mean per period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoPart {
    /// From the finite number of years.
    pub years: f64,
    /// From the finite number of episodes of each class; infinite while a class that occurs has none.
    pub episodes: f64,
}

impl TwoPart {
    /// `variance` of one period's value over `periods`, and the classes' share.
    #[must_use]
    pub fn new(variance: f64, periods: u64, classes: &[EpisodeClass]) -> Self {
        let episodes = classes
            .iter()
            .filter(|class| class.events > 0.0 && class.variance > 0.0)
            .map(|class| class.events * class.events * class.variance / class.episodes as f64)
            // An empty sum of floats is -0.
            .fold(0.0, |sum, part| sum + part);
        Self { years: variance / periods as f64, episodes }
    }

    /// Standard error of the estimate.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        (self.years + self.episodes).sqrt()
    }

    /// Where more work narrows the interval more.
    #[must_use]
    pub fn larger(&self) -> Part {
        if self.episodes > self.years { Part::Episodes } else { Part::Years }
    }
}

/// One of the two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The years walked.
    Years,
    /// The episodes simulated.
    Episodes,
}

/// Neyman's allocation of `budget` (in the unit of the costs) to classes given as (events, standard deviation, cost of
/// one): n_c in proportion to events x deviation / sqrt(cost), as real numbers.
#[must_use]
pub fn neyman(classes: &[(f64, f64, f64)], budget: f64) -> Vec<f64> {
    let weight = |(events, deviation, cost): &(f64, f64, f64)| events * deviation / cost.sqrt();
    let spent: f64 = classes.iter().map(|class| weight(class) * class.2).sum();
    classes.iter().map(|class| if spent > 0.0 { budget * weight(class) / spent } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::RunSeed;
    use crate::study::statistics::mean::Moments;

    fn class(events: f64, variance: f64, episodes: u64) -> EpisodeClass {
        EpisodeClass { events, variance, episodes }
    }

    #[test]
    fn the_parts_are_those_of_the_formula() {
        // 9/100 = 0.09; 2^2 x 4 / 20 + 1^2 x 1 / 10 = 0.9.
        let parts = TwoPart::new(9.0, 100, &[class(2.0, 4.0, 20), class(1.0, 1.0, 10), class(0.0, 5.0, 0)]);
        assert!((parts.years - 0.09).abs() < 1e-15 && (parts.episodes - 0.9).abs() < 1e-15);
        assert!((parts.standard_error() - 0.99f64.sqrt()).abs() < 1e-15);
        assert_eq!(parts.larger(), Part::Episodes);
        assert!(TwoPart::new(9.0, 100, &[]).episodes.is_sign_positive());
        assert!(TwoPart::new(9.0, 100, &[class(1.0, 1.0, 0)]).standard_error().is_infinite());
    }

    /// The whole experiment, 2,000 times: a library of 10 episodes, 200 periods with Poisson(3) events, each charged with
    /// an episode of the library. The spread of the means is what the two parts promise.
    #[test]
    fn the_spread_of_repeated_studies_is_what_the_parts_promise() {
        let mut stream = RunSeed(11).stream("studies", "test");
        let mut means = Vec::new();
        let mut promised = 0.0;
        for _ in 0..2_000 {
            let library: Vec<f64> = (0..10).map(|_| stream.exponential()).collect();
            let periods: Vec<f64> = (0..200)
                .map(|_| {
                    let (mut clock, mut charged) = (stream.exponential(), 0.0);
                    while clock < 3.0 {
                        charged += library[usize::try_from(stream.below(10)).expect("small")];
                        clock += stream.exponential();
                    }
                    charged
                })
                .collect();
            let (years, episodes) = (Moments::of(&periods), Moments::of(&library));
            means.push(years.mean);
            promised += TwoPart::new(years.variance, 200, &[class(3.0, episodes.variance, 10)]).standard_error()
                * TwoPart::new(years.variance, 200, &[class(3.0, episodes.variance, 10)]).standard_error()
                / 2_000.0;
        }
        // 3^2/10 + 6/200 = 0.93; a variance of 2,000 values is known to some 5%.
        let seen = Moments::of(&means).variance;
        assert!((seen / 0.93 - 1.0).abs() < 0.15 && (promised / 0.93 - 1.0).abs() < 0.1, "{seen} {promised}");
    }

    /// Cochran, "Sampling Techniques" 5.5: the least variance at a given cost; moving work away from it is worse.
    #[test]
    fn neymans_allocation_is_the_best_at_its_cost() {
        let classes = [(4.0, 2.0, 1.0), (1.0, 3.0, 4.0), (10.0, 0.1, 1.0)];
        let numbers = neyman(&classes, 1_000.0);
        let cost: f64 = numbers.iter().zip(&classes).map(|(number, class)| number * class.2).sum();
        assert!((cost - 1_000.0).abs() < 1e-9);
        let variance = |numbers: &[f64]| -> f64 {
            numbers.iter().zip(&classes).map(|(number, (events, sd, _))| events * events * sd * sd / number).sum()
        };
        let moved = [numbers[0] + 8.0, numbers[1] - 2.0, numbers[2]];
        assert!(variance(&moved) > variance(&numbers));
        assert!(variance(&[numbers[0], numbers[1] + 1.0, numbers[2] - 4.0]) > variance(&numbers));
    }
}
