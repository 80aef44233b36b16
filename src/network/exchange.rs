//! How requests and responses behave.

use std::num::NonZeroU32;

use super::laws::{SpanLaw, VolumeLaw};
use crate::units::Span;

/// The parameters of both ends of exchanges: a client asks, a server answers, over UDP.
#[derive(Debug, Clone)]
pub struct ExchangeConfig {
    /// Data of a request.
    pub request: VolumeLaw,
    /// Data of a response.
    pub response: VolumeLaw,
    /// Mean time between exchanges of one five-tuple, unless one waits for the other.
    pub interval: Span,
    /// How long a worker is busy with a request; the response leaves at the end of it.
    pub service: SpanLaw,
    /// How many requests of the entry are served at a time behind one attachment, in order of arrival; `None` is as
    /// many as there are.
    pub workers: Option<NonZeroU32>,
    /// How many requests may wait for a worker; one that comes beyond that is refused without a word. `None` is any number.
    pub backlog: Option<u32>,
    /// How long the first request is waited for, each one sent again twice as long as the one before.
    pub timeout: Span,
    /// How often a request is sent again.
    pub retries: u32,
    /// Bytes of data in a full packet.
    pub piece: u32,
    /// Bytes of IP and UDP headers around it.
    pub headers: u32,
}
