//! How rates share what they meet: ports and policers, each with a capacity.
//!
//! Loads are in thousandths of bits a second, shares in parts per billion; all is exact but for rounding down.

use super::lines::Line;

/// One thousandth of a bit a second, so often.
pub type MilliBps = u64;

/// Parts per billion.
pub const WHOLE: u64 = 1_000_000_000;

/// What a flow meets on its way, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// Something that all who come by share.
    Shared {
        /// Which.
        resource: usize,
        /// What the flow brings to it when nothing is lost before.
        load: MilliBps,
    },
    /// So many parts per billion pass, whatever comes.
    Passes(u64),
}

/// Drop-proportional: all packets at a full resource are as likely to be lost, and what is lost loads nothing behind.
/// Returns the share that each resource passes, and the load that comes to it.
///
/// Where flows meet in a fixed order, as many rounds as the longest way has resources give the exact answer; where
/// they meet in a circle, it is approached.
pub fn drop_proportional(flows: &[Vec<Leg>], capacities: &[MilliBps], lines: &[Line]) -> (Vec<u64>, Vec<MilliBps>) {
    let mut passes = vec![WHOLE; capacities.len()];
    let mut loads = vec![0; capacities.len()];
    for _ in 0..ROUNDS {
        loads = arriving(flows, &passes);
        let mut next: Vec<u64> =
            loads.iter().zip(capacities).map(|(load, capacity)| fraction(*capacity, *load)).collect();
        for line in lines {
            let gets = line.divide(&loads[line.resources()]);
            line.resources().zip(gets).for_each(|(resource, gets)| next[resource] = fraction(gets, loads[resource]));
        }
        let moved = next.iter().zip(&passes).map(|(next, before)| next.abs_diff(*before)).max();
        passes = next;
        if moved.unwrap_or(0) <= 2 {
            break;
        }
    }
    (passes, loads)
}

/// Rounds after which a circle of full resources is near enough to its fixed point.
const ROUNDS: usize = 200;

/// Loads on all resources when they pass so much.
fn arriving(flows: &[Vec<Leg>], passes: &[u64]) -> Vec<MilliBps> {
    let mut loads = vec![0; passes.len()];
    for flow in flows {
        let mut share = WHOLE;
        for leg in flow {
            match *leg {
                Leg::Shared { resource, load } => {
                    loads[resource] += part(load, share);
                    share = part(share, passes[resource]);
                }
                Leg::Passes(passes) => share = part(share, passes),
            }
        }
    }
    loads
}

/// Max-min fair within each class, with lines shared by classes as their schedulers do: see [`alike`] and
/// [`Line::divide`]. Returns the share of its wish that each flow gets.
///
/// What a class cannot use because its flows meet something full elsewhere, others get: found in rounds.
pub fn max_min(flows: &[Vec<Leg>], wishes: &[MilliBps], capacities: &[MilliBps], lines: &[Line]) -> Vec<u64> {
    let mut capacities = capacities.to_vec();
    let all = carried(flows, &vec![WHOLE; flows.len()], capacities.len());
    let mut asked = all.clone();
    let mut gets = Vec::new();
    for _ in 0..ROUNDS {
        for line in lines {
            let classes = &asked[line.resources()];
            for (class, resource) in line.resources().enumerate() {
                capacities[resource] = line.most(class, classes);
            }
        }
        gets = alike(flows, wishes, &capacities);
        let uses = carried(flows, &gets, capacities.len());
        let before = asked.clone();
        for resource in lines.iter().flat_map(Line::resources) {
            // A class that fills its part would take more.
            let nearly = uses[resource] + uses[resource] / 100_000_000 + 1_000;
            asked[resource] = if nearly >= capacities[resource] { all[resource] } else { uses[resource] };
        }
        if asked == before {
            break;
        }
    }
    gets
}

/// What comes to each resource when each flow sends such a share of its wish and nothing is lost.
fn carried(flows: &[Vec<Leg>], gets: &[u64], resources: usize) -> Vec<MilliBps> {
    let mut loads: Vec<MilliBps> = vec![0; resources];
    for (flow, share) in flows.iter().zip(gets) {
        for (resource, load) in shared(flow) {
            loads[resource] = loads[resource].saturating_add(part(load, *share));
        }
    }
    loads
}

