//! The law of the time that any Markov chain spends in some of its states within a period (de Souza e Silva & Gail, JACM
//! 1989; Sericola, 1990).
//!
//! Uniformised, the chain makes N Poisson steps, and the N + 1 stays between them are exchangeable: of k stays in down
//! states, the share of the period is Beta(k, N + 1 - k).

use super::markov::Chain;
use super::poisson::Poisson;
use crate::study::statistics::distributions::binomial_at_least;

/// P(time in the states of `down` within `period` > `limit`), in hours, from the distribution `start` over the states.
///
/// Costs (greatest exit rate x period) x (a few dozen) x (number of rates).
#[must_use]
pub fn time_in_exceeds(chain: &Chain, down: &[bool], start: &[f64], period: f64, limit: f64) -> f64 {
    if limit < 0.0 || limit >= period {
        return if limit < 0.0 { 1.0 } else { 0.0 };
    }
    let share = limit / period;
    let fastest = (0..chain.states()).map(|state| exit_rate(chain, state)).fold(0.0, f64::max);
    let steps = Poisson::new(fastest * period);
    let last = steps.first + steps.probabilities.len() - 1;
    // Beyond this many down visits the limit is exceeded but for a probability below 1e-18.
    let most = (0..=last as u64).find(|k| binomial_at_least(last as u64, *k, share) < 1e-18).map_or(last + 1, index);
    let mut visits = Visits::new(chain, down, start, most);
    // P(Binomial(n, share) = j), which is how many of n uniform points fall below the limit.
    let mut points = vec![0.0; most + 1];
    points[0] = 1.0;
    let mut exceeds = 0.0;
    for n in 0..=last {
        if n >= steps.first {
            exceeds += steps.probabilities[n - steps.first] * visits.exceeding(&points);
        }
        visits.step(chain, down, fastest);
        for j in (0..=most).rev() {
            points[j] = points[j] * (1.0 - share) + if j > 0 { points[j - 1] * share } else { 0.0 };
        }
    }
    exceeds
}

fn index(value: u64) -> usize {
    usize::try_from(value).expect("fits")
}

fn exit_rate(chain: &Chain, state: usize) -> f64 {
    chain.rates_from(state).iter().map(|(_, rate)| rate).sum()
}

/// The distribution over (down states visited so far, state), and what has visited more than is counted.
struct Visits {
    by_count: Vec<Vec<f64>>,
    next: Vec<Vec<f64>>,
    beyond: f64,
}

impl Visits {
    fn new(chain: &Chain, down: &[bool], start: &[f64], most: usize) -> Self {
        let empty = vec![vec![0.0; chain.states()]; most + 1];
        let mut visits = Self { by_count: empty.clone(), next: empty, beyond: 0.0 };
        for (state, probability) in start.iter().enumerate() {
            match (down[state], most) {
                (false, _) => visits.by_count[0][state] = *probability,
                (true, 0) => visits.beyond += probability,
                (true, _) => visits.by_count[1][state] = *probability,
            }
        }
        visits
    }

    /// k visits exceed the limit when fewer than k points fall below it.
    fn exceeding(&self, points: &[f64]) -> f64 {
        let mut fewer = 0.0;
        let mut exceeds = self.beyond;
        for (k, states) in self.by_count.iter().enumerate() {
            exceeds += states.iter().sum::<f64>() * fewer;
            fewer += points[k];
        }
        exceeds
    }

    fn step(&mut self, chain: &Chain, down: &[bool], fastest: f64) {
        self.next.iter_mut().for_each(|states| states.fill(0.0));
        let most = self.by_count.len() - 1;
        for count in 0..=most {
            for state in 0..chain.states() {
                let probability = self.by_count[count][state];
                if probability <= 0.0 {
                    continue;
                }
                let mut arrive = |to: usize, probability: f64| match count + usize::from(down[to]) {
                    counted if counted <= most => self.next[counted][to] += probability,
                    _ => self.beyond += probability,
                };
                let mut stay = 1.0;
                for (to, rate) in chain.rates_from(state) {
                    arrive(*to, probability * rate / fastest);
                    stay -= rate / fastest;
                }
                arrive(state, probability * stay.max(0.0));
            }
        }
        std::mem::swap(&mut self.by_count, &mut self.next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::exact::Start;
    use crate::study::exact::takacs::{Outages, downtime_exceeds};

    fn component(up: f64, down: f64) -> Chain {
        let mut chain = Chain::new(2);
        chain.add_rate(0, 1, 1.0 / up);
        chain.add_rate(1, 0, 1.0 / down);
        chain
    }

    #[test]
    fn a_single_component_is_takacs_to_nine_digits() {
        for (up, down, period, limit) in
            [(720.0, 1.0 / 12.0, 720.0, 0.072), (10.0, 2.0, 30.0, 7.0), (3.0, 5.0, 9.0, 0.0)]
        {
            let chain = component(up, down);
            let stationary = [up / (up + down), down / (up + down)];
            for (start, from) in [(Start::New, [1.0, 0.0]), (Start::Stationary, stationary)] {
                let general = time_in_exceeds(&chain, &[false, true], &from, period, limit);
                let series = downtime_exceeds(up, down, Outages::Exponential, start, period, limit);
                assert!((general - series).abs() < 1e-11 * series.max(1e-3), "{general} is not {series}");
            }
        }
    }

    /// Time up and time down share the period: P(D > x) = P(U < T - x).
    #[test]
    fn time_up_and_time_down_fill_the_period() {
        let mut chain = Chain::new(3);
        for (from, to, rate) in [(0, 1, 0.2), (1, 2, 0.1), (1, 0, 1.0), (2, 1, 0.7)] {
            chain.add_rate(from, to, rate);
        }
        let start = [0.5, 0.3, 0.2];
        let down = time_in_exceeds(&chain, &[false, true, true], &start, 20.0, 3.0);
        let up = time_in_exceeds(&chain, &[true, false, false], &start, 20.0, 17.0);
        assert!((down + up - 1.0).abs() < 1e-12, "{down} {up}");
    }
}
