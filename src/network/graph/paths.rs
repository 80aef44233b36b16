//! Shortest paths with all equal-cost first links.

use std::cell::OnceCell;
use std::collections::VecDeque;

use crate::ids::{Id, LinkId, RouterId};

/// Whether paths may lead through a router; every router can be the end of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transit {
    /// Paths may lead through it.
    Yes,
    /// Paths may only begin or end there.
    No,
}

/// Shortest paths by hop count between routers of one graph. What leads to a router is searched when it is first asked
/// for: of ten thousand routers few are ever the end of a path.
#[derive(Debug, Clone, Default)]
pub struct ShortestPaths {
    routers: Vec<Option<Node>>,
    /// By target: the number of links from every router.
    distances: Vec<OnceCell<Vec<u16>>>,
}

/// A router of the graph.
#[derive(Debug, Clone)]
struct Node {
    transit: Transit,
    /// Its links in id order, with the routers at their other ends.
    links: Vec<(LinkId, RouterId)>,
}

/// The distance of what cannot be reached.
const UNREACHABLE: u16 = u16::MAX;

impl ShortestPaths {
    /// All pairs of `routers` over `links` (with the routers that each one joins).
    #[must_use]
    pub fn compute(
        routers: &[RouterId],
        links: &[(LinkId, [RouterId; 2])],
        transit: impl Fn(RouterId) -> Transit,
    ) -> Self {
        let size = routers.iter().map(|router| router.index() + 1).max().unwrap_or(0);
        let mut nodes: Vec<Option<Node>> = vec![None; size];
        for router in routers {
            nodes[router.index()] = Some(Node { transit: transit(*router), links: Vec::new() });
        }
        for (link, [a, b]) in links {
            for (near, far) in [(a, b), (b, a)] {
                nodes[near.index()].as_mut().expect("a link joins routers of the graph").links.push((*link, *far));
            }
        }
        for node in nodes.iter_mut().flatten() {
            node.links.sort_unstable();
            node.links.dedup();
        }
        Self { routers: nodes, distances: vec![OnceCell::new(); size] }
    }

    /// The first links of all shortest paths, in id order; empty when there is none or `from` is `to`.
    #[must_use]
    pub fn first_hops(&self, from: RouterId, to: RouterId) -> Vec<LinkId> {
        let (Some(node), Some(distance)) = (self.node(from), self.hops(from, to)) else { return Vec::new() };
        let leads_on = |(_, next): &&(LinkId, RouterId)| {
            (*next == to || self.carries(*next)) && self.hops(*next, to).is_some_and(|rest| rest + 1 == distance)
        };
        node.links.iter().filter(leads_on).map(|(link, _)| *link).collect()
    }

    /// Number of links of the shortest paths; `None` when there is none.
    #[must_use]
    pub fn hops(&self, from: RouterId, to: RouterId) -> Option<u32> {
        self.node(to)?;
        let distances = self.distances[to.index()].get_or_init(|| self.search(to));
        distances.get(from.index()).copied().filter(|distance| *distance != UNREACHABLE).map(u32::from)
    }

    fn node(&self, router: RouterId) -> Option<&Node> {
        self.routers.get(router.index())?.as_ref()
    }

    fn carries(&self, router: RouterId) -> bool {
        self.node(router).is_some_and(|node| node.transit == Transit::Yes)
    }

    /// The distances of all routers from `target`: breadth first, since every link counts one. A path goes on behind a
    /// router only if that one carries transit.
    fn search(&self, target: RouterId) -> Vec<u16> {
        let mut distances = vec![UNREACHABLE; self.routers.len()];
        distances[target.index()] = 0;
        let mut found = VecDeque::from([target]);
        while let Some(router) = found.pop_front() {
            let Some(node) = self.node(router).filter(|_| router == target || self.carries(router)) else { continue };
            let next = distances[router.index()] + 1;
            assert!(next < UNREACHABLE, "a shortest path has fewer than 65535 links");
            for (_, other) in &node.links {
                if distances[other.index()] == UNREACHABLE {
                    distances[other.index()] = next;
                    found.push_back(*other);
                }
            }
        }
        distances
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::RunSeed;

    /// Extends `path` in every way and keeps the shortest lengths with their first links.
    fn walk(
        at: u32,
        to: u32,
        seen: &mut Vec<u32>,
        path: &mut Vec<LinkId>,
        links: &[(LinkId, [RouterId; 2])],
        transit: &[Transit],
        best: &mut (usize, Vec<LinkId>),
    ) {
        if at == to {
            if path.len() < best.0 {
                *best = (path.len(), Vec::new());
            }
            if path.len() == best.0 && !path.is_empty() {
                best.1.push(path[0]);
            }
            return;
        }
        if !path.is_empty() && transit[at as usize] == Transit::No {
            return;
        }
        for (link, ends) in links {
            for (a, b) in [(ends[0], ends[1]), (ends[1], ends[0])] {
                if a.0 == at && !seen.contains(&b.0) {
                    seen.push(b.0);
                    path.push(*link);
                    walk(b.0, to, seen, path, links, transit, best);
                    path.pop();
                    seen.pop();
                }
            }
        }
    }

    #[test]
    fn random_graphs_agree_with_trying_every_path() {
        for seed in 0..200 {
            let mut stream = RunSeed(seed).stream("graph", "test");
            let count = 2 + stream.below(5);
            let routers: Vec<_> = (0..count).map(|index| RouterId(u32::try_from(index).unwrap())).collect();
            let mut pick = || routers[usize::try_from(stream.below(count)).unwrap()];
            let mut links = Vec::new();
            for index in 0..8 {
                let ends = [pick(), pick()];
                if ends[0] != ends[1] {
                    links.push((LinkId(index), ends));
                }
            }
            let transit: Vec<_> =
                routers.iter().map(|_| if stream.chance(300_000_000) { Transit::No } else { Transit::Yes }).collect();
            let paths = ShortestPaths::compute(&routers, &links, |router| transit[router.0 as usize]);
            for from in &routers {
                for to in &routers {
                    let mut best = (usize::MAX, Vec::new());
                    walk(from.0, to.0, &mut vec![from.0], &mut Vec::new(), &links, &transit, &mut best);
                    best.1.sort_unstable();
                    best.1.dedup();
                    let hops = (best.0 != usize::MAX).then(|| u32::try_from(best.0).unwrap());
                    assert_eq!(paths.hops(*from, *to), hops, "seed {seed} {from:?} {to:?}");
                    assert_eq!(paths.first_hops(*from, *to), best.1, "seed {seed} {from:?} {to:?}");
                }
            }
        }
    }
}