/// Max-min fair: all rates grow together until each has its wish or meets a full resource; the others go on. Returns the
/// share of its wish that each flow gets. What chance takes on the way still counts as load.
fn alike(flows: &[Vec<Leg>], wishes: &[MilliBps], capacities: &[MilliBps]) -> Vec<u64> {
    let mut gets: Vec<Option<u64>> = vec![None; flows.len()];
    loop {
        // What is spoken for, and how fast the load grows with the rate of those that grow, in parts per billion.
        let mut left = capacities.to_vec();
        let mut slopes = vec![0u64; capacities.len()];
        for ((flow, wish), share) in flows.iter().zip(wishes).zip(&gets) {
            for (resource, load) in shared(flow) {
                match share {
                    Some(share) => left[resource] = left[resource].saturating_sub(part(load, *share)),
                    None => slopes[resource] += scale(load, WHOLE, (*wish).max(1)),
                }
            }
        }
        let full_at = |resource: usize| scale(left[resource], WHOLE, slopes[resource]);
        let Some(level) = (0..left.len()).filter(|resource| slopes[*resource] > 0).map(full_at).min() else { break };
        let growing = || wishes.iter().zip(&gets).filter(|(_, share)| share.is_none());
        let content = growing().any(|(wish, _)| *wish <= level);
        for ((flow, wish), share) in flows.iter().zip(wishes).zip(&mut gets) {
            if share.is_some() {
                continue;
            }
            // Those that ask for less than what all could have come first, because they leave more to the others.
            if content && *wish <= level {
                *share = Some(WHOLE);
            } else if !content && shared(flow).any(|(resource, _)| full_at(resource) == level) {
                *share = Some(fraction(level, *wish));
            }
        }
    }
    gets.into_iter().map(|share| share.unwrap_or(WHOLE)).collect()
}

fn shared(flow: &[Leg]) -> impl Iterator<Item = (usize, MilliBps)> {
    flow.iter().filter_map(|leg| match *leg {
        Leg::Shared { resource, load } => Some((resource, load)),
        Leg::Passes(_) => None,
    })
}

/// `value` x `parts` per billion, rounded down.
pub fn part(value: u64, parts: u64) -> u64 {
    scale(value, parts, WHOLE)
}

/// `value` x `numerator` / `denominator`, rounded down and held at the largest number.
pub fn scale(value: u64, numerator: u64, denominator: u64) -> u64 {
    let product = u128::from(value) * u128::from(numerator) / u128::from(denominator);
    u64::try_from(product).unwrap_or(u64::MAX)
}

