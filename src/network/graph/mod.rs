//! Graph questions about a network, answered by petgraph: the only place that knows it.
