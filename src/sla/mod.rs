//! Counting rules evaluated on timelines.