/// The part of `whole` that `some` is, at most all of it.
pub fn fraction(some: u64, whole: u64) -> u64 {
    if some >= whole { WHOLE } else { scale(some, WHOLE, whole) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{QueueClass, Room, Service};

    fn way(legs: &[(usize, u64)]) -> Vec<Leg> {
        legs.iter().map(|(resource, load)| Leg::Shared { resource: *resource, load: *load }).collect()
    }

    #[test]
    fn every_flow_through_a_full_link_loses_the_same_share() {
        // 600 + 900 come to 1000: each keeps 1000/1500.
        let (passes, loads) = drop_proportional(&[way(&[(0, 600)]), way(&[(0, 900)])], &[1_000], &[]);
        assert_eq!((passes, loads), (vec![666_666_666], vec![1_500]));
    }

    #[test]
    fn what_is_lost_first_loads_nothing_behind() {
        // 2000 come to 1000; the half that passes, and 800 of another flow, come to 900: 900/1800 pass there.
        let flows = [way(&[(0, 2_000), (1, 2_000)]), way(&[(1, 800)])];
        assert_eq!(drop_proportional(&flows, &[1_000, 900], &[]).0, [500_000_000, 500_000_000]);
        // The same when chance takes half of the first flow on the way.
        let chance = [vec![flows[0][0], Leg::Passes(WHOLE / 2), flows[0][1]], flows[1].clone()];
        assert_eq!(drop_proportional(&chance, &[2_000, 900], &[]).0, [WHOLE, 500_000_000]);
    }

    #[test]
    fn two_full_links_in_a_circle_come_to_rest() {
        // Each flow crosses both links, in opposite order. By symmetry both pass p with (1 + p) p = 1/2 of 1000 + 1000.
        let flows = [way(&[(0, 1_000_000), (1, 1_000_000)]), way(&[(1, 1_000_000), (0, 1_000_000)])];
        let (passes, _) = drop_proportional(&flows, &[500_000, 500_000], &[]);
        // p (1 + p) = 1/2: p = (sqrt(3) - 1) / 2 = 0.3660254...
        assert!(passes.iter().all(|pass| pass.abs_diff(366_025_403) < 10_000), "{passes:?}");
    }

    /// Bertsekas and Gallager, Data Networks, 6.5.2: each flow has a full resource on its way on which nobody gets more.
    #[test]
    fn max_min_gives_what_others_cannot_use() {
        // All want 900. Three on link 0 (900) get 300 each; the fourth shares link 1 (1000) with one of them: 700.
        const M: u64 = 1_000_000;
        let flows = [&[(0, 900 * M)][..], &[(0, 900 * M)], &[(0, 900 * M), (1, 900 * M)], &[(1, 900 * M)]].map(way);
        let near = |gets: &[u64], expected: &[u64]| {
            let differ = gets.iter().zip(expected).map(|(get, expected)| get.abs_diff(*expected));
            assert!(differ.max().unwrap() <= 10, "{gets:?}, not {expected:?}");
        };
        let third = WHOLE / 3;
        near(&max_min(&flows, &[900 * M; 4], &[900 * M, 1_000 * M], &[]), &[third, third, third, 777_777_777]);
        // 100, 500 and 900 are asked of 900: the first gets its wish, the others half of the rest.
        let flows = [way(&[(0, 100 * M)]), way(&[(0, 500 * M)]), way(&[(0, 900 * M)])];
        let wishes = [100 * M, 500 * M, 900 * M];
        near(&max_min(&flows, &wishes, &[900 * M], &[]), &[WHOLE, 800_000_000, 444_444_444]);
        // Nothing is full.
        near(&max_min(&flows, &wishes, &[1_500 * M], &[]), &[WHOLE; 3]);
    }
    /// A line of 1000 with classes served in turn by quanta of 1 and 3: resources 0 and 1; resource 2 is behind it.
    fn classes() -> Vec<Line> {
        let class = |quantum| QueueClass {
            name: String::new(),
            service: Service::DeficitRoundRobin { quantum },
            room: Room::Exempt,
            early: None,
        };
        vec![Line::new(0, 1_000_000, &[class(1_000), class(3_000)])]
    }

    #[test]
    fn classes_lose_what_exceeds_their_part_of_the_line() {
        let flows = [way(&[(0, 1_000_000)]), way(&[(1, 1_000_000)])];
        assert_eq!(drop_proportional(&flows, &[u64::MAX; 2], &classes()).0, [250_000_000, 750_000_000]);
        // The second asks for less than its part: the first has the rest.
        let flows = [way(&[(0, 1_000_000)]), way(&[(1, 500_000)])];
        assert_eq!(drop_proportional(&flows, &[u64::MAX; 2], &classes()).0, [500_000_000, WHOLE]);
    }

    #[test]
    fn flows_share_their_class_and_take_what_the_other_class_cannot_use() {
        let near = |gets: &[u64], expected: &[u64]| {
            let differ = gets.iter().zip(expected).map(|(get, expected)| get.abs_diff(*expected));
            assert!(differ.max().unwrap() <= 2_000, "{gets:?}, not {expected:?}");
        };
        let wishes = [1_000_000; 3];
        // Two flows share a quarter of the line, one has three quarters alone.
        let flows = [way(&[(0, 1_000_000)]), way(&[(0, 1_000_000)]), way(&[(1, 1_000_000)])];
        near(&max_min(&flows, &wishes, &[u64::MAX; 2], &classes()), &[125_000_000, 125_000_000, 750_000_000]);
        // That one gets no more than 400 behind the line: the others have the rest of it.
        let flows = [flows[0].clone(), flows[1].clone(), way(&[(1, 1_000_000), (2, 1_000_000)])];
        let capacities = [u64::MAX, u64::MAX, 400_000];
        near(&max_min(&flows, &wishes, &capacities, &classes()), &[300_000_000, 300_000_000, 400_000_000]);
    }
}
