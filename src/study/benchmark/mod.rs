//! How fast and how right the engine is, beside a bare loop on the same workloads.

pub mod ceiling;
