//! The one place where the parts meet: events, the loop, dispatch and the recorder.

pub mod expectation;
pub mod record;
