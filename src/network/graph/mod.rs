//! Graph questions about a network, answered by petgraph: the only place that knows it.

mod paths;

pub use paths::{ShortestPaths, Transit};
