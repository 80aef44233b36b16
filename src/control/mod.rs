//! Protocols as state machines: input in, actions out.
