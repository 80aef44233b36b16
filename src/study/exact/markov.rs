//! Continuous-time Markov chains, solved without a subtraction (Grassmann, Taksar & Heyman, Operations Research 1985): every
//! digit of the rarest state's probability is right, however rare it is.

/// Rates between states; list the likely states first, which keeps the elimination sparse.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    rows: Vec<Vec<(usize, f64)>>,
}

/// The chain with states removed from the last one down. `lower[i]` is where i leads among 0..i once all later states are
/// bridged; `upper[i]` holds, for later states, the visits to them per visit to i and unit of their own exit rate.
struct Eliminated {
    lower: Vec<Stretch>,
    upper: Vec<Vec<(usize, f64)>>,
    exit: Vec<f64>,
    reward: Vec<f64>,
}

/// Rates to states from `first` on, without gaps: filled-in rows are dense there, and adding them is a plain loop.
#[derive(Debug, Clone, Default)]
struct Stretch {
    first: usize,
    rates: Vec<f64>,
}

impl Chain {
    /// This many states without transitions.
    #[must_use]
    pub fn new(states: usize) -> Self {
        Self { rows: vec![Vec::new(); states] }
    }

    /// Adds to the rate from one state to another; a rate to itself says nothing and is dropped.
    pub fn add_rate(&mut self, from: usize, to: usize, rate: f64) {
        assert!(rate >= 0.0 && to < self.rows.len(), "rate {rate} from {from} to {to}");
        if from != to && rate > 0.0 {
            self.rows[from].push((to, rate));
        }
    }

    /// Number of states.
    #[must_use]
    pub fn states(&self) -> usize {
        self.rows.len()
    }

    /// Where a state leads, with rates; a target may be listed more than once.
    #[must_use]
    pub fn rates_from(&self, state: usize) -> &[(usize, f64)] {
        &self.rows[state]
    }

    /// Long-run share of time in each state. State 0 must be reachable from every other one.
    #[must_use]
    pub fn stationary(&self) -> Vec<f64> {
        let states = self.states();
        let eliminated = self.eliminate(vec![0.0; states], &vec![false; states]);
        let mut share = vec![0.0; states];
        share[0] = 1.0;
        for from in 0..states {
            for (to, visits) in &eliminated.upper[from] {
                share[*to] += share[from] * visits;
            }
        }
        let total: f64 = share.iter().rev().sum();
        share.iter().map(|value| value / total).collect()
    }

    /// Reward expected until a state of `stop` is entered, by first state: `reward[i]` accrues per hour in state i. With a
    /// reward of 1 it is the mean time to failure.
    #[must_use]
    pub fn expected_until(&self, reward: &[f64], stop: &[bool]) -> Vec<f64> {
        let eliminated = self.eliminate(reward.to_vec(), stop);
        let mut expected = vec![0.0; self.states()];
        for from in (0..self.states()).filter(|from| !stop[*from]) {
            let Stretch { first, rates } = &eliminated.lower[from];
            let later: f64 = rates.iter().zip(&expected[*first..]).map(|(rate, expected)| rate * expected).sum();
            expected[from] = (eliminated.reward[from] + later) / eliminated.exit[from];
        }
        expected
    }

    /// Mean time until a state of `stop` is entered, by first state.
    #[must_use]
    pub fn mean_time_to(&self, stop: &[bool]) -> Vec<f64> {
        self.expected_until(&vec![1.0; self.states()], stop)
    }

    /// Probability of entering `target` before any other state of `stop`, by first state; `target` is part of `stop`.
    #[must_use]
    pub fn probability_first(&self, target: &[bool], stop: &[bool]) -> Vec<f64> {
        let into = |row: &Vec<(usize, f64)>| row.iter().filter(|(to, _)| target[*to]).map(|(_, rate)| rate).sum();
        self.expected_until(&self.rows.iter().map(into).collect::<Vec<f64>>(), stop)
    }

    /// How often per hour `inside` is entered from outside it, in the long run with these shares of time.
    #[must_use]
    pub fn entries(&self, share: &[f64], inside: &[bool]) -> f64 {
        let crossing = |from: usize| -> f64 {
            self.rows[from].iter().filter(|(to, _)| inside[*to]).map(|(_, rate)| rate).sum::<f64>() * share[from]
        };
        (0..self.states()).rev().filter(|from| !inside[*from]).map(crossing).sum()
    }

