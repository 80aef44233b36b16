//! Graph questions about a network, answered by petgraph: the only place that knows it.

mod cuts;
mod paths;

pub use cuts::{CutLink, SinglePoint, cut_links, is_joined, single_points_of_failure};
pub use paths::{ShortestPaths, Transit};
