//! The reference fabric: ten components whose availability is known to nine digits, as a level of states and as a scenario;
//! and a network of eight links whose reliability another simulator publishes.
//!
//! ```text
//! facility 0 -- routers 1, 2 -- links 3, 4        facility 5 -- routers 6, 7 -- links 8, 9
//! ```
//! A path is up when its facility, its router and its link are.

use super::exact::Component;
use crate::network::Network;
use crate::scenario;

/// Share of time with fewer than 1, 2, 3 and 4 paths: all 1,024 states summed.
pub const UNAVAILABILITY: [f64; 4] = [4.266_633_03e-8, 4.925_804_59e-6, 5.527_920_57e-4, 2.390_895_73e-2];

/// How often a year there begin to be fewer than 1, 2 and 3 paths.
pub const OUTAGES_A_YEAR: [f64; 3] = [2.3296e-4, 1.7955e-2, 1.378_85];

/// The scenario as shipped; its failure model is its last section.
const TEXT: &str = include_str!("../../scenarios/studies/reference-fabric.toml");

/// The components: exponential up and down times, a crew each.
#[must_use]
pub fn components() -> Vec<Component> {
    let of = |i: usize| match i % 5 {
        0 => Component::new("facility", 17_520.0, 3.0),
        1 | 2 => Component::new("router", 30_000.0, 4.0),
        _ => Component::new("link", 1_710.0, 10.0),
    };
    (0..10).map(of).collect()
}

/// Paths that are up with these components failed.
#[must_use]
pub fn paths(failed: &[usize]) -> u32 {
    let up = |component: usize| !failed.contains(&component);
    [(0, 1), (0, 2), (5, 6), (5, 7)]
        .iter()
        .map(|(facility, router)| u32::from(up(*facility) && up(*router) && up(router + 2)))
        .sum()
}

/// The links of INET's validation test of frame replication (IEEE 802.1CB): a source behind one switch, two switches beside
/// each other with a link between them, and from each a way of two links to the target.
pub const REPLICATION_LINKS: [(&str, &str); 8] = [
    ("source", "s1"),
    ("s1", "s2a"),
    ("s1", "s2b"),
    ("s2a", "s2b"),
    ("s2a", "s3a"),
    ("s2b", "s3b"),
    ("target", "s3a"),
    ("target", "s3b"),
];

/// P(the target is reached) when each link passes 80%: the figure of INET's
/// `compute_frame_replication_success_rate_analytically1`, in `python/inet/test/validation.py`.
pub const REPLICATION_SUCCESS: &str = "0.65667072";

/// These links as components that are up 80% of the time.
#[must_use]
pub fn replication_links() -> Vec<Component> {
    REPLICATION_LINKS.iter().map(|(a, b)| Component::new(format!("{a}-{b}"), 8.0, 2.0)).collect()
}

/// 1 when the target is reached with these links failed, otherwise 0.
#[must_use]
pub fn replicated(failed: &[usize]) -> u32 {
    let up = || REPLICATION_LINKS.iter().enumerate().filter(|(link, _)| !failed.contains(link)).map(|(_, ends)| *ends);
    let mut reached = vec!["source"];
    while let Some(next) = up().find_map(|(a, b)| match (reached.contains(&a), reached.contains(&b)) {
        (true, false) => Some(b),
        (false, true) => Some(a),
        (true, true) | (false, false) => None,
    }) {
        reached.push(next);
    }
    u32::from(reached.contains(&"target"))
}

/// The fabric as a network with the failure model of the components.
#[must_use]
pub fn network() -> Network {
    resolve(TEXT)
}

/// The fabric as a network with another failure model, in the words of a scenario.
#[must_use]
pub fn network_with(failures: &str) -> Network {
    let (fabric, _) = TEXT.split_once("[reliability.classes]").expect("the scenario's last section");
    resolve(&format!("{fabric}{failures}"))
}

/// Panics on a wrong text, which is our bug.
fn resolve(text: &str) -> Network {
    scenario::parse(text, "reference-fabric", &[]).unwrap_or_else(|problems| panic!("{problems}")).network
}