    fn eliminate(&self, mut reward: Vec<f64>, stop: &[bool]) -> Eliminated {
        let states = self.states();
        let (mut lower, mut upper) = (vec![Stretch::default(); states], vec![Vec::new(); states]);
        let mut exit = vec![0.0; states];
        // Rates of the state at hand to every other one; to the stopping states they only add up.
        let mut rates = vec![0.0; states];
        let mut to_stop = vec![0.0; states];
        for from in (0..states).rev().filter(|from| !stop[*from]) {
            for (to, rate) in &self.rows[from] {
                if stop[*to] { to_stop[from] += rate } else { rates[*to] += rate }
            }
            for via in (from + 1..states).rev() {
                let rate = std::mem::take(&mut rates[via]);
                if rate > 0.0 {
                    let visits = rate / exit[via];
                    upper[from].push((via, visits));
                    let Stretch { first, rates: onward } = &lower[via];
                    for (rate, onward) in rates[*first..].iter_mut().zip(onward) {
                        *rate += visits * onward;
                    }
                    reward[from] += visits * reward[via];
                    to_stop[from] += visits * to_stop[via];
                }
            }
            rates[from] = 0.0;
            let first = rates[..from].iter().position(|rate| *rate > 0.0).unwrap_or(from);
            let end = rates[..from].iter().rposition(|rate| *rate > 0.0).map_or(from, |last| last + 1);
            lower[from] = Stretch { first, rates: rates[first..end].to_vec() };
            rates[first..end].fill(0.0);
            exit[from] = lower[from].rates.iter().sum::<f64>() + to_stop[from];
            assert!(from == 0 || exit[from] > 0.0, "state {from} leads to no state before it");
        }
        Eliminated { lower, upper, exit, reward }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(value: f64, expected: f64) {
        assert!((value - expected).abs() <= 1e-12 * expected.abs(), "{value} is not {expected}");
    }

    /// One machine after another into one crew's queue: M/M/1//n, pi_i = pi_0 n!/(n-i)! r^i (Trivedi, 8.2.3).
    fn repairmen(units: usize, failure: f64, repair: f64, crews: usize) -> Chain {
        let mut chain = Chain::new(units + 1);
        for failed in 0..units {
            chain.add_rate(failed, failed + 1, (units - failed) as f64 * failure);
            chain.add_rate(failed + 1, failed, (failed + 1).min(crews) as f64 * repair);
        }
        chain
    }

    #[test]
    fn one_crew_for_n_units_has_its_closed_form_to_the_rarest_state() {
        let (failure, repair) = (1e-5, 0.25);
        let share = repairmen(12, failure, repair, 1).stationary();
        for (failed, value) in share.iter().enumerate() {
            let product = (0..failed).fold(share[0], |product, i| product * (12 - i) as f64 * failure / repair);
            near(*value, product);
        }
        assert!(share[12] < 1e-40 && share[12] > 0.0);
    }

    /// MTTF of a pair (3 lambda + mu) / (2 lambda^2): 84,833.333 h for 1,000 h up and 6 h down.
    #[test]
    fn a_pair_lasts_as_its_closed_form_says() {
        let chain = repairmen(2, 1e-3, 1.0 / 6.0, 2);
        let stop = [false, false, true];
        near(chain.mean_time_to(&stop)[0], (3e-3 + 1.0 / 6.0) / 2e-6);
        let share = chain.stationary();
        near(chain.entries(&share, &stop), share[1] * 1e-3);
        // From one failed: the second fails before the first is repaired.
        near(chain.probability_first(&stop, &[true, false, true])[1], 1e-3 / (1e-3 + 1.0 / 6.0));
    }

    /// A ring is not reversible: rates a, b, c around give shares in proportion to 1/a, 1/b, 1/c.
    #[test]
    fn a_chain_that_is_not_reversible_is_solved_too() {
        let mut chain = Chain::new(3);
        for (state, rate) in [2.0, 5.0, 0.5].into_iter().enumerate() {
            chain.add_rate(state, (state + 1) % 3, rate);
        }
        let share = chain.stationary();
        let total = 0.5 + 0.2 + 2.0;
        for (value, expected) in share.iter().zip([0.5, 0.2, 2.0]) {
            near(*value, expected / total);
        }
        near(chain.mean_time_to(&[false, false, true])[0], 0.7);
    }

    /// Eleven components with a crew each: 2,048 states against the product of their availabilities.
    #[test]
    fn thousands_of_states_are_solved_and_are_the_product() {
        let (failure, repair) = (|i: usize| 1e-4 * (i + 1) as f64, |i: usize| 0.1 + 0.05 * i as f64);
        // Few failures first.
        let mut states: Vec<usize> = (0..2_048).collect();
        states.sort_by_key(|set| (set.count_ones(), *set));
        let mut place = vec![0; 2_048];
        states.iter().enumerate().for_each(|(index, set)| place[*set] = index);
        let mut chain = Chain::new(2_048);
        for set in 0..2_048usize {
            for i in 0..11 {
                let rate = if set >> i & 1 == 0 { failure(i) } else { repair(i) };
                chain.add_rate(place[set], place[set ^ (1 << i)], rate);
            }
        }
        let share = chain.stationary();
        for (index, set) in states.iter().enumerate() {
            let part = |i| if set >> i & 1 == 0 { repair(i) } else { failure(i) } / (failure(i) + repair(i));
            near(share[index], (0..11).map(part).product());
        }
    }
}
