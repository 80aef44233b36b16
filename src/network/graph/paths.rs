//! Shortest paths with all equal-cost first links.

use std::collections::BTreeMap;

use petgraph::algo::dijkstra;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{EdgeFiltered, EdgeRef};

use crate::ids::{LinkId, RouterId};

/// Whether paths may lead through a router; every router can be the end of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transit {
    /// Paths may lead through it.
    Yes,
    /// Paths may only begin or end there.
    No,
}

/// Shortest paths by hop count between routers of one graph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShortestPaths {
    /// (from, to) -> number of links and the first of them on every shortest path, in id order.
    routes: BTreeMap<(RouterId, RouterId), (u32, Vec<LinkId>)>,
}

impl ShortestPaths {
    /// Computes all pairs of `routers` over `links` (with the routers that each one joins).
    #[must_use]
    pub fn compute(
        routers: &[RouterId],
        links: &[(LinkId, [RouterId; 2])],
        transit: impl Fn(RouterId) -> Transit,
    ) -> Self {
        let mut graph = DiGraph::<RouterId, LinkId>::with_capacity(routers.len(), 2 * links.len());
        let nodes: BTreeMap<RouterId, NodeIndex> =
            routers.iter().map(|router| (*router, graph.add_node(*router))).collect();
        for (link, [a, b]) in links {
            graph.add_edge(nodes[a], nodes[b], *link);
            graph.add_edge(nodes[b], nodes[a], *link);
        }
        let mut routes = BTreeMap::new();
        for (&target, &end) in &nodes {
            // Searched from the target: a path goes on behind a router only if that one carries transit.
            let carries = |node: NodeIndex| node == end || transit(graph[node]) == Transit::Yes;
            let passable = EdgeFiltered::from_fn(&graph, |edge| carries(edge.source()));
            let hops = dijkstra(&passable, end, None, |_| 1u32);
            for (&router, &node) in &nodes {
                let Some(&distance) = hops.get(&node) else { continue };
                let mut first: Vec<LinkId> = graph
                    .edges(node)
                    .filter(|edge| {
                        carries(edge.target()) && hops.get(&edge.target()).is_some_and(|rest| rest + 1 == distance)
                    })
                    .map(|edge| *edge.weight())
                    .collect();
                first.sort_unstable();
                first.dedup();
                routes.insert((router, target), (distance, first));
            }
        }
        Self { routes }
    }

    /// The first links of all shortest paths, in id order; empty when there is none or `from` is `to`.
    #[must_use]
    pub fn first_hops(&self, from: RouterId, to: RouterId) -> &[LinkId] {
        self.routes.get(&(from, to)).map_or(&[], |(_, first)| first)
    }

    /// Number of links of the shortest paths; `None` when there is none.
    #[must_use]
    pub fn hops(&self, from: RouterId, to: RouterId) -> Option<u32> {
        self.routes.get(&(from, to)).map(|(hops, _)| *hops)
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
