//! Graph questions about a network, answered by petgraph: the only place that knows it.

mod cuts;
mod islands;
mod paths;

pub use cuts::{CutLink, SinglePoint, cut_links, is_joined, largest_packet, single_points_of_failure};
pub use islands::all_joined;
pub use paths::{ShortestPaths, Transit};
