//! Random networks of autonomous systems.

use std::fmt::Write as _;

use fabricsim::rng::Stream;
use petgraph::graph::{NodeIndex, UnGraph};

/// A connected graph: a random tree and some more edges.
pub fn random_graph(stream: &mut Stream, nodes: usize) -> UnGraph<(), ()> {
    let mut graph = UnGraph::new_undirected();
    for index in 0..nodes {
        let node = graph.add_node(());
        if index > 0 {
            graph.add_edge(node, NodeIndex::new(usize::try_from(stream.below(index as u64)).unwrap()), ());
        }
    }
    for _ in 0..nodes {
        let mut any = || NodeIndex::new(usize::try_from(stream.below(nodes as u64)).unwrap());
        let (a, b) = (any(), any());
        if a != b && graph.find_edge(a, b).is_none() {
            graph.add_edge(a, b, ());
        }
    }
    graph
}

/// A system for each node with these keys of `bgp`, plain eBGP on each edge of 1 ms, and a flow from each to the first.
pub fn systems(graph: &UnGraph<(), ()>, horizon: &str, bgp: &str) -> String {
    let mut text = format!("horizon = \"{horizon}\"\n");
    for node in graph.node_indices() {
        let index = node.index();
        write!(
            text,
            "[providers.as{index:02}]\nasn = {}\nfib_install = \"1 ms\"\nprocessing = \"1 ms\"\nforwarding_latency = \"0 s\"\n\
             bgp = {{ {bgp} }}\n\
             [routers.r{index:02}]\nprovider = \"as{index:02}\"\n\
             [attachments.a{index:02}]\nprovider = \"as{index:02}\"\nprefixes = [\"10.{index}.0.0/16\"]\n\
             routers = [\"r{index:02}\"]\ndelay = \"1 us\"\n",
            65_000 + index
        )
        .unwrap();
        if index > 0 {
            write!(
                text,
                "[flows.f{index:02}]\nfrom = \"a{index:02}\"\nto = \"a00\"\nrate = \"80 kbps\"\nsize = \"100 B\"\n"
            )
            .unwrap();
        }
    }
    for edge in graph.raw_edges() {
        let (a, b) = (edge.source().index(), edge.target().index());
        write!(text, "[links.l{a:02}-{b:02}]\nbetween = [\"r{a:02}\", \"r{b:02}\"]\ndelay = \"1 ms\"\n").unwrap();
    }
    text
}
